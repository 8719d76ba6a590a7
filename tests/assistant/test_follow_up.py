"""Questions in a conversation, and what they become."""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.follow_up import standalone
from assistant.language import Language, Parsed
from assistant.types import Turn

LANGUAGE = Language()

US = "what does the US expect from Europe?"
ELM = "What did Elm demand of Oak?"
TRAWLER = "who owns the trawler?"

# (earlier questions, the question, as it stands alone)
LEANING: list[tuple[list[str], str, str]] = [
    # --- a pronoun
    ([US], "And what does it offer in return?", "And what does it offer in return (US, Europe)?"),
    (["Who is Keith Kellogg?"], "When will he visit Kyiv?", "When will he visit Kyiv (Keith Kellogg)?"),
    (["who is Keith Kellogg?"], "when will he visit Kyiv", "when will he visit Kyiv (Keith Kellogg)?"),
    (["Who is the president of Tarvania?"], "what did she say?", "what did she say (Tarvania)?"),
    (["Who is Sørensen-Bâ?"], "which club did he leave?!", "which club did he leave (Sørensen-Bâ)?"),
    (["When was Mr. Smith elected?"], "How old is he?", "How old is he (Mr. Smith)?"),
    # --- hardly any words
    ([US], "why?", "why (US, Europe)?"),
    ([US], "Why", "Why (US, Europe)?"),
    ([ELM], "How much?", "How much (Elm, Oak)?"),
    ([ELM], "By how much?", "By how much (Elm, Oak)?"),
    ([ELM], "Ash?", "Ash (Elm, Oak)?"),
    # --- the opening
    ([ELM], "What about Ash?", "What about Ash (Elm, Oak)?"),
    ([ELM], "and in 2025?", "and in 2025 (Elm, Oak)?"),
    (["What did the U.S. say?"], "And Europe?", "And Europe (U.S.)?"),
    # --- words that lean only where nothing is named
    ([ELM], "Is there a deal?", "Is there a deal (Elm, Oak)?"),
    ([ELM], "When will the strike be over?", "When will the strike be over (Elm, Oak)?"),
    ([ELM], "who runs the harbour these days?", "who runs the harbour these days (Elm, Oak)?"),
    # --- what is there already is not said twice, but as a word: not the US of "must"
    ([ELM], "What about Elm?", "What about Elm (Oak)?"),
    ([ELM], "did elm get it?", "did elm get it (Oak)?"),
    (["What does the US expect?"], "what must it pay?", "what must it pay (US)?"),
    # --- how far back, and how much
    ([ELM, "Did Ash agree?"], "What did they say?", "What did they say (Ash, Elm, Oak)?"),
    (["Who is Ash?", ELM], "What did they say?", "What did they say (Elm, Oak)?"),
    (
        ["Did Ash, Elm, Oak, Fir and Yew meet?"],
        "where was it?",
        "where was it (Ash, Elm, Oak, Fir and Yew)?",
    ),
    (
        ["Did Ash, Elm, Oak, Fir, Yew, Box or Bay meet?"],
        "where was it?",
        "where was it (Ash, Elm, Oak, Fir)?",
    ),
    # --- what a name is
    (["What does Ursula von der Leyen want?"], "why?", "why (Ursula von der Leyen)?"),
    (
        ["Who leads the International Court of Justice?"],
        "Who elected them?",
        "Who elected them (International Court of Justice)?",
    ),
    (["What does the US's envoy want?"], "Who is he?", "Who is he (US)?"),
    (["Is Trump’s Kyiv envoy there?"], "since when?", "since when (Trump, Kyiv)?"),
    (["What did Trump tell Europe the US wants?"], "why?", "why (Trump, Europe, US)?"),
    (["Tell me about Norway."], "who is its king?", "who is its king (Norway)?"),
    (["In March, what did Elm say?"], "And in April?", "And in April (Elm)?"),
    (["What did Elm offer in January 2025?"], "and now?", "and now (Elm)?"),
    # --- no names: nouns, of a question that leans on nothing
    ([TRAWLER], "when was it built?", "when was it built (trawler)?"),
    ([TRAWLER, "what is its name?"], "and its length?", "and its length (trawler)?"),
    (["where was borealis-2 launched?"], "when was that?", "when was that (borealis-2)?"),
    (["Tell me about the dam treaty."], "who signed it?", "who signed it (dam, treaty)?"),
    (["who won the 2024 election?"], "by how many votes?", "by how many votes (2024, election)?"),
    (["WHO OWNS THE TRAWLER?"], "WHEN WAS IT BUILT?", "WHEN WAS IT BUILT (trawler)?"),
    # --- the other way round
    ([US], "and the other way round?", "what does Europe expect from the US?"),
    ([US], "Other way around", "what does Europe expect from the US?"),
    ([ELM, US], "What about the reverse?", "what does Europe expect from the US?"),
    ([ELM], "And vice versa?", "What did Oak demand of Elm?"),
    (
        ["What does the Southern Compact want from Oduran in May?"],
        "and vice versa?",
        "What does Oduran want from the Southern Compact in May?",
    ),
    (["Does Elm Council owe Elm rent?"], "vice versa?", "Does Elm owe Elm Council rent?"),
    (["What does Elm want?"], "and vice versa?", "and vice versa (Elm)?"),
]  # fmt: skip

# (earlier questions, the question that needs none of them)
ALONE: list[tuple[list[str], str]] = [
    ([], "why?"),
    ([], "and the other way round?"),
    (["What did they say?"], "why?"),
    (["Who is Ash?", "does it rain?", "is it cold?", "is it far?"], "What did they say?"),
    ([US], "Who is Keith Kellogg?"),
    ([TRAWLER], "What is the price of gold?"),
    ([ELM], "What did Ash demand of Beech?"),
    ([ELM], "When did Ash leave the union?"),
    ([ELM], "Why did Ash leave the union?"),
    ([ELM], "In which year did Ash leave?"),
    ([ELM], "Is there a bridge in Ash?"),
    ([ELM], "Who is the man that shot Lincoln?"),
    ([ELM], "What happened this week in Ash?"),
    (["What does Türkiye want from the EU?"], "and what does the EU want from Türkiye?"),
]


def of_person(questions: Sequence[str]) -> list[Turn]:
    return [Turn("user", question) for question in questions]


@pytest.mark.parametrize(("earlier", "question", "alone"), LEANING)
def test_what_a_question_leaves_out_is_carried_over(
    earlier: list[str], question: str, alone: str
) -> None:
    assert standalone(question, of_person(earlier), LANGUAGE) == alone


@pytest.mark.parametrize(("earlier", "question"), ALONE)
def test_a_question_that_leaves_out_nothing_stays(earlier: list[str], question: str) -> None:
    assert standalone(question, of_person(earlier), LANGUAGE) == question


def test_what_was_answered_is_not_read() -> None:
    history = [Turn("user", ELM), Turn("assistant", "Ash and Beech did."), Turn("system", "Yew")]
    assert standalone("why?", history, LANGUAGE) == "why (Elm, Oak)?"
    assert standalone("why?", history[1:], LANGUAGE) == "why?"


def test_a_turned_question_can_be_turned_back_by_asking_it() -> None:
    once = standalone("and the other way round?", of_person([US]), LANGUAGE)
    assert standalone("and the other way round?", of_person([US, once]), LANGUAGE) == US


class NoGrammar:
    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        raise AssertionError(f"parsed: {texts}")


def test_without_history_nothing_is_parsed() -> None:
    assert standalone("why is it?", [], NoGrammar()) == "why is it?"
    assert standalone("why is it?", [Turn("assistant", "Elm.")], NoGrammar()) == "why is it?"


def test_with_names_nothing_is_parsed() -> None:
    assert standalone("why is it?", of_person([ELM]), NoGrammar()) == "why is it (Elm, Oak)?"


WORDS = st.lists(
    st.sampled_from(
        """What did Elm the US of Oak’s and it why ? . ! ( the other way round vice versa 2025 \\1
        von der Leyen İstanbul Σ ' ’s must us""".split()
    ),
    max_size=8,
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(WORDS, st.lists(WORDS, max_size=4))
def test_whatever_is_said_the_question_stays_or_is_one_of_the_two(
    question: str, earlier: list[str]
) -> None:
    alone = standalone(question, of_person(earlier), LANGUAGE)
    kept = question.rstrip(" ?!.")
    turned = bool(earlier) and sorted(alone) == sorted(earlier[-1])
    bracketed = alone.startswith(f"{kept} (") and alone.endswith(")?")
    assert alone == question or bracketed or turned
    assert standalone(question, of_person(earlier), LANGUAGE) == alone
