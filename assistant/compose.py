"""Evidence becomes a draft answer: here the extractive one, each sentence the source's own.

A draft says what is to be claimed and where it stands; only :mod:`assistant.verify`, which reads
the words again, makes claims and citations of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.types import DraftClaim, Evidence, Place


def compose(evidence: Sequence[Evidence]) -> tuple[DraftClaim, ...]:
    """One claim for each piece of evidence, in its order.

    A sentence led by a pronoun gets its subject's name in square brackets after the pronoun, or,
    where no name is enough, the sentence that names it before it; both are then cited.
    """
    return tuple(_claim(piece) for piece in evidence)


def _claim(piece: Evidence) -> DraftClaim:
    score = piece.judgement.probability
    places = [Place(piece.candidate, score), *(Place(twin, score) for twin in piece.also)]
    text = piece.candidate.text
    if piece.name:
        text = f"{text[: piece.name_after]} [{piece.name}]{text[piece.name_after :]}"
    elif piece.subject is not None:
        text = f"{piece.subject.text} {text}"
    if piece.subject is not None:
        places.append(Place(piece.subject, score))
    return DraftClaim(
        text=_one_line(text),
        places=tuple(places),
        attribution=piece.speaker,
        direction=piece.judgement.direction,
        reason=piece.judgement.reason,
    )


def _one_line(text: str) -> str:
    """A sentence wrapped over lines as one; the quote in its citation keeps them."""
    return " ".join(text.split())
