"""What a trained cross-encoder becomes: a graph that says what it said, and loses little in eight
bits."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("onnx", reason="it comes with the extra: train")

import onnxruntime

from assistant.cross_encoder import Sentence, reader
from index.embed import in_integers
from training import export, train_cross_encoder

WIDTH, LARGE = 32, 7
"""Channels, and the one of them that is far larger than the rest."""

NAMES = ("input_ids", "attention_mask", "token_type_ids")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a training leaves it: two layers, their weights drawn by lot."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("run")
    tokenizer = AutoTokenizer.from_pretrained(train_cross_encoder.packaged())
    tokenizer.save_pretrained(folder / "model")
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=train_cross_encoder.MAX_TOKENS,
        num_labels=1,
        initializer_range=0.15,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = BertForSequenceClassification(config)
        for layer in model.bert.encoder.layer:
            layer.output.LayerNorm.weight.data[LARGE] = 25.0
            layer.output.LayerNorm.bias.data.normal_()
            # What meets it is small, as training leaves it.
            for part in (layer.attention.self.query, layer.attention.self.key):
                part.weight.data[:, LARGE] /= 25.0
        model.save_pretrained(folder / "model")
        torch.save(torch.nn.Linear(WIDTH, 2).state_dict(), folder / "span.pt")
    return folder


@pytest.fixture(scope="module")
def model(run: Path) -> Any:
    found = train_cross_encoder.Reader(
        train_cross_encoder.load(run / "model")[1], train_cross_encoder.load_span(run / "model")
    )
    return found.eval()


def batches(count: int, seed: int) -> list[dict[str, torch.Tensor]]:
    """Pairs of several lengths, padded."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        longest = int(rng.integers(6, 40))
        ids = torch.from_numpy(rng.integers(1000, 30000, (3, longest)))
        mask = torch.ones_like(ids)
        mask[1, longest // 2 :] = 0
        types = torch.zeros_like(ids)
        types[:, 3:] = 1
        found.append(dict(zip(NAMES, (ids, mask, types), strict=True)))
    return found


def scores(made: Any, inputs: list[dict[str, torch.Tensor]]) -> list[Any]:
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [
        session.run(["score", "span"], {name: v.numpy() for name, v in values.items()})
        for values in inputs
    ]


def assert_alike(model: Any, weights: Any, others: Any, inputs: Any) -> None:
    """Two sets of weights give the same scores."""
    config = model.model.config.to_dict()
    for one, other in zip(
        scores(export.build(config, weights), inputs),
        scores(export.build(config, others), inputs),
        strict=True,
    ):
        assert one[0] == pytest.approx(other[0], abs=1e-4)


def test_the_graph_says_what_the_model_says(model: Any) -> None:
    inputs = batches(4, 1)
    made = export.build(model.model.config.to_dict(), export.named(model))
    for values, (score, span) in zip(inputs, scores(made, inputs), strict=True):
        with torch.no_grad():
            own, words = model(**values)
        assert score == pytest.approx(own.numpy(), abs=1e-4)
        read = values["attention_mask"].numpy().astype(bool)
        assert span[read] == pytest.approx(words.numpy()[read], abs=1e-4)


def test_products_of_smooth_activations_are_what_they_were(model: Any) -> None:
    inputs, weights = batches(4, 1), export.named(model)
    smooth = export.smooth(weights, export.sizes(model, batches(6, 2)))
    assert {name for name in smooth if name not in weights} == {
        f"encoder.layer.{layer}.{part}.inverse"
        for layer in (0, 1)
        for part in (
            "attention.self",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        )
    }
    assert_alike(model, weights, smooth, inputs)


def test_they_lose_less_in_eight_bits(model: Any) -> None:
    config, weights, inputs = model.model.config.to_dict(), export.named(model), batches(12, 1)
    read = [values["attention_mask"].numpy().astype(bool) for values in inputs]

    def said(held: Any) -> Any:
        spans = [span for _, span in scores(export.build(config, held), inputs)]
        return np.concatenate([span[where] for span, where in zip(spans, read, strict=True)])

    exact = said(weights)

    def lost(held: Any) -> float:
        return float(np.sqrt(((said(held) - exact) ** 2).mean()))

    seen = batches(20, 2)
    largest, together = export.sizes(model, seen), export.moments(model, seen)
    one = export.rounded(export.smooth(weights, largest), together)
    ordered = dict(weights)
    export.sort(ordered, largest, together)
    shipped = export.rounded(export.smooth(ordered, largest), together)
    assert set(shipped) == set(one)
    # The wide product that comes down to half as many channels is made in two parts.
    assert set(in_integers(weights)) - set(shipped) == {
        f"encoder.layer.{layer}.output.dense.weight.{part}"
        for layer in (0, 1)
        for part in ("int8", "scale")
    }
    halves = [f"encoder.layer.1.output.dense.weight.{part}" for part in (0, 1)]
    assert [shipped[f"{half}.int8"].shape for half in halves] == [(WIDTH, WIDTH)] * 2
    assert [shipped[f"{half}.scale"].shape for half in halves] == [(WIDTH,)] * 2
    assert 0.0 < lost(shipped) < 0.8 * lost(in_integers(weights))
    assert lost(shipped) < 1.02 * lost(one)


def test_in_another_order_the_model_says_the_same(model: Any) -> None:
    weights, inputs = export.named(model), batches(4, 1)
    largest, together = export.sizes(model, inputs), export.moments(model, inputs)
    for layer in (0, 1):  # which are nothing before a training
        weights[f"encoder.layer.{layer}.intermediate.dense.bias"] = np.linspace(
            -1, 1, 64, dtype=np.float32
        )
    ordered, sizes, moments = dict(weights), dict(largest), dict(together)
    export.sort(ordered, sizes, moments)
    wide = "encoder.layer.0.output.dense"
    assert {name for name in weights if not np.array_equal(weights[name], ordered[name])} == {
        f"encoder.layer.{layer}.{part}"
        for layer in (0, 1)
        for part in ("intermediate.dense.weight", "intermediate.dense.bias", "output.dense.weight")
    }
    smooth = sizes[wide] / export.balance(sizes[wide], [ordered[f"{wide}.weight"]])
    assert (np.diff(smooth) <= 1e-6).all()
    assert sorted(sizes[wide]) == pytest.approx(sorted(largest[wide]))
    order = [int(np.flatnonzero(largest[wide] == size)[0]) for size in sizes[wide]]
    assert np.array_equal(moments[wide], together[wide][np.ix_(order, order)])
    assert_alike(model, weights, ordered, inputs)


def test_how_channels_go_together(model: Any) -> None:
    inputs = batches(3, 3)
    found = export.moments(model, inputs)
    assert set(found) == set(export.sizes(model, inputs))
    with torch.no_grad():
        states = [model.model.bert(**v, output_hidden_states=True).hidden_states for v in inputs]
    tokens = torch.cat([s[1].flatten(0, 1) for s in states])
    assert found["encoder.layer.1.attention.self"] == pytest.approx(
        (tokens.T @ tokens).numpy(), rel=1e-4, abs=1e-3
    )


def test_how_large_each_channel_gets(model: Any) -> None:
    inputs = batches(5, 3)
    found = export.sizes(model, inputs)
    assert len(found) == 8
    with torch.no_grad():
        states = [
            model.model.bert(**values, output_hidden_states=True).hidden_states for values in inputs
        ]
    for layer in (0, 1):
        wanted = torch.stack([s[layer].abs().flatten(0, 1).amax(0) for s in states]).amax(0)
        assert found[f"encoder.layer.{layer}.attention.self"] == pytest.approx(wanted.numpy())
    assert found["encoder.layer.1.attention.self"].argmax() == LARGE
    assert not any(layer._forward_pre_hooks for layer in model.modules())


def test_a_large_channel_is_divided_by_more_and_one_without_weights_by_something() -> None:
    largest = np.array([1.0, 16.0, 0.0], dtype=np.float32)
    weights = [np.array([[-1.0, 0.25, 0.0]]), np.array([[0.5, 0.5, 0.0], [0.0, -1.0, 0.0]])]
    assert export.balance(largest, weights, 0.5) == pytest.approx([1.0, 4.0, 1.0], rel=1e-5)
    assert export.balance(largest, weights, 1.0)[:2] == pytest.approx([1.0, 16.0])


def test_what_is_exported_says_what_the_run_says(run: Path, tmp_path: Path) -> None:
    groups = [
        {"q": f"Who founded harbour {n}?", "pos": [[f"Ada founded {n}.", "", ""]], "neg": []}
        for n in range(2 * export.EVERY)
    ]
    with gzip.open(tmp_path / "groups.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(group) + "\n" for group in groups)
    command = ["export", "--run", str(run), "--write", str(tmp_path / "out")]
    command += ["--examples", str(tmp_path / "groups.jsonl.gz"), "--whole", str(tmp_path / "whole")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        export.main()
    sizes = {name: (tmp_path / name / "reader.onnx").stat().st_size for name in ("out", "whole")}
    assert sizes["out"] < 0.4 * sizes["whole"]
    found, whole = reader(str(tmp_path / "out")), reader(str(tmp_path / "whole"))
    assert found is not None
    assert whole is not None
    asked, said = "Who founded it?", [Sentence("Ada Byron founded it."), Sentence("Fog came.")]
    for small, exact in zip(found.read(asked, said), whole.read(asked, said), strict=True):
        assert small.score == pytest.approx(exact.score, abs=0.2)
