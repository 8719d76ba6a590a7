"""What embedding passages in integers of eight bits costs: what a question finds of its gold by
dense search alone, beside exact vectors of the same passages.

    python -m benchmarks.embedding [DIR …]

A set is a folder with ``docs/*.txt`` and ``questions.jsonl`` (``assistant/evaluation/runner.py``);
without one, the set that comes along. Questions are embedded exactly in both cases, as they are
when OnRecord is asked. *Recall@k*: a gold span is overlapped by one of the first k passages. *The
same ten*: how many of the ten nearest passages both have, of ten. *Cosine*: of a passage's two
vectors. It prints, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.evaluation.runner import EvalSet
    from index.embed import Embedder, Vectors

NEWS = Path(__file__).resolve().parent / "data" / "news"
DEPTHS = (1, 5, 10)


def measure(found: EvalSet, embedder: Embedder) -> dict[str, Any]:
    """Of one set: how many passages and questions, recall by depth both ways, and the likeness."""
    import numpy as np

    from index.chunk import chunk_document, embedding_text, embedding_title
    from index.types import Document

    texts: list[str] = []
    places: list[tuple[str, Any]] = []
    for file in sorted(found.corpus.glob("*.txt")):
        text = file.read_text("utf-8")
        document = Document(file.name, "0" * 64, text, text.split("\n", 1)[0].strip())
        title = embedding_title(document, embedder)
        for chunk in chunk_document(document, embedder):
            texts.append(embedding_text(title, chunk))
            places.append((file.name, chunk.span))
    items = [item for item in found.items if item.gold]
    asked = embedder.encode([item.question for item in items])
    exact, integers = embedder.encode(texts), embedder.encode_passages(texts)

    def nearest(passages: Vectors) -> Any:
        return np.argsort(-(asked @ passages.T), axis=1, kind="stable")[:, : max(DEPTHS)]

    def recall(ranking: Any, k: int) -> float:
        right = [
            any(
                places[n][0] == gold.document and places[n][1].overlaps(gold.span)
                for n in row[:k]
                for gold in item.gold
            )
            for row, item in zip(ranking, items, strict=True)
        ]
        return float(np.mean(right))

    both = nearest(exact), nearest(integers)
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(*both, strict=True)]
    likeness = (exact * integers).sum(axis=1)
    return {
        "passages": len(texts),
        "questions": len(items),
        "exact": {k: recall(both[0], k) for k in DEPTHS},
        "integers": {k: recall(both[1], k) for k in DEPTHS},
        "shared": float(np.mean(shared)),
        "cosine": (float(likeness.mean()), float(likeness.min())),
    }


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The sets as Markdown: exact and in integers, side by side."""
    depths = " | ".join(f"recall@{k}" for k in DEPTHS)
    rows = [
        f"| set | passages | questions | {depths} | the same ten | cosine, mean and least |",
        "| --- | ---: | ---: | " + "---: | " * len(DEPTHS) + "---: | ---: |",
    ]
    for name, one in results.items():
        recalls = " | ".join(f"{one['integers'][k]:.3f} for {one['exact'][k]:.3f}" for k in DEPTHS)
        mean, least = one["cosine"]
        rows.append(
            f"| {name} | {one['passages']:,} | {one['questions']:,} | {recalls} | "
            f"{one['shared']:.3f} | {mean:.4f}, {least:.4f} |"
        )
    return "\n".join(rows) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, default=[NEWS], metavar="DIR")
    args = parser.parse_args(argv)
    from assistant.evaluation.runner import load_set
    from index.embed import Embedder
    from index.errors import UserError

    embedder = Embedder()
    try:
        results = {
            folder.resolve().name: measure(load_set(folder), embedder) for folder in args.folders
        }
    except UserError as problem:
        print(f"{problem.message} {problem.remedy}", file=sys.stderr)
        return 2
    print(table(results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
