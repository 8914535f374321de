"""The forest plot: one scale per metric, and each contrast placed on it in per cent of the width.

Coordinates in per cent let the page draw the strips at any width without shrinking their text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenhand.decisions.verdict import Contrast, Interaction, Interval, deciding_interval
from evenhand.report.charts.drawing import Tick
from evenhand.report.numbers import signed

_REACH = 2.5
"""How far past the seeds, estimates and margins an interval may stretch the scale, as a multiple of their extent."""


@dataclass(frozen=True)
class Strip:
    """One contrast on the scale; all places in per cent from the left.

    Attributes:
        dots: the differences of the seeds.
        estimate: or None.
        low, high: ends of the interval, cut to the scale; None without interval.
        cut_low, cut_high: whether the interval goes on beyond the scale.
    """

    dots: tuple[float, ...]
    estimate: float | None
    low: float | None
    high: float | None
    cut_low: bool
    cut_high: bool


@dataclass(frozen=True)
class Scale:
    """A common horizontal scale of differences, with the band of +-margin."""

    low: float
    high: float
    margin: float

    @classmethod
    def spanning(cls, shown: Iterable[Contrast | Interaction], margin: float) -> Scale:
        """A scale that holds all seeds, estimates and the margin; wide intervals are cut, and marked as cut."""
        core, ends = [-margin, 0.0, margin], [0.0]
        for row in shown:
            core.extend(row.differences)
            core.extend([] if row.estimate is None else [row.estimate])
            ends.extend(_bounds(row) or ())
        core = [value for value in core if math.isfinite(value)]
        ends = [value for value in ends if math.isfinite(value)]
        extent = max(core) - min(core) or 1.0
        low = min(*core, max(min(ends), min(core) - _REACH * extent))
        high = max(*core, min(max(ends), max(core) + _REACH * extent))
        pad = 0.04 * (high - low) or 1.0
        return cls(low - pad, high + pad, margin)

    def place(self, value: float) -> float:
        """Per cent of the width, cut to 0..100."""
        share = 100 * (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 100.0), 2)

    @property
    def zero(self) -> float:
        """Where no difference lies."""
        return self.place(0.0)

    @property
    def band(self) -> tuple[float, float]:
        """Left end and width of the +-margin band."""
        left = self.place(-self.margin)
        return left, round(self.place(self.margin) - left, 2)

    def ticks(self, decimals: int) -> tuple[Tick, ...]:
        """At most five round values; labels carry no more decimals than the ticks need."""
        from matplotlib.ticker import MaxNLocator  # here, so that terminal commands start without matplotlib

        values = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(self.low, self.high)
        inside = [0.0 if abs(v) < 1e-12 else float(v) for v in values if self.low <= v <= self.high]
        return tuple(Tick(self.place(v), signed(v, _decimals(inside, decimals))) for v in inside)

    def strip(self, row: Contrast | Interaction) -> Strip:
        """Where a contrast's marks stand."""
        bounds = _bounds(row)
        return Strip(
            dots=tuple(self.place(value) for value in row.differences if math.isfinite(value)),
            estimate=None if row.estimate is None else self.place(row.estimate),
            low=None if bounds is None else self.place(bounds[0]),
            high=None if bounds is None else self.place(bounds[1]),
            cut_low=bounds is not None and bounds[0] < self.low,
            cut_high=bounds is not None and bounds[1] > self.high,
        )


def _bounds(row: Contrast | Interaction) -> Interval | None:
    """The interval to draw: the one that a contrast's verdict rests on."""
    return deciding_interval(row)[0] if isinstance(row, Contrast) else row.interval


def _decimals(values: Sequence[float], most: int) -> int:
    """The fewest decimals at which the ticks differ from each other by what they should."""
    for decimals in range(most + 3):
        if all(math.isclose(round(v, decimals), v, abs_tol=1e-12) for v in values):
            return decimals
    return most
