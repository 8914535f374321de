"""A mean difference with its uncertainty: what every t-based procedure of this package returns."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from evenhand.statistics.intervals import Interval
from evenhand.statistics.student import critical_value, two_sided_p, upper_p

Alternative = Literal["two-sided", "greater", "less"]

FEW_SEEDS = 5
"""At or below this many seeds no test of normality has any power, and every report must say so."""


@dataclass(frozen=True)
class ErrorScale:
    """A standard error and its degrees of freedom: what a t test measures a mean difference by.

    Attributes:
        name: of the test, for a reader.
        standard_error: of the mean difference, above 0.
        df: its degrees of freedom.
    """

    name: str
    standard_error: float
    df: float


@dataclass(frozen=True)
class MeanEstimate:
    """A mean difference (variant less baseline), its standard error and what follows from both.

    Attributes:
        method: name of the procedure, for a reader.
        estimate: the mean difference, in the metric's unit; None when not even that exists.
        standard_error: of the mean difference, by the test that gave ``interval``; None when it cannot be estimated.
        df: degrees of freedom of the standard error.
        statistic: estimate / standard_error.
        p: two-sided p-value against a mean difference of 0.
        interval: two-sided interval at ``level``.
        level: nominal coverage of ``interval``.
        seeds: seeds that went in.
        items: items that went in; None when only seed means were given.
        reason: why what is None is None; None when everything is there.
        notes: what a reader must be told beside the figures, as full sentences.
        other: the scale of a second test that must agree: every interval is the wider of both, every p-value the
            larger, so that an interval at 1 - a excludes 0 exactly where p < a. None where one test decides alone.
    """

    method: str
    estimate: float | None
    standard_error: float | None
    df: float | None
    statistic: float | None
    p: float | None
    interval: Interval | None
    level: float
    seeds: int | None
    items: int | None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    other: ErrorScale | None = None

    @property
    def scales(self) -> tuple[ErrorScale, ...]:
        """The scale of each test that must agree, the one that gave ``interval`` first; empty where none is defined."""
        if self.standard_error is None or self.df is None:
            return ()
        own = ErrorScale(self.method, self.standard_error, self.df)
        return (own,) if self.other is None else (own, self.other)

    def interval_at(self, level: float) -> Interval | None:
        """The two-sided interval at another level (0..1); None where the standard error is undefined."""
        if self.estimate is None or not self.scales:
            return None
        return _interval(self.estimate, self.scales, level)

    def p_value(self, null: float = 0.0, alternative: Alternative = "two-sided") -> float | None:
        """The p-value against a mean difference of ``null``; None where the standard error is undefined.

        ``greater`` is the p-value of the test whose alternative is "above ``null``".
        """
        if self.estimate is None or not self.scales:
            return None
        return max(_p_value(self.estimate - null, scale, alternative) for scale in self.scales)


def _p_value(difference: float, scale: ErrorScale, alternative: Alternative) -> float:
    statistic = difference / scale.standard_error
    if alternative == "two-sided":
        return two_sided_p(statistic, scale.df)
    return upper_p(statistic if alternative == "greater" else -statistic, scale.df)


def _interval(estimate: float, scales: tuple[ErrorScale, ...], level: float) -> Interval | None:
    half = max(critical_value(level, scale.df) * scale.standard_error for scale in scales)
    low, high = estimate - half, estimate + half
    return Interval(low, high, level) if math.isfinite(low) and math.isfinite(high) else None


def from_standard_error(
    method: str,
    estimate: float,
    standard_error: float,
    df: float,
    *,
    level: float,
    seeds: int | None,
    items: int | None,
    notes: tuple[str, ...] = (),
    other: ErrorScale | None = None,
) -> MeanEstimate:
    """The full estimate from a mean, its standard error (above 0) and degrees of freedom.

    With ``other`` the given scale must be the one of the wider interval; see :func:`from_two_tests`.
    """
    scales = (ErrorScale(method, standard_error, df), *(() if other is None else (other,)))
    interval = None
    if math.isfinite(estimate) and all(0 < scale.standard_error < math.inf for scale in scales):
        interval = _interval(estimate, scales, level)
    if interval is None:
        reason = "the figures leave the range of double precision, so neither an interval nor a p-value can be given"
        known = estimate if math.isfinite(estimate) else None
        return without_spread(method, known, level=level, seeds=seeds, items=items, reason=reason, notes=notes)
    p = max(_p_value(estimate, scale, "two-sided") for scale in scales)
    return MeanEstimate(
        method, estimate, standard_error, df, estimate / standard_error, p, interval, level, seeds, items, None, notes,
        other,
    )  # fmt: skip


def from_two_tests(
    method: str,
    estimate: float,
    first: ErrorScale,
    second: ErrorScale,
    *,
    level: float,
    seeds: int | None,
    items: int | None,
    notes: tuple[str, ...] = (),
) -> MeanEstimate:
    """The estimate that says only what both of two tests of one mean say: the wider interval, the larger p-value.

    Standard error, degrees of freedom and statistic are those of the test whose interval at ``level`` is the wider (of
    the first where both are equal), so that they do not depend on the mean. A note names the test that gave the
    interval and the one that gave p: far in the tail that is the one with fewer degrees of freedom.
    """

    def half_width(scale: ErrorScale) -> float:
        return critical_value(level, scale.df) * scale.standard_error

    decides, other = (second, first) if half_width(second) > half_width(first) else (first, second)
    gave_p = other if _p_value(estimate, other, "two-sided") > _p_value(estimate, decides, "two-sided") else decides
    note = f"The interval at {100 * level:.3g} % is that of the {decides.name}, p that of the {gave_p.name}: "
    note += "of both tests the wider and the larger."
    return from_standard_error(
        method, estimate, decides.standard_error, decides.df, level=level, seeds=seeds, items=items,
        notes=(*notes, note), other=other,
    )  # fmt: skip


def without_spread(
    method: str,
    estimate: float | None,
    *,
    level: float,
    seeds: int | None,
    items: int | None,
    reason: str,
    notes: tuple[str, ...] = (),
) -> MeanEstimate:
    """An estimate whose standard error, interval and p-value are undefined, with the reason."""
    return MeanEstimate(method, estimate, None, None, None, None, None, level, seeds, items, reason, notes)


def seed_notes(seeds: int) -> tuple[str, ...]:
    """What must be printed beside an interval over this many seeds."""
    if seeds > FEW_SEEDS:
        return ()
    return (f"With {seeds} seeds the interval rests on a normality that nobody can check.",)


def rescaled(estimate: MeanEstimate, scale: float) -> MeanEstimate:
    """The same estimate in a unit ``scale`` times smaller."""
    if scale == 1.0 or estimate.estimate is None:
        return estimate
    value = estimate.estimate * scale
    about = {"level": estimate.level, "seeds": estimate.seeds, "items": estimate.items, "notes": estimate.notes}
    if estimate.standard_error is None or estimate.df is None:
        known = value if math.isfinite(value) else None
        return without_spread(estimate.method, known, reason=estimate.reason or "undefined", **about)  # type: ignore[arg-type]
    other = estimate.other
    if other is not None:
        other = replace(other, standard_error=other.standard_error * scale)
    error = estimate.standard_error * scale
    return from_standard_error(estimate.method, value, error, estimate.df, other=other, **about)  # type: ignore[arg-type]
