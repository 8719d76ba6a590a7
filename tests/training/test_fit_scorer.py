"""What is fitted is weighed and measured as it says."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.scorer import FEATURES, shipped
from training import fit_scorer
from training.fit_scorer import Example


def example(set_: str, answerable: bool) -> Example:
    x = np.zeros((1, len(FEATURES)))
    return Example(set_, "q", "fact", "g", answerable, x, np.array([float(answerable)]))


EXAMPLES = [
    *(example("a", True) for _ in range(2)),
    *(example("a", False) for _ in range(6)),
    *(example("b", True) for _ in range(5)),
    *(example("c", False) for _ in range(4)),
    example("d", True),
]


def test_a_set_counts_as_it_is_told_and_its_unanswerable_questions_a_fifth_of_it() -> None:
    share = fit_scorer.weighed(EXAMPLES, {"a": 1.0, "b": 0.3, "c": 0.2})
    assert share[:2].sum() == pytest.approx(0.8)
    assert share[2:8].sum() == pytest.approx(0.2)
    assert share[8:13].tolist() == pytest.approx([0.06] * 5)
    assert share[13:17].tolist() == pytest.approx([0.05] * 4)
    assert share[17] == 0


def test_calibration_error_is_the_mean_gap_between_confidence_and_share_right() -> None:
    confidence = np.array([0.15, 0.12, 0.95, 1.0])
    right = np.array([0.0, 0.0, 1.0, 0.0])
    # (|0.27 - 0| + |1.95 - 1|) / 4
    assert fit_scorer.ece(confidence, right) == pytest.approx(0.305)
    share = np.array([1.0, 1.0, 2.0, 0.0])
    # (|0.27 - 0| + |1.90 - 2|) / 4
    assert fit_scorer.ece(confidence, right, share) == pytest.approx(0.0925)


def test_the_threshold_balances_false_answers_and_false_abstentions() -> None:
    confidence = np.array([0.9, 0.6, 0.4, 0.2, 0.5, 0.1])
    answerable = np.array([True, True, True, True, False, False])
    at = fit_scorer.balance(confidence, answerable)
    assert at == pytest.approx(0.5)
    assert (confidence[~answerable] >= at).mean() == (confidence[answerable] < at).mean() == 0.5


def test_weights_keep_their_bounds_whatever_the_sets_say() -> None:
    """Of features drawn by lot that each speak for the opposite of what they may."""
    names = list(fit_scorer.CONFIDENCE)
    dice = np.random.default_rng(3)
    x = dice.normal(size=(2000, len(names)))
    wrongly = np.array([-1.0 if name in fit_scorer.MORE else 1.0 for name in names])
    right = (x @ wrongly + dice.normal(size=2000) > 0).astype(float)
    weights, _ = fit_scorer.fit_confidence(x, right, np.ones(2000))
    for name, weight in zip(names, weights, strict=True):
        if name in fit_scorer.AT_MOST:
            assert weight == pytest.approx(fit_scorer.AT_MOST[name]), name
        elif name in fit_scorer.MORE | fit_scorer.LESS:
            assert weight == 0, name
        else:
            assert weight > 0, name
    assert set(fit_scorer.AT_MOST) < fit_scorer.LESS
    assert fit_scorer.MORE | fit_scorer.LESS | {"new_words"} == set(names)


def test_a_feature_that_speaks_rightly_is_weighed() -> None:
    names = list(fit_scorer.CONFIDENCE)
    dice = np.random.default_rng(3)
    x = dice.normal(size=(400, len(names)))
    read, unfilled = names.index("read"), names.index("unfilled")
    right = (x[:, read] - 3.0 * x[:, unfilled] > 0).astype(float)
    weights, _ = fit_scorer.fit_confidence(x, right, np.ones(400))
    assert weights[read] > 0.3
    assert weights[unfilled] < -1.2


@pytest.mark.parametrize("reads", [True, False])
def test_the_shipped_weights_are_within_their_bounds(reads: bool) -> None:
    weights = shipped(reads).confidence
    assert {n: w for n, w in weights.items() if n in fit_scorer.MORE and w < 0} == {}
    assert {n: w for n, w in weights.items() if n in fit_scorer.LESS and w > 0} == {}
    if reads:
        assert {n: w for n, w in weights.items() if w > fit_scorer.AT_MOST.get(n, w)} == {}
        assert {n: w for n, w in weights.items() if n in fit_scorer.SURE_WITHOUT and w} == {}
        ranked = {name for name, weight in shipped(reads).ranking.items() if weight}
        assert not ranked & fit_scorer.RANKED_WITHOUT


def test_what_is_never_seen_has_no_weight() -> None:
    names = list(fit_scorer.CONFIDENCE)
    dice = np.random.default_rng(3)
    x = dice.normal(size=(50, len(names)))
    x[:, names.index("counts_another")] = 0.0
    weights, _ = fit_scorer.fit_confidence(x, (x[:, 0] > 0).astype(float), np.ones(50))
    assert weights[names.index("counts_another")] == 0.0
