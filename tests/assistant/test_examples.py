"""Questions to begin with: only names, as they are written, and only what a sentence says."""

from __future__ import annotations

import pytest

from assistant.examples import examples
from assistant.language import Language
from assistant.pipeline import Assistant
from assistant.types import Outcome


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        (
            "The US expects Europe to provide the bulk of the troops.",
            ["What does the US expect from Europe?"],
        ),
        (
            "Europe is expected by the US to pay more.",
            ["What does the US expect from Europe?"],
        ),
        (
            "The Europeans want Washington to commit troops.",
            ["What do the Europeans want from Washington?"],
        ),
        # A name in the plural of one country.
        (
            "The United States expects Europe to pay.",
            ["What does the United States expect from Europe?"],
        ),
        (
            "The Netherlands owes Belgium ten million euros.",
            ["What does the Netherlands owe Belgium?"],
        ),
        (
            "Kestria demands compensation from Maren.",
            ["What does Kestria demand from Maren?"],
        ),
        (
            "Maren's demand on Kestria is high.",
            ["What does Maren demand from Kestria?"],
        ),
        (
            "Kestria has accused Maren of dumping.",
            ["What does Kestria accuse Maren of?"],
        ),
        ("Ann Lee promised Kestria a loan.", ["What has Ann Lee promised Kestria?"]),
        ("Maren warned Kestria about the fees.", ["What does Maren warn Kestria about?"]),
        ("Maren urged Kestria to sign.", ["What does Maren want from Kestria?"]),
        (
            "Ann Lee said that NATO would stay in Kosovo.",
            ["What did Ann Lee say about NATO?"],
        ),
        (
            "“The fee is too high,” Ann Lee of Skarne Telecom said of the Northwind cable.",
            ["What did Ann Lee say about Northwind?"],
        ),
        # Not a name, or none that could stand in a question.
        ("It expects Europe to pay.", []),
        ("The US expects {other} to pay.", []),
        ("The US expects Europe’s {agent} to pay.", []),
        ("The US expects <b>Europe</b> to pay.", []),
        ("Germany’s government expects Europe’s Commission to pay.", []),
        ("Europe expects Europe to pay.", []),
        ("Trump threatened Moscow.", []),
        ("The weather was fine.", []),
        ("", []),
    ],
)
def test_a_sentence_gives_the_questions_that_it_answers(
    language: Language, sentence: str, questions: list[str]
) -> None:
    parsed = language.parse([sentence] if sentence else [])
    assert list(examples(parsed)) == questions


def test_relations_come_before_what_was_said(language: Language) -> None:
    parsed = language.parse(
        [
            "Ann Lee said that NATO would stay in Kosovo.",
            "The weather was fine.",
            "Kestria demands compensation from Maren.",
        ]
    )
    assert list(examples(parsed)) == [
        "What does Kestria demand from Maren?",
        "What did Ann Lee say about NATO?",
    ]


def test_a_name_over_a_line_break_is_one_line(language: Language) -> None:
    parsed = language.parse(["The\r\nUS expects Europe to pay."])
    assert list(examples(parsed)) == ["What does the US expect from Europe?"]


def test_a_name_that_is_too_long_is_none(language: Language) -> None:
    long = "Kestria" + "x" * 40
    for sentence in (f"{long} demands money from Maren.", f"Maren demands money from {long}."):
        assert list(examples(language.parse([sentence]))) == []


def test_the_reports_answer_their_examples(news: Assistant) -> None:
    found = news.examples()
    assert len(found) == len(set(found)) == 4
    for question in found:
        answer = news.answer(question)
        assert answer.outcome is Outcome.ANSWERED
        # It stands alone: nothing has to be understood into it.
        assert answer.question == question
    assert news.examples() == found
    assert news.examples(2) == found[:2]
    assert news.examples(0) == []
    assert news.examples(documents=0) == []


def test_the_report_that_comes_along_has_examples(seeds: Assistant) -> None:
    found = seeds.examples()
    assert len(found) == len(set(found))
    assert [seeds.answer(question).outcome for question in found] == [Outcome.ANSWERED] * len(found)
