"""What :mod:`benchmarks.peers` measured, as Markdown. Pure functions of ``results/peers.json``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping

from benchmarks.tables import Result, Row, known, milliseconds, percent, seconds, size, table

OURS = ("onrecord", "onrecord-passages")
"""Those that are compared with the others."""

_QUALITY = (
    ("recall@1", "recall@1"),
    ("recall@5", "recall@5"),
    ("recall@10", "recall@10"),
    ("right_top_forced", "right citation"),
    ("in_quotes_forced", "expected words"),
    ("direction_forced", "right direction"),
    ("trap_first_forced", "forbidden first"),
)
"""Key of a figure, and its column. A column that no row of a set has a figure for is left out."""

_ABSENT = "–"


def peers(result: Result) -> str:
    """Everything: for each set how right and how fast, then what it takes to install."""
    known(result)
    titles = {name: each["title"] for name, each in result["contenders"].items()}
    parts = [_circumstances(result)]
    for name, each in result["sets"].items():
        rows = {key: row for key, row in each["contenders"].items() if "error" not in row}
        left = f" ({each['left_out']:,} more need what most lack)" if each["left_out"] else ""
        parts += [
            f"### {name}",
            f"{each['questions']:,} questions{left}, {each['answerable']:,} of them answerable, "
            f"over {each['documents']:,} documents.",
            _quality(rows, titles),
            _speed(rows, titles),
            *compared(rows, titles),
            *(
                f"{titles[key]} could not be measured: {row['error']}."
                for key, row in each["contenders"].items()
                if "error" in row
            ),
        ]
    parts += ["### To install", _installs(result)]
    limits = [
        f"- **{each['title']}**: {each['limits']}."
        for each in result["contenders"].values()
        if each["limits"]
    ]
    if limits:
        parts += ["### What could not run offline, and why", "\n".join(limits)]
    return "\n\n".join(parts)


def _quality(rows: Mapping[str, Result], titles: Mapping[str, str]) -> str:
    shown = [
        (key, label)
        for key, label in _QUALITY
        if any(row["figures"][key]["value"] is not None for row in rows.values())
    ]
    head = (
        "",
        *(label for _, label in shown),
        "cited by",
        "quote",
        "invalid quotes",
        "passage",
        "places right",
    )
    return table(
        head,
        [
            (
                titles[name],
                *(percent(row["figures"][key]["value"]) for key, _ in shown),
                "itself" if row["own_citations"] else "nearest sentence",
                _characters(row["figures"]["first_quote"]["value"]),
                f"{row['invalid_quotes']:,} of {row['citations']:,}",
                _characters(row["passages"]["characters"]),
                _share(row["passages"]["in_place"], row["passages"]["n"]),
            )
            for name, row in rows.items()
        ],
    )


def _speed(rows: Mapping[str, Result], titles: Mapping[str, str]) -> str:
    head = (
        "",
        "first answer, fresh process",
        "answer, p50",
        "p95",
        "with a sentence, p50",
        "indexing, characters a second",
        "one document changed",
        "index",
        "memory, asking",
        "memory, indexing",
    )
    return table(
        head,
        [
            (
                titles[name],
                seconds(statistics.median(row["cold_seconds"])),
                _short(row["answer_ms"]["p50"]),
                _short(row["answer_ms"]["p95"]),
                _short(row["with_sentence_ms"]["p50"]),
                f"{rate(row['indexing']):,.0f}",
                seconds(statistics.median(row["change"]["seconds"]))
                + ("" if row["change"]["seen"] else ", not found afterwards"),
                size(row["indexing"]["index_bytes"]),
                size(row["peak_bytes"]),
                size(row["indexing"]["peak_bytes"]),
            )
            for name, row in rows.items()
        ],
    )


def rate(indexing: Result) -> float:
    """Characters of documents indexed a second, at the median."""
    characters: float = indexing["characters"]
    return characters / float(statistics.median(indexing["seconds"]))


def compared(rows: Mapping[str, Result], titles: Mapping[str, str]) -> list[str]:
    """A line for each of what is wanted: that OnRecord is ahead of every other, or where it isn't.

    Whole answers are compared with what the others cite, or with their passages and the sentence
    that was chosen from them; and what
    OnRecord retrieves, where it was measured alone, with what the others retrieve.
    """
    others = {name: row for name, row in rows.items() if name not in OURS}
    if "onrecord" not in rows or not others:
        return []
    ours = rows["onrecord"]
    only_passages = rows.get("onrecord-passages", ours)

    def recall(row: Result) -> float | None:
        value: float | None = row["figures"]["recall@10"]["value"]
        return value

    def right(row: Result) -> float | None:
        value: float | None = row["figures"]["right_top_forced"]["value"]
        return value

    def passages_ms(row: Result) -> float:
        return float(row["answer_ms"]["p50"])

    def sentence_ms(row: Result) -> float:
        return float(row["with_sentence_ms"]["p50"])

    def quoted(row: Result) -> str:
        # A long quote is right more easily, so its length belongs to the figure.
        length = _characters(row["figures"]["first_quote"]["value"])
        return f"{percent(right(row))}, quotes of {length}"

    lines = [
        _line("right citation", right, ours, others, titles, quoted, more=True),
        _line("recall@10", recall, ours, others, titles, lambda r: percent(recall(r)), more=True),
        _line(
            "time to a citation",
            sentence_ms,
            ours,
            others,
            titles,
            lambda r: _short(sentence_ms(r)),
            more=False,
        ),
        _line(
            "time to passages alone",
            passages_ms,
            only_passages,
            others,
            titles,
            lambda r: _short(passages_ms(r)),
            more=False,
        ),
    ]
    return ["\n".join(f"- {line}" for line in lines if line)]


def _line(
    what: str,
    value: Callable[[Result], float | None],
    ours: Result,
    others: Mapping[str, Result],
    titles: Mapping[str, str],
    shown: Callable[[Result], str],
    *,
    more: bool,
) -> str:
    own = value(ours)
    if own is None:
        return ""
    better: list[str] = []
    for name, row in others.items():
        other = value(row)
        # What is as good is not behind; OnRecord is then not ahead of it either.
        if other is not None and (other >= own if more else other <= own):
            better.append(f"{titles[name]} ({shown(row)})")
    if not better:
        return f"{what}: OnRecord ({shown(ours)}) is ahead of every other."
    return f"{what}: OnRecord ({shown(ours)}) is **not** ahead of {', '.join(better)}."


def _installs(result: Result) -> str:
    rows: list[Row] = []
    for name, each in result["contenders"].items():
        install = each["install"]
        if each["variant_of"]:
            continue
        version = _version(result, name)
        if install is None:
            rows.append((each["title"], version, each["gives"], *(_ABSENT,) * 3))
            continue
        if "error" in install:
            rows.append((each["title"], version, each["gives"], install["error"], "", ""))
            continue
        rows.append(
            (
                each["title"],
                version,
                each["gives"],
                f"{install['commands']:,}",
                f"{install['packages']:,}",
                size(install["bytes"]),
            )
        )
    head = ("", "version", "a question gets", "pip installs", "packages", "on disk")
    return table(head, rows, left=3)


def _version(result: Result, name: str) -> str:
    for each in result["sets"].values():
        row = each["contenders"].get(name, {})
        if "indexing" in row:
            return str(row["indexing"]["version"])
    return _ABSENT


def _circumstances(result: Result) -> str:
    machine, sizes = result["machine"], result["sizes"]
    model = next(
        (
            row["indexing"]["model"]
            for each in result["sets"].values()
            for row in each["contenders"].values()
            if row.get("indexing", {}).get("model")
        ),
        "",
    )
    embedded = f" Who embeds does it with {model}." if model else ""
    return (
        f"{result['measured']}; {machine['cpus']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; load before it began: "
        f"{machine['load']:g}. One run, of {result['seconds'] / 60:.0f} minutes.{embedded} Medians "
        f"of {sizes['rounds']} rounds of indexing, {sizes['colds']} fresh processes, "
        f"{sizes['changes']} changes, and all questions."
    )


def _short(value: float | None) -> str:
    """Milliseconds, with a digit more where there are few."""
    if value is None:
        return _ABSENT
    return f"{value:.1f} ms" if value < 10 else milliseconds(value)


def _characters(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:,.0f} characters"


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else _ABSENT
