"""Answers on the record: the answering side and its faces.

    from assistant import answer
    print(answer("what does the US expect from Europe?").text)

Names are imported when they are used, so that a face can start at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.api import answer
    from assistant.config import Settings
    from assistant.pipeline import Assistant
    from assistant.types import Answer, Citation, Claim, Filters, Outcome, Turn

__version__ = "0.1.0"

_HOMES = {
    "Answer": "assistant.types",
    "Assistant": "assistant.pipeline",
    "Citation": "assistant.types",
    "Claim": "assistant.types",
    "Filters": "assistant.types",
    "Outcome": "assistant.types",
    "Settings": "assistant.config",
    "Turn": "assistant.types",
    "answer": "assistant.api",
}

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Claim",
    "Filters",
    "Outcome",
    "Settings",
    "Turn",
    "answer",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
