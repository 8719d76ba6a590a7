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

import errno
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from index.errors import IndexCorrupt, SettingsError, StorageError, UserError
from index.late import standing_in

if TYPE_CHECKING:
    import httpx
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

    from index.embed import Vectors

PassageId = tuple[int, int]
"""``(version, ordinal)``: a document's version as the manifest numbers it, and a passage of it."""

_COLLECTION = "passages"
_UNDATED = 0
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 120.0
_ROOM = 4 << 20
"""Bytes that a write may need. With less to be had, a failure is for want of room."""
_EXPORTER = "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"
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

    open: Callable[[], Client]
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0
    client: Client | None = None
    collection: Collection | None = None
    generation: int = -1

    def close(self) -> None:
        self.collection = None
        if self.client is not None:
            client, self.client = self.client, None
            sessions = _sessions(client)
            client.close()
            for session in sessions:
                session.close()  # Chroma leaves its connections to a server open


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
        if server is not None:
            _check_address(server)
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
        if allow is not None and allow.versions == ():
            return []  # Chroma takes an empty list of choices for a mistake.
        with self._working("read") as collection:
            found = collection.query(
                query_embeddings=vector[None, :],
                n_results=k,
                include=["distances"],
                where=allow.where() if allow else None,
            )
        distances = (found["distances"] or [[]])[0]
        return [
            (_passage(name), 1.0 - float(distance))
            for name, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def query_among(
        self, vector: Vectors, k: int, ids: Sequence[PassageId]
    ) -> list[tuple[PassageId, float]]:
        """The ``k`` nearest of ``ids``, best first, with their cosine similarity in [-1, 1].

        They are read and compared one by one, so this takes time in proportion to ``ids``; a
        filter of :meth:`query` takes it in proportion to the whole store. Those that are not here
        are passed over.

        Args:
            vector: shape ``(dim,)``.
        """
        import numpy as np

        scored: list[tuple[PassageId, float]] = []
        length = float(np.linalg.norm(vector))
        with self._working("read") as collection:
            for begin in range(0, len(ids), _BATCH):
                names = [_name(passage) for passage in ids[begin : begin + _BATCH]]
                got = collection.get(ids=names, include=["embeddings"])
                if not got["ids"]:
                    continue
                if got["embeddings"] is None or len(got["embeddings"]) != len(got["ids"]):
                    raise self._corrupt("vectors are missing")
                found = np.asarray(got["embeddings"], dtype=np.float32)
                if found.shape[1] != len(vector):
                    raise self._corrupt(f"of dimension {found.shape[1]}, not {len(vector)}")
                cosines = (found @ vector) / (np.linalg.norm(found, axis=1) * length)
                scored += zip(map(_passage, got["ids"]), map(float, cosines), strict=True)
        return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]

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
        import numpy as np

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
                            query_embeddings=np.asarray(first[:1], dtype=np.float32),
                            n_results=1,
                            include=["distances"],
                        )
            else:
                # A rebuild has deleted the collection and made another of the same name.
                shared.collection = None
            shared.generation = generation

    def forget(self) -> None:
        """Let go of what the client has in memory: the next :meth:`refresh` reads the files."""
        with self._shared.lock:
            self._shared.generation = -1
            self._shared.close()

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

    def graph_state(self) -> str:
        """What changes whenever an embedded Chroma rewrites its vector graph.

        The graph's files are written in place every thousand passages: a process killed just then
        can leave them torn. What has not been written to them yet lies safe in SQLite. Sizes and
        times are compared with themselves and never with a clock: a file's time may lie a tick
        of the kernel's before the moment that the program reads.
        """
        if not self.embedded:
            return ""
        states = []
        for pattern in ("*/*.bin", "*/*.pickle"):
            for path in sorted(self._folder.glob(pattern)):
                file = path.stat()
                states.append(f"{path.name}:{file.st_ino}:{file.st_size}:{file.st_mtime_ns}")
        return " ".join(states)

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

    def _connect(self) -> Client:
        # Read when chromadb is imported, by the OpenTelemetry and PostHog that it brings.
        os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
        # Chroma imports gRPC for traces that are sent only where its settings say so.
        with standing_in(_EXPORTER, OTLPSpanExporter=_span_exporter):
            import chromadb
            from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if self._server is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = str(self._folder.resolve())
            try:
                return cast("Client", chromadb.PersistentClient(path=path, settings=settings))
            except BaseException:
                # Chroma keeps what it failed to open, and would hand it out again even when the
                # folder is whole once more.
                from chromadb.api.shared_system_client import SharedSystemClient

                SharedSystemClient._identifier_to_system.pop(path, None)
                raise
        import httpx

        address = urlsplit(self._server)
        secure = address.scheme == "https"
        host, port = address.hostname or "", address.port or (443 if secure else 8000)
        # Chroma's client waits for ever, already when it is made: so ask first, with a limit.
        bracketed = f"[{host}]" if ":" in host else host
        httpx.get(
            f"{address.scheme}://{bracketed}:{port}/api/v2/heartbeat", timeout=_CONNECT_SECONDS
        )
        client = cast(
            "Client", chromadb.HttpClient(host=host, port=port, ssl=secure, settings=settings)
        )
        for session in _sessions(client):
            session.timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        return client

    def _client(self) -> Client:
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
        except BaseException as problem:  # a panic of Chroma's Rust part is no Exception
            if not _from_chroma(problem):
                raise
            text = str(problem) or type(problem).__name__
            if self._server is not None:
                raise StorageError(
                    f"Chroma at {self._server} does not answer as it should: {text[:200]}.",
                    "Check that the server runs and that the address is right.",
                ) from problem
            # Chroma often says only what it was about to do, not why that failed: then try.
            number = self._trial()
            full = re.search(r"disk is full|no space left|code: 13\b", text, re.IGNORECASE)
            if full or number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageError(
                    f"The disk is full: can't {doing} the index at {self._folder}.",
                    "Make room and run the command again; what was indexed before is kept.",
                ) from problem
            denied = re.search(
                r"readonly|read-only|permission denied|code: 8\b", text, re.IGNORECASE
            )
            if denied or number in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise StorageError(
                    f"The index at {self._folder} can't be written: no permission.",
                    "Make the folder writable or name another with --index.",
                ) from problem
            raise self._corrupt(text[:200]) from problem

    def _trial(self) -> int | None:
        """What the system answers when a little more is to be written to the folder."""
        try:
            largest = max(
                (path.stat().st_size for path in self._folder.rglob("*") if path.is_file()),
                default=0,
            )
            with tempfile.TemporaryFile(dir=self._folder) as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), largest, _ROOM)
        except OSError as problem:
            return problem.errno
        return None

    def _corrupt(self, why: str) -> IndexCorrupt:
        return IndexCorrupt(
            f"The vectors at {self._folder} can't be read: {why}.",
            "Build the index anew with: onrecord index --rebuild",
        )


def _span_exporter(**settings: Any) -> Any:
    """What Chroma sends its traces with, imported when it is made."""
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(**settings)


def _sessions(client: Client) -> list[httpx.Client]:
    """A client's connections to a server: its own, and those of the one it has for admin."""
    servers = [getattr(owner, "_server", None) for owner in (client, client._admin_client)]
    found = [getattr(server, "_session", None) for server in servers]
    return [session for session in found if session is not None]


def _check_address(server: str) -> None:
    try:
        address = urlsplit(server)
        fits = address.scheme in ("http", "https") and bool(address.hostname)
        _ = address.port  # raises when it is no port
    except ValueError:
        fits = False
    if not fits:
        raise SettingsError(
            f"{server!r} is not the address of a Chroma server.",
            "Write it as http://host:port or https://host:port.",
        )


def _from_chroma(problem: BaseException) -> bool:
    """Chroma raises its own errors, SQLite's, the file system's, its client's and, from Rust,
    plain ones with a message of its own."""
    module = type(problem).__module__
    return module.startswith(("chromadb", "httpx", "httpcore", "sqlite3", "pyo3")) or isinstance(
        problem, (OSError, ValueError, RuntimeError, KeyError)
    )


def _name(passage: PassageId) -> str:
    return f"{passage[0]}:{passage[1]}"


def _passage(name: str) -> PassageId:
    version, _, ordinal = name.partition(":")
    return int(version), int(ordinal)
