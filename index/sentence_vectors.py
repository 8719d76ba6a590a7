"""What each sentence of a passage means, on disk: kept when the passage is embedded, so that a
question meets every sentence that a search finds at no cost of a model.

The vectors are those of :meth:`index.embed.Embedder.encode_in_passages`. Of each component four
bits are kept, fifteen steps of a scale of the vector's own, which cancels out of a cosine: 192
bytes a sentence in place of 1,536, and the cosines hardly differ (``training/README.md``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.sqlite import ORDINALS, Connections, PassageId, guarded, row_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_MOST = 7
"""The largest of the integers from -7 to 7; with 8 added, each is half a byte."""

_PAGE_BYTES = 16_384
"""A passage has one or two thousand bytes: of SQLite's own pages a third would stay empty."""

_ASKED = 500
"""Passages in one query."""


class SentenceVectors:
    """Vectors of sentences, by the passage they stand in. Safe to share by threads.

    Args:
        path: the SQLite file; made when something is written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connections = Connections(path, _prepare, _PAGE_BYTES)

    @property
    def exists(self) -> bool:
        """Whether any were ever written here."""
        return self._path.is_file()

    def add(self, passages: Iterable[tuple[PassageId, bytes]]) -> None:
        """Write passages. Visible at once, all or none.

        Args:
            passages: each with the vectors of its sentences, in order, as :func:`packed` gives
                them.
        """
        with guarded(self._path), self._connections.get() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO passages (id, vectors) VALUES (?, ?)",
                ((row_of(passage), vectors) for passage, vectors in passages),
            )

    def get(self, passages: Sequence[PassageId], dimension: int) -> dict[PassageId, Vectors]:
        """The unit vectors of the sentences of those ``passages`` that are here, ``(n, dim)``."""
        if not self.exists:
            return {}
        found: dict[PassageId, Vectors] = {}
        with guarded(self._path):
            connection = self._connections.get()
            for begin in range(0, len(passages), _ASKED):
                rows = [row_of(passage) for passage in passages[begin : begin + _ASKED]]
                marks = ", ".join("?" * len(rows))
                for row, vectors in connection.execute(
                    f"SELECT id, vectors FROM passages WHERE id IN ({marks})", rows
                ):
                    found[divmod(row, ORDINALS)] = unpacked(vectors, dimension)
        return found

    def delete(self, versions: Iterable[int]) -> None:
        """Remove every passage of these versions."""
        if not self.exists:
            return
        with guarded(self._path), self._connections.get() as connection:
            connection.executemany(
                "DELETE FROM passages WHERE id >= ? AND id < ?",
                ((version * ORDINALS, (version + 1) * ORDINALS) for version in versions),
            )

    def ids(self) -> Iterator[PassageId]:
        """Every passage that is here, current or not."""
        if not self.exists:
            return
        with guarded(self._path):
            rows = self._connections.get().execute("SELECT id FROM passages INDEXED BY by_id")
            for (row,) in rows:
                yield divmod(row, ORDINALS)

    def count(self) -> int:
        """How many passages are here, current or not."""
        return self.sums()[0]

    def sums(self) -> tuple[int, int, int]:
        """How many passages are here, current or not, and the sums of their versions and ordinals:
        :meth:`index.manifest.Manifest.sums` gives the same of those that should be."""
        if not self.exists:
            return 0, 0, 0
        with guarded(self._path):
            # An index holds no vectors, and is read in a hundredth of the table's pages.
            row = (
                self._connections.get()
                .execute(
                    "SELECT count(*), coalesce(sum(id / ?), 0), coalesce(sum(id % ?), 0) "
                    "FROM passages INDEXED BY by_id",
                    (ORDINALS, ORDINALS),
                )
                .fetchone()
            )
            return int(row[0]), int(row[1]), int(row[2])

    def clear(self) -> None:
        """Remove every passage."""
        if not self.exists:
            return
        with guarded(self._path), self._connections.get() as connection:
            connection.execute("DELETE FROM passages")

    def discard(self) -> None:
        """Begin with an empty file, whatever the state of the one that is there."""
        self._connections.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self.add(())

    def close(self) -> None:
        """Close every thread's connection."""
        self._connections.close()


def packed(vectors: Vectors) -> bytes:
    """Vectors of shape ``(n, dim)`` as ``n * ceil(dim / 2)`` bytes."""
    import numpy as np

    if vectors.shape[1] % 2:
        vectors = np.pad(vectors, ((0, 0), (0, 1)))
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=np.float32(1e-12))
    steps = (np.rint(vectors * (_MOST / largest)) + _MOST + 1).astype(np.uint8)
    halves: NDArray[np.uint8] = steps[:, ::2] << 4 | steps[:, 1::2]
    return halves.tobytes()


def unpacked(stored: bytes, dimension: int) -> Vectors:
    """What :func:`packed` gave, at length one again; zero vectors are left so. Of what is not of
    this dimension, none."""
    import numpy as np

    width = (dimension + 1) // 2
    if len(stored) % width:
        stored = b""
    halves = np.frombuffer(stored, dtype=np.uint8).reshape(-1, width)
    vectors = np.empty((len(halves), 2 * width), dtype=np.float32)
    vectors[:, ::2], vectors[:, 1::2] = halves >> 4, halves & 15
    vectors = vectors[:, :dimension]
    vectors -= np.float32(_MOST + 1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return vectors


def _prepare(connection: sqlite3.Connection) -> None:
    connection.executescript(
        """
        CREATE TABLE IF NOT EXISTS passages (id INTEGER PRIMARY KEY, vectors BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS by_id ON passages (id);
        """
    )
