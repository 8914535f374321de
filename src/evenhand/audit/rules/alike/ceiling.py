"""All arms at the ceiling of a task, or at chance, and a conclusion on the arms all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.rules.alike.saturated import flat_in_words
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.verdicts import AGAINST, ALIKE, BETTER, NO_EFFECT
from evenhand.audit.told.concluded.ceilings import PROPERTY, Flat, flats_of
from evenhand.audit.told.concluded.closed import from_here, rests_alone, right_beneath, right_there
from evenhand.audit.told.concluded.concluded import Conclusion, drawn
from evenhand.audit.told.concluded.statements import Statement, below, share_a_word

_STATEMENTS = 6
_ARM = Pattern(r"\b(?:the|our|this) (?:method|variant|change|approach|modification|treatment)\b", re.IGNORECASE)
"""An arm of whatever name."""

_KEPT = Pattern(r"\b(?:preserv|retain|keeps? up)", re.IGNORECASE)
"""What says that all reach the level, and nothing of the one against the other."""

_KNOWN = Pattern(r"\b(?:ceiling|saturat\w+)\b", re.IGNORECASE)
"""A log that speaks of its ceiling has seen it."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """Results of arms at one level, in a table or in words, and below them a conclusion that nothing takes back."""
    for log in logs:
        yield from _read(log)


def _read(log: Log) -> Iterator[Finding]:
    flats = tuple(flats_of(log))
    known = bool(flats) and any(_KNOWN.search(line.body) for line in log.spoken())
    told = {one.place.line for one in flat_in_words(log)} if flats else set()
    for one in flats:
        told_by = one.told
        near = from_here(log, told_by, _STATEMENTS) if told_by else [*below(log, one.first, one.section, 6)]
        none = drawn(near, (NO_EFFECT, ALIKE))
        found = none or drawn(near, (AGAINST, BETTER), cued=True)
        if found is not None and found.line.number not in told:
            told.add(found.line.number)
            facts = {"at": one.at, "arms": one.arms, "word": found.words}
            sure = (
                one.rate
                and not known
                and (none is not None or one.at != "the ceiling")
                and (log.english or found.cued)
                and not _KEPT.search(found.words)
                and _about(one, near, found)
            )
            alone = sure and rests_alone(log, found, one.values, range(one.first, one.last + 1))
            closed = sure and _closed(log, one, near, found, alone=alone)
            yield Finding(
                "ceiling",
                "caution",
                place_of(log, found.line),
                facts,
                (place_of(log, one.first),),
                found.words,
                anywhere=True,
                closed=closed,
                unproven=not (alone or closed),
            )


def _closed(log: Log, one: Flat, near: Sequence[Statement], found: Conclusion, *, alone: bool) -> bool:
    """Whether a conclusion stands right behind results that are all at the ceiling, with no other result between."""
    if one.at != "the ceiling" or log.data:
        return False
    if one.told is not None:
        return alone and right_there(one.told, near, found, one.values)
    return right_beneath(log, found, one.values, (one.first, one.last), cheap=False)


def _about(one: Flat, near: Sequence[Statement], found: Conclusion) -> bool:
    """Whether a conclusion is drawn on the arms: it says so, names one, or stands right beside their results."""
    text, said = found.statement.text, found.statement
    if any(PROPERTY.search(s.text) for s in ((one.told, said) if one.told else (said,) if one.across else ())):
        return False
    if one.told is not None and said.line.number <= one.told.lines[-1].number:  # in the same line
        return right_there(one.told, near, found, one.values)
    if found.cued or _ARM.search(text) or share_a_word(said.words, one.names):
        return True
    return bool(one.across) and (said is near[0] or any(said.names(name) for name in one.across))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    many = "both" if f["arms"] == 2 else f"all {f['arms']}" if f["arms"] else "all"
    return (
        f"'{f['word']}': {many} results (line {finding.others[0].line} on) are at {f['at']}, where no task tells arms "
        f"apart."
    )


RULE = Rule(
    "ceiling", "A conclusion on arms that are all at the ceiling of a task, or at chance.", check, say, tongues=True
)
