"""Every claim against its spans. No I/O of its own; what is dropped is recorded, never silent.

Two questions are answered here. Of a draft: do the words stand where it says, in the text layer
that would be shown? Of a saved answer: do they still?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from assistant.types import Citation, Claim, DraftClaim, Dropped, Place
from index.errors import UserError
from index.types import Document, Hit

Status = Literal["ok", "stale", "moved", "missing", "false"]

_IN_BRACKETS = re.compile(r" \[(?P<name>[^\]]+)\]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verified:
    """What stands of a draft, and what does not."""

    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class Recheck:
    """What became of one citation of a saved answer.

    Attributes:
        marker, document: of the citation.
        status: ``ok``: the same version has the same words at the same place. ``stale``: the
            document has changed, the words still stand at that place. ``moved``: it has changed
            and they stand elsewhere in it. ``missing``: the document, or the words in it, are
            gone. ``false``: they never stood there, in the version that is cited.
        detail: for a person, in a sentence.
    """

    marker: int
    document: str
    status: Status
    detail: str


def verify(draft: Sequence[DraftClaim], layer: Callable[[Hit], str]) -> Verified:
    """Claims with citations, numbered from 1 in the order of the text.

    Args:
        layer: re-opens the text layer of a hit's document version.
    """
    claims: list[Claim] = []
    citations: list[Citation] = []
    dropped: list[Dropped] = []
    numbers: dict[tuple[str, int, int], int] = {}
    for claim in draft:
        problem = _objection(claim, layer)
        if problem:
            dropped.append(Dropped(claim.text, problem))
            continue
        markers = []
        for place in claim.places:
            span = place.candidate.span
            key = (place.candidate.hit.path, span.start, span.end)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                citations.append(_citation(numbers[key], place, layer(place.candidate.hit)))
            markers.append(numbers[key])
        claims.append(
            Claim(
                claim.text,
                tuple(markers),
                claim.attribution,
                claim.direction,
                claim.reason,
                claim.verdict,
            )
        )
    return Verified(tuple(claims), tuple(citations), tuple(dropped))


def _objection(claim: DraftClaim, layer: Callable[[Hit], str]) -> str:
    """Why a claim can't stand; empty when it can."""
    for place in claim.places:
        hit, span = place.candidate.hit, place.candidate.span
        if layer(hit)[span.start : span.end] != place.candidate.text:
            return f"its words do not stand at {hit.path}[{span.start}:{span.end}]"
    if claim.verbatim and not _is_verbatim(claim):
        return "its words are not those of its sources"
    return ""


def _is_verbatim(claim: DraftClaim) -> bool:
    """Whether a claim is the whole sentence of its first place, or that after the sentence of
    another of its places, or that with a name from another put into brackets. A part of a
    sentence is not enough: what is left out may be the "not"."""
    own, *others = (" ".join(place.candidate.text.split()) for place in claim.places)
    if claim.text in (own, *(f"{other} {own}" for other in others)):
        return True
    return any(
        claim.text[: brackets.start()] + claim.text[brackets.end() :] == own
        and any(brackets["name"].casefold() in other.casefold() for other in others)
        for brackets in _IN_BRACKETS.finditer(claim.text)
    )


def _citation(marker: int, place: Place, text: str) -> Citation:
    hit, span = place.candidate.hit, place.candidate.span
    return Citation(
        marker=marker,
        document=hit.path,
        sha256=hit.sha256,
        title=hit.title,
        published=hit.published,
        start=span.start,
        end=span.end,
        quote=place.candidate.text,
        score=place.score,
        layer=text,
        source=hit.source,
    )


def recheck(
    saved: Mapping[str, Any],
    current: Callable[[str], Document | None],
    layers: Callable[[str], Sequence[str]],
) -> list[Recheck]:
    """What became of every citation of a saved answer (the documented JSON format).

    Args:
        current: the document at a path of the corpus as it is now; ``None`` when it is gone.
        layers: the text layers kept of a version, by its SHA-256.

    Raises:
        UserError: ``saved`` is not an answer.
    """
    return [_recheck(citation, current, layers) for citation in _saved_citations(saved)]


def _recheck(
    citation: Mapping[str, Any],
    current: Callable[[str], Document | None],
    layers: Callable[[str], Sequence[str]],
) -> Recheck:
    path, quote = citation["document"], citation["quote"]
    start, end = citation["start"], citation["end"]

    def result(status: Status, detail: str) -> Recheck:
        return Recheck(citation["marker"], path, status, detail)

    document = current(path)
    if document is not None and document.sha256 == citation["sha256"]:
        kept = [document.text, *layers(citation["sha256"])]
    else:
        kept = list(layers(citation["sha256"]))

    def stands(text: str) -> bool:
        # A slice past the end is cut in silence; such a span was never cited.
        return bool(end <= len(text) and text[start:end] == quote)

    if kept and not any(stands(text) for text in kept):
        return result("false", "The words never stood there in the version that is cited.")
    if document is None:
        return result("missing", "The document is no longer in the corpus.")
    if document.sha256 == citation["sha256"]:
        return result("ok", "The words stand exactly there.")
    if stands(document.text):
        return result("stale", "The document has changed; the words still stand there.")
    found = document.text.find(quote)
    if found >= 0:
        return result(
            "moved",
            f"The document has changed; the words now stand at {found}–{found + len(quote)}.",
        )
    return result("missing", "The document has changed; the words are no longer in it.")


_FIELDS: Mapping[str, type] = {
    "marker": int,
    "document": str,
    "sha256": str,
    "start": int,
    "end": int,
    "quote": str,
}


def _saved_citations(saved: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    remedy = "Save answers with: onrecord ask … --json > FILE"
    citations = saved.get("citations") if isinstance(saved, Mapping) else None
    if not isinstance(citations, list):
        raise UserError("This is not a saved answer: it has no list of citations.", remedy)
    for number, citation in enumerate(citations, start=1):
        for name, kind in _FIELDS.items():
            value = citation.get(name) if isinstance(citation, Mapping) else None
            if not isinstance(value, kind) or isinstance(value, bool):
                raise UserError(
                    f"Citation {number} of the saved answer has no proper {name!r}.", remedy
                )
        if not _SHA256.fullmatch(citation["sha256"]):
            raise UserError(
                f"Citation {number} of the saved answer has no proper 'sha256'.", remedy
            )
        if not 0 <= citation["start"] < citation["end"] or not citation["quote"]:
            raise UserError(f"Citation {number} of the saved answer has no proper span.", remedy)
    return citations
