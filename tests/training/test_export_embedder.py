"""The graph of the packaged embedding model: the file that ships is the one the script writes."""

from __future__ import annotations

import pytest

from index.embed import _GRAPH, _GRAPH_INT8, in_integers, mapped, packaged

pytest.importorskip("onnx", reason="onnx comes with the extra: train")

import onnx

from training.export_embedder import FILES, FOLDER, build, configuration


def test_the_graphs_that_ship_are_those_that_are_written() -> None:
    for name, integers in FILES.items():
        shipped = onnx.load(FOLDER / name, load_external_data=False)
        assert shipped == build(configuration(), integers)
    assert [FOLDER / name for name in FILES] == [_GRAPH, _GRAPH_INT8]


def test_the_one_of_integers_names_what_is_made_for_it() -> None:
    graph = build(configuration(), True).graph
    folder = packaged()
    kinds = {"float32": onnx.TensorProto.FLOAT, "int8": onnx.TensorProto.INT8}
    made = in_integers(mapped(folder / "model.safetensors"))
    assert {t.name: (tuple(t.dims), t.data_type) for t in graph.initializer if t.external_data} == {
        name: (array.shape, kinds[array.dtype.name]) for name, array in made.items()
    }


def test_it_names_all_weights_in_their_shapes_and_holds_none() -> None:
    graph = build(configuration()).graph
    folder = packaged()
    given = {tensor.name: tensor for tensor in graph.initializer if tensor.external_data}
    held = [tensor for tensor in graph.initializer if not tensor.external_data]
    assert {name: tuple(tensor.dims) for name, tensor in given.items()} == {
        name: array.shape for name, array in mapped(folder / "model.safetensors").items()
    }
    assert all(tensor.data_type == onnx.TensorProto.FLOAT for tensor in given.values())
    # What remains are shapes.
    assert max(len(tensor.raw_data) for tensor in held) <= 16
