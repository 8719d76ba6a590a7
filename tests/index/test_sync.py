"""The index becomes equal to the folder, whatever is in the folder and whatever goes wrong."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import socket
import sqlite3
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import index.sync
from index.embed import Embedder
from index.errors import (
    CorpusError,
    IndexBusy,
    IndexCorrupt,
    IndexMismatch,
    ModelError,
    StorageError,
)
from index.folder import Index
from index.parse import parse_bytes
from index.sentences import sentence_spans
from index.sync import Refused, SyncReport, changed_since_sync, prune, sync
from index.types import within
from tests.index.making import (
    ROOT,
    FakeEmbedder,
    assert_as_from_nothing,
    content,
    run_python,
    sentences,
    write,
)

BINARY = b"\0\1\2\3" * 200
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def equal(corpus: Path, index: Index, fake: FakeEmbedder, tmp_path: Path) -> Callable[[], object]:
    """Asserts that the index equals one built from nothing."""
    numbers = iter(range(100))
    return lambda: assert_as_from_nothing(index, corpus, tmp_path / f"fresh{next(numbers)}", fake)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files of the corpus that are read, in order."""
    names: list[str] = []
    real = Path.read_bytes

    def counted(self: Path) -> bytes:
        if self.suffix in (".txt", ".md") and "texts" not in self.parts:
            names.append(self.name)
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    return names


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are parsed, in order."""
    paths: list[str] = []

    def counted(data: bytes, path: str) -> object:
        paths.append(path)
        return parse_bytes(data, path)

    monkeypatch.setattr(index.sync, "parse_bytes", counted)
    return paths


def age(path: Path, seconds: float = 60) -> None:
    moment = time.time_ns() - int(seconds * 1e9)
    os.utime(path, ns=(moment, moment))


def documents(index: Index) -> dict[str, str]:
    """Each current document with its text."""
    return {version.path: index.text(version.sha256) for version in index.manifest.current()}


# -- the difference ------------------------------------------------------------------------------


def test_added_changed_removed_unchanged(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b/b.md": sentences("b", 9), "c.txt": "One. Two."})
    first = sync(corpus, index, fake)
    assert (first.added, first.changed, first.removed) == (("a.txt", "b/b.md", "c.txt"), (), ())
    assert (first.unchanged, first.failed, first.skipped, first.repaired) == (0, (), (), "")
    assert first.passages == index.manifest.counts()[1] == fake.encoded > 3
    assert first.dirty and first.seconds > 0
    equal()
    write(corpus, {"b/b.md": sentences("b2", 7), "d.txt": sentences("d", 3)})
    (corpus / "c.txt").unlink()
    second = sync(corpus, index, fake)
    assert (second.added, second.changed, second.removed, second.unchanged) == (
        ("d.txt",),
        ("b/b.md",),
        ("c.txt",),
        1,
    )
    assert second.generation == index.manifest.generation() > first.generation
    equal()
    before = fake.encoded
    third = sync(corpus, index, fake)
    assert third == SyncReport(unchanged=3, seconds=third.seconds, generation=second.generation)
    assert not third.dirty
    assert fake.encoded == before
    assert index.words("ships in harbour c", 9) == index.words("ships harbour", 9)


def test_many_documents_in_several_groups(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {f"{n}.txt": sentences(f"p{n}x", 30) for n in range(70)})
    report = sync(corpus, index, fake)
    assert len(report.added) == 70 and report.passages > 600
    write(corpus, {f"{n}.txt": sentences(f"q{n}x", 30) for n in range(0, 70, 2)})
    for n in range(1, 20, 2):
        (corpus / f"{n}.txt").unlink()
    report = sync(corpus, index, fake)
    assert (len(report.changed), len(report.removed), report.unchanged) == (35, 10, 25)
    equal()


def test_a_change_to_one_of_two_equal_files(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("a", 5)})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": sentences("c", 5)})
    sync(corpus, index, fake)
    equal()
    (corpus / "b.txt").rename(corpus / "moved.txt")
    report = sync(corpus, index, fake)
    assert (report.added, report.removed) == (("moved.txt",), ("b.txt",))
    equal()


def test_there_and_back_again(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    for content_ in ("one", "two", "one", "two"):
        write(corpus, {"a.txt": sentences(content_, 4)})
        sync(corpus, index, fake)
        equal()
    assert documents(index) == {"a.txt": sentences("two", 4)}


def test_a_file_becomes_a_folder_and_back(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {"a.txt": "A file.", "b.txt": "Stays."})
    sync(corpus, index, fake)
    (corpus / "a.txt").unlink()
    write(corpus, {"a.txt/inner.txt": "In a folder."})
    report = sync(corpus, index, fake)
    assert (report.added, report.removed) == (("a.txt/inner.txt",), ("a.txt",))
    equal()
    shutil.rmtree(corpus / "a.txt")
    write(corpus, {"a.txt": "A file again."})
    report = sync(corpus, index, fake)
    assert (report.added, report.removed) == (("a.txt",), ("a.txt/inner.txt",))
    equal()


# -- what tells a file unchanged -----------------------------------------------------------------


def test_unchanged_files_are_not_read(
    corpus: Path, index: Index, fake: FakeEmbedder, read: list[str]
) -> None:
    write(corpus, {"a.txt": "A.", "b.txt": "B."})
    sync(corpus, index, fake)
    assert read == ["a.txt", "b.txt"]
    read.clear()
    assert not changed_since_sync(corpus, index)
    assert sync(corpus, index, fake).unchanged == 2
    assert read == []
    write(corpus, {"b.txt": "B changed."}, age=30)
    assert changed_since_sync(corpus, index)
    assert sync(corpus, index, fake).changed == ("b.txt",)
    assert read == ["b.txt"]


def test_a_touched_file_is_read_once_and_not_embedded(
    corpus: Path, index: Index, fake: FakeEmbedder, read: list[str]
) -> None:
    write(corpus, {"a.txt": "A.", "b.txt": "B."})
    generation = sync(corpus, index, fake).generation
    age(corpus / "a.txt", 30)
    embedded = fake.encoded
    read.clear()
    report = sync(corpus, index, fake)
    assert (report.unchanged, report.generation, read) == (2, generation, ["a.txt"])
    read.clear()
    assert sync(corpus, index, fake).unchanged == 2
    assert (read, fake.encoded) == ([], embedded)


def test_a_change_within_the_tick_of_the_clock_is_seen(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    """Same size, same time, same inode: only that it was read so soon after tells."""
    path = corpus / "a.txt"
    write(corpus, {"a.txt": "The price is 5."}, age=0)
    state = path.stat()
    sync(corpus, index, fake)
    with path.open("r+b") as file:
        file.write(b"The price is 6.")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_ino) == (state.st_size, state.st_ino)
    assert changed_since_sync(corpus, index)
    assert sync(corpus, index, fake).changed == ("a.txt",)
    assert documents(index) == {"a.txt": "The price is 6."}


def test_verify_reads_everything(corpus: Path, index: Index, fake: FakeEmbedder) -> None:
    """Content changed with size and time put back: only its hash tells."""
    path = corpus / "a.txt"
    write(corpus, {"a.txt": "The price is 5.", "b.txt": "B."})
    state = path.stat()
    sync(corpus, index, fake)
    with path.open("r+b") as file:
        file.write(b"The price is 6.")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert not changed_since_sync(corpus, index)
    assert sync(corpus, index, fake).unchanged == 2
    report = sync(corpus, index, fake, verify=True)
    assert (report.changed, report.unchanged) == (("a.txt",), 1)
    assert documents(index)["a.txt"] == "The price is 6."


def test_another_file_in_its_place_is_seen_by_its_inode(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    path = corpus / "a.txt"
    write(corpus, {"a.txt": "The price is 5."})
    state = path.stat()
    sync(corpus, index, fake)
    other = corpus / "draft"
    other.write_bytes(b"The price is 6.")
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    other.rename(path)
    assert sync(corpus, index, fake).changed == ("a.txt",)


def test_another_parser_version_reads_again(
    corpus: Path, index: Index, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corpus, {"a.txt": "A.", "bad.txt": BINARY})
    sync(corpus, index, fake)
    monkeypatch.setattr("index.sync.PARSER_VERSION", "99")
    report = sync(corpus, index, fake)
    assert (report.changed, len(report.failed)) == (("a.txt",), 1)
    assert {version.parser for version in index.manifest.current()} == {"99"}


# -- files that can't be taken in ----------------------------------------------------------------


def test_a_failure_is_remembered_by_content(
    corpus: Path, index: Index, fake: FakeEmbedder, read: list[str], parsed: list[str]
) -> None:
    write(corpus, {"a.txt": "A.", "bad.txt": BINARY, "empty.txt": b" \n"})
    report = sync(corpus, index, fake)
    assert report.added == ("a.txt",)
    assert [(refused.path, bool(refused.reason), bool(refused.remedy)) for refused in
            report.failed] == [("bad.txt", True, True), ("empty.txt", True, True)]  # fmt: skip
    assert sorted(parsed) == ["a.txt", "bad.txt", "empty.txt"]
    read.clear()
    parsed.clear()
    assert sync(corpus, index, fake).failed == report.failed
    assert (read, parsed) == ([], [])
    assert not changed_since_sync(corpus, index)
    age(corpus / "bad.txt", 20)
    again = sync(corpus, index, fake)
    assert (again.failed, again.unchanged) == (report.failed, 1)
    assert (read, parsed) == (["bad.txt"], [])
    write(corpus, {"bad.txt": "Now it is text."}, age=10)
    better = sync(corpus, index, fake)
    assert (better.added, len(better.failed), parsed) == (("bad.txt",), 1, ["bad.txt"])
    (corpus / "empty.txt").unlink()
    last = sync(corpus, index, fake)
    assert (last.removed, last.failed, last.unchanged) == (("empty.txt",), (), 2)


def test_a_document_that_becomes_binary_leaves(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": "B."})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": BINARY}, age=30)
    report = sync(corpus, index, fake)
    assert [refused.path for refused in report.failed] == ["a.txt"]
    assert (report.changed, report.unchanged) == ((), 1)
    assert documents(index) == {"b.txt": "B."}
    assert index.words("council ships", 5) == []
    equal()


def test_an_unreadable_file_keeps_its_version(
    corpus: Path, index: Index, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corpus, {"a.txt": "A as it was.", "b.txt": "B."})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": "A as it is.", "new.txt": "New."}, age=30)
    real = Path.read_bytes

    def denied(self: Path) -> bytes:
        if self.name in ("a.txt", "new.txt"):
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", denied)
        report = sync(corpus, index, fake)
        assert report.failed == tuple(
            Refused(name, "can't be read: Permission denied", "Make the file readable and sync "
                    "again.") for name in ("a.txt", "new.txt")
        )  # fmt: skip
        assert documents(index) == {"a.txt": "A as it was.", "b.txt": "B."}
    report = sync(corpus, index, fake)
    assert (report.added, report.changed) == (("new.txt",), ("a.txt",))


@pytest.fixture
def ordinary() -> Iterator[tuple[Path, Callable[[], AbstractContextManager[None]]]]:
    """A folder, and a way to be a user there whom permissions bind; root is above them."""
    nobody = 65534

    @contextmanager
    def be() -> Iterator[None]:
        if not AS_ROOT:
            yield
            return
        for place in (folder, *folder.rglob("*")):
            os.chown(place, nobody, nobody)
        os.seteuid(nobody)
        try:
            yield
        finally:
            os.seteuid(0)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder, be


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o100])
def test_a_closed_folder_keeps_its_documents(
    fake: FakeEmbedder, ordinary: tuple[Path, Callable[[], AbstractContextManager[None]]], mode: int
) -> None:
    folder, be = ordinary
    corpus, index = folder / "corpus", Index(folder / "index", model="fake")
    write(corpus, {"a.txt": "A.", "closed/b.txt": "B.", "shut.txt": "C."})
    assert len(sync(corpus, index, fake).added) == 3
    write(corpus, {"shut.txt": "C changed."}, age=30)
    with be():
        (corpus / "closed").chmod(mode)
        (corpus / "shut.txt").chmod(0)
        report = sync(corpus, index, fake)
        (corpus / "closed").chmod(0o755)
    assert report.removed == ()
    assert [refused.path for refused in report.failed] == ["shut.txt"]
    assert [refused.path.split("/")[0] for refused in report.skipped] == ["closed"]
    assert documents(index) == {"a.txt": "A.", "closed/b.txt": "B.", "shut.txt": "C."}
    index.close()


def test_an_index_folder_without_write_permission(
    fake: FakeEmbedder, ordinary: tuple[Path, Callable[[], AbstractContextManager[None]]]
) -> None:
    folder, be = ordinary
    corpus, index = folder / "corpus", Index(folder / "index", model="fake")
    write(corpus, {"a.txt": "A."})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": "A changed."}, age=30)
    new = Index(folder / "closed" / "index", model="fake")
    (folder / "closed").mkdir()
    with be():
        for place in ("closed", "index", "index/chroma", "index/writer.lock"):
            (folder / place).chmod(0o500)
        for there in (new, index):
            with pytest.raises(StorageError, match="can't be written: Permission denied") as caught:
                sync(corpus, there, fake)
            assert str(folder) in caught.value.message
            assert "--index" in caught.value.remedy
        for place in ("closed", "index", "index/chroma"):
            (folder / place).chmod(0o700)
    assert documents(index) == {"a.txt": "A."}
    index.close()
    new.close()


def test_an_unlistable_folder_keeps_its_documents(
    corpus: Path, index: Index, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corpus, {"a.txt": "A.", "in/b.txt": "B.", "in/er/c.txt": "C.", "in2.txt": "D."})
    sync(corpus, index, fake)
    real = os.scandir

    def denied(path: Path) -> object:
        if Path(path).name == "in":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        (corpus / "in2.txt").unlink()
        report = sync(corpus, index, fake)
    assert (report.removed, report.unchanged) == (("in2.txt",), 3)
    assert report.skipped == (Refused("in", "can't be listed: Permission denied"),)
    shutil.rmtree(corpus / "in")
    assert sync(corpus, index, fake).removed == ("in/b.txt", "in/er/c.txt")


class Blind:
    """An entry of a folder that may be listed but not entered."""

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self.name, self.path = entry.name, entry.path
        self.is_symlink = entry.is_symlink
        self.is_dir = entry.is_dir

    def stat(self) -> os.stat_result:
        raise PermissionError(13, "Permission denied", self.path)


def test_a_folder_that_may_be_listed_but_not_entered_keeps_its_documents(
    corpus: Path, index: Index, fake: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(corpus, {"a.txt": "A.", "in/b.txt": "B.", "in/b.txt2.txt": "C."})
    sync(corpus, index, fake)
    real = os.scandir

    class Listing(list):  # type: ignore[type-arg]
        def __enter__(self) -> Listing:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def blind(path: Path) -> object:
        with real(path) as entries:
            return Listing(Blind(e) if e.name == "b.txt" else e for e in entries)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", blind)
        (corpus / "in" / "b.txt2.txt").unlink()
        report = sync(corpus, index, fake)
    assert (report.removed, report.unchanged) == (("in/b.txt2.txt",), 2)
    assert report.skipped == (Refused("in/b.txt", "can't be read: Permission denied"),)
    assert documents(index).keys() == {"a.txt", "in/b.txt"}


def test_what_is_passed_over_is_reported(
    corpus: Path, index: Index, fake: FakeEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.sync.MAX_FILE_BYTES", 20_000)
    outside = tmp_path / "outside"
    write(outside, {"secret.txt": "Not of the corpus."})
    write(
        corpus,
        {
            "a.txt": "A.",
            "in/b.txt": "B.",
            "A.TXT": "Upper.",
            ".hidden.txt": "Hidden.",
            ".git/config.txt": "Hidden.",
            "photo.jpg": "x",
            "noend": "x",
            "large.txt": b"x" * 20_001,
            "limit.txt": b"x " * 10_000,
        },
    )
    (corpus / "link_out.txt").symlink_to(outside / "secret.txt")
    (corpus / "link_out").symlink_to(outside)
    (corpus / "link_in.txt").symlink_to("in/b.txt")
    (corpus / "link_folder").symlink_to("in")
    (corpus / "link_self.txt").symlink_to("link_self.txt")
    (corpus / "link_up").symlink_to("..")
    (corpus / "link_root").symlink_to(".")
    (corpus / "link_lost.txt").symlink_to("nowhere.txt")
    (corpus / "link_device.txt").symlink_to("/dev/null")
    os.mkfifo(corpus / "fifo.txt")
    with socket.socket(socket.AF_UNIX) as unix:
        os.chdir(corpus)
        unix.bind("socket.txt")
        os.chdir(ROOT)
    if AS_ROOT:
        os.mknod(corpus / "device.txt", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    report = sync(corpus, index, fake)
    assert report.added == ("A.TXT", "a.txt", "in/b.txt", "limit.txt", "link_in.txt")
    reasons = {refused.path: refused.reason for refused in report.skipped}
    wanted = {
        ".hidden.txt": "hidden",
        ".git": "hidden",
        "photo.jpg": "a format that is not supported",
        "noend": "a format that is not supported",
        "large.txt": "0 MB, over the limit of 0 MB",
        "link_out.txt": "a link that leaves the corpus",
        "link_out": "a link that leaves the corpus",
        "link_folder": "a link to a folder of the corpus",
        "link_self.txt": "can't be read: Too many levels of symbolic links",
        "link_up": "a link that leaves the corpus",
        "link_root": "a link that leaves the corpus",
        "link_lost.txt": "can't be read: No such file or directory",
        "link_device.txt": "a link that leaves the corpus",
        "fifo.txt": "not a regular file",
        "socket.txt": "not a regular file",
    } | ({"device.txt": "not a regular file"} if AS_ROOT else {})
    assert reasons == wanted
    assert "Not of the corpus." not in documents(index).values()


@pytest.mark.parametrize("place", ["index", "deep/er/index", "."])
def test_an_index_inside_the_corpus_is_no_part_of_it(
    corpus: Path, fake: FakeEmbedder, place: str
) -> None:
    inside = Index(corpus / place, model="fake")
    write(corpus, {"a.txt": sentences("a", 5), "deep/texts/b.txt": sentences("b", 5)})
    assert sync(corpus, inside, fake).added == ("a.txt", "deep/texts/b.txt")
    again = sync(corpus, inside, fake)
    assert (again.added, again.unchanged) == ((), 2)
    own = "texts" if place == "." else place
    assert Refused(own, "the index itself") in again.skipped
    assert not changed_since_sync(corpus, inside)
    inside.close()


def test_names_that_are_not_utf_8_are_reported(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    raw = os.fsencode(corpus)
    for name in (b"caf\xe9.txt", b".h\xe9.txt"):
        Path(os.fsdecode(raw + b"/" + name)).write_bytes(b"Text.")
    folder = Path(os.fsdecode(raw + b"/d\xe9p"))
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"Text.")
    write(corpus, {"café.txt": "Text.", "日本 🎉.txt": "More text.", 'q"\n;.txt': "Text."})
    report = sync(corpus, index, fake)
    assert report.added == ("café.txt", 'q"\n;.txt', "日本 🎉.txt")
    assert report.skipped == tuple(
        Refused(name, "its name is not valid UTF-8") for name in (".h?.txt", "caf?.txt", "d?p")
    )


def test_a_corpus_whose_own_name_is_not_utf_8(
    tmp_path: Path, index: Index, fake: FakeEmbedder
) -> None:
    corpus = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    corpus.mkdir()
    write(corpus, {"a.txt": "A."})
    assert sync(corpus, index, fake).added == ("a.txt",)
    assert sync(corpus, index, fake).unchanged == 1


# -- a corpus that is not there ------------------------------------------------------------------


def test_a_corpus_that_vanished_or_became_empty_empties_nothing(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    write(corpus, {"a.txt": "A.", "b.txt": "B."})
    sync(corpus, index, fake)
    for name in ("a.txt", "b.txt"):
        (corpus / name).unlink()
    (corpus / "notes.pdf2").write_text("not a document")
    for options in ({}, {"verify": True}, {"rebuild": True}):
        with pytest.raises(CorpusError, match="has no documents"):
            sync(corpus, index, fake, **options)
        assert documents(index).keys() == {"a.txt", "b.txt"}
        assert index.words("B", 5)[0].path == "b.txt"
    with pytest.raises(CorpusError, match="any more; the index has 2") as caught:
        sync(corpus, index, fake)
    assert caught.value.remedy.endswith("onrecord index --allow-empty")
    shutil.rmtree(corpus)
    for options in ({}, {"allow_empty": True}, {"rebuild": True, "allow_empty": True}):
        with pytest.raises(CorpusError, match="There is no folder"):
            sync(corpus, index, fake, **options)
    assert not changed_since_sync(corpus, index)
    assert documents(index).keys() == {"a.txt", "b.txt"}
    corpus.mkdir()
    report = sync(corpus, index, fake, allow_empty=True)
    assert report.removed == ("a.txt", "b.txt")
    assert content(index).texts == {}


def test_a_corpus_that_was_always_empty(corpus: Path, index: Index, fake: FakeEmbedder) -> None:
    write(corpus, {"photo.jpg": "x"})
    with pytest.raises(CorpusError, match=r"has no documents\. 1 files were passed over\."):
        sync(corpus, index, fake)
    assert not index.exists
    report = sync(corpus, index, fake, allow_empty=True)
    assert (report.added, index.exists, index.manifest.counts()) == ((), True, (0, 0))


def test_a_corpus_that_is_a_file(tmp_path: Path, index: Index, fake: FakeEmbedder) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="is a file, not a folder"):
        sync(tmp_path / "file", index, fake)


@pytest.mark.parametrize(
    ("name", "why"),
    [("x" * 300, "File name too long"), ("~nobody-of-this-name/docs", "home directory")],
)
def test_a_corpus_that_cannot_be_opened(
    tmp_path: Path, index: Index, fake: FakeEmbedder, name: str, why: str
) -> None:
    corpus = Path(name) if name.startswith("~") else tmp_path / name
    with pytest.raises(CorpusError, match=why):
        sync(corpus, index, fake)


def test_a_corpus_of_failures_is_not_empty(corpus: Path, index: Index, fake: FakeEmbedder) -> None:
    write(corpus, {"a.txt": "A."})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": BINARY}, age=30)
    assert len(sync(corpus, index, fake).failed) == 1
    assert len(sync(corpus, index, fake).failed) == 1
    assert documents(index) == {}


def test_a_read_only_corpus(
    corpus: Path, index: Index, fake: FakeEmbedder, mounted: Callable[..., Path]
) -> None:
    folder = mounted("size=1m")
    write(folder, {"a.txt": "A.", "in/b.txt": "B."})
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    assert sync(folder, index, fake).added == ("a.txt", "in/b.txt")
    assert sync(folder, index, fake).unchanged == 2
    assert corpus.is_dir()


# -- made otherwise, and rebuilding --------------------------------------------------------------


def test_another_model_is_refused_and_rebuilds(
    corpus: Path, index: Index, fake: FakeEmbedder, tmp_path: Path
) -> None:
    write(corpus, {"a.txt": sentences("a", 5)})
    before = sync(corpus, index, fake).generation
    other, embedder = Index(index.path, model="other"), FakeEmbedder("other")
    with pytest.raises(IndexMismatch, match="made with embedding model fake") as caught:
        sync(corpus, other, embedder)
    assert "onrecord index --rebuild" in caught.value.remedy
    assert index.words("council", 1)
    report = sync(corpus, other, embedder, rebuild=True)
    assert report.added == ("a.txt",)
    assert report.generation > before
    assert_as_from_nothing(other, corpus, tmp_path / "fresh", embedder)
    with pytest.raises(IndexMismatch):
        sync(corpus, index, fake)
    other.close()


def test_a_rebuild_equals_what_was(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50), "bad.txt": BINARY})
    generations = [sync(corpus, index, fake).generation]
    for _ in range(2):
        report = sync(corpus, index, fake, rebuild=True)
        assert report.added == ("a.txt", "b.txt")
        generations.append(report.generation)
        equal()
    assert generations == sorted(set(generations))


def test_a_rebuild_whose_model_does_not_load_removes_nothing(
    corpus: Path, index: Index, fake: FakeEmbedder, tmp_path: Path
) -> None:
    write(corpus, {"a.txt": "A."})
    sync(corpus, index, fake)
    with pytest.raises(ModelError):
        sync(corpus, index, Embedder(str(tmp_path)), rebuild=True)
    assert documents(index) == {"a.txt": "A."}
    assert index.words("A", 1)[0].path == "a.txt"


def test_the_real_model(corpus: Path, embedder: Embedder, tmp_path: Path) -> None:
    real = Index(tmp_path / "real", model=embedder.identity)
    write(corpus, {"gold.txt": "Gold\n\nGold fell to its lowest price.",
                   "rain.txt": "Rain\n\nHeavy showers are expected on the coast."})  # fmt: skip
    assert sync(corpus, real, embedder).passages == 2
    hit = real.dense(embedder.encode(["Will it be wet by the sea?"])[0], 1)[0]
    assert (hit.path, hit.text) == ("rain.txt", "Rain\n\nHeavy showers are expected on the coast.")
    assert_as_from_nothing(real, corpus, tmp_path / "fresh", embedder)
    real.close()


# -- a server ------------------------------------------------------------------------------------


def test_vectors_on_a_server(corpus: Path, fake: FakeEmbedder, tmp_path: Path, server: str) -> None:
    index = Index(tmp_path / "index", model="fake", server=server)
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 20)})
    sync(corpus, index, fake)
    assert_as_from_nothing(index, corpus, tmp_path / "fresh1", fake)
    write(corpus, {"a.txt": sentences("a2", 9)}, age=30)
    (corpus / "b.txt").unlink()
    sync(corpus, index, fake)
    assert_as_from_nothing(index, corpus, tmp_path / "fresh2", fake)
    assert not (index.path / "chroma").exists()
    index.store.reset()  # someone has deleted the collection
    report = sync(corpus, index, fake)
    assert report.repaired.startswith("vectors were written anew (0 stood for ")
    assert_as_from_nothing(index, corpus, tmp_path / "fresh3", fake)
    sync(corpus, index, fake, rebuild=True)
    assert_as_from_nothing(index, corpus, tmp_path / "fresh4", fake)
    index.store.reset()
    index.close()


def test_a_server_that_is_not_there_changes_nothing(
    corpus: Path, fake: FakeEmbedder, tmp_path: Path
) -> None:
    index = Index(tmp_path / "index", model="fake", server="http://127.0.0.1:9")
    write(corpus, {"a.txt": "A."})
    with pytest.raises(StorageError, match=r"Chroma at http://127\.0\.0\.1:9 does not answer"):
        sync(corpus, index, fake)
    assert index.manifest.current() == []
    index.close()


# -- two at once ---------------------------------------------------------------------------------


def test_two_syncs_at_once(corpus: Path, index: Index, fake: FakeEmbedder) -> None:
    write(corpus, {"a.txt": "A.", "b.txt": "B."})
    sync(corpus, index, fake)
    write(corpus, {"a.txt": "A changed."}, age=30)
    inside, leave = threading.Event(), threading.Event()

    def progress(_done: int, _all: int, _path: str) -> None:
        inside.set()
        leave.wait(20)

    code = (
        "import sys; from pathlib import Path; from index.folder import Index\n"
        "from index.sync import sync; from tests.index.making import FakeEmbedder\n"
        "sync(Path(sys.argv[1]), Index(Path(sys.argv[2]), model='fake'), FakeEmbedder())"
    )
    other = Index(index.path, model="fake")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(sync, corpus, index, fake, progress=progress)
        try:
            assert inside.wait(20)
            message = f"Another sync is writing to the index at {index.path}."
            for second in (index, other):
                with pytest.raises(IndexBusy) as caught:
                    sync(corpus, second, fake)
                assert caught.value.message == message
            with pytest.raises(IndexBusy):
                prune(other)
            done = run_python(code, corpus, index.path)
            assert done.returncode == 1
            assert f"IndexBusy: {message}" in done.stderr
            assert [hit.path for hit in other.consistent(lambda: other.words("B", 1))] == ["b.txt"]
        finally:
            leave.set()
        assert running.result().changed == ("a.txt",)
    assert sync(corpus, other, fake).unchanged == 2
    other.close()


# -- progress, pruning ---------------------------------------------------------------------------


def test_progress_ends_with_everything_done(corpus: Path, index: Index, fake: FakeEmbedder) -> None:
    calls: list[tuple[int, int, str]] = []

    def note(done: int, total: int, path: str) -> None:
        calls.append((done, total, path))

    write(corpus, {"a.txt": "A.", "b.txt": BINARY, "c.txt": "C."})
    sync(corpus, index, fake, progress=note)
    assert calls == [(0, 3, "a.txt"), (1, 3, "b.txt"), (2, 3, "c.txt"), (3, 3, "")]
    calls.clear()
    sync(corpus, index, fake, progress=note)
    assert calls == [(0, 0, "")]


def test_an_interrupted_sync_keeps_what_it_had_and_goes_on(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    write(corpus, {f"{n:02}.txt": sentences(f"s{n}x", 40) for n in range(60)})

    def interrupted(done: int, _total: int, _path: str) -> None:
        if done == 55:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(corpus, index, fake, progress=interrupted)
    there = len(documents(index))
    assert 20 < there < 60
    report = sync(corpus, index, fake)
    assert (report.unchanged, len(report.added), report.repaired) == (there, 60 - there, "")
    equal()


def test_prune_keeps_what_is_current(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object]
) -> None:
    old = sentences("a", 5)
    write(corpus, {"a.txt": old, "b.txt": "B."})
    sync(corpus, index, fake)
    (before,) = [v.sha256 for v in index.manifest.current() if v.path == "a.txt"]
    write(corpus, {"a.txt": sentences("a2", 5)}, age=30)
    sync(corpus, index, fake)
    assert index.texts.read(before) == old  # for re-checking citations
    assert prune(index) == (1, len(old.encode()))
    with pytest.raises(KeyError):
        index.texts.read(before)
    assert prune(index) == (0, 0)
    equal()


# -- a full disk ---------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A small file system of our own."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    done = []

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if not AS_ROOT or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs the right to mount")
        done.append(folder)
        return folder

    yield mount
    for place in done:
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("room", [200, 600, 1000, 1400, 1800])
def test_a_full_disk(
    corpus: Path, fake: FakeEmbedder, tmp_path: Path, mounted: Callable[..., Path], room: int
) -> None:
    """Room in KB: it runs out in the manifest, the texts, the words, or in Chroma."""
    folder = mounted(f"size={room}k")
    write(corpus, {f"{n:02}.txt": sentences(f"s{n}x", 60) for n in range(50)})
    index = Index(folder / "index", model="fake")
    for _ in range(2):
        with pytest.raises(StorageError, match="The disk is full: can't") as caught:
            sync(corpus, index, fake)
        assert str(folder) in caught.value.message
        assert caught.value.remedy.startswith("Make room and run the command again")
    index.close()
    subprocess.run(["mount", "-o", "remount,size=40m", folder], check=True)
    index = Index(folder / "index", model="fake")
    sync(corpus, index, fake)
    assert_as_from_nothing(index, corpus, tmp_path / "fresh", fake)
    index.close()


def test_a_disk_that_fills_up_under_an_index(
    corpus: Path, fake: FakeEmbedder, tmp_path: Path, mounted: Callable[..., Path]
) -> None:
    """What was committed before stays and is found; the same process goes on afterwards."""
    folder = mounted("size=40m")
    index = Index(folder / "index", model="fake")
    write(corpus, {f"{n:02}.txt": sentences(f"s{n}x", 40) for n in range(25)})
    sync(corpus, index, fake)
    free = shutil.disk_usage(folder).free
    (folder / "ballast").write_bytes(b"x" * (free - 300_000))
    write(corpus, {f"{n:02}.txt": sentences(f"t{n}x", 50) for n in range(25, 60)})
    for _ in range(2):
        with pytest.raises(StorageError, match="The disk is full"):
            sync(corpus, index, fake)
    for text in documents(index).values():
        assert text.startswith("Report of s")
    hits = index.consistent(lambda: index.words("council of s3x", 3))
    assert {hit.span.of(index.text(hit.sha256)) == hit.text for hit in hits} == {True}
    (folder / "ballast").unlink()
    sync(corpus, index, fake)
    assert_as_from_nothing(index, corpus, tmp_path / "fresh", fake)
    index.close()


LIMITED = """
import resource, sys
from pathlib import Path
from index.errors import StorageError
from index.folder import Index
from index.sync import sync
from tests.index.making import FakeEmbedder
limit = int(sys.argv[3])
import chromadb
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    sync(Path(sys.argv[1]), Index(Path(sys.argv[2]), model="fake"), FakeEmbedder())
except StorageError as problem:
    print(problem.message)
    sys.exit(2)
"""


@pytest.mark.parametrize("limit", [1_000, 30_000, 150_000, 400_000, 600_000])
def test_a_limit_on_the_size_of_files(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object], limit: int
) -> None:
    write(corpus, {f"{n:02}.txt": sentences(f"s{n}x", 60) for n in range(50)})
    done = run_python(LIMITED, corpus, index.path, limit)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "can't" in done.stdout
    sync(corpus, index, fake)
    equal()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize(("keep", "anew"), [(0, True), (1, True), (2, False)])
def test_where_next_to_nothing_is_left_the_graph_of_vectors_begins_anew(
    corpus: Path, index: Index, fake: FakeEmbedder, keep: int, anew: bool
) -> None:
    # Beside deleted passages alone Chroma puts new ones on islands, and finds one island's.
    write(corpus, {f"{n:02}.txt": sentences(f"s{n}x", 5) for n in range(keep)})
    write(corpus, {"all.txt": sentences("long", 250)})
    sync(corpus, index, fake)
    kept = dict(index.store.vectors())
    graph = collection_id(index)
    (corpus / "all.txt").unlink()
    report = sync(corpus, index, fake, allow_empty=True)
    assert (collection_id(index) != graph) is anew
    assert report.removed == ("all.txt",)
    assert report.generation == index.manifest.generation()
    assert not {"storing", "repairing"} & index.manifest.meta().keys()
    left = dict(index.store.vectors())
    assert len(left) == index.store.count() == index.manifest.counts()[1]
    assert all(np.array_equal(vector, kept[passage]) for passage, vector in left.items())
    write(corpus, {f"new{n:02}.txt": sentences(f"t{n}x", 60) for n in range(50)})
    sync(corpus, index, fake)
    assert [
        passage
        for passage, vector in index.store.vectors()
        if index.store.query(vector, 1)[0][0] != passage
    ] == []


def collection_id(index: Index) -> str:
    """Chroma's own name of what it holds the vectors in: another one after it is made anew."""
    with contextlib.closing(sqlite3.connect(index.path / "chroma" / "chroma.sqlite3")) as chroma:
        return str(chroma.execute("SELECT id FROM collections").fetchone()[0])


# -- damage --------------------------------------------------------------------------------------


def spoil(path: Path) -> None:
    size = path.stat().st_size
    path.unlink()
    for rest in path.parent.glob(path.name + "-*"):
        rest.unlink()
    path.write_bytes(b"Garbage. " * (size // 9 + 1))


@pytest.mark.parametrize(
    "what",
    [
        "manifest.sqlite3",
        "lexical.sqlite3",
        "chroma/chroma.sqlite3",
        "texts",
        "no manifest",
    ],
)
def test_a_damaged_index_is_named_and_a_rebuild_heals(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object], what: str
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50)})
    sync(corpus, index, fake)
    index.close()
    if what == "texts":
        shutil.rmtree(index.path / "texts")
    elif what == "no manifest":
        (index.path / "manifest.sqlite3").unlink()
    else:
        spoil(index.path / what)
    damaged = Index(index.path, model="fake")

    def use() -> None:
        if what != "texts":
            sync(corpus, damaged, fake)
        damaged.check()
        damaged.consistent(lambda: damaged.dense(fake.encode(["ships"])[0], 3))
        hits = damaged.consistent(lambda: damaged.words("ships", 3))
        assert all(one is not None for one in damaged.vectors(hits, fake.dimension))

    for _ in range(2):
        with pytest.raises(IndexCorrupt) as caught:
            use()
        assert str(index.path) in caught.value.message
        assert "onrecord index --rebuild" in caught.value.remedy
    # As the command does: another process, then the one that had seen the damage.
    done = run_python(
        "import sys; from pathlib import Path; from index.folder import Index\n"
        "from index.sync import sync; from tests.index.making import FakeEmbedder\n"
        "i = Index(Path(sys.argv[2]), model='fake')\n"
        "sync(Path(sys.argv[1]), i, FakeEmbedder(), rebuild=True); i.close()",
        corpus,
        index.path,
    )
    assert done.returncode == 0, done.stderr
    use()
    assert sync(corpus, damaged, fake).unchanged == 2
    damaged.close()
    equal()


@pytest.mark.parametrize("what", ["manifest.sqlite3", "lexical.sqlite3", "chroma/chroma.sqlite3"])
def test_a_rebuild_in_the_process_that_saw_the_damage(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object], what: str
) -> None:
    write(corpus, {"a.txt": sentences("a", 5)})
    sync(corpus, index, fake)
    index.close()
    spoil(index.path / what)
    damaged = Index(index.path, model="fake")
    with pytest.raises(IndexCorrupt):
        sync(corpus, damaged, fake)
    assert sync(corpus, damaged, fake, rebuild=True).added == ("a.txt",)
    damaged.close()
    equal()


def test_the_chroma_of_another_program_is_left_alone(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    """Chroma's own default folder is ``./chroma``, so ``--index .`` can meet one."""
    write(index.path / "chroma", {"chroma.sqlite3": "precious"})
    write(corpus, {"a.txt": "A."})
    with pytest.raises(IndexCorrupt, match=r"a folder 'chroma' in .* but no index") as caught:
        sync(corpus, index, fake)
    assert caught.value.remedy.startswith("Name another folder with --index")
    assert (index.path / "chroma" / "chroma.sqlite3").read_text() == "precious"


@pytest.mark.parametrize("part", ["vectors", "words", "vectors of one", "one more vector"])
def test_a_part_that_was_lost_is_written_anew(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object], part: str
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50)})
    passages = sync(corpus, index, fake).passages
    embedded = fake.encoded
    if part == "vectors":
        index.store.reset()
    elif part == "words":
        index.lexical.clear()
    elif part == "vectors of one":
        index.store.delete([(2, 1)])
    else:
        index.store.add([(99, 0)], fake.encode(["x"]), [None])
        embedded += 1
    report = sync(corpus, index, fake)
    assert "anew" in report.repaired
    lost = {"vectors": passages, "vectors of one": 1}.get(part, 0)
    assert fake.encoded - embedded == lost  # what is still there is not embedded again
    equal()
    assert sync(corpus, index, fake).repaired == ""


@pytest.mark.parametrize(
    "lost", ["the file", "its content", "all", "one", "one more", "one too many", "one for another"]
)
def test_vectors_of_sentences_that_were_lost_are_made_anew(
    corpus: Path, index: Index, fake: FakeEmbedder, equal: Callable[[], object], lost: str
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50)})
    passages = sync(corpus, index, fake).passages
    second = next(v for v in index.manifest.current() if v.path == "b.txt")
    assert not changed_since_sync(corpus, index)
    embedded = fake.encoded
    if lost == "the file":
        # An index from before there were any: answers come from the rest until the next sync.
        index.sentences.close()
        (index.path / "sentences.sqlite3").unlink()
        hits = index.consistent(lambda: index.words("ships", 3))
        assert index.vectors(hits, fake.dimension) == [None] * 3
        assert changed_since_sync(corpus, index)
    elif lost == "its content":
        index.sentences.close()
        spoil(index.path / "sentences.sqlite3")
        hits = index.consistent(lambda: index.words("ships", 3))
        assert index.vectors(hits, fake.dimension) == [None] * 3
    elif lost == "all":
        index.sentences.clear()
    elif lost in ("one", "one for another"):
        index.sentences.delete([second.version])
        if lost == "one for another":
            # As many as there should be.
            index.sentences.add(((99, n), b"") for n in range(second.passages))
    else:
        ordinal = second.passages if lost == "one too many" else 0
        version = second.version if lost == "one too many" else 99
        index.sentences.add([((version, ordinal), b"")])
    assert changed_since_sync(corpus, index)
    report = sync(corpus, index, fake)
    assert report.repaired == "the vectors of sentences were written anew"
    assert not report.dirty
    again = dict.fromkeys(("one", "one too many", "one for another"), second.passages)
    assert fake.encoded - embedded == {**again, "one more": 0}.get(lost, passages)
    equal()
    assert sync(corpus, index, fake).repaired == ""
    assert not changed_since_sync(corpus, index)


def test_what_left_leaves_before_vectors_of_sentences_are_made_anew(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50)})
    sync(corpus, index, fake)
    index.sentences.clear()
    (corpus / "a.txt").unlink()
    seen: list[tuple[int, int, str, list[str]]] = []

    def progress(done: int, all_: int, path: str) -> None:
        seen.append((done, all_, path, [v.path for v in index.manifest.current()]))

    sync(corpus, index, fake, progress=progress)
    assert seen == [
        (0, 0, "", ["b.txt"]),
        (0, 1, "b.txt", ["b.txt"]),
        (1, 1, "", ["b.txt"]),
    ]


def test_a_model_that_gives_none_embeds_nothing_again(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    write(corpus, {"a.txt": sentences("a", 5), "b.txt": sentences("b", 50)})
    passages = sync(corpus, index, fake).passages
    index.sentences.clear()
    fake.knows_spans = False
    embedded = fake.encoded
    sync(corpus, index, fake)
    assert fake.encoded == embedded
    assert index.sentences.count() == passages
    assert not changed_since_sync(corpus, index)
    hits = index.consistent(lambda: index.words("ships", 3))
    assert [len(vectors) for vectors in index.vectors(hits, fake.dimension)] == [0] * 3


def test_a_hits_sentences_have_the_vectors_that_their_passage_gave_them(
    corpus: Path, index: Index, embedder: Embedder
) -> None:
    """With the real model, and the split that an answer goes by."""
    text = "Ferry fares\n\nThe port raised its fares on Monday. It gave no reason.\n\nNobody came."
    write(corpus, {"a.txt": text, "b.txt": sentences("b", 40)})
    index.close()
    real = Index(index.path, model=embedder.identity)
    sync(corpus, real, embedder)
    hits = real.consistent(lambda: real.words("fares", 1) + real.words("ships", 9))
    assert len(hits) > 2
    for hit, vectors in zip(hits, real.vectors(hits, embedder.dimension), strict=True):
        spans = within(sentence_spans(real.text(hit.sha256)), hit.span)
        assert vectors is not None
        assert len(vectors) == len(spans)
    (vectors,) = real.vectors(hits[:1], embedder.dimension)
    assert vectors is not None
    asking = embedder.encode(["Why were fares raised?", "Why did the port give no reason?"])
    nearest = [
        spans[n][1].of(text)
        for spans in [within(sentence_spans(text), hits[0].span)]
        for n in (vectors @ asking.T).argmax(axis=0)
    ]
    assert nearest == ["The port raised its fares on Monday.", "It gave no reason."]
    # "It" alone is near nothing: the sentence has read what stands before it.
    alone = embedder.encode(["It gave no reason."])[0]
    assert vectors[2] @ asking[0] > alone @ asking[0] + 0.1
    # Not what the index found: then it has none.
    assert real.vectors([replace(hits[0], passage=None)], embedder.dimension) == [None]
    real.close()


TEAR = {
    "level0 cut": ("data_level0.bin", lambda data: data[: len(data) // 2]),
    "level0 garbage": ("data_level0.bin", lambda data: os.urandom(len(data))),
    "links cut": ("link_lists.bin", lambda data: data[: len(data) // 3]),
    "pickle cut": ("index_metadata.pickle", lambda data: data[: len(data) // 2]),
    "pickle gone": ("index_metadata.pickle", lambda _: None),
    "header cut": ("header.bin", lambda data: data[: len(data) // 2]),
    "length cut": ("length.bin", lambda data: data[: len(data) // 2]),
}


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus and an index that is large enough for Chroma to have written its graph."""
    folder = tmp_path_factory.mktemp("graphs")
    (folder / "corpus").mkdir()
    write(folder / "corpus", {f"{n:02}.txt": sentences(f"s{n}x", 90) for n in range(45)})
    made = Index(folder / "index", model="fake")
    assert sync(folder / "corpus", made, FakeEmbedder()).passages > 1100
    made.close()
    return folder


@pytest.mark.parametrize("tear", TEAR)
def test_a_torn_graph_is_written_anew(
    graphs: Path, fake: FakeEmbedder, tmp_path: Path, tear: str
) -> None:
    """As a writer leaves it that was killed while Chroma wrote: marked, and not as it was."""
    shutil.copytree(graphs / "index", tmp_path / "index")
    index = Index(tmp_path / "index", model="fake")
    index.manifest.set_meta(storing=index.store.graph_state())
    name, damage = TEAR[tear]
    (path,) = (tmp_path / "index" / "chroma").glob(f"*/{name}")
    data = damage(path.read_bytes())
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    assert changed_since_sync(graphs / "corpus", index)
    with pytest.raises(IndexCorrupt, match="Repair them with: onrecord index"):
        index.consistent(lambda: index.words("council", 3))
    report = sync(graphs / "corpus", index, fake)
    assert report.repaired.startswith("vectors were written anew")
    assert report.unchanged == 45
    assert_as_from_nothing(index, graphs / "corpus", tmp_path / "fresh", fake)
    assert sync(graphs / "corpus", index, fake).repaired == ""
    index.close()


def test_a_repair_that_dies_is_taken_up_again(
    graphs: Path, fake: FakeEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(graphs / "index", tmp_path / "index")
    index = Index(tmp_path / "index", model="fake")
    index.store.delete([(1, 0)])
    stored = []
    real = index.store.add

    def dies(*arguments: object) -> None:
        if stored:
            raise KeyboardInterrupt
        stored.append(arguments)
        real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(index.store, "add", dies)
        with pytest.raises(KeyboardInterrupt):
            sync(graphs / "corpus", index, fake)
    # Nothing in the folder has changed, but `ask` must sync first all the same.
    assert changed_since_sync(graphs / "corpus", index)
    assert "anew" in sync(graphs / "corpus", index, fake).repaired
    assert not changed_since_sync(graphs / "corpus", index)
    assert_as_from_nothing(index, graphs / "corpus", tmp_path / "fresh", fake)
    index.close()
