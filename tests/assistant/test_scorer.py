"""Does a sentence answer a question: what is seen of it, and what is made of that.

The parser and the word statistics are real. Embeddings count words, so that cosines can be worked
out; one test has the real ones.
"""

# A table reads by the line.
# ruff: noqa: E501

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import pytest

from assistant.language import Language, Parsed
from assistant.scorer import (
    CONFIDENCE,
    EMBEDDED,
    FEATURES,
    HEADS,
    PARSED,
    THRESHOLD,
    FeatureScorer,
    Weights,
    confidence_row,
    is_turned,
    shipped,
)
from assistant.types import Candidate, Judgement
from index.embed import Embedder
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
    return FeatureScorer(bag_of_words, words, LANGUAGE)


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
WAYS = ("same_way", "reversed", "party_unknown", "other_party")


@pytest.mark.parametrize(
    ("question", "sentence", "ways"),
    [
        (OF_ITALY, FRANCE, ("+", 0, 0, 0)),
        (OF_FRANCE, FRANCE, (0, "+", 0, 0)),
        ("what does italy expect from france", FRANCE, (0, "+", 0, 0)),
        (OF_ITALY, "The fleet lies at anchor.", (0, 0, 1, 0)),
        (OF_ITALY, "Spain expects Malta to close its ports to the fleet.", (0, 0, 1, 1)),
        ("How high is the tower?", FRANCE, (0, 0, 0, 0)),
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
    ranking = shipped().ranking
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
    weights = Weights(
        ranking={name: float(name == "words") for name in FEATURES},
        confidence={name: 2.0 * (name == "odds") for name in CONFIDENCE},
        bias=-1.0,
        threshold=0.5,
    )
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE, weights)
    judgements = scorer.judge(
        "Who painted the trawler?", pool("A trawler was painted.", "A trawler.")
    )
    half, one = 1 / (1 + math.exp(0.0)), 1 / (1 + math.exp(-1.0))
    assert [j.probability for j in judgements] == pytest.approx([1 / (1 + math.e), one, half])


def test_a_later_one_is_never_more_probable(words: LexicalIndex) -> None:
    weights = Weights(
        ranking={name: float(name == "words") for name in FEATURES},
        confidence={name: -9.0 * (name == "words") for name in CONFIDENCE},
        bias=0.0,
        threshold=0.5,
    )
    scorer = FeatureScorer(bag_of_words, words, LANGUAGE, weights)
    judgements = scorer.judge(
        "Who painted the trawler?", pool("A trawler was painted.", "A trawler.")
    )
    lowest = 1 / (1 + math.exp(9.0))
    assert [j.probability for j in judgements] == pytest.approx([lowest] * 3)


def test_no_candidates_no_judgements(scorer: FeatureScorer) -> None:
    assert scorer.judge("Who?", []) == []
    assert scorer.features("Who?", []) == []


@pytest.mark.parametrize("question", ["", " ", "?!", "…", "🦊", "42", "\u0301", "A" * 3000])
def test_questions_that_ask_nothing(scorer: FeatureScorer, question: str) -> None:
    judgements = scorer.judge(question, pool(*LINES, "…", "🦊 — ?!"))
    assert all(0 <= judgement.probability < THRESHOLD for judgement in judgements)


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
def test_the_cost_does_not_grow_with_the_candidates(
    words: LexicalIndex, question: str, context: int
) -> None:
    counting = Counting()
    language: Any = counting
    scorer = FeatureScorer(counting.encode, words, language)
    candidates = many(25, 19)
    assert len(candidates) == 500
    judgements = scorer.judge(question, candidates)
    assert len(counting.encoded) == 1 + EMBEDDED
    assert counting.encoded[0] == question
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
              kind_there=1.0, new_words=0.75, party_unknown=1.0, says=1.0),
        a_row(words=0.125, words_near=0.125, cosine=0.125, kind_missing=1.0, other_party=1.0),
    ]  # fmt: skip
    assert confidence_row(rows, [2.0, 0.5], 0) == {
        "words": 0.5,
        "words_all": 0.75,
        "words_few": 0.0,
        "names_all": 1.0,
        "cosine": 0.625,
        "cosine_far": 0.0,
        "predicate": 1.0,
        "kind_there": 1.0,
        "kind_missing": 0.0,
        "same_way": 0.0,
        "party_unknown": 1.0,
        "other_party": 0.0,
        "turned": 0.0,
        "says": 1.0,
        "new_words": 0.75,
        "odds": 2.0,
        "gap": 1.5,
    }
    second = confidence_row(rows, [2.0, 0.5], 1)
    assert tuple(second) == CONFIDENCE
    assert (second["words_few"], second["cosine_far"]) == (1.0, pytest.approx(0.175))
    assert (second["kind_missing"], second["other_party"]) == (1.0, 1.0)
    assert (second["odds"], second["gap"]) == (0.5, -1.5)


@pytest.mark.parametrize(
    ("odds", "gap"), [([1.0], 3.0), ([9.0, 1.0], 3.0), ([1.0, 9.0], -3.0), ([1.0, 1.0], 0.0)]
)
def test_the_gap_to_the_best_other(odds: list[float], gap: float) -> None:
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


def test_the_shipped_weights_are_of_these_features() -> None:
    weights = Weights.load()
    assert weights == shipped()
    assert tuple(weights.ranking) == FEATURES
    assert tuple(weights.confidence) == CONFIDENCE
    assert 0 < weights.threshold < 1
    assert weights.threshold == THRESHOLD
    assert weights.ranking["reversed"] < 0 < weights.ranking["same_way"]


@pytest.mark.parametrize("table", ["ranking", "confidence"])
@pytest.mark.parametrize("change", ["fewer", "more", "another order", "another name"])
def test_weights_of_other_features_are_refused(tmp_path: Path, table: str, change: str) -> None:
    shipped_ = shipped()
    values: dict[str, Any] = {
        "ranking": dict(shipped_.ranking),
        "confidence": dict(shipped_.confidence),
        "bias": 0.0,
        "threshold": 0.5,
    }
    path = tmp_path / "scorer.json"
    path.write_text(json.dumps(values), "utf-8")
    assert Weights.load(path) == replace(shipped_, bias=0.0, threshold=0.5)
    items = list(values[table].items())
    values[table] = dict(
        {
            "fewer": items[:-1],
            "more": [*items, ("more", 1.0)],
            "another order": items[::-1],
            "another name": [*items[:-1], ("more", 1.0)],
        }[change]
    )
    path.write_text(json.dumps(values), "utf-8")
    with pytest.raises(ValueError, match=r"scorer\.json was fitted with other features"):
        Weights.load(path)
