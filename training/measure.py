"""What a cross-encoder is worth, beside the embeddings it began as and BM25.

    python training/measure.py --model assistant/model --data SHARED --news benchmarks/data/news \
        --work WORK [--limit N]

Every figure is of raw scores: no threshold, no direction check, nothing fitted. Printed is one JSON
object, a part for each scorer.

- ``trecqa``: mean average precision and mean reciprocal rank on the clean test (questions with both
  answers and non-answers).
- ``xquad_en_extra``: the sentence with the answer first, among its ``paragraph`` and among its
  whole ``article``.
- ``squad2_dev``: answerable or not, AUROC of the best sentence's score, for the articles that
  ``pairs.py`` does not train on; given the ``paragraph`` that the question was written for, and
  given the ``article``.
- ``news``: of the answerable questions, by kind, the share with a right sentence first among all
  sentences of the retrieved passages.

BM25 knows only the candidates' own article (TREC QA: the handful of candidates), so its AUROC over
articles compares numbers that have little in common.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.sentences import sentence_spans
from training import pairs as data

SPAN = 0.25
"""How much the likeliest answer's log odds (of its first and last word, added) count beside the
sentence's."""

Score = Callable[[str, Sequence[data.Part]], Any]
"""Question and sentences to numbers, shape ``(n,)``."""


def cross_encoder(folder: Path) -> Score:
    """By a reader: the folder that ``export.py`` makes, or any cross-encoder's."""
    from assistant.cross_encoder import Sentence, reader

    model = reader(str(folder))
    assert model is not None

    def score(question: str, parts: Sequence[data.Part]) -> Any:
        readings = model.read(question, [Sentence(*part) for part in parts])
        return np.array([reading.score + SPAN * reading.span for reading in readings])

    return score


def bi_encoder() -> Score:
    """By the cosine of the bare sentence, as the packaged model gives it."""
    from index.embed import Embedder

    embedder = Embedder()
    known: dict[str, Any] = {}

    def score(question: str, parts: Sequence[data.Part]) -> Any:
        new = list(dict.fromkeys(p[0] for p in parts if p[0] not in known))
        if new:
            known.update(zip(new, embedder.encode(new), strict=True))
        asking = embedder.encode([question])[0]
        return np.array([float(known[p[0]] @ asking) for p in parts])

    return score


def bm25() -> Score:
    """By the words of the bare sentences, rare among these candidates."""

    def score(question: str, parts: Sequence[data.Part]) -> Any:
        return data.Bm25([p[0] for p in parts]).scores(question)

    return score


# --- Figures --------------------------------------------------------------------------------------


def ranked(scores: Any, right: Sequence[bool]) -> list[bool]:
    """Whether each is right, best first. Of equal scores the wrong come first: no luck."""
    order = sorted(range(len(right)), key=lambda n: (-float(scores[n]), right[n]))
    return [right[n] for n in order]


def average_precision(right: Sequence[bool]) -> float:
    """Of a ranking, best first."""
    places = [rank for rank, good in enumerate(right, start=1) if good]
    return float(np.mean([n / rank for n, rank in enumerate(places, start=1)])) if places else 0.0


def reciprocal_rank(right: Sequence[bool]) -> float:
    """Of a ranking, best first."""
    return 1 / (1 + list(right).index(True)) if any(right) else 0.0


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that a positive scores above a negative; of equal ones, half."""
    high = np.array([s for s, p in zip(scores, positive, strict=True) if p])
    low = np.sort([s for s, p in zip(scores, positive, strict=True) if not p])
    if not len(high) or not len(low):
        return float("nan")
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.sum() / (2 * len(high) * len(low)))


# --- Sets -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentences:
    """A document's sentences, with place and paragraph."""

    parts: list[data.Part]
    spans: list[tuple[int, int]]
    paragraph: list[int]

    def at(self, start: int, end: int) -> list[int]:
        """Those that overlap a range of code points."""
        return [n for n, (s, e) in enumerate(self.spans) if s < end and start < e]


def read_document(file: Path) -> Sentences:
    """Its first line is its title, and no candidate; paragraphs end at blank lines."""
    text = file.read_text("utf-8")
    title = text.split("\n", 1)[0].strip()
    found = Sentences([], [], [])
    before = ""
    for number, block in enumerate(re.finditer(r"(?:.*\S.*\n?)+", text)):
        for span in sentence_spans(block[0]):
            sentence = " ".join(block[0][span.start : span.end].split())
            if number == 0 and sentence == title:
                continue
            found.parts.append((sentence, title, before))
            found.spans.append((block.start() + span.start, block.start() + span.end))
            found.paragraph.append(number)
            before = sentence
    return found


def trecqa(score: Score, root: Path, limit: int | None) -> dict[str, float]:
    """Mean average precision and mean reciprocal rank, clean test."""
    rows = data.rows_of(root / "eval" / "trecqa" / "test.jsonl")
    rows = [row for row in rows if row["positives"] and row["negatives"]][:limit]
    rankings = []
    for row in rows:
        parts = [(s, "", "") for s in (*row["positives"], *row["negatives"])]
        right = [n < len(row["positives"]) for n in range(len(parts))]
        rankings.append(ranked(score(row["question"], parts), right))
    return {
        "questions": len(rows),
        "map": float(np.mean([average_precision(r) for r in rankings])),
        "mrr": float(np.mean([reciprocal_rank(r) for r in rankings])),
    }


def xquad(score: Score, root: Path, limit: int | None) -> dict[str, float]:
    """The answering sentence first."""
    folder = root / "eval" / "xquad_en_extra"
    docs = {file.name: read_document(file) for file in sorted((folder / "docs").glob("*.txt"))}
    first: dict[str, list[float]] = defaultdict(list)
    for row in data.rows_of(folder / "questions.jsonl")[:limit]:
        gold = row["gold"][0]
        doc = docs[gold["doc"]]
        right = {n for g in row["gold"] for n in doc.at(g["start"], g["end"])}
        home = doc.paragraph[doc.at(gold["start"], gold["end"])[0]]
        scores = score(row["question"], doc.parts)
        inside = [n for n, p in enumerate(doc.paragraph) if p == home]
        for name, among in (("paragraph", inside), ("article", range(len(doc.parts)))):
            order = ranked([scores[n] for n in among], [n in right for n in among])
            first[name].append(float(order[0]))
    return {"questions": len(first["article"]), **{k: float(np.mean(v)) for k, v in first.items()}}


def squad2(score: Score, root: Path, limit: int | None) -> dict[str, float]:
    """Answerable or not, on the articles that were not trained on."""
    folder = root / "eval" / "squad2_dev"
    docs = {
        file.name: read_document(file)
        for file in sorted((folder / "docs").glob("*.txt"))
        if file.name not in data.SQUAD2_TRAINED
    }
    rows = data.rows_of(folder / "questions.jsonl")
    rows = [r for r in rows if (r["gold"][0] if r["gold"] else r["near"])["doc"] in docs]
    if limit is not None:
        rows = rows[:: max(1, len(rows) // limit)]
    best: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        where = row["gold"][0] if row["gold"] else row["near"]
        doc = docs[where["doc"]]
        home = doc.paragraph[doc.at(where["start"], where["end"])[0]]
        scores = score(row["question"], doc.parts)
        best["paragraph"].append(
            max(s for s, p in zip(scores, doc.paragraph, strict=True) if p == home)
        )
        best["article"].append(max(scores))
    can = [bool(row["answerable"]) for row in rows]
    return {
        "answerable": sum(can),
        "unanswerable": len(can) - sum(can),
        **{k: auroc(v, can) for k, v in best.items()},
    }


def news_pools(folder: Path, work: Path, limit: int | None) -> list[Any]:
    """Kind, question, sentences and which are right, of every answerable question. Retrieval is
    the same for every scorer, so it is done once."""
    from assistant.evidence import candidates
    from assistant.pipeline import Assistant

    made = []
    with Assistant.open(folder / "docs", work / "measure.news.index") as assistant:
        assistant.sync()
        rows = data.rows_of(folder / "questions.jsonl")
        for row in [row for row in rows if row["answerable"]][:limit]:
            pool = candidates(assistant.retrieve(row["question"]), assistant)

            def among(candidate: Any, spans: Any) -> bool:
                return any(
                    candidate.hit.path == g["doc"]
                    and candidate.span.start < g["end"]
                    and g["start"] < candidate.span.end
                    for g in spans
                )

            right = [
                among(c, row["gold"]) and not among(c, row.get("forbidden") or ()) for c in pool
            ]
            parts = [(c.text, c.hit.title, c.before[-1] if c.before else "") for c in pool]
            made.append((row["kind"], row["question"], parts, right))
    return made


def news(score: Score, pools: Sequence[Any]) -> dict[str, Any]:
    """A right sentence first, by kind."""
    first: dict[str, list[float]] = defaultdict(list)
    for kind, question, parts, right in pools:
        good = float(bool(parts) and ranked(score(question, parts), right)[0])
        first[kind].append(good)
        first["all"].append(good)
    return {k: [round(float(np.mean(v)), 4), len(v)] for k, v in sorted(first.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="a trained model's folder; default: none")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--news", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--alone", action="store_true", help="only the model")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    scorers = {} if args.alone else {"bm25": bm25(), "bi_encoder": bi_encoder()}
    if args.model:
        scorers["cross_encoder"] = cross_encoder(args.model)
    pools = news_pools(args.news, args.work, args.limit)
    found = {}
    for name, score in scorers.items():
        found[name] = {
            "trecqa": trecqa(score, args.data, args.limit),
            "xquad_en_extra": xquad(score, args.data, args.limit),
            "squad2_dev": squad2(score, args.data, args.limit),
            "news": news(score, pools),
        }
        print(f"{name}: done", file=sys.stderr, flush=True)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
