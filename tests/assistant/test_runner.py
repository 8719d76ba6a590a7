"""A set is read whole or refused with all its mistakes; its figures are those counted by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.runner import (
    EvalSet,
    InvalidQuote,
    Item,
    Report,
    Target,
    evaluate,
    load_set,
)
from assistant.types import Answer, Citation, Filters, Outcome, Turn
from index.errors import CorpusError, IndexMissing, QuestionError, SettingsError
from index.parse import parse_file
from index.types import Hit, Span

NORTH = "Ports in the north\nHalvoria pays Sendrel 40 crowns. Sendrel pays Halvoria 15 crowns.\n"
SOUTH = "Ports in the south\nThe strike ended on Monday. Three men were held.\n"
TEXTS = {"north.txt": NORTH, "south.txt": SOUTH}

HALVORIA = "Halvoria pays Sendrel 40 crowns."
SENDREL = "Sendrel pays Halvoria 15 crowns."
STRIKE = "The strike ended on Monday."
HELD = "Three men were held."


def place(quote: str, /, **more: object) -> dict[str, Any]:
    """Where a sentence stands, as a question set says it."""
    name = next(name for name, text in TEXTS.items() if quote in text)
    start = TEXTS[name].index(quote)
    return {"doc": name, "start": start, "end": start + len(quote), **more}


def row(id: str, kind: str = "fact", **more: object) -> dict[str, Any]:
    """A question without an answer, unless more is said."""
    return {
        "id": id,
        "question": f"{id}?",
        "kind": kind,
        "answerable": "gold" in more,
        "gold": [],
        **more,
    }


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a set of these lines, objects or raw text; gives its folder."""
    return _writer(tmp_path)


def _writer(parent: Path) -> Write:
    def written(*lines: Mapping[str, Any] | str) -> Path:
        folder = parent / "ports"
        (folder / "docs").mkdir(parents=True, exist_ok=True)
        for name, text in TEXTS.items():
            (folder / "docs" / name).write_bytes(text.encode())
        raw = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (folder / "questions.jsonl").write_text("\n".join(raw) + "\n", "utf-8")
        return folder

    return written


class Fake:
    """Answers as it is told: for each id the confidence, the quotes cited and the passages."""

    def __init__(
        self,
        corpus: Path,
        answers: Mapping[str, tuple[float, Iterable[str]]],
        passages: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._corpus = corpus
        self._answers = answers
        self._passages = passages or {}
        self.asked: list[Item] = []

    def __call__(self, item: Item) -> Answer:
        self.asked.append(item)
        confidence, quotes = self._answers[item.id]
        citations = tuple(
            self._citation(marker, quote) for marker, quote in enumerate(quotes, start=1)
        )
        return Answer(
            question=item.question,
            outcome=Outcome.ANSWERED if citations else Outcome.NO_EVIDENCE,
            text=" ".join(citation.quote for citation in citations),
            confidence=confidence,
            claims=(),
            citations=citations,
            passages=tuple(self._hit(quote) for quote in self._passages.get(item.id, ())),
            timings_ms={"total": 10.0 * len(self.asked)},
        )

    def _citation(self, marker: int, quote: str) -> Citation:
        where = place(quote)
        document = parse_file(self._corpus / where["doc"], where["doc"])
        return Citation(
            marker=marker,
            document=document.path,
            sha256=document.sha256,
            title=document.title,
            published=None,
            start=where["start"],
            end=where["end"],
            quote=quote,
            score=0.5,
            layer=document.text,
        )

    def _hit(self, quote: str) -> Hit:
        where = place(quote)
        span = Span(where["start"], where["end"])
        return Hit(where["doc"], "0" * 64, "", None, None, span, quote, 1.0)


# -- reading a set -------------------------------------------------------------------------------


def test_a_set_is_read_field_by_field(write: Write) -> None:
    sentence = place(HALVORIA)
    crowns = place("40 crowns")
    folder = write(
        row(
            "q1",
            "direction",
            gold=[{**crowns, "ctx_start": sentence["start"], "ctx_end": sentence["end"]}],
            forbidden=[place(SENDREL, quote=SENDREL)],
            answers=["40 crowns"],
            need="all",
            pair="q2",
            history=["who pays?", {"role": "assistant", "text": "Both."}],
            date="2024-05-01",
            tags=["ignored"],
        ),
        "",
        row("q2"),
    )
    found = load_set(folder)
    assert found == EvalSet(
        folder=folder,
        documents=2,
        items=(
            Item(
                id="q1",
                question="q1?",
                kind="direction",
                answerable=True,
                line=1,
                answers=("40 crowns",),
                need="all",
                gold=(Target("north.txt", Span(41, 50), Span(19, 51)),),
                forbidden=(Target("north.txt", Span(52, 84), Span(52, 84)),),
                pair="q2",
                history=(Turn("user", "who pays?"), Turn("assistant", "Both.")),
                filters=Filters(until=date(2024, 5, 1)),
            ),
            Item(id="q2", question="q2?", kind="fact", answerable=False, line=3),
        ),
    )
    assert (found.name, found.corpus) == ("ports", folder / "docs")


def test_golds_of_one_group_are_alternatives(write: Write) -> None:
    four = [HALVORIA, SENDREL, STRIKE, HELD]
    folder = write(
        row("none", gold=[place(quote) for quote in four]),
        row("group", gold=[place(q, group=g) for q, g in zip(four, (7, "x", 7, 8), strict=True)]),
        row(
            "answer",
            need="all_answers",
            gold=[place(q, answer=a) for q, a in zip(four, "abab", strict=True)],
        ),
        row("one", gold=[place(q, answer=a) for q, a in zip(four, "abab", strict=True)]),
    )
    groups = {item.id: [gold.group for gold in item.gold] for item in load_set(folder).items}
    assert groups == {
        "none": [0, 0, 0, 0],
        "group": [0, 1, 0, 2],
        "answer": [0, 1, 0, 1],
        "one": [0, 0, 0, 0],
    }


def test_offsets_count_after_the_byte_order_mark_and_beyond_the_basic_plane(write: Write) -> None:
    folder = write(row("q", gold=[{"doc": "mark.txt", "start": 2, "end": 6, "text": "Held"}]))
    (folder / "docs" / "mark.txt").write_bytes("\ufeff𝔸 Held for a day.".encode())
    questions = folder / "questions.jsonl"
    questions.write_bytes(b"\xef\xbb\xbf" + questions.read_bytes())
    assert load_set(folder).items[0].gold[0].span == Span(2, 6)


def test_a_line_separator_inside_a_text_ends_no_line(write: Write) -> None:
    raw = json.dumps(row("q", question="one\u2028two"), ensure_ascii=False)
    assert "\u2028" in raw
    assert load_set(write(raw)).items[0].question == "one\u2028two"


def test_all_mistakes_are_named_at_once_with_their_lines(write: Write) -> None:
    folder = write(
        row("good"),
        "{",
        "[]",
        row("good"),
        {},
        row("a", answerable="yes", need="some", answers=["x", " "], date="May", pair=3),
        row("b", gold=[place(HALVORIA, quote="Halvoria pays")]),
        row("c", gold=[{"doc": "west.txt", "start": 0, "end": 1}, 7]),
        row("d", gold=[{"doc": "../questions.jsonl", "start": 0, "end": 1}]),
        row("e", gold=[{"doc": "south.txt", "start": True, "end": 9}]),
        row("f", gold=[{"doc": "south.txt", "start": 0, "end": 999}]),
        row("g", gold=[place(HALVORIA, ctx_start=0, ctx_end=20)]),
        row("h", gold=[]),
        row("i", gold=[place(HALVORIA)], answerable=False),
        row("j", history=[{"role": "system", "text": "x"}], forbidden="x"),
        row("k", gold=[place(HALVORIA, group=[1])]),
    )
    with pytest.raises(CorpusError) as caught:
        load_set(folder)
    first, *lines = caught.value.message.splitlines()
    assert first == f"{folder / 'questions.jsonl'} has 24 mistakes:"
    assert [line.strip() for line in lines] == [
        "line 2: not JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1)",
        "line 3: not a JSON object",
        "line 4: the id 'good' stands on line 1 already",
        "line 5: answerable must be true or false, not None",
        "line 5: no id",
        "line 5: no question",
        "line 5: no kind",
        "line 6: answerable must be true or false, not 'yes'",
        "line 6: need must be one of any, all, all_answers, none, not 'some'",
        "line 6: answers must be texts, not ' '",
        "line 6: pair must be a text, not 3",
        "line 6: date must be YYYY-MM-DD, not 'May'",
        "line 7: gold 1: quote is 'Halvoria pays', but at north.txt[19:51] stands "
        "'Halvoria pays Sendrel 40 crowns.'",
        "line 8: gold 1: there is no document 'west.txt'",
        "line 8: gold 2 must be an object, not 7",
        "line 9: gold 1: there is no document '../questions.jsonl'",
        "line 10: gold 1: start=True, end=9 is no span of south.txt, which has 68 characters",
        "line 11: gold 1: start=0, end=999 is no span of south.txt, which has 68 characters",
        "line 12: gold 1: ctx_start and ctx_end do not hold it",
        "line 13: answerable, but gold is empty",
        "line 14: not answerable, but gold is not empty",
        "line 15: forbidden must be a list, not 'x'",
        'line 15: history 1 must be {"role": "user" or "assistant", "text": …}',
        "line 16: gold 1: group must be a number or a text, not [1]",
    ]


def test_a_set_without_questions_or_documents_is_refused(write: Write, tmp_path: Path) -> None:
    folder = write("", "  ")
    with pytest.raises(CorpusError, match="has no questions"):
        load_set(folder)
    (folder / "questions.jsonl").write_bytes(b"\xff")
    with pytest.raises(CorpusError, match="is not UTF-8"):
        load_set(folder)
    (folder / "questions.jsonl").unlink()
    with pytest.raises(CorpusError, match=r"questions\.jsonl does not exist"):
        load_set(folder)
    with pytest.raises(CorpusError, match="has no documents"):
        load_set(tmp_path / "nowhere")


# -- the figures ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Eight questions at threshold 0.5. The first citation is right for d1, d2, multi and low."""
    folder = _writer(tmp_path_factory.mktemp("counted"))(
        row(
            "d1",
            "direction",
            gold=[place(HALVORIA)],
            forbidden=[place(SENDREL)],
            answers=["40 crowns"],
            pair="d2",
        ),
        row(
            "d2",
            "direction",
            gold=[place(SENDREL)],
            forbidden=[place(HALVORIA)],
            answers=["15 crowns"],
            pair="d1",
        ),
        row(
            "d3",
            "direction",
            gold=[place(SENDREL)],
            forbidden=[place(HALVORIA)],
            answers=["15 crowns"],
            pair="elsewhere",
        ),
        row(
            "multi",
            "multi",
            gold=[place(STRIKE, group=0), place(HELD, group=1)],
            answers=["monday", "three men"],
            need="all",
        ),
        row("low", gold=[place(STRIKE)], answers=["Monday", "Tuesday"]),
        row("none", gold=[place(HELD)], answers=["Three"]),
        row("no1", "unanswerable", forbidden=[place(STRIKE)], need="none"),
        row("no2", "unanswerable"),
    )
    fake = Fake(
        folder / "docs",
        {
            "d1": (0.9, [HALVORIA]),
            "d2": (0.8, [SENDREL, HALVORIA]),
            "d3": (0.7, [HALVORIA]),
            "multi": (0.6, [STRIKE, HALVORIA]),
            "low": (0.4, [STRIKE, SENDREL]),
            "none": (0.1, []),
            "no1": (0.5, [STRIKE]),
            "no2": (0.2, [HELD]),
        },
        {
            "d1": [HALVORIA],
            "d2": [HALVORIA, SENDREL],
            "d3": [HALVORIA, STRIKE, HELD, HALVORIA, STRIKE, HELD, SENDREL],
            "multi": [HELD, HALVORIA, STRIKE],
            "low": [HALVORIA],
            "none": [],
            "no1": [STRIKE],
            "no2": [HELD],
        },
    )
    return evaluate(load_set(folder), fake, threshold=0.5)


@pytest.mark.parametrize(
    ("key", "value", "n"),
    [
        # Ranks of the first gold: 1, 2, 7, 1, none, none.
        ("recall@1", 2 / 6, 6),
        ("recall@5", 3 / 6, 6),
        ("recall@10", 4 / 6, 6),
        # The second group of "multi" is at rank 3.
        ("all_groups_recall@1", 1 / 6, 6),
        ("all_groups_recall@5", 3 / 6, 6),
        ("all_groups_recall@10", 4 / 6, 6),
        ("mrr", (1 + 1 / 2 + 1 / 7 + 1) / 6, 6),
        # Discounts 1 at rank 1, 1 / log2(3), 1 / 3 at rank 7; for "multi" one passage might have
        # covered both groups, a gain of 2, and 1 + 1 / 2 was gained.
        ("ndcg@10", (1 + 0.6309297535714575 + 1 / 3 + 1.5 / 2) / 6, 6),
        ("right_top", 3 / 6, 6),
        ("right_top_forced", 4 / 6, 6),
        ("direction", 2 / 3, 3),
        ("direction_forced", 2 / 3, 3),
        ("direction_pairs", 1, 1),
        ("direction_pairs_forced", 1, 1),
        # Of the answerable: d1 1/1, d2 1/2, d3 0/1, multi 1/2, and low 1/2.
        ("citation_precision", 3 / 6, 6),
        ("citation_precision_forced", 4 / 8, 8),
        # d3 says "40 crowns"; multi lacks "three men"; low has one of two and needs any.
        ("in_quotes", 2 / 6, 6),
        ("in_quotes_forced", 3 / 6, 6),
        ("in_text", 2 / 6, 6),
        ("in_text_forced", 3 / 6, 6),
        ("all_groups", 0, 1),
        ("all_groups_forced", 0, 1),
        # d2 cites it second; d3 and no1 first.
        ("trap", 3 / 4, 4),
        ("trap_first", 2 / 4, 4),
        ("trap_first_forced", 2 / 4, 4),
        ("answered", 5 / 8, 8),
        ("right_when_answered", 3 / 5, 5),
        ("false_answers", 1 / 2, 2),
        ("false_abstentions", 2 / 6, 6),
        # Against 0.5: four of six above. Against 0.2: five of six.
        ("auroc", 9 / 12, 8),
        # Right, by falling confidence: 1 1 0 1 0 1 0 0.
        ("aurc", (0 + 0 + 1 / 3 + 1 / 4 + 2 / 5 + 2 / 6 + 3 / 7 + 4 / 8) / 8, 8),
        ("brier", (0.01 + 0.04 + 0.49 + 0.16 + 0.25 + 0.36 + 0.04 + 0.01) / 8, 8),
        # Each forecast is alone in its bin.
        ("ece_equal_width", (0.1 + 0.2 + 0.7 + 0.4 + 0.5 + 0.6 + 0.2 + 0.1) / 8, 8),
        ("ece_equal_mass", (0.1 + 0.2 + 0.7 + 0.4 + 0.5 + 0.6 + 0.2 + 0.1) / 8, 8),
        # Quotes of 32, 32, 32, 27, 27, 27 and 20 characters.
        ("first_quote", 27, 7),
        # 10, 20, … 80 ms.
        ("p50_ms", 45, 8),
        ("p95_ms", 76.5, 8),
    ],
)
def test_figures_are_those_counted_by_hand(report: Report, key: str, value: float, n: int) -> None:
    figure = report.figures[key]
    assert figure.value == pytest.approx(value)
    assert figure.n == n


def test_every_share_has_an_interval_around_it(report: Report) -> None:
    without = {"ece_equal_width", "ece_equal_mass", "first_quote", "p50_ms", "p95_ms"}
    for key, figure in report.figures.items():
        if key in without or figure.n < 2:
            assert (figure.low, figure.high) == (None, None)
        else:
            assert figure.low is not None
            assert figure.high is not None
            assert figure.value is not None
            assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_by_kind(report: Report) -> None:
    assert list(report.by_kind) == ["direction", "multi", "fact", "unanswerable", "all"]
    n, fact = report.by_kind["fact"]
    assert n == 2
    assert fact == {
        "recall@10": 0,
        "all_groups_recall@10": 0,
        "right_top_forced": 1 / 2,
        "right_top": 0,
        "citation_precision": None,
        "in_quotes": 0,
        "trap": None,
        "answered": 0,
    }
    n, unanswerable = report.by_kind["unanswerable"]
    assert n == 2
    assert (unanswerable["trap"], unanswerable["answered"]) == (1, 1 / 2)
    assert unanswerable["right_top"] is None


def test_the_threshold_itself_is_enough(report: Report) -> None:
    answered = {scored.item.id: scored.answered for scored in report.scored}
    assert answered["no1"] is True
    assert answered["low"] is False


def test_what_has_no_citation_is_not_answered_at_any_threshold(write: Write) -> None:
    folder = write(row("q", gold=[place(HELD)]))
    report = evaluate(load_set(folder), Fake(folder / "docs", {"q": (0.9, [])}), threshold=0)
    assert report.figures["answered"].value == 0
    assert report.silent == 1
    assert "1 had no answer even without the threshold." in report.to_text().splitlines()


def test_citing_the_right_sentence_beside_its_gold_is_near(write: Write) -> None:
    sentence = place(HALVORIA)
    gold = {**place("40 crowns"), "ctx_start": sentence["start"], "ctx_end": sentence["end"]}
    folder = write(row("q", gold=[gold]))
    fake = Fake(folder / "docs", {"q": (0.9, ["Halvoria pays Sendrel"])})
    report = evaluate(load_set(folder), fake, threshold=0.5)
    assert report.figures["right_top"].value == 0
    assert report.figures["near_top"].value == 1


def test_near_is_measured_only_where_the_set_gives_sentences(report: Report) -> None:
    assert report.figures["near_top"].n == 0
    assert "gold's sentence" not in report.to_text()


def test_a_first_citation_over_both_directions_is_not_right(write: Write) -> None:
    folder = write(row("q", "direction", gold=[place(HALVORIA)], forbidden=[place(SENDREL)]))
    fake = Fake(folder / "docs", {"q": (0.9, [f"{HALVORIA} {SENDREL}"])})
    report = evaluate(load_set(folder), fake, threshold=0.5)
    assert report.figures["citation_precision"].value == 1
    assert report.figures["right_top"].value == 0
    assert report.figures["trap_first"].value == 1
    assert report.scored[0].best.near is False


def test_a_question_is_no_pair_with_itself(write: Write) -> None:
    folder = write(row("q", "direction", gold=[place(HALVORIA)], pair="q"))
    report = evaluate(
        load_set(folder), Fake(folder / "docs", {"q": (0.9, [HALVORIA])}), threshold=0.5
    )
    assert report.figures["direction_pairs"].n == 0


def test_citations_of_what_is_no_answer_do_not_count(write: Write) -> None:
    folder = write(row("q", gold=[place(HALVORIA)]))
    fake = Fake(folder / "docs", {"q": (0.9, [HALVORIA])})
    report = evaluate(
        load_set(folder),
        lambda item: replace(fake(item), outcome=Outcome.NO_EVIDENCE),
        threshold=0.5,
    )
    assert report.figures["right_top_forced"].value == 0
    assert report.citations == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SOUTH.replace("Three", "Seven"), "other words stand there"),
        (SOUTH + "\n", "it cites another version of the file"),
        (None, "there is no document 'south.txt'"),
    ],
)
def test_every_quote_is_read_again_from_the_file(
    write: Write, text: str | None, reason: str
) -> None:
    folder = write(row("a"), row("b"))
    fake = Fake(folder / "docs", {"a": (0.9, [HALVORIA]), "b": (0.1, [HELD])})
    file = folder / "docs" / "south.txt"

    questions = load_set(folder)
    answers = {item.id: fake(item) for item in questions.items}
    if text is None:
        file.unlink()
    else:
        file.write_bytes(text.encode())
    report = evaluate(questions, lambda item: answers[item.id], threshold=0.5)
    assert report.citations == 2
    assert report.invalid == (InvalidQuote("b", "south.txt", 47, 67, reason),)
    last = report.to_text().splitlines()[-2:]
    assert last == ["Invalid quotes: 1 of 2", f"  b: south.txt[47:67]: {reason}"]


# -- the run -------------------------------------------------------------------------------------


def test_every_question_is_asked_once_in_order_and_reported(write: Write) -> None:
    folder = write(row("a"), row("b", date="2024-05-01"))
    fake = Fake(folder / "docs", {"a": (0.1, []), "b": (0.2, [])})
    seen: list[tuple[int, int, str]] = []
    questions = load_set(folder)
    evaluate(questions, fake, threshold=0.5, progress=lambda *step: seen.append(step))
    assert fake.asked == list(questions.items)
    assert seen == [(1, 2, "a"), (2, 2, "b")]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_makes_no_sense_is_refused(write: Write, threshold: float) -> None:
    folder = write(row("a"))
    with pytest.raises(SettingsError, match="threshold = "):
        evaluate(load_set(folder), Fake(folder / "docs", {}), threshold=threshold)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_that_is_no_probability_is_a_defect(write: Write, confidence: float) -> None:
    folder = write(row("a"))
    fake = Fake(folder / "docs", {"a": (confidence, [])})
    with pytest.raises(ValueError, match="question a: the confidence"):
        evaluate(load_set(folder), fake, threshold=0.5)


def test_a_failure_is_raised_with_the_question_it_came_from(write: Write) -> None:
    questions = load_set(write(row("a")))

    def too_long(_: Item) -> Answer:
        raise QuestionError("Too long.", "Ask for less.")

    def no_index(_: Item) -> Answer:
        raise IndexMissing("No index.", "Sync.")

    with pytest.raises(QuestionError) as refused:
        evaluate(questions, too_long, threshold=0.5)
    assert (refused.value.message, refused.value.remedy) == (
        "Question a: Too long.",
        "Ask for less.",
    )
    with pytest.raises(IndexMissing) as failed:
        evaluate(questions, no_index, threshold=0.5)
    assert failed.value.__notes__ == ["while asking question a"]


# -- what is printed -----------------------------------------------------------------------------


def test_the_json_format(report: Report) -> None:
    values = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert {key: values[key] for key in ("set", "documents", "questions", "answerable")} == {
        "set": "ports",
        "documents": 2,
        "questions": 8,
        "answerable": 6,
    }
    assert (values["threshold"], values["silent"], values["citations"]) == (0.5, 1, 10)
    assert values["invalid_quotes"] == []
    assert values["figures"]["direction_pairs"] == {
        "key": "direction_pairs",
        "label": "right direction, both of a pair",
        "value": 1.0,
        "n": 1,
        "unit": "share",
        "low": None,
        "high": None,
    }
    assert values["each"][1] == {
        "id": "d2",
        "kind": "direction",
        "answerable": True,
        "confidence": 0.8,
        "answered": True,
        "hit_rank": 2,
        "citations": 2,
        "good": 1,
        "right": True,
        "near": True,
        "all_groups": True,
        "trapped_first": False,
        "trapped": True,
        "in_quotes": True,
        "in_text": True,
        "characters": 32,
        "ms": 20.0,
    }
    assert values["each"][5]["hit_rank"] is None
    assert [point["coverage"] for point in values["risk_coverage"]] == [n / 8 for n in range(1, 9)]


def test_a_curve_of_many_points_is_thinned_to_twentieths(write: Write) -> None:
    ids = [f"q{number}" for number in range(200)]
    folder = write(*map(row, ids))
    fake = Fake(folder / "docs", {id: (place / 1000, []) for place, id in enumerate(ids)})
    curve = evaluate(load_set(folder), fake, threshold=0.5).risk_coverage
    assert [point.coverage for point in curve] == [step / 20 for step in range(1, 21)]
    assert {point.risk for point in curve} == {1.0}


def test_the_table_for_the_readme(report: Report) -> None:
    lines = report.to_markdown().splitlines()
    assert lines[:2] == [
        "| Measure | n | Value | 95% interval |",
        "| --- | ---: | ---: | ---: |",
    ]
    assert "| right direction, both of a pair | 1 | 100.0% |  |" in lines
    assert "| time for an answer, p50 | 8 | 45 ms |  |" in lines
    assert lines[-1] == "| invalid quotes | 10 | 0 | |"
    assert {line.count("|") for line in lines} == {5}


def test_the_text_is_aligned(report: Report) -> None:
    lines = report.to_text().splitlines()
    assert lines[0] == "ports: 8 questions (6 answerable) over 2 documents, threshold 0.5"
    start = next(i for i, line in enumerate(lines) if line.startswith("kind "))
    table = lines[start : start + 6]
    assert [line.split()[0] for line in table] == [
        "kind",
        "direction",
        "multi",
        "fact",
        "unanswerable",
        "all",
    ]
    assert len({len(line) for line in table}) == 1
    assert table[3].split() == "fact 2 0.0% 0.0% 50.0% 0.0% – 0.0% – 0.0%".split()


def test_what_could_not_be_measured_is_left_out_of_the_text(write: Write) -> None:
    folder = write(row("a"))
    fake = Fake(folder / "docs", {"a": (0.1, [])})
    report = evaluate(load_set(folder), fake, threshold=0.5)
    assert report.figures["recall@10"].value is None
    assert report.figures["auroc"].value is None
    assert "recall@10: any gold" not in report.to_text()
    assert "recall" not in report.to_markdown()
