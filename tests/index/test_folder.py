"""An index as a whole: what it refuses, what it finds, and what a reader sees at one instant."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from index.errors import IndexBusy, IndexCorrupt, IndexMismatch, IndexMissing, StorageError
from index.folder import Index, Scope, default_folder, wipe
from index.store import VectorFilter
from index.sync import sync
from index.types import Span
from tests.index.making import FakeEmbedder, run_python, sentences, write

GOLD = "Gold fell\n\nGold fell on Monday. The price of gold was the lowest this year.\n"
RAIN = "Published: 2024-03-05\n\nRain\n\nRain closed the harbour of Ornvik.\n"
SNOW = "Published: 2024-05-01\n\nSnow\n\nSnow closed the harbour of Ornvik again.\n"


@pytest.fixture
def filled(corpus: Path, index: Index, fake: FakeEmbedder) -> Index:
    write(corpus, {"gold.txt": GOLD, "north/rain.txt": RAIN, "north/snow.txt": SNOW})
    sync(corpus, index, fake)
    return index


# -- what it is ----------------------------------------------------------------------------------


def test_there_is_none_yet(index: Index) -> None:
    assert not index.exists
    with pytest.raises(IndexMissing, match="There is no index at") as caught:
        index.check()
    assert caught.value.remedy == "Make one with: onrecord index DIR"
    assert not index.path.exists()


def test_how_it_was_made_is_remembered(filled: Index, corpus: Path) -> None:
    filled.check()
    meta = filled.manifest.meta()
    assert (
        meta.items()
        >= {
            "model": "fake",
            "dimension": "16",
            "vectors": "embedded",
            "corpus": str(corpus),
            "format": "1",
        }.items()
    )


def test_asked_with_another_model_it_refuses(filled: Index) -> None:
    other = Index(filled.path, model="other")
    with pytest.raises(
        IndexMismatch, match="made with embedding model fake; asked with other"
    ) as e:
        other.check()
    assert "onrecord index --rebuild" in e.value.remedy
    other.close()


@pytest.mark.parametrize(
    ("key", "what"), [("chunks", "chunker version"), ("format", "layout"), ("vectors", "vector")]
)
def test_made_otherwise_it_refuses(filled: Index, key: str, what: str) -> None:
    filled.manifest.set_meta(**{key: "older"})
    with pytest.raises(IndexMismatch, match=f"{what}.* older; asked with"):
        filled.check()


def test_asked_with_a_server_it_refuses(filled: Index) -> None:
    other = Index(filled.path, model="fake", server="http://127.0.0.1:1")
    with pytest.raises(IndexMismatch, match="made with vector store embedded; asked with http"):
        other.check()
    other.close()


# -- where it lives ------------------------------------------------------------------------------


def test_the_default_folder_is_keyed_by_the_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    one, other = tmp_path / "a" / "news", tmp_path / "b" / "news"
    one.mkdir(parents=True)
    other.mkdir(parents=True)
    folder = default_folder(one)
    assert folder.parent == tmp_path / "data" / "onrecord" / "indexes"
    assert folder.name.startswith("news-") and len(folder.name) == len("news-") + 16
    assert default_folder(other) != folder
    monkeypatch.chdir(tmp_path / "a")
    (tmp_path / "link").symlink_to(one)
    for same in (Path("news"), Path("./news/"), tmp_path / "b" / ".." / "a" / "news"):
        assert default_folder(same) == folder
    assert default_folder(tmp_path / "link") == folder
    assert not folder.exists()


@pytest.mark.parametrize("name", [b"caf\xe9", "日本語 ニュース".encode(), b"x" * 250, b"a/../.b"])
def test_any_name_gives_a_folder_that_can_be_made(tmp_path: Path, name: bytes) -> None:
    folder = default_folder(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)))
    folder.mkdir(parents=True)
    str(folder).encode()


def test_wipe_removes_an_index_and_nothing_else(filled: Index) -> None:
    (filled.path / "mine.txt").write_text("keep")
    filled.close()
    wipe(filled.path)
    wipe(filled.path)
    left = {path.name for path in filled.path.iterdir() if path.suffix != ".lock"}
    assert left == {"mine.txt", "texts"}


# -- finding -------------------------------------------------------------------------------------


def test_a_hit_can_be_shown_without_a_look_up(filled: Index, fake: FakeEmbedder) -> None:
    (hit,) = filled.words("lowest price of gold", 1)
    assert (hit.path, hit.title, hit.published, hit.source) == ("gold.txt", "Gold fell", None, None)
    assert hit.span.of(GOLD) == hit.text
    assert hit.span == Span(0, len(GOLD) - 1)
    assert hit.layer == "1"
    assert filled.text(hit.sha256) == filled.text(hit.sha256, hit.layer) == GOLD
    near = filled.dense(fake.encode([GOLD])[0], 3)
    assert near[0].path == "gold.txt" and near[0].score > 0.99
    assert [hit.score for hit in near] == sorted((hit.score for hit in near), reverse=True)


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (None, {"gold.txt", "north/rain.txt", "north/snow.txt"}),
        (Scope(), {"gold.txt", "north/rain.txt", "north/snow.txt"}),
        (Scope(documents=("gold.txt",)), {"gold.txt"}),
        (Scope(documents=("north/*",)), {"north/rain.txt", "north/snow.txt"}),
        (Scope(documents=("*snow*", "gold.txt")), {"gold.txt", "north/snow.txt"}),
        (Scope(documents=("south/*",)), set()),
        (Scope(since=date(2024, 3, 5)), {"north/rain.txt", "north/snow.txt"}),
        (Scope(since=date(2024, 3, 6)), {"north/snow.txt"}),
        (Scope(until=date(2024, 3, 5)), {"gold.txt", "north/rain.txt"}),
        (Scope(until=date(1, 1, 1)), {"gold.txt"}),
        (Scope(since=date(2024, 3, 5), until=date(2024, 4, 1)), {"north/rain.txt"}),
        (Scope(("gold.txt",), since=date(1, 1, 1)), set()),
        (Scope(("north/*",), until=date(2024, 3, 5)), {"north/rain.txt"}),
    ],
)
def test_scopes(filled: Index, fake: FakeEmbedder, scope: Scope | None, wanted: set[str]) -> None:
    vector = fake.encode(["harbour gold"])[0]
    assert {hit.path for hit in filled.dense(vector, 9, scope)} == wanted
    found = {hit.path for hit in filled.words("harbour gold rain snow", 9, scope)}
    assert found == wanted
    assert {
        version.path for version in filled.manifest.current() if (scope or Scope()).allows(version)
    } == wanted


def test_a_narrow_scope_is_filled_from_far_down(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    """The one document in scope is the last of sixty in the ranking."""
    write(corpus, {f"{n:02}.txt": f"Title {n}\n\nharbour harbour harbour {n}." for n in range(60)})
    write(corpus, {"last.txt": "Other\n\nThe long story of one harbour " + "and more " * 9})
    sync(corpus, index, fake)
    assert [hit.path for hit in index.words("harbour", 1, Scope(("last.txt",)))] == ["last.txt"]
    assert len(index.words("harbour", 61)) == 61
    vector = fake.encode(["harbour"])[0]
    assert [hit.path for hit in index.dense(vector, 5, Scope(("last.txt",)))] == ["last.txt"]
    assert len(index.dense(vector, 61)) == 61


def test_what_a_scope_costs_does_not_depend_on_the_corpus(
    corpus: Path, index: Index, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wide scope is sifted from the best of all, and of a narrow one the passages are compared
    one by one: Chroma's filters, which look at every passage, are for what lies between."""
    days = {f"{n:03}.txt": f"Published: 2024-{n % 12 + 1:02}-01\n\nharbour {n}" for n in range(600)}
    write(corpus, {**days, "last.txt": "Other\n\nThe long story of one harbour " + "and more " * 9})
    sync(corpus, index, fake)
    asked: list[str] = []

    def spied(name: str) -> None:
        method = getattr(index.store, name)

        def call(*args: object, **options: object) -> object:
            filtered = options.get("allow") is not None
            asked.append(f"{name}, filtered" if filtered else name)
            return method(*args, **options)

        monkeypatch.setattr(index.store, name, call)

    spied("query")
    spied("query_among")
    vector = fake.encode(["harbour"])[0]
    wide = index.dense(vector, 20, Scope(until=date(2024, 11, 30)))
    assert len(wide) == 20
    assert asked == ["query"]
    asked.clear()
    assert [hit.path for hit in index.dense(vector, 20, Scope(("last.txt",)))] == ["last.txt"]
    assert asked == ["query_among"]
    asked.clear()
    monkeypatch.setattr("index.folder._COMPARED", 10)
    found = index.dense(vector, 20, Scope(("00?.txt", "01?.txt"), since=date(2024, 12, 1)))
    assert [hit.path for hit in found] == ["011.txt"]
    assert asked == ["query", "query", "query_among"]
    asked.clear()
    many = Scope(tuple(f"{n:03}.txt" for n in range(580, 600)))
    assert {hit.path for hit in index.dense(vector, 20, many)} == set(many.documents)
    assert asked == ["query, filtered"]
    few = Scope(("599.txt", "nothing.txt", "598.txt", "598.txt"), until=date(2024, 11, 30))
    assert {hit.path for hit in index.words("harbour", 20, few)} == {"598.txt"}
    assert index.words("harbour", 20, Scope(("nothing.txt",))) == []


def test_passages_that_are_not_current_are_never_hits(filled: Index, fake: FakeEmbedder) -> None:
    """As a writer leaves them that died before its commit, or after it."""
    vectors = fake.encode([GOLD])
    for number in (900, 901):
        filled.store.add([(number, n) for n in range(30)], vectors.repeat(30, axis=0), [None] * 30)
        filled.lexical.add(((number, n), "Gold", "gold gold gold") for n in range(30))
    assert [hit.path for hit in filled.dense(vectors[0], 1)] == ["gold.txt"]
    assert [hit.path for hit in filled.words("gold", 1)] == ["gold.txt"]
    assert len(filled.dense(vectors[0], 9)) == 3
    filled.manifest.commit(removed=["gold.txt"])
    assert "gold.txt" not in {hit.path for hit in filled.dense(vectors[0], 9)}
    assert filled.words("gold", 9) == []
    assert filled.manifest.current_of("gold.txt") is None


# -- damage --------------------------------------------------------------------------------------


def test_a_lost_text_is_named(filled: Index) -> None:
    for path in (filled.path / "texts").rglob("*.txt"):
        path.unlink()
    filled.texts._cached.cache_clear()
    for read in (
        lambda: filled.consistent(lambda: filled.words("gold", 3)),
        lambda: filled.words("gold", 3),
        lambda: filled.text("0" * 64),
    ):
        with pytest.raises(IndexCorrupt, match="has lost the text of a document") as caught:
            read()
        assert "onrecord index --rebuild" in caught.value.remedy


def test_a_text_cut_short_is_never_quoted(filled: Index) -> None:
    for path in (filled.path / "texts").rglob("*.txt"):
        path.write_bytes(path.read_bytes()[:-3])
    filled.texts._cached.cache_clear()
    with pytest.raises(IndexCorrupt, match=r"has only a part of the text of gold\.txt"):
        filled.words("gold", 3)


def test_a_graph_that_a_dead_writer_may_have_torn_is_not_opened(filled: Index) -> None:
    """Chroma can crash on one. The next sync repairs it."""
    filled.manifest.set_meta(storing="as it was before")
    other = Index(filled.path, model="fake")
    filled.store.forget()
    with pytest.raises(IndexCorrupt, match="A sync died while it wrote the vectors") as caught:
        other.consistent(lambda: other.words("gold", 1))
    assert caught.value.remedy == "Repair them with: onrecord index"
    filled.manifest.set_meta(storing=filled.store.graph_state())
    assert [h.path for h in other.consistent(lambda: other.words("gold", 1))] == ["gold.txt"]
    other.close()


# -- locks ---------------------------------------------------------------------------------------


def test_one_writer_at_a_time(filled: Index) -> None:
    other = Index(filled.path, model="fake")
    with filled.writer():
        for second in (filled, other):
            with pytest.raises(IndexBusy, match="Another sync is writing"), second.writer():
                pass
        with ThreadPoolExecutor(1) as pool, pytest.raises(IndexBusy):
            pool.submit(other.writer().__enter__).result()
    with other.writer():
        pass
    other.close()


def test_sections_wait_for_one_another(filled: Index) -> None:
    order: list[str] = []
    entered = threading.Event()

    def first() -> None:
        with filled.section():
            entered.set()
            time.sleep(0.2)
            order.append("first")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(first)
        entered.wait()
        with filled.section():
            order.append("second")
        done.result()
    assert order == ["first", "second"]


def test_below_a_regular_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    index = Index(tmp_path / "file" / "index", model="fake")
    assert not index.exists
    for enter in (index.writer, index.section):
        with pytest.raises(StorageError, match="can't be written: Not a directory"), enter():
            pass
    index.close()


@pytest.fixture
def readonly(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "readonly"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder]
    if os.geteuid() or subprocess.run(options, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_on_a_read_only_file_system(readonly: Path, corpus: Path, fake: FakeEmbedder) -> None:
    write(corpus, {"gold.txt": GOLD})
    for folder in (readonly, readonly / "index"):
        index = Index(folder, model="fake")
        with pytest.raises(StorageError, match="can't be written: Read-only file") as caught:
            sync(corpus, index, fake)
        assert "--index" in caught.value.remedy
        index.close()


# -- at one instant ------------------------------------------------------------------------------


def test_reading_again_when_a_commit_came_between(filled: Index) -> None:
    seen: list[int] = []

    def read() -> int:
        seen.append(filled.manifest.generation())
        if len(seen) < 4:
            filled.manifest.commit()
        return filled.manifest.generation()

    assert filled.consistent(read) == seen[-1] == filled.manifest.generation()
    assert len(seen) == 4


def test_commits_that_come_faster_than_reads(filled: Index) -> None:
    """The last resort keeps writers out; one that has stored already may still commit."""
    rounds = 0

    def read() -> tuple[int, int]:
        nonlocal rounds
        rounds += 1
        before = filled.manifest.generation()
        if rounds < 10:
            filled.manifest.commit()
        return before, filled.manifest.generation()

    before, after = filled.consistent(read)
    assert before == after == filled.manifest.generation()
    assert rounds == 10


def test_a_filter_over_passages_not_yet_committed(filled: Index, fake: FakeEmbedder) -> None:
    """Chroma filters by its files and then looks in memory for what it found: an open reader
    fails on what another process has stored and not committed, though nothing is wrong."""
    vector = fake.encode(["harbour"])[0]
    allow = VectorFilter(since=date(2024, 1, 1).toordinal())

    def found() -> list[str]:
        passages = [passage for passage, _ in filled.store.query(vector, 50, allow=allow)]
        return sorted(place.version.path for place in filled.manifest.locate(passages))

    assert filled.consistent(found) == ["north/rain.txt", "north/snow.txt"]
    code = (
        "import sys, numpy as np; from pathlib import Path; from index.store import ChunkStore\n"
        "s = ChunkStore(Path(sys.argv[1]))\n"
        # Not forty times the same: equal vectors link only to one another in Chroma's graph.
        "v = np.random.default_rng(7).normal(size=(40, 16)).astype('float32')\n"
        "s.add([(77, n) for n in range(40)], v, [800_000] * 40); s.close()"
    )
    done = run_python(code, filled.path / "chroma")
    assert done.returncode == 0, done.stderr
    with pytest.raises(IndexCorrupt, match="finding id"):
        found()  # what Chroma does by itself
    assert filled.consistent(found) == ["north/rain.txt", "north/snow.txt"]


def test_what_is_truly_damaged_is_said_at_once(filled: Index) -> None:
    def read() -> None:
        raise IndexCorrupt("The vectors can't be read.", "Rebuild.")

    started = time.monotonic()
    with pytest.raises(IndexCorrupt, match="The vectors can't be read"):
        filled.consistent(read)
    assert time.monotonic() - started < 3


def test_many_threads_ask_while_documents_are_replaced(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    """Each answer is the old version or the new one: never half of one, never neither."""
    names = [f"{n}.txt" for n in range(4)]
    write(corpus, {name: sentences(f"{name[0]}v0x", 12) for name in names})
    sync(corpus, index, fake)
    vector = fake.encode(["council counted ships in harbour"])[0]
    stop = threading.Event()
    versions: set[str] = set()

    def read(number: int) -> int:
        rounds = 0
        other = Index(index.path, model="fake") if number else index
        try:
            while not stop.is_set() or rounds < 2:
                rounds += 1
                dense, words = other.consistent(
                    lambda: (other.dense(vector, 99), other.words("council counted ships", 99))
                )
                for hits in (dense, words):
                    by_path: dict[str, set[str]] = {}
                    for hit in hits:
                        by_path.setdefault(hit.path, set()).add(hit.sha256)
                        assert hit.span.of(other.text(hit.sha256)) == hit.text
                    assert by_path.keys() == set(names)
                    assert all(len(shas) == 1 for shas in by_path.values())
                assert {(h.path, h.sha256, h.span) for h in dense} == {
                    (h.path, h.sha256, h.span) for h in words
                }
                versions.update(hit.sha256 for hit in dense)
        finally:
            if other is not index:
                other.close()
        return rounds

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read, number) for number in range(3)]
        try:
            for version in range(1, 9):
                write(corpus, {name: sentences(f"{name[0]}v{version}x", 12) for name in names})
                assert len(sync(corpus, index, fake).changed) == 4
        finally:
            stop.set()
        assert min(job.result() for job in reading) >= 2
    assert len(versions) > 4
