"""Levels for a sequence of tests that nobody knew in advance: online control of the false discovery rate.

Tests are begun one after another and may be decided in any order. The level of a test is fixed when it begins: it
depends on the tests begun before it and on what had been decided by then, so that nothing that comes later moves it
(Zrnic, Ramdas and Jordan 2021: "Asynchronous online testing of multiple hypotheses").

Letters: t is the place of a test (from 1), gamma a series that sums to 1, R the discoveries known when a test begins,
tau_j the number of tests that had begun when the j-th discovery was decided, w0 the wealth to begin with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import check_share

OnlineMethod = Literal["LORD++", "SAFFRON", "LOND", "e-LOND"]

DECAY = 1.6
"""gamma falls as t to the power of minus this: early tests get most, and no test gets nothing."""

FIRST_WEALTH = 0.5
"""Share of the rate that may be spent before the first discovery. More finds more in short sequences, and errs more
often than it may where ideas are tried again on the same items."""

CANDIDATE = 0.5
"""SAFFRON's lambda: tests with a larger p-value spend nothing."""


@dataclass(frozen=True)
class OnlineTest:
    """A test of the sequence, in the order in which they began.

    Attributes:
        p: of the discovery that it could make, valid given what was known when it began; None while it is not decided,
            or where it was left: it is then no discovery.
        decided: how many tests had begun when it was decided, itself included; None while it is not decided.
        e: its e-value, for e-LOND.
        recorded: whether it was a discovery, where that was written down when it was decided: what was said stays.
    """

    p: float | None
    decided: int | None = None
    e: float | None = None
    recorded: bool | None = None


@dataclass(frozen=True)
class OnlineLevels:
    """Levels of a sequence.

    Attributes:
        method, alpha: the procedure, and the false discovery rate that it holds.
        levels: of each test.
        discoveries: whether each is one.
        next_level: of a test that would begin now.
        wealth: the levels that are left to be spent if no discovery comes any more.
    """

    method: OnlineMethod
    alpha: float
    levels: tuple[float, ...]
    discoveries: tuple[bool, ...]
    next_level: float
    wealth: float


@lru_cache(maxsize=8)
def _series(length: int) -> NDArray[np.float64]:
    """gamma at 0 .. length; the entry at 0 is 0, so that a lag of 0 earns nothing."""
    steps = np.arange(length + 1, dtype=np.float64)
    steps[0] = np.inf
    return np.asarray(steps**-DECAY / special.zeta(DECAY))


def _rest(lag: float) -> float:
    """What the series sums to from ``lag + 1`` on."""
    return float(special.zeta(DECAY, lag + 1) / special.zeta(DECAY))


def online_levels(
    tests: Sequence[OnlineTest],
    alpha: float = 0.05,
    method: OnlineMethod = "LORD++",
    first_wealth: float = FIRST_WEALTH,
) -> OnlineLevels:
    """The level of every test of a sequence, and which are discoveries.

    ``LORD++`` and ``SAFFRON`` (Ramdas, Yang, Wainwright and Jordan 2017; Ramdas, Zrnic, Wainwright and Jordan 2018)
    hold the false discovery rate where p-values are valid given what came before. ``LOND`` (Javanmard and Montanari
    2015) does too, and where they are positively dependent (Zrnic and others 2021). ``e-LOND`` (Xu and Ramdas 2024)
    holds it under any dependence, on e-values.

    Args:
        tests: in the order in which they began.
        alpha: false discovery rate.
        method: the procedure.
        first_wealth: share of ``alpha`` that may be spent before the first discovery (LORD++, SAFFRON).

    Raises:
        StatisticsError: a rate out of range, or a test that was decided before it began.
    """
    sequence = OnlineSequence(len(tests), alpha, method, first_wealth)
    levels, discoveries = [], []
    for place, test in enumerate(tests, start=1):
        if test.decided is not None and test.decided < place:
            raise StatisticsError(f"test {place}: expected to be decided after it began, found {test.decided}.")
        levels.append(sequence.level)
        discoveries.append(sequence.add(test))
    return OnlineLevels(method, alpha, tuple(levels), tuple(discoveries), sequence.level, sequence.wealth)


class OnlineSequence:
    """The same, test by test, for who decides what to test next by what came out.

    Args:
        longest: more tests than this do not come.
        alpha, method, first_wealth: see :func:`online_levels`.
    """

    def __init__(
        self, longest: int, alpha: float = 0.05, method: OnlineMethod = "LORD++", first_wealth: float = FIRST_WEALTH
    ) -> None:
        check_share(alpha, "alpha")
        check_share(first_wealth, "first_wealth")
        size = longest + 1
        never = np.full(size, size + 1)
        self.method: OnlineMethod = method
        self._begun = 0
        self._state = _State(alpha, first_wealth * alpha, _series(size), never, never.copy())

    @property
    def level(self) -> float:
        """Of the test that begins next."""
        return _RULES[self.method](self._state, self._begun + 1)

    @property
    def wealth(self) -> float:
        """What is left to be spent if no discovery comes any more."""
        return _WEALTH[self.method](self._state, self._begun + 1)

    def add(self, test: OnlineTest) -> bool:
        """Begin a test at the present level; says whether it is a discovery. It counts once it is decided."""
        hit = _is_discovery(test, self.level, self.method)
        self._begun += 1
        if test.decided is not None and hit:
            self._state.found[self._begun - 1] = test.decided
        if test.decided is not None and test.p is not None and test.p <= CANDIDATE:
            self._state.candidate[self._begun - 1] = test.decided
        return hit


def _is_discovery(test: OnlineTest, level: float, method: OnlineMethod) -> bool:
    if test.recorded is not None:
        return test.recorded
    if method == "e-LOND":
        return test.e is not None and test.e * level >= 1
    return test.p is not None and test.p <= level


@dataclass
class _State:
    """What is known so far; ``found`` and ``candidate`` hold when each discovery and candidate was decided."""

    alpha: float
    wealth: float
    gamma: NDArray[np.float64]
    found: NDArray[np.int64]
    candidate: NDArray[np.int64]

    def taus(self, place: int) -> NDArray[np.int64]:
        """When each discovery was decided that is known as a test begins, in that order."""
        return np.sort(self.found[self.found < place])

    def shares(self, count: int) -> NDArray[np.float64]:
        """What the first, second, ... discovery earns."""
        earned = np.full(count, self.alpha)
        earned[:1] = self.alpha - self.wealth
        return earned


def _lord(state: _State, place: int) -> float:
    taus = state.taus(place)
    return float(state.wealth * state.gamma[place] + state.shares(len(taus)) @ state.gamma[place - taus])


def _lord_wealth(state: _State, place: int) -> float:
    taus = state.taus(place)
    left = [state.wealth * _rest(place - 1)]
    left += [share * _rest(place - 1 - tau) for share, tau in zip(state.shares(len(taus)), taus, strict=True)]
    return float(sum(left))


def _saffron_lags(state: _State, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    taus = state.taus(place)
    known = np.flatnonzero(state.candidate < place) + 1
    starts = np.concatenate([[0], taus])
    since = np.array([int(np.count_nonzero(known > start)) for start in starts])
    return np.maximum(place - starts - since, 1), taus


def _saffron(state: _State, place: int) -> float:
    lags, taus = _saffron_lags(state, place)
    shares = np.concatenate([[state.wealth], state.shares(len(taus))])
    return min(CANDIDATE, (1 - CANDIDATE) * float(shares @ state.gamma[lags]))


def _saffron_wealth(state: _State, place: int) -> float:
    lags, taus = _saffron_lags(state, place)
    shares = np.concatenate([[state.wealth], state.shares(len(taus))])
    return float((1 - CANDIDATE) * sum(share * _rest(lag - 1) for share, lag in zip(shares, lags, strict=True)))


def _lond(state: _State, place: int) -> float:
    return float(state.alpha * state.gamma[place] * (len(state.taus(place)) + 1))


def _lond_wealth(state: _State, place: int) -> float:
    return state.alpha * _rest(place - 1) * (len(state.taus(place)) + 1)


_RULES: Mapping[OnlineMethod, Callable[[_State, int], float]] = {
    "LORD++": _lord,
    "SAFFRON": _saffron,
    "LOND": _lond,
    "e-LOND": _lond,
}
_WEALTH: Mapping[OnlineMethod, Callable[[_State, int], float]] = {
    "LORD++": _lord_wealth,
    "SAFFRON": _saffron_wealth,
    "LOND": _lond_wealth,
    "e-LOND": _lond_wealth,
}


def e_of_p(p: float) -> float:
    """An e-value from any valid p-value: p**-0.5 / 2 (Vovk and Wang 2021, kappa = 1/2); its mean is 1 at no effect."""
    check_share(p, "p")
    return 0.5 / math.sqrt(p)


def one_sided(p: float, estimate: float) -> float:
    """The p-value of "better" from a two-sided one of a symmetric test."""
    return p / 2 if estimate > 0 else 1 - p / 2


@lru_cache(maxsize=64)
def _half_normal(seeds: int, scale: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log e-value of a paired t statistic over a grid: the effect half-normal against none."""
    from scipy import stats  # here: it takes longer to import than to decide most families

    grid = np.linspace(-12, 60, 361)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    effects = scale * stats.halfnorm.ppf((nodes + 1) / 2)
    own = stats.t.pdf(grid, seeds - 1)
    others = np.array([stats.nct.pdf(grid, seeds - 1, effect * math.sqrt(seeds)) for effect in effects])
    ratio = np.maximum(np.nan_to_num((weights / 2) @ others / own), 1e-12)
    return grid, np.log(np.maximum.accumulate(ratio))


def e_of_t(t: NDArray[np.float64], seeds: int, scale: float = 1.0) -> NDArray[np.float64]:
    """One-sided e-values of paired t statistics: effects half-normal in units of the seeds' sd, against none or worse.

    Free of the scale of the data, as the likelihood of t is (Lai 1976; Wang and Ramdas 2024).

    Args:
        t: statistics, any shape.
        seeds: that each rests on.
        scale: sd of the effects that are reckoned with.
    """
    grid, logs = _half_normal(seeds, scale)
    return np.asarray(np.exp(np.interp(t, grid, logs)))
