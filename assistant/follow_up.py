"""A question in a conversation becomes one that stands alone. The only reader of history.

Without a language model: what the question leaves out (it has a pronoun, or hardly any words of
its own) is carried over from the questions before it, as names in brackets behind it. "And the
other way round?" is the question before it, with its two parties exchanged.
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
    r"^(?:and|but|so|then|what about|how about|who else|what else)\b|"
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|the same|in return|in exchange)\b",
    re.IGNORECASE,
)
_LEANING_UNLESS_NAMED = re.compile(
    r"^(?:why|when|where|(?:at|by|for|from|in|of|on|since|to|until|with) "
    r"(?:how|what|when|where|which|whom?))\b|"
    r"\b(?:this|that|these|those|there|then|ones?)\b",
    re.IGNORECASE,
)
"""Words that a question which names what it is about has in other senses too."""

_TURNED = re.compile(
    r"^(?:and |but |what about |how about )*(?:(?:the )?other way (?:a?round|about)|vice versa|"
    r"conversely|(?:in |the )?reverse)\W*$",
    re.IGNORECASE,
)
_PART = r"(?:d[aeiu]l?|der|des|la|le|van|von|bin|al)"
_NAME = re.compile(
    rf"[A-Z][\w’'.-]*(?:\s+(?:(?:of(?: the)?|for(?: the)?|and|{_PART}(?: {_PART})?)\s+)?"
    r"[A-Z\d][\w’'.-]*)*"
)
_POSSESSIVE = re.compile(r"[’']s?(?:\s+|$)")
_NOT_NAMES = frozenset(
    """what what's whats who who's whom whose which when where why how do does did is are was were
    has have had can could will would shall should may might must and but or so then the a an in on
    at of to from for by with about i i'd i'm we my me tell give show list explain describe name
    please ok okay yes no not hello hi thanks thank any since until
    january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday""".split()
)


class Grammar(Protocol):
    """Parses texts. :class:`assistant.language.Language` does."""

    def parse(self, texts: Sequence[str]) -> list[Parsed]: ...


def standalone(question: str, history: Sequence[Turn], grammar: Grammar) -> str:
    """``question`` with what it leaves out, or as it is where it leaves out nothing.

    Args:
        history: earlier turns, oldest first. Only the person's own questions are read: their
            names, the latest question's first; where none has any, the nouns of the latest that
            itself leans on nothing.
    """
    asked = [turn.text for turn in history if turn.role == "user"][-_LOOKED_BACK:]
    if not asked:
        return question
    if _TURNED.search(question) and (turned := _turned(asked[-1])):
        return turned
    if not _leans(question, grammar):
        return question
    topics: list[str] = []
    for text in reversed(asked):
        topics += [name for name in _names(text) if name not in topics]
        if len(topics) >= 2:
            break
    if not topics:
        whole = (text for text in reversed(asked) if not _leans(text, grammar))
        topics = _nouns(next(whole, asked[-1]), grammar)
    carried = [topic for topic in topics if not _has(question, topic)][:_MOST_NAMES]
    return f"{question.rstrip(' ?!.')} ({', '.join(carried)})?" if carried else question


def _leans(question: str, grammar: Grammar) -> bool:
    """Whether the question needs what went before."""
    if _LEANING.search(question):
        return True
    names = _names(question)
    if names:
        return question.strip(" ?!.") in names
    if _LEANING_UNLESS_NAMED.search(question):
        return True
    (parsed,) = grammar.parse([question])
    return len(parsed.content_lemmas()) < 2


def _turned(question: str) -> str:
    """``question`` with the first two of its names exchanged; empty where it has not two."""
    names = _names(question)[:2]
    if len(names) < 2:
        return ""
    one, other = (rf"(?:\b[Tt]he )?(?<!\w){re.escape(name)}(?!\w)" for name in names)
    return re.sub(rf"({one})(.*?)({other})", r"\3\2\1", question, count=1, flags=re.DOTALL)


def _has(question: str, topic: str) -> bool:
    """Whether ``topic`` stands in ``question`` as a word: not the US in "must"."""
    return re.search(rf"(?<!\w){re.escape(topic)}(?!\w)", question, re.IGNORECASE) is not None


def _names(question: str) -> list[str]:
    """What is written with a capital, in order, save for question words and times."""
    if question.isupper():
        return []
    found = []
    for match in _NAME.finditer(question):
        for part in _POSSESSIVE.split(match.group()):
            words = part.split()
            while words and _plain(words[0]):
                words.pop(0)
            while words and (_plain(words[-1]) or words[-1].isdigit()):
                words.pop()
            name = " ".join(words)
            # A full stop ends the sentence, save in an abbreviation (U.S.).
            name = name if name.count(".") > 1 else name.rstrip(".")
            found += [name] if name else []
    return list(dict.fromkeys(found))


def _plain(word: str) -> bool:
    return word.casefold().rstrip(".").replace("’", "'") in _NOT_NAMES


def _nouns(question: str, grammar: Grammar) -> list[str]:
    text = question.lower() if question.isupper() else question
    (parsed,) = grammar.parse([text])
    found = [
        token.text
        for token in parsed.tokens
        if (token.pos in ("NOUN", "PROPN") or any(c.isdigit() for c in token.text))
        and not _plain(token.text)
    ]
    return list(dict.fromkeys(found))
