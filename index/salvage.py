"""Vectors out of a graph that may be torn, read by a process of its own.

Chroma loads its graph's files without checking them all, and one that a killed process has left
half written can take the reading process along (seen: a segmentation fault). What the child could
not read is embedded again.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UserError
from index.store import ChunkStore, PassageId

if TYPE_CHECKING:
    from index.embed import Vectors

_SECONDS = 600


def salvaged(folder: Path) -> dict[PassageId, Vectors]:
    """Every vector of unit length that can be read from the embedded Chroma in ``folder``."""
    import numpy as np

    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        child = subprocess.run(
            [sys.executable, "-m", "index.salvage", str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        with np.load(io.BytesIO(child.stdout), allow_pickle=False) as found:
            ids, vectors = found["ids"], found["vectors"]
    except (OSError, ValueError, KeyError, EOFError, subprocess.SubprocessError):
        return {}
    whole = np.abs(np.linalg.norm(vectors, axis=1) - 1.0) < 1e-3
    return {
        (int(version), int(ordinal)): vector
        for (version, ordinal), vector in zip(ids[whole], vectors[whole], strict=True)
    }


def _main(folder: Path) -> None:
    import numpy as np

    ids: list[PassageId] = []
    vectors: list[Vectors] = []
    store = ChunkStore(folder)
    try:
        for passage, vector in store.vectors():
            ids.append(passage)
            vectors.append(vector)
    except UserError:
        pass  # what was read before it is good all the same
    if ids:
        np.savez(sys.stdout.buffer, ids=np.asarray(ids), vectors=np.stack(vectors))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
