"""The exact sign-flip test: what the signs of the seeds say without any normality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, as_floats, check_count, power_of_two_scale

_ENUMERATED = 32
"""Up to this many differences both halves' sums (2**16 each) are enumerated; above, draws are needed."""
_TIE = 1e-9
_AT_ONCE = 4096
"""Sign patterns drawn at a time."""
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float64)
"""(256, 8) signs that a byte stands for, the first in its highest bit."""


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


@dataclass(frozen=True)
class SignDraws:
    """Sign patterns drawn once, for several vectors of one length.

    Attributes:
        count: n, signs in each pattern.
        packed: (ceil(n / 8), D) bits, 1 for plus: eight signs of D patterns in each row.
    """

    count: int
    packed: NDArray[np.uint8]

    def sums_of_plus(self, magnitudes: Floats) -> Floats:
        """Sum of the magnitudes (n,) that have a plus, for each pattern (D,)."""
        padded = np.zeros((len(self.packed), 8))
        padded.ravel()[: self.count] = magnitudes
        totals = np.zeros(self.packed.shape[1])
        # What eight signs can come to is worked out once for the 256 ways they can stand.
        for by_byte, signs in zip(padded @ _BITS.T, self.packed, strict=True):
            totals += by_byte[signs]
        return totals


def _packed(generator: np.random.Generator, draws: int, count: int) -> NDArray[np.uint8]:
    drawn = generator.integers(0, 2, size=(draws, count)).astype(np.uint8)
    return np.ascontiguousarray(np.packbits(drawn, axis=1).T)


def sign_draws(generator: np.random.Generator, count: int, draws: int = 100_000) -> SignDraws:
    """Draw the sign patterns that :func:`sign_flip` would draw from this generator, to test many vectors by.

    Takes draws * count / 8 bytes, and a thirtieth of the time for each further vector.

    Raises:
        StatisticsError: counts below 1.
    """
    check_count(count, "count")
    check_count(draws, "draws")
    parts = [_packed(generator, min(_AT_ONCE, draws - start), count) for start in range(0, draws, _AT_ONCE)]
    return SignDraws(count, np.concatenate(parts, axis=1))


def sign_flip(
    differences: ArrayLike, generator: np.random.Generator | SignDraws | None = None, draws: int = 100_000
) -> SignFlip:
    """Two-sided sign-flip test that paired differences are symmetric about 0 (Fisher 1935; exact by enumeration).

    The share of sign patterns whose sum is at least as far from 0 as the observed one. Up to 32 differences every
    pattern is counted (two halves are enumerated and matched, so 2 ** (n / 2) work); above that, ``draws`` random
    patterns are taken from ``generator`` and the observed one is counted with them, which keeps the test valid.

    Args:
        differences: shape (n,), one per seed.
        generator: needed above 32 differences only; or patterns drawn before for this many differences.
        draws: random sign patterns above 32 differences; that of the patterns where they were drawn before.

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
    patterns = generator if isinstance(generator, SignDraws) else sign_draws(generator, count, draws)
    if patterns.count != count:
        raise StatisticsError(f"patterns drawn before: expected {patterns.count} differences, found {count}.")
    draws, whole = patterns.packed.shape[1], float(magnitudes.sum())
    # The sum of signs times magnitudes; what rounding adds is far below the tolerance.
    as_far = 1 + int(np.sum(np.abs(2.0 * patterns.sums_of_plus(magnitudes) - whole) >= observed))
    return SignFlip(as_far / (draws + 1), least, count, False, draws, None)
