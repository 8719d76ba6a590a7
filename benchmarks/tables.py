"""Results as Markdown. Pure functions of what stands in the JSON files of ``results/``.

Each of the two has a short table, for README.md, and a full one, for BENCHMARKS.md and the
terminal.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

FORMAT = 1
"""The layout of the results. Results in another one are refused."""

Result = Mapping[str, Any]
Row = tuple[str, ...]


def table(head: Row, rows: Sequence[Row], *, left: int = 1) -> str:
    """A Markdown table; the first ``left`` columns to the left, the others to the right.

    Raises:
        ValueError: a row has another number of cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"{len(row)} cells under {len(head)} headings: {row!r}")
    marks = tuple("---" if place < left else "---:" for place in range(len(head)))
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in line) + " |" for line in lines)


def seconds(value: float) -> str:
    """A duration, to two or three digits, in the unit that reads best."""
    if value < 0.1:
        return f"{1000 * value:.0f} ms"
    if value < 10:
        return f"{value:.2f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.1f} min"


def milliseconds(value: float) -> str:
    return f"{value:.0f} ms"


def size(value: float) -> str:
    """Bytes, in powers of a thousand."""
    if value < 1e6:
        return f"{value / 1e3:.0f} kB"
    return f"{value / 1e6:.0f} MB" if value < 1e9 else f"{value / 1e9:.2f} GB"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"


def spread(values: Sequence[float]) -> str:
    """The least and the most of what a median is of, as durations."""
    return f"{seconds(min(values))} – {seconds(max(values))}"


# -- speed ---------------------------------------------------------------------------------------


def speed_short(result: Result) -> str:
    """What matters most, with what is wanted of it."""
    known(result)
    rows = [(what, n, value, wanted) for what, n, value, _, wanted in _speed_rows(result)]
    head = ("", "n", "measured", "wanted")
    return f"{table(head, rows)}\n\n{_circumstances(result)}"


def speed(result: Result) -> str:
    """Everything that was measured."""
    known(result)
    parts = [
        table(("", "n", "measured", "from – to", "wanted"), _speed_rows(result)),
        "What the indexing took beside the bare embedding call, round by round:",
        table(
            ("round", "documents", "passages", "sync", "bare call", "share"),
            [
                (
                    str(number),
                    f"{each['documents']:,}",
                    f"{each['passages']:,}",
                    seconds(each["sync_seconds"]),
                    seconds(each["bare_seconds"]),
                    percent(each["share"]),
                )
                for number, each in enumerate(result["indexing"]["rounds"], start=1)
            ],
        ),
        "Where the time of a first answer goes:",
        table(
            ("stage", "p50", "p95"),
            [
                (stage, milliseconds(times["p50"]), milliseconds(times["p95"]))
                for stage, times in result["answers"]["stages_ms"].items()
            ],
        ),
        "What an index consists of:",
        table(
            ("part", "size"),
            [
                (f"`{name}`", size(parts))
                for name, parts in result["index"]["parts_bytes"].items()
                if parts
            ],
        ),
        _circumstances(result),
    ]
    return "\n\n".join(parts)


def _speed_rows(result: Result) -> list[Row]:
    """What, n, the figure, its range, and what is wanted of it."""
    helped, cold, asked = result["help"], result["cold_ask"], result["answers"]
    first, again, index = asked["first_ms"], asked["again_ms"], result["index"]
    shares = [each["share"] for each in result["indexing"]["rounds"]]
    rates = [each["passages"] / each["sync_seconds"] for each in result["indexing"]["rounds"]]
    sync = result["sync"]
    many = f"{sync['unchanged']['documents']:,}"
    over = f"over {asked['documents']:,} documents"

    def timed(what: str, values: Sequence[float], limit: float | None = None) -> Row:
        middle = statistics.median(values)
        wanted = "" if limit is None else _wanted(f"< {limit:g} s", middle < limit)
        return what, f"{len(values):,}", seconds(middle), spread(values), wanted

    def memory(what: str, value: float) -> Row:
        return what, "1", size(value), "", ""

    def answer(what: str, times: Result, limits: tuple[float, float] | None) -> list[Row]:
        rows: list[Row] = []
        for place, name in enumerate(("p50", "p95")):
            value = times[name]
            wanted = ""
            if limits is not None:
                wanted = _wanted(f"< {limits[place]:g} ms", value < limits[place])
            most = f"at most {milliseconds(times['most'])}" if name == "p95" else ""
            rows.append((f"{what}, {name}", f"{times['n']:,}", milliseconds(value), most, wanted))
        return rows

    share = statistics.median(shares)
    rows: list[Row] = [
        timed("`onrecord --help`, fresh process", helped["seconds"], 0.3),
        (
            f"of {', '.join(helped['not_wanted'])}, it loads",
            "1",
            ", ".join(helped["loaded"]) or "none",
            "",
            _wanted("none", not helped["loaded"]),
        ),
        *answer(f"an answer {over}", first, (200, 500)),
        *answer("the same questions again", again, None),
        timed(f"`onrecord ask`, fresh process, {over}", cold["seconds"]),
        (
            "indexing, as a share of the bare embedding call",
            f"{len(shares):,}",
            percent(share),
            f"{percent(min(shares))} – {percent(max(shares))}",
            _wanted("≥ 90%", share >= 0.9),
        ),
        (
            "passages indexed a second",
            f"{len(rates):,}",
            f"{statistics.median(rates):.0f}",
            f"{min(rates):.0f} – {max(rates):.0f}",
            "",
        ),
        timed(f"sync of {many} unchanged documents", sync["unchanged"]["seconds"], 1),
        memory("… peak memory", sync["unchanged"]["peak_bytes"]),
        timed("… by `onrecord index`, fresh process", sync["unchanged_cold"]["seconds"]),
        timed(f"sync of one changed among {many}, model loaded", sync["changed"]["seconds"], 2),
        memory("… peak memory", sync["changed"]["peak_bytes"]),
        timed("… by `onrecord index`, fresh process", sync["changed_cold"]["seconds"]),
        memory("peak memory of answering", asked["peak_bytes"]),
        memory(
            f"peak memory of indexing {sync['bulk']['documents']:,} documents",
            sync["bulk"]["peak_bytes"],
        ),
        (
            f"index of {index['documents']:,} documents on disk",
            "1",
            size(index["bytes"]),
            f"of {size(index['text_bytes'])} of text",
            "",
        ),
    ]
    return rows


def _wanted(limit: str, held: bool) -> str:
    return limit if held else f"{limit}: missed"


def _circumstances(result: Result) -> str:
    machine, described = result["machine"], result["corpus"]
    name = result["corpus_name"] or ("real reports" if described["real"] else "invented reports")
    of_sync = result["sync"]["corpus"]
    kind = "" if of_sync["real"] == described["real"] else ", invented"
    return (
        f"{result['measured']}; {machine['cpus']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}, torch "
        f"{machine['libraries']['torch'].split('+')[0]} with "
        f"{result['indexing']['torch_threads']} threads; load before it began: "
        f"{machine['load']:g}. Documents: {name}, of {described['characters_median']:,.0f} "
        f"characters at the median (those synced{kind}: {of_sync['characters_median']:,.0f}). "
        "Times are medians of wall clock, the files in the system's cache."
    )


# -- language models ------------------------------------------------------------------------------


def language_models(result: Result) -> str:
    """What each model wrote, and what of it was shown."""
    known(result)
    models = list(result["models"].values())
    head = ("", *(f"{each['name']}, {each['parameters']}" for each in models))
    rows: list[Row] = [("questions asked", *(f"{each['asked']:,}" for each in models))]

    def row(label: str, value: Callable[[Result], str]) -> None:
        rows.append((label, *map(value, models)))

    def both(count: Callable[[Mapping[str, int]], int]) -> Callable[[Result], str]:
        return lambda each: f"{count(each['written']):,} → {count(each['shown']):,}"

    row("… above the threshold, so put to the model", lambda each: f"{each['answered']:,}")
    row("answers that keep a claim of the model's", lambda each: _part(each, "by_model", "kept"))
    row("answers without its server", lambda each: f"{each['failed']:,}")
    row("claims, as written → as shown", both(lambda counts: sum(counts.values())))
    for worth, what in (
        ("right", "right"),
        ("beside", "beside the question"),
        ("forbidden", "wrong: what they cite is forbidden, and nothing of it gold"),
        ("invented", "wrong: a figure, date, name or quotation from nowhere"),
        ("turned", "wrong: they turn round or negate what the gold says"),
        ("unanswerable", "on questions without an answer"),
    ):
        row(f"… {what}", both(lambda counts, worth=worth: counts.get(worth, 0)))  # type: ignore[misc]
    row("**wrong**, where there is an answer (wanted, as shown: ≤ 2%)", _wrong)
    row("claims that survive the check", lambda each: percent(each["survived"]))
    for key, label in (("first", "until the first words are shown"), ("whole", "whole answer")):
        for q in ("p50", "p95"):
            row(f"{label}, {q}", lambda each, name=f"{key}_{q}": _maybe_seconds(each[name]))
    row("tokens a second, writing", lambda each: _rate(each["tokens_per_second"]))
    reasons = [
        f"Left out of what {each['name']} wrote: "
        + "; ".join(f"{n} × {why}" for why, n in Counter(each["reasons"]).most_common())
        + "."
        for each in models
        if each["reasons"]
    ]
    return "\n\n".join([table(head, rows), *reasons, *map(_of_model, models)])


def _part(each: Result, key: str, share: str) -> str:
    return f"{each[key]:,} ({percent(each[share])})"


def _wrong(each: Result) -> str:
    shown = each["wrong_shown"]
    missed = shown is not None and shown > 0.02
    return f"{percent(each['wrong_written'])} → {percent(shown)}{': missed' if missed else ''}"


def _maybe_seconds(value: float | None) -> str:
    return "–" if value is None else seconds(value)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _of_model(each: Result) -> str:
    machine = each["machine"]
    return (
        f"{each['name']} ({each['license']}): {each['set']}, {each['measured']}; "
        f"{machine['cpus']} cores, {machine['memory_gb']} GB, {machine['system']}; load before it "
        f"began: {machine['load']:g}."
    )


# -- quality -------------------------------------------------------------------------------------

_COMPARED = (
    ("recall@10", "a passage that answers among the first 10"),
    ("right_top_forced", "right first citation"),
    ("direction_forced", "right direction"),
    ("direction_pairs_forced", "right direction, both of a pair"),
    ("trap_first_forced", "something forbidden cited first"),
    ("auroc", "AUROC, answerable or not"),
)
"""What can be said of any system that ranks sentences: key of the figure, and its name."""

_OURS = (
    ("right_top", "right first citation"),
    ("citation_precision", "citations that overlap gold"),
    ("false_answers", "unanswerable, but answered"),
    ("false_abstentions", "answerable, but not answered"),
    ("ece_equal_mass", "expected calibration error"),
    ("p50_ms", "time for an answer, p50"),
    ("p95_ms", "time for an answer, p95"),
)
"""What depends on the threshold, or is not there to be compared."""


def quality_short(result: Result) -> str:
    """OnRecord beside the baseline, set by set."""
    known(result)
    sets = result["sets"]
    head: list[str] = [""]
    for name, each in sets.items():
        head += [f"{name} ({each['onrecord']['questions']:,})", "*baseline*"]
    rows: list[Row] = []

    def row(label: str, key: str, *, both: bool) -> None:
        cells = [label]
        for each in sets.values():
            cells.append(_figure(each["onrecord"]["figures"][key]))
            other = _figure(each["baseline"]["figures"][key]) if both else ""
            cells.append(other)
        if any(cell not in ("", "–") for cell in cells[1:]):
            rows.append(tuple(cells))

    for key, label in _COMPARED:
        row(label, key, both=True)
    for key, label in _OURS:
        row(f"{label}, at the threshold" if key == "right_top" else label, key, both=False)
    invalid = ["invalid quotes"]
    for each in sets.values():
        ours = each["onrecord"]
        invalid += [f"{len(ours['invalid_quotes'])} of {ours['citations']:,}", ""]
    rows.append(tuple(invalid))
    return f"{table(tuple(head), rows)}\n\n{_provenance(result)}"


def quality(result: Result) -> str:
    """Everything, set by set."""
    known(result)
    parts = [_provenance(result)]
    for name, each in result["sets"].items():
        ours, other = each["onrecord"], each["baseline"]
        parts += [
            f"### {name}",
            f"{ours['questions']:,} questions, {ours['answerable']:,} of them answerable, over "
            f"{ours['documents']:,} documents; threshold {ours['threshold']:g}; "
            f"{len(ours['invalid_quotes'])} invalid quotes of {ours['citations']:,}.",
            table(
                ("", "n", "OnRecord", "95% interval", "baseline", "95% interval"),
                [
                    (
                        figure["label"],
                        f"{figure['n']:,}",
                        _figure(figure),
                        _interval(figure),
                        _figure(other["figures"][key]) if key in _both() else "",
                        _interval(other["figures"][key]) if key in _both() else "",
                    )
                    for key, figure in ours["figures"].items()
                    if figure["n"]
                ],
            ),
            _pictured(name, ours),
            "By kind of question, at the threshold unless it says *forced*:",
            _kinds(ours["by_kind"]),
            "Reliability: answers by their confidence, a tenth of them in each line.",
            _reliability(ours["calibration"]["equal_mass"]),
            "Risk and coverage: when only the most confident are answered, what share of them is "
            "wrong.",
            table(
                ("answered", "wrong", "confidence at least"),
                [
                    (percent(p["coverage"]), percent(p["risk"]), f"{p['threshold']:.3f}")
                    for p in tenths(ours["risk_coverage"])
                ],
                left=0,
            ),
        ]
        if "dialogues" in each:
            parts += [_talked(each["dialogues"]), _dialogues(each["dialogues"])]
    return "\n\n".join(parts)


def picture(name: str) -> str:
    """The file in ``results/`` with the picture of a set."""
    return f"calibration-{name}.png"


def _pictured(name: str, ours: Result) -> str:
    """For those who can't see it, its text says what the tables below it don't."""
    figures = ours["figures"]
    text = (
        f"{name}, two curves. Confidence against how often it was right: expected calibration "
        f"error {_figure(figures['ece_equal_mass'])}. Share answered against share wrong, the "
        f"threshold {ours['threshold']:g} marked: {_figure(figures['answered'])} answered, "
        f"{_figure(figures['right_when_answered'])} of them right."
    )
    return f"![{text}](benchmarks/results/{quote(picture(name))})"


def _talked(result: Result) -> str:
    return (
        f"{result['dialogues']:,} dialogues of {result['turns']:,} turns, "
        f"{len(result['invalid_quotes'])} invalid quotes of {result['citations']:,}. Each turn is "
        "asked *with history*, as people get it; *alone*, the floor; and written *by hand* so that "
        "it needs nothing before it, the ceiling:"
    )


def _dialogues(result: Result) -> str:
    conditions = {"history": "with history", "alone": "alone", "by_hand": "by hand"}
    rows: list[Row] = []
    for part in ("all", "first", "later"):
        for key, figure in result["figures"]["history"][part].items():
            if figure["n"]:
                values = (_figure(result["figures"][name][part][key]) for name in conditions)
                rows.append((part, figure["label"], f"{figure['n']:,}", *values))
    return table(("turns", "", "n", *conditions.values()), rows, left=2)


def _both() -> set[str]:
    ranks = {f"{every}recall@{k}" for every in ("", "all_groups_") for k in (1, 5, 10)}
    return {key for key, _ in _COMPARED} | ranks | {"ndcg@10", "mrr", "in_quotes_forced"}


def _kinds(kinds: Result) -> str:
    columns = {
        "recall@10": "recall@10",
        "right_top_forced": "right, forced",
        "right_top": "right",
        "citation_precision": "precision",
        "answered": "answered",
    }
    return table(
        ("kind", "n", *columns.values()),
        [
            (kind, f"{values['n']:,}", *(percent(values[key]) for key in columns))
            for kind, values in kinds.items()
        ],
    )


def _reliability(bins: Sequence[Result]) -> str:
    return table(
        ("confidence", "right", "n", "right, drawn; the mark is the confidence"),
        [
            (
                f"{each['confidence']:.3f}",
                f"{each['accuracy']:.3f}",
                f"{each['n']:,}",
                f"`{drawn(each['accuracy'], each['confidence'])}`",
            )
            for each in bins
        ],
        left=0,
    )


def tenths(points: Sequence[Result]) -> list[Result]:
    """The first point of a risk–coverage curve at or beyond each tenth of coverage."""
    found: dict[int, Result] = {}
    for point in points:
        # Coverage is a quotient: three tenths of it may come out a hair below.
        found.setdefault(int(10 * point["coverage"] + 1e-6), point)
    return [point for step, point in sorted(found.items()) if step]


def drawn(share: float, mark: float, width: int = 40) -> str:
    """A share as a bar, with a mark where another one would end."""
    full, place = round(share * width), min(width - 1, int(mark * width))
    line = ["█" if cell < full else "·" for cell in range(width)]
    line[place] = "|"
    return "".join(line)


def _figure(figure: Result) -> str:
    value, unit = figure["value"], figure["unit"]
    if value is None:
        return "–"
    if unit == "ms":
        return milliseconds(value)
    if unit == "characters":
        return f"{value:,.0f} characters"
    return percent(value) if unit == "share" else f"{value:.3f}"


def _interval(figure: Result) -> str:
    low, high = figure["low"], figure["high"]
    if low is None or high is None:
        return ""
    if figure["unit"] == "share":
        return f"{100 * low:.1f} – {100 * high:.1f}"
    return f"{low:.3f} – {high:.3f}"


def _provenance(result: Result) -> str:
    """When each set was measured, and whether the code has been the same for all."""
    sets = result["sets"]
    days = sorted({each["measured"] for each in sets.values()})
    text = f"{' and '.join(days)}. *Baseline*: {result['baseline']}."
    latest = max(sets.values(), key=lambda each: str(each["measured_at"]))["code"]
    older = [name for name, each in sets.items() if each["code"] != latest]
    if older:
        text += f" Measured with an earlier version of the code: {', '.join(older)}."
    return text


def known(result: Result) -> None:
    """
    Raises:
        ValueError: the results are of another format.
    """
    if result.get("format") != FORMAT:
        raise ValueError(
            f"results of format {result.get('format')!r}, not {FORMAT}: measure them anew"
        )
