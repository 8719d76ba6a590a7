"""What one gets otherwise: LlamaIndex's sentence splitter, MiniLM, the nearest sentence.

Passages from ``SentenceSplitter``, sized to what the model reads; the ten nearest to the question
by cosine; of their sentences the nearest one as the citation, and its cosine as the confidence. The
model is the one that OnRecord has, the questions are asked as they stand, later documents than the
day of asking are left out, and the sentences are OnRecord's own, so that what differs is the
splitter, the search and the choice.

Passages are searched exactly, as a vector store of this size would. Where the splitter lost a
passage's place, it has none here either.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.types import Answer, Citation, Claim, Filters, Outcome
from index.parse import parse_file
from index.sentences import sentence_spans
from index.types import Document, Hit, Span

if TYPE_CHECKING:
    from assistant.evaluation.runner import EvalSet, Item
    from index.embed import Embedder, Vectors

CHUNK_TOKENS = 256
"""The model's limit. The splitter's own default, 1024, would have most of a passage cut off."""

OVERLAP_TOKENS = 32
PASSAGES = 10

DESCRIPTION = (
    f"LlamaIndex's SentenceSplitter ({CHUNK_TOKENS} tokens, overlap {OVERLAP_TOKENS}), the same "
    f"MiniLM, and of the {PASSAGES} nearest passages the nearest sentence"
)


@dataclass(frozen=True, slots=True)
class _Passage:
    document: Document
    span: Span
    sentences: tuple[int, ...]
    """Places among all sentences."""


class Baseline:
    """Answers the questions of one set. Everything is embedded when it is made."""

    def __init__(self, eval_set: EvalSet, embedder: Embedder) -> None:
        self._embedder = embedder
        self._passages: list[_Passage] = []
        self._sentences: list[tuple[Document, Span]] = []
        for path in sorted(eval_set.corpus.glob("*.txt")):
            self._take(parse_file(path, path.name))
        self._passage_vectors = self._encoded([(p.document, p.span) for p in self._passages])
        self._sentence_vectors = self._encoded(self._sentences)

    def ask(self, item: Item) -> Answer:
        """The nearest sentence of the nearest passages, always; the confidence is for ranking."""
        began = time.perf_counter()
        asked = self._embedder.encode([item.question])[0]
        hits, near = self._nearest(asked, item.filters)
        best = max(near, key=lambda place: float(self._sentence_vectors[place] @ asked))
        cosine = float(self._sentence_vectors[best] @ asked)
        document, span = self._sentences[best]
        confidence = min(1.0, max(0.0, (1.0 + cosine) / 2.0))
        citation = Citation(
            marker=1,
            document=document.path,
            sha256=document.sha256,
            title=document.title,
            published=document.published,
            start=span.start,
            end=span.end,
            quote=span.of(document.text),
            score=confidence,
            layer=document.text,
        )
        return Answer(
            question=item.question,
            outcome=Outcome.ANSWERED,
            text=citation.quote,
            confidence=confidence,
            claims=(Claim(citation.quote, (1,)),),
            citations=(citation,),
            passages=tuple(hits),
            timings_ms={"total": 1000 * (time.perf_counter() - began)},
        )

    def _nearest(self, asked: Vectors, filters: Filters) -> tuple[list[Hit], list[int]]:
        """The nearest passages, best first, and the places of their sentences."""
        scores = self._passage_vectors @ asked
        hits: list[Hit] = []
        sentences: dict[int, None] = {}
        for place in (-scores).argsort(kind="stable"):
            passage = self._passages[int(place)]
            document, day = passage.document, passage.document.published
            if filters.until is not None and day is not None and day > filters.until:
                continue
            hits.append(
                Hit(
                    path=document.path,
                    sha256=document.sha256,
                    title=document.title,
                    published=day,
                    source=document.source,
                    span=passage.span,
                    text=passage.span.of(document.text),
                    score=float(scores[place]),
                )
            )
            sentences.update(dict.fromkeys(passage.sentences))
            if len(hits) == PASSAGES:
                break
        return hits, list(sentences)

    def _take(self, document: Document) -> None:
        first = len(self._sentences)
        spans = sentence_spans(document.text)
        self._sentences += [(document, span) for span in spans]
        for span in _split(document.text):
            inside = tuple(first + n for n, s in enumerate(spans) if s.overlaps(span))
            if inside:
                self._passages.append(_Passage(document, span, inside))

    def _encoded(self, places: Sequence[tuple[Document, Span]]) -> Vectors:
        return self._embedder.encode([span.of(document.text) for document, span in places])


def _split(text: str) -> list[Span]:
    """Passages where the splitter says that they are."""
    from llama_index.core import Document as LlamaDocument
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(chunk_size=CHUNK_TOKENS, chunk_overlap=OVERLAP_TOKENS)
    nodes: list[Any] = splitter.get_nodes_from_documents([LlamaDocument(text=text)])
    return [
        Span(node.start_char_idx, node.end_char_idx)
        for node in nodes
        if node.start_char_idx is not None and node.end_char_idx is not None
    ]
