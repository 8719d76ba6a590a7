"""A server of an OpenAI-compatible API that does what a test says, in this process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]
"""What is done about one request."""


def chunk(text: str | None, finish: str | None = None) -> bytes:
    """One event of a stream."""
    delta = {} if text is None else {"content": text}
    value = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(value)}\n\n".encode()


DONE = b"data: [DONE]\n\n"


def says(*pieces: str, finish: str | None = "stop", pause: float = 0.0, cut: bool = False) -> Act:
    """Stream these pieces, then end; ``cut``: without a word of having ended."""

    def act(handler: Handler) -> None:
        handler.begin("text/event-stream")
        for piece in pieces:
            handler.send(chunk(piece))
            time.sleep(pause)
        if not cut:
            handler.send(chunk(None, finish))
            handler.send(DONE)

    return act


def refuses(status: int, body: str = "{}", **headers: str) -> Act:
    def act(handler: Handler) -> None:
        handler.begin("application/json", status, headers, body.encode())

    return act


def sends(body: bytes, kind: str = "text/event-stream", status: int = 200) -> Act:
    return lambda handler: handler.begin(kind, status, {}, body)


def waits(event: threading.Event) -> Act:
    """Begin to answer and stop there."""

    def act(handler: Handler) -> None:
        handler.begin("text/event-stream")
        handler.send(chunk("Well"))
        event.wait(30)

    return act


def trickles(noted: threading.Event) -> Act:
    """Answer for ever; ``noted`` when the reader has gone."""

    def act(handler: Handler) -> None:
        handler.begin("text/event-stream")
        try:
            while True:
                handler.send(chunk("and "))
                time.sleep(0.02)
        except OSError:
            noted.set()

    return act


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Scripted

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.lock:
            self.server.seen.append((self.path, headers, body))
            acts = self.server.acts
            act = acts.pop(0) if len(acts) > 1 else acts[0]
        act(self)

    def begin(
        self,
        kind: str,
        status: int = 200,
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is not None:
            self.wfile.write(body)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        pass


class Scripted(ThreadingHTTPServer):
    """Does one act for each request; the last again and again."""

    daemon_threads = True

    def __init__(self, acts: Sequence[Act]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts = list(acts)
        self.seen: list[tuple[str, dict[str, str], Any]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        pass  # a reader that has gone is what some tests want


@contextmanager
def scripted(*acts: Act) -> Iterator[Scripted]:
    server = Scripted(acts)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
