"""What came out, at a glance: arms down, conditions across; verdict, difference with its interval, both means."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import Contrast, Decision, Verdict, deciding_interval
from evenhand.decisions.wording import identical_words
from evenhand.report import numbers, words

_GAP = 2
_ARM = 24
"""Columns of an arm's name at most; a longer one is broken."""

_TITLE = 24
"""Columns of a verdict before it is wrapped, where otherwise fewer conditions would stand side by side."""


@dataclass(frozen=True)
class Cell:
    """One verdict in the table.

    Attributes:
        title: sign and verdict.
        style: of the title, in the terms of rich.
        figures: the difference with its interval, both means, how many answers are the same; without what is not there.
    """

    title: str
    style: str
    figures: tuple[str, ...]

    def width(self, title: int) -> int:
        """Columns that it needs, where its title has ``title`` of them before it is wrapped."""
        return max([cell_len(line) for line in self.figures] + [min(cell_len(self.title), title)])

    def lines(self, width: int) -> list[Text]:
        """The cell in ``width`` columns."""
        title = textwrap.wrap(self.title, width, subsequent_indent="  ", break_on_hyphens=False)
        figures = [line for figure in self.figures for line in textwrap.wrap(figure, width)]
        return [*(Text(line, self.style) for line in title), *map(Text, figures)]


@dataclass(frozen=True)
class Glance:
    """The verdicts on one metric.

    Attributes:
        caption: the metric, how it is to be read, its margin, and the size of all contrasts where that is one.
        conditions: of the columns.
        rows: arm to its cells, one for each condition; None where nothing was judged.
    """

    caption: str
    conditions: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


def glances(claim: ResolvedClaim, decision: Decision) -> list[Glance]:
    """One table for each metric that verdicts are given on."""
    return [_glance(claim, decision, metric) for metric in dict.fromkeys(v.metric for v in decision.verdicts)]


def _glance(claim: ResolvedClaim, decision: Decision, metric: str) -> Glance:
    found = [verdict for verdict in decision.verdicts if verdict.metric == metric]
    conditions = tuple(dict.fromkeys(verdict.condition for verdict in found))
    places, margin = _places(claim, metric)
    sizes = {size for verdict in found if (size := _size(words.standing_contrast(verdict)))}
    cells = {(v.arm, v.condition): _cell(v, places, margin, sized=len(sizes) > 1) for v in found}
    names = {v.arm: f"{v.arm} (A/A)" if v.role == "null" else v.arm for v in found}
    rows = tuple((name, tuple(cells.get((arm, c)) for c in conditions)) for arm, name in names.items())
    parts = [metric, words.orientation(claim, metric), f"margin {margin:g}" if margin else ""]
    parts += list(sizes) if len(sizes) == 1 else []
    return Glance(" · ".join(part for part in parts if part), conditions, rows)


def _cell(verdict: Verdict, places: int, margin: float, *, sized: bool) -> Cell:
    look = LOOKS[verdict.kind]
    found = words.standing_contrast(verdict)
    return Cell(f"{look.sign} {verdict.title}", look.style, tuple(_figures(verdict, found, places, margin, sized)))


def _figures(verdict: Verdict, found: Contrast | None, places: int, margin: float, sized: bool) -> Iterator[str]:
    if found is None:
        return
    if words.states_effect(verdict) and found.estimate is not None:
        interval, level = deciding_interval(found)
        places_apart = numbers.decimals_apart(interval, margin, places)
        span = f" {numbers.interval(interval, places_apart)} {numbers.per_cent(level)}" if interval is not None else ""
        yield numbers.signed(found.estimate, places) + span
    if found.scores is not None:
        mine, theirs = (numbers.plain(score, places) for score in found.scores)
        yield f"{mine} against {theirs}, {found.against}"
    if same := identical_words(found):
        yield same
    if sized and _size(found):
        yield _size(found)


def _size(found: Contrast | None) -> str:
    if found is None or not found.seeds:
        return ""
    items = f" x {numbers.count(found.items, 'item')}" if found.items else ""
    of = f"{len(found.seeds)} of " if found.missing else ""
    return of + numbers.count(len(found.seeds) + len(found.missing), "seed") + items


def _places(claim: ResolvedClaim, metric: str) -> tuple[int, float]:
    margin = next((m.margin for m in claim.claim.metrics if m.name == metric), 0.0)
    return numbers.decimals_for(margin), margin


def glance_lines(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    """The tables in ``width`` columns: as many conditions side by side as fit, the others below."""
    for glance in glances(claim, decision):
        yield Text()
        for line in textwrap.wrap(glance.caption, width, subsequent_indent="  "):
            yield Text(line, "dim")
        yield from _grids(glance, width)


def _grids(glance: Glance, width: int) -> Iterator[Text]:
    arm = min(_ARM, max(cell_len(name) for name, _ in glance.rows))
    widths = _widths(glance, _TITLE)
    if arm + _GAP + max(widths) > width:
        yield from _stacked(glance, width)
        return
    groups, whole = _fitting(widths, width - arm), _widths(glance, width)
    if arm + _GAP + max(whole) <= width and len(_fitting(whole, width - arm)) == len(groups):
        widths, groups = whole, _fitting(whole, width - arm)
    for number, columns in enumerate(groups):
        yield from [Text()] * (number > 0)
        yield from _grid(glance, columns, [arm, *(widths[i] for i in columns)])


def _widths(glance: Glance, title: int) -> list[int]:
    """Columns of each condition, where titles have ``title`` of them before they are wrapped."""
    cells = [[cell for _, row in glance.rows if (cell := row[i]) is not None] for i in range(len(glance.conditions))]
    heads = [min(cell_len(name), title) for name in glance.conditions]
    return [max([head, *(cell.width(title) for cell in own)]) for head, own in zip(heads, cells, strict=True)]


def _fitting(widths: Sequence[int], room: int) -> list[list[int]]:
    """Columns in groups of as many as fit side by side."""
    groups: list[list[int]] = [[]]
    for column, width in enumerate(widths):
        if groups[-1] and sum(widths[i] + _GAP for i in groups[-1]) + width + _GAP > room:
            groups.append([])
        groups[-1].append(column)
    return groups


def _grid(glance: Glance, columns: Sequence[int], widths: Sequence[int]) -> Iterator[Text]:
    if glance.conditions != ("default",):
        heads = [_broken(glance.conditions[i], width) for i, width in zip(columns, widths[1:], strict=True)]
        yield from _beside([[], *heads], widths, "bold")
    yield Text("─" * (sum(widths) + _GAP * len(columns)), "dim")
    for name, row in glance.rows:
        cells = [found.lines(width) if (found := row[i]) else [] for i, width in zip(columns, widths[1:], strict=True)]
        yield from _beside([_broken(name, widths[0], "bold"), *cells], widths)


def _broken(name: str, width: int, style: str = "") -> list[Text]:
    return [Text(line, style) for line in textwrap.wrap(name, width)]


def _beside(columns: Sequence[Sequence[Text]], widths: Sequence[int], style: str = "") -> Iterator[Text]:
    for parts in itertools.zip_longest(*columns):
        line = Text(style=style)
        for part, width in zip(parts, widths, strict=True):
            space = width + _GAP - (cell_len(part.plain) if part else 0)
            line.append_text(part or Text()).append(" " * space)
        line.rstrip()
        yield line


def _stacked(glance: Glance, width: int) -> Iterator[Text]:
    """Where not even one condition fits beside the names: one cell under another."""
    for name, row in glance.rows:
        for condition, cell in zip(glance.conditions, row, strict=True):
            if cell is not None:
                yield from _broken(f"{name} · {condition}", width, "bold")
                for line in cell.lines(width - 2):
                    yield Text("  ").append_text(line)
