"""An interval and the level at which it covers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A confidence interval, in the unit of what it is about.

    Attributes:
        low: lower end.
        high: upper end, at least ``low``.
        level: nominal coverage, e.g. 0.95.
    """

    low: float
    high: float
    level: float

    def excludes(self, value: float) -> bool:
        """Whether ``value`` lies strictly outside."""
        return value < self.low or value > self.high

    def within(self, margin: float) -> bool:
        """Whether the whole interval lies strictly inside -margin .. +margin."""
        return -margin < self.low and self.high < margin

    @property
    def width(self) -> float:
        """Upper end less lower end."""
        return self.high - self.low
