"""Arms that are compared although one could spend more: in a table, or in the statements around the comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import BUDGETS
from evenhand.audit.told.arms.grids import Grid
from evenhand.audit.told.budgets.amounts import Amount, amounts_in
from evenhand.audit.told.budgets.credited import credited_in_grid, credited_in_words
from evenhand.audit.told.concluded.compared import Compared, compared_in
from evenhand.audit.told.concluded.statements import Statement, share_a_word, statements_of

MUCH = 1.25
_BEFORE, _AFTER, _LONGEST = 10, 3, 300
KNOWN = Pattern(
    r"\b(?:unequal|unfair|not comparable|incomparable|caveat|not (?:a )?fair|mismatch\w*|not matched|unmatched|"
    r"(?:same|equal|matched|identical|iso)[\s-]+(?:\w+[\s-]+)?(?:budgets?|compute|steps?|tokens|flops)|longer training|"
    r"more (?:steps|epochs|tokens|compute|training|trials|samples)|train(?:ing|ed)? longer|scaling (?:up|law\w*)|"
    r"speed-?up|"
    r"faster|fewer (?:steps|epochs|tokens)|at (?:\w+ )?(?:the )?cost|trade-?off|early[- ]stop\w*|"
    r"converge[ds]? after)\b",
    re.IGNORECASE,
)
"""A text that knows of unequal budgets."""

_BASE = Pattern(
    r"\b(?:baselines?|controls?|reference|vanilla|plain|old|previous|original|alte\w*|ancien\w*)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Spent:
    """A comparison of arms that spent different amounts."""

    compared: Compared
    kind: str
    more: float
    less: float
    line: int
    other: int
    sure: bool = False
    """The same text credits the arm of the larger budget with a difference that it states."""


def unequal_in(log: Log) -> Iterator[Spent]:
    """All of a log, one a comparison."""
    for one in compared_in(log):
        if KNOWN.search(one.claim.text):
            continue
        found = _in_grid(log, one, one.grid) if one.grid is not None else None
        found = found or _in_words(log, one)
        if found is not None:
            yield found


def _in_grid(log: Log, one: Compared, grid: Grid) -> Spent | None:
    i, j = one.one.row, one.other.row
    for kind in BUDGETS:
        for column in grid.of(kind):
            first, second = column.cells[i], column.cells[j]
            if first is None or second is None or not first.value * second.value:
                continue
            more, less = max(first.value, second.value), min(first.value, second.value)
            if more >= MUCH * less and less > 0 and _is_set(more, less, kind):
                at, other = (i, j) if first.value == more else (j, i)
                sure = credited_in_grid(one, _near(log, one), kind, at, other)
                return Spent(one, kind, more, less, column.lines[at], column.lines[other], sure)
    return None


def _is_set(more: float, less: float, kind: str) -> bool:
    """Whether two amounts look like ones that somebody set; measured times do not."""
    if kind != "time":
        return all(value >= 1000 or value == int(value) or len(f"{value:g}") <= 4 for value in (more, less))
    return all(len(f"{value:g}".strip("0").replace(".", "")) <= 2 for value in (more, less))


def _near(log: Log, one: Compared) -> list[Statement]:
    """The statements of its section before a claim, and a few behind it."""
    every = statements_of(log)[max(0, one.claim.place - _BEFORE) : one.claim.place + 1 + _AFTER]
    return [other for other in every if other.section == one.claim.section and len(other.text) <= _LONGEST]


def _in_words(log: Log, one: Compared) -> Spent | None:
    near = _near(log, one)
    if any(KNOWN.search(other.text) for other in near):
        return None
    earlier = ["", *(other.text for other in near)]
    amounts = [amount for other, before in zip(near, earlier, strict=False) for amount in amounts_in(other, before)]
    for kind in BUDGETS:
        told = [amount for amount in amounts if amount.kind == kind]
        own = [amount for amount in told if not amount.shared]
        beside = [[a for a in own if a.statement is result.statement] for result in (one.one, one.other)]
        if one.one.statement is not one.other.statement and all(beside):
            own = [*beside[0], *beside[1]]
        values = {amount.value for amount in own}
        if len(values) != 2 or max(values) < MUCH * min(values) or not _is_set(max(values), min(values), kind):
            continue
        if any(amount.shared and amount.value == max(values) for amount in told):
            continue  # the other had it, too
        pair = _owned(own, one)
        if pair is not None:
            more, less = pair
            sure = credited_in_words(one, near, amounts, more, less)
            return Spent(one, kind, more.value, less.value, more.line, less.line, sure)
    return None


def _owned(own: list[Amount], one: Compared) -> tuple[Amount, Amount] | None:
    """Two amounts of two owners, of whom the comparison names one at least."""
    first = max(own, key=lambda amount: amount.value)
    for second in own:
        if second.value == first.value:
            continue
        mine, others = first.owner - second.owner, second.owner - first.owner
        if first.statement is second.statement and not (mine and others):
            continue
        named = one.named
        based = [_BASE.search(" ".join(words)) is not None for words in (mine, others)]
        if based[0] != based[1] and mine and others:
            return first, second
        linked = [bool(words) and share_a_word(words, named) for words in (mine, others)]
        if all(linked) or (any(linked) and not one.by_word):
            return first, second
    return None
