"""What the page asks for and what it gets, over real indexes, from readers who behave and from
some who don't."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assistant.pipeline as pipeline
from assistant.pipeline import MAX_QUESTION, Assistant
from assistant.ui.desk import Desk, segments, shown
from index.errors import CorpusError, DocumentError, QuestionError, UserError
from index.sync import SyncReport
from tests.assistant.test_pipeline import BULK, BURDEN, FROM_EUROPE, FROM_THE_US, SEED, written

Json = dict[str, Any]
EMPTY = "Ask something, such as: what does the US expect from Europe?"
RELOAD = "Load the page again."
GOLD = "What is the price of gold?"
SIGNED = "Who signed the accord in Oslo?"
LEE = "Ann Lee signed the accord in Oslo."
REPORT = f"Accord signed\nOslo, 3 May 2025 — The Gazette\n\n{LEE} It rained.\n"
OTHER = "Ferry late\nOslo, 1 May 2024 — The Courier\n\nThe ferry to Rome was late.\n"
BINARY = b"\0\1\2\3" * 200


@pytest.fixture(scope="module")
def desk(news: Assistant) -> Desk:
    """Over the twenty-one reports of the benchmark. Not to be written to."""
    return Desk(news)


class Own:
    """A desk over a folder of its own, with a folder of uploads."""

    def __init__(self, tmp_path: Path) -> None:
        self.corpus = tmp_path / "corpus"
        self.uploads = tmp_path / "uploads"
        self.corpus.mkdir()
        self.uploads.mkdir()
        self.assistant = Assistant.open(self.corpus, tmp_path / "index")
        self.desk = Desk(self.assistant, uploads=self.uploads, max_upload=2_000_000)

    def write(self, **documents: str | bytes) -> None:
        """Files that have been at rest: ``write(a="text")`` writes ``a.txt``."""
        for name, content in documents.items():
            text = content if isinstance(content, str) else ""
            written(self.corpus / f"{name}.txt", text)
            if isinstance(content, bytes):
                (self.corpus / f"{name}.txt").write_bytes(content)

    def sync(self) -> None:
        self.desk.begin_sync()
        assert self.desk.wait_for_sync(30)

    def upload(self, name: str, data: bytes) -> Json:
        """What gradio leaves, and what the page then asks for."""
        folder = self.uploads / f"{time.time_ns():x}"
        folder.mkdir()
        (folder / "file").write_bytes(data)
        return {"path": str(folder / "file"), "name": name}

    def files(self) -> dict[str, bytes]:
        """What lies in the corpus, but for what is hidden."""
        return {
            path.relative_to(self.corpus).as_posix(): path.read_bytes()
            for path in self.corpus.rglob("*")
            if path.is_file() and ".removed" not in path.parts
        }

    def states(self) -> dict[str, str]:
        listed = self.desk.documents({"query": "", "offset": 0, "limit": 1000})
        return {one["path"]: one["state"] for one in listed["documents"]}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    made = Own(tmp_path)
    yield made
    assert made.desk.wait_for_sync(30)
    made.assistant.close()


def plain(value: Any) -> Any:
    """As JSON carries it; what it can't carry fails here."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8"))


def asked(desk: Desk, question: str, **more: Any) -> list[Json]:
    request = {"turn": "t1", "question": question, "history": [], "as_typed": False, **more}
    return [plain(snapshot) for snapshot in desk.ask(request)]


def untimed(answer: Json) -> Json:
    return {**answer, "timings_ms": {}}


def refused(act: Callable[[], object]) -> Json:
    with pytest.raises(UserError) as caught:
        act()
    return shown(caught.value)


# -- asking --------------------------------------------------------------------------------------


def test_the_snapshots_of_an_answer_come_in_order_and_are_whole(
    desk: Desk, news: Assistant
) -> None:
    found = asked(desk, FROM_EUROPE)
    whole = news.answer(FROM_EUROPE).to_dict()
    assert [s["stage"] for s in found] == [
        "waiting",
        "searching",
        "reading",
        "checking",
        *["checking"] * (len(whole["claims"]) - 1),
        "done",
    ]
    for snapshot in found:
        assert list(snapshot) == ["turn", "stage", "answer", "more", "error"]
        assert (snapshot["turn"], snapshot["error"]) == ("t1", None)
    nothing = {"searched": {"documents": 0, "passages": 0}, "nearest": []}
    assert [(s["answer"], s["more"]) for s in found[:4]] == [(None, nothing)] * 4
    documents, passages = news.index.manifest.counts()
    for snapshot in found[4:]:
        assert snapshot["more"] == {
            "searched": {"documents": documents, "passages": passages},
            "nearest": [],
        }
    assert untimed(found[-1]["answer"]) == untimed(whole)
    assert {BULK, BURDEN} == {claim["text"] for claim in found[-1]["answer"]["claims"]}


def test_claims_come_one_by_one_with_what_they_cite(desk: Desk) -> None:
    found = [s for s in asked(desk, FROM_EUROPE) if s["answer"]]
    whole = found[-1]["answer"]
    count = len(whole["claims"])
    assert count > 1
    assert [len(s["answer"]["claims"]) for s in found] == list(range(1, count + 1))
    for number, snapshot in enumerate(found, start=1):
        part = snapshot["answer"]
        assert part["claims"] == whole["claims"][:number]
        cited = {marker for claim in part["claims"] for marker in claim["citations"]}
        assert [c["marker"] for c in part["citations"]] == sorted(cited)
        assert all(citation in whole["citations"] for citation in part["citations"])
        rest = {**part, "claims": [], "citations": []}
        assert rest == {**whole, "claims": [], "citations": []}


def test_a_snapshot_is_not_changed_by_those_that_follow(desk: Desk) -> None:
    kept: list[Json] = []
    copies: list[Json] = []
    for snapshot in desk.ask({"turn": "x", "question": FROM_THE_US, "history": []}):
        kept.append(snapshot)
        copies.append(plain(snapshot))
    assert plain(kept) == copies


def test_no_evidence_comes_with_what_was_searched_and_the_nearest(
    desk: Desk, news: Assistant
) -> None:
    found = asked(desk, GOLD)
    assert [s["stage"] for s in found] == ["waiting", "searching", "reading", "checking", "done"]
    last = found[-1]
    assert last["error"] is None
    assert last["answer"]["outcome"] == "no_evidence"
    documents, passages = news.index.manifest.counts()
    assert last["more"]["searched"] == {"documents": documents, "passages": passages}
    answer = news.answer(GOLD)
    assert len(last["more"]["nearest"]) == 3
    for near, hit in zip(last["more"]["nearest"], answer.passages, strict=False):
        layer = news.text(hit)
        assert near == {
            "document": hit.path,
            "sha256": hit.sha256,
            "title": hit.title,
            "published": hit.published.isoformat() if hit.published else None,
            "source": hit.source,
            "start": hit.span.start,
            "end": hit.span.end,
            "line": 1 + layer[: hit.span.start].count("\n"),
            "text": hit.text if len(hit.text) <= 300 else f"{hit.text[:300]}…",
        }


def test_a_question_is_understood_in_its_conversation(desk: Desk, news: Assistant) -> None:
    typed = "And when was that?"

    def understood(**more: Any) -> str:
        answer = asked(desk, typed, **more)[-1]["answer"]
        assert answer["asked"] == typed
        return str(answer["question"])

    carried = news.answer(typed, [FROM_THE_US]).question
    assert carried != typed
    assert understood(history=[FROM_THE_US]) == carried
    assert understood(history=[]) == typed
    assert understood(history=[FROM_THE_US], as_typed=True) == typed
    # Only what is true is true.
    assert understood(history=[FROM_THE_US], as_typed="yes") == carried
    assert understood(history=[FROM_THE_US], as_typed=1) == carried


def test_the_last_eight_questions_count(
    desk: Desk, news: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_: list[list[str]] = []
    real = news.answer

    def answer(question: str, history: list[str], **more: Any) -> Any:
        given_.append(list(history))
        return real(question, history, **more)

    monkeypatch.setattr(news, "answer", answer)
    history = [f"Who is number {number}?" for number in range(20)]
    asked(desk, GOLD, history=history)
    asked(desk, GOLD, history=["x" * (MAX_QUESTION + 5)])
    assert given_ == [history[12:], ["x" * MAX_QUESTION]]


@pytest.mark.parametrize(
    ("request_", "message", "remedy"),
    [
        ({"question": ""}, "The question is empty.", EMPTY),
        ({"question": " \n\u3000"}, "The question is empty.", EMPTY),
        (
            {"question": "x" * 4001},
            "The question has 4,001 characters; the limit is 4,000.",
            "Ask in a sentence or two; documents belong in the corpus.",
        ),
        (
            {"question": "x" * 1_000_000},
            "The question has 1,000,000 characters; the limit is 4,000.",
            "Ask in a sentence or two; documents belong in the corpus.",
        ),
        (
            {"question": "who \ud83d"},
            "The question has bytes in it that are no text.",
            "Use UTF-8.",
        ),
        ({}, "The request has no proper 'question'.", RELOAD),
        ({"question": None}, "The request has no proper 'question'.", RELOAD),
        ({"question": 7}, "The request has no proper 'question'.", RELOAD),
        ({"question": ["x"]}, "The request has no proper 'question'.", RELOAD),
        (
            {"question": "x", "history": "x"},
            "The request has no proper 'history'.",
            RELOAD,
        ),
        (
            {"question": "x", "history": [{"question": 7}]},
            "The request has no proper 'history'.",
            RELOAD,
        ),
        ({"question": "x", "history": None}, "The request has no proper 'history'.", RELOAD),
        (
            {"question": "And then?", "history": ["\ud83d"]},
            "Turn 1 of the history has bytes in it that are no text.",
            "Use UTF-8.",
        ),
    ],
)
def test_what_is_no_question_fails_and_never_says_that_there_is_no_evidence(
    desk: Desk, request_: Json, message: str, remedy: str
) -> None:
    found = [plain(snapshot) for snapshot in desk.ask({"turn": "t9", **request_})]
    nothing = {"searched": {"documents": 0, "passages": 0}, "nearest": []}
    waiting = {"turn": "t9", "stage": "waiting", "answer": None, "more": nothing, "error": None}
    failed = {**waiting, "stage": "failed", "error": {"message": message, "remedy": remedy}}
    assert found == [waiting, failed]


@pytest.mark.parametrize("turn", [None, 7, "x" * 101, [], "\ud83d"])
def test_a_turn_without_a_proper_name_is_refused(desk: Desk, turn: Any) -> None:
    problem = refused(lambda: next(desk.ask({"turn": turn, "question": GOLD})))
    assert problem == {"message": "The request has no proper 'turn'.", "remedy": RELOAD}


def test_the_longest_question_is_asked(desk: Desk) -> None:
    assert asked(desk, "x" * MAX_QUESTION)[-1]["stage"] == "done"
    assert asked(desk, "x" * (MAX_QUESTION + 1))[-1]["stage"] == "failed"


def test_before_any_sync_a_question_fails_with_what_to_do(own: Own) -> None:
    assert [s["stage"] for s in asked(own.desk, SIGNED)] == ["waiting", "failed"]
    assert asked(own.desk, SIGNED)[-1]["error"] == {
        "message": f"There is no index at {own.assistant.index.path} yet.",
        "remedy": "Make one with: onrecord index DIR",
    }


def test_over_an_empty_index_a_question_fails_with_what_to_do(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    own.desk.remove({"path": "a.txt"})
    assert own.desk.wait_for_sync(30)
    found = asked(own.desk, SIGNED)
    assert [s["stage"] for s in found] == ["waiting", "failed"]
    assert found[-1]["answer"] is None
    assert found[-1]["error"] == {
        "message": f"The index at {own.assistant.index.path} holds no documents.",
        "remedy": f"Put .txt or .md files into {own.corpus} and run: onrecord index",
    }


def test_a_defect_is_told_without_its_innards(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret: /etc/passwd")

    monkeypatch.setattr(pipeline, "compose", broken)
    last = asked(desk, FROM_EUROPE)[-1]
    assert (last["stage"], last["answer"]) == ("failed", None)
    assert last["error"] == {
        "message": "Something went wrong on the server.",
        "remedy": "Try again; the server's log says more.",
    }
    assert [record.message for record in caplog.records] == ["a question failed"]


def answering() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "answer"]


def settled() -> None:
    for thread in answering():
        thread.join(30)
    assert answering() == []


def test_when_the_reader_goes_the_work_ends_at_its_next_stage(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching, go = threading.Event(), threading.Event()
    real = pipeline.retrieve
    selected: list[object] = []

    def slow(*args: Any) -> Any:
        searching.set()
        assert go.wait(30)
        return real(*args)

    monkeypatch.setattr(pipeline, "retrieve", slow)
    monkeypatch.setattr(pipeline, "select_evidence", lambda *a, **_: selected.append(a))
    reader = desk.ask({"turn": "t", "question": GOLD, "history": []})
    assert [next(reader)["stage"], next(reader)["stage"]] == ["waiting", "searching"]
    assert searching.wait(30)
    reader.close()  # type: ignore[attr-defined]
    go.set()
    settled()
    assert selected == []


def test_a_reader_who_goes_at_once_starts_nothing(desk: Desk) -> None:
    settled()
    reader = desk.ask({"turn": "t", "question": GOLD, "history": []})
    assert next(reader)["stage"] == "waiting"
    reader.close()  # type: ignore[attr-defined]
    assert answering() == []
    assert list(reader) == []


def test_a_reader_may_go_between_two_claims(desk: Desk) -> None:
    reader = desk.ask({"turn": "t", "question": FROM_THE_US, "history": []})
    for snapshot in reader:
        if snapshot["answer"]:
            break
    reader.close()  # type: ignore[attr-defined]
    settled()
    assert asked(desk, GOLD)[-1]["stage"] == "done"


def test_those_who_ask_at_once_get_their_own_answers(desk: Desk) -> None:
    questions = [FROM_EUROPE, FROM_THE_US, GOLD, "Who is the president of Tarvania?"]
    alone = {question: asked(desk, question)[-1] for question in questions}
    # One turn a step, so that all of them are under way together.
    readers = {
        question: desk.ask({"turn": question, "question": question, "history": []})
        for question in questions
    }
    seen: dict[str, list[Json]] = {question: [] for question in questions}
    while readers:
        for question, reader in list(readers.items()):
            snapshot = next(reader, None)
            if snapshot is None:
                del readers[question]
            else:
                seen[question].append(plain(snapshot))
    for question, snapshots in seen.items():
        assert {s["turn"] for s in snapshots} == {question}
        assert {s["answer"]["asked"] for s in snapshots if s["answer"]} == {question}
        assert untimed(snapshots[-1]["answer"]) == untimed(alone[question]["answer"])
        assert snapshots[-1]["more"] == alone[question]["more"]


def test_the_answer_of_a_program_is_the_answer_of_the_page(desk: Desk) -> None:
    page = asked(desk, FROM_EUROPE)[-1]["answer"]
    assert untimed(desk.answer(FROM_EUROPE)) == untimed(page)
    only = desk.answer(FROM_EUROPE, documents=[SEED], since="2020-01-01", until="2999-12-31")
    assert {passage["document"] for passage in only["passages"]} <= {SEED}
    none = desk.answer(FROM_EUROPE, documents=["none*"])
    assert (none["outcome"], none["passages"]) == ("no_evidence", [])
    for day in ("yesterday", "2025-02-30", "2025", "x" * 1000):
        with pytest.raises(QuestionError) as caught:
            desk.answer(FROM_EUROPE, since=day)
        assert caught.value.message == f"since = {day[:40]!r} is no day."
        assert caught.value.remedy == "Give one such as 2025-01-31."


# -- sources -------------------------------------------------------------------------------------


def test_the_source_of_a_citation_has_the_quote_as_one_piece(desk: Desk) -> None:
    answer = desk.answer(FROM_EUROPE)
    spans = [[c["marker"], c["start"], c["end"]] for c in answer["citations"]]
    for citation in answer["citations"]:
        source = plain(
            desk.source(
                {
                    "document": citation["document"],
                    "sha256": citation["sha256"],
                    "spans": spans,
                    "current": citation["marker"],
                }
            )
        )
        pieces = source.pop("segments")
        assert source == {
            "document": SEED,
            "sha256": citation["sha256"],
            "title": citation["title"],
            "published": citation["published"],
            "source": citation["source"],
            "state": "same",
            "line": citation["line"],
            "cut_before": False,
            "cut_after": False,
        }
        text = (desk._assistant.corpus / SEED).read_text("utf-8")
        assert "".join(words for words, _, _ in pieces) == text
        assert [piece for piece in pieces if piece[2]] == [
            [citation["quote"], citation["marker"], True]
        ]
        marked = {marker: words for words, marker, _ in pieces if marker is not None}
        assert marked == {c["marker"]: c["quote"] for c in answer["citations"]}


@pytest.mark.parametrize("more", [{}, {"sha256": None}, {"sha256": ""}, {"spans": []}])
def test_a_document_is_shown_without_a_span(desk: Desk, more: Json) -> None:
    source = plain(desk.source({"document": SEED, **more}))
    text = (desk._assistant.corpus / SEED).read_text("utf-8")
    assert source["segments"] == [[text, None, False]]
    assert (source["state"], source["line"]) == ("same", 1)


ODD = (
    "Accord\r\n\r\n"
    "Ann 😀 said e\u0301 and 👩‍👩‍👧. It rained.\r\n"
    "\u202eright to left\u202c שלום עולם. It rained.\r"
    "last 𝒳 line\n"
)


@pytest.mark.parametrize(
    ("words", "which", "line"),
    [
        ("Ann 😀 said e\u0301 and 👩‍👩‍👧.", 0, 3),
        ("It rained.", 0, 3),
        ("It rained.", 1, 4),
        ("It rained.\r", 1, 4),
        ("\r\nAnn", 0, 2),
        ("\nAnn", 0, 3),
        ("\u0301", 0, 3),
        ("\u202eright to left\u202c שלום עולם.", 0, 4),
        ("𝒳", 0, 5),
        ("Accord", 0, 1),
        ("line\n", 0, 5),
        (ODD, 0, 1),
    ],
)
def test_the_current_span_is_exactly_one_piece_whatever_its_characters(
    own: Own, words: str, which: int, line: int
) -> None:
    (own.corpus / "a.txt").write_bytes(ODD.encode())
    own.assistant.sync()
    start = -1
    for _ in range(which + 1):
        start = ODD.index(words, start + 1)
    source = plain(
        own.desk.source(
            {"document": "a.txt", "spans": [[1, start, start + len(words)]], "current": 1}
        )
    )
    pieces = [
        [ODD[:start], None, False],
        [words, 1, True],
        [ODD[start + len(words) :], None, False],
    ]
    assert source["segments"] == [piece for piece in pieces if piece[0]]
    assert source["line"] == line


def test_overlapping_spans_give_way_to_the_current_one_and_then_to_the_first(own: Own) -> None:
    own.write(a="0123456789\n")
    own.assistant.sync()
    spans = [[1, 0, 4], [2, 2, 6], [3, 6, 8], [4, 6, 8], [5, 3, 7]]

    def pieces(current: Any) -> list[list[Any]]:
        request = {"document": "a.txt", "spans": spans, "current": current}
        found: list[list[Any]] = plain(own.desk.source(request))["segments"]
        return found

    rest = ["\n", None, False]
    assert pieces(1) == [
        ["0123", 1, True],
        ["45", None, False],
        ["67", 3, False],
        ["89\n", None, False],
    ]
    assert pieces(2) == [
        ["01", None, False],
        ["2345", 2, True],
        ["67", 3, False],
        ["89\n", None, False],
    ]
    assert pieces(4) == [
        ["0123", 1, False],
        ["45", None, False],
        ["67", 4, True],
        ["89\n", None, False],
    ]
    assert pieces(5) == [["012", None, False], ["3456", 5, True], ["789\n", None, False]]
    # A marker that is not there: the first.
    assert pieces(None) == pieces("1") == pieces(99) == pieces([1]) == pieces(1)
    assert rest not in pieces(1)


NOT_THERE = {
    "message": "The words do not stand in this document.",
    "remedy": "Ask the question again.",
}
NO_SPANS = {"message": "The request has no proper 'spans'.", "remedy": RELOAD}


@pytest.mark.parametrize(
    ("spans", "problem"),
    [
        ([[1, 0, 10**9]], NOT_THERE),
        ([[1, 10**9, 10**10]], NOT_THERE),
        ([[1, 0, 5], [2, 0, 10**400]], NOT_THERE),
        ([[1, -1, 5]], NO_SPANS),
        ([[1, -5, -1]], NO_SPANS),
        ([[1, 5, 5]], NO_SPANS),
        ([[1, 5, 4]], NO_SPANS),
        ([[1, False, 5]], NO_SPANS),
        ([[1, 0, True]], NO_SPANS),
        ([[True, 0, 5]], NO_SPANS),
        ([[None, 0, 5]], NO_SPANS),
        ([[[], 0, 5]], NO_SPANS),
        ([[1.5, 0, 5]], NO_SPANS),
        ([[1, 0.0, 5]], NO_SPANS),
        ([[1, "0", 5]], NO_SPANS),
        ([[1, 0, None]], NO_SPANS),
        ([[1, 0]], NO_SPANS),
        ([[1, 0, 5, 6]], NO_SPANS),
        ([{"marker": 1, "start": 0, "end": 5}], NO_SPANS),
        ([1, 0, 5], NO_SPANS),
        ([None], NO_SPANS),
        ("x", NO_SPANS),
        ({}, NO_SPANS),
        (None, NO_SPANS),
        (7, NO_SPANS),
        ([[n, n, n + 1] for n in range(1000)], NO_SPANS),
    ],
)
def test_spans_that_are_none_are_refused(desk: Desk, spans: Any, problem: Json) -> None:
    request = {"document": SEED, "sha256": None, "spans": spans, "current": 1}
    assert refused(lambda: desk.source(request)) == problem


def test_as_many_spans_as_are_allowed_are_shown(desk: Desk) -> None:
    spans = [[n, 2 * n, 2 * n + 1] for n in range(200)]
    source = desk.source({"document": SEED, "spans": spans, "current": 7})
    assert [marker for _, marker, _ in source["segments"] if marker is not None] == list(range(200))
    assert [marker for _, marker, current in source["segments"] if current] == [7]


def test_a_long_document_is_shown_around_the_span(own: Own) -> None:
    # Words that the model has no pieces for: a long document that is soon embedded.
    lines = [f"{number:05d}{'x' * 195}\n" for number in range(5_000)]
    text, size = "".join(lines), 201
    own.write(a=text)
    own.assistant.sync()
    assert len(text) == 1_005_000
    for number in (0, 1, 450, 500, 2_500, 4_300, 4_999):
        start, end = number * size, (number + 1) * size
        spans = [[1, 0, size], [2, start, end], [3, len(text) - size, len(text)]]
        source = own.desk.source({"document": "a.txt", "spans": spans, "current": 2})
        shown_ = "".join(words for words, _, _ in source["segments"])
        first = text.index(shown_[: 2 * size])
        assert text[first : first + len(shown_)] == shown_
        assert source["cut_before"] == (first > 0)
        assert source["cut_after"] == (first + len(shown_) < len(text))
        assert first <= max(0, start - 100_000)
        assert first + len(shown_) >= min(len(text), end + 100_000)
        assert len(shown_) <= 310_000
        current = [piece for piece in source["segments"] if piece[2]]
        assert [words for words, _, _ in current] == [text[start:end]]
        assert source["line"] == number + 1
    whole = own.desk.source({"document": "a.txt", "spans": [[1, 0, len(text)]], "current": 1})
    assert whole["segments"] == [[text, 1, True]]
    none = own.desk.source({"document": "a.txt"})
    assert (none["cut_before"], none["cut_after"], none["line"]) == (False, True, 1)
    assert text.startswith(none["segments"][0][0])


def test_the_text_that_was_cited_is_shown_when_the_document_has_changed(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    cited = own.desk.answer(SIGNED)["citations"][0]
    spans = [[1, cited["start"], cited["end"]]]
    request = {"document": "a.txt", "sha256": cited["sha256"], "spans": spans, "current": 1}
    own.write(a=f"Correction\nOslo, 4 May 2025 — The Herald\n\n{LEE}\n")
    assert own.desk.source(request)["state"] == "same", "until the next sync"
    own.sync()
    changed = plain(own.desk.source(request))
    assert changed["state"] == "changed"
    assert changed["sha256"] == cited["sha256"]
    assert "".join(words for words, _, _ in changed["segments"]) == REPORT
    assert [words for words, _, current in changed["segments"] if current] == [LEE]
    now = own.desk.source({"document": "a.txt", "sha256": None})
    assert (now["state"], now["title"]) == ("same", "Correction")
    assert now["sha256"] != cited["sha256"]

    own.desk.remove({"path": "a.txt"})
    assert own.desk.wait_for_sync(30)
    gone = plain(own.desk.source(request))
    assert {**gone, "segments": []} == {
        "document": "a.txt",
        "sha256": cited["sha256"],
        "title": "",
        "published": None,
        "source": None,
        "state": "gone",
        "line": cited["line"],
        "segments": [],
        "cut_before": False,
        "cut_after": False,
    }
    assert "".join(words for words, _, _ in gone["segments"]) == REPORT
    assert refused(lambda: own.desk.source({"document": "a.txt"})) == {
        "message": "There is no document 'a.txt' in the index.",
        "remedy": "Look at the list of documents.",
    }
    own.assistant.prune()
    assert refused(lambda: own.desk.source(request)) == {
        "message": "The text of a.txt that was cited is not kept any more.",
        "remedy": "Look at the list of documents.",
    }


@pytest.mark.parametrize(
    "sha256",
    ["../../x", "..", "x", "*", "0" * 64, "0" * 63, "A" * 64, "/etc/passwd", "\0", "[0-9a-f]" * 8],
)
def test_what_is_no_digest_opens_no_file(desk: Desk, sha256: str) -> None:
    assert refused(lambda: desk.source({"document": SEED, "sha256": sha256})) == {
        "message": f"The text of {SEED} that was cited is not kept any more.",
        "remedy": "Look at the list of documents.",
    }


@pytest.mark.parametrize("sha256", [7, True, ["x"], {"x": 1}, "0" * 65, "x" * 10**6, "\ud800"])
def test_what_can_be_no_digest_is_refused(desk: Desk, sha256: Any) -> None:
    assert refused(lambda: desk.source({"document": SEED, "sha256": sha256})) == {
        "message": "The request has no proper 'sha256'.",
        "remedy": RELOAD,
    }


@pytest.mark.parametrize(
    "path", ["", "../x", "/etc/passwd", "none.txt", f"./{SEED}", f"{SEED}/", "\0", "a" * 4000]
)
def test_only_what_is_indexed_is_shown(desk: Desk, path: str) -> None:
    assert refused(lambda: desk.source({"document": path})) == {
        "message": f"There is no document {path[:200]!r} in the index.",
        "remedy": "Look at the list of documents.",
    }


@pytest.mark.parametrize("path", [None, 7, [SEED], "a" * 4001, "\ud800.txt"])
def test_what_is_no_path_is_refused(desk: Desk, path: Any) -> None:
    assert refused(lambda: desk.source({"document": path})) == {
        "message": "The request has no proper 'document'.",
        "remedy": RELOAD,
    }


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_pieces_are_the_text_and_never_overlap(data: st.DataObject) -> None:
    text = data.draw(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
    first = data.draw(st.integers(0, len(text) - 1))
    last = data.draw(st.integers(first + 1, len(text)))
    span = st.integers(first, last - 1).flatmap(
        lambda start: st.tuples(st.just(start), st.integers(start + 1, last))
    )
    drawn = data.draw(st.lists(span, max_size=8))
    spans = [(marker, start, end) for marker, (start, end) in enumerate(drawn, start=1)]
    current = data.draw(st.sampled_from([None, *spans]))
    pieces = segments(text, spans, current, first, last)
    assert "".join(words for words, _, _ in pieces) == text[first:last]
    assert all(words for words, _, _ in pieces)
    at = first
    places = {}
    for words, marker, _ in pieces:
        if marker is not None:
            assert marker not in places
            places[marker] = (marker, at, at + len(words))
        at += len(words)
    # A piece that is marked is its whole span.
    assert all(place in spans for place in places.values())
    assert [marker for _, marker, now in pieces if now] == ([current[0]] if current else [])
    # What has no piece overlaps one that has.
    for marker, start, end in spans:
        assert marker in places or any(start < b and a < end for _, a, b in places.values())
    # Two neighbours without a marker would be one.
    for one, other in pairwise(pieces):
        assert one[1] is not None or other[1] is not None


# -- the corpus ----------------------------------------------------------------------------------

IDLE = {"running": False, "done": 0, "total": 0, "file": "", "error": None, "report": None}


def test_the_state_of_a_corpus(news: Assistant) -> None:
    documents, passages = news.index.manifest.counts()
    state = plain(Desk(news, read_only=True, max_upload=7_900_000).state({}))
    corpus_id = state.pop("corpus_id")
    assert state == {
        "corpus": "docs",
        "documents": documents,
        "passages": passages,
        "generation": str(news.index.manifest.generation()),
        "changed": False,
        "read_only": True,
        "max_upload_mb": 7,
        "suffixes": [".markdown", ".md", ".text", ".txt"],
        "sync": IDLE,
    }
    assert len(corpus_id) == 16
    assert set(corpus_id) <= set("0123456789abcdef")


def test_two_corpora_of_one_name_are_told_apart(tmp_path: Path) -> None:
    found = []
    for place in ("one", "other"):
        corpus = tmp_path / place / "corpus"
        corpus.mkdir(parents=True)
        with Assistant.open(corpus, tmp_path / place / "index") as assistant:
            found.append(Desk(assistant).state())
    assert [state["corpus"] for state in found] == ["corpus", "corpus"]
    assert found[0]["corpus_id"] != found[1]["corpus_id"]


def test_a_folder_whose_name_is_no_text_is_named_all_the_same(tmp_path: Path) -> None:
    corpus = tmp_path / "caf\udce9"
    corpus.mkdir()
    with Assistant.open(corpus, tmp_path / "index") as assistant:
        assert plain(Desk(assistant).state())["corpus"] == "caf\ufffd"


def test_before_any_sync_a_state_makes_no_index(own: Own) -> None:
    state = own.desk.state()
    assert (state["documents"], state["passages"], state["generation"]) == (0, 0, "0")
    assert (state["changed"], state["sync"]) == (False, IDLE)
    assert own.desk.documents({}) == {"total": 0, "matching": 0, "documents": []}
    assert own.desk.examples() == {"ready": False, "questions": []}
    assert not own.assistant.index.path.exists()


def test_the_list_of_documents_has_their_states_and_what_is_known_of_them(own: Own) -> None:
    own.write(a=REPORT, b=OTHER, c=BINARY, d="Words without a day.\n", e="Will go.\n")
    own.sync()
    own.write(b=OTHER + "More.\n", f="Has come.\n")
    (own.corpus / "e.txt").unlink()
    own.desk._listed_at = float("-inf")
    found = plain(own.desk.documents({"query": "", "offset": 0, "limit": 100}))
    blank = {"title": "", "published": None, "source": None, "reason": "", "remedy": ""}
    assert found == {
        "total": 6,
        "matching": 6,
        "documents": [
            {
                "path": "a.txt",
                "title": "Accord signed",
                "published": "2025-05-03",
                "source": "The Gazette",
                "size": len(REPORT.encode()),
                "state": "indexed",
                "reason": "",
                "remedy": "",
            },
            {
                "path": "b.txt",
                "title": "Ferry late",
                "published": "2024-05-01",
                "source": "The Courier",
                "size": len(OTHER.encode()) + 6,
                "state": "changed",
                "reason": "",
                "remedy": "",
            },
            # Undated ones last, by path.
            {
                **blank,
                "path": "c.txt",
                "size": 800,
                "state": "refused",
                "reason": "c.txt is not text in any encoding known here.",
                "remedy": "Save it as UTF-8, or remove it from the folder.",
            },
            {**blank, "path": "d.txt", "title": "Words without a day.", "size": 21}
            | {"state": "indexed"},
            {**blank, "path": "e.txt", "title": "Will go.", "size": 9, "state": "removed"},
            {**blank, "path": "f.txt", "size": 10, "state": "new"},
        ],
    }
    assert own.desk.state()["changed"] is True
    own.sync()
    assert own.desk.state()["changed"] is False
    assert own.states() == {
        "a.txt": "indexed",
        "b.txt": "indexed",
        "c.txt": "refused",
        "d.txt": "indexed",
        "f.txt": "indexed",
    }


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("", ["a.txt", "b.txt"]),
        ("  ", ["a.txt", "b.txt"]),
        ("accord", ["a.txt"]),
        ("ACCORD", ["a.txt"]),
        ("gazette accord", ["a.txt"]),
        ("gaz acc", ["a.txt"]),
        ("2025-05", ["a.txt"]),
        ("b.txt", ["b.txt"]),
        (".txt", ["a.txt", "b.txt"]),
        ("accord ferry", []),
        ("rained", []),
        ("none", []),
        ("*", []),
        ("😀", []),
        ("' OR 1=1 --", []),
        ("x" * 1000, []),
    ],
)
def test_documents_are_found_by_path_title_source_and_day(
    searched: Desk,
    query: str,
    paths: list[str],
) -> None:
    found = searched.documents({"query": query})
    assert [one["path"] for one in found["documents"]] == paths
    assert (found["total"], found["matching"]) == (2, len(paths))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    own = Own(tmp_path_factory.mktemp("searched"))
    own.write(a=REPORT, b=OTHER)
    own.assistant.sync()
    yield own.desk
    own.assistant.close()


def test_the_list_comes_in_pages(desk: Desk) -> None:
    whole = desk.documents({"query": "", "offset": 0, "limit": 1000})["documents"]
    assert len(whole) == 21
    assert desk.documents({})["documents"] == whole
    days = [one["published"] or "" for one in whole]
    assert days == sorted(days, reverse=True)
    pages = [desk.documents({"offset": at, "limit": 8}) for at in (0, 8, 16, 24)]
    assert [one for page in pages for one in page["documents"]] == whole
    assert [(page["total"], page["matching"]) for page in pages] == [(21, 21)] * 4
    assert desk.documents({"limit": 0})["documents"] == []
    assert desk.documents({"offset": 10_000_000})["documents"] == []


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({"query": None}, "query"),
        ({"query": 7}, "query"),
        ({"query": ["x"]}, "query"),
        ({"query": "x" * 1001}, "query"),
        ({"query": "\ud83d"}, "query"),
        ({"offset": -1}, "offset"),
        ({"offset": "0"}, "offset"),
        ({"offset": 0.0}, "offset"),
        ({"offset": True}, "offset"),
        ({"offset": None}, "offset"),
        ({"offset": 10**12}, "offset"),
        ({"limit": -1}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "all"}, "limit"),
        ({"limit": None}, "limit"),
    ],
)
def test_a_list_that_is_asked_for_wrongly_is_refused(desk: Desk, request_: Json, name: str) -> None:
    assert refused(lambda: desk.documents(request_)) == {
        "message": f"The request has no proper {name!r}.",
        "remedy": RELOAD,
    }


def test_the_folder_is_looked_at_once_for_many_who_ask(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(a=REPORT)
    own.sync()
    looks: list[float] = []
    real = own.assistant.documents

    def documents() -> Any:
        looks.append(time.monotonic())
        return real()

    monkeypatch.setattr(own.assistant, "documents", documents)
    for _ in range(20):
        own.desk.state()
        own.desk.documents({})
    assert len(looks) == 1
    # What the page itself has done shows at once.
    own.desk.add({"files": [own.upload("b.txt", OTHER.encode())]})
    assert own.desk.wait_for_sync(30)
    assert own.states() == {"a.txt": "indexed", "b.txt": "indexed"}


def test_examples_are_made_in_the_background_and_once_for_each_state(own: Own) -> None:
    own.write(a="Row\n\nKestria demands compensation from Maren. It rained.\n")
    own.sync()
    first = own.desk.examples({})
    assert first["questions"] == []

    def ready() -> list[str]:
        for _ in range(600):
            found = own.desk.examples({})
            if found["ready"]:
                questions: list[str] = found["questions"]
                return questions
            time.sleep(0.05)
        raise AssertionError("never ready")

    assert ready() == ["What does Kestria demand from Maren?"]
    assert own.desk.examples() == {"ready": True, "questions": ready()}
    own.write(b="Loan\n\nAnn Lee promised Kestria a loan.\n")
    own.sync()
    # Meanwhile those of before.
    assert own.desk.examples() == {
        "ready": False,
        "questions": ["What does Kestria demand from Maren?"],
    }
    assert sorted(ready()) == [
        "What does Kestria demand from Maren?",
        "What has Ann Lee promised Kestria?",
    ]
    for path in ("a.txt", "b.txt"):
        own.desk.remove({"path": path})
    assert own.desk.wait_for_sync(30)
    assert ready() == [], "an empty corpus has none"


# -- syncs ---------------------------------------------------------------------------------------


def test_a_sync_tells_what_it_did(own: Own) -> None:
    own.write(a=REPORT, b=OTHER, c=BINARY)
    state = plain(own.desk.sync({}))
    assert state["sync"]["report"] is None
    assert own.desk.wait_for_sync(30)
    sync = plain(own.desk.state())["sync"]
    assert sync["report"].pop("seconds") >= 0
    failure = {
        "path": "c.txt",
        "reason": "c.txt is not text in any encoding known here.",
        "remedy": "Save it as UTF-8, or remove it from the folder.",
    }
    assert sync == {
        "running": False,
        "done": 3,
        "total": 3,
        "file": "",
        "error": None,
        "report": {
            "id": 1,
            "added": ["a.txt", "b.txt"],
            "changed": [],
            "removed": [],
            "unchanged": 0,
            "failed": [failure],
        },
    }
    own.write(a=REPORT + "More.\n")
    (own.corpus / "b.txt").unlink()
    again = plain(own.desk.sync_now())
    assert again["report"].pop("seconds") >= 0
    assert (again["running"], again["error"]) == (False, None)
    assert again["report"] == {
        "id": 2,
        "added": [],
        "changed": ["a.txt"],
        "removed": ["b.txt"],
        "unchanged": 0,
        "failed": [failure],
    }


def test_a_sync_that_fails_says_why_and_the_report_of_the_last_stays(own: Own) -> None:
    own.sync()
    empty = {
        "message": f"The folder {own.corpus} has no documents.",
        "remedy": "Put .txt or .md files into it and try again.",
    }
    assert own.desk.state()["sync"] == {**IDLE, "error": empty}
    own.write(a=REPORT)
    own.sync()
    assert own.desk.state()["sync"]["error"] is None
    (own.corpus / "a.txt").unlink()
    own.sync()
    sync = own.desk.state()["sync"]
    # A folder that became empty by itself does not empty the index.
    assert sync["error"] == {
        "message": f"The folder {own.corpus} has no documents any more; the index has 1.",
        "remedy": "If that is meant, empty the index with: onrecord index --allow-empty",
    }
    assert sync["report"]["id"] == 1
    assert own.desk.state()["documents"] == 1
    assert own.desk.answer(SIGNED)["citations"][0]["quote"] == LEE


def test_a_sync_of_another_process_is_told(own: Own) -> None:
    own.write(a=REPORT)
    with own.assistant.index.writer():
        own.sync()
        assert own.desk.state()["sync"]["error"] == {
            "message": f"Another sync is writing to the index at {own.assistant.index.path}.",
            "remedy": "Wait until it is done and try again.",
        }
    own.sync()
    assert own.desk.state()["sync"]["error"] is None


def test_a_defect_in_a_sync_ends_it(
    own: Own, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(own.assistant, "sync", broken)
    own.sync()
    assert own.desk.state()["sync"] == {
        **IDLE,
        "error": {
            "message": "Something went wrong on the server.",
            "remedy": "Try again; the server's log says more.",
        },
    }
    assert [record.message for record in caplog.records] == ["a sync failed"]


class Gate:
    """Syncs that wait at their beginning until they are let through."""

    def __init__(self, own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.runs: list[bool] = []
        real = own.assistant.sync

        def sync(*, allow_empty: bool, progress: Any) -> SyncReport:
            self.runs.append(allow_empty)
            self.began.release()
            assert self.go.acquire(timeout=30)
            return real(allow_empty=allow_empty, progress=progress)

        monkeypatch.setattr(own.assistant, "sync", sync)


def test_syncs_asked_for_while_one_runs_are_one_more(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(a=REPORT)
    gate = Gate(own, monkeypatch)
    own.desk.begin_sync()
    assert gate.began.acquire(timeout=30)
    for _ in range(5):
        assert own.desk.sync({})["sync"]["running"] is True
    own.write(b=OTHER)
    assert not own.desk.wait_for_sync(0.01)
    gate.go.release()
    assert gate.began.acquire(timeout=30)
    assert own.desk.state()["sync"]["running"] is True
    gate.go.release()
    assert own.desk.wait_for_sync(30)
    assert gate.runs == [False, False]
    assert own.desk.state()["sync"]["report"]["id"] == 2
    assert own.states() == {"a.txt": "indexed", "b.txt": "indexed"}


def test_both_of_the_last_two_can_be_removed_at_once(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.write(a=REPORT, b=OTHER)
    own.sync()
    gate = Gate(own, monkeypatch)
    own.desk.remove({"path": "a.txt"})
    assert gate.began.acquire(timeout=30)
    own.desk.remove({"path": "b.txt"})
    gate.go.release(2)
    assert own.desk.wait_for_sync(30)
    assert gate.runs == [False, True]
    state = own.desk.state()
    assert (state["documents"], state["sync"]["error"], own.states()) == (0, None, {})


# -- adding --------------------------------------------------------------------------------------


def test_each_added_file_has_a_result_of_its_own_and_is_then_answered_from(own: Own) -> None:
    results = plain(
        own.desk.add(
            {
                "files": [
                    own.upload("accord.txt", REPORT.encode()),
                    own.upload("accord.txt", OTHER.encode()),
                    own.upload("accord.txt", REPORT.encode()),
                    own.upload("../evil.txt", OTHER.encode()),
                    own.upload("data.bin", BINARY),
                    own.upload("data.txt", BINARY),
                ]
            }
        )
    )["results"]
    rename = "Rename the file and add it again."
    assert results == [
        {"name": "accord.txt", "saved": "accord.txt", "message": "", "remedy": ""},
        {"name": "accord.txt", "saved": "accord (2).txt", "message": "", "remedy": ""},
        {"name": "accord.txt", "saved": "accord.txt", "message": "", "remedy": ""},
        {
            "name": "../evil.txt",
            "saved": None,
            "message": "The file name '../evil.txt' has a folder in it.",
            "remedy": rename,
        },
        {
            "name": "data.bin",
            "saved": None,
            "message": "data.bin is of a kind that can't be read.",
            "remedy": "Convert it to one of: .markdown, .md, .text, .txt.",
        },
        {
            "name": "data.txt",
            "saved": None,
            "message": "data.txt is not text in any encoding known here.",
            "remedy": "Save it as UTF-8, or remove it from the folder.",
        },
    ]
    assert own.files() == {"accord.txt": REPORT.encode(), "accord (2).txt": OTHER.encode()}
    # The uploads are used up.
    assert [path for path in own.uploads.rglob("*") if path.is_file()] == []
    assert own.desk.wait_for_sync(30)
    assert own.states() == {"accord.txt": "indexed", "accord (2).txt": "indexed"}
    assert own.desk.answer(SIGNED)["citations"][0]["quote"] == LEE


NAMES = [
    "../a.txt",
    "/a.txt",
    "a\\b.txt",
    "a\0.txt",
    "a\u202etxt.md",
    "",
    ".a.txt",
    "a" * 296 + ".txt",
    "a.exe",
    "a\ud83d.txt",
    None,
    7,
    ["a.txt"],
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_adds_nothing(own: Own, name: Any) -> None:
    file = own.upload("", REPORT.encode()) | {"name": name}
    (result,) = plain(own.desk.add({"files": [file]}))["results"]
    assert result["saved"] is None
    assert result["message"]
    assert len(result["name"]) <= 200
    assert own.files() == {}
    # Nothing was added, so nothing is synced.
    assert own.desk.state()["sync"] == IDLE


NO_UPLOAD = {
    "name": "a.txt",
    "saved": None,
    "message": "There is no uploaded file by that name.",
    "remedy": "Upload the file again.",
}


@pytest.mark.parametrize(
    "path",
    [
        None,
        7,
        "",
        ".",
        "\0",
        "\ud800",
        "upload",
        "{uploads}",
        "{uploads}/none",
        "{uploads}/\0",
        "{uploads}/\ud800",
        "{uploads}/" + "a" * 300,
        "{uploads}/../secret.txt",
        "{uploads}/../corpus/there.txt",
        "{uploads}/link",
        "{uploads}/folder/secret.txt",
        "{uploads}/pipe",
        "{uploads}x/a.txt",
        "/etc/passwd",
        "/proc/self/environ",
        "file:///etc/passwd",
    ],
)
def test_only_what_was_uploaded_is_added(own: Own, tmp_path: Path, path: Any) -> None:
    (tmp_path / "secret.txt").write_text("A secret.\n")
    (tmp_path / "uploadsx").mkdir()
    (tmp_path / "uploadsx" / "a.txt").write_text("A secret.\n")
    (own.uploads / "link").symlink_to(tmp_path / "secret.txt")
    (own.uploads / "folder").symlink_to(tmp_path)
    os.mkfifo(own.uploads / "pipe")
    own.write(there="Was here.\n")
    named = path.format(uploads=own.uploads) if isinstance(path, str) else path
    assert own.desk.add({"files": [{"path": named, "name": "a.txt"}]}) == {"results": [NO_UPLOAD]}
    assert own.files() == {"there.txt": b"Was here.\n"}
    assert (tmp_path / "secret.txt").exists()
    assert (own.uploads / "link").is_symlink()


@pytest.mark.parametrize("file", [None, 7, "a.txt", [], {}, {"name": "a.txt"}, {"path": "x"}])
def test_what_is_no_file_adds_nothing(own: Own, file: Any) -> None:
    (result,) = own.desk.add({"files": [file]})["results"]
    assert {**result, "name": "a.txt"} == NO_UPLOAD


def test_an_upload_is_added_once(own: Own) -> None:
    file = own.upload("a.txt", REPORT.encode())
    results = own.desk.add({"files": [file, file]})["results"]
    assert results == [
        {"name": "a.txt", "saved": "a.txt", "message": "", "remedy": ""},
        NO_UPLOAD,
    ]


def test_a_file_that_is_too_large_is_refused_and_the_next_is_not(own: Own) -> None:
    files = [
        own.upload("large.txt", b"x" * 2_000_001),
        own.upload("fits.txt", b"Words.\n" + b"\n" * 1_999_993),
    ]
    assert own.desk.add({"files": files})["results"] == [
        {
            "name": "large.txt",
            "saved": None,
            "message": "The file is larger than 2 MB.",
            "remedy": "Split it, or raise the limit with --max-upload.",
        },
        {"name": "fits.txt", "saved": "fits.txt", "message": "", "remedy": ""},
    ]
    assert list(own.files()) == ["fits.txt"]
    assert [path for path in own.uploads.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("files", [None, 7, "x", {}, [None] * 501])
def test_a_list_of_files_that_is_none_is_refused(own: Own, files: Any) -> None:
    assert refused(lambda: own.desk.add({"files": files})) == {
        "message": "There is no list of files.",
        "remedy": "Add at most 500 at once.",
    }
    assert own.desk.add({"files": []}) == {"results": []}


def test_without_a_folder_of_uploads_nothing_is_added(news: Assistant, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.\n")
    file = {"path": str(tmp_path / "a.txt"), "name": "a.txt"}
    assert Desk(news).add({"files": [file]}) == {"results": [NO_UPLOAD]}


# -- removing ------------------------------------------------------------------------------------


def test_a_document_is_removed_and_brought_back(own: Own) -> None:
    own.write(a=REPORT, b=OTHER)
    own.sync()
    before = untimed(own.desk.answer(SIGNED))
    removed = plain(own.desk.remove({"path": "a.txt"}))
    assert removed == {"removal": removed["removal"], "path": "a.txt"}
    assert own.desk.wait_for_sync(30)
    assert own.states() == {"b.txt": "indexed"}
    assert own.desk.state()["sync"]["report"]["removed"] == ["a.txt"]
    assert own.desk.answer(SIGNED)["outcome"] == "no_evidence"
    assert own.desk.undo({"removal": removed["removal"]}) == {"path": "a.txt"}
    assert own.desk.wait_for_sync(30)
    assert own.states() == {"a.txt": "indexed", "b.txt": "indexed"}
    assert untimed(own.desk.answer(SIGNED)) == before


def test_the_last_document_is_removed_and_brought_back(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    removal = own.desk.remove({"path": "a.txt"})["removal"]
    assert own.desk.wait_for_sync(30)
    state = own.desk.state()
    assert (state["documents"], state["passages"], state["changed"]) == (0, 0, False)
    assert state["sync"]["error"] is None
    assert state["sync"]["report"]["removed"] == ["a.txt"]
    assert own.desk.undo({"removal": removal}) == {"path": "a.txt"}
    assert own.desk.wait_for_sync(30)
    assert own.desk.answer(SIGNED)["citations"][0]["quote"] == LEE


def test_a_refused_and_a_new_document_can_be_removed(own: Own) -> None:
    own.write(a=REPORT, c=BINARY)
    own.sync()
    own.write(n=OTHER)
    for path in ("c.txt", "n.txt"):
        assert own.desk.remove({"path": path})["path"] == path
        assert own.desk.wait_for_sync(30)
    assert own.states() == {"a.txt": "indexed"}
    assert own.desk.state()["sync"]["error"] is None


def test_the_index_is_not_emptied_by_removing_something_else(own: Own) -> None:
    """All but one are in the folder still, and that one was not taken out by anybody."""
    own.write(a=REPORT, c=BINARY)
    own.sync()
    own.desk.remove({"path": "c.txt"})
    assert own.desk.wait_for_sync(30)
    state = own.desk.state()
    assert (state["documents"], state["sync"]["error"]) == (1, None)


@pytest.mark.parametrize(
    "path",
    [
        "none.txt",
        "../secret.txt",
        "sub/../a.txt",
        "./a.txt",
        "a.txt/",
        ".removed",
        ".hidden.txt",
        "sub",
        "notes.pdf",
        "own-index/manifest.sqlite3",
        "own-index/texts/00/0.1.txt",
        "link/a.txt",
        "\0",
        "",
    ],
)
def test_only_a_document_is_removed(tmp_path: Path, path: str) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "sub").mkdir(parents=True)
    (corpus / "own-index" / "texts" / "00").mkdir(parents=True)
    (corpus / "own-index" / "texts" / "00" / "0.1.txt").write_text("x")
    (corpus / "link").symlink_to(corpus / "sub")
    (tmp_path / "secret.txt").write_text("x")
    for name in ("a.txt", "sub/a.txt", ".hidden.txt", "notes.pdf"):
        written(corpus / name, REPORT)
    with Assistant.open(corpus, corpus / "own-index") as assistant:
        desk = Desk(assistant)
        assert refused(lambda: desk.remove({"path": path})) == {
            "message": f"There is no document {path!r} in the folder.",
            "remedy": "Look at the list of documents.",
        }
        assert desk.wait_for_sync(0), "nothing was begun"
    assert not (corpus / ".removed").exists()
    assert (corpus / "a.txt").is_file()
    assert (corpus / "own-index" / "texts" / "00" / "0.1.txt").is_file()


@pytest.mark.parametrize("path", [None, 7, ["a.txt"], "a" * 4001, "\ud800.txt"])
def test_a_removal_of_what_is_no_path_is_refused(own: Own, path: Any) -> None:
    assert refused(lambda: own.desk.remove({"path": path})) == {
        "message": "The request has no proper 'path'.",
        "remedy": RELOAD,
    }


@pytest.mark.parametrize("removal", ["", "..", "../..", "deadbeefdeadbeef", "*", "0" * 40])
def test_a_forged_removal_brings_nothing_back(own: Own, removal: str) -> None:
    own.write(a=REPORT)
    problem = refused(lambda: own.desk.undo({"removal": removal}))
    assert problem["message"] == "There is no removed document by that name."
    assert own.files() == {"a.txt": REPORT.encode()}


@pytest.mark.parametrize("removal", [None, 7, "0" * 41, "\ud800"])
def test_what_can_be_no_removal_is_refused(own: Own, removal: Any) -> None:
    assert refused(lambda: own.desk.undo({"removal": removal})) == {
        "message": "The request has no proper 'removal'.",
        "remedy": RELOAD,
    }


def test_an_undo_whose_place_is_taken_loses_neither(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    removal = own.desk.remove({"path": "a.txt"})["removal"]
    assert own.desk.wait_for_sync(30)
    own.write(a=OTHER)
    kept = own.corpus / ".removed" / removal
    assert refused(lambda: own.desk.undo({"removal": removal})) == {
        "message": "There is another document at a.txt now.",
        "remedy": f"Rename one of the two; the removed one lies in {kept}.",
    }
    assert (own.corpus / "a.txt").read_text() == OTHER
    assert (kept / "a.txt").read_text() == REPORT


# -- taking it along -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def turns(desk: Desk) -> list[Json]:
    """A conversation as the page keeps it."""
    questions = (FROM_EUROPE, GOLD, FROM_THE_US)
    return [
        {"asked": question, "at": "2025-05-03T12:00:00Z", "answer": plain(desk.answer(question))}
        for question in questions
    ]


def exported(desk: Desk, format_: str, turns: list[Json], title: str = "Troops, fees") -> Json:
    found: Json = plain(desk.export({"format": format_, "title": title, "turns": turns}))
    assert list(found) == ["name", "type", "content"]
    return found


def test_a_conversation_as_json_is_what_it_was_and_passes_the_check(
    desk: Desk, news: Assistant, turns: list[Json]
) -> None:
    found = exported(desk, "json", turns)
    assert (found["name"], found["type"]) == ("Troops--fees.json", "application/json")
    answers = json.loads(found["content"])
    assert answers == [turn["answer"] for turn in turns]
    statuses = [result.status for answer in answers for result in news.recheck(answer)]
    assert statuses == ["ok"] * sum(len(answer["citations"]) for answer in answers)
    assert len(statuses) > 2


def test_a_conversation_as_text_and_markdown(desk: Desk, turns: list[Json]) -> None:
    text = exported(desk, "text", turns)
    assert (text["name"], text["type"]) == ("Troops--fees.txt", "text/plain")
    lines = text["content"].split("\n")
    assert lines[:3] == ["Troops, fees", "", FROM_EUROPE]
    assert [line for line in lines if line in (FROM_EUROPE, GOLD, FROM_THE_US)] == [
        FROM_EUROPE,
        GOLD,
        FROM_THE_US,
    ]
    markdown = exported(desk, "markdown", turns)
    assert (markdown["name"], markdown["type"]) == ("Troops--fees.md", "text/markdown")
    heads = [line for line in markdown["content"].split("\n") if line.startswith("#")]
    assert heads == ["# Troops, fees", f"## {FROM_EUROPE}", f"## {GOLD}", f"## {FROM_THE_US}"]
    count = sum(len(turn["answer"]["citations"]) for turn in turns)
    notes = [line.split("]")[0] for line in markdown["content"].split("\n") if "]: “" in line]
    assert notes == [f"[^{number}" for number in range(1, count + 1)]


class Page(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marked: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "mark" and self.rawdata:
            self.marked.append(data)


def test_a_conversation_as_a_page(desk: Desk, turns: list[Json]) -> None:
    found = exported(desk, "html", turns)
    assert (found["name"], found["type"]) == ("Troops--fees.html", "text/html")
    page = Page(found["content"])
    count = sum(len(turn["answer"]["citations"]) for turn in turns)
    assert (page.tags.count("section"), page.tags.count("mark")) == (3, count)
    assert len(page.ids) == len(set(page.ids)) == count
    assert {link.removeprefix("#") for link in page.links} == set(page.ids)


def test_a_single_answer_is_copied_without_a_heading(desk: Desk, turns: list[Json]) -> None:
    text = exported(desk, "text", turns[:1])["content"]
    assert text.split("\n")[:2] == [FROM_EUROPE, ""]
    assert "Troops, fees" not in text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("../../etc/passwd", "etc-passwd.json"),
        ("", "Conversation.json"),
        (None, "Conversation.json"),
        ("???", "conversation.json"),
        ("a\0b\nc", "a-b-c.json"),
        ("Über 😀 文", "Über---文.json"),
        ("cut in half \ud83d", "cut-in-half.json"),
        ("x" * 999, "x" * 60 + ".json"),
        ("x" * 5000, "x" * 60 + ".json"),
    ],
)
def test_a_title_makes_a_name_for_a_file(
    desk: Desk, turns: list[Json], title: Any, name: str
) -> None:
    for format_, suffix in (("json", ".json"), ("html", ".html"), ("markdown", ".md")):
        found = exported(desk, format_, turns[:1], title)
        assert found["name"] == name.removesuffix(".json") + suffix


def test_a_tampered_quote_is_left_out_and_said_to_be(desk: Desk, turns: list[Json]) -> None:
    false = "The US expects nothing of Europe."
    answer = plain(turns[0]["answer"])
    gone = next(c for c in answer["claims"] if c["citations"] == [1])
    quote = answer["citations"][0]["quote"]
    answer["citations"][0]["quote"] = false
    for claim in answer["claims"]:
        claim["text"] = claim["text"].replace(quote, false)
    turn = {**turns[0], "answer": answer}
    (saved,) = json.loads(exported(desk, "json", [turn])["content"])
    assert [claim["text"] for claim in saved["claims"]] == [
        claim["text"] for claim in answer["claims"] if claim["citations"] != [1]
    ]
    assert saved["dropped"] == [
        {"text": false, "reason": "its words can no longer be checked against the source"}
    ]
    assert gone["text"] not in saved["text"]
    assert false not in saved["text"]
    reason = "Note: 1 sentence was left out: its words can no longer be checked against the source"
    for format_ in ("text", "markdown", "html"):
        content = exported(desk, format_, [turn])["content"]
        assert false not in content
        assert reason in " ".join(content.split())


def test_a_tampered_claim_is_left_out_though_its_quote_stands(
    desk: Desk, turns: list[Json]
) -> None:
    answer = plain(turns[0]["answer"])
    answer["claims"][0]["text"] = "The US expects nothing of Europe."
    (saved,) = json.loads(exported(desk, "json", [{"answer": answer}])["content"])
    assert saved["claims"] == answer["claims"][1:]
    assert saved["dropped"] == [
        {
            "text": "The US expects nothing of Europe.",
            "reason": "its words are not those of its sources",
        }
    ]


def test_an_export_of_a_changed_document_keeps_what_was_said(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    answer = plain(own.desk.answer(SIGNED))
    own.write(a=OTHER)
    own.sync()
    (saved,) = json.loads(exported(own.desk, "json", [{"answer": answer}])["content"])
    assert saved["claims"] == answer["claims"]
    assert saved["citations"] == answer["citations"]
    assert [r.status for r in own.assistant.recheck(saved)] == ["missing"]
    own.assistant.prune()
    (saved,) = json.loads(exported(own.desk, "json", [{"answer": answer}])["content"])
    assert (saved["outcome"], saved["claims"], saved["citations"]) == ("no_evidence", [], [])
    assert saved["text"] == "None of its sentences can be checked against the sources any more."
    assert [drop["text"] for drop in saved["dropped"]] == [LEE]


def test_turns_without_an_answer_are_passed_over(desk: Desk, turns: list[Json]) -> None:
    mixed = [{"asked": "x", "answer": None}, turns[0], {"asked": "y"}, None, 7]
    answers = json.loads(exported(desk, "json", mixed)["content"])  # type: ignore[arg-type]
    assert answers == [turns[0]["answer"]]
    assert exported(desk, "json", [])["content"] == "[]\n"


@pytest.mark.parametrize("answer", ["x", 7, [1], {"x": 1}, {"claims": [], "citations": []}, True])
def test_garbage_is_not_exported(desk: Desk, turns: list[Json], answer: Any) -> None:
    problem = refused(
        lambda: desk.export(
            {"format": "text", "title": "x", "turns": [turns[0], {"answer": answer}]}
        )
    )
    assert problem["message"].startswith("This is not a saved answer (")
    assert problem["remedy"] == "Save answers with: onrecord ask … --json > FILE"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"format": "pdf"}, "There is no format 'pdf'."),
        ({"format": "TEXT"}, "There is no format 'TEXT'."),
        ({"format": "../x"}, "There is no format '../x'."),
        ({"format": None}, "The request has no proper 'format'."),
        ({"format": "x" * 21}, "The request has no proper 'format'."),
        ({"title": 7}, "The request has no proper 'title'."),
        ({"title": ["x"]}, "The request has no proper 'title'."),
        ({"turns": None}, "There is no list of turns."),
        ({"turns": {}}, "There is no list of turns."),
        ({"turns": [None] * 501}, "There is no list of turns."),
    ],
)
def test_an_export_that_is_asked_for_wrongly_is_refused(
    desk: Desk, request_: Json, message: str
) -> None:
    request = {"format": "text", "title": "x", "turns": [], **request_}
    assert refused(lambda: desk.export(request))["message"] == message


# -- feedback ------------------------------------------------------------------------------------


def test_feedback_is_a_line_each(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    answer = plain(own.desk.answer(SIGNED))
    notes = ["", "Two\nlines, “quotes” and 😀 \u2028.", "cut in half \ud83d", "x" * 3000, None]
    for number, note in enumerate(notes):
        request = {"verdict": ("up", "down")[number % 2], "note": note, "answer": answer}
        assert own.desk.feedback(request) == {"saved": True}
    assert own.desk.feedback({"verdict": "up", "answer": answer}) == {"saved": True}
    raw = (own.assistant.index.path / "feedback.jsonl").read_bytes()
    assert raw.endswith(b"\n")
    lines = [json.loads(line) for line in raw.decode("utf-8").removesuffix("\n").split("\n")]
    for line in lines:
        at = datetime.fromisoformat(line.pop("at"))
        assert abs(datetime.now(at.tzinfo) - at) < timedelta(minutes=1)
        assert at.utcoffset() == timedelta(0)
    told = ["", notes[1], "cut in half ?", "x" * 2000, "", ""]
    verdicts = ["up", "down", "up", "down", "up", "up"]
    assert lines == [
        {"verdict": verdict, "note": note, "answer": answer}
        for verdict, note in zip(verdicts, told, strict=True)
    ]
    # It is none of the index's own: a status and a sync go on.
    own.sync()
    assert own.assistant.status().documents == 1


def test_feedback_of_many_at_once_is_whole_lines(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    answer = plain(own.desk.answer(SIGNED))
    start = threading.Barrier(8)

    def tell(thread: int) -> None:
        start.wait()
        for turn in range(5):
            own.desk.feedback({"verdict": "up", "note": f"{thread} {turn}", "answer": answer})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tell, range(8)))
    lines = (own.assistant.index.path / "feedback.jsonl").read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["note"] for line in lines) == sorted(
        f"{thread} {turn}" for thread in range(8) for turn in range(5)
    )


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"verdict": None}, "There is no verdict."),
        ({"verdict": "sideways"}, "There is no verdict."),
        ({"verdict": ["up"]}, "There is no verdict."),
        ({"verdict": True}, "There is no verdict."),
        ({"note": 7}, "The request has no proper 'note'."),
        ({"note": ["x"]}, "The request has no proper 'note'."),
        ({"answer": None}, "The request has no proper 'answer'."),
        ({"answer": "x"}, "The request has no proper 'answer'."),
        ({"answer": {}}, "This is not a saved answer (KeyError: 'citations')."),
    ],
)
def test_feedback_that_is_none_is_refused_and_not_kept(
    own: Own, turns: list[Json], request_: Json, message: str
) -> None:
    request = {"verdict": "up", "note": "", "answer": turns[1]["answer"], **request_}
    assert refused(lambda: own.desk.feedback(request))["message"] == message
    assert not (own.assistant.index.path / "feedback.jsonl").exists()


def test_feedback_that_can_not_be_kept_says_so(own: Own, turns: list[Json]) -> None:
    request = {"verdict": "up", "note": "", "answer": {**turns[1]["answer"], "passages": []}}
    folder = own.assistant.index.path
    assert refused(lambda: own.desk.feedback(request)) == {
        "message": "The feedback can't be kept: No such file or directory.",
        "remedy": f"Make {folder} writable, or free some space, and try again.",
    }
    folder.mkdir()
    with (folder / "feedback.jsonl").open("wb") as file:
        file.truncate(50_000_001)
    assert refused(lambda: own.desk.feedback(request)) == {
        "message": "There is no room for more feedback.",
        "remedy": f"Move {folder / 'feedback.jsonl'} away.",
    }


def test_feedback_on_a_tampered_answer_keeps_what_stands(own: Own) -> None:
    own.write(a=REPORT)
    own.sync()
    answer = plain(own.desk.answer(SIGNED))
    answer["claims"][0]["text"] = "Bob Ray signed it."
    own.desk.feedback({"verdict": "down", "note": "", "answer": answer})
    line = json.loads((own.assistant.index.path / "feedback.jsonl").read_text("utf-8"))
    assert line["answer"]["claims"] == []
    assert line["answer"]["dropped"] == [
        {"text": "Bob Ray signed it.", "reason": "its words are not those of its sources"}
    ]


# -- what anybody may send -----------------------------------------------------------------------

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(
    request_=st.dictionaries(
        st.sampled_from(
            "document sha256 spans current query offset limit format title turns verdict note "
            "answer turn question history".split()
        ),
        ANY,
        max_size=6,
    )
)
def test_whatever_is_sent_ends_in_an_answer_or_in_words(desk: Desk, request_: Json) -> None:
    for act in (desk.state, desk.source, desk.documents, desk.examples, desk.export):
        try:
            plain(act(request_))
        except UserError as problem:
            plain(shown(problem))
    if not isinstance(request_.get("question"), str):
        try:
            last = [plain(snapshot) for snapshot in desk.ask(request_)][-1]
            assert last["stage"] == "failed"
        except UserError as problem:
            plain(shown(problem))


def test_failures_are_told_in_words() -> None:
    assert shown(CorpusError("What is wrong.", "What to do.")) == {
        "message": "What is wrong.",
        "remedy": "What to do.",
    }
    assert shown(DocumentError("a", "b")) == {"message": "a", "remedy": "b"}
    for defect in (RuntimeError("secret"), KeyError("x"), OSError(2, "x")):
        assert shown(defect) == {
            "message": "Something went wrong on the server.",
            "remedy": "Try again; the server's log says more.",
        }
