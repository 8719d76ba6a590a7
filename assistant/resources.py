"""Where the project's own prompts and seeds lie: in a wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

from index.errors import CorpusError


def resource(name: str) -> Path:
    """The folder ``prompts`` or ``seeds``.

    A wheel carries them under ``assistant/_data``; a checkout has them at its top level.

    Raises:
        CorpusError: the installation has neither.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "_data" / name, here.parent / name):
        if folder.is_dir():
            return folder
    raise CorpusError(
        f"This installation has no {name}/ folder.", "Install the project again, or name a folder."
    )
