"""Questions that a corpus answers, made of its own sentences: for people who see it first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from assistant.direction import relations_in, speaker
from assistant.language import Parsed, Token

_ASK: Mapping[str, str] = {
    "expect": "What does {agent} expect from {other}?",
    "want": "What does {agent} want from {other}?",
    "demand": "What does {agent} demand from {other}?",
    "accuse": "What does {agent} accuse {other} of?",
    "promise": "What has {agent} promised {other}?",
    "offer": "What has {agent} offered {other}?",
    "owe": "What does {agent} owe {other}?",
    "warn": "What does {agent} warn {other} about?",
    "ask": "What does {agent} want from {other}?",
    "urge": "What does {agent} want from {other}?",
    "require": "What does {agent} require from {other}?",
}
"""By the predicate of a sentence: a question that it answers."""

_LONGEST_NAME = 40
_NAME = re.compile(r"(?:the )?[A-Z][\w’'.-]*(?: [A-Z][\w’'.-]*)*")


def examples(sentences: Sequence[Parsed]) -> Iterator[str]:
    """Questions that these sentences seem to answer, the most telling first.

    Only names are used as they are written, so that nothing of a sentence's grammar is carried
    into a question.
    """
    for sentence in sentences:
        for relation in relations_in(sentence):
            pattern = _ASK.get(relation.predicate)
            if pattern is None or relation.agent is None or relation.counterpart is None:
                continue
            agent, other = _name(relation.agent.text), _name(relation.counterpart.text)
            if agent and other and agent != other:
                head = relation.agent.head
                # "The Europeans" do, "the United States" does.
                plural = head.tag in ("NNS", "NNPS") and head.ent_type != "GPE"
                yield _agreeing(pattern, plural).format(agent=agent, other=other)
    for sentence in sentences:
        said_by = speaker(sentence)
        persons = [e.text for e in sentence.entities if e.label == "PERSON"]
        for name in persons:
            if said_by and name in said_by.text and _name(name):
                topic = _topic(sentence, said_by.text)
                if topic:
                    yield f"What did {name} say about {topic}?"


def _agreeing(pattern: str, plural: bool) -> str:
    if not plural:
        return pattern
    return pattern.replace(" does ", " do ", 1).replace(" has ", " have ", 1)


def _name(text: str) -> str:
    """The text, where it is a name that can stand in a question; else empty."""
    text = " ".join(text.split()).removesuffix("'s").removesuffix("’s")
    if text.startswith("The "):
        text = "the " + text[4:]
    fits = len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None
    return text if fits and text.lower() not in ("it", "he", "she", "they", "we", "i") else ""


def _topic(sentence: Parsed, said_by: str) -> str:
    """A name in the sentence that is not the speaker's."""
    for entity in sentence.entities:
        first: Token = sentence.tokens[entity.first]
        if entity.label in ("ORG", "GPE", "NORP", "EVENT", "LAW", "PRODUCT") and (
            entity.text not in said_by and first.pos == "PROPN"
        ):
            return _name(entity.text)
    return ""
