"""A share that no whole number of the stated items gives, among shares that whole numbers do give (GRIM)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.told.shares.closed import impossible_among_others
from evenhand.audit.told.shares.columns import odd_counts
from evenhand.audit.told.shares.grim import (
    Impossible,
    impossible_in_columns,
    impossible_in_records,
    possible,
)
from evenhand.audit.told.shares.grim_words import impossible_in_words, impossible_under_a_name
from evenhand.audit.told.shares.items import graded
from evenhand.audit.told.shares.stated import impossible_stated
from evenhand.audit.told.shares.wholes import impossible_of_a_whole


def check(logs: list[Log]) -> Iterable[Finding]:
    """Shares that no whole number of their items gives, once a line; a count beside a share is judged elsewhere."""
    for log in logs:
        told: set[tuple[int, float]] = set()
        counted = {one.line for one in odd_counts(log)}  # where a count stands beside a share, that is what is wrong
        for found in sorted(_impossible_in(log), key=lambda one: (not one.closed, not one.sure)):
            if graded(log) and possible(found.share, 2 * found.items, cut=False):
                continue
            if found.line.number not in counted and (found.line.number, found.share.value) not in told:
                told.add((found.line.number, found.share.value))
                yield _impossible(log, found)


def _impossible_in(log: Log) -> Iterator[Impossible]:
    yield from impossible_among_others(log)
    yield from impossible_of_a_whole(log)
    yield from impossible_in_columns(log)
    yield from impossible_under_a_name(log)
    yield from impossible_in_words(log)
    yield from impossible_in_records(log)
    yield from impossible_stated(log)


def _impossible(log: Log, found: Impossible) -> Finding:
    unit = 100 if found.share.unit == "%" or found.share.value > 1 else 1
    below = int(found.share.value / unit * found.items)
    facts = {
        "printed": printed(found.share), "items": found.items, "below": below, "low": unit * below / found.items,
        "high": unit * (below + 1) / found.items,
        "decimals": found.share.decimals + 1, "value": found.share.value,
    }  # fmt: skip
    others = (place_of(log, found.items_line),) if found.items_line is not found.line else ()
    return Finding(
        "odd-share", "caution", place_of(log, found.line), facts, others, printed(found.share),
        unproven=not found.sure, closed=found.closed,
    )  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"No whole number of {f['items']} items gives {f['printed']}: "
        f"{f['below']} would be {f['low']:.{f['decimals']}f}, {f['below'] + 1} would be {f['high']:.{f['decimals']}f}. "
        f"It is of another number of items, a mean of several shares, or wrong."
    )


RULE = Rule(
    "odd-share",
    "A share that no whole number of the stated items gives, where such numbers give all others (GRIM).",
    anywhere(check),
    say,
    words=False,
)
