"""One process writes while another reads: what the reader sees, and what Chroma alone would show.

An open Chroma client goes on answering from before another process's writes, deleted ids included.
The first tests hold Chroma to that, so that we learn when it changes; the others show that our
reader is right all the same.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from index.folder import Index, Scope
from index.store import ChunkStore, VectorFilter
from index.sync import sync
from tests.index.making import ROOT, FakeEmbedder, sentences, write

WRITER = """
import sys
from pathlib import Path
import numpy as np
from index.folder import Index
from index.store import ChunkStore
from index.sync import sync
from tests.index.making import FakeEmbedder
corpus, folder = Path(sys.argv[1]), Path(sys.argv[2])
index, fake = Index(folder, model="fake"), FakeEmbedder()
store = ChunkStore(folder / "chroma")
print("ready", flush=True)
for line in sys.stdin:
    result = eval(line)
    print(result, flush=True)
"""


class Writer:
    """Another process, which evaluates one expression after the other."""

    def __init__(self, corpus: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(corpus), str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def __call__(self, expression: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()
        return self._line()

    def sync(self) -> str:
        return self("(lambda r: (len(r.added), len(r.changed), len(r.removed)))"
                    "(sync(corpus, index, fake))")  # fmt: skip


@pytest.fixture
def writer(corpus: Path, index: Index) -> Iterator[Writer]:
    made = Writer(corpus, index.path)
    yield made
    made.process.kill()
    made.process.communicate()


def day(n: int) -> str:
    return f"Published: 2024-03-{n + 1:02}\n\n"


# -- what Chroma does ----------------------------------------------------------------------------


def test_an_open_client_is_stale_until_it_is_refreshed(index: Index, writer: Writer) -> None:
    writer("store.add([(1, n) for n in range(50)], np.eye(50, dtype='float32'), [None] * 50)")
    store = ChunkStore(index.path / "chroma")
    store.refresh(1)
    asked = np.eye(50, dtype=np.float32)
    assert store.query(asked[0], 1) == [((1, 0), pytest.approx(1.0))]
    writer("store.add([(2, n) for n in range(50)], np.eye(50, dtype='float32'), [None] * 50)")
    writer("store.delete([(1, n) for n in range(50)])")
    # None of the fifty new ones is found, all fifty deleted ones are, while counting looks fresh.
    for n in range(50):
        assert store.query(asked[n], 1)[0][0] == (1, n)
    assert {version for (version, _), _ in store.query(asked[0], 100)} == {1}
    assert store.count() == 50
    store.refresh(1)  # nothing is known to have changed, so nothing is read again
    assert store.query(asked[0], 1)[0][0] == (1, 0)
    store.refresh(2)
    for n in range(50):
        assert store.query(asked[n], 1)[0][0] == (2, n)
    assert {version for (version, _), _ in store.query(asked[0], 100)} == {2}
    store.close()


def test_once_read_a_client_is_not_changed_by_a_writer_who_stores_the_graph(
    index: Index, writer: Writer
) -> None:
    """Not before its first search, but in it, does a client read the graph: so refresh searches."""
    writer("store.add([(1, n) for n in range(50)], np.eye(50, dtype='float32'), [1] * 50)")
    store = ChunkStore(index.path / "chroma")
    store.refresh(1)
    for version in range(2, 6):
        writer(
            f"store.add([({version}, n) for n in range(500)], "
            "np.random.default_rng(1).normal(size=(500, 50)).astype('float32'), [None] * 500)"
        )
    assert list(index.path.glob("chroma/*/index_metadata.pickle")) != []
    asked = np.eye(50, dtype=np.float32)
    assert {passage for passage, _ in store.query(asked[3], 3000)} == {(1, n) for n in range(50)}
    filtered = store.query(asked[3], 9, allow=VectorFilter(until=1, versions=(1,)))
    assert filtered[0] == ((1, 3), pytest.approx(1.0))
    store.refresh(2)
    assert len(store.query(asked[3], 3000)) == 2050
    store.close()


# -- what our reader sees ------------------------------------------------------------------------


def test_a_reader_sees_what_a_writer_committed_and_nothing_deleted(
    corpus: Path, index: Index, fake: FakeEmbedder, writer: Writer
) -> None:
    """Many turns, with an open reader that asks after each."""
    vector = fake.encode(["council counted ships in harbour"])[0]
    there: dict[str, str] = {}
    for turn in range(8):
        for n in range(4):
            there[f"{n}.txt"] = day(n) + sentences(f"turn{turn}doc{n}x", 6 + turn)
        if turn % 2:
            there["extra.txt"] = sentences(f"extra{turn}", 9)
        else:
            there.pop("extra.txt", None)
            (corpus / "extra.txt").unlink(missing_ok=True)
        write(corpus, there, age=100 - turn)
        assert eval(writer.sync()) == ((4, 0, 0) if turn == 0 else (turn % 2, 4, (turn + 1) % 2))
        if turn == 0:
            index.check()
        dense = index.consistent(lambda: index.dense(vector, 99))
        words = index.consistent(lambda: index.words("council counted ships", 99))
        dated = index.consistent(lambda: index.dense(vector, 99, Scope(since=date(2024, 3, 2))))
        for hits, paths in (
            (dense, set(there)),
            (words, set(there)),
            (dated, {"1.txt", "2.txt", "3.txt"}),
        ):
            assert {hit.path for hit in hits} == paths
            for hit in hits:
                assert hit.span.of(there[hit.path]) == hit.text
        assert len(dense) == len(words) == index.manifest.counts()[1]


def test_a_reader_asks_all_the_while(
    corpus: Path, index: Index, fake: FakeEmbedder, writer: Writer
) -> None:
    """Whatever instant it asks at: each document in one version, each quote exact, also with a
    filter, for which Chroma looks into files and memory both."""
    history = {
        n: [day(n) + sentences(f"v{version}doc{n}x", 60) for version in range(8)] for n in range(5)
    }
    known = {text for texts in history.values() for text in texts}
    write(corpus, {f"{n}.txt": texts[0] for n, texts in history.items()})
    writer.sync()
    vector = fake.encode(["council counted ships in harbour"])[0]

    def replace() -> None:
        for version in range(1, 8):
            write(
                corpus,
                {f"{n}.txt": texts[version] for n, texts in history.items()},
                age=90 - version,
            )
            assert writer.sync() == "(0, 5, 0)"

    rounds = 0
    with ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(replace)
        while not replacing.done() or rounds < 3:
            rounds += 1
            dense, words, dated = index.consistent(
                lambda: (
                    index.dense(vector, 200),
                    index.words("council counted ships", 200),
                    index.dense(vector, 200, Scope(until=date(2024, 3, 3))),
                )
            )
            for hits, count in ((dense, 5), (words, 5), (dated, 3)):
                versions = {(hit.path, hit.sha256) for hit in hits}
                assert len(versions) == len({path for path, _ in versions}) == count
                for hit in hits:
                    text = index.text(hit.sha256)
                    assert text in known
                    assert hit.span.of(text) == hit.text
        replacing.result()
    for n, texts in history.items():
        (now,) = {hit.sha256 for hit in dense if hit.path == f"{n}.txt"}
        assert index.text(now) == texts[-1]


def test_a_reader_survives_a_rebuild(
    corpus: Path, index: Index, fake: FakeEmbedder, writer: Writer
) -> None:
    write(corpus, {"a.txt": sentences("a", 20)})
    writer.sync()
    assert index.consistent(lambda: index.words("council", 1))[0].path == "a.txt"
    write(corpus, {"b.txt": sentences("b", 20)})
    before = index.manifest.generation()
    writer("sync(corpus, index, fake, rebuild=True).generation")
    assert index.manifest.generation() > before
    vector = fake.encode(["council of b"])[0]
    dense, words = index.consistent(lambda: (index.dense(vector, 99), index.words("council", 99)))
    assert {hit.path for hit in dense} == {hit.path for hit in words} == {"a.txt", "b.txt"}


def test_writers_take_turns(corpus: Path, index: Index, fake: FakeEmbedder, writer: Writer) -> None:
    """The one that did not write last must not go on from what it has in memory."""
    for turn in range(4):
        write(corpus, {"a.txt": sentences(f"turn{turn}", 30), f"{turn}.txt": f"Turn {turn}."})
        if turn % 2:
            sync(corpus, index, fake)
        else:
            writer.sync()
        paths = {"a.txt", *(f"{n}.txt" for n in range(turn + 1))}
        hits = index.consistent(lambda: index.dense(fake.encode(["ships"])[0], 99))
        assert {hit.path for hit in hits} == paths
        assert {
            path
            for word in ("council", "turn")
            for path in {hit.path for hit in index.consistent(lambda w=word: index.words(w, 99))}
        } == paths
        seen = writer("index.consistent(lambda: len(index.dense(fake.encode(['x'])[0], 99)))")
        assert int(seen) == index.manifest.counts()[1]


@pytest.mark.parametrize("count", [9, 2500])
def test_one_that_only_removes_sees_what_the_other_added(
    corpus: Path, index: Index, fake: FakeEmbedder, writer: Writer, count: int
) -> None:
    """A writer's client catches up by itself, but not with what another's graph has swallowed."""
    write(corpus, {"a.txt": sentences("a", 9), "b.txt": sentences("b", 9)})
    sync(corpus, index, fake)
    write(corpus, {"c.txt": sentences("c", count)})
    writer.sync()
    (corpus / "a.txt").unlink()
    assert sync(corpus, index, fake).removed == ("a.txt",)
    hits = index.consistent(lambda: index.dense(fake.encode(["ships"])[0], 5000))
    assert {hit.path for hit in hits} == {"b.txt", "c.txt"}
    assert len(hits) == index.manifest.counts()[1]
