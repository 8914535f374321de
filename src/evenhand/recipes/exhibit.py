"""Exhibits: what a recipe adds to the report of a claim, as plain data that the report draws.

A recipe names a function (``@recipe(exhibits="package.module:function")``) from the scored trials of a claim to
exhibits. It is imported when a report is written, never before a trial, and should need neither torch nor a model::

    def exhibits(trials: Sequence[ScoredTrial]) -> Sequence[Exhibit]: ...

Exhibits describe; they decide nothing. Verdicts and contrasts stand elsewhere on the page. Samples, differences by
group of items and tables of items are there without any: the lab makes them of what ``bench.items`` recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evenhand.recipes.outcome import Outcome

Direction = Literal["more", "less"]


@dataclass(frozen=True)
class ScoredTrial:
    """A trial of the claim that gave scores.

    Attributes:
        id: of the trial, by which its record is found in the ledger.
        arm, role, condition, rung: as in the claim; arms come in its order.
        seed: None for a deterministic arm.
        settings: with which the recipe ran, nested as in the settings class.
        outcome: metrics, items with outputs, curves and notes.
    """

    id: str
    arm: str
    role: str
    condition: str
    rung: str
    seed: int | None
    settings: Mapping[str, Any]
    outcome: Outcome


@dataclass(frozen=True)
class Point:
    """A mark of a scatter.

    Attributes:
        arm: whose colour it takes; arms that are not the claim's take the plain ink.
        x, y: finite values.
        strong: drawn large and labelled with the arm's name (the mean over seeds); others are drawn small.
    """

    arm: str
    x: float
    y: float
    strong: bool = False


@dataclass(frozen=True)
class Scatter:
    """Points in a plane, with a stepped line through ``front`` (say, the Pareto front) where there is one.

    Attributes:
        better: what is better along x and along y, which says how the line steps; None takes a falling front for
            ``("more", "more")`` and a rising one for ``("less", "more")``.
    """

    title: str
    caption: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]
    front: tuple[tuple[float, float], ...] = ()
    better: tuple[Direction, Direction] | None = None


@dataclass(frozen=True)
class Bar:
    """One arm's value in a group, with an interval or the range over seeds where there is one."""

    arm: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Bars:
    """Values of the arms in named groups (skills, categories, controls)."""

    title: str
    caption: str
    value_label: str
    groups: tuple[tuple[str, tuple[Bar, ...]], ...]
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Trace:
    """One line of a chart; ``mark_last`` sets a mark on its last point (the step that counts)."""

    arm: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    strong: bool = False
    mark_last: bool = False


@dataclass(frozen=True)
class Lines:
    """Lines over a common axis (accuracy over steps, distance to the base model)."""

    title: str
    caption: str
    x_label: str
    y_label: str
    traces: tuple[Trace, ...]


@dataclass(frozen=True)
class Grid:
    """A table of text; the columns from ``numeric_from`` on are set as numbers. ``folded``: shown when asked for."""

    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric_from: int = 1
    folded: bool = False


@dataclass(frozen=True)
class Answered:
    """What one arm answered to an item, and its score where it has one."""

    arm: str
    text: str
    score: float | None = None


@dataclass(frozen=True)
class Sample:
    """An item with the answers of several arms, side by side; ``expected`` is the right one where it is known."""

    item: str
    question: str
    answers: tuple[Answered, ...]
    expected: str = ""


@dataclass(frozen=True)
class Samples:
    """Sample answers; which items are shown must not depend on how any arm did on them, or the caption says how."""

    title: str
    caption: str
    samples: tuple[Sample, ...] = field(default=())


Exhibit = Scatter | Bars | Lines | Grid | Samples
RecallFunction = Callable[[ScoredTrial], ScoredTrial]
"""A trial with what early records keep elsewhere (in notes) as columns of its items; others are given as they are."""

ExhibitFunction = Callable[[Sequence[ScoredTrial]], Sequence[Exhibit]]
