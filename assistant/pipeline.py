"""A question: ask -> retrieve -> select -> compose -> verify. And the composition root.

Everything that the stages work with is made here and handed to them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.compose import compose
from assistant.config import Settings
from assistant.cross_encoder import Reader, Sentence, reader
from assistant.direction import speaker
from assistant.evidence import Selection, select_evidence
from assistant.examples import examples
from assistant.follow_up import standalone
from assistant.language import Language
from assistant.reference import antecedent, led_by_pronoun
from assistant.resources import resource
from assistant.retrieve import promote, retrieve
from assistant.saved import reopen
from assistant.scorer import FeatureScorer, shipped
from assistant.types import (
    Answer,
    Claim,
    DraftClaim,
    Dropped,
    Evidence,
    Filters,
    OnClaim,
    Outcome,
    Question,
    Scorer,
    Turn,
)
from assistant.verify import Recheck, Verified, recheck, verify
from index.corpus import bring_back, put, take_out
from index.embed import Embedder, Remembered
from index.errors import (
    CorpusError,
    DocumentError,
    IndexBusy,
    LanguageModelError,
    QuestionError,
)
from index.folder import Index, Scope, default_folder
from index.parse import SUFFIXES, parse_file
from index.sentences import sentence_spans
from index.sync import (
    Listed,
    Progress,
    Refused,
    SyncReport,
    changed_since_sync,
    listing,
    prune,
    sync,
)
from index.types import Document, Hit, Span
from index.word_vectors import WordVectors

if TYPE_CHECKING:
    from assistant.writing import ModelWriter
    from index.embed import Vectors

MAX_QUESTION = 4000
"""Code points. A question is a sentence or a few; what is longer is a document."""

OnStage = Callable[[str], None]
"""Called with ``searching``, ``reading``, ``checking`` and ``writing`` as each begins. While a
model is at work it is called several times a second, with ``understanding`` or ``writing``. What it
raises stops the work."""

OnDraft = Callable[[Answer], None]
"""Called with the answer so far, each time that a model has written a claim that stands."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

_NOTHING = "The documents do not say."
_EXTRACTIVE = "These are the sources' own sentences instead."


@dataclass(frozen=True, slots=True)
class Status:
    """What an index holds.

    Attributes:
        documents, passages: how many are current.
        failures: files that could not be taken in.
        size_bytes: of the index folder.
        changed: whether the corpus differs from the index.
    """

    corpus: Path
    index: Path
    documents: int
    passages: int
    model: str
    generation: int
    failures: tuple[Refused, ...]
    size_bytes: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A document's text, to be shown.

    Attributes:
        state: of the version asked for: ``same`` as the current one, ``changed`` since, or
            ``gone`` from the corpus, whose title and date are then not known any more.
    """

    path: str
    sha256: str
    title: str
    published: date | None
    source: str | None
    text: str
    state: str = "same"


class Assistant:
    """Answers questions over one corpus. Safe to share by threads; close it when done.

    Build one with :meth:`open`. Use it as a context manager.
    """

    def __init__(self, corpus: Path, index: Index, embedder: Embedder, settings: Settings) -> None:
        self.corpus = corpus
        self.index = index
        self.settings = settings
        self._embedder = embedder
        self._language = Language()
        self._encode = Remembered(embedder.encode)
        self._reader = _reader(settings.cross_encoder)
        self._by_words = Remembered(WordVectors().encode)
        self._scorer: Scorer = FeatureScorer(
            self._encode,
            index.lexical,
            self._language,
            self._reader,
            by_words=self._by_words,
        )
        self._sentences = lru_cache(maxsize=1024)(self._split)
        self._writer: ModelWriter | None = None
        if settings.llm is not None:
            from assistant.writing import model_writer  # it brings LlamaIndex along

            self._writer = model_writer(settings, self._language, self._reader)
        self._warm = False

    @classmethod
    def open(
        cls,
        corpus: Path | str | None = None,
        index: Path | str | None = None,
        settings: Settings | None = None,
    ) -> Assistant:
        """An assistant over a folder of documents. Loads no model and reads no document yet.

        Args:
            corpus: the folder; ``None``: the report that comes with the project.
            index: where its index lies; ``None``: in the user's data directory.

        Raises:
            CorpusError: there is no such folder, and no index of it either.
        """
        settings = settings or Settings()
        folder = Path(corpus).expanduser() if corpus is not None else resource("seeds")
        where = Path(index).expanduser() if index is not None else default_folder(folder)
        embedder = _embedder(settings.model)
        if not folder.is_dir() and not (where / "manifest.sqlite3").is_file():
            kind = "is not a folder" if folder.exists() else "does not exist"
            raise CorpusError(f"{folder} {kind}.", "Name the folder that your documents are in.")
        return cls(
            folder.absolute(),
            Index(where, model=embedder.identity, server=settings.chroma),
            embedder,
            settings,
        )

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index. Models stay loaded for the next assistant of this process."""
        self.index.close()

    @property
    def shipped_threshold(self) -> float:
        """The ``min_confidence`` that holds where the settings name none."""
        return shipped(self._reader is not None).threshold

    @property
    def suffixes(self) -> list[str]:
        """Of the files that can be documents."""
        return sorted(SUFFIXES)

    # -- the corpus ----------------------------------------------------------------------------

    def sync(
        self,
        *,
        verify: bool = False,
        allow_empty: bool = False,
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> SyncReport:
        """Make the index equal to the folder. See :func:`index.sync.sync`."""
        return sync(
            self.corpus,
            self.index,
            self._embedder,
            verify=verify,
            allow_empty=allow_empty,
            rebuild=rebuild,
            progress=progress,
        )

    def sync_if_changed(self, progress: Progress | None = None) -> tuple[SyncReport | None, str]:
        """Sync when the folder differs from the index.

        Returns the report, if there was a sync, and a note for the user, if there is one: another
        sync was found running, or the folder is gone, and answers come from the index as it stands.
        """
        if not self.corpus.is_dir() and self.index.exists:
            return None, (f"The folder {self.corpus} is not there; this is from the index of it.")
        if not changed_since_sync(self.corpus, self.index):
            self.index.check()
            return None, ""
        try:
            return self.sync(progress=progress), ""
        except IndexBusy:
            if not self.index.exists:
                raise
            return None, "Another sync is running; this is from the index as it stands."

    def status(self) -> Status:
        """What the index holds, and whether the folder has changed since."""
        self.index.check()
        documents, passages = self.index.manifest.counts()
        return Status(
            corpus=self.corpus,
            index=self.index.path,
            documents=documents,
            passages=passages,
            model=self.index.model,
            generation=self.index.manifest.generation(),
            failures=tuple(
                Refused(f.path, f.reason, f.remedy) for f in self.index.manifest.failures()
            ),
            size_bytes=sum(p.stat().st_size for p in self.index.path.rglob("*") if p.is_file()),
            changed=self.corpus.is_dir() and changed_since_sync(self.corpus, self.index),
        )

    def prune(self) -> tuple[int, int]:
        """Drop texts that nothing current needs: how many, and their bytes."""
        return prune(self.index)

    def documents(self) -> list[Listed]:
        """Every document of the corpus or the index, by path, with its state."""
        if self.index.exists:
            self.index.check()
        return listing(self.corpus, self.index)

    def put(self, name: str, data: bytes) -> str:
        """Put a document into the corpus. See :func:`index.corpus.put`. A sync takes it in."""
        return put(self.corpus, name, data)

    def take_out(self, path: str) -> str:
        """Move a document out of the corpus. See :func:`index.corpus.take_out`.

        Raises:
            CorpusError: there is no such document, as :meth:`documents` lists them.
        """
        # The index may lie in the corpus, and has text files of its own.
        if not any(listed.path == path for listed in self.documents()):
            raise CorpusError(
                f"There is no document {path[:200]!r} in the folder.",
                "Look at the list of documents.",
            )
        return take_out(self.corpus, path)

    def bring_back(self, removal: str) -> str:
        """Bring a document back. See :func:`index.corpus.bring_back`."""
        return bring_back(self.corpus, removal)

    def source(self, path: str, sha256: str | None = None) -> Source:
        """The text of a document, in the version cited or, without ``sha256``, the current one.

        Raises:
            CorpusError: there is no such document, or that version's text is not kept any more.
        """
        self.index.check()
        current = self.index.manifest.current_of(path)
        if current is not None and sha256 in (None, current.sha256):
            text = self.index.text(current.sha256, current.parser)
            return Source(
                path, current.sha256, current.title, current.published, current.source, text
            )
        # What is no digest must not become part of a file's name.
        kept = self.index.texts.layers(sha256) if sha256 and _SHA256.fullmatch(sha256) else []
        if not kept:
            raise CorpusError(
                f"The text of {path[:200]} that was cited is not kept any more."
                if sha256
                else f"There is no document {path[:200]!r} in the index.",
                "Look at the list of documents.",
            )
        if current is None:
            return Source(path, str(sha256), "", None, None, kept[0], "gone")
        return Source(
            path,
            str(sha256),
            current.title,
            current.published,
            current.source,
            kept[0],
            "changed",
        )

    def reopen(self, saved: Mapping[str, Any]) -> Answer:
        """A saved answer as an answer, every quote read again. See :func:`assistant.saved.reopen`.

        Raises:
            UserError: it is not an answer.
        """

        def layers(sha256: str) -> list[str]:
            return self.index.texts.layers(sha256) if _SHA256.fullmatch(sha256) else []

        return reopen(saved, layers, self._passage, self._check_again)

    def _check_again(self, claim: str, quotes: Sequence[str]) -> str:
        from assistant.writing import check_quotes  # only what a model wrote needs it

        return check_quotes(claim, quotes, self._language, self._reader)

    def examples(self, most: int = 4, *, documents: int = 12, sentences: int = 8) -> list[str]:
        """Questions that this corpus answers, made of its newest documents. Takes seconds.

        Args:
            most: how many.
            documents, sentences: how many of each are looked at.
        """
        self._ready()
        current = sorted(
            self.index.manifest.current(),
            key=lambda v: (v.published.isoformat() if v.published else "", v.path),
            reverse=True,
        )
        found: list[str] = []
        # From each document one, before a second from any.
        made = [self._questions(v.sha256, v.parser, sentences) for v in current[:documents]]
        for turn in range(3):
            for questions in made:
                if turn < len(questions) and len(found) < most:
                    question = questions[turn]
                    if question not in found and self.answer(question).claims:
                        found.append(question)
        return found

    def _questions(self, sha256: str, layer: str, most: int) -> list[str]:
        text = self.index.text(sha256, layer)
        spans = [span for span in self._sentences(sha256, layer)[:most] if len(span) < 500]
        return list(
            dict.fromkeys(examples(self._language.parse([span.of(text) for span in spans])))
        )

    def _passage(self, path: str, start: int, end: int) -> Hit | None:
        version = self.index.manifest.current_of(path)
        if version is None or not 0 <= start < end <= version.characters:
            return None
        span = Span(start, end)
        return Hit(
            path=path,
            sha256=version.sha256,
            title=version.title,
            published=version.published,
            source=version.source,
            span=span,
            text=span.of(self.index.text(version.sha256, version.parser)),
            score=0.0,
            layer=version.parser,
        )

    def recheck(self, saved: Mapping[str, Any]) -> list[Recheck]:
        """What became of the citations of a saved answer. See :func:`assistant.verify.recheck`."""
        return recheck(saved, self._document_now, self.index.texts.layers)

    # -- the question --------------------------------------------------------------------------

    def answer(
        self,
        question: str,
        history: Sequence[Turn | Mapping[str, str] | str] = (),
        filters: Filters | None = None,
        *,
        notes: Sequence[str] = (),
        on_stage: OnStage | None = None,
        on_draft: OnDraft | None = None,
        on_claim: OnClaim | None = None,
    ) -> Answer:
        """Answer from the index as it stands.

        Args:
            history: earlier turns, oldest first: :class:`Turn`, mappings with ``role`` and
                ``text`` (or ``content``), or the person's questions alone.
            filters: what may count as evidence.
            notes: put into the answer's notes.
            on_stage: see :data:`OnStage`.
            on_draft: see :data:`OnDraft`.
            on_claim: see :data:`assistant.types.OnClaim`.

        Raises:
            QuestionError: empty, or longer than :data:`MAX_QUESTION`.
            CorpusError: the index holds no documents.
            IndexMissing, IndexMismatch: see :meth:`index.folder.Index.check`.
        """
        check_question(question)
        self._ready()
        clock = _Clock(on_stage or (lambda _stage: None))
        asked = " ".join(question.split())
        with clock.stage("understand"):
            text, problem = self._understood(asked, turns(history), clock)
        wanted = Question(text, asked, filters or Filters())
        with clock.stage("embed"):
            vector = self._encode([wanted.text])[0]

        def found() -> tuple[list[Hit], Selection, list[Evidence], Verified]:
            with clock.stage("retrieve", "searching"):
                hits = self._hits(wanted, vector, self.settings.passages)
            with clock.stage("select", "reading"):
                selection = select_evidence(
                    wanted, hits, self._scorer, self, most=self.settings.claims
                )
                evidence = [self._annotated(piece) for piece in selection.evidence]
            with clock.stage("compose"):
                draft = compose(evidence)
            with clock.stage("verify", "checking"):
                verified = verify(draft, self.text)
            return promote(hits, selection.passages), selection, evidence, verified

        hits, selection, evidence, verified = self.index.consistent(found)
        answer = self._finished(wanted, hits, selection, verified, notes, clock.timings())
        if self._writer is None or answer.outcome is not Outcome.ANSWERED:
            return answer
        with clock.stage("write", "writing"):
            written = self._in_words(answer, evidence, problem, clock, on_draft, on_claim)
        return replace(written, timings_ms=clock.timings())

    def retrieve(
        self, question: str, k: int | None = None, filters: Filters | None = None
    ) -> list[Hit]:
        """The passages that :meth:`answer` would read, best first; ``score`` is the fused one.

        Args:
            k: how many; ``None``: as many as the settings say.

        Raises: what :meth:`answer` does.
        """
        check_question(question)
        self._ready()
        text = " ".join(question.split())
        wanted = Question(text, text, filters or Filters())
        vector = self._encode([text])[0]
        most = self.settings.passages if k is None else k
        return self.index.consistent(lambda: self._hits(wanted, vector, most))

    def text(self, hit: Hit) -> str:
        """The text layer of a hit's document version."""
        return self.index.text(hit.sha256, hit.layer)

    def vectors(self, hits: Sequence[Hit]) -> list[Vectors | None]:
        """Of the sentences in each of ``hits``, in order, shape ``(n, dim)``, as far as known."""
        return self.index.vectors(hits, self._embedder.dimension)

    def sentences(self, hit: Hit) -> Sequence[Span]:
        """The sentences of a hit's document version, in order."""
        return self._sentences(hit.sha256, hit.layer)

    # -- a language model ----------------------------------------------------------------------

    def _understood(self, asked: str, history: Sequence[Turn], clock: _Clock) -> tuple[str, str]:
        """The question that stands alone, and what went wrong with a model on the way."""
        writer = self._writer
        if writer is None or not any(turn.role == "user" for turn in history):
            return standalone(asked, history, self._language), ""
        try:
            said = writer.rewrite(asked, history, lambda: clock.tell("understanding"))
        except LanguageModelError as problem:
            return standalone(asked, history, self._language), str(problem)
        return standalone(asked, history, self._language, said), ""

    def _in_words(
        self,
        answer: Answer,
        evidence: Sequence[Evidence],
        problem: str,
        clock: _Clock,
        on_draft: OnDraft | None,
        on_claim: OnClaim | None,
    ) -> Answer:
        """``answer`` as the model writes it; where that fails, as it is, with a note that says so.

        Args:
            problem: what went wrong with the model before; it is not asked again then.
        """
        drafts: list[DraftClaim] = []
        dropped: list[Dropped] = []
        try:
            assert self._writer is not None
            writing = () if problem else self._writer.write(answer.question, evidence, on_claim)
            for item in writing:
                clock.tell("writing")
                if isinstance(item, Dropped):
                    dropped.append(item)
                elif item is not None:
                    drafts.append(item)
                    if on_draft is not None:
                        on_draft(self._of_drafts(answer, drafts, dropped))
        except LanguageModelError as failure:
            problem = str(failure)
        if not problem and drafts:
            written = self._of_drafts(answer, drafts, dropped)
            if written.claims:
                return written
        why = problem or "Nothing that the language model wrote stands in the sources."
        return replace(
            answer,
            notes=(*answer.notes, f"{why} {_EXTRACTIVE}"),
            dropped=(*answer.dropped, *dropped),
        )

    def _of_drafts(
        self, answer: Answer, drafts: Sequence[DraftClaim], dropped: Sequence[Dropped]
    ) -> Answer:
        verified = verify(drafts, self.text)
        return replace(
            answer,
            text=_told(verified.claims),
            claims=verified.claims,
            citations=verified.citations,
            dropped=(*answer.dropped, *dropped, *verified.dropped),
            composed="model",
        )

    # -- inside --------------------------------------------------------------------------------

    def _hits(self, question: Question, vector: Vectors, k: int) -> list[Hit]:
        wanted = question.filters
        scope = Scope(wanted.documents, wanted.since, wanted.until)
        return retrieve(question, vector, self.index, k, scope)

    def _ready(self) -> None:
        """Refuse an index that can't answer, and load the models: that is no part of an answer's
        time, and happens once in a process."""
        self.index.check()
        if self.index.manifest.empty:
            raise CorpusError(
                f"The index at {self.index.path} holds no documents.",
                f"Put .txt or .md files into {self.corpus} and run: onrecord index",
            )
        if not self._warm:
            self._language.warm()
            self._embedder.warm_up()
            if self._reader is not None:
                self._reader.read("Is anybody there?", [Sentence("Nobody is.")])
            self.index.consistent(lambda: None)
            self._warm = True

    def _split(self, sha256: str, layer: str) -> tuple[Span, ...]:
        return sentence_spans(self.index.text(sha256, layer))

    def _annotated(self, piece: Evidence) -> Evidence:
        """With its speaker, and with its subject where the sentence has only a pronoun."""
        candidate = piece.candidate
        (parsed,) = self._language.parse([candidate.text])
        said_by = speaker(parsed)
        piece = replace(piece, speaker=str(said_by) if said_by else None)
        before = candidate.before if led_by_pronoun(parsed) else ()
        found = antecedent(parsed, self._language.parse(before))
        if found is None:
            return piece
        place = candidate.lead - len(candidate.before) + found.sentence
        spans = self.sentences(candidate.hit)
        subject = replace(
            candidate,
            span=spans[place],
            text=spans[place].of(self.text(candidate.hit)),
            lead=place,
            before=(),
            after="",
        )
        return replace(piece, subject=subject, name=found.name, name_after=found.after)

    def _finished(
        self,
        question: Question,
        hits: Sequence[Hit],
        selection: Selection,
        verified: Verified,
        notes: Sequence[str],
        timings: Mapping[str, float],
    ) -> Answer:
        bar = self.settings.min_confidence
        bar = self.shipped_threshold if bar is None else bar
        answered = bool(verified.claims) and selection.confidence >= bar
        answered = answered and verified.claims[0].direction != "reversed"
        answer = Answer(
            question=question.text,
            asked=question.asked,
            outcome=Outcome.ANSWERED if answered else Outcome.NO_EVIDENCE,
            text="",
            confidence=selection.confidence,
            claims=verified.claims if answered else (),
            citations=verified.citations if answered else (),
            passages=tuple(hits),
            timings_ms=timings,
            notes=tuple(notes),
            dropped=verified.dropped,
        )
        if answered:
            return replace(answer, text=_told(verified.claims))
        reason = selection.reason or (
            "No sentence of the passages found answers the question."
            if hits
            else "No passage was found."
        )
        return replace(answer, text=_NOTHING, reason=reason)

    def _document_now(self, path: str) -> Document | None:
        file = self.corpus / path
        try:
            inside = file.resolve().is_relative_to(self.corpus.resolve())
            return parse_file(file, path) if inside and file.is_file() else None
        except (DocumentError, OSError, ValueError):
            # Not to be read, or no path at all (a saved answer may have been tampered with).
            return None


def _told(claims: Sequence[Claim]) -> str:
    """The claims with their markers, as one text."""
    return " ".join(
        claim.text + "".join(f" [{marker}]" for marker in claim.citations) for claim in claims
    )


def check_question(question: str) -> None:
    """Refuse what is not a question.

    Raises:
        QuestionError: empty, longer than :data:`MAX_QUESTION`, or not text.
    """
    _check_text(question, "The question")
    if not question.strip():
        raise QuestionError(
            "The question is empty.", "Ask something, such as: what does the US expect from Europe?"
        )
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; the limit is {MAX_QUESTION:,}.",
            "Ask in a sentence or two; documents belong in the corpus.",
        )


def turns(history: Sequence[Turn | Mapping[str, str] | str]) -> tuple[Turn, ...]:
    """Earlier turns from any of the forms that :meth:`Assistant.answer` takes.

    Raises:
        QuestionError: a turn in none of these forms, or not text.
    """
    found: list[Turn] = []
    for number, turn in enumerate(history, start=1):
        if isinstance(turn, Turn):
            found.append(turn)
        elif isinstance(turn, str):
            found.append(Turn("user", turn))
        elif isinstance(turn, Mapping) and isinstance(turn.get("question"), str):
            found.append(Turn("user", turn["question"]))
            if isinstance(turn.get("answer"), str):
                found.append(Turn("assistant", turn["answer"]))
        elif isinstance(turn, Mapping) and isinstance(turn.get("text", turn.get("content")), str):
            found.append(Turn(str(turn.get("role", "user")), turn.get("text") or turn["content"]))
        else:
            raise QuestionError(
                f"Turn {number} of the history is not one.",
                'Give each as {"role": "user", "text": "…"}.',
            )
    for number, one in enumerate(found, start=1):
        _check_text(one.text, f"Turn {number} of the history")
    return tuple(found)


def _check_text(text: str, what: str) -> None:
    """Refuse half characters: so Python shows bytes that are no text, and no model takes them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise QuestionError(f"{what} has bytes in it that are no text.", "Use UTF-8.") from None


class _Clock:
    """Milliseconds by stage. A stage that runs again adds to its time."""

    def __init__(self, on_stage: OnStage) -> None:
        self._started = time.perf_counter()
        self._parts: dict[str, float] = {}
        self._on_stage = on_stage

    @contextmanager
    def stage(self, name: str, shown: str = "") -> Iterator[None]:
        if shown:
            self._on_stage(shown)
        began = time.perf_counter()
        yield
        self._parts[name] = self._parts.get(name, 0.0) + 1000 * (time.perf_counter() - began)

    def tell(self, stage: str) -> None:
        """That a stage goes on, to whoever wants to know."""
        self._on_stage(stage)

    def timings(self) -> dict[str, float]:
        return {"total": 1000 * (time.perf_counter() - self._started), **self._parts}


@lru_cache(maxsize=4)
def _embedder(model: str | None) -> Embedder:
    """One loaded model for all assistants of this process that name it."""
    return Embedder(model)


@lru_cache(maxsize=4)
def _reader(named: str | None) -> Reader | None:
    """The same of what reads."""
    return reader(named)
