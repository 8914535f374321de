"""A change on a subset that the full set turns round: +20 % on 16 questions, -4 % on 80."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import signed
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.changes.change import ITEMS, Change, items_of
from evenhand.audit.told.changes.changes import changes_of

_FROM_TO = Pattern(
    r"(?:\bfrom\s+|[\s:=])(\d[\d.]*\s?%?)\s*(?:to|→|->|=>)\s*(\d[\d.]*\d\s?%?)(?!\d|\.\d)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Sized:
    """A change over so many items, with the metrics that its clause names; ``counted`` where it is one of them."""

    items: int
    base: Number
    new: Number
    named: frozenset[str]
    line: Line
    counted: bool


def check(logs: list[Log]) -> Iterable[Finding]:
    """Two changes of one metric over different numbers of items, with opposite signs."""
    for log in logs:
        yield from _in_words(log)
        sized = [
            (change, items, _metric(change)) for change in changes_of(log) if (items := items_of(change)) is not None
        ]
        for (one, few, metric), (other, many, same) in combinations(sized, 2):
            if metric != same or not metric or few == many:
                continue
            small, large = (one, other) if few < many else (other, one)
            if (
                max(few, many) < 2 * min(few, many)
                or (small.new.value - small.base.value) * (large.new.value - large.base.value) >= 0
            ):
                continue
            facts = {
                "few": min(few, many),
                "many": max(few, many),
                "small": _relative(small),
                "large": _relative(large),
            }
            yield Finding(
                "subset-against-full", "fault", place_of(log, small.line), facts, (place_of(log, large.line),)
            )


def _in_words(log: Log) -> Iterator[Finding]:
    """``on 50 queries MRR from 0.38 to 0.46; on all 6980 queries from 0.402 to 0.399``: in a line, or two beside."""
    before: tuple[int, _Sized] | None = None
    for line in log.spoken():
        for clause in re.split(
            r"[;.]\s+|\bbut\b|\bwhile\b|\bwhereas\b|,\s+(?=on (?:all|the full|the whole)\b)", line.body
        ):
            now = _sized(line, clause)
            if now is None:
                continue
            if before is not None and before[1].line is line and not now.named:
                now = replace(now, named=before[1].named)  # "it fell"
            if before is not None and before[0] == line.section:
                yield from _turned(log, before[1], now)
            before = (line.section, now)


def _sized(line: Line, clause: str) -> _Sized | None:
    items = [int(one[1]) for one in ITEMS.finditer(clause)]
    steps = _FROM_TO.findall(clause)
    if len(items) != 1 or len(steps) != 1:
        return None
    named = frozenset(word for word in re.findall(r"[a-z][\w@-]+", clause.lower()) if METRIC_WORD.fullmatch(word))
    base, new = (numbers(text) for text in steps[0])
    if len(base) != 1 or len(new) != 1 or base[0].unit != new[0].unit:
        return None
    counted = not (base[0].unit or base[0].decimals or new[0].decimals) and max(base[0].value, new[0].value) <= items[0]
    return _Sized(items[0], base[0], new[0], named, line, counted) if counted or base[0].decimals else None


def _turned(log: Log, one: _Sized, other: _Sized) -> Iterator[Finding]:
    few, many = sorted((one, other), key=lambda sized: sized.items)
    first, second = (sized.new.value - sized.base.value for sized in (few, many))
    size, whole = ((sized.base.value or 1) / (sized.items if sized.counted else 1) for sized in (few, many))
    alike = few.base.unit == many.base.unit and few.counted == many.counted and 0.5 < size / whole < 2
    alone = one.line is other.line and (one.counted or one.base.unit == other.base.unit == "%")  # and none is named
    same = one.named & other.named or (one.named == other.named and alone)
    if many.items < 4 * few.items or first * second >= 0 or not same or not alike:
        return
    facts: dict[str, float] = {"few": few.items, "many": many.items}
    facts |= {
        name: 100 * (sized.new.value / sized.base.value - 1) if sized.base.value else 0.0
        for name, sized in (("small", few), ("large", many))
    }
    yield Finding("subset-against-full", "fault", place_of(log, few.line), facts, (place_of(log, many.line),))


def _metric(change: Change) -> str:
    text = ITEMS.sub(" ", change.of.lower())
    words = re.findall(r"[a-z][a-z0-9@-]+", text)
    return " ".join(
        word
        for word in words
        if word
        not in ("baseline", "final", "before", "after", "avg", "average", "mean", "full", "subset", "delta", "change")
    )


def _relative(change: Change) -> float:
    return 100 * (change.new.value / change.base.value - 1) if change.base.value else 0.0


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"{f['few']} items say {signed(f['small'], 1)} %, {f['many']} items (line {finding.others[0].line}) say "
        f"{signed(f['large'], 1)} %: the subset does not stand for the whole."
    )


RULE = Rule("subset-against-full", "A change on few items that many items turn round.", check, say)
