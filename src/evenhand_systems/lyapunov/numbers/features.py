"""The inputs of a learned V: what a window of L valuations and a few residues tell about n.

Columns, in this order: log10(n)/40; n mod 3, 9, 27, 81, each divided by its modulus; the drift
(L log2 3 - sum k_i) / L; k_1..k_L clipped at 10. With L = 10 that is 16 columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.arithmetic import valuations
from evenhand_systems.lyapunov.numbers.limbs import (
    GROWTH_BITS,
    Limbs,
    in_chunks,
    log2_of_one,
    residue_of_one,
    valuations_of_one,
)

VALUATION_CLIP = 10
LOG_SCALE = 40.0
LOG10_2 = math.log10(2.0)
LOG2_3 = math.log2(3.0)
RESIDUE_MODULI = (3, 9, 27, 81)
GROUPS = ("log", "residues", "drift", "valuations")


@dataclass(frozen=True)
class FeatureSpec:
    """Which columns are used.

    Attributes:
        lookahead: L >= 1, the number of valuations that may be read.
        groups: some of ``log``, ``residues``, ``drift``, ``valuations`` (the ablations leave groups out).
    """

    lookahead: int = 10
    groups: tuple[str, ...] = GROUPS

    def __post_init__(self) -> None:
        if self.lookahead < 1:
            raise DataError(f"The lookahead must be at least 1; found {self.lookahead}.")
        unknown = [group for group in self.groups if group not in GROUPS]
        if unknown or not self.groups:
            raise DataError(f"Feature groups are some of {', '.join(GROUPS)}; found {list(self.groups)}.")

    @property
    def columns(self) -> list[int]:
        """The used columns of the full table, ascending."""
        spans = {
            "log": [0],
            "residues": [1, 2, 3, 4],
            "drift": [5],
            "valuations": list(range(6, 6 + self.lookahead)),
        }
        return sorted(column for group in self.groups for column in spans[group])

    @property
    def width(self) -> int:
        """The number of used columns."""
        return len(self.columns)


def features(limbs: Limbs, lookahead: int, *, threads: int = 1) -> NDArray[np.float32]:
    """(N, 6 + L) float32 table of all columns for odd n given as (N, W) limbs.

    Raises:
        DataError: lookahead below 1, or an even n.
    """
    return _table(limbs, FeatureSpec(lookahead).lookahead, images=False, threads=threads)[0]


def feature_pairs(limbs: Limbs, lookahead: int, *, threads: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The tables of n and of T(n), from one orbit of L + 1 steps."""
    return _table(limbs, FeatureSpec(lookahead).lookahead, images=True, threads=threads)


def _table(
    limbs: Limbs, lookahead: int, *, images: bool, threads: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    even = np.flatnonzero((limbs[:, 0] & np.uint64(1)) == 0)
    if even.size:
        raise DataError(f"Row {int(even[0])}: expected an odd positive integer; found an even number.")
    steps = lookahead + int(images)
    width = limbs.shape[1] + int(GROWTH_BITS * steps + 34) // 64 + 1
    here = np.empty((len(limbs), 6 + lookahead), np.float32)
    there = np.empty((len(limbs) if images else 0, 6 + lookahead), np.float32)

    def fill(start: int, stop: int) -> None:
        feature_kernel(limbs[start:stop], here[start:stop], there[start:stop], width, images)

    in_chunks(fill, len(limbs), threads)
    return here, there


def reference_features(numbers: Sequence[int], lookahead: int) -> NDArray[np.float32]:
    """The same table from Python's big integers, one number after the other: the oracle of the kernel."""
    rows = []
    for n in numbers:
        window = valuations(n, lookahead)
        # 64 leading bits carry all that a double can hold, as in the kernel
        bits = n.bit_length()
        top = max(0, -(-bits // 64) - 1)
        log2 = math.log2((n >> (64 * (top - 1))) / 2.0**64) + 64.0 * top if top else math.log2(n)
        drift = (lookahead * LOG2_3 - sum(window)) / lookahead
        residues = [(n % modulus) / modulus for modulus in RESIDUE_MODULI]
        rows.append([log2 * LOG10_2 / LOG_SCALE, *residues, drift, *(min(k, VALUATION_CLIP) for k in window)])
    return np.array(rows, np.float32).reshape(len(rows), 6 + lookahead)


@numba.njit(cache=True, nogil=True)
def _fill_row(out, log2, residue, window, lookahead):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(lookahead):
        k = int(window[i])
        total += k
        out[6 + i] = min(k, VALUATION_CLIP)
    out[0] = log2 * LOG10_2 / LOG_SCALE
    out[1], out[2], out[3], out[4] = (residue % 3) / 3, (residue % 9) / 9, (residue % 27) / 27, residue / 81
    out[5] = (lookahead * LOG2_3 - total) / lookahead


@numba.njit(cache=True, nogil=True)
def feature_kernel(limbs, here, there, width, images):  # type: ignore[no-untyped-def]
    """Rows of the feature tables of n and, if ``images``, of T(n)."""
    lookahead = here.shape[1] - 6
    number = np.zeros(width + 1, np.uint64)
    window = np.empty(lookahead + int(images), np.uint16)
    for row in range(limbs.shape[0]):
        valuations_of_one(limbs[row], number, window)
        log2 = log2_of_one(limbs[row])
        residue = int(residue_of_one(limbs[row], np.uint64(81)))
        _fill_row(here[row], log2, residue, window, lookahead)
        if images:
            k = int(window[0])
            inverse = 1
            for _ in range(k % 54):
                inverse = inverse * 41 % 81  # 41 = 1/2 mod 81; the order of 2 is 54
            image = (3 * residue + 1) * inverse % 81
            step = LOG2_3 - k + np.log1p(2.0**-log2 / 3.0) / np.log(2.0)
            _fill_row(there[row], log2 + step, image, window[1:], lookahead)
