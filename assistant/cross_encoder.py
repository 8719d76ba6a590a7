"""Question and sentence, read together: does this one answer, and with which words?

The model that comes along was trained for this (see ``training/``): a MiniLM of twelve layers with
eight-bit weights, run by ONNX Runtime. Any other cross-encoder can be named; it is run by
sentence-transformers. Neither is loaded before the first question.

A model reads a sentence together with what it stands in, each part in its own place, so that only
the sentence itself is judged: ``question`` and ``sentence [SEP] title [SEP] sentence before``.
"""

from __future__ import annotations

import math
import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from index.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MODEL = Path(__file__).with_name("model")
"""The packaged model: ``reader.onnx`` and ``tokenizer.json``."""

MAX_TOKENS = 128
"""The longest pair that a model reads, special tokens included; the rest is cut."""

LONGEST_ANSWER = 24
"""Tokens of an answer within its sentence, at most."""

_GROUP = 6
"""Sentences in a batch of a model with float weights."""

_SPECIAL = re.compile(r"\[\s*(?:SEP|CLS|PAD|UNK|MASK)\s*\]", re.IGNORECASE)
_MAX_QUESTION, _MAX_SENTENCE, _MAX_TITLE, _MAX_BEFORE = 300, 600, 100, 160
"""Code points."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what it stands in."""

    text: str
    title: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model makes of one sentence.

    Attributes:
        score: log odds that it answers the question, against "nothing does"; for a model that was
            not trained so, its own logit.
        span: the same of the words that look most like the answer.
        answer: these words, as the model reads them; empty where it doesn't point at any.
    """

    score: float
    span: float = 0.0
    answer: str = ""


class Reader(Protocol):
    """Reads sentences with a question in mind."""

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        """A reading for each, in their order."""
        ...


# --- What a model reads ---------------------------------------------------------------------------


def plain(text: str, most: int = _MAX_SENTENCE) -> str:
    """One line, without words that the tokenizer would take for its own marks, cut at a word."""
    text = " ".join(_SPECIAL.sub(" ", text).split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0]


def text_a(question: str) -> str:
    """The first text of a pair."""
    return plain(question, _MAX_QUESTION)


def text_b(sentence: str, title: str = "", before: str = "") -> str:
    """The second text of a pair: the sentence that is judged, then what it stands in.

    Args:
        title: of its document.
        before: the sentence before it; its beginning, where subjects stand, is kept.
    """
    text = f"{plain(sentence)} [SEP] {plain(title, _MAX_TITLE)} [SEP] {plain(before, _MAX_BEFORE)}"
    # Empty parts at the end cost tokens and say nothing.
    return re.sub(r"(?: \[SEP\] ?)+$", "", text)


def best_span(logits: Floats, longest: int = LONGEST_ANSWER) -> tuple[float, int, int]:
    """The likeliest answer among a sentence's tokens: its log odds, and its first and last token.

    Args:
        logits: of beginning and ending at each token, shape ``(tokens, 2)``.
    """
    import numpy as np

    if not len(logits):
        return 0.0, 0, -1
    sums = logits[:, None, 0] + logits[None, :, 1]
    n = len(logits)
    length = np.arange(n)[None, :] - np.arange(n)[:, None]
    sums = np.where((length >= 0) & (length < longest), sums, -np.inf)
    first, last = np.unravel_index(int(sums.argmax()), sums.shape)
    return float(sums[first, last]), int(first), int(last)


# --- The models -----------------------------------------------------------------------------------


class PackagedReader:
    """The model that comes along, or one in another folder made by ``training/export.py``.

    Safe to share by threads. Loads nothing before it reads.
    """

    def __init__(self, folder: Path = MODEL) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        self._separator = 0
        self._pool: ThreadPoolExecutor | None = None

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        """A reading for each, in their order.

        Raises:
            ModelError: the model's files are not there, or are damaged.
        """
        if not sentences:
            return []
        self._load()
        assert self._pool is not None
        first = text_a(question)
        texts = [text_b(s.text, s.title, s.before) for s in sentences]
        pairs = self._tokenizer.encode_batch([(first, text) for text in texts])
        # The longest first, so that no core is left with a long one at the end.
        order = sorted(range(len(pairs)), key=lambda n: -len(pairs[n].ids))
        found = self._pool.map(lambda n: self._reading(pairs[n], texts[n]), order)
        readings = dict(zip(order, found, strict=True))
        return [readings[n] for n in range(len(pairs))]

    def _reading(self, pair: Any, text: str) -> Reading:
        import numpy as np

        # Alone, not in a batch: activations are quantised by the largest in it, so that a reading
        # would depend on what is read beside it, by up to 0.8. Nor is a batch any faster.
        inputs = np.array([pair.ids, pair.attention_mask, pair.type_ids], dtype=np.int64)[:, None]
        scores, spans = self._session.run(
            ["score", "span"],
            {"input_ids": inputs[0], "attention_mask": inputs[1], "token_type_ids": inputs[2]},
        )
        begin, end = sentence_tokens(pair, self._separator)
        odds, first, last = best_span(spans[0, begin:end])
        words = ""
        if last >= first:
            words = text[pair.offsets[begin + first][0] : pair.offsets[begin + last][1]]
        return Reading(float(scores[0]), odds, words)

    def _load(self) -> None:
        with self._lock:
            if self._session is not None:
                return
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
            try:
                import onnxruntime
                from tokenizers import Tokenizer

                options = onnxruntime.SessionOptions()
                # One thread for each sentence instead of a team for each layer: a team waits for
                # its last at every layer, which costs most where another process has a core.
                options.intra_op_num_threads = 1
                options.inter_op_num_threads = 1
                session = onnxruntime.InferenceSession(
                    str(self._folder / "reader.onnx"), options, providers=["CPUExecutionProvider"]
                )
                tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
                separator = tokenizer.token_to_id("[SEP]")
                outputs = {output.name for output in session.get_outputs()}
                if separator is None or not outputs >= {"score", "span"}:
                    raise ValueError("it is none that training/export.py has made")
            except Exception as problem:
                raise ModelError(
                    f"The evidence model in {self._folder} can't be loaded: {problem}.",
                    "Install the project again, or name another with the setting cross_encoder.",
                ) from problem
            tokenizer.enable_truncation(MAX_TOKENS)
            self._separator = int(separator)
            self._tokenizer = tokenizer
            self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="read")
            self._session = session


def sentence_tokens(pair: Any, separator: int) -> tuple[int, int]:
    """The first of a pair's tokens that is the judged sentence's, and the one after its last."""
    begin = pair.ids.index(separator) + 1
    end = pair.ids.index(separator, begin) if separator in pair.ids[begin:] else len(pair.ids)
    return begin, end


class NamedReader:
    """Any other cross-encoder with one output, by folder or name, run by sentence-transformers.

    Safe to share by threads. Loads nothing before it reads.
    """

    def __init__(self, model: str) -> None:
        self._named = model
        self._lock = threading.Lock()
        self._model: Any = None

    def read(self, question: str, sentences: Sequence[Sentence]) -> list[Reading]:
        """A reading for each, in their order, of scores alone.

        Raises:
            ModelError: there is no such model, or it has more than one output.
        """
        if not sentences:
            return []
        with self._lock:
            model = self._loaded()
            pairs = [(text_a(question), text_b(s.text, s.title, s.before)) for s in sentences]
            scores = model.predict(pairs, batch_size=_GROUP, show_progress_bar=False)
        return [Reading(float(score)) for score in scores]

    def _loaded(self) -> Any:
        if self._model is None:
            folder = Path(self._named).expanduser()
            if folder.is_dir():
                os.environ.setdefault("HF_HUB_OFFLINE", "1")
            os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
            try:
                import torch
                from sentence_transformers import CrossEncoder
                from transformers.utils import logging as chatter

                chatter.disable_progress_bar()
                model = CrossEncoder(
                    str(folder if folder.is_dir() else self._named),
                    device="cpu",
                    activation_fn=torch.nn.Identity(),
                )
                outputs = int(model.num_labels)
            except Exception as problem:
                raise self._refusal(str(problem)) from problem
            if outputs != 1:
                raise self._refusal(f"it has {outputs} outputs, not one")
            self._model = model
        return self._model

    def _refusal(self, why: str) -> ModelError:
        return ModelError(
            f"The cross-encoder {self._named!r} can't be loaded: {why.rstrip('. ')}.",
            'Name the folder of a cross-encoder with one output, or "none", or leave the setting '
            "cross_encoder out to use the packaged one.",
        )


def reader(named: str | None) -> Reader | None:
    """The reader that a setting names: ``None``: the packaged; ``"none"``: none at all."""
    if named is None:
        return PackagedReader()
    if named == "none":
        return None
    folder = Path(named).expanduser()
    return PackagedReader(folder) if (folder / "reader.onnx").is_file() else NamedReader(named)


def probability(log_odds: float) -> float:
    """Of log odds, in [0, 1]."""
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, log_odds))))
