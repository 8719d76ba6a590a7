"""Asks a set of questions and counts what came of it.

A set is a folder with ``docs/*.txt``, the corpus, and ``questions.jsonl``, one object a line:

====================  ============================================================================
``id`` ``question``   texts; an id stands once
``kind``              a word; figures are also given by kind, and ``direction`` has its own
``answerable``        false: the right behaviour is no evidence
``gold``              the places that answer: ``doc`` (a file of ``docs/``), ``start`` and ``end``,
                      half-open, in code points of the text layer; if there, ``quote`` or ``text``
                      must stand there, and ``ctx_start`` and ``ctx_end`` bound the sentence around
                      it. Golds of one ``group`` are alternatives and every group is wanted;
                      without it, all are alternatives, save where ``need`` is ``all_answers``:
                      then those of one ``answer`` are. Empty where nothing answers
``answers`` ``need``  optional: strings to be found, and whether ``any`` (if absent) is enough, or
                      ``all`` or ``all_answers`` are wanted
``forbidden``         optional: places, as in ``gold``, that must not be cited
``pair``              optional: the id of the question the other way round
``history``           optional: earlier turns, as texts or ``{"role": …, "text": …}``
``date``              optional: the day of asking, ``YYYY-MM-DD``; later documents are no evidence
====================  ============================================================================

Other fields are ignored. Figures that depend on the threshold are given twice, from one pass: the
assistant is asked with ``min_confidence = 0``, so that every question has its best answer, and the
threshold is applied here. What :mod:`assistant.evaluation.metrics` calls *correct* is that the
first citation is right: it overlaps a gold and nothing forbidden.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from assistant.evaluation import metrics
from assistant.types import Answer, Citation, Filters, Outcome, Turn
from index.errors import CorpusError, DocumentError, QuestionError, SettingsError
from index.parse import parse_file
from index.types import Document, Span

if TYPE_CHECKING:
    from numpy import intp
    from numpy.typing import NDArray

Progress = Callable[[int, int, str], None]
"""Called with how many questions are done, of how many, and the id of the one just asked."""

Unit = Literal["share", "score", "ms", "characters"]
"""``share`` and ``score`` lie in [0, 1]; a share is shown as a percentage."""

DEPTHS = (1, 5, 10)
"""The depths that recall is measured at."""

_NEEDS = ("any", "all", "all_answers", "none")
_SEED = 20020401
_COVERAGES = tuple(step / 20 for step in range(1, 21))


# -- a set ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """A place in a document of the set.

    Attributes:
        document: the file's name in ``docs/``.
        span: the place, in code points of the text layer.
        context: the sentence around it; ``span`` itself where the set does not say.
        group: targets of one number are alternatives; from 0 in each question.
    """

    document: str
    span: Span
    context: Span
    group: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a set. For the fields see the head of this file.

    Attributes:
        line: the line of the set's file that it stands on, from 1.
        filters: what may count as evidence, from ``date``.
    """

    id: str
    question: str
    kind: str
    answerable: bool
    line: int
    answers: tuple[str, ...] = ()
    need: str = "any"
    gold: tuple[Target, ...] = ()
    forbidden: tuple[Target, ...] = ()
    pair: str | None = None
    history: tuple[Turn, ...] = ()
    filters: Filters = field(default_factory=Filters)

    @property
    def groups(self) -> frozenset[int]:
        """The gold groups, each of which is wanted."""
        return frozenset(target.group for target in self.gold)


@dataclass(frozen=True, slots=True)
class EvalSet:
    """Questions over a corpus.

    Attributes:
        folder: where it was read from.
        documents: how many files the corpus has.
        items: in the order of the file; never empty.
    """

    folder: Path
    documents: int
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.resolve().name

    @property
    def corpus(self) -> Path:
        """The folder of documents."""
        return self.folder / "docs"


Ask = Callable[[Item], Answer]
"""Answers ``item.question``, given ``item.history`` and ``item.filters``, with
``min_confidence = 0``."""


def load_set(folder: Path | str) -> EvalSet:
    """Read a set, and check every place it names against the documents.

    Raises:
        CorpusError: the folder is not a set, or has no questions, or lines of it are wrong; then
            all mistakes are named, with their lines.
    """
    folder = Path(folder).expanduser()
    documents, items = read_lines(folder, "questions.jsonl", LineReader.question)
    if not items:
        raise CorpusError(
            f"{folder / 'questions.jsonl'} has no questions.", "Put one JSON object on each line."
        )
    return EvalSet(folder, documents, tuple(items))


class _Line(Protocol):
    """What stands on a line. For the attributes see :class:`Item`."""

    @property
    def id(self) -> str: ...
    @property
    def line(self) -> int: ...


L = TypeVar("L", bound=_Line)


def read_lines(
    folder: Path, name: str, read: Callable[[LineReader, Mapping[str, Any]], L | None]
) -> tuple[int, list[L]]:
    """What stands on the lines of a set's file, and how many documents the set has.

    Args:
        name: of the file, such as ``questions.jsonl``.
        read: makes something of the object on a line, or tells the reader what is wrong with it.

    Raises:
        CorpusError: as :func:`load_set`.
    """
    corpus, path = folder / "docs", folder / name
    documents = sum(1 for file in corpus.glob("*.txt") if file.is_file())
    remedy = f"Name a folder with docs/*.txt and {name}."
    if not documents:
        raise CorpusError(f"{corpus} has no documents.", remedy)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as problem:
        raise CorpusError(f"{path} does not exist.", remedy) from problem
    except OSError as problem:
        raise CorpusError(
            f"{path} can't be read: {problem.strerror}.", "Make the file readable."
        ) from problem
    except UnicodeDecodeError as problem:
        raise CorpusError(f"{path} is not UTF-8: {problem}.", "Save it as UTF-8.") from problem

    mistakes: list[str] = []
    sources = _Sources(corpus)
    found: dict[str, L] = {}
    # Not splitlines(): inside a JSON string U+2028 is not the end of a line.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        reader = LineReader(number, sources)
        values = reader.values(line)
        one = None if values is None else read(reader, values)
        if one is not None and one.id in found:
            reader.wrong(f"the id {one.id!r} stands on line {found[one.id].line} already")
        elif one is not None:
            found[one.id] = one
        mistakes += reader.mistakes
    if mistakes:
        many = f"{len(mistakes):,} mistakes" if len(mistakes) > 1 else "a mistake"
        listed = "".join(f"\n  {mistake}" for mistake in mistakes)
        raise CorpusError(f"{path} has {many}:{listed}\n", "Put these lines right.")
    return documents, list(found.values())


class _Sources:
    """Documents by their name in the corpus, each read once."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus
        self._read: dict[str, Document | str] = {}

    def get(self, name: str) -> Document | str:
        """The document, or why there is none."""
        if name not in self._read:
            self._read[name] = self._parse(name)
        return self._read[name]

    def _parse(self, name: str) -> Document | str:
        file = self._corpus / name
        inside = file.resolve().is_relative_to(self._corpus.resolve())
        if not inside or not file.is_file():
            return f"there is no document {name!r}"
        try:
            return parse_file(file, name)
        except DocumentError as problem:
            return problem.message


class LineReader:
    """One line of a set's file: what stands on it, or everything that is wrong with it.

    Attributes:
        number: of the line, from 1.
        within: the part of the line being read, as mistakes name it: ``turn 2: ``.
        mistakes: found so far, each with the line.
    """

    def __init__(self, number: int, sources: _Sources) -> None:
        self.number = number
        self.within = ""
        self.mistakes: list[str] = []
        self._sources = sources

    def wrong(self, what: str) -> None:
        """Note a mistake."""
        self.mistakes.append(f"line {self.number}: {self.within}{what}")

    def values(self, line: str) -> Mapping[str, Any] | None:
        """The line's object; ``None``, and a mistake, where it is none."""
        try:
            values = json.loads(line)
        except ValueError as problem:
            self.wrong(f"not JSON: {problem}")
            return None
        if not isinstance(values, dict):
            self.wrong("not a JSON object")
            return None
        return values

    def question(self, values: Mapping[str, Any]) -> Item | None:
        """A question from its fields; ``None`` where anything on the line is wrong."""
        answerable = values.get("answerable")
        if not isinstance(answerable, bool):
            self.wrong(f"answerable must be true or false, not {answerable!r}")
        need = values.get("need", "any")
        if need not in _NEEDS:
            self.wrong(f"need must be one of {', '.join(_NEEDS)}, not {need!r}")
        gold = self._targets(values, "gold", by_answer=need == "all_answers")
        if answerable is True and "gold" in values and not values["gold"]:
            self.wrong("answerable, but gold is empty")
        if answerable is True and "gold" not in values:
            self.wrong("answerable, but gold is missing")
        if answerable is False and values.get("gold"):
            self.wrong("not answerable, but gold is not empty")
        found = Item(
            id=self.text(values, "id"),
            question=self.text(values, "question"),
            kind=self.text(values, "kind"),
            answerable=bool(answerable),
            line=self.number,
            answers=self._answers(values),
            need=str(need),
            gold=gold,
            forbidden=self._targets(values, "forbidden"),
            pair=self.text(values, "pair") if values.get("pair") is not None else None,
            history=self._history(values),
            filters=Filters(until=self._date(values)),
        )
        return None if self.mistakes else found

    def text(self, values: Mapping[str, Any], key: str) -> str:
        """A field that must be a text."""
        value = values.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(f"{key} must be a text, not {value!r}" if key in values else f"no {key}")
        return ""

    def listed(self, values: Mapping[str, Any], key: str) -> Sequence[Any]:
        """A field that must be a list, if it is there."""
        value = values.get(key)
        if value is None or isinstance(value, list):
            return value or []
        self.wrong(f"{key} must be a list, not {value!r}")
        return []

    def _answers(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        answers = self.listed(values, "answers")
        bad = [answer for answer in answers if not isinstance(answer, str) or not answer.strip()]
        for answer in bad:
            self.wrong(f"answers must be texts, not {answer!r}")
        return () if bad else tuple(answers)

    def _targets(
        self, values: Mapping[str, Any], key: str, *, by_answer: bool = False
    ) -> tuple[Target, ...]:
        groups: dict[object, int] = {}
        targets = []
        for place, value in enumerate(self.listed(values, key), start=1):
            if not isinstance(value, dict):
                self.wrong(f"{key} {place} must be an object, not {value!r}")
                continue
            label = value.get("group", value.get("answer") if by_answer else None)
            if label is not None and not isinstance(label, (int, str)):
                self.wrong(f"{key} {place}: group must be a number or a text, not {label!r}")
                continue
            target = self._target(value, f"{key} {place}", groups.setdefault(label, len(groups)))
            if target is not None:
                targets.append(target)
        return tuple(targets)

    def _target(self, value: Mapping[str, Any], where: str, group: int) -> Target | None:
        name = value.get("doc")
        document = self._sources.get(name) if isinstance(name, str) else f"doc is {name!r}"
        if isinstance(document, str):
            self.wrong(f"{where}: {document}")
            return None
        assert isinstance(name, str)
        span = self._span(value, "start", "end", len(document.text), where)
        if span is None:
            return None
        for key in ("quote", "text"):
            if key in value and value[key] != span.of(document.text):
                self.wrong(
                    f"{where}: {key} is {value[key]!r}, but at {name}[{span.start}:{span.end}] "
                    f"stands {span.of(document.text)!r}"
                )
                return None
        context: Span | None = span
        if "ctx_start" in value or "ctx_end" in value:
            context = self._span(value, "ctx_start", "ctx_end", len(document.text), where)
        if context is None:
            return None
        if not context.start <= span.start < span.end <= context.end:
            self.wrong(f"{where}: ctx_start and ctx_end do not hold it")
            return None
        return Target(name, span, context, group)

    def _span(
        self, value: Mapping[str, Any], first: str, last: str, length: int, where: str
    ) -> Span | None:
        start, end = value.get(first), value.get(last)
        # type() and not isinstance(): true and false are no offsets.
        if type(start) is int and type(end) is int and 0 <= start < end <= length:
            return Span(start, end)
        self.wrong(
            f"{where}: {first}={start!r}, {last}={end!r} is no span of {value.get('doc')}, "
            f"which has {length:,} characters"
        )
        return None

    def _history(self, values: Mapping[str, Any]) -> tuple[Turn, ...]:
        turns = []
        for place, turn in enumerate(self.listed(values, "history"), start=1):
            if isinstance(turn, str):
                turns.append(Turn("user", turn))
            elif (
                isinstance(turn, dict)
                and turn.get("role") in ("user", "assistant")
                and isinstance(turn.get("text"), str)
            ):
                turns.append(Turn(turn["role"], turn["text"]))
            else:
                self.wrong(f'history {place} must be {{"role": "user" or "assistant", "text": …}}')
        return tuple(turns)

    def _date(self, values: Mapping[str, Any]) -> date | None:
        value = values.get("date")
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.wrong(f"date must be YYYY-MM-DD, not {value!r}")
            return None


# -- one question --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvalidQuote:
    """A citation whose words do not stand in the file where it says.

    Attributes:
        id: of the question.
        start, end: where it says, in code points of the text layer.
        reason: for a person, in a phrase.
    """

    id: str
    document: str
    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cited:
    """What the citations of an answer came to. As it stands here: those of no answer.

    Attributes:
        citations: how many.
        good: how many of them overlap a gold.
        right: the first one overlaps a gold and nothing forbidden.
        near: the same, with the sentence around the gold in its place.
        all_groups: every gold group is overlapped by one.
        trapped_first, trapped: the first, or any, overlaps something forbidden.
        in_quotes, in_text: the expected strings are in the quotes, or in the answer's text.
        characters: length of the first quote.
    """

    citations: int = 0
    good: int = 0
    right: bool = False
    near: bool = False
    all_groups: bool = False
    trapped_first: bool = False
    trapped: bool = False
    in_quotes: bool = False
    in_text: bool = False
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of one question.

    Attributes:
        confidence: a probability.
        answered: there is an answer, and its confidence reaches the threshold.
        best: what the best answer's citations came to, whatever its confidence.
        ranking: for each passage, best first, the gold groups it overlaps.
        ms: milliseconds the answer took.
        invalid: the citations that do not hold, of the best answer.
    """

    item: Item
    confidence: float
    answered: bool
    best: Cited
    ranking: tuple[frozenset[int], ...]
    ms: float
    invalid: tuple[InvalidQuote, ...] = ()

    @property
    def shown(self) -> Cited:
        """What a person gets to see at the threshold: nothing, when it is not reached."""
        return self.best if self.answered else Cited()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, to find the questions that went wrong. ``hit_rank`` is the rank of the
        first passage that overlaps a gold, from 1."""
        ranks = (rank for rank, covered in enumerate(self.ranking, start=1) if covered)
        return {
            "id": self.item.id,
            "kind": self.item.kind,
            "answerable": self.item.answerable,
            "confidence": self.confidence,
            "answered": self.answered,
            "hit_rank": next(ranks, None),
            **asdict(self.best),
            "ms": self.ms,
        }


def _score(item: Item, answer: Answer, threshold: float, sources: _Sources) -> Scored:
    if not 0 <= answer.confidence <= 1:
        raise ValueError(
            f"question {item.id}: the confidence {answer.confidence} is no probability"
        )
    # Citations of what is not an answer are not shown to anyone.
    given = answer.citations if answer.outcome is Outcome.ANSWERED else ()
    return Scored(
        item=item,
        confidence=answer.confidence,
        answered=bool(given) and answer.confidence >= threshold,
        best=_cited(item, answer, given),
        ranking=tuple(_covered(item.gold, hit.path, hit.span) for hit in answer.passages),
        ms=answer.timings_ms["total"],
        invalid=tuple(
            InvalidQuote(item.id, citation.document, citation.start, citation.end, reason)
            for citation in given
            if (reason := _invalid(citation, sources))
        ),
    )


def _cited(item: Item, answer: Answer, citations: Sequence[Citation]) -> Cited:
    if not citations:
        return Cited()
    places = [(c.document, Span(c.start, c.end)) for c in citations]
    covered = [_covered(item.gold, *place) for place in places]
    trapped = [bool(_covered(item.forbidden, *place)) for place in places]
    document, span = places[0]
    near = any(t.document == document and t.context.overlaps(span) for t in item.gold)
    expected = bool(item.answers) and item.need != "none"

    def has(texts: Sequence[str]) -> bool:
        return expected and metrics.contains_expected(texts, item.answers, item.need)

    return Cited(
        citations=len(citations),
        good=sum(map(bool, covered)),
        right=bool(covered[0]) and not trapped[0],
        near=near and not trapped[0],
        all_groups=bool(item.gold) and metrics.all_recalled(covered, item.groups, len(covered)),
        trapped_first=trapped[0],
        trapped=any(trapped),
        in_quotes=has([c.quote for c in citations]),
        in_text=has([answer.text]),
        characters=len(span),
    )


def _covered(targets: Iterable[Target], document: str, span: Span) -> frozenset[int]:
    """The groups of the targets that a place overlaps."""
    return frozenset(t.group for t in targets if t.document == document and t.span.overlaps(span))


def _invalid(citation: Citation, sources: _Sources) -> str:
    """Why a citation does not hold against the file; empty when it does."""
    document = sources.get(citation.document)
    if isinstance(document, str):
        return document
    if document.text[citation.start : citation.end] != citation.quote:
        return "other words stand there"
    return "" if document.sha256 == citation.sha256 else "it cites another version of the file"


# -- all of them ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report.

    Attributes:
        key: its name in the JSON format. ``…_forced``: the threshold is left out of account.
        label: its name for a person.
        value: ``None`` where there was nothing to measure it on.
        low, high: 95% bootstrap interval over questions; ``None`` where there is none.
        n: how many questions it was measured on; citations, for a share of citations.
    """

    key: str
    label: str
    value: float | None
    n: int
    unit: Unit = "share"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a set.

    Attributes:
        name: of the set.
        documents: how many files its corpus has.
        threshold: the confidence that an answer has to reach.
        sections: figures, by the heading they stand under.
        by_kind: for each kind, and for ``all``, how many questions, and values by key of figure.
        risk_coverage: the curve, thinned to steps of a twentieth in coverage.
        equal_width, equal_mass: the bins of the reliability diagram, confidence rising.
        citations: how many were checked against the files.
        invalid: those that did not hold. Anything here is a defect.
        scored: question by question, in the order of the set.
    """

    name: str
    documents: int
    threshold: float
    sections: Mapping[str, tuple[Figure, ...]]
    by_kind: Mapping[str, tuple[int, Mapping[str, float | None]]]
    risk_coverage: tuple[metrics.RiskPoint, ...]
    equal_width: tuple[metrics.Bin, ...]
    equal_mass: tuple[metrics.Bin, ...]
    citations: int
    invalid: tuple[InvalidQuote, ...]
    scored: tuple[Scored, ...]

    @property
    def figures(self) -> dict[str, Figure]:
        """All figures by key."""
        return {figure.key: figure for part in self.sections.values() for figure in part}

    @property
    def silent(self) -> int:
        """How many questions had no answer even with the threshold left out of account."""
        return sum(1 for scored in self.scored if not scored.best.citations)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON. Shares are in [0, 1], times in milliseconds."""
        return {
            "set": self.name,
            "documents": self.documents,
            "questions": len(self.scored),
            "answerable": sum(1 for scored in self.scored if scored.item.answerable),
            "silent": self.silent,
            "threshold": self.threshold,
            "figures": {key: asdict(figure) for key, figure in self.figures.items()},
            "by_kind": {kind: {"n": n, **values} for kind, (n, values) in self.by_kind.items()},
            "risk_coverage": [asdict(point) for point in self.risk_coverage],
            "calibration": {
                "equal_width": [asdict(part) for part in self.equal_width],
                "equal_mass": [asdict(part) for part in self.equal_mass],
            },
            "citations": self.citations,
            "invalid_quotes": [asdict(quote) for quote in self.invalid],
            "each": [scored.to_dict() for scored in self.scored],
        }

    def to_text(self) -> str:
        """Everything but the single questions, as aligned plain text."""
        answerable = sum(1 for scored in self.scored if scored.item.answerable)
        lines = [
            f"{self.name}: {len(self.scored):,} questions ({answerable:,} answerable) over "
            f"{self.documents:,} documents, threshold {self.threshold:g}",
            "In brackets: 95% bootstrap intervals over questions. One at 0% or 100% has no width "
            "and says nothing.",
        ]
        if self.silent:
            lines.append(f"{self.silent:,} had no answer even without the threshold.")
        width = max(len(figure.label) for figure in self.figures.values())
        for heading, figures in self.sections.items():
            rows = [(f.label.ljust(width), f"{f.n:,}", *shown(f)) for f in figures if f.n]
            if rows:
                lines += ["", *aligned([(heading.ljust(width), "n", "value", "interval"), *rows])]
        lines += ["", *self._kind_lines()]
        if self.risk_coverage:
            points = [
                (f"{p.coverage:.0%}", f"{p.risk:.1%}", f"{p.threshold:.3f}")
                for p in self.risk_coverage
            ]
            lines += ["", *aligned([("answered", "wrong", "at least"), *points])]
        bins = [(f"{b.confidence:.3f}", f"{b.accuracy:.3f}", f"{b.n:,}") for b in self.equal_mass]
        lines += ["", *aligned([("confidence", "right", "n"), *bins])]
        lines += ["", f"Invalid quotes: {len(self.invalid):,} of {self.citations:,}"]
        lines += [f"  {q.id}: {q.document}[{q.start}:{q.end}]: {q.reason}" for q in self.invalid]
        return "\n".join(lines) + "\n"

    def to_markdown(self) -> str:
        """The headline figures as a table for a README."""
        lines = ["| Measure | n | Value | 95% interval |", "| --- | ---: | ---: | ---: |"]
        for key in _HEADLINES:
            figure = self.figures[key]
            if figure.n:
                value, interval = shown(figure)
                lines.append(
                    f"| {figure.label} | {figure.n:,} | {value} | {interval.strip('[]')} |"
                )
        lines.append(f"| invalid quotes | {self.citations:,} | {len(self.invalid):,} | |")
        return "\n".join(lines) + "\n"

    def _kind_lines(self) -> list[str]:
        rows = [("kind", "n", *_BY_KIND.values())]
        for kind, (n, values) in self.by_kind.items():
            cells = ("–" if v is None else f"{v:.1%}" for v in values.values())
            rows.append((kind, f"{n:,}", *cells))
        return aligned(rows)


def evaluate(
    eval_set: EvalSet, ask: Ask, *, threshold: float, progress: Progress | None = None
) -> Report:
    """Ask every question, once, and count what came of it.

    Args:
        ask: answers with ``min_confidence = 0``; see :data:`Ask`.
        threshold: the confidence from which an answer is shown, in [0, 1].

    Raises:
        SettingsError: the threshold makes no sense.
        Exception: what ``ask`` raises, with the question's id. A failure is not scored: it is
            neither an answer nor an abstention.
    """
    if not 0 <= threshold <= 1:
        raise SettingsError(
            f"threshold = {threshold!r} must lie between 0 and 1.", "Give a probability."
        )
    sources = _Sources(eval_set.corpus)
    scored = []
    for done, item in enumerate(eval_set.items, start=1):
        try:
            answer = ask(item)
        except QuestionError as problem:
            raise QuestionError(
                f"Question {item.id}: {problem.message}", problem.remedy
            ) from problem
        except Exception as problem:
            problem.add_note(f"while asking question {item.id}")
            raise
        scored.append(_score(item, answer, threshold, sources))
        if progress is not None:
            progress(done, len(eval_set.items), item.id)
    return _report(eval_set, tuple(scored), threshold)


def _report(eval_set: EvalSet, scored: tuple[Scored, ...], threshold: float) -> Report:
    confidences = [s.confidence for s in scored]
    right = [s.best.right for s in scored]
    equal_width = tuple(metrics.equal_width_bins(confidences, right))
    equal_mass = tuple(metrics.equal_mass_bins(confidences, right))
    kinds = dict.fromkeys(s.item.kind for s in scored)
    parts = {kind: [s for s in scored if s.item.kind == kind] for kind in kinds}
    if len(parts) > 1:
        parts["all"] = list(scored)
    return Report(
        name=eval_set.name,
        documents=eval_set.documents,
        threshold=threshold,
        sections={
            "Passages": tuple(_share(share, scored) for share in _PASSAGES),
            "Answers": (*(_share(share, scored) for share in _ANSWERS), *_pairs(scored)),
            "Abstention": (
                *(_share(share, scored) for share in _ABSTENTION),
                *_ranked(scored),
            ),
            "Calibration": (
                _share(_BRIER, scored),
                # No interval: a bootstrap of it is biased upwards, like the figure itself.
                Figure(
                    "ece_equal_width",
                    "expected calibration error, equal width",
                    metrics.expected_calibration_error(equal_width),
                    len(scored),
                    "score",
                ),
                Figure(
                    "ece_equal_mass",
                    "expected calibration error, equal mass",
                    metrics.expected_calibration_error(equal_mass),
                    len(scored),
                    "score",
                ),
            ),
            "Size and time": tuple(_sizes(scored)),
        },
        by_kind={kind: (len(part), _by_kind(part)) for kind, part in parts.items()},
        risk_coverage=tuple(_thinned(metrics.risk_coverage(confidences, right))),
        equal_width=equal_width,
        equal_mass=equal_mass,
        citations=sum(s.best.citations for s in scored),
        invalid=tuple(quote for s in scored for quote in s.invalid),
        scored=scored,
    )


# -- the figures ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """A figure that is ``sum(won) / sum(of)`` over the questions it concerns."""

    key: str
    label: str
    over: Callable[[Item], bool]
    won: Callable[[Scored], float]
    of: Callable[[Scored], float] = lambda _: 1
    unit: Unit = "share"


def _answerable(item: Item) -> bool:
    return item.answerable


def _both(
    key: str,
    label: str,
    over: Callable[[Item], bool],
    won: Callable[[Cited], float],
    of: Callable[[Cited], float] = lambda _: 1,
) -> tuple[_Share, _Share]:
    """A figure of what is shown at the threshold, and of the best answer."""
    return (
        _Share(key, label, over, lambda s: won(s.shown), lambda s: of(s.shown)),
        _Share(
            f"{key}_forced",
            f"{label}, without the threshold",
            over,
            lambda s: won(s.best),
            lambda s: of(s.best),
        ),
    )


def _recall(k: int, every: bool) -> _Share:
    if every:
        return _Share(
            f"all_groups_recall@{k}",
            f"recall@{k}: every gold group",
            _answerable,
            lambda s: metrics.all_recalled(s.ranking, s.item.groups, k),
        )
    return _Share(
        f"recall@{k}",
        f"recall@{k}: any gold",
        _answerable,
        lambda s: metrics.any_recalled(s.ranking, k),
    )


def _ndcg(scored: Scored) -> float:
    # A passage lies in one document: it can cover at most the groups that have a gold there.
    by_document: dict[str, set[int]] = {}
    for target in scored.item.gold:
        by_document.setdefault(target.document, set()).add(target.group)
    ideal = metrics.ideal_gains(list(by_document.values()))
    return metrics.ndcg(metrics.new_gains(scored.ranking), ideal, 10) or 0.0


_PASSAGES = (
    *(_recall(k, every) for every in (False, True) for k in DEPTHS),
    _Share("ndcg@10", "nDCG@10", _answerable, _ndcg, unit="score"),
    _Share("mrr", "MRR", _answerable, lambda s: metrics.reciprocal_rank(s.ranking), unit="score"),
)

_ANSWERS = (
    *_both("right_top", "right first citation", _answerable, lambda c: c.right),
    *_both(
        "near_top",
        "first citation in the gold's sentence",
        lambda item: any(target.context != target.span for target in item.gold),
        lambda c: c.near,
    ),
    *_both(
        "citation_precision",
        "citations that overlap gold",
        _answerable,
        lambda c: c.good,
        lambda c: c.citations,
    ),
    *_both(
        "in_quotes",
        "expected words in the quotes",
        lambda item: item.answerable and bool(item.answers) and item.need != "none",
        lambda c: c.in_quotes,
    ),
    *_both(
        "in_text",
        "expected words in the answer",
        lambda item: item.answerable and bool(item.answers) and item.need != "none",
        lambda c: c.in_text,
    ),
    *_both(
        "all_groups",
        "every gold group cited, where several",
        lambda item: len(item.groups) > 1,
        lambda c: c.all_groups,
    ),
    *_both(
        "trap", "something forbidden cited", lambda item: bool(item.forbidden), lambda c: c.trapped
    ),
    *_both(
        "trap_first",
        "something forbidden cited first",
        lambda item: bool(item.forbidden),
        lambda c: c.trapped_first,
    ),
    *_both(
        "direction",
        "right direction",
        lambda item: item.answerable and item.kind == "direction",
        lambda c: c.right,
    ),
)

_ABSTENTION = (
    _Share("answered", "answered", lambda _: True, lambda s: s.answered),
    _Share(
        "right_when_answered",
        "right first citation, where answered",
        lambda _: True,
        lambda s: s.shown.right,
        lambda s: s.answered,
    ),
    _Share(
        "false_answers",
        "unanswerable, but answered",
        lambda item: not item.answerable,
        lambda s: s.answered,
    ),
    _Share(
        "false_abstentions", "answerable, but not answered", _answerable, lambda s: not s.answered
    ),
)

_BRIER = _Share(
    "brier",
    "Brier score",
    lambda _: True,
    lambda s: (s.confidence - s.best.right) ** 2,
    unit="score",
)

_BY_KIND = {
    "recall@10": "recall@10",
    "all_groups_recall@10": "every group",
    "right_top_forced": "right, forced",
    "right_top": "right",
    "citation_precision": "precision",
    "in_quotes": "words",
    "trap": "trapped",
    "answered": "answered",
}
"""The columns of the table by kind: key of the figure, and heading."""

_HEADLINES = (
    "recall@1",
    "recall@5",
    "recall@10",
    "right_top",
    "right_top_forced",
    "direction",
    "direction_pairs",
    "all_groups",
    "citation_precision",
    "in_quotes",
    "trap_first",
    "false_answers",
    "false_abstentions",
    "auroc",
    "aurc",
    "ece_equal_width",
    "ece_equal_mass",
    "brier",
    "p50_ms",
    "p95_ms",
)


def figures(scored: Sequence[Scored], keys: Sequence[str]) -> dict[str, Figure]:
    """Shares by key, of any part of what was asked.

    Args:
        keys: of figures that are shares of questions or of citations, such as ``recall@10``.
    """
    shares = {share.key: share for share in (*_PASSAGES, *_ANSWERS, *_ABSTENTION)}
    return {key: _share(shares[key], scored) for key in keys}


def _columns(share: _Share, scored: Sequence[Scored]) -> tuple[list[float], list[float]]:
    concerned = [s for s in scored if share.over(s.item)]
    return [float(share.won(s)) for s in concerned], [float(share.of(s)) for s in concerned]


def _share(share: _Share, scored: Sequence[Scored]) -> Figure:
    return _ratio(share.key, share.label, *_columns(share, scored), share.unit)


def _ratio(
    key: str, label: str, won: Sequence[float], of: Sequence[float], unit: Unit = "share"
) -> Figure:
    total = sum(of)
    low, high = metrics.ratio_interval(won, of, seed=_SEED) or (None, None)
    return Figure(key, label, sum(won) / total if total else None, int(total), unit, low, high)


def _by_kind(scored: Sequence[Scored]) -> dict[str, float | None]:
    shares = {share.key: share for share in (*_PASSAGES, *_ANSWERS, *_ABSTENTION)}
    values: dict[str, float | None] = {}
    for key in _BY_KIND:
        won, of = _columns(shares[key], scored)
        values[key] = sum(won) / sum(of) if sum(of) else None
    return values


def _pairs(scored: Sequence[Scored]) -> tuple[Figure, Figure]:
    """Of the pairs of mirrored questions that are both in the set, those with both sides right."""
    by_id = {s.item.id: s for s in scored if s.item.answerable and s.item.kind == "direction"}
    pairs: dict[frozenset[str], tuple[Scored, Scored]] = {}
    for one in by_id.values():
        other = by_id.get(one.item.pair or "")
        if other is not None and other is not one:
            pairs.setdefault(frozenset((one.item.id, other.item.id)), (one, other))
    shown = [float(one.shown.right and other.shown.right) for one, other in pairs.values()]
    best = [float(one.best.right and other.best.right) for one, other in pairs.values()]
    ones = [1.0] * len(pairs)
    label = "right direction, both of a pair"
    return (
        _ratio("direction_pairs", label, shown, ones),
        _ratio("direction_pairs_forced", f"{label}, without the threshold", best, ones),
    )


def _ranked(scored: Sequence[Scored]) -> tuple[Figure, Figure]:
    """How well the confidence tells apart, at any threshold."""
    confidences = [s.confidence for s in scored]
    answerable = [s.item.answerable for s in scored]
    right = [s.best.right for s in scored]

    def figure(
        key: str,
        label: str,
        formula: Callable[[Sequence[float], Sequence[bool]], float | None],
        flags: Sequence[bool],
    ) -> Figure:
        def on(sample: NDArray[intp]) -> float | None:
            drawn = sample.tolist()
            return formula([confidences[i] for i in drawn], [flags[i] for i in drawn])

        value = formula(confidences, flags)
        low, high = metrics.bootstrap_interval(on, len(scored), seed=_SEED) or (None, None)
        n = len(scored) if value is not None else 0
        return Figure(key, label, value, n, "score", low, high)

    return (
        figure("auroc", "AUROC, answerable or not", metrics.auroc, answerable),
        figure("aurc", "area under risk and coverage", metrics.aurc, right),
    )


def _sizes(scored: Sequence[Scored]) -> Iterable[Figure]:
    lengths = [s.best.characters for s in scored if s.best.citations]
    median = metrics.quantile(lengths, 0.5)
    yield Figure("first_quote", "first quote, median", median, len(lengths), "characters")
    times = [s.ms for s in scored]
    for percent in (50, 95):
        value = metrics.quantile(times, percent / 100)
        yield Figure(f"p{percent}_ms", f"time for an answer, p{percent}", value, len(times), "ms")


def _thinned(points: Sequence[metrics.RiskPoint]) -> Iterable[metrics.RiskPoint]:
    """The first point at or beyond each twentieth of coverage."""
    steps = iter(_COVERAGES)
    step = next(steps)
    for point in points:
        if point.coverage >= step:
            yield point
            step = next((s for s in steps if s > point.coverage), 2.0)


# -- as text -------------------------------------------------------------------------------------


def shown(figure: Figure) -> tuple[str, str]:
    """A figure's value and interval."""
    if figure.value is None:
        return "–", ""
    if figure.unit == "ms":
        return f"{figure.value:,.0f} ms", ""
    if figure.unit == "characters":
        return f"{figure.value:,.0f} characters", ""
    if figure.low is None or figure.high is None:
        interval = ""
    elif figure.unit == "share":
        interval = f"[{100 * figure.low:.1f}–{100 * figure.high:.1f}]"
    else:
        interval = f"[{figure.low:.3f}–{figure.high:.3f}]"
    return f"{figure.value:.1%}" if figure.unit == "share" else f"{figure.value:.3f}", interval


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
