"""Vectors of passages in Chroma, embedded or on a server. The only importer of chromadb.

Chroma holds vectors, ids and what filters need; the words stay in the text layers, so that there is
one copy of them and a quote can only come from there.

An open embedded client never sees what another process has written: its ``query`` goes on
answering from before, deleted ids included, while ``get`` and ``count`` look fresh. So this store
is told the generation that a reader has seen in the manifest, and reopens its client when that
has moved. Clients of one folder in one process share Chroma's inner system, which closes only with
the last of them; so this module hands out one client a folder and reopens it for all.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from index.errors import IndexCorrupt, StorageError, UserError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

    from index.embed import Vectors

T = TypeVar("T")
PassageId = tuple[int, int]
"""``(version, ordinal)``: a document's version as the manifest numbers it, and a passage of it."""

_COLLECTION = "passages"
_UNDATED = 0
_BATCH = 2000
"""Ids in one call; Chroma's own limit is SQLite's number of variables, 5,461 here."""


@dataclass(frozen=True, slots=True)
class VectorFilter:
    """What a dense search may return. Days are proleptic ordinals (``date.toordinal()``).

    Attributes:
        since: first day; passages without a date do not pass.
        until: last day; passages without a date pass.
        versions: only these; ``None``: all.
    """

    since: int | None = None
    until: int | None = None
    versions: tuple[int, ...] | None = None

    def where(self) -> dict[str, Any] | None:
        """The same in Chroma's words."""
        terms: list[dict[str, Any]] = []
        if self.since is not None:
            terms.append({"day": {"$gte": max(self.since, _UNDATED + 1)}})
        if self.until is not None:
            terms.append({"day": {"$lte": self.until}})
        if self.versions is not None:
            terms.append({"version": {"$in": list(self.versions)}})
        if not terms:
            return None
        return terms[0] if len(terms) == 1 else {"$and": terms}


@dataclass(slots=True)
class _Client:
    """One Chroma client, shared by the stores of this process that have the same folder."""

    open: Callable[[], ClientAPI]
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0
    client: ClientAPI | None = None
    collection: Collection | None = None
    generation: int = -1

    def close(self) -> None:
        self.collection = None
        if self.client is not None:
            client, self.client = self.client, None
            client.close()


_clients: dict[str, _Client] = {}
_clients_lock = threading.Lock()


class ChunkStore:
    """The vectors of one index. Safe to share by threads.

    Args:
        folder: where the embedded Chroma lies; unused when ``server`` is given.
        server: ``http(s)://host[:port]`` of a Chroma server.
        name: the collection; on a server many indexes may stand side by side.
    """

    def __init__(self, folder: Path, *, server: str | None = None, name: str = _COLLECTION) -> None:
        self._folder = folder
        self._server = server
        self._name = name
        key = f"{server} {name}" if server else str(folder.resolve())
        self._key = key
        with _clients_lock:
            self._shared = _clients.setdefault(key, _Client(self._connect))
            self._shared.users += 1
        self._closed = False

    @property
    def embedded(self) -> bool:
        """Whether Chroma runs in this process, on files of the index folder."""
        return self._server is None

    def add(self, ids: Sequence[PassageId], vectors: Vectors, days: Sequence[int | None]) -> None:
        """Write passages. ``vectors`` has shape ``(len(ids), dim)``; ``days`` are ordinals."""
        with self._working("write to") as collection:
            for begin in range(0, len(ids), _BATCH):
                part = slice(begin, begin + _BATCH)
                collection.upsert(
                    ids=[_name(passage) for passage in ids[part]],
                    embeddings=vectors[part],
                    metadatas=[
                        {"version": version, "day": day or _UNDATED}
                        for (version, _), day in zip(ids[part], days[part], strict=True)
                    ],
                )

    def delete(self, ids: Iterable[PassageId]) -> None:
        """Remove passages; those that are not here are passed over."""
        names = [_name(passage) for passage in ids]
        if not names:
            return
        with self._working("write to") as collection:
            for begin in range(0, len(names), _BATCH):
                collection.delete(ids=names[begin : begin + _BATCH])

    def query(
        self, vector: Vectors, k: int, *, allow: VectorFilter | None = None
    ) -> list[tuple[PassageId, float]]:
        """The ``k`` nearest passages, best first, with their cosine similarity in [-1, 1].

        Args:
            vector: shape ``(dim,)``.
        """
        with self._working("read") as collection:
            found = collection.query(
                query_embeddings=[vector],
                n_results=k,
                include=["distances"],
                where=allow.where() if allow else None,
            )
        distances = (found["distances"] or [[]])[0]
        return [
            (_passage(name), 1.0 - float(distance))
            for name, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def count(self) -> int:
        """How many passages are stored, current or not."""
        with self._working("read") as collection:
            return int(collection.count())

    def vectors(self) -> Iterator[tuple[PassageId, Vectors]]:
        """Every stored passage with its vector, shape ``(dim,)``."""
        import numpy as np

        with self._working("read") as collection:
            names = collection.get(include=[])["ids"]
        for begin in range(0, len(names), _BATCH):
            with self._working("read") as collection:
                got = collection.get(ids=names[begin : begin + _BATCH], include=["embeddings"])
            embeddings = got["embeddings"]
            if embeddings is None or len(embeddings) != len(got["ids"]):
                raise self._corrupt("vectors are missing")
            for name, vector in zip(got["ids"], embeddings, strict=True):
                yield _passage(name), np.asarray(vector, dtype=np.float32)

    def refresh(self, generation: int) -> None:
        """Make sure that searches see everything written up to ``generation``.

        Reopens the embedded client when it was opened for another one, and runs a first query, in
        which Chroma reads its files: what it has in memory afterwards no writer can change. The
        caller keeps writers out meanwhile.
        """
        shared = self._shared
        with shared.lock:
            if shared.generation == generation and shared.client is not None:
                return
            if self.embedded:
                shared.close()
                with self._working("read") as collection:
                    first = collection.peek(1)["embeddings"]
                    if first is not None and len(first):
                        collection.query(
                            query_embeddings=[first[0]], n_results=1, include=["distances"]
                        )
            shared.generation = generation

    def seen(self, generation: int) -> bool:
        """Whether searches already see ``generation``."""
        return self._shared.generation == generation and self._shared.client is not None

    def wrote(self, generation: int) -> None:
        """This process wrote ``generation`` through this client, so it needs no reopening."""
        self._shared.generation = generation

    def reset(self) -> None:
        """Drop every vector, and an embedded Chroma's files with them, whatever their state."""
        shared = self._shared
        with shared.lock:
            if self.embedded:
                shared.close()
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                with self._guard("write to"):
                    client = self._client()
                    if self._name in [found.name for found in client.list_collections()]:
                        client.delete_collection(self._name)
                shared.collection = None

    def written_since(self, moment_ns: int) -> bool:
        """Whether an embedded Chroma has rewritten its vector graph since ``moment_ns``.

        The graph's files are written in place every thousand passages: a process killed just then
        can leave them torn. What has not been written to them yet lies safe in SQLite.
        """
        return any(
            path.stat().st_mtime_ns >= moment_ns
            for pattern in ("*/*.bin", "*/*.pickle")
            for path in self._folder.glob(pattern)
        )

    def close(self) -> None:
        """Give the client back; it closes with its last user."""
        if self._closed:
            return
        self._closed = True
        with _clients_lock:
            self._shared.users -= 1
            if self._shared.users == 0:
                _clients.pop(self._key, None)
                with self._shared.lock:
                    self._shared.close()

    def _connect(self) -> ClientAPI:
        # Read when chromadb is imported, by the OpenTelemetry and PostHog that it brings.
        os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if self._server is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            return chromadb.PersistentClient(path=str(self._folder.resolve()), settings=settings)
        address = urlsplit(self._server)
        secure = address.scheme == "https"
        return chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or (443 if secure else 8000),
            ssl=secure,
            settings=settings,
        )

    def _client(self) -> ClientAPI:
        if self._shared.client is None:
            self._shared.client = self._shared.open()
        return self._shared.client

    @contextmanager
    def _working(self, doing: str) -> Iterator[Collection]:
        shared = self._shared
        with shared.lock, self._guard(doing):
            if shared.collection is None:
                shared.collection = self._client().get_or_create_collection(
                    self._name,
                    embedding_function=None,
                    configuration={"hnsw": {"space": "cosine", "ef_search": 128}},
                )
            yield shared.collection

    @contextmanager
    def _guard(self, doing: str) -> Iterator[None]:
        """Chroma's failures as errors that a person can act on."""
        try:
            yield
        except UserError:
            raise
        except Exception as problem:
            if not _from_chroma(problem):
                raise
            text = str(problem)
            if self._server is not None:
                raise StorageError(
                    f"Chroma at {self._server} does not answer as it should: {text[:200]}.",
                    "Check that the server runs and that the address is right.",
                ) from problem
            if re.search(r"disk is full|no space left|code: 13\b", text, re.IGNORECASE):
                raise StorageError(
                    f"The disk is full: can't {doing} the index at {self._folder}.",
                    "Make room and run the command again; what was indexed before is kept.",
                ) from problem
            if re.search(r"readonly|read-only|permission denied|code: 8\b", text, re.IGNORECASE):
                raise StorageError(
                    f"The index at {self._folder} can't be written: no permission.",
                    "Make the folder writable or name another with --index.",
                ) from problem
            raise self._corrupt(text[:200]) from problem

    def _corrupt(self, why: str) -> IndexCorrupt:
        return IndexCorrupt(
            f"The vectors at {self._folder} can't be read: {why}.",
            "Build the index anew with: onrecord index --rebuild",
        )


def _from_chroma(problem: Exception) -> bool:
    """Chroma raises its own errors, SQLite's, the file system's, its client's and, from Rust,
    plain ones with a message of its own."""
    module = type(problem).__module__
    return module.startswith(("chromadb", "httpx", "sqlite3")) or isinstance(
        problem, (OSError, ValueError, RuntimeError, KeyError)
    )


def _name(passage: PassageId) -> str:
    return f"{passage[0]}:{passage[1]}"


def _passage(name: str) -> PassageId:
    version, _, ordinal = name.partition(":")
    return int(version), int(ordinal)
