"""The winner of several variants reported on the seeds that chose it."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.told.concluded.picked import picked_in


def check(logs: list[Log]) -> Iterable[Finding]:
    """A number that is the best of many where they are told, and the result where it is reported."""
    for log in logs:
        for one in picked_in(log):
            if not one.test:
                yield Finding(
                    "winner-on-its-seeds", "caution", place_of(log, one.line), {"value": one.value, "tried": one.count},
                    (place_of(log, one.chosen),), anywhere=True, unproven=not one.sure,
                )  # fmt: skip


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"{f['value']} is the best of {f['tried']} (line {finding.others[0].line}), reported on what chose it: its "
        f"number is too good, and fresh seeds or items would tell by how much."
    )


RULE = Rule(
    "winner-on-its-seeds",
    "The best of several variants reported on the very seeds that chose it.",
    check,
    say,
    tongues=True,
)
