"""The folder of documents as a person keeps it: files put in, taken out and brought back.

Nothing here overwrites or deletes: a name that is taken gets a number, and what is taken out lies
in a hidden folder of the corpus, which no sync looks into, until it is brought back.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
import unicodedata
from contextlib import suppress
from pathlib import Path, PurePosixPath

from index.errors import CorpusError, DocumentError, StorageError
from index.parse import is_supported, parse_bytes
from index.sync import MAX_FILE_BYTES

REMOVED = ".removed"
"""The hidden folder of a corpus in which removed documents lie."""

MAX_NAME_BYTES = 200

_REMOVAL = re.compile(r"[0-9a-f]{8,24}")
# Marks that turn the order of reading round: "report[RLO]txt.exe" is shown as another name.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_name(name: str) -> None:
    """Refuse a file name that is more, or less, than a name.

    Raises:
        DocumentError: it is empty, hidden, too long, or has a folder or control characters in it.
    """
    problem = ""
    if not name.strip() or name in (".", ".."):
        problem = "is empty"
    elif "/" in name or "\\" in name or ":" in name:
        problem = "has a folder in it"
    elif name.startswith("."):
        problem = "is hidden"
    elif any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in _TURNING for c in name):
        problem = "has characters in it that do not belong into a name"
    elif len(name.encode("utf-8")) > MAX_NAME_BYTES:
        problem = f"is longer than {MAX_NAME_BYTES} bytes"
    if problem:
        raise DocumentError(
            f"The file name {name[:80]!r} {problem}.", "Rename the file and add it again."
        )


def put(corpus: Path, name: str, data: bytes) -> str:
    """Put a document into the corpus; returns its path there.

    A name that is taken gets a number: ``report (2).txt``. The same content under the same name
    is there already, and stays as it is.

    Raises:
        DocumentError: the name is no name, or the data can't be read as a document, or are more
            than a sync takes in.
        StorageError: the folder can't be written.
    """
    check_name(name)
    if len(data) > MAX_FILE_BYTES:
        raise DocumentError(
            f"{name} is larger than {MAX_FILE_BYTES // 1_000_000} MB.",
            "Split it, and add the parts.",
        )
    parse_bytes(data, name)
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    try:
        # Hidden until it is whole: a sync may come at any time.
        draft = corpus / f".{_unique()}.draft"
        try:
            with draft.open("xb") as file:
                file.write(data)
            for number in range(1, 10_000):
                path = name if number == 1 else f"{stem} ({number}){suffix}"
                target = corpus / path
                try:
                    _appear(draft, target)
                    return path
                except FileExistsError:
                    # A link that leads elsewhere is no document, whatever is there.
                    same = target.is_file() and target.stat().st_size == len(data)
                    if same and _inside(corpus, target) and target.read_bytes() == data:
                        return path
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise _unwritable(corpus, problem) from problem
    raise DocumentError(
        f"There are 10,000 documents named {name}.", "Rename the file and add it again."
    )


def take_out(corpus: Path, path: str) -> str:
    """Move a document into the hidden folder; returns the name by which it is brought back.

    Raises:
        CorpusError: there is no such document.
        StorageError: the folder can't be written.
    """
    source = _document(corpus, path)
    removal = _unique()
    target = corpus / REMOVED / removal / path
    try:
        _own_folder(corpus)
        target.parent.mkdir(parents=True)
        source.rename(target)
    except OSError as problem:
        raise _unwritable(corpus, problem) from problem
    return removal


def bring_back(corpus: Path, removal: str) -> str:
    """Move a document back to where it was; returns its path.

    Raises:
        CorpusError: nothing was removed by that name, or its place is taken.
        StorageError: the folder can't be written.
    """
    none = CorpusError(
        "There is no removed document by that name.", f"Look into {corpus / REMOVED}."
    )
    _own_folder(corpus)
    folder = corpus / REMOVED / removal
    if not _REMOVAL.fullmatch(removal) or folder.is_symlink():
        raise none
    try:
        # A document may have been a link to another one; links are not followed.
        found = [f for f in folder.rglob("*") if f.is_symlink() or f.is_file()]
        if len(found) != 1:
            raise none
        path = found[0].relative_to(folder).as_posix()
        target = corpus / path
        if not _inside(corpus, target.parent):
            raise CorpusError(f"The folder of {path} leads elsewhere now.", "Move it by hand.")
        target.parent.mkdir(parents=True, exist_ok=True)
        _appear(found[0], target)
        found[0].unlink()
        # It is back; a folder that something else lies in may stay.
        with suppress(OSError):
            for empty in [*found[0].parents][: len(PurePosixPath(path).parts)]:
                empty.rmdir()
    except FileNotFoundError:  # another one has brought it back just now
        raise none from None
    except FileExistsError:
        raise CorpusError(
            f"There is another document at {path} now.",
            f"Rename one of the two; the removed one lies in {folder}.",
        ) from None
    except OSError as problem:
        raise _unwritable(corpus, problem) from problem
    return path


# By file systems that have none, and between two of them.
_NO_LINKS = frozenset(
    (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS, errno.EXDEV)
)


def _appear(source: Path, target: Path) -> None:
    """Give a file a second name, at once and whole.

    Raises:
        FileExistsError: that name is taken.
    """
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        os.link(source, target)
    except OSError as problem:
        if problem.errno not in _NO_LINKS:
            raise
        # A file system without hard links: never over another file, but not at once.
        with target.open("xb") as file:
            try:
                file.write(source.read_bytes())
            except BaseException:
                target.unlink(missing_ok=True)
                raise


def _document(corpus: Path, path: str) -> Path:
    """The file at a path of the corpus, which must be a plain one inside it."""
    parts = PurePosixPath(path).parts
    plain = (
        # As a list names it: without a doubled slash, or one at the end.
        "/".join(parts) == path
        and "\\" not in path
        and not any(part.startswith(".") for part in parts)
        and is_supported(path)
    )
    file = corpus / path
    try:
        found = plain and _inside(corpus, file.parent) and file.is_file()
    except (OSError, ValueError):  # too long for a name, or with characters that none can have
        found = False
    if not found:
        raise CorpusError(
            f"There is no document {path[:200]!r} in the folder.", "Look at the list of documents."
        )
    return file


def _inside(corpus: Path, place: Path) -> bool:
    return place.resolve().is_relative_to(corpus.resolve())


def _unique() -> str:
    """A name that nothing has: the time, for whoever looks into the folder, and some chance."""
    return f"{time.time_ns():x}{secrets.token_hex(3)}"


def _own_folder(corpus: Path) -> None:
    if (corpus / REMOVED).is_symlink():
        raise CorpusError(
            f"{corpus / REMOVED} is a link.", "Replace it by a folder, or remove the link."
        )


def _unwritable(corpus: Path, problem: OSError) -> StorageError:
    return StorageError(
        f"The folder {corpus} can't be written: {problem.strerror or problem}.",
        "Make it writable, or free some space, and try again.",
    )
