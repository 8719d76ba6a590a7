"""Make of a trained cross-encoder what ships: one ONNX file with int8 weights, and its tokenizer.

    python training/export.py --run WORK/RUN --write assistant/model \
        --examples WORK/groups.jsonl.gz [--whole WORK/float32]

The file's inputs are ``input_ids``, ``attention_mask`` and ``token_type_ids``, each ``(n, tokens)``
int64; its outputs ``score``, ``(n,)``, and ``span``, ``(n, tokens, 2)``, both float32 logits.

Weights are quantised by onnxruntime, dynamically: to int8 with a scale for each output channel, the
embedded words with one for all. Activations are quantised as they come, all of a sentence's with
one scale, and a few channels of them are far larger than the rest. So each channel is divided by a
factor of its own before a product, and the weights that it meets are multiplied by it (SmoothQuant:
Xiao et al. 2023, https://arxiv.org/abs/2211.10438); how large a channel gets is seen on a few
hundred ``--examples``. What is lost is measured by ``measure.py``, which takes this folder as it
takes a trained one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.cross_encoder import MAX_TOKENS, text_a, text_b
from training import pairs as data
from training.train_cross_encoder import Reader, load, load_span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FILE = "reader.onnx"

EXAMPLES = 200
"""Pairs by which the size of activations is told."""

EVERY = 40
"""Of the groups, which are in no order, every such one gives its first two pairs."""

STRENGTH = 0.7
"""How much of a channel's size goes over to the weights, in [0, 1]. Trying 0.5 to 0.9 for every
product, and taking what changed it least, left scores no nearer to those of float32."""


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


def examples(file: Path, tokenizer: Any) -> list[dict[str, Floats]]:
    """Inputs of a model, one pair each, from groups that ``pairs.py`` has made."""
    texts = [
        (text_a(group["q"]), text_b(*part))
        for group in itertools.islice(data.rows_of(file), 0, None, EVERY)
        for part in (*group["pos"], *group["neg"])[:2]
    ]
    return [
        dict(tokenizer(*pair, truncation=True, max_length=MAX_TOKENS, return_tensors="np"))
        for pair in texts[:EXAMPLES]
    ]


def smooth(model: Any, inputs: Iterable[Mapping[str, Any]]) -> int:
    """Take from activations what makes some of their channels large, and give it to the weights.

    Args:
        model: ONNX, changed in place; what it computes stays the same but for rounding.
        inputs: a few hundred, which tell how large each channel gets.

    Returns:
        How many activations were changed.

    Raises:
        ValueError: two of them meet one matrix.
    """
    import onnxruntime
    from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

    graph = model.graph
    known = {part.name: part for part in graph.initializer}
    met: dict[str, list[str]] = {}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in known:
            if any(node.input[1] in names for name, names in met.items() if name != node.input[0]):
                raise ValueError(f"two activations meet {node.input[1]}")
            met.setdefault(node.input[0], []).append(node.input[1])
    probe = ModelProto()
    probe.CopyFrom(model)
    for name in met:
        probe.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    largest: dict[str, Floats] = {}
    for values in inputs:
        for name, value in zip(met, session.run(list(met), dict(values)), strict=True):
            channels = np.abs(value).reshape(-1, value.shape[-1]).max(0)
            largest[name] = np.maximum(largest.get(name, channels), channels)
    for name, names in met.items():
        weights = [numpy_helper.to_array(known[weight]) for weight in names]
        by = balance(largest[name], [np.abs(weight).max(1) for weight in weights])
        for key, weight in zip(names, weights, strict=True):
            known[key].CopyFrom(numpy_helper.from_array(weight * by[:, None], key))
        graph.initializer.append(numpy_helper.from_array(1 / by, f"{name}_inverse"))
    nodes: list[Any] = []
    done: set[str] = set()
    for node in graph.node:
        name = node.input[0] if node.input else ""
        if node.op_type == "MatMul" and node.input[1] in known:
            if name not in done:
                done.add(name)
                parts = [name, f"{name}_inverse"], [f"{name}_smooth"]
                nodes.append(helper.make_node("Mul", *parts, name=f"{name}_smoothing"))
            node.input[0] = f"{name}_smooth"
        kept = NodeProto()
        kept.CopyFrom(node)
        nodes.append(kept)
    del graph.node[:]
    graph.node.extend(nodes)
    return len(met)


def balance(activations: Floats, weights: Sequence[Floats], strength: float = STRENGTH) -> Floats:
    """By what each channel is divided, and its weights multiplied.

    Args:
        activations: the largest of each channel, shape ``(channels,)``.
        weights: the same of each matrix that it meets.
    """
    tiny = np.float32(1e-5)
    met = np.maximum(np.max(np.stack(weights), axis=0), tiny)
    found = np.maximum(activations, tiny) ** strength / met ** (1 - strength)
    return np.asarray(found, dtype=np.float32)


def quantise(
    file: Path,
    small: Path,
    *,
    reduced: bool = False,
    inputs: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Its weights as eight-bit integers, its activations made smooth by the inputs, if any."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
        if inputs:
            model = onnx.load(str(prepared))
            smooth(model, inputs)
            onnx.save(model, str(prepared))
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
    parser.add_argument("--examples", type=Path, help="groups.jsonl.gz, to make activations smooth")
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
        inputs = examples(args.examples, tokenizer) if args.examples else []
        quantise(whole, small, reduced=args.reduced, inputs=inputs)
        bare(small)
        print(json.dumps({"int8": agreement(model, small), "bytes": small.stat().st_size}))
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for place in filter(None, (args.write, args.whole)):
        (place / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str() + "\n", "utf-8")


if __name__ == "__main__":
    main()
