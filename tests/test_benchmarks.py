"""The benchmarks' pure pieces: tables, sections, documents and questions. Nothing is measured here,
save in the long test, which runs everything on next to nothing."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.evaluation.runner import evaluate, load_set
from benchmarks import corpus, pictures, quality, readme, speed, tables
from benchmarks.baseline import Baseline

# -- sections ------------------------------------------------------------------------------------

PAGE = (
    "# Title\n\n<!-- a:begin -->\nold\n<!-- a:end -->\n\ntext\n<!-- b:begin -->\n<!-- b:end -->\n"
)


def test_a_section_is_replaced_and_nothing_else() -> None:
    assert readme.replaced(PAGE, "a", "\nnew\nlines\n\n") == PAGE.replace("old", "new\nlines")
    assert readme.replaced(PAGE, "b", "x") == PAGE.replace("b:begin -->\n", "b:begin -->\nx\n")


def test_a_section_can_be_emptied_and_filling_twice_changes_nothing() -> None:
    once = readme.replaced(PAGE, "a", "new")
    assert readme.replaced(once, "a", "new") == once
    assert readme.replaced(once, "a", "") == PAGE.replace("old\n", "")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("", "the mark <!-- a:begin --> must stand once, not 0 times"),
        ("<!-- a:begin -->", "the mark <!-- a:end --> must stand once, not 0 times"),
        (PAGE + PAGE, "the mark <!-- a:begin --> must stand once, not 2 times"),
        (
            "<!-- a:end --> <!-- a:begin -->",
            "the mark <!-- a:end --> stands before <!-- a:begin -->",
        ),
    ],
)
def test_marks_that_make_no_section_are_refused(page: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        readme.replaced(page, "a", "x")
    assert str(refused.value) == problem


def test_files_are_filled_from_the_results_that_there_are(tmp_path: Path) -> None:
    empty = (
        "<!-- quality:begin -->\n<!-- quality:end -->\n<!-- speed:begin -->\n<!-- speed:end -->\n"
    )
    for name in ("README.md", "BENCHMARKS.md"):
        (tmp_path / name).write_text(empty)
    results = tmp_path / "results"
    results.mkdir()
    assert readme.refresh(tmp_path, results) == []
    (results / "quality.json").write_text(json.dumps(QUALITY))
    both = [tmp_path / "README.md", tmp_path / "BENCHMARKS.md"]
    assert readme.refresh(tmp_path, results, write=False) == both
    assert both[0].read_text() == empty
    assert readme.refresh(tmp_path, results) == both
    assert both[0].read_text() == empty.replace(
        "quality:begin -->\n", f"quality:begin -->\n{tables.quality_short(QUALITY)}\n"
    )
    assert both[1].read_text() == empty.replace(
        "quality:begin -->\n", f"quality:begin -->\n{tables.quality(QUALITY)}\n"
    )
    assert readme.refresh(tmp_path, results) == []


def test_a_file_that_lacks_a_section_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Title\n")
    (tmp_path / "speed.json").write_text(json.dumps(SPEED))
    with pytest.raises(ValueError, match=r"^README\.md: the mark <!-- speed:begin -->"):
        readme.refresh(tmp_path, tmp_path)


def test_the_tables_of_this_project_are_those_of_its_results() -> None:
    assert readme.refresh(write=False) == []


def test_the_pictures_of_this_project_are_those_of_its_results() -> None:
    assert pictures.refresh(write=False) == []


# -- tables --------------------------------------------------------------------------------------


def test_a_table() -> None:
    assert tables.table(("", "n"), [("one", "1"), ("two", "")]) == (
        "|   | n |\n| --- | ---: |\n| one | 1 |\n| two |   |"
    )
    with pytest.raises(ValueError, match="1 cells under 2 headings"):
        tables.table(("", "n"), [("one",)])


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (tables.seconds(0.0123), "12 ms"),
        (tables.seconds(0.1), "0.10 s"),
        (tables.seconds(9.994), "9.99 s"),
        (tables.seconds(10), "10 s"),
        (tables.seconds(119), "119 s"),
        (tables.seconds(150), "2.5 min"),
        (tables.milliseconds(123.4), "123 ms"),
        (tables.size(999_000), "999 kB"),
        (tables.size(12_345_678), "12 MB"),
        (tables.size(1_234_000_000), "1.23 GB"),
        (tables.percent(0.9876), "98.8%"),
        (tables.percent(None), "–"),
        (tables.spread([0.2, 0.1, 0.3]), "0.10 s – 0.30 s"),
        (tables.drawn(0.5, 0.25, 8), "██|█····"),
        (tables.drawn(0.0, 1.0, 4), "···|"),
        (tables.drawn(1.0, 0.0, 4), "|███"),
    ],
)
def test_figures_as_text(made: str, shown: str) -> None:
    assert made == shown


def test_a_curve_in_tenths_keeps_the_first_point_of_each() -> None:
    points = [{"coverage": c} for c in (0.05, 0.1, 0.15, 0.3 - 1e-12, 0.35, 1.0)]
    assert tables.tenths(points) == [points[1], points[3], points[5]]


def test_results_of_another_format_are_refused() -> None:
    for render in (tables.quality, tables.quality_short, tables.speed, tables.speed_short):
        with pytest.raises(ValueError, match="format 0, not 1: measure them anew"):
            render({"format": 0})


# -- speed ---------------------------------------------------------------------------------------

SPEED: Mapping[str, Any] = {
    "format": 1,
    "measured": "2025-03-01",
    "code": "abc",
    "corpus_name": "",
    "machine": {
        "cpus": 2,
        "memory_gb": 8,
        "system": "Linux x86_64",
        "python": "3.11.7",
        "libraries": {"torch": "2.13.0+cpu"},
        "load": 0.1,
    },
    "corpus": {"real": True, "characters_median": 1500.0},
    "help": {"seconds": [0.1, 0.2, 0.12], "not_wanted": ["torch", "gradio"], "loaded": []},
    "indexing": {
        "torch_threads": 2,
        "rounds": [
            {
                "documents": 10,
                "passages": 60,
                "sync_seconds": 2.0,
                "bare_seconds": 1.7,
                "share": 0.85,
            },
            {
                "documents": 10,
                "passages": 40,
                "sync_seconds": 1.0,
                "bare_seconds": 0.95,
                "share": 0.97,
            },
        ],
    },
    "answers": {
        "documents": 2000,
        "passages": 5000,
        "first_ms": {"n": 300, "p50": 110.2, "p95": 501.0, "most": 600.0},
        "again_ms": {"n": 300, "p50": 20.0, "p95": 40.0, "most": 41.0},
        "stages_ms": {"embed": {"p50": 9.0, "p95": 12.0}},
        "peak_bytes": 700e6,
    },
    "cold_ask": {"seconds": [6.0, 5.0, 7.0]},
    "index": {
        "documents": 2000,
        "bytes": 21e6,
        "text_bytes": 3e6,
        "parts_bytes": {"chroma": 20e6, "writer.lock": 0, "texts": 1e6},
    },
    "sync": {
        "corpus": {"real": False, "characters_median": 200},
        "bulk": {"documents": 10000, "peak_bytes": 900e6},
        "unchanged": {"documents": 10000, "seconds": [0.4, 0.5, 0.6], "peak_bytes": 110e6},
        "unchanged_cold": {"seconds": [1.5]},
        "changed": {"documents": 10000, "seconds": [2.0], "peak_bytes": 650e6},
        "changed_cold": {"seconds": [8.0]},
    },
}

SPEED_SHORT = """\
|   | n | measured | wanted |
| --- | ---: | ---: | ---: |
| `onrecord --help`, fresh process | 3 | 0.12 s | < 0.3 s |
| of torch, gradio, it loads | 1 | none | none |
| an answer over 2,000 documents, p50 | 300 | 110 ms | < 200 ms |
| an answer over 2,000 documents, p95 | 300 | 501 ms | < 500 ms: missed |
| the same questions again, p50 | 300 | 20 ms |   |
| the same questions again, p95 | 300 | 40 ms |   |
| `onrecord ask`, fresh process, over 2,000 documents | 3 | 6.00 s |   |
| indexing, as a share of the bare embedding call | 2 | 91.0% | ≥ 90% |
| passages indexed a second | 2 | 35 |   |
| sync of 10,000 unchanged documents | 3 | 0.50 s | < 1 s |
| … peak memory | 1 | 110 MB |   |
| … by `onrecord index`, fresh process | 1 | 1.50 s |   |
| sync of one changed among 10,000, model loaded | 1 | 2.00 s | < 2 s: missed |
| … peak memory | 1 | 650 MB |   |
| … by `onrecord index`, fresh process | 1 | 8.00 s |   |
| peak memory of answering | 1 | 700 MB |   |
| peak memory of indexing 10,000 documents | 1 | 900 MB |   |
| index of 2,000 documents on disk | 1 | 21 MB |   |

2025-03-01; 2 cores, 8 GB, Linux x86_64, Python 3.11.7, torch 2.13.0 with 2 threads; load before \
it began: 0.1. Documents: real reports, of 1,500 characters at the median (those synced, invented: \
200). Times are medians of wall clock, the files in the system's cache."""


def test_the_short_table_of_speed() -> None:
    assert tables.speed_short(SPEED) == SPEED_SHORT


def test_the_full_table_of_speed_has_ranges_rounds_stages_and_parts() -> None:
    lines = tables.speed(SPEED).split("\n")
    assert "| `onrecord --help`, fresh process | 3 | 0.12 s | 0.10 s – 0.20 s | < 0.3 s |" in lines
    assert "| 1 | 10 | 60 | 2.00 s | 1.70 s | 85.0% |" in lines
    assert "| embed | 9 ms | 12 ms |" in lines
    assert "| `texts` | 1 MB |" in lines
    assert not [line for line in lines if "writer.lock" in line]


def test_what_help_should_not_load_is_named() -> None:
    bad = {**SPEED, "help": {**SPEED["help"], "loaded": ["torch"]}}
    assert "| of torch, gradio, it loads | 1 | torch | none: missed |" in tables.speed_short(bad)


def test_times_of_answers_become_quantiles() -> None:
    answers = {
        "first_ms": [10.0, 20.0, 30.0],
        "again_ms": [1.0],
        "stages_ms": {"embed": [4.0, 2.0]},
        "documents": 3,
    }
    assert speed.summarised({"answers": answers, "other": 1}) == {
        "answers": {
            "first_ms": {"n": 3, "p50": 20.0, "p95": 29.0, "most": 30.0},
            "again_ms": {"n": 1, "p50": 1.0, "p95": 1.0, "most": 1.0},
            "stages_ms": {"embed": {"p50": 3.0, "p95": 3.9}},
            "documents": 3,
        },
        "other": 1,
    }


def test_figures_are_kept_with_four_digits() -> None:
    value = {"a": [1.23456, (0.000123456, 7)], "b": {"c": 123456.0}}
    assert speed.rounded(value) == {"a": [1.235, [0.0001235, 7]], "b": {"c": 123500.0}}


# -- quality -------------------------------------------------------------------------------------


def a_figure(value: float | None, unit: str = "share", *, low: float | None = None) -> Any:
    return {
        "key": "…",
        "label": f"label {unit}",
        "value": value,
        "n": 0 if value is None else 40,
        "unit": unit,
        "low": low,
        "high": None if low is None else 0.9,
    }


def a_report(right: float) -> dict[str, Any]:
    figures = {
        "recall@10": a_figure(0.975, low=0.8),
        "right_top_forced": a_figure(right, low=0.5),
        "direction_forced": a_figure(None),
        "direction_pairs_forced": a_figure(None),
        "trap_first_forced": a_figure(0.1),
        "auroc": a_figure(0.8125, "score", low=0.7),
        "right_top": a_figure(0.6),
        "answered": a_figure(0.75),
        "right_when_answered": a_figure(0.8),
        "citation_precision": a_figure(0.7),
        "false_answers": a_figure(0.2),
        "false_abstentions": a_figure(0.3),
        "ece_equal_mass": a_figure(0.05, "score"),
        "p50_ms": a_figure(111.4, "ms"),
        "p95_ms": a_figure(222.6, "ms"),
        "first_quote": a_figure(1234.0, "characters"),
    }
    kinds = ("recall@10", "right_top_forced", "right_top", "citation_precision", "answered")
    return {
        "questions": 40,
        "answerable": 30,
        "documents": 5,
        "threshold": 0.55,
        "citations": 60,
        "invalid_quotes": [],
        "figures": figures,
        "by_kind": {"fact": {"n": 40, **dict.fromkeys(kinds, 0.5), "answered": None}},
        "risk_coverage": [{"coverage": 0.5, "risk": 0.1, "threshold": 0.7}],
        "calibration": {"equal_mass": [{"n": 40, "confidence": 0.5, "accuracy": 0.25}]},
    }


def a_set(code: str, day: str) -> dict[str, Any]:
    return {
        "measured": day,
        "measured_at": f"{day}T10:00:00+00:00",
        "code": code,
        "onrecord": a_report(0.7),
        "baseline": a_report(0.45),
    }


QUALITY: Mapping[str, Any] = {
    "format": 1,
    "baseline": "a splitter",
    "sets": {"news": a_set("new", "2025-03-02"), "other": a_set("old", "2025-03-01")},
}

QUALITY_SHORT = """\
|   | news (40) | *baseline* | other (40) | *baseline* |
| --- | ---: | ---: | ---: | ---: |
| a passage that answers among the first 10 | 97.5% | 97.5% | 97.5% | 97.5% |
| right first citation | 70.0% | 45.0% | 70.0% | 45.0% |
| something forbidden cited first | 10.0% | 10.0% | 10.0% | 10.0% |
| AUROC, answerable or not | 0.812 | 0.812 | 0.812 | 0.812 |
| right first citation, at the threshold | 60.0% |   | 60.0% |   |
| citations that overlap gold | 70.0% |   | 70.0% |   |
| unanswerable, but answered | 20.0% |   | 20.0% |   |
| answerable, but not answered | 30.0% |   | 30.0% |   |
| expected calibration error | 0.050 |   | 0.050 |   |
| time for an answer, p50 | 111 ms |   | 111 ms |   |
| time for an answer, p95 | 223 ms |   | 223 ms |   |
| invalid quotes | 0 of 60 |   | 0 of 60 |   |

2025-03-01 and 2025-03-02. *Baseline*: a splitter. Measured with an earlier version of the code: \
other."""


def test_the_short_table_of_quality() -> None:
    assert tables.quality_short(QUALITY) == QUALITY_SHORT


def test_the_full_table_of_quality_compares_what_can_be_compared() -> None:
    lines = tables.quality(QUALITY).split("\n")
    assert lines.count("### news") == lines.count("### other") == 1
    assert lines.count("| label share | 40 | 70.0% | 50.0 – 90.0 | 45.0% | 50.0 – 90.0 |") == 2
    assert lines.count("| label score | 40 | 0.812 | 0.700 – 0.900 | 0.812 | 0.700 – 0.900 |") == 2
    assert lines.count("| label characters | 40 | 1,234 characters |   |   |   |") == 2
    assert lines.count("| fact | 40 | 50.0% | 50.0% | 50.0% | 50.0% | – |") == 2
    assert lines.count("| 50.0% | 10.0% | 0.700 |") == 2
    picture = (
        "two curves. Confidence against how often it was right: expected calibration error 0.050. "
        "Share answered against share wrong, the threshold 0.55 marked: 75.0% answered, 80.0% of "
        "them right."
    )
    for name in ("news", "other"):
        file = f"benchmarks/results/calibration-{name}.png"
        assert lines.count(f"![{name}, {picture}]({file})") == 1
    bar = "██████████··········|···················"
    assert lines.count(f"| 0.500 | 0.250 | 40 | `{bar}` |") == 2


def test_the_full_table_of_quality_has_the_dialogues_of_a_set_that_has_some() -> None:
    def figure(value: float | None, n: int) -> dict[str, Any]:
        return {
            "label": "right",
            "value": value,
            "n": n,
            "unit": "share",
            "low": None,
            "high": None,
        }

    def parts(value: float) -> dict[str, Any]:
        return {
            "all": {"right": figure(value, 3)},
            "first": {"right": figure(None, 0)},
            "later": {"right": figure(1.0, 2)},
        }

    talks = {
        "dialogues": 1,
        "turns": 3,
        "citations": 7,
        "invalid_quotes": [],
        "figures": {"history": parts(0.5), "alone": parts(0.25), "by_hand": parts(0.75)},
    }
    first = next(iter(QUALITY["sets"]))
    sets = {first: {**QUALITY["sets"][first], "dialogues": talks}}
    text = tables.quality({**QUALITY, "sets": {**QUALITY["sets"], **sets}})
    assert text.count("1 dialogues of 3 turns, 0 invalid quotes of 7.") == 1
    assert text.count("| turns |   | n | with history | alone | by hand |") == 1
    assert text.count("| all | right | 3 | 50.0% | 25.0% | 75.0% |") == 1
    assert text.count("| later | right | 2 | 100.0% | 100.0% | 100.0% |") == 1
    assert "| first |" not in text


def test_sets_that_were_not_measured_keep_their_results() -> None:
    before = {"format": 1, "baseline": "…", "sets": {"a": {"n": 1}, "b": {"n": 2}}}
    after = quality.merged(before, {"b": {"n": 3}, "c": {"n": 4}})
    assert after["sets"] == {"a": {"n": 1}, "b": {"n": 3}, "c": {"n": 4}}
    assert quality.merged({**before, "format": 0}, {"c": {}})["sets"] == {"c": {}}
    assert quality.merged(None, {"c": {}})["sets"] == {"c": {}}


# -- pictures ------------------------------------------------------------------------------------


def test_a_picture_shows_what_the_results_hold() -> None:
    assert pictures.calibrations(QUALITY) == [
        pictures.Calibration(
            name=name,
            questions=40,
            ece=0.05,
            bins=(pictures.Bin(n=40, confidence=0.5, right=0.25, low=0.1419, high=0.4019),),
            curve=((0.5, 0.1),),
            threshold=0.55,
            answered=0.75,
            wrong=0.2,
        )
        for name in ("news", "other")
    ]
    with pytest.raises(ValueError, match="format 0, not 1: measure them anew"):
        pictures.calibrations({"format": 0})


def test_where_nothing_is_answered_nothing_of_it_is_wrong() -> None:
    report = a_report(0.7)
    report["figures"]["right_when_answered"] = a_figure(None)
    assert pictures.calibration("news", report).wrong is None


@pytest.mark.parametrize(
    ("share", "n", "interval"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        # Medicine 17, 1998, table I, method 3.
        (81 / 263, 263, (0.2553, 0.3662)),
        (15 / 148, 148, (0.0624, 0.1605)),
        (0.0, 20, (0.0, 0.1611)),
        (1 / 29, 29, (0.0061, 0.1718)),
        (1.0, 20, (0.8389, 1.0)),
    ],
)
def test_where_a_share_may_lie(share: float, n: int, interval: tuple[float, float]) -> None:
    assert pictures.wilson(share, n) == interval


def test_pictures_are_drawn_once_and_again_when_what_they_show_changes(tmp_path: Path) -> None:
    assert pictures.refresh(tmp_path) == []
    results = tmp_path / "quality.json"
    results.write_text(json.dumps(QUALITY), "utf-8")
    files = [tmp_path / "calibration-news.png", tmp_path / "calibration-other.png"]
    assert pictures.refresh(tmp_path, write=False) == files
    assert sorted(tmp_path.iterdir()) == [results]
    assert pictures.refresh(tmp_path) == files
    for file in files:
        signature, width, height = struct.unpack(">8s8xII", file.read_bytes()[:24])
        assert (signature, width, height) == (b"\x89PNG\r\n\x1a\n", 1800, 920)
    assert pictures.refresh(tmp_path) == []
    other = {**QUALITY["sets"]["other"], "onrecord": {**a_report(0.7), "threshold": 0.6}}
    changed = {**QUALITY, "sets": {**QUALITY["sets"], "other": other}}
    results.write_text(json.dumps(changed), "utf-8")
    assert pictures.refresh(tmp_path) == files[1:]
    # The baseline is not drawn, nor is the day.
    news = {**a_set("newer", "2025-03-03"), "baseline": a_report(0.2)}
    results.write_text(json.dumps({**changed, "sets": {"news": news, "other": other}}), "utf-8")
    assert pictures.refresh(tmp_path) == []


def test_a_set_without_questions_can_be_drawn(tmp_path: Path) -> None:
    file = tmp_path / "new" / "empty.png"
    empty = pictures.Calibration("empty", 0, None, (), (), 0.5, None, None)
    pictures.draw(empty, file)
    assert pictures.digest_of(file) == empty.digest()


def test_a_file_that_carries_no_digest_has_none(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    assert pictures.digest_of(file) is None
    for data in (b"", b"text", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x05tE"):
        file.write_bytes(data)
        assert pictures.digest_of(file) is None


def test_without_matplotlib_nothing_is_measured_for_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(quality, "measure", pytest.fail)
    assert quality.main([]) == 2
    assert pictures.main([]) == 2
    assert capsys.readouterr().err == f"{pictures.MISSING}\n" * 2
    assert pictures.MISSING.endswith("pip install -e '.[bench]'")
    assert pictures.main(["--check"]) == 0


# -- documents and questions ---------------------------------------------------------------------


def test_invented_reports_are_the_same_every_time_and_all_different() -> None:
    reports = list(corpus.invented(40))
    assert list(corpus.invented(10)) == reports[:10]
    assert len({report.text for report in reports}) == 40
    assert [report.name for report in reports[:2]] == ["00000.txt", "00001.txt"]
    assert list(corpus.invented(1, seed=1)) != reports[:1]
    # No slot of a template is left open, and the second line dates the report.
    assert not [report for report in reports if "{" in report.text]
    for report in reports:
        day = report.text.split("\n")[1].split(", ")[1].split(" — ")[0]
        assert 2019 <= int(day.split()[-1]) <= 2024


NOTE = """Harbour strike ends in Ost
Ost, 3 May 2024 — The Wire

On Monday the Dock Union said that Ann Berg had won, and that the Dock Union thanked Ann Berg.
A spokesman of the Dock Union left on Friday.
"""


def test_questions_name_who_the_text_names_most_and_what_its_headline_is_about() -> None:
    sources = [corpus.Source("a.txt", NOTE), corpus.Source("b.txt", "Too little.\n\nHere.")]
    assert corpus.questions(sources, 2) == ["What did Dock Union say about the harbour strike?"]


def test_questions_are_different_and_as_many_as_there_are_documents_for() -> None:
    reports = list(corpus.invented(60))
    asked = corpus.questions(reports, 20)
    assert len(asked) == len(set(asked)) == 20
    assert asked == corpus.questions(reports, 20)
    assert len(corpus.questions(reports, 100)) <= 60


def test_documents_are_taken_evenly_and_what_is_no_text_is_passed_over(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text(f"Text {number}.")
    (tmp_path / "5.txt").write_bytes(b"\xff\xfe\x00bad")
    (tmp_path / "note.md").write_text("no")
    taken = corpus.taken(tmp_path, 4)
    assert [source.text for source in taken] == ["Text 0.", "Text 2.", "Text 7.", "Text 1."]
    assert [source.name for source in taken] == [
        "00000-0.txt",
        "00001-2.txt",
        "00002-7.txt",
        "00003-1.txt",
    ]
    documents, real = corpus.documents(tmp_path, 9)
    assert (len(documents), real) == (9, True)
    documents, real = corpus.documents(tmp_path, 11)
    assert (documents, real) == (list(corpus.invented(11)), False)


def test_documents_are_written_as_they_are_and_look_old(tmp_path: Path) -> None:
    source = corpus.Source("a.txt", "Line\r\n“quoted”\n")
    corpus.write([source], tmp_path / "new")
    path = tmp_path / "new" / "a.txt"
    assert path.read_bytes() == "Line\r\n“quoted”\n".encode()
    before = path.stat()
    assert before.st_ctime - before.st_mtime > 3500


def test_a_document_is_shortened_at_the_end_of_a_word() -> None:
    long = corpus.Source("a.txt", "word " * 100)
    assert corpus.shortened(long) == corpus.Source("a.txt", "word " * 46 + "word\n")
    short = corpus.Source("a.txt", "word")
    assert corpus.shortened(short) is short


# -- the baseline --------------------------------------------------------------------------------


class Bag:
    """Texts as counts of a few words: a model whose nearest sentence one can tell by reading."""

    def encode(self, texts: Sequence[str]) -> Any:
        words = ("harbour", "strike", "bridge", "paid")
        counts = [[text.lower().count(word) for word in words] for text in texts]
        rows = np.array(counts, np.float32) + 1e-3
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_baseline_cites_the_nearest_sentence_and_no_later_document(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    old = "Old\nOst, 1 May 2024 — The Wire\n\nThe town paid for the bridge. A strike began.\n"
    new = "New\nOst, 9 May 2024 — The Wire\n\nThe bridge fell. The state paid for a bridge.\n"
    (tmp_path / "docs" / "old.txt").write_text(old, "utf-8")
    (tmp_path / "docs" / "new.txt").write_text(new, "utf-8")
    gold = {"doc": "old.txt", "start": old.index("The town"), "end": old.index(" A strike")}
    asked = {"kind": "fact", "answerable": True, "gold": [gold], "answers": ["town"]}
    lines = [
        {"id": "now", "question": "Who paid for the bridge?", **asked},
        {"id": "then", "question": "Who paid for the bridge?", **asked, "date": "2024-05-02"},
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    eval_set = load_set(tmp_path)
    baseline = Baseline(eval_set, Bag())  # type: ignore[arg-type]
    now, then = (baseline.ask(item) for item in eval_set.items)
    assert now.citations[0].quote == "The state paid for a bridge."
    assert now.citations[0].published == date(2024, 5, 9)
    assert [hit.path for hit in now.passages] == ["new.txt", "old.txt"]
    assert then.citations[0].quote == "The town paid for the bridge."
    assert [hit.path for hit in then.passages] == ["old.txt"]
    figures = evaluate(eval_set, baseline.ask, threshold=0.0).figures
    assert figures["right_top_forced"].value == 0.5
    assert figures["recall@1"].value == 0.5
    assert figures["recall@10"].value == 1.0


# -- all of it -----------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_everything_is_measured_on_next_to_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "speed.json"
    sizes = ["--documents=40", "--questions=6", "--sync-documents=50", "--rounds=2"]
    assert speed.main(["--short", *sizes, "--json", str(out)]) == 0
    result = json.loads(out.read_text("utf-8"))
    assert capsys.readouterr().out == tables.speed(result) + "\n"
    assert result["help"]["loaded"] == []
    assert [each["documents"] for each in result["indexing"]["rounds"]] == [12, 12]
    assert result["answers"]["documents"] == result["index"]["documents"] == 40
    assert result["answers"]["first_ms"]["n"] == result["answers"]["again_ms"]["n"] == 6
    assert result["sync"]["unchanged"]["documents"] == result["sync"]["bulk"]["documents"] == 50
    assert len(result["sync"]["changed"]["seconds"]) == 5

    out = tmp_path / "quality.json"
    assert quality.main(["--limit", "3", "--json", str(out)]) == 0
    (news,) = json.loads(out.read_text("utf-8"))["sets"].values()
    assert news["onrecord"]["questions"] == news["baseline"]["questions"] == 3
    assert news["onrecord"]["invalid_quotes"] == []
    assert (news["dialogues"]["dialogues"], news["dialogues"]["turns"]) == (3, 9)
