"""Arms of records of which one could spend clearly more than all others: steps, epochs, tokens, examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import OF_DATA
from evenhand.audit.told.arms.records import Records, baseline_of, records_of

MUCH = 1.25
"""A budget that is larger by this factor is another one."""

_COLUMN = Pattern(
    r"^(?:(?:training|train|fine-?tun(?:e|ing)|pre-?train(?:ing)?|optimi[sz]er|gradient|max|total|num|number of|n|#) )*"
    r"(?:steps|epochs|iters|iterations|updates|tokens|budget|train(?:ing)? time|time|wall ?-?clock|gpu ?-?h(?:ou)?rs?|"
    r"time budget|pairs|compute|flops|seconds|minutes|hours)\b",
    re.IGNORECASE,
)
_OUTCOME = Pattern(
    r"\b(?:to|until|per|eval\w*|infer\w*|latency|decod\w*|warm\w*|best|first|speed\w*|saved?|throughput|new|context|"
    r"generated|output|prompt|response|episode|stop\w*|conver\w*|load\w*|at|left|eta)\b|/",
    re.IGNORECASE,
)
BY_NAME = Pattern(
    r"\b(?:longer|extended|more (?:steps|epochs|tokens|data|compute)|\d+[kKMB]?[- ]?(?:steps?|epochs?|tokens?|iters?|"
    r"ep)|(?:steps?|epochs?|tokens?|budget)\s*[=:x×]?\s*\d|\d(?:\.\d+)?\s?[x×]|[x×]\s?\d)\b",
    re.IGNORECASE,
)
BASE_ROW = Pattern(r"(?<![a-z])(?:baseline|base|control|vanilla)(?![a-z])", re.IGNORECASE, needs="base|control|vanilla")
_MEASURED = Pattern(
    r"budget|time|clock|hours|hrs|minutes|seconds|compute|flops|gpu|complet|done|actual|\bran\b|\brun\b|best|stop|used|"
    r"reached|avg|mean|conver"
)


@dataclass(frozen=True)
class Unequal:
    """An arm that could spend more than the others.

    Attributes:
        arm, base: its name, and that of the one that it is set against.
        amount, base_amount, unit: what both could spend.
        line, base_line: where they stand.
    """

    arm: str
    base: str
    amount: float
    base_amount: float
    unit: str
    line: int
    base_line: int


def plain_name(name: str) -> str:
    """The name of a column with blanks for underscores."""
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())


def by_name(name: str, amount: float) -> bool:
    """Whether a row's name says its budget, in words or as the amount: ``rs012_10M``; there it is what is studied."""
    plain = name.replace("_", " ")
    return BY_NAME.search(plain) is not None or any(one.value == amount for one in numbers(plain))


def is_budget(name: str) -> bool:
    """Whether a column gives what was spent in training, not what was measured."""
    name = plain_name(name)
    rest = re.sub(r"\(.*?\)", "", name)
    counted = re.fullmatch(r"(?:n|#|num|number of) (?:\w+ )?pairs", rest.strip()) is not None  # those of a test
    return _COLUMN.match(rest) is not None and _OUTCOME.search(rest) is None and not counted


def told_in_records(log: Log) -> Iterator[Unequal]:
    """Arms of which one had clearly more steps, epochs, tokens or examples than all others had."""
    for records in records_of(log):
        columns = [i for i, name in enumerate(records.table.header) if is_budget(name) and not _clock(name)]
        if not columns or not any(_result(records, i) for i in records.results()):
            continue
        if OF_DATA.match(records.table.header[records.arm].strip()):
            continue  # its rows are what arms were run on
        spent = {place: _spent(records, place) for place in columns}
        if any(found is not None and len(set(found.values())) == 1 and len(found) >= 2 for found in spent.values()):
            continue  # equal in one unit: that is what was meant to be equal
        for place, found in spent.items():
            if found is not None and not _equal_in_batches(records, place):
                yield from _odd(records, place, found)
                break


def _clock(name: str) -> bool:
    """Whether a column tells what was measured, not what was set."""
    return _MEASURED.search(plain_name(name)) is not None


def _result(records: Records, place: int) -> bool:
    return any(one is not None and one.decimals >= 2 for one in records.table.columns[place]) or any(
        one is not None and one.decimals and one.unit == "%" for one in records.table.columns[place]
    )


def _spent(records: Records, place: int) -> dict[str, float] | None:
    """What each arm spent, the same on all seeds; arms that train nothing are left out."""
    answer = {}
    for name, rows in records.groups.items():
        amounts = {value.value for row in rows if (value := records.value(row, place)) is not None}
        if len(amounts) > 1:
            return None
        if amounts and (amount := amounts.pop()) > 0:
            answer[name] = amount
    return answer if len(answer) >= 2 else None


def _equal_in_batches(records: Records, place: int) -> bool:
    """Whether steps times the size of a batch are equal."""
    batches = [
        i
        for i, name in enumerate(records.table.header)
        if re.search(r"batch|\bbs\b|bsz|tokens per|seq", plain_name(name))
    ]
    for other in batches:
        made = set()
        for rows in records.groups.values():
            one, size = records.value(rows[0], place), records.value(rows[0], other)
            if one is not None and size is not None:
                made.add(round(one.value * size.value, 6))
        if made and max(made) <= MUCH * min(made):
            return True
    return False


def _odd(records: Records, place: int, spent: dict[str, float]) -> Iterator[Unequal]:
    amounts = set(spent.values())
    if len(amounts) != 2 or max(amounts) <= MUCH * min(amounts) or not _set(min(amounts), max(amounts)):
        return
    base = baseline_of(records)
    counts = {amount: sum(one == amount for one in spent.values()) for amount in amounts}
    usual = (
        spent[base] if base in spent else max(amounts, key=lambda one: (counts[one], one == next(iter(spent.values()))))
    )
    against = base if base in spent else next(name for name, amount in spent.items() if amount == usual)
    if by_name(against, usual):
        return
    for name, amount in spent.items():
        matched = any(one == amount and BASE_ROW.search(plain_name(other)) for other, one in spent.items())
        if amount != usual and not matched and not by_name(name, amount):
            lines = (records.groups[name][0].line, records.groups[against][0].line)
            yield Unequal(name, against, amount, usual, records.table.header[place], *lines)


def _set(less: float, more: float) -> bool:
    """Whether two amounts look like ones that somebody set: both round, or one a whole multiple of the other."""
    round_ = all(len(f"{one:.0f}".rstrip("0")) <= 2 and one >= 100 for one in (less, more))
    return round_ or (more / less == int(more / less) and len(f"{more:g}".strip("0").replace(".", "")) <= 3)
