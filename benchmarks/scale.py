"""What grows with the corpus, and how fast: time, memory and disk at several sizes.

    python -m benchmarks.scale --seeded-vectors              1,000, 10,000 and 100,000 passages
    python -m benchmarks.scale --sizes 1000,10000            other sizes, with the model's vectors
    python -m benchmarks.scale --corpus DIR                  a folder of .txt files
    python -m benchmarks.scale --short --seeded-vectors      two small sizes; only prints

Embedding takes nearly all of the time that indexing takes, and takes the same for every passage;
with ``--seeded-vectors`` it is left out (:mod:`benchmarks.seeded`), so that what is left can be
seen to grow, and large sizes can be had at all. A size counts passages; documents are whole, so
that an index has about so many.

Each size is written to ``results/scale.json`` when it is done, and not measured again unless
``--anew`` says so: a run that is broken off goes on where it was. Every part runs in a process of
its own, one at a time. Let the machine be quiet: its load is part of the result.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import quantile
from benchmarks import corpus, growth, machine, pictures, readme, tables
from benchmarks.seeded import SeededEmbedder
from benchmarks.speed import probe, rounded, say
from index.chunk import chunk_document
from index.parse import parse_bytes

RESULTS = readme.RESULTS / "scale.json"
INVENTED = "invented reports"

_SAMPLE = 200
"""Documents that are cut beforehand, to see how many passages one has."""

_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each thing is done.

    Attributes:
        rounds: of indexing from nothing.
        questions: different ones.
        syncs: of each kind.
    """

    rounds: int = 5
    questions: int = 100
    syncs: int = 5


FULL = Effort()
SHORT = Effort(rounds=1, questions=16, syncs=3)


class CorpusTooSmall(Exception):
    """A folder that has fewer passages than are asked for."""


def measure(
    size: int,
    folder: Path | None,
    *,
    seeded: bool,
    effort: Effort,
    work: Path,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Everything at one size.

    Args:
        size: about how many passages.
        folder: of documents; ``None`` for invented ones.
        work: an empty folder to work in.
        tell: told what is being done.

    Raises:
        CorpusTooSmall: the folder has fewer.
    """
    docs, index = work / "reports", work / "index"
    described = {"machine": machine.described(), "code": machine.code()}
    if described["machine"]["load"] > 0.5:
        tell(f"the machine is busy (load {described['machine']['load']}): figures will be too slow")
    count = _documents(size, folder)
    tell(f"{size:,} passages: writing {count:,} documents")
    kept = _laid_out(folder, count, docs, 4 * effort.questions)
    questions = corpus.questions(kept, effort.questions)
    common: dict[str, Any] = {"corpus": docs, "index": index, "seeded": seeded}

    rounds = []
    for number in range(effort.rounds):
        tell(f"indexing them, {number + 1} of {effort.rounds}")
        shutil.rmtree(index, ignore_errors=True)
        rounds.append(probe("bulk", **common))
    parts = {
        path.name: machine.tree_bytes(path) if path.is_dir() else path.stat().st_size
        for path in sorted(index.iterdir())
    }
    tell(f"{len(questions):,} questions")
    answers = probe("answers", questions=questions, **common)
    # A day in the middle: about half of the documents are from before it.
    searches = probe("searches", questions=questions, until=_middle(kept), **common)
    tell("syncs")
    unchanged = probe("unchanged", times=effort.syncs, **common)
    changed = probe("changed", times=effort.syncs, **common)
    measured: dict[str, Any] = rounded(
        {
            "indexing": {
                "seconds": [each["seconds"] for each in rounds],
                "peak_bytes": max(each["peak_bytes"] for each in rounds),
            },
            "answers": {
                "peak_bytes": answers["peak_bytes"],
                "stages_ms": {
                    stage: {"p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
                    for stage, times in answers["stages_ms"].items()
                },
            },
            "answer_ms": _quantiles(answers["first_ms"]),
            "again_ms": _quantiles(answers["again_ms"]),
            **{name: _quantiles(searches[name]) for name in ("all_ms", "until_ms", "one_ms")},
            "unchanged": {k: unchanged[k] for k in ("first_seconds", "seconds", "peak_bytes")},
            "changed": {k: changed[k] for k in ("first_seconds", "seconds", "peak_bytes")},
        }
    )
    return {
        **described,
        "documents": answers["documents"],
        "passages": answers["passages"],
        "answered": answers["answered"],
        "text_bytes": machine.tree_bytes(docs),
        "index_bytes": sum(parts.values()),
        "parts_bytes": parts,
        **measured,
    }


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    return {
        "n": len(times),
        "p50": quantile(times, 0.5),
        "p95": quantile(times, 0.95),
        "most": max(times),
    }


def _documents(size: int, folder: Path | None) -> int:
    """How many documents have about ``size`` passages, by a sample of them."""
    sample, _ = (
        corpus.documents(folder, _SAMPLE)
        if folder is None
        else (
            corpus.taken(folder, _SAMPLE),
            True,
        )
    )
    if not sample:
        raise CorpusTooSmall(f"There are no .txt files in UTF-8 in {folder}.")
    tokenizer = SeededEmbedder()
    passages = sum(
        len(chunk_document(parse_bytes(source.text.encode("utf-8"), source.name), tokenizer))
        for source in sample
    )
    count = max(1, math.ceil(size * len(sample) / passages))
    if folder is not None:
        there = sum(path.is_file() for path in folder.rglob("*.txt"))
        if there < count:
            most = there * passages // len(sample)
            raise CorpusTooSmall(
                f"{folder} has {there:,} .txt files, about {most:,} passages, not {size:,}."
            )
    return count


def _laid_out(folder: Path | None, count: int, docs: Path, keep: int) -> list[corpus.Source]:
    """Write ``count`` documents; returns at most ``keep`` of them, evenly. Where they are invented
    they are never all in memory."""
    kept: list[corpus.Source] = []

    def passing(sources: Iterator[corpus.Source]) -> Iterator[corpus.Source]:
        for number, source in enumerate(sources):
            if number * keep // count != (number - 1) * keep // count:
                kept.append(source)
            yield source

    sources = corpus.invented(count) if folder is None else iter(corpus.taken(folder, count))
    corpus.write(passing(sources), docs)
    return kept


def _middle(sources: Sequence[corpus.Source]) -> str:
    """The median day of publication, as the index reads it; today where none has one."""
    days = sorted(
        day
        for source in sources
        if (day := parse_bytes(source.text.encode("utf-8"), source.name).published) is not None
    )
    return (days[len(days) // 2] if days else datetime.now(UTC).date() - timedelta(1)).isoformat()


# -- what is written -----------------------------------------------------------------------------


def load(file: Path) -> dict[str, Any]:
    """The results so far; none where there is no file.

    Raises:
        ValueError: they are of another format.
    """
    if not file.is_file():
        return {"format": tables.FORMAT, "points": []}
    result: dict[str, Any] = json.loads(file.read_text("utf-8"))
    tables.known(result)
    return result


def has(result: tables.Result, key: tuple[str, str, int]) -> bool:
    """Whether ``(corpus, vectors, size)`` has been measured."""
    return any(_key(point) == key for point in result["points"])


def added(result: tables.Result, point: growth.Point) -> dict[str, Any]:
    """The results with a point more, in place of one of the same key; in order of the keys."""
    others = [each for each in result["points"] if _key(each) != _key(point)]
    return {**result, "points": sorted([*others, dict(point)], key=_key)}


def _key(point: growth.Point) -> tuple[str, str, int]:
    return point["corpus"], point["vectors"], point["size"]


def _save(result: tables.Result, file: Path) -> None:
    """At once and whole: hours of measuring hang on it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(file)


def _sizes(text: str) -> list[int]:
    try:
        found = sorted({int(part) for part in text.replace("_", "").split(",")})
    except ValueError:
        found = []
    if not found or found[0] < 1 or found[-1] > _MOST:
        raise argparse.ArgumentTypeError(
            f"“{text}” must be whole numbers of passages up to {_MOST:,}, with commas between them"
        )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what has not been measured, write it, and print all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N", help="passages (default: 1000,10000,100000)"
    )
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="a folder of .txt documents")
    parser.add_argument(
        "--corpus-name", metavar="NAME", help="what the tables should call these documents"
    )
    parser.add_argument(
        "--seeded-vectors", action="store_true", help="vectors from a seed, not from the model"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="times that each is indexed")
    parser.add_argument("--anew", action="store_true", help="measure again what is there already")
    parser.add_argument("--short", action="store_true", help="small and quick; only prints")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="where to work (default: a temporary folder)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", default=RESULTS, help="where the results are kept"
    )
    args = parser.parse_args(argv)
    if args.corpus is not None and not args.corpus.is_dir():
        parser.error(f"{args.corpus} is not a folder")
    if args.work is not None and not args.work.is_dir():
        parser.error(f"{args.work} is not a folder")
    if args.rounds is not None and args.rounds < 1:
        parser.error("--rounds must be at least 1")
    if not args.short and not pictures.drawable():
        parser.error(pictures.MISSING)
    folder = args.corpus and args.corpus.resolve()
    name = args.corpus_name or (folder.name if folder else INVENTED)
    vectors = "seeded" if args.seeded_vectors else "model"
    effort = SHORT if args.short else FULL
    if args.rounds is not None:
        effort = replace(effort, rounds=args.rounds)
    try:
        result = load(args.json) if not args.short else {"format": tables.FORMAT, "points": []}
    except (ValueError, OSError) as problem:
        parser.error(f"{args.json}: {problem}")

    for size in args.sizes or ([300, 1000] if args.short else [1_000, 10_000, 100_000]):
        key = (name, vectors, size)
        if has(result, key) and not args.anew:
            say(f"{size:,} passages: measured already; --anew measures them again")
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="onrecord-scale-", dir=args.work) as work:
                measured = measure(
                    size,
                    folder,
                    seeded=args.seeded_vectors,
                    effort=effort,
                    work=Path(work).resolve(),
                    tell=say,
                )
        except CorpusTooSmall as problem:
            parser.error(f"{problem} Name smaller sizes with --sizes.")
        today = datetime.now(UTC).date().isoformat()
        point = {
            "corpus": name,
            "vectors": vectors,
            "size": size,
            "measured": today,
            "effort": {"rounds": effort.rounds, "syncs": effort.syncs},
            **measured,
        }
        result = added(result, point)
        if not args.short:
            _save(result, args.json)
    print(growth.table(result))
    if args.short or args.json != RESULTS:
        say("neither tables nor pictures were written")
        return 0
    for path in (*readme.refresh(), *pictures.refresh()):
        say(f"wrote {path.relative_to(machine.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
