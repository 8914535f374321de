"""A mean over seeds that may be looked at after every seed: the scale-invariant mixture t test and what it leaves.

With n seed means of mean m and standard deviation s, t = sqrt(n) (m - mu) / s, and r = c**2 / (n + c**2),

    e_n = sqrt(r) ((1 + t**2 / (n - 1)) / (1 + r t**2 / (n - 1)))**(n / 2)

is the likelihood of the means mixed over effects mu + sigma N(0, 1 / c**2), over that without an effect, with the
right-Haar measure on sigma in both (Lai 1976; Wang & Ramdas 2024, "Anytime-valid t-tests and confidence sequences for
Gaussian means with unknown variance", theorem 4.7 and corollary). Whatever sigma is, e_n is a nonnegative martingale of
the ratios of the means that begins at 1, so that it ever reaches 1 / a with probability a at most (Ville): 1 over the
largest e so far is a p-value at any time, and the mu that were never rejected at a are a confidence sequence.

For new items too, what the items add to every seed mean alike is allowed for by a second half-width, added in squares:
t of I - 1 degrees of freedom times 1.1 times the root of max(MS_I - MS_E, 0) / (n I). Simulated, not proven; see
``docs/calibration.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evenhand.statistics.arrays import ROUNDING, ArrayLike, Floats, as_floats, check_share, power_of_two_scale
from evenhand.statistics.estimate import Alternative, seed_notes
from evenhand.statistics.intervals import Interval
from evenhand.statistics.special import stdtrit

PRECISION = 0.25
"""c**2: effects are expected at about two standard deviations of the seeds' differences (1 / c = 2). At 5 % four seeds
are then the fewest that can call anything, five at 1 %."""

ITEM_FACTOR = 1.1
"""By which the items' error is widened: it is estimated anew at each look, and the luckiest of its estimates counts.
Without it the size is 6.5 % where items carry all noise, with it 4 %."""

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
        item_df: degrees of freedom of ``item_errors``.
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
    item_df: int
    precision: float = PRECISION

    def interval_at(self, level: float) -> Interval | None:
        """The confidence sequence after the last seed, at another level; None where no number of seeds gave any."""
        if self.reason is not None:
            return None
        half = self._half_widths(1 - level)
        means = np.array(self.means)
        low, high = float(np.max(means - half)), float(np.min(means + half))
        if not (math.isfinite(low) and math.isfinite(high)):
            return None
        return Interval(min(low, high), max(low, high), level)

    def p_value(self, null: float = 0.0, alternative: Alternative = "two-sided") -> float | None:
        """The p-value against a mean difference of ``null`` over all looks so far.

        One-sided it is half of the least two-sided one among the looks that point that way. As the e-value of the other
        side is below 1 there, a one-sided test at a errs at most a / (1 - a) of the time.
        """
        if self.reason is not None:
            return None
        gaps = np.array(self.means) - null
        if alternative == "two-sided":
            return self._least_p(np.abs(gaps))
        return self._least_p(gaps if alternative == "greater" else -gaps) / 2

    def upper_once(self, confidence: float) -> float | None:
        """One-sided upper bound after the last seed as if that were the only look, to give up by and never to call."""
        if self.estimate is None or self.standard_error is None:
            return None
        return self.estimate + float(stdtrit(self.seeds - 1, confidence)) * self.standard_error

    def _half_widths(self, alpha: float | Floats) -> Floats:
        """Half-width after each number of seeds, shape (looks,), or (levels, looks) for several levels."""
        levels = np.asarray(alpha, dtype=np.float64)[..., None]
        sds, errors = np.array(self.sds), np.array(self.item_errors)
        # Seeds that agree to the last digit give no scale to judge by.
        own = np.where(sds > 0, sds, 1.0) * unit_half_widths(np.arange(2, sds.size + 2), levels, self.precision)
        own = np.where(sds > 0, own, np.inf)
        if not errors.any():
            return np.asarray(own)
        return np.asarray(np.hypot(own, -stdtrit(self.item_df, levels / 2) * errors))

    def _least_p(self, gaps: Floats) -> float:
        """Least level at which the interval of some look does not reach as far as its gap."""
        if not any(self.item_errors):
            counts, sds = np.arange(2, gaps.size + 2), np.array(self.sds)
            known = (sds > 0) & (gaps > 0)
            t = np.where(known, gaps, 0.0) / np.where(sds > 0, sds, 1.0) * np.sqrt(counts)
            return math.exp(-max(float(log_e_values(t, counts, self.precision).max()), 0.0))
        low, high = math.log(_LEAST_P), 0.0
        for _ in range(_ROUNDS):  # half-widths fall as the level rises, so that one bracket holds the answer
            levels = np.linspace(low, high, _POINTS)
            rejects = (self._half_widths(np.exp(levels)) < gaps).any(axis=1)
            if not rejects.any():
                return 1.0
            place = int(np.argmax(rejects))
            low, high = float(levels[max(place - 1, 0)]), float(levels[place])
        return math.exp(high)


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

    *Measured size* over looks at 2 to 50 seeds, nominal 5 %: 4 to 5.5 where items carry all noise, else 2 to 3.5.
    It assumes that seed means are independent and roughly normal, and that their order does not depend on them.

    Args:
        differences: shape (S,) for new seeds, or (S, I) for new seeds and new items (or clusters of them), S in the
            order in which they were drawn.
        level: nominal coverage of the interval, at all numbers of seeds together.
        less: (S, J) differences at the same seeds on items of their own, which are subtracted seed by seed.
        items: told with the result; I of a table if None.
        precision: c**2, fixed before anything is seen.

    Returns:
        The estimate; p and interval are None with the reason where there is one seed, or all seeds agree.

    Raises:
        StatisticsError: wrong shape, no values, NaN or infinite values, a level out of range.
    """
    table = np.ndim(differences) == 2
    values = as_floats(differences, "differences", 2 if table else 1)
    check_share(level, "level")
    scale = power_of_two_scale(values)
    scaled = values / scale
    by_seed = scaled.mean(axis=1) if table else scaled
    tables = [scaled] if table and values.shape[1] > 1 else []
    if less is not None:
        other = as_floats(less, "differences to subtract", 2) / scale
        by_seed, tables = by_seed - other.mean(axis=1), [*tables, other]
    means, sds = _running(by_seed)
    errors = np.sqrt(sum((_item_errors(one) ** 2 for one in tables), np.zeros(means.size)))
    seeds, estimate = by_seed.size, float(by_seed.mean()) * scale
    method = METHOD_ITEMS if tables else METHOD
    count = (values.shape[1] if table else None) if items is None else items
    reason = None
    if seeds < 2:
        reason = "one seed: the spread between seeds cannot be estimated from a single difference"
    elif not sds.any():
        reason = f"all {seeds} seeds show the same difference: a spread of zero gives no scale to judge the mean by"
    found = AnytimeMean(
        method, estimate, None, None, None, level, seeds, count, reason, seed_notes(seeds),
        tuple((means * scale).tolist()), tuple((sds * scale).tolist()), tuple((errors * scale).tolist()),
        min((one.shape[1] for one in tables), default=1) - 1, precision,
    )  # fmt: skip
    if reason is not None:
        return found
    error = math.hypot(float(sds[-1]) / seeds**0.5, float(errors[-1])) * scale
    own = {"standard_error": error, "p": found.p_value(), "interval": found.interval_at(level)}
    return AnytimeMean(**{**found.__dict__, **own})


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


def _item_errors(table: Floats) -> Floats:
    """Standard error of the mean of the first 2, 3 ... S seeds for what the items add: sqrt((MS_I - MS_E) / (n I))."""
    seeds, items = table.shape
    centred = table - table.mean()
    sums, rows, found = np.zeros(items), np.zeros(seeds), []
    total = 0.0
    for place, row in enumerate(centred):
        sums += row
        rows[place] = row.mean()
        total += float(np.einsum("i,i->", row, row))
        count = place + 1
        if count < 2:
            continue
        mean = float(rows[:count].mean())
        of_items = float(np.einsum("i,i->", sums, sums)) / count - count * items * mean**2
        of_seeds = items * float(((rows[:count] - mean) ** 2).sum())
        rest = max(total - count * items * mean**2 - of_items - of_seeds, 0.0)
        square = of_items / (items - 1) - rest / ((items - 1) * (count - 1))
        found.append(ITEM_FACTOR * math.sqrt(max(square, 0.0) / (count * items)))
    return np.array(found)
