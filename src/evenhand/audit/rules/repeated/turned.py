"""A number that a sentence quotes with two digits in each other's place, beside others that it quotes rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.rules.repeated.summed import CUTS, MOST_NUMBERS, plainly_told
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import COMMON_WORDS
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.quoted.sources import fine, same, words
from evenhand.audit.told.quoted.values import qualifiers, slip

_END = Pattern(r"\s?%?\s*(?:$|[.,;:)]|\b(?:and|und|et|y|и|de|of|points?|return|retour)\b)", re.IGNORECASE)
"""What may stand behind a number: the end of its clause, or what it is a number of."""

_OFTEN = 5
"""A name with more numbers than these is measured again and again: two of them differ by turned digits by chance."""


@dataclass(frozen=True)
class Turned:
    """A quoted number, its line, the number that it is with two digits turned, and that one's line and name."""

    number: Number
    line: Line
    own: Number
    own_line: Line
    name: str


def turned_in(log: Log) -> Iterator[Turned]:
    """Numbers that stand nowhere else in a log, where another of their name is they with two digits turned."""
    if log.data or sum(len(line.numbers) for line in log.lines) > MOST_NUMBERS:
        return
    every = [(n, line) for line in log.lines if line.kind not in ("code", "blank") for n in line.numbers if fine(n)]
    found = []
    for one in statements_of(log):
        if one.passage.kind != "note" and plainly_told(one):
            found += [(one.section, turned) for turned in _of(log, one, every)]
    for section, turned in found:
        if sum(section == other for other, _ in found) == 1:  # several of one section were measured otherwise
            yield turned


def _of(log: Log, one: Statement, every: list[tuple[Number, Line]]) -> Iterator[Turned]:
    own_lines = {line.number for line in one.lines}
    elsewhere = [(n, line) for n, line in every if line.number not in own_lines]
    quoted = [n for n in one.numbers if fine(n)]
    odd = [n for n in quoted if not any(same(n, other) for other, _ in elsewhere)]
    if len(odd) != 1 or not _ends(one.text, odd[0]):
        return
    number = odd[0]
    others = [(n, line) for n, line in elsewhere if _is_turned(n, number)]
    said = _clause(one.text, number)
    clause = _named(said)
    held = [(n, line, *_names(log, line, n)) for n, line in others]
    held = [(n, line, clause & names, table) for n, line, names, table in held if clause & names]
    if not held or len({n.value for n, _ in others}) > 1:
        return
    own, line, name, in_table = held[0]
    if not in_table and _told_often(name, number, elsewhere):
        return
    known = _names(log, line, own)[0].union(*(words(title) for title in log.path(line.section)))
    if qualifiers(said) <= known and ((in_table and len(name) > 1) or len(quoted) > 1):
        told = dict.fromkeys(w for w in re.findall(r"[\w@.+-]*\w", said) if words(w) & name)
        yield Turned(number, one.line_of(number), own, line, " ".join(told))


def _told_often(name: frozenset[str], number: Number, elsewhere: list[tuple[Number, Line]]) -> bool:
    alike = [line.body[: n.start] for n, line in elsewhere if n.decimals == number.decimals]
    return sum(name <= words(said) for said in alike) > _OFTEN


def _ends(text: str, number: Number) -> bool:
    """Whether nothing is said of a number behind it, in its own clause."""
    return _END.match(text, number.end) is not None


def _is_turned(one: Number, other: Number) -> bool:
    alike = one.decimals == other.decimals and {one.unit, other.unit} <= {"", "%"}
    return alike and slip(*(f"{abs(n.value):.{n.decimals}f}" for n in (one, other))) == "swap"


def _clause(text: str, number: Number) -> str:
    """The words of a number's clause before it."""
    start = max((cut.end() for cut in CUTS.finditer(text, 0, number.start) if not _open(text, cut.start())), default=0)
    return text[start : number.start]


def _named(said: str) -> frozenset[str]:
    """Words that name something."""
    return frozenset(word for word in words(said) - COMMON_WORDS if len(word) > 1 and re.search(r"[^\W\d]", word))


def _open(text: str, at: int) -> bool:
    """Whether a place stands in brackets."""
    return text.count("(", 0, at) > text.count(")", 0, at)


def _names(log: Log, line: Line, number: Number) -> tuple[frozenset[str], bool]:
    """The words that a number is told with: of its row and column, else of its line; whether it is in a table."""
    for table in log.tables:
        for row in table.rows:
            cells = enumerate(row.cells)
            at = next((i for i, cell in cells if row.line_of(i) == line.number and _has(cell, number)), -1)
            if at >= 0:
                return words(f"{row.cells[0]} {table.header[at]}"), True
    beside = (line.body[: number.start], *(one.body for one in log.parents(line)))
    return words(" ".join(beside)), False


def _has(cell: str, number: Number) -> bool:
    return f"{abs(number.value):.{number.decimals}f}" in cell.replace(",", "")
