"""A mean over seeds that may be looked at after every seed: the scale-invariant mixture t test and what it leaves.

With n seed means of mean m and standard deviation s, t = sqrt(n) (m - mu) / s, and r = c**2 / (n + c**2),

    e_n = sqrt(r) ((1 + t**2 / (n - 1)) / (1 + r t**2 / (n - 1)))**(n / 2)

is the likelihood of the means mixed over effects mu + sigma N(0, 1 / c**2), over that without an effect, with the
right-Haar measure on sigma in both (Lai 1976; Wang & Ramdas 2024, "Anytime-valid t-tests and confidence sequences for
Gaussian means with unknown variance", theorem 4.7 and corollary). Whatever sigma is, e_n is a nonnegative martingale of
the ratios of the means that begins at 1, so that it ever reaches 1 / a with probability a at most (Ville): 1 over the
largest e so far is a p-value at any time, and the mu that were never rejected at a are a confidence sequence.

For new items too, what the items add to every seed mean alike is allowed for: :mod:`evenhand.statistics.anytime_items`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from evenhand.statistics.anytime_items import FEWEST_ITEMS, item_errors
from evenhand.statistics.arrays import ROUNDING, ArrayLike, Floats, as_floats, check_share, power_of_two_scale
from evenhand.statistics.estimate import Alternative, seed_notes
from evenhand.statistics.intervals import Interval
from evenhand.statistics.special import stdtrit

PRECISION = 0.25
"""c**2: effects are expected at about two standard deviations of the seeds' differences (1 / c = 2). At 5 % four seeds
are then the fewest that can call anything, five at 1 %."""

METHOD = "anytime-valid t over seed means (mixture e-process)"
METHOD_ITEMS = "anytime-valid t over seed means (mixture e-process), items allowed for"
_LEAST_P = 1e-15
_POINTS, _ROUNDS = 33, 4
"""A p-value is found on a grid of levels, refined: good to 5e-5 of itself, on the safe side."""


@dataclass(frozen=True)
class AnytimeMean:
    """A mean difference whose p-value and interval hold at every number of seeds at once.

    ``interval_at`` is the intersection of the intervals after each number of seeds so far, and ``p_value`` the least of
    their p-values: what was shown once stays shown. Where the intervals contradict each other, which happens in a share
    1 - level of experiments at most, the interval is what lies between the two ends that do.

    Attributes:
        method: name of the procedure.
        estimate: mean over all seeds.
        standard_error: of the mean after all seeds, for who shows or plans; the interval is no multiple of it.
        p: two-sided, against a mean difference of 0.
        interval: at ``level``.
        level: nominal coverage, of all looks together.
        seeds: S.
        items: I, or None.
        reason: why ``p`` and ``interval`` are None; None when they are there.
        notes: what a reader must be told, as full sentences.
        means, sds, item_errors: after 2, 3 ... S seeds: mean and standard deviation of the seed means, and standard
            error of the mean for what the items add.
        item_floors: after as many seeds, standard error that a test of the item means alone has.
        item_df: degrees of freedom of ``item_errors`` and ``item_floors``.
        precision: c**2.
    """

    method: str
    estimate: float | None
    standard_error: float | None
    p: float | None
    interval: Interval | None
    level: float
    seeds: int
    items: int | None
    reason: str | None
    notes: tuple[str, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    item_errors: tuple[float, ...]
    item_floors: tuple[float, ...]
    item_df: int
    precision: float = PRECISION

    def interval_at(self, level: float) -> Interval | None:
        """The confidence sequence after the last seed, at another level; None where no number of seeds gave any."""
        if self.reason is not None:
            return None
        if level not in self._intervals:
            half, means = self._half_widths(1 - level), self._arrays[0]
            low, high = float(np.max(means - half)), float(np.min(means + half))
            known = math.isfinite(low) and math.isfinite(high)
            self._intervals[level] = Interval(min(low, high), max(low, high), level) if known else None
        return self._intervals[level]

    def p_value(self, null: float = 0.0, alternative: Alternative = "two-sided") -> float | None:
        """The p-value against a mean difference of ``null`` over all looks so far.

        One-sided it is half of the least two-sided one among the looks that point that way. As the e-value of the other
        side is below 1 there, a one-sided test at a errs at most a / (1 - a) of the time.
        """
        if self.reason is not None:
            return None
        key = null, alternative
        if key not in self._p_values:
            gaps = self._arrays[0] - null
            if alternative == "two-sided":
                self._p_values[key] = self._least_p(np.abs(gaps))
            else:
                self._p_values[key] = self._least_p(gaps if alternative == "greater" else -gaps) / 2
        return self._p_values[key]

    def upper_once(self, confidence: float) -> float | None:
        """One-sided upper bound after the last seed as if that were the only look, to give up by and never to call."""
        if self.estimate is None or self.standard_error is None:
            return None
        return self.estimate + float(stdtrit(self.seeds - 1, confidence)) * self.standard_error

    # A verdict asks for the same intervals and p-values several times.
    @functools.cached_property
    def _intervals(self) -> dict[float, Interval | None]:
        return {}

    @functools.cached_property
    def _p_values(self) -> dict[tuple[float, Alternative], float]:
        return {}

    @functools.cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Means, standard deviations, item errors and item floors, after each number of seeds."""
        return np.array(self.means), np.array(self.sds), np.array(self.item_errors), np.array(self.item_floors)

    def _half_widths(self, alpha: float | tuple[float, ...]) -> Floats:
        """Half-width after each number of seeds, shape (looks,), or (levels, looks) for several levels."""
        _, sds, errors, floors = self._arrays
        units, quantiles = _per_level(alpha, sds.size, self.item_df, self.precision)
        # Seeds that agree to the last digit give no scale to judge by.
        own = np.where(sds > 0, np.where(sds > 0, sds, 1.0) * units, np.inf)
        if not floors.any():
            return np.asarray(own)
        return np.maximum(np.hypot(own, quantiles * errors), quantiles * floors)

    def _least_p(self, gaps: Floats) -> float:
        """Least level at which the interval of some look does not reach as far as its gap."""
        _, sds, _, floors = self._arrays
        if not floors.any():
            counts = np.arange(2, gaps.size + 2)
            known = (sds > 0) & (gaps > 0)
            t = np.where(known, gaps, 0.0) / np.where(sds > 0, sds, 1.0) * np.sqrt(counts)
            return math.exp(-max(float(log_e_values(t, counts, self.precision).max()), 0.0))
        low, high = math.log(_LEAST_P), 0.0
        for _ in range(_ROUNDS):  # half-widths fall as the level rises, so that one bracket holds the answer
            levels = np.linspace(low, high, _POINTS)
            rejects = (self._half_widths(tuple(np.exp(levels).tolist())) < gaps).any(axis=1)
            if not rejects.any():
                return 1.0
            place = int(np.argmax(rejects))
            low, high = float(levels[max(place - 1, 0)]), float(levels[place])
        return math.exp(high)


@functools.lru_cache(maxsize=256)
def _per_level(alpha: float | tuple[float, ...], looks: int, item_df: int, precision: float) -> tuple[Floats, Floats]:
    """Half-widths in standard deviations after 2, 3 ... seeds and quantiles of the items' t, for one level or several.

    The same for every claim of one shape, and most of what an interval takes.
    """
    levels = np.asarray(alpha, dtype=np.float64)[..., None]
    quantiles = -stdtrit(item_df, levels / 2) if item_df > 0 else np.zeros_like(levels)
    return unit_half_widths(np.arange(2, looks + 2), levels, precision), np.asarray(quantiles)


def log_e_values(statistics: ArrayLike, counts: ArrayLike, precision: float = PRECISION) -> Floats:
    """log e of t statistics over n seeds (see above); both broadcast."""
    n = np.asarray(counts, dtype=np.float64)
    ratio = precision / (n + precision)
    scaled = np.asarray(statistics, dtype=np.float64) ** 2 / (n - 1)
    return np.asarray(0.5 * np.log(ratio) + n / 2 * (np.log1p(scaled) - np.log1p(ratio * scaled)))


def unit_half_widths(counts: ArrayLike, alpha: ArrayLike, precision: float = PRECISION) -> Floats:
    """Half-width of the confidence sequence after n seeds, in standard deviations of the seed means.

    Infinite where so few seeds can reject nothing at ``alpha``.
    """
    n = np.asarray(counts, dtype=np.float64)
    ratio = precision / (n + precision)
    bound = (np.asarray(alpha, dtype=np.float64) * np.sqrt(ratio)) ** (-2 / n)
    room = 1 - bound * ratio
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.where(room > 0, np.sqrt((n - 1) / n * (bound - 1) / np.maximum(room, 1e-300)), np.inf))


def first_look(alpha: float, precision: float = PRECISION) -> int:
    """Fewest seeds that can call anything at a two-sided level."""
    count = 2
    while not math.isfinite(float(unit_half_widths(count, alpha, precision))):
        count += 1
    return count


def anytime_mean(
    differences: ArrayLike,
    level: float = 0.95,
    *,
    less: ArrayLike | None = None,
    items: int | None = None,
    precision: float = PRECISION,
) -> AnytimeMean:
    """The mean difference over seeds, valid whenever it is looked at and however often.

    *Measured size* over looks at 2 to 50 seeds, nominal 5 %: 0.6 to 4.8 with 4 to 80 items, most where items carry all.
    It assumes that seed means are independent and roughly normal, and that their order does not depend on them.

    Args:
        differences: shape (S,) for new seeds, or (S, I) for new seeds and new items (or clusters of them), S in the
            order in which they were drawn.
        level: nominal coverage of the interval, at all numbers of seeds together.
        less: (S, J) differences at the same seeds on items of their own, which are subtracted seed by seed.
        items: told with the result; I of a table if None.
        precision: c**2, fixed before anything is seen.

    Returns:
        The estimate; p and interval are None with the reason where there is one seed, where all seeds agree, and where
        there are fewer than four items.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values, a level out of range.
    """
    table = np.ndim(differences) == 2
    values = as_floats(differences, "differences", 2 if table else 1)
    check_share(level, "level")
    scale = power_of_two_scale(values)
    scaled = values / scale
    by_seed = scaled.mean(axis=1) if table else scaled
    tables = [scaled] if table else []
    if less is not None:
        other = as_floats(less, "differences to subtract", 2) / scale
        by_seed, tables = by_seed - other.mean(axis=1), [*tables, other]
    means, sds = _running(by_seed)
    errors, floors = item_errors(tables, means.size)
    seeds, estimate = by_seed.size, float(by_seed.mean()) * scale
    method = METHOD_ITEMS if tables else METHOD
    count = (values.shape[1] if table else None) if items is None else items
    fewest = min((one.shape[1] for one in tables), default=0)
    reason = _why_none(sds, fewest if tables else None)
    found = AnytimeMean(
        method, estimate, None, None, None, level, seeds, count, reason, seed_notes(seeds),
        _told(means, scale), _told(sds, scale), _told(errors, scale), _told(floors, scale), fewest - 1, precision,
    )  # fmt: skip
    if reason is not None:
        return found
    error = math.hypot(float(sds[-1]) / seeds**0.5, float(errors[-1])) * scale
    return replace(found, standard_error=error, p=found.p_value(), interval=found.interval_at(level))


def _told(numbers: Floats, scale: float) -> tuple[float, ...]:
    return tuple((numbers * scale).tolist())


def _why_none(sds: Floats, items: int | None) -> str | None:
    """Why nothing can be said, or None; ``items`` where new ones are asked for."""
    if not sds.size:
        return "one seed: the spread between seeds cannot be estimated from a single difference"
    if items is not None and items < FEWEST_ITEMS:
        what = "one item" if items == 1 else f"{items} items (or clusters of them)"
        return (
            f"{what}: looks at any time can tell of new ones from {FEWEST_ITEMS} on; of these very ones they tell with "
            'scope = "seeds"'
        )
    if not sds.any():
        return (
            f"all {sds.size + 1} seeds show the same difference: a spread of zero gives no scale to judge the mean by"
        )
    return None


def _running(by_seed: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the first 2, 3 ... S values; a spread that is rounding is 0."""
    if by_seed.size < 2:
        return np.zeros(0), np.zeros(0)
    counts = np.arange(1, by_seed.size + 1)
    shifted = by_seed - by_seed[0]
    means = np.cumsum(shifted) / counts
    # Welford: what each value adds to the sum of squares about the mean so far.
    squares = np.cumsum(np.concatenate([[0.0], (shifted[1:] - means[:-1]) * (shifted[1:] - means[1:])]))
    largest = np.maximum.accumulate(np.abs(by_seed))
    squares = np.where(squares <= counts * (ROUNDING * largest) ** 2, 0.0, squares)
    return (means + by_seed[0])[1:], np.sqrt(squares[1:] / (counts[1:] - 1))
