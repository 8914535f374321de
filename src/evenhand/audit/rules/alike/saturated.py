"""Tasks at their ceiling for every arm: no difference can show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import denied_at, hoped, planning
from evenhand.audit.told.arms.lists import Arm, arms_of

_NONE = Pattern(
    r"\b(?:all|every|no)\b.*(?:[+±]?0\.0+\s?pp|\bno (?:measurable )?gain|\bsame\b|\bties?\b)|\bceiling\b|\bsaturat",
    re.IGNORECASE,
)
_NEAR = 98.0
_NO_EFFECT = Pattern(
    r"\bno (?:\w+ )?(?:effect|difference|influence|impact|benefit)\b|\birrelevant\b|"
    r"\b(?:does|do) ?(?:not|n['’]t) (?:matter|help)\b|\bmakes? no difference\b|"
    r"\b(?:is|are) (?:useless|pointless|unnecessary|not needed|superfluous)\b",
    re.IGNORECASE,
    needs=" help| matter|benefit|difference|effect|impact|influence|irrelevant|useless|pointless|"
    "unnecess|needed|superfl",
)
_CHANCE = Pattern(
    r"\b(?:chance(?: level| rate)?|majority(?: class)?|random(?: guess\w*)?)(?: is| at|:| =| of|,)?\s*(\d[\d.]*\d|\d+)",
    re.IGNORECASE,
)
_EVERY = Pattern(
    r"\b(?:for|in|across|with|on)\s+(?:every|each|all|both)\s+(?:(?:of )?(?:the )?\w+ )?(?:arms?|variants?|mixtures?|"
    r"models?|methods?|settings?|configs?|configurations|runs?|conditions|checkpoints)\b|"
    r"\bboth (?=\d)|\bboth (?:(?:arms|variants|models|methods|runs) )?(?:(?:are )?at|have|reach(?:ed)?|scored?|hit)\b|"
    r"\bwith (?:and|or) without\b",
    re.IGNORECASE,
)
_NO_TASK = Pattern(
    r"\b(?:util\w*|coverage|uptime|memory|confidence|sparsity|availab\w*|overlap|agree\w*|similar\w*|train\w*|progress|"
    r"attack\w*|leak\w*|quantile|percentile)\b",
    re.IGNORECASE,
)
"""What is no result on a task, or is to be kept low."""


_CONDITION = Pattern(r"(?:\bsub-|\bonly (?:at|with|for|above|below) )$", re.IGNORECASE)
"""Before a number that says where something holds."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """A baseline within two points of 100 % whose variants show no difference, as the lines beside it say."""
    for log in logs:
        yield from flat_in_words(log)
        for arm, told in full_tasks(log):
            assert arm.value is not None
            facts = {"baseline": printed(arm.value), "room": 100 - arm.value.value}
            yield Finding("saturated", "caution", place_of(log, arm.line), facts, (place_of(log, told),))


def full_tasks(log: Log) -> Iterator[tuple[Arm, Line]]:
    """Baselines within two points of 100 %, each with the line beside it that tells of no difference."""
    for arm in arms_of(log):
        if not arm.baseline or arm.value is None or arm.value.unit != "%" or not _NEAR <= arm.value.value <= 100:
            continue
        told = next((one for one in _beside(log, arm.line) if _NONE.search(one.body)), None)
        if told is not None:
            yield arm, told


def flat_in_words(log: Log) -> Iterator[Finding]:
    """``1.000 for every arm, so the penalty has no effect``; ``50.9 and 50.9, no effect (chance is 50)``."""
    for line in log.spoken():
        none = _NO_EFFECT.search(line.body)
        if none is None or denied_at(log, line, none.start()) or hoped(line) or planning(log, line):
            continue
        chance = _CHANCE.search(line.body)
        every = _EVERY.search(line.body)
        level = next((float(one) for one in chance.groups() if one), None) if chance is not None else None
        fine = [n for n in line.numbers if n.decimals or n.unit == "%"]
        fine = [n for n in fine if not _CONDITION.search(line.body[: n.start])]
        values = [n for n in fine if not n.signed and not n.spread and n.unit in ("", "%")]
        values = [n for n in values if chance is None or not chance.start() <= n.start < chance.end()]
        if level is not None and values:
            last = values if every is None else values[-1:]
            scale = 100.0 if max(level, *(n.value for n in last)) > 1 else 1.0
            if sum(abs(n.value - level) <= 0.011 * scale for n in last) >= (1 if every else 2):
                facts: dict[str, object] = {"baseline": f"{level:g}", "room": None}
                yield Finding("saturated", "caution", place_of(log, line), facts, quote=none[0])
        elif _NO_TASK.search(line.body) is None and _all_at_top(values, every=every is not None):
            facts = {"baseline": printed(values[0]), "room": 0.0}
            yield Finding("saturated", "caution", place_of(log, line), facts, quote=none[0])


def _all_at_top(values: list[Number], *, every: bool) -> bool:
    """Whether the only result is that of all arms, or two of two arms are one number, and that is the ceiling."""
    same = len(values) == 2 and values[0].value == values[1].value
    return ((every and len(values) == 1) or same) and all(map(_top, values))


def _top(number: Number) -> bool:
    """Whether a value is at its ceiling: a share of one, or at least 99.5 %."""
    return number.value == 1 if not number.unit and number.value <= 1 else 99.5 <= number.value <= 100


def _beside(log: Log, line: Line) -> list[Line]:
    place = log.by_number[line.number]
    return [one for one in log.lines[place : place + 5] if one.section == line.section and one.parent == line.parent]


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if not finding.others:
        where = "chance" if f["room"] is None else "the ceiling"
        return (
            f"Every result here is at {where} ({f['baseline']}): the task tells nothing about the arms, so it cannot "
            f"show that something has no effect."
        )
    return (
        f"The baseline has {f['baseline']}: {shown(f['room'], 2)} points are left to gain, and no variant differs "
        f"(line {finding.others[0].line}): so near to its ceiling a task can hardly show a gain."
    )


RULE = Rule("saturated", "A task at its ceiling for every arm cannot tell them apart.", check, say)
