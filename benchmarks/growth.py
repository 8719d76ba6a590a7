"""How figures grow with the corpus: exponents, tables and curves. Pure, save for drawing.

A figure that grows as ``size ** b`` is a straight line of slope ``b`` on logarithmic axes: 0 does
not depend on the corpus, 1 is in proportion to it, above 1 is more than that. ``b`` is fitted by
least squares to the logarithms, over all sizes; and between the last two alone, since what takes
the same time at every size hides the growth of the rest where the corpus is small.
"""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import tables

LAYOUT = 1
"""How it is drawn. Counted up, it has every picture drawn anew."""

Point = Mapping[str, Any]

_GIB = 1 << 30
_WIDEST = 1.5
"""How much longer a question over a hundred thousand passages may take than over a thousand."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that is measured at every size.

    Attributes:
        label: what it is called.
        unit: ``seconds``, ``milliseconds`` or ``bytes``.
        of: takes it from what was measured at one size; ``None`` where it wasn't.
    """

    label: str
    unit: str
    of: Callable[[Point], float | None]


def _median(name: str) -> Callable[[Point], float | None]:
    return lambda point: statistics.median(point[name]["seconds"])


def _quantile(name: str, quantile: str) -> Callable[[Point], float | None]:
    return lambda point: point[name][quantile]


def _peak(name: str) -> Callable[[Point], float | None]:
    return lambda point: point[name]["peak_bytes"]


FIGURES = (
    Figure("indexing from nothing", "seconds", _median("indexing")),
    Figure("sync, nothing changed", "seconds", _median("unchanged")),
    Figure("sync, one document changed", "seconds", _median("changed")),
    Figure("an answer, p50", "milliseconds", _quantile("answer_ms", "p50")),
    Figure("an answer, p95", "milliseconds", _quantile("answer_ms", "p95")),
    Figure("retrieval, p50", "milliseconds", _quantile("all_ms", "p50")),
    Figure("retrieval until a day, p50", "milliseconds", _quantile("until_ms", "p50")),
    Figure("retrieval from one document, p50", "milliseconds", _quantile("one_ms", "p50")),
    Figure("peak memory of indexing", "bytes", _peak("indexing")),
    Figure("peak memory of answering", "bytes", _peak("answers")),
    Figure("peak memory of a sync, nothing changed", "bytes", _peak("unchanged")),
    Figure("peak memory of a sync, one changed", "bytes", _peak("changed")),
    Figure("index on disk", "bytes", lambda point: point["index_bytes"]),
)

_SHOW: Mapping[str, Callable[[float], str]] = {
    "seconds": tables.seconds,
    "milliseconds": tables.milliseconds,
    "bytes": tables.size,
}


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The slope of ``log(value)`` over ``log(size)`` by least squares; ``None`` for fewer than two
    different sizes, or a value that is not above zero."""
    if len(set(sizes)) < 2 or min(sizes) <= 0 or min(values) <= 0:
        return None
    return statistics.linear_regression(
        [math.log(size) for size in sizes], [math.log(value) for value in values]
    ).slope


# -- series --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """One corpus with one kind of vectors at several sizes, which rise."""

    corpus: str
    vectors: str
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.corpus}, {VECTORS[self.vectors]}"

    @property
    def sizes(self) -> list[float]:
        """Passages in the index at each size."""
        return [float(point["passages"]) for point in self.points]

    def values(self, figure: Figure) -> list[float] | None:
        """A figure at each size; ``None`` where one is missing."""
        found = [figure.of(point) for point in self.points]
        return None if None in found else [float(value) for value in found if value is not None]


VECTORS = {"model": "the model’s vectors", "seeded": "seeded vectors"}
"""The kinds of vectors, and what they are called."""


def series(result: tables.Result) -> list[Series]:
    """What was measured, by corpus and kind of vectors.

    Raises:
        ValueError: the results are of another format.
    """
    tables.known(result)
    found: dict[tuple[str, str], list[Point]] = {}
    for point in sorted(result["points"], key=lambda each: int(each["passages"])):
        found.setdefault((point["corpus"], point["vectors"]), []).append(point)
    return [Series(*names, tuple(points)) for names, points in sorted(found.items())]


def picture(one: Series) -> str:
    """The file in ``results/`` with the curves of a series."""
    words = "".join(c if c.isalnum() else "-" for c in f"{one.corpus}-{one.vectors}".casefold())
    return f"scale-{words}.png"


# -- tables --------------------------------------------------------------------------------------


def table(result: tables.Result) -> str:
    """Every series: its figures at every size, how they grow, and what is wanted of them."""
    parts = []
    for one in series(result):
        head = ("passages", *(f"{size:,.0f}" for size in one.sizes))
        rows: list[tuple[str, ...]] = [
            (
                "documents",
                *(f"{point['documents']:,}" for point in one.points),
                "",
                "",
                "",
            )
        ]
        for figure in FIGURES:
            values = one.values(figure)
            if values is None:
                continue
            rows.append(
                (
                    figure.label,
                    *(_SHOW[figure.unit](value) for value in values),
                    _slope(one.sizes, values),
                    _slope(one.sizes[-2:], values[-2:]),
                    _wish(one, figure),
                )
            )
        parts.append(f"### {one.name}")
        parts.append(tables.table((*head, "exponent", "last two", "wanted"), rows))
        if len(one.sizes) > 1:
            parts.append(f"![{_told(one)}](benchmarks/results/{quote(picture(one))})")
        parts.append(_circumstances(one))
    return "\n\n".join(parts)


def _slope(sizes: Sequence[float], values: Sequence[float]) -> str:
    found = exponent(sizes, values)
    return "" if found is None else f"{found:.2f}"


def _told(one: Series) -> str:
    """The picture in words, for those who can't see it."""
    return (
        f"{one.name}: two sets of curves on logarithmic axes, times to the left, memory and disk "
        "to the right, against the passages in the index; the figures of the table above."
    )


def _wish(one: Series, figure: Figure) -> str:
    """What is wanted of a figure, and whether it holds; empty where nothing is, or nothing was
    measured that could tell."""
    if figure.label == "an answer, p50":
        few, many = _near(one, 1_000), _near(one, 100_000)
        if few is None or many is None:
            return ""
        times = (figure.of(many) or 0.0) / (figure.of(few) or 1.0)
        text = f"≤ {_WIDEST:g} times from 1,000 to 100,000: {times:.2f}"
        return text if times <= _WIDEST else f"{text}, missed"
    if figure.unit == "bytes" and figure.label.startswith("peak"):
        large = _near(one, 100_000)
        if large is None:
            return ""
        return _held("≤ 1.5 GiB at 100,000", (figure.of(large) or 0.0) <= 1.5 * _GIB)
    limits = {"sync, nothing changed": 1.0, "sync, one document changed": 2.0}
    if figure.label in limits:
        # At ten thousand documents or, where that was not measured, at more.
        enough = [point for point in one.points if point["documents"] >= 10_000]
        if not enough:
            return ""
        limit, documents = limits[figure.label], enough[0]["documents"]
        return _held(
            f"< {limit:g} s at 10,000 documents (here {documents:,})",
            (figure.of(enough[0]) or 0.0) < limit,
        )
    return ""


def _held(wish: str, holds: bool) -> str:
    return wish if holds else f"{wish}: missed"


def _near(one: Series, size: int) -> Point | None:
    """What was measured when ``size`` was asked for: documents are whole, so that it is about so
    many passages."""
    return next((point for point in one.points if point["size"] == size), None)


def _circumstances(one: Series) -> str:
    last = one.points[-1]
    machine = last["machine"]
    days = " and ".join(sorted({point["measured"] for point in one.points}))
    loads = ", ".join(f"{point['machine']['load']:g}" for point in one.points)
    counts = {
        "indexing": _counts(one, lambda p: len(p["indexing"]["seconds"])),
        "syncs of each kind": _counts(one, lambda p: len(p["changed"]["seconds"])),
        "questions": _counts(one, lambda p: p["answer_ms"]["n"]),
    }
    versions = {point["code"] for point in one.points}
    note = "" if len(versions) == 1 else " Measured with different versions of the code."
    return (
        f"{days}; {machine['cpus']} cores, {machine['memory_gb']} GB, {machine['system']}, Python "
        f"{machine['python']}, Chroma {machine['libraries']['chromadb']}; load before each size "
        f"began: {loads}. Medians of: "
        + "; ".join(f"{name} {count}" for name, count in counts.items())
        + f".{note}"
    )


def _counts(one: Series, count: Callable[[Point], int]) -> str:
    found = [count(point) for point in one.points]
    return f"{found[0]:,}" if len(set(found)) == 1 else ", ".join(f"{n:,}" for n in found)


# -- curves --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the picture.

    Attributes:
        label: what it is called, with its exponent.
        unit: ``seconds`` or ``bytes``.
        values: at each size.
    """

    label: str
    unit: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """All that a picture shows. ``sizes`` are passages in the index."""

    name: str
    sizes: tuple[float, ...]
    curves: tuple[Curve, ...]

    def digest(self) -> str:
        """Of what is shown and how."""
        shown = json.dumps([LAYOUT, asdict(self)], ensure_ascii=True)
        return hashlib.sha256(shown.encode()).hexdigest()


_DRAWN = {
    "indexing from nothing",
    "sync, nothing changed",
    "sync, one document changed",
    "an answer, p50",
    "an answer, p95",
    "retrieval, p50",
    "peak memory of indexing",
    "peak memory of answering",
    "index on disk",
}


def curves(one: Series) -> Curves:
    """What there is to draw of a series; times in seconds."""
    found = []
    for figure in FIGURES:
        values = one.values(figure)
        if figure.label not in _DRAWN or values is None:
            continue
        if figure.unit == "milliseconds":
            values = [value / 1000 for value in values]
        slope = exponent(one.sizes, values)
        label = figure.label if slope is None else f"{figure.label}: {slope:.2f}"
        unit = "bytes" if figure.unit == "bytes" else "seconds"
        found.append(Curve(label, unit, tuple(values)))
    return Curves(one.name, tuple(one.sizes), tuple(found))


def draw(shown: Curves, file: Path) -> None:
    """The picture: 1,800 pixels wide, to be shown at 900."""
    from benchmarks import pictures

    with pictures.canvas(file, shown.digest(), height=5.2, bottom=0.26) as (left, right):
        for axes, unit, title, under, columns in (
            (left, "seconds", "Time", shown.name, 2),
            (right, "bytes", "Memory and disk", "beside each name its exponent", 1),
        ):
            pictures.headed(axes, title, under)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("passages in the index")
            axes.set_ylabel(unit)
            for curve in shown.curves:
                if curve.unit == unit:
                    axes.plot(
                        shown.sizes,
                        curve.values,
                        marker="o",
                        markersize=4,
                        linewidth=1.5,
                        label=curve.label,
                    )
            pictures.explained(axes, columns)
