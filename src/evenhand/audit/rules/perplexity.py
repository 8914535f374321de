"""Loss and perplexity: one result printed twice."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log, Table
from evenhand.audit.number_words import printed
from evenhand.audit.numbers import Number
from evenhand.audit.said import said_in

_LOSS = re.compile(r"(?<![a-z])loss$", re.IGNORECASE)
_PERPLEXITY = re.compile(r"(?<![a-z])(?:perplexity|ppl)$", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Loss and perplexity side by side: the one follows from the other, so that two improvements are one."""
    for log in logs:
        seen: set[int] = set()
        for one in _all(log):
            section = log.line(one.place.line).section
            if section not in seen:
                seen.add(section)
                yield one


def _all(log: Log) -> Iterator[Finding]:
    for line in log.spoken():
        said = [one for one in said_in(line) if not one.number.signed]
        for one, other in pairwise(said):
            if _LOSS.search(one.label) and _PERPLEXITY.search(other.label):
                yield from _judged(log, line.number, one.number, other.number)
    for table in log.tables:
        yield from _in_table(log, table)


def _judged(log: Log, line: int, loss: Number, perplexity: Number) -> Iterator[Finding]:
    if not 0 < loss.value < 30 or perplexity.value < 1 or not loss.decimals:
        return
    same = [
        name
        for name, base in (("exp", math.e), ("2 **", 2.0))
        if base ** (loss.low) <= perplexity.high and perplexity.low <= base**loss.high
    ]
    facts = {"loss": printed(loss), "perplexity": printed(perplexity), "found": math.exp(loss.value)}
    if same:
        yield Finding("loss-and-perplexity", "note", place_of(log, line), {**facts, "way": same[0]})


def _in_table(log: Log, table: Table) -> Iterator[Finding]:
    """Rows for loss and for perplexity of one name, one below the other."""
    for one, other in pairwise(table.rows):
        if (
            not _LOSS.search(one.cells[0])
            or not _PERPLEXITY.search(other.cells[0])
            or _LOSS.sub("", one.cells[0]) != _PERPLEXITY.sub("", other.cells[0])
        ):
            continue
        place = next((i for i in range(1, len(table.header)) if table.columns[i][table.rows.index(one)] is not None), 0)
        loss, perplexity = (table.columns[place][table.rows.index(row)] for row in (one, other))
        if place and loss and perplexity:
            yield from _judged(log, other.line, loss, perplexity)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"Perplexity {f['perplexity']} is {f['way']} of the loss {f['loss']}: the two are one result, and count once."
    )


RULE = Rule(
    "loss-and-perplexity", "Loss and perplexity are one result: two improvements are one.", check, say, words=False
)
