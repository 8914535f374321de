"""Drawings of exhibits: points in a plane with labels, and lines over a common axis."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from markupsafe import escape

from evenhand.recipes.exhibit import Point, Scatter, Trace
from evenhand.report.charts.arm_looks import MARKS, ArmLook
from evenhand.report.charts.curves import kept
from evenhand.report.charts.drawing import (
    LARGEST,
    Frame,
    Line,
    canvas,
    draw_line,
    element,
    limits,
    own_style,
    round_values,
    rule_axes,
    stand_in,
    tick_label,
)
from evenhand.report.charts.label_places import Box, Place, Wanted, places

_WIDTH = 340.0  # points, as of the learning curves
_SMALL, _LABEL = 10.0, 9.0  # size of the axis's text and of labels
_LONGEST = 30
"""Characters of a label; the rest of a longer name is left out."""

Looks = Mapping[str, ArmLook]


@dataclass(frozen=True)
class Paper:
    """A plotting area on a drawing of its own: the axes, their round values, and the place in points."""

    axes: Frame
    height: float
    left: float
    right: float
    bottom: float = 20.0
    top: float = 8.0

    @classmethod
    def of(cls, axes: Frame, height: float) -> Paper:
        """Paper with as much room at the sides as the tick labels need."""
        left = max((text_width(tick_label(y), _SMALL) for y in round_values(axes.y, 4)), default=0.0) + 9
        last = max((text_width(tick_label(x), _SMALL) for x in round_values(axes.x, 5)[-1:]), default=0.0)
        return cls(axes, height, left, max(8.0, last / 2 + 2))

    @property
    def area(self) -> Box:
        """The plotting area, from the lower left corner of the drawing."""
        return Box(self.left, self.bottom, _WIDTH - self.right, self.height - self.top)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies, in points."""
        box, (x0, x1), (y0, y1) = self.area, self.axes.x, self.axes.y
        return box.x0 + (x - x0) / (x1 - x0) * (box.x1 - box.x0), box.y0 + (y - y0) / (y1 - y0) * (box.y1 - box.y0)

    def begin(self) -> tuple[Any, Any]:
        """A figure with its axes drawn."""
        box = self.area
        shares = (box.x0 / _WIDTH, box.y0 / self.height, (box.x1 - box.x0) / _WIDTH, (box.y1 - box.y0) / self.height)
        figure, area = canvas(_WIDTH, self.height, shares, self.axes)
        xs = next((xs for n in (5, 4, 3, 2) if self._fits(xs := round_values(self.axes.x, n))), [])
        rule_axes(area, self.axes, xs, round_values(self.axes.y, 4))
        return figure, area

    def _fits(self, xs: Sequence[float]) -> bool:
        return sum(text_width(tick_label(x), _SMALL) + 8 for x in xs) < self.area.x1 - self.area.x0


def text_width(text: str, size: float) -> float:
    """About how wide a text is in the fonts of the page, in points; rather too wide than too narrow."""
    return size * sum(_advance(sign) for sign in text)


def _advance(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.05
    if sign in "mwMW@%":
        return 0.95
    if sign in "iljtfI.,:;'|!()[] -":
        return 0.4
    return 0.72 if sign.isupper() else 0.63


def label_text(name: str) -> str:
    """A name as it stands beside a mark: one line, printable, not too long."""
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(name.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def drawable(*values: float) -> bool:
    """Whether values have a place on an axis."""
    return all(abs(value) < LARGEST for value in values)  # false for NaN


@dataclass(frozen=True)
class DrawnScatter:
    """The drawing of a scatter, and the arms whose name stands nowhere in it."""

    svg: str
    unnamed: tuple[str, ...]


def draw_scatter(scatter: Scatter, points: Sequence[Point], looks: Looks, prefix: str) -> DrawnScatter:
    """A scatter of drawable points, of which there is one or more."""
    front = sorted(place for place in scatter.front if drawable(*place))
    xs = np.array([p.x for p in points] + [x for x, _ in front])
    ys = np.array([p.y for p in points] + [y for _, y in front])
    paper = Paper.of(Frame(limits(xs, 0.09), limits(ys, 0.09), ""), 250.0)
    strong = [p for p in points if p.strong]
    weak = [p for p in points if not p.strong]
    texts = [label_text(p.arm) for p in strong]
    wanted = [
        Wanted(*paper.at(p.x, p.y), text_width(t, _LABEL) + 2, _LABEL + 3) for p, t in zip(strong, texts, strict=True)
    ]
    crowd = np.array([paper.at(p.x, p.y) for p in weak] + _along(paper, front, scatter.better)).reshape(-1, 2)
    room = Box(paper.area.x0 + 1, paper.bottom + 2, _WIDTH - 1, paper.height - 1)
    found = places(wanted, room, crowd)
    with own_style():
        figure, area = paper.begin()
        _front(area, front, scatter.better)
        _points(area, weak, looks, 4.2, 0.6)
        _leaders(figure, paper, found)
        _points(area, strong, looks, 7.5, None)
        for text, place in zip(texts, found, strict=True):
            if place is not None:
                _write(figure, paper, text, place)
        svg = element(figure, prefix, str(escape(f"{scatter.title}: {scatter.y_label} against {scatter.x_label}")))
    named = {p.arm for p, place in zip(strong, found, strict=True) if place is not None}
    return DrawnScatter(svg, tuple(dict.fromkeys(p.arm for p in points if p.arm not in named)))


def _along(
    paper: Paper, front: Sequence[tuple[float, float]], better: tuple[str, str] | None
) -> list[tuple[float, float]]:
    """Places along the stepped line, near enough to each other that no label fits between two."""
    corners: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in pairwise(front):
        corners += [(x0, y0), (x0, y1) if _steps_before(front, better) else (x1, y0), (x1, y1)]
    places = [paper.at(*corner) for corner in corners]
    shares = np.linspace(0, 1, 40)
    return [(a + s * (c - a), b + s * (d - b)) for (a, b), (c, d) in pairwise(places) for s in shares]


def _steps_before(front: Sequence[tuple[float, float]], better: tuple[str, str] | None) -> bool:
    """Whether the line steps before it goes on: towards more along x each point bounds what lies to its left."""
    return front[-1][1] <= front[0][1] if better is None else better[0] == "more"


def _front(area: Any, front: Sequence[tuple[float, float]], better: tuple[str, str] | None) -> None:
    """The stepped line."""
    from matplotlib.lines import Line2D

    if not front:
        return
    style: Literal["steps-pre", "steps-post"] = "steps-pre" if _steps_before(front, better) else "steps-post"
    xs, ys = zip(*front, strict=True)
    ink = stand_in("ink-2")
    area.add_line(Line2D(list(xs), list(ys), drawstyle=style, color=ink, linewidth=1.0, linestyle=(0, (4, 2))))


def _points(area: Any, points: Sequence[Point], looks: Looks, size: float, alpha: float | None) -> None:
    from matplotlib.lines import Line2D

    for arm in dict.fromkeys(p.arm for p in points):
        own = [p for p in points if p.arm == arm]
        look = looks[arm]
        mark = MARKS[look.mark][0]
        area.add_line(
            Line2D(
                [p.x for p in own],
                [p.y for p in own],
                linestyle="none",
                marker=mark,
                markersize=size * (0.88 if mark == "D" else 1.0),
                markerfacecolor=stand_in(look.ink),
                markeredgewidth=0,
                alpha=alpha,
                clip_on=False,
            )
        )


def _leaders(figure: Any, paper: Paper, found: Sequence[Place | None]) -> None:
    from matplotlib.lines import Line2D

    for place in found:
        if place is not None and place.leader is not None:
            xs, ys = zip(place.start, place.leader, strict=True)
            shares = [x / _WIDTH for x in xs], [y / paper.height for y in ys]
            figure.add_artist(Line2D(*shares, color=stand_in("ink-2"), linewidth=0.6))


def _write(figure: Any, paper: Paper, text: str, place: Place) -> None:
    """A label, on the side of its box that is nearest to its mark: its true width may be smaller."""
    box, (x, _) = place.box, place.start
    middle = (box.x0 + box.x1) / 2
    side, at = ("left", box.x0 + 1) if x <= box.x0 else ("right", box.x1 - 1) if x >= box.x1 else ("center", middle)
    height = (box.y0 + box.y1) / 2 / paper.height
    figure.text(at / _WIDTH, height, text, ha=side, va="center_baseline", fontsize=_LABEL, color=stand_in("ink"))


def line_of(trace: Trace, look: ArmLook) -> Line | None:
    """A trace as it is drawn: gaps where it has no place, long ones thinned; None where nothing is left."""
    size = min(len(trace.x), len(trace.y))
    x, y = np.array(trace.x[:size], dtype=float), np.array(trace.y[:size], dtype=float)
    there = (np.abs(x) < LARGEST) & (np.abs(y) < LARGEST)
    if not there.any():
        return None
    if there.sum() == 1:
        return Line(x[there], y[there], look.dash, trace.strong, look.ink)
    # The first and the last point that have a place are drawn whatever thinning leaves out.
    keep = np.union1d(kept(size), np.flatnonzero(there)[[0, -1]])
    x, y = np.where(there, x, np.nan)[keep], np.where(there, y, np.nan)[keep]
    return Line(x, y, look.dash, trace.strong, look.ink)


def lines_frame(drawn: Sequence[tuple[Line, bool]]) -> Frame:
    """Axes that hold all the lines."""
    xs = np.concatenate([line.x[np.isfinite(line.x)] for line, _ in drawn])
    ys = np.concatenate([line.y[np.isfinite(line.y)] for line, _ in drawn])
    return Frame(limits(xs, 0.02), limits(ys, 0.06), "")


def draw_lines(drawn: Sequence[tuple[Line, bool]], axes: Frame, prefix: str, label: str) -> str:
    """One panel: thin lines under strong ones, marks on the last points of those that ask for one."""
    with own_style():
        figure, area = Paper.of(axes, 200.0).begin()
        for line, _ in sorted(drawn, key=lambda pair: pair[0].strong):
            draw_line(area, line)
        for line, mark_last in drawn:
            if mark_last:
                _last(area, line)
        return element(figure, prefix, str(escape(label)))


def _last(area: Any, line: Line) -> None:
    from matplotlib.lines import Line2D

    there = np.flatnonzero(np.isfinite(line.x))[-1:]
    ink = stand_in(line.ink or f"arm-{line.slot}")
    size = 6.5 if line.strong else 4.0
    style: dict[str, Any] = {"marker": "o", "markersize": size, "markeredgewidth": 0, "color": ink, "clip_on": False}
    area.add_line(Line2D(line.x[there].tolist(), line.y[there].tolist(), linestyle="none", **style))
