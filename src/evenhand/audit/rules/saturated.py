"""Tasks at their ceiling for every arm: no difference can show."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.arms import arms_of
from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Line, Log
from evenhand.audit.shown import printed, shown

_NONE = re.compile(
    r"\b(?:all|every|no)\b.*(?:[+±]?0\.0+\s?pp|\bno (?:measurable )?gain|\bsame\b|\btie)|\bceiling\b|\bsaturat",
    re.IGNORECASE,
)
_NEAR = 98.0


def check(logs: list[Log]) -> Iterable[Finding]:
    """A baseline within two points of 100 % whose variants show no difference, as the lines beside it say."""
    for log in logs:
        for arm in arms_of(log):
            if not arm.baseline or arm.value is None or arm.value.unit != "%" or not _NEAR <= arm.value.value <= 100:
                continue
            beside = _beside(log, arm.line)
            told = next((one for one in beside if _NONE.search(one.body)), None)
            if told is not None:
                facts = {"baseline": printed(arm.value), "room": 100 - arm.value.value}
                yield Finding("saturated", "caution", place_of(log, arm.line), facts, (place_of(log, told),))


def _beside(log: Log, line: Line) -> list[Line]:
    place = log.by_number[line.number]
    return [one for one in log.lines[place : place + 5] if one.section == line.section and one.parent == line.parent]


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"The baseline has {f['baseline']}: {shown(f['room'], 2)} points are left to gain, and no variant differs "
        f"(line {finding.others[0].line}). "
        "The task is at its ceiling and tells nothing about the variants."
    )


RULE = Rule("saturated", "A task at its ceiling for every arm cannot tell them apart.", check, say)
