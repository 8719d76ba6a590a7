"""A sync killed at any instant: nothing false in between, and the next one makes it whole.

``ONRECORD_KILLS=50`` sets how many kills there are of each kind.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from index.errors import IndexCorrupt
from index.folder import Index
from index.sync import changed_since_sync, sync
from tests.index.making import ROOT, FakeEmbedder, assert_as_from_nothing, sentences, write

KILLS = int(os.environ.get("ONRECORD_KILLS", "3"))

CHILD = """
import sys
from pathlib import Path
import chromadb
from chromadb.api.client import Client
from index.folder import Index
from index.sync import sync
from tests.index.making import FakeEmbedder

threshold = int(sys.argv[3])
if threshold:
    # Chroma writes its graph's files far more often than it would.
    make = Client.get_or_create_collection
    def often(self, name, configuration=None, **options):
        hnsw = {**configuration["hnsw"], "sync_threshold": threshold, "batch_size": threshold}
        return make(self, name, configuration={"hnsw": hnsw}, **options)
    Client.get_or_create_collection = often
corpus, index, fake = Path(sys.argv[1]), Index(Path(sys.argv[2]), model="fake"), FakeEmbedder()
print("ready", flush=True)
sys.stdin.readline()
while True:
    sync(corpus, index, fake)
"""


class Corpus:
    """A folder that changes all the time, and every text that was ever in it."""

    def __init__(self, folder: Path, chance: random.Random, size: int) -> None:
        self.folder, self._chance, self._size = folder, chance, size
        self.texts: dict[str, str] = {}
        self._turn = 0
        for n in range(size):
            self._put(n)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def _put(self, n: int) -> None:
        self._turn += 1
        if self._chance.random() < 0.05:
            data = b"\0binary" * self._turn
        else:
            text = sentences(f"t{self._turn}n{n}x", self._chance.randint(1, 2000 // self._size))
            data = text.encode()
            self.texts[hashlib.sha256(data).hexdigest()] = text
        write(self.folder.parent / "draft", {"draft": data}, age=0)
        (self.folder.parent / "draft" / "draft").rename(self.folder / f"{n:02}.txt")

    def change(self) -> None:
        for n in self._chance.sample(range(self._size), self._size // 3):
            if self._chance.random() < 0.15:
                (self.folder / f"{n:02}.txt").unlink(missing_ok=True)
            else:
                self._put(n)

    def __enter__(self) -> Corpus:
        self._stop.clear()

        def work() -> None:
            while not self._stop.wait(self._chance.uniform(0.02, 0.2)):
                self.change()

        self._thread = threading.Thread(target=work)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()


def graph(folder: Path) -> tuple[tuple[str, int, int], ...]:
    return tuple(
        (path.name, path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.glob("chroma/*/*.bin")
    )


def kill(corpus: Corpus, folder: Path, threshold: int, chance: random.Random) -> None:
    """Let a process sync a corpus that changes, and kill it."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(corpus.folder), str(folder), str(threshold)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    assert child.stdout.readline() == "ready\n", child.communicate()
    with corpus:
        child.stdin.write("go\n")
        child.stdin.flush()
        if threshold:
            # At the moment at which Chroma writes its graph: when a file of it has just changed.
            time.sleep(chance.uniform(0.0, 0.6))
            before, until = graph(folder), time.monotonic() + 3
            while graph(folder) == before and time.monotonic() < until:
                pass
            time.sleep(chance.choice([0, 0, 0.0003, 0.001, 0.003, 0.01]))
        else:
            time.sleep(chance.uniform(0.0, 1.2))
        child.send_signal(signal.SIGKILL)
        _, errors = child.communicate()
    assert child.returncode == -signal.SIGKILL, errors


def assert_nothing_false(corpus: Corpus, folder: Path, fake: FakeEmbedder) -> str:
    """Read the index as the dead process left it. Returns what it is like."""
    index = Index(folder, model="fake")
    try:
        if not index.exists:
            return "missing"
        index.check()
        vector = fake.encode(["council counted ships in harbour"])[0]
        try:
            hits = index.consistent(
                lambda: [*index.dense(vector, 80), *index.words("council counted ships", 80)]
            )
        except IndexCorrupt as problem:
            # Not opened, as Chroma was at its graph: a sync mends it, and `ask` makes one first.
            assert problem.remedy == "Repair them with: onrecord index"
            assert changed_since_sync(corpus.folder, index)
            return "torn"
        for hit in hits:
            text = corpus.texts[hit.sha256]
            assert index.text(hit.sha256) == text
            assert hit.span.of(text) == hit.text
            current = index.manifest.current_of(hit.path)
            assert current is not None and current.sha256 == hit.sha256
        return "hits" if hits else "empty"
    finally:
        index.close()


@pytest.mark.timeout(60 + 20 * KILLS)
@pytest.mark.parametrize(
    ("size", "threshold"),
    [(12, 0), (45, 30)],
    ids=["at random", "while Chroma writes its graph"],
)
def test_killed_at_any_instant(
    corpus: Path, tmp_path: Path, fake: FakeEmbedder, size: int, threshold: int
) -> None:
    chance = random.Random(f"{size} {threshold}")
    changing = Corpus(corpus, chance, size)
    folder = tmp_path / "index"
    found: list[str] = []
    repaired: list[str] = []
    committed = False
    for number in range(KILLS):
        if number % 10 == 9:
            # From nothing once more: the first sync is special.
            folder, committed = tmp_path / f"index{number}", False
        changing.change()
        kill(changing, folder, threshold, chance)
        found.append(assert_nothing_false(changing, folder, fake))
        assert found[-1] != "missing" or not committed
        index = Index(folder, model="fake")
        repaired.append(sync(corpus, index, fake).repaired)
        assert_as_from_nothing(index, corpus, tmp_path / f"fresh{number}", fake)
        assert sync(corpus, index, fake).repaired == ""
        index.close()
        committed = True
    print(f"\n{KILLS} kills {threshold=}:", {state: found.count(state) for state in set(found)})
    print("repairs:", sorted(filter(None, repaired)))
