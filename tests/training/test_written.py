"""The questions that come along, as groups to train with."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from training import written
from training.pairs import Group, rows_of, write
from training.written import Written, apart, excerpts, groups, reports, used

SENTENCES = [
    {"article": "wikinews:1", "sentence_id": f"W:wikinews:1:{at}", "sentence": text}
    for at, text in [
        ("2:10", "The mayor resigned on Monday."),
        ("2:9", "The town of Arlen has lost its head."),
        ("0:0", "Rain fell for 30 days."),
    ]
]
REPORT = {
    "title": "Arlen's bridge closes",
    "sentences": [
        "The bridge at Arlen closes in May.",
        "It is 90 years old, the council says.",
        "Repairs are to take two years.",
        "Shopkeepers want a ferry meanwhile.",
    ],
    "questions": [
        {"q": "What would traders like in the interim?", "s": 3, "a": "a ferry"},
        {"q": "How much will the works cost?", "s": None},
    ],
}


def test_sentences_of_an_article_are_in_order_with_what_stood_before() -> None:
    rows = [
        {"article": "wikinews:1", "s": "W:wikinews:1:2:10", "q": "When did he go?", "a": "Monday"},
        {"article": "wikinews:1", "s": None, "q": "Why did he go?"},
    ]
    (made,) = excerpts(rows, SENTENCES)
    assert made.parts == [
        ("Rain fell for 30 days.", "", ""),
        ("The town of Arlen has lost its head.", "", ""),
        ("The mayor resigned on Monday.", "", "The town of Arlen has lost its head."),
    ]
    assert made.asked == [("When did he go?", 2, "Monday"), ("Why did he go?", None, "")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"s": "W:wikinews:1:9:9", "a": "Monday"}, "wikinews:1 has no sentence W:wikinews:1:9:9"),
        ({"s": "W:wikinews:1:0:0", "a": "Monday"}, "'Monday' does not stand in the sentence"),
        ({"s": "W:wikinews:1:0:0"}, "'' does not stand in the sentence"),
    ],
)
def test_what_does_not_fit_its_sentence_is_refused(row: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(excerpts([{"article": "wikinews:1", "q": "When?", **row}], SENTENCES))


def test_reports_of_one_matter_are_rivals_of_one_another() -> None:
    other = {
        "title": "Arlen's ferry",
        "sentences": ["A ferry crosses at Arlen now.", "Traders pay for it."],
        "questions": [{"q": "Who bears the cost of the boat?", "s": 1, "a": "Traders"}],
    }
    rows = [{**REPORT, "matter": "bridge"}, REPORT, {**other, "matter": "bridge"}]
    both, alone = reports(rows)
    assert [(part[1], part[2]) for part in both.parts[3:]] == [
        ("Arlen's bridge closes", "Repairs are to take two years."),
        ("Arlen's ferry", ""),
        ("Arlen's ferry", "A ferry crosses at Arlen now."),
    ]
    assert both.asked[-1] == ("Who bears the cost of the boat?", 5, "Traders")
    assert len(alone.parts) == 4
    *_, about_cost = groups([both], random.Random(1))
    assert about_cost.pos == (both.parts[5],)
    assert {part[1] for part in about_cost.neg} == {"Arlen's bridge closes", "Arlen's ferry"}


def test_a_group_has_the_sentence_that_answers_and_none_that_holds_the_answer() -> None:
    (article,) = reports([REPORT])
    elsewhere = ("Traders in Cesk like a ferry.", "Cesk", "")
    far = ("Traders in Borvik like the interim.", "Borvik", "")
    asked, none = groups([article], random.Random(1), [*article.parts, elsewhere, far])
    assert asked.q == "What would traders like in the interim?"
    assert asked.pos == (article.parts[3],)
    assert asked.answers == ("a ferry",)
    assert asked.source == "written-reports"
    # The one before, the first, and one from elsewhere: not that in which the answer stands, too.
    assert {article.parts[2], article.parts[0], far} <= set(asked.neg)
    assert set(asked.neg) <= {*article.parts[:3], far}
    assert none.pos == ()
    assert none.answers == ()
    assert none.source == "written-reports-none"
    assert len(none.neg) == 4
    assert article.parts[0] in none.neg


def test_some_groups_lose_their_answer_and_all_stay_whole() -> None:
    written_ = list(reports([{**REPORT, "matter": f"{n}"} for n in range(40)]))
    made = list(used(written_, 3, seed=5))
    assert len(made) == 40 * 2 * 3
    assert made == list(used(written_, 3, seed=5))
    assert made != list(used(written_, 3, seed=6))
    removed = [group for group in made if group.source == "written-reports-removed"]
    answered = [group for group in made if group.pos]
    assert 5 <= len(removed) <= 30
    assert len(removed) + len(answered) == 40 * 3
    assert all(group.neg and not group.answers for group in removed)
    assert all(group.answers == ("a ferry",) for group in answered)
    assert {bool(group.pos[0][1]) for group in answered} == {True, False}


def test_a_tenth_is_held_out_always_the_same() -> None:
    all_of = [Written("reports", [(f"s{n}", "", "")], []) for n in range(40)]
    trained, held = apart(all_of)
    assert (len(trained), len(held)) == (36, 4)
    assert sorted(map(all_of.index, [*trained, *held])) == list(range(40))
    assert apart(all_of) == (trained, held)


def test_a_mixture_is_of_these_and_of_the_last_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(written, "everything", lambda _: list(reports([REPORT] * 10)))
    other = [
        Group(f"q{n}", (("yes", "", ""),), (("no", "t", "b"),), "squad", ("yes",))
        for n in range(100)
    ]
    write(other, tmp_path / "groups.jsonl.gz")
    write(other[:1], tmp_path / "dev.jsonl.gz")
    argv = ["--data", ".", "--replay", str(tmp_path), "--write", str(tmp_path / "more")]
    monkeypatch.setattr(sys, "argv", ["written.py", *argv, "--times", "1", "--share", "0.8"])
    written.main()
    rows = rows_of(tmp_path / "more" / "groups.jsonl.gz")
    own = [row for row in rows if row["source"].startswith("written")]
    pairs = written.pairs_of(own)
    assert len(own) == 18
    replayed = sorted(row["q"] for row in rows if row["source"] == "squad")
    assert replayed == sorted(f"q{n}" for n in range(100 - len(replayed), 100))
    assert 0 <= 2 * len(replayed) - pairs / 4 < 2
    assert rows[0]["neg"][0] != []
    held = rows_of(tmp_path / "more" / "held.jsonl.gz")
    assert [row["q"] for row in held] == [q["q"] for q in REPORT["questions"]]  # type: ignore[index]
    assert [row["q"] for row in rows_of(tmp_path / "more" / "dev.jsonl.gz")] == ["q0"]
    assert f"{len(own)} groups of these questions" in capsys.readouterr().out


def test_what_came_along_fits_its_form() -> None:
    rows = rows_of(written.FOLDER / "reports.jsonl.gz")
    whole = list(reports(rows))
    asked = [question for each in whole for question, _, _ in each.asked]
    assert len(asked) == sum(len(row["questions"]) for row in rows)
    assert all(row["title"] and all(row["sentences"]) for row in rows)
    news = rows_of(written.FOLDER / "excerpts.jsonl.gz")
    assert all(row["q"] and row["article"] for row in news)
    assert all((row["s"] is None) == ("a" not in row) for row in news)
