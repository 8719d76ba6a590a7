"""The formulas against values worked out by hand, and against what must hold of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.evaluation.metrics import (
    Bin,
    RiskPoint,
    all_recalled,
    any_recalled,
    aurc,
    auroc,
    bootstrap_interval,
    brier,
    contains_expected,
    dcg,
    equal_mass_bins,
    equal_width_bins,
    expected_calibration_error,
    ideal_gains,
    mean,
    ndcg,
    new_gains,
    quantile,
    ratio_interval,
    reciprocal_rank,
    risk_coverage,
)

# Coarse on purpose: ties are where these formulas go wrong.
forecasts = st.lists(
    st.tuples(st.integers(0, 20).map(lambda step: step / 20), st.booleans()), max_size=40
)

NOTHING: frozenset[int] = frozenset()
RANKING = [NOTHING, frozenset({0}), frozenset({0, 1}), NOTHING]


def columns(pairs: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [p for p, _ in pairs], [was for _, was in pairs]


# -- rankings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "any_gold", "every_group"),
    [
        (1, False, False),
        (2, True, False),
        (3, True, True),
        (10, True, True),
    ],
)
def test_recall_at_each_depth(k: int, any_gold: bool, every_group: bool) -> None:
    assert any_recalled(RANKING, k) is any_gold
    assert all_recalled(RANKING, {0, 1}, k) is every_group


def test_nothing_is_recalled_from_an_empty_ranking() -> None:
    assert any_recalled([], 10) is False
    assert all_recalled([], {0}, 10) is False
    assert all_recalled([], set(), 10) is True


def test_reciprocal_rank_is_that_of_the_first_hit() -> None:
    assert reciprocal_rank(RANKING) == 1 / 2
    assert reciprocal_rank([frozenset({3})]) == 1
    assert reciprocal_rank([NOTHING, NOTHING]) == 0
    assert reciprocal_rank([]) == 0


def test_a_second_copy_gains_nothing() -> None:
    assert new_gains(RANKING) == [0, 1, 1, 0]
    assert new_gains([frozenset({0, 1}), frozenset({1})]) == [2, 0]


def test_ideal_gains_take_the_richest_source_first() -> None:
    assert ideal_gains([{0}, {1, 2}, {2}]) == [2, 1]
    assert ideal_gains([{0, 1}, {0}, {1}]) == [2]
    assert ideal_gains([]) == []


def test_ndcg_by_hand() -> None:
    # Gains 0, 1, 1 at ranks 1, 2, 3 against 1, 1 at ranks 1, 2.
    gained = 1 / math.log2(3) + 1 / 2
    assert dcg([0, 1, 1], 10) == pytest.approx(gained)
    assert ndcg([0, 1, 1], [1, 1], 10) == pytest.approx(gained / (1 + 1 / math.log2(3)))
    assert ndcg([0, 1, 1], [1, 1], 1) == 0
    assert ndcg([3, 2], [3, 2], 10) == 1
    assert ndcg([], [1], 10) == 0
    assert ndcg([0, 0], [], 10) is None


def test_dcg_is_cut_at_k() -> None:
    assert dcg([1] * 11, 10) == dcg([1] * 10, 10)


@given(st.permutations([3, 2, 1, 1, 0, 0]))
def test_no_order_beats_the_ideal(gains: list[int]) -> None:
    value = ndcg(gains, [3, 2, 1, 1], 10)
    assert value is not None
    assert 0 < value <= 1


# -- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "answers", "need", "found"),
    [
        (["It fell to 5% in May."], ["5%"], "any", True),
        (["It fell to 15% in May."], ["5%"], "any", False),
        (["It cost 2.5 million."], ["2"], "any", False),
        (["It cost 2.5 million."], ["5 million"], "any", False),
        (["It cost 2, or less."], ["2"], "any", True),
        (["From 48 to 62."], ["62"], "any", True),
        (["KEITH\n  kellogg, envoy"], ["Keith Kellogg"], "any", True),
        (["The STRASSE was closed"], ["straße"], "any", True),
        (["trawlers"], ["trawler"], "any", True),
        (["a (b) c"], ["(b)"], "any", True),
        (["one"], ["one", "two"], "any", True),
        (["one"], ["one", "two"], "all", False),
        (["one", "then two"], ["one", "two"], "all", True),
        (["one", "then two"], ["one", "two"], "all_answers", True),
        (["one tw", "o"], ["two"], "any", False),
        ([], ["one"], "any", False),
    ],
)
def test_expected_words(texts: list[str], answers: list[str], need: str, found: bool) -> None:
    assert contains_expected(texts, answers, need) is found


@pytest.mark.parametrize(("answers", "need"), [([], "any"), (["a"], "none"), (["a"], "some")])
def test_looking_for_nothing_is_refused(answers: list[str], need: str) -> None:
    with pytest.raises(ValueError, match="nothing to look for"):
        contains_expected(["a"], answers, need)


# -- confidence ----------------------------------------------------------------------------------


def test_auroc_by_hand() -> None:
    assert auroc([0.9, 0.8, 0.3, 0.1], [True, True, False, False]) == 1
    assert auroc([0.1, 0.3, 0.8, 0.9], [True, True, False, False]) == 0
    # Positives 0.8 and 0.4 against 0.6 and 0.2: three of the four comparisons are won.
    assert auroc([0.8, 0.6, 0.4, 0.2], [True, False, True, False]) == 3 / 4
    # One won, one tie at a half, of two.
    assert auroc([0.5, 0.5, 0.2], [True, False, False]) == 3 / 4
    assert auroc([0.5] * 5, [True, False, True, False, False]) == 1 / 2


def test_auroc_needs_both_classes() -> None:
    assert auroc([0.5, 0.6], [True, True]) is None
    assert auroc([0.5, 0.6], [False, False]) is None
    assert auroc([], []) is None


def test_auroc_refuses_what_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="not a number"):
        auroc([math.nan, 0.1], [True, False])


@given(forecasts)
def test_auroc_counts_comparisons(pairs: list[tuple[float, bool]]) -> None:
    scores, flags = columns(pairs)
    above = [score for score, flag in pairs if flag]
    below = [score for score, flag in pairs if not flag]
    value = auroc(scores, flags)
    if value is None:
        assert not above or not below
        return
    won = sum((a > b) + (a == b) / 2 for a in above for b in below)
    assert value == pytest.approx(won / (len(above) * len(below)))
    # The other class as positive, or the scores turned round: the complement.
    assert auroc(scores, [not flag for flag in flags]) == pytest.approx(1 - value)
    assert auroc([-score for score in scores], flags) == pytest.approx(1 - value)


def test_risk_and_coverage_by_hand() -> None:
    points = risk_coverage([0.9, 0.7, 0.7, 0.2], [True, False, True, False])
    assert points == [
        RiskPoint(threshold=0.9, coverage=1 / 4, risk=0),
        RiskPoint(threshold=0.7, coverage=3 / 4, risk=1 / 3),
        RiskPoint(threshold=0.2, coverage=1, risk=1 / 2),
    ]
    assert risk_coverage([], []) == []


def test_area_under_risk_and_coverage_by_hand() -> None:
    # Risks after 1, 2, 3: 0, 1/2, 1/3.
    assert aurc([0.9, 0.5, 0.1], [True, False, True]) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    # Two equals, one of them wrong: half an error after the first, one after both.
    assert aurc([0.5, 0.5], [True, False]) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert aurc([0.5, 0.4], [False, False]) == 1
    assert aurc([], []) is None


@given(forecasts.filter(bool), st.randoms(use_true_random=False))
def test_area_and_curve_do_not_depend_on_the_order(
    pairs: list[tuple[float, bool]], random: object
) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    area = aurc(*columns(pairs))
    assert area is not None
    assert -1e-12 <= area <= 1 + 1e-12
    assert aurc(*columns(shuffled)) == pytest.approx(area)
    curve = risk_coverage(*columns(pairs))
    assert risk_coverage(*columns(shuffled)) == curve
    assert curve[-1].coverage == 1
    assert curve[-1].risk == pytest.approx(sum(not was for _, was in pairs) / len(pairs))


def test_brier_by_hand() -> None:
    assert brier([1.0, 0.0], [True, False]) == 0
    assert brier([0.0, 1.0], [True, False]) == 1
    assert brier([0.8, 0.4], [True, False]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier([], []) is None


def test_equal_width_bins_end_with_their_upper_edge() -> None:
    bins = equal_width_bins([0.0, 0.1, 0.3, 0.31, 1.0], [False, True, True, False, True])
    assert bins == [
        Bin(n=2, confidence=0.05, accuracy=0.5),
        Bin(n=1, confidence=0.3, accuracy=1),
        Bin(n=1, confidence=0.31, accuracy=0),
        Bin(n=1, confidence=1.0, accuracy=1),
    ]


@pytest.mark.parametrize("tenth", range(1, 11))
def test_no_edge_falls_into_the_next_bin(tenth: int) -> None:
    # 0.7 * 10 is more than 7 in floating point.
    both = equal_width_bins([tenth / 10, tenth / 10 - 0.05], [True, False])
    assert [part.n for part in both] == [2]


def test_equal_mass_bins_by_hand() -> None:
    probabilities = [0.5, 0.125, 0.375, 0.25]
    assert equal_mass_bins(probabilities, [True, False, True, False], bins=2) == [
        Bin(n=2, confidence=0.1875, accuracy=0),
        Bin(n=2, confidence=0.4375, accuracy=1),
    ]


def test_equal_mass_keeps_equals_together() -> None:
    assert equal_mass_bins([0.5] * 7, [True] * 6 + [False]) == [
        Bin(n=7, confidence=0.5, accuracy=6 / 7)
    ]
    # The six stand on places 1 to 6 of 8: their middle is in the upper half.
    probabilities = [0.1, *[0.5] * 6, 0.9]
    assert [part.n for part in equal_mass_bins(probabilities, [True] * 8, bins=2)] == [1, 7]


def test_calibration_error_by_hand() -> None:
    # |0.5 - 0.05| for two, |1 - 0.3| for one.
    bins = equal_width_bins([0.0, 0.1, 0.3], [False, True, True])
    assert expected_calibration_error(bins) == pytest.approx((2 * 0.45 + 0.7) / 3)
    assert expected_calibration_error([]) is None


@given(forecasts, st.sampled_from([equal_width_bins, equal_mass_bins]), st.integers(1, 12))
def test_bins_hold_every_forecast_once(
    pairs: list[tuple[float, bool]], binning: Callable[..., list[Bin]], bins: int
) -> None:
    parts = binning(*columns(pairs), bins=bins)
    assert len(parts) <= bins
    assert sum(part.n for part in parts) == len(pairs)
    assert [p.confidence for p in parts] == sorted(p.confidence for p in parts)
    error = expected_calibration_error(parts)
    assert (error is None) == (not pairs)
    # Over all bins together it is the least it can be: the gap of the two means.
    if error is not None:
        gap = abs(sum(p for p, _ in pairs) - sum(was for _, was in pairs)) / len(pairs)
        assert gap - 1e-9 <= error <= 1


@pytest.mark.parametrize("formula", [aurc, brier, equal_mass_bins, equal_width_bins, risk_coverage])
@pytest.mark.parametrize("bad", [-0.01, 1.01, math.nan, math.inf])
def test_what_is_no_probability_is_refused(formula: Callable[..., object], bad: float) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        formula([0.5, bad], [True, False])


@pytest.mark.parametrize("formula", [auroc, aurc, brier, equal_mass_bins, risk_coverage])
def test_columns_must_be_of_one_length(formula: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="columns of 2 and 1"):
        formula([0.5, 0.6], [True])


# -- summaries -----------------------------------------------------------------------------------


def test_mean_and_quantiles_by_hand() -> None:
    assert mean([1, 2, 6]) == 3
    assert mean([]) is None
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([4, 1, 3, 2], 0.95) == pytest.approx(3.85)
    assert (quantile([4, 1], 0), quantile([4, 1], 1)) == (1, 4)
    assert quantile([7], 0.95) == 7
    assert quantile([], 0.5) is None
    with pytest.raises(ValueError, match=r"q=1\.5"):
        quantile([1], 1.5)


def test_an_interval_is_the_same_every_time_and_holds_the_mean() -> None:
    values = [1.0] * 70 + [0.0] * 30
    interval = ratio_interval(values, [1.0] * 100, seed=1)
    assert interval == ratio_interval(values, [1.0] * 100, seed=1)
    assert interval is not None
    # Two standard errors of 0.7 on a hundred are 0.09.
    low, high = interval
    assert low == pytest.approx(0.61, abs=0.015)
    assert high == pytest.approx(0.79, abs=0.015)


def test_an_interval_draws_numerator_and_denominator_together() -> None:
    # Each question's share is a half, so every sample's is, however it is drawn.
    assert ratio_interval([1, 2, 5], [2, 4, 10]) == (0.5, 0.5)


def test_samples_without_a_figure_are_left_out() -> None:
    # Of two questions only one has a denominator: a sample without it has no ratio.
    assert ratio_interval([1, 0], [1, 0]) == (1, 1)
    assert ratio_interval([0, 0], [0, 0]) is None
    assert bootstrap_interval(lambda _: None, 5) is None


def test_an_interval_leaves_out_as_much_at_either_end() -> None:
    figures = iter(range(1001))
    interval = bootstrap_interval(lambda _: float(next(figures)), 9, times=1001)
    assert interval is not None
    assert [round(end, 9) for end in interval] == [25, 975]


def test_one_question_has_no_interval() -> None:
    assert ratio_interval([1], [1]) is None
    assert ratio_interval([], []) is None


def test_a_sample_has_the_size_of_the_set() -> None:
    sizes: list[int] = []

    def largest(sample: object) -> float:
        drawn = sample.tolist()  # type: ignore[attr-defined]
        sizes.append(len(drawn))
        assert set(drawn) <= set(range(4))
        return float(max(drawn))

    assert bootstrap_interval(largest, 4, times=50) is not None
    assert sizes == [4] * 50
