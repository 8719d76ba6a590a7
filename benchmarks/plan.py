"""What a hundred million passages would take, from the figures measured at the largest sizes.

Memory and disk grow by so many bytes a passage between the last two sizes of a series; times grow
with the exponent fitted to it. All of this carries a line on beyond what was measured, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmarks import growth, tables
from benchmarks.growth import Point, Series

PASSAGES = 100_000_000
DIMENSION = 384
"""Of the vectors: 4 bytes each."""

_SHARDS = (1_000_000, 5_000_000, 10_000_000)
_PARTS = {
    "chroma": "vectors and their graph (`chroma`)",
    "lexical.sqlite3": "words (`lexical.sqlite3`)",
    "sentences.sqlite3": "vectors of sentences (`sentences.sqlite3`)",
    "manifest.sqlite3": "manifest",
    "texts": "text layers (`texts`)",
}


def table(result: tables.Result) -> str:
    """The plan, from the series that was measured at the largest size."""
    found = [one for one in growth.series(result) if len(one.points) > 1]
    if not found:
        return "Not measured at two sizes yet."
    largest = max(found, key=lambda one: (one.sizes[-1], one.vectors == "seeded"))
    few, many = largest.points[-2], largest.points[-1]
    disk = {
        name: _slope(few, many, few["parts_bytes"].get(name, 0), many["parts_bytes"].get(name, 0))
        for name in _PARTS
        if name in many["parts_bytes"]
    }
    memory = _slope(few, many, few["answers"]["peak_bytes"], many["answers"]["peak_bytes"])
    rows = [
        (f"disk: {_PARTS[name]}", f"{value:,.0f} B", tables.size(value * PASSAGES))
        for name, value in disk.items()
    ]
    rows.append(("disk, all", f"{sum(disk.values()):,.0f} B", _bytes(sum(disk.values()))))
    rows.append(("of that, bare vectors", f"{4 * DIMENSION:,} B", _bytes(4 * DIMENSION)))
    rows.append(("memory of what answers", f"{memory:,.0f} B", _bytes(memory)))
    rows += _embedding(found)
    measured = f"{largest.sizes[-2]:,.0f} and {largest.sizes[-1]:,.0f}"
    parts = [
        f"From {largest.name}, by what a passage adds between {measured} passages, "
        f"carried on to {PASSAGES:,}:",
        tables.table(("", "a passage", f"{PASSAGES:,}"), rows),
        "Cut into shards, each with a graph of its own:",
        tables.table(
            ("passages a shard", "shards", "memory each", "graph and vectors on disk, each"),
            [
                (
                    f"{size:,}",
                    f"{math.ceil(PASSAGES / size):,}",
                    tables.size(memory * size),
                    tables.size(disk["chroma"] * size),
                )
                for size in _SHARDS
            ],
            left=0,
        ),
        "Times at the measured exponents, of one process over one index:",
        tables.table(
            ("", "exponent", f"at {largest.sizes[-1]:,.0f}", "at 10 times that", "at 100 times"),
            _times(largest),
        ),
    ]
    return "\n\n".join(parts)


def _slope(few: Point, many: Point, before: float, after: float) -> float:
    """Bytes a passage; never below nothing."""
    more = int(many["passages"]) - int(few["passages"])
    return max(0.0, (after - before) / more) if more > 0 else 0.0


def _bytes(a_passage: float) -> str:
    return tables.size(a_passage * PASSAGES)


def _embedding(found: list[Series]) -> list[tuple[str, ...]]:
    """What the model needs for all passages, on the machine that was measured."""
    real = [one for one in found if one.vectors == "model"]
    if not real:
        return []
    last = max(real, key=lambda one: one.sizes[-1]).points[-1]
    rate = (
        last["passages"]
        / sorted(last["indexing"]["seconds"])[len(last["indexing"]["seconds"]) // 2]
    )
    days = PASSAGES / rate / 86_400
    cores = last["machine"]["cpus"]
    return [
        (f"indexing with the model, {cores} cores", f"{1000 / rate:,.0f} ms", f"{days:,.0f} days")
    ]


def _times(one: Series) -> list[tuple[str, ...]]:
    shown: Mapping[str, float] = {"seconds": 1.0, "milliseconds": 0.001}
    rows = []
    for figure in growth.FIGURES:
        values = one.values(figure)
        if figure.unit not in shown or values is None:
            continue
        slope = growth.exponent(one.sizes[-2:], values[-2:])
        if slope is None:
            continue
        last = values[-1] * shown[figure.unit]
        rows.append(
            (
                figure.label,
                f"{slope:.2f}",
                *(tables.seconds(last * times**slope) for times in (1, 10, 100)),
            )
        )
    return rows
