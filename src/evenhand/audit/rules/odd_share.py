"""A share that no whole number of the stated items gives, among shares that whole numbers do give (GRIM)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evenhand.audit.counted import share_columns
from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.items import items_said
from evenhand.audit.log import Log, Table, only_number
from evenhand.audit.number_words import printed
from evenhand.audit.numbers import Number

_LABEL = re.compile(
    r"(?<![a-z])(?:acc|accuracy|exact match|em|win rate|pass(?: rate|@1)?|success(?: rate)?|solve rate|hit rate|"
    r"recall@1|r@1|correct|"
    r"target acc|retention acc)\W*$",
    re.IGNORECASE,
)
_AVERAGED = re.compile(
    r"\b(?:mean|avg|average|averaged|macro|weighted|over|bootstrap|token|f1|auc|top-?\d|both|baseline of|chance|"
    r"target|threshold|"
    r"across|seeds|ci|interval)\b|±|\+/-",
    re.IGNORECASE,
)
_MOST = 2000
_CHANCE = 1e-3
"""So rarely may all other shares fit the items by chance."""


@dataclass(frozen=True)
class _Share:
    number: Number
    line: int


def check(logs: list[Log]) -> Iterable[Finding]:
    """All shares but one fit the number of items, by no accident, and that one clearly does not."""
    for log in logs:
        for table in log.tables:
            yield from _in_table(log, table)
        if not log.data:
            yield from _in_text(log)


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    """Rows with their number of items in a column, or in the text that stands above their table."""
    for rate, whole in share_columns(table):
        groups: dict[int, list[_Share]] = {}
        for row in table.rows:
            share, items = only_number(row.cells[rate]), only_number(row.cells[whole])
            if (
                share is not None
                and items is not None
                and not items.decimals
                and not _AVERAGED.search(" ".join(row.cells))
            ):
                groups.setdefault(int(items.value), []).append(_Share(share, row.line_of(rate)))
        for count, shares in groups.items():
            yield from _judged(log, count, shares)


def _in_text(log: Log) -> Iterator[Finding]:
    by_section: dict[int, list[_Share]] = {}
    for line in log.spoken():
        if _AVERAGED.search(line.body):
            continue
        for number in line.numbers:
            if _LABEL.search(line.body[: number.start].rstrip("=: ")):
                by_section.setdefault(line.section, []).append(_Share(number, line.number))
    for section, shares in by_section.items():
        items = items_said(log, section)
        if len(items) == 1:
            yield from _judged(log, next(iter(items)), shares)


def _judged(log: Log, items: int, shares: list[_Share]) -> Iterator[Finding]:
    known = [one for one in shares if _fair(one.number)] if 10 <= items <= _MOST else []
    percent = any(one.number.value > 1 for one in known)
    finest = max((one.number.decimals for one in known), default=0)
    right: list[tuple[_Share, float]] = []
    odd: list[tuple[_Share, float]] = []
    for one in known:
        share = one.number.value / (100 if percent else 1)
        half = one.number.slack / (100 if percent else 1)
        (odd if abs(round(share * items) / items - share) > 2 * half else right).append(
            (one, min(1.0, 2 * half * items))
        )
    chance = math.prod(p for one, p in {one.number.value: (one, p) for one, p in right}.values())
    if (
        not 10 <= items <= _MOST
        or len(odd) != 1
        or len({one.number.value for one, _ in right}) < 3
        or chance > _CHANCE
        or odd[0][1] > 0.5
        or not finest
    ):
        return
    one = odd[0][0]
    below = int(one.number.value / (100 if percent else 1) * items)
    unit = 100 if percent else 1
    facts = {
        "printed": printed(one.number), "items": items, "below": below, "low": unit * below / items,
        "high": unit * (below + 1) / items, "right": len(right), "decimals": one.number.decimals + 1,
    }  # fmt: skip
    others = (place_of(log, right[0][0].line),)
    yield Finding("odd-share", "fault", place_of(log, one.line), facts, others)


def _fair(number: Number) -> bool:
    return (
        not (number.signed or number.about or number.spread or number.unit not in ("", "%"))
        and 0 < number.value < 100
        and (number.decimals > 0)
    )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"No whole number of {f['items']} items gives {f['printed']}, as the other {f['right']} shares here have one: "
        f"{f['below']} would be {f['low']:.{f['decimals']}f}, {f['below'] + 1} would be {f['high']:.{f['decimals']}f}."
    )


RULE = Rule(
    "odd-share",
    "A share that no whole number of the stated items gives, where such numbers give all others (GRIM).",
    check,
    say,
    words=False,
)
