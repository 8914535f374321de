"""Where the labels of a scatter stand: beside their marks, on free ground, joined by a thin line where they are far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evenhand.report.charts.drawing import Floats

_RINGS = (6.0, 13.0, 22.0, 34.0, 48.0, 66.0, 88.0)
"""Distances from the mark that are tried, in points; from the second on, a line joins mark and label."""

_MARK = 4.5  # half the width of the ground that a mark needs
_MANY = 30  # with more labels, one order of placing has to do


@dataclass(frozen=True)
class Box:
    """A rectangle in points."""

    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: Box) -> bool:
        """Whether the two share ground."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def within(self, other: Box) -> bool:
        """Whether all of it lies in the other."""
        return other.x0 <= self.x0 and self.x1 <= other.x1 and other.y0 <= self.y0 and self.y1 <= other.y1

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Its point that is nearest to a place."""
        return min(max(x, self.x0), self.x1), min(max(y, self.y0), self.y1)


@dataclass(frozen=True)
class Wanted:
    """A label that wants a place: its mark and the size of its text."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Place:
    """Where a label stands; ``leader`` is the end of the line from its mark, None where it stands beside it."""

    box: Box
    leader: tuple[float, float] | None
    start: tuple[float, float]
    cost: float

    @cached_property
    def trail(self) -> tuple[Box, ...]:
        """Small boxes along the line from the mark."""
        if self.leader is None:
            return ()
        (x0, y0), (x1, y1) = self.start, self.leader
        shares = [i / 12 for i in range(2, 12)]
        return tuple(_around(x0 + s * (x1 - x0), y0 + s * (y1 - y0), 1.0) for s in shares)

    def disturbs(self, other: Place) -> bool:
        """Whether the two labels or their lines stand in each other's way."""
        return (
            self.box.meets(other.box)
            or any(dot.meets(other.box) for dot in self.trail)
            or any(dot.meets(self.box) for dot in other.trail)
        )


def places(wanted: Sequence[Wanted], area: Box, crowd: Floats) -> list[Place | None]:
    """A place for each label, None for those that find none without covering a mark or another label.

    Args:
        wanted: the labels.
        area: all of which a label may use.
        crowd: (N, 2) small points, better left uncovered.
    """
    options = [_options(wanted, i, area, crowd) for i in range(len(wanted))]
    given = list(range(len(wanted)))
    orders = [sorted(given, key=lambda i: len(options[i]))]
    if len(wanted) <= _MANY:
        orders += [
            given,
            sorted(given, key=lambda i: wanted[i].x),
            sorted(given, key=lambda i: -wanted[i].x),
            sorted(given, key=lambda i: wanted[i].y),
            sorted(given, key=lambda i: -wanted[i].y),
        ]
    return min((_greedy(order, options) for order in orders), key=_badness)


def _badness(found: Sequence[Place | None]) -> tuple[int, float]:
    return sum(place is None for place in found), math.fsum(place.cost for place in found if place)


def _greedy(order: Sequence[int], options: Sequence[Sequence[Place]]) -> list[Place | None]:
    found: list[Place | None] = [None] * len(options)
    taken: list[Place] = []
    for i in order:
        free = next((place for place in options[i] if not any(place.disturbs(other) for other in taken)), None)
        if free is not None:
            found[i] = free
            taken.append(free)
    return found


def _options(wanted: Sequence[Wanted], i: int, area: Box, crowd: Floats) -> list[Place]:
    """Places that cover no mark, the best first."""
    label = wanted[i]
    marks = [_around(w.x, w.y, _MARK) for j, w in enumerate(wanted) if j != i and (w.x, w.y) != (label.x, label.y)]
    found: list[Place] = []
    for ring, distance in enumerate(_RINGS):
        turns = 8 if ring == 0 else 16
        for turn in range(turns):
            angle = 2 * math.pi * turn / turns
            x, y = label.x + distance * math.cos(angle), label.y + distance * math.sin(angle)
            x, y = x + math.cos(angle) * label.width / 2, y + math.sin(angle) * label.height / 2
            box = Box(x - label.width / 2, y - label.height / 2, x + label.width / 2, y + label.height / 2)
            if not box.within(area) or any(mark.meets(box) for mark in marks):
                continue
            leader = box.nearest(label.x, label.y) if ring else None
            # Beside the mark reads best, above and below next; each covered point is worth a step outwards.
            cost = 0.1 * distance + 0.5 * abs(math.sin(angle)) + (0.2 if math.cos(angle) < 0 else 0.0)
            place = Place(box, leader, (label.x, label.y), cost + 0.6 * _covered(box, crowd))
            if not any(dot.meets(mark) for dot in place.trail for mark in marks):
                found.append(place)
    return sorted(found, key=lambda place: place.cost)


def _covered(box: Box, crowd: Floats) -> int:
    x, y = crowd[:, 0], crowd[:, 1]
    inside = (x > box.x0 - 1.5) & (x < box.x1 + 1.5) & (y > box.y0 - 1.5) & (y < box.y1 + 1.5)
    return int(np.count_nonzero(inside))


def _around(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)
