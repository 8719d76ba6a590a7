"""One contract for vectors, whether Chroma is embedded or a server."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import IndexCorrupt, SettingsError, StorageError
from index.store import ChunkStore, VectorFilter
from tests.index.making import run_python

Open = Callable[[], ChunkStore]
MONDAY, TUESDAY, WEDNESDAY = 738_000, 738_001, 738_002


@pytest.fixture(params=["embedded", "server"])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store, as often as one likes."""
    opened: list[ChunkStore] = []
    address = request.getfixturevalue("server") if request.param == "server" else None
    name = f"passages-{uuid.uuid4().hex[:12]}" if address else "passages"

    def open_it() -> ChunkStore:
        opened.append(ChunkStore(tmp_path / "chroma", server=address, name=name))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(again: Open) -> ChunkStore:
    return again()


def at(*degrees: float) -> NDArray[np.float32]:
    """Unit vectors in a plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


EAST = at(0)[0]


def test_an_empty_store_answers(store: ChunkStore) -> None:
    assert store.query(EAST, 5) == []
    assert store.query(EAST, 5, allow=VectorFilter(since=MONDAY)) == []
    assert store.count() == 0
    assert list(store.vectors()) == []
    store.delete([(1, 0)])
    store.delete([])
    store.refresh(1)
    assert store.count() == 0


def test_nearest_first_with_the_cosine(store: ChunkStore) -> None:
    ids = [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0)]
    store.add(ids, at(60, 0, 180, 30, 90), [None] * 5)
    found = store.query(EAST, 5)
    assert [passage for passage, _ in found] == [(1, 1), (2, 1), (1, 0), (3, 0), (2, 0)]
    assert [score for _, score in found] == pytest.approx([1, 3**0.5 / 2, 0.5, 0, -1], abs=1e-6)
    assert store.query(EAST, 2) == found[:2]
    assert store.query(EAST, 100) == found


def test_length_does_not_matter_to_the_score(store: ChunkStore) -> None:
    store.add([(1, 0)], at(60), [None])
    assert store.query(EAST * 7, 1)[0][1] == pytest.approx(0.5, abs=1e-6)


def test_writing_twice_is_writing_once(store: ChunkStore) -> None:
    store.add([(1, 0), (1, 1)], at(0, 90), [MONDAY, None])
    store.add([(1, 0), (1, 1)], at(0, 90), [MONDAY, None])
    assert store.count() == 2
    store.add([(1, 0)], at(180), [TUESDAY])
    assert store.count() == 2
    assert store.query(EAST, 2)[1] == ((1, 0), pytest.approx(-1.0))
    only = store.query(EAST, 9, allow=VectorFilter(since=TUESDAY))
    assert [passage for passage, _ in only] == [(1, 0)]


def test_what_is_deleted_is_gone_and_what_is_unknown_passed_over(store: ChunkStore) -> None:
    store.add([(1, 0), (1, 1), (2, 0)], at(0, 10, 20), [None] * 3)
    store.delete([(1, 0), (7, 7)])
    assert store.count() == 2
    assert [passage for passage, _ in store.query(EAST, 9)] == [(1, 1), (2, 0)]
    store.delete([(1, 0)])
    store.delete([(1, 1), (2, 0)])
    assert store.query(EAST, 9) == []
    store.add([(3, 0)], at(5), [None])
    assert [passage for passage, _ in store.query(EAST, 9)] == [(3, 0)]


@pytest.mark.parametrize(
    ("allow", "wanted"),
    [
        (VectorFilter(), [1, 2, 3, 4]),
        (VectorFilter(since=TUESDAY), [2, 3]),
        (VectorFilter(since=WEDNESDAY), [3]),
        (VectorFilter(since=WEDNESDAY + 1), []),
        (VectorFilter(until=TUESDAY), [1, 2, 4]),
        (VectorFilter(until=1), [4]),
        (VectorFilter(since=0), [1, 2, 3]),
        (VectorFilter(since=TUESDAY, until=TUESDAY), [2]),
        (VectorFilter(since=WEDNESDAY, until=MONDAY), []),
        (VectorFilter(versions=(4, 1, 9)), [1, 4]),
        (VectorFilter(versions=(4, 1), until=MONDAY), [1, 4]),
        (VectorFilter(versions=(4, 1), since=MONDAY, until=MONDAY), [1]),
        (VectorFilter(versions=(9,)), []),
        (VectorFilter(versions=()), []),
        (VectorFilter(versions=tuple(range(2, 2000))), [2, 3, 4]),
    ],
)
def test_filters(again: Open, allow: VectorFilter, wanted: list[int]) -> None:
    """Version 4 is undated: it may be older than any day, and is not known to be newer."""
    store = again()
    store.add(
        [(1, 0), (2, 0), (3, 0), (4, 0)], at(0, 10, 20, 30), [MONDAY, TUESDAY, WEDNESDAY, None]
    )
    assert [version for (version, _), _ in store.query(EAST, 9, allow=allow)] == wanted


def test_the_nearest_among_some(store: ChunkStore) -> None:
    assert store.query_among(EAST, 5, [(1, 0)]) == []
    ids = [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0)]
    store.add(ids, at(60, 0, 180, 30, 90), [MONDAY] * 5)
    found = store.query_among(EAST * 7, 9, [(2, 0), (9, 9), (2, 1), (1, 0)])
    assert [passage for passage, _ in found] == [(2, 1), (1, 0), (2, 0)]
    assert [score for _, score in found] == pytest.approx([3**0.5 / 2, 0.5, -1], abs=1e-6)
    for (passage, score), (same, again) in zip(
        store.query_among(EAST, 3, ids), store.query(EAST, 3), strict=True
    ):
        assert (passage, score) == (same, pytest.approx(again, abs=1e-6))
    assert store.query_among(EAST, 5, []) == []
    with pytest.raises((IndexCorrupt, StorageError), match="dimension"):
        store.query_among(np.ones(3, dtype=np.float32), 1, ids)


def test_vectors_come_back_as_they_went_in(store: ChunkStore) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(4100, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [(n // 7 + 1, n % 7) for n in range(len(vectors))]
    store.add(ids, vectors, [None] * len(ids))
    assert store.count() == 4100
    back = dict(store.vectors())
    assert list(map(back.__contains__, ids)) == [True] * 4100
    assert np.allclose(np.stack([back[passage] for passage in ids]), vectors, atol=1e-6)
    store.delete(ids[:4000])
    assert {passage for passage, _ in store.vectors()} == set(ids[4000:])
    assert {passage for passage, _ in store.query(vectors[0], 500)} == set(ids[4000:])


def test_large_numbers_are_names_too(store: ChunkStore) -> None:
    store.add([(2**40, 2**20 - 1)], at(0), [3_652_059])
    assert store.query(EAST, 1) == [((2**40, 2**20 - 1), pytest.approx(1.0))]


def test_another_client_finds_what_was_written(again: Open) -> None:
    one = again()
    one.add([(1, 0)], at(0), [None])
    one.close()
    other = again()
    other.refresh(1)
    assert other.query(EAST, 3) == [((1, 0), pytest.approx(1.0))]


def test_reset_drops_everything_and_another_dimension_fits(again: Open) -> None:
    store = again()
    store.add([(1, 0), (1, 1)], at(0, 10), [None, None])
    store.reset()
    assert store.count() == 0
    assert store.query(EAST, 3) == []
    store.reset()
    store.add([(1, 0)], np.eye(1, 5, dtype=np.float32), [None])
    assert store.query(np.eye(1, 5, dtype=np.float32)[0], 3) == [((1, 0), pytest.approx(1.0))]


def test_closing_twice_and_sharing(again: Open) -> None:
    one, other = again(), again()
    one.add([(1, 0)], at(0), [None])
    one.close()
    one.close()
    assert other.query(EAST, 1) == [((1, 0), pytest.approx(1.0))]
    other.close()
    assert again().count() == 1


def test_threads_share_a_store(store: ChunkStore) -> None:
    store.add([(0, n) for n in range(100)], at(*range(100)), [None] * 100)
    failures: list[BaseException] = []
    stop = threading.Event()

    def write() -> None:
        for version in range(1, 15):
            store.add([(version, n) for n in range(20)], at(*range(100, 120)), [None] * 20)
            store.refresh(version)
            store.delete([(version, n) for n in range(20)])
        stop.set()

    def read(_: int) -> None:
        try:
            while not stop.is_set():
                found = store.query(EAST, 5)
                assert [passage for passage, _ in found] == [(0, n) for n in range(5)]
        except BaseException as problem:
            failures.append(problem)

    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write)
        list(pool.map(read, range(3)))
        writing.result()
    assert failures == []
    assert store.count() == 100


def test_a_vector_of_another_dimension_is_refused(store: ChunkStore) -> None:
    store.add([(1, 0)], at(0), [None])
    with pytest.raises((IndexCorrupt, StorageError), match="dimension"):
        store.query(np.ones(3, dtype=np.float32), 1)


# -- on a server ---------------------------------------------------------------------------------


def test_collections_stand_side_by_side(server: str, tmp_path: Path) -> None:
    names = [f"side-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    one, other = (ChunkStore(tmp_path, server=server, name=name) for name in names)
    one.add([(1, 0)], at(0), [None])
    other.add([(2, 0), (2, 1)], at(0, 1), [None, None])
    one.reset()
    assert (one.count(), other.count()) == (0, 2)
    other.reset()
    one.close()
    other.close()


def test_a_reader_survives_a_rebuild_on_the_server(server: str, tmp_path: Path) -> None:
    """The collection of before is deleted, and another of the same name made."""
    name = f"rebuilt-{uuid.uuid4().hex[:8]}"
    code = (
        "import sys, numpy as np; from pathlib import Path; from index.store import ChunkStore\n"
        "s = ChunkStore(Path('.'), server=sys.argv[1], name=sys.argv[2]); s.reset()\n"
        "s.add([(5, 0)], np.asarray([[0, 1]], dtype='float32'), [None])"
    )
    reader = ChunkStore(tmp_path, server=server, name=name)
    reader.add([(1, 0)], at(0), [None])
    reader.refresh(1)
    assert run_python(code, server, name).returncode == 0
    reader.refresh(2)
    assert reader.query(EAST, 3) == [((5, 0), pytest.approx(0.0, abs=1e-6))]
    reader.reset()
    reader.close()


def test_no_server_there(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        store = ChunkStore(tmp_path / "chroma", server=address)
        started = time.monotonic()
        with pytest.raises(StorageError, match="does not answer as it should") as caught:
            store.query(EAST, 1)
        assert time.monotonic() - started < 5
        assert address in caught.value.message
        assert "Check that the server runs" in caught.value.remedy
        store.close()
    assert not (tmp_path / "chroma").exists()


def test_a_server_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.store._CONNECT_SECONDS", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        store = ChunkStore(tmp_path, server=f"http://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(StorageError, match=r"does not answer as it should: .*timed out"):
            store.count()
        assert time.monotonic() - started < 5
        store.close()


@pytest.mark.parametrize(
    "address", ["localhost:8000", "10.0.0.5:9000", "http://", "ftp://host", "http://h:99999", ""]
)
def test_what_is_no_address_is_refused_at_once(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="is not the address of a Chroma server"):
        ChunkStore(tmp_path, server=address)


# -- embedded ------------------------------------------------------------------------------------


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "chroma"
    store = ChunkStore(folder)
    store.add([(1, n) for n in range(1200)], at(*np.linspace(0, 90, 1200)), [None] * 1200)
    store.close()
    return folder


@pytest.mark.parametrize("damage", ["garbage", "half", "a folder"])
def test_a_damaged_database_is_named_and_a_reset_heals(filled: Path, damage: str) -> None:
    database = filled / "chroma.sqlite3"
    data = database.read_bytes()
    database.unlink()
    for rest in filled.glob("chroma.sqlite3-*"):
        rest.unlink()
    if damage == "garbage":
        database.write_bytes(os.urandom(len(data)))
    elif damage == "half":
        database.write_bytes(data[: len(data) // 2])
    else:
        database.mkdir()
    store = ChunkStore(filled)
    # Every time: Chroma keeps a client that it failed to open, and hands it out again.
    for read in (store.count, lambda: store.refresh(1), lambda: store.query(EAST, 1)) * 2:
        with pytest.raises(IndexCorrupt) as caught:
            read()
        assert str(filled) in caught.value.message
        assert "onrecord index --rebuild" in caught.value.remedy
    store.reset()
    store.add([(1, 0)], at(0), [None])
    assert store.query(EAST, 3) == [((1, 0), pytest.approx(1.0))]
    store.close()


def test_it_heals_without_this_process_when_the_files_do(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "whole")
    (filled / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    store = ChunkStore(filled)
    with pytest.raises(IndexCorrupt):
        store.count()
    shutil.rmtree(filled)
    shutil.copytree(tmp_path / "whole", filled)
    assert store.count() == 1200
    store.close()


@pytest.mark.parametrize("name", ["data_level0.bin", "index_metadata.pickle", "header.bin"])
def test_a_graph_that_is_gone_is_named(filled: Path, name: str) -> None:
    next(filled.glob(f"*/{name}")).unlink()
    store = ChunkStore(filled)
    with pytest.raises(IndexCorrupt, match="onrecord index --rebuild"):
        list(store.vectors())
    store.close()


def test_the_state_of_the_graph_moves_when_it_is_written(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path / "chroma")
    assert store.graph_state() == ""
    vectors = at(*np.linspace(0, 90, 400))
    states = []
    for version in range(6):
        store.add([(version, n) for n in range(400)], vectors, [None] * 400)
        states.append(store.graph_state())
        assert store.graph_state() == states[-1]
    # Chroma writes its graph every thousand entries: with the third group and with the sixth.
    assert [a == b for a, b in pairwise(states)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    store.query(EAST, 5)
    assert store.graph_state() == states[-1]
    store.close()


def test_two_stores_of_one_folder_share_a_client(tmp_path: Path) -> None:
    one = ChunkStore(tmp_path / "chroma")
    other = ChunkStore(tmp_path / "x" / ".." / "chroma")
    one.add([(1, 0)], at(0), [None])
    one.wrote(3)
    assert other.seen(3)
    assert not other.seen(2)
    assert other.query(EAST, 1) == [((1, 0), pytest.approx(1.0))]
    other.forget()
    assert not one.seen(3)
    one.close()
    other.close()
