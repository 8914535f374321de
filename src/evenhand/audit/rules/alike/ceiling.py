"""All arms at the ceiling of a task, or at chance, and a conclusion on the arms all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import AGAINST, ALIKE, BETTER, NO_EFFECT
from evenhand.audit.told.concluded.ceilings import flats_of
from evenhand.audit.told.concluded.closed import rests_alone
from evenhand.audit.told.concluded.concluded import drawn
from evenhand.audit.told.concluded.statements import below, share_a_word

_STATEMENTS = 6
_ARM = Pattern(r"\b(?:the|our|this) (?:method|variant|change|approach|modification|treatment)\b", re.IGNORECASE)
"""An arm of whatever name."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Results of arms at one level, in a table or in words, and below them a conclusion that nothing takes back."""
    for log in logs:
        yield from _read(log)


def _read(log: Log) -> Iterator[Finding]:
    told: set[int] = set()
    for one in flats_of(log):
        near = list(below(log, one.first if one.rows else one.last, one.section, _STATEMENTS))
        found = drawn(near, (NO_EFFECT, ALIKE)) or drawn(near, (AGAINST, BETTER), cued=True)
        if found is not None and found.line.number not in told:
            told.add(found.line.number)
            facts = {"at": one.at, "arms": one.arms, "word": found.words}
            about = found.cued or _ARM.search(found.statement.text) or share_a_word(found.statement.words, one.names)
            sure = one.rate and about and rests_alone(log, found, one.values, range(one.first, one.last + 1))
            places = (place_of(log, one.first),)
            yield Finding(
                "ceiling",
                "caution",
                place_of(log, found.line),
                facts,
                places,
                found.words,
                anywhere=True,
                unproven=not sure,
            )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"'{f['word']}': all {f['arms']} results (line {finding.others[0].line} on) are at {f['at']}, where no task "
        f"tells arms apart."
    )


RULE = Rule(
    "ceiling", "A conclusion on arms that are all at the ceiling of a task, or at chance.", check, say, tongues=True
)
