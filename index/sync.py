"""The index becomes equal to the corpus on disk: file, parse, chunk, embed, store.

A sync is a diff. Files that are as they were are not read; a changed one is replaced whole, new in
before old out; one commit, in the manifest, makes it visible. A process killed at any instant
leaves an index that the next sync repairs and that meanwhile cites nothing that is not there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from index.chunk import (
    ChunkSizes,
    chunk_document,
    embedding_text,
    embedding_title,
    sentences_within,
)
from index.embed import Embedder
from index.errors import CorpusError, DocumentError, IndexCorrupt, StorageError, UserError
from index.folder import Index, wipe
from index.manifest import Failure, FileState, Version
from index.parse import PARSER_VERSION, is_supported, parse_bytes
from index.salvage import salvaged
from index.sentence_vectors import packed
from index.sentences import sentence_spans
from index.store import PassageId
from index.types import Chunk, Document

if TYPE_CHECKING:
    from index.embed import Vectors

log = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called with files done, files to do and the path at hand; the last call has done == to do."""

_GROUP = 512
"""Passages embedded and committed together. Large enough for batches of like length, small
enough that a first sync shows its documents as it goes."""

_SLICE = 128
"""Passages whose sentences' vectors are in memory at once, before they are made small."""

_HOLLOW = 50
"""Where so many passages are deleted for one that stays, the graph of vectors is begun anew."""

_RACY_NS = 2_000_000_000
"""A file read within this time of its last change is read again: a later change in the same tick
of the file system's clock would not show. Two seconds is FAT's tick, the coarsest."""

MAX_FILE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not in the index, and why. ``path`` is relative to the corpus."""

    path: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did.

    Attributes:
        added, changed, removed: paths of documents.
        unchanged: how many documents were as they were.
        failed: files that should be in the index and can't be.
        skipped: files that are passed over by rule: hidden links, sizes, formats.
        passages: how many were written.
        seconds: wall time.
        generation: of the index afterwards.
        repaired: what an earlier sync that died had left, in words; empty when nothing.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    failed: tuple[Refused, ...] = ()
    skipped: tuple[Refused, ...] = ()
    passages: int = 0
    seconds: float = 0.0
    generation: int = 0
    repaired: str = ""

    @property
    def dirty(self) -> bool:
        """Whether anything differed from the index."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Listed:
    """A document as a person sees it in a list.

    Attributes:
        path: in the corpus.
        state: ``indexed``; ``new``, ``changed`` or ``removed`` on disk, which the next sync takes
            in; or ``refused``, for the reason that follows.
        size: of the file, in bytes.
    """

    path: str
    state: str
    size: int
    title: str = ""
    published: date | None = None
    source: str | None = None
    reason: str = ""
    remedy: str = ""


@dataclass(slots=True)
class _Diff:
    """What must be looked at, and what must not."""

    read: list[tuple[str, FileState]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    known_failures: list[Failure] = field(default_factory=list)
    skipped: list[Refused] = field(default_factory=list)
    known: dict[str, Version] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.read and not self.removed


def changed_since_sync(corpus: Path, index: Index) -> bool:
    """Whether a sync would find something to do. Reads no document; about 10 µs a file."""
    if not index.exists or index.manifest.unfinished():
        return True
    if {"storing", "repairing"} & index.manifest.meta().keys():
        return True  # a sync died, or is at work
    try:
        if index.sentences.sums() != index.manifest.sums():
            return True  # made before sentences had vectors, or by who knew of none
    except IndexCorrupt:
        return True
    try:
        return not _diff(_checked(corpus), index, verify=False).empty
    except CorpusError:
        return False


def listing(corpus: Path, index: Index) -> list[Listed]:
    """Every document of the corpus or the index, by path. Reads none of them.

    Where the folder is gone, what the index holds.
    """
    try:
        diff = _diff(_checked(corpus), index, verify=False)
        waiting, gone = dict(diff.read), set(diff.removed)
    except CorpusError:
        versions = index.manifest.current() if index.exists else []
        known = {version.path: version for version in versions}
        diff, waiting, gone = _Diff(known=known), {}, set()

    def as_it_was(path: str, before: FileState) -> bool:
        # Read again only because it was read in the instant of its last change: not a change.
        file = waiting.get(path)
        now = (file.size, file.mtime_ns, file.inode) if file else None
        return now in (None, (before.size, before.mtime_ns, before.inode))

    found = []
    for path, version in diff.known.items():
        state = "removed" if path in gone else "indexed"
        if not as_it_was(path, version.file):
            state = "changed"
        file = waiting.get(path)
        found.append(
            Listed(
                path,
                state,
                file.size if file else version.file.size,
                version.title,
                version.published,
                version.source,
            )
        )
    refused = set()
    for path, failure in diff.failures.items():
        if path not in gone and as_it_was(path, failure.file):
            refused.add(path)
            found.append(
                Listed(
                    path, "refused", failure.file.size, reason=failure.reason, remedy=failure.remedy
                )
            )
    found += [
        Listed(path, "new", file.size)
        for path, file in waiting.items()
        if path not in diff.known and path not in refused
    ]
    return sorted(found, key=lambda listed: listed.path)


def sync(
    corpus: Path,
    index: Index,
    embedder: Embedder,
    *,
    verify: bool = False,
    allow_empty: bool = False,
    rebuild: bool = False,
    sizes: ChunkSizes | None = None,
    progress: Progress | None = None,
) -> SyncReport:
    """Make ``index`` equal to the documents under ``corpus``.

    Args:
        verify: read and hash every file, instead of trusting size, time and inode.
        allow_empty: empty the index if the corpus has no documents any more.
        rebuild: start from nothing; for an index that is damaged or made with another model.
        progress: see :data:`Progress`.

    Raises:
        CorpusError: the folder is missing, or has become empty.
        IndexBusy: another sync is running.
        IndexMismatch: made with another model or chunker, and ``rebuild`` was not asked for.
        StorageError: the index can't be written; what was committed before stays.
    """
    started = time.perf_counter()
    corpus = _checked(corpus)
    with index.writer(), _full_disk(index):
        try:
            index.sentences.sums()
        except IndexCorrupt:
            # Nothing but help, and made of what is there: no reason to refuse the whole index.
            index.sentences.discard()
        if rebuild:
            # Whatever could stop the new index from being made is found before the old one goes.
            _ = embedder.dimension
            skipped: list[Refused] = []
            if not allow_empty and not any(True for _ in _walk(corpus, index, skipped, set())):
                raise _empty(corpus, skipped)
            _rebuild(index)
        if index.exists:
            index.check()
        repaired = _recover(index, embedder)
        diff = _diff(corpus, index, verify=verify)
        _refuse_emptying(corpus, index, diff, allow_empty)
        if not index.exists:
            index.describe(corpus, embedder.dimension)
        work = _Sync(corpus, index, embedder, diff, sizes or ChunkSizes(), progress)
        work.run()
        # Last: it may take long, and all else is as it should be meanwhile.
        if index.sentences.sums() != index.manifest.sums():
            _restore_sentences(index, embedder, progress)
            repaired = "; ".join(
                filter(None, [repaired, "the vectors of sentences were written anew"])
            )
        return SyncReport(
            added=tuple(work.added),
            changed=tuple(work.changed),
            removed=tuple(sorted(diff.removed)),
            unchanged=diff.unchanged + work.unchanged,
            failed=tuple(
                sorted(
                    [Refused(f.path, f.reason, f.remedy) for f in diff.known_failures]
                    + work.failed,
                    key=lambda refused: refused.path,
                )
            ),
            skipped=tuple(diff.skipped),
            passages=work.passages,
            seconds=time.perf_counter() - started,
            generation=index.manifest.generation(),
            repaired=repaired,
        )


def prune(index: Index) -> tuple[int, int]:
    """Drop the texts that nothing current needs. Returns how many, and their bytes.

    Saved answers that cite an older version can no longer be re-checked against it afterwards.
    """
    with index.writer():
        index.check()
        return index.texts.prune({version.sha256 for version in index.manifest.current()})


# -- the work ------------------------------------------------------------------------------------


class _Sync:
    """One run over a diff. Holds what is read and not yet written."""

    def __init__(
        self,
        corpus: Path,
        index: Index,
        embedder: Embedder,
        diff: _Diff,
        sizes: ChunkSizes,
        progress: Progress | None,
    ) -> None:
        self._corpus = corpus
        self._index = index
        self._embedder = embedder
        self._diff = diff
        self._sizes = sizes
        self._progress = progress or (lambda _done, _all, _path: None)
        self._waiting: list[tuple[Document, tuple[Chunk, ...], FileState]] = []
        self._waiting_passages = 0
        self.added: list[str] = []
        self.changed: list[str] = []
        self.failed: list[Refused] = []
        self.unchanged = 0
        self.passages = 0

    def run(self) -> None:
        # What left the corpus leaves first: until it does, it could still be cited.
        if self._diff.removed:
            self._index.manifest.commit(removed=self._diff.removed)
            _sweep(self._index, self._embedder)
        total = len(self._diff.read)
        touched: list[tuple[str, FileState]] = []
        for done, (path, file) in enumerate(self._diff.read):
            self._progress(done, total, path)
            if self._take(path, file):
                touched.append((path, file))
            if self._waiting_passages >= _GROUP:
                self._write()
        self._write()
        if touched:
            self._index.manifest.touch(touched)
        self._progress(total, total, "")

    def _take(self, path: str, file: FileState) -> bool:
        """Read one file. Returns whether its content is what it was."""
        known = self._diff.known.get(path)
        failure = self._diff.failures.get(path)
        try:
            data = (self._corpus / path).read_bytes()
        except OSError as problem:
            # Its content is unknown, so the version in the index may still be right.
            reason = f"can't be read: {problem.strerror or problem}"
            self.failed.append(Refused(path, reason, "Make the file readable and sync again."))
            return False
        digest = hashlib.sha256(data).hexdigest()
        if known and known.sha256 == digest and known.parser == PARSER_VERSION:
            self.unchanged += 1
            return True
        if failure and failure.sha256 == digest and failure.parser == PARSER_VERSION:
            self.failed.append(Refused(path, failure.reason, failure.remedy))
            return True
        try:
            document = parse_bytes(data, path)
            chunks = chunk_document(document, self._embedder, self._sizes)
        except DocumentError as problem:
            # The version in the index is no longer what the file says: it leaves.
            self._index.manifest.commit(
                failed=[
                    Failure(path, digest, PARSER_VERSION, problem.message, problem.remedy, file)
                ]
            )
            _sweep(self._index, self._embedder)
            self.failed.append(Refused(path, problem.message, problem.remedy))
            return False
        (self.changed if known else self.added).append(path)
        self._waiting.append((document, chunks, file))
        self._waiting_passages += len(chunks)
        return False

    def _write(self) -> None:
        """Embed and store what waits, then commit it, then delete what it replaces."""
        if not self._waiting:
            return
        index, waiting = self._index, self._waiting
        passages: list[tuple[str, Chunk]] = []
        for document, chunks, _ in waiting:
            title = embedding_title(document, self._embedder)
            passages += [(title, chunk) for chunk in chunks]
        vectors, of_sentences = _embedded(self._embedder, passages)
        versions = index.manifest.announce(
            [(document, chunks, file, PARSER_VERSION) for document, chunks, file in waiting]
        )
        ids: list[PassageId] = []
        days: list[int | None] = []
        rows: list[tuple[PassageId, str, str]] = []
        for version, (document, chunks, _) in zip(versions, waiting, strict=True):
            day = document.published.toordinal() if document.published else None
            index.texts.write(document.sha256, document.text)
            for chunk in chunks:
                ids.append((version, chunk.ordinal))
                days.append(day)
                rows.append(((version, chunk.ordinal), document.title, chunk.text))
        index.lexical.add(rows)
        index.sentences.add(zip(ids, of_sentences, strict=True))
        _store(index, ids, vectors, days)
        index.manifest.commit(versions=versions)
        _sweep(index, self._embedder)
        self.passages += len(ids)
        self._waiting = []
        self._waiting_passages = 0


def _embedded(
    embedder: Embedder, passages: Sequence[tuple[str, Chunk]]
) -> tuple[Vectors, list[bytes]]:
    """The vectors of passages, each under the title that comes first, and of their sentences, as
    :func:`packed` gives them: of lines of a letter each, a passage has two hundred."""
    import numpy as np

    vectors = np.zeros((len(passages), embedder.dimension), dtype=np.float32)
    of_sentences: list[bytes] = []
    for begin in range(0, len(passages), _SLICE):
        texts, spans = [], []
        for title, chunk in passages[begin : begin + _SLICE]:
            text = embedding_text(title, chunk)
            # From offsets in the document to offsets in what is embedded.
            moved = len(text) - len(chunk.text) - chunk.span.start
            texts.append(text)
            spans.append([(span.start + moved, span.end + moved) for span in chunk.sentences])
        vectors[begin : begin + _SLICE], inside = embedder.encode_in_passages(texts, spans)
        of_sentences += map(packed, inside)
    return vectors, of_sentences


def _store(
    index: Index, ids: Sequence[PassageId], vectors: Vectors, days: Sequence[int | None]
) -> None:
    """Write vectors, saying so beforehand: see :func:`_recover`."""
    with index.section():
        index.manifest.set_meta(storing=index.store.graph_state())
        index.store.refresh(index.manifest.generation())
        index.store.add(ids, vectors, days)
        index.manifest.set_meta(storing=None)


def _sweep(index: Index, embedder: Embedder) -> None:
    """Delete elsewhere what the manifest says is not current, and then forget it."""
    unfinished = index.manifest.unfinished()
    generation = index.manifest.generation()
    with index.section():
        if unfinished:
            index.manifest.set_meta(storing=index.store.graph_state())
            index.store.delete(
                (version, ordinal)
                for version, passages in unfinished
                for ordinal in range(passages)
            )
            index.manifest.set_meta(storing=None)
        # This process's client has written all of it: other clients reopen, this one need not.
        index.store.wrote(generation)
        hollow = bool(unfinished) and _hollow(
            index.store.count(), sum(passages for _, passages in unfinished)
        )
    if unfinished:
        index.lexical.delete(version for version, _ in unfinished)
        index.sentences.delete(version for version, _ in unfinished)
        index.manifest.forget(version for version, _ in unfinished)
    if hollow:
        _restore_vectors(index, embedder)


def _hollow(left: int, deleted: int) -> bool:
    """Whether next to nothing is left of Chroma's graph.

    What is deleted stays in it as a mark, over which searches walk but which no new passage takes
    for a neighbour. Added where all is so marked, passages begin islands of their own, and those
    on the smaller ones are never found by their vectors. A graph begun anew has no such holes.
    """
    return deleted >= _HOLLOW * left


# -- repair --------------------------------------------------------------------------------------


def _recover(index: Index, embedder: Embedder) -> str:
    """Clean up after a sync that died. Returns what was done, in words."""
    if not index.exists:
        # Nothing was committed; what may lie here is of a first sync that died at once.
        if index.manifest.exists:
            _rebuild(index)
        elif (index.path / "chroma").exists():
            # Chroma's own default folder has this name: it may be another program's.
            raise IndexCorrupt(
                f"There is a folder 'chroma' in {index.path}, but no index that it belongs to.",
                "Name another folder with --index; or, if it is left from an index of yours, "
                "replace it with: onrecord index --rebuild",
            )
        return ""
    done = []
    with index.section():
        torn = index.torn()
    if torn:
        log.warning("the vectors of %s are torn: writing them anew", index.path)
        _restore_vectors(index, embedder)
        done.append("vectors were written anew")
    with index.section():
        index.store.refresh(index.manifest.generation())
    unfinished = index.manifest.unfinished()
    if unfinished:
        _sweep(index, embedder)
        done.append(f"{len(unfinished)} unfinished documents were cleared away")
    _, passages = index.manifest.counts()
    stored = index.store.count()
    if stored != passages:
        log.warning("the vectors of %s are not whole: writing them anew", index.path)
        _restore_vectors(index, embedder)
        done.append(f"vectors were written anew ({stored} stood for {passages} passages)")
    if index.lexical.count() != passages:
        _restore_words(index)
        done.append("the word index was written anew")
    if {"storing", "repairing"} & index.manifest.meta().keys():
        index.manifest.set_meta(storing=None, repairing=None)
    return "; ".join(done)


def _restore_vectors(index: Index, embedder: Embedder) -> None:
    """Build Chroma's files anew. Vectors that can still be read whole are used again."""
    import numpy as np

    index.manifest.set_meta(repairing="vectors")
    kept: dict[PassageId, Vectors] = {}
    with index.section():
        if index.store.embedded:
            index.store.forget()
            kept = salvaged(index.path / "chroma")
        else:
            with contextlib.suppress(UserError):
                kept.update(index.store.vectors())
        index.store.reset()
        index.store.refresh(-1)
    # Readers in other processes hold the old client until the generation moves.
    index.manifest.commit()
    ids: list[PassageId] = []
    days: list[int | None] = []
    vectors: list[Vectors] = []
    for version in index.manifest.current():
        missing: list[int] = []
        for located in index.manifest.passages_of(version.version):
            day = version.published.toordinal() if version.published else None
            if located.passage not in kept:
                missing.append(len(ids))
            ids.append(located.passage)
            days.append(day)
            vectors.append(kept.get(located.passage, np.zeros(0, dtype=np.float32)))
        if missing:
            _embed_again(index, embedder, version, ids, vectors, missing)
        if len(ids) >= _GROUP:
            _store(index, ids, np.stack(vectors), days)
            ids, days, vectors = [], [], []
    if ids:
        _store(index, ids, np.stack(vectors), days)
    index.store.wrote(index.manifest.commit())
    index.manifest.set_meta(repairing=None)


def _embed_again(
    index: Index,
    embedder: Embedder,
    version: Version,
    ids: Sequence[PassageId],
    vectors: list[Vectors],
    missing: Iterable[int],
) -> None:
    places = list(missing)
    fresh, _ = _embedded(embedder, _passages(index, embedder, version, {ids[n] for n in places}))
    for place, vector in zip(places, fresh, strict=True):
        vectors[place] = vector


def _passages(
    index: Index, embedder: Embedder, version: Version, wanted: Collection[PassageId]
) -> list[tuple[str, Chunk]]:
    """Those of a current version that are ``wanted``, as they were embedded, in order."""
    text = index.text(version.sha256, version.parser)
    title = embedding_title(Document(version.path, version.sha256, text, version.title), embedder)
    sentences = sentence_spans(text)
    return [
        (
            title,
            Chunk(
                place.passage[1],
                place.span,
                place.span.of(text),
                0,
                sentences_within(sentences, place.span),
            ),
        )
        for place in index.manifest.passages_of(version.version)
        if place.passage in wanted
    ]


def _restore_sentences(index: Index, embedder: Embedder, progress: Progress | None) -> None:
    """Embed again the passages whose sentences have no vectors, and drop those of no passage."""
    tell = progress or (lambda _done, _all, _path: None)
    index.manifest.set_meta(repairing="sentences")
    here: dict[int, set[int]] = {}
    for number, ordinal in index.sentences.ids():
        here.setdefault(number, set()).add(ordinal)
    current = index.manifest.current()
    index.sentences.delete(here.keys() - {version.version for version in current})
    ids: list[PassageId] = []
    passages: list[tuple[str, Chunk]] = []

    def write() -> None:
        if passages:
            index.sentences.add(zip(ids, _embedded(embedder, passages)[1], strict=True))
        ids.clear()
        passages.clear()

    for done, version in enumerate(current):
        stored = here.get(version.version, set())
        if not stored <= set(range(version.passages)):
            index.sentences.delete([version.version])
            stored = set()
        missing = [(version.version, n) for n in range(version.passages) if n not in stored]
        if missing and not embedder.knows_spans:
            index.sentences.add((passage, b"") for passage in missing)
        elif missing:
            tell(done, len(current), version.path)
            ids += missing
            passages += _passages(index, embedder, version, set(missing))
        if len(ids) >= _GROUP:
            write()
    write()
    tell(len(current), len(current), "")
    index.manifest.set_meta(repairing=None)


def _restore_words(index: Index) -> None:
    index.manifest.set_meta(repairing="words")
    current = index.manifest.current()
    index.lexical.delete(index.lexical.versions())
    for version in current:
        text = index.text(version.sha256, version.parser)
        index.lexical.add(
            (place.passage, version.title, place.span.of(text))
            for place in index.manifest.passages_of(version.version)
        )


def _rebuild(index: Index) -> None:
    """Remove everything but the texts, which old citations are checked against."""
    with index.section():
        index.store.reset()
        try:
            # In place where that works: readers in other processes see it at once.
            index.lexical.clear()
            index.sentences.clear()
            if index.manifest.exists:
                index.manifest.start()
        except UserError:
            index.lexical.close()
            index.sentences.close()
            index.manifest.close()
            wipe(index.path)


# -- the difference ------------------------------------------------------------------------------


def _diff(corpus: Path, index: Index, *, verify: bool) -> _Diff:
    known = {version.path: version for version in index.manifest.current()} if index.exists else {}
    failures = {f.path: f for f in index.manifest.failures()} if index.exists else {}
    diff = _Diff(known=known, failures=failures)
    unlisted: set[str] = set()
    seen: set[str] = set()
    for path, file in _walk(corpus, index, diff.skipped, unlisted):
        seen.add(path)
        before = known.get(path) or failures.get(path)
        if (
            verify
            or before is None
            or before.parser != PARSER_VERSION
            or (file.size, file.mtime_ns, file.inode)
            != (before.file.size, before.file.mtime_ns, before.file.inode)
            or before.file.checked_ns - before.file.mtime_ns < _RACY_NS
        ):
            diff.read.append((path, file))
        elif isinstance(before, Failure):
            diff.known_failures.append(before)
        else:
            diff.unchanged += 1
    for path in (*known, *failures):
        if path in seen:
            continue
        if any(path == place or path.startswith(f"{place}/") for place in unlisted):
            # What can't be looked at is not known to be gone.
            diff.unchanged += path in known
        else:
            diff.removed.append(path)
    diff.read.sort()
    return diff


def _walk(
    corpus: Path, index: Index, skipped: list[Refused], unlisted: set[str]
) -> Iterator[tuple[str, FileState]]:
    """Every file that belongs to the corpus, with its state.

    Reports what is passed over, and in ``unlisted`` the folders and files that are there and
    can't be looked at.
    """
    now = time.time_ns()
    folders = [""]
    root = os.path.realpath(corpus)
    # The index may lie in the corpus, or be made of the same folder: its texts are no documents.
    own = {os.path.realpath(place) for place in (index.path, index.path / "texts")}
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(corpus / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as problem:
            if not folder:
                raise CorpusError(
                    f"The folder {corpus} can't be listed: {problem.strerror or problem}.",
                    "Make it readable, or name another.",
                ) from problem
            unlisted.add(folder)
            skipped.append(Refused(folder, f"can't be listed: {problem.strerror or problem}"))
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not _encodable(path):
                shown = path.encode("utf-8", "replace").decode()
                skipped.append(Refused(shown, "its name is not valid UTF-8"))
                continue
            if entry.name.startswith("."):
                skipped.append(Refused(path, "hidden"))
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.path in own:
                        skipped.append(Refused(path, "the index itself"))
                    else:
                        folders.append(path)
                    continue
                state = entry.stat()
                if entry.is_symlink():
                    target = os.path.realpath(entry.path)
                    if not target.startswith(root + os.sep):
                        skipped.append(Refused(path, "a link that leaves the corpus"))
                        continue
                    if stat.S_ISDIR(state.st_mode):
                        skipped.append(Refused(path, "a link to a folder of the corpus"))
                        continue
            except OSError as problem:
                skipped.append(Refused(path, f"can't be read: {problem.strerror or problem}"))
                if problem.errno not in (errno.ENOENT, errno.ELOOP):
                    unlisted.add(path)
                continue
            if not stat.S_ISREG(state.st_mode):
                skipped.append(Refused(path, "not a regular file"))
            elif not is_supported(entry.name):
                skipped.append(Refused(path, "a format that is not supported"))
            elif state.st_size > MAX_FILE_BYTES:
                size = f"{state.st_size / 1e6:.0f} MB"
                limit = f"{MAX_FILE_BYTES / 1e6:.0f} MB"
                skipped.append(Refused(path, f"{size}, over the limit of {limit}"))
            else:
                inode = state.st_ino & ((1 << 63) - 1)
                yield path, FileState(state.st_size, state.st_mtime_ns, inode, now)


def _encodable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _checked(corpus: Path) -> Path:
    try:
        corpus = corpus.expanduser()
        there = corpus.exists()
    except (OSError, RuntimeError) as problem:  # a folder above it is closed; no such user
        raise CorpusError(
            f"The folder {corpus} can't be opened: {getattr(problem, 'strerror', problem)}.",
            "Make it readable, or name another.",
        ) from problem
    if not there:
        raise CorpusError(
            f"There is no folder {corpus}.",
            "Name the folder that your documents are in.",
        )
    if not corpus.is_dir():
        raise CorpusError(
            f"{corpus} is a file, not a folder.",
            "Name the folder that your documents are in.",
        )
    return corpus.resolve()


def _refuse_emptying(corpus: Path, index: Index, diff: _Diff, allow_empty: bool) -> None:
    if diff.read or diff.unchanged or diff.known_failures or allow_empty:
        return
    documents, _ = index.manifest.counts() if index.exists else (0, 0)
    if documents:
        raise CorpusError(
            f"The folder {corpus} has no documents any more; the index has {documents}.",
            "If that is meant, empty the index with: onrecord index --allow-empty",
        )
    raise _empty(corpus, diff.skipped)


def _empty(corpus: Path, skipped: Sequence[Refused]) -> CorpusError:
    more = f" {len(skipped)} files were passed over." if skipped else ""
    return CorpusError(
        f"The folder {corpus} has no documents.{more}",
        "Put .txt or .md files into it and try again.",
    )


@contextlib.contextmanager
def _full_disk(index: Index) -> Iterator[None]:
    """File-system failures outside SQLite and Chroma, in words for a person."""
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageError(
                f"The disk is full: can't write the index at {index.path}.",
                "Make room and run the command again; what was indexed before is kept.",
            ) from problem
        if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageError(
                f"The index at {index.path} can't be written: {problem.strerror}.",
                "Make the folder writable or name another with --index.",
            ) from problem
        raise


__all__ = [
    "Listed",
    "Progress",
    "Refused",
    "SyncReport",
    "changed_since_sync",
    "listing",
    "prune",
    "sync",
]
