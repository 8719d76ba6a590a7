"""The door: driven directly, with an application behind it that writes down what reaches it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.ui.guard import Guard, read_users
from index.errors import SettingsError

USERS = {"ann": "correct horse", "bob": "pass:word", "zoë": "naïve 😀 word"}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LIMIT = 1_000_000
"""Beyond the file: what the guard leaves for the rest of a request."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}

Message = dict[str, Any]


class Inner:
    """An application that reads a request to its end and answers it."""

    def __init__(self, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.scopes: list[Message] = []
        self.bodies: list[bytes] = []
        self.left = 0
        self._headers = list(headers)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(dict(scope))
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left += 1
                raise ConnectionError("the reader has gone")
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"inner"})

    @property
    def paths(self) -> list[str]:
        return [scope["path"] for scope in self.scopes]


class Response:
    def __init__(self, sent: list[Message]) -> None:
        start, *rest = sent
        assert start["type"] == "http.response.start"
        assert [message["type"] for message in rest] == ["http.response.body"] * len(rest)
        self.status: int = start["status"]
        self.headers = [(n.decode(), v.decode()) for n, v in start["headers"]]
        self.body = b"".join(message.get("body", b"") for message in rest)

    def assert_guarded(self) -> None:
        """Each security header stands there once, with its value."""
        for name, value in SECURITY.items():
            assert [v for n, v in self.headers if n.lower() == name] == [value], name


def asked(
    guard: Guard,
    path: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[str, str]] = (("host", "localhost:7860"),),
    chunks: Sequence[bytes] = (b"",),
    **more: Any,
) -> Response:
    """What the guard answers."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": b"",
        "headers": [(name.encode("latin-1"), v.encode("latin-1")) for name, v in headers],
        **more,
    }
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, start=1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    response = Response(sent)
    response.assert_guarded()
    return response


def login(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture(autouse=True)
def _no_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "patient" not in request.fixturenames:
        monkeypatch.setattr("assistant.ui.guard._TURNED_AWAY", 0)


@pytest.fixture
def patient() -> None:
    """A wrong password waits for as long as it does."""


# -- who may come in -----------------------------------------------------------------------------

ROUTES = [
    "/",
    "",
    "//",
    "/.",
    "/config",
    "/config/",
    "/theme.css",
    "/assets/index.js",
    "/svelte/x",
    "/static/fonts/x.woff2",
    "/favicon.ico",
    "/manifest.json",
    "/robots.txt",
    "/login",
    "/logout",
    "/login_check",
    "/token",
    "/app_id",
    "/heartbeat/x",
    "/monitoring",
    "/startup-events",
    "/openapi.json",
    "/docs",
    "/gradio_api/mcp",
    "/gradio_api/mcp/",
    "/gradio_api/mcp/sse",
    "/gradio_api/mcp/http",
    "/gradio_api/mcp/schema",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/component_server",
    "/gradio_api/component_server/",
    "/gradio_api/queue/join",
    "/gradio_api/queue/data",
    "/gradio_api/queue/status",
    "/gradio_api/call/answer",
    "/gradio_api/call/v2/answer",
    "/gradio_api/run/predict",
    "/gradio_api/run/answer",
    "/gradio_api/api/predict",
    "/gradio_api/info",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/proxy=http://evil.example",
    "/gradio_api/reset",
    "/gradio_api/cancel",
    "/gradio_api/deep_link",
    "/gradio_api/dev/reload",
    "/queue/join",
    "/upload",
    "//config",
    "//gradio_api/mcp",
    "/gradio_api//mcp",
    "/%63onfig",
    "/gradio_api/%6dcp",
    "/CONFIG",
    "/no/such/route",
    "/health/",
    "//health",
    "/health/../config",
    "/health;x",
    "/health\n",
    "/health?x",
    "/healthz",
    "/Health",
    "/%68ealth",
    "health",
    "/onrecord/health",
    "/../health",
    "/./health",
]


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PURGE"])
def test_every_route_asks_for_a_password(inner: Inner, method: str) -> None:
    guard = Guard(inner, users=USERS)
    for path in ROUTES:
        response = asked(guard, path, method)
        assert (path, response.status) == (path, 401)
        assert response.body == b"Name and password, please."
        assert dict(response.headers)["www-authenticate"] == (
            'Basic realm="OnRecord", charset="UTF-8"'
        )
    assert inner.scopes == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_health_needs_no_password_and_tells_nothing(inner: Inner, method: str) -> None:
    guard = Guard(inner, users=USERS, hosts=LOOPBACK, read_only=True)
    response = asked(guard, "/health", method, [("host", "evil.example")])
    assert (response.status, response.body) == (200, b'{"status":"ok"}')
    assert dict(response.headers)["content-type"] == "application/json"
    assert dict(response.headers)["content-length"] == "15"
    assert inner.scopes == []


@pytest.mark.parametrize(("name", "password"), list(USERS.items()))
def test_whoever_is_known_comes_in(inner: Inner, name: str, password: str) -> None:
    guard = Guard(inner, users=USERS)
    for header in ("authorization", "Authorization", "AUTHORIZATION"):
        response = asked(guard, headers=[(header, login(name, password))])
        assert (response.status, response.body) == (200, b"inner")
    kind = login(name, password).replace("Basic", "bASIC")
    assert asked(guard, headers=[("authorization", kind)]).status == 200


@pytest.mark.parametrize(
    "told",
    [
        "",
        "Basic",
        "Basic ",
        "basic :",
        login("ann", ""),
        login("ann", "wrong horse"),
        login("ann", "correct horse "),
        login("ann", "correct hors"),
        login("ann", "correct horse\0"),
        login("ann", "pass:word"),
        login("Ann", "correct horse"),
        login("ann ", "correct horse"),
        login("", "correct horse"),
        login("", ""),
        # What an unknown name is compared with.
        login("eve", "\0"),
        login("", "\0"),
        login("eve", "None"),
        "Basic " + base64.b64encode(b"ann").decode(),
        "Basic " + base64.b64encode(b"\0").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode("zoë:naïve 😀 word".encode("utf-16")).decode(),
        "Basic " + base64.b64encode("zoë:naïve".encode("latin-1")).decode(),
        "Basic ann:correct horse",
        "Basic ====",
        "Basic A",
        "Basic " + "A" * 100_000,
        "Basic é",
        "Basic \xff",
        "Basic " + "\0" * 5,
        login("ann", "correct horse") + "!",
        login("ann", "correct horse") + " x",
        login("ann", "correct horse").replace(" ", "  "),
        login("ann", "correct horse").replace(" ", "\t"),
        login("ann", "correct horse").replace("Basic", "Bearer"),
        login("ann", "correct horse").replace("Basic", "Digest"),
        login("ann", "correct horse").removeprefix("Basic "),
        " " + login("ann", "correct horse"),
    ],
)
def test_wrong_or_garbled_credentials_stay_outside(inner: Inner, told: str) -> None:
    response = asked(Guard(inner, users=USERS), headers=[("authorization", told)])
    assert (response.status, response.body) == (401, b"Name and password, please.")
    assert inner.scopes == []


def test_only_the_first_of_two_credentials_counts(inner: Inner) -> None:
    right, wrong = login("ann", "correct horse"), login("ann", "wrong")
    guard = Guard(inner, users=USERS)
    twice = [("authorization", wrong), ("authorization", right)]
    assert asked(guard, headers=twice).status == 401
    assert asked(guard, headers=twice[::-1]).status == 200


def test_nobody_is_let_in_where_there_are_no_users(inner: Inner) -> None:
    """An empty list is not the same as none."""
    assert asked(Guard(inner, users={})).status == 401
    assert asked(Guard(inner, users={}), headers=[("authorization", login("", ""))]).status == 401
    assert asked(Guard(inner, users=None)).status == 200


@pytest.mark.usefixtures("patient")
def test_a_wrong_password_waits_and_a_missing_one_does_not(inner: Inner) -> None:
    guard = Guard(inner, users=USERS)
    began = time.perf_counter()
    asked(guard)
    assert time.perf_counter() - began < 0.3
    began = time.perf_counter()
    asked(guard, headers=[("authorization", login("ann", "wrong"))])
    assert 0.45 < time.perf_counter() - began < 2


# -- pages of others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:7860", 200),
        ("LocalHost:1", 200),
        ("127.0.0.1:7860", 200),
        ("[::1]:7860", 200),
        ("[::1]", 200),
        ("", 403),
        (" ", 403),
        ("evil.example", 403),
        ("evil.example:7860", 403),
        ("localhost.evil.example", 403),
        ("localhost.", 403),
        ("127.0.0.1.nip.io:7860", 403),
        ("127.0.0.2", 403),
        ("0.0.0.0:7860", 403),
        ("2130706433", 403),
        ("::1", 403),
        ("[", 403),
        ("[::1", 403),
        ("[::1]evil.example", 403),
        ("localhost@evil.example", 403),
        ("evil.example@localhost", 403),
        ("localhost/evil.example", 403),
        ("localhost?evil.example", 403),
        ("localhost#:7860", 403),
        ("localhost:x", 403),
        ("localhost,evil.example", 403),
        ("\xe9", 403),
    ],
)
def test_on_a_loopback_address_only_its_names_are_answered(
    inner: Inner, host: str, status: int
) -> None:
    guard = Guard(inner, hosts=LOOPBACK)
    for method in ("GET", "POST", "OPTIONS"):
        response = asked(guard, "/config", method, [("host", host)])
        assert (method, response.status) == (method, status)
        if status == 403:
            assert response.body == (
                b"This server does not go by that name. (See: onrecord serve --help, --url.)"
            )
    assert len(inner.scopes) == (3 if status == 200 else 0)


def test_a_request_without_a_name_is_not_answered_on_a_loopback_address(inner: Inner) -> None:
    assert asked(Guard(inner, hosts=LOOPBACK), headers=[]).status == 403
    assert asked(Guard(inner, hosts=None), headers=[]).status == 200


def test_elsewhere_any_name_is_answered(inner: Inner) -> None:
    for host in ("evil.example", "10.0.0.1:80", "["):
        assert asked(Guard(inner, hosts=None), headers=[("host", host)]).status == 200


ORIGINS = [
    ("http://localhost:7860", 200),
    ("https://localhost:7860", 200),
    ("", 200),
    ("http://localhost", 403),
    ("http://localhost:7861", 403),
    ("http://127.0.0.1:7860", 403),
    ("https://evil.example", 403),
    ("http://evil.example:7860", 403),
    ("http://localhost:7860.evil.example", 403),
    ("http://localhost:7860@evil.example", 403),
    ("http://evil.example/localhost:7860", 403),
    ("null", 403),
    ("file://", 403),
    ("localhost:7860", 403),
    ("http://[", 403),
    ("*", 403),
    (" ", 403),
    ("chrome-extension://abcdef", 403),
]


@pytest.mark.parametrize(("origin", "status"), ORIGINS)
@pytest.mark.parametrize("hosts", [LOOPBACK, None], ids=["loopback", "anywhere"])
def test_a_page_of_others_changes_nothing(
    inner: Inner, origin: str, status: int, hosts: frozenset[str] | None
) -> None:
    guard = Guard(inner, hosts=hosts)
    headers = [("host", "localhost:7860"), ("origin", origin)]
    for method in ("POST", "PUT", "PATCH", "DELETE", "PURGE"):
        response = asked(guard, "/gradio_api/queue/join", method, headers)
        assert (method, response.status) == (method, status)
        if status == 403:
            assert response.body == b"Another page may not do that."
    assert len(inner.scopes) == (5 if status == 200 else 0)


def test_without_a_host_no_origin_is_its_own(inner: Inner) -> None:
    for origin in ("null", "http://", "http://evil.example"):
        guard = Guard(inner, hosts=None)
        assert asked(guard, method="POST", headers=[("origin", origin)]).status == 403
    assert inner.scopes == []


@pytest.mark.parametrize(
    ("hosts", "forwarded", "status"),
    [
        # A proxy's name, that it is known to have.
        (frozenset({"localhost", "news.example"}), "news.example", 200),
        (None, "news.example", 200),
        # One that a page has made up: nobody asks it for a password.
        (LOOPBACK, "news.example", 403),
        (LOOPBACK, "", 403),
        (None, "other.example", 403),
        (None, "", 403),
    ],
)
def test_a_proxy_may_say_what_it_was_asked_for(
    inner: Inner, hosts: frozenset[str] | None, forwarded: str, status: int
) -> None:
    headers = [
        ("host", "localhost:7860"),
        ("origin", "https://news.example"),
        ("x-forwarded-host", forwarded),
    ]
    assert asked(Guard(inner, hosts=hosts), method="POST", headers=headers).status == status


def test_a_proxy_that_says_nothing_is_known_by_the_address(inner: Inner) -> None:
    guard = Guard(inner, hosts=LOOPBACK, url="https://news.example:8443/onrecord")
    for origin, status in (
        ("https://news.example:8443", 200),
        ("https://news.example", 403),
        ("https://evil.example", 403),
    ):
        headers = [("host", "127.0.0.1:7860"), ("origin", origin)]
        assert asked(guard, method="POST", headers=headers).status == status


def test_a_page_of_others_may_not_read_either() -> None:
    """Gradio would let any page read, where it is not on a loopback address."""
    inner = Inner(
        [
            (b"Access-Control-Allow-Origin", b"https://evil.example"),
            (b"access-control-allow-credentials", b"true"),
            (b"ACCESS-CONTROL-ALLOW-HEADERS", b"*"),
            (b"vary", b"Origin"),
        ]
    )
    headers = [("host", "news.example"), ("origin", "https://evil.example")]
    for method in ("GET", "OPTIONS", "HEAD"):
        response = asked(Guard(inner), "/config", method, headers)
        assert response.status == 200
        assert [name for name, _ in response.headers if name not in SECURITY] == ["vary"]


# -- what may come in ----------------------------------------------------------------------------

UPLOADS = [
    "/gradio_api/upload",
    "/gradio_api/upload/",
    "/gradio_api//upload",
    "//gradio_api/upload",
    "/upload",
    "/gradio_api/upload/x",
    "/gradio_api/UPLOAD",
    "/gradio_api/Upload",
    "/gradio_api/upload\n",
    "/gradio_api/upload ",
    "/gradio_api/upload\r\n",
    "/gradio_api/./upload",
    "/gradio_api/x/../upload",
    "/onrecord/gradio_api/upload",
    "/onrecord/onrecord/gradio_api/upload",
]


@pytest.mark.parametrize("path", UPLOADS)
def test_a_read_only_server_takes_no_upload_in_any_spelling(inner: Inner, path: str) -> None:
    guard = Guard(inner, read_only=True, url="https://news.example/onrecord")
    for method in ("POST", "PUT", "GET"):
        response = asked(guard, path, method)
        assert (response.status, response.body) == (403, b"This server is read-only.")
    assert inner.scopes == []


def test_a_read_only_server_does_all_else(inner: Inner) -> None:
    paths = ["/", "/gradio_api/queue/join", "/gradio_api/upload_progress", "/assets/upload.js"]
    for path in paths:
        assert asked(Guard(inner, read_only=True), path, "POST").status == 200
    assert inner.paths == paths
    assert asked(Guard(inner), "/gradio_api/upload", "POST").status == 200


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("0", 200),
        ("000", 200),
        ("5000", 200),
        (str(LIMIT + 1000), 200),
        (str(LIMIT + 1001), 413),
        ("999999999999999", 413),
        ("9" * 16, 413),
        ("9" * 5000, 413),
        ("", 400),
        ("-1", 400),
        ("+5", 400),
        ("5.0", 400),
        ("1e3", 400),
        ("0x10", 400),
        ("1_000", 400),
        ("5, 5", 400),
        (" 5", 400),
        ("²", 400),
        ("much", 400),
    ],
)
def test_a_length_that_is_too_large_or_none_is_refused(
    inner: Inner, length: str, status: int
) -> None:
    guard = Guard(inner, max_upload=1000)
    response = asked(guard, "/upload", "POST", [("content-length", length)], [b"x"])
    assert response.status == status
    assert inner.bodies == ([b"x"] if status == 200 else [])
    if status == 413:
        assert response.body == b"That is too large."


def test_a_request_that_says_nothing_of_its_length_ends_at_the_limit(inner: Inner) -> None:
    guard = Guard(inner, max_upload=1000)
    fits = [b"x" * 1000] * 1001
    assert asked(guard, "/upload", "POST", chunks=fits).status == 200
    assert inner.bodies == [b"".join(fits)]
    response = asked(guard, "/upload", "POST", chunks=[*fits, b"y"])
    assert (response.status, response.body) == (413, b"That is too large.")
    # A length that is a lie helps nobody.
    response = asked(guard, "/upload", "POST", [("content-length", "5")], [*fits, b"y"])
    assert response.status == 413
    assert (len(inner.bodies), inner.left) == (1, 2)


def test_a_request_that_never_ends_is_not_read_for_ever() -> None:
    reads = 0

    async def greedy(_scope: Any, receive: Any, send: Any) -> None:
        """Goes on reading whatever it is told, and then says that all is well."""
        for _ in range(5):
            while (await receive())["type"] != "http.disconnect":
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"saved"})

    async def endless() -> Message:
        nonlocal reads
        reads += 1
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    sent: list[Message] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Message = {"type": "http", "method": "POST", "path": "/upload", "headers": []}
    asyncio.run(Guard(greedy, max_upload=1000)(scope, endless, send))
    response = Response(sent)
    response.assert_guarded()
    assert (response.status, response.body) == (413, b"That is too large.")
    assert reads == 11


def test_a_response_that_had_begun_goes_on() -> None:
    async def early(_scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 201, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b"enough"})

    chunks = [b"x" * 600_000] * 3
    response = asked(Guard(early, max_upload=1000), "/upload", "POST", chunks=chunks)
    assert (response.status, response.body) == (201, b"enough")


def test_a_failure_of_the_application_is_its_own() -> None:
    async def failing(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        asked(Guard(failing))


# -- what leaves ---------------------------------------------------------------------------------


def test_the_application_can_not_weaken_a_header() -> None:
    inner = Inner(
        [
            (b"X-Frame-Options", b"ALLOWALL"),
            (b"Content-Security-Policy", b"default-src *"),
            (b"content-security-policy", b"script-src *"),
            (b"content-type", b"text/html"),
            (b"set-cookie", b"a=1"),
            (b"set-cookie", b"b=2"),
        ]
    )
    response = asked(Guard(inner))
    assert [pair for pair in response.headers if pair[0] not in SECURITY] == [
        ("content-type", "text/html"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]


def test_nothing_can_be_fetched_from_another_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    for sources in rules.values():
        assert set(sources.split()) <= {
            "'self'",
            "'none'",
            "'unsafe-inline'",
            "'unsafe-eval'",
            "data:",
            "blob:",
        }
    assert (rules["default-src"], rules["connect-src"]) == ("'self'", "'self'")


def test_an_answer_streams_through_piece_by_piece() -> None:
    """What was sent is out before the application goes on."""
    order: list[str] = []

    async def streaming(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(3):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
            order.append(f"after {number}")
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        order.append(message.get("body", b"start").decode())

    scope: Message = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(Guard(streaming)(scope, receive, send))
    assert order == ["start", "0", "after 0", "1", "after 1", "2", "after 2", ""]


# -- what is no request --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["websocket", "webtransport"])
@pytest.mark.parametrize("users", [None, USERS], ids=["open", "users"])
def test_a_web_socket_is_closed(inner: Inner, kind: str, users: dict[str, str] | None) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Message = {"type": kind, "path": "/gradio_api/queue/join", "headers": []}
    asyncio.run(Guard(inner, users=users)(scope, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert inner.scopes == []


def test_the_application_starts_and_ends(inner: Inner) -> None:
    async def nothing(*_: Any) -> Message:
        return {}

    asyncio.run(Guard(inner, users=USERS)({"type": "lifespan"}, nothing, nothing))
    assert inner.scopes == [{"type": "lifespan"}]


# -- under a path --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reached", "raw"),
    [
        ("/onrecord/config", "/config", b"/config"),
        ("/onrecord/", "/", b"/"),
        ("/onrecord", "/", b"/"),
        ("/onrecord/onrecord/x", "/onrecord/x", b"/onrecord/x"),
        ("/onrecord/ü %?.js", "/ü %?.js", b"/%C3%BC%20%25%3F.js"),
        ("/onrecord/file=/a/b.txt", "/file=/a/b.txt", b"/file=/a/b.txt"),
        # A proxy that has taken it off, and what only looks like it.
        ("/config", "/config", b"/config"),
        ("/onrecorder", "/onrecorder", b"/onrecorder"),
        ("/Onrecord/x", "/Onrecord/x", b"/Onrecord/x"),
        ("//onrecord/x", "//onrecord/x", b"//onrecord/x"),
        ("/", "/", b"/"),
    ],
)
@pytest.mark.parametrize("url", ["https://news.example/onrecord", "https://news.example/onrecord/"])
def test_the_path_of_a_proxy_is_taken_off_once(
    inner: Inner, url: str, path: str, reached: str, raw: bytes
) -> None:
    assert asked(Guard(inner, url=url), path).status == 200
    assert [(s["path"], s["raw_path"]) for s in inner.scopes] == [(reached, raw)]


def test_health_is_there_with_the_path_and_without(inner: Inner) -> None:
    guard = Guard(inner, users=USERS, url="https://news.example/onrecord")
    for path in ("/health", "/onrecord/health"):
        assert asked(guard, path).status == 200
    for path in ("/onrecord/onrecord/health", "/other/health", "/onrecord/config", "/onrecord"):
        assert asked(guard, path).status == 401
    assert inner.scopes == []


# -- the file of passwords -----------------------------------------------------------------------


def a_file(tmp_path: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "users"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "users"),
    [
        ("ann:12345678", {"ann": "12345678"}),
        (
            "# who\n\nann:correct horse\r\nbob:pass:word\n",
            {"ann": "correct horse", "bob": "pass:word"},
        ),
        (" ann :12345678 \n", {"ann": "12345678 "}),
        ("zoë:naïve 😀 word", {"zoë": "naïve 😀 word"}),
        ("\ufeffann:12345678\n", {"ann": "12345678"}),
    ],
)
def test_users_are_read_from_a_file(tmp_path: Path, content: str, users: dict[str, str]) -> None:
    assert read_users(a_file(tmp_path, content)) == users


LINE = "Write a line name:password for each person."


@pytest.mark.parametrize(
    ("content", "message", "remedy"),
    [
        ("", "There is nobody in {}.", LINE),
        ("\n# ann:12345678\n  \n", "There is nobody in {}.", LINE),
        ("ann", "Line 1 of {} has no name and password.", None),
        ("ann:12345678\nbob", "Line 2 of {} has no name and password.", None),
        ("ann:1234567", "Line 1 of {} has no name and password.", None),
        ("ann:", "Line 1 of {} has no name and password.", None),
        (":12345678", "Line 1 of {} has no name and password.", None),
        ("  :12345678", "Line 1 of {} has no name and password.", None),
    ],
)
def test_a_file_with_a_bad_line_or_nobody_is_refused(
    tmp_path: Path, content: str, message: str, remedy: str | None
) -> None:
    path = a_file(tmp_path, content)
    with pytest.raises(SettingsError) as caught:
        read_users(path)
    assert caught.value.message == message.format(path)
    assert caught.value.remedy == (remedy or f"{LINE} A password has at least 8 characters.")
    # No password is in it.
    assert "1234567" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601, 0o666, 0o777])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = a_file(tmp_path, "ann:12345678", mode)
    with pytest.raises(SettingsError) as caught:
        read_users(path)
    assert caught.value.message == f"Others can read the passwords in {path}."
    assert caught.value.remedy == f"Keep them out: chmod 600 {path}"


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    for path in (tmp_path / "none", tmp_path / "folder", a_file(tmp_path, b"\xff\xfe")):
        with pytest.raises(SettingsError) as caught:
            read_users(path)
        assert caught.value.message.startswith(f"The file {path} can't be read: ")
        assert caught.value.remedy == LINE
