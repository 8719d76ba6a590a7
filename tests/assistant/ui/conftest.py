"""Servers of our own on the loopback, and a real browser that looks at them.

Without a browser the tests that need one are skipped, with a line that says how to get one; where
``ONRECORD_BROWSER=required`` is set, they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from assistant.pipeline import Assistant
from assistant.ui.desk import Desk
from assistant.ui.serving import Serving, application

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

HOW = "install Debian's chromium, or run: .venv/bin/python -m playwright install chromium"
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 30_000
"""Milliseconds that a test waits for what must come."""

VIEW = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Site:
    """A server, what it serves, and where."""

    address: str
    assistant: Assistant
    desk: Desk
    uploads: Path
    stop: Callable[[], None]

    @property
    def corpus(self) -> Path:
        return self.assistant.corpus


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # One for all: gradio has one in a process.
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="session")
def launch(uploads: Path) -> Iterator[Callable[..., Site]]:
    """Starts a server in a thread. Arguments as for :class:`Serving`."""
    stops: list[Callable[[], None]] = []
    desks: list[Desk] = []

    def start(assistant: Assistant, port: int = 0, **options: Any) -> Site:
        listening = socket.create_server(("127.0.0.1", port))
        serving = replace(Serving(port=listening.getsockname()[1]), **options)
        app, desk = application(assistant, serving, uploads)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server ended"
            time.sleep(0.02)
        desks.append(desk)

        def stop() -> None:
            server.should_exit = server.force_exit = True
            thread.join(20)

        stops.append(stop)
        return Site(f"http://127.0.0.1:{serving.port}", assistant, desk, uploads, stop)

    yield start
    for stop in stops:
        stop()
    for desk in desks:
        desk.close()


@pytest.fixture(scope="session")
def site(launch: Callable[..., Site], news: Assistant) -> Site:
    """Over the twenty-one reports of the benchmark. Not to be written to."""
    return launch(news)


@pytest.fixture
def own(launch: Callable[..., Site], tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a server over a corpus of its own: ``own({"name.txt": "text"}, read_only=True)``."""
    made: list[Site] = []

    def make(documents: dict[str, str], **options: Any) -> Site:
        corpus = tmp_path / "corpus"
        corpus.mkdir(exist_ok=True)
        for name, text in documents.items():
            (corpus / name).write_text(text, "utf-8", newline="")
        assistant = Assistant.open(corpus, tmp_path / "index")
        if documents:
            assistant.sync()
        made.append(launch(assistant, **options))
        return made[-1]

    yield make
    for site in made:
        site.desk.close()
        site.assistant.close()


# Of one module: while Playwright is at work, nothing else in its thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or Playwright's own."""
    from playwright.sync_api import expect, sync_playwright

    # A busy machine is slow, not wrong.
    expect.set_options(timeout=PATIENCE)
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as playwright:
        # A sandbox of its own is not to be had for root, nor in many containers.
        arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.name == "posix" else [])]
        try:
            started = playwright.chromium.launch(executable_path=found, args=arguments)
        except Exception as problem:
            if os.environ.get("ONRECORD_BROWSER") == "required":
                pytest.fail(f"no browser: {problem}")
            pytest.skip(f"no browser ({HOW})")
        yield started
        started.close()


@dataclass
class Visit:
    """A browser's window with what it has fetched and said."""

    page: Page
    fetched: list[str]
    said: list[str]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=VIEW, reduced_motion="reduce")  # type: ignore[arg-type]
    made.set_default_timeout(PATIENCE)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def visit(context: BrowserContext) -> Callable[[str], Visit]:
    """Opens a window at an address. Windows of one test share their storage, as people's do."""

    def go(address: str) -> Visit:
        page = context.new_page()
        visit = Visit(page, [], [])
        page.on("request", lambda request: visit.fetched.append(request.url))
        page.on("dialog", lambda dialog: (visit.said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.goto(address)
        page.wait_for_selector("#or-question")
        return visit

    return go


def ask(page: Page, question: str) -> None:
    """Type a question and wait for what comes of it."""
    turns = page.locator(".or-turn").count()
    page.fill("#or-question", question)
    page.press("#or-question", "Enter")
    turn = page.locator(".or-turn").nth(turns)
    turn.locator(".or-claim, .or-none, .or-error").first.wait_for()
    page.wait_for_selector("#or-ask:visible")


@pytest.fixture(scope="module", autouse=True)
def _nothing_goes_on_behind() -> Iterator[None]:
    """A process that ends while a model runs in one of its threads is aborted."""
    yield
    for thread in threading.enumerate():
        if thread.name in ("answer", "examples", "sync", "warm-up"):
            thread.join(60)
