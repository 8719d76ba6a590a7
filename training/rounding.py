"""Round weights so that what they give stays, and not so that they stay themselves.

Rounded to the nearest, a product's weights err each for itself. Here they are rounded one channel
after the other, and each time the channels that are still to come are changed by what makes good
most of the error in what the product gives, which is known from how channels go together (GPTQ:
Frantar et al. 2022, https://arxiv.org/abs/2210.17323; the update is that of optimal brain surgery,
Hassibi & Stork 1993). It begins with the channel that is largest, when most are left to help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAMPING = 0.01
"""Added to each channel's second moment, as a share of their mean: a thousand examples do not
say all, and some channels may always go together."""


def in_order(
    weights: NDArray[np.float32], moments: NDArray[np.float32], most: int, parts: int = 1
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers and scales for each output, whose product gives nearly what the weights give.

    Args:
        weights: shape ``(outputs, channels)``.
        moments: the sum of each channel's activations times each other's, shape ``(channels,
            channels)``.
        most: the largest integer, either way, at most 127.
        parts: the channels fall into so many of one length, each with scales of its own.

    Returns:
        The integers, shape ``(outputs, channels)``, and the scales, shape ``(parts, outputs)``.
    """
    outputs, channels = weights.shape
    scale = np.abs(weights).reshape(outputs, parts, -1).max(axis=2).T / np.float32(most)
    steps = torch.from_numpy(np.maximum(scale, np.float32(1e-12))).double()
    of = torch.arange(channels) // (channels // parts)
    together = torch.from_numpy(moments).double()
    sizes = together.diagonal()
    order = torch.argsort(sizes, descending=True)
    damped = together + torch.diag((DAMPING * sizes.mean()).clamp_min(1e-12).expand_as(sizes))
    inverse = torch.linalg.inv(damped[order][:, order])
    # Row n: what is left to the channels after n of the inverse, once those before it are fixed.
    left = torch.linalg.cholesky((inverse + inverse.T) / 2, upper=True)
    wanted = torch.from_numpy(weights).double()[:, order]
    found = torch.empty_like(wanted)
    for channel in range(wanted.shape[1]):
        column, step = wanted[:, channel], steps[of[order[channel]]]
        found[:, channel] = torch.round(column / step).clamp(-most, most)
        error = (column - found[:, channel] * step) / left[channel, channel]
        wanted[:, channel:] -= torch.outer(error, left[channel, channel:])
    integers = torch.empty_like(found)
    integers[:, order] = found
    return integers.numpy().astype(np.int8), scale
