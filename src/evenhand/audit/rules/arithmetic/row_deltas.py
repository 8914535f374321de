"""Differences to a baseline in records: each must be that of its row and of the baseline's row on the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Row
from evenhand.audit.text.number_words import printed, signed
from evenhand.audit.text.numbers import Number
from evenhand.audit.told.arms.records import DELTA, Records, baseline_of, records_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """A row whose difference is none of its value and the baseline's, where at least two other rows' are."""
    for log in logs:
        for records in records_of(log):
            if records.seed is None:
                continue  # a table of one row for each arm is read with the columns of differences
            for place, name in enumerate(records.table.header):
                base = baseline_of(records, name) if DELTA.search(name) else None
                if base is not None:
                    yield from _column(log, records, place, base)


def _column(log: Log, records: Records, place: int, base: str) -> Iterator[Finding]:
    best: tuple[int, list[tuple[Row, Row, Number, float]], int] = (0, [], 0)
    for value_at in records.results():
        if value_at == place:
            continue
        for factor in (1.0, 100.0):
            right, odd = _against(records, value_at, place, base, factor)
            if right and not odd:
                return
            if right > best[0]:
                best = (right, odd, value_at)
    right, odd, value_at = best
    told = {
        delta.value for name in records.groups for row in records.groups[name] if (delta := records.value(row, place))
    }
    if right < 2 or len(odd) > right / 2 or len(told - {0.0}) < 3:
        return
    for row, other, delta, expected in odd:
        facts = {
            "printed": printed(delta), "expected": expected, "column": records.table.header[value_at], "baseline": base,
            "decimals": delta.decimals,
        }  # fmt: skip
        places = (place_of(log, other.line_of(value_at)),)
        yield Finding(
            "row-difference", "fault", place_of(log, row.line_of(place)), facts, places, row.cells[place], unproven=True
        )


def _against(
    records: Records, value_at: int, place: int, base: str, factor: float
) -> tuple[int, list[tuple[Row, Row, Number, float]]]:
    right, odd = 0, []
    for name, rows in records.groups.items():
        for row in rows if name != base else ():
            other = records.of_seed(base, row)
            value, delta = records.value(row, value_at), records.value(row, place)
            start = records.value(other, value_at) if other is not None else None
            if value is None or delta is None or start is None or other is None:
                continue
            expected = factor * (value.value - start.value)
            slack = factor * (value.slack + start.slack) + delta.slack
            if abs(expected - delta.value) <= slack:
                right += abs(expected) > slack
            elif abs(expected - delta.value) > 2 * slack:
                odd.append((row, other, delta, expected))
    return right, odd


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"'{f['column']}' less that of '{f['baseline']}' (line {finding.others[0].line}) is "
        f"{signed(f['expected'], f['decimals'])}, as in the other rows; printed is {f['printed']}."
    )


RULE = Rule(
    "row-difference",
    "A difference to the baseline that a row and the baseline's row do not have, where those of other rows do.",
    check,
    say,
    words=False,
)
