"""How fast OnRecord is, how much memory it takes and how large an index is.

    python -m benchmarks.speed                       some ten minutes, on invented reports
    python -m benchmarks.speed --corpus DIR          the same on a folder of .txt files
    python -m benchmarks.speed --short               at most five minutes; only prints

A full run is written to ``results/speed.json`` and to the tables of README.md and BENCHMARKS.md.
Every part runs in processes of its own, one at a time; ratios are taken within one run, side by
side. Let the machine be quiet: its load at the start is part of the result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import quantile
from benchmarks import corpus, machine, readme, tables
from benchmarks.machine import say

RESULTS = readme.RESULTS / "speed.json"

_UNWANTED = ("torch", "chromadb", "gradio")
_LOADED_BY_HELP = f"""
import sys
from assistant.cli import main
try:
    main(["--help"])
except SystemExit:
    print([name for name in {_UNWANTED!r} if name in sys.modules], file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes:
        documents: in the index that questions are asked of.
        rounds: of the indexing, which share these documents.
        questions: different ones.
        sync_documents: in the folder that syncs are measured on.
        whole: whether those are whole documents, or their beginnings, which index faster.
        helps, asks, syncs, cold_syncs: how often each is repeated.
    """

    documents: int = 2000
    rounds: int = 5
    questions: int = 300
    sync_documents: int = 10_000
    whole: bool = True
    helps: int = 15
    asks: int = 5
    syncs: int = 9
    cold_syncs: int = 5


FULL = Sizes()
SHORT = Sizes(
    documents=600, rounds=3, questions=150, whole=False, helps=7, asks=3, syncs=5, cold_syncs=2
)


def measure(
    sizes: Sizes, folder: Path | None, work: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Everything, one thing after the other.

    Args:
        folder: of documents; ``None`` for invented ones.
        work: an empty folder to work in.
        say: told what is being done.
    """
    began = time.perf_counter()
    result: dict[str, Any] = {"machine": machine.described(), "code": machine.code()}
    if result["machine"]["load"] > 0.5:
        say(f"the machine is busy (load {result['machine']['load']}): figures will be too slow")

    say("--help, in fresh processes")
    result["help"] = _help(sizes.helps, work)

    reports, real = corpus.documents(folder, sizes.documents)
    result["corpus"] = _described(reports, real)
    say(f"indexing {len(reports):,} documents, beside the bare embedding call")
    result["indexing"] = _indexing(reports, sizes.rounds, work)

    docs, index = work / "reports", work / "reports-index"
    questions = corpus.questions(reports, sizes.questions)
    say(f"{len(questions):,} questions, asked twice")
    result["answers"] = probe("answers", corpus=docs, index=index, questions=questions)
    result["answers"]["questions"] = len(questions)

    say("a question, in fresh processes")
    result["cold_ask"] = _cold_asks(docs, index, questions[: sizes.asks], work)
    result["index"] = {
        "bytes": machine.tree_bytes(index),
        "text_bytes": machine.tree_bytes(docs),
        "documents": result["answers"]["documents"],
        "passages": result["answers"]["passages"],
        "parts_bytes": {
            path.name: machine.tree_bytes(path) if path.is_dir() else path.stat().st_size
            for path in sorted(index.iterdir())
        },
    }
    shutil.rmtree(docs)
    shutil.rmtree(index)

    result["sync"] = _syncs(sizes, folder, work, say)
    result["seconds"] = time.perf_counter() - began
    tidy: dict[str, Any] = rounded(result)
    return tidy


def _help(times: int, work: Path) -> dict[str, Any]:
    """In turns with a Python that does nothing, which is the least it could take."""
    taken: dict[str, list[float]] = {"onrecord": [], "python": []}
    for _ in range(times + 1):
        taken["onrecord"].append(_run([*_onrecord(), "--help"], work)[0])
        taken["python"].append(_run([sys.executable, "-c", "pass"], work)[0])
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADED_BY_HELP],
        cwd=machine.ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    return {
        # The first of each has read the files from disk.
        "seconds": taken["onrecord"][1:],
        "python_seconds": taken["python"][1:],
        "not_wanted": list(_UNWANTED),
        "loaded": json.loads(loaded.replace("'", '"')),
    }


def _indexing(reports: Sequence[corpus.Source], rounds: int, work: Path) -> dict[str, Any]:
    (work / "reports").mkdir()
    # Spread, so that every round has documents of all ages; the first few only warm up.
    batches = [reports[:16], *(reports[16:][place::rounds] for place in range(rounds))]
    folders = []
    for number, batch in enumerate(batches):
        folder = work / f"batch-{number}"
        corpus.write(batch, folder)
        folders.append(str(folder))
    return probe("indexing", corpus=work / "reports", index=work / "reports-index", batches=folders)


def _cold_asks(docs: Path, index: Path, questions: Sequence[str], work: Path) -> dict[str, Any]:
    seconds, inside, peaks = [], [], []
    for question in questions:
        command = [*_onrecord(), "ask", question, "--corpus", str(docs), "--index", str(index)]
        took, peak, output = _run([*command, "--json"], work)
        seconds.append(took)
        inside.append(json.loads(output)["timings_ms"]["total"] / 1000)
        peaks.append(peak)
    return {"seconds": seconds, "answer_seconds": inside, "peak_bytes": max(peaks)}


def _syncs(
    sizes: Sizes, folder: Path | None, work: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    documents, real = corpus.documents(folder, sizes.sync_documents)
    if not sizes.whole:
        documents = [corpus.shortened(source) for source in documents]
    docs, index = work / "many", work / "many-index"
    corpus.write(documents, docs)
    result: dict[str, Any] = {"corpus": _described(documents, real)}
    say(f"indexing {len(documents):,} documents, to sync them")
    result["bulk"] = probe("bulk", corpus=docs, index=index)
    result["index_bytes"] = machine.tree_bytes(index)
    say("syncs with nothing changed")
    result["unchanged"] = probe("unchanged", corpus=docs, index=index, times=sizes.syncs)
    command = [*_onrecord(), "index", str(docs), "--index", str(index), "--json"]
    result["unchanged_cold"] = _cold(command, sizes.cold_syncs, work, lambda _: None)
    say("syncs with one document changed")
    result["changed"] = probe("changed", corpus=docs, index=index, times=sizes.syncs)

    def change(number: int) -> None:
        path = docs / documents[number].name
        path.write_bytes(path.read_bytes() + b"\nThe figure was put right.\n")

    result["changed_cold"] = _cold(command, sizes.cold_syncs, work, change)
    return result


def _cold(
    command: Sequence[str], times: int, work: Path, before: Callable[[int], None]
) -> dict[str, Any]:
    seconds, peaks = [], []
    for number in range(times):
        before(number)
        took, peak, _ = _run(command, work)
        seconds.append(took)
        peaks.append(peak)
    return {"seconds": seconds, "peak_bytes": max(peaks)}


# -- processes -----------------------------------------------------------------------------------


def _onrecord() -> list[str]:
    """The installed command of this environment, or what it would run."""
    script = Path(sys.executable).parent / "onrecord"
    return [str(script)] if script.is_file() else [sys.executable, "-m", "assistant"]


def _environment() -> dict[str, str]:
    quiet = {
        "ANONYMIZED_TELEMETRY": "False",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    return {**os.environ, **quiet}


def _run(command: Sequence[str], work: Path) -> tuple[float, int, str]:
    """Run a command to its end: seconds, peak memory in bytes, standard output.

    Raises:
        RuntimeError: it failed.
    """
    with (work / "stdout").open("w+") as out, (work / "stderr").open("w+") as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=machine.ROOT,
            env=_environment(),
        )
        # Not wait(): only this tells what this one child used. It counts this process's own memory
        # in, which is why nothing large is imported here.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command[:4])} … failed:\n{err.read()}")
        return seconds, machine.maxrss_bytes(usage), out.read()


def probe(name: str, **arguments: object) -> dict[str, Any]:
    """Run a part of :mod:`benchmarks.probe` in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.probe", name],
        input=json.dumps(arguments, default=str),
        stdout=subprocess.PIPE,
        text=True,
        cwd=machine.ROOT,
        env=_environment(),
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


# -- what is written -----------------------------------------------------------------------------


def _described(documents: Sequence[corpus.Source], real: bool) -> dict[str, Any]:
    lengths = [len(source.text) for source in documents]
    return {
        "real": real,
        "documents": len(documents),
        "characters_median": statistics.median(lengths),
        "characters_most": max(lengths),
    }


def rounded(value: Any) -> Any:
    """With no more digits than mean something."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return value


def summarised(result: Mapping[str, Any]) -> dict[str, Any]:
    """With single answers' times put together as quantiles: nobody reads three hundred."""
    answers = dict(result["answers"])
    for name in ("first_ms", "again_ms"):
        times = answers.pop(name)
        answers[name] = {
            "n": len(times),
            "p50": quantile(times, 0.5),
            "p95": quantile(times, 0.95),
            "most": max(times),
        }
    answers["stages_ms"] = {
        stage: {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
        for stage, times in answers["stages_ms"].items()
    }
    return {**result, "answers": rounded(answers)}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and after a full run write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="a folder of .txt documents")
    parser.add_argument(
        "--corpus-name", metavar="NAME", help="what the tables should call these documents"
    )
    parser.add_argument("--short", action="store_true", help="at most five minutes; only prints")
    for name in ("documents", "questions", "sync-documents", "rounds"):
        parser.add_argument(f"--{name}", type=int, metavar="N", help="another size; only prints")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here as well")
    args = parser.parse_args(argv)
    if args.corpus is not None and not args.corpus.is_dir():
        parser.error(f"{args.corpus} is not a folder")

    sizes = SHORT if args.short else FULL
    for name in ("documents", "questions", "sync_documents", "rounds"):
        if getattr(args, name) is not None:
            sizes = replace(sizes, **{name: getattr(args, name)})
    with tempfile.TemporaryDirectory(prefix="onrecord-speed-") as work:
        folder = args.corpus and args.corpus.resolve()
        measured = measure(sizes, folder, Path(work).resolve(), say)
    result = {
        "format": tables.FORMAT,
        "measured": datetime.now(UTC).date().isoformat(),
        "sizes": asdict(sizes),
        "corpus_name": args.corpus_name or "",
        **summarised(measured),
    }
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    if args.json is not None:
        args.json.write_text(text, "utf-8")
    print(tables.speed(result))
    if sizes == FULL:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text, "utf-8")
        for path in readme.refresh():
            say(f"wrote {path.relative_to(machine.ROOT)}")
    else:
        say("not a full run: nothing written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
