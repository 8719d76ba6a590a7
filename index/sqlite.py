"""How this project opens SQLite files, and what their failures mean to a person."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import IndexBusy, IndexCorrupt, StorageError

_UNWRITABLE = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
)


def connect(
    path: Path, *, busy_seconds: float = 30.0, page_bytes: int | None = None
) -> sqlite3.Connection:
    """A connection that lets readers go on while one process writes.

    ``page_bytes`` is the size of a new file's pages (SQLite's own is 4,096); a file that is there
    keeps its own.

    ``check_same_thread`` is off so that a connection can be closed from another thread than its
    own; each is used by one thread.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=busy_seconds, check_same_thread=False)
    try:
        if page_bytes is not None:
            connection.execute(f"PRAGMA page_size = {page_bytes}")
        _log_ahead(connection, time.monotonic() + busy_seconds)
        # WAL with NORMAL survives the death of the process at any instant; a power cut may lose
        # the last commits, which the next sync makes again.
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _log_ahead(connection: sqlite3.Connection, deadline: float) -> None:
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            # This one statement does not wait by itself when several open a new file at once.
            busy = problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


PassageId = tuple[int, int]
"""``(version, ordinal)``: a document's version as the manifest numbers it, and a passage of it."""

ORDINALS = 1 << 20
"""A passage's row is ``version * ORDINALS + ordinal``: a version is a range, fast to delete."""


def row_of(passage: PassageId) -> int:
    """The number of a passage's row.

    Raises:
        ValueError: the document has more passages than there are numbers for.
    """
    version, ordinal = passage
    if ordinal >= ORDINALS:
        raise ValueError(f"passage {ordinal} of one document: the limit is {ORDINALS}")
    return version * ORDINALS + ordinal


class Connections:
    """One connection a thread to one file, opened anew when another file has taken its place.

    Args:
        prepare: called with each new connection.
        page_bytes: see :func:`connect`.
    """

    def __init__(
        self,
        path: Path,
        prepare: Callable[[sqlite3.Connection], None],
        page_bytes: int | None = None,
    ) -> None:
        self.path = path
        self._page_bytes = page_bytes
        self._prepare = prepare
        self._local = threading.local()
        self._open: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()

    def get(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and self._local.inode == self._inode():
            return connection
        if connection is not None:
            # A rebuild has put a new file there; this one would answer from the old for ever.
            self._discard(connection)
        connection = connect(self.path, page_bytes=self._page_bytes)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._local.connection = connection
        self._local.inode = self._inode()
        with self._lock:
            self._close_orphans()
            self._open.append((threading.current_thread(), connection))
        return connection

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for _, connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _inode(self) -> int | None:
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return None

    def _discard(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._open = [pair for pair in self._open if pair[1] is not connection]
        connection.close()

    def _close_orphans(self) -> None:
        """Close what ended threads have left: a server that starts a thread for each request
        would run out of files."""
        for thread, connection in self._open:
            if not thread.is_alive():
                connection.close()
        self._open = [pair for pair in self._open if pair[0].is_alive()]


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """SQLite's and the file system's failures as errors that a person can act on."""
    try:
        yield
    except OSError as problem:
        raise _storage_error(path, problem.errno, str(problem)) from problem
    except sqlite3.DatabaseError as problem:
        text = str(problem)
        code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise _storage_error(path, errno.ENOSPC, text) from problem
        if code in _UNWRITABLE:
            raise _storage_error(path, errno.EACCES, text) from problem
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise IndexBusy(
                f"The index at {path.parent} is being written by another process.",
                "Wait until it is done and try again.",
            ) from problem
        raise IndexCorrupt(
            f"The index at {path.parent} is damaged: {path.name}: {text}.",
            "Build the index anew with: onrecord index --rebuild",
        ) from problem


def _storage_error(path: Path, number: int | None, text: str) -> StorageError:
    if number == errno.ENOSPC:
        return StorageError(
            f"The disk is full: can't write the index at {path.parent}.",
            "Make room and run the command again; what was indexed before is kept.",
        )
    return StorageError(
        f"The index at {path.parent} can't be written: {text}.",
        "Make the folder writable or name another with --index.",
    )
