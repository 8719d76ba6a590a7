"""Does a sentence answer a question: what is seen of it, and what is made of that.

The parser and the word statistics are real. Embeddings count words, so that cosines can be worked
out, and a reader says what it was told to; the tests that have the real ones say so.
"""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pytest

from assistant.config import Settings
from assistant.cross_encoder import PackagedReader, Reading, Sentence
from assistant.language import Language, Parsed
from assistant.pipeline import Assistant
from assistant.scorer import (
    AT_FIRST,
    CONFIDENCE,
    EMBEDDED,
    FAR,
    FEATURES,
    HEADS,
    PARSED,
    READ,
    SURE,
    THRESHOLD,
    FeatureScorer,
    Weights,
    confidence_row,
    is_turned,
    shipped,
)
from assistant.types import Candidate, Judgement
from index.embed import Embedder
from index.errors import ModelError
from index.lexical import LexicalIndex
from index.types import Hit, Span
from tests.assistant.making import sha256

if TYPE_CHECKING:
    from index.embed import Vectors

LANGUAGE = Language()
TITLE = "Report"


def bag_of_words(texts: Sequence[str]) -> Vectors:
    """Unit vectors of the words' counts."""
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in zip(vectors, texts, strict=True):
        for word in text.lower().split():
            row[crc32(word.strip(".,?!’").encode()) % 512] += 1
        row /= np.linalg.norm(row) or 1.0
    return vectors


def pool(
    *sentences: str, title: str = TITLE, path: str = "a.txt", rank: int = 0
) -> list[Candidate]:
    """Every sentence of a report, with all that stand before it."""
    lines = [title, *sentences]
    layer = "\n".join(lines)
    hit = Hit(path, sha256(layer), title, None, None, Span(0, len(layer)), layer, 1.0)
    found = []
    for lead, line in enumerate(lines):
        start = sum(len(other) + 1 for other in lines[:lead])
        after = lines[lead + 1] if lead + 1 < len(lines) else ""
        span = Span(start, start + len(line))
        before = tuple(lines[max(0, lead - 3) : lead])
        found.append(Candidate(hit, rank, span, line, before, after, lead))
    return found


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LexicalIndex]:
    """A corpus in which no word is rarer than another: it is empty."""
    index = LexicalIndex(tmp_path_factory.mktemp("words") / "lexical.sqlite3")
    yield index
    index.close()


@pytest.fixture(scope="module")
def scorer(words: LexicalIndex) -> FeatureScorer:
    """One without a reader."""
    return FeatureScorer(bag_of_words, words, LANGUAGE)


class Told:
    """A reader that says of a sentence what it was told to, and keeps what it has read."""

    def __init__(self, told: Mapping[str, Reading | float], other: float = -5.0) -> None:
        self.told, self.other = told, other
        self.questions: list[str] = []
        self.batches: list[Sequence[Sentence]] = []

    @property
    def sentences(self) -> list[Sentence]:
        return [sentence for batch in self.batches for sentence in batch]

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        self.questions.append(question)
        self.batches.append(sentences)
        found = [self.told.get(sentence.text, self.other) for sentence in sentences]
        return [each if isinstance(each, Reading) else Reading(each) for each in found]


def weighing(*names: str, confidence: Mapping[str, float] | None = None) -> Weights:
    """Weights that rank by these features, all alike."""
    return Weights(
        ranking={name: float(name in names) for name in FEATURES},
        confidence={name: (confidence or {}).get(name, 0.0) for name in CONFIDENCE},
        bias=0.0,
        threshold=0.5,
    )


def seen(
    scorer: FeatureScorer, question: str, *sentences: str, at: int = 1, title: str = TITLE
) -> dict[str, float]:
    """The features of the sentence at ``at`` of a report (0: its title)."""
    rows = {
        place: row for place, row, _ in scorer.features(question, pool(*sentences, title=title))
    }
    return rows[at]


# -- the kind of thing asked for -------------------------------------------------------------------

THERE, MISSING, NONE = (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)

KINDS: list[tuple[str, str, tuple[float, float]]] = [
    # --- who
    ("Who owns the trawler?", "The trawler belongs to Ada Byron.", THERE),
    ("Who owns the trawler?", "The trawler was painted blue.", MISSING),
    ("Who did Ada Byron meet?", "Ada Byron met Charles Babbage.", THERE),
    ("Who did Ada Byron meet?", "Ada Byron met the crew.", MISSING),
    ("Whose boat sank?", "The boat of Norway sank.", THERE),
    ("whom did the union elect", "The union elected Mary Shelley on Monday.", THERE),
    # --- when
    ("When did the ship sail?", "The ship sailed on Monday.", THERE),
    ("When did the ship sail?", "The ship sailed in 1931.", THERE),
    ("When did the ship sail?", "The ship sailed with a crew of ten.", MISSING),
    ("When on Monday did the ship sail?", "The ship sailed on Monday.", MISSING),
    ("In what year was the bridge built?", "The bridge was built in 1931.", THERE),
    ("In what year was the bridge built?", "The bridge was built of steel.", MISSING),
    ("What is the deadline?", "The papers are due on 30 June.", THERE),
    # --- where
    ("Where is the harbour?", "The harbour lies in Norway.", THERE),
    ("Where is the harbour?", "The harbour is deep.", MISSING),
    ("Where in Norway is the harbour?", "The harbour is in Bergen.", THERE),
    ("Where in Norway is the harbour?", "The harbour is in Norway.", MISSING),
    ("Which city hosts the fair?", "The fair is held in Paris.", THERE),
    ("Which country sent the ship?", "The ship was sent late.", MISSING),
    # --- how many
    ("How many ships sailed?", "Twelve ships sailed.", THERE),
    ("How many ships sailed?", "62 ships sailed.", THERE),
    ("How many ships sailed?", "Hundreds of ships sailed.", THERE),
    ("How many ships sailed?", "Several ships sailed.", MISSING),
    ("How many of the 62 ships sailed?", "Of the 62 ships, 14 sailed.", THERE),
    ("How many of the 62 ships sailed?", "The 62 ships sailed.", MISSING),
    ("What was the vote count?", "The council voted 31 to 19.", THERE),
    # --- how much
    ("How much did the bridge cost?", "The bridge cost 40 million euros.", THERE),
    ("How much did the bridge cost?", "The bridge cost €40.", THERE),
    ("How much did the bridge cost?", "The bridge cost too much.", MISSING),
    ("What is the price of bread?", "Bread costs five crowns.", THERE),
    ("What is the price of bread?", "Bread is dear.", MISSING),
    ("What is the fee?", "The fee is in dollars.", MISSING),
    # --- per cent
    ("What share of the vote did Elm get?", "Elm got 43 per cent of the vote.", THERE),
    ("What share of the vote did Elm get?", "Elm got 43% of the vote.", THERE),
    ("What share of the vote did Elm get?", "Elm got a third of the vote.", THERE),
    ("What share of the vote did Elm get?", "Elm got 43 of the votes.", MISSING),
    ("How effective is the vaccine?", "The vaccine prevents 81 per cent of cases.", THERE),
    # --- how long, how high
    ("How long did the strike last?", "The strike lasted nine days.", THERE),
    ("How long did the strike last?", "The strike lasted days.", MISSING),
    ("How long did the strike last?", "The strike ended on Monday.", MISSING),
    ("How high is the tower?", "The tower is 93 metres high.", THERE),
    ("How high is the tower?", "The tower is the highest in Elm.", MISSING),
    # --- why
    ("Why did the union strike?", "The union struck because wages fell.", THERE),
    ("Why did the union strike?", "The union struck in Paris.", MISSING),
    ("What caused the delay?", "The delay was due to fog.", THERE),
    ("What is the reason for the row?", "The row is over fish.", THERE),
    # --- no kind that could be told
    ("What does Elm want?", "Elm wants fish.", NONE),
    ("Does Elm want fish?", "Elm wants 40 fish on Monday.", NONE),
    ("How did Elm vote?", "Elm voted 31 to 19.", NONE),
]  # fmt: skip

UNKIND = [
    # The unit is in the question: what is new is the number.
    ("How many years did he serve?", "He served three years.", THERE),
    ("How many per cent of the vote did Elm get?", "Elm got 43 per cent of the vote.", THERE),
    ("How many dollars did the bridge cost?", "The bridge cost 40 dollars.", THERE),
    ("How old is the tower?", "The tower is 93 years old.", THERE),
    # Of two question words the first one asks.
    ("Who led Elm when the war began?", "Ada Byron led Elm.", THERE),
    ("What did the man who sold the boat want?", "He wanted a house.", NONE),
]


@pytest.mark.parametrize(("question", "sentence", "kind"), KINDS)
def test_the_kind_of_thing_asked_for(
    scorer: FeatureScorer, question: str, sentence: str, kind: tuple[float, float]
) -> None:
    row = seen(scorer, question, sentence)
    assert (row["kind_there"], row["kind_missing"]) == kind


@pytest.mark.parametrize(("question", "sentence", "kind"), UNKIND)
def test_the_kind_of_thing_asked_for_in_other_words(
    scorer: FeatureScorer, question: str, sentence: str, kind: tuple[float, float]
) -> None:
    row = seen(scorer, question, sentence)
    assert (row["kind_there"], row["kind_missing"]) == kind


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "sentence", "share"),
    [
        ("Who painted the trawler?", "A trawler was painted.", 1.0),  # in any form
        ("Who painted the trawler?", "A trawler sank.", 1 / 2),
        ("Who painted the trawler?", "Nobody knows.", 0.0),
        ("What did the commission decide about trawlers?", "The commission met.", 1 / 3),
        # Slips of the keyboard and lost accents are mended by what the candidates have.
        ("What did the comission decide?", "The commission decided.", 1.0),
        ("who is sorensen", "Then Sørensen came.", 1.0),
        ("What did the comission decide?", "The council decided.", 1 / 2),
        ("Who is Elms?", "Elm is here.", 1.0),
        ("What is a cat?", "The car is red.", 0.0),  # too short to be a slip
        # A question of function words alone asks for nothing.
        ("What is it?", "So it is.", 0.0),
    ],
)
def test_the_share_of_words(
    scorer: FeatureScorer, question: str, sentence: str, share: float
) -> None:
    assert seen(scorer, question, sentence)["words"] == pytest.approx(share)


def test_words_near_add_to_those_there(scorer: FeatureScorer) -> None:
    lines = ("The mayor spoke.", "A trawler sank.", "It was painted.", "The harbour froze.")
    row = seen(scorer, "Which painted trawler left the harbour?", *lines, at=3)
    # Of painted, trawler, left and harbour.
    assert (row["words"], row["words_near"]) == (pytest.approx(1 / 4), pytest.approx(2 / 4))
    assert row["words_rarest"] == 1.0
    by_title = seen(scorer, "Which trawler sank?", "It sank.", title="Trawler")
    assert (by_title["words"], by_title["words_near"]) == (pytest.approx(1 / 2),) * 2
    assert by_title["words_rarest"] == 0.0
    in_both = seen(scorer, "Which trawler sank?", "The trawler sank.", title="Trawler")
    assert (in_both["words"], in_both["words_near"]) == (1.0, 0.0)


def test_words_of_the_report_add_to_those_near(scorer: FeatureScorer) -> None:
    lines = ("A trawler sank.", "It rained.", "Fog came.", "The harbour froze.")
    question = "Which painted trawler left the harbour?"  # painted, trawler, left, harbour
    row = seen(scorer, question, *lines)
    assert (row["words"], row["words_near"]) == (pytest.approx(1 / 4), 0.0)
    assert row["words_report"] == pytest.approx(1 / 4)
    assert (row["words_rarest"], row["words_strange"]) == (1.0, 1.0)
    # What is near is no more of the report's, and what is there neither.
    last = seen(scorer, question, *lines, at=4)
    assert (last["words"], last["words_near"]) == (pytest.approx(1 / 4), 0.0)
    assert last["words_report"] == pytest.approx(1 / 4)
    near = seen(scorer, "Which trawler left the harbour?", *lines, at=3)
    assert (near["words"], near["words_near"]) == (0.0, pytest.approx(2 / 3))
    assert near["words_report"] == pytest.approx(0.0)
    # As far as it was found: without its last sentence the report knows no harbour.
    ((_, row, _),) = scorer.features(question, pool(*lines)[1:2])
    assert row["words_report"] == pytest.approx(0.0)
    # Another report's words are of no use.
    both = pool(*lines[:3]) + pool(*lines[3:], path="b.txt")
    rows = {place: row for place, row, _ in scorer.features(question, both)}
    assert rows[1]["words_report"] == pytest.approx(0.0)


def test_the_rarest_word_that_its_report_lacks(tmp_path: Path) -> None:
    words = LexicalIndex(tmp_path / "lexical.sqlite3")
    words.add(((1, n), "", "harbour" if n else "harbour trawler") for n in range(20))
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE)
    rarity = words.idf(["trawler", "harbour"])
    question, common = "Which trawler harbour?", rarity["harbour"] / rarity["trawler"]
    far = ("Ice came.", "It rained.", "Fog came.")
    row = seen(scorer, question, *far, "The trawler froze.")
    assert (row["words_rarest"], row["words_strange"]) == (1.0, pytest.approx(common))
    assert seen(scorer, question, *far)["words_strange"] == 1.0
    row = seen(scorer, question, *far, "The trawler left harbour.")
    assert (row["words_rarest"], row["words_strange"]) == (1.0, 0.0)
    words.close()


def test_rare_words_weigh_more(tmp_path: Path) -> None:
    words = LexicalIndex(tmp_path / "lexical.sqlite3")
    words.add(((1, n), "", "harbour" if n else "harbour trawler") for n in range(20))
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE)
    rare, common = (words.idf([word])[word] for word in ("trawler", "harbour"))
    assert rare > 10 * common
    row = seen(scorer, "Which trawler left harbour?", "The harbour froze.")
    left = words.idf(["left"])["left"]
    assert row["words"] == pytest.approx(common / (rare + common + left))
    assert row["words_rarest"] == 1.0  # nothing that was asked for is rarer than "left"
    words.close()


@pytest.mark.parametrize(
    ("question", "sentence", "share"),
    [
        ("What did Elm demand of Oak?", "Then Elm wrote to Oak.", 1.0),
        ("What did Elm demand of Oak?", "Then Elm wrote to Ash.", 1 / 2),
        # A name typed small is one where the candidates write it with a capital.
        ("what did elm demand of oak", "Then Elm wrote to Oak.", 1.0),
        ("what did elm demand of oak", "Then Elm wrote to Ash.", 1.0),  # only Elm is known for one
        ("what did elm demand of oak", "Here elm and oak grow.", 0.0),  # none is
        ("How many of the 62 ships sailed?", "All 62 sailed.", 1.0),
        ("who sailed?", "All sailed.", 0.0),
    ],
)
def test_the_share_of_names(
    scorer: FeatureScorer, question: str, sentence: str, share: float
) -> None:
    assert seen(scorer, question, sentence)["names"] == pytest.approx(share)


def test_names_near(scorer: FeatureScorer) -> None:
    row = seen(scorer, "What did Elm demand of Oak?", "Then Oak came.", "Yes, Elm came.", at=2)
    assert (row["names"], row["names_near"]) == (1 / 2, 1 / 2)


def test_pairs_of_words_that_are_neighbours(scorer: FeatureScorer) -> None:
    question = "How high is the harbour fee of Elm?"  # harbour fee, fee Elm, high harbour
    assert seen(scorer, question, "The harbour fee is high.")["pairs"] == pytest.approx(1 / 3)
    assert seen(scorer, question, "The fee for the harbour is high.")["pairs"] == 0.0


@pytest.mark.parametrize(
    ("question", "sentence", "there"),
    [
        ("Who sank the trawler?", "Fog sinks many.", 1.0),
        ("Who sank the trawler?", "The trawler left.", 0.0),
        ("", "The trawler left.", 0.0),
    ],
)
def test_the_question_s_verb(
    scorer: FeatureScorer, question: str, sentence: str, there: float
) -> None:
    assert seen(scorer, question, sentence)["predicate"] == there


# -- meaning ---------------------------------------------------------------------------------------


def test_cosines(scorer: FeatureScorer) -> None:
    question, lines = "Who sank the trawler?", ("The trawler left.", "Fog sank the trawler.")
    asked, title, first, second = bag_of_words([question, TITLE, *lines])
    row = seen(scorer, question, *lines)
    best = seen(scorer, question, *lines, at=2)
    assert row["cosine"] == pytest.approx(float(first @ asked))
    assert best["cosine"] == pytest.approx(float(second @ asked))
    # The best leads the next, the others stay behind the best.
    assert best["cosine"] > row["cosine"]
    assert best["cosine_lead"] == pytest.approx(best["cosine"] - row["cosine"])
    assert row["cosine_lead"] == pytest.approx(row["cosine"] - best["cosine"])
    assert best["cosine_before"] == row["cosine"]
    assert row["cosine_before"] == pytest.approx(float(title @ asked))


def test_the_only_candidate_leads_nobody(scorer: FeatureScorer) -> None:
    (only,) = pool()
    ((_, row, _),) = scorer.features("Report?", [only])
    assert (row["cosine_lead"], row["cosine_before"]) == (0.0, 0.0)


# -- what the reader says --------------------------------------------------------------------------

OWNER = "Who owns the trawler?"
BYRON = "The trawler belongs to Ada Byron."


def read(
    words: LexicalIndex, question: str, told: Mapping[str, Reading | float], at: int = 1
) -> dict[str, float]:
    """The features of one of the sentences that a reader was told of, as a report."""
    scorer = FeatureScorer(None, words, LANGUAGE, Told(told))
    return {place: row for place, row, _ in scorer.features(question, pool(*told))}[at]


def test_the_rest_is_read_only_where_none_of_the_first_is_sure(words: LexicalIndex) -> None:
    many = [f"The trawler {n} is of a kind." for n in range(READ)]

    def read_where(told: Mapping[str, Reading | float]) -> tuple[list[int], int]:
        reader = Told(told)
        rows = FeatureScorer(None, words, LANGUAGE, reader).features(OWNER, pool(*many)[1:])
        return [len(part) for part in reader.batches], len(rows)

    assert read_where({many[3]: SURE}) == ([AT_FIRST], PARSED)
    assert read_where({many[3]: SURE - 0.1}) == ([AT_FIRST, READ - AT_FIRST], PARSED)
    # What would be sure, but was not promising enough to be read at first.
    assert read_where({many[-1]: SURE}) == ([AT_FIRST, READ - AT_FIRST], PARSED)


def test_what_asks_in_other_words_is_read_for_the_vectors_of_its_words(
    words: LexicalIndex,
) -> None:
    many = [f"The trawler {n} is of a kind." for n in range(READ + 5)]
    other = "A vessel is in the possession of Ada Byron."
    candidates = [*pool(*many), *pool(other, title="Vessels", path="b.txt", rank=30)]

    def read_with(*near: str) -> list[str]:
        def by_words(texts: Sequence[str]) -> Any:
            return np.eye(2, dtype=np.float32)[[int(t not in (OWNER, *near)) for t in texts]]

        told = Told({})
        scorer = FeatureScorer(None, words, LANGUAGE, told, by_words=by_words if near else None)
        scorer.features(OWNER, candidates)
        assert len(told.sentences) == READ
        return [sentence.text for sentence in told.sentences]

    assert other not in read_with()
    assert read_with(other)[0] == other
    # A title's likeness counts less than words in common do, and more than nothing.
    assert other not in read_with("Vessels")
    candidates = [*pool(*["Fog came."] * READ, title="Fog"), *candidates[-1:]]
    assert read_with("Nothing")[-1] == "Fog came."
    assert read_with("Vessels")[0] == other


def test_what_its_passage_makes_of_a_sentence_decides_what_is_read(words: LexicalIndex) -> None:
    many = [f"The trawler {n} is of a kind." for n in range(READ + 5)]
    lines = [*many, "It is hers."]
    directions = np.eye(2, dtype=np.float32)

    def read_with(*near: str, without: str = "") -> list[str]:
        told = Told({})
        candidates = [
            replace(c, vector=directions[int(c.text not in near)]) if c.text != without else c
            for c in pool(*lines)
        ]
        asking = FeatureScorer(lambda texts: directions[[0] * len(texts)], words, LANGUAGE, told)
        asking.features(OWNER, candidates)
        return [sentence.text for sentence in told.sentences]

    assert "It is hers." not in read_with()
    assert read_with("It is hers.")[0] == "It is hers."
    # One without a vector would be behind those that have one: then none counts.
    assert read_with("It is hers.", without=many[7]) == read_with()


@pytest.mark.parametrize(("best", "share"), [(-9.0, 1.0), (0.0, 0.5), (2.0, 0.119), (9.0, 0.0)])
def test_what_its_passage_makes_of_it_ranks_a_sentence_as_far_as_the_reader_is_unsure(
    words: LexicalIndex, best: float, share: float
) -> None:
    near = {"It is hers.": 0.75, "Fog came.": 0.5}
    candidates = [
        replace(c, vector=np.array([near.get(c.text, 0.25), 0.0], dtype=np.float32))
        for c in pool(*near)
    ]
    asking = np.array([[1.0, 0.0]], dtype=np.float32)
    reader = Told({"Fog came.": best, "It is hers.": best - 1.0}, best - 2.0)
    scorer = FeatureScorer(lambda texts: asking[[0] * len(texts)], words, LANGUAGE, reader)
    rows = {place: row["meaning"] for place, row, _ in scorer.features(OWNER, candidates)}
    # A quarter of a cosine apart, by which much they often are, is as much as a share of one.
    assert rows[1] - rows[2] == pytest.approx(share, abs=1e-3)
    assert rows[2] == pytest.approx(2 * share, abs=2e-3)


def test_of_sentences_without_vectors_no_meaning_is_weighed(words: LexicalIndex) -> None:
    assert read(words, OWNER, {BYRON: -3.0})["meaning"] == 0.0


@pytest.mark.parametrize(
    ("score", "feature"),
    [(0.0, 0.0), (2.0, 0.5), (-2.0, -0.5), (12.0, 3.0), (99.0, 3.0), (-99.0, -3.0)],
)
def test_its_score_is_bounded(words: LexicalIndex, score: float, feature: float) -> None:
    row = read(words, OWNER, {BYRON: score})
    assert row["read"] == feature
    # The title is read, too, as something else.
    assert row["read_lead"] == feature - -5.0 / 4
    assert (row["read_span"], row["answer_known"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("odds", "feature"), [(0.0, 0.0), (8.0, 1.0), (-8.0, -1.0), (99.0, 3.0), (-99.0, -3.0)]
)
def test_the_odds_of_its_words_are_bounded(
    words: LexicalIndex, odds: float, feature: float
) -> None:
    row = read(words, OWNER, {BYRON: Reading(1.0, odds, "Ada Byron")})
    assert row["read_span"] == feature


def test_the_best_leads_all_that_were_read(words: LexicalIndex) -> None:
    def leads(told: Mapping[str, float]) -> dict[int, float]:
        scorer = FeatureScorer(None, words, LANGUAGE, Told(told))
        rows = scorer.features("Which trawler sank?", pool(*told)[1:])
        return {place: row["read_lead"] for place, row, _ in rows}

    # Those beyond the bound are alike.
    sure = leads({f"Trawler {n} sank.": n + 12.0 for n in range(AT_FIRST)})
    assert sure == dict.fromkeys(range(AT_FIRST), 0.0)
    # Only the best are left; they are compared with all the same.
    low = leads({f"Trawler {n} sank.": n / 4 - 9.0 for n in range(READ)})
    assert sorted(low) == list(range(READ - PARSED, READ))
    assert low[READ - 1] == pytest.approx(1 / 16)
    assert low[READ - 3] == pytest.approx(-2 / 16)


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("Ada Byron", 0.0),
        ("The trawler", 1.0),
        ("the trawlers", 1.0),
        ("Ada Byron, the trawler", pytest.approx(1 / 3)),
        ("the", 0.0),
        ("—", 0.0),
        ("", 0.0),
    ],
)
def test_whether_its_words_stand_in_the_question(
    words: LexicalIndex, answer: str, share: float
) -> None:
    row = read(words, OWNER, {"The trawlers belong to Ada Byron.": Reading(1.0, 1.0, answer)})
    assert row["answer_known"] == share


@pytest.mark.parametrize(("answer", "share"), [("on Monday", 0.0), ("Ash", 0.5), ("", 0.0)])
def test_whether_the_time_that_is_asked_for_was_read(
    words: LexicalIndex, answer: str, share: float
) -> None:
    said = "Ash resigned on Monday."
    row = read(words, "When did Ash resign?", {said: Reading(1.0, 1.0, answer)})
    assert row["unfilled"] == share


@pytest.mark.parametrize(("answer", "another"), [("seven", 1.0), ("Elm", 0.0), ("", 0.0)])
def test_whether_the_number_read_counts_what_is_asked_for(
    words: LexicalIndex, answer: str, another: float
) -> None:
    said = "Elm seized seven speed boats."
    row = read(words, "How many sailors had the boats?", {said: Reading(1.0, 1.0, answer)})
    assert row["counts_another"] == another


@pytest.mark.parametrize(
    "question", ["Did Ash or Elm buy it?", "Did Ash buy it?", "Who, Ash or Elm?"]
)
def test_words_that_an_answer_must_repeat(words: LexicalIndex, question: str) -> None:
    row = read(words, question, {"Ash bought it.": Reading(1.0, 1.0, "Ash")})
    assert row["answer_known"] == 0.0


def test_what_is_read(words: LexicalIndex) -> None:
    lines = ("A trawler sank.", "It was painted.")
    told = Told({})
    FeatureScorer(None, words, LANGUAGE, told).features(OWNER, pool(*lines, title="Trawler"))
    assert told.questions == [OWNER]
    assert set(told.sentences) == {
        # A headline is the title: told twice, it would seem to confirm itself.
        Sentence("Trawler", "", ""),
        Sentence("A trawler sank.", "Trawler", "Trawler"),
        Sentence("It was painted.", "Trawler", "A trawler sank."),
    }
    assert len(told.sentences) == 3


TWINS = (
    "The trawler of Ada was painted, not that of Bob.",
    "The trawler of Bob was painted, not that of Ada.",
)


@pytest.mark.parametrize("liked", [0, 1])
@pytest.mark.parametrize("weights", [weighing("read"), weighing("read_lead"), None])
def test_of_two_with_the_same_words_the_reader_chooses(
    words: LexicalIndex, liked: int, weights: Weights | None
) -> None:
    told = {TWINS[liked]: Reading(4.0, 6.0, "Ada"), TWINS[1 - liked]: Reading(-2.0, -4.0, "Bob")}
    # Each in a report of its own, of one rank: nothing else tells them apart.
    candidates = [pool(text, path=f"{n}.txt")[1] for n, text in enumerate(TWINS)]
    scorer = FeatureScorer(None, words, LANGUAGE, Told(told), weights)
    judgements = scorer.judge("Whose trawler was painted?", candidates)
    assert judgements[liked].probability >= judgements[1 - liked].probability
    ranking = (weights or shipped()).ranking
    rows = {
        place: row for place, row, _ in scorer.features("Whose trawler was painted?", candidates)
    }
    odds = {
        place: sum(ranking[name] * value for name, value in row.items())
        for place, row in rows.items()
    }
    assert odds[liked] > odds[1 - liked]
    # Without a reader they are the same, but for the kind of thing that a name is.
    plainly = FeatureScorer(None, words, LANGUAGE).features("Was a trawler painted?", candidates)
    assert plainly[0][1] == plainly[1][1]


def test_the_reader_lifts_what_has_few_of_the_words(words: LexicalIndex) -> None:
    """Among those read its word counts more than that the question is repeated."""
    lines = [f"Who owns trawler {n} is not known." for n in range(PARSED + 5)]
    told = {**dict.fromkeys(lines, -4.0), "It is Ada Byron’s.": 5.0}
    weights = weighing("read", "words", confidence={"odds": 1.0})
    candidates = pool(*told)
    judgements = FeatureScorer(None, words, LANGUAGE, Told(told), weights).judge(OWNER, candidates)
    best = max(range(len(candidates)), key=lambda n: judgements[n].probability)
    assert candidates[best].text == "It is Ada Byron’s."
    # By words alone it is not even looked at.
    rows = FeatureScorer(None, words, LANGUAGE).features(OWNER, candidates)
    assert best not in {place for place, _, _ in rows}


def test_what_is_far_behind_the_best_is_not_parsed(
    words: LexicalIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what tells whom it means; and nothing else is told of it than that."""
    parsed: list[str] = []
    language = Language()
    parse = language.parse

    def noting(texts: Sequence[str], *, names: bool = True) -> list[Parsed]:
        parsed.extend(texts)
        return parse(texts, names=names)

    monkeypatch.setattr(language, "parse", noting)
    near, far = "Elm wants fish from Ash.", "Ash wants it from Elm."
    candidates = [pool(text, path=f"{n}.txt")[1] for n, text in enumerate((near, far))]

    def ways(score: float, best: float = 4.0) -> list[tuple[float, float, float]]:
        parsed.clear()
        told = Told({near: best, far: score})
        scorer = FeatureScorer(None, words, language, told)
        rows = {
            place: r for place, r, _ in scorer.features("What does Elm want from Ash?", candidates)
        }
        return [
            (rows[n]["same_way"], rows[n]["reversed"], rows[n]["party_unknown"]) for n in (0, 1)
        ]

    found, turned = ways(4.0 - FAR)
    assert found[0] > 0.5 < turned[1]
    assert far in parsed
    assert ways(4.0 - FAR - 0.1) == [found, (0.0, 0.0, 1.0)]
    assert near in parsed
    assert far not in parsed
    # What is read as an answer is no answer where it says it the other way round.
    assert ways(0.0, best=FAR + 2.0) == [found, turned]
    assert ways(-0.1, best=FAR + 2.0) == [found, (0.0, 0.0, 1.0)]


@pytest.mark.parametrize(
    ("reads", "question", "wanted"),
    [
        (True, "Where is the harbour?", False),
        (True, "Who said that the harbour is full?", True),
        (False, "Where is the harbour?", True),
        (False, "Is the harbour full?", False),
    ],
)
def test_names_are_looked_for_where_they_count(
    words: LexicalIndex,
    monkeypatch: pytest.MonkeyPatch,
    reads: bool,
    question: str,
    wanted: bool,
) -> None:
    language, asked = Language(), []
    parse = language.parse

    def noting(texts: Sequence[str], *, names: bool = True) -> list[Parsed]:
        asked.append(names)
        return parse(texts, names=names)

    monkeypatch.setattr(language, "parse", noting)
    told = "The harbour is in Norway."
    scorer = FeatureScorer(None, words, language, Told({told: 3.0}) if reads else None)
    rows = {place: row for place, row, _ in scorer.features(question, pool(told))}
    # A question is always parsed with its names.
    assert asked == [True, wanted]
    assert (rows[1]["kind_there"], rows[1]["kind_missing"]) == (float(wanted and not reads), 0.0)


def test_with_a_reader_sentences_need_no_embedding(words: LexicalIndex) -> None:
    rows = FeatureScorer(None, words, LANGUAGE, Told({BYRON: 3.0})).features(OWNER, pool(BYRON))
    for _, row, _ in rows:
        assert (row["cosine"], row["cosine_lead"], row["cosine_before"]) == (0.0, 0.0, 0.0)
    # Nor does it cost one where both are there.
    counting = Counting()
    both = FeatureScorer(counting.encode, words, LANGUAGE, Told({BYRON: 3.0}))
    row = {place: row for place, row, _ in both.features(OWNER, pool(BYRON))}[1]
    assert (row["read"], row["cosine"], counting.encoded) == (0.75, 0.0, [])


@pytest.mark.parametrize("setting", [None, "none"])
def test_an_assistant_embeds_few_sentences(
    seeds: Assistant, monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    encoded: list[str] = []
    encode = Embedder.encode

    def watched(self: Embedder, texts: Sequence[str]) -> Vectors:
        encoded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(Embedder, "encode", watched)
    settings = Settings(cross_encoder=setting)
    with Assistant.open(seeds.corpus, seeds.index.path, settings) as assistant:
        assistant.answer(OWNER)
    asked, *sentences = [text for text in encoded if text != "Is anybody there?"]
    assert asked == OWNER
    (file,) = seeds.corpus.iterdir()
    layer = file.read_text("utf-8")
    assert sentences == [] if setting is None else 0 < len(sentences) <= EMBEDDED
    assert [text for text in sentences if text not in layer] == []


def test_a_reader_that_fails_is_no_abstention(words: LexicalIndex) -> None:
    damaged = PackagedReader(Path("/no/such/folder"))
    with pytest.raises(ModelError, match="The evidence model in /no/such/folder can't be loaded"):
        FeatureScorer(None, words, LANGUAGE, damaged).judge(OWNER, pool(BYRON))
    # With nothing to read it is not asked.
    assert FeatureScorer(None, words, LANGUAGE, damaged).judge(OWNER, []) == []


def test_with_the_real_reader(words: LexicalIndex) -> None:
    scorer = FeatureScorer(None, words, LANGUAGE, PackagedReader())
    candidates = pool("Kites are flown at the beach.", "The boat’s proprietor is Ada Byron.")
    rows = {place: row for place, row, _ in scorer.features("Who owns the boat?", candidates)}
    assert rows[2]["read_lead"] > 0
    assert rows[1]["read_lead"] < 0
    assert rows[2]["answer_known"] == 0.0
    judgements = scorer.judge("Who owns the boat?", candidates)
    assert judgements[2].probability > max(j.probability for j in judgements[:2])


# -- form ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feature", "sentences", "at", "value"),
    [
        ("headline", ["Elm signs."], 0, 1.0),
        ("headline", ["Elm signs."], 1, 0.0),
        ("dateline", ["Tarn Quay, 3 May, by Ada"], 1, 1.0),
        ("dateline", ["Elm signs.", "Tarn Quay, 3 May, by Ada"], 2, 0.0),
        ("dateline", ["one two three four five six seven eight nine ten eleven twelve more"], 1, 0.0),
        ("question", ["Will Elm sign?"], 1, 1.0),
        ("question", ["He asked: “Will Elm sign?”"], 1, 1.0),
        ("question", ["Elm will sign."], 1, 0.0),
        ("short", ["Elm signs a treaty."], 1, 1.0),
        ("short", ["Elm signs a treaty with Oak."], 1, 0.0),
        ("long", ["word " * 30], 1, 0.0),
        ("long", ["word " * 60], 1, math.log(2)),
        ("led_by_pronoun", ["It signs."], 1, 1.0),
        ("led_by_pronoun", ["“They sign.”"], 1, 1.0),
        ("led_by_pronoun", ["Item one."], 1, 0.0),
        ("new_words", ["Elm signs a treaty."], 1, math.log1p(2) / 3),
        ("new_words", ["Elm wants."], 1, 0.0),
    ],
)  # fmt: skip
def test_the_form_of_a_sentence(
    scorer: FeatureScorer, feature: str, sentences: list[str], at: int, value: float
) -> None:
    row = seen(scorer, "What does Elm want?", *sentences, at=at)
    assert row[feature] == pytest.approx(value)


def test_the_rank_of_its_passage(scorer: FeatureScorer) -> None:
    ((_, row, _),) = scorer.features("Elm?", pool("Elm signs.", rank=3)[1:])
    assert row["rank"] == 1 / 4


@pytest.mark.parametrize(
    ("question", "sentence", "says"),
    [
        ("Who said the fee is fair?", "The fee is fair, the mayor said.", 1.0),
        ("Who warned of fog?", "The mayor said there would be fog.", 1.0),
        ("According to whom is the fee fair?", "The fee is fair, the mayor said.", 1.0),
        ("Who said the fee is fair?", "The fee is fair.", 0.0),
        ("Who paid the fee?", "The fee was paid, the mayor said.", 0.0),
        ("Who claimed the vote was rigged?", "The vote was rigged, the mayor said.", 1.0),
        ("Who claimed responsibility?", "It was a bomb, the mayor said.", 0.0),
    ],
)
def test_somebody_is_quoted_and_asked_for(
    scorer: FeatureScorer, question: str, sentence: str, says: float
) -> None:
    assert seen(scorer, question, sentence)["says"] == says


# -- who does what to whom -------------------------------------------------------------------------

FRANCE = "France expects Italy to close its ports to the fleet."
OF_ITALY = "What does France expect from Italy?"
OF_FRANCE = "What does Italy expect from France?"
WAYS = ("same_way", "reversed", "party_unknown", "other_party", "another")


@pytest.mark.parametrize(
    ("question", "sentence", "ways"),
    [
        (OF_ITALY, FRANCE, ("+", 0, 0, 0, 0)),
        (OF_FRANCE, FRANCE, (0, "+", 0, 0, 0)),
        ("what does italy expect from france", FRANCE, (0, "+", 0, 0, 0)),
        (OF_ITALY, "The fleet lies at anchor.", (0, 0, 1, 0, 0)),
        (OF_ITALY, "Spain expects Malta to close its ports to the fleet.", (0, 0, 1, 1, 1)),
        ("How high is the tower?", FRANCE, (0, 0, 0, 0, 0)),
    ],
)
def test_who_does_what_to_whom(
    scorer: FeatureScorer, question: str, sentence: str, ways: Sequence[Any]
) -> None:
    row = seen(scorer, question, sentence)
    found = [row[way] for way in WAYS]
    assert all(0 <= strength <= 1 for strength in found)
    assert ["+" if way == "+" and strength else strength for way, strength in zip(ways, found, strict=True)] == list(ways)  # fmt: skip


def test_judgements_say_which_way_and_why(scorer: FeatureScorer) -> None:
    candidates = pool(FRANCE)[1:]
    (there,), (back,) = (scorer.judge(q, candidates) for q in (OF_ITALY, OF_FRANCE))
    assert (there.direction, back.direction) == ("same", "reversed")
    assert there.reason
    assert back.reason
    assert there.reason != back.reason
    assert there.probability > 3 * back.probability


def test_a_party_is_known_by_what_the_report_calls_it(scorer: FeatureScorer) -> None:
    lines = (
        "The Federation of Dock Workers met the Tidewell Company.",
        "The federation wants the company to hire 200 people.",
    )
    question = "What does the Federation of Dock Workers want from the Tidewell Company?"
    assert seen(scorer, question, *lines, at=2)["same_way"] > 0
    back = "What does the Tidewell Company want from the Federation of Dock Workers?"
    assert seen(scorer, back, *lines, at=2)["reversed"] > 0


# -- judgements ------------------------------------------------------------------------------------

LINES = (
    "Ada Byron owns the trawler, the port of Elm said on Monday.",
    "The trawler was painted blue in May.",
    "Nobody knows why.",
    "Charles Babbage owns a house.",
    "Who owns the house?",
    "The trawler, which Ada Byron bought in 1931, sank.",
    "Elm expects Oak to raise it.",
    "Oak expects Elm to pay for it.",
)
QUESTIONS = (
    "Who owns the trawler?",
    "What does Elm expect from Oak?",
    "when did the trawler sink",
    "What is the price of gold?",
    "why",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_judgements_are_probabilities_in_the_order_of_the_ranking(
    scorer: FeatureScorer, question: str
) -> None:
    candidates = pool(*LINES)
    judgements = scorer.judge(question, candidates)
    assert len(judgements) == len(candidates)
    assert all(0 <= judgement.probability <= 1 for judgement in judgements)
    ranking = shipped(reads=False).ranking
    odds = {
        place: sum(ranking[name] * value for name, value in row.items())
        for place, row, _ in scorer.features(question, candidates)
    }
    ordered = [judgements[place].probability for place in sorted(odds, key=lambda p: -odds[p])]
    assert ordered == sorted(ordered, reverse=True)
    for place, row, found in scorer.features(question, candidates):
        assert tuple(row) == FEATURES
        assert all(math.isfinite(value) for value in row.values())
        assert judgements[place].direction == found.verdict.value
        assert judgements[place].reason == found.reason


def test_the_best_is_the_answer(scorer: FeatureScorer) -> None:
    candidates = pool(*LINES)
    for question, line in (("Who owns the trawler?", 0), ("What does Elm expect from Oak?", 6)):
        judgements = scorer.judge(question, candidates)
        best = max(range(len(candidates)), key=lambda n: judgements[n].probability)
        assert candidates[best].text == LINES[line]


def test_the_probability_is_what_the_weights_make_of_the_features(words: LexicalIndex) -> None:
    weights = replace(weighing("words", confidence={"odds": 2.0}), bias=-1.0)
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE, weights=weights)
    judgements = scorer.judge(
        "Who painted the trawler?", pool("A trawler was painted.", "A trawler.")
    )
    half, one = 1 / (1 + math.exp(0.0)), 1 / (1 + math.exp(-1.0))
    assert [j.probability for j in judgements] == pytest.approx([1 / (1 + math.e), one, half])


def test_a_later_one_is_never_more_probable(words: LexicalIndex) -> None:
    weights = weighing("words", confidence={"words": -9.0})
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE, weights=weights)
    judgements = scorer.judge(
        "Who painted the trawler?", pool("A trawler was painted.", "A trawler.")
    )
    lowest = 1 / (1 + math.exp(9.0))
    assert [j.probability for j in judgements] == pytest.approx([lowest] * 3)


def test_a_judgement_has_the_odds_that_rank_it(words: LexicalIndex) -> None:
    weights = weighing("words", confidence={"words": -9.0})
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE, weights=weights)
    candidates = pool("A trawler was painted.", "A trawler.")
    judgements = scorer.judge("Who painted the trawler?", candidates)
    rows = {n: row for n, row, _ in scorer.features("Who painted the trawler?", candidates)}
    assert [j.odds for j in judgements] == [rows[n]["words"] for n in range(len(candidates))]


def test_no_candidates_no_judgements(scorer: FeatureScorer) -> None:
    assert scorer.judge("Who?", []) == []
    assert scorer.features("Who?", []) == []


@pytest.mark.parametrize("question", ["", " ", "?!", "…", "🦊", "42", "\u0301", "A" * 3000])
def test_questions_that_ask_nothing(scorer: FeatureScorer, question: str) -> None:
    judgements = scorer.judge(question, pool(*LINES, "…", "🦊 — ?!"))
    bar = shipped(reads=False).threshold
    assert all(0 <= judgement.probability < bar for judgement in judgements)


def test_a_question_of_function_words_is_judged_all_the_same(scorer: FeatureScorer) -> None:
    judgements = scorer.judge("the of", pool(*LINES))
    assert all(0 <= judgement.probability <= 1 for judgement in judgements)


def test_the_same_twice(words: LexicalIndex) -> None:
    candidates = pool(*LINES)
    once = FeatureScorer(bag_of_words, words, LANGUAGE)
    fresh = FeatureScorer(bag_of_words, words, Language())
    for question in QUESTIONS:
        first = once.judge(question, candidates)
        assert once.judge(question, candidates) == first
        assert fresh.judge(question, candidates) == first


def test_with_the_real_embedding(words: LexicalIndex, embedder: Embedder) -> None:
    scorer = FeatureScorer(embedder.encode, words, LANGUAGE)
    candidates = pool("Kites are flown at the beach.", "The vessel’s proprietor is Ada Byron.")
    judgements = scorer.judge("Who owns the boat?", candidates)
    assert judgements[2].probability > max(j.probability for j in judgements[:2])


# -- what it costs ---------------------------------------------------------------------------------


class Counting:
    """Encodes and parses, and counts what."""

    def __init__(self) -> None:
        self.told = Told({})
        self.encoded: list[str] = []
        self.parsed: list[str] = []
        self.batches = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return bag_of_words(texts)

    def parse(self, texts: Sequence[str], *, names: bool = True) -> list[Parsed]:
        self.parsed += texts
        self.batches += 1
        return LANGUAGE.parse(texts, names=names)

    def parse_question(self, question: str, names: Collection[str] = ()) -> Parsed:
        return LANGUAGE.parse_question(question, names)


def many(reports: int, sentences: int) -> list[Candidate]:
    found = []
    for report in range(reports):
        lines = [f"Elm {n} expects its ship {report} to pay." for n in range(sentences)]
        found += pool(*lines, title=f"Report {report}", path=f"{report}.txt", rank=report)
    return found


@pytest.mark.parametrize(
    ("question", "context"),
    [
        ("Where is ship 7 of Elm?", 0),
        # With the relation asked for: titles, two sentences before, and the heads of a few.
        ("What does Elm expect from ship 7?", PARSED * 3 + HEADS * 5),
    ],
)
@pytest.mark.parametrize("reports", [3, 25, 50])
@pytest.mark.parametrize("reads", [False, True])
def test_the_cost_does_not_grow_with_the_candidates(
    words: LexicalIndex, question: str, context: int, reports: int, reads: bool
) -> None:
    counting = Counting()
    language: Any = counting
    told = counting.told if reads else None
    scorer = FeatureScorer(counting.encode, words, language, told)
    candidates = many(reports, 19)
    assert len(candidates) == 20 * reports
    judgements = scorer.judge(question, candidates)
    if reads:
        assert (len(counting.told.sentences), counting.told.questions) == (READ, [question] * 2)
    else:
        assert counting.told.questions == []
    assert len(counting.encoded) == (0 if reads else 1 + EMBEDDED)
    assert counting.encoded[:1] == ([] if reads else [question])
    assert counting.batches == 1
    assert PARSED <= len(set(counting.parsed)) == len(counting.parsed) <= PARSED + context
    assert sum(judgement.probability > 0 for judgement in judgements) == PARSED
    assert judgements.count(Judgement(0.0)) == len(candidates) - PARSED


def test_threads_share_a_scorer(words: LexicalIndex) -> None:
    candidates = pool(*LINES)
    questions = [f"{question} {n}" for question in QUESTIONS for n in range(3)]
    alone = FeatureScorer(bag_of_words, words, LANGUAGE)
    expected = [alone.judge(question, candidates) for question in questions]
    at_once = threading.Barrier(4)

    def slow(texts: Sequence[str]) -> Vectors:
        time.sleep(0.002)
        return bag_of_words(texts)

    shared = FeatureScorer(slow, words, LANGUAGE)

    def work(turn: int) -> list[list[Judgement]]:
        at_once.wait(timeout=60)
        order = questions[turn:] + questions[:turn]
        by_question = {question: shared.judge(question, candidates) for question in order}
        return [by_question[question] for question in questions]

    with ThreadPoolExecutor(4) as threads:
        for found in threads.map(work, range(4)):
            assert found == expected


# -- confidence ------------------------------------------------------------------------------------


def a_row(**values: float) -> dict[str, float]:
    return {**dict.fromkeys(FEATURES, 0.0), **values}


def test_confidence_by_hand() -> None:
    rows = [
        a_row(words=0.5, words_near=0.25, names=0.5, names_near=0.5, cosine=0.625, predicate=1.0,
              kind_there=1.0, new_words=0.75, party_unknown=1.0, says=1.0, read=0.75,
              read_span=0.5, answer_known=0.25, words_report=0.125),
        a_row(words=0.125, words_near=0.125, cosine=0.125, kind_missing=1.0, other_party=1.0,
              counts_another=1.0, unfilled=0.5, read=-0.25),
    ]  # fmt: skip
    assert confidence_row(rows, [2.0, 0.5], 0) == {
        "read": 0.75,
        "read_span": 0.5,
        "answer_known": 0.25,
        "words": 0.5,
        "words_all": 0.75,
        "words_report": 0.125,
        "names_all": 1.0,
        "cosine": 0.625,
        "cosine_far": 0.0,
        "predicate": 1.0,
        "kind_there": 1.0,
        "kind_missing": 0.0,
        "counts_another": 0.0,
        "unfilled": 0.0,
        "same_way": 0.0,
        "party_unknown": 1.0,
        "other_party": 0.0,
        "another": 0.0,
        "turned": 0.0,
        "says": 1.0,
        "new_words": 0.75,
        "odds": 2.0,
        "gap": 1.5,
    }
    second = confidence_row(rows, [2.0, 0.5], 1)
    assert tuple(second) == CONFIDENCE
    assert (second["cosine_far"], second["unfilled"]) == (pytest.approx(0.175), 0.5)
    assert [second[name] for name in ("kind_missing", "counts_another", "other_party")] == [1.0] * 3
    # Nothing ranks below it: that another is better does not make it worse.
    assert (second["odds"], second["gap"]) == (0.5, 3.0)
    assert second["read"] == -0.25


@pytest.mark.parametrize(
    ("odds", "gap"),
    [([1.0], 3.0), ([9.0, 1.0], 3.0), ([1.0, 9.0], 3.0), ([1.0, 9.0, 0.5], 0.5), ([1.0, 1.0], 0.0)],
)
def test_the_gap_to_the_best_that_ranks_below(odds: list[float], gap: float) -> None:
    assert confidence_row([a_row()] * len(odds), odds, 0)["gap"] == gap


@pytest.mark.parametrize(
    ("same", "other", "turned"),
    [
        (0.0, 1.5, 1.0),  # another says it the other way round, about as well
        (0.0, 0.0, 0.0),  # … much worse
        (0.9, 1.5, 0.0),  # this one says it the right way
        (0.8, 1.5, 0.0),  # … hardly less clearly
        (0.5, 1.5, 1.0),  # … but far less clearly
    ],
)
def test_another_sentence_says_it_the_other_way_round(
    same: float, other: float, turned: float
) -> None:
    rows = [a_row(same_way=same), a_row(reversed=0.9), a_row()]
    assert [is_turned(row) for row in rows] == [False, True, False]
    found = confidence_row(rows, [1.5, other, 1.0], 0)
    assert found["turned"] == turned
    assert found["gap"] == 0.5  # the turned one is no rival


def test_a_turned_one_is_turned_itself() -> None:
    assert confidence_row([a_row(reversed=0.9)], [1.0], 0)["turned"] == 1.0


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [True, False])
def test_the_shipped_weights_are_of_these_features(reads: bool) -> None:
    weights = Weights.load(reads)
    assert weights == shipped(reads)
    assert tuple(weights.ranking) == FEATURES
    assert tuple(weights.confidence) == CONFIDENCE
    assert 0 < weights.threshold < 1
    assert weights.ranking["reversed"] < 0 < weights.ranking["same_way"]


def test_the_reader_s_weights_are_shipped_first() -> None:
    assert shipped() == shipped(reads=True) != shipped(reads=False)
    assert shipped().threshold == THRESHOLD


# What a scorer without a reader never sees must not count: it would be as if it were 0.
READING = ("read", "read_lead", "read_span", "answer_known", "counts_another")


def test_weights_of_what_is_not_seen_are_nothing() -> None:
    weights = shipped(reads=False)
    both = {**weights.confidence, **weights.ranking}
    assert {name: both[name] for name in READING if both[name]} == {}


def test_the_shipped_weights_listen_to_the_reader() -> None:
    ranking = shipped().ranking
    assert ranking["read"] + ranking["read_lead"] > 0
    assert shipped().confidence["read"] > 0


def test_a_scorer_takes_the_weights_that_it_can_use(words: LexicalIndex) -> None:
    candidates = pool(*LINES)
    for scorer, weights in (
        (FeatureScorer(bag_of_words, words, LANGUAGE), shipped(reads=False)),
        (FeatureScorer(None, words, LANGUAGE, Told({LINES[0]: 4.0})), shipped(reads=True)),
    ):
        finalists = scorer.features(OWNER, candidates)
        rows = [row for _, row, _ in finalists]
        odds = [sum(weights.ranking[k] * v for k, v in row.items()) for row in rows]
        best = max(range(len(rows)), key=lambda n: odds[n])
        sure = confidence_row(rows, odds, best)
        total = weights.bias + sum(weights.confidence[k] * v for k, v in sure.items())
        judgements = scorer.judge(OWNER, candidates)
        found = judgements[finalists[best][0]].probability
        assert found == pytest.approx(1 / (1 + math.exp(-total)))


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("table", ["ranking", "confidence"])
@pytest.mark.parametrize("change", ["fewer", "more", "another order", "another name"])
def test_weights_of_other_features_are_refused(
    tmp_path: Path, reads: bool, table: str, change: str
) -> None:
    own = weighing("words")
    values: dict[str, Any] = {
        "ranking": dict(own.ranking),
        "confidence": dict(own.confidence),
        "bias": 0.0,
        "threshold": 0.5,
    }
    path = tmp_path / "scorer.json"
    key, other = ("read", "embedded") if reads else ("embedded", "read")

    def write() -> None:
        path.write_text(json.dumps({other: {}, key: values}), "utf-8")

    write()
    # The other scorer's weights are not looked at.
    assert Weights.load(reads, path) == own
    items = list(values[table].items())
    values[table] = dict(
        {
            "fewer": items[:-1],
            "more": [*items, ("more", 1.0)],
            "another order": items[::-1],
            "another name": [*items[:-1], ("more", 1.0)],
        }[change]
    )
    write()
    with pytest.raises(ValueError, match=r"scorer\.json was fitted with other features"):
        Weights.load(reads, path)
