"""One orbit per number: exact valuations once, and from them everything that the values of V at n and T(n) need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.numbers.arithmetic import stopping_time
from evenhand_systems.lyapunov.numbers.features import LOG2_3
from evenhand_systems.lyapunov.numbers.limbs import Limbs, log2_of, pack, residues_of, unpack, valuation_table

RESIDUE_MODULUS = 81
TIE = 1e-9  # logarithms closer than this are compared as integers


@dataclass(frozen=True)
class Orbits:
    """N numbers and their first S steps.

    Attributes:
        limbs: (N, W) the numbers.
        valuations: (N, S) exact k_1..k_S.
        log2: (N, S + 1) base-2 logarithms of n, T(n), ..., T^S(n).
        residues: (N,) n mod 81.
    """

    limbs: Limbs
    valuations: NDArray[np.uint16]
    log2: NDArray[np.float64]
    residues: NDArray[np.int64]

    @property
    def steps(self) -> int:
        """S."""
        return int(self.valuations.shape[1])

    def __len__(self) -> int:
        return len(self.limbs)

    def need(self, steps: int) -> None:
        """Raise DataError unless ``steps`` steps are at hand."""
        if self.steps < steps:
            raise DataError(f"This V reads {steps} valuations of n; the orbit holds {self.steps}. Follow it further.")


def orbits_of(numbers: Limbs | Sequence[int], steps: int, *, threads: int = 1) -> Orbits:
    """Follow ``steps`` steps from each odd n >= 3.

    Raises:
        DataError: an even n, a non-positive n, or n = 1 (row named).
    """
    limbs = numbers if isinstance(numbers, np.ndarray) else pack(numbers, minimum=3)
    ones = np.flatnonzero((limbs[:, 0] == 1) & (limbs[:, 1:] == 0).all(axis=1))
    if ones.size:
        raise DataError(f"Row {int(ones[0])}: n = 1 is its own image, so nothing can fall there; give n >= 3.")
    table = valuation_table(limbs, steps, threads=threads)
    logs = np.empty((len(limbs), steps + 1))
    logs[:, 0] = log2_of(limbs)
    _log_kernel(table, logs)
    return Orbits(limbs, table, logs, residues_of(limbs, RESIDUE_MODULUS))


def decides_by_log(orbits: Orbits, index: int) -> NDArray[np.bool_]:
    """(N,) whether T^index(n) < n: by logarithms where they are clear, by integers where they are not."""
    difference = orbits.log2[:, index] - orbits.log2[:, 0]
    below: NDArray[np.bool_] = difference < 0
    unclear = np.flatnonzero(np.abs(difference) < TIE)
    for row, n in zip(unclear, unpack(orbits.limbs[unclear]), strict=True):
        current = n
        for k in orbits.valuations[row, :index]:
            current = (3 * current + 1) >> int(k)
        below[row] = current < n
    return below


def stops_within(orbits: Orbits, steps: int) -> NDArray[np.bool_]:
    """(N,) whether some T^i(n) < n with 1 <= i <= steps, exactly."""
    orbits.need(steps)
    lowest = orbits.log2[:, 1 : steps + 1].min(axis=1) - orbits.log2[:, 0]
    stops: NDArray[np.bool_] = lowest < 0
    unclear = np.flatnonzero(np.abs(lowest) < TIE)
    for row, n in zip(unclear, unpack(orbits.limbs[unclear]), strict=True):
        stops[row] = stopping_time(n, steps) is not None
    return stops


@numba.njit(cache=True, nogil=True)
def _log_kernel(valuations, logs):  # type: ignore[no-untyped-def]
    """log2 T^i(n) = log2 n + i log2 3 - s_i + sum of log2(1 + 1/(3 T^j(n))), step by step."""
    for row in range(valuations.shape[0]):
        current = logs[row, 0]
        for i in range(valuations.shape[1]):
            current += LOG2_3 - valuations[row, i]
            if logs[row, i] < 60.0:
                current += np.log1p(2.0 ** -logs[row, i] / 3.0) / np.log(2.0)
            logs[row, i + 1] = current
