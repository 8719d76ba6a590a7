"""The layers of a BERT (Devlin et al. 2019) as ONNX, written out by hand.

Not traced by ``torch.onnx``: that makes some fifty operators of a layer. Here attention, skip and
norm are ONNX Runtime's own operators; versions from 1.20 on have been seen to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"

Linear = Callable[[str, str, int, int], str]
"""Adds a product: of which activations, by which weights, of how many channels to how many."""


class Graph:
    """Collects operators and what they need by name."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: dict[str, TensorProto] = {}

    def outside(self, name: str, *shape: int, of: int = TensorProto.FLOAT) -> str:
        """A tensor that whoever runs the graph hands over."""
        tensor = TensorProto(name=name, data_type=of, dims=shape)
        # Of the two ways to hold no data the one that can't be mistaken for an empty tensor. The
        # file is never looked for: what is handed over under the name comes first.
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="model.safetensors")
        self.tensors[name] = tensor
        return name

    def inside(self, name: str, values: Any) -> str:
        """A tensor that the file holds."""
        self.tensors[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def whole(self, *values: int) -> str:
        """A small vector of int64."""
        return self.inside("int64_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def add(
        self, kind: str, *inputs: str, out: str | None = None, domain: str = "", **how: Any
    ) -> str:
        """An operator; gives the name of its output."""
        name = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **how))
        return name

    def split(self, name: str, parts: int) -> list[str]:
        """The columns of a matrix, in so many equal parts."""
        made = [f"{name}_{part}" for part in range(parts)]
        how = {"axis": 1, "num_outputs": parts}
        self.nodes.append(helper.make_node("Split", [name], made, name=f"{name}_split", **how))
        return made

    def model(self, name: str, inputs: Mapping[str, int], outputs: Mapping[str, Any]) -> ModelProto:
        """The whole of it.

        Args:
            inputs: the names of what is of shape ``(texts, tokens)``, and their types.
            outputs: the names of what is float32, and their shapes.
        """
        made = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info(n, of, ["texts", "tokens"]) for n, of in inputs.items()],
            [
                helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)
                for n, shape in outputs.items()
            ],
            list(self.tensors.values()),
        )
        # As old as these operators allow, so that older versions of ONNX Runtime read it.
        return helper.make_model(
            made,
            opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)],
            ir_version=8,
        )


def layers(
    graph: Graph,
    config: Mapping[str, Any],
    state: str,
    *,
    matrix: str,
    apart: str,
    linear: Linear,
    norm: Callable[[str], tuple[str, str]],
    before: Callable[[str, str], str] = lambda activations, _: activations,
) -> str:
    """Adds all of them.

    Args:
        config: a BERT's ``config.json``.
        state: what they begin with, a matrix of shape ``(texts * tokens, width)``, as products
            take it.
        matrix: the shape of that, for ``Reshape``.
        apart: the shape in which texts are apart, as attention takes them.
        linear: adds a product with its bias.
        norm: names of a norm's weights and bias, by its own name.
        before: what is done with activations before a product, or several of one name.

    Returns:
        The name of what comes out, of the shape that went in.
    """
    add = graph.add
    width, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    epsilon = float(config["layer_norm_eps"])
    read = add("Cast", "attention_mask", to=TensorProto.INT32)
    for number in range(int(config["num_hidden_layers"])):
        layer = f"encoder.layer.{number}"
        attended = before(state, f"{layer}.attention.self")
        asked, keys, values = (
            add("Reshape", linear(attended, f"{layer}.attention.self.{part}", width, width), apart)
            for part in ("query", "key", "value")
        )
        found = add(
            "MultiHeadAttention",
            asked,
            keys,
            values,
            "",
            read,
            domain=MICROSOFT,
            num_heads=int(config["num_attention_heads"]),
        )
        found = add("Reshape", found, matrix)
        found = before(found, f"{layer}.attention.output.dense")
        found = linear(found, f"{layer}.attention.output.dense", width, width)
        state = add(
            "SkipLayerNormalization",
            found,
            state,
            *norm(f"{layer}.attention.output.LayerNorm"),
            domain=MICROSOFT,
            epsilon=epsilon,
        )
        thought = before(state, f"{layer}.intermediate.dense")
        thought = linear(thought, f"{layer}.intermediate.dense", width, inner)
        thought = add("Gelu", thought, domain=MICROSOFT)
        thought = before(thought, f"{layer}.output.dense")
        thought = linear(thought, f"{layer}.output.dense", inner, width)
        state = add(
            "SkipLayerNormalization",
            thought,
            state,
            *norm(f"{layer}.output.LayerNorm"),
            domain=MICROSOFT,
            epsilon=epsilon,
        )
    return state
