"""Exact coverage of the closed forms and a lower bound for every potential, in integers and fractions.

A word (k_1..k_m) with sum s is one odd residue class modulo 2^(1+s), of density 2^-s among the odd numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import comb, gcd

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.valuations import decides_by_log, orbits_of, stops_within

MOST_CHECKED = 1_000_000  # numbers up to here are looked at one by one


@dataclass(frozen=True)
class Coverage:
    """What a closed form of lookahead L covers.

    Attributes:
        lookahead: L.
        density: of the classes of odd n on which V falls for every large n, an exact dyadic fraction.
        cutoff: every n > cutoff in such a class falls.
        exceptions: the n in 3..cutoff of such classes that do not fall, found one by one; None where the cutoff lies
            above MOST_CHECKED.
    """

    lookahead: int
    density: Fraction
    cutoff: int
    exceptions: tuple[int, ...] | None


def survivors(steps: int) -> dict[int, int]:
    """Sum s to the number of words of that many valuations with 2^{s_i} < 3^i at every i."""
    return list(_survivors(steps))[-1]


def _survivors(steps: int) -> Iterator[dict[int, int]]:
    """The survivors of 0, 1, ..., ``steps`` steps."""
    counts = {0: 1}
    yield counts
    for i in range(1, steps + 1):
        longer, below = {}, 0
        for total in range(i, (3**i).bit_length()):  # up to the largest s with 2^s < 3^i
            below += counts.get(total - 1, 0)
            longer[total] = below
        counts = longer
        yield counts


def closed_form_coverage(name: str, lookahead: int) -> Coverage:
    """Exact density and cutoff of a closed form, by name; log n reads one valuation whatever ``lookahead`` says.

    Raises:
        DataError: no such form, or lookahead below 1.
    """
    forms: dict[str, Callable[[int], Coverage]] = {
        "window-minimum": window_minimum_coverage,
        "window-sum": window_sum_coverage,
        "trailing-ones": trailing_ones_coverage,
        # k_1 >= 2: (3n + 1)/4 < n for n > 1
        "log-n": lambda _: Coverage(1, Fraction(1, 2), 1, ()),
    }
    if name not in forms:
        raise DataError(f"Closed forms are {', '.join(forms)}; found '{name}'.")
    _need(lookahead)
    return forms[name](lookahead)


def _need(lookahead: int) -> None:
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")


def window_minimum_coverage(lookahead: int) -> Coverage:
    """Dynamic programme over (i, s) for density and cutoff, exhaustive check below the cutoff.

    Raises:
        DataError: lookahead below 1.
    """
    _need(lookahead)
    left = sum((Fraction(number, 1 << total) for total, number in survivors(lookahead + 1).items()), Fraction(0))
    cutoff = _cutoff(lookahead + 1)
    exceptions: tuple[int, ...] = ()
    if cutoff >= 3:
        numbers = list(range(3, cutoff + 1, 2))
        orbits = orbits_of(numbers, lookahead + 1)
        fails = ~stops_within(orbits, lookahead + 1)
        exceptions = tuple(
            n
            for n, word in zip(np.array(numbers)[fails].tolist(), orbits.valuations[fails].tolist(), strict=True)
            if _stops(word)
        )
    return Coverage(lookahead, 1 - left, cutoff, exceptions)


def window_sum_coverage(lookahead: int) -> Coverage:
    """Classes of m = L + 1 valuations with 2^{s_m} > 3^m: there T^m(n) < n for large n, elsewhere for none."""
    _need(lookahead)
    steps = lookahead + 1
    least = (3**steps).bit_length()  # the least s with 2^s > 3^m
    left = sum((Fraction(comb(s - 1, steps - 1), 1 << s) for s in range(steps, least)), Fraction(0))
    # b is largest where the first valuation takes all that there is; b / (2^s - 3^m) falls with s
    largest = 3 ** (steps - 1) + sum(3 ** (steps - 1 - j) << (least - steps + j) for j in range(1, steps))
    cutoff = largest // ((1 << least) - 3**steps)
    if cutoff > MOST_CHECKED:
        return Coverage(lookahead, 1 - left, cutoff, None)
    exceptions: tuple[int, ...] = ()
    if cutoff >= 3:
        orbits = orbits_of(list(range(3, cutoff + 1, 2)), steps)
        fails = (orbits.valuations.sum(axis=1, dtype=np.int64) >= least) & ~decides_by_log(orbits, steps)
        exceptions = tuple((3 + 2 * np.flatnonzero(fails)).tolist())
    return Coverage(lookahead, 1 - left, cutoff, exceptions)


def trailing_ones_coverage(lookahead: int) -> Coverage:
    """V = log2 n + 0.7 r(n), r(n) the number of leading k = 1 among the first L, falls exactly if

    2^(10 k + 7 r(n) - 7 r(T n)) n^10 > (3n + 1)^10; for large n if that exponent is above 10 log2 3, so at least 16.
    """
    _need(lookahead)
    left = Fraction(1, 1 << (lookahead + 1))  # k = 1 and r(n) = r(T n) = L
    k = 2
    while (ones := max(0, -((15 - 10 * k) // 7))) <= lookahead:  # the least r(T n) that spoils the fall
        left += Fraction(1, 1 << (k + ones))
        k += 1
    cutoff = next(n for n in count(1) if (3 * n + 1) ** 10 < n**10 << 16) - 1
    numbers = list(range(3, cutoff + 1, 2))
    words = orbits_of(numbers, lookahead + 1).valuations
    exponents = 10 * words[:, 0].astype(int) + 7 * (_leading_ones(words[:, :-1]) - _leading_ones(words[:, 1:]))
    exceptions = tuple(
        n for n, e in zip(numbers, exponents.tolist(), strict=True) if e >= 16 and (3 * n + 1) ** 10 >= n**10 << e
    )
    return Coverage(lookahead, 1 - left, cutoff, exceptions)


def _leading_ones(words: NDArray[np.uint16]) -> NDArray[np.int64]:
    return np.asarray(np.cumprod(words == 1, axis=1).sum(axis=1), np.int64)


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
        for odd, number in counts.items():
            for following in (odd, odd + 1):
                if 3**following > 1 << letters:
                    longer[following] = longer.get(following, 0) + number
        counts = longer
    return sum(counts.values())


def surviving_classes_by_words(bits: int) -> int:
    """The same number from words of valuations: i - 1 whole ones and one that reaches beyond the last letter."""
    return sum(
        number
        for odd, words in enumerate(_survivors(bits - 1), 1)
        for total, number in words.items()
        if total < bits and 3**odd > 1 << bits
    )


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


def trajectory_lower_bound(lookahead: int, residue_power: int, mean: float) -> float:
    """Share of steps at which every such V must fail on trajectories of independent geometric valuations.

    There n mod 3^j is fixed by the j valuations before n, so a step of V is a set of words of L + 1 + j valuations, and
    each rising necklace of that length holds at least one step that fails, with its word in it.

    Args:
        mean: of the valuations, above 1; 2 is that of random n, log2 3 that of a trajectory that hovers.
    """
    if mean <= 1:
        raise DataError(f"Valuations have a mean above 1; found {mean}.")
    length, ratio = lookahead + 1 + residue_power, 1 - 1 / mean
    top = (3**length).bit_length() - 1
    return sum(necklaces(length, s) * ratio ** (s - length) * (1 - ratio) ** length for s in range(length, top + 1))
