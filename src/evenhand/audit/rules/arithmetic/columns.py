"""A column that follows from others in all rows but one: ratio, difference, sum or mean that one row does not have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations

from evenhand.audit.finding import Finding, Level, Rule, lone, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.shares.columns import beside

Way = Callable[[float, float], float | None]
_WAYS: dict[str, Way] = {
    "the ratio of": lambda a, b: a / b if b else None,
    "the difference of": lambda a, b: a - b,
    "the percentage change between": lambda a, b: 100 * (a / b - 1) if b else None,
    "the share in % of": lambda a, b: 100 * a / b if b else None,
}
_CLOCK = Pattern(r"(?:start|begin|end|stop)_(?:ms|us|ns|s|sec|time)$", re.IGNORECASE)
_AVERAGE = Pattern(r"\b(?:avg|average|mean|overall|total|all)\b", re.IGNORECASE)
_FOLLOWS = Pattern(
    r"delta|diff|Δ|δ|gain|gap|change|chg|\bvs\b|versus|ratio|factor|speed-?up|\d?x\b|×|%|improve|share|rate|lift|reduc|drop|"
    r"loss of|margin|increase|decrease|per\b|\w\s[-−/]\s\w|÷",
    re.IGNORECASE,
)
"""Names of columns that follow from others; that a column without such a name does is an accident."""

_FACTOR = Pattern(r"(?<![a-z])(?:speed-? ?up|ratio|factor|times (?:faster|slower|smaller))(?![a-z])", re.IGNORECASE)
"""Names of columns that are the ratio of two others, so that two rows show of which."""

_FEWEST, _BY_CHANCE = 3, 1e-7
_FEWEST_OF_FACTORS, _FACTORS_BY_CHANCE, _SLIP = 2, 1e-4, 1.5
"""How many rows keep a relation, how seldom they would by chance; and how far off the row is that a slip made."""

_MOST_COLUMNS = 10
_MOST_ROWS = 200
_LOOKED_AT = 8


def check(logs: list[Log]) -> Iterable[Finding]:
    """A relation that holds in at least three rows, or two of a column of factors, by no accident, but not in one."""
    tables = ((log, table) for log in logs for table in log.tables if _FEWEST <= len(table.rows) <= _MOST_ROWS)
    return lone(one for log, table in tables for one in _pairs(log, table))


def _numeric(table: Table) -> list[int]:
    columns = table.columns
    return [
        i
        for i in range(len(table.header))
        if sum(one is not None for one in columns[i]) >= _FEWEST and len({one.value for one in columns[i] if one}) >= 3
    ]


def _pairs(log: Log, table: Table) -> Iterator[Finding]:
    if any(_CLOCK.search(name) for name in table.header):
        return  # instants of a trace: what lies between two of them need not be all of it
    broken: dict[tuple[int, int], tuple[str, Range, bool]] = {}
    sound: set[int] = set()  # columns of a relation that all rows keep: nothing is wrong with their cells
    told: set[tuple[int, frozenset[int]]] = set()
    for target, a, b, name, way in _relations(table):
        factor = "ratio" in name and _FACTOR.search(table.header[target]) is not None
        odd = _odd_rows(table, target, partial(_range, table, places=(a, b), way=way), (a, b), factor=factor)
        if odd == []:
            sound |= {target, a, b}
        for row, expected in odd or ():
            if (row, frozenset((target, a, b))) not in told:
                told.add((row, frozenset((target, a, b))))
                how = f"{name} '{table.header[a]}' and '{table.header[b]}'"
                broken.setdefault((row, target), (how, expected, _in_size(table, row, (target, a, b), way)))
    for (row, target), (how, expected, in_size) in broken.items():
        of_shares = "difference" not in how and _AVERAGE.search(table.rows[row].cells[0]) is not None
        if target not in sound and not of_shares:
            found = _finding(log, table, row, target, how, expected)
            yield replace(found, unproven=True) if in_size else found


def _in_size(table: Table, row: int, places: tuple[int, int, int], way: Way) -> bool:
    """Whether a relation holds between the sizes of two numbers, their signs aside: so an error gets smaller."""
    wanted, one, other = (table.columns[place][row] for place in places)
    if wanted is None or one is None or other is None:
        return False
    found = way(abs(one.value), abs(other.value))
    return found is not None and abs(abs(found) - abs(wanted.value)) <= wanted.slack + one.slack + other.slack


def _relations(table: Table) -> Iterator[tuple[int, int, int, str, Way]]:
    """Columns of which the last may follow from two others, with the way in which it may."""
    places = _numeric(table)[:_MOST_COLUMNS]
    for target in reversed(places):  # what follows from others stands to their right
        for a, b in permutations([i for i in places if i != target and beside(table, i, target)], 2):
            for name, way in _WAYS.items():
                if (name.startswith("the share") and target < max(a, b)) or not _units(table, name, target, a, b):
                    continue
                if _likely(table, target, (a, b), way):
                    yield target, a, b, name, way


def _units(table: Table, name: str, target: int, a: int, b: int) -> bool:
    """Whether a relation can hold by its units, which must be those of every row: no share is a number of steps."""
    of = [{one.unit.replace("pp", "%") for one in table.columns[place] if one is not None} for place in (target, a, b)]
    if any(len(units) != 1 for units in of) or of[1] != of[2]:
        return False
    if "difference" in name:
        signs = [sum(one is not None and one.signed for one in table.columns[place]) for place in (target, a, b)]
        return of[0] == of[1] and signs[0] >= max(signs[1:])
    return of[0] in ({""}, {"x"}) if "ratio" in name else of[0] in ({""}, {"%"})


def _likely(table: Table, target: int, places: tuple[int, int], way: Way) -> bool:
    """Whether most of the first rows keep a relation roughly: most relations are none, and are let go quickly."""
    one, other, wanted = (table.columns[place] for place in (*places, target))
    seen = near = 0
    for a, b, value in zip(one, other, wanted, strict=True):
        if a is None or b is None or value is None:
            continue
        found = way(a.value, b.value)
        seen += 1
        near += found is not None and abs(found - value.value) <= 0.02 * abs(value.value) + 4 * value.slack
        if seen >= _LOOKED_AT:
            break
    return near >= 2 and near >= 0.6 * seen


Range = tuple[float, float, float]
"""The least and the largest value that what is printed allows, and the value of what is printed itself."""


def _range(table: Table, row: int, places: tuple[int, int], way: Way) -> Range | None:
    one, other = (table.columns[place][row] for place in places)
    if one is None or other is None:
        return None
    found = [way(a, b) for a in (one.low, one.value, one.high) for b in (other.low, other.value, other.high)]
    known = [value for value in found if value is not None]
    exact = way(one.value, other.value)
    return None if exact is None or len(known) != len(found) else (min(known), max(known), exact)


def _odd_rows(
    table: Table, target: int, expected: Callable[[int], Range | None], inputs: Sequence[int], *, factor: bool = False
) -> list[tuple[int, Range]] | None:
    """Rows that break a relation which the others keep, none where all keep it; None where it is no relation.

    Only rows that differ from each other count, and a row where the target merely repeats an input shows nothing.
    """
    column = table.columns[target]
    odd: list[tuple[int, Range]] = []
    shown: dict[tuple[float, ...], float] = {}
    for row, value in enumerate(column):
        found = expected(row)
        if value is None or found is None:
            continue
        key = (value.value, *(one.value for i in inputs if (one := table.columns[i][row]) is not None))
        if found[0] > value.high or value.low > found[1]:
            odd.append((row, found))
        elif value.value not in key[1:] and value.value and not {0.0, 1.0} & set(key[1:]):
            width = (found[1] - found[0]) + 2 * value.slack
            shown[key] = min(1.0, width / max(abs(value.value), width, 1e-12))
    by_chance = math.prod(shown.values())
    named = factor and len(shown) >= _FEWEST_OF_FACTORS and by_chance <= _FACTORS_BY_CHANCE
    if len(odd) > 1 or not (named or (len(shown) >= _FEWEST and by_chance <= _BY_CHANCE)):
        return None  # several rows that break it were computed in another way: no slip
    if len(shown) < _FEWEST and not all(_slip(column[row], found) for row, found in odd):
        return None
    return odd if all(_far(column[row], found) for row, found in odd) else None


def _far(value: Number | None, found: Range) -> bool:
    """Whether a value misses a range by more than a last digit that was cut off."""
    return value is not None and (value.value - 3 * value.slack > found[1] or value.value + 3 * value.slack < found[0])


def _slip(value: Number | None, found: Range) -> bool:
    """Whether a value is near the right one, as a slip of the pen leaves it, or has one digit other."""
    right = abs(found[2])
    near = value is not None and right > 0 and 1 / _SLIP <= abs(value.value) / right <= _SLIP
    return value is not None and (near or a_digit_off(value, right))


def _finding(log: Log, table: Table, row: int, target: int, how: str, expected: Range) -> Finding:
    at: Row = table.rows[row]
    value = table.columns[target][row]
    facts = {
        "column": table.header[target],
        "how": how,
        "printed": printed(value) if value else "",
        "expected": expected[2],
    }
    named = "columns before" in how or _FOLLOWS.search(table.header[target]) is not None
    sure = named and not log.data  # a program wrote all rows of its data: no slip in one of them
    level: Level = "fault" if sure else "hint"
    return Finding(
        "row-breaks-column",
        level,
        place_of(log, at.line_of(target)),
        facts,
        (place_of(log, table.rows[0].line),),
        quote=at.cells[target],
    )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"'{f['column']}' is {f['how']} in the other rows; here that would be {shown(f['expected'], 4)}, "
        f"printed is {f['printed']}."
    )


RULE = Rule(
    "row-breaks-column",
    "A row in which a column is not what it is in all other rows: their ratio, difference, sum or mean.",
    check,
    say,
    words=False,
)
