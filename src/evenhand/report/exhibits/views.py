"""Exhibits as the page shows them: what is drawn, what is left out, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evenhand.claims.resolve import ResolvedClaim
from evenhand.recipes.exhibit import Bars, Exhibit, Grid, Lines, Samples, Scatter
from evenhand.report import numbers
from evenhand.report.charts.arm_looks import ArmLook, apart, arm_looks
from evenhand.report.charts.bars import BarsDrawing, draw_bars, sound_limits, values_of
from evenhand.report.charts.plots import Looks, draw_lines, draw_scatter, drawable, line_of, lines_frame

_CHARACTERS = 1200
_CELL = 300
_ROWS = 200
"""What is shown of an answer, of a cell, of a table; the page says what is left out."""


@dataclass(frozen=True)
class Key:
    """An entry of a legend."""

    arm: str
    look: ArmLook


@dataclass(frozen=True)
class Chart:
    """One drawing with its legend."""

    svg: Markup
    legend: tuple[Key, ...]


@dataclass(frozen=True)
class Charts:
    """Drawings over the same axes, and the names of these."""

    x_label: str
    y_label: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class ShownGrid:
    """A table whose rows are all as long as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric_from: int


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as far as it is shown; its score as text, empty where it has none."""

    arm: str
    ink: str
    text: str
    score: str


@dataclass(frozen=True)
class ShownSample:
    """An item with its question and the answers of the arms."""

    item: str
    question: str
    answers: tuple[ShownAnswer, ...]
    expected: str = ""


Body = Charts | BarsDrawing | ShownGrid | tuple[ShownSample, ...]


@dataclass(frozen=True)
class ExhibitView:
    """One exhibit on the page.

    Attributes:
        kind: name of the class in lower case.
        title, caption: as given.
        remarks: what is not shown as it came, and why.
        body: None where there is nothing to show.
        unit: what the values of bars are.
        folded: shown when it is asked for.
    """

    kind: str
    title: str
    caption: str
    remarks: tuple[str, ...]
    body: Body | None
    unit: str = ""
    folded: bool = False


def exhibit_views(claim: ResolvedClaim, exhibits: Sequence[Exhibit], prefix: str = "x") -> tuple[ExhibitView, ...]:
    """Every exhibit as it is shown; the looks of arms are the same in all of them.

    ``prefix`` begins the ids of drawings, so that those of two calls may stand on one page.
    """
    looks = arm_looks(claim, (arm for exhibit in exhibits for arm in _arms(exhibit)))
    return tuple(_view(exhibit, looks, claim.baseline.name, f"{prefix}{i}-") for i, exhibit in enumerate(exhibits))


def _arms(exhibit: Exhibit) -> Iterator[str]:
    """The arms that an exhibit names, in its order."""
    match exhibit:
        case Scatter():
            yield from (point.arm for point in exhibit.points)
        case Bars():
            yield from (bar.arm for _, group in exhibit.groups for bar in group)
        case Lines():
            yield from (trace.arm for trace in exhibit.traces)
        case Samples():
            yield from (answer.arm for sample in exhibit.samples for answer in sample.answers)


def _view(exhibit: Exhibit, looks: Looks, baseline: str, prefix: str) -> ExhibitView:
    unit = ""
    body: Body | None
    match exhibit:
        case Scatter():
            body, remarks = _scatter(exhibit, looks, prefix)
        case Bars():
            body, remarks = _bars(exhibit, looks)
            unit = exhibit.value_label
        case Lines():
            body, remarks = _lines(exhibit, looks, baseline, prefix)
        case Grid():
            body, remarks = _grid(exhibit)
        case Samples():
            body, remarks = _samples(exhibit, looks), []
    foreign = [arm for arm in dict.fromkeys(_arms(exhibit)) if not looks[arm].known]
    if foreign:
        remarks.append(f"Not arms of the claim, in plain ink: {', '.join(foreign)}.")
    kind = type(exhibit).__name__.lower()
    folded = isinstance(exhibit, Grid) and exhibit.folded
    return ExhibitView(kind, exhibit.title, exhibit.caption, tuple(remarks), body, unit, folded)


def _scatter(scatter: Scatter, looks: Looks, prefix: str) -> tuple[Charts | None, list[str]]:
    points = [point for point in scatter.points if drawable(point.x, point.y)]
    lost = [point.arm for point in scatter.points if not drawable(point.x, point.y)]
    remarks = _lost(lost, "point")
    if not points:
        return None, remarks
    drawn = draw_scatter(scatter, points, looks, prefix)
    chart = Chart(Markup(drawn.svg), _legend(drawn.unnamed, looks))
    return Charts(scatter.x_label, scatter.y_label, (chart,)), remarks


def _bars(bars: Bars, looks: Looks) -> tuple[BarsDrawing | None, list[str]]:
    shown = [bar for _, group in bars.groups for bar in group]
    remarks = _lost([bar.arm for bar in shown if not drawable(bar.value)], "value")
    ends = [(bar.arm, end) for bar in shown for end in (bar.low, bar.high) if end is not None]
    remarks += _lost([arm for arm, end in ends if not drawable(end)], "end of a range", "ends of ranges")
    if bars.limits is not None:
        span = sound_limits(bars.limits)
        if span is None:
            remarks.append(f"The limits {bars.limits[0]:g} to {bars.limits[1]:g} make no scale and are not used.")
        elif any(drawable(bar.value) and not span[0] <= bar.value <= span[1] for bar in shown):
            remarks.append("Values off the scale have an arrow at its end in place of their dot.")
        elif any(not span[0] <= value <= span[1] for value in values_of(bars)):
            remarks.append("Ranges are cut at the ends of the scale.")
    return (draw_bars(bars, looks) if shown else None), remarks


def _lines(lines: Lines, looks: Looks, baseline: str, prefix: str) -> tuple[Charts | None, list[str]]:
    made = [(trace, line_of(trace, looks[trace.arm])) for trace in lines.traces]
    remarks = []
    uneven = [trace.arm for trace in lines.traces if len(trace.x) != len(trace.y)]
    if uneven:
        remarks.append(f"Cut to the shorter of x and y: {_names(uneven)}.")
    pairs = [(trace.arm, *pair) for trace in lines.traces for pair in zip(trace.x, trace.y, strict=False)]
    remarks += _lost([arm for arm, x, y in pairs if not drawable(x, y)], "point")
    drawn = [(trace, line) for trace, line in made if line is not None]
    if not drawn:
        return None, remarks
    axes = lines_frame([(line, trace.mark_last) for trace, line in drawn])
    charts = []
    arms = sorted({trace.arm for trace, _ in drawn}, key=list(looks).index)
    for i, panel in enumerate(apart(arms, dict(looks), baseline)):
        own = [(line, trace.mark_last) for trace, line in drawn if trace.arm in panel]
        label = f"{lines.title}: {lines.y_label} over {lines.x_label}, {', '.join(panel)}"
        charts.append(Chart(Markup(draw_lines(own, axes, f"{prefix}{i}-", label)), _legend(panel, looks)))
    return Charts(lines.x_label, lines.y_label, tuple(charts)), remarks


def _grid(grid: Grid) -> tuple[ShownGrid | None, list[str]]:
    if not grid.rows:
        return None, []
    width = max(len(grid.header), *(len(row) for row in grid.rows))
    remarks = []
    if len(grid.rows) > _ROWS:
        remarks.append(f"{numbers.count(len(grid.rows) - _ROWS, 'further row')} not shown.")
    rows = tuple(_padded([shortened(cell, _CELL) for cell in row], width) for row in grid.rows[:_ROWS])
    return ShownGrid(_padded(grid.header, width), rows, max(grid.numeric_from, 0)), remarks


def _samples(samples: Samples, looks: Looks) -> tuple[ShownSample, ...] | None:
    shown = tuple(
        ShownSample(
            sample.item,
            shortened(sample.question, _CHARACTERS),
            tuple(
                ShownAnswer(
                    answer.arm,
                    looks[answer.arm].ink,
                    shortened(answer.text, _CHARACTERS),
                    "" if answer.score is None else numbers.exact(answer.score, 4),
                )
                for answer in sample.answers
            ),
            shortened(sample.expected, _CELL),
        )
        for sample in samples.samples
    )
    return shown or None


def shortened(text: str, most: int) -> str:
    """The beginning of a text, with the number of characters left out."""
    cut = len(text) - most
    return text if cut <= 0 else f"{text[:most]} … ({cut:,} more characters)"


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))


def _legend(arms: Iterable[str], looks: Looks) -> tuple[Key, ...]:
    return tuple(Key(arm, looks[arm]) for arm in arms)


def _lost(arms: Sequence[str], one: str, many: str = "") -> list[str]:
    """A remark on values that cannot be drawn, with the arms they belong to."""
    if not arms:
        return []
    number = numbers.count(len(arms), one, many)
    return [f"Not drawn, since not finite or beyond 1e100: {number} of {_names(arms)}."]


def _names(arms: Sequence[str]) -> str:
    names = list(dict.fromkeys(arms))
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
