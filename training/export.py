"""Make of a trained cross-encoder what ships: one ONNX file with int8 weights, and its tokenizer.

    python training/export.py --run WORK/RUN --write assistant/model \
        --examples WORK/groups.jsonl.gz [--whole WORK/float32]

The file's inputs are ``input_ids``, ``attention_mask`` and ``token_type_ids``, each ``(n, tokens)``
int64; its outputs ``score``, ``(n,)``, and ``span``, ``(n, tokens, 2)``, both float32 logits.

Its products are of integers of eight bits, as the embedder's are (``index/embed.py``): weights with
a scale for each output, activations with one for all, as they come. A few channels of activations
are far larger than the rest, and would take the scale from them. So each channel is divided by a
factor of its own before a product, and the weights that it meets are multiplied by it (SmoothQuant:
Xiao et al. 2023, https://arxiv.org/abs/2211.10438); how large a channel gets is seen on a
thousand ``--examples``. The widest product of each layer, which errs most, is made in four parts,
each with scales of its own: its channels, whose order is free, are sorted by size. A weight is not
rounded to the nearest: what rounding one takes away, those that are not rounded yet make good, as
far as the ``--examples`` have channels that go together (``rounding.py``). Embedded words are
integers too, each with a scale; what comes after the last layer stays float32. What all that costs
is measured by ``measure.py``, which takes this folder as it takes a trained one, and the folder
``--whole``, where the same is float32.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.cross_encoder import MAX_TOKENS, text_a, text_b
from index.embed import MOST, in_integers
from training import pairs as data
from training.bert_graph import MICROSOFT, Graph, layers
from training.rounding import in_order
from training.train_cross_encoder import Reader, load, load_span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FILE = "reader.onnx"

EXAMPLES = 1000
"""Pairs by which the size of activations is told, and how channels go together."""

EVERY = 40
"""Of the groups, which are in no order, every such one gives its first two pairs."""

STRENGTH = 0.8
"""How much of a channel's size goes over to the weights, in [0, 1]: of 0.7, 0.8, 0.9 and 1 that
which left scores nearest to those of float32."""

TABLE = "embeddings.word_embeddings.weight"


def examples(file: Path, tokenizer: Any) -> list[Mapping[str, torch.Tensor]]:
    """Inputs of a model, one pair each, from groups that ``pairs.py`` has made."""
    texts = [
        (text_a(group["q"]), text_b(*part))
        for group in itertools.islice(data.rows_of(file), 0, None, EVERY)
        for part in (*group["pos"], *group["neg"])[:2]
    ]
    return [
        tokenizer(*pair, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        for pair in texts[:EXAMPLES]
    ]


def named(model: Reader) -> dict[str, Floats]:
    """All weights, by the names that :func:`build` looks for."""
    return {
        name.removeprefix("model.").removeprefix("bert."): value.detach().float().numpy()
        for name, value in model.state_dict().items()
    }


Fold = Callable[[str, torch.Tensor], None]


def _watch(model: Reader, inputs: Sequence[Mapping[str, torch.Tensor]], fold: Fold) -> None:
    """Hand over what goes into each product, shape ``(tokens, channels)``, by the product's name;
    for the three of attention by the name of what they are of."""

    def look(name: str) -> Any:
        return lambda _, given: fold(name, given[0].flatten(0, -2))

    hooks = [
        module.register_forward_pre_hook(look(name.removesuffix(".query")))
        for name, module in model.model.bert.named_modules()
        if name.startswith("encoder.")
        and isinstance(module, torch.nn.Linear)
        and not name.endswith((".key", ".value"))
    ]
    try:
        with torch.no_grad():
            for values in inputs:
                model(**values)
    finally:
        for hook in hooks:
            hook.remove()


def sizes(model: Reader, inputs: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, Floats]:
    """How large each channel of what goes into a product gets, shape ``(channels,)``, by name."""
    found: dict[str, Floats] = {}

    def fold(name: str, tokens: torch.Tensor) -> None:
        channels = tokens.abs().amax(0).numpy()
        found[name] = np.maximum(found.get(name, channels), channels)

    _watch(model, inputs, fold)
    return found


def moments(model: Reader, inputs: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, Floats]:
    """How the channels of what goes into a product go together: the sum, over all tokens, of each
    one times each other, shape ``(channels, channels)``, by name."""
    found: dict[str, Floats] = {}

    def fold(name: str, tokens: torch.Tensor) -> None:
        found[name] = found.get(name, np.float32(0)) + (tokens.T @ tokens).numpy()

    _watch(model, inputs, fold)
    return found


def balance(largest: Floats, weights: Sequence[Floats], strength: float = STRENGTH) -> Floats:
    """By what each channel is divided, and its weights multiplied.

    Args:
        largest: of each channel of the activations, shape ``(channels,)``.
        weights: all that it meets, shapes ``(outputs, channels)``.
    """
    tiny = np.float32(1e-5)
    met = np.maximum(np.abs(np.concatenate(weights)).max(0), tiny)
    found = np.maximum(largest, tiny) ** strength / met ** (1 - strength)
    return np.asarray(found, dtype=np.float32)


def smooth(weights: Mapping[str, Floats], largest: Mapping[str, Floats]) -> dict[str, Floats]:
    """The weights as they meet activations that were made smooth; and, as ``NAME.inverse``, what
    these are multiplied with. The products stay what they were."""
    found = dict(weights)
    for name, size in largest.items():
        met = _met(name)
        by = balance(size, [weights[n] for n in met])
        found |= {n: weights[n] * by for n in met}
        found[f"{name}.inverse"] = 1 / by
    return found


def rounded(smoothed: Mapping[str, Floats], moments: Mapping[str, Floats]) -> dict[str, Any]:
    """These weights as :func:`in_integers` gives them, but rounded in order (``rounding.py``).

    Args:
        smoothed: as :func:`smooth` gives them.
        moments: of the activations as they are without it.
    """
    found: dict[str, Any] = in_integers(dict(smoothed))
    for name, together in moments.items():
        inverse = smoothed[f"{name}.inverse"]
        for met in _met(name):
            parts = _parts(smoothed[met])
            alike = together * np.outer(inverse, inverse)
            integers, scales = in_order(smoothed[met], alike, MOST, parts)
            del found[f"{met}.int8"], found[f"{met}.scale"]
            for part, own in enumerate(np.split(integers, parts, axis=1)):
                part_of = f"{met}.{part}" if parts > 1 else met
                found[f"{part_of}.int8"] = np.ascontiguousarray(own.T)
                found[f"{part_of}.scale"] = scales[part]
    return found


def _parts(weights: Floats) -> int:
    """In how many parts a product is made: one, but where many channels are brought down to few."""
    outputs, channels = weights.shape
    return max(1, channels // outputs)


def sort(
    weights: dict[str, Floats], largest: dict[str, Floats], moments: dict[str, Floats]
) -> None:
    """Put, in all of these, the channels between a layer's two wide products into the order of
    their size once they are smooth, the largest first. What comes out is the same."""
    for name, size in largest.items():
        if not name.endswith(".output.dense") or name.endswith(".attention.output.dense"):
            continue
        made = f"{name.removesuffix('.output.dense')}.intermediate.dense"
        order = np.argsort(-size / balance(size, [weights[f"{name}.weight"]]), kind="stable")
        for rows in (f"{made}.weight", f"{made}.bias"):
            weights[rows] = weights[rows][order]
        weights[f"{name}.weight"] = weights[f"{name}.weight"][:, order]
        largest[name], moments[name] = size[order], moments[name][np.ix_(order, order)]


def _met(name: str) -> list[str]:
    """The names of the weights that the activations of a product's name meet."""
    parts = [f"{name}.{part}" for part in ("query", "key", "value")]
    return [f"{n}.weight" for n in (parts if name.endswith(".self") else [name])]


def build(config: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> ModelProto:
    """The graph of a reader.

    Args:
        config: its BERT's.
        weights: by name; with ``NAME.inverse``, see :func:`smooth`. Where products, and embedded
            words, are to be of integers, as :func:`in_integers` or :func:`rounded` gives them.
    """
    width, epsilon = int(config["hidden_size"]), float(config["layer_norm_eps"])
    integers = any(name.endswith(".int8") for name in weights)
    graph = Graph()
    add = graph.add

    def hold(name: str) -> str:
        return graph.inside(name, weights[name])

    def product(tokens: str, name: str, *bias: str) -> str:
        held = (hold(f"{name}.int8"), hold(f"{name}.scale"), *("" for _ in bias), *map(hold, bias))
        return add("DynamicQuantizeMatMul", tokens, *held, domain=MICROSOFT)

    def linear(tokens: str, name: str, *_: int) -> str:
        whole = f"{name}.weight"
        if f"{whole}.int8" in weights:
            return product(tokens, whole, f"{name}.bias")
        parts = sum(f"{whole}.{part}.int8" in weights for part in range(width))
        if parts:
            first, *rest = graph.split(tokens, parts)
            found = product(first, f"{whole}.0", f"{name}.bias")
            return add("Sum", found, *(product(t, f"{whole}.{n + 1}") for n, t in enumerate(rest)))
        return add("Gemm", tokens, hold(f"{name}.weight"), hold(f"{name}.bias"), transB=1)

    def norm(name: str) -> tuple[str, str]:
        return hold(f"{name}.weight"), hold(f"{name}.bias")

    def before(tokens: str, name: str) -> str:
        inverse = f"{name}.inverse"
        return add("Mul", tokens, hold(inverse)) if inverse in weights else tokens

    zero, one = graph.whole(0), graph.whole(1)
    # Products are of matrices, (n * tokens, width); attention needs to know the texts apart.
    matrix = graph.whole(-1, width)
    shape = add("Shape", "input_ids")
    apart = add("Concat", shape, graph.whole(width), axis=0)
    if integers:
        table = weights[TABLE]
        scale = np.maximum(np.abs(table).max(1, keepdims=True), np.float32(1e-12)) / 127
        rows = graph.inside(f"{TABLE}.int8", np.rint(table / scale).astype(np.int8))
        words = add("Cast", add("Gather", rows, "input_ids"), to=TensorProto.FLOAT)
        scales = graph.inside(f"{TABLE}.scale", scale.astype(np.float32))
        words = add("Mul", words, add("Gather", scales, "input_ids"))
    else:
        words = add("Gather", hold(TABLE), "input_ids")
    places = hold("embeddings.position_embeddings.weight")
    places = add("Slice", places, zero, add("Shape", "input_ids", start=1, end=2), zero)
    types = add("Gather", hold("embeddings.token_type_embeddings.weight"), "token_type_ids")
    state = add("Add", add("Add", words, types), places)
    state = add("LayerNormalization", state, *norm("embeddings.LayerNorm"), epsilon=epsilon)
    state = add("Reshape", state, matrix)
    state = layers(
        graph, config, state, matrix=matrix, apart=apart, linear=linear, norm=norm, before=before
    )
    pairs = add("Concat", shape, graph.whole(2), axis=0)
    add("Reshape", linear(state, "span"), pairs, out="span")
    first = add("Gather", add("Reshape", state, apart), graph.inside("first", np.int64(0)), axis=1)
    pooled = add("Tanh", linear(first, "pooler.dense"))
    add("Squeeze", linear(pooled, "classifier"), one, out="score")
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    return graph.model(
        "reader",
        dict.fromkeys(inputs, TensorProto.INT64),
        {"score": ["texts"], "span": ["texts", "tokens", 2]},
    )


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
    score, span = session.run(["score", "span"], inputs)
    with torch.no_grad():
        own, words = model(**{name: torch.from_numpy(value) for name, value in inputs.items()})
    return {
        "score": float(np.abs(score - own.numpy()).max()),
        "span": float(np.abs(span - words.numpy()).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--run", type=Path, required=True, help="with model/ and span.pt")
    parser.add_argument("--write", type=Path, required=True, help="the folder of the result")
    parser.add_argument("--examples", type=Path, required=True, help="groups.jsonl.gz")
    parser.add_argument("--whole", type=Path, help="a folder for the float32 model, to compare")
    args = parser.parse_args()
    tokenizer, classifier = load(args.run / "model")
    model = Reader(classifier, load_span(args.run / "model"))
    model.eval()
    config, weights = classifier.config.to_dict(), named(model)
    seen = examples(args.examples, tokenizer)
    ordered, largest, together = dict(weights), sizes(model, seen), moments(model, seen)
    sort(ordered, largest, together)
    made: dict[str, tuple[Path, Mapping[str, Any]]] = {
        "int8": (args.write, rounded(smooth(ordered, largest), together))
    }
    if args.whole is not None:
        made["float32"] = (args.whole, weights)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for kind, (folder, own) in made.items():
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / FILE
        onnx.save(build(config, own), str(file))
        (folder / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str() + "\n", "utf-8")
        print(json.dumps({kind: agreement(model, file), "bytes": file.stat().st_size}))


if __name__ == "__main__":
    main()
