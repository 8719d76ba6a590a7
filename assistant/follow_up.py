"""A question in a conversation becomes one that stands alone. The only reader of history.

Without a language model: what the question leaves out (it has a pronoun, or no names of its own)
is carried over from the questions before it, as names in brackets behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from assistant.types import Turn

if TYPE_CHECKING:
    from assistant.language import Parsed

_LOOKED_BACK = 3
"""Questions. What was talked of before is rarely meant."""

_MOST_NAMES = 4

_LEANING = re.compile(
    r"^(?:and|but|so|then|what about|how about|why|when|where|who else|what else)\b|"
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|"
    r"there|then|one|ones|the other way round|the same|in return|in exchange)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Z][\w’'.-]*(?:\s+(?:of|the|for|and|de|van|von)?\s*[A-Z][\w’'.-]*)*")
_QUESTION_WORDS = frozenset(
    """what who whom whose which when where why how do does did is are was were has have had can
    could will would should and but so then the a an in on at of to from for i""".split()
)


class Grammar(Protocol):
    """Parses texts. :class:`assistant.language.Language` does."""

    def parse(self, texts: Sequence[str]) -> list[Parsed]: ...


def standalone(question: str, history: Sequence[Turn], grammar: Grammar) -> str:
    """``question`` with what it leaves out, or as it is where it leaves out nothing.

    Args:
        history: earlier turns, oldest first. Names come from the person's own questions, the
            latest first, and where these have none from the answers to them.
    """
    asked = [turn.text for turn in history if turn.role == "user"][-_LOOKED_BACK:]
    if not asked or not _leans(question, grammar):
        return question
    have = question.casefold()
    carried: list[str] = []
    for text in reversed(asked):
        for topic in _topics(text, grammar):
            if topic.casefold() not in have and topic not in carried:
                carried.append(topic)
        if len(carried) >= 2:
            break
    if not carried:
        return question
    return f"{question.rstrip(' ?')} ({', '.join(carried[:_MOST_NAMES])})?"


def _leans(question: str, grammar: Grammar) -> bool:
    """Whether the question needs what went before."""
    if _LEANING.search(question):
        return True
    (parsed,) = grammar.parse([question])
    return len(parsed.content_lemmas()) < 2


def _topics(question: str, grammar: Grammar) -> list[str]:
    """What a question is about: its names, else its noun phrases."""
    names = [
        words
        for match in _NAME.finditer(question)
        if (words := _without_question_word(match.group()))
    ]
    if names:
        return names
    (parsed,) = grammar.parse([question])
    return [
        token.text
        for token in parsed.tokens
        if token.pos in ("NOUN", "PROPN") and token.lower not in _QUESTION_WORDS
    ]


def _without_question_word(words: str) -> str:
    parts = words.split()
    while parts and parts[0].casefold() in _QUESTION_WORDS:
        parts.pop(0)
    return " ".join(parts).removesuffix("’s").removesuffix("'s")
