"""OnRecord. With ``passages`` as argument only what it retrieves, like the other retrievers."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders.protocol import MODEL, Found, Piece, Place, serve

if TYPE_CHECKING:
    from assistant.pipeline import Assistant
    from index.types import Hit


class OnRecord:
    """Args:
    answers: whole answers, not only passages.
    """

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers
        self._assistant: Assistant | None = None

    def about(self) -> Mapping[str, str]:
        import assistant

        return {"version": assistant.__version__, "model": MODEL}

    def index(self, place: Place) -> int:
        self.open(place)
        assert self._assistant is not None
        return self._assistant.sync().passages

    def open(self, place: Place) -> None:
        from assistant.config import Settings
        from assistant.pipeline import Assistant

        if self._assistant is not None:
            self._assistant.close()
        # The best sentence, whatever its confidence: the others have no threshold either.
        self._assistant = Assistant.open(place.folder, place.store, Settings(min_confidence=0.0))

    def ask(self, question: str, k: int) -> Found:
        assert self._assistant is not None
        if not self._answers:
            return Found(tuple(map(_passage, self._assistant.retrieve(question, k))))
        answer = self._assistant.answer(question)
        return Found(
            hits=tuple(map(_passage, answer.passages[:k])),
            cited=tuple(Piece(c.document, c.quote, c.start, c.end) for c in answer.citations),
            confidence=answer.confidence,
        )

    def change(self, path: Path) -> None:
        """It finds out by itself which file has changed."""
        assert self._assistant is not None
        report = self._assistant.sync()
        if path.name not in report.changed:
            raise AssertionError(f"{path.name} was not taken in anew: {report}")


def _passage(hit: Hit) -> Piece:
    return Piece(hit.path, hit.text, hit.span.start, hit.span.end)


if __name__ == "__main__":
    serve(OnRecord(answers="passages" not in sys.argv[1:]))
