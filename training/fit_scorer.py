"""Fit the scorer: weights, calibration and threshold, from question sets.

    python training/fit_scorer.py --data SHARED --news DIR --work WORK [--write] [--ablate]
    python training/fit_scorer.py … --cross-encoder none --write

1. For every question the real pipeline retrieves passages, and the features of the finalists are
   kept, with whether each answers (overlaps a gold span and no forbidden one).
2. Weights: a conditional logit over the finalists of a question (McFadden 1974): the answering
   sentences against the rest. Ridge penalty. Only questions with an answer among the finalists.
3. Confidence: a logistic regression (ridge) on each question's best candidate, right or wrong,
   unanswerable questions included; its ranking odds come from weights that did not see the
   question. Fitted by likelihood within bounds (``MORE``, ``LESS``, ``AT_MOST``); each set has its
   share, and in each the unanswerable questions theirs. How well it is calibrated is measured.
4. Threshold: where the false answers and the false abstentions, as rates, are the same.

Of SQuAD 2.0 and SQuADShifts only what the cross-encoder was not trained on is used here: how sure
it is of what it has seen says nothing.

Every figure printed is cross-validated: by cluster of documents, so that no question is scored by
weights that saw another question about its documents. The weights written are fitted on all.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import re
import sys
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.cross_encoder import reader
from assistant.evidence import candidates
from assistant.pipeline import Assistant
from assistant.scorer import (
    CONFIDENCE,
    FEATURES,
    WEIGHTS,
    FeatureScorer,
    confidence_row,
    is_turned,
)
from training.pairs import SQUAD2_TRAINED, rows_of, wiki_titles

RIDGE = 0.005
SURE_RIDGE = 20.0
SEED = 20
ELSEWHERE = 80
"""Questions of SQuADShifts that are asked of news."""

UNANSWERABLE = 0.2
"""The share of its questions that a set is weighed to have no answer. People ask mostly what a
corpus can answer; half of SQuAD 2.0's questions were made to have none, and a confidence fitted on
as many would be too low for everybody else."""


@dataclass
class Example:
    """One question's finalists.

    Attributes:
        x: features, shape ``(finalists, len(FEATURES))``.
        y: 1 where the finalist answers, 0 where not, shape ``(finalists,)``.
        group: the cluster of documents that it must not be scored by.
    """

    set: str
    id: str
    kind: str
    group: str
    answerable: bool
    x: np.ndarray
    y: np.ndarray


def news_cluster(doc: str) -> str:
    """Reports of one matter stay together: the same parties and questions recur in them."""
    number = int(doc[:3])
    for cluster in ((1, 2, 3), (4, 5, 6), (7, 8), (9, 10), (12, 13), (14, 15), (16, 17), (0, 20)):
        if number in cluster:
            return f"news-{cluster[0]}"
    return f"news-{number}"


def gather(
    folder: Path,
    work: Path,
    name: str,
    limit: int | None,
    args: argparse.Namespace,
    others: Path | None = None,
) -> list[Example]:
    """Features of a set in the layout of ``docs/`` and ``questions.jsonl``.

    Args:
        others: another set, whose questions are asked instead: nothing here answers them.
    """
    read = reader(args.cross_encoder)
    how = "embedded" if read is None else "read"
    kept = work / f"{name}.{how}.pickle"
    if kept.exists():
        return pickle.loads(kept.read_bytes())
    questions = rows_of((others or folder) / "questions.jsonl")
    if others is not None:
        questions = [{**q, "gold": [], "answerable": False, "kind": "elsewhere"} for q in questions]
    if name == "squad2":
        questions = [q for q in questions if _about(q) not in SQUAD2_TRAINED]
    random.Random(SEED).shuffle(questions)
    questions = questions[:limit]
    examples = []
    with Assistant.open(folder / "docs", work / f"{folder.name}.index") as assistant:
        assistant.sync()
        scorer = FeatureScorer(
            assistant._encode,
            assistant.index.lexical,
            assistant._language,
            read,
            by_words=assistant._by_words,
        )
        started = time.time()
        for number, item in enumerate(questions):
            pool = candidates(assistant.retrieve(item["question"]), assistant)
            rows = scorer.features(item["question"], pool)
            x = np.array([[row[f] for f in FEATURES] for _, row, _ in rows])
            gold = [(g["doc"], g["start"], g["end"]) for g in item.get("gold", ())]
            forbidden = [(g["doc"], g["start"], g["end"]) for g in item.get("forbidden", ())]
            y = np.array(
                [
                    _overlaps(pool[place], gold) and not _overlaps(pool[place], forbidden)
                    for place, _, _ in rows
                ],
                dtype=float,
            )
            docs = [g[0] for g in gold + forbidden]
            if name == "news":
                group = news_cluster(docs[0]) if docs else f"news-off-{number % 7}"
            else:
                group = docs[0] if docs else f"{name}-{number % 7}" if others else _about(item)
            examples.append(
                Example(name, item["id"], item["kind"], group, item["answerable"], x, y)
            )
            if number % 100 == 0:
                print(
                    f"{name}: {number}/{len(questions)}, {time.time() - started:.0f} s", flush=True
                )
    kept.write_bytes(pickle.dumps(examples))
    return examples


def _about(question: dict[str, Any]) -> str:
    """The document that a question was written about."""
    gold = question.get("gold") or []
    return str((gold[0] if gold else question["near"])["doc"])


def _overlaps(candidate: Any, spans: list[tuple[str, int, int]]) -> bool:
    return any(
        candidate.hit.path == doc and candidate.span.start < end and start < candidate.span.end
        for doc, start, end in spans
    )


def unpack_wiki(file: Path, folder: Path) -> Path:
    """SQuADShifts' held-out paragraphs as documents, one an article, in the layout that gather
    reads."""
    docs = folder / "docs"
    if (folder / "questions.jsonl").exists():
        return folder
    docs.mkdir(parents=True, exist_ok=True)
    rows = rows_of(file)
    held = set(wiki_titles(rows)[1])
    rows = [row for row in rows if row["title"] in held]
    articles: dict[str, list[str]] = {}
    for row in rows:
        paragraphs = articles.setdefault(row["title"], [])
        if row["context"] not in paragraphs:
            paragraphs.append(row["context"])
    offsets: dict[tuple[str, str], int] = {}
    for title, paragraphs in articles.items():
        text = title.replace("_", " ")
        for paragraph in paragraphs:
            text += "\n\n"
            offsets[title, paragraph] = len(text)
            text += paragraph
        (docs / f"{_file_name(title)}.txt").write_text(text, "utf-8")
    with (folder / "questions.jsonl").open("w") as out:
        for number, row in enumerate(rows):
            base = offsets[row["title"], row["context"]]
            gold = [
                {
                    "doc": f"{_file_name(row['title'])}.txt",
                    "start": base + a["start"],
                    "end": base + a["start"] + len(a["text"]),
                }
                for a in row["answers"]
            ]
            out.write(
                json.dumps(
                    {
                        "id": f"wiki-{number}",
                        "question": row["question"],
                        "kind": "extractive",
                        "answerable": True,
                        "gold": gold,
                    }
                )
                + "\n"
            )
    return folder


def _file_name(title: str) -> str:
    return re.sub(r"[^\w-]", "_", title)[:80]


def fit_weights(
    examples: list[Example], shares: dict[str, float], gone: AbstractSet[str] = frozenset()
) -> np.ndarray:
    """Weights that make the answering finalists more probable than the others, by L-BFGS.
    ``gone``: features whose weight is 0."""
    from scipy.optimize import minimize

    useful = [e for e in examples if e.set in shares and e.y.any() and not e.y.all()]
    counts = {name: sum(e.set == name for e in useful) for name in shares}
    scale = np.array([shares[e.set] / max(1, counts[e.set]) for e in useful])
    scale /= scale.sum()
    sizes = np.array([len(e.y) for e in useful])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    x = np.concatenate([e.x for e in useful])
    x *= np.array([name not in gone for name in FEATURES], dtype=float)
    y = np.concatenate([e.y for e in useful])
    mean_free = np.repeat(np.arange(len(useful)), sizes)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        odds = x @ w
        top = np.maximum.reduceat(odds, starts)[mean_free]
        e = np.exp(odds - top)
        total = np.add.reduceat(e, starts)
        gold = np.add.reduceat(e * y, starts)
        p = e / total[mean_free]
        q = e * y / gold[mean_free]
        value = float(np.sum(scale * (np.log(total) - np.log(gold)))) + RIDGE * float(w @ w) / 2
        slope = x.T @ ((p - q) * scale[mean_free]) + RIDGE * w
        return value, slope

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x


def best_of(examples: list[Example], w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each question's best finalist that is not the other way round: its confidence features,
    shape ``(n, len(CONFIDENCE))``, and whether it is right."""
    sure, right = np.zeros((len(examples), len(CONFIDENCE))), np.zeros(len(examples))
    for number, e in enumerate(examples):
        rows = [dict(zip(FEATURES, x, strict=True)) for x in e.x]
        odds = [float(o) for o in e.x @ w] if rows else []
        upright = [n for n, row in enumerate(rows) if not is_turned(row)] or range(len(rows))
        if not upright:
            continue
        best = max(upright, key=lambda n: odds[n])
        row = confidence_row(rows, odds, best)
        sure[number] = [row[name] for name in CONFIDENCE]
        right[number] = e.y[best] if not is_turned(rows[best]) else 0.0
    return sure, right


MORE = frozenset(
    """read read_span words words_all words_report names_all cosine predicate
    kind_there same_way says odds gap""".split()
)
LESS = frozenset(
    """answer_known cosine_far kind_missing counts_another unfilled party_unknown other_party
    another turned""".split()
)
"""What can only make an answer more probable, or less. The questions of these sets are all about
their documents, so that a word in common means little there; without bounds a fit takes it for a
sign of the opposite, and a question about something else altogether would be answered."""


AT_MOST = {"unfilled": -1.0, "counts_another": -2.0}
"""Weights that are no greater, whatever the sets say: the unanswerable questions of theirs were
written with a figure or a date of the kind asked for at hand, those that readers ask were not."""


def fit_confidence(x: np.ndarray, right: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and bias, for features as they are; the penalty is on standardised ones."""
    from scipy.optimize import minimize

    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / spread
    share = share * len(x) / share.sum()

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        odds = z @ p[:-1] + p[-1]
        value = float(share @ (np.logaddexp(0, odds) - right * odds))
        off = share * (1 / (1 + np.exp(-odds)) - right)
        value += SURE_RIDGE * float(p[:-1] @ p[:-1]) / 2
        return value, np.append(z.T @ off + SURE_RIDGE * p[:-1], off.sum())

    # What a scorer without a reader never sees gets no weight.
    seen = spread > 1e-3
    most = [
        AT_MOST[name] if name in AT_MOST and there else 0.0 if name in LESS else None
        for name, there in zip(CONFIDENCE, seen, strict=True)
    ]
    bounds = [
        (0.0 if name in MORE else None, None if top is None else top * width)
        for name, top, width in zip(CONFIDENCE, most, spread, strict=True)
    ]
    start = np.zeros(x.shape[1] + 1)
    p = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)]).x
    return p[:-1] / spread, float(p[-1] - (p[:-1] / spread) @ mean)


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    from scipy.stats import rankdata

    n, m = positive.sum(), (~positive).sum()
    if not n or not m:
        return float("nan")
    return float((rankdata(scores)[positive].sum() - n * (n + 1) / 2) / (n * m))


def balance(confidence: np.ndarray, answerable: np.ndarray) -> float:
    """The threshold at which as large a share of the unanswerable is answered as of the
    answerable is not."""
    grid = np.unique(confidence)
    gaps = [
        abs((confidence[~answerable] >= t).mean() - (confidence[answerable] < t).mean())
        for t in grid
    ]
    return float(grid[int(np.argmin(gaps))])


def weighed(examples: list[Example], sure: dict[str, float]) -> np.ndarray:
    """How much each question counts in the fit of the confidence, shape ``(n,)``: a set as much
    as ``sure`` says, and in it the unanswerable ones :data:`UNANSWERABLE`."""
    sets = np.array([e.set for e in examples])
    can = np.array([e.answerable for e in examples])
    share = np.zeros(len(examples))
    for name, part in sure.items():
        yes, no = (sets == name) & can, (sets == name) & ~can
        of_no = UNANSWERABLE if yes.any() and no.any() else float(no.any())
        share[no] = part * of_no / max(1, no.sum())
        share[yes] = part * (1 - of_no) / max(1, yes.sum())
    return share


def report(title: str, examples: list[Example], confidence: np.ndarray, right: np.ndarray) -> None:
    kinds: dict[str, list[int]] = {}
    for place, e in enumerate(examples):
        kinds.setdefault(e.kind, []).append(place)
    can = np.array([e.answerable for e in examples])
    present = np.array([bool(e.y.any()) for e in examples])
    line = f"{title}: right {right[can].mean():.3f}, among finalists {present[can].mean():.3f}"
    if (~can).any():
        line += f", AUROC {auroc(confidence, can):.3f}"
    line += f", AUROC of right {auroc(confidence, right > 0):.3f}, ECE {ece(confidence, right):.3f}"
    if (~can).any():
        share = weighed(examples, {examples[0].set: 1.0})
        line += f" ({ece(confidence, right, share):.3f} with {UNANSWERABLE:.0%} unanswerable)"
    print(line)
    print("   ", {k: f"{right[v].mean():.2f}/{len(v)}" for k, v in sorted(kinds.items())})


def ece(confidence: np.ndarray, right: np.ndarray, share: np.ndarray | None = None) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017). ``share``: how
    much each question counts."""
    share = np.ones(len(right)) if share is None else share
    bins = np.minimum((confidence * 10).astype(int), 9)
    off = share * (confidence - right)
    return float(sum(abs(off[bins == b].sum()) for b in range(10)) / share.sum())


GROUPS = {
    "the cross-encoder": {
        "read", "read_lead", "read_span", "answer_known",
        "counts_another", "unfilled",
    },
    "the direction check": {
        "same_way", "reversed", "party_unknown", "other_party", "another", "turned",
    },
    "the kind of thing asked for": {
        "kind_there", "kind_missing", "answer_known", "counts_another", "unfilled",
    },
    "the words in common": {
        "words", "words_near", "words_report", "words_rarest", "words_strange", "names",
        "names_near", "pairs", "predicate", "words_all", "names_all",
    },
    "what its passage makes of a sentence": {"meaning"},
}  # fmt: skip
"""What the scorer is made of, by the features that it shows in."""


RANKED_WITHOUT = frozenset(FEATURES) - set(
    """read read_lead read_span same_way reversed party_unknown other_party another says names
    names_near pairs meaning""".split()
)
"""What a ranking does without where there is a reader: it has seen the words, what kind of thing
they are, and what they mean. Not who does what to whom, nor what stands farther off."""

SURE_WITHOUT = frozenset(
    """words words_all words_report names_all predicate kind_there kind_missing new_words
    cosine cosine_far odds gap""".split()
)
"""The same of a confidence: held out, it tells better without."""


def without(examples: list[Example], names: set[str]) -> list[Example]:
    """The same with these features gone. Without "reversed" nothing counts as turned."""
    keep = np.array([name not in names for name in FEATURES], dtype=float)
    return [replace(e, x=e.x * keep if len(e.x) else e.x) for e in examples]


def summary(
    examples: list[Example], right: np.ndarray, confidence: np.ndarray, name: str
) -> dict[str, float]:
    """Of one set: right first, of the answerable; AUROC, answerable or not; calibration."""
    mask = np.array([e.set == name for e in examples])
    can = np.array([e.answerable for e in examples])
    values = {"right": float(right[mask & can].mean())}
    for kind in ("direction", "paraphrase"):
        of_kind = np.array([e.kind == kind for e in examples]) & mask
        if of_kind.any():
            values[kind] = float(right[of_kind].mean())
    if (~can[mask]).any():
        values["auroc"] = auroc(confidence[mask], can[mask])
    values["ece"] = ece(confidence[mask], right[mask])
    return {key: round(value, 3) for key, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="with training/ and eval/")
    parser.add_argument("--news", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=600, help="questions of each other set")
    parser.add_argument("--cross-encoder", help='a folder or name, or "none"')
    parser.add_argument("--ablate", action="store_true", help="what each part adds")
    parser.add_argument("--write", action="store_true", help="into assistant/scorer.json")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    squad2 = args.data / "eval" / "squad2_dev"
    wiki = args.data / "training" / "squadshifts_wiki.jsonl.gz"
    shifts = unpack_wiki(wiki, args.work / "wiki.set")
    examples = [
        *gather(args.news, args.work, "news", None, args),
        *gather(squad2, args.work, "squad2", args.limit, args),
        *gather(shifts, args.work, "wiki", args.limit, args),
        *gather(args.news, args.work, "elsewhere", ELSEWHERE, args, shifts),
    ]
    ranking = {"news": 1.0, "squad2": 0.5, "wiki": 0.5}
    reads = args.cross_encoder != "none"
    # Without a reader, a question about something else altogether looks like any other.
    sure = {"news": 1.0, "squad2": 0.3, "wiki": 0.3, "elsewhere": 0.3 if reads else 1.0}
    aside = SURE_WITHOUT if reads else frozenset()
    unranked = RANKED_WITHOUT if reads else frozenset()
    sets = np.array([e.set for e in examples])
    share = weighed(examples, sure)
    can = np.array([e.answerable for e in examples])
    if args.ablate:
        parts = {"everything": set(), **{f"without {k}": v for k, v in GROUPS.items()}}
        for title, names in parts.items():
            less = without(examples, names)
            # Without a reader both have what they do without beside one.
            left = (names, names) if "read" in names else (names | aside, names | unranked)
            _, right, confidence = folded(less, ranking, share, *left)
            line = {name: summary(less, right, confidence, name) for name in ranking}
            print(json.dumps({title: line}), flush=True)

    x, right, confidence = folded(examples, ranking, share, aside, unranked)
    for name in ranking:
        held = [e for e in examples if e.set == name]
        report(f"{name}, held out", held, confidence[sets == name], right[sets == name])
    for name in ("news", "squad2"):
        others = {k: v for k, v in ranking.items() if k != name}
        train = [e for e in examples if e.set != name]
        held = [e for e in examples if e.set == name]
        _, first = best_of(held, fit_weights(train, others, unranked))
        answerable = np.array([e.answerable for e in held])
        print(f"{name} by weights fitted on the other sets: right {first[answerable].mean():.3f}")
    threshold = balance(confidence[sets == "news"], can[sets == "news"])
    for name in ("news", "squad2"):
        mask = sets == name
        if mask.any():
            print(
                f"{name} at {threshold:.3f}, held out: false answers "
                f"{(confidence[mask & ~can] >= threshold).mean():.2f}, false abstentions "
                f"{(confidence[mask & can] < threshold).mean():.2f}"
            )

    w = fit_weights(examples, ranking, unranked)
    # The confidence is fitted on ranking odds of weights that had not seen the question, as a
    # question asked tomorrow will have them.
    sure_w, bias = fit_confidence(x, right, share)
    values = {
        "ranking": {f: round(float(v), 4) for f, v in zip(FEATURES, w, strict=True)},
        "confidence": {f: round(float(v), 4) for f, v in zip(CONFIDENCE, sure_w, strict=True)},
        "bias": round(bias, 4),
        "threshold": round(threshold, 3),
    }
    off = sets == "elsewhere"
    print(f"elsewhere, held out: answered {(confidence[off] >= threshold).mean():.2f}")
    print(json.dumps(values))
    if args.write:
        known = json.loads(WEIGHTS.read_text("utf-8")) if WEIGHTS.exists() else {}
        known["embedded" if args.cross_encoder == "none" else "read"] = values
        WEIGHTS.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def folded(
    examples: list[Example],
    ranking: dict[str, float],
    share: np.ndarray,
    gone: AbstractSet[str] = frozenset(),
    unranked: AbstractSet[str] = frozenset(),
    folds: int = 10,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence features, whether right, and confidence, of every question by weights that saw
    no question about its documents. ``gone``: what the confidence is without; ``unranked``: what
    the ranking is."""
    groups = sorted({e.group for e in examples})
    random.Random(SEED).shuffle(groups)
    fold_of = {group: place % folds for place, group in enumerate(groups)}
    fold = np.array([fold_of[e.group] for e in examples])
    x, right = np.zeros((len(examples), len(CONFIDENCE))), np.zeros(len(examples))
    confidence = np.zeros(len(examples))
    for held in range(folds):
        test = np.flatnonzero(fold == held)
        others = [e for e, f in zip(examples, fold, strict=True) if f != held]
        w = fit_weights(others, ranking, unranked)
        x[test], right[test] = best_of([examples[n] for n in test], w)
    x *= np.array([name not in gone for name in CONFIDENCE], dtype=float)
    for held in range(folds):
        train, test = fold != held, fold == held
        w, bias = fit_confidence(x[train], right[train], share[train])
        confidence[test] = 1 / (1 + np.exp(-(x[test] @ w + bias)))
    return x, right, confidence


if __name__ == "__main__":
    main()
