"""Learning curves: a thin line per seed and a mean line per arm, a panel per condition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from evenhand.recipes.outcome import Curve
from evenhand.report.charts.drawing import DASHES, LARGEST, Floats, Line, Sketch, frame, panels
from evenhand.report.results import Results

_POINTS = 240
"""Most points that are drawn of one curve; beyond it every k-th is drawn, and the caption says so."""

_ARMS = len(DASHES) - 1
"""Arms beside the baseline in one panel; more arms get further panels, the baseline repeated in each."""


@dataclass(frozen=True)
class Legend:
    """An arm of a panel: its slot of colour and line style, how many seeds are drawn."""

    arm: str
    slot: int
    seeds: int


@dataclass(frozen=True)
class Panel:
    """One drawing: the condition it shows, its arms, its SVG."""

    condition: str
    legend: tuple[Legend, ...]
    svg: Markup


@dataclass(frozen=True)
class CurveFigure:
    """All panels of one curve at one rung; they share their axes."""

    name: str
    rung: str
    panels: tuple[Panel, ...]
    thinned: bool


@dataclass(frozen=True)
class _ArmCurves:
    """The curves of one arm in one condition; ``whole`` are those of trials that gave scores."""

    whole: tuple[Curve, ...]
    broken: tuple[Curve, ...]


def curve_figures(results: Results) -> tuple[CurveFigure, ...]:
    """Figures of every recorded curve: the confirming rung first, curves named like a metric first."""
    claim = results.claim.claim
    metrics = [metric.name for metric in claim.metrics]
    figures: list[CurveFigure] = []
    for level, rung in reversed(list(enumerate(claim.rungs))):
        found = _collect(results, rung.name)
        names = sorted({name for name, _, _ in found}, key=lambda n: (n not in metrics, n))
        figures.extend(_figure(results, found, name, rung.name, f"r{level}c{i}") for i, name in enumerate(names))
    return tuple(figures)


def _collect(results: Results, rung: str) -> dict[tuple[str, str, str], _ArmCurves]:
    """(curve, condition, arm) to the drawable part of its curves, seed by seed."""
    whole: dict[tuple[str, str, str], list[Curve]] = defaultdict(list)
    broken: dict[tuple[str, str, str], list[Curve]] = defaultdict(list)
    for planned in results.where(rung=rung):
        record = planned.record
        if record is None:
            continue
        into = broken if record.outcome.failure else whole
        for name, curve in sorted(record.outcome.curves.items()):
            drawable = (np.abs(curve.steps) < LARGEST) & (np.abs(curve.values) < LARGEST)  # false for NaN
            if drawable.any():
                key = (name, planned.trial.condition, planned.trial.arm)
                into[key].append(Curve(curve.steps[drawable], curve.values[drawable]))
    return {key: _ArmCurves(tuple(whole[key]), tuple(broken[key])) for key in sorted(whole.keys() | broken.keys())}


def _figure(
    results: Results, found: dict[tuple[str, str, str], _ArmCurves], name: str, rung: str, prefix: str
) -> CurveFigure:
    mine = {(c, a): curves for (n, c, a), curves in found.items() if n == name}
    drawn = _drawn(results, mine)
    axes = frame([line for _, lines, _ in drawn for line in lines], "step")
    sketches = [
        Sketch(lines, f"{prefix}p{i}-", str(escape(f"{name} over training, condition {condition}")))
        for i, (condition, lines, _) in enumerate(drawn)
    ]
    made = [
        Panel(condition, tuple(legend), Markup(svg))
        for (condition, _, legend), svg in zip(drawn, panels(sketches, axes), strict=True)
    ]
    longest = max(c.steps.size for curves in mine.values() for c in (*curves.whole, *curves.broken))
    return CurveFigure(name, rung, tuple(made), longest > _POINTS)


Drawn = tuple[str, list[Line], list[Legend]]
"""Condition, lines and arms of one panel."""


def _drawn(results: Results, curves: dict[tuple[str, str], _ArmCurves]) -> list[Drawn]:
    """What each panel of a curve shows: a condition, the baseline and as many other arms as can be told apart."""
    claim = results.claim
    others = [arm.name for arm in claim.claim.arms if arm.name != claim.baseline.name]
    drawn: list[Drawn] = []
    for condition in claim.claim.conditions:
        with_curve = [arm for arm in others if (condition.name, arm) in curves]
        for start in range(0, max(len(with_curve), 1), _ARMS):
            arms = [claim.baseline.name, *with_curve[start : start + _ARMS]]
            lines, legend = _lines(curves, condition.name, arms)
            if lines:
                drawn.append((condition.name, lines, legend))
    return drawn


def drawn_curves(results: Results) -> dict[str, list[Drawn]]:
    """Each curve of the confirming rung with what its panels show, for who draws them otherwise."""
    found = _collect(results, results.claim.claim.rungs[-1].name)
    names = sorted({name for name, _, _ in found})
    return {n: _drawn(results, {(c, a): own for (name, c, a), own in found.items() if name == n}) for n in names}


def _lines(
    curves: dict[tuple[str, str], _ArmCurves], condition: str, arms: Sequence[str]
) -> tuple[list[Line], list[Legend]]:
    lines: list[Line] = []
    legend: list[Legend] = []
    for slot, arm in enumerate(arms):
        own = curves.get((condition, arm))
        if own is None:
            continue
        lines.extend(_line(curve, slot, strong=False) for curve in (*own.whole, *own.broken))
        mean = _mean(own.whole)
        lines.extend([] if mean is None else [_line(mean, slot, strong=True)])
        legend.append(Legend(arm, slot, len(own.whole) + len(own.broken)))
    return lines, legend


def _mean(curves: Sequence[Curve]) -> Curve | None:
    """Mean over the seeds at the steps that all of them logged; None where they share none."""
    if not curves:
        return None
    shared = curves[0].steps
    for curve in curves[1:]:
        shared = np.intersect1d(shared, curve.steps)
    if shared.size == 0:
        return None
    shared = np.unique(shared)
    rows = [_at(curve, shared) for curve in curves]
    return Curve(shared, np.mean(rows, axis=0))


def _at(curve: Curve, steps: Floats) -> Floats:
    """Values at the given steps; where a step was logged twice (after a resume), the later value."""
    last = dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
    return np.array([last[step] for step in steps.tolist()])


def _line(curve: Curve, slot: int, *, strong: bool) -> Line:
    keep = kept(curve.steps.size)
    return Line(curve.steps[keep], curve.values[keep], slot, strong)


def kept(size: int) -> NDArray[np.intp]:
    """Positions of the points of a long curve that are drawn: every k-th and the last."""
    every = max(1, -(-size // _POINTS))
    return np.unique(np.append(np.arange(0, size, every), size - 1))
