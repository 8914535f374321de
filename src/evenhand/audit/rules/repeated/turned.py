"""A number that a sentence quotes with two digits in each other's place, beside others that it quotes rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import COMMON_WORDS
from evenhand.audit.text.words import hoped, of_others
from evenhand.audit.told.concluded.concluded import withheld
from evenhand.audit.told.concluded.statements import Statement, statements_of
from evenhand.audit.told.quoted.sources import fine, same, words
from evenhand.audit.told.quoted.values import slip

_ANEW = Pattern(
    r"\b(?:re-?(?:run|ran|timed?|train\w*|eval\w*|measur\w*|scor\w*|did|do)|corrected|updated?|previous\w*|"
    r"earlier|instead|seeds? \d|epochs? \d|steps? \d|median|rounded|approx\w*|max|min|peak|later|papers?|"
    r"leaderboards?|reported|official)\b|~|≈|→|->|⇒",
    re.IGNORECASE,
)
"""Words beside which two figures of one name may both be right."""

_CUTS = Pattern(r"[;,，；]\s|\b(?:and|while|whereas|but|vs|versus|against|und|et|y|и)\b", re.IGNORECASE)
_LONGEST, _MOST_NUMBERS = 260, 3000


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
    count = sum(len(line.numbers) for line in log.lines)
    if log.data or count > _MOST_NUMBERS:
        return
    every = [(n, line) for line in log.lines if line.kind not in ("code", "blank") for n in line.numbers if fine(n)]
    for one in statements_of(log):
        said = one.passage.kind != "note" and len(one.text) <= _LONGEST and not _ANEW.search(one.text)
        if said and not (hoped(one.line) or withheld(one) or of_others(one.line)):
            yield from _of(log, one, every)


def _of(log: Log, one: Statement, every: list[tuple[Number, Line]]) -> Iterator[Turned]:
    own_lines = {line.number for line in one.lines}
    elsewhere = [(n, line) for n, line in every if line.number not in own_lines]
    for number in one.numbers:
        if not fine(number) or any(same(n, number) for n, _ in elsewhere):
            continue
        others = [(n, line) for n, line in elsewhere if _is_turned(n, number)]
        clause = _named(one.text, number)
        held = [(n, line, clause & _names(log, line, n)) for n, line in others]
        held = [(n, line, name) for n, line, name in held if name]
        if not held or len({n.value for n, _ in others}) > 1:
            continue
        own, line, name = held[0]
        beside = any(n is not number and fine(n) and any(same(n, m) for m, _ in elsewhere) for n in one.numbers)
        if beside or len(name) > 1:
            told = dict.fromkeys(w for w in re.findall(r"[\w@.+-]*\w", one.text[: number.start]) if words(w) & name)
            yield Turned(number, one.line_of(number), own, line, " ".join(told))


def _is_turned(one: Number, other: Number) -> bool:
    alike = one.decimals == other.decimals and {one.unit, other.unit} <= {"", "%"}
    return alike and slip(*(f"{abs(n.value):.{n.decimals}f}" for n in (one, other))) == "swap"


def _named(text: str, number: Number) -> frozenset[str]:
    """The words of the clause before a number that name something."""
    start = max((cut.end() for cut in _CUTS.finditer(text, 0, number.start) if not _open(text, cut.start())), default=0)
    said = words(text[start : number.start]) - COMMON_WORDS
    return frozenset(word for word in said if len(word) > 1 and re.search(r"[^\W\d]", word))


def _open(text: str, at: int) -> bool:
    """Whether a place stands in brackets."""
    return text.count("(", 0, at) > text.count(")", 0, at)


def _names(log: Log, line: Line, number: Number) -> frozenset[str]:
    """The words that a number is told with: of its row and column, else of its line and what it belongs to."""
    for table in log.tables:
        for row in table.rows:
            at = next(
                (i for i, cell in enumerate(row.cells) if row.line_of(i) == line.number and _has(cell, number)), -1
            )
            if at >= 0:
                return words(f"{row.cells[0]} {table.header[at]}")
    return words(" ".join((line.body[: number.start], *(one.body for one in log.parents(line)))))


def _has(cell: str, number: Number) -> bool:
    return f"{abs(number.value):.{number.decimals}f}" in cell.replace(",", "")
