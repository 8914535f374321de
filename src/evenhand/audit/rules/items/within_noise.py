"""Two counts over the same number of items whose difference chance alone makes; two means, by their spreads."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.number_words import chance, printed, shown
from evenhand.audit.text.numbers import Count, Number, counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import ARM
from evenhand.audit.told.arms.records import names_arms
from evenhand.audit.told.certainty.within_spread import Within, within_spread_in
from evenhand.audit.told.changes.words import BASE
from evenhand.audit.told.shares.counted import share_columns
from evenhand.audit.told.shares.grim import SHARE, fair, of_else, plain, possible
from evenhand.audit.told.shares.grim import chance as by_luck
from evenhand.audit.told.shares.items import items_said

_CLAIM = Pattern(
    r"✓|✅|↑|\b(?:better|improv\w*|gain\w*|helped|helps|wins?|beats?|outperform\w*|progress|higher|increase[ds]?|"
    r"fewer)\b",
    re.IGNORECASE,
)
_COMPARED = Pattern(
    rf"{_CLAIM.pattern}|\b(?:worse|best|worst|lower|tied?|than|vs|versus|over|against)\b", re.IGNORECASE
)
_CHANGE = Pattern(r"change|delta|Δ|diff|improve|gain|effect", re.IGNORECASE)
_BY_CHANCE = 0.3
"""Above this p even items that are answered alike by both, which this test knows nothing of, leave no difference."""
_FEWEST, _MOST_ROWS = 20, 60
_LEVEL = 0.05
_CERTAIN = 1e-3
"""So rarely may shares fit a number of items by chance that is not theirs."""

_KINDS = Pattern(
    r"\b(?:uni(?:que|zed)|distinct|coverage|utili[sz]ation|covered|space|used|kinds?|types?)\b", re.IGNORECASE
)
"""How many kinds of a whole were met: these are drawn from no items."""

_TESTED = Pattern(
    r"\b(?:paired|mcnemar|bootstrap|sign(?:ed)?[- ](?:test|rank)|permutation)|(?<![\w-])p\s*[=<≤]", re.IGNORECASE
)
"""A test of the log's own, which knows more than the counts."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Counts of the same whole in one row that claims a change; arms of a table that are all alike."""
    for log in logs:
        for table in log.tables:
            yield from _in_table(log, table)
        alike = (one for table in log.tables if not log.data for one in _all_alike(log, table))
        yield from islice(alike, 1)
        yield from (_of_spreads(log, one) for one in within_spread_in(log))


def _of_spreads(log: Log, one: Within) -> Finding:
    """The finding of an improvement that is smaller than the spreads of its two means."""
    facts = {
        "values": [printed(one.one.value), printed(one.other.value)], "p": one.p,
        "spreads": [printed(one.one.spread), printed(one.other.spread)],
        "difference": abs(one.one.value.value - one.other.value.value),
    }  # fmt: skip
    places = tuple(
        place_of(log, line) for line in dict.fromkeys((one.one.line, one.other.line)) if line is not one.line
    )
    return Finding("within-noise", "caution", place_of(log, one.line), facts, places, anywhere=True, closed=True)


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    for row in table.rows:
        found = [(place, counts(cell)) for place, cell in enumerate(row.cells)]
        single = [(place, one[0]) for place, one in found if len(one) == 1]
        if _KINDS.search(row.cells[0]):
            continue
        if len(single) == 2 and single[1][0] - single[0][0] == 1 and _changed(table, row, single[1][0] + 1):
            yield from _finding(log, row.line, single[0][1], single[1][1])


def _changed(table: Table, row: Row, place: int) -> bool:
    """Whether the column behind two counts claims a change; one row of a table of seeds claims none by itself."""
    if place >= len(row.cells):
        return False
    return _CHANGE.search(table.header[place]) is not None and _CLAIM.search(row.cells[place]) is not None


def _all_alike(log: Log, table: Table) -> Iterator[Finding]:
    """Arms whose shares of the same number of items all differ by no more than chance, the farthest two included."""
    names = {row.cells[0].strip() for row in table.rows}
    if not 2 <= len(table.rows) <= _MOST_ROWS or not names_arms(table) or len(names - {""}) < len(table.rows):
        return
    if not _compared(log, table) or any(_TESTED.search(one.body) for one in log.own(table.section)):
        return
    for name, items, parts in _columns(log, table):
        low, high = min(parts), max(parts)
        if items >= _FEWEST and low < high:
            p = two_shares(low, high, items)
            if p > _LEVEL:
                facts = {"one": low, "other": high, "whole": items, "p": p, "rows": len(parts), "column": name}
                yield Finding("within-noise", "note", place_of(log, table.line), facts)


def _compared(log: Log, table: Table) -> bool:
    """Whether somebody sets the rows against each other: as arms by name, a baseline, a best one, or in words."""
    best = sum("**" in log.line(row.line).text for row in table.rows)
    told = [one.body for one in log.own(table.section) if one.kind in ("prose", "bullet")]
    arms = ARM.match(table.header[0].strip()) is not None and "model" not in table.header[0].lower()
    based = any(BASE.search(row.cells[0]) for row in table.rows)
    return arms or based or 0 < best < len(table.rows) or any(_COMPARED.search(one) for one in told)


def _columns(log: Log, table: Table) -> Iterator[tuple[str, int, list[int]]]:
    """Columns of counts ``41/69``, and of shares of one number of items that whole numbers of them give."""
    wholes = dict(share_columns(table))
    said = items_said(log, table.section)
    for place, name in enumerate(table.header):
        if not place or not SHARE.search(plain(name)) or of_else(name):
            continue
        cells = [counts(row.cells[place]) for row in table.rows]
        if all(len(one) == 1 for one in cells):
            told = {int(one[0].whole.value) for one in cells}
            parts = [int(one[0].part.value) for one in cells]
        else:
            column = [n for n in table.columns[place] if n is not None and fair(n)]
            own = table.columns[wholes[place]] if place in wholes else ()
            told = {int(n.value) for n in own if n is not None} or set(said)
            parts = _whole(column, told) if len(column) == len(table.rows) else []
        if len(told) == 1 and parts:
            yield name.strip(" *`"), told.pop(), parts


def _whole(column: Sequence[Number], told: Collection[int]) -> list[int]:
    """The counts of shares of so many items, where these are surely theirs."""
    items, unit = next(iter(told), 0), "%" if any(n.value > 1 for n in column) else ""
    by_chance = math.prod(by_luck(n, items, unit) for n in {n.value: n for n in column}.values())
    if len(told) != 1 or by_chance > _CERTAIN or not all(possible(n, items, unit, cut=False) for n in column):
        return []
    return [round(n.value / (100 if unit else 1) * items) for n in column]


def _finding(log: Log, line: int, one: Count, other: Count) -> Iterator[Finding]:
    whole = one.whole.value
    if whole != other.whole.value or one.part.value == other.part.value:
        return
    p = two_shares(int(one.part.value), int(other.part.value), int(whole))
    if p > _BY_CHANCE and whole >= _FEWEST:
        facts = {"one": int(one.part.value), "other": int(other.part.value), "whole": int(whole), "p": p}
        yield Finding("within-noise", "caution", place_of(log, line), facts)


def two_shares(one: int, other: int, whole: int) -> float:
    """Two-sided p-value of the difference of two shares of the same whole, by Fisher's exact test."""
    total = one + other

    def weight(part: int) -> float:
        rest = total - part
        return math.exp(
            sum(math.lgamma(whole + 1) - math.lgamma(k + 1) - math.lgamma(whole - k + 1) for k in (part, rest))
            - (math.lgamma(2 * whole + 1) - math.lgamma(total + 1) - math.lgamma(2 * whole - total + 1))
        )

    weights = [weight(part) for part in range(max(0, total - whole), min(whole, total) + 1)]
    seen = weight(one) * (1 + 1e-7)
    return min(1.0, sum(each for each in weights if each <= seen))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "spreads" in f:
        (one, other), (first, second) = f["values"], f["spreads"]
        p = "" if f["p"] is None else f" ({chance(f['p'])} by Welch's test)"
        return (
            f"{one} and {other} differ by {shown(f['difference'])}, no more than their runs do among themselves "
            f"({first} and {second}){p}: that shows no improvement."
        )
    if "rows" in f:
        return (
            f"In '{f['column']}' {f['one']} and {f['other']} of {f['whole']}, the farthest of {f['rows']} rows, differ "
            f"by no more than chance ({chance(f['p'])}, were the items independent): this column alone puts "
            "no row above another."
        )
    return (
        f"{f['one']} and {f['other']} of {f['whole']} differ by no more than chance ({chance(f['p'])}, were the items "
        f"independent; paired items would tell more, if they were given)."
    )


RULE = Rule(
    "within-noise",
    "A change between two counts, or two means with their spreads, that chance alone makes often.",
    check,
    say,
)
