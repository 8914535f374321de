"""The baseline that a column of differences implies: value less difference must be one number, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Table, only_number
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

_VERSUS = Pattern(r"^(?:Δ|delta|diff\w*|gain|change)?\s*(?:vs\.?|versus|over|against|from|to)\s+(.+)$", re.IGNORECASE)
_SECONDS = Pattern(r"time|sec|speed|cost|step|token|param|memory|size", re.IGNORECASE)


@dataclass(frozen=True)
class Implied:
    """A row's baseline, as its value and its difference give it.

    Attributes:
        line: of the row.
        low, high: between these it must lie.
        delta: the printed difference.
    """

    line: int
    low: float
    high: float
    delta: Number


def check(logs: list[Log]) -> Iterable[Finding]:
    """A row whose baseline is not that of the other rows; a table whose baseline is not that of the table before."""
    for log in logs:
        known: dict[tuple[int, str, str], tuple[float, float, int]] = {}
        for table in log.tables:
            for place, against in _columns(table):
                rows = _implied(table, place)
                common = _common(rows)
                if common is None:
                    yield from _odd(log, rows, against)
                    continue
                key = (table.section, against.lower(), table.header[place - 1].lower())
                before = known.setdefault(key, (*common, rows[0].line))
                if _moved(before, common):
                    base, old = (common[0] + common[1]) / 2, (before[0] + before[1]) / 2
                    facts = {"against": against, "base": base, "old": old, "kind": "table"}
                    others = (place_of(log, before[2]),)
                    yield Finding("implied-baseline", "hint", place_of(log, rows[0].line), facts, others)


def _columns(table: Table) -> Iterator[tuple[int, str]]:
    """Columns of differences, and what they are differences to."""
    for place, name in enumerate(table.header):
        found = _VERSUS.match(name.strip())
        if found is not None and place > 1 and not _SECONDS.search(table.header[place - 1]):
            yield place, found[1].strip()


def _implied(table: Table, place: int) -> list[Implied]:
    answer = []
    for row in table.rows:
        value, delta = only_number(row.cells[place - 1]), _difference(row.cells[place])
        if value is None or delta is None or value.about or delta.about:
            continue
        if delta.unit == "%" and value.unit != "%":
            continue  # relative, or in points: the header does not say
        answer.append(Implied(row.line, value.low - delta.high, value.high - delta.low, delta))
    return answer


def _difference(cell: str) -> Number | None:
    found = [n for n in numbers(cell) if not n.spread]
    return found[0] if len(found) == 1 and (found[0].signed or found[0].value == 0) and found[0].unit != "x" else None


def _common(rows: list[Implied]) -> tuple[float, float] | None:
    """What all rows agree on; None where they do not, or where there are too few to tell."""
    if len(rows) < 2:
        return None
    low, high = max(one.low for one in rows), min(one.high for one in rows)
    return (low, high) if low <= high + 1e-12 else None


def _odd(log: Log, rows: list[Implied], against: str) -> Iterator[Finding]:
    """The one row that does not agree with at least three others."""
    if len(rows) < 4:
        return
    for one in rows:
        others = [other for other in rows if other is not one]
        common = _common(others)
        if common is None:
            continue
        slack = 2 * (one.high - one.low)
        if one.low - slack > common[1] or one.high + slack < common[0]:
            facts = {
                "against": against, "base": (one.low + one.high) / 2, "old": (others[0].low + others[0].high) / 2,
                "delta": printed(one.delta), "kind": "row",
            }  # fmt: skip
            yield Finding(
                "implied-baseline",
                "fault",
                place_of(log, one.line),
                facts,
                (place_of(log, others[0].line),),
                unproven=True,
            )
        return


def _moved(before: tuple[float, float, int], now: tuple[float, float]) -> bool:
    """Whether two baselines differ beyond rounding, and by little enough to be the same thing measured twice."""
    apart = max(now[0] - before[1], before[0] - now[1])
    return apart > 0 and apart > (now[1] - now[0]) and apart < 0.05 * abs(before[1])


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f, other = finding.facts, finding.others[0]
    if f["kind"] == "row":
        return (
            f"{f['delta']} against '{f['against']}' would put that at {shown(f['base'])}; line {other.line} puts it at "
            f"{shown(f['old'])}, and the other rows agree with it."
        )
    return (
        f"These differences are to a '{f['against']}' of {shown(f['base'])}, those at line {other.line} to one of "
        f"{shown(f['old'])}: the baseline itself moved by that much."
    )


RULE = Rule(
    "implied-baseline",
    "Differences to one baseline whose values put it at different numbers.",
    check,
    say,
    words=False,
)
