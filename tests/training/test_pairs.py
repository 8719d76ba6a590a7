"""The pure parts of training: made-up data only."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from training import measure, pairs
from training.pairs import Article, Bm25, Group

QUESTION = "Who founded Arlen in 1912?"


def test_text_b_puts_the_sentence_first_and_drops_empty_parts() -> None:
    assert pairs.text_b("A.", "T", "B.") == "A. [SEP] T [SEP] B."
    assert pairs.text_b("A.", "T") == "A. [SEP] T"
    assert pairs.text_b("A.", "", "B.") == "A. [SEP]  [SEP] B."
    assert pairs.text_b("A.") == "A."


@pytest.mark.parametrize("mark", ["[SEP]", "[sep]", "[ CLS ]", "[MASK]", "[SE[SEP]P]"])
def test_a_text_cannot_bring_the_tokenizers_marks(mark: str) -> None:
    text = pairs.text_b(f"one {mark} two", f"{mark} title", f"before {mark}")
    assert text.upper().count("[SEP]") == 2
    assert "[CLS]" not in text.upper()
    assert "[MASK]" not in text.upper()
    assert "[SEP]" not in pairs.text_a(f"what {mark}?").upper()


def test_long_parts_are_cut_at_a_word() -> None:
    assert pairs.plain("word " * 500, 12) == "word word"


def test_a_changed_number_is_one_that_the_question_names() -> None:
    rng = random.Random(1)
    changed = pairs.change_number("Ada founded Arlen in 1912 with 30 men.", QUESTION, rng)
    assert changed is not None
    assert "1912" not in changed
    assert "30 men" in changed
    assert pairs.change_number("Ada founded Arlen.", QUESTION, rng) is None
    free = pairs.change_free_number("Ada founded Arlen in 1912 with 30 men.", QUESTION, rng)
    assert free is not None
    assert "1912" in free
    assert "30 men" not in free


@pytest.mark.parametrize("number", ["7", "1912", "52,000", "3.5"])
def test_another_number_has_the_same_form(number: str) -> None:
    other = pairs.other_number(number, random.Random(3))
    assert other != number
    assert [c.isdigit() for c in other] == [c.isdigit() for c in number]


def test_a_name_is_changed_only_where_it_is_the_only_one() -> None:
    rng = random.Random(1)
    sentence = "In 1912 the town of Arlen was founded."
    assert pairs.change_name(sentence, QUESTION, ["Borvik"], rng) == (
        "In 1912 the town of Borvik was founded."
    )
    assert pairs.change_name(sentence, "Did Arlen or Borvik win?", ["Cesk"], rng) is None
    assert pairs.change_name("A town.", QUESTION, ["Borvik"], rng) is None


def test_negation_is_of_the_questions_own_verb() -> None:
    assert pairs.negate("Arlen was founded by Ada.", QUESTION) == "Arlen was not founded by Ada."
    assert pairs.negate("Arlen was sold by Ada.", QUESTION) is None
    assert pairs.negate("Arlen was never founded by Ada.", QUESTION) is None
    assert pairs.negate("It may have side effects.", "What is a side effect?") is None


def test_a_pronoun_stands_in_only_where_the_paragraph_has_that_one() -> None:
    sentence = "Arlen was founded in 1912."
    assert pairs.with_pronoun(sentence, "Arlen", "It has a port.") == "It was founded in 1912."
    assert pairs.with_pronoun(sentence, "Arlen", "He left. It has a port.") is None
    assert pairs.with_pronoun("Founded in 1912.", "Arlen", "It has a port.") is None


def test_swap_exchanges_the_parties_and_their_capitals() -> None:
    assert pairs.swap("The port sued Borvik.", "The port", "Borvik") == "Borvik sued the port."
    assert pairs.swap("Ada and Ada sued Bo.", "Ada", "Bo") is None


def test_roles_are_reversed_in_question_and_sentence() -> None:
    row = {"sentence": "Ada criticised Borvik.", "verb": "criticised", "negated": False}
    rows = [
        {**row, "passive": False, "question": "Who criticised something?", "answers": ["Ada"]},
        {**row, "passive": False, "question": "What did someone criticise?", "answers": ["Borvik"]},
    ]
    groups = list(pairs.role_groups(rows, ["A storm came.", "Ada left."], random.Random(0)))
    first = groups[0]
    assert first.q == "Who criticised Borvik?"
    assert first.pos[0][0] == "Ada criticised Borvik."
    assert first.neg[0][0] == "Borvik criticised Ada."
    said = [{**r, "verb": "said"} for r in rows]
    assert not list(pairs.role_groups(said, ["A storm came."], random.Random(0)))


def test_bm25_prefers_rare_words_and_keeps_to_what_is_asked_for() -> None:
    index = Bm25(["the port grew", "the port of Arlen", "a port", "rain"])
    assert index.best("Arlen port", 2)[0] == 1
    assert index.best("Arlen port", 2, [0, 3]) == [0]
    assert index.best("snow", 3) == []


def article() -> Article:
    found = Article("Arlen")
    found.add("Arlen is a port. Ada founded it in 1912. It grew fast.")
    found.add("The harbour was founded later. Ships came.")
    return found


def test_a_removed_answer_leaves_a_group_without_one() -> None:
    town = article()
    index = Bm25(town.sentences)
    rng = random.Random(0)
    group = pairs.paragraph_group(QUESTION, town, index, [1], ["Ada"], 0, rng, "t")
    assert [p[0] for p in group.pos] == ["Ada founded it in 1912."]
    assert {"Arlen is a port.", "It grew fast."} <= {n[0] for n in group.neg}
    gone = pairs.paragraph_group(QUESTION, town, index, [1], ["Ada"], 0, rng, "t", removed=True)
    assert gone.pos == ()
    assert all("Ada" not in text for part in gone.neg for text in part)


def test_the_sentence_before_is_of_the_same_paragraph() -> None:
    assert article().part(1) == ("Ada founded it in 1912.", "Arlen", "Arlen is a port.")
    assert article().part(3)[2] == ""


def test_context_is_dropped_for_a_whole_group_alike() -> None:
    part = ("s", "t", "b")
    for seed in range(30):
        group = pairs.bare(Group("q", (part,), (part, part), "x"), random.Random(seed))
        assert len({p[1:] for p in (*group.pos, *group.neg)}) == 1


def test_the_same_groups_give_the_same_bytes(tmp_path: Path) -> None:
    group = Group("q", (), (("s", "t", "b"),), "x")
    for name in ("a.gz", "b.gz"):
        pairs.write([group], tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    with gzip.open(tmp_path / "a.gz", "rt") as lines:
        assert json.loads(lines.read())["neg"] == [["s", "t", "b"]]


def test_an_answer_in_a_rival_makes_it_no_negative() -> None:
    assert pairs.has_any("Then Ada left.", ["ada"])
    assert not pairs.has_any("Adamant.", ["ada"])


def test_figures() -> None:
    assert measure.ranked([1.0, 1.0, 0.0], [True, False, True]) == [False, True, True]
    assert measure.average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert measure.reciprocal_rank([False, True]) == 0.5
    assert measure.auroc([3, 2, 2, 1], [True, True, False, False]) == 0.875


def test_a_documents_title_is_no_candidate(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Arlen\n\nAda founded it. It grew.\n\nShips came.\n", "utf-8")
    found = measure.read_document(file)
    assert [p[0] for p in found.parts] == ["Ada founded it.", "It grew.", "Ships came."]
    assert found.parts[2] == ("Ships came.", "Arlen", "It grew.")
    text = file.read_text("utf-8")
    assert [text[s:e] for s, e in found.spans] == [p[0] for p in found.parts]
    assert found.paragraph[0] == found.paragraph[1] != found.paragraph[2]
