"""Texts as the sum of their words' vectors, by the packaged model's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.embed import packaged, tokenizer_of
from index.errors import ModelError
from index.word_vectors import WordVectors

VECTORS = WordVectors()

texts = st.lists(
    st.lists(st.sampled_from(["ferry", "the", "sank", "harbour", "", "Øresund", "7", "—"])).map(
        " ".join
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(texts)
def test_every_text_is_of_length_one_or_zero_whatever_stands_beside_it(some: list[str]) -> None:
    found = VECTORS.encode(some)
    assert found.shape == (len(some), 384)
    assert found.dtype == np.float32
    for text, vector in zip(some, found, strict=True):
        worded = bool({"ferry", "the", "sank", "harbour", "Øresund"} & set(text.split()))
        assert np.linalg.norm(vector) == pytest.approx(float(worded), abs=1e-5)
        assert vector == pytest.approx(VECTORS.encode([text])[0], abs=1e-6)


def test_a_text_is_the_sum_of_its_words_by_how_rare_they_are() -> None:
    pieces = tokenizer_of(packaged()).encode("the ferry", add_special_tokens=False).ids
    the, ferry, both = VECTORS.encode(["the", "ferry", "the ferry"])
    common, rare = (np.log1p((piece - 1995) / 30) for piece in pieces)
    assert rare > common
    whole = common * the + rare * ferry
    assert both == pytest.approx(whole / np.linalg.norm(whole), abs=1e-5)


@pytest.mark.parametrize(
    ("asked", "meant", "other"),
    [
        ("the undersea link", "A submarine cable", "The pension fund"),
        ("green campaigners", "environmental activists", "football players"),
    ],
)
def test_other_words_for_the_same_are_near(asked: str, meant: str, other: str) -> None:
    asking, right, wrong = VECTORS.encode([asked, meant, other])
    assert right @ asking > wrong @ asking + 0.1


@pytest.mark.parametrize("damage", ["no tokenizer", "no weights", "other weights"])
def test_files_that_are_not_there_or_are_damaged(tmp_path: Path, damage: str) -> None:
    if damage != "no tokenizer":
        shutil.copy(packaged() / "tokenizer.json", tmp_path)
    if damage == "other weights":
        (tmp_path / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(ModelError, match="word vectors") as problem:
        WordVectors(tmp_path).encode(["ferry"])
    assert "pip install" in str(problem.value.remedy)


def test_nothing_is_loaded_before_the_first_text(tmp_path: Path) -> None:
    WordVectors(tmp_path / "nowhere")
