"""Dialogues are read whole or refused with all their mistakes; each turn is asked in three ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.dialogues import (
    DialogueReport,
    evaluate_dialogues,
    load_dialogues,
)
from assistant.evaluation.runner import Item
from assistant.types import Answer, Citation, Outcome, Turn
from index.errors import CorpusError, UserError
from index.parse import parse_file

TEXT = "Ports\nHalvoria pays Sendrel 40 crowns. Sendrel pays Halvoria 15 crowns.\n"
HALVORIA = "Halvoria pays Sendrel 40 crowns."
SENDREL = "Sendrel pays Halvoria 15 crowns."


def place(quote: str) -> dict[str, Any]:
    start = TEXT.index(quote)
    return {"doc": "ports.txt", "start": start, "end": start + len(quote), "quote": quote}


def turn(question: str, standalone: str, gold: str = "", forbidden: str = "") -> dict[str, Any]:
    return {
        "question": question,
        "standalone": standalone,
        "answerable": bool(gold),
        "answers": [],
        "need": "any" if gold else "none",
        "gold": [place(gold)] if gold else [],
        "forbidden": [place(forbidden)] if forbidden else [],
    }


PAYS = "What does Halvoria pay Sendrel?"
TURNED = "What does Sendrel pay Halvoria?"
KING = "Who is the king of Halvoria?"
TALK = {
    "id": "d",
    "turns": [
        turn(PAYS, PAYS, HALVORIA, SENDREL),
        turn("and vice versa?", TURNED, SENDREL, HALVORIA),
        turn("its king?", KING),
    ],
}


def write(folder: Path, *lines: Mapping[str, Any] | str) -> Path:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "ports.txt").write_text(TEXT)
    raw = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / "dialogues.jsonl").write_text("\n".join(raw))
    return folder


# -- reading -------------------------------------------------------------------------------------


def test_dialogues_are_read_turn_by_turn(tmp_path: Path) -> None:
    (talk, other) = load_dialogues(
        write(tmp_path, TALK, "", {"id": "e", "date": "2025-01-31", "turns": TALK["turns"][:1]})
    ).dialogues
    assert (talk.id, talk.line, other.line) == ("d", 1, 3)
    assert talk.standalone == (PAYS, TURNED, KING)
    assert [item.id for item in talk.turns] == ["d.1", "d.2", "d.3"]
    assert [item.kind for item in talk.turns] == ["direction", "direction", "turn"]
    assert [item.answerable for item in talk.turns] == [True, True, False]
    assert str(other.turns[0].filters.until) == "2025-01-31"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "line 1: not JSON: "),
        ({"id": "d"}, "line 1: no turns"),
        ({"turns": TALK["turns"]}, "line 1: no id"),
        ({"id": "d", "turns": 5}, "line 1: turns must be a list, not 5"),
        ({"id": "d", "turns": [5]}, "line 1: turn 1: not a JSON object"),
        (
            {"id": "d", "turns": [TALK["turns"][0], {**TALK["turns"][1], "standalone": " "}]},
            "line 1: turn 2: standalone must be a text, not ' '",
        ),
        (
            {"id": "d", "turns": [{**TALK["turns"][0], "gold": [{**place(HALVORIA), "end": 9}]}]},
            "line 1: turn 1: gold 1: ",
        ),
    ],
)
def test_every_mistake_is_named_with_its_line(tmp_path: Path, line: Any, problem: str) -> None:
    with pytest.raises(CorpusError) as refused:
        load_dialogues(write(tmp_path, line))
    assert f"has a mistake:\n  {problem}" in refused.value.message


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="line 2: the id 'd' stands on line 1 already"):
        load_dialogues(write(tmp_path, TALK, TALK))


def test_a_set_without_dialogues(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with pytest.raises(UserError, match="has no dialogues"):
        load_dialogues(folder)
    (folder / "dialogues.jsonl").unlink()
    with pytest.raises(UserError, match="does not exist") as refused:
        load_dialogues(folder)
    assert refused.value.remedy == "Name a folder with docs/*.txt and dialogues.jsonl."


# -- asking --------------------------------------------------------------------------------------


class Fake:
    """Understands "and vice versa?" if there was something before, and nothing of a king."""

    def __init__(self, corpus: Path) -> None:
        self._document = parse_file(corpus / "ports.txt", "ports.txt")
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []

    def __call__(self, item: Item) -> Answer:
        self.asked.append((item.question, item.history))
        turned = item.question.startswith("and vice") and item.history
        question = TURNED if turned else item.question
        quote = {PAYS: HALVORIA, TURNED: SENDREL}.get(question, HALVORIA)
        confidence = {PAYS: 0.9, TURNED: 0.6, KING: 0.7}.get(question, 0.2)
        start = TEXT.index(quote)
        citation = Citation(
            marker=1,
            document="ports.txt",
            sha256=self._document.sha256,
            title="Ports",
            published=None,
            start=start,
            end=start + len(quote),
            quote=quote,
            score=0.5,
            layer=self._document.text,
        )
        return Answer(
            question=question,
            outcome=Outcome.ANSWERED,
            text=f"{quote} [1]",
            confidence=confidence,
            claims=(),
            citations=(citation,),
            passages=(),
            timings_ms={"total": 1.0},
        )


@pytest.fixture
def told() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture
def asked(tmp_path: Path, told: list[tuple[int, int, str]]) -> tuple[Fake, DialogueReport]:
    folder = write(tmp_path, TALK, {**TALK, "id": "e", "turns": TALK["turns"][:2]})
    fake = Fake(folder / "docs")
    report = evaluate_dialogues(
        load_dialogues(folder), fake, threshold=0.5, progress=lambda *done: told.append(done)
    )
    return fake, report


def test_a_turn_is_asked_with_the_questions_as_understood_and_the_answers_shown(
    asked: tuple[Fake, DialogueReport], told: list[tuple[int, int, str]]
) -> None:
    fake, report = asked
    first = (Turn("user", PAYS), Turn("assistant", f"{HALVORIA} [1]"))
    second = (Turn("user", TURNED), Turn("assistant", f"{SENDREL} [1]"))
    turns = [(PAYS, ()), ("and vice versa?", first), ("its king?", first + second)]
    again = turns[:2]
    alone = [(question, ()) for question, _ in turns + again]
    by_hand = [(question, ()) for question in (PAYS, TURNED, KING, PAYS, TURNED)]
    assert fake.asked == [*turns, *again, *alone, *by_hand]
    assert report.understood == (PAYS, TURNED, "its king?", PAYS, TURNED)
    assert (told[0], told[-1]) == ((1, 15, "d.1"), (15, 15, "e.2"))


def test_an_answer_below_the_threshold_is_not_handed_over(tmp_path: Path) -> None:
    folder = write(tmp_path, TALK)
    fake = Fake(folder / "docs")
    evaluate_dialogues(load_dialogues(folder), fake, threshold=0.7)
    assert [turn.role for turn in fake.asked[2][1]] == ["user", "assistant", "user"]


def test_the_figures_are_those_counted_by_hand(asked: tuple[Fake, DialogueReport]) -> None:
    def value(condition: str, part: str, key: str) -> tuple[float | None, int]:
        figure = asked[1].figures[condition][part][key]
        return figure.value, figure.n

    assert value("history", "all", "right_top") == (1.0, 4)
    assert value("history", "later", "right_top_forced") == (1.0, 2)
    assert value("alone", "first", "right_top") == (1.0, 2)
    assert value("alone", "later", "right_top") == (0.0, 2)
    assert value("alone", "later", "direction_forced") == (0.0, 2)
    assert value("alone", "later", "trap_first_forced") == (1.0, 2)
    assert value("alone", "later", "trap_first") == (0.0, 2)
    assert value("alone", "later", "false_abstentions") == (1.0, 2)
    assert value("history", "later", "false_answers") == (0.0, 1)
    assert value("by_hand", "later", "false_answers") == (1.0, 1)
    assert value("by_hand", "first", "false_answers") == (None, 0)
    assert value("by_hand", "later", "direction") == (1.0, 2)
    assert asked[1].invalid == ()
    assert asked[1].citations == 15


def test_the_json_has_every_turn(asked: tuple[Fake, DialogueReport]) -> None:
    values = json.loads(json.dumps(asked[1].to_dict()))
    assert (values["dialogues"], values["turns"], values["threshold"]) == (2, 5, 0.5)
    assert set(values["figures"]) == {"history", "alone", "by_hand"}
    turned = values["each"][1]
    assert (turned["id"], turned["question"]) == ("d.2", "and vice versa?")
    assert (turned["understood"], turned["standalone"]) == (TURNED, TURNED)
    hits = [(t["history"]["hit"], t["alone"]["hit"], t["by_hand"]["hit"]) for t in values["each"]]
    assert hits[:3] == [(True, True, True), (True, False, True), (True, True, False)]
    label = values["figures"]["alone"]["all"]["direction"]["label"]
    assert label == "right, where another place is forbidden"


def test_the_figures_stand_side_by_side(asked: tuple[Fake, DialogueReport]) -> None:
    lines = asked[1].to_text().splitlines()
    assert lines[0] == "ports: 2 dialogues of 5 turns over 1 documents, threshold 0.5".replace(
        "ports", asked[1].name
    )
    heads = [line.split() for line in lines if "by hand" in line]
    assert [head[0] for head in heads] == ["All", "First", "Later"]
    assert [line.split()[-4:] for line in lines if line.startswith("right first citation  ")] == [
        ["4", "100.0%", "50.0%", "100.0%"],
        ["2", "100.0%", "100.0%", "100.0%"],
        ["2", "100.0%", "0.0%", "100.0%"],
    ]
    assert lines[-1] == "Invalid quotes: 0 of 15"
    table = asked[1].to_markdown().splitlines()
    assert {line.count("|") for line in table} == {7}
    assert "| later | right first citation | 2 | 100.0% | 0.0% | 100.0% |" in table
