"""The shared currency: what a document, a passage of it and a search hit are.

Values only: frozen, no I/O, standard library alone. Offsets everywhere are half-open and count
Unicode code points of a document's *text layer*, the text that :func:`index.parse.parse_file`
gives; ``text[start:end]`` is what they point at, in Python as in anything that counts code points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points in a text layer: ``text[start:end]``.

    Raises:
        ValueError: if the range is empty, reversed or begins before the text.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: start={self.start}, end={self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The words this span points at in ``text``."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one code point."""
        return self.start < other.end and other.start < self.end


def within(spans: Sequence[Span], span: Span) -> list[tuple[int, Span]]:
    """Those of ``spans``, which are in order and apart, that overlap ``span``, with their places
    among them. By binary search: a long document has thousands of sentences."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle].end <= span.start:
            low = middle + 1
        else:
            high = middle
    found = []
    while low < len(spans) and spans[low].start < span.end:
        found.append((low, spans[low]))
        low += 1
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page of a paginated source stands in the text layer. ``number`` counts from 1."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Document:
    """One version of one file of the corpus.

    Attributes:
        path: identity: the path relative to the corpus root, with ``/``.
        sha256: version: hex digest of the file's bytes.
        text: the text layer; for plain text the file as it is, byte-order mark removed.
        title: first heading or first line; the file name's stem where the text has neither.
        published: the day of publication, when the text states one.
        source: who published it, when the text names one.
        pages: the page map, empty for a format without pages.
    """

    path: str
    sha256: str
    text: str
    title: str
    published: date | None = None
    source: str | None = None
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: whole sentences of one document, sized for the embedding model.

    Attributes:
        ordinal: position among the document's passages, from 0.
        span: where it stands; ``document.text[span.start:span.end] == text``, always.
        text: the words at the span. The title is not part of it.
        tokens: its length in the embedding model's own tokens, without special tokens and
            without the title that is embedded along with it.
        sentences: the document's sentences that stand in it, in order; of one that is longer than
            a passage, what stands in this.
    """

    ordinal: int
    span: Span
    text: str
    tokens: int
    sentences: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found, self-sufficient: it can be shown and cited without a look-up.

    Attributes:
        path, sha256, title, published, source: those of its document.
        span, text: the passage; ``span`` counts in the text layer of version ``sha256``.
        score: higher is better; comparable only within the ranking that it came in.
        layer: the version of the parser whose text layer ``span`` counts in; empty: the current.
        passage: by what name the index that found it knows it; ``None``: it was not found there.
    """

    path: str
    sha256: str
    title: str
    published: date | None
    source: str | None
    span: Span
    text: str
    score: float
    layer: str = ""
    passage: tuple[int, int] | None = field(default=None, compare=False, repr=False)
