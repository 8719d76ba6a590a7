"""What a language model writes over a set of questions, and what of it is shown.

    python -m benchmarks.writing --llm URL --llm-model NAME [--limit N] [DIR]

Every question is asked, answerable or not, whatever the confidence. A claim is counted *right*
when it cites a gold sentence and has one of the answers in it; *wrong* when it cites a forbidden
sentence and no gold one, or when the question has no answer; else it is *beside* the question. As
written and as shown: the difference is what checking is for.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.config import Settings
    from assistant.evaluation.runner import EvalSet, Item
    from assistant.types import Evidence

NEWS = Path(__file__).resolve().parent / "data" / "news"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a set.

    Attributes:
        written, shown: claims by what they are: ``right``, ``wrong``, ``beside``.
        reasons: why claims were left out, without what is particular to each.
        by_model: answers with at least one claim of the model's.
        failed: answers for which the server gave nothing whole.
        seconds: of each answer, in their order.
    """

    asked: int
    written: Mapping[str, int]
    shown: Mapping[str, int]
    reasons: Mapping[str, int]
    by_model: int
    failed: int
    seconds: tuple[float, ...]


def judged(item: Item, text: str, cited: Sequence[Evidence]) -> str:
    """What a claim is worth: ``right``, ``wrong`` or ``beside``."""
    if not item.answerable:
        return "wrong"
    places = [(piece.candidate.hit.path, piece.candidate.span) for piece in cited]

    def among(targets: Sequence[Any]) -> bool:
        return any(
            path == target.document and span.overlaps(target.span)
            for path, span in places
            for target in targets
        )

    if among(item.gold):
        words = " ".join(text.split()).casefold()
        told = not item.answers or any(answer.casefold() in words for answer in item.answers)
        return "right" if told else "beside"
    return "wrong" if among(item.forbidden) else "beside"


def measure(found: EvalSet, settings: Settings, index: Path) -> Report:
    """Ask every question of a set."""
    from assistant.pipeline import Assistant

    written: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    seconds = []
    by_model = failed = 0
    with Assistant.open(found.corpus, index, replace(settings, min_confidence=0.0)) as assistant:
        assistant.sync()
        writer: Any = assistant._writer
        check = writer._checked
        item = found.items[0]
        assistant.retrieve(item.question)  # the models are loaded

        def recorded(claim: Any, cited: Any, evidence: Sequence[Evidence]) -> Any:
            verdict = check(claim, cited, evidence)
            pieces = [evidence[n - 1] for n in claim.cites if 1 <= n <= len(evidence)]
            worth = judged(item, claim.text, pieces)
            written[worth] += 1
            if hasattr(verdict, "places"):
                shown[worth] += 1
            else:
                reasons[_general(verdict.reason)] += 1
            return verdict

        writer._checked = recorded
        for item in found.items:
            began = time.perf_counter()
            answer = assistant.answer(item.question, item.history, item.filters)
            seconds.append(time.perf_counter() - began)
            by_model += answer.composed == "model"
            failed += any("server" in note for note in answer.notes)
    return Report(len(found.items), written, shown, reasons, by_model, failed, tuple(seconds))


def _general(reason: str) -> str:
    """A reason without its quotations."""
    parts = reason.replace("”", "“").split("“")
    return "“…”".join(parts[::2])


def table(report: Report) -> str:
    """The report as Markdown."""
    rows = ["| claims | written | shown |", "| --- | ---: | ---: |"]
    rows += [
        f"| {worth} | {report.written.get(worth, 0)} | {report.shown.get(worth, 0)} |"
        for worth in ("right", "beside", "wrong")
    ]
    all_written, all_shown = sum(report.written.values()), sum(report.shown.values())
    rows += [
        f"| all | {all_written} | {all_shown} |",
        "",
        f"{report.asked} questions; {report.by_model} answered in the model's words, "
        f"{report.failed} without its server; {statistics.median(report.seconds):.1f} s for an "
        f"answer at the median, {max(report.seconds):.1f} s at most.",
        "",
        "Left out: "
        + "; ".join(f"{n} × {reason}" for reason, n in Counter(report.reasons).most_common())
        + ".",
    ]
    return "\n".join(rows) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=NEWS, metavar="DIR")
    parser.add_argument("--llm", required=True, metavar="URL")
    parser.add_argument("--llm-model", required=True, metavar="NAME")
    parser.add_argument("--limit", type=int, metavar="N")
    args = parser.parse_args(argv)
    from assistant.config import Settings
    from assistant.evaluation.runner import load_set

    found = load_set(args.folder)
    found = replace(found, items=found.items[: args.limit])
    settings = Settings(llm=args.llm, llm_model=args.llm_model)
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(found, settings, Path(folder) / "index")), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
