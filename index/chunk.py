"""A document becomes passages. Offsets are owned here: they are counted, never searched for.

Passages are made of whole sentences and overlap by sentences, so that a statement and the one it
leans on are found together. Their size counts in the embedding model's own tokens, with room for
the title that is embedded along with them, so that the model never cuts one in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from index.sentences import sentence_spans
from index.types import Chunk, Document, Span, within

CHUNKER_VERSION = "1"
"""Changes whenever the same document would give other passages: an index made with another
version is refused, because its passages can't be compared with new ones."""

_TITLE_TOKENS = 32
"""A title longer than this is cut for embedding: more would crowd out what it is the title of."""


class Tokenizer(Protocol):
    """What chunking needs to know of an embedding model. :class:`index.embed.Embedder` has it."""

    @property
    def max_tokens(self) -> int: ...
    @property
    def special_tokens(self) -> int: ...
    def token_offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]: ...


@dataclass(frozen=True, slots=True)
class ChunkSizes:
    """How large passages are, in tokens of the embedding model.

    Attributes:
        target: a passage is closed when the next sentence would take it beyond this many.
        overlap: a passage begins with the last sentences of the one before, while these have no
            more than this many.
    """

    target: int = 220
    overlap: int = 60

    def __post_init__(self) -> None:
        if self.target < 8:
            raise ValueError(f"target={self.target}: a passage needs at least 8 tokens")
        if not 0 <= self.overlap < self.target:
            raise ValueError(f"overlap={self.overlap} must lie between 0 and target={self.target}")


def embedding_title(document: Document, tokenizer: Tokenizer) -> str:
    """The title as it is embedded: at most 32 tokens of it."""
    offsets = tokenizer.token_offsets([document.title])[0]
    if len(offsets) <= _TITLE_TOKENS:
        return document.title
    return document.title[: offsets[_TITLE_TOKENS - 1][1]]


def embedding_text(title: str, chunk: Chunk) -> str:
    """What the model reads for a passage: the title, unless the passage begins with it, and it."""
    if not title or chunk.text.startswith(title):
        return chunk.text
    return f"{title}\n{chunk.text}"


def chunk_document(
    document: Document, tokenizer: Tokenizer, sizes: ChunkSizes | None = None
) -> tuple[Chunk, ...]:
    """The passages of ``document``, in order.

    For every passage ``document.text[span.start:span.end] == text``; together they cover every
    sentence. A sentence that is longer than a passage may be is split between tokens.
    """
    sizes = sizes or ChunkSizes()
    title_tokens = min(len(tokenizer.token_offsets([document.title])[0]), _TITLE_TOKENS)
    # Two tokens to spare: joining a title and a passage can tokenise differently at the seam.
    room = tokenizer.max_tokens - tokenizer.special_tokens - title_tokens - 2
    limit = max(1, min(sizes.target, room))
    sentences = sentence_spans(document.text)
    pieces = _pieces(document.text, sentences, tokenizer, limit)
    chunks: list[Chunk] = []
    first = 0
    while first < len(pieces):
        last, size = first, pieces[first][1]
        while last + 1 < len(pieces) and size + pieces[last + 1][1] <= limit:
            last += 1
            size += pieces[last][1]
        span = Span(pieces[first][0].start, pieces[last][0].end)
        inside = sentences_within(sentences, span)
        chunks.append(Chunk(len(chunks), span, span.of(document.text), size, inside))
        if last + 1 == len(pieces):
            break
        first = _next_first(pieces, first, last, min(sizes.overlap, limit // 2), limit)
    return tuple(chunks)


def _next_first(
    pieces: Sequence[tuple[Span, int]], first: int, last: int, overlap: int, limit: int
) -> int:
    """Where the next passage begins: some sentences back, but always ahead of this one's first,
    and never so far back that it could not take in the next sentence."""
    start, shared = last + 1, 0
    while (
        start - 1 > first
        and shared + pieces[start - 1][1] <= overlap
        and shared + pieces[start - 1][1] + pieces[last + 1][1] <= limit
    ):
        start -= 1
        shared += pieces[start][1]
    return start


def sentences_within(sentences: Sequence[Span], span: Span) -> tuple[Span, ...]:
    """Of a document's sentences those that stand in ``span``, or what of them does."""
    return tuple(
        Span(max(sentence.start, span.start), min(sentence.end, span.end))
        for _, sentence in within(sentences, span)
    )


def _pieces(
    text: str, spans: Sequence[Span], tokenizer: Tokenizer, limit: int
) -> list[tuple[Span, int]]:
    """Sentences with their length in tokens; the too long ones split between tokens."""
    pieces: list[tuple[Span, int]] = []
    # Each with the white space up to the next: byte-level models have tokens for line ends, and
    # the passage will contain them.
    ends = [*(after.start for after in spans[1:]), *(span.end for span in spans[-1:])]
    tokens = tokenizer.token_offsets(
        [text[span.start : end] for span, end in zip(spans, ends, strict=True)]
    )
    for span, offsets in zip(spans, tokens, strict=True):
        if len(offsets) <= limit:
            # At least one: a sentence of signs unknown to the model still takes its place.
            pieces.append((span, max(1, len(offsets))))
            continue
        for begin in range(0, len(offsets), limit):
            group = offsets[begin : begin + limit]
            # A piece reaches to where the next begins, so that signs without a token of their
            # own (joiners, white space) belong to a passage too.
            start = span.start if begin == 0 else span.start + group[0][0]
            after = begin + limit
            end = span.start + offsets[after][0] if after < len(offsets) else span.end
            trimmed = _trim(text, start, end)
            if trimmed is not None:
                pieces.append((trimmed, len(group)))
    return pieces


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None
