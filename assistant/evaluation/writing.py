"""What a language model writes over the questions of a set, and what of it is shown.

Every claim is judged by what the set says of its question, as it was written and, where it stood
the check, as it was shown. The difference is what checking is for. A claim on a question that the
documents answer is

*wrong*
    (a) where it cites something forbidden and nothing gold; or
    (b) where it says what the gold contradicts: held against the gold sentences and those it
    cites, together, it has a figure, a date, a name or a quotation that stands in none of them
    (*invented*: most are false, and all are cited to a sentence that does not have them); or,
    citing gold, it says "not" where they don't, or the reverse, or turns round who does what to
    whom (*turned*);
*right*
    where it is not wrong, cites gold and has one of the expected answers in its words;
*beside*
    the question, otherwise: it may be true, and answers something else.

(b) is seen by the rules of :mod:`assistant.claims`, so of what they let through it finds only what
they find in other company; what was shown is kept word for word, for people to read. Claims on
questions that the documents do not answer are counted apart, as *unanswerable*: none should be
shown, and what keeps them back is the threshold and not the check.

A claim is shown where the answer's confidence reaches the threshold, the server gave a whole
answer, and the claim stood. Below the threshold nobody sees anything, so what a model was made to
write there counts for nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.claims import Cited, Verdict, check, invented
from assistant.evaluation.metrics import quantile
from assistant.evaluation.runner import Item, Target, aligned
from assistant.language import Language
from assistant.types import Answer, Outcome, Reviewed
from assistant.writing import Grounds, cited
from index.parse import parse_file

if TYPE_CHECKING:
    from assistant.pipeline import OnDraft
    from assistant.types import OnClaim

RIGHT, BESIDE, FORBIDDEN, INVENTED, TURNED, UNANSWERABLE = WORTHS = (
    "right",
    "beside",
    "forbidden",
    "invented",
    "turned",
    "unanswerable",
)
"""What a claim can be worth. The three in the middle are the ways to be wrong."""

Told = Callable[["OnClaim", "OnDraft"], Answer]
"""Answers a question, and tells of the claims and drafts on the way."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as a model wrote it.

    Attributes:
        text: without markers.
        quotes: the words of what it cites.
        worth: one of :data:`WORTHS`.
        shown: whether people get to see it.
        reason: why the check left it out, or what it found lacking.
    """

    text: str
    quotes: tuple[str, ...]
    worth: str
    shown: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question.

    Attributes:
        id: of the question.
        answered: there is an answer, and its confidence reaches the threshold.
        by_model: it has a claim of the model's.
        failed: the server gave nothing whole.
        first_seconds: until the first words were shown: the first claim that stood, or, where none
            did, the whole answer.
        seconds: for the whole answer.
        claims: in order; none where it is not answered.
    """

    id: str
    answered: bool
    by_model: bool
    failed: bool
    first_seconds: float
    seconds: float
    claims: tuple[Claim, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Asked:
        """From what :meth:`to_dict` gave."""
        claims = tuple(
            Claim(**{**claim, "quotes": tuple(claim["quotes"])}) for claim in values["claims"]
        )
        return cls(**{**values, "claims": claims})


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a set.

    Attributes:
        asked, answered: questions; and those that had an answer, which a model was to write.
        by_model: answers that keep at least one claim of the model's.
        failed: answers for which the server gave nothing whole.
        written, shown: claims by what they are worth.
        reasons: why claims were left out, without what is particular to each.
        first_p50, first_p95, whole_p50, whole_p95: seconds of the answers; see :class:`Asked`.
    """

    asked: int
    answered: int
    by_model: int
    failed: int
    written: Mapping[str, int]
    shown: Mapping[str, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    first_p50: float | None = None
    first_p95: float | None = None
    whole_p50: float | None = None
    whole_p95: float | None = None

    @property
    def survived(self) -> float | None:
        """The share of the claims that is shown."""
        return _share(sum(self.shown.values()), sum(self.written.values()))

    @property
    def kept(self) -> float | None:
        """The share of the answers that keeps at least one claim of the model's."""
        return _share(self.by_model, self.answered)

    def wrong(self, which: str) -> tuple[int, int]:
        """How many claims are wrong, and of how many: on questions that have an answer.

        Args:
            which: ``written`` or ``shown``.
        """
        counts: Mapping[str, int] = getattr(self, which)
        return (
            sum(counts.get(worth, 0) for worth in (FORBIDDEN, INVENTED, TURNED)),
            sum(n for worth, n in counts.items() if worth != UNANSWERABLE),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON. Shares are in [0, 1]."""
        values = asdict(self)
        for which in ("written", "shown"):
            wrong, of = self.wrong(which)
            values[f"wrong_{which}"] = _share(wrong, of)
        return {**values, "survived": self.survived, "kept": self.kept}

    def rows(self) -> list[tuple[str, str, str]]:
        """What was counted: a label, as written and as shown."""
        labels = {
            RIGHT: "right",
            BESIDE: "beside the question",
            FORBIDDEN: "wrong: what it cites is forbidden",
            INVENTED: "wrong: a figure, date, name or quotation from nowhere",
            TURNED: "wrong: turns round or negates what the gold says",
            UNANSWERABLE: "on questions without an answer",
        }
        rows = [
            (label, str(self.written.get(worth, 0)), str(self.shown.get(worth, 0)))
            for worth, label in labels.items()
        ]
        wrong = [
            f"{_percent(_share(*self.wrong(which)))} of {self.wrong(which)[1]}"
            for which in ("written", "shown")
        ]
        all_of = (str(sum(self.written.values())), str(sum(self.shown.values())))
        return [*rows, ("all", *all_of), ("wrong, where there is an answer", wrong[0], wrong[1])]

    def lines(self) -> list[str]:
        """What else there is to say, a sentence each."""
        found = [
            f"{self.asked} questions, {self.answered} of them answered; {self.by_model} answers "
            f"({_percent(self.kept)}) keep a claim of the model's, {self.failed} had to do "
            "without its server.",
            f"{_percent(self.survived)} of the claims survive the check.",
            f"First words shown after {_seconds(self.first_p50)} at the median, "
            f"{_seconds(self.first_p95)} at p95; the whole answer after "
            f"{_seconds(self.whole_p50)} and {_seconds(self.whole_p95)}.",
        ]
        if self.reasons:
            left = "; ".join(f"{n} × {why}" for why, n in Counter(self.reasons).most_common())
            found.append(f"Left out: {left}.")
        return found

    def to_text(self) -> str:
        """As aligned plain text."""
        head = ("claims", "written", "shown")
        return "\n".join([*aligned([head, *self.rows()]), "", *self.lines()]) + "\n"

    def to_markdown(self) -> str:
        """As Markdown."""
        rows = [("claims", "written", "shown"), ("---", "---:", "---:"), *self.rows()]
        table = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([*table, "", " ".join(self.lines())]) + "\n"


class Judge:
    """Knows what a set says of its questions.

    Args:
        corpus: the set's folder of documents.
    """

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus
        # No reader: what it would find lacking is no contradiction.
        self._tools = Grounds(Language(), None)
        self._texts: dict[str, str] = {}

    def worth(self, item: Item, claim: Reviewed) -> str:
        """What a claim is worth: one of :data:`WORTHS`."""
        if not item.answerable:
            return UNANSWERABLE
        gold = _among(claim, item.gold)
        if not gold and _among(claim, item.forbidden):
            return FORBIDDEN
        sources = [*map(cited, claim.cited), *(Cited(self._words(each)) for each in item.gold)]
        if invented(claim.text, sources, self._tools):
            return INVENTED
        if not gold:
            return BESIDE
        found = check(claim.text, range(1, len(sources) + 1), sources, self._tools)
        if found.verdict is Verdict.CONTRADICTED:
            return TURNED
        words = " ".join(claim.text.split()).casefold()
        told = not item.answers or any(answer.casefold() in words for answer in item.answers)
        return RIGHT if told else BESIDE

    def _words(self, target: Target) -> str:
        name = target.document
        if name not in self._texts:
            self._texts[name] = parse_file(self._corpus / name, name).text
        return target.context.of(self._texts[name])


def _among(claim: Reviewed, targets: Sequence[Target]) -> bool:
    return any(
        piece.candidate.hit.path == target.document and piece.candidate.span.overlaps(target.span)
        for piece in claim.cited
        for target in targets
    )


def asked(item: Item, tell: Told, judge: Judge, threshold: float = 0.0) -> Asked:
    """Ask a question, and judge what was written on the way.

    Args:
        threshold: the confidence from which an answer is shown, in [0, 1]; 0 where whoever answers
            holds to one already.
    """
    reviewed: list[Reviewed] = []
    drafts: list[float] = []
    began = time.perf_counter()
    answer = tell(reviewed.append, lambda _draft: drafts.append(time.perf_counter() - began))
    seconds = time.perf_counter() - began
    answered = answer.outcome is Outcome.ANSWERED and answer.confidence >= threshold
    by_model = answered and answer.composed == "model"
    told = {claim.text for claim in answer.claims} if by_model else set()
    claims = tuple(
        Claim(
            claim.text,
            tuple(" ".join(piece.candidate.text.split()) for piece in claim.cited),
            judge.worth(item, claim),
            Verdict(claim.verdict).stands and claim.text in told,
            claim.reason,
        )
        for claim in (reviewed if answered else ())
    )
    return Asked(
        item.id,
        answered,
        by_model,
        answered and any("server" in note for note in answer.notes),
        drafts[0] if by_model and drafts else seconds,
        seconds,
        claims,
    )


class Observer:
    """Asks, as :data:`assistant.evaluation.runner.Ask` does, and keeps what a model wrote.

    Args:
        corpus: the set's folder of documents.
        ask: answers with ``min_confidence = 0``; takes ``on_claim`` and ``on_draft``.
        threshold: the confidence from which an answer is shown, in [0, 1].

    Attributes:
        each: what came of the questions so far.
    """

    def __init__(self, corpus: Path, ask: Callable[..., Answer], threshold: float) -> None:
        self.each: list[Asked] = []
        self._judge = Judge(corpus)
        self._ask = ask
        self._threshold = threshold

    def __call__(self, item: Item) -> Answer:
        answers: list[Answer] = []

        def tell(on_claim: OnClaim, on_draft: OnDraft) -> Answer:
            answers.append(self._ask(item, on_claim=on_claim, on_draft=on_draft))
            return answers[0]

        self.each.append(asked(item, tell, self._judge, self._threshold))
        return answers[0]

    def written(self) -> Written:
        """What came of them all."""
        return summed(self.each)


def summed(each: Sequence[Asked]) -> Written:
    """What came of all questions together. Times are of the answers alone."""
    answered = [one for one in each if one.answered]
    claims = [claim for one in answered for claim in one.claims]
    first = [one.first_seconds for one in answered]
    whole = [one.seconds for one in answered]
    return Written(
        asked=len(each),
        answered=len(answered),
        by_model=sum(one.by_model for one in answered),
        failed=sum(one.failed for one in answered),
        written=_counted(claim.worth for claim in claims),
        shown=_counted(claim.worth for claim in claims if claim.shown),
        reasons=_counted(_general(claim.reason) for claim in claims if not claim.shown),
        first_p50=quantile(first, 0.5),
        first_p95=quantile(first, 0.95),
        whole_p50=quantile(whole, 0.5),
        whole_p95=quantile(whole, 0.95),
    )


def _counted(words: Iterable[str]) -> dict[str, int]:
    # A plain dictionary: asdict() makes another thing of a Counter.
    return dict(Counter(words))


def _general(reason: str) -> str:
    """A reason without its quotations."""
    parts = (reason or "the answer was not whole").replace("”", "“").split("“")
    return "“…”".join(parts[::2])


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"
