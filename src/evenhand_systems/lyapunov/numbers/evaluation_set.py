"""The evaluation set: odd n with uniformly drawn bit lengths, as rows of a CSV file that is recomputed when read.

Command: ``evenhand lyapunov generate evaluation.csv --count 50000 --seed 42``
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenhand.data import reading
from evenhand.errors import DataError, Fault, FaultsError
from evenhand.files import replacing
from evenhand_systems.lyapunov.numbers.arithmetic import orbit_maximum, steps_to_one, syracuse
from evenhand_systems.lyapunov.numbers.limbs import Limbs, pack

COLUMNS = ("n", "T(n)", "growth", "stopping_time", "maximum", "weight")
SHOWN_FAULTS = 20
MOST_BITS = 4096
"""Bits of the largest n that is read: the orbits of larger ones take minutes."""


class EvaluationSetError(FaultsError, DataError):
    """Rows of an evaluation CSV that do not hold what they say."""


@dataclass(frozen=True)
class EvaluationSet:
    """Odd numbers n >= 3 and what their orbits weigh.

    Attributes:
        numbers: the (N,) integers.
        limbs: the same as (N, W) uint64.
        growth: (N,) whether T(n) > n.
        weights: (N,) log10(max(1, maximum / n)) + 1, maximum over the orbit with its even numbers 3m + 1.
    """

    numbers: tuple[int, ...]
    limbs: Limbs
    growth: NDArray[np.bool_]
    weights: NDArray[np.float64]


def orbit_weight(n: int) -> float:
    """log10(max(1, maximum/n)) + 1."""
    return math.log10(max(1.0, orbit_maximum(n) / n)) + 1.0


def draw_numbers(count: int, *, min_bits: int = 2, max_bits: int = 128, seed: int = 42) -> list[int]:
    """``count`` different odd n >= 3: the bit length uniform in min_bits..max_bits, then n uniform of that length.

    Raises:
        DataError: bounds that make no sense, or fewer such n exist than are wanted.
    """
    if not 2 <= min_bits <= max_bits:
        raise DataError(f"Bit lengths need 2 <= min <= max; found {min_bits}..{max_bits}.")
    if count < 1:
        raise DataError(f"The count must be at least 1; found {count}.")
    available = 2 ** (max_bits - 1) - 2 ** (min_bits - 2) if min_bits > 2 else 2 ** (max_bits - 1) - 1
    # short lengths run dry long before the longest, so ask for clear room in the longest
    if count > available // 2:
        raise DataError(
            f"There are {available} odd n of {min_bits}..{max_bits} bits; {count} different ones are too many. "
            "Raise max_bits or lower the count (at most half)."
        )
    stream = random.Random(seed)
    found: dict[int, None] = {}
    while len(found) < count:
        bits = stream.randint(min_bits, max_bits)
        n = stream.randint(1 << (bits - 1), (1 << bits) - 1) | 1
        if n >= 3:
            found.setdefault(n)
    return list(found)


def evaluation_set(numbers: Sequence[int]) -> EvaluationSet:
    """Compute growth and weights of odd n >= 3.

    Raises:
        DataError: an even or too small n.
    """
    limbs = pack(numbers, minimum=3)
    growth = np.fromiter((n & 3 == 3 for n in numbers), np.bool_, len(numbers))
    weights = np.fromiter((orbit_weight(n) for n in numbers), float, len(numbers))
    return EvaluationSet(tuple(numbers), limbs, growth, weights)


def generate(count: int = 50_000, *, min_bits: int = 2, max_bits: int = 128, seed: int = 42) -> EvaluationSet:
    """The evaluation set of that recipe: see :func:`draw_numbers`."""
    return evaluation_set(draw_numbers(count, min_bits=min_bits, max_bits=max_bits, seed=seed))


def write_csv(data: EvaluationSet, path: Path) -> None:
    """Write the columns n, T(n), growth, stopping_time (steps of T down to 1), maximum, weight."""
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for n, growth, weight in zip(data.numbers, data.growth, data.weights, strict=True):
            writer.writerow([n, syracuse(n), int(growth), steps_to_one(n), orbit_maximum(n), repr(float(weight))])


def read_csv(path: Path) -> EvaluationSet:
    """Read such a file; every column that is present is recomputed and compared.

    Raises:
        EvaluationSetError: rows that are wrong, each named by its line (the first 20 of them).
        DataError: there is no such file, or it has no column ``n``.
    """
    rows = list(reading.read_csv(path, ("n",)))
    faults: list[Fault] = []
    numbers: list[int] = []
    seen: dict[int, int] = {}
    for line, row in rows:
        fault = _fault(row)
        n = int(row["n"]) if fault is None else 0
        if fault is None and n in seen:
            fault = f"n = {n} stands in line {seen[n]} already; remove one of them."
        if fault is None:
            seen[n] = line
            numbers.append(n)
        else:
            faults.append(Fault(f"{path}:{line}", fault))
        if len(faults) >= SHOWN_FAULTS:
            break
    if faults:
        raise EvaluationSetError(f"The evaluation set {path} is refused", faults)
    if not numbers:
        raise DataError(f"{path} holds no rows. Generate one with 'evenhand lyapunov generate'.")
    return evaluation_set(numbers)


def _fault(row: dict[str, str]) -> str | None:  # noqa: PLR0911 (one per fault)
    """What is wrong with one row, or None."""
    try:
        n = int(row["n"])
    except ValueError:
        return f"expected an integer n; found {row['n'][:40]!r}."
    if n.bit_length() > MOST_BITS:
        return f"expected an n of at most {MOST_BITS} bits; found one of {n.bit_length()}."
    if n < 3 or n % 2 == 0:
        return f"expected an odd n >= 3; found {n}."
    expected: dict[str, int] = {"T(n)": syracuse(n), "growth": int(n & 3 == 3)}
    if row.get("stopping_time"):
        expected["stopping_time"] = steps_to_one(n)
    if row.get("maximum"):
        expected["maximum"] = orbit_maximum(n)
    for column, value in expected.items():
        text = row.get(column)
        if not text:
            continue
        if column == "growth":
            text = {"true": "1", "false": "0"}.get(text.lower(), text)
        if text != str(value):
            return f"{column} of n = {n} is {value}, recomputed; found {text[:40]}."
    text = row.get("weight")
    try:
        if text and not abs(float(text) - orbit_weight(n)) <= 1e-9:
            return f"weight of n = {n} is {orbit_weight(n)!r}, recomputed; found {text[:40]}."
    except ValueError:
        return f"expected a number as weight; found {str(text)[:40]!r}."
    return None
