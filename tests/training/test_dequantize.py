"""Weights packed in eight bits, opened again; and what a teacher is asked. All made up."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import dequantize, soft

onnx = pytest.importorskip("onnx")
LAYERS, WIDTH, INNER, WORDS = 3, 24, 8, 11


def packed(folder: Path, whole_matrix: bool = False) -> dict[str, Any]:
    """A graph with a BERT's names, each matrix in eight bits; returns what its weights are."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    tensors, nodes, wanted = [], [], {}

    def plain(name: str, *shape: int) -> None:
        wanted[name] = rng.normal(size=shape).astype(np.float32)
        tensors.append(numpy_helper.from_array(wanted[name], name))

    def eight(name: str, low: int, kind: Any, *shape: int) -> Any:
        scale = np.float32(rng.uniform(0.01, 0.1))
        zero = kind(rng.integers(low, low + 200))
        bits = rng.integers(low, low + 255, size=shape).astype(kind)
        for part, array in (("quantized", bits), ("scale", scale), ("zero_point", zero)):
            tensors.append(numpy_helper.from_array(np.asarray(array), f"{name}_{part}"))
        return (bits.astype(np.float32) - np.float32(zero)) * scale

    for name, rows in (("word", WORDS), ("position", 16), ("token_type", 2)):
        name = f"bert.embeddings.{name}_embeddings.weight"
        wanted[name] = eight(name, 0, np.uint8, rows, WIDTH)
    for part in ("weight", "bias"):
        plain(f"bert.embeddings.LayerNorm.{part}", WIDTH)

    def dense(place: str, into: int, out: int) -> None:
        plain(f"{place}.bias", out)
        matrix = f"onnx::MatMul_{len(nodes)}"
        # A graph multiplies from the right: its matrices stand the other way.
        wanted[f"{place}.weight"] = eight(matrix, -128, np.int8, into, out).T
        nodes.append(
            helper.make_node(
                "MatMulInteger",
                ["x", f"{matrix}_quantized", "zero", f"{matrix}_zero_point"],
                [f"y{len(nodes)}"],
                name="/" + place.replace(".", "/").replace("layer/", "layer.") + "/MatMul_quant",
            )
        )

    for n in range(LAYERS):
        layer = f"bert.encoder.layer.{n}"
        for part in ("query", "key", "value"):
            dense(f"{layer}.attention.self.{part}", WIDTH, WIDTH)
        dense(f"{layer}.attention.output.dense", WIDTH, WIDTH)
        dense(f"{layer}.intermediate.dense", WIDTH, INNER)
        dense(f"{layer}.output.dense", INNER, WIDTH)
        for place in ("attention.output", "output"):
            for part in ("weight", "bias"):
                plain(f"{layer}.{place}.LayerNorm.{part}", WIDTH)
    dense("bert.pooler.dense", WIDTH, WIDTH)
    dense("classifier", WIDTH, 1)
    if whole_matrix:
        nodes.append(helper.make_node("Gemm", ["x", "unknown", "b"], ["z"], name="/odd/Gemm"))
    made = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, WIDTH])
    graph = helper.make_graph(nodes, "packed", [made], [made], tensors)
    onnx.save(helper.make_model(graph), folder / "model.onnx")
    return wanted


def test_every_weight_is_its_bits_times_its_scale(tmp_path: Path) -> None:
    wanted = packed(tmp_path)
    found = dequantize.whole(tmp_path / "model.onnx")
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert np.array_equal(found[name], array), name


def test_a_matrix_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    packed(tmp_path, whole_matrix=True)
    with pytest.raises(ValueError, match="/odd/Gemm"):
        dequantize.whole(tmp_path / "model.onnx")


def test_the_layers_that_are_kept_are_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from training.train_cross_encoder import packaged

    wanted = packed(tmp_path)
    for file in packaged().glob("*token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    target = tmp_path / "model"
    argv = ["dequantize.py", "--packed", str(tmp_path), "--layers", "0,2", "--write", str(target)]
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(dequantize, "HEADS", 2)
    dequantize.main()
    config = json.loads((target / "config.json").read_text())
    assert (config["num_hidden_layers"], config["vocab_size"]) == (2, WORDS)
    found = load_file(target / "model.safetensors")
    for new, old in ((0, 0), (1, 2)):
        name = "bert.encoder.layer.{}.output.dense.weight"
        assert np.array_equal(found[name.format(new)], wanted[name.format(old)])
    assert np.array_equal(found["classifier.weight"], wanted["classifier.weight"])
    assert not any(name.startswith("bert.encoder.layer.2") for name in found)


@pytest.mark.parametrize("layers", ["1,0", "0,0,3", "3,12"])
def test_layers_that_there_are_not(
    layers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["dequantize.py", "--packed", ".", "--layers", layers, "--write", "."]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit):
        dequantize.main()
    assert "--layers wants numbers from 0 to 11, each once, in order" in capsys.readouterr().err


# -- the teacher -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "positives", "asked"),
    [
        ("squad", 1, True),
        ("qamr-reworded", 1, True),
        ("wiki-negation", 1, True),
        ("squad2", 0, False),
        ("squad-vague", 1, False),
        ("squad-none-name", 0, False),
        ("squad-name", 1, False),
        ("roles", 1, False),
        ("wiki-removed", 1, False),
    ],
)
def test_who_is_asked_of_a_teacher(source: str, positives: int, asked: bool) -> None:
    group = {"pos": [["It is."]] * positives, "neg": [], "source": source}
    assert soft.natural(group) is asked


def test_a_teacher_reads_title_and_sentence() -> None:
    assert soft.passage("It  sank.", "The Kestrel", "Before.") == "The Kestrel. It sank."
    assert soft.passage("It [SEP] sank.", "", "Before.") == "It sank."


def test_a_second_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Lengths:
        def __init__(self, *_: object) -> None:
            pass

        def scores(self, texts: list[tuple[str, str]]) -> list[float]:
            return [float(len(question) * 100 + len(passage)) for question, passage in texts]

    groups = [
        {"q": "Who?", "pos": [["Ann.", "News", ""]], "neg": [["A dog.", "", ""]], "source": "qamr"},
        {"q": "What?", "pos": [], "neg": [["A dog.", "", ""]], "source": "qamr-removed"},
        {"q": "Where?", "pos": [["At sea.", "", ""]], "neg": [], "source": "squad"},
    ]
    file = tmp_path / "groups.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(g) + "\n" for g in groups[:2]).encode()))
    monkeypatch.setattr(soft, "Teacher", Lengths)
    monkeypatch.setattr(sys, "argv", ["soft.py", "--packed", ".", "--work", str(tmp_path)])
    soft.main()
    file.write_bytes(gzip.compress("".join(json.dumps(g) + "\n" for g in groups).encode()))
    soft.main()
    assert [json.loads(row) for row in (tmp_path / "soft.jsonl").read_text().splitlines()] == [
        {"group": 0, "scores": [410.0, 406.0]},
        {"group": 2, "scores": [607.0]},
    ]
    assert capsys.readouterr().out.startswith("1 groups,")
