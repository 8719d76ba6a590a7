"""Passages for a question: near in meaning and alike in words, fused by rank.

Reciprocal rank fusion (Cormack, Clarke & Büttcher, "Reciprocal Rank Fusion outperforms Condorcet
and individual rank learning methods", SIGIR 2009): a passage's score is the sum over the rankings
of ``1 / (60 + rank)``, with ranks from 1. It needs no common scale for cosines and BM25.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from assistant.types import Question
from index.types import Hit

if TYPE_CHECKING:
    from index.embed import Vectors
    from index.folder import Scope

RRF_K = 60
"""The constant of the paper: how little the very first ranks stand out."""

_DEPTH = 60
"""How deep each ranking is read; beyond this a passage adds less than a hundredth."""


_Key = tuple[str, str, int, int]


class Searcher(Protocol):
    """The two ways to search. :class:`index.folder.Index` has them."""

    def dense(self, vector: Vectors, k: int, scope: Scope | None = None) -> list[Hit]: ...
    def words(self, question: str, k: int, scope: Scope | None = None) -> list[Hit]: ...


def retrieve(
    question: Question, vector: Vectors, searcher: Searcher, k: int, scope: Scope | None = None
) -> list[Hit]:
    """The ``k`` best passages, best first; ``score`` is the fused one, at most 2 / 61.

    Args:
        vector: the question's embedding, shape ``(dim,)``.
    """
    depth = max(_DEPTH, 2 * k)
    return fuse(
        [searcher.dense(vector, depth, scope), searcher.words(question.text, depth, scope)], k
    )


def promote(hits: Sequence[Hit], judged: Sequence[Hit]) -> list[Hit]:
    """``hits`` with one ranking more: ``judged``, those of them that were read, best first.

    A passage of whose sentences one answers deserves its place before one that only sounds alike.
    """
    bonus = {_key(hit): 1.0 / (RRF_K + rank) for rank, hit in enumerate(judged, start=1)}
    again = [replace(hit, score=hit.score + bonus.get(_key(hit), 0.0)) for hit in hits]
    return sorted(again, key=lambda hit: -hit.score)


def fuse(rankings: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """Several rankings as one, of at most ``k``. Ties go to the earlier ranking."""
    scores: dict[_Key, float] = {}
    hits: dict[_Key, Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            key = _key(hit)
            scores[key] = scores.get(key, 0.0) + 1.0 / (RRF_K + rank)
            hits.setdefault(key, hit)
    best = sorted(hits, key=lambda key: -scores[key])[:k]
    return [replace(hits[key], score=scores[key]) for key in best]


def _key(hit: Hit) -> _Key:
    return hit.path, hit.sha256, hit.span.start, hit.span.end
