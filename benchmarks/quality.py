"""How right the answers are, on sets of questions, beside what one gets otherwise.

    python -m benchmarks.quality                                 the set that comes along
    python -m benchmarks.quality benchmarks/data/news DIR …      others as well

A set is a folder as ``onrecord eval`` takes it. Results go to ``results/quality.json``, to the
pictures beside it and to the tables of README.md and BENCHMARKS.md. A set that was measured before
and is not named now keeps its results, with the day and the version of the code that they are of.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine, pictures, readme, tables

if TYPE_CHECKING:
    from assistant.evaluation.dialogues import DialogueReport
    from assistant.evaluation.runner import EvalSet, Item, Report
    from assistant.types import Answer

NEWS = Path(__file__).resolve().parent / "data" / "news"
RESULTS = readme.RESULTS / "quality.json"


def measure(folder: Path, limit: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """One set: OnRecord, then the baseline, on the same questions.

    Args:
        limit: only so many questions.
        say: told what is being done.

    Raises:
        CorpusError: the folder is not a set.
    """
    from assistant.evaluation.runner import evaluate, load_set
    from benchmarks.baseline import Baseline
    from index.embed import Embedder

    code = machine.code()
    eval_set = load_set(folder)
    if limit is not None:
        eval_set = replace(eval_set, items=eval_set.items[:limit])
    asked = f"{len(eval_set.items):,} questions over {eval_set.documents:,} documents"
    say(f"{eval_set.name}: {asked}")
    ours, talked = _ours(eval_set, limit, say)
    say(f"{eval_set.name}: the baseline")
    baseline = Baseline(eval_set, Embedder())
    # Its confidence is a cosine and has no threshold; nothing that needs one is shown of it.
    other = evaluate(eval_set, baseline.ask, threshold=0.0)
    now = datetime.now(UTC)
    measured = {
        "measured": now.date().isoformat(),
        "measured_at": now.isoformat(timespec="seconds"),
        "code": code,
        "machine": machine.described(),
        "onrecord": _kept(ours),
        "baseline": _kept(other),
    }
    return measured if talked is None else {**measured, "dialogues": _kept(talked)}


def _ours(
    eval_set: EvalSet, limit: int | None, say: Callable[[str], None]
) -> tuple[Report, DialogueReport | None]:
    """The questions, and the dialogues of a set that has some."""
    from assistant.config import Settings
    from assistant.evaluation.dialogues import evaluate_dialogues, load_dialogues
    from assistant.evaluation.runner import evaluate
    from assistant.pipeline import Assistant

    talks = None
    if (eval_set.folder / "dialogues.jsonl").is_file():
        talks = load_dialogues(eval_set.folder)
        talks = replace(talks, dialogues=talks.dialogues[:limit])
    with (
        tempfile.TemporaryDirectory(prefix="onrecord-quality-") as work,
        Assistant.open(eval_set.corpus, Path(work) / "index", Settings(min_confidence=0.0)) as own,
    ):

        def ask(item: Item) -> Answer:
            return own.answer(item.question, item.history, item.filters)

        own.sync()
        # Once for nothing: it loads the models, which is not what the latency should tell.
        ask(eval_set.items[0])
        report = evaluate(eval_set, ask, threshold=own.shipped_threshold, progress=_progress(say))
        if talks is None:
            return report, None
        say(f"{eval_set.name}: {len(talks.dialogues):,} dialogues")
        return report, evaluate_dialogues(talks, ask, threshold=own.shipped_threshold)


def _progress(say: Callable[[str], None]) -> Callable[[int, int, str], None]:
    began = time.monotonic()

    def tell(done: int, total: int, _id: str) -> None:
        if done % 200 == 0 or done == total:
            say(f"  {done:,} of {total:,}, {time.monotonic() - began:.0f} s")

    return tell


def _kept(report: Report | DialogueReport) -> dict[str, Any]:
    """A report without the single questions."""
    values = report.to_dict()
    del values["each"]
    return values


def merged(before: Mapping[str, Any] | None, sets: Mapping[str, Any]) -> dict[str, Any]:
    """Results with ``sets`` in the place of what there was of them; others stay as they are."""
    known = before if before is not None and before.get("format") == tables.FORMAT else {}
    return {
        "format": tables.FORMAT,
        "baseline": _baseline(),
        "sets": {**known.get("sets", {}), **sets},
    }


def _baseline() -> str:
    from benchmarks.baseline import DESCRIPTION

    return DESCRIPTION


def rounded(value: Any) -> Any:
    """With no more digits than mean something."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write. Ends with 1 if a quote did not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("sets", nargs="*", type=Path, metavar="DIR", help="sets of questions")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many; only prints")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here as well")
    args = parser.parse_args(argv)
    if args.limit is None and not pictures.drawable():
        # Said now, not after an hour of questions.
        print(pictures.MISSING, file=sys.stderr)
        return 2
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

    from index.errors import UserError

    sets: dict[str, Any] = {}
    for folder in args.sets or [NEWS]:
        try:
            sets[folder.resolve().name] = rounded(measure(folder, args.limit, machine.say))
        except UserError as problem:
            print(problem, file=sys.stderr)
            return 2
    now = merged(None, sets)
    print(tables.quality(now))
    print()
    print(tables.quality_short(now))
    if args.json is not None:
        readme.write(args.json, now)
    if args.limit is None:
        before = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else None
        readme.write(RESULTS, merged(before, sets))
        for path in [*pictures.refresh(), *readme.refresh()]:
            machine.say(f"wrote {path.relative_to(machine.ROOT)}")
    else:
        machine.say("not all questions: nothing written")
    parts = [
        each[part] for each in sets.values() for part in ("onrecord", "dialogues") if part in each
    ]
    return 1 if any(part["invalid_quotes"] for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
