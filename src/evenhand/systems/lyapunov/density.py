"""Exact coverage of the window minimum and a lower bound for every potential, in integers and fractions.

A word (k_1..k_m) with sum s is one odd residue class modulo 2^(1+s), of density 2^-s among the odd numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, gcd

import numpy as np

from evenhand.errors import DataError
from evenhand.systems.lyapunov.walks import stops_within, walk


@dataclass(frozen=True)
class Coverage:
    """What the window minimum of lookahead L covers.

    Attributes:
        lookahead: L.
        density: of the odd n whose class stops (2^{s_i} > 3^i for some i <= L + 1), an exact dyadic fraction.
        cutoff: every n > cutoff in such a class falls.
        exceptions: the n in 3..cutoff of such classes that do not fall, found one by one.
    """

    lookahead: int
    density: Fraction
    cutoff: int
    exceptions: tuple[int, ...]


def survivors(steps: int) -> dict[int, int]:
    """Sum s to the number of words of that many valuations with 2^{s_i} < 3^i at every i."""
    counts = {0: 1}
    for i in range(1, steps + 1):
        longer: dict[int, int] = {}
        limit = (3**i).bit_length() - 1  # the largest s with 2^s < 3^i
        for total, count in counts.items():
            for following in range(total + 1, limit + 1):
                longer[following] = longer.get(following, 0) + count
        counts = longer
    return counts


def window_minimum_coverage(lookahead: int) -> Coverage:
    """Dynamic programme over (i, s) for density and cutoff, exhaustive check below the cutoff.

    Raises:
        DataError: lookahead below 1.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    left = sum((Fraction(count, 1 << total) for total, count in survivors(lookahead + 1).items()), Fraction(0))
    cutoff = _cutoff(lookahead + 1)
    exceptions: tuple[int, ...] = ()
    if cutoff >= 3:
        numbers = list(range(3, cutoff + 1, 2))
        walks = walk(numbers, lookahead + 1)
        fails = ~stops_within(walks, lookahead + 1)
        exceptions = tuple(
            n
            for n, word in zip(np.array(numbers)[fails].tolist(), walks.valuations[fails].tolist(), strict=True)
            if _stops(word)
        )
    return Coverage(lookahead, 1 - left, cutoff, exceptions)


def _stops(word: list[int]) -> bool:
    total = 0
    for i, k in enumerate(word, 1):
        total += k
        if 1 << total > 3**i:
            return True
    return False


def _cutoff(steps: int) -> int:
    """The largest b_i / (2^{s_i} - 3^i) over words that stop first at i <= steps, b_i as large as it can be."""
    largest = {0: 0}  # sum to the largest b among the surviving words
    cutoff = 0
    for i in range(1, steps + 1):
        limit = (3**i).bit_length() - 1
        grown: dict[int, int] = {}
        for total, offset in largest.items():
            following = 3 * offset + (1 << total)
            # the first sum that stops has the smallest 2^s - 3^i and the same b: larger ones need not be looked at
            stop = max(limit + 1, total + 1)
            cutoff = max(cutoff, following // ((1 << stop) - 3**i))
            for new in range(total + 1, limit + 1):
                grown[new] = max(grown.get(new, 0), following)
        largest = grown
    return cutoff


def surviving_classes(bits: int) -> int:
    """OEIS A076227: residue classes modulo 2^bits (even ones counted in) whose halving-map multiplier stays above 1.

    Parity words of n -> n/2 or (3n + 1)/2: after each j letters with i odd ones, 3^i > 2^j.
    """
    counts = {0: 1}
    for letters in range(1, bits + 1):
        longer: dict[int, int] = {}
        for odd, count in counts.items():
            for following in (odd, odd + 1):
                if 3**following > 1 << letters:
                    longer[following] = longer.get(following, 0) + count
        counts = longer
    return sum(counts.values())


def necklaces(length: int, total: int) -> int:
    """Necklaces of ``length`` positive integers with sum ``total`` (Burnside)."""
    common = gcd(length, total)
    words = sum(_totient(d) * comb(total // d - 1, length // d - 1) for d in range(1, common + 1) if common % d == 0)
    return words // length


def _totient(n: int) -> int:
    return sum(1 for i in range(1, n + 1) if gcd(i, n) == 1)


def violation_lower_bound(lookahead: int, residue_power: int = 0) -> Fraction:
    """Density of odd n at which every V = log n + phi(k_1..k_L, n mod 3^j), phi bounded, must fail to fall.

    The steps of V are words of L + 1 valuations. Those of one necklace with 2^s < 3^(L+1) form a cycle along which
    log n rises, so one of them fails; rotations have equal mass 2^-s 3^-j, and cycles of different necklaces share no
    step.
    """
    length = lookahead + 1
    top = (3**length).bit_length() - 1
    mass = sum((Fraction(necklaces(length, s), 1 << s) for s in range(length, top + 1)), Fraction(0))
    return mass / Fraction(3**residue_power)
