"""The Syracuse map in Python's big integers: the definition that every faster form is held to.

T(n) = (3 n + 1) / 2^k with k = v2(3 n + 1), on the odd positive integers; T(1) = 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evenhand.errors import DataError


def require_odd(n: int, *, minimum: int = 1) -> int:
    """Return ``n`` if it is an odd integer >= minimum.

    Raises:
        DataError: it is even, not positive, or (where n > 1 is wanted) 1.
    """
    if n < 1 or n % 2 == 0:
        raise DataError(f"The map is defined on odd positive integers; found {n}. Give an odd n >= {max(minimum, 3)}.")
    if n < minimum:
        raise DataError(f"Here n must be an odd integer >= {minimum}; found {n}: T(1) = 1, so nothing can fall there.")
    return n


def valuation(number: int) -> int:
    """The exponent of 2 in a positive integer."""
    return (number & -number).bit_length() - 1


def syracuse(n: int) -> int:
    """T(n) for odd n >= 1."""
    image = 3 * n + 1
    return image >> valuation(image)


def valuations(n: int, steps: int) -> list[int]:
    """k_1..k_steps: the exponents of 2 that the next ``steps`` applications of T divide out."""
    found = []
    for _ in range(steps):
        image = 3 * n + 1
        exponent = valuation(image)
        found.append(exponent)
        n = image >> exponent
    return found


def iterates(n: int) -> Iterator[int]:
    """n, T(n), T(T(n)), ... down to and with the first 1. Runs as long as the trajectory does."""
    yield n
    while n != 1:
        n = syracuse(n)
        yield n


def trajectory(n: int) -> list[int]:
    """n, T(n), ..., 1 for an odd n >= 1: a list one longer than its number of steps."""
    return list(iterates(require_odd(n)))


def steps_to_one(n: int) -> int:
    """The number of applications of T that take n to 1."""
    return len(trajectory(n)) - 1


def stopping_time(n: int, limit: int | None = None) -> int | None:
    """The first i >= 1 with T^i(n) < n, or None for n = 1 or where no i <= limit has that.

    Source: Terras (1976), here counted in steps of the Syracuse map.
    """
    if n == 1:
        return None
    current, i = n, 0
    while limit is None or i < limit:
        current, i = syracuse(current), i + 1
        if current < n:
            return i
    return None


def orbit_maximum(n: int) -> int:
    """The largest number of the orbit of n under n -> 3n+1, n/2: the even numbers 3m+1 counted in."""
    return max((3 * m + 1 for m in iterates(n) if m != 1), default=n)


def affine_form(word: Sequence[int]) -> tuple[int, int, int]:
    """(3^i, b, s) with T^i(n) = (3^i n + b) / 2^s for every n whose first valuations are ``word``.

    Source: b_{i+1} = 3 b_i + 2^{s_i}, s_{i+1} = s_i + k_{i+1} (Terras 1976).
    """
    power, offset, total = 1, 0, 0
    for exponent in word:
        power, offset, total = 3 * power, 3 * offset + (1 << total), total + exponent
    return power, offset, total


def residue_class(word: Sequence[int]) -> tuple[int, int]:
    """(r, 2^(1+s)): the odd n whose first valuations are ``word`` are exactly those with n = r mod 2^(1+s).

    T^m(n) must be an odd integer, so 3^m n + b = 2^s mod 2^(s+1).
    """
    power, offset, total = affine_form(word)
    modulus = 1 << (total + 1)
    return ((1 << total) - offset) * pow(power, -1, modulus) % modulus, modulus
