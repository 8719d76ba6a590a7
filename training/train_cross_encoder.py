"""Train the cross-encoder: question and sentence in; out come one number and, for every word of
the sentence, how much the answer looks to begin and to end there.

    python training/train_cross_encoder.py --data SHARED --work WORK --minutes 50
    python training/train_cross_encoder.py --data SHARED --work WORK --resume

It begins with the weights of the packaged all-MiniLM-L6-v2. Where ``WORK/groups.jsonl.gz`` is
missing, ``pairs.py`` makes it first. Written to ``WORK/RUN``: ``log.jsonl`` (a line for every start
and every measurement), ``checkpoint.pt`` (all that ``--resume`` needs), and in the end ``model``,
a folder that ``sentence_transformers.CrossEncoder`` opens; the words' part lies beside it in
``span.pt``.

**Loss.** A softmax over the sentences of one question and "none of them", whose logit is 0
(a listwise loss: Cao et al. 2007). A group with no answer must choose "none", and that gives the
number its absolute place: above 0, the sentence beats "nothing answers". Binary cross-entropy would
give that too, but compares no two sentences of a question. To it comes the reader's loss: which
words are the answer, with one softmax over all sentences of the question and "none" (shared
normalisation: Clark & Gardner 2018). It tells a model *why* a sentence answers, where a label tells
only that it does.

**A teacher.** Where ``WORK/soft.jsonl`` has what another cross-encoder thinks of a group's
sentences (``soft.py``), and it puts a right one first, the model also learns how far apart it sees
them: the divergence of the two softmaxes over the sentences, both at a temperature (Hinton et al.
2015).

**Speed.** Two Python threads, each with one of torch's, take their share of a step's pairs as they
get done, in small batches of one length: neither waits for the other inside a layer, as OpenMP's
two do, so a core that has other work only slows its own share. Products and gradients are bfloat16
(``--fp32``: not), the weights that are updated float32. Attention is torch's plain one: the
backward pass of the fused one took 40% of a step on a processor. No dropout: no pair is seen more
than a few times.

**Schedule.** The learning rate rises, then falls to nothing at ``--pairs`` or ``--minutes`` of
training, whichever is nearer: time while stopped does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import math
import os
import queue
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.cross_encoder import MAX_TOKENS, plain, text_a, text_b
from index.embed import packaged
from training import pairs as data
from training.measure import average_precision

TOKENS = 1500
"""Of one small batch, padding included. So small that no thread waits long for another's last."""

TEMPERATURE = 2.0

WARM_UP = 0.05
CHECKPOINT_EVERY = 300.0
"""Seconds."""

Encoded = tuple[Any, int, int, Any]
"""A pair's token ids, how many of them are the question's, where the judged sentence's end, and
for each of the sentence's its first and last code point in it, shape ``(n, 2)``."""

TYPOS = 0.06
"""Share of questions that get a slip of the keyboard."""

MASKED = 0.05
"""Share of groups whose numbers are masked, as TREC QA's distribution has them: nothing of it is
trained on, but a reader that had never seen the mask could not know what it stands for."""

MASK = "<num>"


def load(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model with one output, without dropout."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder,
        num_labels=1,
        attn_implementation="eager",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return tokenizer, model


class Reader(torch.nn.Module):
    """A sequence classifier that also says where the answer is.

    Attributes:
        span: hidden states to the logits of the answer's first and last token.
    """

    def __init__(self, model: Any, span: torch.nn.Linear | None = None) -> None:
        super().__init__()
        self.model = model
        self.span = span or torch.nn.Linear(model.config.hidden_size, 2)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the sentences, shape ``(n,)``, and of their tokens, ``(n, tokens, 2)``."""
        out = self.model.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        logits = self.model.classifier(out.pooler_output)[:, 0]
        return logits, self.span(out.last_hidden_state)


def load_span(folder: Path | None) -> torch.nn.Linear | None:
    """The words' part of a trained model, where there is one beside it."""
    file = folder.parent / "span.pt" if folder else None
    if file is None or not file.exists():
        return None
    kept = torch.load(file, weights_only=True)
    span = torch.nn.Linear(kept["weight"].shape[1], 2)
    span.load_state_dict(kept)
    return span


def encode(tokenizer: Any, texts: Sequence[tuple[str, str]]) -> list[Encoded]:
    """Pairs of texts as token ids."""
    found: list[Encoded] = []
    for at in range(0, len(texts), 2000):
        part = texts[at : at + 2000]
        out = tokenizer(
            [a for a, _ in part],
            [b for _, b in part],
            truncation="longest_first",
            max_length=MAX_TOKENS,
            return_token_type_ids=True,
            return_attention_mask=False,
            return_offsets_mapping=True,
        )
        for ids, types, places in zip(
            out["input_ids"], out["token_type_ids"], out["offset_mapping"], strict=True
        ):
            first = len(types) - sum(types)
            last = next(n for n in range(first, len(ids)) if ids[n] == tokenizer.sep_token_id)
            found.append(
                (
                    np.array(ids, dtype=np.int32),
                    first,
                    last,
                    np.array(places[first:last], dtype=np.int32).reshape(-1, 2),
                )
            )
    return found


def padded(rows: Sequence[Encoded]) -> dict[str, torch.Tensor]:
    """A batch as the model takes it."""
    width = max(len(row[0]) for row in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for n, (row, first, _, _) in enumerate(rows):
        ids[n, : len(row)] = row
        mask[n, : len(row)] = 1
        types[n, first : len(row)] = 1
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(mask),
        "token_type_ids": torch.from_numpy(types),
    }


def answer_tokens(row: Encoded, sentence: str, answers: Sequence[str]) -> list[tuple[int, int]]:
    """First and last of the sentence's tokens, for every place where an answer stands in it."""
    places = row[3]
    found = []
    for answer in answers:
        # What stands there more than once is ambiguous, and most often a short word.
        at = sentence.find(answer)
        if not answer or at < 0 or sentence.find(answer, at + 1) >= 0:
            continue
        inside = [n for n, (s, e) in enumerate(places) if s < at + len(answer) and at < e]
        if inside:
            found.append((inside[0], inside[-1]))
    return sorted(set(found))


def slip(question: str, rng: random.Random) -> str:
    """The question with a slip of the keyboard in one of its longer words."""
    words = question.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    if not long:
        return question
    n = rng.choice(long)
    word, at = words[n], rng.randrange(1, len(words[n]) - 1)
    words[n] = rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return " ".join(words)


def masked(group: dict[str, Any]) -> dict[str, Any]:
    """The group with a mask in the place of every number that :data:`pairs.NUMBER` knows: "1,200",
    not the "2" of "U2"."""

    def over(text: str) -> str:
        return data.NUMBER.sub(MASK, text)

    parts = {key: [[over(text) for text in part] for part in group[key]] for key in ("pos", "neg")}
    return {**group, **parts, "q": over(group["q"]), "answers": [over(a) for a in group["answers"]]}


def some_masked(groups: Sequence[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """The groups, :data:`MASKED` of them masked; none in which a number was changed so that the
    sentence is wrong."""
    return [
        masked(g) if rng.random() < MASKED and "number" not in g["source"] else g for g in groups
    ]


def small_batches(lengths: Sequence[int], tokens: int = TOKENS) -> list[list[int]]:
    """Places of pairs by length, the longest first, in batches of at most ``tokens``."""
    order = sorted(range(len(lengths)), key=lambda n: -lengths[n])
    batches: list[list[int]] = []
    for place in order:
        last = batches[-1] if batches else None
        if last and (len(last) + 1) * lengths[last[0]] <= tokens:
            last.append(place)
        else:
            batches.append([place])
    return batches


def listwise(scores: torch.Tensor, sizes: Sequence[int], positives: Sequence[int]) -> torch.Tensor:
    """The mean over groups of the cross-entropy of choosing a positive, or "none" without any.

    Args:
        scores: of all groups' sentences, shape ``(sum(sizes),)``; the positives of each first.
    """
    losses = []
    none = torch.zeros(1)
    for part, known in zip(scores.split(list(sizes)), positives, strict=True):
        right = part[:known] if known else none
        everything = torch.cat([part, none])
        losses.append(torch.logsumexp(everything, 0) - torch.logsumexp(right, 0))
    return torch.stack(losses).mean()


def reading(
    tokens: torch.Tensor,
    sizes: Sequence[int],
    lengths: Sequence[int],
    golds: Sequence[list[tuple[int, int]] | None],
) -> torch.Tensor:
    """The mean over groups of the cross-entropy of the answer's first and last token, over all
    tokens of the group's sentences and "none", whose logit is 0.

    Args:
        tokens: logits of all tokens of all sentences, shape ``(sum(lengths), 2)``.
        sizes: sentences in each group.
        lengths: tokens in each sentence.
        golds: for each group, where the answer stands in its first sentence (any place will do);
            empty: nowhere; ``None``: not known, so the group does not count.
    """
    losses = []
    none = torch.zeros(1, 2)
    ends = np.cumsum([0, *lengths])
    at = 0
    for size, gold in zip(sizes, golds, strict=True):
        part = tokens[ends[at] : ends[at + size]]
        at += size
        if gold is None:
            continue
        total = torch.logsumexp(torch.cat([part, none]), 0)
        if gold:
            right = torch.stack(
                [torch.logsumexp(part[sorted({g[k] for g in gold}), k], 0) for k in (0, 1)]
            )
            losses.append((total - right).mean())
        else:
            losses.append(total.mean())
    return torch.stack(losses).mean() if losses else torch.zeros(())


def following(
    scores: torch.Tensor, sizes: Sequence[int], teachers: Sequence[torch.Tensor | None]
) -> torch.Tensor:
    """The mean over all groups of the divergence from the teacher's softmax over a group's
    sentences to the model's, both at :data:`TEMPERATURE`, times its square, which keeps gradients
    as large as those of the other losses.

    Args:
        scores: of all groups' sentences, shape ``(sum(sizes),)``.
        teachers: the teacher's logits of each group; ``None`` where there are none: 0.
    """
    losses = [
        torch.nn.functional.kl_div(
            torch.log_softmax(part / TEMPERATURE, 0),
            torch.log_softmax(teacher / TEMPERATURE, 0),
            reduction="sum",
            log_target=True,
        )
        for part, teacher in zip(scores.split(list(sizes)), teachers, strict=True)
        if teacher is not None
    ]
    return torch.stack(losses).sum() * TEMPERATURE**2 / len(sizes) if losses else torch.zeros(())


Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Of the sentences' scores, shape ``(n,)``, and their tokens', shape ``(tokens, 2)``."""


class Crew:
    """Threads with the same weights and their own gradients.

    Args:
        model: float32, the weights that are updated.
        half: whether the threads' copies of it are bfloat16.
    """

    def __init__(self, model: Any, workers: int, half: bool) -> None:
        self.master = model
        kind = torch.bfloat16 if half else torch.float32
        first = copy.deepcopy(model).to(kind)
        self.models = [first, *(copy.deepcopy(first) for _ in range(workers - 1))]
        for other in self.models[1:]:
            for own, shared in zip(other.parameters(), first.parameters(), strict=True):
                own.data = shared.data
        self._parameters = [list(one.parameters()) for one in self.models]
        self._pool = ThreadPoolExecutor(workers)

    def refresh(self) -> None:
        """Take over the weights that were updated."""
        with torch.no_grad():
            for copied, own in zip(
                self.models[0].parameters(), self.master.parameters(), strict=True
            ):
                copied.copy_(own)

    def _each(
        self, rows: Sequence[Encoded], grad: bool
    ) -> list[list[tuple[list[int], torch.Tensor, torch.Tensor]]]:
        waiting: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for batch in small_batches([len(row[0]) for row in rows]):
            waiting.put(batch)

        def work(model: Any) -> list[tuple[list[int], torch.Tensor, torch.Tensor]]:
            done = []
            with torch.set_grad_enabled(grad):
                while True:
                    try:
                        batch = waiting.get_nowait()
                    except queue.Empty:
                        return done
                    chosen = [rows[n] for n in batch]
                    inputs = padded(chosen)
                    logits, tokens = model(**inputs)
                    mask = torch.zeros(tokens.shape[:2], dtype=torch.bool)
                    for n, (_, first, last, _) in enumerate(chosen):
                        mask[n, first:last] = True
                    done.append((batch, logits.float(), tokens[mask].float()))

        return list(self._pool.map(work, self.models))

    def read(self, rows: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor]:
        """Of every pair its score, and of every token of its sentence, without gradients."""
        scores, tokens, _ = self._gathered(rows, self._each(rows, grad=False))
        return scores, tokens

    def scores(self, rows: Sequence[Encoded]) -> torch.Tensor:
        """Of every pair."""
        return self.read(rows)[0]

    @staticmethod
    def _gathered(
        rows: Sequence[Encoded], each: Sequence[Any]
    ) -> tuple[torch.Tensor, torch.Tensor, list[list[torch.Tensor]]]:
        lengths = [row[2] - row[1] for row in rows]
        starts = np.cumsum([0, *lengths])
        scores = torch.empty(len(rows))
        tokens = torch.empty((int(starts[-1]), 2))
        where = []
        for done in each:
            where.append([])
            for batch, found, words in done:
                scores[batch] = found.detach()
                at = torch.cat([torch.arange(int(starts[n]), int(starts[n + 1])) for n in batch])
                tokens[at] = words.detach()
                where[-1].append(at)
        return scores, tokens, where

    def learn(self, rows: Sequence[Encoded], loss_of: Loss) -> float:
        """Gradients of the loss, on the master's parameters."""
        each = self._each(rows, grad=True)
        scores, tokens, where = self._gathered(rows, each)
        scores.requires_grad_()
        tokens.requires_grad_()
        loss = loss_of(scores, tokens)
        loss.backward()
        slope, slopes = scores.grad, tokens.grad
        assert slope is not None
        if slopes is None:
            slopes = torch.zeros_like(tokens)

        def back(done: Any, places: list[torch.Tensor]) -> None:
            for (batch, found, words), at in zip(done, places, strict=True):
                torch.autograd.backward([found, words], [slope[batch], slopes[at]])

        list(self._pool.map(back, each, where))
        with torch.no_grad():
            for number, own in enumerate(self.master.parameters()):
                for parameters in self._parameters:
                    found = parameters[number]
                    if found.grad is not None:
                        if own.grad is None:
                            own.grad = found.grad.float()
                        else:
                            own.grad += found.grad
                        found.grad = None
        return float(loss.detach())


# --- Dev figures ----------------------------------------------------------------------------------


class Watch:
    """Figures on small samples that are not trained on."""

    def __init__(self, tokenizer: Any, root: Path, groups: Sequence[dict[str, Any]]) -> None:
        trec = data.rows_of(root / "eval" / "trecqa" / "dev.jsonl")
        trec = [row for row in trec if row["positives"] and row["negatives"]]
        self._trec = [(len(row["positives"]), len(row["negatives"])) for row in trec]
        self._wiki = [(len(g["pos"]), len(g["neg"])) for g in groups]
        texts = [
            (text_a(row["question"]), text_b(s))
            for row in trec
            for s in (*row["positives"], *row["negatives"])
        ]
        texts += group_texts(groups)
        self._rows = encode(tokenizer, texts)

    def figures(self, crew: Crew) -> dict[str, float]:
        """Mean average precision on TREC QA's dev set, sentence choice on held-out titles."""
        scores = crew.scores(self._rows).split([sum(n) for n in (*self._trec, *self._wiki)])
        trec, wiki = scores[: len(self._trec)], scores[len(self._trec) :]
        precision = []
        for part, (known, _) in zip(trec, self._trec, strict=True):
            order = torch.argsort(-part, stable=True).tolist()
            precision.append(average_precision([n < known for n in order]))
        first = [
            float(int(part.argmax()) < known)
            for part, (known, _) in zip(wiki, self._wiki, strict=True)
        ]
        return {
            "trecqa_dev_map": round(float(np.mean(precision)), 4),
            "wiki_dev_first": round(float(np.mean(first)), 4),
        }


def group_texts(
    groups: Sequence[dict[str, Any]], asked: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """Both texts of every pair, the positives of each group first. ``asked``: other questions."""
    questions = asked or [g["q"] for g in groups]
    return [
        (text_a(q), text_b(*part))
        for q, g in zip(questions, groups, strict=True)
        for part in (*g["pos"], *g["neg"])
    ]


def teachers_of(file: Path, groups: Sequence[dict[str, Any]]) -> list[torch.Tensor | None]:
    """The teacher's logits of each group; ``None`` where there are none, or where it puts a wrong
    sentence first."""
    found: list[torch.Tensor | None] = [None] * len(groups)
    for row in data.rows_of(file) if file.exists() else ():
        group, scores = groups[row["group"]], row["scores"]
        if len(scores) != len(group["pos"]) + len(group["neg"]):
            raise ValueError(f"{file} is of other groups")
        if max(range(len(scores)), key=scores.__getitem__) < len(group["pos"]):
            found[row["group"]] = torch.tensor(scores)
    return found


# --- The run --------------------------------------------------------------------------------------


def rate(progress: float) -> float:
    """The learning rate as a share of the highest: up, then down to nothing."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return max(0.0, (1 - progress) / (1 - WARM_UP))


def order_of(epoch: int, count: int) -> list[int]:
    """The groups' order in a pass through them; the first is the file's."""
    order = list(range(count))
    if epoch:
        random.Random(data.SEED + epoch).shuffle(order)
    return order


class Run:
    """One training, from its beginning or from a checkpoint."""

    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(data.SEED)
        torch.set_num_threads(1)
        self.args = args
        self.folder: Path = args.work / args.run
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer, bare = load(args.start or packaged())
        self.model = model = Reader(bare, load_span(args.start))
        # Words that no question here has keep the meaning that a billion pairs gave them.
        model.model.bert.embeddings.word_embeddings.requires_grad_(False)
        new = ("span", "model.classifier")
        head = [p for n, p in model.named_parameters() if n.startswith(new)]
        old = [(n, p) for n, p in model.named_parameters() if not n.startswith(new)]
        flat = [p for _, p in old if p.ndim < 2]
        rest = [p for _, p in old if p.ndim >= 2 and p.requires_grad]
        self.crew = Crew(model, args.workers, not args.fp32)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": rest, "weight_decay": 0.01, "of": 1.0},
                {"params": flat, "weight_decay": 0.0, "of": 1.0},
                # The head is new, the rest has been trained on a billion pairs.
                {"params": head, "weight_decay": 0.0, "of": 5.0},
            ],
            lr=args.rate,
            fused=True,
        )
        self.step = self.pairs = self.groups_seen = 0
        self.seconds = 0.0
        """Trained so far, in all parts of the run."""
        self.stopping = False

    def say(self, **values: Any) -> None:
        """A line in the log, and on the screen."""
        line = json.dumps(values)
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(line + "\n")
        print(line, flush=True)

    def save(self) -> None:
        """Everything that going on needs; the file is replaced at once or not at all."""
        half_way = self.folder / "checkpoint.part"
        torch.save(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "pairs": self.pairs,
                "groups_seen": self.groups_seen,
                "seconds": self.seconds,
                "schedule": {k: getattr(self.args, k) for k in ("minutes", "pairs", "rate")},
                "rng": torch.get_rng_state(),
            },
            half_way,
        )
        half_way.replace(self.folder / "checkpoint.pt")

    def resume(self) -> None:
        """From the checkpoint, on its schedule. Other minutes or pairs than the defaults are the
        new goal."""
        kept = torch.load(self.folder / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(kept["model"])
        self.crew.refresh()
        self.optimizer.load_state_dict(kept["optimizer"])
        for name in ("step", "pairs", "groups_seen", "seconds"):
            setattr(self, name, kept[name])
        for name, value in kept["schedule"].items():
            if getattr(self.args, name) == DEFAULTS[name]:
                setattr(self.args, name, value)
        torch.set_rng_state(kept["rng"])

    def train(self, groups: Sequence[dict[str, Any]], watch: Watch) -> None:
        """Until the goal, or until told to stop."""
        args = self.args
        rng = random.Random(data.SEED)
        groups = some_masked(groups, rng)
        asked = [slip(g["q"], rng) if rng.random() < TYPOS else g["q"] for g in groups]
        encoded = encode(self.tokenizer, group_texts(groups, asked))
        sizes = [len(g["pos"]) + len(g["neg"]) for g in groups]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        golds: list[list[tuple[int, int]] | None] = []
        for n, g in enumerate(groups):
            gold = (
                answer_tokens(encoded[starts[n]], plain(g["pos"][0][0]), g["answers"])
                if g["pos"]
                else []
            )
            golds.append(gold if gold or not g["pos"] else None)
        teachers = teachers_of(args.work / "soft.jsonl", groups)
        self.say(
            event="encoded",
            pairs=len(encoded),
            tokens=sum(len(row[0]) for row in encoded),
            taught=sum(teacher is not None for teacher in teachers),
        )
        began, before = time.monotonic(), self.seconds
        saved = time.monotonic()
        losses: list[float] = []
        watched = self.pairs - self.pairs % args.watch
        order: list[int] = []
        epoch = -1
        while True:
            self.seconds = before + time.monotonic() - began
            progress = max(self.seconds / (60 * args.minutes), self.pairs / args.pairs)
            if progress >= 1 or self.stopping:
                break
            chosen = []
            for number in range(self.groups_seen, self.groups_seen + args.batch):
                if number // len(groups) != epoch:
                    epoch = number // len(groups)
                    order = order_of(epoch, len(groups))
                chosen.append(order[number % len(groups)])
            rows = [row for n in chosen for row in encoded[starts[n] : starts[n + 1]]]
            shape = [sizes[n] for n in chosen], [len(groups[n]["pos"]) for n in chosen]
            lengths = [row[2] - row[1] for row in rows]
            places = [golds[n] for n in chosen]
            taught = [teachers[n] for n in chosen]
            share = rate(progress)
            for part in self.optimizer.param_groups:
                part["lr"] = args.rate * share * part["of"]
            loss = self.crew.learn(
                rows,
                lambda scores, tokens, s=shape, w=lengths, g=places, t=taught: (
                    listwise(scores, *s)
                    + args.reading * reading(tokens, s[0], w, g)
                    + args.soft * following(scores, s[0], t)
                ),
            )
            if not math.isfinite(loss):
                raise SystemExit(f"the loss is {loss} at step {self.step}")
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.crew.refresh()
            self.step += 1
            self.pairs += len(rows)
            self.groups_seen += args.batch
            losses.append(loss)
            if self.step % 25 == 0:
                self.seconds = before + time.monotonic() - began
                self.say(
                    step=self.step,
                    loss=round(float(np.mean(losses)), 4),
                    pairs=self.pairs,
                    seconds=round(self.seconds, 1),
                    rate=round(args.rate * share, 8),
                )
                losses = []
            if self.pairs - watched >= args.watch:
                watched += args.watch
                self.say(step=self.step, pairs=self.pairs, **watch.figures(self.crew))
            if time.monotonic() - saved > CHECKPOINT_EVERY:
                self.seconds = before + time.monotonic() - began
                self.save()
                saved = time.monotonic()
        self.save()
        if self.stopping:
            self.say(event="stopped", step=self.step, pairs=self.pairs)
            return
        self.say(
            event="done", step=self.step, pairs=self.pairs, seconds=round(self.seconds, 1),
            **watch.figures(self.crew),
        )  # fmt: skip
        torch.save(self.model.span.state_dict(), self.folder / "span.pt")
        self.model.model.save_pretrained(self.folder / "model")
        self.tokenizer.save_pretrained(self.folder / "model")


DEFAULTS = {"minutes": 50.0, "pairs": 240_000, "rate": 6e-5}


def _commit() -> str:
    root = Path(__file__).resolve().parent.parent
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--run", default="run", help="its folder in WORK")
    parser.add_argument("--start", type=Path, help="weights to begin with; default: the package's")
    parser.add_argument("--minutes", type=float, default=DEFAULTS["minutes"])
    parser.add_argument("--pairs", type=int, default=DEFAULTS["pairs"])
    parser.add_argument("--rate", type=float, default=DEFAULTS["rate"])
    parser.add_argument("--batch", type=int, default=16, help="groups a step")
    parser.add_argument("--watch", type=int, default=20_000, help="pairs between dev figures")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--reading", type=float, default=0.5, help="weight of the reader's loss")
    parser.add_argument("--soft", type=float, default=0.15, help="weight of the teacher's part")
    parser.add_argument("--fp32", action="store_true")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    file = args.work / "groups.jsonl.gz"
    if not file.exists():
        args.work.mkdir(parents=True, exist_ok=True)
        groups, watched = data.make(args.data, data.QAMR)
        data.write(groups, file)
        data.write(watched, args.work / "dev.jsonl.gz")
    run = Run(args)
    if args.resume:
        run.resume()
    elif (run.folder / "checkpoint.pt").exists():
        raise SystemExit(f"{run.folder} has a checkpoint: --resume, or another --run")
    run.say(
        event="resumed" if args.resume else "started",
        at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        code=_commit(),
        torch=torch.__version__,
        # Without folders: a log may be kept and shown.
        args={
            k: v.name if isinstance(v, Path) else v
            for k, v in vars(args).items()
            if k not in ("data", "work")
        },
    )

    def stop(*_: object) -> None:
        run.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watch = Watch(run.tokenizer, args.data, data.rows_of(args.work / "dev.jsonl.gz"))
    run.train(data.rows_of(file), watch)


if __name__ == "__main__":
    main()
