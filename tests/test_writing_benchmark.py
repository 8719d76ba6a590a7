"""What counts as right and wrong of what a model wrote, and the table of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.config import Settings
from assistant.evaluation.runner import EvalSet, Item, Target
from benchmarks.writing import Report, judged, measure, table
from index.types import Span
from tests.assistant.making import a_candidate, evidence
from tests.assistant.scripted import says, scripted

LAYER = "Ann Lee signed the accord in Oslo. Bob Ito refused to sign it. It rained in Rome all day."
SIGNED, REFUSED, RAIN = LAYER.split(". ")


def target(words: str) -> Target:
    start = LAYER.index(words)
    span = Span(start, start + len(words))
    return Target("a.txt", span, span)


ITEM = Item(
    "q1", "Who signed the accord?", "fact", True, 1, ("Ann Lee",),
    gold=(target(SIGNED),), forbidden=(target(REFUSED),),
)  # fmt: skip
NONE = Item("q2", "Who won in Ulm?", "unanswerable", False, 2)


@pytest.mark.parametrize(
    ("item", "text", "cited", "worth"),
    [
        (ITEM, "Ann Lee signed it.", [SIGNED], "right"),
        (ITEM, "ANN  LEE and others signed it.", [REFUSED, SIGNED], "right"),
        (ITEM, "Somebody signed it.", [SIGNED], "beside"),
        (ITEM, "Ann Lee refused.", [REFUSED], "wrong"),
        (ITEM, "It rained.", [RAIN], "beside"),
        (ITEM, "Ann Lee signed it.", [], "beside"),
        (NONE, "Ann Lee won.", [SIGNED], "wrong"),
    ],
)
def test_what_a_claim_is_worth(item: Item, text: str, cited: list[str], worth: str) -> None:
    pieces = [evidence(a_candidate(LAYER, words)) for words in cited]
    assert judged(item, text, pieces) == worth


def test_a_set_is_asked_and_counted(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(LAYER, "utf-8")
    text = "".join(f"Ann Lee signed the accord in Oslo [{n}]. " for n in (1, 2, 3)) + "Hello."
    with scripted(says(text)) as server:
        report = measure(
            EvalSet(tmp_path, 1, (ITEM,)),
            Settings(llm=server.url, llm_model="m", claims=3),
            tmp_path / "index",
        )
    assert (report.asked, report.by_model, report.failed) == (1, 1, 0)
    assert dict(report.shown) == {"right": 1}
    assert sum(report.written.values()) == 4
    assert report.reasons["it cites nothing"] == 1
    assert len(report.seconds) == 1


def test_the_table() -> None:
    report = Report(2, {"right": 3, "wrong": 2}, {"right": 1}, {"a": 1, "b": 3}, 1, 0, (1.0, 2.0))
    assert table(report) == (
        "| claims | written | shown |\n| --- | ---: | ---: |\n"
        "| right | 3 | 1 |\n| beside | 0 | 0 |\n| wrong | 2 | 0 |\n| all | 5 | 1 |\n\n"
        "2 questions; 1 answered in the model's words, 0 without its server; 1.5 s for an answer "
        "at the median, 2.0 s at most.\n\nLeft out: 3 × b; 1 × a.\n"
    )
