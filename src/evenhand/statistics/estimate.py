"""A mean difference with its uncertainty: what every t-based procedure of this package returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evenhand.statistics.intervals import Interval
from evenhand.statistics.student import critical_value, two_sided_p, upper_p

Alternative = Literal["two-sided", "greater", "less"]

FEW_SEEDS = 5
"""At or below this many seeds no test of normality has any power, and every report must say so."""


@dataclass(frozen=True)
class MeanEstimate:
    """A mean difference (variant less baseline), its standard error and what follows from both.

    Attributes:
        method: name of the procedure, for a reader.
        estimate: the mean difference, in the metric's unit; None when not even that exists.
        standard_error: of the mean difference; None when it cannot be estimated.
        df: degrees of freedom of the standard error.
        statistic: estimate / standard_error.
        p: two-sided p-value against a mean difference of 0.
        interval: two-sided interval at ``level``.
        level: nominal coverage of ``interval``.
        seeds: seeds that went in.
        items: items that went in; None when only seed means were given.
        reason: why what is None is None; None when everything is there.
        notes: what a reader must be told beside the figures, as full sentences.
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

    def interval_at(self, level: float) -> Interval | None:
        """The two-sided interval at another level (0..1); None where the standard error is undefined."""
        if self.estimate is None or self.standard_error is None or self.df is None:
            return None
        return _interval(self.estimate, self.standard_error, self.df, level)

    def p_value(self, null: float = 0.0, alternative: Alternative = "two-sided") -> float | None:
        """The p-value against a mean difference of ``null``; None where the standard error is undefined.

        ``greater`` is the p-value of the test whose alternative is "above ``null``".
        """
        if self.estimate is None or self.standard_error is None or self.df is None:
            return None
        statistic = (self.estimate - null) / self.standard_error
        if alternative == "two-sided":
            return two_sided_p(statistic, self.df)
        return upper_p(statistic if alternative == "greater" else -statistic, self.df)


def _interval(estimate: float, standard_error: float, df: float, level: float) -> Interval | None:
    half = critical_value(level, df) * standard_error
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
) -> MeanEstimate:
    """The full estimate from a mean, its standard error (above 0) and degrees of freedom."""
    interval = None
    if math.isfinite(estimate) and math.isfinite(standard_error) and standard_error > 0:
        interval = _interval(estimate, standard_error, df, level)
    if interval is None:
        reason = "the figures leave the range of double precision, so neither an interval nor a p-value can be given"
        known = estimate if math.isfinite(estimate) else None
        return without_spread(method, known, level=level, seeds=seeds, items=items, reason=reason, notes=notes)
    statistic = estimate / standard_error
    return MeanEstimate(
        method, estimate, standard_error, df, statistic, two_sided_p(statistic, df), interval, level, seeds, items,
        None, notes,
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
    return from_standard_error(estimate.method, value, estimate.standard_error * scale, estimate.df, **about)  # type: ignore[arg-type]
