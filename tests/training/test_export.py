"""What a trained cross-encoder loses on its way to eight bits, and what keeps it small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx", reason="it comes with the extra: train")
pytest.importorskip("onnxscript", reason="it comes with the extra: train")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from training import export  # noqa: E402

WIDE, LARGE = 32, 7
"""Channels, and the one of them that is far larger than the rest."""


def layer() -> Any:
    """An activation that meets two matrices, and then the first's product a third."""
    rng = np.random.default_rng(1)
    matrices = {
        "a": rng.normal(size=(WIDE, 8)),
        "b": rng.normal(size=(WIDE, WIDE)),
        "c": rng.normal(size=(WIDE, 4)),
    }
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "a"], ["xa"]),
            helper.make_node("MatMul", ["x", "b"], ["xb"]),
            helper.make_node("Tanh", ["xb"], ["t"]),
            helper.make_node("MatMul", ["t", "c"], ["tc"]),
            helper.make_node("Sum", ["x", "x"], ["twice"]),
        ],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, None, WIDE])],
        [
            helper.make_tensor_value_info("xa", TensorProto.FLOAT, [1, None, 8]),
            helper.make_tensor_value_info("tc", TensorProto.FLOAT, [1, None, 4]),
            helper.make_tensor_value_info("twice", TensorProto.FLOAT, [1, None, WIDE]),
        ],
        [numpy_helper.from_array(m.astype(np.float32) / 8, name) for name, m in matrices.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def sentences(count: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    size = np.ones(WIDE)
    size[LARGE] = 80.0
    return [
        {"x": (rng.normal(size=(1, int(rng.integers(3, 20)), WIDE)) * size).astype(np.float32)}
        for _ in range(count)
    ]


def outputs(file: Path, inputs: list[dict[str, Any]]) -> list[np.ndarray[Any, Any]]:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return [
        np.concatenate(parts)
        for parts in zip(
            *([part[0] for part in session.run(None, values)] for values in inputs), strict=True
        )
    ]


def test_a_smooth_model_computes_what_it_did(tmp_path: Path) -> None:
    before, after = layer(), layer()
    onnx.save(before, str(tmp_path / "before.onnx"))
    assert export.smooth(after, sentences(20, 2)) == 2, "x is shared by two products"
    onnx.checker.check_model(after)
    onnx.save(after, str(tmp_path / "after.onnx"))
    assert [n.op_type for n in after.graph.node].count("Mul") == 2
    others = sentences(5, 3)
    for one, other in zip(
        outputs(tmp_path / "before.onnx", others),
        outputs(tmp_path / "after.onnx", others),
        strict=True,
    ):
        assert one == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("reduced", [False, True])
def test_it_loses_less_in_eight_bits(tmp_path: Path, reduced: bool) -> None:
    onnx.save(layer(), str(tmp_path / "float.onnx"))
    for name, inputs in (("rough", []), ("smooth", sentences(20, 2))):
        export.quantise(
            tmp_path / "float.onnx", tmp_path / f"{name}.onnx", reduced=reduced, inputs=inputs
        )
    others = sentences(5, 3)
    exact = outputs(tmp_path / "float.onnx", others)[0]
    lost = {
        name: float(np.sqrt(((outputs(tmp_path / f"{name}.onnx", others)[0] - exact) ** 2).mean()))
        for name in ("rough", "smooth")
    }
    assert 0.0 < lost["smooth"] < lost["rough"] / 2


def test_a_matrix_that_meets_two_activations_can_t_be_made_smooth_for_both() -> None:
    model = layer()
    model.graph.node[3].input[1] = "a"
    with pytest.raises(ValueError, match="two activations meet a"):
        export.smooth(model, sentences(2, 2))


def test_a_large_channel_is_divided_by_more_and_one_without_weights_by_something() -> None:
    largest = np.array([1.0, 16.0, 0.0], dtype=np.float32)
    weights = [np.array([1.0, 0.25, 0.0], dtype=np.float32), np.array([0.5, 1.0, 0.0])]
    by = export.balance(largest, weights, 0.5)
    assert by == pytest.approx([1.0, 4.0, 1.0], rel=1e-5)
    assert export.balance(largest, weights, 1.0)[:2] == pytest.approx([1.0, 16.0])
