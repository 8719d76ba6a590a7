"""Prompts as files: one each in ``prompts/``, with exactly the placeholders that are filled.

A file has what the model is told to be, a line ``===``, and what it is asked; between the two may
stand worked examples, each a question and its answer, with ``===`` between. ``{name}`` stands for a
value; braces mean nothing else. That is checked when a prompt is loaded, not when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from assistant.resources import resource
from assistant.types import Prompt
from index.errors import SettingsError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BRACE = re.compile(r"[{}]")
_PARTS = re.compile(r"^===[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with placeholders. Made by :func:`load_prompt`."""

    name: str
    system: str
    user: str
    placeholders: frozenset[str]
    examples: tuple[tuple[str, str], ...] = ()

    def fill(self, **values: str) -> Prompt:
        """The prompt with its values. What a value looks like is of no account: it is not read
        for placeholders again.

        Raises:
            ValueError: other values than those it was loaded for.
        """
        if set(values) != self.placeholders:
            raise ValueError(f"the prompt {self.name} takes {sorted(self.placeholders)}")

        def filled(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

        return Prompt(filled(self.system), filled(self.user), self.examples)


def load_prompt(name: str, placeholders: Collection[str], folder: Path | None = None) -> Template:
    """The prompt ``name``.

    Args:
        placeholders: those that will be filled; the file must have each of them and no other.
        folder: ``None``: the project's own.

    Raises:
        SettingsError: there is no such file, or it has other placeholders.
    """
    path = (folder or resource("prompts")) / f"{name}.txt"
    remedy = "Put the file right, or install the project again."
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"The prompt {path} can't be read: {problem}.", remedy) from problem
    parts = [part.strip() for part in _PARTS.split(text)]
    if len(parts) % 2 or not all(parts):
        raise SettingsError(
            f"The prompt {path} must have two parts, with === between, and between them none or "
            "pairs of a question and its answer.",
            remedy,
        )
    found, wanted = set(_PLACEHOLDER.findall(text)), frozenset(placeholders)
    problems = [
        f"{what}: {', '.join(sorted(names))}"
        for what, names in (("missing", wanted - found), ("unknown", found - wanted))
        if names
    ]
    if _BRACE.search(_PLACEHOLDER.sub("", text)):
        problems.append("a brace that belongs to no placeholder")
    if _PLACEHOLDER.search("".join(parts[1:-1])):
        problems.append("one in an example")
    if problems:
        raise SettingsError(
            f"The placeholders of the prompt {path} are wrong ({'; '.join(problems)}).", remedy
        )
    examples = tuple(zip(parts[1:-1:2], parts[2:-1:2], strict=True))
    return Template(name, parts[0], parts[-1], wanted, examples)
