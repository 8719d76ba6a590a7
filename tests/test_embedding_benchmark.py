"""What integers cost is counted as it says, on a set whose passages one can tell by reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.evaluation.runner import load_set
from benchmarks.embedding import main, measure, table
from tests.index.making import FakeEmbedder

TOWNS = ("Arlen", "Brekke", "Corvane")


class Swapped(FakeEmbedder):
    """In integers it takes the second passage for the first."""

    def encode_passages(self, texts: Any) -> Any:
        vectors = self.encode(texts)
        return np.concatenate([vectors[1:2], vectors[:1], vectors[2:]])


@pytest.fixture
def a_set(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    for town in TOWNS:
        text = f"{town}\n\nThe mayor of {town} opened a bridge.\n"
        (tmp_path / "docs" / f"{town}.txt").write_text(text, "utf-8")
    lines = [
        {"id": town, "question": f"{town}: what did the mayor of {town} open in {town}?",
         "kind": "fact", "answerable": True, "answers": ["a bridge"],
         "gold": [{"doc": f"{town}.txt", "start": len(town) + 2, "end": len(town) + 20}]}
        for town in TOWNS
    ]  # fmt: skip
    lines.append(
        {"id": "none", "question": "Who?", "kind": "unanswerable", "answerable": False, "gold": []}
    )
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return tmp_path


def test_recall_is_counted_both_ways(a_set: Path) -> None:
    found = measure(load_set(a_set), Swapped())  # type: ignore[arg-type]
    assert (found["passages"], found["questions"]) == (3, 3)
    assert found["exact"] == {1: 1.0, 5: 1.0, 10: 1.0}
    assert found["integers"] == {1: pytest.approx(1 / 3), 5: 1.0, 10: 1.0}
    assert found["shared"] == 1.0
    assert found["cosine"][1] < 0.99
    assert (
        table({"towns": found})
        .splitlines()[-1]
        .startswith(
            "| towns | 3 | 3 | 0.333 for 1.000 | 1.000 for 1.000 | 1.000 for 1.000 | 1.000 | 0."
        )
    )


def test_the_packaged_model_finds_the_same(a_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(a_set)]) == 0
    assert "| 1.000 for 1.000 | 1.000 for 1.000 | 1.000 for 1.000 | 1.000 | 0.99" in (
        capsys.readouterr().out
    )


def test_a_folder_that_is_no_set_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "questions.jsonl" in capsys.readouterr().err
