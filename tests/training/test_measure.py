"""The measuring of scorers, on made-up sentences and a scorer whose numbers one can tell by
reading."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.embed import Embedder
from training import measure
from training.measure import Pool

RIVERS = [
    "The Ost is a river.",
    "A river runs through Arlen.",
    "Ships carry salt.",
    "The river Ost floods Arlen in spring.",
]


def pool(texts: Sequence[str]) -> Pool:
    return Pool([(text, "Title", "") for text in texts])


class Spy:
    """Scores a sentence by its length, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, _question: str, pool: Pool, among: Sequence[int]) -> Any:
        texts = [pool.parts[n][0] for n in among]
        self.asked.append(texts)
        return np.array([float(len(text)) for text in texts])


# -- scorers ---------------------------------------------------------------------------------------


def test_bm25_judges_some_by_how_rare_their_words_are_among_all() -> None:
    score = measure.bm25()
    rivers = pool(RIVERS)
    every = score("When does the river Ost flood Arlen?", rivers, range(4))
    assert list(every).index(max(every)) == 3
    assert every[2] == 0
    assert score("When does the river Ost flood Arlen?", rivers, [3, 1]).tolist() == [
        every[3],
        every[1],
    ]


def test_the_best_by_words_keep_their_order_and_equals_are_taken_from_the_front() -> None:
    rivers = pool(RIVERS)
    asked = "Does the Ost flood Arlen?"
    assert rivers.best_by_words(asked, 1) == [3]
    assert rivers.best_by_words(asked, 2) == [0, 3]
    assert rivers.best_by_words(asked, 9) == [0, 1, 2, 3]
    assert rivers.best_by_words("Bees?", 2) == [0, 1]
    assert pool([]).best_by_words("Bees?", 2) == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> measure.Score:
    shipped = Path(measure.__file__).parent.parent / "assistant" / "model"
    return measure.whole_scorer(shipped, [pool(RIVERS)], tmp_path_factory.mktemp("words"))


def test_all_of_it_puts_the_answer_first_and_says_how_sure_it_is(whole: measure.Score) -> None:
    rivers = pool(RIVERS)
    flood = whole("When does the river Ost flood Arlen?", rivers, range(4))
    assert list(flood).index(max(flood)) == 3
    salt = whole("What do ships carry?", rivers, [2, 1])
    assert salt[0] > salt[1]
    nothing = whole("Who painted the ceiling of the chapel?", rivers, range(4))
    assert max(nothing) < max(flood)
    # All were weighed: a chance, and next to nothing to tell equal ones apart.
    assert all(-0.1 < value < 1.1 for value in [*flood, *salt, *nothing])


def test_what_it_does_not_weigh_stands_behind_in_the_readers_order(whole: measure.Score) -> None:
    many = pool([f"Barge {n} carries coal to the mill." for n in range(40)] + RIVERS)
    scores = whole("What do ships carry to the mill?", many, range(44))
    behind = [value for value in scores if value < -1]
    assert len(scores) - len(behind) == 10
    assert len(set(behind)) > 1


# -- sets ------------------------------------------------------------------------------------------


def test_a_sentence_of_a_document_means_what_its_passage_makes_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Ferries\n\nThe port raised its fares. It gave no reason.\n" + "Salt. " * 150)
    document, embedder = measure.read_document(file), Embedder()
    found = measure.meanings(document, embedder)
    assert len(found) == len(document.parts) == 152
    # Two passages: a single one is as the index would have it, but for the line ends.
    text = "Ferries " + " ".join(["The port raised its fares.", "It gave no reason."])
    text += " Salt." * 104
    assert len(embedder.token_offsets([text])[0]) == 1 + 6 + 5 + 208
    span = (text.index("It"), text.index("It") + len("It gave no reason."))
    _, ((vector,),) = embedder.encode_in_passages([text], [[span]])
    assert found[1] == pytest.approx(vector, abs=1e-6)
    # Of what is no document each stands alone.
    alone = measure.meanings(pool(["It gave no reason."] * 2), embedder)
    _, ((vector,),) = embedder.encode_in_passages(["Title It gave no reason."], [[(6, 24)]])
    assert alone[0] == pytest.approx(vector, abs=1e-6)
    assert np.array_equal(*alone)


def test_trecqa_takes_questions_with_both_and_averages_over_them(tmp_path: Path) -> None:
    folder = tmp_path / "eval" / "trecqa"
    folder.mkdir(parents=True)
    rows = [
        {"question": "one", "positives": ["longest of all"], "negatives": ["short", "longer"]},
        {"question": "two", "positives": ["yes"], "negatives": ["no, never"]},
        {"question": "no wrong ones", "positives": ["a"], "negatives": []},
        {"question": "no right ones", "positives": [], "negatives": ["b"]},
    ]
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    pools = measure.trecqa_pools(tmp_path, None)
    assert [(question, right) for question, _, right in pools] == [
        ("one", [True, False, False]),
        ("two", [True, False]),
    ]
    spy = Spy()
    found = measure.trecqa(spy, pools)
    assert spy.asked == [["longest of all", "short", "longer"], ["yes", "no, never"]]
    assert {k: found[k] for k in ("questions", "sentences", "map", "mrr")} == {
        "questions": 2,
        "sentences": 5,
        "map": 0.75,
        "mrr": 0.75,
    }
    assert found["map_interval"] == found["mrr_interval"] == (0.5, 1.0)
    assert measure.trecqa(spy, measure.trecqa_pools(tmp_path, 1))["map"] == 1.0


def test_a_number_can_be_told_in_place_of_the_sets_mark_for_one(tmp_path: Path) -> None:
    folder = tmp_path / "eval" / "trecqa"
    folder.mkdir(parents=True)
    row = {"question": "in <num>?", "positives": ["<num> of <num>"], "negatives": ["none"]}
    (folder / "test.jsonl").write_text(json.dumps(row), "utf-8")
    ((question, masked, _),) = measure.trecqa_pools(tmp_path, None)
    assert (question, masked.parts[0][0]) == ("in <num>?", "<num> of <num>")
    ((question, told, right),) = measure.trecqa_pools(tmp_path, None, "10")
    assert (question, told.parts[0][0], right) == ("in 10?", "10 of 10", [True, False])


ARTICLE = """Arlen

Ada founded it. It grew.

Ships came from far away to Arlen.

Bees.
"""


def a_set(root: Path, name: str) -> Path:
    folder = root / "eval" / name
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "a.txt").write_text(ARTICLE, "utf-8")
    (folder / "docs" / "b.txt").write_text("Ost\n\nA river.\n", "utf-8")
    return folder


def at(words: str) -> dict[str, Any]:
    start = ARTICLE.index(words)
    return {"doc": "a.txt", "start": start, "end": start + len(words)}


def test_documents_are_read_by_name_save_those_that_are_left_out(tmp_path: Path) -> None:
    folder = a_set(tmp_path, "x")
    assert list(measure.documents(folder)) == ["a.txt", "b.txt"]
    docs = measure.documents(folder, without=("b.txt",))
    assert list(docs) == ["a.txt"]
    article = docs["a.txt"]
    assert [part[0] for part in article.parts] == [
        "Ada founded it.",
        "It grew.",
        "Ships came from far away to Arlen.",
        "Bees.",
    ]
    assert article.at(*[at("grew")[edge] for edge in ("start", "end")]) == [1]
    assert article.around(*[at("grew")[edge] for edge in ("start", "end")]) == [0, 1]


def test_xquad_reads_whole_articles_and_looks_at_paragraph_and_article(tmp_path: Path) -> None:
    docs = measure.documents(a_set(tmp_path, "x"))
    rows = [
        {"question": "Who founded it?", "gold": [at("Ada")]},
        {"question": "What came?", "gold": [at("Ships")]},
        {"question": "What grew?", "gold": [at("grew")]},
    ]
    spy = Spy()
    # The longest sentence wins: of Ada's paragraph Ada's, of the article that about ships.
    assert measure.xquad(spy, docs, rows) == {
        "questions": 3,
        "paragraph": pytest.approx(2 / 3),
        "article": pytest.approx(1 / 3),
    }
    assert [len(texts) for texts in spy.asked] == [4, 4, 4]


def test_squad2_reads_the_paragraph_and_what_is_best_by_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "OF_ARTICLE", 1)
    docs = measure.documents(a_set(tmp_path, "x"))
    rows = [
        {"question": "Did ships come?", "answerable": True, "gold": [at("Ada")]},
        {"question": "Are there bees?", "answerable": False, "gold": [], "near": at("grew")},
    ]
    spy = Spy()
    assert measure.squad2(spy, docs, rows) == {
        "answerable": 1,
        "unanswerable": 1,
        # 15 letters are the best of both; by words came 34 and 5.
        "paragraph": 0.5,
        "article": 1.0,
    }
    assert spy.asked == [
        ["Ada founded it.", "It grew.", "Ships came from far away to Arlen."],
        ["Ada founded it.", "It grew.", "Bees."],
    ]


def test_news_reads_the_best_by_words_and_says_how_often_a_right_one_is_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "OF_NEWS", 2)
    rivers = pool(RIVERS)
    pools = [
        ("fact", "What does the river Ost flood?", rivers, [False, False, False, True]),
        ("fact", "What does the river Ost flood?", rivers, [True, False, False, False]),
        ("multi", "What does the river Ost flood?", rivers, [False, False, True, False]),
        ("multi", "Nothing was retrieved.", pool([]), []),
    ]
    spy = Spy()
    assert measure.news(spy, pools) == {
        "questions": 4,
        "reached": 0.5,
        "first": {"all": [0.25, 4], "fact": [0.5, 2], "multi": [0.0, 2]},
    }
    assert spy.asked == [[RIVERS[0], RIVERS[3]]] * 3


def test_a_sample_is_spread_from_beginning_to_end() -> None:
    rows: list[dict[str, Any]] = [{"n": n} for n in range(10)]
    assert measure.spread(rows, None) == rows
    assert measure.spread(rows, 10) == rows
    assert [row["n"] for row in measure.spread(rows, 4)] == [0, 3, 6, 9]
    assert [row["n"] for row in measure.spread(rows, 6)] == [0, 2, 4, 6, 8]


# -- tables ----------------------------------------------------------------------------------------

FOUND: dict[str, dict[str, Any]] = {
    "bm25": {
        "trecqa": {
            "questions": 68,
            "sentences": 1442,
            "map": 0.7,
            "map_interval": (0.6, 0.8),
            "mrr": 0.75,
            "mrr_interval": None,
        },
        "squad2_dev": {
            "answerable": 2,
            "unanswerable": 3,
            "paragraph": 0.5,
            "article": math.nan,
        },
    },
    "cross_encoder": {
        "trecqa": {
            "questions": 68,
            "sentences": 1442,
            "map": 0.8125,
            "map_interval": (0.75, 0.875),
            "mrr": 0.875,
            "mrr_interval": (0.8, 0.9),
        },
        "xquad_en_extra": {"questions": 1000, "paragraph": 0.9, "article": 0.8},
        "squad2_dev": {"answerable": 2, "unanswerable": 3, "paragraph": 0.625, "article": 0.75},
        "news": {
            "questions": 134,
            "reached": 0.97,
            "first": {"all": [0.7, 134], "fact": [0.8, 40], "update": [0.5, 10]},
        },
    },
}

TABLES = """\
### TREC QA, clean test

|   | MAP | MRR | source |
| --- | ---: | ---: | --- |
| **BM25** | 0.700 [0.600 – 0.800] | 0.750 | measured here |
| LSTM and CNN, attention | 0.728 | 0.832 | [Tan et al. 2015](https://arxiv.org/abs/1511.04108) |
| word alignment | 0.746 | 0.820 | [Wang & Ittycheriah 2015](https://arxiv.org/abs/1507.02628) |
| CNN, attentive pooling | 0.753 | 0.851 | \
[dos Santos et al. 2016](https://arxiv.org/abs/1602.03609) |
| BiMPM | 0.802 | 0.875 | [Wang et al. 2017](https://arxiv.org/abs/1702.03814) |
| **cross-encoder** | 0.812 [0.750 – 0.875] | 0.875 [0.800 – 0.900] | measured here |
| compare-aggregate, ELMo | 0.868 | 0.928 | [Yoon et al. 2019](https://arxiv.org/abs/1905.12897) |
| BERT, gated memory, transfer | 0.914 | 0.957 | \
[Lai et al. 2019](https://arxiv.org/abs/1909.09696) |
| TANDA, RoBERTa-large | 0.943 | 0.974 | [Garg et al. 2020](https://arxiv.org/abs/1911.04118) |

68 questions, 1,442 sentences; in brackets: 95% bootstrap intervals over questions. Published \
results are those of the clean test in the ACL wiki's list *Question Answering (State of the \
art)*; the networks among them were trained on this set's own training questions.

### Other sets

|   | n | BM25 | cross-encoder |
| --- | ---: | ---: | ---: |
| XQuAD: the answering sentence first in its paragraph | 1,000 | – | 0.900 |
| XQuAD: the answering sentence first in its article | 1,000 | – | 0.800 |
| SQuAD 2.0: answerable or not, AUROC, given the paragraph | 5 | 0.500 | 0.625 |
| SQuAD 2.0: answerable or not, AUROC, given the article | 5 | – | 0.750 |
| news, fact: a right sentence first | 40 | – | 0.800 |
| news, update: a right sentence first | 10 | – | 0.500 |
| news, all: a right sentence first | 134 | – | 0.700 |
| news, all: a right sentence among those read | 134 | – | 0.970 |
"""


def test_the_tables_put_what_was_measured_among_what_was_published() -> None:
    assert measure.markdown(FOUND) == TABLES


def test_what_a_number_in_place_of_the_mark_makes_is_told_below() -> None:
    found = {
        name: {**sets, "trecqa_numbers": {**sets["trecqa"], "map": sets["trecqa"]["map"] + 0.01}}
        for name, sets in FOUND.items()
    }
    wanted = (
        "training questions. The set has `<num>` in the place of every number. With `10` there "
        "instead, MAP and MRR are: BM25 0.710 and 0.750; cross-encoder 0.823 and 0.875."
    )
    assert measure.markdown(found) == TABLES.replace("training questions.", wanted)


def test_a_set_that_was_not_measured_has_no_table() -> None:
    only = {"bm25": {"trecqa": FOUND["bm25"]["trecqa"]}}
    lines = TABLES.split("\n\n### Other")[0].splitlines()
    assert measure.markdown(only).splitlines() == [
        line for line in lines if not line.startswith("| **cross-encoder**")
    ]
    none = {"bm25": {"squad2_dev": FOUND["bm25"]["squad2_dev"]}}
    assert measure.markdown(none).splitlines()[:3] == ["### Other sets", "", "|   | n | BM25 |"]


def test_figures_are_printed_with_four_digits_and_what_is_none_as_null() -> None:
    value = {"a": [0.123456, 7], "b": {"c": math.nan}, "d": (1.0, 0.5), "e": None}
    assert measure.rounded(value) == {
        "a": [0.1235, 7],
        "b": {"c": None},
        "d": [1.0, 0.5],
        "e": None,
    }


# -- the run ---------------------------------------------------------------------------------------


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(measure.told(["a", "b", "c"], "letters", every=1e9)) == ["a", "b", "c"]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "letters: 3 of 3, 0 s\n")
    assert list(measure.told([1, 2], "n", every=0.0)) == [1, 2]
    assert capsys.readouterr().err == "n: 1 of 2, 0 s\nn: 2 of 2, 0 s\n"
    assert list(measure.told([], "none")) == []


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--data", "x"], "news needs --news and --work"),
        (["--sets", "trecqa", "squad2_dev"], "trecqa, squad2_dev: --data is missing"),
        (["--sets", "trecqa", "--data", "x", "--alone"], "--alone without --model leaves nothing"),
        (
            ["--sets", "trecqa", "--data", "x", "--limit", "5", "--markdown", "y"],
            "a sample is no result to write down: --limit goes without --markdown",
        ),
        (["--sets", "nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_read(
    argv: list[str],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["measure.py", *argv])
    with pytest.raises(SystemExit) as ended:
        measure.main()
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err


def test_the_chosen_sets_are_measured_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = a_set(tmp_path, "xquad_en_extra")
    row = {"question": "Who founded it?", "gold": [at("Ada")]}
    (folder / "questions.jsonl").write_text(json.dumps(row), "utf-8")
    monkeypatch.setattr(measure, "bi_encoder", Spy)
    out = tmp_path / "tables.md"
    options = ["--data", str(tmp_path), "--sets", "xquad_en_extra", "--markdown", str(out)]
    monkeypatch.setattr(sys, "argv", ["measure.py", *options])
    measure.main()
    assert json.loads(capsys.readouterr().out) == {
        "bm25": {"xquad_en_extra": {"questions": 1, "paragraph": 1.0, "article": 1.0}},
        "bi_encoder": {"xquad_en_extra": {"questions": 1, "paragraph": 1.0, "article": 0.0}},
    }
    assert out.read_text("utf-8") == (
        "### Other sets\n\n"
        "|   | n | BM25 | bi-encoder (all-MiniLM-L6-v2) |\n"
        "| --- | ---: | ---: | ---: |\n"
        "| XQuAD: the answering sentence first in its paragraph | 1 | 1.000 | 1.000 |\n"
        "| XQuAD: the answering sentence first in its article | 1 | 1.000 | 0.000 |\n"
    )
