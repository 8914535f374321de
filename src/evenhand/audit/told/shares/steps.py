"""How many items stand behind printed values, as the steps between them tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenhand.audit.text.numbers import Number

_MOST = 2000
_DIFFERENT = 3
"""Two values alone have some common steps."""

_BY_CHANCE = 0.0002


def steps(values: Sequence[Number]) -> int | None:
    """The least number of items of which all values are shares; None where none fits, or where chance would find one.

    A value printed to h fits the shares of N items by chance with probability 2 h N; the chance is summed over all N
    up to the one that is found.
    """
    shares = {
        round(abs(n.share), 9): (abs(n.share), (n.slack / 100 if n.unit in ("%", "pp") else n.slack))
        for n in values
        if n.value
    }
    if len(shares) < _DIFFERENT or any(share > 1 for share, _ in shares.values()):
        return None
    chance = 0.0
    for items in range(2, _MOST):
        each = 1.0
        for _, half in shares.values():
            each *= min(1.0, 2 * half * items)
        chance += each
        if chance > _BY_CHANCE:
            return None
        if all(abs(round(share * items) / items - share) <= half for share, half in shares.values()):
            return items if not _round(items, values) and _its_own(items, list(shares.values())) else None
    return None


def primes_of(items: int) -> list[int]:
    """The prime factors of a number of items, each once."""
    return [n for n in range(2, items + 1) if items % n == 0 and all(n % m for m in range(2, math.isqrt(n) + 1))]


def needs_all(items: int, values: Sequence[Number]) -> bool:
    """Whether values are shares of so many items and not of a part of them."""
    return _its_own(items, [(abs(n.share), n.slack / 100 if n.unit in ("%", "pp") else n.slack) for n in values])


def _its_own(items: int, shares: Sequence[tuple[float, float]]) -> bool:
    """Whether as many values need all of the items as do by chance: else these are a multiple common to smaller sets.

    A count has no divisor in common with the items as often as the product of 1 - 1/p over their prime factors says;
    half of that is asked for.
    """
    primes = primes_of(items)
    expected = len(shares) * math.prod(1 - 1 / p for p in primes)
    parts = [items // p for p in primes]
    own = sum(all(abs(round(share * n) / n - share) > half for n in parts) for share, half in shares)
    return own >= max(1.0, expected / 2)


def _round(items: int, values: Sequence[Number]) -> bool:
    """Whether so many items only say that fewer digits were kept than are printed."""
    text = str(items)
    few = text.strip("0") in ("1", "2", "5") and items <= 100
    return (few or text.strip("0") == "1") and all(n.decimals >= 2 for n in values)
