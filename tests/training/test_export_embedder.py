"""The graph of the packaged embedding model: the file that ships is the one the script writes."""

from __future__ import annotations

import pytest

from index.embed import _GRAPH, Embedder, _weights

pytest.importorskip("onnx", reason="onnx comes with the extra: train")

import onnx

from training.export_embedder import build, packaged


def test_the_graph_that_ships_is_the_one_that_is_written() -> None:
    assert onnx.load(_GRAPH, load_external_data=False) == build(packaged())


def test_it_names_all_weights_in_their_shapes_and_holds_none() -> None:
    graph = build(packaged()).graph
    folder = Embedder()._folder()
    assert folder is not None
    given = {tensor.name: tensor for tensor in graph.initializer if tensor.external_data}
    held = [tensor for tensor in graph.initializer if not tensor.external_data]
    assert {name: tuple(tensor.dims) for name, tensor in given.items()} == {
        name: array.shape for name, array in _weights(folder / "model.safetensors").items()
    }
    assert all(tensor.data_type == onnx.TensorProto.FLOAT for tensor in given.values())
    # What remains are shapes.
    assert max(len(tensor.raw_data) for tensor in held) <= 16
