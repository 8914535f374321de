"""The exact sign-flip test: what the signs of the seeds say without any normality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import ArrayLike, Floats, as_floats, check_count, power_of_two_scale

_ENUMERATED = 44
"""Up to this many differences both halves' sums (2**22 each) are enumerated and matched; above, draws are needed."""
_TIE = 1e-9


@dataclass(frozen=True)
class SignFlip:
    """The sign-flip (one-sample permutation) test of a symmetric difference.

    Attributes:
        p: two-sided p-value; None when it cannot be computed.
        attainable: the least p-value that this many differences can give, 2 ** (1 - n): with 3 seeds .25, so that no
            pattern whatever is significant at 5 %.
        count: n, differences that went in.
        exact: whether all 2 ** n sign patterns were counted (True) or draws were taken.
        draws: sign patterns drawn, when not exact.
        reason: why p is None.
    """

    p: float | None
    attainable: float
    count: int
    exact: bool
    draws: int | None
    reason: str | None


def attainable_minimum(count: int) -> float:
    """The least two-sided sign-flip p-value with ``count`` differences: 2 ** (1 - count), 1 at most."""
    return float(min(1.0, 2.0 ** (1 - check_count(count, "count"))))


def _signed_sums(magnitudes: Floats) -> Floats:
    """All 2 ** n sums of plus or minus each magnitude."""
    sums = np.zeros(1)
    for value in magnitudes:
        sums = np.concatenate((sums - value, sums + value))
    return sums


def sign_flip(differences: ArrayLike, generator: np.random.Generator | None = None, draws: int = 100_000) -> SignFlip:
    """Two-sided sign-flip test that paired differences are symmetric about 0 (Fisher 1935; exact by enumeration).

    The share of sign patterns whose sum is at least as far from 0 as the observed one. Up to 44 differences every
    pattern is counted (two halves are enumerated and matched, so 2 ** (n / 2) work); above that, ``draws`` random
    patterns are taken from ``generator`` and the observed one is counted with them, which keeps the test valid.

    Args:
        differences: shape (n,), one per seed.
        generator: needed above 44 differences only.
        draws: random sign patterns above 44 differences.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values.
    """
    values = as_floats(differences, "differences", 1)
    check_count(draws, "draws")
    count = values.size
    least = attainable_minimum(count)
    magnitudes = np.abs(values / power_of_two_scale(values))
    tolerance = _TIE * float(magnitudes.sum())
    observed = abs(float(np.sum(values / power_of_two_scale(values)))) - tolerance
    if observed <= 0:
        return SignFlip(1.0, least, count, True, None, None)
    if count <= _ENUMERATED:
        first, second = _signed_sums(magnitudes[: count // 2]), np.sort(_signed_sums(magnitudes[count // 2 :]))
        # Patterns come in mirrored pairs, so the two tails hold the same count.
        upper = int(np.sum(second.size - np.searchsorted(second, observed - first, side="left")))
        return SignFlip(min(1.0, 2.0 * upper / 2.0**count), least, count, True, None, None)
    if generator is None:
        reason = f"{count} differences are too many to enumerate, and no generator was given to draw sign patterns from"
        return SignFlip(None, least, count, False, None, reason)
    as_far = 1
    for start in range(0, draws, 4096):
        signs = generator.integers(0, 2, size=(min(4096, draws - start), count)) * 2.0 - 1.0
        as_far += int(np.sum(np.abs(signs @ magnitudes) >= observed))
    return SignFlip(as_far / (draws + 1), least, count, False, draws, None)
