"""The pure parts of training: made-up data only."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import measure, pairs
from training.pairs import Article, Bm25, Group, Tagged, Tagger

QUESTION = "Who founded Arlen in 1912?"


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


# -- questions made another way --------------------------------------------------------------------


def tagged(text: str, *tags: str) -> tuple[Tagged, ...]:
    """The text's words as a tagger gives them: each a tag, or a tag and the dictionary form."""
    found, at = [], 0
    words = re.findall(r"\w+|[^\w\s]", text)
    for word, tag in zip(words, tags, strict=True):
        at = text.index(word, at)
        tag, _, lemma = tag.partition(":")
        found.append(Tagged(word, lemma or word.lower(), tag, at))
        at += len(word)
    return tuple(found)


def all_of(make: Callable[[random.Random], Any]) -> set[Any]:
    """What comes of it, whatever the dice say."""
    return {make(random.Random(seed)) for seed in range(300)}


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger()


def test_the_tagger_knows_where_each_word_stands(tagger: Tagger) -> None:
    text = "Who  bought the two ships?"
    words = tagger(text)
    assert [(w.text, w.lemma, w.tag) for w in words] == [
        ("Who", "who", "WP"),
        ("bought", "buy", "VBD"),
        ("the", "the", "DT"),
        ("two", "two", "CD"),
        ("ships", "ship", "NNS"),
        ("?", "?", "."),
    ]
    assert [text[w.start : w.start + len(w.text)] for w in words] == [w.text for w in words]
    assert tagger(text) is words  # remembered
    alone = Tagger()
    alone.read([text, text, "Ada left."])
    assert alone(text) == words


def test_a_word_put_in_is_capitalised_as_the_other_was() -> None:
    text = "Firms bought Arlen."
    first, verb, name, _ = tagged(text, "NNS", "VBD", "NNP", ".")
    assert pairs.put_in(text, first, "companies") == "Companies bought Arlen."
    assert pairs.put_in(text, verb, "purchased") == "Firms purchased Arlen."
    assert pairs.put_in(text, name, "oslo") == "Firms bought Oslo."
    assert pairs.put_in(text, verb, "McNamed") == "Firms McNamed Arlen."


def test_a_reworded_question_means_the_same() -> None:
    question = "Who bought the ships of Battle Abbey?"
    tags = tagged(question, "WP", "VBD:buy", "DT", "NNS:ship", "IN", "NNP", "NNP", ".")
    assert all_of(lambda rng: pairs.reworded(question, tags, rng)) == {
        f"Who {verb} the {noun} of Battle Abbey?"
        for verb in ("bought", "purchased", "acquired")
        for noun in ("ships", "vessels", "boats")
    } - {question}
    # A name is no word, and a word that stands for no other leaves nothing to change.
    question = "Who is Ada Byron?"
    tags = tagged(question, "WP", "VBZ:be", "NNP", "NNP", ".")
    assert all_of(lambda rng: pairs.reworded(question, tags, rng)) == {None}


def test_a_reworded_question_keeps_its_capital_and_its_forms() -> None:
    question = "Companies began?"
    tags = tagged(question, "NNS:company", "VBD:begin", ".")
    assert all_of(lambda rng: pairs.reworded(question, tags, rng)) == {
        "Firms began?", "Businesses began?", "Companies started?", "Firms started?",
        "Businesses started?",
    }  # fmt: skip


# What each way makes of a question that only this way fits.
WAYS: list[
    tuple[str, str, tuple[str, ...], str, list[str], set[tuple[str, str] | None]]
] = [
    (
        "By whom in Arlen?", "In Arlen it came by Ada.", ("IN", "WP", "IN", "NNP", "."),
        "", ["Borvik", "Ada", "Arlen"],  # only Borvik is a stranger to both
        {("name", "By whom in Borvik?")},
    ),
    (
        "Whose of Ada Byron or Oslo Bank?", "Here Oslo Bank had what Ada Byron had.",
        ("WP$", "IN", "NNP", "NNP", "CC", "NNP", "NNP", "."), "", [],
        {("turned", "Whose of Oslo Bank or Ada Byron?")},
    ),
    (
        "Who came first?", "Ada came first.", ("WP", "VBD:come", "RB", "."), "", [],
        {("opposite", "Who came last?")},
    ),
    (
        "Who came first?", "Ada came first and Bo last of all.",
        ("WP", "VBD:come", "RB", "."), "", [],
        {None},  # the sentence answers the opposite, too
    ),
    (
        "Why is it?", "Ada has it.", ("WRB", "VBZ:be", "PRP", "."), "", [],
        {("negation", "Why isn't it?"), ("negation", "Why is not it?")},
    ),
    (
        "Why can it?", "Ada has it.", ("WRB", "MD", "PRP", "."), "", [],
        {("negation", "Why can't it?"), ("negation", "Why can not it?")},
    ),
    (
        "Why will it?", "Ada has it.", ("WRB", "MD", "PRP", "."), "", [],
        {("negation", "Why won't it?"), ("negation", "Why will not it?")},
    ),
    ("Why is it?", "Ada never has it.", ("WRB", "VBZ:be", "PRP", "."), "", [], {None}),
    ("Why is it not?", "Ada has it.", ("WRB", "VBZ:be", "PRP", "RB", "."), "", [], {None}),
    (
        # Another noun for a noun, of the sentences near by; none that means the same, that the
        # sentence has, of another form, or too short to tell.
        "Whose ship?", "Her ship met the fleet.", ("WP$", "NN", "."),
        "vessel/NN fleet/NN storms/NNS ox/NN harbour/NN", [],
        {("thing", "Whose harbour?")},
    ),
    ("Whose ship?", "Her boat sank.", ("WP$", "NN", "."), "harbour/NN", [], {None}),
    (
        "What did Ada see?", "No fish.", ("WP", "VBD:do", "NNP", "VB", "."), "", [],
        {("when", "When did Ada see?")},
    ),
    ("What did Ada see?", "No fish in May.", ("WP", "VBD:do", "NNP", "VB", "."), "", [], {None}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "sentence", "tags", "around", "others", "made"), WAYS, ids=str
)
def test_a_question_that_only_looks_answered(
    question: str,
    sentence: str,
    tags: tuple[str, ...],
    around: str,
    others: list[str],
    made: set[tuple[str, str] | None],
) -> None:
    words = tagged(question, *tags)
    near = [
        Tagged(word, word.removesuffix("s"), tag, 0)
        for word, _, tag in (pair.partition("/") for pair in around.split())
    ]
    found = all_of(lambda rng: pairs.unanswerable(question, sentence, words, near, others, rng))
    assert found == made


def test_how_many_of_what_the_sentence_does_not_count() -> None:
    question = "Which towns have it?"
    words = tagged(question, "WDT", "NNS:town", "VBP", "PRP", ".")

    def made(sentence: str) -> set[Any]:
        return all_of(lambda rng: pairs.unanswerable(question, sentence, words, [], [], rng))

    assert made("Never Arlen.") == {("count", "How many towns have it?")}
    assert made("Never the two.") == {None}


def test_a_number_of_the_question_is_changed() -> None:
    question = "Whose in 1912?"
    found = all_of(lambda rng: pairs.unanswerable(question, "Hers in 1912.", (), (), [], rng))
    assert {way for way, _ in found} == {"number"}
    years = {int(text.removeprefix("Whose in ").removesuffix("?")) for _, text in found}
    assert years == {*range(1900, 1925)} - {1912}
    assert pairs.unanswerable(question, "Hers.", (), (), [], random.Random(0)) is None


def test_a_question_made_unanswerable_is_another(tagger: Tagger) -> None:
    question = "When was the first ship of Arlen sold to Borvik?"
    sentence = "Arlen sold its first ship to Borvik in 1912."
    near = "A bridge was built. Cesk grew in the north. Ada Byron came with the army."
    ways = all_of(
        lambda rng: pairs.unanswerable(
            question, sentence, tagger(question), tagger(near), ["Cesk", "Ada Byron"], rng
        )
    )
    assert {way for way, _ in ways} == {"name", "turned", "opposite", "negation", "thing"}
    assert question not in {text for _, text in ways}
    assert ("turned", "When was the first ship of Borvik sold to Arlen?") in ways
    assert ("opposite", "When was the last ship of Arlen sold to Borvik?") in ways


# -- the answer made vague -------------------------------------------------------------------------

SOMEBODY = {"someone", "some people", "they", "an official"}
SOME = {"many", "several", "some", "a number of"}
SOMETHING = {"something", "that", "this", "it"}


@pytest.mark.parametrize(
    ("question", "sentence", "answer", "made"),
    [
        ("Who sold it?", "Then Ada sold it.", "Ada", {f"Then {w} sold it." for w in SOMEBODY}),
        (
            "Whom did Ada meet?", "Ada met Bo here.", "Bo",
            {f"Ada met {w} here." for w in SOMEBODY},
        ),
        # At its head it takes the capital.
        (
            "Who sold it?", "Ada sold it.", "Ada",
            {f"{w[0].upper()}{w[1:]} sold it." for w in SOMEBODY},
        ),
        ("How many sank?", "There sank 30 ships.", "30", {f"There sank {w} ships." for w in SOME}),
        ("How much is it?", "It is 30 euros.", "30", {f"It is {w} euros." for w in SOME}),
        ("What did she sell?", "She sold fish.", "fish", {f"She sold {w}." for w in SOMETHING}),
        (
            "Which is it?", "The port is it.", "The port",
            {f"{w.capitalize()} is it." for w in SOMETHING},
        ),
        # With the word that leads to it, it leaves no gap.
        ("When did it sink?", "It sank in 1912 off Arlen.", "1912", {"It sank off Arlen."}),
        ("Where did it sink?", "It sank, at the harbour.", "harbour", {"It sank."}),
        ("Who sold it?", "It was sold by Ada.", "Ada", {"It was sold."}),
        ("When was it?", "It was there yesterday.", "yesterday", {"It was there."}),
        ("Why is it shut?", "It is shut, it rained.", "it rained", {"It is shut,."}),
        # There is nothing before that could be left.
        ("When did it sink?", "Yesterday it sank.", "Yesterday", {None}),
        ("When did it sink?", "in 1912 it sank.", "1912", {None}),
        # More than once, most of the sentence, part of a word, no word at all, not there.
        ("Who sold it?", "Ada sold Ada it.", "Ada", {None}),
        ("Who?", "Ada Byron, Ada.", "Ada Byron, A", {None}),
        ("What is it?", "It is the party of Bo.", "art", {None}),
        ("What is it?", "It is the party of Bo.", "part", {None}),
        ("What is it?", "It is — of Bo.", "—", {None}),
        ("What is it?", "It is the party.", "fish", {None}),
    ],
)  # fmt: skip
def test_a_sentence_made_vague(
    question: str, sentence: str, answer: str, made: set[str | None]
) -> None:
    assert all_of(lambda rng: pairs.vague(sentence, answer, question, rng)) == made


@given(
    st.lists(st.sampled_from("Ada Bo sold in by of the 30 fish on , Arlen".split()), min_size=1),
    st.sampled_from(["Who", "What", "How many", "How much", "When", "Where", "Why", "Which"]),
    st.data(),
)
def test_a_vague_sentence_never_has_the_answer(
    words: list[str], asking: str, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    sentence, answer = " ".join(words), " ".join(words[first : last + 1])
    made = pairs.vague(sentence, answer, f"{asking} was it?", random.Random(0))
    assert made is None or not pairs.has_any(made, [answer])


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Who founded Arlen in 1912?", "Founded Arlen in 1912"),
        ("How many people did it hire? ", "People did it hire"),
        ("When did the port of Arlen open?", "The port of Arlen open"),
        ("Who was Ada?", None),
        ("Who founded Arlen then?", None),  # three words say too little
        ("", None),
        ("Who is what?", None),
    ],
)
def test_a_headline_says_what_the_question_says(question: str, says: str | None) -> None:
    assert pairs.headline(question) == says


# -- what a group becomes besides ------------------------------------------------------------------


class Rolled(random.Random):
    """Dice whose first throw is known."""

    def __init__(self, first: float) -> None:
        super().__init__(5)
        self._first: float | None = first

    def random(self) -> float:
        first, self._first = self._first, None
        return super().random() if first is None else first


POSITIVE = ("Ada Byron founded Arlen in 1912.", "Arlen", "It is a port.")
NEGATIVES = tuple((f"Rival {n}.", "Arlen", "") for n in range(6))
GROUP = Group(QUESTION, (POSITIVE,), NEGATIVES[:5], "t", ("Ada", "Ada Byron"))
NEAR = ["Then Borvik grew.", "A bridge was built."]


def varied(roll: float, tagger: Tagger, group: Group = GROUP) -> list[Group]:
    return list(pairs.variants(group, NEAR, tagger, Rolled(roll)))


@pytest.mark.parametrize("roll", [0.0, 0.29])
def test_a_variant_in_other_words(tagger: Tagger, roll: float) -> None:
    (made,) = varied(roll, tagger)
    assert made.source == "t-reworded"
    assert made.q == "Who established Arlen in 1912?"
    assert (made.pos, made.neg, made.answers) == (GROUP.pos, GROUP.neg, GROUP.answers)


@pytest.mark.parametrize("roll", [0.3, 0.59])
def test_a_variant_that_nothing_answers(tagger: Tagger, roll: float) -> None:
    (made,) = varied(roll, tagger)
    assert re.fullmatch("t-none-(?:number|name|turned|opposite|negation|thing)", made.source)
    assert made.q != QUESTION
    # What answered the question is the first that doesn't answer this one.
    assert (made.pos, made.neg) == ((), (POSITIVE, *NEGATIVES[:4]))
    assert (made.answers, made.row()["answers"]) == ((), ())


@pytest.mark.parametrize("roll", [0.6, 0.84])
def test_a_variant_whose_rivals_repeat_the_question(tagger: Tagger, roll: float) -> None:
    (made,) = varied(roll, tagger)
    assert (made.source, made.q) == ("t-vague", QUESTION)
    assert (made.pos, made.answers) == (GROUP.pos, GROUP.answers)
    (vague, headline), rest = made.neg[:2], made.neg[2:]
    # The longest of the answers is taken out, and what the sentence stands in stays.
    assert vague in {
        (f"{w[0].upper()}{w[1:]} founded Arlen in 1912.", "Arlen", "It is a port.")
        for w in SOMEBODY
    }
    assert headline == ("Founded Arlen in 1912", "Arlen", "It is a port.")
    assert rest == NEGATIVES[:3]


@pytest.mark.parametrize("roll", [0.85, 0.99])
def test_some_groups_stay_alone(tagger: Tagger, roll: float) -> None:
    assert varied(roll, tagger) == []


def test_what_cannot_be_made_is_not(tagger: Tagger) -> None:
    bare = Group("Why?", (("Ada never is.", "", ""),), NEGATIVES[:2], "t", ())
    assert [varied(roll, tagger, bare) for roll in (0.0, 0.3, 0.6)] == [[], [], []]
    # A question that can't be reworded may look answered all the same.
    (made,) = varied(0.0, tagger, replace(bare, q="Who is it?"))
    assert (made.q, made.source) == ("When is it?", "t-none-when")


# -- SQuAD ----------------------------------------------------------------------------------------


def an_article(title: str, *asked: tuple[str, str]) -> dict[str, Any]:
    """One paragraph, as SQuAD's own file has it."""
    context = (
        "Arlen is a town on the coast. It was founded by Ada Finch in 1912. The mill of Arlen was "
        "sold to Borvik. Its harbour has room for thirty boats. A school was opened in spring."
    )
    return {
        "title": title,
        "paragraphs": [
            {
                "context": context,
                "qas": [
                    {
                        "id": str(n),
                        "question": question,
                        "answers": [{"text": answer, "answer_start": context.index(answer)}],
                    }
                    for n, (question, answer) in enumerate(asked)
                ],
            }
        ],
    }


def squad(folder: Path, *articles: dict[str, Any]) -> Path:
    file = folder / "train.json"
    file.write_text(json.dumps({"version": "1.1", "data": articles}), "utf-8")
    return file


FOUNDED = ("  Who founded  the town??", "Ada Finch")
ROOM = ("How many boats has the harbour room for?", "thirty")


def test_articles_that_are_measured_with_are_left_out(tmp_path: Path) -> None:
    docs = tmp_path / "eval" / "xquad_en_extra" / "docs"
    docs.mkdir(parents=True)
    (docs / "Fresno_California.txt").write_text("", "utf-8")
    file = squad(tmp_path, an_article("Fresno,_California", FOUNDED), an_article("Arlen", FOUNDED))
    never = pairs.measured_titles(tmp_path)
    assert never == {"fresno california"}
    (row,) = pairs.squad_rows(file, never)
    assert (row["title"], row["question"]) == ("Arlen", "Who founded the town?")
    (answer,) = row["answers"]
    assert row["context"][answer["start"] :].startswith(answer["text"])
    assert pairs.squad_rows(file, ["ARLEN", "Fresno (California)"]) == []


def test_a_question_knows_where_its_answer_stands(tmp_path: Path) -> None:
    rows = pairs.squad_rows(squad(tmp_path, an_article("Arlen", FOUNDED, ROOM)), [])
    rows.append({**rows[0], "answers": [{"text": "?", "start": 9999}]})
    founded, room = pairs.asked_of(rows, ["Arlen"])
    assert founded.article is room.article
    assert [founded.article.sentences[n] for n in founded.answering] == [
        "It was founded by Ada Finch in 1912."
    ]
    assert "It was founded by Ada Finch in 1912." not in founded.near
    assert len(founded.near) == 4
    group = room.group(random.Random(1), "squad", most=3)
    assert group.pos == (
        ("Its harbour has room for thirty boats.", "Arlen",
         "The mill of Arlen was sold to Borvik."),
    )  # fmt: skip
    assert len(group.neg) == 3
    assert room.group(random.Random(1), "squad", most=3, removed=True).pos == ()


def test_each_of_squads_questions_is_used_once(tmp_path: Path, tagger: Tagger) -> None:
    articles = [an_article(f"Arlen {n}", FOUNDED, ROOM) for n in range(60)]
    rows = pairs.squad_rows(squad(tmp_path, *articles), [])
    groups = list(pairs.squad_groups(rows, random.Random(2), tagger, None))
    assert len(groups) == len(rows) == 120
    assert all(len(group.neg) <= 5 for group in groups)
    kinds = {group.source for group in groups}
    assert {"squad", "squad-removed"} <= kinds
    assert any(kind.startswith("squad-none-") for kind in kinds)
    for group in groups:
        none = group.source.startswith(("squad-none", "squad-removed"))
        assert bool(group.pos) != none
    again = list(pairs.squad_groups(rows, random.Random(2), tagger, None))
    assert again == groups


def test_the_share_of_squads_questions_that_are_asked_otherwise(
    tmp_path: Path, tagger: Tagger
) -> None:
    articles = [an_article(f"Arlen {n}", FOUNDED, ROOM) for n in range(60)]
    rows = pairs.squad_rows(squad(tmp_path, *articles), [])

    def otherwise(ways: float) -> int:
        groups = pairs.squad_groups(rows, random.Random(2), tagger, None, ways)
        return sum(g.source not in ("squad", "squad-removed") for g in groups)

    assert otherwise(0.0) < otherwise(0.4) < otherwise(0.9)
    with pytest.raises(ValueError, match=r"between 0 and 0\.92"):
        otherwise(1.0)


# -- words near in meaning -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory, tagger: Tagger) -> pairs.Near:
    vectors = {
        "dropped": (1.0, 0.0), "fell": (0.95, 0.1), "drop": (0.99, 0.0), "drops": (1.0, 0.1),
        "dropping": (1.0, 0.05), "rose": (0.0, 1.0), "shares": (-1.0, 0.0),
        "stocks": (-0.9, 0.1), "Arlen": (-1.0, 0.01), "unseen": (1.0, 0.0),
    }  # fmt: skip
    file = tmp_path_factory.mktemp("words") / "vectors.txt"
    lines = [f"{word} {x} {y}\n" for word, (x, y) in vectors.items()]
    file.write_text("".join(lines), "utf-8")
    texts = [
        "The shares dropped and the stocks fell.", "They rose.", "Prices drop.",
        "It drops.", "He is dropping it.",
    ]  # fmt: skip
    return pairs.Near(file, [tagger(text) for text in texts])


def the_word(tagger: Tagger, text: str, word: str) -> Tagged:
    return next(t for t in tagger(text) if t.text == word)


def test_a_near_word_has_the_same_form_and_another_stem(near: pairs.Near, tagger: Tagger) -> None:
    text = "How much did what Arlen's shares lost matter when prices dropped?"
    assert near(the_word(tagger, text, "dropped")) == ("fell",)
    assert near(the_word(tagger, text, "shares")) == ("stocks",)
    # A name, a word without a vector, one whose form is not known.
    for word in ("Arlen", "matter", "much"):
        assert near(the_word(tagger, text, word)) == ()


def test_near_words_reword_what_the_table_does_not_know(near: pairs.Near, tagger: Tagger) -> None:
    question = "By how much did it matter that Arlen dropped?"
    made = {pairs.reworded(question, tagger(question), random.Random(n), near) for n in range(20)}
    assert any(text and "Arlen fell" in text for text in made)
