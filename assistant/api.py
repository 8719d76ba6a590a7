"""One function for scripts."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.config import Settings
from assistant.pipeline import Assistant, check_question
from assistant.types import Answer, Filters, Turn

_LOOK_AGAIN = 20.0
"""The folder is looked at again after this many times the seconds that looking took: at most a
twentieth of the time goes there, however large the folder."""

_Key = tuple[str, str, Settings]


class _Open:
    """An assistant kept open, and when its folder may be looked at again."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.lock = threading.Lock()
        self.look_again = 0.0


_open: dict[_Key, _Open] = {}
_lock = threading.Lock()


def answer(
    question: str,
    *,
    corpus: Path | str | None = None,
    index: Path | str | None = None,
    history: Sequence[Turn | Mapping[str, str] | str] = (),
    filters: Filters | None = None,
    settings: Settings | None = None,
) -> Answer:
    """Answer from a folder of documents, which is indexed first where it has changed.

    The folder stays open and the models loaded, so that the next question is quick. For more than
    questions use :class:`assistant.pipeline.Assistant`, which takes the same arguments.

    Args:
        corpus: the folder; ``None``: the report that comes with the project.
        index: where its index lies; ``None``: in the user's data directory.

    Raises:
        index.errors.UserError: what a person can put right, with a remedy.
    """
    check_question(question)  # before a first sync that may take minutes
    settings = settings or Settings()
    key = (_absolute(corpus), _absolute(index), settings)
    with _lock:
        entry = _open.get(key)
        if entry is None:
            entry = _open[key] = _Open(Assistant.open(corpus, index, settings))
    notes: list[str] = []
    with entry.lock:
        began = time.monotonic()
        if began >= entry.look_again:
            report, note = entry.assistant.sync_if_changed()
            if note:
                notes.append(note)
            took = time.monotonic() - began - (report.seconds if report else 0.0)
            entry.look_again = time.monotonic() + _LOOK_AGAIN * took
    return entry.assistant.answer(question, history, filters, notes=notes)


def _absolute(path: Path | str | None) -> str:
    """The folder itself: a relative name means another one after a change of directory."""
    return "" if path is None else str(Path(path).expanduser().absolute())


@atexit.register
def _close() -> None:
    with _lock:
        for entry in _open.values():
            entry.assistant.close()
        _open.clear()
