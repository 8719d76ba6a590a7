"""What the page in the browser needs of an assistant, as plain values that JSON can carry.

Everything that comes in is checked here, since anyone who can reach the server can send anything;
everything that goes out is data, which the page puts on the screen as text and never as markup.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.pipeline import MAX_QUESTION, Assistant
from assistant.render import (
    conversation_to_html,
    conversation_to_json,
    conversation_to_markdown,
    conversation_to_text,
)
from assistant.types import Answer, Filters, Outcome
from index.errors import CorpusError, DocumentError, QuestionError, StorageError, UserError
from index.sync import Listed, SyncReport

log = logging.getLogger(__name__)

Json = dict[str, Any]

_HISTORY = 8
_NEAREST = 3
_LISTING_AGE = 3.0
"""Seconds for which a look at the folder holds: every open page asks every few seconds."""

_SIGN_OF_LIFE = 10.0
"""Seconds after which the page is told again that a model is at work: it gives up on silence."""

_NEVER = float("-inf")

_WINDOW = 100_000
"""Code points of a source that are shown around the span: more would make the page slow."""

_MOST_SPANS = 200
_MOST_FILES = 500
_MOST_TURNS = 500
_LONGEST_NOTE = 2000
_MOST_FEEDBACK_BYTES = 50_000_000

_WRONG = UserError("Something went wrong on the server.", "Try again; the server's log says more.")


def shown(problem: BaseException) -> Json:
    """What a person is told of a failure."""
    known = problem if isinstance(problem, UserError) else _WRONG
    return {"message": known.message, "remedy": known.remedy}


class Desk:
    """One assistant's page. Safe to share by threads.

    Args:
        assistant: opened; stays the caller's to close.
        read_only: nothing of the corpus can be changed.
        max_upload: bytes of one file.
        uploads: the only folder that files to be added may lie in.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        read_only: bool = False,
        max_upload: int = 20_000_000,
        uploads: Path | None = None,
    ) -> None:
        self._assistant = assistant
        self.read_only = read_only
        self._max_upload = max_upload
        self._uploads = uploads
        self._lock = threading.Lock()
        self._listed: list[Listed] = []
        self._listed_at = _NEVER
        self._listed_generation = -1
        self._sync = _SyncState()
        self._examples: list[str] | None = None
        self._examples_generation = -1
        self._examples_busy = False
        self._feedback_lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

    def warm_up(self) -> None:
        """Load the models and make example questions in the background, so that nobody waits for
        either."""

        def warm() -> None:
            while not self._closing.is_set() and not self.wait_for_sync(0.1):
                pass
            self.examples()

        self._start(warm, "warm-up")

    def close(self, seconds: float = 30.0) -> None:
        """Wait for what is still at work, at most so long. A process that ends while a model runs
        in one of its threads is aborted."""
        self._closing.set()
        until = time.monotonic() + seconds
        while working := next((t for t in list(self._threads) if t.is_alive()), None):
            working.join(max(0.0, until - time.monotonic()))
            if time.monotonic() >= until:
                return

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        # Kept by nothing else: a thread that has ended leaves by itself.
        self._threads.add(thread)
        thread.start()

    # -- questions -----------------------------------------------------------------------------

    def ask(self, request: Mapping[str, Any]) -> Iterator[Json]:
        """Snapshots of an answer as it comes about, each complete in itself.

        When the reader goes away, so does the work at its next stage.
        """
        turn = _text(request, "turn", most=100)
        snapshot: Json = {
            "turn": turn,
            "stage": "waiting",
            "answer": None,
            "more": {"searched": {"documents": 0, "passages": 0}, "nearest": []},
            "error": None,
        }
        yield dict(snapshot)
        news: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        gone = threading.Event()
        told: tuple[str, float] = ("", 0.0)

        def on_stage(stage: str) -> None:
            nonlocal told
            if gone.is_set():
                raise _Gone
            # While a model writes this is called again and again: now and then is enough.
            if stage != told[0] or time.monotonic() - told[1] > _SIGN_OF_LIFE:
                told = stage, time.monotonic()
                news.put(("stage", stage))

        def on_draft(answer: Answer) -> None:
            news.put(("draft", answer.to_dict()))

        def work() -> None:
            try:
                question = _text(request, "question", most=MAX_QUESTION + 1000)
                history = _history(request)
                literal = request.get("as_typed") is True
                self._wait_for_documents(gone)
                answer = self._assistant.answer(
                    question, [] if literal else history, on_stage=on_stage, on_draft=on_draft
                )
                news.put(("answer", (answer, self._more(answer))))
            except _Gone:
                pass
            except UserError as problem:
                news.put(("error", problem))
            except Exception as problem:
                log.exception("a question failed")
                news.put(("error", problem))

        self._start(work, "answer")
        try:
            while True:
                kind, value = news.get()
                if kind == "stage":
                    snapshot["stage"] = value
                elif kind == "draft":
                    snapshot["answer"] = value
                elif kind == "error":
                    snapshot |= {"stage": "failed", "error": shown(value)}
                else:
                    answer, snapshot["more"] = value
                    whole = answer.to_dict()
                    drafted = snapshot["answer"] is not None
                    for count in range(1, 1 if drafted else len(whole["claims"])):
                        yield {**snapshot, "answer": _part(whole, count)}
                    snapshot |= {"stage": "done", "answer": whole}
                yield dict(snapshot)
                if kind not in ("stage", "draft"):
                    return
        finally:
            gone.set()

    def answer(
        self,
        question: str,
        history: Sequence[str] = (),
        documents: Sequence[str] = (),
        since: str = "",
        until: str = "",
    ) -> Json:
        """The documented JSON of an answer."""
        from datetime import date

        def day(name: str, value: str) -> date | None:
            try:
                return date.fromisoformat(value) if value else None
            except ValueError:
                raise QuestionError(
                    f"{name} = {value[:40]!r} is no day.", "Give one such as 2025-01-31."
                ) from None

        self._wait_for_documents(threading.Event())
        filters = Filters(tuple(documents), day("since", since), day("until", until))
        return self._assistant.answer(question, list(history), filters).to_dict()

    def _wait_for_documents(self, gone: threading.Event) -> None:
        """While the first sync has nothing to show yet, an answer is worth waiting for."""
        index = self._assistant.index
        while not gone.is_set() and not self.wait_for_sync(0.1):
            if index.exists and index.manifest.counts()[0]:
                return

    def _more(self, answer: Answer) -> Json:
        documents, passages = self._assistant.index.manifest.counts()
        nearest = []
        if answer.outcome is Outcome.NO_EVIDENCE:
            for hit in answer.passages[:_NEAREST]:
                text = self._assistant.text(hit)
                nearest.append(
                    {
                        "document": hit.path,
                        "sha256": hit.sha256,
                        "title": hit.title,
                        "published": hit.published and hit.published.isoformat(),
                        "source": hit.source,
                        "start": hit.span.start,
                        "end": hit.span.end,
                        "line": _line(text, hit.span.start),
                        "text": hit.text[:300] + ("…" if len(hit.text) > 300 else ""),
                    }
                )
        return {"searched": {"documents": documents, "passages": passages}, "nearest": nearest}

    # -- sources -------------------------------------------------------------------------------

    def source(self, request: Mapping[str, Any]) -> Json:
        """A document's text, cut where spans begin and end. See :func:`segments`."""
        path = _text(request, "document", most=4000)
        sha256 = _text(request, "sha256", most=64) if request.get("sha256") else None
        spans = _spans(request.get("spans", []))
        current = request.get("current")
        source = self._assistant.source(path, sha256)
        text = source.text
        place = next((s for s in spans if s[0] == current), spans[0] if spans else None)
        if any(end > len(text) for _, _, end in spans):
            raise CorpusError("The words do not stand in this document.", "Ask the question again.")
        start, end = (place[1], place[2]) if place else (0, 0)
        first = max(0, min(start, len(text) - 1) - _WINDOW) if len(text) > 2 * _WINDOW else 0
        last = min(len(text), max(end, first) + 2 * _WINDOW) if len(text) > 2 * _WINDOW else None
        last = len(text) if last is None else last
        inside = [s for s in spans if first <= s[1] and s[2] <= last]
        return {
            "document": source.path,
            "sha256": source.sha256,
            "title": source.title,
            "published": source.published and source.published.isoformat(),
            "source": source.source,
            "state": source.state,
            "line": _line(text, start) if place else 1,
            "segments": segments(text, inside, place, first, last),
            "cut_before": first > 0,
            "cut_after": last < len(text),
        }

    # -- the corpus ----------------------------------------------------------------------------

    def state(self, _request: Mapping[str, Any] | None = None) -> Json:
        """What the page shows of the corpus at every moment."""
        assistant = self._assistant
        documents = passages = generation = 0
        if assistant.index.exists:
            documents, passages = assistant.index.manifest.counts()
            generation = assistant.index.manifest.generation()
        with self._lock:
            sync = self._sync.to_dict()
        return {
            # A folder's name may be no text.
            "corpus": os.fsencode(assistant.corpus.name).decode("utf-8", "replace"),
            "corpus_id": hashlib.sha256(os.fsencode(assistant.corpus)).hexdigest()[:16],
            "documents": documents,
            "passages": passages,
            # As text: JavaScript's numbers are too short for it.
            "generation": str(generation),
            "changed": any(
                listed.state in ("new", "changed", "removed") for listed in self._listing()
            ),
            "read_only": self.read_only,
            "max_upload_mb": self._max_upload // 1_000_000,
            "suffixes": assistant.suffixes,
            "sync": sync,
        }

    def documents(self, request: Mapping[str, Any]) -> Json:
        """A page of the list of documents."""
        query = _text({"query": "", **request}, "query", most=1000).casefold().split()
        offset = _number(request, "offset", 0, 10_000_000)
        limit = _number(request, "limit", 100, 1000)
        listed = self._listing()
        matching = [
            one
            for one in listed
            if all(
                word
                in f"{one.path} {one.title} {one.source or ''} {one.published or ''}".casefold()
                for word in query
            )
        ]
        # Newest first: what was added today is what somebody looks for.
        matching.sort(
            key=lambda one: one.published.isoformat() if one.published else "", reverse=True
        )
        return {
            "total": len(listed),
            "matching": len(matching),
            "documents": [
                {
                    "path": one.path,
                    "title": one.title,
                    "published": one.published and one.published.isoformat(),
                    "source": one.source,
                    "size": one.size,
                    "state": one.state,
                    "reason": one.reason,
                    "remedy": one.remedy,
                }
                for one in matching[offset : offset + limit]
            ],
        }

    def examples(self, _request: Mapping[str, Any] | None = None) -> Json:
        """Questions to begin with; made once for each state of the index, in the background."""
        index = self._assistant.index
        generation = index.manifest.generation() if index.exists else -1
        with self._lock:
            fresh = self._examples is not None and self._examples_generation == generation
            if not fresh and not self._examples_busy and generation >= 0:
                self._examples_busy = True
                self._start(lambda: self._make_examples(generation), "examples")
            return {"ready": fresh, "questions": list(self._examples or [])}

    def _make_examples(self, generation: int) -> None:
        made: list[str] = []
        try:
            made = self._assistant.examples()
        except UserError:
            pass  # an empty corpus has none
        except Exception:
            log.exception("no example questions could be made")
        with self._lock:
            self._examples, self._examples_generation = made, generation
            self._examples_busy = False

    def _listing(self) -> list[Listed]:
        index = self._assistant.index
        generation = index.manifest.generation() if index.exists else -1
        with self._lock:
            fresh = time.monotonic() - self._listed_at < _LISTING_AGE
            if fresh and self._listed_generation == generation:
                return self._listed
        listed = self._assistant.documents()
        with self._lock:
            self._listed, self._listed_at = listed, time.monotonic()
            self._listed_generation = generation
        return listed

    # -- changing the corpus -------------------------------------------------------------------

    def sync(self, _request: Mapping[str, Any] | None = None) -> Json:
        """Begin a sync, if none is running; the state tells how it goes."""
        self.begin_sync()
        return self.state()

    def sync_now(self) -> Json:
        """Sync, and say what was done."""
        self.begin_sync()
        self.wait_for_sync()
        with self._lock:
            return self._sync.to_dict()

    def add(self, request: Mapping[str, Any]) -> Json:
        """Put uploaded files into the corpus, each with a result of its own, and sync."""
        files = request.get("files")
        if not isinstance(files, list) or len(files) > _MOST_FILES:
            raise DocumentError("There is no list of files.", f"Add at most {_MOST_FILES} at once.")
        results: list[Json] = []
        for file in files:
            named = file.get("name") if isinstance(file, Mapping) else None
            named = named if isinstance(named, str) else ""
            # What is no text is refused, and must not go back, either.
            name = named[:200].encode("utf-8", "replace").decode()
            try:
                saved = self._assistant.put(named, self._uploaded(file))
                results.append({"name": name, "saved": saved, "message": "", "remedy": ""})
            except UserError as problem:
                results.append({"name": name, "saved": None, **shown(problem)})
        if any(result["saved"] for result in results):
            self.begin_sync()
        return {"results": results}

    def remove(self, request: Mapping[str, Any]) -> Json:
        """Take a document out of the corpus, for as long as nobody brings it back."""
        path = _text(request, "path", most=4000)
        removal = self._assistant.take_out(path)
        # Whoever takes the last document out means the index to be empty; a folder that became
        # empty by itself does not.
        last = all(listed.state == "removed" for listed in self._assistant.documents())
        self.begin_sync(allow_empty=last)
        return {"removal": removal, "path": path}

    def undo(self, request: Mapping[str, Any]) -> Json:
        """Bring a removed document back."""
        path = self._assistant.bring_back(_text(request, "removal", most=40))
        self.begin_sync()
        return {"path": path}

    def begin_sync(self, *, allow_empty: bool = False) -> None:
        """Sync in the background; once more after the one that is running."""
        with self._lock:
            self._listed_at = _NEVER
            state = self._sync
            if state.running:
                state.again = True
                state.again_allows_empty |= allow_empty
                return
            state.running, state.done, state.total, state.file = True, 0, 0, ""
            state.error = None
            state.idle.clear()
        self._start(lambda: self._run_sync(allow_empty), "sync")

    def wait_for_sync(self, seconds: float | None = None) -> bool:
        """Wait until no sync is running."""
        return self._sync.idle.wait(seconds)

    def _run_sync(self, allow_empty: bool) -> None:
        state = self._sync

        def progress(done: int, total: int, path: str) -> None:
            state.done, state.total, state.file = done, total, path

        while True:
            error: Json | None = None
            report: SyncReport | None = None
            try:
                report = self._assistant.sync(allow_empty=allow_empty, progress=progress)
            except UserError as problem:
                error = shown(problem)
            except Exception as problem:
                log.exception("a sync failed")
                error = shown(problem)
            with self._lock:
                state.error = error
                if report is not None:
                    state.report = report
                    state.number += 1
                self._listed_at = _NEVER
                if state.again:
                    allow_empty, state.again = state.again_allows_empty, False
                    state.again_allows_empty = False
                    continue
                state.running = False
                state.idle.set()
                return

    def _uploaded(self, file: Any) -> bytes:
        """The bytes of a file that was uploaded just now; never of any other.

        Raises:
            DocumentError: there is no such upload, or it is too large.
        """
        none = DocumentError("There is no uploaded file by that name.", "Upload the file again.")
        named = file.get("path") if isinstance(file, Mapping) else None
        if self._uploads is None or not isinstance(named, str):
            raise none
        path = Path(named)
        try:
            inside = path.is_absolute() and path.resolve().is_relative_to(self._uploads.resolve())
            if not inside or not path.is_file():
                raise none
            large = path.stat().st_size > self._max_upload
            data = b"" if large else path.read_bytes()
            # What was uploaded is in the corpus from now on; a copy would only fill the disk.
            path.unlink(missing_ok=True)
        except (OSError, ValueError) as problem:  # no name for a file, or gone meanwhile
            raise none from problem
        if large:
            raise DocumentError(
                f"The file is larger than {self._max_upload // 1_000_000} MB.",
                "Split it, or raise the limit with --max-upload.",
            )
        return data

    # -- taking it along -----------------------------------------------------------------------

    def export(self, request: Mapping[str, Any]) -> Json:
        """A conversation, or one answer, as a file. Every quote is read again."""
        format_ = _text(request, "format", most=20)
        title = request.get("title") or "Conversation"
        if not isinstance(title, str):
            raise UserError("The request has no proper 'title'.", "Load the page again.")
        # Cut by the page, it may end in half a character.
        title = title[:1000].encode("utf-8", "replace").decode()
        turns = request.get("turns")
        if not isinstance(turns, list) or len(turns) > _MOST_TURNS:
            raise UserError("There is no list of turns.", f"Export at most {_MOST_TURNS} at once.")
        saved = [t["answer"] for t in turns if isinstance(t, Mapping) and t.get("answer")]
        answers = [self._assistant.reopen(one) for one in saved]
        made: dict[str, tuple[str, Callable[[str, Sequence[Answer]], str], str]] = {
            "text": (".txt", conversation_to_text, "text/plain"),
            "markdown": (".md", conversation_to_markdown, "text/markdown"),
            "json": (".json", conversation_to_json, "application/json"),
            "html": (".html", conversation_to_html, "text/html"),
        }
        if format_ not in made:
            raise UserError(f"There is no format {format_!r}.", f"There are: {', '.join(made)}.")
        suffix, write, kind = made[format_]
        name = "".join(c if c.isalnum() else "-" for c in title)[:60].strip("-") or "conversation"
        return {"name": name + suffix, "type": kind, "content": write(title, answers)}

    def feedback(self, request: Mapping[str, Any]) -> Json:
        """Keep a verdict on an answer, as a line of ``feedback.jsonl`` in the index folder."""
        verdict = request.get("verdict")
        if verdict not in ("up", "down"):
            raise UserError("There is no verdict.", "Give up or down.")
        note = request.get("note") or ""
        if not isinstance(note, str):
            raise UserError("The request has no proper 'note'.", "Load the page again.")
        # Cut by the page, it may end in half a character.
        note = note[:_LONGEST_NOTE].encode("utf-8", "replace").decode()
        answer = self._assistant.reopen(_mapping(request, "answer"))
        line = json.dumps(
            {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "verdict": verdict,
                "note": note,
                "answer": answer.to_dict(),
            },
            ensure_ascii=False,
        )
        path = self._assistant.index.path / "feedback.jsonl"
        try:
            with self._feedback_lock:
                if path.exists() and path.stat().st_size > _MOST_FEEDBACK_BYTES:
                    raise UserError("There is no room for more feedback.", f"Move {path} away.")
                with path.open("a", encoding="utf-8", newline="") as file:
                    file.write(line + "\n")
        except OSError as problem:
            raise StorageError(
                f"The feedback can't be kept: {problem.strerror or problem}.",
                f"Make {path.parent} writable, or free some space, and try again.",
            ) from problem
        return {"saved": True}


class _Gone(Exception):
    """The reader of an answer has gone away."""


class _SyncState:
    """How the sync is going. Numbers are set by its thread, the rest under the desk's lock."""

    def __init__(self) -> None:
        self.running = False
        self.done = 0
        self.total = 0
        self.file = ""
        self.number = 0
        self.report: SyncReport | None = None
        self.error: Json | None = None
        self.again = False
        self.again_allows_empty = False
        self.idle = threading.Event()
        self.idle.set()

    def to_dict(self) -> Json:
        report = self.report
        most = 200
        return {
            "running": self.running,
            "done": self.done,
            "total": self.total,
            "file": self.file,
            "error": self.error,
            "report": report
            and {
                "id": self.number,
                "added": list(report.added[:most]),
                "changed": list(report.changed[:most]),
                "removed": list(report.removed[:most]),
                "unchanged": report.unchanged,
                "failed": [
                    {"path": f.path, "reason": f.reason, "remedy": f.remedy}
                    for f in report.failed[:most]
                ],
                "seconds": round(report.seconds, 3),
            },
        }


Marked = tuple[Any, int, int]
"""A marker and the span that it stands for: code points, half-open."""


def segments(
    text: str, spans: Sequence[Marked], current: Marked | None, first: int, last: int
) -> list[list[Any]]:
    """``text[first:last]`` as pieces ``[words, marker, is_current]``; without a marker, ``None``.

    The current span is always one piece. Of others that overlap, the piece goes to the first, and
    the current span goes before all.
    """
    taken: list[Marked] = [current] if current else []
    for span in spans:
        if not any(span[1] < end and start < span[2] for _, start, end in taken):
            taken.append(span)
    pieces: list[list[Any]] = []
    at = first
    for span in sorted(taken, key=lambda s: s[1]):
        marker, start, end = span
        if at < start:
            pieces.append([text[at:start], None, False])
        pieces.append([text[start:end], marker, span is current])
        at = end
    if at < last:
        pieces.append([text[at:last], None, False])
    return pieces


def _part(answer: Json, count: int) -> Json:
    """The answer with its first claims and what these cite."""
    claims = answer["claims"][:count]
    cited = {marker for claim in claims for marker in claim["citations"]}
    return {
        **answer,
        "claims": claims,
        "citations": [c for c in answer["citations"] if c["marker"] in cited],
    }


def _line(text: str, start: int) -> int:
    return (
        1 + text.count("\n", 0, start) + text.count("\r", 0, start) - text.count("\r\n", 0, start)
    )


def _text(request: Mapping[str, Any], name: str, *, most: int) -> str:
    value = request.get(name) if isinstance(request, Mapping) else None
    if name == "question" and isinstance(value, str):
        return value  # whose own check says it better
    if not isinstance(value, str) or len(value) > most or not _encodable(value):
        raise UserError(f"The request has no proper {name!r}.", "Load the page again.")
    return value


def _encodable(text: str) -> bool:
    """Whether it is text: half characters can come in JSON, and can't go into a file or out."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _mapping(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = request.get(name)
    if not isinstance(value, Mapping):
        raise UserError(f"The request has no proper {name!r}.", "Load the page again.")
    return value


def _number(request: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = request.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise UserError(f"The request has no proper {name!r}.", "Load the page again.")
    return value


def _history(request: Mapping[str, Any]) -> list[str | Json]:
    """Earlier turns, each a question or ``{"question": …, "answer": …}``."""
    value = request.get("history", [])
    found: list[str | Json] = []
    for turn in value[-_HISTORY:] if isinstance(value, list) else [None]:
        if isinstance(turn, str):
            found.append(turn[:MAX_QUESTION])
        elif (
            isinstance(turn, Mapping)
            and isinstance(turn.get("question"), str)
            and isinstance(turn.get("answer", ""), str)
        ):
            answer = turn.get("answer", "")[:MAX_QUESTION]
            found.append({"question": turn["question"][:MAX_QUESTION], "answer": answer})
        else:
            raise UserError("The request has no proper 'history'.", "Load the page again.")
    return found


def _spans(value: Any) -> list[Marked]:
    good = isinstance(value, list) and len(value) <= _MOST_SPANS
    for span in value if good else ():
        good = good and (
            isinstance(span, list)
            and len(span) == 3
            and isinstance(span[0], (str, int))
            and not any(isinstance(value, bool) for value in span)
            and all(isinstance(n, int) for n in span[1:])
            and 0 <= span[1] < span[2]
        )
    if not good:
        raise UserError("The request has no proper 'spans'.", "Load the page again.")
    return [(span[0], span[1], span[2]) for span in value]
