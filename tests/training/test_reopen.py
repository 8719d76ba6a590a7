"""The reader that ships, opened again to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from assistant.cross_encoder import MODEL, PackagedReader, Sentence, text_a, text_b
from training import reopen

onnx = pytest.importorskip("onnx")


def test_it_reads_as_the_packed_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from training.train_cross_encoder import Reader, encode, load, load_span, padded

    argv = ["reopen.py", "--packed", str(MODEL), "--write", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", argv)
    reopen.main()
    tokenizer, classifier = load(tmp_path / "model")
    model = Reader(classifier, load_span(tmp_path / "model"))
    model.eval()
    question = "What does the US expect from Europe?"
    sentences = [
        Sentence("The US expects Europe to pay more for its defence.", "Summit", "They met."),
        Sentence("Europe wants the US to keep its troops.", "Summit", ""),
        Sentence("Rain is expected.", "", "It was cold."),
    ]
    rows = encode(
        tokenizer, [(text_a(question), text_b(s.text, s.title, s.before)) for s in sentences]
    )
    with torch.no_grad():
        scores = model(**padded(rows))[0].numpy()
    packed = [reading.score for reading in PackagedReader(MODEL).read(question, sentences)]
    # Its activations are rounded, too.
    assert np.abs(scores - packed).max() < 0.4
    assert scores.max() - scores.min() > 5


def test_what_is_no_reader_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["reopen.py", "--packed", str(tmp_path), "--write", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit):
        reopen.main()
    assert f"there is no reader.onnx in {tmp_path}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
