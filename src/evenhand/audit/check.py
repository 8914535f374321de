"""All rules over logs that are read together."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.audit.finding import LEVELS, Finding, Rule
from evenhand.audit.log import Log
from evenhand.audit.rules import RULES


def audit(logs: Sequence[Log], rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """The findings of logs, in the order of files and lines, the gravest first on a line.

    Args:
        logs: read together, so that what one says of another is seen.
        rules: all of them, or some.
    """
    spoken = [log for log in logs if log.english]
    found = [one for rule in rules for one in rule.check(spoken if rule.words else list(logs))]
    order = {log.name: place for place, log in enumerate(logs)}
    unique = {(one.rule, one.place.file, one.place.line, one.quote): one for one in reversed(found)}
    return tuple(
        sorted(
            unique.values(),
            key=lambda one: (order[one.place.file], one.place.line, LEVELS.index(one.level), one.rule, one.quote),
        )
    )


def sentence(finding: Finding) -> str:
    """What a finding says."""
    return next(rule for rule in RULES if rule.name == finding.rule).say(finding)
