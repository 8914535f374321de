"""Parts of one whole, each with its share, of which one has another: ``answers: 5 (15.6 %), hedges: 8 (25 %), …``.

And counts that are told in one form, each with its share, of which one has another: ``187/240 lifted, 81.9 %``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from evenhand.audit.text.log import Line, Log, Table, only_number
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.quantities import Scope, quantities, scopes_of
from evenhand.audit.told.shares.columns import beside
from evenhand.audit.told.shares.grim import as_fine
from evenhand.audit.told.shares.spoken import is_share

_OPENS = Pattern(r"\s*(?:[^\W\d]\w*\s*){0,2}(?:\(|=|=>|->|→|:)\s*")
_OF_ELSE = Pattern(r"\s*%?\s*(?:of|von|de|из)\b|\s?(?:[KMGT]i?B|bytes?|bits?)\b", re.IGNORECASE)
_OUT_OF = Pattern(r"(?:/|\b(?:of|out of|von|de|из))\s*$", re.IGNORECASE)
_A_SHARE = Pattern(r"\b(?:pct|percent\w*|shares?|rates?)\b|%", re.IGNORECASE)
_OF_ALL_ROWS = Pattern(r"\b(?:overall|total|sum|all)\b", re.IGNORECASE)
_COUNTED = Pattern(
    r"(?<![\d.,/$])(?P<part>\d{1,3}(?:,\d{3})+|\d{1,6})(?:\s*/\s*|(?:\s+[^\W\d][\w-]*){0,2}\s+(?:out\s+)?of\s+"
    r"(?:the\s+|all\s+|our\s+)?)(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,6})(?![\d.,/]\d)"
    r"(?P<between>(?:\s+(?!and\b|or\b|but\b|in\b|on\b|at\b|for\b|with\b)[^\W\d][\w-]*){0,2}\s*(?P<mark>[(,:=–-])\s*)"
    r"(?P<share>\d{1,3}(?:\.\d+)?\s?%)(?!\s*(?:[-–±]|(?:CI|faster|slower|lower|higher|more|less|fewer|better|worse|of)\b))"
)
_KINDS = ("prose", "bullet", "code")
_RIGHT, _LEAST, _NEAR, _CHANCE = 2, 10, 0.15, 1e-3


@dataclass(frozen=True)
class Part:
    """A count and the share beside it."""

    part: int
    share: Number
    line: Line


@dataclass(frozen=True)
class Odd:
    """The part whose share is not that of the whole, where those of the others are."""

    part: Part
    whole: int
    right: int
    count_line: Line


def odd_parts(log: Log) -> Iterator[Odd]:
    """One of at least three parts of a told whole whose share is another."""
    for parts, wholes in _families(log):
        if len(parts) >= 3:
            yield from _judged(parts, wholes)


def _judged(parts: list[Part], wholes: Iterable[int]) -> Iterator[Odd]:
    total = sum(one.part for one in parts)
    if parts and total >= _LEAST and all(_off(one, total) <= 2 * one.share.slack * (1 + 1e-9) for one in parts):
        return  # they are parts of one whole, whatever else is told
    for whole in dict.fromkeys([*wholes, total]):
        if whole < max(_LEAST, *(one.part for one in parts)):
            continue
        right = [one for one in parts if _off(one, whole) <= 2 * one.share.slack * (1 + 1e-9)]
        odd = [one for one in parts if one not in right]
        different = {one.part for one in right if one.part}
        by_chance = math.prod(min(1.0, 4 * one.share.slack / _top(one)) for one in right)
        if (
            whole == total
            and whole not in wholes
            and (any(not one.share.decimals for one in parts) or _more(parts, total))
        ):
            continue
        if (
            len(odd) == 1
            and len(different) >= 2
            and by_chance <= _CHANCE
            and _off(odd[0], whole) <= _NEAR * _top(odd[0])
        ):
            yield Odd(odd[0], whole, len(right), right[0].line)
            return


def _more(parts: list[Part], total: int) -> bool:
    """Whether all parts have their shares of one larger whole: then not all of its parts are listed."""
    low = max(_top(one) * one.part / (one.share.value + 2 * one.share.slack) for one in parts)
    small = [(_top(one) * one.part, one.share.value - 2 * one.share.slack) for one in parts]
    high = min((part / share for part, share in small if share > 0), default=math.inf)
    return max(low, total) < high


def _top(one: Part) -> int:
    return 100 if one.share.unit == "%" or one.share.value > 1 else 1


def _off(one: Part, whole: int) -> float:
    return abs(_top(one) * one.part / whole - one.share.value)


def _families(log: Log) -> Iterator[tuple[list[Part], list[int]]]:
    if not log.data:
        for scope in scopes_of(log):
            yield _spoken(scope)
    for table in log.tables:
        told = [int(n.value) for column in table.columns if (n := _constant(column)) is not None and not n.decimals]
        if not log.data and (told or len(_shares_of(table)) != 1):
            continue  # of a column's whole, or of another count than that beside it
        whole_columns = [i for i, c in enumerate(table.columns) if any(n is not None and not n.decimals for n in c)][:8]
        for place, name in enumerate(table.header[:40]):
            if _A_SHARE.search(name.replace("_", " ")) is None:
                continue
            fine = as_fine(table.columns[place]) if log.data else list(table.columns[place])
            for part in [i for i in whole_columns if beside(table, i, place)]:
                rows = list(zip(table.columns[part], fine, table.rows, strict=True))[:60]
                yield (
                    [
                        Part(int(a.value), b, log.line(row.line_of(place)))
                        for a, b, row in rows
                        if part != place
                        and a is not None
                        and b is not None
                        and not a.decimals
                        and not b.signed
                        and (log.data or not (a.unit or a.signed or _OF_ALL_ROWS.search(row.cells[0])))
                    ],
                    told[:60],
                )


def _shares_of(table: Table) -> list[int]:
    """Columns of numbers with decimals or signs of percent."""
    return [
        place
        for place, column in enumerate(table.columns)
        if any(n is not None and (n.decimals or n.unit == "%") for n in column)
    ]


def _constant(column: Sequence[Number | None]) -> Number | None:
    """What a column says in all rows: a row's own number is the whole of that row alone."""
    return column[0] if column and len({n.value if n is not None else None for n in column}) == 1 else None


def _spoken(scope: Scope) -> tuple[list[Part], list[int]]:
    parts: list[Part] = []
    wholes: list[int] = []
    for sentence in scope.sentences:
        found = quantities(sentence)
        for one, other in zip_longest(found, found[1:]):
            if not one.whole or _OUT_OF.search(one.before):
                continue  # ``6/17 (35 %)``: the share is that of 6
            if (
                other is not None
                and is_share(other)
                and _OPENS.fullmatch(one.after)
                and not _OF_ELSE.match(other.after)
            ):
                parts.append(Part(int(one.value), other.number, other.line))
            else:
                wholes.append(int(one.value))
    return parts, wholes


def odd_of_a_form(log: Log) -> Iterator[Odd]:
    """The one count of a log whose share is another, where at least two others, one of its own form, have theirs."""
    if log.data:
        return
    told: dict[tuple[int, int], tuple[Part, int, str]] = {}
    for line in log.lines:
        for found in _COUNTED.finditer(line.body) if "%" in line.body and line.kind in _KINDS else ():
            part, whole = (int(found[name].replace(",", "")) for name in ("part", "whole"))
            if 0 < part < whole >= _LEAST and (share := only_number(found["share"])) is not None:
                told[line.number, found.start()] = Part(part, share, line), whole, found["mark"]
    off = {key: _off(part, whole) > 2 * part.share.slack * (1 + 1e-9) for key, (part, whole, _) in told.items()}
    right = [one for key, one in told.items() if not off[key] and one[0].share.decimals]
    odd = [one for key, one in told.items() if off[key]]
    if len(odd) == 1 and len({(part.part, whole) for part, whole, _ in right}) >= _RIGHT:
        own, of, mark = odd[0]
        if mark in {one[2] for one in right} and _off(own, of) <= _NEAR * _top(own):
            yield Odd(own, of, len(right), own.line)
