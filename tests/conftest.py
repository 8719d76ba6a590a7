"""What every test may use: the real embedding model, loaded once, a data folder of its own, and a
real Chroma server on the loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from index.embed import Embedder

# How fast an example is depends on what else the machine does: no reason to fail.
hypothesis.settings.register_profile("onrecord", deadline=None)
hypothesis.settings.load_profile("onrecord")


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged model."""
    return Embedder()


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes an index in the data folder of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server of our own."""
    folder = tmp_path_factory.mktemp("server")
    port = free_port()
    # Beside the interpreter as it was called: in a virtual environment that is a link.
    chroma = Path(sys.executable).with_name("chroma")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [chroma, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api/v2/heartbeat", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
        else:
            pytest.fail((folder / "log").read_text())
        yield address
    finally:
        process.kill()
        process.wait()
