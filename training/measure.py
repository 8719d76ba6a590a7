"""What a cross-encoder is worth, beside the embeddings it began as and BM25.

    python training/measure.py --model assistant/model --data SHARED --news benchmarks/data/news \
        --work WORK [--sets trecqa news …] [--markdown FILE | --limit N]

Every figure is of raw scores: no threshold, no direction check, nothing fitted, save for the last
scorer, which is all that OnRecord weighs by the weights that ship. Printed is one JSON object, a
part for each scorer; ``--markdown`` writes the same as tables, TREC QA's beside published results.
All scorers choose among the same sentences:

- ``trecqa``: mean average precision and mean reciprocal rank on the clean test (questions with both
  answers and non-answers), of all candidates. The set has ``<num>`` in the place of every number,
  which no reader of text has ever met; so the same is told with ``10`` there, for all alike.
- ``xquad_en_extra``: the sentence with the answer first, among its ``paragraph`` and among its
  whole ``article``, all of which is read.
- ``squad2_dev``: answerable or not, AUROC of the best sentence's score, for the articles that
  ``pairs.py`` does not train on; given the ``paragraph`` that the question was written for, and
  given the ``article``. Of an article only that paragraph and the 24 sentences that BM25 puts
  first are read: these articles have hundreds. Of 78 questions for which a cross-encoder read all,
  what it put first was among these for 73, and the AUROC was 0.664 with all and 0.665 with these.
- ``news``: of the answerable questions, by kind, the share with a right sentence first among the 40
  that BM25 puts first of the retrieved passages. ``reached`` is the share that has a right one
  among these, which no scorer can exceed.

How rare a word is, BM25 knows from the candidates' own article (TREC QA: the handful of candidates;
news: all sentences of the retrieved passages), so its AUROC over articles compares numbers that
have little in common.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from assistant.evaluation.metrics import ratio_interval
from index.sentences import sentence_spans
from training import pairs as data

SPAN = 0.25
"""How much the likeliest answer's log odds (of its first and last word, added) count beside the
sentence's."""

SETS = ("trecqa", "xquad_en_extra", "squad2_dev", "news")

OF_ARTICLE, OF_NEWS = 24, 40
"""Sentences that are read, best by BM25: of an article of SQuAD 2.0, and of the passages that news
retrieves."""

SCORERS = {
    "bm25": "BM25",
    "bi_encoder": "bi-encoder (all-MiniLM-L6-v2)",
    "cross_encoder": "cross-encoder",
    "scorer": "all that OnRecord weighs",
}
"""Key in the JSON, and name in the tables."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Sentences that belong together: one question's candidates, or one document. ``vectors`` are
    theirs, where an index has given them."""

    parts: list[data.Part]
    vectors: Sequence[Any] = field(default=(), kw_only=True)

    @cached_property
    def words(self) -> data.Bm25:
        return data.Bm25([part[0] for part in self.parts])

    def best_by_words(self, question: str, k: int) -> list[int]:
        """The ``k`` that BM25 puts first, in the pool's order. Equals, such as those without a
        word of the question, are taken from its front."""
        return sorted(np.argsort(-self.words.scores(question), kind="stable")[:k].tolist())


Score = Callable[[str, Pool, Sequence[int]], Any]
"""A question, and which of a pool's sentences are judged, to numbers, shape ``(n,)``."""


def cross_encoder(folder: Path) -> Score:
    """By a reader: the folder that ``export.py`` makes, or any cross-encoder's."""
    from assistant.cross_encoder import Sentence, reader

    model = reader(str(folder))
    assert model is not None

    def score(question: str, pool: Pool, among: Sequence[int]) -> Any:
        readings = model.read(question, [Sentence(*pool.parts[n]) for n in among])
        return np.array([reading.score + SPAN * reading.span for reading in readings])

    return score


def whole_scorer(folder: Path, pools: Sequence[Pool], kept: Path) -> Score:
    """By everything that an answer is chosen by: the cross-encoder, who does what to whom, names
    and neighbouring words, as :class:`assistant.scorer.FeatureScorer` weighs them. What that
    does not weigh stands behind, as the cross-encoder has it.

    Args:
        pools: all that will be judged: how rare a word is, is known from these.
        kept: a folder where their words are kept.
    """
    from assistant.cross_encoder import reader
    from assistant.language import Language
    from assistant.scorer import FeatureScorer
    from assistant.types import Candidate
    from index.embed import Embedder, Remembered
    from index.lexical import LexicalIndex
    from index.types import Hit, Span
    from index.word_vectors import WordVectors

    embedder = Embedder()
    words = LexicalIndex(kept / "words.sqlite3")
    texts = sorted({part[0] for pool in pools for part in pool.parts})
    words.add(((number, 0), "", text) for number, text in enumerate(texts))
    model = reader(str(folder))
    scorer = FeatureScorer(
        lambda t: embedder.encode(list(t)),
        words,
        Language(),
        model,
        by_words=Remembered(WordVectors().encode),
    )
    alone = cross_encoder(folder)
    known: dict[Pool, Sequence[Any]] = {}

    def score(question: str, pool: Pool, among: Sequence[int]) -> Any:
        own = isinstance(pool, Sentences)
        if pool not in known:
            known[pool] = pool.vectors or meanings(pool, embedder)
        offered = []
        for n in among:
            text, title, _ = pool.parts[n]
            start = pool.spans[n][0] if isinstance(pool, Sentences) else 0
            span = Span(start, start + len(text))
            hit = Hit(title if own else str(n), "0" * 64, title, None, None, span, text, 1.0)
            around = tuple(pool.parts[m][0] for m in range(max(0, n - 3), n)) if own else ()
            after = pool.parts[n + 1][0] if own and n + 1 < len(pool.parts) else ""
            offered.append(
                Candidate(hit, 0, span, text, around, after, lead=n + 3, vector=known[pool][n])
            )
        found = scorer.weighed(question, offered)
        scores = alone(question, pool, among) / 1000.0 - 100.0
        for place, odds, judgement in found:
            # The chance that it answers compares questions; the odds tell equal ones apart.
            scores[place] = judgement.probability + odds / 1000.0
        return scores

    return score


PASSAGE = 220
"""Tokens of a passage, as the index cuts them (it lets them overlap besides)."""


def meanings(pool: Pool, embedder: Any) -> list[Any]:
    """A unit vector of each sentence, as its passage has it: with its neighbours where the pool is
    a document, alone otherwise."""
    passages: list[list[int]] = []
    size = 0
    lengths = [len(offsets) for offsets in embedder.token_offsets([p[0] for p in pool.parts])]
    for n, length in enumerate(lengths):
        if not passages or size + length > PASSAGE or not isinstance(pool, Sentences):
            passages.append([])
            size = 0
        passages[-1].append(n)
        size += length
    texts, spans = [], []
    for passage in passages:
        text = pool.parts[passage[0]][1]
        inside = []
        for n in passage:
            text += " " if text else ""
            inside.append((len(text), len(text) + len(pool.parts[n][0])))
            text += pool.parts[n][0]
        texts.append(text)
        spans.append(inside)
    _, found = embedder.encode_in_passages(texts, spans)
    return [vector for vectors in found for vector in vectors]


def bi_encoder() -> Score:
    """By the cosine of the bare sentence, as the packaged model gives it."""
    from index.embed import Embedder

    embedder = Embedder()
    known: dict[str, Any] = {}

    def score(question: str, pool: Pool, among: Sequence[int]) -> Any:
        texts = [pool.parts[n][0] for n in among]
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if new:
            known.update(zip(new, embedder.encode(new), strict=True))
        asking = embedder.encode([question])[0]
        return np.array([float(known[text] @ asking) for text in texts])

    return score


def bm25() -> Score:
    """By the words of the bare sentences, rare in the whole pool."""

    def score(question: str, pool: Pool, among: Sequence[int]) -> Any:
        return pool.words.scores(question)[list(among)]

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


@dataclass(frozen=True, eq=False)
class Sentences(Pool):
    """A document's sentences, with place and paragraph."""

    spans: list[tuple[int, int]]
    paragraph: list[int]

    def at(self, start: int, end: int) -> list[int]:
        """Those that overlap a range of code points."""
        return [n for n, (s, e) in enumerate(self.spans) if s < end and start < e]

    def around(self, start: int, end: int) -> list[int]:
        """Those of the paragraph that a range of code points begins in."""
        home = self.paragraph[self.at(start, end)[0]]
        return [n for n, paragraph in enumerate(self.paragraph) if paragraph == home]


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


NUMBER = "<num>"
"""What TREC QA has in the place of every number."""


def trecqa_pools(
    root: Path, limit: int | None, number: str = NUMBER
) -> list[tuple[str, Pool, list[bool]]]:
    """Question, candidates and which are right, of the clean test. ``number``: what stands for
    every number."""
    rows = data.rows_of(root / "eval" / "trecqa" / "test.jsonl")
    return [
        (
            row["question"].replace(NUMBER, number),
            Pool(
                [
                    (s.replace(NUMBER, number), "", "")
                    for s in (*row["positives"], *row["negatives"])
                ]
            ),
            [True] * len(row["positives"]) + [False] * len(row["negatives"]),
        )
        for row in spread([row for row in rows if row["positives"] and row["negatives"]], limit)
    ]


def trecqa(score: Score, pools: Sequence[tuple[str, Pool, list[bool]]]) -> dict[str, Any]:
    """Mean average precision and mean reciprocal rank, with 95% bootstrap intervals."""
    rankings = [
        ranked(score(question, pool, range(len(right))), right)
        for question, pool, right in told(pools, "trecqa")
    ]
    precisions = [average_precision(r) for r in rankings]
    reciprocals = [reciprocal_rank(r) for r in rankings]
    ones = [1.0] * len(rankings)
    return {
        "questions": len(rankings),
        "sentences": sum(map(len, rankings)),
        "map": float(np.mean(precisions)),
        "map_interval": ratio_interval(precisions, ones),
        "mrr": float(np.mean(reciprocals)),
        "mrr_interval": ratio_interval(reciprocals, ones),
    }


def documents(folder: Path, without: Sequence[str] = ()) -> dict[str, Sentences]:
    """Of a question set, by file name."""
    return {
        file.name: read_document(file)
        for file in sorted((folder / "docs").glob("*.txt"))
        if file.name not in without
    }


def xquad(
    score: Score, docs: Mapping[str, Sentences], rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The answering sentence first."""
    first: dict[str, list[float]] = defaultdict(list)
    for row in told(rows, "xquad_en_extra"):
        gold = row["gold"][0]
        doc = docs[gold["doc"]]
        right = {n for g in row["gold"] for n in doc.at(g["start"], g["end"])}
        article = range(len(doc.parts))
        scores = score(row["question"], doc, article)
        inside = doc.around(gold["start"], gold["end"])
        for name, among in (("paragraph", inside), ("article", article)):
            order = ranked([scores[n] for n in among], [n in right for n in among])
            first[name].append(float(order[0]))
    return {"questions": len(rows), **{k: float(np.mean(v)) for k, v in first.items()}}


def squad2(
    score: Score, docs: Mapping[str, Sentences], rows: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Answerable or not; questions about other documents are passed over."""
    best: dict[str, list[float]] = defaultdict(list)
    for row in told(rows, "squad2_dev"):
        where = place(row)
        doc = docs[where["doc"]]
        inside = doc.around(where["start"], where["end"])
        among = sorted({*inside, *doc.best_by_words(row["question"], OF_ARTICLE)})
        scores = dict(zip(among, score(row["question"], doc, among), strict=True))
        best["paragraph"].append(max(float(scores[n]) for n in inside))
        best["article"].append(max(map(float, scores.values())))
    can = [bool(row["answerable"]) for row in rows]
    return {
        "answerable": sum(can),
        "unanswerable": len(can) - sum(can),
        **{k: auroc(v, can) for k, v in best.items()},
    }


def place(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a question's answer stands, or what most looks like it."""
    found: Mapping[str, Any] = row["gold"][0] if row["gold"] else row["near"]
    return found


def spread(rows: Sequence[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    """At most ``limit`` of them, from beginning to end: neighbours are of one paragraph or kind."""
    return list(rows if limit is None else rows[:: max(1, math.ceil(len(rows) / limit))])


def news_pools(folder: Path, work: Path, limit: int | None) -> list[tuple[Any, ...]]:
    """Kind, question, sentences and which are right, of every answerable question. Retrieval is
    the same for every scorer, so it is done once."""
    from assistant.evidence import candidates
    from assistant.pipeline import Assistant

    made = []
    with Assistant.open(folder / "docs", work / "measure.news.index") as assistant:
        assistant.sync()
        rows = [row for row in data.rows_of(folder / "questions.jsonl") if row["answerable"]]
        for row in told(spread(rows, limit), "news, retrieved"):
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
            vectors = [c.vector for c in pool]
            made.append((row["kind"], row["question"], Pool(parts, vectors=vectors), right))
    return made


def news(score: Score, pools: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """A right sentence first, by kind: the share, and of how many questions."""
    first: dict[str, list[float]] = defaultdict(list)
    reached = []
    for kind, question, pool, right in told(pools, "news"):
        among = pool.best_by_words(question, OF_NEWS)
        good = [right[n] for n in among]
        reached.append(any(good))
        found = float(bool(among) and ranked(score(question, pool, among), good)[0])
        first[kind].append(found)
        first["all"].append(found)
    return {
        "questions": len(pools),
        "reached": float(np.mean(reached)) if reached else float("nan"),
        "first": {k: [float(np.mean(v)), len(v)] for k, v in sorted(first.items())},
    }


# --- Tables ---------------------------------------------------------------------------------------

PUBLISHED = (
    ("word alignment", 0.746, 0.820, "Wang & Ittycheriah 2015", "https://arxiv.org/abs/1507.02628"),
    (
        "LSTM and CNN, attention",
        0.728,
        0.832,
        "Tan et al. 2015",
        "https://arxiv.org/abs/1511.04108",
    ),
    (
        "CNN, attentive pooling",
        0.753,
        0.851,
        "dos Santos et al. 2016",
        "https://arxiv.org/abs/1602.03609",
    ),
    ("BiMPM", 0.802, 0.875, "Wang et al. 2017", "https://arxiv.org/abs/1702.03814"),
    (
        "compare-aggregate, ELMo",
        0.868,
        0.928,
        "Yoon et al. 2019",
        "https://arxiv.org/abs/1905.12897",
    ),
    (
        "BERT, gated memory, transfer",
        0.914,
        0.957,
        "Lai et al. 2019",
        "https://arxiv.org/abs/1909.09696",
    ),
    ("TANDA, RoBERTa-large", 0.943, 0.974, "Garg et al. 2020", "https://arxiv.org/abs/1911.04118"),
)
"""System, MAP, MRR and paper: results on the clean test, as the ACL wiki's page "Question Answering
(State of the art)" lists them. What was reported on the raw test, which counts questions that have
no right candidate or no wrong one, stands apart there and is left out here (Yu et al. 2014; Severyn
& Moschitti 2015): the two can't be compared."""


def markdown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as tables: TREC QA beside published results, then the other sets.

    Args:
        found: sets by scorer, as they are printed.
    """
    parts = []
    if any("trecqa" in sets for sets in found.values()):
        parts += ["### TREC QA, clean test", _trecqa_table(found)]
    others = _other_rows(found)
    if others:
        head = ("", "n", *(SCORERS[name] for name in found))
        parts += ["### Other sets", _table(head, others)]
    return "\n\n".join(parts) + "\n"


def _trecqa_table(found: Mapping[str, Mapping[str, Any]]) -> str:
    measured = {name: sets["trecqa"] for name, sets in found.items() if "trecqa" in sets}
    rows = [
        (
            one["map"],
            f"**{SCORERS[name]}**",
            f"{one['map']:.3f}{_interval(one['map_interval'])}",
            f"{one['mrr']:.3f}{_interval(one['mrr_interval'])}",
            "measured here",
        )
        for name, one in measured.items()
    ]
    rows += [
        (map_, system, f"{map_:.3f}", f"{mrr:.3f}", f"[{paper}]({url})")
        for system, map_, mrr, paper, url in PUBLISHED
    ]
    shape = next(iter(measured.values()))
    masked = ""
    if all("trecqa_numbers" in found[name] for name in measured):
        told_ = [
            f"{SCORERS[name]} {found[name]['trecqa_numbers']['map']:.3f} and "
            f"{found[name]['trecqa_numbers']['mrr']:.3f}"
            for name in measured
        ]
        masked = (
            f" The set has `{NUMBER}` in the place of every number. With `10` there instead, MAP "
            f"and MRR are: {'; '.join(told_)}."
        )
    return (
        _table(("", "MAP", "MRR", "source"), [row[1:] for row in sorted(rows, key=lambda r: r[0])])
        + f"\n\n{shape['questions']:,} questions, {shape['sentences']:,} sentences; in brackets: "
        "95% bootstrap intervals over questions. Published results are those of the clean test in "
        "the ACL wiki's list *Question Answering (State of the art)*; the networks among them were "
        f"trained on this set's own training questions.{masked}"
    )


def _other_rows(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    def row(label: str, n: int, figure: Callable[[Any], float], name: str) -> tuple[str, ...]:
        cells = (_figure(figure(sets[name])) if name in sets else "–" for sets in found.values())
        return (label, f"{n:,}", *cells)

    rows = []
    known = {name: each for sets in found.values() for name, each in sets.items()}
    if "xquad_en_extra" in known:
        n = known["xquad_en_extra"]["questions"]
        for key in ("paragraph", "article"):
            label = f"XQuAD: the answering sentence first in its {key}"
            rows.append(row(label, n, lambda of, key=key: of[key], "xquad_en_extra"))
    if "squad2_dev" in known:
        n = known["squad2_dev"]["answerable"] + known["squad2_dev"]["unanswerable"]
        for key in ("paragraph", "article"):
            label = f"SQuAD 2.0: answerable or not, AUROC, given the {key}"
            rows.append(row(label, n, lambda of, key=key: of[key], "squad2_dev"))
    if "news" in known:
        kinds = sorted(known["news"]["first"].items(), key=lambda kind: kind[0] == "all")
        for kind, (_, n) in kinds:
            label = f"news, {kind}: a right sentence first"
            rows.append(row(label, n, lambda of, kind=kind: of["first"][kind][0], "news"))
        label = "news, all: a right sentence among those read"
        rows.append(row(label, known["news"]["questions"], lambda of: of["reached"], "news"))
    return rows


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Labels and sources to the left, numbers to the right."""
    words = {0, *(n for n, name in enumerate(head) if name == "source")}
    marks = tuple("---" if n in words else "---:" for n in range(len(head)))
    lines = [tuple(cell or " " for cell in head), marks, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _figure(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _interval(bounds: Sequence[float] | None) -> str:
    return "" if bounds is None else f" [{bounds[0]:.3f} – {bounds[1]:.3f}]"


# --- The run --------------------------------------------------------------------------------------

T = TypeVar("T")


def told(rows: Sequence[T], what: str, every: float = 15.0) -> Iterator[T]:
    """The rows, with a line on the screen every so many seconds and at the end."""
    began = last = time.monotonic()
    for done, row in enumerate(rows, start=1):
        yield row
        now = time.monotonic()
        if now - last >= every or done == len(rows):
            last = now
            line = f"{what}: {done:,} of {len(rows):,}, {now - began:.0f} s"
            print(line, file=sys.stderr, flush=True)


def rounded(value: Any) -> Any:
    """With no more digits than mean something; what is not a number becomes null."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, Mapping):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, (list, tuple)) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--model", type=Path, help="a trained model's folder; default: none")
    parser.add_argument("--data", type=Path, help="holds eval/SET; all sets but news need it")
    parser.add_argument("--news", type=Path, help="the set of news")
    parser.add_argument("--work", type=Path, help="where news is indexed")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, metavar="SET")
    parser.add_argument("--limit", type=int, help="questions of each set")
    parser.add_argument("--alone", action="store_true", help="only the model")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write tables as well")
    args = parser.parse_args()
    if "news" in args.sets and not (args.news and args.work):
        parser.error("news needs --news and --work")
    if set(args.sets) != {"news"} and not args.data:
        parser.error(f"{', '.join(s for s in args.sets if s != 'news')}: --data is missing")
    if args.alone and not args.model:
        parser.error("--alone without --model leaves nothing to measure")
    if args.limit and args.markdown:
        parser.error("a sample is no result to write down: --limit goes without --markdown")

    parts: dict[str, Callable[[Score], dict[str, Any]]] = {}
    pools: list[Pool] = []
    if "trecqa" in args.sets:
        masked = trecqa_pools(args.data, args.limit)
        numbers = trecqa_pools(args.data, args.limit, "10")
        pools += [pool for _, pool, _ in masked + numbers]
        parts["trecqa"] = lambda score: trecqa(score, masked)
        parts["trecqa_numbers"] = lambda score: trecqa(score, numbers)
    if "xquad_en_extra" in args.sets:
        folder = args.data / "eval" / "xquad_en_extra"
        articles = documents(folder)
        pools += articles.values()
        asked = spread(data.rows_of(folder / "questions.jsonl"), args.limit)
        parts["xquad_en_extra"] = lambda score: xquad(score, articles, asked)
    if "squad2_dev" in args.sets:
        folder = args.data / "eval" / "squad2_dev"
        held_out = documents(folder, without=data.SQUAD2_TRAINED)
        pools += held_out.values()
        rows = [r for r in data.rows_of(folder / "questions.jsonl") if place(r)["doc"] in held_out]
        judged = spread(rows, args.limit)
        parts["squad2_dev"] = lambda score: squad2(score, held_out, judged)
    if "news" in args.sets:
        args.work.mkdir(parents=True, exist_ok=True)
        found_of = news_pools(args.news, args.work, args.limit)
        parts["news"] = lambda score: news(score, found_of)

    scorers = {} if args.alone else {"bm25": bm25(), "bi_encoder": bi_encoder()}
    if args.model:
        scorers["cross_encoder"] = cross_encoder(args.model)
    kept = tempfile.TemporaryDirectory()
    if args.model and not args.alone and pools:
        scorers["scorer"] = whole_scorer(args.model, pools, Path(kept.name))
    found: dict[str, dict[str, Any]] = {}
    for name, score in scorers.items():
        print(f"{name} …", file=sys.stderr, flush=True)
        # On news it is made of the documents' own passages, as `make eval` has it.
        of_it = {k: part for k, part in parts.items() if (name, k) != ("scorer", "news")}
        found[name] = {key: part(score) for key, part in of_it.items()}
    kept.cleanup()
    print(json.dumps(rounded(found), indent=1))
    if args.markdown:
        args.markdown.write_text(markdown(found), "utf-8")


if __name__ == "__main__":
    main()
