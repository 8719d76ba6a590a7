"""How it is served: what is refused before anything is, and a server of its own from start to
end."""

from __future__ import annotations

import base64
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import cli
from assistant.pipeline import Assistant
from assistant.ui import serving as module
from assistant.ui.serving import DEFAULT_PORT, Serving, serve
from index.errors import IndexMismatch, SettingsError, UserError

ROOT = Path(__file__).parents[3]
USERS = {"ann": "correct horse"}


# -- what may be served --------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8", "0:0:0:0:0:0:0:1"])
def test_on_this_machine_nobody_need_be_asked(host: str) -> None:
    assert Serving(host=host).local
    assert Serving(host=host, users=USERS).local


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "",
        "10.0.0.1",
        "192.168.1.5",
        "news.example",
        "localhost.evil.example",
        "LOCALHOST ",
        "127.0.0.1.nip.io",
        "127.1",
        "::ffff:10.0.0.1",
        "[::1]",
    ],
)
def test_from_elsewhere_everybody_is_asked(host: str) -> None:
    for users in (None, {}):
        with pytest.raises(SettingsError) as caught:
            Serving(host=host, users=users)
        assert caught.value.message == (
            f"At {host} everybody on the network could read the documents and add some."
        )
        assert caught.value.remedy == (
            "Name a file with passwords (--auth FILE), or leave --host out."
        )
    assert not Serving(host=host, users=USERS).local


@pytest.mark.parametrize(
    "url",
    [
        "news.example",
        "ftp://news.example",
        "//news.example",
        "javascript:alert(1)",
        "http:",
        "http://",
        "https:///onrecord",
        "https://?x",
        "http://[",
        "http://[::1",
        "https://news.example:x/",
        "https://news.example:99999/",
        " ",
        "/onrecord",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Serving(url=url)
    assert caught.value.message == f"--url {url!r} is no address."
    assert caught.value.remedy == "Give one such as https://example.org/news"


LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("options", "prefix", "hosts"),
    [
        ({}, "", LOOPBACK),
        ({"host": "127.8.8.8"}, "", LOOPBACK | {"127.8.8.8"}),
        ({"url": "https://News.Example"}, "", LOOPBACK | {"news.example"}),
        ({"url": "https://news.example/"}, "", LOOPBACK | {"news.example"}),
        ({"url": "https://news.example:8443/a/b/"}, "/a/b", LOOPBACK | {"news.example"}),
        ({"url": "http://[::2]/a"}, "/a", LOOPBACK | {"::2"}),
        ({"host": "0.0.0.0", "users": USERS}, "", None),
        (
            {"host": "0.0.0.0", "users": USERS, "url": "https://news.example/onrecord"},
            "/onrecord",
            None,
        ),
    ],
)
def test_the_names_and_the_path_that_it_goes_by(
    options: dict[str, Any], prefix: str, hosts: set[str] | None
) -> None:
    serving = Serving(**options)
    assert serving.prefix == prefix
    assert serving.hosts == hosts


# -- ports ---------------------------------------------------------------------------------------


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_refused(seeds: Assistant, taken: int) -> None:
    said: list[str] = []
    with pytest.raises(UserError) as caught:
        serve(seeds, Serving(port=taken), said.append)
    assert caught.value.message == (
        f"Can't listen at 127.0.0.1:{taken}: {os.strerror(errno.EADDRINUSE)}."
    )
    assert caught.value.remedy == "Choose another with --port, or end what is using it."
    assert said == []


def test_a_host_that_is_not_this_machine_is_refused() -> None:
    with pytest.raises(UserError, match=r"^Can't listen at 192\.0\.2\.1:0: "):
        module._listening(Serving(host="192.0.2.1", port=0, users=USERS))


def test_where_no_port_is_named_the_first_free_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    assert DEFAULT_PORT == 7860
    monkeypatch.setattr(module, "DEFAULT_PORT", taken)
    with module._listening(Serving()) as first, module._listening(Serving()) as second:
        assert first.getsockname()[0] == "127.0.0.1"
        assert taken < first.getsockname()[1] < second.getsockname()[1] < taken + 20


def test_where_all_of_them_are_taken_that_is_told(
    monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(module, "DEFAULT_PORT", taken)
    monkeypatch.setattr(module, "_TRIED", 1)
    with pytest.raises(UserError, match=rf"^Can't listen at 127\.0\.0\.1:{taken}: "):
        module._listening(Serving())


def test_on_the_other_loopback_address() -> None:
    try:
        listening = module._listening(Serving(host="::1", port=0))
    except UserError:
        pytest.skip("this machine has no IPv6")
    with listening:
        assert listening.getsockname()[0] == "::1"


def test_an_index_of_another_model_is_refused_before_anything_is_served(
    tmp_path: Path, seeds: Assistant
) -> None:
    from index.folder import Index

    index = Index(tmp_path / "index", model="another")
    index.describe(seeds.corpus, 3)
    index.close()
    with Assistant.open(seeds.corpus, tmp_path / "index") as other:
        said: list[str] = []
        with pytest.raises(IndexMismatch, match="was made with embedding model another"):
            serve(other, Serving(port=0), said.append)
        assert said == []


# -- onrecord serve ------------------------------------------------------------------------------


def users_file(tmp_path: Path, content: str, mode: int = 0o600) -> str:
    path = tmp_path / "users"
    path.write_text(content, "utf-8")
    path.chmod(mode)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        code = cli.main(["serve", *argv])
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def place(tmp_path: Path) -> list[str]:
    """A folder of documents, and where its index would lie."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    return [str(corpus), "--index", str(tmp_path / "index")]


@pytest.mark.parametrize(
    ("content", "mode", "problem"),
    [
        ("ann:12345678", 0o644, "Others can read the passwords in {}."),
        ("ann:12345678", 0o640, "Others can read the passwords in {}."),
        ("", 0o600, "There is nobody in {}."),
        ("# nobody\n", 0o600, "There is nobody in {}."),
        ("ann:12345678\nbob\n", 0o600, "Line 2 of {} has no name and password."),
        ("ann:short", 0o600, "Line 1 of {} has no name and password."),
    ],
)
def test_a_bad_file_of_passwords_exits_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    place: list[str],
    content: str,
    mode: int,
    problem: str,
) -> None:
    path = users_file(tmp_path, content, mode)
    code, out, err = run(capsys, *place, "--auth", path, "--host", "0.0.0.0")
    assert (code, out) == (2, "")
    assert problem.format(path) in " ".join(err.split())
    assert "12345678" not in err
    assert not (tmp_path / "index").exists()


def test_no_file_of_passwords_exits_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: list[str]
) -> None:
    code, out, err = run(capsys, *place, "--auth", str(tmp_path / "none"))
    assert (code, out) == (2, "")
    assert f"The file {tmp_path / 'none'} can't be read: " in " ".join(err.split())


def test_no_folder_exits_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, str(tmp_path / "none"), "--index", str(tmp_path / "index"))
    assert (code, out) == (2, "")
    assert f"{tmp_path / 'none'} does not exist." in " ".join(err.split())


def test_a_port_that_is_taken_exits_2(
    capsys: pytest.CaptureFixture[str], place: list[str], taken: int
) -> None:
    code, out, err = run(capsys, *place, "--port", str(taken))
    assert (code, out) == (2, "")
    assert f"Can't listen at 127.0.0.1:{taken}: " in " ".join(err.split())


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--host", "0.0.0.0"], "At 0.0.0.0 everybody on the network could read the documents"),
        (["--host", ""], "everybody on the network could read the documents"),
        (["--url", "news.example"], "--url 'news.example' is no address."),
        (["--url", "http://["], "--url 'http://[' is no address."),
        (["--port", "65536"], "'65536' is not a port from 0 to 65535"),
        (["--port", "-1"], "'-1' is not a port from 0 to 65535"),
        (["--port", "x"], "'x' is not a port from 0 to 65535"),
        (["--port", "²"], "'²' is not a port from 0 to 65535"),
        (["--max-upload", "0"], "'0' is not a number from 1"),
        (["--max-upload", "x"], "'x' is not a number from 1"),
        (["--share"], "unrecognized arguments: --share"),
        (["--read"], "unrecognized arguments: --read"),
    ],
)
def test_what_makes_no_sense_exits_2(
    capsys: pytest.CaptureFixture[str], place: list[str], argv: list[str], problem: str
) -> None:
    code, out, err = run(capsys, *place, *argv)
    assert (code, out) == (2, "")
    assert problem in " ".join(err.split())


# -- from start to end ---------------------------------------------------------------------------


def test_a_server_from_start_to_end(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("Ann Lee signed the accord in Oslo.\n")
    (tmp_path / "temporary").mkdir()
    auth = users_file(tmp_path, "ann:correct horse\n")
    argv = [sys.executable, "-m", "assistant", "serve", str(tmp_path / "corpus"), "--port", "0"]
    process = subprocess.Popen(
        [*argv, "--index", str(tmp_path / "index"), "--auth", auth, "--read-only"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C must reach it, even where the tests run in the background and are spared it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.fullmatch(
            r"(?:onrecord: )?OnRecord is at (http://127\.0\.0\.1:\d+) \(stop with Ctrl-C\)\n", line
        )
        assert found, line + process.stderr.read()
        address = found[1]

        def get(path: str, host: str = "", password: str = "", data: bytes | None = None) -> int:
            request = urllib.request.Request(address + path, data=data)
            if host:
                request.add_header("Host", host)
            if password:
                told = base64.b64encode(f"ann:{password}".encode()).decode()
                request.add_header("Authorization", f"Basic {told}")
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    headers, status = response.headers, response.status
            except urllib.error.HTTPError as refused:
                headers, status = refused.headers, refused.code
            assert headers["x-frame-options"] == "DENY"
            assert headers["server"] is None
            return int(status)

        assert get("/health") == 200
        for path in ("/", "/config", "/gradio_api/mcp/", "/gradio_api/upload", "/none"):
            assert (path, get(path)) == (path, 401)
        assert get("/", password="wrong horse") == 401
        assert get("/", password="correct horse") == 200
        assert get("/", host="evil.example", password="correct horse") == 403
        for path in ("/gradio_api/upload", "/gradio_api/%75pload", "/gradio_api/upload%0A"):
            assert (path, get(path, password="correct horse", data=b"x")) == (path, 403)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (130, "")
    assert list((tmp_path / "temporary").glob("onrecord-uploads-*")) == []
    assert [file.name for file in (tmp_path / "corpus").iterdir()] == ["a.txt"]
