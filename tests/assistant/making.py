"""Values for tests, made from a text layer: nobody counts offsets by hand."""

from __future__ import annotations

import hashlib
from datetime import date

from assistant.types import Candidate, Evidence, Judgement
from index.types import Hit, Span


def sha256(layer: str) -> str:
    return hashlib.sha256(layer.encode()).hexdigest()


def a_span(layer: str, words: str) -> Span:
    """Where ``words`` stand in ``layer``; they must stand there once."""
    assert layer.count(words) == 1, words
    start = layer.index(words)
    return Span(start, start + len(words))


def a_hit(
    layer: str,
    words: str | None = None,
    *,
    path: str = "a.txt",
    score: float = 1.0,
    published: date | None = None,
    source: str | None = None,
) -> Hit:
    """A passage of the document ``layer``: the whole of it, or ``words``."""
    span = Span(0, len(layer)) if words is None else a_span(layer, words)
    return Hit(
        path=path,
        sha256=sha256(layer),
        title=layer.split("\n", 1)[0],
        published=published,
        source=source,
        span=span,
        text=span.of(layer),
        score=score,
    )


def a_candidate(layer: str, words: str, *, path: str = "a.txt") -> Candidate:
    """The sentence ``words`` of the document ``layer``."""
    return Candidate(a_hit(layer, path=path), 0, a_span(layer, words), words)


def evidence(candidate: Candidate, probability: float = 0.75, **more: object) -> Evidence:
    """``candidate`` as evidence, said the same way round."""
    judgement = Judgement(probability, "same", "both ways")
    return Evidence(candidate, judgement, **more)  # type: ignore[arg-type]
