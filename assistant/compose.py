"""Evidence becomes a draft answer: each sentence the source's own, or written by a language model.

A draft says what is to be claimed and where it stands; only :mod:`assistant.verify`, which reads
the words again, makes claims and citations of it.
"""

from __future__ import annotations

import unicodedata
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


# -- for a language model ------------------------------------------------------------------------

_LONGEST_TITLE = 200
_LONGEST_TEXT = 1200
"""Code points of a sentence that a model is shown."""

_BYTES_PER_TOKEN = 3
"""Models cut text differently; English has four bytes to a token, others fewer. To be on the safe
side, since what does not fit is refused, or lost without a word."""

_LOW_QUOTES = "‚„"


def tokens(text: str) -> int:
    """How many tokens a text has at most, for any usual model."""
    return len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN + 1


def as_data(text: str) -> str:
    """Text of a document as a model may see it: one line that can't leave its fence.

    The fence, the numbers in square brackets and every model's own marks (``<|im_start|>``,
    ``[INST]``) are made of angle, square and curly brackets; so a document has none, in whatever
    width. Nor has it characters that are not seen, in which orders have been hidden.
    """
    shown = []
    for character in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(character)
        if character in "<>":
            shown.append("‹" if character == "<" else "›")
        elif kind in ("Ps", "Pe") and character not in _LOW_QUOTES:
            shown.append("(" if kind == "Ps" else ")")
        elif kind in ("Cc", "Zl", "Zp", "Zs"):
            shown.append(" ")
        elif kind not in ("Cf", "Co", "Cn", "Cs"):
            shown.append(character)
    return " ".join("".join(shown).split())


def brief(evidence: Sequence[Evidence], room: int) -> tuple[str, tuple[Evidence, ...]]:
    """What a model is shown, numbered from 1, and the evidence that this is.

    Args:
        room: tokens. The last pieces are left out where there is not enough; none may be left.
    """
    blocks: list[str] = []
    shown: list[Evidence] = []
    for piece in evidence:
        block = _block(len(shown) + 1, piece)
        if tokens("\n\n".join([*blocks, block])) > room:
            break
        blocks.append(block)
        shown.append(piece)
    return "\n\n".join(blocks), tuple(shown)


def _block(number: int, piece: Evidence) -> str:
    hit = piece.candidate.hit
    lines = [f"Title: {as_data(hit.title)[:_LONGEST_TITLE]}"]
    if hit.published is not None:
        lines.append(f"Date: {hit.published.day} {hit.published:%B %Y}")
    if piece.speaker:
        lines.append(f"Said by: {as_data(piece.speaker)[:_LONGEST_TITLE]}")
    lines.append(f"Text: {as_data(_claim(piece).text)[:_LONGEST_TEXT]}")
    return "\n".join([f"Source [{number}]", "<<<", *lines, ">>>"])


def in_words(text: str, cited: Sequence[Evidence], verdict: str, reason: str) -> DraftClaim:
    """A claim that a model wrote, resting on these pieces of evidence."""
    places: dict[tuple[str, int, int], Place] = {}
    for piece in cited:
        for place in _claim(piece).places:
            span = place.candidate.span
            places.setdefault((place.candidate.hit.path, span.start, span.end), place)
    return DraftClaim(
        text=_one_line(text),
        places=tuple(places.values()),
        attribution=cited[0].speaker if len(cited) == 1 else None,
        direction=cited[0].judgement.direction,
        reason=reason,
        verbatim=False,
        verdict=verdict,
    )
