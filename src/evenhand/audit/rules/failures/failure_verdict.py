"""A verdict on an idea that rests on a failure of machine, network or build."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.words import planning
from evenhand.audit.told.concluded.failures import verdicts_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """A failure and, behind it about the same thing, a verdict that nothing takes back."""
    for log in logs:
        told: set[int] = set()
        for one in verdicts_of(log):
            said = one.conclusion.line
            if said.number not in told and (log.data or not planning(log, said)):
                told.add(said.number)
                facts = {"failure": one.failure, "verdict": one.conclusion.words}
                places = (place_of(log, one.line),)
                yield Finding(
                    "failure-as-verdict",
                    "fault" if said.number == one.line else "caution",
                    place_of(log, said),
                    facts,
                    places,
                    unproven=not (one.sure and _in_one_record(log, one.line, said.number)),
                )


def _in_one_record(log: Log, failed: int, said: int) -> bool:
    """Whether a file of data tells a failure and a verdict in one row, one object, or the verdict in a comment."""
    if not log.data or failed == said or log.line(said).text.lstrip().startswith("#"):
        return True
    between = [line.text for line in log.lines if min(failed, said) <= line.number <= max(failed, said)]
    return log.name.endswith(".json") and not any(re.search(r"[{}]", text) for text in between)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = f" (line {finding.others[0].line})" if finding.others else ""
    return (
        f"'{f['verdict']}' is concluded behind a failure ('{f['failure']}'{where}): what did not run was not "
        f"measured, and nothing is known of the idea by it."
    )


RULE = Rule(
    "failure-as-verdict",
    "A verdict on an idea drawn from a run that memory, time, network or a build stopped.",
    anywhere(check),
    say,
    tongues=True,
)
