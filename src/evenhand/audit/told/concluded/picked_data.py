"""The best of many in data: a row that repeats the best of those above it, a field that repeats the best of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Leaf, Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, TEST
from evenhand.audit.told.arms.grids import Grid
from evenhand.audit.told.concluded.statements import statements_of

FROM, TO = 3, 300
_LONGEST = 30
_ROW = Pattern(r"\b(?:headline|reported|final|result|published|ours|paper|abstract)\b", re.IGNORECASE)
ALONG = Pattern(
    r"^(?:epochs?|steps?|it|iter\w*|iterations?|checkpoints?|ckpt|snapshots?|rounds?|updates|stand|trees)$", re.I
)
DISOWNED = Pattern(
    r"\b(?:upper bound|oracle|not (?:a|the|our) (?:result|claim)|bias\w*|optimistic|caveat\w*|leak\w*|selection only|"
    r"exploratory|hypothesis)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Picked:
    """The best of many, reported.

    Attributes:
        value: as printed.
        line: where it is reported.
        chosen: line where it is the best, or where the many are told.
        count: how many there were; 0 where nobody says.
        test: they were looks at test data.
    """

    value: str
    line: Line
    chosen: int
    count: int
    test: bool
    sure: bool = False
    """The text shows it in so many words: the same number where it is the best and where it is given out."""


def row_of_grid(log: Log, grid: Grid) -> Iterator[Picked]:
    """A row that reports, below rows of which it repeats the best: ``headline, v4, set A, 47.6``."""
    last = len(grid.names) - 1
    said = [
        " ".join(t for t in (grid.names[at], *(column.texts[at] for column in grid.columns)) if len(t) <= _LONGEST)
        for at in range(last + 1)
    ]  # fmt: skip
    if last < 4 or not _ROW.search(said[last]) or any(_ROW.search(one) for one in said[:last]):
        return
    row = " ".join(column.texts[last] for column in grid.columns) + f" {grid.names[last]}"
    sets = [column for column in grid.columns if column.role == "text" and len(set(column.texts[:last])) == 1]
    if any(column.texts[last] != column.texts[0] for column in sets) or FRESH.search(row):
        return
    for column in grid.of("score"):
        cells = [cell.value for cell in column.cells[:last] if cell is not None]
        mine = column.cells[last]
        if mine is not None and _best_again(cells, mine):
            above = [one.text for one in statements_of(log) if one.line.number < grid.first][-2:]
            test = is_test(" ".join((column.name, grid.title, *above)))
            looks = ALONG.match(grid.label.strip()) is not None
            if test or not looks:
                texts = (each.texts[last].strip() for each in grid.columns)
                sure = _GIVEN.search(grid.names[last]) is not None or any(map(_GIVEN.fullmatch, texts))
                yield Picked(f"{mine.value:g}", log.line(column.lines[last]), grid.first, len(cells), test, sure)
                return


def _best_again(cells: Sequence[float], mine: Number) -> bool:
    return len(set(cells)) >= 4 and mine.value in (max(cells), min(cells))


def is_test(words: str) -> bool:
    plain = words.replace("_", " ")
    return TEST.search(plain) is not None and DEV.search(plain) is None


_GIVEN = Pattern(
    r"\b(?:headline|reported|published|abstract)\b|\bfinal\b.*\b(?:smallest|largest|lowest|highest|best|top|of \d+)\b",
    re.I,
)
_KEY_GIVEN = Pattern(r"(?<![a-z])(?:reported|published|headline|announced|claimed)(?![a-z])", re.IGNORECASE)
_KEY_LOOKS = Pattern(
    r"(?<![a-z])(?:evals|evaluations|checkpoints|trials|combinations|candidates|variants|configs|snapshots)(?![a-z])",
    re.I,
)
_KEY = Pattern(r"(?<![a-z])(?:reported|published|final|headline|announced|claimed|official)(?![a-z])", re.IGNORECASE)
_KEY_BEST = Pattern(r"(?<![a-z])(?:best|max|min|top|winner|highest|lowest|peak)(?![a-z])", re.IGNORECASE)
_KEY_MANY = Pattern(
    r"(?<![a-z])(?:evals?|evaluations|checkpoints|trials|combinations|candidates|arms|variants|configs|tried|"
    r"snapshots|runs|n)(?![a-z])",
    re.IGNORECASE,
)
_KEY_CHOICE = Pattern(
    r"(?<![a-z])(?:monitor|chosen by|selected by|selected on|select on|selection metric|best by|criterion|"
    r"early stop\w*)(?![a-z])",
    re.IGNORECASE,
)


def in_fields(log: Log) -> Iterator[Picked]:
    """``"reported": 102.6`` beside ``"max": 102.6``, ``"evals": 30`` and ``"evals_on": "test"``."""
    if not log.leaves or len(log.leaves) > _FIELDS:
        return
    fields = [(" ".join(map(str, leaf.path)).replace("_", " "), leaf) for leaf in log.leaves]
    words = [f"{name}: {leaf.value}" for name, leaf in fields if leaf.word]
    text = " ".join((*words, *(name for name, _ in fields)))
    if DEV.search(text) or FRESH.search(text) or DISOWNED.search(text):
        return
    numbers = [(name, leaf, float(leaf.value)) for name, leaf in fields if _NUMBER.fullmatch(str(leaf.value))]
    told = [(leaf, value) for name, leaf, value in numbers if _KEY.search(name)]
    best = any(_KEY_BEST.search(name) and any(value == v for _, v in told) for name, _, value in numbers)
    worded = any(_KEY_BEST.search(one) for one in words)
    many = [int(value) for name, _, value in numbers if _KEY_MANY.search(name) and FROM < value <= TO]
    choice = [leaf for name, leaf in fields if leaf.word and _KEY_CHOICE.search(name) and TEST.search(str(leaf.value))]
    if choice and told:
        sure = _KEY_GIVEN.search(_name(told[0][0])) is not None and len(fields) <= _FIELDS // 2
        yield Picked(f"{told[0][1]:g}", log.line(told[0][0].line), choice[0].line, 0, True, sure)
    elif told and (best or worded) and many:
        test = TEST.search(" ".join(words).replace("_", " ")) is not None
        if not test and not best:
            return
        looks = 0 if re.search(r"reproduc|paper|original", text, re.IGNORECASE) else _looks(told[0], numbers)
        sure = _KEY_GIVEN.search(_name(told[0][0])) is not None and looks > FROM and (test or best)
        yield Picked(f"{told[0][1]:g}", log.line(told[0][0].line), told[0][0].line, looks or many[0], test, sure)


def _name(leaf: Leaf) -> str:
    return " ".join(map(str, leaf.path)).replace("_", " ")


def _looks(told: tuple[Leaf, float], numbers: Sequence[tuple[str, Leaf, float]]) -> int:
    """How many looks a field beside a number, or above it, tells; or of how many values in a list it is the best."""
    leaf, value = told
    for name, other, count in numbers:
        above = other.path[:-1]
        if _KEY_LOOKS.search(name) and FROM < count <= TO and leaf.path[: len(above)] == above:
            return int(count)
    lists: dict[tuple[str | int, ...], list[float]] = {}
    for _, other, number in numbers:
        if any(isinstance(step, int) for step in other.path):
            key = tuple(step for step in other.path if not isinstance(step, int))
            lists.setdefault(key, []).append(number)
    found = [one for one in lists.values() if len(set(one)) > FROM and value in (max(one), min(one))]
    return len(found[0]) if len(found) == 1 else 0


_NUMBER = Pattern(r"-?\d+(?:\.\d+)?")
_FIELDS = 60
