"""Whom a pronoun at the head of a sentence means, as far as the sentences before it tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.language import Parsed, Token

_PERSONS = frozenset({"he", "she"})
_THINGS = frozenset({"it", "they"})
_SUBJECTS = ("nsubj", "nsubjpass")
_BODIES = frozenset({"ORG", "GPE", "NORP", "FAC", "PRODUCT", "WORK_OF_ART", "EVENT", "LAW", "LOC"})
_LONGEST_NAME = 6
"""Words. A longer subject is no name; the sentence that has it is shown instead."""


@dataclass(frozen=True, slots=True)
class Antecedent:
    """Where a pronoun's subject is named.

    Attributes:
        sentence: which of the sentences before, from 0.
        name: the subject's words, where they are short enough to stand in brackets.
    """

    sentence: int
    name: str | None


def antecedent(sentence: Parsed, before: Sequence[Parsed]) -> Antecedent | None:
    """The antecedent of the pronoun that leads ``sentence``.

    Args:
        before: the sentences before it, the nearest last.

    Returns ``None`` when no pronoun leads it, or none of the sentences before fits.
    """
    pronoun = _leading_pronoun(sentence)
    if pronoun is None:
        return None
    for place in range(len(before) - 1, -1, -1):
        earlier = before[place]
        if pronoun in _PERSONS:
            name = _person(earlier)
            if name:
                return Antecedent(place, name)
        else:
            subject = _subject(earlier)
            if subject is not None and subject.pos != "PRON":
                return Antecedent(place, _name(earlier, subject))
    return None


def _leading_pronoun(sentence: Parsed) -> str | None:
    """The pronoun that is the subject of the first clause, with no name before it."""
    for token in sentence.tokens:
        if token.ent_type in _BODIES or token.ent_type == "PERSON" or token.pos == "PROPN":
            return None
        if token.pos in ("NOUN", "VERB") and token.dep in (*_SUBJECTS, "ROOT"):
            return None
        if token.text in ('"', "“", "‘", "'", "«", "„"):
            return None
        if token.dep in _SUBJECTS:
            word = token.lower
            return word if word in _PERSONS | _THINGS else None
    return None


def _person(sentence: Parsed) -> str | None:
    persons = [entity for entity in sentence.entities if entity.label == "PERSON"]
    for entity in persons:
        if any(
            token.dep in (*_SUBJECTS, "appos") for token in sentence.tokens[entity.first : entity.last]
        ):
            return _possessor(entity.text)
    return _possessor(persons[-1].text) if persons else None


def _possessor(name: str) -> str:
    return name.removesuffix("’s").removesuffix("'s")


def _subject(sentence: Parsed) -> Token | None:
    root = sentence.root
    if root is None:
        return None
    subjects = sentence.children(root.index, *_SUBJECTS)
    return subjects[0] if subjects else None


def _name(sentence: Parsed, subject: Token) -> str | None:
    """The subject with what stands before it in its phrase: "the European Commission"."""
    first = min(
        [subject.index]
        + [
            token.index
            for token in sentence.children(subject.index, "det", "compound", "amod", "nmod", "poss")
        ]
    )
    phrase = sentence.tokens[first : subject.index + 1]
    if len(phrase) > _LONGEST_NAME:
        return None
    start, end = sentence.span(phrase)
    words = sentence.text[start:end]
    if phrase[0].dep == "det" and phrase[0].lower in ("the", "a", "an", "this", "that"):
        words = words[0].lower() + words[1:]
    return words
