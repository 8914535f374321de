"""A change on a subset that the full set turns round: +20 % on 16 questions, -4 % on 80."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.rules.items.sized import turned_in
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import signed
from evenhand.audit.told.changes.change import ITEMS, Change, items_of
from evenhand.audit.told.changes.changes import changes_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """Two changes of one metric over different numbers of items, with opposite signs."""
    for log in logs:
        yield from _beside(log)
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


def _beside(log: Log) -> Iterator[Finding]:
    for few, many in turned_in(log):
        facts = {"few": few.items, "many": many.items, "small": few.told, "large": many.told}
        places = (place_of(log, many.line),)
        yield Finding("subset-against-full", "fault", place_of(log, few.line), facts, places, anywhere=True)


def _metric(change: Change) -> str:
    text = ITEMS.sub(" ", change.of.lower())
    words = re.findall(r"[a-z][a-z0-9@-]+", text)
    return " ".join(
        word
        for word in words
        if word
        not in ("baseline", "final", "before", "after", "avg", "average", "mean", "full", "subset", "delta", "change")
    )


def _relative(change: Change) -> str:
    return f"{signed(100 * (change.new.value / change.base.value - 1), 1)} %" if change.base.value else "a change"


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"{f['few']} items say {f['small']}, {f['many']} items (line {finding.others[0].line}) say {f['large']}: "
        f"the subset does not stand for the whole."
    )


RULE = Rule("subset-against-full", "A change on few items that many items turn round.", check, say)
