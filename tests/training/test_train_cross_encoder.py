"""The pure parts of the training loop."""

from __future__ import annotations

import math

import pytest
import torch

from training import train_cross_encoder as train


def test_the_loss_compares_with_none_of_them() -> None:
    scores = torch.tensor([2.0, 0.0, -1.0])
    expected = math.log(math.exp(2) + 2) - 2
    assert float(train.listwise(scores[:2], [2], [1])) == pytest.approx(expected)
    # Without an answer, lower scores are better.
    low, high = (float(train.listwise(s, [1], [0])) for s in (scores[2:], scores[:1]))
    assert low < high


def test_small_batches_hold_everything_once_within_their_tokens() -> None:
    lengths = [5, 40, 7, 90, 7]
    batches = train.small_batches(lengths, 60)
    assert sorted(n for batch in batches for n in batch) == list(range(5))
    assert all(len(b) == 1 or len(b) * max(lengths[n] for n in b) <= 60 for b in batches)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    assert train.rate(0) == 0
    assert train.rate(train.WARM_UP) == 1
    assert train.rate(0.5) > train.rate(0.9) > train.rate(1) == 0
    assert train.rate(1.2) == 0


def test_a_pass_has_every_group_once_and_the_first_is_the_files() -> None:
    assert train.order_of(0, 5) == [0, 1, 2, 3, 4]
    assert sorted(train.order_of(1, 50)) == list(range(50))
    assert train.order_of(1, 50) == train.order_of(1, 50) != train.order_of(2, 50)
