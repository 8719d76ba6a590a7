"""What a person sees in the list of documents, between one sync and the next."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import pytest

from index.folder import Index
from index.sync import MAX_FILE_BYTES, Listed, changed_since_sync, listing, sync
from tests.index.making import FakeEmbedder, write

BINARY = b"\0\1\2\3" * 200
DATED = "Fee row grows\nPort Elm, 3 May 2025 — The Gazette\n\nElm wants Oak to pay the fee.\n"
REASON = "b.txt is not text in any encoding known here."
REMEDY = "Save it as UTF-8, or remove it from the folder."


def states(corpus: Path, index: Index) -> dict[str, str]:
    return {listed.path: listed.state for listed in listing(corpus, index)}


@pytest.fixture
def indexed(corpus: Path, index: Index, fake: FakeEmbedder) -> Path:
    """A corpus of a document, one in a folder, and one that is none; its index is equal to it."""
    write(corpus, {"a.txt": DATED, "b.txt": BINARY, "sub/c.md": "# Heading\n\nWords.\n"})
    sync(corpus, index, fake)  # type: ignore[arg-type]
    return corpus


INDEXED = [
    Listed(
        "a.txt", "indexed", len(DATED.encode()), "Fee row grows", date(2025, 5, 3), "The Gazette"
    ),
    Listed("b.txt", "refused", 800, reason=REASON, remedy=REMEDY),
    Listed("sub/c.md", "indexed", 18, "Heading"),
]


def test_before_any_sync_all_is_new(corpus: Path, index: Index) -> None:
    assert listing(corpus, index) == []
    write(corpus, {"b/a.txt": "Words.\n", "a.txt": "More words.\n", "B.MD": BINARY})
    assert listing(corpus, index) == [
        Listed("B.MD", "new", 800),
        Listed("a.txt", "new", 12),
        Listed("b/a.txt", "new", 7),
    ]
    assert not index.path.exists(), "a look makes no index"


def test_what_is_indexed_is_listed_by_path_with_what_is_known_of_it(
    indexed: Path, index: Index
) -> None:
    assert listing(indexed, index) == INDEXED
    assert not changed_since_sync(indexed, index)


def test_what_a_sync_passes_over_is_not_listed(indexed: Path, index: Index) -> None:
    write(indexed, {".hidden.txt": "x", ".removed/1/a.txt": "x", "a.pdf": "x", "a": "x"})
    (indexed / "link").symlink_to(indexed / "sub")
    (indexed / "out.txt").symlink_to(indexed.parent / "elsewhere.txt")
    (indexed.parent / "elsewhere.txt").write_text("x")
    with (indexed / "large.txt").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert listing(indexed, index) == INDEXED


def test_what_has_happened_since_is_shown(indexed: Path, index: Index) -> None:
    write(indexed, {"new.txt": "Words.\n", "a.txt": "Other words.\n"})
    (indexed / "sub/c.md").unlink()
    assert listing(indexed, index) == [
        # As the index knows it, but for the size, which is the file's.
        Listed("a.txt", "changed", 13, "Fee row grows", date(2025, 5, 3), "The Gazette"),
        INDEXED[1],
        Listed("new.txt", "new", 7),
        Listed("sub/c.md", "removed", 18, "Heading"),
    ]
    assert changed_since_sync(indexed, index)


@pytest.mark.parametrize("change", ["size", "time", "inode"])
def test_a_file_that_may_have_changed_is_changed(indexed: Path, index: Index, change: str) -> None:
    file = indexed / "a.txt"
    before = file.stat()
    if change == "inode":
        (indexed / ".other").write_bytes(file.read_bytes())
        (indexed / ".other").replace(file)
    elif change == "size":
        file.write_bytes(file.read_bytes() + b"\n")
    if change != "time":
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert states(indexed, index) == {"a.txt": "changed", "b.txt": "refused", "sub/c.md": "indexed"}


def test_what_was_read_in_the_instant_of_its_change_has_not_changed(
    corpus: Path, index: Index, fake: FakeEmbedder
) -> None:
    """A sync reads it again, to be sure; but nobody is told that anything has happened."""
    write(corpus, {"a.txt": "Words.\n", "b.txt": BINARY}, age=0)
    sync(corpus, index, fake)  # type: ignore[arg-type]
    assert changed_since_sync(corpus, index)
    assert listing(corpus, index) == [
        Listed("a.txt", "indexed", 7, "Words."),
        Listed("b.txt", "refused", 800, reason=REASON, remedy=REMEDY),
    ]


def test_a_refused_file_that_has_changed_is_new_and_one_that_is_gone_is_not_listed(
    indexed: Path, index: Index, fake: FakeEmbedder
) -> None:
    write(indexed, {"b.txt": "Now these are words.\n"})
    assert states(indexed, index) == {"a.txt": "indexed", "b.txt": "new", "sub/c.md": "indexed"}
    (indexed / "b.txt").unlink()
    assert states(indexed, index) == {"a.txt": "indexed", "sub/c.md": "indexed"}
    sync(indexed, index, fake)  # type: ignore[arg-type]
    assert states(indexed, index) == {"a.txt": "indexed", "sub/c.md": "indexed"}


def test_a_document_that_became_unreadable_is_changed_and_then_refused(
    indexed: Path, index: Index, fake: FakeEmbedder
) -> None:
    write(indexed, {"a.txt": BINARY})
    assert states(indexed, index)["a.txt"] == "changed"
    sync(indexed, index, fake)  # type: ignore[arg-type]
    assert listing(indexed, index)[0] == Listed(
        "a.txt", "refused", 800, reason=REASON.replace("b.txt", "a.txt"), remedy=REMEDY
    )


def test_without_the_folder_the_index_is_listed(indexed: Path, index: Index) -> None:
    elsewhere = indexed.rename(indexed.with_name("elsewhere"))
    # What was refused was never in the index.
    assert listing(indexed, index) == [INDEXED[0], INDEXED[2]]
    indexed.write_text("now a file")
    assert listing(indexed, index) == [INDEXED[0], INDEXED[2]]
    assert listing(elsewhere, index) == INDEXED


def test_without_the_folder_and_without_an_index_there_is_nothing(
    tmp_path: Path, index: Index
) -> None:
    assert listing(tmp_path / "none", index) == []
    assert not index.path.exists()


def test_a_look_reads_no_document(
    indexed: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(indexed, {"new.txt": "Words.\n", "a.txt": "Other words.\n"})

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise AssertionError(f"{path} was opened")

    for way in ("open", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, way, refuse)
    assert len(listing(indexed, index)) == 4


def test_a_thousand_documents_are_listed_in_an_instant(corpus: Path, index: Index) -> None:
    write(corpus, {f"{number:04}.txt": f"Words of {number}.\n" for number in range(1000)})
    assert len(states(corpus, index)) == 1000
    began = time.perf_counter()
    assert set(states(corpus, index).values()) == {"new"}
    assert time.perf_counter() - began < 1
