"""Vectors of sentences on disk: what four bits keep, which passages are there, what leaves."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.errors import IndexCorrupt
from index.sentence_vectors import SentenceVectors, packed, unpacked

Vectors = NDArray[np.float32]


def drawn(rows: int, dimension: int = 384, seed: int = 7) -> Vectors:
    """Unit vectors in random directions."""
    found = np.random.default_rng(seed).standard_normal((rows, dimension), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def vectors(tmp_path: Path) -> SentenceVectors:
    return SentenceVectors(tmp_path / "sentences.sqlite3")


@settings(max_examples=100)
@given(
    st.integers(0, 5).flatmap(
        lambda rows: st.lists(
            st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8),
            min_size=rows,
            max_size=rows,
        )
    )
)
def test_half_a_byte_of_each_component_comes_back(rows: list[list[float]]) -> None:
    given_ = np.array(rows, dtype=np.float32).reshape(-1, 8)
    stored = packed(given_)
    assert len(stored) == 4 * len(rows)
    found = unpacked(stored, 8)
    assert (found.shape, found.dtype) == (given_.shape, np.float32)
    for row, vector in zip(given_, found, strict=True):
        scale = np.abs(row).max()
        if scale < 1e-9:
            continue
        whole = np.rint(row / scale * 7)
        assert vector == pytest.approx(whole / np.linalg.norm(whole), abs=1e-5)


def test_cosines_hardly_differ() -> None:
    exact, asking = drawn(500), drawn(1, seed=8)[0]
    found = unpacked(packed(exact), 384)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(500), abs=1e-5)
    assert (exact * found).sum(axis=1).min() > 0.98
    assert np.corrcoef(exact @ asking, found @ asking)[0, 1] > 0.99
    assert not unpacked(packed(np.zeros((2, 384), dtype=np.float32)), 384).any()


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_dimensions_of_any_kind(dimension: int) -> None:
    exact = drawn(3, dimension)
    found = unpacked(packed(exact), dimension)
    assert found.shape == exact.shape
    assert (exact * found).sum(axis=1).min() > 0.97
    assert unpacked(packed(exact[:0]), dimension).shape == (0, dimension)


def test_what_is_of_another_dimension_is_none() -> None:
    assert unpacked(packed(drawn(3, 16)), 384).shape == (0, 384)
    assert unpacked(b"", 384).shape == (0, 384)


def test_none_are_there_until_some_are_written(vectors: SentenceVectors, tmp_path: Path) -> None:
    assert not vectors.exists
    assert vectors.get([(1, 0)], 384) == {}
    assert (vectors.count(), list(vectors.ids())) == (0, [])
    vectors.delete([1])
    vectors.clear()
    # To look is not to make: who asks may not be allowed to write.
    assert list(tmp_path.iterdir()) == []
    vectors.add([])
    assert vectors.exists
    assert vectors.count() == 0


def test_passages_come_and_go(vectors: SentenceVectors) -> None:
    made = {(1, 0): drawn(3), (1, 1): drawn(1, seed=2), (2, 0): drawn(0), (30, 7): drawn(2, seed=3)}
    vectors.add((passage, packed(there)) for passage, there in made.items())
    assert sorted(vectors.ids()) == sorted(made)
    assert vectors.count() == 4
    found = vectors.get([(30, 7), (1, 0), (9, 9), (2, 0)], 384)
    assert found.keys() == {(30, 7), (1, 0), (2, 0)}
    for passage, there in found.items():
        assert np.array_equal(there, unpacked(packed(made[passage]), 384))
    vectors.add([((1, 1), packed(drawn(5)))])
    assert len(vectors.get([(1, 1)], 384)[1, 1]) == 5
    vectors.delete([1, 99])
    assert sorted(vectors.ids()) == [(2, 0), (30, 7)]
    vectors.clear()
    assert vectors.count() == 0
    vectors.close()
    assert SentenceVectors(vectors._path).exists


def test_more_passages_than_one_query_takes(vectors: SentenceVectors) -> None:
    ids = [(version, ordinal) for version in range(40) for ordinal in range(30)]
    vectors.add((passage, packed(drawn(1, 2, seed=n))) for n, passage in enumerate(ids))
    found = vectors.get(ids, 2)
    assert list(found) == ids
    assert vectors.count() == 1200


def test_hardly_more_is_stored_than_there_is(vectors: SentenceVectors, tmp_path: Path) -> None:
    vectors.add(((1, n), packed(drawn(11, seed=n))) for n in range(300))
    vectors.close()
    file = tmp_path / "sentences.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert file.stat().st_size < 1.2 * 300 * 11 * 192


def test_to_count_them_reads_no_vector(vectors: SentenceVectors) -> None:
    vectors.add([((3, 1), packed(drawn(1))), ((4, 0), packed(drawn(2)))])
    asked: list[str] = []
    connection = vectors._connections.get()
    connection.set_trace_callback(asked.append)
    assert vectors.sums() == (2, 7, 1)
    assert (vectors.count(), sorted(vectors.ids())) == (2, [(3, 1), (4, 0)])
    connection.set_trace_callback(None)
    assert len(asked) == 3
    for statement in asked:
        ((*_, step),) = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        assert step.endswith("USING COVERING INDEX by_id")


def test_a_damaged_file_is_begun_anew(vectors: SentenceVectors, tmp_path: Path) -> None:
    (tmp_path / "sentences.sqlite3").write_bytes(b"Garbage. " * 1000)
    vectors.discard()
    assert (vectors.exists, vectors.sums()) == (True, (0, 0, 0))
    vectors.add([((1, 0), packed(drawn(1)))])
    assert vectors.count() == 1


def test_a_damaged_file_is_named(vectors: SentenceVectors, tmp_path: Path) -> None:
    (tmp_path / "sentences.sqlite3").write_bytes(b"Garbage. " * 1000)
    with pytest.raises(IndexCorrupt, match=r"sentences\.sqlite3") as caught:
        vectors.get([(1, 0)], 384)
    assert "onrecord index --rebuild" in caught.value.remedy
