"""Values that can't be built wrong, and the documented JSON."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Answer, Citation, Claim, Dropped, Outcome
from tests.assistant.making import a_hit

LAYER = "A headline\r\nHe paid 6%.\nShe paid 5%. 😀 She paid 5%."


def cite(start: int, end: int, quote: str, layer: str = LAYER) -> Citation:
    return Citation(1, "a.txt", "00", "A headline", None, start, end, quote, 0.5, layer)


def test_a_citation_of_words_that_stand_there() -> None:
    second = LAYER.rindex("She paid 5%.")
    citation = cite(second, second + 12, "She paid 5%.")
    assert LAYER[citation.start : citation.end] == citation.quote == "She paid 5%."
    assert citation.line == 3


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (12, 23, "He paid 5%."),  # other words
        (13, 24, "He paid 6%."),  # off by one
        (12, 23, "he paid 6%."),  # other case
        (12, 24, "He paid 6%."),  # one too many
        (12, 12, ""),  # nothing
        (23, 12, ""),  # backwards
        (-5, -1, LAYER[-5:-1]),  # from the end, as Python would have it
        (12, 999, LAYER[12:]),  # past the end
    ],
)
def test_a_false_quote_cannot_be_built(start: int, end: int, quote: str) -> None:
    with pytest.raises(ValueError, match=r"does not stand at a\.txt\[-?\d+:-?\d+\]"):
        cite(start, end, quote)


@given(st.text(max_size=40), st.integers(-3, 45), st.integers(-3, 45), st.text(max_size=5))
def test_whatever_is_asked_a_citation_is_true(layer: str, start: int, end: int, other: str) -> None:
    for quote in (layer[max(start, 0) : max(end, 0)], other):
        try:
            citation = cite(start, end, quote, layer)
        except ValueError:
            continue
        assert 0 <= start < end <= len(layer)
        assert layer[citation.start : citation.end] == citation.quote == quote


@pytest.mark.parametrize(
    ("words", "line"), [("A headline", 1), ("He paid 6%.", 2), ("She paid 5%. 😀", 3)]
)
def test_lines_are_counted_from_one_whatever_ends_them(words: str, line: int) -> None:
    for layer in (LAYER, LAYER.replace("\r\n", "\n"), LAYER.replace("\r\n", "\r")):
        start = layer.index(words)
        assert cite(start, start + len(words), words, layer).line == line


def test_a_citation_does_not_keep_the_document_and_cannot_be_changed() -> None:
    citation = cite(0, 10, "A headline")
    assert not hasattr(citation, "__dict__")
    assert LAYER not in repr(citation)
    with pytest.raises(FrozenInstanceError):
        citation.quote = "Another headline"  # type: ignore[misc]


def test_a_claim_needs_a_citation() -> None:
    with pytest.raises(ValueError, match="without a citation"):
        Claim("It is so.", ())


def test_the_documented_json() -> None:
    citation = Citation(
        1,
        "a.txt",
        "00",
        "A headline",
        date(2024, 3, 1),
        12,
        23,
        "He paid 6%.",
        0.123456,
        LAYER,
        "X",
    )
    answer = Answer(
        question="What did he pay (he)?",
        outcome=Outcome.ANSWERED,
        text="He paid 6%. [1]",
        confidence=0.987654,
        claims=(Claim("He paid 6%.", (1,), "a clerk", "same", "he pays in both"),),
        citations=(citation,),
        passages=(a_hit(LAYER, "He paid 6%.", path="b/a.txt", score=0.0327868852),),
        timings_ms={"total": 12.3456, "embed": 1.0},
        notes=("A note.",),
        dropped=(
            Dropped("She paid 4%.", "her words do not stand"),
            Dropped("It rained.", "it cites nothing", "unsupported"),
        ),
        asked="and what did he pay?",
    )
    assert json.loads(json.dumps(answer.to_dict())) == {
        "question": "What did he pay (he)?",
        "asked": "and what did he pay?",
        "outcome": "answered",
        "composed": "extractive",
        "text": "He paid 6%. [1]",
        "confidence": 0.9877,
        "reason": "",
        "claims": [
            {
                "text": "He paid 6%.",
                "citations": [1],
                "attribution": "a clerk",
                "direction": "same",
                "reason": "he pays in both",
                "verdict": "verbatim",
            }
        ],
        "citations": [
            {
                "marker": 1,
                "document": "a.txt",
                "sha256": "00",
                "title": "A headline",
                "source": "X",
                "published": "2024-03-01",
                "start": 12,
                "end": 23,
                "line": 2,
                "quote": "He paid 6%.",
                "score": 0.1235,
            }
        ],
        "passages": [{"document": "b/a.txt", "start": 12, "end": 23, "score": 0.032787}],
        "timings_ms": {"total": 12.35, "embed": 1.0},
        "notes": ["A note."],
        "dropped": [
            {"text": "She paid 4%.", "reason": "her words do not stand"},
            {"text": "It rained.", "reason": "it cites nothing", "verdict": "unsupported"},
        ],
    }


def test_a_question_understood_as_typed_is_asked_once() -> None:
    answer = Answer("Why?", Outcome.NO_EVIDENCE, "No.", 0.0, (), (), (), {})
    saved = answer.to_dict()
    assert (saved["question"], saved["asked"], saved["outcome"]) == ("Why?", "Why?", "no_evidence")
    assert saved["citations"] == saved["claims"] == saved["passages"] == []
