"""Repeated decodes of one item: averaged before anything else, and what they say about decoding noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import ArrayLike, Floats, as_floats


@dataclass(frozen=True)
class AveragedDecodes:
    """Scores with the decodes of each item averaged.

    Attributes:
        scores: shape (S, I).
        decodes: D, decodes per seed and item.
        noise_sd: standard deviation of a single decode about its item's mean; None with one decode.
        reason: why ``noise_sd`` is None.
    """

    scores: Floats
    decodes: int
    noise_sd: float | None
    reason: str | None


def average_decodes(scores: ArrayLike) -> AveragedDecodes:
    """Average repeated decodes of each item, which are not new items and must never count as such.

    Args:
        scores: shape (S, I, D).

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(scores, "scores", 3)
    decodes = values.shape[2]
    means = values.mean(axis=2)
    if decodes == 1:
        return AveragedDecodes(means, 1, None, "one decode per item: decoding noise cannot be told from item noise")
    noise = float(np.sqrt(np.mean((values - means[:, :, None]) ** 2) * decodes / (decodes - 1)))
    return AveragedDecodes(means, decodes, noise, None)
