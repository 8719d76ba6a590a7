"""Asks the dialogues of a set, turn by turn, and counts what came of it.

Beside ``docs/*.txt`` the set has ``dialogues.jsonl``, one object a line: ``id``, ``turns``, in
order, and if wanted ``date``. A turn has ``question``, as a person types it; ``standalone``, the
same by hand so that it needs nothing before it; and ``answerable``, ``answers``, ``need``, ``gold``
and ``forbidden`` as a question of ``questions.jsonl`` has them (see ``runner``).

Every turn is asked in three ways: with what a chat hands over of the turns before (the questions as
they were understood, and the answers that were shown), which is what people get; alone, the floor;
and as written by hand, the ceiling. What is lost between the last and the first is lost in
understanding the question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.evaluation.runner import (
    Ask,
    EvalSet,
    Figure,
    InvalidQuote,
    Item,
    LineReader,
    Progress,
    Scored,
    aligned,
    evaluate,
    figures,
    read_lines,
    shown,
)
from assistant.types import Answer, Outcome, Turn
from index.errors import CorpusError

CONDITIONS: Mapping[str, str] = {
    "history": "with history",
    "alone": "alone",
    "by_hand": "by hand",
}
"""The ways to ask a turn, each with its heading."""

PARTS: Mapping[str, str] = {"all": "All turns", "first": "First turns", "later": "Later turns"}

_LABELS: Mapping[str, str] = {
    "recall@10": "recall@10: any gold",
    "right_top": "right first citation",
    "right_top_forced": "right first citation, without the threshold",
    "direction": "right, where another place is forbidden",
    "direction_forced": "right, where another place is forbidden, without the threshold",
    "trap_first": "something forbidden cited first",
    "trap_first_forced": "something forbidden cited first, without the threshold",
    "false_answers": "unanswerable, but answered",
    "false_abstentions": "answerable, but not answered",
}
"""The figures by key. A dialogue does not say which of its turns ask for a direction, so it is
counted over those of which something is forbidden: the other direction, or what is out of date."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Questions of which the later ones lean on the earlier.

    Attributes:
        line: the line of ``dialogues.jsonl`` that it stands on, from 1.
        turns: in order; the id is the dialogue's with a dot and the turn's number, from 1.
        standalone: each turn by hand, so that it needs nothing before it.
    """

    id: str
    line: int
    turns: tuple[Item, ...]
    standalone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DialogueSet:
    """Dialogues over a corpus.

    Attributes:
        folder: where it was read from.
        documents: how many files the corpus has.
        dialogues: in the order of the file; never empty.
    """

    folder: Path
    documents: int
    dialogues: tuple[Dialogue, ...]


@dataclass(frozen=True, slots=True)
class DialogueReport:
    """What came of the dialogues of a set.

    Attributes:
        name: of the set.
        documents: how many files its corpus has.
        threshold: the confidence that an answer has to reach.
        dialogues: how many.
        figures: by condition, part (:data:`PARTS`) and key.
        citations: how many were checked against the files, in all conditions.
        invalid: those that did not hold. Anything here is a defect.
        standalone: each turn by hand, in the order of the set.
        understood: each turn as the assistant understood it, given its history.
        scored: by condition, turn by turn.
    """

    name: str
    documents: int
    threshold: float
    dialogues: int
    figures: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    citations: int
    invalid: tuple[InvalidQuote, ...]
    standalone: tuple[str, ...]
    understood: tuple[str, ...]
    scored: Mapping[str, tuple[Scored, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON. Shares are in [0, 1]."""
        return {
            "set": self.name,
            "documents": self.documents,
            "dialogues": self.dialogues,
            "turns": len(self.understood),
            "threshold": self.threshold,
            "figures": {
                condition: {
                    part: {key: asdict(figure) for key, figure in figures.items()}
                    for part, figures in parts.items()
                }
                for condition, parts in self.figures.items()
            },
            "citations": self.citations,
            "invalid_quotes": [asdict(quote) for quote in self.invalid],
            "each": [self._turn(place) for place in range(len(self.understood))],
        }

    def _turn(self, place: int) -> dict[str, Any]:
        item = self.scored["history"][place].item
        return {
            "id": item.id,
            "question": item.question,
            "understood": self.understood[place],
            "standalone": self.standalone[place],
            "answerable": item.answerable,
            **{
                condition: {"hit": _hit(scored[place]), **_short(scored[place])}
                for condition, scored in self.scored.items()
            },
        }

    def to_text(self) -> str:
        """The figures, as aligned plain text."""
        width = max(map(len, _LABELS.values()))
        lines = [
            f"{self.name}: {self.dialogues:,} dialogues of {len(self.understood):,} turns over "
            f"{self.documents:,} documents, threshold {self.threshold:g}",
            "With history: as people get it. Alone: the floor. By hand: the ceiling.",
        ]
        for part, heading in PARTS.items():
            head = (heading.ljust(width), "n", *CONDITIONS.values())
            lines += ["", *aligned([head, *self._rows(part)])]
        lines += ["", f"Invalid quotes: {len(self.invalid):,} of {self.citations:,}"]
        lines += [f"  {q.id}: {q.document}[{q.start}:{q.end}]: {q.reason}" for q in self.invalid]
        return "\n".join(lines) + "\n"

    def to_markdown(self) -> str:
        """The figures as one table."""
        lines = [
            f"| Turns | Measure | n | {' | '.join(CONDITIONS.values())} |",
            f"| --- | --- | ---: |{' ---: |' * len(CONDITIONS)}",
        ]
        for part, heading in PARTS.items():
            for row in self._rows(part):
                lines.append(f"| {heading.split()[0].lower()} | {' | '.join(row)} |")
        lines.append(f"| all | invalid quotes | {self.citations:,} | {len(self.invalid):,} | | |")
        return "\n".join(lines) + "\n"

    def _rows(self, part: str) -> list[tuple[str, ...]]:
        """A label, how many turns, and the value in each condition."""
        found = []
        for key, label in _LABELS.items():
            values = [self.figures[condition][part][key] for condition in CONDITIONS]
            if values[0].n:
                found.append((label, f"{values[0].n:,}", *(shown(value)[0] for value in values)))
        return found


def load_dialogues(folder: Path | str) -> DialogueSet:
    """Read the dialogues of a set, and check every place they name against the documents.

    Raises:
        CorpusError: the folder has no documents or no dialogues, or lines are wrong; then all
            mistakes are named, with their lines.
    """
    folder = Path(folder).expanduser()
    documents, dialogues = read_lines(folder, "dialogues.jsonl", _dialogue)
    if not dialogues:
        raise CorpusError(
            f"{folder / 'dialogues.jsonl'} has no dialogues.", "Put one JSON object on each line."
        )
    return DialogueSet(folder, documents, tuple(dialogues))


def _dialogue(reader: LineReader, values: Mapping[str, Any]) -> Dialogue | None:
    name = reader.text(values, "id")
    raw = reader.listed(values, "turns")
    if not raw and not reader.mistakes:
        reader.wrong("no turns")
    turns, standalone = [], []
    for number, turn in enumerate(raw, start=1):
        reader.within = f"turn {number}: "
        if not isinstance(turn, dict):
            reader.wrong("not a JSON object")
            continue
        # The figure of direction is over questions of this kind.
        kind = "direction" if turn.get("forbidden") else "turn"
        known = {"date": values.get("date"), **turn, "id": f"{name}.{number}", "kind": kind}
        item = reader.question(known)
        standalone.append(reader.text(turn, "standalone"))
        if item is not None:
            turns.append(item)
    reader.within = ""
    if reader.mistakes:
        return None
    return Dialogue(name, reader.number, tuple(turns), tuple(standalone))


def evaluate_dialogues(
    dialogue_set: DialogueSet, ask: Ask, *, threshold: float, progress: Progress | None = None
) -> DialogueReport:
    """Ask every turn in each of the three ways, and count what came of it.

    Args:
        ask: answers with ``min_confidence = 0``; see :data:`assistant.evaluation.runner.Ask`.
        threshold: the confidence from which an answer is shown, in [0, 1].
        progress: told of all three passes as one.

    Raises: what :func:`assistant.evaluation.runner.evaluate` does.
    """
    dialogues = dialogue_set.dialogues
    turns = tuple(turn for dialogue in dialogues for turn in dialogue.turns)
    standalone = tuple(text for dialogue in dialogues for text in dialogue.standalone)
    by_hand = tuple(
        replace(turn, question=text) for turn, text in zip(turns, standalone, strict=True)
    )
    first = {dialogue.turns[0].id for dialogue in dialogues}
    chat = _Chat(ask, first, threshold)
    asked: dict[str, tuple[Ask, Sequence[Item]]] = {
        "history": (chat, turns),
        "alone": (ask, turns),
        "by_hand": (ask, by_hand),
    }
    scored: dict[str, tuple[Scored, ...]] = {}
    invalid: list[InvalidQuote] = []
    citations = 0
    for number, condition in enumerate(CONDITIONS):
        how, items = asked[condition]
        report = evaluate(
            EvalSet(dialogue_set.folder, dialogue_set.documents, tuple(items)),
            how,
            threshold=threshold,
            progress=_part_of(progress, number, len(CONDITIONS)),
        )
        scored[condition] = report.scored
        invalid += report.invalid
        citations += report.citations
    return DialogueReport(
        name=dialogue_set.folder.resolve().name,
        documents=dialogue_set.documents,
        threshold=threshold,
        dialogues=len(dialogues),
        figures={
            condition: {part: _labelled(_of_part(each, part, first)) for part in PARTS}
            for condition, each in scored.items()
        },
        citations=citations,
        invalid=tuple(invalid),
        standalone=standalone,
        understood=tuple(chat.understood),
        scored=scored,
    )


class _Chat:
    """Asks turns in order, each with what a chat hands over of those before it."""

    def __init__(self, ask: Ask, first: set[str], threshold: float) -> None:
        self.understood: list[str] = []
        self._ask = ask
        self._first = first
        self._threshold = threshold
        self._history: tuple[Turn, ...] = ()

    def __call__(self, item: Item) -> Answer:
        if item.id in self._first:
            self._history = ()
        answer = self._ask(replace(item, history=self._history))
        self.understood.append(answer.question)
        self._history += (Turn("user", answer.question),)
        # An answer below the threshold is shown to no one, so no one leans on it.
        if answer.outcome is Outcome.ANSWERED and answer.confidence >= self._threshold:
            self._history += (Turn("assistant", answer.text),)
        return answer


def _part_of(progress: Progress | None, number: int, passes: int) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda done, total, name: tell(number * total + done, passes * total, name)


def _of_part(scored: Sequence[Scored], part: str, first: set[str]) -> list[Scored]:
    return [s for s in scored if part == "all" or (s.item.id in first) == (part == "first")]


def _labelled(scored: Sequence[Scored]) -> dict[str, Figure]:
    found = figures(scored, [*_LABELS])
    return {key: replace(figure, label=_LABELS[key]) for key, figure in found.items()}


def _hit(scored: Scored) -> bool:
    """Whether what a person gets to see is right: the right citation first, or no answer."""
    return scored.shown.right if scored.item.answerable else not scored.answered


def _short(scored: Scored) -> dict[str, Any]:
    values = scored.to_dict()
    keys = ("confidence", "answered", "hit_rank", "right", "trapped_first")
    return {key: values[key] for key in keys}
