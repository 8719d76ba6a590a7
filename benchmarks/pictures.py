"""How far confidence can be trusted and how figures grow, drawn: a picture for each measured set,
and for each corpus that was measured at several sizes.

    python -m benchmarks.pictures            draw those that are not of the results
    python -m benchmarks.pictures --check    draw nothing; exit with 1 if one is not

``results/calibration-SET.png`` is made of ``results/quality.json`` alone. To the left a reliability
diagram (Niculescu-Mizil & Caruana, "Predicting Good Probabilities With Supervised Learning", ICML
2005): how often answers of about one confidence were right. To the right risk and coverage
(El-Yaniv & Wiener, JMLR 11, 2010): what share is wrong when only the most confident are answered.

``results/scale-CORPUS.png`` is made of ``results/scale.json``: see :mod:`benchmarks.growth`.

Each picture carries a digest of what it shows, so that one which is out of date is found without
drawing it again: two versions of a library draw the same results a little differently. Only drawing
needs matplotlib (the extra ``bench``).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import growth, tables
from benchmarks.machine import ROOT

RESULTS = Path(__file__).resolve().parent / "results"

LAYOUT = 1
"""How it is drawn. Counted up, it has every picture drawn anew."""

MISSING = "Pictures need matplotlib, which is not installed: pip install -e '.[bench]'"

_DIGEST = "Digest"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INK, _SOFT, _GRID = "#1f2328", "#59636e", "#d8dee4"
_BLUE, _PALE, _RED = "#0b5cad", "#b3cfe8", "#b3261e"


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence.

    Attributes:
        n: how many.
        confidence: their mean, in [0, 1].
        right: the share of them that was right, in [0, 1].
        low: and where it may lie: the 95% Wilson score interval.
        high: its upper end.
    """

    n: int
    confidence: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that a picture shows.

    Attributes:
        name: of the set.
        questions: how many were asked.
        ece: expected calibration error over ``bins``; ``None`` where nothing was asked.
        bins: of about the same size, confidence rising.
        curve: coverage and risk, coverage rising.
        threshold: the confidence from which an answer is shown.
        answered: the share at the threshold.
        wrong: the share of these that is wrong; ``None`` where none is answered.
    """

    name: str
    questions: int
    ece: float | None
    bins: tuple[Bin, ...]
    curve: tuple[tuple[float, float], ...]
    threshold: float
    answered: float | None
    wrong: float | None

    def digest(self) -> str:
        """Of what is shown and how."""
        shown = json.dumps([LAYOUT, asdict(self)], ensure_ascii=True)
        return hashlib.sha256(shown.encode()).hexdigest()


def calibrations(result: tables.Result) -> list[Calibration]:
    """What there is to draw of the results.

    Raises:
        ValueError: the results are of another format.
    """
    tables.known(result)
    return [calibration(name, each["onrecord"]) for name, each in result["sets"].items()]


def calibration(name: str, report: Mapping[str, Any]) -> Calibration:
    """Of one set's report."""
    figures = report["figures"]
    right = figures["right_when_answered"]["value"]
    return Calibration(
        name=name,
        questions=report["questions"],
        ece=figures["ece_equal_mass"]["value"],
        bins=tuple(
            Bin(b["n"], b["confidence"], b["accuracy"], *wilson(b["accuracy"], b["n"]))
            for b in report["calibration"]["equal_mass"]
        ),
        curve=tuple((point["coverage"], point["risk"]) for point in report["risk_coverage"]),
        threshold=report["threshold"],
        answered=figures["answered"]["value"],
        wrong=None if right is None else round(1 - right, 4),
    )


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """Where a share of ``n`` may lie, at 95%: the score interval, which holds for few and at 0 and
    1 as well.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


# -- drawing -------------------------------------------------------------------------------------


def drawable() -> bool:
    """Whether matplotlib is there; it is not loaded."""
    return importlib.util.find_spec("matplotlib") is not None


@contextmanager
def canvas(
    file: Path, digest: str, *, height: float = 4.6, bottom: float = 0.19
) -> Iterator[tuple[Any, Any]]:
    """Two axes side by side, which are written to ``file`` when the block ends: 1,800 pixels wide,
    to be shown at 900.

    Args:
        digest: of what is shown; the file carries it.
        height: of the whole, in inches of 200 pixels.
        bottom: the share of it below the axes.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style = {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
        "font.size": 9.5,
        "axes.edgecolor": _SOFT,
        "axes.labelcolor": _INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": _INK,
        "xtick.color": _SOFT,
        "ytick.color": _SOFT,
    }
    with matplotlib.rc_context(style):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, height))
        figure.subplots_adjust(left=0.085, right=0.985, top=0.88, bottom=bottom, wspace=0.2)
        figure.set_facecolor("white")
        for axes in (left, right):
            axes.set_facecolor("white")
            axes.grid(color=_GRID, linewidth=0.8)
            axes.set_axisbelow(True)
        yield left, right
        file.parent.mkdir(parents=True, exist_ok=True)
        # Without the library's version, which would change the file and nothing that is seen.
        figure.savefig(file, dpi=200, format="png", metadata={"Software": None, _DIGEST: digest})
        pyplot.close(figure)


def draw(shown: Calibration, file: Path) -> None:
    """The picture of one set."""
    with canvas(file, shown.digest()) as (left, right):
        from matplotlib.ticker import PercentFormatter

        for axes in (left, right):
            axes.set_xlim(0, 1.03)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(PercentFormatter(1, decimals=0))
        _reliability(left, shown)
        _risk(right, shown)


def _reliability(axes: Any, shown: Calibration) -> None:
    headed(
        axes,
        f"{shown.name}: is it right as often as it says?",
        f"expected calibration error {'–' if shown.ece is None else f'{shown.ece:.3f}'}; "
        f"{shown.questions:,} questions in {len(shown.bins)} groups",
    )
    axes.set_xlabel("confidence, mean of each group")
    axes.set_ylabel("share whose first citation was right")
    axes.set_ylim(-0.07, 1.07)
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", linewidth=1.2, label="as it should be")
    axes.errorbar(
        [each.confidence for each in shown.bins],
        [each.right for each in shown.bins],
        # Rounding may put an end on the wrong side of the share by a hair.
        yerr=[
            [max(0.0, each.right - each.low) for each in shown.bins],
            [max(0.0, each.high - each.right) for each in shown.bins],
        ],
        color=_BLUE,
        ecolor=_PALE,
        elinewidth=3,
        marker="o",
        markersize=5,
        linewidth=1.4,
        label="as it was, 95% interval and n",
    )
    for place, each in enumerate(shown.bins):
        # Above and below in turn: sure answers lie close together.
        above = place % 2 == 0
        axes.annotate(
            f"{each.n:,}",
            (each.confidence, each.high if above else each.low),
            xytext=(0, 2 if above else -2),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=8,
            color=_BLUE,
        )
    explained(axes)


def _risk(axes: Any, shown: Calibration) -> None:
    answered, wrong = shown.answered, shown.wrong
    of_them = "" if wrong is None else f", {tables.percent(wrong)} of them wrong"
    headed(
        axes,
        "Wrong, if only the surest are answered",
        f"as shipped, {tables.percent(answered)} answered{of_them}",
    )
    axes.set_xlabel("share of the questions that is answered, surest first")
    axes.set_ylabel("share of these answers that is wrong")
    axes.plot(
        [coverage for coverage, _ in shown.curve],
        [risk for _, risk in shown.curve],
        color=_BLUE,
        marker="o",
        markersize=3.5,
        linewidth=1.6,
        label="wrong",
    )
    highest = max([risk for _, risk in shown.curve] + [wrong or 0.0, 0.1])
    axes.set_ylim(-0.07 * highest, 1.07 * highest)
    if answered is not None and wrong is not None:
        axes.axvline(answered, color=_RED, linestyle="--", linewidth=1.2)
        axes.plot(
            [answered],
            [wrong],
            color=_RED,
            marker="D",
            markersize=7,
            linestyle="--",
            linewidth=1.2,
            label=f"as shipped: confidence ≥ {shown.threshold:g}",
        )
    explained(axes)


def headed(axes: Any, title: str, figures: str) -> None:
    """A title, and under it what the curve comes to."""
    axes.set_title(figures, fontsize=9, loc="left", color=_SOFT)
    axes.annotate(
        title,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 22),
        textcoords="offset points",
        fontsize=11,
        fontweight="bold",
    )


def explained(axes: Any, columns: int = 2) -> None:
    """Lines by name, below: within, any corner may be where a curve goes."""
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.03, -0.15),
        ncols=columns,
        fontsize=8.5,
        frameon=False,
        columnspacing=1.2,
        handlelength=1.8,
    )


# -- files ---------------------------------------------------------------------------------------


def digest_of(file: Path) -> str | None:
    """The digest that a picture carries; ``None`` where there is no picture, or none that does."""
    if not file.is_file():
        return None
    data = file.read_bytes()
    if not data.startswith(_SIGNATURE):
        return None
    at = len(_SIGNATURE)
    # Chunks: length, kind, content, check sum (PNG specification, section 5.3).
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + length]
        key, separator, value = content.partition(b"\0")
        if kind == b"tEXt" and separator and key == _DIGEST.encode():
            return value.decode("latin-1")
        at += length + 12
    return None


def refresh(results: Path = RESULTS, *, write: bool = True) -> list[Path]:
    """Draw every picture that is not of the results. Returns these.

    Raises:
        ValueError: the results are of another format.
    """
    wanted: list[tuple[Path, str, Callable[[Path], None]]] = []
    file = results / "quality.json"
    if file.is_file():
        for shown in calibrations(json.loads(file.read_text("utf-8"))):
            picture = results / tables.picture(shown.name)
            wanted.append((picture, shown.digest(), partial(draw, shown)))
    file = results / "scale.json"
    if file.is_file():
        for one in growth.series(json.loads(file.read_text("utf-8"))):
            if len(one.points) > 1:
                lines = growth.curves(one)
                picture = results / growth.picture(one)
                wanted.append((picture, lines.digest(), partial(growth.draw, lines)))
    stale = [each for each in wanted if digest_of(each[0]) != each[1]]
    if write:
        for picture, _, drawn in stale:
            drawn(picture)
    return [picture for picture, _, _ in stale]


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the pictures, or see whether they are up to date."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures")
    parser.add_argument("--check", action="store_true", help="only say what is not up to date")
    args = parser.parse_args(argv)
    if not args.check and not drawable():
        print(MISSING, file=sys.stderr)
        return 2
    stale = refresh(write=not args.check)
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'not up to date' if args.check else 'drawn'}")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
