"""Text layers by content hash and parser version, to re-open any span that was ever cited.

One file a layer. Old layers stay, for re-checking citations and never for retrieval, until
:meth:`TextStore.prune`.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from index.errors import IndexCorrupt
from index.parse import PARSER_VERSION


class TextStore:
    """Text layers in a folder. Safe to share by threads and processes.

    Args:
        folder: made when the first layer is written.
        cached: how many layers to keep in memory.
    """

    def __init__(self, folder: Path, *, cached: int = 512) -> None:
        self._folder = folder
        self._cached = lru_cache(maxsize=cached)(self._read)

    def write(self, sha256: str, text: str, *, parser: str = PARSER_VERSION) -> None:
        """Keep a layer. Appears whole or not at all, whenever the process ends."""
        path = self._path(sha256, parser)
        data = text.encode("utf-8")
        with suppress(FileNotFoundError):
            if path.read_bytes() == data:
                return
            # Not what was written: a power cut can leave a file short, and a rebuild must heal it.
            self._cached.cache_clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        try:
            with draft.open("wb") as file:
                file.write(data)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def read(self, sha256: str, *, parser: str = PARSER_VERSION) -> str:
        """The layer of a version.

        Raises:
            KeyError: if it isn't here.
            IndexCorrupt: if its file can't be read as what was written.
        """
        return self._cached(sha256, parser)

    def layers(self, sha256: str) -> list[str]:
        """Every layer that is kept of a version, the current parser's first."""
        folder = self._path(sha256, "").parent
        parsers = sorted(
            (path.name.removeprefix(f"{sha256}.").removesuffix(".txt"))
            for path in folder.glob(f"{sha256}.*.txt")
        )
        parsers.sort(key=lambda parser: parser != PARSER_VERSION)
        return [self.read(sha256, parser=parser) for parser in parsers]

    def prune(self, keep: Collection[str]) -> tuple[int, int]:
        """Drop the layers whose version is not in ``keep``. Returns how many, and their bytes."""
        kept = set(keep)
        dropped = size = 0
        if not self._folder.is_dir():
            return 0, 0
        for path in self._folder.glob("*/*"):
            if path.name.split(".", 1)[0] in kept and not path.name.endswith(".draft"):
                continue
            size += path.stat().st_size
            path.unlink()
            dropped += 1
        self._cached.cache_clear()
        return dropped, size

    def _path(self, sha256: str, parser: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.{parser}.txt"

    def _read(self, sha256: str, parser: str) -> str:
        path = self._path(sha256, parser)
        try:
            return path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise KeyError(sha256) from None
        except (OSError, UnicodeDecodeError) as problem:
            raise IndexCorrupt(
                f"A text layer of the index can't be read: {path.name}: {problem}.",
                "Build the index anew with: onrecord index --rebuild",
            ) from problem
