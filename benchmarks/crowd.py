"""Many people ask at once: does everyone get the answer to their own question, and how soon?

    python -m benchmarks.crowd                     50 people for a minute, then 2,000 questions
    python -m benchmarks.crowd --people 10 --seconds 10 --questions 0

A server of its own answers over the question set that comes along. Everybody asks as the page does,
through gradio's queue, waits for the answer and asks the next question. Memory is the server's
resident size.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import quantile
from benchmarks import machine

NEWS = machine.ROOT / "benchmarks" / "data" / "news"


@dataclass
class Tally:
    """What was seen: seconds of each answer, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def server(at_once: int | None = None) -> Iterator[tuple[str, int]]:
    """A server over a copy of the news; its address and process id."""
    with tempfile.TemporaryDirectory(prefix="onrecord-crowd-") as folder:
        shutil.copytree(NEWS / "docs", Path(folder) / "docs")
        change = f"import assistant.ui.app as a; a.AT_ONCE = {at_once}; " if at_once else ""
        code = f"import sys; {change}from assistant.cli import main; sys.exit(main(sys.argv[1:]))"
        # Into a file: nobody would empty a pipe, and a full one stops the server.
        log = Path(folder) / "log"
        with log.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-c", code, "serve", "docs", "--index", "index", "--port", "0"],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(machine.ROOT)},
                stderr=said,
            )
        try:
            while not (found := re.search(r"http://\S+", log.read_text())):
                if process.poll() is not None:
                    raise RuntimeError(f"the server did not start:\n{log.read_text()}")
                time.sleep(0.1)
            yield found[0], process.pid
        finally:
            process.terminate()
            process.wait(30)


async def ask(client: Any, question: str) -> dict[str, Any]:
    """The answer to one question, through gradio's queue.

    Raises:
        RuntimeError: the server told of an error, or of nothing.
    """
    joined = await client.post("/gradio_api/call/v2/answer", json={"question": question})
    joined.raise_for_status()
    event = ""
    address = f"/gradio_api/call/v2/answer/{joined.json()['event_id']}"
    async with client.stream("GET", address) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "complete":
                (answer,) = json.loads(line.removeprefix("data: "))
                return dict(answer)
            elif line.startswith("data: ") and event == "error":
                raise RuntimeError(line)
    raise RuntimeError("no answer came")


async def crowd(
    address: str, questions: Sequence[str], people: int, seconds: float, most: int
) -> Tally:
    """People who ask until time or questions are over.

    Args:
        most: questions in all; 0: as many as fit.
    """
    import httpx

    tally = Tally()
    until = time.monotonic() + seconds
    asked = 0

    async def person(number: int) -> None:
        nonlocal asked
        async with httpx.AsyncClient(base_url=address, timeout=120) as client:
            turn = number
            while time.monotonic() < until and (not most or asked < most):
                asked += 1
                question = questions[turn % len(questions)]
                turn += people
                began = time.monotonic()
                try:
                    answer = await ask(client, question)
                except Exception as problem:
                    tally.wrong.append(f"{type(problem).__name__}: {problem}")
                    continue
                tally.seconds.append(time.monotonic() - began)
                if answer["asked"] != question:
                    tally.wrong.append(f"{question!r} got the answer to {answer['asked']!r}")

    await asyncio.gather(*(person(number) for number in range(people)))
    return tally


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def questions_of(folder: Path) -> list[str]:
    """The questions of a set."""
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    return [" ".join(json.loads(line)["question"].split()) for line in lines]


def _shown(seconds: Sequence[float], share: float) -> str:
    value = quantile(seconds, share)
    return "none" if value is None else f"{value:.2f} s"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; exit code 1 when anybody got an error or another's answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--questions", type=int, default=2000, help="then, for the memory")
    parser.add_argument("--at-once", type=int, help="answers at a time (default: as shipped)")
    args = parser.parse_args(argv)
    questions = questions_of(NEWS)
    with server(args.at_once) as (address, pid):
        # The models are loaded and every question has been asked once.
        first = asyncio.run(crowd(address, questions, 4, 600, len(questions)))
        before = resident(pid)
        tally = asyncio.run(crowd(address, questions, args.people, args.seconds, 0))
        for line in [*first.wrong, *tally.wrong][:10]:
            print(line, file=sys.stderr)
        print(
            f"{args.people} people, {args.seconds:g} s: {len(tally.seconds)} answers, "
            f"p50 {_shown(tally.seconds, 0.5)}, p95 {_shown(tally.seconds, 0.95)}, "
            f"{len(tally.wrong)} errors"
        )
        sizes = [before, resident(pid)]
        wrong = [*first.wrong, *tally.wrong]
        for _ in range(args.questions // 500):
            wrong += asyncio.run(crowd(address, questions, 4, 600, 500)).wrong
            sizes.append(resident(pid))
        print("memory: " + ", ".join(f"{size / 1e6:.0f}" for size in sizes) + " MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
