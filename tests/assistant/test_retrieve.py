"""Fusion, worked out by hand; and what the searches are asked for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieve import RRF_K, fuse, promote, retrieve
from assistant.types import Question
from index.folder import Scope
from index.types import Hit
from tests.assistant.making import a_hit

LAYER = "One. Two. Three. Four."
ONE, TWO, THREE, FOUR = (a_hit(LAYER, words) for words in LAYER.split())


def words(hits: Sequence[Hit]) -> list[str]:
    return [hit.text for hit in hits]


def test_scores_by_hand() -> None:
    fused = fuse([[ONE, TWO, THREE], [THREE, ONE, FOUR]], 10)
    assert words(fused) == ["One.", "Three.", "Two.", "Four."]
    assert [hit.score for hit in fused] == pytest.approx(
        [1 / 61 + 1 / 62, 1 / 63 + 1 / 61, 1 / 62, 1 / 63], rel=1e-12
    )


def test_the_best_possible_score() -> None:
    assert RRF_K == 60
    assert fuse([[ONE], [ONE]], 1)[0].score == pytest.approx(2 / 61, rel=1e-12)


def test_only_ranks_count_and_what_comes_back_is_otherwise_what_went_in() -> None:
    low, high = replace(ONE, score=-7.0), replace(TWO, score=900.0)
    fused = fuse([[low, high]], 5)
    assert [replace(hit, score=1.0) for hit in fused] == [ONE, TWO]


def test_a_tie_goes_to_the_earlier_ranking() -> None:
    assert words(fuse([[ONE], [TWO]], 2)) == ["One.", "Two."]
    assert words(fuse([[TWO], [ONE]], 2)) == ["Two.", "One."]


def test_no_more_than_asked_for_and_no_more_than_there_are() -> None:
    assert words(fuse([[ONE, TWO], [THREE]], 2)) == ["One.", "Three."]
    assert fuse([[], []], 3) == []
    assert fuse([], 3) == []


def test_the_same_words_in_another_place_document_or_version_are_another_passage() -> None:
    layer = "Yes. Yes."
    first = a_hit(layer + " No.", "Yes. Y")
    others = [
        replace(first, path="b.txt"),
        replace(first, sha256="other"),
        replace(first, span=a_hit(layer + " No.", ". Yes.").span),
    ]
    fused = fuse([[first], others], 10)
    assert len(fused) == 4
    assert fused[0].score == pytest.approx(1 / 61)


@given(st.lists(st.permutations([ONE, TWO, THREE, FOUR]), min_size=1, max_size=3))
def test_any_rankings(rankings: list[list[Hit]]) -> None:
    fused = fuse(rankings, 10)
    assert sorted(words(fused)) == ["Four.", "One.", "Three.", "Two."]
    by_hand = {
        hit.text: sum(1 / (60 + 1 + words(ranking).index(hit.text)) for ranking in rankings)
        for hit in fused
    }
    assert [hit.score for hit in fused] == pytest.approx(sorted(by_hand.values(), reverse=True))
    assert all(hit.score == pytest.approx(by_hand[hit.text]) for hit in fused)


class Both:
    """Two rankings, and a record of what was asked for."""

    def __init__(self, dense: list[Hit], words: list[Hit]) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._dense, self._words = dense, words

    def dense(self, vector: Any, k: int, scope: Scope | None = None) -> list[Hit]:
        self.asked.append(("dense", vector.shape, k, scope))
        return self._dense[:k]

    def words(self, question: str, k: int, scope: Scope | None = None) -> list[Hit]:
        self.asked.append(("words", question, k, scope))
        return self._words[:k]


def test_both_searches_are_asked_deeply_and_with_the_scope() -> None:
    scope = Scope(documents=("a.txt",))
    both = Both([ONE, TWO], [TWO, THREE])
    vector = np.zeros(3, dtype=np.float32)
    hits = retrieve(Question("Two?", "two"), vector, both, 2, scope)
    assert words(hits) == ["Two.", "One."]
    assert both.asked == [("dense", (3,), 60, scope), ("words", "Two?", 60, scope)]
    retrieve(Question("Two?", "two"), vector, both, 100)
    assert both.asked[2:] == [("dense", (3,), 200, None), ("words", "Two?", 200, None)]


def test_one_search_alone_is_enough() -> None:
    vector = np.zeros(3, dtype=np.float32)
    question = Question("Two?", "Two?")
    assert words(retrieve(question, vector, Both([], [TWO]), 5)) == ["Two."]
    assert words(retrieve(question, vector, Both([TWO], []), 5)) == ["Two."]
    assert retrieve(question, vector, Both([], []), 5) == []


def test_what_was_read_counts_as_one_ranking_more() -> None:
    hits = fuse([[ONE, TWO, THREE, FOUR]], 4)
    promoted = promote(hits, [hits[3], hits[1]])
    assert words(promoted) == ["Two.", "Four.", "One.", "Three."]
    assert [hit.score for hit in promoted] == pytest.approx(
        [1 / 62 + 1 / 62, 1 / 64 + 1 / 61, 1 / 61, 1 / 63], rel=1e-12
    )
    assert [replace(hit, score=1.0) for hit in promoted] == [TWO, FOUR, ONE, THREE]


def test_nothing_read_nothing_moved() -> None:
    hits = fuse([[ONE, TWO], [TWO, THREE]], 3)
    assert promote(hits, []) == hits
    assert promote([], [ONE]) == []
    assert promote(hits, [FOUR]) == hits  # nothing comes in that was not found


def test_the_order_does_not_depend_on_hashes() -> None:
    hits = [a_hit(LAYER, path=f"{n}.txt") for n in range(50)]
    shuffled = random.Random(7).sample(hits, 50)
    assert [h.path for h in fuse([shuffled], 50)] == [h.path for h in shuffled]
