"""Whether a number in a sentence counts what a question asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assistant.kinds import NUMBER

if TYPE_CHECKING:
    from assistant.language import Parsed, Token

_TIMES = frozenset("second minute hour day week month quarter year decade century".split())
_SUMS = frozenset(
    """dollar dlr dlrs euro pound stg sterling yen yuan franc mark lira lire crown rupee peso
    rouble ruble pence""".split()
)
_LARGE = frozenset("hundred thousand million billion trillion mln bln dozen".split())


def counts_another(question: Parsed, sentence: Parsed, answer: str) -> bool:
    """Whether the number read as the answer surely counts something else than "how many …" asks
    for: a time or a sum of money, or another thing that the question names itself.

    Words with other nouns are left alone: "23 miners" answers "how many people", and how near two
    words are in meaning can't be told here.
    """
    many = next(
        (
            t
            for t in question.tokens
            if t.lower == "many"
            and any(k.lower == "how" for k in question.children(t.index, "advmod"))
        ),
        None,
    )
    if many is None or not answer:
        return False
    places = list(re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", sentence.text, re.IGNORECASE))
    wanted = _singular(question.tokens[many.head])
    if len(places) != 1 or question.tokens[many.head].pos != "NOUN":
        return False  # which of several places was read is not known
    start, end = places[0].span()
    numbers = [
        t
        for t in sentence.tokens
        if start <= t.start < end and (NUMBER.fullmatch(t.text) or t.pos == "NUM")
    ]
    counted = [_counted(sentence, t) for t in numbers if _singular(t) not in _LARGE]
    if not counted or None in counted:
        return False  # "killed 23" may be of anything
    named = {_singular(t) for t in question.tokens if t.pos in ("NOUN", "PROPN")} - {wanted}
    others = [_singular(token) for token in counted if token is not None]
    return all(
        other != wanted
        and (
            (other in _TIMES and wanted not in _TIMES)
            or (other in _SUMS and wanted not in _SUMS)
            or other in named
        )
        for other in others
    )


def _counted(sentence: Parsed, number: Token) -> Token | None:
    """The noun that a number stands before."""
    for token in sentence.ancestors(number.index):
        if token.pos in ("NOUN", "PROPN"):
            return token if token.index > number.index else None
        if token.pos not in ("NUM", "SYM", "ADJ", "ADV", "X"):
            return None
    return None


def _singular(token: Token) -> str:
    """Its lemma in small letters; a name's lemma is the name as written, so without a plural s."""
    word = token.lemma.lower()
    return word[:-1] if token.pos == "PROPN" and word.endswith("s") and len(word) > 3 else word
