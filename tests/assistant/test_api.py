"""The one function for scripts: keeps its folder open, sees that it changed, closes it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import assistant
from assistant import api
from assistant.api import answer
from assistant.config import Settings
from assistant.pipeline import Assistant
from assistant.types import Filters, Outcome, Turn
from index.errors import CorpusError, IndexBusy, QuestionError, SettingsError

QUESTION = "Who signed the accord?"
ANN = "Ann Lee signed the accord in Oslo."
BOB = "Bob Ray signed the accord in Rome."


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Each test begins and ends with nothing kept open."""
    api._close()
    yield
    api._close()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text(f"{ANN}\n")
    return folder


def quotes(
    corpus: Path | str, index: Path | str, question: str = QUESTION, **more: Any
) -> list[str]:
    found = answer(question, corpus=corpus, index=index, **more)
    return [citation.quote for citation in found.citations]


def look_again() -> None:
    """Let the next question look at its folder, however soon it comes."""
    for entry in api._open.values():
        entry.look_again = 0.0


def test_it_indexes_the_folder_and_answers(corpus: Path, tmp_path: Path) -> None:
    found = answer(QUESTION, corpus=corpus, index=tmp_path / "index")
    assert found.outcome is Outcome.ANSWERED
    assert found.text == f"{ANN} [1]"
    assert found.notes == ()
    assert (tmp_path / "index" / "manifest.sqlite3").is_file()


def test_it_is_what_the_package_exports() -> None:
    assert assistant.answer is answer


def test_without_a_corpus_it_reads_the_report_that_comes_with_the_project(tmp_path: Path) -> None:
    found = answer("Who is Trump’s special envoy?", index=tmp_path / "index")
    assert found.citations[0].document == "000_1c6de0bfd8bd3285.txt"
    assert "Keith Kellogg" in found.citations[0].quote


def test_without_an_index_it_lies_in_the_users_data_folder(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    answer(QUESTION, corpus=corpus)
    (folder,) = (tmp_path / "data" / "onrecord" / "indexes").iterdir()
    assert folder.name.startswith("corpus-")


def test_the_folder_stays_open_and_is_opened_once(corpus: Path, tmp_path: Path) -> None:
    opened: list[Assistant] = []
    for _ in range(3):
        quotes(corpus, tmp_path / "index")
        opened += [entry.assistant for entry in api._open.values()]
    assert len(opened) == 3
    assert all(one is opened[0] for one in opened)


def test_another_index_or_setting_is_another_assistant(corpus: Path, tmp_path: Path) -> None:
    quotes(corpus, tmp_path / "one")
    quotes(corpus, tmp_path / "two")
    quotes(corpus, tmp_path / "one", settings=Settings(claims=1))
    quotes(str(corpus), str(tmp_path / "one"), settings=Settings(claims=1))
    assert len(api._open) == 3


def test_a_file_that_changes_comes_and_goes_is_seen(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    assert quotes(corpus, index) == [ANN]
    (corpus / "a.txt").write_text(f"{BOB}\n")
    look_again()
    assert quotes(corpus, index) == [BOB]
    (corpus / "b.txt").write_text("The ferry to Malta sails on Sundays.\n")
    look_again()
    assert quotes(corpus, index, "When does the ferry to Malta sail?") == [
        "The ferry to Malta sails on Sundays."
    ]
    (corpus / "b.txt").unlink()
    look_again()
    assert quotes(corpus, index, "When does the ferry to Malta sail?") == []


def test_looking_takes_at_most_a_twentieth_of_the_time(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotes(corpus, tmp_path / "index")
    (entry,) = api._open.values()
    looks: list[float] = []

    def slow(_progress: object = None) -> tuple[None, str]:
        looks.append(time.monotonic())
        time.sleep(0.05)
        return None, ""

    monkeypatch.setattr(entry.assistant, "sync_if_changed", slow)
    entry.look_again = 0.0
    quotes(corpus, tmp_path / "index")
    assert len(looks) == 1
    assert 19 * 0.05 < entry.look_again - looks[0] < 60 * 0.05
    entry.look_again = time.monotonic() + 60
    quotes(corpus, tmp_path / "index")
    assert len(looks) == 1
    entry.look_again = time.monotonic() - 0.001
    quotes(corpus, tmp_path / "index")
    assert len(looks) == 2


def test_a_relative_name_means_the_folder_it_meant_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, words in (("here", ANN), ("there", BOB)):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "docs" / "a.txt").write_text(f"{words}\n")
    monkeypatch.chdir(tmp_path / "here")
    assert quotes("docs", "index") == [ANN]
    monkeypatch.chdir(tmp_path / "there")
    assert quotes("docs", "index") == [BOB]
    assert quotes(tmp_path / "here" / "docs", tmp_path / "here" / "index") == [ANN]
    assert len(api._open) == 2


def test_an_open_assistant_survives_a_change_of_directory(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus.parent)
    with Assistant.open(corpus.name, "index") as opened:
        monkeypatch.chdir("/")
        opened.sync()
        found = opened.answer(QUESTION)
        assert [c.quote for c in found.citations] == [ANN]
        assert [r.status for r in opened.recheck(found.to_dict())] == ["ok"]
        assert not opened.index.path.is_relative_to("/index")


def test_history_and_filters_go_along(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    (corpus / "b.txt").write_text(f"{BOB}\n")
    assert quotes(corpus, index, filters=Filters(documents=("b.txt",))) == [BOB]
    assert quotes(corpus, index, filters=Filters(since=date(2000, 1, 1))) == []
    for history in (["Did Ann Lee come?"], [Turn("user", "Did Ann Lee come?")]):
        found = answer("What did she sign?", corpus=corpus, index=index, history=history)
        assert found.question == "What did Ann Lee sign?"
        assert found.asked == "What did she sign?"
        assert found.citations[0].quote == ANN


def test_another_sync_is_running(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    with Assistant.open(corpus, index) as other:
        with other.index.writer(), pytest.raises(IndexBusy):
            answer(QUESTION, corpus=corpus, index=index)
        assert quotes(corpus, index) == [ANN]
        (corpus / "b.txt").write_text("More of it.\n")
        look_again()
        with other.index.writer():
            found = answer(QUESTION, corpus=corpus, index=index)
        assert found.notes == ("Another sync is running; this is from the index as it stands.",)
        assert [citation.quote for citation in found.citations] == [ANN]


def test_what_is_in_the_way_is_an_error_with_a_remedy(corpus: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CorpusError, match="does not exist"):
        answer(QUESTION, corpus=tmp_path / "none", index=tmp_path / "index")
    with pytest.raises(CorpusError, match="has no documents"):
        answer(QUESTION, corpus=empty, index=tmp_path / "index2")
    with pytest.raises(SettingsError):
        answer(QUESTION, corpus=corpus, settings=Settings(claims=0))
    (empty / "a.txt").write_text(f"{BOB}\n")
    assert quotes(empty, tmp_path / "index2") == [BOB]  # put right, it goes on


@pytest.mark.parametrize("question", ["", "  \n", "x" * 100_000, "\ud800?"])
def test_what_is_no_question_is_refused_before_anything_is_indexed(
    corpus: Path, tmp_path: Path, question: str
) -> None:
    with pytest.raises(QuestionError):
        answer(question, corpus=corpus, index=tmp_path / "index")
    assert not (tmp_path / "index").exists()


def test_threads_share_one_assistant_and_one_sync(corpus: Path, tmp_path: Path) -> None:
    start = threading.Barrier(6)

    def ask(_thread: int) -> list[str]:
        start.wait()
        return quotes(corpus, tmp_path / "index")

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == [[ANN]] * 6
    assert len(api._open) == 1


def test_closing_lets_go_and_the_next_question_opens_again(corpus: Path, tmp_path: Path) -> None:
    os.utime(corpus / "a.txt", (time.time() - 60,) * 2)
    assert quotes(corpus, tmp_path / "index") == [ANN]
    api._close()
    assert api._open == {}
    assert quotes(corpus, tmp_path / "index") == [ANN]
