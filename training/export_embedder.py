"""Write the graphs that the packaged embedding model is run by: ``index/model/embedder.onnx``, and
``embedder-int8.onnx``, which passages are embedded by.

    python training/export_embedder.py

A graph holds no weights (it has 20 kB): it names the tensors of all-MiniLM-L6-v2's
``model.safetensors``, in their shapes, and whoever runs it hands them over (``index/embed.py``
does). So the weights stay in the package they come with, and the vectors are exactly its own.

The second has its products in integers of eight bits. Where the first names ``X.weight``, it names
``X.weight.int8``, transposed, and ``X.weight.scale``, one for each output; what these are,
``index/embed.py`` says, which makes them. Activations are scaled by the largest in the batch.

Inputs are ``input_ids`` and ``attention_mask``, each ``(texts, tokens)`` int64. The outputs are
``vectors``, ``(texts, 384)`` float32, of length one: BERT (Devlin et al. 2019), the mean over the
tokens that are no padding, and that divided by its length (Reimers & Gurevych 2019); and
``tokens``, ``(texts, tokens, 384)`` float32, of which it is the mean.

It is written out by hand (``bert_graph.py``), not traced by ``torch.onnx``: that renames the
weights and transposes them into new ones, which only a file with weights can hold, and makes
operators that take twice as long for a short question. Here a product takes its weights as they are
stored (``transB``). Where ONNX Runtime lacks the operators, ``index/embed.py`` does without.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from onnx import ModelProto, TensorProto

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.embed import packaged
from training.bert_graph import MICROSOFT, Graph, layers

FOLDER = Path(__file__).resolve().parent.parent / "index" / "model"
FILES = {"embedder.onnx": False, "embedder-int8.onnx": True}
"""Name, and whether its products are of integers."""


def build(config: dict[str, Any], integers: bool = False) -> ModelProto:
    """The graph of a BERT as ``config.json`` describes it, with its pooling. ``integers``: its
    products are of integers."""
    width = int(config["hidden_size"])
    epsilon = float(config["layer_norm_eps"])
    graph = Graph()
    add, weight = graph.add, graph.outside

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

    state = layers(graph, config, state, matrix=matrix, apart=apart, linear=linear, norm=norm)

    # The sum in place of the mean: both have the same direction, and their lengths become one.
    counted = add("Unsqueeze", add("Cast", "attention_mask", to=TensorProto.FLOAT), one)
    tokens = add("Reshape", state, apart, out="tokens")
    summed = add("Squeeze", add("MatMul", counted, tokens), one)
    add("LpNormalization", summed, out="vectors", axis=-1, p=2)

    inputs = dict.fromkeys(("input_ids", "attention_mask"), TensorProto.INT64)
    outputs = {"vectors": ["texts", width], "tokens": ["texts", "tokens", width]}
    return graph.model("all-MiniLM-L6-v2", inputs, outputs)


def configuration() -> dict[str, Any]:
    """The packaged model's."""
    config: dict[str, Any] = json.loads((packaged() / "config.json").read_text("utf-8"))
    if (config["model_type"], config["hidden_act"]) != ("bert", "gelu"):
        raise SystemExit("This is no BERT with the exact GELU.")
    return config


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, default=FOLDER, help="the folder of the result")
    args = parser.parse_args()
    args.write.mkdir(parents=True, exist_ok=True)
    for name, integers in FILES.items():
        data = build(configuration(), integers).SerializeToString(deterministic=True)
        (args.write / name).write_bytes(data)
        print(json.dumps({"file": name, "bytes": len(data)}))


if __name__ == "__main__":
    main()
