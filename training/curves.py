"""How a training went, drawn from the logs that ``train_cross_encoder.py`` writes.

    python training/curves.py LOG.jsonl … --write training/curves.png [--names NAME …]

Above, loss and learning rate against the pairs of question and sentence seen so far; below, the
figures on what is not trained on. Several logs, each of a training that began with the weights of
the one before, follow one another on one axis; a line marks where one ends and the next begins.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIGURES = {
    "trecqa_dev_map": "TREC QA, dev set: mean average precision",
    "wiki_dev_first": "Wikipedia, held-out articles: right sentence first",
}
"""Key in the log, and name in the picture."""

WINDOW = 5
"""Lines of the log that a point of the smooth loss is the mean of, itself in the middle; each is a
mean of 25 steps already."""

Points = tuple[tuple[int, float], ...]
"""Pairs seen, and a value; pairs rising."""


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        name: what it is called.
        begin: pairs that were seen before it, in those whose weights it began with.
        end: pairs seen at its end, those included.
        loss: of training, a mean over a few steps each.
        rate: the learning rate.
        figures: by key of :data:`FIGURES`; a key without a value is left out.
    """

    name: str
    begin: int
    end: int
    loss: Points
    rate: Points
    figures: dict[str, Points]


def read_log(lines: Iterable[str], name: str | None = None) -> Run:
    """A log's lines as curves.

    A training that was resumed goes back to its last checkpoint: what it had logged beyond that is
    replaced by what it logs anew. One that was begun anew in the same log leaves nothing of what
    stood there. A last line that is only half written is passed over.

    Args:
        name: without it, the one that the log gives itself.

    Raises:
        ValueError: a line is no object of JSON; says which.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    end = 0
    called = ""
    for line in _objects(list(lines)):
        if line.get("event") in ("started", "resumed"):
            called = line["args"]["run"]
            if not line["args"]["resume"]:
                found, end = {}, 0
        if line.get("event") in ("started", "resumed", "encoded"):
            continue
        pairs = int(line["pairs"])
        if pairs < end:
            found = {key: [p for p in points if p[0] < pairs] for key, points in found.items()}
        end = pairs
        for key in ("loss", "rate", *FIGURES):
            if key in line:
                points = found.setdefault(key, [])
                # The last figures of a training may be taken where some were taken just before.
                if points and points[-1][0] == pairs:
                    points.pop()
                points.append((pairs, float(line[key])))
    return Run(
        name=called if name is None else name,
        begin=0,
        end=end,
        loss=tuple(found.get("loss", ())),
        rate=tuple(found.get("rate", ())),
        figures={key: tuple(found[key]) for key in FIGURES if found.get(key)},
    )


def _objects(lines: Sequence[str]) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if not isinstance(value, dict):
                raise ValueError("not an object")
        except ValueError as problem:
            if number == len(lines) and not line.endswith("\n"):
                return
            raise ValueError(f"line {number}: {problem}") from problem
        yield value


def one_after_the_other(runs: Sequence[Run]) -> list[Run]:
    """With the pairs of each counted on from the end of the one before."""
    made: list[Run] = []
    for run in runs:
        by = made[-1].end if made else 0
        made.append(
            Run(
                name=run.name,
                begin=run.begin + by,
                end=run.end + by,
                loss=_moved(run.loss, by),
                rate=_moved(run.rate, by),
                figures={key: _moved(points, by) for key, points in run.figures.items()},
            )
        )
    return made


def _moved(points: Points, by: int) -> Points:
    return tuple((pairs + by, value) for pairs, value in points)


def smooth(points: Points, window: int = WINDOW) -> Points:
    """Each the mean of itself and its neighbours: ``window`` points, fewer at either end, where as
    many are left out on the other side, so that a falling curve isn't bent there."""
    values = [value for _, value in points]
    made = []
    for n, (pairs, _) in enumerate(points):
        reach = min(window // 2, n, len(points) - 1 - n)
        part = values[n - reach : n + reach + 1]
        made.append((pairs, sum(part) / len(part)))
    return tuple(made)


# --- Drawing --------------------------------------------------------------------------------------

_INK, _SOFT, _GRID = "#1f2328", "#59636e", "#d8dee4"
_BLUE, _PALE, _ORANGE, _RED, _GREEN = "#0b5cad", "#b3cfe8", "#b35900", "#b3261e", "#1a7f37"


def draw(runs: Sequence[Run], file: Path) -> None:
    """The picture of runs that follow one another: 1,800 pixels wide, to be shown at 900."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter

    style = {
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "axes.edgecolor": _SOFT,
        "axes.labelcolor": _INK,
        "axes.spines.top": False,
        "text.color": _INK,
        "xtick.color": _SOFT,
        "ytick.color": _SOFT,
    }
    with matplotlib.rc_context(style):
        figure, (above, below) = pyplot.subplots(2, 1, figsize=(9, 6.4), sharex=True)
        figure.subplots_adjust(left=0.085, right=0.9, top=0.91, bottom=0.09, hspace=0.32)
        figure.set_facecolor("white")
        for axes in (above, below):
            axes.grid(color=_GRID, linewidth=0.8)
            axes.set_axisbelow(True)
        beside = above.twinx()
        _losses(above, beside, runs)
        _figures(below, runs)
        _seams((above, below), runs)
        below.set_xlim(0, 1.02 * max([1, *(run.end for run in runs)]))
        below.set_xlabel("pairs of question and sentence seen")
        below.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=200, format="png", metadata={"Software": None})
        pyplot.close(figure)


def _losses(axes: Any, beside: Any, runs: Sequence[Run]) -> None:
    axes.set_title("Loss and learning rate", fontsize=11, fontweight="bold", loc="left", pad=20)
    axes.set_ylabel("loss")
    beside.set_ylabel("learning rate, 1e-5")
    for place, run in enumerate(runs):
        # Each name once in the legend, whatever the number of runs.
        names = ("loss", f"loss, mean of {WINDOW}", "learning rate") if not place else (None,) * 3
        axes.plot(*_columns(run.loss), color=_PALE, linewidth=1.2, label=names[0])
        axes.plot(*_columns(smooth(run.loss)), color=_BLUE, linewidth=1.8, label=names[1])
        pairs, rates = _columns(run.rate)
        scaled = [1e5 * rate for rate in rates]
        beside.plot(pairs, scaled, color=_ORANGE, linewidth=1.3, linestyle="-.", label=names[2])
    axes.set_ylim(bottom=0)
    beside.set_ylim(bottom=0)
    lines, names = (a + b for a, b in zip(*map(_legend, (axes, beside)), strict=True))
    _explained(axes, lines, names)


def _figures(axes: Any, runs: Sequence[Run]) -> None:
    axes.set_title(
        "On questions that are not trained on", fontsize=11, fontweight="bold", loc="left", pad=20
    )
    axes.set_ylabel("share, higher is better")
    axes.spines["right"].set_visible(False)
    for (key, name), color, mark in zip(FIGURES.items(), (_BLUE, _GREEN), "os", strict=True):
        label: str | None = name
        for run in runs:
            if key in run.figures:
                axes.plot(
                    *_columns(run.figures[key]),
                    color=color,
                    marker=mark,
                    markersize=4.5,
                    linewidth=1.5,
                    label=label,
                )
                label = None
    _explained(axes, *_legend(axes))


def _seams(panels: Sequence[Any], runs: Sequence[Run]) -> None:
    for run in runs[1:]:
        for axes in panels:
            axes.axvline(run.begin, color=_RED, linestyle="--", linewidth=1.2)
    if len(runs) < 2:
        return
    for run in runs:
        panels[0].annotate(
            run.name,
            (run.begin, 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="bottom",
            color=_RED,
        )


def _columns(points: Points) -> tuple[list[int], list[float]]:
    return [pairs for pairs, _ in points], [value for _, value in points]


def _legend(axes: Any) -> tuple[list[Any], list[str]]:
    lines, names = axes.get_legend_handles_labels()
    return list(lines), list(names)


def _explained(axes: Any, lines: Sequence[Any], names: Sequence[str]) -> None:
    """Lines by name, above the panel: within, any corner may be where a curve goes."""
    if lines:
        axes.legend(
            lines,
            names,
            loc="lower left",
            bbox_to_anchor=(-0.01, 0.985),
            ncols=3,
            fontsize=8.5,
            frameon=False,
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Read the logs and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("logs", nargs="+", type=Path, metavar="LOG.jsonl", help="in their order")
    parser.add_argument("--write", type=Path, required=True, metavar="FILE.png")
    parser.add_argument("--names", nargs="+", metavar="NAME", help="of the trainings, one a log")
    args = parser.parse_args(argv)
    names = args.names or [None] * len(args.logs)
    if len(names) != len(args.logs):
        parser.error(f"{len(names)} names for {len(args.logs)} logs")
    runs = []
    for log, name in zip(args.logs, names, strict=True):
        try:
            with log.open(encoding="utf-8") as lines:
                runs.append(read_log(lines, name))
        except (OSError, ValueError) as problem:
            print(f"{log}: {problem}", file=sys.stderr)
            return 2
    draw(one_after_the_other(runs), args.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
