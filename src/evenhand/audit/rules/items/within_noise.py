"""Two counts over the same number of items whose difference chance alone makes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.number_words import chance
from evenhand.audit.text.numbers import Count, counts
from evenhand.audit.text.pattern import Pattern

_CLAIM = Pattern(
    r"✓|✅|↑|\b(?:better|improv\w*|gain\w*|helped|helps|wins?|beats?|outperform\w*|progress|higher|increase[ds]?|"
    r"fewer)\b",
    re.IGNORECASE,
)
_CHANGE = Pattern(r"change|delta|Δ|diff|improve|gain|effect", re.IGNORECASE)
_TO = Pattern(
    r"\s*(?:\([^)]*\)\s*)?(?:→|->|to|vs\.?|versus|against|compared (?:to|with))\s*(?:[A-Za-z]{0,12}\s){0,3}",
    re.IGNORECASE,
)


_BY_CHANCE = 0.3
"""Above this p even items that are answered alike by both, which this test knows nothing of, leave no difference."""
_FEWEST = 20
_CLAUSES = Pattern(r"[.;]\s|—|–\s|\s-\s")


def check(logs: list[Log]) -> Iterable[Finding]:
    """Counts of the same whole in one row or line that claims a change."""
    for log in logs:
        for table in log.tables:
            yield from _in_table(log, table)
        for line in log.spoken():
            found = counts(line.body)
            for one, other in pairwise(found):
                between = line.body[(one.share or one.whole).end : other.part.start].lstrip(" )%")
                if _TO.fullmatch(between) and _CLAIM.search(_clause(line.body, one.part.start, other.whole.end)):
                    for found_one in _finding(log, line.number, one, other):
                        yield replace(found_one, level="hint")  # paired items, or progress: a sentence leaves it open


def _clause(text: str, start: int, end: int) -> str:
    """The part of a sentence in which two counts stand."""
    ends = [mark.start() for mark in _CLAUSES.finditer(text)]
    return text[max((e for e in ends if e < start), default=0) : min((e for e in ends if e >= end), default=len(text))]


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    for row in table.rows:
        found = [(place, counts(cell)) for place, cell in enumerate(row.cells)]
        single = [(place, one[0]) for place, one in found if len(one) == 1]
        if len(single) == 2 and single[1][0] - single[0][0] == 1 and _changed(table, row, single[1][0] + 1):
            yield from _finding(log, row.line, single[0][1], single[1][1])


def _changed(table: Table, row: Row, place: int) -> bool:
    """Whether the column behind two counts claims a change; one row of a table of seeds claims none by itself."""
    if place >= len(row.cells):
        return False
    return _CHANGE.search(table.header[place]) is not None and _CLAIM.search(row.cells[place]) is not None


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
    return (
        f"{f['one']} and {f['other']} of {f['whole']} differ by no more than chance ({chance(f['p'])}, were the "
        f"items independent; paired items "
        "would tell more, if they were given)."
    )


RULE = Rule("within-noise", "A change between two counts that chance alone makes often.", check, say)
