"""One index whose vectors lie on a Chroma server: a writer and two readers, each a process of its
own, on the same index folder. The store's contract on a server is in ``test_store.py``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import IndexMismatch
from index.folder import Index
from index.sync import sync
from tests.index.making import ROOT, FakeEmbedder, assert_as_from_nothing, sentences, write

_PROCESS = """
import json, sys
from pathlib import Path
from index.folder import Index
from index.sync import sync
from tests.index.making import FakeEmbedder
corpus, folder, server = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
index, fake = Index(folder, model="fake", server=server), FakeEmbedder()
vector = fake.encode(["council counted ships in harbour"])[0]

def read():
    # What it finds holds only once no commit has come between: so it is looked at afterwards.
    dense, words = index.consistent(
        lambda: (index.dense(vector, 200), index.words("council counted ships", 200))
    )
    for hits in (dense, words):
        versions = {(hit.path, hit.sha256) for hit in hits}
        assert len(versions) == len({path for path, _ in versions}), versions
        for hit in hits:
            assert hit.span.of(index.text(hit.sha256)) == hit.text
    assert {hit.path for hit in dense} == {hit.path for hit in words}
    return sorted({(hit.path, hit.text.split()[2]) for hit in dense if hit.span.start == 0})

def done(report):
    return [len(paths) for paths in (report.added, report.changed, report.removed)]

def rounds(n):
    for _ in range(n):
        read()
    return n

print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""


class Process:
    """Evaluates one expression after the other."""

    def __init__(self, corpus: Path, folder: Path, server: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(corpus), str(folder), server],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    def ask(self, expression: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()

    def answer(self) -> object:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def __call__(self, expression: str) -> object:
        self.ask(expression)
        return self.answer()


@pytest.fixture
def index(tmp_path: Path, server: str) -> Iterator[Index]:
    opened = Index(tmp_path / "index", model="fake", server=server)
    yield opened
    opened.store.reset()
    opened.close()


@pytest.fixture
def processes(corpus: Path, index: Index, server: str) -> Iterator[list[Process]]:
    made = [Process(corpus, index.path, server) for _ in range(3)]
    yield made
    for each in made:
        each.process.kill()
        each.process.communicate()


def test_two_readers_follow_one_writer(
    corpus: Path, index: Index, fake: FakeEmbedder, processes: list[Process], tmp_path: Path
) -> None:
    """What is committed is seen by the next question of either, and nothing that was deleted."""
    writer, *readers = processes
    synced = "done(sync(corpus, index, fake))"
    write(corpus, {f"{n}.txt": sentences(f"v0doc{n}x", 20) for n in range(3)})
    assert writer(synced) == [3, 0, 0]
    wanted = [[f"{n}.txt", f"v0doc{n}x"] for n in range(3)]
    for reader in readers:
        assert reader("read()") == wanted
    write(corpus, {"1.txt": sentences("v1doc1x", 30), "3.txt": sentences("v1doc3x", 5)}, age=40)
    (corpus / "0.txt").unlink()
    assert writer(synced) == [1, 1, 1]
    wanted = [["1.txt", "v1doc1x"], ["2.txt", "v0doc2x"], ["3.txt", "v1doc3x"]]
    for reader in readers:
        assert reader("read()") == wanted
    # And while it writes: each reader sees one version of each document, with exact quotes.
    for reader in readers:
        reader.ask("rounds(10)")
    for turn in range(2, 5):
        write(corpus, {"1.txt": sentences(f"v{turn}doc1x", 30)}, age=40 - turn)
        assert writer(synced) == [0, 1, 0]
    for reader in readers:
        assert reader.answer() == 10
        assert reader("read()")[0] == ["1.txt", "v4doc1x"]  # type: ignore[index]
    assert not (index.path / "chroma").exists()
    assert_as_from_nothing(index, corpus, tmp_path / "fresh", fake)


def test_an_index_on_a_server_is_not_taken_for_one_in_the_folder(
    corpus: Path, index: Index, fake: FakeEmbedder, server: str
) -> None:
    write(corpus, {"a.txt": sentences("a", 3)})
    sync(corpus, index, fake)
    embedded = Index(index.path, model="fake")
    with pytest.raises(IndexMismatch) as refused:
        embedded.check()
    assert refused.value.message == (
        f"The index at {index.path} was made with vector store {server}; asked with embedded."
    )
    embedded.close()
