"""The training loop: its losses against sums by hand, its threads and its checkpoints on a model so
small that a step takes milliseconds."""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training import train_cross_encoder as train
from training.average import average

# -- losses ----------------------------------------------------------------------------------------


def test_the_loss_compares_with_none_of_them() -> None:
    scores = torch.tensor([2.0, 0.0, -1.0])
    expected = math.log(math.exp(2) + 2) - 2
    assert float(train.listwise(scores[:2], [2], [1])) == pytest.approx(expected)
    # Without an answer, lower scores are better.
    low, high = (float(train.listwise(s, [1], [0])) for s in (scores[2:], scores[:1]))
    assert low < high


logit = st.floats(-6, 6, width=32)
groups = st.lists(
    st.lists(logit, min_size=1, max_size=5).flatmap(
        lambda scores: st.tuples(st.just(scores), st.integers(0, len(scores)))
    ),
    min_size=1,
    max_size=4,
)


@given(groups)
def test_the_loss_of_sentences_by_hand(made: list[tuple[list[float], int]]) -> None:
    losses = []
    for scores, positives in made:
        chances = [math.exp(score) for score in (*scores, 0.0)]
        right = sum(chances[:positives]) if positives else chances[-1]
        losses.append(-math.log(right / sum(chances)))
    found = train.listwise(
        torch.tensor([score for scores, _ in made for score in scores]),
        [len(scores) for scores, _ in made],
        [positives for _, positives in made],
    )
    assert float(found) == pytest.approx(sum(losses) / len(losses), rel=1e-4, abs=1e-5)


@st.composite
def read_groups(draw: st.DrawFn) -> list[tuple[list[list[tuple[float, float]]], Any]]:
    """For each group: the logits of its sentences' tokens, and where the answer stands."""
    made = []
    for _ in range(draw(st.integers(1, 3))):
        sentences = draw(
            st.lists(
                st.lists(st.tuples(logit, logit), min_size=1, max_size=4), min_size=1, max_size=3
            )
        )
        places = st.integers(0, len(sentences[0]) - 1)
        spans = st.tuples(places, places).map(lambda span: (min(span), max(span)))
        made.append((sentences, draw(st.none() | st.lists(spans, max_size=3))))
    return made


@given(read_groups())
def test_the_reader_s_loss_by_hand(made: list[tuple[list[list[tuple[float, float]]], Any]]) -> None:
    losses = []
    for sentences, gold in made:
        if gold is None:
            continue  # nobody knows where the answer is: it teaches nothing
        tokens = [token for sentence in sentences for token in sentence]
        parts = []
        for end in (0, 1):
            total = sum(math.exp(token[end]) for token in tokens) + 1.0
            # A place counts once, however many answers begin there.
            right = sum(math.exp(tokens[n][end]) for n in {span[end] for span in gold})
            parts.append(-math.log((right if gold else 1.0) / total))
        losses.append(sum(parts) / 2)
    tokens = [token for sentences, _ in made for sentence in sentences for token in sentence]
    found = train.reading(
        torch.tensor(tokens),
        [len(sentences) for sentences, _ in made],
        [len(sentence) for sentences, _ in made for sentence in sentences],
        [gold for _, gold in made],
    )
    expected = sum(losses) / len(losses) if losses else 0.0
    assert float(found) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_a_group_whose_answer_is_not_known_has_no_slope() -> None:
    tokens = torch.randn(5, 2, requires_grad=True)
    train.reading(tokens, [1, 1], [2, 3], [None, [(0, 1)]]).backward()
    assert tokens.grad is not None
    assert (tokens.grad[:2] == 0).all()
    assert (tokens.grad[2:] != 0).any()


teachings = st.lists(
    st.lists(st.tuples(logit, logit), min_size=1, max_size=5).flatmap(
        lambda pairs: st.tuples(st.just(pairs), st.booleans())
    ),
    min_size=1,
    max_size=4,
)


@given(teachings)
def test_the_teacher_s_part_by_hand(made: list[tuple[list[tuple[float, float]], bool]]) -> None:
    def soft(values: list[float]) -> list[float]:
        chances = [math.exp(value / train.TEMPERATURE) for value in values]
        return [chance / sum(chances) for chance in chances]

    total = 0.0
    for pairs, taught in made:
        own, teacher = soft([a for a, _ in pairs]), soft([b for _, b in pairs])
        if taught:
            total += sum(t * math.log(t / o) for t, o in zip(teacher, own, strict=True))
    found = train.following(
        torch.tensor([a for pairs, _ in made for a, _ in pairs]),
        [len(pairs) for pairs, _ in made],
        [torch.tensor([b for _, b in pairs]) if taught else None for pairs, taught in made],
    )
    expected = total * train.TEMPERATURE**2 / len(made)
    assert float(found) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_teacher_is_believed_where_it_puts_a_right_one_first(tmp_path: Path) -> None:
    groups = [
        {"q": "a", "pos": [["right"]], "neg": [["wrong"], ["worse"]]},
        {"q": "b", "pos": [["right"]], "neg": [["wrong"]]},
        {"q": "c", "pos": [["right"], ["too"]], "neg": [["wrong"]]},
    ]
    file = tmp_path / "soft.jsonl"
    assert train.teachers_of(file, groups) == [None, None, None]
    rows = [
        {"group": 2, "scores": [-3.0, 1.5, 0.5]},
        {"group": 1, "scores": [1.0, 2.0]},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second, third = train.teachers_of(file, groups)
    assert (first, second) == (None, None)
    assert third is not None
    assert third.tolist() == [-3.0, 1.5, 0.5]
    file.write_text(json.dumps({"group": 0, "scores": [1.0, 2.0]}) + "\n")
    with pytest.raises(ValueError, match="of other groups"):
        train.teachers_of(file, groups)


# -- texts -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(train.packaged())


def test_pairs_as_tokens(tokenizer: Any) -> None:
    sentence = "Ada Byron founded Arlen."
    ((ids, first, last, places),) = train.encode(
        tokenizer, [("Who founded Arlen?", f"{sentence} [SEP] Title [SEP] Before.")]
    )
    assert tokenizer.decode(ids[:first]) == "[CLS] who founded arlen? [SEP]"
    assert tokenizer.decode(ids[first:last]) == "ada byron founded arlen."
    assert tokenizer.decode(ids[last:]) == "[SEP] title [SEP] before. [SEP]"
    words = [sentence[start:end] for start, end in places]
    assert words[:2] == ["Ada", "Byron"]
    assert words[-1] == "."
    assert len(words) == last - first
    padded = train.padded([(ids, first, last, places), (ids[:9], first, 9, places)])
    assert padded["input_ids"].shape == (2, len(ids))
    assert padded["attention_mask"].sum(1).tolist() == [len(ids), 9]
    assert padded["token_type_ids"][0].tolist() == [0] * first + [1] * (len(ids) - first)
    assert padded["input_ids"][1, 9:].tolist() == [0] * (len(ids) - 9)


def test_a_long_pair_is_cut_and_judged_to_its_end(tokenizer: Any) -> None:
    ((ids, first, last, places),) = train.encode(tokenizer, [("Who?", "it " * 300 + "[SEP] Title")])
    assert (len(ids), first, last) == (train.MAX_TOKENS, 4, train.MAX_TOKENS - 1)
    assert len(places) == last - first


@pytest.mark.parametrize(
    ("sentence", "answers", "found"),
    [
        ("Ada Byron founded Arlen.", ["Ada Byron"], ["ada byron"]),
        ("Ada Byron founded Arlen.", ["Arlen", "Ada"], ["ada", "arlen"]),
        # Two answers at one place are one.
        ("Ada Byron founded Arlen.", ["Arlen", "Arlen"], ["arlen"]),
        # Part of a word is that word's tokens; a word may have several.
        ("She antagonised them.", ["antagonised"], ["antagonised"]),
        ("It rose 52,000-fold.", ["52,000"], ["52, 000"]),
        ("The port (of Arlen) grew.", ["of Arlen"], ["of arlen"]),
        # Not there, there twice, nothing, in another case.
        ("Ada Byron founded Arlen.", ["Borvik"], []),
        ("Ada met Ada.", ["Ada"], []),
        ("Ada met Bo.", ["", "ada"], []),
        ("Ada met Ada Byron.", ["Ada", "Ada Byron"], ["ada byron"]),
    ],
)
def test_where_an_answer_stands(
    tokenizer: Any, sentence: str, answers: list[str], found: list[str]
) -> None:
    (row,) = train.encode(tokenizer, [("Who founded it?", f"{sentence} [SEP] Ada Byron, Arlen")])
    spans = train.answer_tokens(row, sentence, answers)
    assert spans == sorted(spans)
    ids, begin = row[0], row[1]
    assert [tokenizer.decode(ids[begin + a : begin + b + 1]) for a, b in spans] == found


def test_an_answer_that_was_cut_off_stands_nowhere(tokenizer: Any) -> None:
    sentence = "it " * 200 + "was Ada."
    (row,) = train.encode(tokenizer, [("Who?", sentence)])
    assert train.answer_tokens(row, sentence, ["Ada"]) == []


@pytest.mark.parametrize("seed", range(60))
def test_a_slip_is_in_one_long_word_after_its_first_letter(seed: int) -> None:
    question = "Who founded the old harbour of Arlen-on-Sea in 1912?"
    words = question.split(" ")
    slipped = train.slip(question, random.Random(seed)).split(" ")
    assert len(slipped) == len(words)
    changed = [n for n in range(len(words)) if words[n] != slipped[n]]
    (n,) = changed
    word, found = words[n], slipped[n]
    assert word in ("founded", "harbour")
    assert found[0] == word[0]
    dropped = {word[:k] + word[k + 1 :] for k in range(1, len(word))}
    doubled = {word[:k] + word[k - 1 :] for k in range(1, len(word))}
    swapped = {word[:k] + word[k + 1] + word[k] + word[k + 2 :] for k in range(1, len(word) - 1)}
    assert found in dropped | doubled | swapped


def test_slips_are_of_three_kinds_and_need_a_long_word() -> None:
    lengths = {len(train.slip("harbour", random.Random(seed))) for seed in range(60)}
    assert lengths == {6, 7, 8}
    for question in ("", "Who is it?", "Is 123456 right-handed?"):
        assert train.slip(question, random.Random(0)) == question


def test_numbers_are_masked_wherever_they_stand() -> None:
    group = {
        "q": "Who paid 1,200 crowns in 1912?",
        "pos": [["Ash paid 1,200 crowns.", "Arlen in 1912", "It rained for 3.5 hours."]],
        "neg": [["U2 and B12 stay.", "", ""]],
        "source": "squad",
        "answers": ["Ash", "1,200 crowns"],
    }
    assert train.masked(group) == {
        "q": "Who paid <num> crowns in <num>?",
        "pos": [["Ash paid <num> crowns.", "Arlen in <num>", "It rained for <num> hours."]],
        "neg": [["U2 and B12 stay.", "", ""]],
        "source": "squad",
        "answers": ["Ash", "<num> crowns"],
    }


def test_some_groups_are_masked_and_none_whose_number_was_changed() -> None:
    groups = [
        {"q": f"Who paid {n}?", "pos": [], "neg": [["Ash.", "", ""]], "source": s, "answers": []}
        for n, s in enumerate(["squad", "squad-number", "wiki-none-number"] * 1000)
    ]
    found = train.some_masked(groups, random.Random(1))
    changed = [new["source"] for new, old in zip(found, groups, strict=True) if new != old]
    assert set(changed) == {"squad"}
    assert 30 <= len(changed) <= 70  # of 1,000, a twentieth
    assert found == train.some_masked(groups, random.Random(1))


# -- a step ----------------------------------------------------------------------------------------


def test_small_batches_hold_everything_once_within_their_tokens() -> None:
    lengths = [5, 40, 7, 90, 7]
    batches = train.small_batches(lengths, 60)
    assert sorted(n for batch in batches for n in batch) == list(range(5))
    assert all(len(b) == 1 or len(b) * max(lengths[n] for n in b) <= 60 for b in batches)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    assert train.rate(0) == 0
    assert train.rate(train.WARM_UP) == 1
    assert train.rate(0.5) > train.rate(0.9) > train.rate(1) == 0
    assert train.rate(1.2) == 0


def test_a_pass_has_every_group_once_and_the_first_is_the_files() -> None:
    assert train.order_of(0, 5) == [0, 1, 2, 3, 4]
    assert sorted(train.order_of(1, 50)) == list(range(50))
    assert train.order_of(1, 50) == train.order_of(1, 50) != train.order_of(2, 50)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with one layer, whose weights are drawn by lot, and the packaged tokenizer."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("tiny") / "model"
    tokenizer = AutoTokenizer.from_pretrained(train.packaged())
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=train.MAX_TOKENS,
        num_labels=1,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        BertForSequenceClassification(config).save_pretrained(folder)
    return folder


GROUPS: list[dict[str, Any]] = [
    {
        "q": f"Who founded harbour {n}?",
        "pos": [[f"Ada Byron founded harbour {n} long ago.", "Harbours", ""]] if n % 3 else [],
        "neg": [
            [f"Nobody knows harbour {n}{' at all' * (n % 5)}.", "Harbours", "It rained."],
            ["Fog came.", "", ""],
        ],
        "source": "t",
        "answers": ["Ada Byron"] if n % 3 == 1 else [],
    }
    for n in range(12)
]


def a_reader(folder: Path) -> tuple[Any, train.Reader]:
    tokenizer, bare = train.load(folder)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return tokenizer, train.Reader(bare)


def loss_of(rows: list[train.Encoded]) -> train.Loss:
    """Both losses of the groups, as the loop adds them."""
    sizes = [len(g["pos"]) + len(g["neg"]) for g in GROUPS]
    positives = [len(g["pos"]) for g in GROUPS]
    golds = [[(0, 1)] if known else [] for known in positives]
    lengths = [row[2] - row[1] for row in rows]

    def loss(scores: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        return train.listwise(scores, sizes, positives) + 0.5 * train.reading(
            tokens, sizes, lengths, golds
        )

    return loss


def test_a_crew_learns_what_one_would(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So small that there are more batches than threads.
    monkeypatch.setattr(train.small_batches, "__defaults__", (60,))
    tokenizer, model = a_reader(tiny)
    rows = train.encode(tokenizer, train.group_texts(GROUPS))
    assert len(train.small_batches([len(row[0]) for row in rows])) > 6
    found = {}
    for workers in (1, 2):
        model.zero_grad(set_to_none=True)
        crew = train.Crew(model, workers, half=False)
        loss = crew.learn(rows, loss_of(rows))
        found[workers] = loss, [p.grad.clone() for p in model.parameters()]
        # The threads' own gradients are gone: the next step begins at nothing.
        assert [p.grad for one in crew.models for p in one.parameters() if p.grad is not None] == []
    assert found[1][0] == pytest.approx(found[2][0], abs=1e-6)

    # By plain torch: every pair by itself, one backward pass through all of them.
    model.zero_grad(set_to_none=True)
    each = [model(**train.padded([row])) for row in rows]
    scores = torch.cat([score for score, _ in each])
    tokens = torch.cat([t[0, row[1] : row[2]] for (_, t), row in zip(each, rows, strict=True)])
    loss = loss_of(rows)(scores, tokens)
    loss.backward()
    assert found[1][0] == pytest.approx(float(loss.detach()), abs=1e-5)
    for n, parameter in enumerate(model.parameters()):
        assert parameter.grad is not None
        for workers in (1, 2):
            torch.testing.assert_close(found[workers][1][n], parameter.grad, rtol=1e-4, atol=1e-6)
    assert max(float(p.grad.abs().max()) for p in model.parameters()) > 0.01


def test_a_crew_reads_in_the_order_of_the_pairs(tiny: Path) -> None:
    tokenizer, model = a_reader(tiny)
    rows = train.encode(tokenizer, train.group_texts(GROUPS))
    crew = train.Crew(model, 2, half=False)
    scores, tokens = crew.read(rows)
    with torch.no_grad():
        each = [model(**train.padded([row])) for row in rows]
    torch.testing.assert_close(scores, torch.cat([score for score, _ in each]))
    own = [t[0, row[1] : row[2]] for (_, t), row in zip(each, rows, strict=True)]
    torch.testing.assert_close(tokens, torch.cat(own))
    assert torch.equal(crew.scores(rows), scores)
    # Weights that were updated are taken over by every thread at once.
    with torch.no_grad():
        model.model.classifier.bias += 1.0
    assert torch.equal(crew.scores(rows), scores)
    crew.refresh()
    torch.testing.assert_close(crew.scores(rows), scores + 1.0)


def test_half_precision_changes_the_copies_alone(tiny: Path) -> None:
    tokenizer, model = a_reader(tiny)
    rows = train.encode(tokenizer, train.group_texts(GROUPS[:2]))
    crew = train.Crew(model, 2, half=True)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert {p.dtype for one in crew.models for p in one.parameters()} == {torch.bfloat16}
    crew.learn(rows, lambda scores, tokens: scores.sum() + tokens.sum())
    assert {p.grad.dtype for p in model.parameters() if p.grad is not None} == {torch.float32}


# -- a run -----------------------------------------------------------------------------------------


class NoWatch:
    """Measures nothing."""

    def figures(self, _: Any) -> dict[str, float]:
        return {"figure": 1.0}


def a_run(tiny: Path, work: Path, name: str, **values: Any) -> train.Run:
    args = {
        **train.DEFAULTS,
        "work": work,
        "run": name,
        "start": tiny,
        # The clock must have no say in the rate.
        "minutes": 1e9,
        # Six steps of four groups.
        "pairs": 6 * 4 * 8 // 3,
        "batch": 4,
        "watch": 30,
        "workers": 1,
        "reading": 0.5,
        "soft": 0.15,
        "fp32": True,
        **values,
    }
    return train.Run(argparse.Namespace(**args))


def state(run: train.Run) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in run.model.state_dict().items()}


@pytest.fixture(autouse=True)
def _dice_of_its_own() -> Iterator[None]:
    """A run seeds torch and takes one thread; other tests have theirs as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


def lines(run: train.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]


def stopped_after(run: train.Run, steps: int) -> None:
    """As a signal would: after the step that is going on."""
    refresh = run.crew.refresh

    def counted() -> None:
        refresh()
        run.stopping = run.step + 1 >= steps

    run.crew.refresh = counted  # type: ignore[method-assign]


def test_a_resumed_run_ends_as_one_that_was_never_stopped(tiny: Path, tmp_path: Path) -> None:
    whole = a_run(tiny, tmp_path, "whole")
    beginning = state(whole)
    whole.train(GROUPS, NoWatch())
    assert (whole.step, whole.pairs) == (6, 64)
    assert lines(whole)[-1]["event"] == "done"

    first = a_run(tiny, tmp_path, "parts")
    stopped_after(first, 2)
    first.train(GROUPS, NoWatch())
    assert first.step == 2
    assert lines(first)[-1] == {"event": "stopped", "step": 2, "pairs": first.pairs}
    assert not (first.folder / "model").exists()

    # Its schedule is the checkpoint's, not what --resume would have by default.
    second = a_run(tiny, tmp_path, "parts", **train.DEFAULTS)
    second.resume()
    assert (second.step, second.pairs, second.groups_seen) == (2, first.pairs, 8)
    assert (second.args.minutes, second.args.pairs) == (1e9, 64)
    second.train(GROUPS, NoWatch())
    assert second.step == 6

    end = state(whole)
    for name, value in state(second).items():
        assert torch.equal(value, end[name]), name
    changed = {name for name in end if not torch.equal(end[name], beginning[name])}
    halfway = state(first)
    assert [name for name in changed if "word_embeddings" in name] == []
    assert {"span.weight", "model.classifier.weight", "model.bert.pooler.dense.weight"} <= changed
    assert [name for name in changed if torch.equal(halfway[name], end[name])] == []
    for folder in (whole.folder, second.folder):
        assert (folder / "model" / "tokenizer.json").is_file()
        assert (folder / "span.pt").is_file()


def test_what_a_run_leaves_is_what_the_next_begins_with(tiny: Path, tmp_path: Path) -> None:
    run = a_run(tiny, tmp_path, "one")
    run.train(GROUPS, NoWatch())
    span = train.load_span(run.folder / "model")
    assert span is not None
    assert torch.equal(span.weight, run.model.span.weight)
    again = a_run(tiny, tmp_path, "two", start=run.folder / "model")
    for name, value in state(again).items():
        assert torch.equal(value, run.model.state_dict()[name]), name
    assert train.load_span(tiny) is None
    assert train.load_span(None) is None


def test_the_log_has_the_figures_and_the_pace(tiny: Path, tmp_path: Path) -> None:
    run = a_run(tiny, tmp_path, "log", pairs=1000, watch=100)
    stopped_after(run, 25)
    run.train(GROUPS, NoWatch())
    first, *measured, last = lines(run)
    texts = train.group_texts(GROUPS)
    assert (first["event"], first["pairs"]) == ("encoded", len(texts))
    assert first["tokens"] == sum(len(row[0]) for row in train.encode(run.tokenizer, texts))
    (pace,) = [line for line in measured if "loss" in line]
    assert (pace["step"], pace["pairs"]) == (25, run.pairs)
    assert math.isfinite(pace["loss"])
    figures = [line for line in measured if "figure" in line]
    assert [line["pairs"] // 100 for line in figures] == list(range(1, run.pairs // 100 + 1))
    assert last["event"] == "stopped"


def test_a_loss_that_is_no_number_ends_the_run(tiny: Path, tmp_path: Path) -> None:
    run = a_run(tiny, tmp_path, "nan")
    with torch.no_grad():
        run.model.span.bias.fill_(float("nan"))
    run.crew.refresh()
    with pytest.raises(SystemExit, match="the loss is nan at step 0"):
        run.train(GROUPS, NoWatch())


def test_average_precision() -> None:
    assert train.average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert train.average_precision([False, False]) == 0.0


def test_the_texts_of_a_group() -> None:
    (group,) = GROUPS[1:2]
    assert train.group_texts([group]) == [
        ("Who founded harbour 1?", "Ada Byron founded harbour 1 long ago. [SEP] Harbours"),
        (
            "Who founded harbour 1?",
            "Nobody knows harbour 1 at all. [SEP] Harbours [SEP] It rained.",
        ),
        ("Who founded harbour 1?", "Fog came."),
    ]
    asked = {question for question, _ in train.group_texts([group], ["Who fuonded it?"])}
    assert asked == {"Who fuonded it?"}


def a_finished_run(model: Path, folder: Path, shift: float) -> Path:
    """As a run leaves it, with all weights of its model moved by ``shift``."""
    tokenizer, reader = a_reader(model)
    with torch.no_grad():
        for parameter in reader.parameters():
            parameter.add_(shift)
    reader.model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    torch.save(reader.span.state_dict(), folder / "span.pt")
    return folder


def test_the_mean_of_two_runs_lies_in_their_middle(tiny: Path, tmp_path: Path) -> None:
    one = a_finished_run(tiny, tmp_path / "one", 0.0)
    reader = a_finished_run(one / "model", tmp_path / "two", 0.5)
    average(one, reader, tmp_path / "mean")

    def weights(run: Path) -> dict[str, torch.Tensor]:
        span = train.load_span(run / "model")
        assert span is not None
        return train.Reader(train.load(run / "model")[1], span).state_dict()

    wanted, found = weights(one), weights(tmp_path / "mean")
    assert set(found) == set(wanted)
    for name, weight in found.items():
        assert torch.allclose(weight, wanted[name] + 0.25, atol=1e-6), name

    # Mostly the second; and what says where an answer stands, which the first has not, is its own.
    (one / "span.pt").unlink()
    average(one, reader, tmp_path / "mostly", share=0.25)
    for name, weight in weights(tmp_path / "mostly").items():
        moved = 0.5 if name.startswith("span.") else 0.375
        assert torch.allclose(weight, wanted[name] + moved, atol=1e-6), name
    (reader / "span.pt").unlink()
    with pytest.raises(ValueError, match=r"no span\.pt"):
        average(one, reader, tmp_path / "neither")
