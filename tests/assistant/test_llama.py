"""A real server with a real model: llama.cpp and SmolLM2, which is weak and writes all the same."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Answer, Assistant, Settings
from assistant.llm import ChatModel
from assistant.types import Prompt
from benchmarks.llama import llama
from index.errors import LanguageModelError
from tests.assistant.test_writing import QUESTION, REPORT

STORY = Prompt("You tell stories.", "Tell a long story about a ship in a storm.")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with llama() as (url, _):
        yield url


def test_it_streams(server: str) -> None:
    began = time.monotonic()
    times = [
        time.monotonic() - began for piece in ChatModel(server, "m").stream(STORY, 40) if piece
    ]
    assert len(times) > 10
    # Handed over whole, all of it would come within milliseconds, however slow the machine.
    assert times[-1] - times[0] > times[-1] / 10


def test_it_is_asked_for_no_more_than_it_should(server: str) -> None:
    text = "".join(ChatModel(server, "m").stream(STORY, 5))
    assert 0 < len(text.split()) <= 5


def test_the_same_question_has_the_same_answer(server: str) -> None:
    one, other = ("".join(ChatModel(server, "m").stream(STORY, 20)) for _ in range(2))
    assert one == other


def test_who_stops_reading_is_soon_free_and_the_server_is_too(server: str) -> None:
    """It has one place: were it still writing, the next answer would have to wait."""
    pieces = ChatModel(server, "m").stream(STORY, 2000)
    assert next(piece for piece in pieces if piece)
    began = time.monotonic()
    pieces.close()
    assert time.monotonic() - began < 3
    assert "".join(ChatModel(server, "m", timeout=60).stream(STORY, 3))
    assert not [thread for thread in threading.enumerate() if thread.name == "llm"]


def test_more_than_it_can_read_is_refused(server: str) -> None:
    with pytest.raises(LanguageModelError, match=r"does not take the request \(400\)") as caught:
        "".join(ChatModel(server, "m").stream(Prompt("Read.", "word " * 6000), 5))
    assert "llm_context" in caught.value.remedy


def opened(folder: Path, url: str) -> Assistant:
    settings = Settings(llm=url, llm_model="m", min_confidence=0.0, llm_tokens=48)
    assistant = Assistant.open(folder / "docs", folder / "index", settings)
    assistant.sync()
    return assistant


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(REPORT, "utf-8")
    return tmp_path


def test_an_answer(server: str, folder: Path) -> None:
    """Whatever it wrote: nothing is shown that did not stand, and what fell is told."""
    with opened(folder, server) as assistant:
        answer = assistant.answer(QUESTION)
    assert answer.claims
    if answer.composed == "model":
        assert {claim.verdict for claim in answer.claims} <= {"supported", "partly"}
    else:
        assert {claim.verdict for claim in answer.claims} == {"verbatim"}
        assert answer.notes[0].startswith("Nothing that the language model wrote stands")
        assert answer.dropped


def test_the_server_is_killed_in_the_middle(folder: Path) -> None:
    with llama() as (url, process), opened(folder, url) as assistant:
        assistant.answer(QUESTION)  # the models are loaded
        answers: list[Answer] = []
        begun = threading.Event()

        def on_stage(stage: str) -> None:
            if stage == "writing" and not begun.is_set():
                begun.set()
                kill(process)

        answers.append(assistant.answer(QUESTION + " And what may it expect?", on_stage=on_stage))
    (answer,) = answers
    assert begun.is_set()
    assert answer.composed == "extractive"
    assert {claim.verdict for claim in answer.claims} == {"verbatim"}
    (note,) = answer.notes
    assert "can't be reached" in note or "in the middle" in note
    assert note.endswith("These are the sources' own sentences instead.")


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
