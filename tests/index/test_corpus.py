"""Documents put into a corpus, taken out and brought back: nothing is overwritten, nothing leaves
the folder, and nothing is lost."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.corpus import MAX_NAME_BYTES, REMOVED, bring_back, check_name, put, take_out
from index.errors import CorpusError, DocumentError, StorageError, UserError
from index.sync import MAX_FILE_BYTES

DATA = b"Ann Lee signed the accord in Oslo.\n"
OTHER = b"Bob Ray left for Rome.\n"
RLO = "\u202e"


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below ``folder``: files with their bytes, links with where they lead, folders
    as they are named."""
    found: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[f"{name}/"] = ""
        else:
            found[name] = path.read_bytes()
    return found


def a_file(corpus: Path, path: str, data: bytes = DATA) -> Path:
    file = corpus / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


# -- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "'' is empty"),
        ("  ", "'  ' is empty"),
        ("\n", "'\\n' is empty"),
        (".", "'.' is empty"),
        ("..", "'..' is empty"),
        ("../a.txt", "'../a.txt' has a folder in it"),
        ("/etc/a.txt", "'/etc/a.txt' has a folder in it"),
        ("sub/a.txt", "'sub/a.txt' has a folder in it"),
        ("..\\a.txt", "'..\\\\a.txt' has a folder in it"),
        ("C:a.txt", "'C:a.txt' has a folder in it"),
        ("a.txt:stream", "'a.txt:stream' has a folder in it"),
        (".a.txt", "'.a.txt' is hidden"),
        (".removed", "'.removed' is hidden"),
        ("a\0.txt", "'a\\x00.txt' has characters in it that do not belong into a name"),
        ("a\n.txt", "'a\\n.txt' has characters in it that do not belong into a name"),
        ("a\x1b[31m.txt", "'a\\x1b[31m.txt' has characters in it that do not belong into a name"),
        ("a\x85.txt", "'a\\x85.txt' has characters in it that do not belong into a name"),
        ("a\u2028.txt", "'a\\u2028.txt' has characters in it that do not belong into a name"),
        ("a\u2029.txt", "'a\\u2029.txt' has characters in it that do not belong into a name"),
        (f"a{RLO}txt.md", "'a\\u202etxt.md' has characters in it that do not belong into a name"),
        ("a\u2066.txt", "'a\\u2066.txt' has characters in it that do not belong into a name"),
        ("a\ud800.txt", "'a\\ud800.txt' has characters in it that do not belong into a name"),
        ("a\udcff.txt", "'a\\udcff.txt' has characters in it that do not belong into a name"),
        ("a" * 197 + ".txt", f"'{'a' * 80}' is longer than 200 bytes"),
        ("é" * 99 + ".txt", f"'{'é' * 80}' is longer than 200 bytes"),
        ("a" * 296 + ".txt", f"'{'a' * 80}' is longer than 200 bytes"),
    ],
)
def test_what_is_no_name_is_refused_and_nothing_is_written(
    corpus: Path, name: str, problem: str
) -> None:
    for act in (lambda: check_name(name), lambda: put(corpus, name, DATA)):
        with pytest.raises(DocumentError) as caught:
            act()
        assert caught.value.message == f"The file name {problem}."
        assert caught.value.remedy == "Rename the file and add it again."
    assert tree(corpus.parent) == {"corpus/": ""}


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "A.TXT",
        "a b (1).md",
        "…тест 文.markdown",
        "مرحبا.txt",
        "a..txt",
        "--help.txt",
        "%2e%2e%2fa.txt",
        "a.b.text",
        "~.txt",
        "$(x);'\"<b>&.txt",
        "e\u0301.txt",
        "👩‍👩‍👧.txt",
        "a" * 196 + ".txt",
    ],
)
def test_a_name_is_kept_as_it_is(corpus: Path, name: str) -> None:
    assert put(corpus, name, DATA) == name
    assert tree(corpus) == {name: DATA}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pdf", DATA, "a.pdf is of a kind that can't be read."),
        ("a", DATA, "a is of a kind that can't be read."),
        ("a.txt ", DATA, "a.txt  is of a kind that can't be read."),
        ("a.txt.exe", DATA, "a.txt.exe is of a kind that can't be read."),
        ("txt", DATA, "txt is of a kind that can't be read."),
        ("a.txt", b"\0\1\2\3" * 99, "a.txt is not text in any encoding known here."),
        ("a.md", b"\x89PNG\r\n\x1a\n\0\0", "a.md is not text in any encoding known here."),
        ("a.txt", b"", "a.txt has no text in it."),
        ("a.txt", b" \n\t\r\n", "a.txt has no text in it."),
        ("a.txt", b"\xef\xbb\xbf", "a.txt has no text in it."),
    ],
)
def test_what_is_no_document_is_refused_and_nothing_is_written(
    corpus: Path, name: str, data: bytes, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        put(corpus, name, data)
    assert caught.value.message == message
    assert tree(corpus.parent) == {"corpus/": ""}


def test_what_no_sync_would_take_in_is_refused(corpus: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        put(corpus, "a.txt", b"a" * (MAX_FILE_BYTES + 1))
    assert caught.value.message == "a.txt is larger than 50 MB."
    assert tree(corpus) == {}


# -- putting in ----------------------------------------------------------------------------------


def test_another_content_under_a_taken_name_gets_a_number(corpus: Path) -> None:
    contents = [b"%d is a number.\n" % number for number in range(4)]
    assert [put(corpus, "a.b.txt", data) for data in contents] == [
        "a.b.txt",
        "a.b (2).txt",
        "a.b (3).txt",
        "a.b (4).txt",
    ]
    assert tree(corpus) == {
        "a.b.txt": contents[0],
        "a.b (2).txt": contents[1],
        "a.b (3).txt": contents[2],
        "a.b (4).txt": contents[3],
    }


def test_the_same_content_under_the_same_name_is_there_already(corpus: Path) -> None:
    assert put(corpus, "a.txt", DATA) == "a.txt"
    before = (corpus / "a.txt").stat()
    assert put(corpus, "a.txt", DATA) == "a.txt"
    assert put(corpus, "a.txt", OTHER) == "a (2).txt"
    assert put(corpus, "a.txt", OTHER) == "a (2).txt"
    assert tree(corpus) == {"a.txt": DATA, "a (2).txt": OTHER}
    after = (corpus / "a.txt").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_the_longest_name_has_room_for_a_number(corpus: Path) -> None:
    name = "a" * (MAX_NAME_BYTES - 4) + ".txt"
    assert put(corpus, name, DATA) == name
    assert put(corpus, name, OTHER) == f"{name[:-4]} (2).txt"


def test_a_place_that_is_taken_by_a_folder_or_a_link_is_taken(corpus: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(DATA)
    (corpus / "a.txt").mkdir()
    (corpus / "b.txt").symlink_to(tmp_path / "nowhere.txt")
    (corpus / "c.txt").symlink_to(outside)
    before = tree(tmp_path)
    assert put(corpus, "a.txt", DATA) == "a (2).txt"
    # Never through a link: that would write, or find, a file that is none of the corpus.
    assert put(corpus, "b.txt", DATA) == "b (2).txt"
    assert put(corpus, "c.txt", DATA) == "c (2).txt"
    names = ("a (2).txt", "b (2).txt", "c (2).txt")
    assert tree(tmp_path) == before | {f"corpus/{name}": DATA for name in names}


def test_a_link_to_the_same_document_in_the_corpus_is_that_document(corpus: Path) -> None:
    a_file(corpus, "sub/a.txt")
    (corpus / "a.txt").symlink_to(Path("sub/a.txt"))
    assert put(corpus, "a.txt", DATA) == "a.txt"
    assert tree(corpus) == {"sub/": "", "sub/a.txt": DATA, "a.txt": "-> sub/a.txt"}


def test_a_corpus_that_is_a_link_is_written_into(corpus: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(corpus)
    assert put(link, "a.txt", DATA) == "a.txt"
    assert put(link, "a.txt", DATA) == "a.txt"
    assert bring_back(link, take_out(link, "a.txt")) == "a.txt"
    assert tree(corpus) == {"a.txt": DATA, f"{REMOVED}/": ""}


def test_a_corpus_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        put(tmp_path / "none", "a.txt", DATA)
    assert caught.value.message == (
        f"The folder {tmp_path / 'none'} can't be written: No such file or directory."
    )
    assert tree(tmp_path) == {}


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV])
def no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links."""

    def link(*_: object, **__: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_all_is_the_same(corpus: Path) -> None:
    assert put(corpus, "a.txt", DATA) == "a.txt"
    assert put(corpus, "a.txt", OTHER) == "a (2).txt"
    removal = take_out(corpus, "a.txt")
    assert bring_back(corpus, removal) == "a.txt"
    assert tree(corpus) == {"a.txt": DATA, "a (2).txt": OTHER, f"{REMOVED}/": ""}
    removal = take_out(corpus, "a.txt")
    a_file(corpus, "a.txt", OTHER)
    with pytest.raises(CorpusError, match=r"There is another document at a\.txt now\."):
        bring_back(corpus, removal)
    assert (corpus / "a.txt").read_bytes() == OTHER


@pytest.mark.usefixtures("no_links")
def test_without_hard_links_a_full_disk_leaves_no_half_document(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "read_bytes", full)
    with pytest.raises(StorageError) as caught:
        put(corpus, "a.txt", DATA)
    assert caught.value.message == (
        f"The folder {corpus} can't be written: No space left on device."
    )
    monkeypatch.undo()
    assert tree(corpus) == {}


def test_another_failure_to_link_is_told(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(StorageError, match=r"can't be written: Input/output error\."):
        put(corpus, "a.txt", DATA)
    assert tree(corpus) == {}


def test_a_document_appears_whole(corpus: Path) -> None:
    """Whoever looks while it is put sees all of it or nothing."""
    data = DATA * 60_000
    done = threading.Event()
    sizes: set[int] = set()

    def look() -> None:
        while not done.is_set():
            sizes.update(file.stat().st_size for file in corpus.glob("[!.]*"))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for number in range(20):
            put(corpus, f"{number}.txt", data)
        done.set()
        looking.result()
    assert sizes <= {len(data)}
    assert len(tree(corpus)) == 20


def test_many_put_at_once_and_none_is_lost(corpus: Path) -> None:
    start = threading.Barrier(8)

    def work(thread: int) -> list[str]:
        start.wait()
        return [put(corpus, "a.txt", b"%d of %d\n" % (thread, turn)) for turn in range(10)]

    with ThreadPoolExecutor(8) as pool:
        names = [name for found in pool.map(work, range(8)) for name in found]
    assert sorted(names) == sorted(["a.txt", *(f"a ({number}).txt" for number in range(2, 81))])
    assert sorted(tree(corpus).values()) == sorted(  # type: ignore[type-var]
        b"%d of %d\n" % (thread, turn) for thread in range(8) for turn in range(10)
    )


BAD = st.sampled_from(
    [
        "../",
        "/",
        "\\",
        "..",
        ".",
        "\0",
        RLO,
        "\u2067",
        " ",
        ":",
        "a",
        "é",
        "\ud800",
        "~",
        "\n",
        "%2f",
    ]
)
NAMES = st.one_of(
    st.lists(BAD, max_size=6).map("".join),
    st.text(st.characters(codec=None), max_size=30),
    st.text(st.characters(codec=None), min_size=60, max_size=300),
).flatmap(lambda stem: st.sampled_from([stem, f"{stem}.txt", f"{stem}.md", f"{stem}.TXT/"]))


@settings(max_examples=300, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=4), data=st.sampled_from([DATA, OTHER]))
def test_no_name_leads_outside_or_onto_another_file(names: list[str], data: bytes) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        corpus = root / "a" / "corpus"
        corpus.mkdir(parents=True)
        for there in ("a.txt", "é.md", ".hidden.txt", "sub/a.txt"):
            a_file(corpus, there, b"was here")
        a_file(root, "a/a.txt", b"outside")
        for name in names:
            before = tree(root)
            try:
                path = put(corpus, name, data)
            except DocumentError:
                assert tree(root) == before
                continue
            assert "/" not in path
            assert not path.startswith(".")
            # Nothing but this one file has come, and all that was there is as it was.
            assert tree(root) == before | {f"a/corpus/{path}": data}
            assert path == name or (
                f"a/corpus/{name}" in before and path.endswith(Path(name).suffix)
            )


# -- taking out and bringing back ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["a.txt", "sub/a.txt", "sub/deep er/ü 😀.md", "sub/A.TEXT"])
def test_what_is_taken_out_comes_back_as_it_was(corpus: Path, path: str) -> None:
    file = a_file(corpus, path)
    os.utime(file, (1e9, 1e9))
    a_file(corpus, "sub/other.txt", OTHER)
    before, state = tree(corpus), file.stat()
    removal = take_out(corpus, path)
    assert not file.exists()
    assert (corpus / REMOVED / removal / path).read_bytes() == DATA
    assert bring_back(corpus, removal) == path
    assert tree(corpus) == before | {f"{REMOVED}/": ""}
    after = file.stat()
    assert (after.st_mtime_ns, after.st_ino) == (state.st_mtime_ns, state.st_ino)


def test_each_removal_has_a_name_of_its_own(corpus: Path) -> None:
    removals = []
    for number in range(20):
        a_file(corpus, "a.txt", b"%d is a number." % number)
        removals.append(take_out(corpus, "a.txt"))
    assert len(set(removals)) == 20
    assert sorted(removals) == removals, "by time"
    for number in (7, 3):
        assert bring_back(corpus, removals[number]) == "a.txt"
        assert (corpus / "a.txt").read_bytes() == b"%d is a number." % number
        (corpus / "a.txt").unlink()


def test_a_folder_that_is_gone_is_made_again(corpus: Path) -> None:
    a_file(corpus, "sub/deep/a.txt")
    removal = take_out(corpus, "sub/deep/a.txt")
    (corpus / "sub/deep").rmdir()
    (corpus / "sub").rmdir()
    assert bring_back(corpus, removal) == "sub/deep/a.txt"
    assert (corpus / "sub/deep/a.txt").read_bytes() == DATA


def test_a_linked_document_is_taken_out_and_comes_back_a_link(corpus: Path) -> None:
    a_file(corpus, "sub/a.txt")
    (corpus / "link.txt").symlink_to(Path("sub/a.txt"))
    before = tree(corpus)
    removal = take_out(corpus, "link.txt")
    assert (corpus / "sub/a.txt").read_bytes() == DATA
    assert not (corpus / "link.txt").is_symlink()
    assert bring_back(corpus, removal) == "link.txt"
    assert tree(corpus) == before | {f"{REMOVED}/": ""}


@pytest.fixture
def around(corpus: Path, tmp_path: Path) -> Iterator[Path]:
    """A corpus with things beside it and in it that are no documents; they stay as they are."""
    a_file(tmp_path, "secret.txt")
    a_file(tmp_path, "elsewhere/a.txt")
    a_file(corpus, ".hidden/a.txt")
    a_file(corpus, ".a.txt")
    a_file(corpus, f"{REMOVED}/deadbeefdeadbeef/a.txt")
    a_file(corpus, "a.txt")
    a_file(corpus, "a.pdf")
    a_file(corpus, "sub/a.txt")
    (corpus / "folder.txt").mkdir()
    (corpus / "out").symlink_to(tmp_path / "elsewhere")
    (corpus / "dangling.txt").symlink_to(tmp_path / "none")
    before = tree(tmp_path)
    yield corpus
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "none.txt",
        "../secret.txt",
        "sub/../a.txt",
        "sub/../../secret.txt",
        "out/a.txt",
        "out/../secret.txt",
        "./a.txt",
        "a.txt/",
        "sub//a.txt",
        "//a.txt",
        ".a.txt",
        ".hidden/a.txt",
        f"{REMOVED}/deadbeefdeadbeef/a.txt",
        "sub",
        "folder.txt",
        "dangling.txt",
        "a.pdf",
        "sub\\a.txt",
        "a.txt\0",
        "\0",
        "a.txt\n",
        "a.txt/b.txt",
        "\ud800.txt",
        "\ud800/a.txt",
        "a" * 300 + ".txt",
        "a/" * 3000 + "a.txt",
        "A" * 5000,
    ],
)
def test_what_is_no_document_is_not_taken_out(around: Path, path: str) -> None:
    with pytest.raises(CorpusError) as caught:
        take_out(around, path)
    assert caught.value.message == f"There is no document {path[:200]!r} in the folder."
    assert caught.value.remedy == "Look at the list of documents."


def test_an_absolute_path_is_not_taken_out(around: Path, tmp_path: Path) -> None:
    for path in (around / "a.txt", tmp_path / "secret.txt"):
        with pytest.raises(CorpusError, match=r"^There is no document"):
            take_out(around, str(path))


@pytest.mark.parametrize(
    "removal",
    [
        "",
        ".",
        "..",
        "../..",
        "deadbeefdeadbeef/..",
        "deadbeefdeadbeef/",
        "deadbeefdeadbeef\n",
        "DEADBEEFDEADBEEF",
        "deadbee",
        "d" * 25,
        "0" * 16,
        "\0",
        "\ud800",
        "/etc",
        "..\\..",
        "*",
        "٣" * 12,
    ],
)
def test_a_forged_removal_brings_nothing_back(around: Path, removal: str) -> None:
    with pytest.raises(CorpusError) as caught:
        bring_back(around, removal)
    assert caught.value.message == "There is no removed document by that name."
    assert caught.value.remedy == f"Look into {around / REMOVED}."


def test_a_removal_comes_back_once(corpus: Path) -> None:
    a_file(corpus, "a.txt")
    removal = take_out(corpus, "a.txt")
    assert bring_back(corpus, removal) == "a.txt"
    with pytest.raises(CorpusError, match=r"^There is no removed document by that name\."):
        bring_back(corpus, removal)
    assert tree(corpus) == {"a.txt": DATA, f"{REMOVED}/": ""}


@pytest.mark.parametrize("taken", ["file", "folder", "link", "dangling"])
def test_a_place_that_is_taken_meanwhile_stays_as_it_is(corpus: Path, taken: str) -> None:
    file = a_file(corpus, "sub/a.txt")
    a_file(corpus, "other.txt", OTHER)
    removal = take_out(corpus, "sub/a.txt")
    if taken == "file":
        file.write_bytes(OTHER)
    elif taken == "folder":
        file.mkdir()
    else:
        file.symlink_to("../other.txt" if taken == "link" else "none")
    before = tree(corpus)
    with pytest.raises(CorpusError) as caught:
        bring_back(corpus, removal)
    assert caught.value.message == "There is another document at sub/a.txt now."
    assert caught.value.remedy == (
        f"Rename one of the two; the removed one lies in {corpus / REMOVED / removal}."
    )
    assert tree(corpus) == before


def test_a_folder_that_leads_elsewhere_now_gets_nothing(corpus: Path, tmp_path: Path) -> None:
    a_file(corpus, "sub/deep/a.txt")
    removal = take_out(corpus, "sub/deep/a.txt")
    (corpus / "sub/deep").rmdir()
    (corpus / "sub").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (corpus / "sub").symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    with pytest.raises(CorpusError) as caught:
        bring_back(corpus, removal)
    assert caught.value.message == "The folder of sub/deep/a.txt leads elsewhere now."
    # Not even a folder was made there.
    assert tree(tmp_path) == before


def test_a_file_where_the_folder_was_is_told(corpus: Path) -> None:
    a_file(corpus, "sub/deep/a.txt")
    removal = take_out(corpus, "sub/deep/a.txt")
    (corpus / "sub/deep").rmdir()
    (corpus / "sub").rmdir()
    a_file(corpus, "sub", OTHER)
    before = tree(corpus)
    with pytest.raises(UserError):
        bring_back(corpus, removal)
    assert tree(corpus) == before


@pytest.mark.parametrize("target", ["elsewhere", "none"])
def test_a_hidden_folder_that_is_a_link_is_not_used(
    corpus: Path, tmp_path: Path, target: str
) -> None:
    a_file(corpus, "a.txt")
    a_file(tmp_path, "elsewhere/deadbeefdeadbeef/b.txt")
    (corpus / REMOVED).symlink_to(tmp_path / target)
    before = tree(tmp_path)
    for act in (lambda: take_out(corpus, "a.txt"), lambda: bring_back(corpus, "deadbeefdeadbeef")):
        with pytest.raises(CorpusError) as caught:
            act()
        assert caught.value.message == f"{corpus / REMOVED} is a link."
    assert tree(tmp_path) == before


def test_a_hidden_folder_that_is_a_file_is_told(corpus: Path) -> None:
    a_file(corpus, "a.txt")
    a_file(corpus, REMOVED)
    before = tree(corpus)
    with pytest.raises(StorageError, match=r"can't be written: Not a directory\."):
        take_out(corpus, "a.txt")
    with pytest.raises(CorpusError, match=r"^There is no removed document by that name\."):
        bring_back(corpus, "deadbeefdeadbeef")
    assert tree(corpus) == before


@pytest.mark.parametrize("what", ["link", "empty", "two"])
def test_a_removal_that_is_not_one_document_stays(corpus: Path, tmp_path: Path, what: str) -> None:
    folder = corpus / REMOVED / "deadbeefdeadbeef"
    if what == "link":
        a_file(tmp_path, "elsewhere/a.txt")
        folder.parent.mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    elif what == "empty":
        folder.mkdir(parents=True)
    else:
        a_file(folder, "a.txt")
        a_file(folder, "b.txt")
    before = tree(tmp_path)
    with pytest.raises(CorpusError, match=r"^There is no removed document by that name\."):
        bring_back(corpus, folder.name)
    assert tree(tmp_path) == before


def test_what_came_back_is_back_whatever_else_lies_in_its_removal(corpus: Path) -> None:
    a_file(corpus, "sub/a.txt")
    removal = take_out(corpus, "sub/a.txt")
    (corpus / REMOVED / removal / "stray").mkdir()
    assert bring_back(corpus, removal) == "sub/a.txt"
    assert tree(corpus) == {
        "sub/": "",
        "sub/a.txt": DATA,
        f"{REMOVED}/": "",
        f"{REMOVED}/{removal}/": "",
        f"{REMOVED}/{removal}/stray/": "",
    }


def test_two_who_bring_back_the_same_get_it_once(corpus: Path) -> None:
    for number in range(20):
        a_file(corpus, "a.txt", b"%d is a number." % number)
        removal = take_out(corpus, "a.txt")
        start = threading.Barrier(2)

        def work(start: threading.Barrier = start, removal: str = removal) -> str:
            start.wait()
            try:
                return bring_back(corpus, removal)
            except UserError as problem:
                return type(problem).__name__

        with ThreadPoolExecutor(2) as pool:
            found = [future.result() for future in [pool.submit(work) for _ in range(2)]]
        assert found.count("a.txt") == 1, found
        assert (corpus / "a.txt").read_bytes() == b"%d is a number." % number
        (corpus / "a.txt").unlink()
