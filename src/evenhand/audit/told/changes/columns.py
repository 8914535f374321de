"""Columns of differences by arithmetic, to a baseline's row or of two other columns, and the one that is none."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.number_words import a_digit_off
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES, REFERENCE_NAMES
from evenhand.audit.told.changes.change import behind, hundred, points, relative, share
from evenhand.audit.told.changes.words import OF_OTHERS

_DELTA = Pattern(rf"(?<![a-zà-ÿа-я])(?:{DIFFERENCE_NAMES}|rel|relative|vs|versus)(?![a-zà-ÿа-я])|Δ", re.IGNORECASE)
_NO_DELTA = Pattern(r"rank|time|step|token|size|p[- ]?val|(?<![a-z])(?:p|n|sd|std|ci)(?![a-z])", re.IGNORECASE)
_VERSUS = Pattern(r"(?<![a-z])(?:vs|versus|over|to|from)(?![a-z]).*", re.IGNORECASE)
_REFERENCE = Pattern(rf"^(?:{REFERENCE_NAMES})$", re.IGNORECASE)
_RELATIVE = Pattern(r"(?<![a-z])(?:rel|relative|relativ\w*)(?![a-z])", re.IGNORECASE)
_EMPTY = frozenset(
    ("", "-", "--", "---", "–", "—", "−", "n/a", "na", "ref", "ref.", "base", "baseline", "0", "none", ".")
)
_CHANCE, _MARKED, _NAMED, _HARDLY = 0.01, 0.05, 0.9, 1e-4
_APART = 2
_ROUGHLY = 0.01
_MOST_ROWS, _MOST_COLUMNS, _NEAR = 100, 9, 3.0

Pair = tuple[Number, Number, int, int]
"""The base, the new value, and the rows in which they stand."""


@dataclass(frozen=True)
class Odd:
    """A difference of a row that is not that of its two values, where those of the other rows are.

    Attributes:
        base, new, delta: the two values, and the difference as printed.
        line, base_line: where the difference and the first value stand.
        right: how many other differences are right.
        apart: the others are right by no accident, in a way that their units name, and the odd one is of another way.
    """

    base: Number
    new: Number
    delta: Number
    line: Line
    base_line: Line
    right: int
    apart: bool = False


def odd_differences(log: Log) -> Iterator[Odd]:
    """The difference of a column that its values do not have, or two that a digit makes right each.

    A program makes no slip in one of its records.
    """
    for table in log.tables if not log.leaves else ():
        if not 2 <= len(table.rows) <= _MOST_ROWS:
            continue
        for place, name in enumerate(table.header[:40]):
            plain = re.sub(r"[_\-.]+", " ", name)
            if _DELTA.search(plain) and not _NO_DELTA.search(_VERSUS.sub("", plain)):
                found = list(_judged(log, table, place))
                if found:
                    yield from max(found, key=lambda one: one[0].right)


def _judged(log: Log, table: Table, place: int) -> Iterator[tuple[Odd, ...]]:
    if _told_roughly(table, place):
        return  # means of differences, each of several: near those of the means, and none of another column
    choices = len(_values(table, place))
    pairs = [(_CHANCE, one) for one in _of_columns(table, place)]
    pairs += [(_chance_of_base(table, place, one), one) for one in _to_a_row(table, place)]
    if any(_one_odd(log, table, place, one, behind, 0.0) is True for _, one in pairs):
        return  # relative to the second values
    odd = []
    for one, way in [(one, way) for one in pairs for way in (points, relative, share, hundred)]:
        answer = _one_odd(log, table, place, one[1], way, one[0] / choices)
        if answer is True:
            return  # all rows have this relation
        if answer:
            odd.append(answer)
    yield from odd


def _told_roughly(table: Table, place: int) -> bool:
    """Whether the two columns right before have nearly these differences in every row, in points or relative."""
    if place < 2:
        return False
    rows = [one for one in zip(*table.columns[place - 2 : place + 1], strict=True) if all(one)]
    told = [(a.value, b.value, n) for a, b, n in rows if a is not None and b is not None and n is not None]
    ways = (points, relative)
    found = [[(way(a, b), n) for a, b, n in told] for way in ways]
    return len(told) > 2 and any(
        all(one is not None and abs(abs(one) - abs(n.value)) <= _ROUGHLY * abs(one) + n.slack for one, n in pairs)
        for pairs in found
    )


def _chance_of_base(table: Table, place: int, pairs: Sequence[Pair | None]) -> float:
    """How often rows may agree by chance: more often for a row marked as the base, or named in the header."""
    base = next((pair[2] for pair in pairs if pair is not None), None)
    name = table.rows[base].cells[0].strip(" *`").lower() if base is not None else ""
    return _NAMED if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", table.header[place].lower()) else _MARKED


def _values(table: Table, place: int) -> list[int]:
    """Columns of values: mostly numbers, not all whole."""
    found = []
    for i, column in enumerate(table.columns[: 2 * _MOST_COLUMNS]):
        known = [n for n in column if n is not None]
        if i != place and len(known) >= 2 and not all(n.signed for n in known):
            found.append(i)
    return found[:_MOST_COLUMNS]


def _to_a_row(table: Table, place: int) -> Iterator[list[Pair | None]]:
    """To the row that has no difference, or none but zero, as its baseline; not where each names its own."""
    if any(
        _REFERENCE.match(re.sub(r"[_\-.]+", " ", name.strip())) for i, name in enumerate(table.header) if i != place
    ):
        return
    bases = [
        i
        for i, row in enumerate(table.rows)
        if row.cells[place].strip(" *%").lower() in _EMPTY or _zero(table, i, place)
    ]
    for value in _values(table, place):
        for base in bases[:3]:
            start = table.columns[value][base]
            if start is not None and start.value:  # to nothing, a column would be its own difference
                yield [
                    (start, new, base, i) if new is not None and i not in bases else None
                    for i, new in enumerate(table.columns[value])
                ]


def _zero(table: Table, row: int, place: int) -> bool:
    number = table.columns[place][row]
    return number is not None and number.value == 0


def _of_columns(table: Table, place: int) -> Iterator[list[Pair | None]]:
    values = _values(table, place)
    for one in values:
        for other in values:
            if one < other:
                yield [
                    (a, b, i, i) if a is not None and b is not None and a.unit == b.unit else None
                    for i, (a, b) in enumerate(zip(table.columns[one], table.columns[other], strict=True))
                ]


def _one_odd(
    log: Log,
    table: Table,
    place: int,
    pairs: Sequence[Pair | None],
    way: Callable[[float, float], float | None],
    chance: float,
) -> tuple[Odd, ...] | bool | None:
    """The row, or two, that break a relation which the others keep; True where all keep it; None where it is none."""
    column = table.columns[place]
    known = [(pair, n) for pair, n in zip(pairs, column, strict=True) if pair is not None and n is not None]
    best: tuple[Odd, ...] | bool | None = None
    for sign in (1, -1):
        right: dict[tuple[float, float], float] = {}
        odd: list[tuple[Pair, Number, float]] = []
        exact: dict[tuple[float, float], float] = {}
        for pair, number in known:
            found, slack = way(pair[0].value, pair[1].value), _slack(pair, number, way)
            if found is None:
                return None
            if abs(sign * found - number.value) <= slack:
                if found and pair[0].value and pair[1].value:  # from or to nothing, a column is a copy
                    right[(pair[1].value, number.value)] = min(1.0, 2 * (slack - number.slack) / max(abs(found), slack))
                    off = abs(sign * found - number.value)
                    exact[(pair[1].value, number.value)] = number.slack if off <= number.slack else math.inf
            elif not _is_factor(pair, number):
                odd.append((pair, number, sign * found))
        if not odd and len(right) >= 2:
            return True
        roughly, exactly = math.prod(right.values()), _by_chance(exact)
        by_chance = min(roughly, exactly)
        # of two alone it says something where a digit makes the odd one right, too
        to_the_digit = len(exact) > 2 or (len(odd) == 1 and a_digit_off(odd[0][1], odd[0][2]))
        enough = right and (by_chance if to_the_digit else roughly) <= chance and len(right) >= 2
        if len(odd) == 2 and len(right) > 2 and exactly <= _HARDLY:
            rows = [(table.rows[own], table.rows[base]) for (_, _, base, own), _, _ in odd]
            bare = not any(re.search(r"[^\W\d_]{2}", own.cells[place]) for own, _ in rows)
            if bare and all(_is_a_digit_off(one, pairs, way) for one in odd):
                ends = [(log.line(own.line_of(place)), log.line(base.line)) for own, base in rows]
                best = tuple(Odd(*one[:2], n, *end, len(right)) for (one, n, _), end in zip(odd, ends, strict=True))
        if len(odd) == 1:
            pair, number, found = odd[0]
            turned = abs(found + number.value) <= _slack(pair, number, way)
            other = turned or _of_another_way(pair, number)
            formula = right and other and _told_way(table.header, place, way, turned=turned)
            rare = exactly <= _HARDLY
            apart = bool(way is relative and other and not turned and rare and right and _by_unit(known))
            slip = _is_near(found, number) and (not other or (turned and pair[2] != pair[3]))
            one_sided = turned and not any(n.signed for n in column if n is not None)
            if (formula or apart or (enough and slip)) and not one_sided and not _estimated(table, place):
                row, base = table.rows[pair[3]], table.rows[pair[2]]
                told = [n.value for n in column if n is not None and n is not number]
                last = row is table.rows[-1] and _mean_of(told, number)
                if not last and not OF_OTHERS.search(row.cells[0]) and not _to_another_row(pairs, pair, number, way):
                    lines = log.line(row.line_of(place)), log.line(base.line)
                    best = (Odd(pair[0], pair[1], number, *lines, len(right), apart and len(right) >= _APART),)
    return best


def _is_a_digit_off(
    odd: tuple[Pair, Number, float], pairs: Sequence[Pair | None], way: Callable[[float, float], float | None]
) -> bool:
    """Whether a digit makes an odd difference right, and it is right in no other way, nor that to another row."""
    pair, number, found = odd
    long = len(f"{abs(number.value):.{number.decimals}f}".replace(".", "")) > 2  # of two digits, one is off by chance
    slip = long and found * number.value > 0 and a_digit_off(number, found)
    return slip and not _of_another_way(pair, number) and not _to_another_row(pairs, pair, number, way)


def _by_chance(exact: Mapping[tuple[float, float], float]) -> float:
    """How often differences that are right to their last digit would be by chance, among those of the column's size."""
    reach = max((abs(told) for _, told in exact), default=0.0)
    return math.prod(min(1.0, 2 * slack / reach) for slack in exact.values()) if reach else 1.0


def _to_another_row(
    pairs: Sequence[Pair | None], odd: Pair, number: Number, way: Callable[[float, float], float | None]
) -> bool:
    """Whether an odd difference is that to another row than the others are taken to."""
    others = {one.value for pair in pairs if pair is not None for one in pair[:2]} - {odd[0].value, odd[1].value}
    found = [way(other, odd[1].value) for other in others]
    return any(one is not None and abs(abs(one) - abs(number.value)) <= number.slack for one in found)


def _estimated(table: Table, place: int) -> bool:
    """Whether differences stand with intervals or spreads of their own: they are means of pairs."""
    found = [numbers(row.cells[place]) for row in table.rows]
    return any(len(one) >= 3 or any(n.spread for n in one) for one in found)


def _told_way(header: Sequence[str], place: int, way: Callable[[float, float], float | None], *, turned: bool) -> bool:
    """Whether a header says how its column is computed, so that a row that has it in another way, or turned, is odd.

    Otherwise rows that are metrics have signs of their own, and so have points and percentages of several.
    """
    if not turned:
        return _RELATIVE.search(header[place]) is not None and way in (relative, share)
    return sum(len(one) > 1 and one.strip().lower() in header[place].lower() for one in header) >= 3


def _by_unit(known: Sequence[tuple[Pair, Number]]) -> bool:
    """Whether units say how a column is computed: percentages of amounts that are none themselves."""
    return all(number.unit == "%" and not {one.unit for one in pair[:2]} & {"%", "pp"} for pair, number in known)


def _mean_of(told: Sequence[float], number: Number) -> bool:
    return len(told) > 1 and abs(sum(told) / len(told) - number.value) <= 2 * number.slack


def _slack(pair: Pair, number: Number, way: Callable[[float, float], float | None]) -> float:
    wide = pair[0].slack + pair[1].slack
    if way in (relative, behind, share):
        first, second = (pair[1], pair[0]) if way is behind else (pair[0], pair[1])
        base, new = (max(abs(one.value), 1e-12) for one in (first, second))
        wide = (1 if way is share else 100) * (first.slack * new / base + second.slack) / base
    elif way is hundred:
        wide *= 100
    return (wide + 2 * number.slack) * (1 + 1e-9)


def _of_another_way(pair: Pair, number: Number) -> bool:
    """Whether an odd difference is right in another way: points where the others are relative, or of the other one."""
    ways = (points, relative, *((hundred,) if number.unit == "%" and not pair[0].unit else ()))
    found = [way(pair[0].value, pair[1].value) for way in ways]
    behind = relative(pair[1].value, pair[0].value)
    of_other = behind is not None and abs(behind - number.value) <= _slack(
        (pair[1], pair[0], *pair[2:]), number, relative
    )
    return of_other or any(one and abs(abs(one) - abs(number.value)) <= number.slack for one in found)


def _is_factor(pair: Pair, number: Number) -> bool:
    """Whether a number is told as a factor, and is that of the two values."""
    base, new = pair[0].value, pair[1].value
    ways = (new / base, base / new) if number.unit == "x" and base and new else ()
    return any(abs(one - number.value) <= 2 * number.slack for one in ways)


def _is_near(found: float, number: Number) -> bool:
    """Whether a difference is of the size of that which it should be, or is it turned round."""
    told = abs(number.value)
    return bool(found) and bool(told) and 1 / _NEAR <= told / abs(found) <= _NEAR
