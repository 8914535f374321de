"""How many items a log's test set has, where it says so of the set and not of one result."""

from __future__ import annotations

import re

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes.change import ITEMS
from evenhand.audit.told.shares.items import above_of

_TEST = Pattern(r"(?<![a-z])(?:test\w*|eval\w*|held[- ]out|benchmark)|prueba|тест\w*|测试|评测|测评", re.IGNORECASE)
_NO_ITEMS = Pattern(r"seeds?|epochs?|steps?|runs?|points?|gpus?|hours?|ms|batch\w*", re.IGNORECASE)


def size_of_test(log: Log, section: int) -> int | None:
    """The one number of items that the nearest section tells of its test data."""
    told = above_of(log, section)[1]
    for one in (*log.chain(section), -1):
        own = {line.number for line in log.own(one)} if one >= 0 else set()
        lines = [line for line in log.lines if line.number in own or (one < 0 and line.section < 0)]
        found = {
            entry.items
            for entry in told
            if entry.line.number in own
            and _of_the_set(entry.line)
            and not (set(map(str.lower, entry.words)) & {"seeds"})
            and not (entry.words and _NO_ITEMS.fullmatch(entry.words[0]))
        } | {
            int(match[1]) for line in lines if _of_the_set(line) for match in ITEMS.finditer(line.body.replace(",", ""))
        }
        found = {items for items in found if items >= 10}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _of_the_set(line: Line) -> bool:
    """Whether a line tells of test data and of no result."""
    plain = line.kind in ("prose", "bullet") and not any(n.decimals or n.unit in ("%", "pp") for n in line.numbers)
    return plain and _TEST.search(line.body) is not None
