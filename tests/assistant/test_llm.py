"""A language model's server: what is sent, what comes back, and everything that can go wrong."""

from __future__ import annotations

import logging
import pickle
import socket
import threading
import time
from typing import Any

import pytest

from assistant.llm import ChatModel
from assistant.types import Prompt
from index.errors import LanguageModelError
from tests.assistant.scripted import (
    DONE,
    chunk,
    refuses,
    says,
    scripted,
    sends,
    trickles,
    waits,
)

PROMPT = Prompt("Be brief.", "Who?")
KEY = "sk-s3cret-0123456789"


def model(url: str, **more: Any) -> ChatModel:
    return ChatModel(url, "m", **{"timeout": 20.0, "pause": 0.01, **more})


def told(chat: ChatModel, tokens: int = 50) -> str:
    return "".join(chat.stream(PROMPT, tokens))


def failure(chat: ChatModel) -> LanguageModelError:
    with pytest.raises(LanguageModelError) as caught:
        told(chat)
    return caught.value


def test_it_comes_in_pieces_in_their_order() -> None:
    with scripted(says("Ann ", "Lee ", "[1].")) as server:
        pieces = [piece for piece in model(server.url).stream(PROMPT, 50) if piece]
    assert pieces == ["Ann ", "Lee ", "[1]."]


def test_a_piece_is_there_before_the_next_is_written() -> None:
    go = threading.Event()
    with scripted(waits(go)) as server:
        pieces = model(server.url).stream(PROMPT, 50)
        assert next(piece for piece in pieces if piece) == "Well"
        # Nothing more is written: the reader gets its turn all the same.
        assert [next(pieces), next(pieces)] == ["", ""]
        pieces.close()
        go.set()


def test_nothing_is_sent_but_what_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/other")
    with scripted(says("Ann.")) as server:
        assert told(model(server.url + "/"), 7) == "Ann."
        ((path, headers, body),) = server.seen
    assert path == "/v1/chat/completions"
    assert set(headers) == {
        "host", "accept", "accept-encoding", "connection", "content-type", "content-length",
        "user-agent",
    }  # fmt: skip
    assert headers["user-agent"] == "onrecord"
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who?"},
        ],
        "max_tokens": 7,
        "temperature": 0.0,
        "stream": True,
    }


def test_worked_examples_are_turns_that_went_before() -> None:
    with scripted(says("Ann.")) as server:
        prompt = Prompt("Be brief.", "Who?", (("Where?", "Here."),))
        assert "".join(model(server.url).stream(prompt, 7)) == "Ann."
        ((_, _, body),) = server.seen
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": "Here."},
        {"role": "user", "content": "Who?"},
    ]


def test_the_key_goes_to_the_server_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echoing = refuses(401, f'{{"error": {{"message": "wrong key {KEY}"}}}}')
    with scripted(says("Ann."), echoing) as server:
        chat = model(server.url, key=KEY)
        assert told(chat) == "Ann."
        problem = failure(chat)
        sent = [headers["authorization"] for _, headers, _ in server.seen]
    assert sent == [f"Bearer {KEY}"] * 2
    assert problem.message.endswith("does not let us in (401).")
    assert "ONRECORD_LLM_KEY" in problem.remedy
    shown = [repr(chat), str(vars(chat)), str(problem), repr(problem.__cause__), caplog.text]
    assert not any("s3cret" in text for text in shown)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(chat)


def test_nothing_is_sent_on_to_another_server() -> None:
    with (
        scripted(says("Ann.")) as other,
        scripted(refuses(307, location=f"{other.url}/chat/completions")) as server,
    ):
        problem = failure(model(server.url, key=KEY))
        assert (len(server.seen), other.seen) == (1, [])
    assert problem.message.endswith("points elsewhere (307).")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_busy_and_then_fine(status: int) -> None:
    with scripted(refuses(status), refuses(status), says("Ann.")) as server:
        assert told(model(server.url)) == "Ann."
        assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("status", "attempts", "said"),
    [
        (429, 4, "is busy (429)."),
        (500, 4, "has failed (500)."),
        (400, 1, "does not take the request (400)."),
        (403, 1, "does not let us in (403)."),
        (404, 1, "has no model 'm', or no chat completions there (404)."),
    ],
)
def test_refused(status: int, attempts: int, said: str) -> None:
    with scripted(refuses(status)) as server:
        problem = failure(model(server.url))
        assert len(server.seen) == attempts
    assert problem.message == f"The language model's server at {server.url} {said}"
    assert problem.remedy


def test_each_pause_is_twice_the_last() -> None:
    with scripted(refuses(503), refuses(503), says("Ann.")) as server:
        began = time.monotonic()
        told(model(server.url, pause=0.2))
    assert 0.6 <= time.monotonic() - began < 5


def test_the_server_says_how_long_to_wait() -> None:
    with scripted(refuses(429, Retry_After="1"), says("Ann.")) as server:
        began = time.monotonic()
        assert told(model(server.url)) == "Ann."
    assert time.monotonic() - began >= 1


def test_waiting_to_try_again_counts_as_time() -> None:
    with scripted(refuses(429, Retry_After="30")) as server:
        began = time.monotonic()
        problem = failure(model(server.url, timeout=0.5))
    assert problem.message.endswith("gave no whole answer within 0.5 s.")
    assert time.monotonic() - began < 5


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        problem = failure(model(url))
    assert problem.message == f"The language model's server at {url} can't be reached."


def test_slow() -> None:
    go = threading.Event()
    with scripted(waits(go)) as server:
        problem = failure(model(server.url, timeout=0.3))
        go.set()
    assert problem.message.endswith("gave no whole answer within 0.3 s.")
    assert "llm_timeout" in problem.remedy


def test_a_server_that_goes_on_and_on_is_slow() -> None:
    gone = threading.Event()
    with scripted(trickles(gone)) as server:
        assert failure(model(server.url, timeout=0.5)).message.endswith("within 0.5 s.")
        assert gone.wait(5)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Welcome to nginx</html>",
        b"",
        DONE,
        b"data: nonsense\n\n",
        b"data: {}\n\n",
        b"data: []\n\n",
        b"data: 7\n\n",
        b'data: {"choices": 7}\n\n',
        b'data: {"choices": [{}]}\n\n',
        b'data: {"error": {"message": "out of memory"}}\n\n',
        b"\xff\xfe\x00" * 50,
        chunk("x" * 200_000) + chunk(None, "stop"),
    ],
)
def test_rubbish(body: bytes) -> None:
    with scripted(sends(body)) as server:
        problem = failure(model(server.url))
        assert len(server.seen) == 1
    assert problem.message.endswith("sends what is no answer.")


def test_json_of_something_else() -> None:
    with scripted(sends(b'{"a": 1}', "application/json")) as server:
        assert failure(model(server.url)).message.endswith("sends what is no answer.")


def test_an_empty_answer_is_an_answer() -> None:
    with scripted(sends(chunk("", None) + chunk(None, "stop") + DONE)) as server:
        assert told(model(server.url)) == ""


@pytest.mark.parametrize("length", [None, 10_000])
def test_it_ends_in_the_middle(length: int | None) -> None:
    """The stream stops, whether or not the server had said how long it would be."""

    def act(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.send(chunk("Ann Lee "))

    with scripted(act, says("never")) as server:
        read: list[str] = []
        with pytest.raises(LanguageModelError, match="ended in the middle of its answer"):
            read.extend(piece for piece in model(server.url).stream(PROMPT, 50) if piece)
        # What was told is not told again.
        assert len(server.seen) == 1


def test_who_stops_reading_stops_the_server() -> None:
    gone = threading.Event()
    with scripted(trickles(gone)) as server:
        pieces = model(server.url).stream(PROMPT, 50)
        assert next(piece for piece in pieces if piece) == "and "
        began = time.monotonic()
        pieces.close()
        assert gone.wait(5)
        assert time.monotonic() - began < 2
    assert not [t for t in threading.enumerate() if t.name == "llm"]


def test_who_stops_while_it_waits_to_try_again() -> None:
    with scripted(refuses(429, Retry_After="30")) as server:
        pieces = model(server.url).stream(PROMPT, 50)
        assert next(pieces) == ""
        began = time.monotonic()
        pieces.close()
    assert time.monotonic() - began < 2
    assert not [t for t in threading.enumerate() if t.name == "llm"]


def test_several_at_once() -> None:
    with scripted(says("Ann ", "Lee.", pause=0.05)) as server:
        chat = model(server.url)
        found: list[str] = []
        threads = [threading.Thread(target=lambda: found.append(told(chat))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == ["Ann Lee."] * 6
