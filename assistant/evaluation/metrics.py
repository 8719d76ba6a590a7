"""The formulas, each with where it comes from. Pure functions of numbers; nothing of ours.

A figure that its data leave undefined (a mean over nothing, an AUROC with one class) is ``None``,
never 0. *Probabilities* lie in [0, 1]; what does not is refused with a ``ValueError``, as are two
columns of different length.

A *ranking* is given as what each item covers: for each, best first, the set of gold groups (any
integers) that it overlaps. Golds of one group are alternatives; every group is wanted.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import intp
    from numpy.typing import NDArray

    Statistic = Callable[[NDArray[intp]], float | None]

_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """A point of a risk–coverage curve.

    Attributes:
        threshold: what is at least this confident is answered.
        coverage: the share that is answered, in (0, 1].
        risk: the share of these that is wrong, in [0, 1].
    """

    threshold: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of about the same probability. Never empty.

    Attributes:
        n: how many.
        confidence: their mean probability.
        accuracy: the share that came true.
    """

    n: int
    confidence: float
    accuracy: float


# -- rankings ------------------------------------------------------------------------------------


def any_recalled(ranking: Sequence[AbstractSet[int]], k: int) -> bool:
    """Whether any gold is among the first ``k``: hit recall, also called success@k.

    Where every question has one gold, its mean is recall@k (Manning, Raghavan & Schütze,
    *Introduction to Information Retrieval*, 2008, section 8.4).
    """
    return any(ranking[:k])


def all_recalled(ranking: Sequence[AbstractSet[int]], groups: AbstractSet[int], k: int) -> bool:
    """Whether the first ``k`` cover every group between them. True of no groups."""
    return groups <= frozenset().union(*ranking[:k])


def reciprocal_rank(ranking: Sequence[AbstractSet[int]]) -> float:
    """1 / rank of the first item that covers any gold, ranks from 1; 0 without one.

    Its mean over questions is MRR (Voorhees, "The TREC-8 Question Answering Track Report", 1999).
    """
    return next((1.0 / rank for rank, covered in enumerate(ranking, start=1) if covered), 0.0)


def new_gains(ranking: Sequence[AbstractSet[int]]) -> list[int]:
    """For each item, how many groups it is the first to cover: a second copy of an answer adds
    nothing (Clarke et al., "Novelty and Diversity in Information Retrieval Evaluation", SIGIR
    2008, with alpha = 1)."""
    seen: set[int] = set()
    gains = []
    for covered in ranking:
        gains.append(len(covered - seen))
        seen |= covered
    return gains


def ideal_gains(sources: Sequence[AbstractSet[int]]) -> list[int]:
    """The gains of the best ranking there can be, where an item covers at most what one of
    ``sources`` does: largest first, and what each adds to those before it.

    Greedy, as in Clarke et al. 2008: the exact one is a set cover.
    """
    left = list(sources)
    seen: set[int] = set()
    gains = []
    while left:
        best = max(left, key=lambda source: len(source - seen))
        left.remove(best)
        if best <= seen:
            break
        gains.append(len(best - seen))
        seen |= best
    return gains


def dcg(gains: Sequence[float], k: int) -> float:
    """Discounted cumulated gain: the sum of ``gain / log2(1 + rank)`` over the first ``k``, ranks
    from 1.

    Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
    2002; with the discount that became usual, which already counts at rank 2.
    """
    return sum(gain / math.log2(1 + rank) for rank, gain in enumerate(gains[:k], start=1))


def ndcg(gains: Sequence[float], ideal: Sequence[float], k: int) -> float | None:
    """DCG as a share of the DCG of ``ideal``, the gains in the best order there can be.

    In [0, 1] if it is so. ``None`` where there is nothing to gain.
    """
    best = dcg(ideal, k)
    return dcg(gains, k) / best if best else None


# -- words ---------------------------------------------------------------------------------------


def contains_expected(texts: Sequence[str], answers: Sequence[str], need: str) -> bool:
    """Whether the expected strings stand in ``texts``, any of which may hold any of them.

    Case is ignored, and a run of white space is one space. Otherwise the string counts wherever it
    stands, save inside a longer number: ``5%`` is not in ``15%``, nor ``2`` in ``2.5``.

    Args:
        answers: what is expected; not empty.
        need: ``any``: one of them is enough; ``all`` or ``all_answers``: each must be there.
    """
    if not answers or need not in ("any", "all", "all_answers"):
        raise ValueError(f"nothing to look for: answers={answers!r}, need={need!r}")
    hay = [_plain(text) for text in texts]
    found = (any(_pattern(answer).search(text) for text in hay) for answer in answers)
    return any(found) if need == "any" else all(found)


def _plain(text: str) -> str:
    return _BLANK.sub(" ", text).strip().casefold()


def _pattern(answer: str) -> re.Pattern[str]:
    plain = _plain(answer)
    before = r"(?<!\d)(?<!\d[.,])" if plain[:1].isdigit() else ""
    after = r"(?![.,]?\d)" if plain[-1:].isdigit() else ""
    return re.compile(before + re.escape(plain) + after)


# -- confidence ----------------------------------------------------------------------------------


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The probability that a positive scores above a negative, ties counting half: the area under
    the ROC curve, from the Mann–Whitney statistic with mid-ranks.

    Hanley & McNeil, "The meaning and use of the area under a receiver operating characteristic
    (ROC) curve", Radiology 143, 1982. ``None`` unless both classes are there.
    """
    _same_length(scores, positive)
    if any(math.isnan(score) for score in scores):
        raise ValueError("a score is not a number")
    positives = sum(positive)
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    ranks = 0.0
    below = 0
    for _, tied in _ties(scores, positive):
        ranks += sum(tied) * (below + (1 + len(tied)) / 2)
        below += len(tied)
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def risk_coverage(probabilities: Sequence[float], correct: Sequence[bool]) -> list[RiskPoint]:
    """What share is wrong when only the most confident are answered; coverage rising.

    El-Yaniv & Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11, 2010.
    One point for each distinct confidence, because a threshold can't tell equals apart.
    """
    _check(probabilities, correct)
    answered = wrong = 0
    points = []
    for probability, tied in reversed(list(_ties(probabilities, correct))):
        answered += len(tied)
        wrong += len(tied) - sum(tied)
        points.append(RiskPoint(probability, answered / len(correct), wrong / answered))
    return points


def aurc(probabilities: Sequence[float], correct: Sequence[bool]) -> float | None:
    """The area under the risk–coverage curve: the mean, over k from 1 to n, of the risk when the
    ``k`` most confident are answered. In [0, 1]; lower is better.

    Geifman & El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017. Among
    equals the expectation over their orders is taken.
    """
    _check(probabilities, correct)
    answered = 0
    wrong = 0.0
    area = 0.0
    for _, tied in reversed(list(_ties(probabilities, correct))):
        share = 1 - sum(tied) / len(tied)
        for _ in tied:
            answered += 1
            wrong += share
            area += wrong / answered
    return area / answered if answered else None


def brier(probabilities: Sequence[float], correct: Sequence[bool]) -> float | None:
    """Mean squared difference of forecast and outcome (0 or 1). In [0, 1]; lower is better.

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review
    78, 1950; halved, as is usual for two classes.
    """
    _check(probabilities, correct)
    return mean([(p - was) ** 2 for p, was in zip(probabilities, correct, strict=True)])


def equal_width_bins(
    probabilities: Sequence[float], correct: Sequence[bool], bins: int = 10
) -> list[Bin]:
    """Forecasts by intervals ``((i - 1) / bins, i / bins]``, the first with its 0; empty ones are
    left out.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    _check(probabilities, correct)
    edges = [i / bins for i in range(1, bins + 1)]
    return _binned(probabilities, correct, [bisect_left(edges, p) for p in probabilities])


def equal_mass_bins(
    probabilities: Sequence[float], correct: Sequence[bool], bins: int = 10
) -> list[Bin]:
    """Forecasts by their quantiles, about as many in each bin; empty ones are left out.

    Nguyen & O'Connor, "Posterior calibration and exploratory analysis for natural language
    processing models", EMNLP 2015. Equals stay together, by their middle: parting them would make
    the bins depend on the order of the questions.
    """
    _check(probabilities, correct)
    place: dict[float, int] = {}
    below = 0
    for probability, tied in _ties(probabilities, correct):
        place[probability] = int(bins * (below + len(tied) / 2) / len(correct))
        below += len(tied)
    return _binned(probabilities, correct, [place[p] for p in probabilities])


def expected_calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean gap between confidence and accuracy over the bins, each weighing as many as it has.
    In [0, 1]; lower is better.

    Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI 2015; as estimated by Guo et al. 2017. Biased upwards where bins are small.
    """
    total = sum(part.n for part in bins)
    if not total:
        return None
    return sum(part.n * abs(part.accuracy - part.confidence) for part in bins) / total


# -- summaries -----------------------------------------------------------------------------------


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; ``None`` of nothing."""
    return math.fsum(values) / len(values) if values else None


def quantile(values: Sequence[float], q: float) -> float | None:
    """The value below which a share ``q`` of the values lies, interpolated linearly; ``None`` of
    nothing.

    Hyndman & Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50, 1996,
    definition 7.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"q={q} is not a share")
    if not values:
        return None
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = math.ceil(place)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def bootstrap_interval(
    statistic: Statistic, n: int, *, times: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float] | None:
    """How far a figure would vary over other samples of ``n`` questions: the middle ``level`` of
    what it is on ``times`` samples drawn from these with replacement (percentile bootstrap).

    Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7, 1979; Efron
    & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13. It holds for questions that
    are independent. Of a share of 0 or 1 it has no width and says nothing; the truth may then be
    some 3 / n off (Hanley & Lippman-Hand, JAMA 249, 1983).

    Args:
        statistic: the figure on a sample, given as indices, shape ``(n,)``; ``None`` where it is
            undefined, and such samples are left out.

    Returns:
        Low and high; ``None`` for fewer than two questions or where no sample had a figure.
    """
    if n < 2:
        return None
    import numpy as np

    random = np.random.default_rng(seed)
    drawn = (statistic(random.integers(0, n, size=n)) for _ in range(times))
    values = [value for value in drawn if value is not None]
    low, high = quantile(values, (1 - level) / 2), quantile(values, (1 + level) / 2)
    return None if low is None or high is None else (low, high)


def ratio_interval(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    times: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """:func:`bootstrap_interval` of ``sum(numerators) / sum(denominators)``, drawn together; with
    denominators of 1 it is that of the mean."""
    _same_length(numerators, denominators)
    import numpy as np

    above, under = np.asarray(numerators, float), np.asarray(denominators, float)

    def ratio(sample: NDArray[intp]) -> float | None:
        total = float(under[sample].sum())
        return float(above[sample].sum()) / total if total else None

    return bootstrap_interval(ratio, len(numerators), times=times, seed=seed, level=level)


# -- inside --------------------------------------------------------------------------------------


def _ties(keys: Sequence[float], flags: Sequence[bool]) -> Iterator[tuple[float, list[bool]]]:
    """The flags by distinct key, keys rising."""
    groups: dict[float, list[bool]] = {}
    for key, flag in zip(keys, flags, strict=True):
        groups.setdefault(key, []).append(flag)
    yield from sorted(groups.items(), key=lambda group: group[0])


def _binned(
    probabilities: Sequence[float], correct: Sequence[bool], places: Sequence[int]
) -> list[Bin]:
    groups: dict[int, list[tuple[float, bool]]] = {}
    for place, probability, was in zip(places, probabilities, correct, strict=True):
        groups.setdefault(place, []).append((probability, was))
    return [
        Bin(
            n=len(group),
            confidence=math.fsum(p for p, _ in group) / len(group),
            accuracy=sum(was for _, was in group) / len(group),
        )
        for _, group in sorted(groups.items())
    ]


def _check(probabilities: Sequence[float], correct: Sequence[bool]) -> None:
    _same_length(probabilities, correct)
    for probability in probabilities:
        if not 0 <= probability <= 1:
            raise ValueError(f"{probability} is not a probability")


def _same_length(one: Sequence[object], other: Sequence[object]) -> None:
    if len(one) != len(other):
        raise ValueError(f"columns of {len(one)} and {len(other)} don't belong together")
