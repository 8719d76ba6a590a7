"""Make of a trained cross-encoder what ships: one ONNX file with int8 weights, and its tokenizer.

    python training/export.py --run WORK/RUN --write assistant/model [--whole WORK/float32]

The file's inputs are ``input_ids``, ``attention_mask`` and ``token_type_ids``, each ``(n, tokens)``
int64; its outputs ``score``, ``(n,)``, and ``span``, ``(n, tokens, 2)``, both float32 logits.

Weights are quantised by onnxruntime, dynamically: to int8 with a scale for each output channel, the
embedded words with one for all. Activations are quantised as they come. What that costs is
measured by ``measure.py``, which takes this folder as it takes a trained one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.train_cross_encoder import Reader, load, load_span

FILE = "reader.onnx"


def export(model: Any, file: Path) -> None:
    """A reader as ONNX, float32."""
    ids = torch.tensor([[101, 2040, 102, 2002, 102], [101, 2054, 102, 2009, 102]])
    types = torch.tensor([[0, 0, 0, 1, 1]] * 2)
    n, tokens = torch.export.Dim("n", min=1, max=4096), torch.export.Dim("tokens", min=4, max=512)
    shape = {0: n, 1: tokens}
    model.eval()
    with torch.no_grad():
        program = torch.onnx.export(
            model,
            (),
            kwargs={
                "input_ids": ids,
                "attention_mask": torch.ones_like(ids),
                "token_type_ids": types,
            },
            input_names=["input_ids", "attention_mask", "token_type_ids"],
            output_names=["score", "span"],
            dynamic_shapes={
                "input_ids": shape,
                "attention_mask": shape,
                "token_type_ids": shape,
            },
            dynamo=True,
            opset_version=18,
            external_data=False,
        )
    program.save(str(file))


def quantise(file: Path, small: Path, *, reduced: bool = False) -> None:
    """Its weights as eight-bit integers."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared),
            str(small),
            per_channel=True,
            weight_type=QuantType.QInt8,
            reduce_range=reduced,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            extra_options={"MatMulConstBOnly": True},
        )


def bare(file: Path) -> None:
    """Without what the exporter notes of where each node came from: folders of this machine."""
    import onnx

    model = onnx.load(str(file))
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    for whole in (model, model.graph):
        whole.ClearField("doc_string")
        whole.ClearField("metadata_props")
    for function in model.functions:
        for node in function.node:
            node.ClearField("doc_string")
            node.ClearField("metadata_props")
    onnx.save(model, str(file))


def agreement(model: Any, file: Path) -> dict[str, float]:
    """How far an ONNX file's scores lie from the model's, on made-up tokens."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(4)
    ids = rng.integers(1000, 30000, (32, 40))
    ids[:, 0], ids[:, 12], ids[:, -1] = 101, 102, 102
    types = np.zeros_like(ids)
    types[:, 13:] = 1
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
    score, span = session.run(None, inputs)
    with torch.no_grad():
        own, words = model(**{name: torch.from_numpy(value) for name, value in inputs.items()})
    return {
        "score": float(np.abs(score - own.numpy()).max()),
        "span": float(np.abs(span - words.numpy()).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="with model/ and span.pt")
    parser.add_argument("--write", type=Path, required=True, help="the folder of the result")
    parser.add_argument("--whole", type=Path, help="a folder for the float32 model, to compare")
    parser.add_argument("--reduced", action="store_true", help="seven bits")
    args = parser.parse_args()
    tokenizer, classifier = load(args.run / "model")
    model = Reader(classifier, load_span(args.run / "model"))
    args.write.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / FILE
        export(model, whole)
        print(json.dumps({"float32": agreement(model, whole), "bytes": whole.stat().st_size}))
        if args.whole is not None:
            args.whole.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(whole, args.whole / FILE)
        small = args.write / FILE
        quantise(whole, small, reduced=args.reduced)
        bare(small)
        print(json.dumps({"int8": agreement(model, small), "bytes": small.stat().st_size}))
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for place in filter(None, (args.write, args.whole)):
        (place / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str() + "\n", "utf-8")


if __name__ == "__main__":
    main()
