"""Groups of the questions in ``questions/``, most in other words than the sentence that answers.

    python training/written.py --data SHARED --replay WORK --write WORK/more

``questions/`` has two kinds, a JSON object a line. ``excerpts.jsonl.gz`` asks about sentences of
QAMR (MIT), a question a line: ``{"article", "s", "q", "a"}``, where ``s`` is the ``sentence_id`` of
the sentence that answers, or null where none of the article's does, and ``a`` its words that do.
``reports.jsonl.gz`` has invented news reports: ``{"title", "sentences", "questions"}``, a question
being ``{"q", "s", "a"}`` and ``s`` a sentence's index, and ``"matter"`` where several are about the
same.

Each question is used ``--times`` times, with other rivals; the rest are groups that ``pairs.py``
made, so that nothing is forgotten, as many pairs as ``--share`` leaves them. Written are
``groups.jsonl.gz``, ``dev.jsonl.gz``, and ``held.jsonl.gz``: the questions of a tenth of the
articles and reports, which are not trained on. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training.pairs import Bm25, Group, Part, bare, distinct, has_any, rows_of, write

FOLDER = Path(__file__).resolve().parent / "questions"
SEED = 21
HELD_OUT = 10
"""One in so many articles, and reports, is not trained on."""

RIVALS = 6
"""Sentences that don't answer, at the most, beside one that does."""

REMOVED = 0.12
"""Share of questions whose answering sentence is left out."""


@dataclass(frozen=True)
class Written:
    """What was written about one article.

    Attributes:
        parts: its sentences, in order.
        asked: questions, the place of the sentence that answers, and its words.
    """

    source: str
    parts: Sequence[Part]
    asked: Sequence[tuple[str, int | None, str]]


def excerpts(
    rows: Iterable[Mapping[str, Any]], sentences: Iterable[Mapping[str, Any]]
) -> Iterator[Written]:
    """By article, in the order of their first questions.

    Raises:
        ValueError: an answer is no part of its sentence, or there is no such sentence.
    """
    of_article: dict[str, list[tuple[int, int, str, str]]] = defaultdict(list)
    for row in sentences:
        *_, paragraph, number = row["sentence_id"].split(":")
        at = int(paragraph), int(number)
        of_article[row["article"]].append((*at, row["sentence"], row["sentence_id"]))
    by_article: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_article[row["article"]].append(row)
    for article, own in by_article.items():
        places = sorted(of_article[article])
        texts = {(paragraph, number): text for paragraph, number, text, _ in places}
        ids = [name for *_, name in places]
        parts = [(text, "", texts.get((p, n - 1), "")) for p, n, text, _ in places]
        asked = []
        for row in own:
            if row["s"] is not None and row["s"] not in ids:
                raise ValueError(f"{article} has no sentence {row['s']}")
            place = None if row["s"] is None else ids.index(row["s"])
            asked.append((row["q"], place, row.get("a") or ""))
        yield _checked(Written("excerpts", parts, asked))


def reports(rows: Iterable[Mapping[str, Any]]) -> Iterator[Written]:
    """Those of one matter together, others one by one. Raises what :func:`excerpts` does."""
    of_matter: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for number, row in enumerate(rows):
        of_matter[row.get("matter") or f"report {number}"].append(row)
    for own in of_matter.values():
        parts: list[Part] = []
        asked: list[tuple[str, int | None, str]] = []
        for row in own:
            for q in row["questions"]:
                place = None if q["s"] is None else len(parts) + q["s"]
                asked.append((q["q"], place, q.get("a") or ""))
            before = ["", *row["sentences"][:-1]]
            parts += [(s, row["title"], b) for s, b in zip(row["sentences"], before, strict=True)]
        yield _checked(Written("reports", parts, asked))


def _checked(written: Written) -> Written:
    for question, place, answer in written.asked:
        if place is not None and not (answer and answer in written.parts[place][0]):
            raise ValueError(f"{answer!r} does not stand in the sentence that answers {question!r}")
    return written


def groups(
    written: Sequence[Written], rng: random.Random, others: Sequence[Part] = ()
) -> Iterator[Group]:
    """A group for each question. Rivals are of its article: those with its words, those around the
    answer, the first; one is of another article.

    Args:
        others: sentences that a rival from elsewhere is taken of.
    """
    elsewhere = Bm25([part[0] for part in others])
    for article in written:
        own = Bm25([part[0] for part in article.parts])
        for question, place, answer in article.asked:
            alike = own.best(question, 3)
            around = [] if place is None else [place + 1, place - 1]
            some = list(range(len(article.parts)))
            rng.shuffle(some)
            order = [*alike, *around, _first(article.parts, place or 0), *some[:3]]
            far = [others[n] for n in elsewhere.best(question, 4)]
            rng.shuffle(far)
            here = [article.parts[n] for n in order if 0 <= n < len(article.parts) and n != place]
            answers = {answer} if answer else set()
            positive = () if place is None else (article.parts[place],)
            never = [part[0] for part in positive]
            fair = [part for part in here if not has_any(part[0], answers)]
            known = {part[0] for part in article.parts}
            fair[5:5] = [p for p in far if p[0] not in known and not has_any(p[0], answers)][:1]
            rivals = distinct(fair, never, RIVALS)
            if rivals:
                tag = f"written-{article.source}" + ("" if positive else "-none")
                yield Group(question, positive, rivals, tag, tuple(answers))


def _first(parts: Sequence[Part], place: int) -> int:
    """The place of what its report, or its stretch of one, begins with."""
    while place and parts[place][2]:
        place -= 1
    return place


def apart(written: Sequence[Written]) -> tuple[list[Written], list[Written]]:
    """Those trained on, and those held out."""
    held = set(random.Random(SEED).sample(range(len(written)), len(written) // HELD_OUT))
    return (
        [w for n, w in enumerate(written) if n not in held],
        [w for n, w in enumerate(written) if n in held],
    )


def everything(data: Path, folder: Path = FOLDER) -> list[Written]:
    """All that was written."""
    sentences = rows_of(data / "training" / "qamr_sentences.jsonl.gz")
    return [
        *excerpts(rows_of(folder / "excerpts.jsonl.gz"), sentences),
        *reports(rows_of(folder / "reports.jsonl.gz")),
    ]


def used(written: Sequence[Written], times: int, seed: int) -> Iterator[Group]:
    """Groups to train with: each question so often, some of the time without its answer, or
    without what stands around."""
    others = [part for each in written for part in each.parts]
    for time in range(times):
        rng = random.Random(seed + time)
        for group in groups(written, rng, others):
            made = group
            if group.pos and len(group.neg) > 2 and rng.random() < REMOVED:
                made = replace(group, pos=(), answers=(), source=f"{group.source}-removed")
            yield bare(made, rng)


def pairs_of(rows: Iterable[Mapping[str, Any]]) -> int:
    """How many pairs of question and sentence these groups have."""
    return sum(len(row["pos"]) + len(row["neg"]) for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--replay", type=Path, required=True, help="with groups.jsonl.gz")
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.5, help="of the pairs, of these questions")
    args = parser.parse_args()
    if not 0.0 < args.share <= 1.0:
        parser.error("--share is a number above 0, up to 1")
    args.write.mkdir(parents=True, exist_ok=True)
    trained, held = apart(everything(args.data))
    own = list(used(trained, args.times, SEED))
    wanted = pairs_of(g.row() for g in own) * (1 - args.share) / args.share
    replayed: list[Group] = []
    # From the end: a run that did not come so far has not seen these.
    for row in reversed(rows_of(args.replay / "groups.jsonl.gz")):
        if wanted <= 0:
            break
        wanted -= pairs_of([row])
        pos, neg = (tuple(map(tuple, row[of])) for of in ("pos", "neg"))
        replayed.append(Group(row["q"], pos, neg, row["source"], tuple(row["answers"])))
    mixed = [*own, *replayed]
    random.Random(SEED).shuffle(mixed)
    write(mixed, args.write / "groups.jsonl.gz")
    parts = [part for each in trained for part in each.parts]
    write(groups(held, random.Random(SEED), parts), args.write / "held.jsonl.gz")
    shutil.copyfile(args.replay / "dev.jsonl.gz", args.write / "dev.jsonl.gz")
    print(len(own), "groups of these questions,", len(replayed), "of others,", end=" ")
    print(pairs_of(g.row() for g in mixed), "pairs")


if __name__ == "__main__":
    sys.exit(main())
