"""What rounding takes from a product is made good by the weights that come after."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.rounding import in_order

MOST = 7


def drawn(seed: int, tokens: int = 400, channels: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Weights, and activations whose channels go together in threes."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(tokens, channels // 3)) @ rng.normal(size=(channels // 3, channels))
    activations = mixed + 0.3 * rng.normal(size=(tokens, channels))
    weights = rng.normal(size=(10, channels))
    return weights.astype(np.float32), activations.astype(np.float32)


@given(st.integers(0, 10_000))
def test_a_product_changes_less_than_by_rounding_to_the_nearest(seed: int) -> None:
    weights, activations = drawn(seed)
    integers, scale = in_order(weights, activations.T @ activations, MOST)
    assert integers.dtype == np.int8
    assert np.abs(integers).max() <= MOST
    assert scale == pytest.approx(np.abs(weights).max(1)[None] / MOST)
    exact = activations @ weights.T

    def lost(whole: np.ndarray) -> float:
        return float(np.sqrt(((activations @ (whole * scale.T).T - exact) ** 2).mean()))

    assert lost(integers) < 0.7 * lost(np.rint(weights / scale.T))


def test_channels_that_have_nothing_to_do_with_each_other_are_rounded_to_the_nearest() -> None:
    weights, _ = drawn(1)
    integers, scale = in_order(weights, np.diag(np.arange(1.0, 25.0, dtype=np.float32)), MOST)
    assert integers.tolist() == np.rint(weights / scale.T).tolist()


def test_one_of_two_that_are_alike_makes_good_what_the_other_lost() -> None:
    # 0.4 is rounded down to 0; the other, 0.4 as well, is then 0.8, and rounded up.
    weights = np.array([[0.4, 0.4, 7.0]], dtype=np.float32)
    moments = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=np.float32)
    integers, scale = in_order(weights, moments, 7)
    assert scale.tolist() == [[1.0]]
    assert sorted(integers[0].tolist()) == [0, 1, 7]


def test_weights_and_activations_that_are_nothing_stay_nothing() -> None:
    nothing = np.zeros((2, 3), dtype=np.float32)
    integers, scale = in_order(nothing, np.zeros((3, 3), dtype=np.float32), MOST)
    assert (integers.tolist(), scale.tolist()) == ([[0] * 3] * 2, [[0.0] * 2])


@given(st.integers(0, 10_000))
def test_parts_have_scales_of_their_own_and_make_good_what_another_lost(seed: int) -> None:
    weights, activations = drawn(seed)
    weights[:, :8] *= 30.0  # in one scale there would be little left of the others
    moments, most = activations.T @ activations, 63
    integers, scales = in_order(weights, moments, most, 3)
    assert scales == pytest.approx((np.abs(weights).reshape(10, 3, 8).max(2) / most).T)
    exact, of_each = activations @ weights.T, np.repeat(scales.T, 8, axis=1)

    def lost(whole: np.ndarray, by: np.ndarray) -> float:
        return float(np.sqrt(((activations @ (whole * by).T - exact) ** 2).mean()))

    assert lost(integers, of_each) < lost(np.rint(weights / of_each), of_each)
