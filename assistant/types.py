"""What an answer is made of.

Values only: frozen, no I/O. Offsets count Unicode code points of a text layer and are half-open,
as in :mod:`index.types`. Scores called *probability* lie in [0, 1]; other scores are only good for
ordering.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from index.types import Hit, Span

if TYPE_CHECKING:
    from index.embed import Vectors

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Outcome(StrEnum):
    """How a question ended. What went wrong is an exception, never an outcome."""

    ANSWERED = "answered"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation. ``role`` is ``"user"`` or ``"assistant"``."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What may count as evidence.

    Attributes:
        documents: paths in the corpus, or shell patterns of them (``2024/*.txt``); empty: all.
        since: the first day of publication that counts; a document without a date does not pass.
        until: the last day that counts; later documents are no evidence, undated ones are.
    """

    documents: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question that stands alone.

    Attributes:
        text: the words to be answered.
        asked: the words as the person typed them; differs from ``text`` in a conversation.
        filters: what may count as evidence.
    """

    text: str
    asked: str
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, in its context. What a :class:`Scorer` judges.

    Attributes:
        hit: the best passage that it stands in, for title, date and identity.
        rank: that passage's place in the ranking, from 0.
        span, text: the sentence itself in the document's text layer.
        before: the sentences before it in the document, nearest last; at most a few.
        after: the sentence after it, or the empty string.
        lead: its place among the document's sentences, from 0 (a headline is 0).
        vector: the unit vector that the index keeps of it, shape ``(dim,)``; ``None``: it has none.
    """

    hit: Hit
    rank: int
    span: Span
    text: str
    before: tuple[str, ...] = ()
    after: str = ""
    lead: int = 0
    vector: Vectors | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a scorer says of one candidate.

    Attributes:
        probability: that the candidate answers the question.
        direction: ``"same"``, ``"reversed"`` or ``"unknown"``: who does what to whom, compared
            with the question.
        reason: why, in a short sentence for a person; empty when there is nothing to say.
        another: whether it says of somebody else what is asked of a named party; ``direction`` is
            ``"unknown"`` then.
        odds: log odds, up to a constant, that it is the one of the question's candidates that
            answers; 0 from a scorer that only gives probabilities.
    """

    probability: float
    direction: str = "unknown"
    reason: str = ""
    another: bool = False
    odds: float = 0.0


class Scorer(Protocol):
    """Does this sentence, in its context, answer this question?"""

    def judge(self, question: str, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement for each candidate, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that bears on the question, with the judgement it was chosen by.

    Attributes:
        candidate: the sentence.
        judgement: why it was chosen.
        also: near-duplicates of it in other places, cited along with it.
        subject: for a sentence led by a pronoun, the sentence that names its subject.
        name: that subject's name, where a name is enough.
        name_after: where in the sentence's text the pronoun ends that it is the name for.
        speaker: exact words naming who the sentence is attributed to.
    """

    candidate: Candidate
    judgement: Judgement
    also: tuple[Candidate, ...] = ()
    subject: Candidate | None = None
    name: str | None = None
    name_after: int = 0
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a language model is told to be, and what it is asked.

    Attributes:
        examples: questions with their answers, given as if they had been asked before. Small
            models copy the form of what went before and don't follow a description of it.
    """

    system: str
    user: str
    examples: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything that a model reads, in order."""
        return self.system, *(text for pair in self.examples for text in pair), self.user


class Writer(Protocol):
    """A language model that writes."""

    def stream(self, prompt: Prompt, tokens: int) -> Iterator[str]:
        """What it writes, piece by piece, at most ``tokens`` long. While it thinks come empty
        pieces, several a second, so that whoever waits can turn to something else. Who stops
        reading stops the model.

        Raises:
            LanguageModelError: no answer, or not a whole one.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A claim that a model wrote, as the check left it.

    Attributes:
        text: without markers.
        cited: the evidence that it cites; numbers that nothing has are left out.
        verdict: see :class:`assistant.claims.Verdict`.
        reason: why, for a person; empty where all is found.
    """

    text: str
    cited: tuple[Evidence, ...]
    verdict: str
    reason: str


OnClaim = Callable[[Reviewed], None]
"""Called with each claim that a model wrote, as it is checked, whether it stands or not."""


@dataclass(frozen=True, slots=True)
class Place:
    """A span to be cited, with the words expected there."""

    candidate: Candidate
    score: float


@dataclass(frozen=True, slots=True)
class DraftClaim:
    """A claim that is not verified yet. ``verbatim``: its text must be words of the first place,
    save for what stands in square brackets. ``verdict``: see :class:`Claim`."""

    text: str
    places: tuple[Place, ...]
    attribution: str | None
    direction: str
    reason: str
    verbatim: bool = True
    verdict: str = "verbatim"


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words of a source. Cannot be built with words that do not stand at its span.

    Attributes:
        marker: its number in the answer, from 1.
        document: the path in the corpus.
        sha256: the version of the document: hex digest of its bytes.
        start, end: half-open, code points of that version's text layer.
        quote: the words there.
        score: the probability that they answer the question.
        source: who published it, where the document names one.
        line: the line of the text layer that the quote begins on, from 1.

    Args:
        layer: the text layer of version ``sha256``.

    Raises:
        ValueError: if ``layer[start:end] != quote``.
    """

    marker: int
    document: str
    sha256: str
    title: str
    published: date | None
    start: int
    end: int
    quote: str
    score: float
    layer: InitVar[str]
    source: str | None = None
    line: int = field(default=0, init=False)

    def __post_init__(self, layer: str) -> None:
        # A slice that runs past the end has words too, and a citation must not point there.
        there = 0 <= self.start < self.end <= len(layer)
        if not there or layer[self.start : self.end] != self.quote:
            raise ValueError(
                f"the quote does not stand at {self.document}[{self.start}:{self.end}]"
            )
        breaks = _LINE_BREAK.findall(layer, 0, self.start)
        object.__setattr__(self, "line", 1 + len(breaks))


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the answer.

    Attributes:
        text: what is said. In an extractive answer the words of the first citation, with the
            subject's name in square brackets where the sentence itself has a pronoun.
        citations: markers of the citations that carry it, best first; never empty.
        attribution: who the source says it on the authority of, in the source's words.
        direction, reason: see :class:`Judgement`. Of a model's claim, ``reason`` says what its
            sources lack where they carry it only in part.
        verdict: ``"verbatim"``: the source's own words. Of a model's claim ``"supported"`` or
            ``"partly"``.
    """

    text: str
    citations: tuple[int, ...]
    attribution: str | None = None
    direction: str = "unknown"
    reason: str = ""
    verdict: str = "verbatim"

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError("a claim without a citation is not on the record")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that was left out of the answer, and why.

    Attributes:
        verdict: of what a model wrote: ``"unsupported"`` or ``"contradicted"``; else empty.
    """

    text: str
    reason: str
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer on the record.

    Attributes:
        question: the question as it was understood.
        outcome: answered, or no evidence in the corpus.
        text: the claims with their markers, as one text; for no evidence, a sentence saying so.
        confidence: the probability that the first citation answers the question. Given for
            either outcome: below the threshold the outcome is ``no_evidence``.
        claims, citations: in the order of the text.
        passages: what was retrieved, best first.
        timings_ms: ``total`` and a part for each stage, in milliseconds.
        reason: for no evidence, why, in a sentence.
        notes: what a person should know of how it was made (such as a sync still running).
        dropped: what verification left out.
        asked: the question as typed, where it was understood as something else.
        composed: ``"extractive"``: of the sources' own sentences; ``"model"``: written by a
            language model and checked.
    """

    question: str
    outcome: Outcome
    text: str
    confidence: float
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Hit, ...]
    timings_ms: Mapping[str, float]
    reason: str = ""
    notes: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    asked: str = ""
    composed: str = "extractive"

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON format, as plain values. Offsets are code points, half-open."""
        return {
            "question": self.question,
            "asked": self.asked or self.question,
            "outcome": self.outcome.value,
            "composed": self.composed,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "reason": self.reason,
            "claims": [
                {
                    "text": claim.text,
                    "citations": list(claim.citations),
                    "attribution": claim.attribution,
                    "direction": claim.direction,
                    "reason": claim.reason,
                    "verdict": claim.verdict,
                }
                for claim in self.claims
            ],
            "citations": [
                {
                    "marker": citation.marker,
                    "document": citation.document,
                    "sha256": citation.sha256,
                    "title": citation.title,
                    "source": citation.source,
                    "published": citation.published and citation.published.isoformat(),
                    "start": citation.start,
                    "end": citation.end,
                    "line": citation.line,
                    "quote": citation.quote,
                    "score": round(citation.score, 4),
                }
                for citation in self.citations
            ],
            "passages": [
                {
                    "document": hit.path,
                    "start": hit.span.start,
                    "end": hit.span.end,
                    "score": round(hit.score, 6),
                }
                for hit in self.passages
            ],
            "timings_ms": {stage: round(ms, 2) for stage, ms in self.timings_ms.items()},
            "notes": list(self.notes),
            "dropped": [
                {
                    "text": drop.text,
                    "reason": drop.reason,
                    **({"verdict": drop.verdict} if drop.verdict else {}),
                }
                for drop in self.dropped
            ],
        }
