"""OnRecord side by side with what else there is: same machine, documents, model and questions.

    python -m benchmarks.peers                               on the set that comes along
    python -m benchmarks.peers benchmarks/data/news DIR …    and on other sets
    python -m benchmarks.peers --short                       a few minutes; only prints
    python -m benchmarks.peers --questions 100 --rounds 3    other sizes; only prints
    python -m benchmarks.peers --only onrecord --only bm25s  only these; only prints

Who is measured stands in ``contenders/catalogue.py``. Each runs in processes of its own, one at a
time, and the others in virtual environments of their own, which the first run makes: that goes
online, takes some minutes and gigabytes, and is kept in ``--cache``. A run of all contenders is
written to ``results/peers.json`` and to the table of BENCHMARKS.md. Let the machine be quiet: its
load at the start is part of the result.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from benchmarks import environments, machine, peer_tables, readme, tables
from benchmarks.contenders.catalogue import CONTENDERS, Contender, base, chosen
from benchmarks.contenders.protocol import Found, found
from benchmarks.speed import rounded

if TYPE_CHECKING:
    from assistant.evaluation.runner import EvalSet, Item
    from assistant.types import Answer

NEWS = Path(__file__).resolve().parent / "data" / "news"
RESULTS = readme.RESULTS / "peers.json"

K = 10
"""How many passages are asked for; recall is measured to this depth."""

PATIENCE = 1800.0
"""Seconds that a reply may take. Who waits longer for something that is not there is ended."""

_WARM_UP = (
    "what does the US expect from Europe?",
    "When did the ministry publish its report on the harbour?",
    "Who paid for the new bridge?",
)
"""Asked before anything is timed."""

_ADDED = "Quillon Aptekar, the harbour master of Vostrel, was put right {n} hours later."
_ASKED = "What happened to Quillon Aptekar, the harbour master of Vostrel?"
"""What a changed document gets, and what is asked to see whether the index has it."""

_FIGURES = (
    *(f"recall@{k}" for k in (1, 5, 10)),
    "right_top_forced",
    "in_quotes_forced",
    "direction_forced",
    "trap_first_forced",
    "first_quote",
)
"""What is kept of an evaluation: what needs no threshold and no confidence."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes:
        questions: of each set, evenly taken; ``None``: all.
        rounds: of the indexing, after one that warms up.
        colds: fresh processes.
        changes: of one document each, after one that warms up.
    """

    questions: int | None = None
    rounds: int = 5
    colds: int = 5
    changes: int = 5


FULL = Sizes()
SHORT = Sizes(questions=30, rounds=1, colds=1, changes=1)


class ContenderFailed(Exception):
    """A contender's process ended, said that something went wrong, or said nothing."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A contender's process, to be spoken to. Start one with :func:`speaking`.

    Attributes:
        errors: what it writes to standard error.
        patience: seconds that a reply may take.
    """

    process: subprocess.Popen[str]
    errors: TextIO
    patience: float

    def say(self, do: str, **arguments: object) -> dict[str, Any]:
        """Ask for something and wait for the reply.

        Raises:
            ContenderFailed: there is none, or it is an error.
        """
        process = self.process
        assert process.stdin is not None and process.stdout is not None
        ran_out = threading.Event()

        def end() -> None:
            ran_out.set()
            process.kill()

        late = threading.Timer(self.patience, end)
        late.start()
        try:
            process.stdin.write(json.dumps({"do": do, **arguments}, default=str) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            late.cancel()
        if not line:
            waited = f", after {self.patience:g} s without a reply" if ran_out.is_set() else ""
            raise ContenderFailed(f"{do}: the process ended{waited}: {self._last_words()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise ContenderFailed(f"{do}: {reply['error']}")
        return reply

    def _last_words(self) -> str:
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            return "nothing"
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return lines[-1] if lines else "nothing"


@contextmanager
def speaking(command: Sequence[str], patience: float = PATIENCE) -> Iterator[Speaker]:
    """Start a contender's process, and end it in the end.

    Args:
        command: what runs it.
        patience: seconds that a reply may take.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            cwd=machine.ROOT,
            env=environment(),
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Speaker(process, errors, patience)
        finally:
            try:
                process.stdin.close()
                process.wait(30)
            except (OSError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            process.stdout.close()


def environment() -> dict[str, str]:
    """That of a contender's process: nothing is fetched and nothing reported home."""
    quiet = {
        "ANONYMIZED_TELEMETRY": "False",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }
    spec = importlib.util.find_spec("llama_index.core")
    if spec is not None and spec.origin is not None:
        # tiktoken fetches its vocabularies; LlamaIndex's wheel brings the two common ones along.
        cached = Path(spec.origin).parent / "_static" / "tiktoken_cache"
        quiet["TIKTOKEN_CACHE_DIR"] = str(cached)
    return {**os.environ, **quiet}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where one contender is measured on one set.

    Attributes:
        command: what runs its process.
        docs: its documents.
        store: its index; made by :func:`indexed`.
        work: a folder to work in.
    """

    command: tuple[str, ...]
    docs: Path
    store: Path
    work: Path


def indexed(stage: Stage, rounds: int) -> dict[str, Any]:
    """All documents into a new index, again and again; the first time loads the models, is not
    timed, and its index stays.

    Raises:
        ContenderFailed: it can't.
    """
    characters = sum(len(path.read_text("utf-8")) for path in stage.docs.glob("*.txt"))
    seconds = []
    with speaking(stage.command) as speaker:
        about = speaker.say("about")
        passages = speaker.say("index", folder=stage.docs, store=stage.store)["passages"]
        peak = speaker.say("memory")["peak_bytes"]
        for number in range(rounds):
            again = stage.work / f"again-{number}"
            began = time.perf_counter()
            speaker.say("index", folder=stage.docs, store=again)
            seconds.append(time.perf_counter() - began)
    for number in range(rounds):
        shutil.rmtree(stage.work / f"again-{number}")
    return {
        **about,
        "passages": passages,
        "characters": characters,
        "seconds": seconds,
        "peak_bytes": peak,
        "index_bytes": machine.tree_bytes(stage.store),
    }


def cold(stage: Stage, questions: Sequence[str]) -> list[float]:
    """Seconds from the start of a process to its first answer, for each question another process.

    Raises:
        ContenderFailed: it can't.
    """
    seconds = []
    for question in questions:
        began = time.perf_counter()
        with speaking(stage.command) as speaker:
            speaker.say("open", folder=stage.docs, store=stage.store)
            speaker.say("ask", question=question, k=K)
            seconds.append(time.perf_counter() - began)
    return seconds


def asked(stage: Stage, eval_set: EvalSet, changes: int) -> dict[str, Any]:
    """Every question of a set, judged; then documents changed, one after the other.

    The index is opened as a copy, and the documents are put back, so that another contender may use
    them afterwards. The documents stay where they are: some are known by their path.

    Raises:
        ContenderFailed: it can't.
    """
    from assistant.evaluation.runner import evaluate
    from benchmarks.judging import Judge
    from index.embed import Remembered

    store = stage.work / "store"
    shutil.copytree(stage.store, store)
    judge = Judge(stage.docs, Remembered(_embedder().encode))
    with speaking(stage.command) as speaker:
        speaker.say("open", folder=stage.docs, store=store)
        for question in _WARM_UP:
            speaker.say("ask", question=question, k=K)

        def ask(item: Item) -> Answer:
            began = time.perf_counter()
            reply = speaker.say("ask", question=item.question, k=K)
            ms = 1000 * (time.perf_counter() - began)
            return judge.answer(item, found(reply), ms)

        report = evaluate(eval_set, ask, threshold=0.0)
        peak = speaker.say("memory")["peak_bytes"]
        reindexed = _changed(speaker, stage, changes)
    shutil.rmtree(store)
    times = [scored.ms for scored in report.scored]
    both = [ms + more for ms, more in zip(times, judge.choosing_ms, strict=True)]
    return {
        "figures": {key: asdict(report.figures[key]) for key in _FIGURES},
        "citations": report.citations,
        "invalid_quotes": len(report.invalid),
        "own_citations": judge.quotes.pieces > 0,
        "passages": _placed(judge.passages),
        "quotes": _placed(judge.quotes),
        "answer_ms": _quantiles(times),
        "with_sentence_ms": _quantiles(both),
        "peak_bytes": peak,
        "change": reindexed,
    }


def _changed(speaker: Speaker, stage: Stage, changes: int) -> dict[str, Any]:
    files = sorted(stage.docs.glob("*.txt"))
    kept = stage.work / "kept"
    kept.mkdir()
    seconds = []
    try:
        for number in range(changes + 1):
            path = files[number * len(files) // (changes + 1)]
            # Kept once: in a small set a document is changed again.
            if not (kept / path.name).exists():
                shutil.copy2(path, kept)
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"\n{_ADDED.format(n=number + 2)}\n")
            began = time.perf_counter()
            speaker.say("change", path=path)
            seconds.append(time.perf_counter() - began)
        after: Found = found(speaker.say("ask", question=_ASKED, k=K))
    finally:
        for path in kept.iterdir():
            shutil.copy2(path, stage.docs)
    last = _ADDED.format(n=changes + 2)
    return {"seconds": seconds[1:], "seen": any(last in piece.text for piece in after.hits)}


def _placed(placed: Any) -> dict[str, Any]:
    return {
        "n": placed.pieces,
        "verbatim": placed.verbatim,
        "in_place": placed.in_place,
        "characters": statistics.median(placed.lengths) if placed.lengths else None,
    }


def _quantiles(times: Sequence[float]) -> dict[str, Any]:
    from assistant.evaluation.metrics import quantile

    values = {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
    return {"n": len(times), **values}


_ENCODERS: list[Any] = []


def _embedder() -> Any:
    """The packaged model, loaded once."""
    from index.embed import Embedder

    if not _ENCODERS:
        _ENCODERS.append(Embedder())
        _ENCODERS[0].warm_up()
    return _ENCODERS[0]


# -- one set -------------------------------------------------------------------------------------


def taken(eval_set: EvalSet, count: int | None) -> EvalSet:
    """The questions that every contender can be asked, and of those ``count``, evenly.

    Left out is what has earlier turns or a day of asking: most contenders know of neither.
    """
    items = [i for i in eval_set.items if not i.history and i.filters.until is None]
    if count is not None and count < len(items):
        items = [items[place * len(items) // count] for place in range(count)]
    return replace(eval_set, items=tuple(items))


def command(contender: Contender, python: Path) -> tuple[str, ...]:
    """What runs a contender's process."""
    return (
        str(python),
        "-m",
        f"benchmarks.contenders.{contender.module}",
        *contender.arguments,
    )


def measured(
    contender: Contender,
    python: Path,
    eval_set: EvalSet,
    sizes: Sizes,
    work: Path,
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything of one contender on one set.

    Args:
        work: a folder whose ``docs`` are the set's documents. Indexes are left in it.
        before: of the contenders measured before; a variant takes its index from there.

    Raises:
        ContenderFailed: it can't.
    """
    own = work / contender.name
    own.mkdir()
    stage = Stage(
        command=command(contender, python),
        docs=work / "docs",
        store=work / f"{base(contender).name}-index",
        work=own,
    )
    shared = before.get(contender.variant_of, {})
    if "indexing" in shared and stage.store.is_dir():
        indexing = shared["indexing"]
    else:
        indexing = indexed(stage, sizes.rounds)
    questions = [eval_set.items[place].question for place in _spread(eval_set, sizes.colds)]
    return {
        "indexing": indexing,
        "cold_seconds": cold(stage, questions),
        **asked(stage, eval_set, sizes.changes),
    }


def _spread(eval_set: EvalSet, count: int) -> list[int]:
    return [place * len(eval_set.items) // count for place in range(count)]


# -- all of them ---------------------------------------------------------------------------------


def measure(
    sets: Sequence[EvalSet],
    contenders: Sequence[Contender],
    sizes: Sizes,
    pythons: Mapping[str, Path],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Every contender on every set, one at a time. Who fails is said to have failed, and how.

    Args:
        pythons: the interpreter of each contender, by name; of those that have one.
        say: told what is being done.
    """
    results: dict[str, Any] = {}
    for eval_set in sets:
        asks = taken(eval_set, sizes.questions)
        rows: dict[str, Any] = {}
        with tempfile.TemporaryDirectory(prefix="onrecord-peers-") as name:
            work = Path(name).resolve()
            docs = work / "docs"
            docs.mkdir()
            for path in eval_set.corpus.glob("*.txt"):
                shutil.copy2(path, docs)
            for contender in contenders:
                if contender.name not in pythons:
                    continue
                say(f"{eval_set.name}: {contender.title}")
                try:
                    rows[contender.name] = measured(
                        contender, pythons[contender.name], asks, sizes, work, rows
                    )
                except ContenderFailed as problem:
                    say(f"  failed: {problem}")
                    rows[contender.name] = {"error": str(problem)}
        results[eval_set.name] = {
            "documents": eval_set.documents,
            "questions": len(asks.items),
            "answerable": sum(item.answerable for item in asks.items),
            "left_out": len(eval_set.items) - len(taken(eval_set, None).items),
            "contenders": rows,
        }
    return results


def installed(
    contenders: Sequence[Contender],
    cache: Path,
    pip_args: Sequence[str],
    say: Callable[[str], None],
    base_python: str = sys.executable,
    *,
    weigh: bool,
) -> tuple[dict[str, Path], dict[str, Any]]:
    """The interpreter of each contender by name, and of each environment what it weighs.

    Args:
        base_python: what makes the environments.
        weigh: make an environment also for those that run outside it.
    """
    pythons: dict[str, Path] = {}
    weights: dict[str, Any] = {}
    for contender in contenders:
        whole = base(contender)
        if contender.inside:
            pythons[contender.name] = Path(sys.executable)
        if (contender.inside and not weigh) or whole.name in weights:
            continue
        try:
            made = environments.made(whole.name, whole.steps, cache, pip_args, say, base_python)
        except environments.EnvironmentFailed as problem:
            say(f"{whole.title}: {problem}")
            weights[whole.name] = {"error": str(problem)}
            continue
        weights[whole.name] = {
            "commands": made.commands,
            "packages": made.packages,
            "bytes": made.bytes,
        }
        for each in contenders:
            if base(each) is whole and not each.inside:
                pythons[each.name] = made.python
    return pythons, weights


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and after a run of everything write. Ends with 1 if a contender failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET_DIR", help="sets of questions")
    parser.add_argument("--short", action="store_true", help="a few minutes; only prints")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="this contender; may be given again"
    )
    for name in ("questions", "rounds", "colds", "changes"):
        parser.add_argument(f"--{name}", type=_count, metavar="N", help="another size; only prints")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where the environments lie")
    parser.add_argument(
        "--pip-args", default="", metavar="ARGS", help="for every pip install, as one argument"
    )
    parser.add_argument(
        "--python",
        default=sys.executable,
        metavar="PYTHON",
        help="makes the environments; haiku.rag needs one whose sqlite3 loads extensions",
    )
    parser.add_argument(
        "--prepare", action="store_true", help="only make the environments; measure nothing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here as well")
    args = parser.parse_args(argv)
    try:
        contenders = chosen(args.only)
    except KeyError as problem:
        names = ", ".join(contender.name for contender in CONTENDERS)
        parser.error(f"there is no contender {problem.args[0]!r}; choose from: {names}")
    if shutil.which(args.python) is None:
        parser.error(f"there is no {args.python} to run; name a Python 3.11 or newer")
    if args.cache is not None and args.cache.exists() and not args.cache.is_dir():
        parser.error(f"{args.cache} is not a folder; name one for the environments")
    if args.json is not None and not args.json.parent.is_dir():
        parser.error(f"there is no folder {args.json.parent} to write {args.json.name} into")

    from assistant.evaluation.runner import load_set
    from index.errors import UserError

    sets: dict[str, EvalSet] = {}
    for folder in args.sets or [NEWS]:
        try:
            one = load_set(folder)
        except UserError as problem:
            print(problem, file=sys.stderr)
            return 2
        if one.name in sets:
            parser.error(f"two sets are called {one.name}; rename the folder of one")
        if not taken(one, None).items:
            parser.error(f"{folder} has no question without earlier turns and a day of asking")
        sets[one.name] = one

    began = time.perf_counter()
    cache = (args.cache or _cache()).expanduser().resolve()
    pip_args = shlex.split(args.pip_args)
    pythons, weights = installed(
        contenders, cache, pip_args, machine.say, args.python, weigh=not args.short
    )
    failed = any("error" in weight for weight in weights.values())
    if args.prepare:
        return int(failed)
    described = machine.described()
    if described["load"] > 0.5:
        machine.say(f"the machine is busy (load {described['load']}): figures will be too slow")
    sizes = SHORT if args.short else FULL
    for name in ("questions", "rounds", "colds", "changes"):
        if getattr(args, name) is not None:
            sizes = replace(sizes, **{name: getattr(args, name)})
    by_set = measure(list(sets.values()), contenders, sizes, pythons, machine.say)
    result = rounded(
        {
            "format": tables.FORMAT,
            "measured": datetime.now(UTC).date().isoformat(),
            "code": machine.code(),
            "machine": described,
            "sizes": asdict(sizes),
            "seconds": time.perf_counter() - began,
            "contenders": {
                contender.name: {
                    "title": contender.title,
                    "gives": contender.gives,
                    "limits": contender.limits,
                    "variant_of": contender.variant_of,
                    "install": weights.get(contender.name),
                }
                for contender in contenders
            },
            "sets": by_set,
        }
    )
    print(peer_tables.peers(result))
    if args.json is not None:
        readme.write(args.json, result)
    if sizes == FULL and args.only is None:
        readme.write(RESULTS, result)
        for path in readme.refresh():
            machine.say(f"wrote {path.relative_to(machine.ROOT)}")
    else:
        machine.say("not a full run: nothing written")
    rows = [row for each in by_set.values() for row in each["contenders"].values()]
    return int(failed or any("error" in row for row in rows))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number from 1")
    return int(text)


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("onrecord") / "peers"


if __name__ == "__main__":
    sys.exit(main())
