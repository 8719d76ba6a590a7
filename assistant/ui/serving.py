"""The server: the application behind its guard, on a port of this machine."""

from __future__ import annotations

import errno
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from assistant.pipeline import Assistant
from assistant.ui.desk import Desk
from assistant.ui.guard import App, Guard
from index.errors import SettingsError, UserError

DEFAULT_PORT = 7860
_TRIED = 20
"""Ports from the default on that are tried where none was named."""

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Serving:
    """How to serve.

    Attributes:
        host: address to listen at.
        port: ``None``: the first free one from :data:`DEFAULT_PORT` on.
        users: passwords by name; ``None``: nobody is asked.
        read_only: no upload, no sync, no removal.
        max_upload: bytes of one file.
        mcp: answer MCP clients, too.
        url: the address that people use where a proxy stands in front.

    Raises:
        SettingsError: reachable from elsewhere, and nobody is asked for a password.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    users: Mapping[str, str] | None = None
    read_only: bool = False
    max_upload: int = 20_000_000
    mcp: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        if not self.local and not self.users:
            raise SettingsError(
                f"At {self.host} everybody on the network could read the documents and add some.",
                "Name a file with passwords (--auth FILE), or leave --host out.",
            )
        if self.url and not _is_address(self.url):
            raise SettingsError(
                f"--url {self.url!r} is no address.", "Give one such as https://example.org/news"
            )

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def prefix(self) -> str:
        """The path under which a proxy serves it."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def hosts(self) -> frozenset[str] | None:
        """The names that a browser may call it by."""
        if not self.local:
            return None
        return frozenset({*_LOCAL, self.host, urlsplit(self.url).hostname or self.host})


def _is_address(url: str) -> bool:
    try:
        there = urlsplit(url)
        there.port  # noqa: B018 - raises for what is no port
    except ValueError:
        return False
    return there.scheme in ("http", "https") and bool(there.hostname)


def application(assistant: Assistant, serving: Serving, uploads: Path) -> tuple[App, Desk]:
    """The guarded application and the desk behind it.

    Args:
        uploads: an empty folder for what is being uploaded.
    """
    # Read when gradio is imported.
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from fastapi import FastAPI

    from assistant.ui.app import build, mount

    desk = Desk(
        assistant,
        read_only=serving.read_only,
        max_upload=serving.max_upload,
        uploads=uploads,
    )
    app = mount(
        FastAPI(openapi_url=None),
        build(desk),
        mcp=serving.mcp,
        prefix=serving.prefix,
        max_upload=serving.max_upload,
    )
    guard = Guard(
        app,
        users=serving.users,
        hosts=serving.hosts,
        url=serving.url,
        read_only=serving.read_only,
        max_upload=serving.max_upload,
    )
    return guard, desk


def serve(assistant: Assistant, serving: Serving, say: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Args:
        say: told the address, once it can be used.

    Raises:
        UserError: the port is taken, or the index can't be used.
    """
    if assistant.index.exists:
        assistant.index.check()
    listening = _listening(serving)
    uploads = Path(tempfile.mkdtemp(prefix="onrecord-uploads-"))
    try:
        import uvicorn

        app, desk = application(assistant, serving, uploads)
        # The page comes up at once; the folder is looked at, and the models loaded, meanwhile.
        desk.begin_sync()
        desk.warm_up()
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        port = listening.getsockname()[1]
        host = f"[{serving.host}]" if ":" in serving.host else serving.host
        say(serving.url or f"http://{host}:{port}")
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            desk.close()
    finally:
        listening.close()
        shutil.rmtree(uploads, ignore_errors=True)


def _listening(serving: Serving) -> socket.socket:
    first = DEFAULT_PORT if serving.port is None else serving.port
    tried = _TRIED if serving.port is None else 1
    for port in range(first, first + tried):
        try:
            return _bound(serving.host, port)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE and port < first + tried - 1:
                continue
            raise UserError(
                f"Can't listen at {serving.host}:{port}: {problem.strerror or problem}.",
                "Choose another with --port, or end what is using it.",
            ) from problem
    raise AssertionError("a port is bound or refused")


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(2048)
    except OSError:
        made.close()
        raise
    return made
