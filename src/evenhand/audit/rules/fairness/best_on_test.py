"""The best of several looks at the test data told as the result."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.told.concluded.picked import picked_in


def check(logs: list[Log]) -> Iterable[Finding]:
    """A number that is the best of many looks at test data where they are told, and the result where it is reported."""
    for log in logs:
        for one in picked_in(log):
            if one.test:
                yield Finding(
                    "best-on-test", "caution", place_of(log, one.line), {"value": one.value, "count": one.count},
                    (place_of(log, one.chosen),), anywhere=True, unproven=not one.sure,
                )  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    many = f"{f['count']} looks" if f["count"] else "many looks"
    return (
        f"{f['value']} is the best of {many} at the test data (line {finding.others[0].line}): it is what luck "
        f"helped most; one that other data chose is the result."
    )


RULE = Rule(
    "best-on-test", "The best of several evaluations on the test items told as the result.", check, say, tongues=True
)
