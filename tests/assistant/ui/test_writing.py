"""A language model behind the page: claims as they are checked, what falls, and the fallback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from assistant.config import Settings
from assistant.pipeline import Assistant
from assistant.ui import desk as desk_module
from assistant.ui.desk import Desk
from tests.assistant.scripted import Act, Handler, chunk, refuses, says, scripted, trickles
from tests.assistant.test_writing import QUESTION, REPORT, TRUE, TURNED
from tests.assistant.ui.conftest import Site, Visit, ask

Json = dict[str, Any]
FALLBACK = "These are the sources' own sentences instead."


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Callable[..., tuple[Assistant, int]]]:
    """Opens an assistant whose model does what is said; and the number of the sentence that it is
    shown the answer under."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(REPORT, "utf-8")
    opened: list[Any] = []

    def start(act: Callable[[int], Act]) -> tuple[Assistant, int]:
        plain = Settings(min_confidence=0.0, claims=3)
        with Assistant.open(tmp_path / "docs", tmp_path / "index", plain) as assistant:
            assistant.sync()
            texts = [claim.text for claim in assistant.answer(QUESTION).claims]
        place = next(n for n, text in enumerate(texts, start=1) if text.startswith("Maren pressed"))
        server = scripted(act(place))
        url = server.__enter__().url
        opened.append(server)
        settings = Settings(llm=url, llm_model="m", min_confidence=0.0, claims=3)
        made = Assistant.open(tmp_path / "docs", tmp_path / "index", settings)
        opened.append(made)
        return made, place

    yield start
    for one in opened:
        one.__exit__(None, None, None)


Writing = Callable[..., tuple[Assistant, int]]


def asked(assistant: Assistant) -> list[Json]:
    request = {"turn": "t1", "question": QUESTION, "history": [], "as_typed": False}
    return [json.loads(json.dumps(snapshot)) for snapshot in Desk(assistant).ask(request)]


def both(place: int) -> Act:
    return says(*f"{TRUE[:-1]} [{place}]. {TURNED[:-1]} [{place}]. Nobody knows.")


def test_claims_come_as_they_are_checked(writing: Writing) -> None:
    assistant, _ = writing(both)
    found = asked(assistant)
    assert [snapshot["stage"] for snapshot in found][-3:] == ["writing", "writing", "done"]
    stages = list(dict.fromkeys(snapshot["stage"] for snapshot in found))
    assert stages == ["waiting", "searching", "reading", "checking", "writing", "done"]
    first, last = found[-2]["answer"], found[-1]["answer"]
    assert [claim["text"] for claim in first["claims"]] == [TRUE]
    assert last["composed"] == "model"
    assert last["claims"] == first["claims"]
    assert [(drop["text"], drop["verdict"]) for drop in last["dropped"]] == [
        (TURNED, "contradicted"),
        ("Nobody knows.", "unsupported"),
    ]


def test_a_model_that_fails_after_a_claim_leaves_no_trace_of_it(writing: Writing) -> None:
    assistant, _ = writing(lambda n: says(f"{TRUE[:-1]} [{n}]. ", "And then ", "so", cut=True))
    found = asked(assistant)
    answers = [snapshot["answer"] for snapshot in found if snapshot["answer"]]
    assert [answer["composed"] for answer in answers] == ["model", "extractive"]
    assert {claim["verdict"] for claim in answers[-1]["claims"]} == {"verbatim"}
    (note,) = answers[-1]["notes"]
    assert "ended in the middle of its answer" in note
    assert note.endswith(FALLBACK)


def test_the_page_is_told_now_and_then_that_a_model_is_at_work(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "_SIGN_OF_LIFE", 0.25)

    def slow(handler: Handler) -> None:
        time.sleep(1.5)
        refuses(400)(handler)

    assistant, _ = writing(lambda _: slow)
    assistant.retrieve(QUESTION)  # the models are loaded
    stages = [snapshot["stage"] for snapshot in asked(assistant)]
    assert 3 <= stages.count("writing") <= 7


def test_who_leaves_the_page_stops_the_model(writing: Writing) -> None:
    gone = threading.Event()
    assistant, _ = writing(lambda _: trickles(gone))
    desk = Desk(assistant)
    request = {"turn": "t1", "question": QUESTION, "history": [], "as_typed": False}
    snapshots = desk.ask(request)
    while next(snapshots)["stage"] != "writing":
        pass
    assert not gone.is_set()
    snapshots.close()  # type: ignore[attr-defined]
    assert gone.wait(5)
    desk.close()


def test_the_page_shows_what_was_written_and_what_was_left_out(
    writing: Writing, launch: Callable[..., Site], visit: Callable[[str], Visit]
) -> None:
    assistant, _ = writing(lambda n: says(f"{TRUE[:-1]} [{n}]. Bob <b>won</b> [{n}]. "))
    page = visit(launch(assistant).address).page
    ask(page, QUESTION)
    expect(page.locator(".or-claim-text")).to_have_text([TRUE])
    expect(page.locator(".or-summary")).to_contain_text("written by a language model")
    left_out = page.locator("details.or-dropped")
    expect(left_out.locator("summary")).to_have_text("Left out, and why: 1 sentence")
    left_out.locator("summary").click()
    expect(left_out.locator("li")).to_contain_text("Bob <b>won</b>.")
    expect(left_out.locator("li")).to_contain_text("is not in what it cites")
    assert page.locator("details.or-dropped b").count() == 0


def test_the_page_when_the_server_dies_in_the_middle(
    writing: Writing, launch: Callable[..., Site], visit: Callable[[str], Visit]
) -> None:
    shown, dead = threading.Event(), threading.Event()

    def dies(n: int) -> Act:
        def act(handler: Handler) -> None:
            handler.begin("text/event-stream")
            handler.send(chunk(f"{TRUE[:-1]} [{n}]. And "))
            handler.send(chunk("then"))
            shown.wait(30)
            dead.set()

        return act

    assistant, _ = writing(dies)
    page = visit(launch(assistant).address).page
    page.locator("#or-question").fill(QUESTION)
    page.keyboard.press("Enter")
    # What stands is there while the model still writes.
    expect(page.locator(".or-claim-text")).to_have_text([TRUE])
    expect(page.locator(".or-stage").last).to_have_text("Writing…")
    shown.set()
    expect(page.locator(".or-notes li")).to_contain_text(FALLBACK)
    assert dead.is_set()
    expect(page.locator(".or-claim-text").first).to_contain_text("Maren pressed Kestria on Tuesday")
    expect(page.locator(".or-summary")).not_to_contain_text("language model")
