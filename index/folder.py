"""An index as a whole: its folder, its parts, and how a reader sees them at one instant."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from index.chunk import CHUNKER_VERSION, ChunkSizes
from index.errors import IndexBusy, IndexCorrupt, IndexMismatch, IndexMissing, StorageError
from index.lexical import LexicalIndex
from index.manifest import FORMAT, Located, Manifest, PassageId, Version
from index.sentence_vectors import SentenceVectors
from index.sentences import SENTENCES_VERSION
from index.store import ChunkStore, VectorFilter
from index.texts import TextStore
from index.types import Hit

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from index.embed import Vectors

T = TypeVar("T")
log = logging.getLogger(__name__)

_ATTEMPTS = 8
_LISTED = 2000
_COMPARED = 500
"""Passages in scope that are compared one by one. Chroma's filters look at every passage there is,
which for each takes about a fortieth of the time."""

_UNSCOPED = 4
"""Before a scope is looked up, at most so many times the passages wanted are searched for."""
_SIZES = ChunkSizes()
_CHUNKS = f"{CHUNKER_VERSION}.{SENTENCES_VERSION}-{_SIZES.target}-{_SIZES.overlap}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a search may return.

    Attributes:
        documents: paths in the corpus or shell patterns of them; empty: all.
        since: first day of publication; undated documents do not pass.
        until: last day of publication; undated documents pass.
    """

    documents: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    def allows(self, version: Version) -> bool:
        """Whether a document passes."""
        day = version.published
        if self.since is not None and (day is None or day < self.since):
            return False
        if self.until is not None and day is not None and day > self.until:
            return False
        return self.names(version.path)

    def names(self, path: str) -> bool:
        """Whether a document at ``path`` passes, whatever its day."""
        return not self.documents or any(
            path == pattern or fnmatchcase(path, pattern) for pattern in self.documents
        )

    @property
    def exact(self) -> bool:
        """Whether it names its documents one by one, so that no other need be looked at."""
        return bool(self.documents) and not any(set("*?[") & set(name) for name in self.documents)

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.documents and self.since is None and self.until is None


def default_folder(corpus: Path) -> Path:
    """Where the index of ``corpus`` lives unless another place is named: in the user's data
    directory, keyed by the corpus's absolute path, so that a read-only corpus works."""
    from platformdirs import user_data_path

    absolute = corpus.expanduser().resolve()
    key = hashlib.sha256(str(absolute).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in absolute.name)[:40]
    return user_data_path("onrecord") / "indexes" / f"{name or 'corpus'}-{key}"


class Index:
    """The parts of one index folder. Safe to share by threads; close it when done.

    Args:
        folder: the index folder; made by the first sync.
        model: the identity of the embedding model that asks
            (:attr:`index.embed.Embedder.identity`).
        server: a Chroma server's address, for vectors that do not lie in the folder.
    """

    def __init__(self, folder: Path, *, model: str, server: str | None = None) -> None:
        self.path = folder.expanduser().absolute()
        self.model = model
        self.server = server
        self.manifest = Manifest(self.path / "manifest.sqlite3")
        self.lexical = LexicalIndex(self.path / "lexical.sqlite3")
        self.sentences = SentenceVectors(self.path / "sentences.sqlite3")
        self.texts = TextStore(self.path / "texts")
        name = "passages"
        if server:
            name += "-" + hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:16]
        self.store = ChunkStore(self.path / "chroma", server=server, name=name)

    # -- what it is ----------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether a sync has made something here."""
        return self.manifest.exists and "format" in self.manifest.meta()

    def check(self) -> None:
        """Refuse an index that would answer wrongly.

        Raises:
            IndexMissing: there is none.
            IndexMismatch: made by another model, chunker or layout; names the command that
                rebuilds.
        """
        if not self.exists:
            raise IndexMissing(
                f"There is no index at {self.path} yet.",
                "Make one with: onrecord index DIR",
            )
        meta = self.manifest.meta()
        for what, made, now in (
            ("embedding model", meta.get("model"), self.model),
            ("chunker version", meta.get("chunks"), _CHUNKS),
            ("layout", meta.get("format"), FORMAT),
            ("vector store", meta.get("vectors", ""), self.server or "embedded"),
        ):
            if made != now:
                raise IndexMismatch(
                    f"The index at {self.path} was made with {what} {made}; asked with {now}.",
                    "Use the same one, or build it anew with: onrecord index --rebuild",
                )

    def describe(self, corpus: Path, dimension: int) -> None:
        """Begin the index, remembering how it is made."""
        self.manifest.start(
            format=FORMAT,
            model=self.model,
            dimension=str(dimension),
            chunks=_CHUNKS,
            vectors=self.server or "embedded",
            corpus=os.fsencode(corpus).decode("utf-8", "replace"),
        )
        # Its file is there from the beginning: an index without one is from before it had any.
        self.sentences.add(())

    # -- locks ---------------------------------------------------------------------------------

    @contextmanager
    def writer(self) -> Iterator[None]:
        """Be the one writer.

        Raises:
            IndexBusy: another process (or thread) is.
            StorageError: the folder can't be written.
        """
        from filelock import Timeout

        lock = self._lock("writer.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise IndexBusy(
                f"Another sync is writing to the index at {self.path}.",
                "Wait until it is done and try again.",
            ) from None
        except OSError as problem:
            raise self._unwritable(problem) from problem
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def section(self) -> Iterator[None]:
        """A short section in which Chroma's files are either written or read anew, never both.

        An embedded Chroma writes its graph's files in place; a client that opens them meanwhile
        could read them torn.
        """
        if self.server is not None:
            yield
            return
        from filelock import Timeout

        lock = self._lock("store.lock")
        try:
            lock.acquire(timeout=120)
        except Timeout:
            raise IndexBusy(
                f"The vectors at {self.path} have been locked for two minutes.",
                "See whether another process hangs, and try again.",
            ) from None
        except OSError as problem:
            raise self._unwritable(problem) from problem
        try:
            yield
        finally:
            lock.release()

    def torn(self) -> bool:
        """Whether a writer has died while Chroma may have been rewriting its graph.

        Opening a torn graph can crash the process. Ask inside :meth:`section`: outside, a writer
        may be at work.
        """
        before = self.manifest.meta().get("storing")
        return before is not None and self.store.graph_state() != before

    # -- reading -------------------------------------------------------------------------------

    def consistent(self, read: Callable[[], T]) -> T:
        """What ``read`` returns when no commit has come between its parts.

        Everything that ``read`` finds is then of one generation: old passages are deleted only
        after the commit that replaces them, so while the generation stands, so do they.
        """
        failures = 0
        for attempt in range(_ATTEMPTS):
            generation = self._refreshed()
            try:
                found = read()
            except IndexCorrupt:
                # A text or vector that was pruned or deleted under the reader's feet. Or Chroma
                # has filtered by its files, where a writer has put passages that it has not
                # committed yet, and then missed them in memory: so look at the files again. With
                # the generation unmoved after that, something is truly missing.
                if self.manifest.generation() == generation:
                    failures += 1
                    if failures > 2:
                        raise
                    self.store.forget()
            else:
                if self.manifest.generation() == generation:
                    return found
            time.sleep(0.01 * attempt)
        with self.section():
            # Commits come faster than reads: keep the writer out. It can commit what it has
            # stored already, and then waits for this section to end.
            while True:
                generation = self.manifest.generation()
                self.store.refresh(generation)
                found = read()
                if self.manifest.generation() == generation:
                    return found

    def dense(self, vector: Vectors, k: int, scope: Scope | None = None) -> list[Hit]:
        """The ``k`` passages nearest to ``vector``, best first; the score is the cosine."""

        def search(wanted: int, only: Scope | None) -> list[tuple[PassageId, float]]:
            if only is None:
                return self.store.query(vector, wanted)
            listed = self._listed(only)
            if listed is not None and sum(passages for _, passages in listed) <= _COMPARED:
                ids = [(version, n) for version, passages in listed for n in range(passages)]
                return self.store.query_among(vector, wanted, ids)
            allow = VectorFilter(
                since=only.since.toordinal() if only.since else None,
                until=only.until.toordinal() if only.until else None,
                versions=None if listed is None else tuple(version for version, _ in listed),
            )
            return self.store.query(vector, wanted, allow=allow)

        return self._top(search, k, scope, self.store.count)

    def words(self, question: str, k: int, scope: Scope | None = None) -> list[Hit]:
        """The ``k`` best passages for the words of ``question``; the score is BM25."""

        def search(wanted: int, only: Scope | None) -> list[tuple[PassageId, float]]:
            listed = None if only is None else self._listed(only)
            versions = None if listed is None else tuple(version for version, _ in listed)
            return self.lexical.search(question, wanted, versions=versions)

        return self._top(search, k, scope, self.lexical.count)

    def vectors(self, hits: Sequence[Hit], dimension: int) -> list[Vectors | None]:
        """The unit vectors of the sentences that stand in each of ``hits``, in order: shape
        ``(sentences, dimension)``; ``None`` where the index has none of it."""
        known = [hit.passage for hit in hits if hit.passage is not None]
        try:
            found = self.sentences.get(known, dimension)
        except IndexCorrupt:
            # They help to choose what is read; a sync that sees it makes them anew.
            found = {}
        return [found.get(hit.passage) if hit.passage is not None else None for hit in hits]

    def text(self, sha256: str, parser: str = "") -> str:
        """The text layer of a version.

        Raises:
            IndexCorrupt: a current document's text is gone.
        """
        try:
            return self.texts.read(sha256, parser=parser) if parser else self.texts.read(sha256)
        except KeyError:
            raise IndexCorrupt(
                f"The index at {self.path} has lost the text of a document ({sha256[:12]}…).",
                "Build the index anew with: onrecord index --rebuild",
            ) from None

    def close(self) -> None:
        """Let go of every file."""
        self.store.close()
        self.lexical.close()
        self.sentences.close()
        self.manifest.close()

    # -- inside --------------------------------------------------------------------------------

    def _refreshed(self) -> int:
        generation = self.manifest.generation()
        if not self.store.seen(generation):
            with self.section():
                if self.torn():
                    raise IndexCorrupt(
                        f"A sync died while it wrote the vectors at {self.path}.",
                        "Repair them with: onrecord index",
                    )
                generation = self.manifest.generation()
                self.store.refresh(generation)
        return generation

    def _listed(self, scope: Scope) -> list[tuple[int, int]] | None:
        """``(version, passages)`` of the documents in scope; ``None`` where they are too many to
        be listed."""
        if scope.exact:
            named = [self.manifest.current_of(name) for name in dict.fromkeys(scope.documents)]
            found = [(v.version, v.passages) for v in named if v is not None and scope.allows(v)]
        else:
            within = self.manifest.between(scope.since, scope.until)
            found = list(
                islice(
                    (
                        (version, passages)
                        for version, passages, path in within
                        if scope.names(path)
                    ),
                    _LISTED + 1,
                )
            )
        # A longer list would pass SQLite's limit of variables; then hits are sifted after.
        return found if len(found) <= _LISTED else None

    def _top(
        self,
        search: Callable[[int, Scope | None], Sequence[tuple[PassageId, float]]],
        k: int,
        scope: Scope | None,
        total: Callable[[], int],
    ) -> list[Hit]:
        """``k`` hits of current versions in scope: asks for more while too few of those found
        are.

        At first without the scope, unless it names its documents: to know which passages are in
        it takes time in proportion to the corpus, and of a wide one there are enough among the
        best of all.

        Args:
            search: finds so many passages, in a scope or of all; it may find others besides.
        """
        wanted = k + 8
        most = _UNSCOPED * wanted
        only = scope if scope is not None and scope.exact else None
        while True:
            found = search(wanted, only)
            scores = dict(found)
            located = [
                place
                for place in self.manifest.locate([passage for passage, _ in found])
                if scope is None or scope.allows(place.version)
            ]
            if len(located) >= k or len(found) < wanted or wanted >= total():
                return [self._hit(place, scores[place.passage]) for place in located[:k]]
            wanted *= 4
            if only is None and scope is not None and not scope.everything and wanted > most:
                wanted, only = k + 8, scope

    def _hit(self, place: Located, score: float) -> Hit:
        version = place.version
        text = self.text(version.sha256, version.parser)
        if len(text) != version.characters:
            raise IndexCorrupt(
                f"The index at {self.path} has only a part of the text of {version.path}.",
                "Build the index anew with: onrecord index --rebuild",
            )
        return Hit(
            path=version.path,
            sha256=version.sha256,
            title=version.title,
            published=version.published,
            source=version.source,
            span=place.span,
            text=place.span.of(text),
            score=score,
            layer=version.parser,
            passage=place.passage,
        )

    def _lock(self, name: str) -> BaseFileLock:
        from filelock import FileLock

        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise self._unwritable(problem) from problem
        # Not singletons and not thread-local: two threads exclude each other as processes do.
        return FileLock(self.path / name, thread_local=False)

    def _unwritable(self, problem: OSError) -> StorageError:
        return StorageError(
            f"The index at {self.path} can't be written: {problem.strerror or problem}.",
            "Make the folder writable or name another with --index.",
        )


def wipe(folder: Path) -> None:
    """Remove what an index has put into ``folder``, whatever its state; nothing else there."""
    import shutil

    shutil.rmtree(folder / "chroma", ignore_errors=True)
    # The manifest last: it is what says that the rest belongs to an index.
    for name in ("lexical.sqlite3", "sentences.sqlite3", "manifest.sqlite3"):
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                (folder / (name + suffix)).unlink()
