"""Bars of exhibits: a row per arm in every group, all on one scale, placed in per cent so that text never shrinks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evenhand.recipes.exhibit import Bar, Bars
from evenhand.report import numbers
from evenhand.report.charts.drawing import Tick, limits, round_values, tick_label
from evenhand.report.charts.plots import Looks, drawable


@dataclass(frozen=True)
class BarRow:
    """One arm in a group; places in per cent of the width.

    Attributes:
        arm, ink: name and colour.
        text: the value, or in words that it is not finite.
        spoken: value and range as a sentence.
        start, end: of the bar, from zero to the value; None where zero is off the scale or the value has no place.
        dot: where the value lies, None without a place.
        low, high: ends of the range, cut to the scale; None without one.
        cut: -1 or +1 where the value lies off the scale on that side, else 0.
    """

    arm: str
    ink: str
    text: str
    spoken: str
    start: float | None
    end: float | None
    dot: float | None
    low: float | None
    high: float | None
    cut: int


@dataclass(frozen=True)
class BarGroup:
    """A named group of rows."""

    name: str
    rows: tuple[BarRow, ...]


@dataclass(frozen=True)
class BarsDrawing:
    """All groups and the ticks of their common scale; ``zero`` is None where it is off the scale."""

    groups: tuple[BarGroup, ...]
    ticks: tuple[Tick, ...]
    zero: float | None


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    decimals: int

    def place(self, value: float) -> float:
        share = 100 * (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 100.0), 2)


def draw_bars(bars: Bars, looks: Looks) -> BarsDrawing:
    """The rows of all groups, of which one bar or more has a place."""
    span = sound_limits(bars.limits) or _span(bars)
    decimals = numbers.decimals_for((span[1] - span[0]) / 50)
    scale = _Scale(*span, decimals)
    zero = scale.place(0.0) if span[0] <= 0 <= span[1] else None
    groups = tuple(
        BarGroup(name, tuple(_row(bar, looks[bar.arm].ink, scale, zero) for bar in group))
        for name, group in bars.groups
    )
    ticks = tuple(Tick(scale.place(value), tick_label(value)) for value in round_values(span, 3))
    return BarsDrawing(groups, ticks, zero)


def sound_limits(ends: tuple[float, float] | None) -> tuple[float, float] | None:
    """The limits of a scale if they can be used."""
    if ends is None or not drawable(*ends) or not ends[1] - ends[0] > 1e-12 * max(abs(ends[0]), abs(ends[1]), 1e-88):
        return None
    return ends


def values_of(bars: Bars) -> Iterator[float]:
    """Every value and range end that has a place."""
    for _, group in bars.groups:
        for bar in group:
            yield from (v for v in (bar.value, bar.low, bar.high) if v is not None and drawable(v))


def _span(bars: Bars) -> tuple[float, float]:
    """A scale from zero, or across it, with a little room at the open ends."""
    values = list(values_of(bars))
    low, high = limits(np.array([0.0, *values]), 0.03)
    if min(values, default=0.0) >= 0:
        return 0.0, high
    return (low, 0.0) if max(values) <= 0 else (low, high)


def _row(bar: Bar, ink: str, scale: _Scale, zero: float | None) -> BarRow:
    text = _text(bar.value, scale)
    if not drawable(bar.value):
        return BarRow(bar.arm, ink, text, f"{bar.arm}: {text}", None, None, None, None, None, 0)
    dot = scale.place(bar.value)
    start, end = (min(zero, dot), max(zero, dot)) if zero is not None else (None, None)
    cut = -1 if bar.value < scale.low else 1 if bar.value > scale.high else 0
    ends = [v for v in (bar.low, bar.high) if v is not None and drawable(v)]
    low, high, spoken = None, None, f"{bar.arm}: {text}"
    if ends:
        least, most = min(*ends, bar.value), max(*ends, bar.value)
        low, high = scale.place(least), scale.place(most)
        spoken += f", {_text(least, scale)} to {_text(most, scale)}"
    return BarRow(bar.arm, ink, text, spoken, start, end, dot, low, high, cut)


def _text(value: float, scale: _Scale) -> str:
    if not drawable(value):
        return f"{value:g}".replace("-", numbers.MINUS)
    if abs(value) >= 1e7 or 0 < abs(value) < 10.0**-scale.decimals / 2:
        return f"{value:.3g}".replace("e+", "e").replace("-", numbers.MINUS)
    return numbers.plain(value, scale.decimals)
