"""V's that nobody has to fit: the controls of every claim of this system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenhand.errors import DataError
from evenhand_systems.lyapunov.measures import Candidate, Decision
from evenhand_systems.lyapunov.numbers.valuations import Orbits, decides_by_log, stops_within

LN_2 = float(np.log(2.0))


@dataclass(frozen=True)
class LogN:
    """V = log2 n: falls exactly on decay steps."""

    name: str = "log n"
    lookahead: int = 1
    size: int = 0

    def decide(self, orbits: Orbits) -> Decision:
        """Whether T(n) < n, exactly; by how much in bits (float64)."""
        orbits.need(1)
        return Decision(decides_by_log(orbits, 1), orbits.log2[:, 0] - orbits.log2[:, 1])


@dataclass(frozen=True)
class TrailingOnes:
    """V = log2 n + slope min(t - 1, L), t = v2(n + 1) the number of trailing ones of n.

    t - 1 is the length of the leading run of k = 1. The default L reads all of it in numbers of up to 128 bits.
    """

    slope: float = 0.7
    lookahead: int = 127
    size: int = 1

    @property
    def name(self) -> str:
        """As tables name it."""
        return "trailing ones"

    def decide(self, orbits: Orbits) -> Decision:
        """Whether V falls, and by how much in bits (float64)."""
        orbits.need(self.lookahead + 1)
        ones = orbits.valuations[:, : self.lookahead + 1] == 1
        here = np.cumprod(ones[:, :-1], axis=1).sum(axis=1)
        there = np.cumprod(ones[:, 1:], axis=1).sum(axis=1)
        margins = orbits.log2[:, 0] - orbits.log2[:, 1] + self.slope * (here - there)
        return Decision(margins > 0, margins)


@dataclass(frozen=True)
class WindowSum:
    """V = sum of log2 T^i(n) over 0 <= i <= L: falls exactly when T^(L+1)(n) < n."""

    lookahead: int = 10
    size: int = 0

    @property
    def name(self) -> str:
        """As tables name it."""
        return "window sum"

    def decide(self, orbits: Orbits) -> Decision:
        """Whether V falls, exactly; by how much in bits (float64)."""
        orbits.need(self.lookahead + 1)
        margins = orbits.log2[:, 0] - orbits.log2[:, self.lookahead + 1]
        return Decision(decides_by_log(orbits, self.lookahead + 1), margins)


@dataclass(frozen=True)
class WindowMinimum:
    """V = min of T^i(n) over 0 <= i <= L, plus i*/(L + 2) with i* the first minimiser.

    It falls exactly when the stopping time is at most L + 1. Margins are those of log2 V.
    """

    lookahead: int = 10
    size: int = 0

    @property
    def name(self) -> str:
        """As tables name it."""
        return "window minimum"

    def decide(self, orbits: Orbits) -> Decision:
        """Whether V falls, exactly; by how much in bits (float64)."""
        orbits.need(self.lookahead + 1)
        margins = self._log_value(orbits, 0) - self._log_value(orbits, 1)
        return Decision(stops_within(orbits, self.lookahead + 1), margins)

    def _log_value(self, orbits: Orbits, start: int) -> NDArray[np.float64]:
        window = orbits.log2[:, start : start + self.lookahead + 1]
        lowest = window.min(axis=1)
        first = (window <= lowest[:, None] + 1e-10).argmax(axis=1)  # a number that comes again differs by rounding
        return np.asarray(lowest + np.log1p(first / (self.lookahead + 2.0) * np.exp2(-lowest)) / LN_2)


def closed_form(name: str, lookahead: int) -> Candidate:
    """The closed form of that name.

    Raises:
        DataError: no such form, or lookahead below 1.
    """
    if lookahead < 1:
        raise DataError(f"The lookahead must be at least 1; found {lookahead}.")
    forms: dict[str, Candidate] = {
        "log-n": LogN(),
        "trailing-ones": TrailingOnes(lookahead=lookahead),
        "window-sum": WindowSum(lookahead),
        "window-minimum": WindowMinimum(lookahead),
    }
    if name not in forms:
        raise DataError(f"Closed forms are {', '.join(forms)}; found '{name}'.")
    return forms[name]
