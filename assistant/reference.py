"""Whom a pronoun at the head of a sentence means, as far as the sentences before it tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.language import Parsed, Token

_PERSONS = frozenset({"he", "she"})
_THINGS = frozenset({"it", "they"})
_SUBJECTS = ("nsubj", "nsubjpass")
_BODIES = frozenset({"ORG", "GPE", "NORP", "FAC", "PRODUCT", "WORK_OF_ART", "EVENT", "LAW", "LOC"})
_IN_WORD = frozenset("'’abcdefghijklmnopqrstuvwxyz")
_LONGEST_NAME = 6
"""Words. A longer subject is no name; the sentence that has it is shown instead."""


@dataclass(frozen=True, slots=True)
class Antecedent:
    """Where a pronoun's subject is named.

    Attributes:
        sentence: which of the sentences before, from 0.
        name: the subject's words, where they are short enough to stand in brackets.
        after: where the pronoun's word ends, in code points of the sentence that it leads.
    """

    sentence: int
    name: str | None
    after: int = 0


def antecedent(sentence: Parsed, before: Sequence[Parsed]) -> Antecedent | None:
    """The antecedent of the pronoun that leads ``sentence``.

    Args:
        before: the sentences before it, the nearest last.

    Returns ``None`` when no pronoun leads it, or none of the sentences before fits. Where one
    fits and the subject's name is not certain, no name: a wrong one would be a false quote.
    """
    pronoun = _leading_pronoun(sentence)
    if pronoun is None:
        return None
    # "It" in "It's" too: the brackets come after the whole word.
    after = pronoun.end
    while after < len(sentence.text) and sentence.text[after] in _IN_WORD:
        after += 1
    for place in range(len(before) - 1, -1, -1):
        earlier = before[place]
        if pronoun.lower in _PERSONS:
            if any(entity.label == "PERSON" for entity in earlier.entities):
                return Antecedent(place, _person(earlier), after)
        else:
            subject = _subject(earlier)
            if subject is None or subject.pos != "PRON":
                name = subject and _agrees(pronoun, subject) and _name(earlier, subject)
                return Antecedent(place, name or None, after)
    return None


def led_by_pronoun(sentence: Parsed) -> bool:
    """Whether ``sentence`` needs one before it to tell whom it speaks of."""
    return _leading_pronoun(sentence) is not None


def _agrees(pronoun: Token, subject: Token) -> bool:
    """Whether the two agree in number. "They" may be a company or a party, too."""
    plural = subject.tag in ("NNS", "NNPS")
    return not plural if pronoun.lower == "it" else plural or subject.ent_type in _BODIES


def _leading_pronoun(sentence: Parsed) -> Token | None:
    """The pronoun that is the subject of the first clause, with no name before it."""
    for token in sentence.tokens:
        if token.ent_type in ("DATE", "TIME"):
            continue
        if token.ent_type in _BODIES or token.ent_type == "PERSON" or token.pos == "PROPN":
            return None
        if token.pos in ("NOUN", "VERB") and token.dep in (*_SUBJECTS, "ROOT"):
            return None
        if token.text in ('"', "“", "‘", "'", "«", "„"):
            return None
        if token.dep in _SUBJECTS:
            return token if token.lower in _PERSONS | _THINGS else None
    return None


def _person(sentence: Parsed) -> str | None:
    """The person that a sentence is about; none where there are several and none is its subject."""
    persons = [entity for entity in sentence.entities if entity.label == "PERSON"]
    for entity in persons:
        words = sentence.tokens[entity.first : entity.last]
        if any(token.dep in (*_SUBJECTS, "appos") for token in words):
            return _possessor(entity.text)
    names = {_possessor(entity.text) for entity in persons}
    return names.pop() if len(names) == 1 else None


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
