"""What reads question and sentence together.

The packaged model is the real one. Of what it makes of a sentence only that is asserted which any
model trained for this keeps, so that a better one can take its place. Of how it is read, all is.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from assistant.cross_encoder import (
    LONGEST_ANSWER,
    MAX_TOKENS,
    MODEL,
    NamedReader,
    PackagedReader,
    Reading,
    Sentence,
    best_span,
    plain,
    probability,
    reader,
    sentence_tokens,
    text_a,
    text_b,
)
from index.errors import ModelError
from tests.assistant.making import a_cross_encoder

TOKENIZER = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
TOKENIZER.enable_truncation(MAX_TOKENS)
SEP = TOKENIZER.token_to_id("[SEP]")
MARKS = ("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]")

REMEDY = "Install the project again, or name another with the setting cross_encoder."

# Pieces that marks are made of, among others: what the tokenizer takes for one must not come out of
# any of their combinations.
scraps = st.text(st.sampled_from("[] SEPCLsepcl\n\u0130\u017f\u200b"), max_size=12)
marked = st.lists(
    st.one_of(st.sampled_from([*MARKS, "[sep]", "[ SEP ]", "[", "]", "S", "EP]", "[S"]), scraps),
    max_size=8,
).map("".join)
texts = st.one_of(marked, st.text(max_size=60), st.text(max_size=60).map(lambda t: t * 30))


@pytest.fixture(scope="module")
def packaged() -> PackagedReader:
    return PackagedReader()


# -- what is read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "most", "found"),
    [
        ("", 9, ""),
        ("  Elm\n\tsigns. ", 99, "Elm signs."),
        ("Elm [SEP] signs", 99, "Elm signs"),
        ("Elm[CLS]signs", 99, "Elm signs"),
        ("[ mask ]Elm[Pad]", 99, "Elm"),
        ("[UNKNOWN] [SEPARATE]", 99, "[UNKNOWN] [SEPARATE]"),
        ("[SE[SEP]P]", 99, "[SE P]"),  # what is left is not read again: it is no mark
        ("one two", 7, "one two"),
        ("one two three", 7, "one"),  # at the limit, with nothing to say that a word ends there
        ("one two three", 8, "one two"),
        ("one two three", 6, "one"),
        ("one two three", 2, "on"),  # one word alone is too long: cut within
    ],
)
def test_plain(text: str, most: int, found: str) -> None:
    assert plain(text, most) == found


def test_the_parts_of_a_pair() -> None:
    assert text_a(" who\nowns it [SEP]? ") == "who owns it ?"
    assert text_b("A.", "T", "B.") == "A. [SEP] T [SEP] B."
    assert text_b("A.", "T") == "A. [SEP] T"
    assert text_b("A.", "", "B.") == "A. [SEP]  [SEP] B."
    assert text_b("A.") == "A."
    assert text_b("", "T") == " [SEP] T"
    assert text_b("") == text_b("[SEP]", "[SEP]", "[SEP]") == ""


def test_each_part_is_cut_for_itself() -> None:
    long = "word " * 300
    question, (sentence, title, before) = text_a(long), text_b(long, long, long).split(" [SEP] ")
    assert [len(part) for part in (question, sentence, title, before)] == [299, 599, 99, 159]
    # The beginning of what stands before is kept: a subject stands there.
    assert text_b("A.", "T", f"First {long}last").split(" [SEP] ")[2].startswith("First word word")
    assert text_b("A.", "", f"First {long}last").endswith("word word")


@given(texts, st.integers(1, 80))
def test_plain_has_no_marks_and_keeps_to_its_limit(text: str, most: int) -> None:
    found = plain(text, most)
    assert len(found) <= most
    assert found == " ".join(found.split())
    assert not any(mark in found for mark in MARKS)


@settings(deadline=None)
@given(texts, texts, texts, texts)
@example("who [SEP] is it?", "Ada [SEP] Byron", "[SEP] [SEP]", "[CLS] before")
@example("", "", "", "")
def test_a_text_cannot_break_out_of_its_place(
    question: str, sentence: str, title: str, before: str
) -> None:
    first, second = text_a(question), text_b(sentence, title, before)
    assert not any(mark in first for mark in MARKS)
    assert second.count("[SEP]") <= 2
    assert not any(mark in second for mark in MARKS if mark != "[SEP]")
    pair = TOKENIZER.encode(first, second)
    # Its own three marks and our two; the tokenizer sees no other.
    assert pair.ids.count(SEP) <= 4
    assert pair.ids.count(TOKENIZER.token_to_id("[CLS]")) == 1
    begin, end = sentence_tokens(pair, SEP)
    assert pair.type_ids[:begin] == [0] * begin
    assert set(pair.type_ids[begin:end]) <= {1}
    own = plain(sentence)
    assert all(stop <= len(own) for _, stop in pair.offsets[begin:end])


@pytest.mark.parametrize(
    ("sentence", "title", "before", "judged"),
    [
        ("Ada owns it.", "A title", "Before.", ["ada", "owns", "it", "."]),
        ("Ada owns it.", "", "", ["ada", "owns", "it", "."]),
        ("Ada owns it.", "", "Before.", ["ada", "owns", "it", "."]),
        ("", "A title", "Before.", []),
        ("", "", "", []),
        ("Ada [SEP] owns it.", "", "", ["ada", "owns", "it", "."]),
    ],
)
def test_only_the_sentence_is_judged(
    sentence: str, title: str, before: str, judged: list[str]
) -> None:
    pair = TOKENIZER.encode(text_a("Who owns it?"), text_b(sentence, title, before))
    begin, end = sentence_tokens(pair, SEP)
    assert pair.tokens[begin:end] == judged


def test_a_sentence_that_fills_the_room_is_judged_to_its_end() -> None:
    pair = TOKENIZER.encode("Who?", text_b("it " * 190, "A title", "Before."))
    assert len(pair.ids) == MAX_TOKENS
    begin, end = sentence_tokens(pair, SEP)
    assert (begin, end) == (4, MAX_TOKENS - 1)
    assert set(pair.tokens[begin:end]) == {"it"}


# -- the words of an answer ------------------------------------------------------------------------

logit = st.integers(-8, 8).map(float)


@given(st.lists(st.tuples(logit, logit), max_size=9), st.integers(1, 10))
def test_the_best_span_is_the_best_of_all(rows: list[tuple[float, float]], longest: int) -> None:
    logits = np.array(rows, dtype=np.float32).reshape(-1, 2)
    spans = [
        (first, last)
        for first in range(len(rows))
        for last in range(first, min(len(rows), first + longest))
    ]
    odds, first, last = best_span(logits, longest)
    if not rows:
        assert (odds, first, last) == (0.0, 0, -1)
        return
    sums = {(a, b): rows[a][0] + rows[b][1] for a, b in spans}
    assert odds == max(sums.values())
    # Of equal ones the first.
    assert (first, last) == min(span for span in spans if sums[span] == odds)


def test_no_span_is_longer_than_an_answer() -> None:
    logits = np.zeros((LONGEST_ANSWER + 1, 2), dtype=np.float32)
    logits[0, 0] = logits[-1, 1] = 1.0
    odds, first, last = best_span(logits)
    assert odds == 1.0
    assert last - first < LONGEST_ANSWER
    odds, first, last = best_span(logits[1:])
    assert (odds, last) == (1.0, LONGEST_ANSWER - 1)


@pytest.mark.parametrize(
    ("odds", "chance"),
    [(0.0, 0.5), (math.log(3), 0.75), (-math.log(3), 0.25), (1e9, 1.0), (-1e9, 0.0)],
)
def test_the_probability_of_log_odds(odds: float, chance: float) -> None:
    assert probability(odds) == pytest.approx(chance, abs=1e-15)
    assert 0 <= probability(odds) <= 1


# -- the packaged model ----------------------------------------------------------------------------


def test_the_shipped_file_is_what_its_users_expect() -> None:
    import onnxruntime

    file = MODEL / "reader.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        (name, "tensor(int64)", ["texts", "tokens"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    assert [(o.name, o.type, o.shape) for o in session.get_outputs()] == [
        ("score", "tensor(float)", ["texts"]),
        ("span", "tensor(float)", ["texts", "tokens", 2]),
    ]
    # Twelve layers of eight-bit weights; as float32 it would have 133 MB.
    assert 20_000_000 < file.stat().st_size < 36_000_000
    names = sorted(path.name for path in MODEL.iterdir())
    assert names == ["NOTICE", "reader.onnx", "tokenizer.json"]


def test_the_shipped_tokenizer_neither_cuts_nor_pads() -> None:
    """Both are the reader's business: training's settings must not come along."""
    kept = json.loads((MODEL / "tokenizer.json").read_text("utf-8"))
    assert (kept["truncation"], kept["padding"]) == (None, None)
    assert [TOKENIZER.token_to_id(mark) for mark in MARKS] == [101, 102, 0, 100, 103]


FILLERS = (
    "The weather was fine on the coast.",
    "Nobody knows why.",
    "A spokesman for the company would not comment.",
    "Bread is baked in the old town.",
)
ANSWERED = [
    ("Who owns the trawler?", "The trawler belongs to Ada Byron.", "Ada Byron"),
    ("When did the ship sail?", "The ship sailed on 3 May 1931.", "3 May 1931"),
    ("How much did the bridge cost?", "The bridge cost 40 million euros.", "40 million euros"),
    ("Where was the treaty signed?", "The treaty was signed in Oslo.", "Oslo"),
    ("How many people lost their jobs?", "About 300 people lost their jobs at the mill.", "300"),
]


@pytest.mark.parametrize(("question", "sentence", "words"), ANSWERED)
def test_what_answers_beats_what_does_not(
    packaged: PackagedReader, question: str, sentence: str, words: str
) -> None:
    others = [other for _, other, _ in ANSWERED if other != sentence]
    # In the middle: no order of the sentences would give it the first place.
    asked = [*others, sentence, *FILLERS]
    readings = packaged.read(question, [Sentence(text) for text in asked])
    right = readings.pop(len(others))
    assert right.score > max(reading.score for reading in readings) + 1.0
    assert right.span > max(reading.span for reading in readings) + 1.0
    assert words in right.answer
    # "Nothing does" has log odds of 0.
    assert right.score > 0
    assert np.median([reading.score for reading in readings]) < 0


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [("The trawler belongs to Ada Byron.", None), ("it " * 190 + "is hers", MAX_TOKENS)],
)
def test_a_reading_is_what_the_model_makes_of_both_texts(
    packaged: PackagedReader, sentence: str, tokens: int | None
) -> None:
    import onnxruntime

    question, text = "Who owns the trawler?", f"{sentence} [SEP] Report"
    pair = TOKENIZER.encode(question, text)
    assert tokens in (None, len(pair.ids))
    first = pair.tokens.index("[SEP]") + 1
    types = [0] * first + [1] * (len(pair.ids) - first)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(MODEL / "reader.onnx"), options)

    def run(types: list[int]) -> tuple[float, Any]:
        inputs = {
            "input_ids": pair.ids,
            "attention_mask": [1] * len(types),
            "token_type_ids": types,
        }
        score, span = session.run(["score", "span"], {k: np.array([v]) for k, v in inputs.items()})
        return float(score[0]), span[0, first : pair.tokens.index("[SEP]", first)]

    score, logits = run(types)
    (reading,) = packaged.read(question, [Sentence(sentence, "Report")])
    assert reading.score == pytest.approx(score, abs=1e-4)
    assert reading.span == pytest.approx(best_span(logits)[0], abs=1e-4)
    begin, end = (first + place for place in best_span(logits)[1:])
    assert reading.answer == text[pair.offsets[begin][0] : pair.offsets[end][1]]
    # Which text is which does matter.
    assert abs(run([0] * len(types))[0] - score) > 0.01


MIXED = [
    Sentence("Ada Byron owns the trawler."),
    Sentence("She owns it.", "Ada Byron, owner of trawlers", "Ada Byron went to sea."),
    Sentence("The trawler was painted blue in May. " * 12, "Report", "Before. " * 40),
    Sentence(""),
    Sentence("", "A title", ""),
    Sentence("Fog."),
    Sentence("Ada [SEP] Byron [CLS] owns [MASK] it.", "[SEP]", "[PAD]"),
    Sentence("🦊 “naïve” ﬁsh—Ⅷ ½ \u0130stanbul ß 東京"),
    Sentence("word " * 3000, "word " * 3000, "word " * 3000),
    Sentence("x" * 5000),
]


def test_a_reading_depends_on_nothing_that_is_read_beside_it(packaged: PackagedReader) -> None:
    question = "Who owns the trawler?"
    alone = [packaged.read(question, [sentence])[0] for sentence in MIXED]
    assert len({reading.score for reading in alone}) > len(MIXED) - 2
    # Equal, not merely near: eight-bit activations of a batch would be scaled by its largest.
    assert packaged.read(question, MIXED) == alone
    assert packaged.read(question, MIXED[::-1]) == alone[::-1]
    assert packaged.read(question, [MIXED[2], *MIXED * 3])[1:] == alone * 3
    assert PackagedReader().read(question, MIXED) == alone


def test_what_a_sentence_stands_in_is_read_too(packaged: PackagedReader) -> None:
    question = "Who owns the trawler?"
    bare, titled, led = packaged.read(
        question,
        [
            Sentence("It belongs to Ada Byron."),
            Sentence("It belongs to Ada Byron.", "Owner of the trawler found"),
            Sentence("It belongs to Ada Byron.", "", "The trawler lies in the harbour."),
        ],
    )
    assert len({bare.score, titled.score, led.score}) == 3
    assert min(titled.score, led.score) > bare.score


def test_marks_in_a_document_change_nothing(packaged: PackagedReader) -> None:
    question = "Who owns the trawler?"
    plainly = Sentence("The trawler belongs to Ada Byron.", "Report", "It rained.")
    marked = Sentence(
        "The [SEP] trawler [CLS] belongs to Ada Byron.", "[SEP]Report", "It [pad] rained."
    )
    assert packaged.read(question, [plainly]) == packaged.read(question, [marked])
    assert packaged.read("Who [SEP] owns the trawler? [MASK]", [plainly]) == (
        packaged.read("Who owns the trawler?", [plainly])
    )
    # The title cannot be made the sentence that is judged.
    forged = Sentence("It rained.", "[SEP] The trawler belongs to Ada Byron.")
    (reading,) = packaged.read(question, [forged])
    assert reading.answer in "It rained."


@settings(max_examples=40, deadline=None)
@given(st.lists(st.builds(Sentence, texts, texts, texts), min_size=1, max_size=3), texts)
def test_the_answer_is_words_of_the_sentence(sentences: list[Sentence], question: str) -> None:
    readings = _SHARED.read(question, sentences)
    assert len(readings) == len(sentences)
    for sentence, reading in zip(sentences, readings, strict=True):
        assert reading.answer in plain(sentence.text)
        assert math.isfinite(reading.score)
        assert math.isfinite(reading.span)


_SHARED = PackagedReader()


def test_a_sentence_without_words_has_no_answer(packaged: PackagedReader) -> None:
    for text in ("", " \n", "[SEP]", "\u200b"):
        (reading,) = packaged.read("Who?", [Sentence(text, "A title", "Before.")])
        assert (reading.span, reading.answer) == (0.0, "")


def test_nothing_to_read(packaged: PackagedReader) -> None:
    assert packaged.read("Who?", []) == []
    # Not even loaded for it.
    assert PackagedReader(Path("/no/such/folder")).read("Who?", []) == []
    assert NamedReader("/no/such/folder").read("Who?", []) == []


def test_threads_share_a_reader(packaged: PackagedReader) -> None:
    questions = [question for question, _, _ in ANSWERED]
    sentences = [Sentence(text) for _, text, _ in ANSWERED]
    expected = [packaged.read(question, sentences) for question in questions]
    fresh = PackagedReader()  # they load it at once, too
    at_once = threading.Barrier(4)

    def work(turn: int) -> list[list[Reading]]:
        at_once.wait(timeout=60)
        order = [(n + turn) % len(questions) for n in range(len(questions))]
        found = {n: fresh.read(questions[n], sentences) for n in order}
        return [found[n] for n in range(len(questions))]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [expected] * 4


# -- a packaged model that is not right ------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "mine"))


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        PackagedReader(folder).read("Who?", [Sentence("Ada.")])
    assert caught.value.message.startswith(f"The evidence model in {folder} can't be loaded: ")
    assert caught.value.remedy == REMEDY
    return caught.value.message


def test_a_copy_reads_as_the_packaged(packaged: PackagedReader, copied: Path) -> None:
    assert PackagedReader(copied).read("Who?", MIXED) == packaged.read("Who?", MIXED)


@pytest.mark.parametrize("name", ["reader.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
def test_a_damaged_model_is_refused(copied: Path, name: str, damage: str) -> None:
    file = copied / name
    content = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes({"empty": b"", "cut": content[:300_000], "other": b"{}"}[damage])
    refused(copied)


def test_no_such_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none")


def test_a_model_of_another_kind_is_refused(copied: Path) -> None:
    from onnxruntime.datasets import get_example

    shutil.copy(get_example("sigmoid.onnx"), copied / "reader.onnx")
    assert refused(copied).endswith("it is none that training/export.py has made.")


def test_a_tokenizer_of_another_kind_is_refused(copied: Path) -> None:
    kept = json.loads((copied / "tokenizer.json").read_text("utf-8"))
    kept["model"]["vocab"].pop("[SEP]")
    kept["added_tokens"] = [t for t in kept["added_tokens"] if t["content"] != "[SEP]"]
    kept["post_processor"] = None
    (copied / "tokenizer.json").write_text(json.dumps(kept), "utf-8")
    assert refused(copied).endswith("it is none that training/export.py has made.")


def test_a_model_that_was_refused_is_read_once_it_is_mended(copied: Path) -> None:
    (copied / "tokenizer.json").rename(copied / "away")
    mended = PackagedReader(copied)
    with pytest.raises(ModelError):
        mended.read("Who?", MIXED)
    (copied / "away").rename(copied / "tokenizer.json")
    assert len(mended.read("Who?", MIXED)) == len(MIXED)


# -- any other cross-encoder -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_cross_encoder(tmp_path_factory.mktemp("small") / "cross-encoder")


def test_a_named_cross_encoder_gives_its_own_logits(small: Path) -> None:
    import torch
    from sentence_transformers import CrossEncoder

    question = "Who owns [SEP] the trawler?"
    readings = NamedReader(str(small)).read(question, MIXED)
    own = CrossEncoder(str(small), device="cpu", activation_fn=torch.nn.Identity())
    pairs = [("Who owns the trawler?", text_b(s.text, s.title, s.before)) for s in MIXED]
    expected = [float(own.predict([pair], show_progress_bar=False)[0]) for pair in pairs]
    assert [reading.score for reading in readings] == pytest.approx(expected, abs=1e-4)
    assert max(expected) - min(expected) > 0.5
    # Logits, not what a sigmoid makes of them.
    assert min(expected) < 0 or max(expected) > 1
    # Of words it says nothing.
    assert {(reading.span, reading.answer) for reading in readings} == {(0.0, "")}


def test_threads_share_a_named_reader(small: Path) -> None:
    questions = [question for question, _, _ in ANSWERED] * 2
    shared = NamedReader(str(small))
    alone = NamedReader(str(small))
    expected = [[r.score for r in alone.read(question, MIXED)] for question in questions]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda question: shared.read(question, MIXED), questions))
    # Torch adds up in another order with another number of threads: the last bits differ.
    for readings, scores in zip(found, expected, strict=True):
        assert [reading.score for reading in readings] == pytest.approx(scores, abs=1e-4)
    firsts = sorted(scores[0] for scores in expected[: len(ANSWERED)])
    assert min(b - a for a, b in pairwise(firsts)) > 2e-4


def test_a_home_folder_may_be_named(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(small.parent))
    named = reader("~/cross-encoder")
    assert isinstance(named, NamedReader)
    expected = [reading.score for reading in NamedReader(str(small)).read("Who?", MIXED)]
    found = [reading.score for reading in named.read("Who?", MIXED)]
    assert found == pytest.approx(expected, abs=1e-4)


NAMED_REMEDY = (
    'Name the folder of a cross-encoder with one output, or "none", or leave the setting '
    "cross_encoder out to use the packaged one."
)


@pytest.mark.parametrize("outputs", [2, 3])
def test_more_outputs_than_one_are_refused(tmp_path: Path, outputs: int) -> None:
    folder = a_cross_encoder(tmp_path / "many", outputs)
    named = NamedReader(str(folder))
    for _ in range(2):  # the second time as well: it was not kept
        with pytest.raises(ModelError) as caught:
            named.read("Who?", MIXED)
        assert caught.value.message == (
            f"The cross-encoder {str(folder)!r} can't be loaded: it has {outputs} outputs, not one."
        )
        assert caught.value.remedy == NAMED_REMEDY


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        NamedReader(str(tmp_path)).read("Who?", MIXED)
    assert caught.value.message.startswith(f"The cross-encoder {str(tmp_path)!r} can't be loaded: ")
    assert caught.value.remedy == NAMED_REMEDY


def test_a_name_that_is_not_there_is_refused_offline(tmp_path: Path) -> None:
    code = """
from assistant.cross_encoder import Sentence, reader
from index.errors import ModelError
from tests.assistant.making import a_cross_encoder
try:
    reader("no-such/cross-encoder").read("Who?", [Sentence("Ada.")])
except ModelError as problem:
    print(problem.message.partition(": ")[0])
    print(problem.remedy)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "The cross-encoder 'no-such/cross-encoder' can't be loaded",
        NAMED_REMEDY,
    ]
    assert "Traceback" not in done.stderr


# -- which one -------------------------------------------------------------------------------------


def test_the_reader_that_a_setting_names(copied: Path, tmp_path: Path) -> None:
    assert reader("none") is None
    assert type(reader(None)) is PackagedReader
    assert type(reader(str(copied))) is PackagedReader
    assert type(reader(str(tmp_path))) is NamedReader
    assert type(reader("someone/some-model")) is NamedReader
    # The folder named is the one that is read.
    (copied / "reader.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=f"The evidence model in {copied} can't be loaded"):
        found: Any = reader(str(copied))
        found.read("Who?", MIXED)
