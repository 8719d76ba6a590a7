"""The tables of README.md, BENCHMARKS.md and docs/SCALING.md, filled from the results.

    python -m benchmarks.readme            write them
    python -m benchmarks.readme --check    write nothing; exit with 1 if they are not up to date

A file says where a table goes with a pair of comments, ``<!-- speed:begin -->`` and
``<!-- speed:end -->``; what stands between them is replaced. The names are those of
:data:`SECTIONS`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import growth, peer_tables, plan, tables
from benchmarks.machine import ROOT

RESULTS = Path(__file__).resolve().parent / "results"

Render = Callable[[Mapping[str, Any]], str]

SECTIONS: Mapping[str, Mapping[str, Render]] = {
    "README.md": {"quality": tables.quality_short, "speed": tables.speed_short},
    "BENCHMARKS.md": {
        "quality": tables.quality,
        "peers": peer_tables.peers,
        "speed": tables.speed,
        "scale": growth.table,
        "llm": tables.language_models,
    },
    "docs/SCALING.md": {"scale": plan.table},
}
"""For each file its sections, and what makes the table of each."""

_RESULTS = {"llm": "language_models"}
"""The names of results that are not those of their sections."""


def write(path: Path, result: Mapping[str, Any]) -> None:
    """Results as JSON, in a folder that need not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


def replaced(text: str, name: str, body: str) -> str:
    """``text`` with ``body`` between the marks of section ``name``.

    Raises:
        ValueError: a mark is missing, or stands twice, or the end stands before the beginning.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    for mark in (begin, end):
        if text.count(mark) != 1:
            raise ValueError(f"the mark {mark} must stand once, not {text.count(mark)} times")
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the mark {end} stands before {begin}")
    body = body.strip("\n")
    return f"{before}{begin}\n{body}\n{end}{after}" if body else f"{before}{begin}\n{end}{after}"


def filled(text: str, sections: Mapping[str, Render], results: Path) -> str:
    """``text`` with those of its sections filled that there are results for."""
    for name, render in sections.items():
        path = results / f"{_RESULTS.get(name, name)}.json"
        if path.is_file():
            text = replaced(text, name, render(json.loads(path.read_text("utf-8"))))
    return text


def refresh(root: Path = ROOT, results: Path = RESULTS, *, write: bool = True) -> list[Path]:
    """Fill the sections of every file that is there. Returns the files that were not up to date.

    Raises:
        ValueError: a file lacks a section; says which.
    """
    stale = []
    for name, sections in SECTIONS.items():
        path = root / name
        if not path.is_file():
            continue
        before = path.read_text("utf-8")
        try:
            after = filled(before, sections, results)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from problem
        if after != before:
            stale.append(path)
            if write:
                path.write_text(after, "utf-8")
    return stale


def main(argv: Sequence[str] | None = None) -> int:
    """Fill the tables, or see whether they are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme")
    parser.add_argument("--check", action="store_true", help="only say what is not up to date")
    args = parser.parse_args(argv)
    stale = refresh(write=not args.check)
    for path in stale:
        print(f"{path.name}: {'not up to date' if args.check else 'written'}")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
