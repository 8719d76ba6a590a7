"""The commit point: which version of each document is current, and the generation.

A version of a document is one taking-in of one content; it has a number of its own, and passages
are named by it, so that the same content taken in twice never collides. A version is written in
three steps: announced here (``writing``), written to the vectors, the words and the texts, and then
made ``current`` here, in one transaction that also turns the version before it into one that is
``leaving`` and moves the generation on. Only then is the old one deleted elsewhere. So a process
that dies at any instant leaves this file telling exactly what is to be cleaned up.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from index.errors import IndexCorrupt
from index.sqlite import Connections, guarded
from index.types import Chunk, Document, Span

FORMAT = "1"
"""The layout of the index folder. Another one is refused and rebuilt."""

PassageId = tuple[int, int]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL CHECK (state IN ('writing', 'current', 'leaving')),
    path TEXT NOT NULL, sha256 TEXT NOT NULL, parser TEXT NOT NULL,
    title TEXT NOT NULL, published TEXT, source TEXT, pages TEXT NOT NULL,
    characters INTEGER NOT NULL, passages INTEGER NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    checked_ns INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_current ON versions (path) WHERE state = 'current';
CREATE INDEX IF NOT EXISTS unfinished ON versions (state) WHERE state <> 'current';
CREATE TABLE IF NOT EXISTS passages (
    version INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    PRIMARY KEY (version, ordinal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
    path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, parser TEXT NOT NULL,
    reason TEXT NOT NULL, remedy TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    checked_ns INTEGER NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells a file unchanged without reading it.

    Attributes:
        size: bytes.
        mtime_ns: last change, nanoseconds since 1970.
        inode: of the file, its lowest 63 bits (SQLite's integers have a sign); another file put
            in its place has another.
        checked_ns: when it was read. A file changed in the same instant may carry the same
            ``mtime_ns`` afterwards, so one read that soon after its change is read again.
    """

    size: int
    mtime_ns: int
    inode: int
    checked_ns: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a document, as the manifest knows it. ``passages`` is their number."""

    version: int
    path: str
    sha256: str
    parser: str
    title: str
    published: date | None
    source: str | None
    characters: int
    passages: int
    file: FileState


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be taken in, by its content: it isn't tried again until it changes."""

    path: str
    sha256: str
    parser: str
    reason: str
    remedy: str
    file: FileState


@dataclass(frozen=True, slots=True)
class Located:
    """A passage of a current version."""

    passage: PassageId
    version: Version
    span: Span


_VERSION = (
    "version, path, sha256, parser, title, published, source, characters, passages, "
    "size, mtime_ns, inode, checked_ns"
)


class Manifest:
    """The manifest of one index. Safe to share by threads: each has a connection of its own.

    Raises:
        IndexCorrupt: when the file is not a manifest.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections = Connections(path, _prepare)

    @property
    def exists(self) -> bool:
        """Whether there is an index here at all."""
        return self._path.is_file()

    # -- what the index is ---------------------------------------------------------------------

    def meta(self) -> dict[str, str]:
        """How the index was made, and what was noted of it."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT key, value FROM meta"))

    def set_meta(self, **values: str | None) -> None:
        """Note these; ``None`` forgets one."""
        with self._writing() as connection:
            for key, value in values.items():
                if value is None:
                    connection.execute("DELETE FROM meta WHERE key = ?", (key,))
                else:
                    connection.execute(
                        "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value)
                    )

    def generation(self) -> int:
        """Moves on with every commit; two equal ones mean the same current versions."""
        with self._reading() as connection:
            return _generation(connection)

    # -- reading -------------------------------------------------------------------------------

    def current(self) -> list[Version]:
        """The current version of every document, by path."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {_VERSION} FROM versions WHERE state = 'current' ORDER BY path"
            )
            return [_version(row) for row in rows]

    def current_of(self, path: str) -> Version | None:
        """The current version of one document."""
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT {_VERSION} FROM versions WHERE state = 'current' AND path = ?", (path,)
            ).fetchone()
            return _version(row) if row else None

    def counts(self) -> tuple[int, int]:
        """How many documents are current, and how many passages they have."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(passages), 0) FROM versions WHERE state = 'current'"
            ).fetchone()
            return int(row[0]), int(row[1])

    def sums(self) -> tuple[int, int, int]:
        """How many passages are current, and the sums of their versions and of their ordinals."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(passages), 0), coalesce(sum(version * passages), 0), "
                "coalesce(sum(passages * (passages - 1) / 2), 0) "
                "FROM versions WHERE state = 'current'"
            ).fetchone()
            return int(row[0]), int(row[1]), int(row[2])

    @property
    def empty(self) -> bool:
        """Whether no document is current. Takes the same time for every corpus."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT EXISTS (SELECT 1 FROM versions INDEXED BY one_current "
                "WHERE state = 'current')"
            ).fetchone()
            return not row[0]

    def between(
        self, since: date | None = None, until: date | None = None
    ) -> Iterator[tuple[int, int, str]]:
        """``(version, passages, path)`` of the documents published from ``since``, and of those
        published up to ``until`` or not dated: what a filter asks for, and in a fraction of the
        time of :meth:`current`. Reads no more of them than are taken."""
        with self._reading() as connection:
            # Days in ISO 8601 are in the order of their text.
            yield from connection.execute(
                "SELECT version, passages, path FROM versions WHERE state = 'current' "
                "AND (?1 IS NULL OR published >= ?1) "
                "AND (?2 IS NULL OR published IS NULL OR published <= ?2)",
                (since.isoformat() if since else None, until.isoformat() if until else None),
            )

    def failures(self) -> list[Failure]:
        """What could not be taken in, by path."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT path, sha256, parser, reason, remedy, size, mtime_ns, inode, checked_ns "
                "FROM failures ORDER BY path"
            )
            return [_failure(row) for row in rows]

    def locate(self, passages: Sequence[PassageId]) -> list[Located]:
        """Those of ``passages`` that are of current versions, in their order."""
        found: dict[PassageId, Located] = {}
        versions: dict[int, Version] = {}
        with self._reading() as connection:
            for begin in range(0, len(passages), 200):
                part = passages[begin : begin + 200]
                values = ", ".join(["(?, ?)"] * len(part))
                rows = connection.execute(
                    f"WITH wanted (v, o) AS (VALUES {values}) "
                    f'SELECT p.ordinal, p.start, p."end", {_prefixed("v")} FROM wanted '
                    "JOIN passages p ON p.version = wanted.v AND p.ordinal = wanted.o "
                    "JOIN versions v ON v.version = p.version AND v.state = 'current'",
                    [number for passage in part for number in passage],
                )
                for ordinal, start, end, *rest in rows:
                    version = versions.setdefault(rest[0], _version(rest))
                    passage = (version.version, ordinal)
                    found[passage] = Located(passage, version, Span(start, end))
        return [found[passage] for passage in passages if passage in found]

    def passages_of(self, version: int) -> list[Located]:
        """Every passage of a current version, in order."""
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT {_VERSION} FROM versions WHERE version = ?", (version,)
            ).fetchone()
            whole = _version(row)
            rows = connection.execute(
                'SELECT ordinal, start, "end" FROM passages WHERE version = ? ORDER BY ordinal',
                (version,),
            )
            return [
                Located((version, ordinal), whole, Span(start, end)) for ordinal, start, end in rows
            ]

    def unfinished(self) -> list[tuple[int, int]]:
        """``(version, passages)`` of what was announced and not committed, or replaced and not
        yet deleted elsewhere."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT version, passages FROM versions WHERE state <> 'current'"
            )
            return [(int(version), int(passages)) for version, passages in rows]

    # -- writing -------------------------------------------------------------------------------

    def announce(
        self, documents: Sequence[tuple[Document, Sequence[Chunk], FileState, str]]
    ) -> list[int]:
        """Number new versions, before anything of them is written elsewhere.

        Args:
            documents: each with its passages, its file's state and the parser's version.
        """
        numbers = []
        with self._writing() as connection:
            for document, chunks, file, parser in documents:
                pages = [[page.number, page.span.start, page.span.end] for page in document.pages]
                cursor = connection.execute(
                    "INSERT INTO versions (state, path, sha256, parser, title, published, source, "
                    "pages, characters, passages, size, mtime_ns, inode, checked_ns) "
                    "VALUES ('writing', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        document.path,
                        document.sha256,
                        parser,
                        document.title,
                        document.published.isoformat() if document.published else None,
                        document.source,
                        json.dumps(pages),
                        len(document.text),
                        len(chunks),
                        *_file(file),
                    ),
                )
                number = int(cursor.lastrowid or 0)
                connection.executemany(
                    "INSERT INTO passages VALUES (?, ?, ?, ?)",
                    ((number, chunk.ordinal, chunk.span.start, chunk.span.end) for chunk in chunks),
                )
                numbers.append(number)
        return numbers

    def commit(
        self,
        *,
        versions: Iterable[int] = (),
        removed: Iterable[str] = (),
        failed: Iterable[Failure] = (),
    ) -> int:
        """Make ``versions`` current, let the documents ``removed`` and ``failed`` leave, and move
        the generation on: all at once. Returns the new generation."""
        leave = "UPDATE versions SET state = 'leaving' WHERE state = 'current' AND path = ?"
        with self._writing() as connection:
            for number in versions:
                (path,) = connection.execute(
                    "SELECT path FROM versions WHERE version = ?", (number,)
                ).fetchone()
                connection.execute(leave, (path,))
                connection.execute(
                    "UPDATE versions SET state = 'current' WHERE version = ?", (number,)
                )
                connection.execute("DELETE FROM failures WHERE path = ?", (path,))
            for path in removed:
                connection.execute(leave, (path,))
                connection.execute("DELETE FROM failures WHERE path = ?", (path,))
            for failure in failed:
                connection.execute(leave, (failure.path,))
                connection.execute(
                    "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        failure.path,
                        failure.sha256,
                        failure.parser,
                        failure.reason,
                        failure.remedy,
                        *_file(failure.file),
                    ),
                )
            generation = _generation(connection) + 1
            connection.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('generation', ?)",
                (str(generation),),
            )
        return generation

    def start(self, **meta: str) -> None:
        """Begin an index, or begin one again: nothing is current, and ``meta`` says how it is made.

        The generation begins at the clock's nanoseconds, so that one of this index never equals
        one that a reader remembers of the index that was here before.
        """
        with self._writing() as connection:
            # The clock may have been set back since.
            meta["generation"] = str(max(time.time_ns(), _generation(connection) + 1))
            for table in ("meta", "versions", "passages", "failures"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", meta.items())

    def touch(self, files: Iterable[tuple[str, FileState]]) -> None:
        """Remember the new state of files whose content is the same as before."""
        with self._writing() as connection:
            for path, file in files:
                for table, condition in (("versions", "state = 'current' AND "), ("failures", "")):
                    connection.execute(
                        f"UPDATE {table} SET size = ?, mtime_ns = ?, inode = ?, checked_ns = ? "
                        f"WHERE {condition}path = ?",
                        (*_file(file), path),
                    )

    def forget(self, versions: Iterable[int]) -> None:
        """Drop versions that are deleted everywhere else. A current one is kept."""
        with self._writing() as connection:
            for number in versions:
                gone = connection.execute(
                    "DELETE FROM versions WHERE version = ? AND state <> 'current'", (number,)
                ).rowcount
                if gone:
                    connection.execute("DELETE FROM passages WHERE version = ?", (number,))

    def close(self) -> None:
        """Close every thread's connection."""
        self._connections.close()

    # -- inside --------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with guarded(self._path):
            yield self._connections.get()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with guarded(self._path):
            connection = self._connections.get()
            # IMMEDIATE: a transaction that begins by reading could find itself unable to write.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None
    tables = {
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    if "meta" in tables:
        return
    if tables:
        raise IndexCorrupt(
            "The manifest is a database, but not one of an index of this program.",
            "Name another folder with --index.",
        )
    # All or nothing: a process that dies between two tables would leave half a manifest, and
    # another one that opens it meanwhile would see one.
    connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")


def _generation(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    return int(row[0]) if row else 0


def _file(file: FileState) -> tuple[int, int, int, int]:
    return file.size, file.mtime_ns, file.inode, file.checked_ns


def _prefixed(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in _VERSION.split(", "))


def _failure(row: Sequence[object]) -> Failure:
    path, sha256, parser, reason, remedy, *file = row
    size, mtime_ns, inode, checked_ns = (int(str(value)) for value in file)
    return Failure(
        path=str(path),
        sha256=str(sha256),
        parser=str(parser),
        reason=str(reason),
        remedy=str(remedy),
        file=FileState(size, mtime_ns, inode, checked_ns),
    )


def _version(row: Sequence[object]) -> Version:
    number, path, sha256, parser, title, published, source, characters, passages, *file = row
    size, mtime_ns, inode, checked_ns = (int(str(value)) for value in file)
    return Version(
        version=int(str(number)),
        path=str(path),
        sha256=str(sha256),
        parser=str(parser),
        title=str(title),
        published=date.fromisoformat(str(published)) if published else None,
        source=None if source is None else str(source),
        characters=int(str(characters)),
        passages=int(str(passages)),
        file=FileState(size, mtime_ns, inode, checked_ns),
    )
