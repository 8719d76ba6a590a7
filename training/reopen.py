"""Open the cross-encoder that ships again, so that its training can go on.

    python training/reopen.py --packed assistant/model --write WORK/shipped

Written is what a run writes: ``model`` and ``span.pt``. The weights are those of ``reader.onnx``,
integers times their scales: where ``export.py`` rounded, rounded they stay, which training mends.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.dequantize import HEADS

Floats = NDArray[np.float32]


def opened(file: Path) -> dict[str, Floats]:
    """All weights of a reader that ``export.py`` wrote, float32, by the names that
    ``transformers`` has for them, matrices as shape ``(outputs, inputs)``."""
    import onnx
    from onnx import numpy_helper

    kept = {each.name: numpy_helper.to_array(each) for each in onnx.load(file).graph.initializer}
    found: dict[str, Floats] = {}
    parts: dict[str, list[tuple[int, Floats]]] = {}
    for name, array in kept.items():
        whole = name.removesuffix(".int8")
        if whole == name:
            if array.dtype == np.float32 and not name.endswith((".scale", ".inverse")):
                found[name] = np.array(array)
            continue
        matrix = array.astype(np.float32) * kept[f"{whole}.scale"]
        if whole.startswith("embeddings."):
            found[whole] = matrix
            continue
        # "encoder.layer.0.output.dense.weight.2": the third part of the channels that come in.
        place, _, part = whole.partition(".weight")
        parts.setdefault(f"{place}.weight", []).append((int(part[1:] or 0), matrix.T))
    for name, of_name in parts.items():
        matrix = np.concatenate([part for _, part in sorted(of_name, key=lambda p: p[0])], axis=1)
        product = name.removesuffix(".weight")
        for end in (".query", ".key", ".value"):
            product = product.removesuffix(end)
        # What came in was made smaller by this, and the weights larger.
        found[name] = matrix * kept.get(f"{product}.inverse", np.float32(1))
    return found


def write(packed: Path, target: Path) -> None:
    """The folder that training goes on from."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    weights = opened(packed / "reader.onnx")
    words, width = weights["embeddings.word_embeddings.weight"].shape
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=words,
            hidden_size=width,
            num_hidden_layers=sum(n.endswith(".intermediate.dense.bias") for n in weights),
            num_attention_heads=HEADS,
            intermediate_size=len(weights["encoder.layer.0.intermediate.dense.bias"]),
            max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
            num_labels=1,
        )
    )
    span = {
        name: torch.from_numpy(weights.pop(f"span.{name}").copy()) for name in ("weight", "bias")
    }
    model.load_state_dict(
        {
            name if name.startswith("classifier.") else f"bert.{name}": torch.from_numpy(w.copy())
            for name, w in weights.items()
        }
    )
    model.save_pretrained(target / "model")
    torch.save(span, target / "span.pt")
    BertTokenizerFast(tokenizer_file=str(packed / "tokenizer.json")).save_pretrained(
        target / "model"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--packed", type=Path, required=True, help="folder with reader.onnx")
    parser.add_argument("--write", type=Path, required=True)
    args = parser.parse_args()
    if not (args.packed / "reader.onnx").is_file():
        parser.error(f"there is no reader.onnx in {args.packed}")
    write(args.packed, args.write)


if __name__ == "__main__":
    sys.exit(main())
