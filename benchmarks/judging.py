"""What a contender found, as an answer that :mod:`assistant.evaluation` can judge like any other.

Contenders name places or none, and some change the white space of what they found. So a passage is
looked for in its file: at the place it names, then its exact words, then its words with other white
space between them. One that isn't found has a rank and no place. A quote is held to its exact
words: one that doesn't stand in the file counts as invalid, and can't be right.

Where a contender has no notion of a citation, the sentence of its passages that is nearest to the
question is cited for it, by the same MiniLM and by OnRecord's own sentence boundaries. So it loses
nothing to those.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.types import Answer, Citation, Claim, Outcome
from benchmarks.contenders.protocol import Found, Piece
from index.errors import DocumentError
from index.parse import parse_file
from index.sentences import sentence_spans
from index.types import Document, Hit, Span

if TYPE_CHECKING:
    from assistant.evaluation.runner import Item
    from index.embed import Vectors

Encode = Callable[[Sequence[str]], "Vectors"]
"""Texts to vectors of unit length, shape ``(n, dimension)``."""


@dataclass(slots=True)
class Placed:
    """Of passages, or of quotes: how many there were, and how well they name their place.

    Attributes:
        pieces: all of them.
        verbatim: their words stand in the file exactly so.
        in_place: these words stand where the contender says.
        lengths: code points of each.
    """

    pieces: int = 0
    verbatim: int = 0
    in_place: int = 0
    lengths: list[int] = field(default_factory=list)


class Judge:
    """For one contender on one set.

    Args:
        corpus: the folder of documents.
        encode: of the nearest sentence. What remembers its texts makes later questions faster, as
            it does within OnRecord.

    Attributes:
        passages, quotes: counted over all answers so far.
        choosing_ms: for each answer so far, the milliseconds that choosing the nearest sentence
            took; 0 where the contender cites for itself.
    """

    def __init__(self, corpus: Path, encode: Encode) -> None:
        self._corpus = corpus
        self._encode = encode
        self._documents: dict[str, Document | None] = {}
        self._sentences: dict[str, tuple[Span, ...]] = {}
        self.passages = Placed()
        self.quotes = Placed()
        self.choosing_ms: list[float] = []

    def answer(self, item: Item, found: Found, ms: float) -> Answer:
        """The answer that ``found`` amounts to.

        Args:
            ms: what it took, in milliseconds.
        """
        hits = tuple(self._hit(piece, rank) for rank, piece in enumerate(found.hits))
        if found.cited is None:
            began = time.perf_counter()
            cited, confidence = self._nearest(item.question, hits)
            self.choosing_ms.append(1000 * (time.perf_counter() - began))
        else:
            cited = [self._cited(piece, place) for place, piece in enumerate(found.cited, start=1)]
            confidence = found.confidence if found.confidence is not None else float(bool(cited))
            self.choosing_ms.append(0.0)
        return Answer(
            question=item.question,
            outcome=Outcome.ANSWERED if cited else Outcome.NO_EVIDENCE,
            text=" ".join(citation.quote for citation in cited),
            confidence=confidence,
            claims=tuple(Claim(citation.quote, (citation.marker,)) for citation in cited),
            citations=tuple(cited),
            passages=hits,
            timings_ms={"total": ms},
        )

    def _hit(self, piece: Piece, rank: int) -> Hit:
        document = self._document(piece.document)
        text = document.text if document is not None else ""
        exact = exact_span(text, piece)
        _count(self.passages, piece, exact)
        return Hit(
            path=piece.document,
            sha256=document.sha256 if document is not None else "",
            title=document.title if document is not None else "",
            published=document.published if document is not None else None,
            source=document.source if document is not None else None,
            span=exact or loose_span(text, piece.text) or _beyond(text, piece.text),
            text=piece.text,
            score=-float(rank),
        )

    def _cited(self, piece: Piece, marker: int) -> Citation:
        document = self._document(piece.document)
        text = document.text if document is not None else ""
        exact = exact_span(text, piece)
        _count(self.quotes, piece, exact)
        # Beyond the end it stands nowhere: the evaluation finds that its words are not there.
        span = exact or _beyond(text, piece.text)
        return _citation(
            marker, piece.document, document, span, piece.text, "" if exact is None else text
        )

    def _nearest(self, question: str, hits: Sequence[Hit]) -> tuple[list[Citation], float]:
        """The nearest sentence, and its cosine as a confidence; none where nothing was found."""
        places: dict[tuple[str, Span], None] = {}
        for hit in hits:
            spans = self._spans(hit.path)
            places.update({(hit.path, span): None for span in spans if span.overlaps(hit.span)})
        if not places:
            return [], 0.0
        asked = self._encode([question])[0]
        listed = list(places)
        cosines = self._encode([span.of(self._text(path)) for path, span in listed]) @ asked
        best = int(cosines.argmax())
        path, span = listed[best]
        document = self._document(path)
        assert document is not None
        quote = span.of(document.text)
        confidence = min(1.0, max(0.0, (1.0 + float(cosines[best])) / 2.0))
        return [_citation(1, path, document, span, quote, document.text)], confidence

    def _spans(self, path: str) -> tuple[Span, ...]:
        if path not in self._sentences:
            self._sentences[path] = tuple(sentence_spans(self._text(path)))
        return self._sentences[path]

    def _text(self, path: str) -> str:
        document = self._document(path)
        return document.text if document is not None else ""

    def _document(self, path: str) -> Document | None:
        """``None`` for a name that no document has."""
        if path not in self._documents:
            try:
                self._documents[path] = parse_file(self._corpus / path, path)
            except (DocumentError, OSError):
                self._documents[path] = None
        return self._documents[path]


def exact_span(text: str, piece: Piece) -> Span | None:
    """Where a piece's exact words stand: where it says, else the first place that has them."""
    if not piece.text:
        return None
    if piece.start is not None and piece.end is not None and _stands(text, piece):
        return Span(piece.start, piece.end)
    start = text.find(piece.text)
    return None if start < 0 else Span(start, start + len(piece.text))


def loose_span(text: str, words: str) -> Span | None:
    """Where words stand with any white space between them; the first such place."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    match = re.search(pattern, text) if pattern else None
    return Span(match.start(), match.end()) if match else None


def _stands(text: str, piece: Piece) -> bool:
    start, end = piece.start, piece.end
    if start is None or end is None or not 0 <= start < end <= len(text):
        return False
    return text[start:end] == piece.text


def _count(placed: Placed, piece: Piece, exact: Span | None) -> None:
    placed.pieces += 1
    placed.lengths.append(len(piece.text))
    placed.verbatim += exact is not None
    placed.in_place += exact is not None and (piece.start, piece.end) == (exact.start, exact.end)


def _beyond(text: str, words: str) -> Span:
    """A place that no text has."""
    return Span(len(text), len(text) + max(1, len(words)))


def _citation(
    marker: int, path: str, document: Document | None, span: Span, quote: str, layer: str
) -> Citation:
    """Args:
    layer: the document's text; empty for a quote that stands nowhere.
    """
    quote = quote or " "
    return Citation(
        marker=marker,
        document=path,
        sha256=document.sha256 if document is not None else "",
        title=document.title if document is not None else "",
        published=document.published if document is not None else None,
        start=span.start,
        end=span.end,
        quote=quote,
        score=0.0,
        # A citation checks itself against a text; this one has the quote where it is claimed.
        layer=layer or " " * span.start + quote,
    )
