"""In front of every route: who may knock, what may come in, and what leaves with every response.

Gradio guards its pages, but not all of its doors: its MCP server answers whoever finds it, and a
handler that is marked private runs by its number. So nothing here looks at what a route means;
every one but the health check is behind the same door. This is plain ASGI, of no framework, so
that no framework's order of routes or middleware can lead around it.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import re
import stat
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from index.errors import SettingsError

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/?#@\s]+))(?::\d{0,5})?")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ROOM = 1_000_000
"""Bytes of a request beyond the file that it uploads."""

_TOO_LARGE = "That is too large."

_TURNED_AWAY = 0.5
"""Seconds that a wrong password waits, so that many can't be tried."""

_HEADERS: Mapping[bytes, bytes] = {
    # Gradio needs inline scripts, and makes functions of its templates. What matters is that
    # nothing can be fetched from, or sent to, any other host.
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        b"connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        b"form-action 'self'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-resource-policy": b"same-origin",
}


class Guard:
    """ASGI middleware.

    Args:
        app: what is guarded.
        users: passwords by name; ``None``: everybody may come in.
        hosts: the ``Host`` headers that may be asked for, without port; ``None``: any. On a
            loopback address others mean that a page elsewhere has given this address its name (DNS
            rebinding) and reads along.
        url: the address that people use, where a proxy stands in front. It may have left its path
            on what it hands on, or taken it off; and it may have put in another ``Host``.
        read_only: nothing may be uploaded.
        max_upload: bytes of one file.
    """

    def __init__(
        self,
        app: App,
        *,
        users: Mapping[str, str] | None = None,
        hosts: frozenset[str] | None = None,
        url: str = "",
        read_only: bool = False,
        max_upload: int = 20_000_000,
    ) -> None:
        self._app = app
        self._users = users
        self._hosts = hosts
        self._public = urlsplit(url).netloc
        self._prefix = urlsplit(url).path.rstrip("/")
        self._read_only = read_only
        self._most = max_upload + _ROOM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nothing here speaks over web sockets.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        path = self._path(scope)
        if path == "/health":
            await _respond(send, 200, '{"status":"ok"}', "application/json")
            return
        headers = _headers(scope)
        if problem := self._stranger(headers, scope["method"]):
            await _respond(send, 403, problem)
            return
        if not self._known(headers):
            await asyncio.sleep(_TURNED_AWAY if "authorization" in headers else 0)
            await _respond(
                send,
                401,
                "Name and password, please.",
                extra={b"www-authenticate": b'Basic realm="OnRecord", charset="UTF-8"'},
            )
            return
        # Routes match with a line break at their end, too.
        if self._read_only and "upload" in (part.strip().lower() for part in path.split("/")):
            await _respond(send, 403, "This server is read-only.")
            return
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            await _respond(send, 400, "That is no length.")
            return
        if len(length) > 15 or int(length) > self._most:
            await _respond(send, 413, _TOO_LARGE)
            return
        await _Exchange(self._app, self._most, receive, send).run(scope)

    def _path(self, scope: Scope) -> str:
        """The path without the prefix, which a proxy may have left on it or taken off."""
        path = str(scope["path"])
        if self._prefix and (path == self._prefix or path.startswith(self._prefix + "/")):
            path = path[len(self._prefix) :] or "/"
            scope["path"] = path
            scope["raw_path"] = quote(path, safe="/:@!$&'()*+,;=~").encode()
        return path

    def _stranger(self, headers: Mapping[str, str], method: str) -> str:
        """Why this request comes from a page of another host; empty when it does not."""
        host = headers.get("host", "")
        if self._hosts is not None and _name(host) not in self._hosts:
            return "This server does not go by that name. (See: onrecord serve --help, --url.)"
        origin = headers.get("origin", "")
        if method not in _READING and origin:
            known = {host, self._public}
            # Which a page may send, too, where no password stops it from asking whether it may.
            forwarded = headers.get("x-forwarded-host", "")
            if self._hosts is None or _name(forwarded) in self._hosts:
                known.add(forwarded)
            if _place(origin) not in known - {""}:
                return "Another page may not do that."
        return ""

    def _known(self, headers: Mapping[str, str]) -> bool:
        if self._users is None:
            return True
        kind, _, told = headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            name, colon, password = base64.b64decode(told, validate=True).decode().partition(":")
        except ValueError:  # not base64, or not UTF-8
            return False
        # An unknown name takes as long as a wrong password.
        wanted = self._users.get(name, "\0")
        same = hmac.compare_digest(wanted.encode(), password.encode())
        return bool(colon) and same and name in self._users


class _Exchange:
    """One request and its response. A request that goes on for ever, and said nothing of it, ends
    at the limit, and so does whatever the application says to that."""

    def __init__(self, app: App, most: int, receive: Receive, send: Send) -> None:
        self._app = app
        self._most = most
        self._receive = receive
        self._send = send
        self._seen = 0
        self._started = False

    async def run(self, scope: Scope) -> None:
        try:
            await self._app(scope, self._receiving, self._sending)
        except Exception:
            # It was told that the reader has gone.
            if not self._over:
                raise
        if self._over and not self._started:
            await _respond(self._send, 413, _TOO_LARGE)

    @property
    def _over(self) -> bool:
        return self._seen > self._most

    async def _receiving(self) -> Message:
        if not self._over:
            message = await self._receive()
            self._seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self._over else message

    async def _sending(self, message: Message) -> None:
        if self._over and not self._started:
            return
        if message["type"] == "http.response.start":
            self._started = True
            # No other page may read what this one gets, whatever the application would allow.
            kept = [
                (name, value)
                for name, value in message.get("headers", [])
                if name.lower() not in _HEADERS and not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": [*kept, *_HEADERS.items()]}
        await self._send(message)


def read_users(path: Path) -> dict[str, str]:
    """Passwords by name, from a file with a line ``name:password`` for each.

    Raises:
        SettingsError: it can't be read, others can read it, or a line is none.
    """
    remedy = "Write a line name:password for each person."
    try:
        # Elsewhere these bits say nothing.
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"Others can read the passwords in {path}.", f"Keep them out: chmod 600 {path}"
            )
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"The file {path} can't be read: {problem}.", remedy) from problem
    users: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or not name.strip() or len(password) < 8:
            raise SettingsError(
                f"Line {number} of {path} has no name and password.",
                f"{remedy} A password has at least 8 characters.",
            )
        users[name.strip()] = password
    if not users:
        raise SettingsError(f"There is nobody in {path}.", remedy)
    return users


def _name(host: str) -> str:
    """A ``Host`` header without its port; empty where it is none."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""


def _place(origin: str) -> str:
    """Host and port of an ``Origin`` header; empty where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        # A second value of a header that is looked at here would be for another reader.
        found.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return found


async def _heard_out(receive: Receive) -> None:
    """Read a request to its end, unless it goes on for too long."""
    seen = 0
    while seen < _ROOM:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def _respond(
    send: Send,
    status: int,
    text: str,
    kind: str = "text/plain; charset=utf-8",
    extra: Mapping[bytes, bytes] | None = None,
) -> None:
    body = text.encode()
    headers = {
        b"content-type": kind.encode(),
        b"content-length": str(len(body)).encode(),
        **_HEADERS,
        **(extra or {}),
    }
    await send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": body})
