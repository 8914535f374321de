"""The winners of a screening confirmed on the seeds that chose them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import denied_at
from evenhand.audit.told.seeds.count import Seeds, seeds_of

_CONFIRMED = Pattern(r"\bconfirmed\b", re.IGNORECASE, needs="confirmed")
_SCREENING = Pattern(
    r"\b(?:quick (?:stage|screen\w*|survivors?|pass|round)|screen(?:ed|ing|s)?|prun(?:ed|ing)|survivors?|keep set)\b",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """``confirmed`` in a section that screens first and has one seed for both."""
    for log in logs:
        for line in log.spoken():
            found = _CONFIRMED.search(line.body)
            if found is None or not _leads_results(log, line):
                continue
            screened = _screening(log, line)
            seeds = _one_seed(log, line)
            if screened is not None and seeds is not None:
                facts = {"seeds": seeds.count, "variants": _variants(log, line), "word": found[0].lower()}
                yield Finding(
                    "same-seeds",
                    "fault",
                    place_of(log, line),
                    facts,
                    (place_of(log, screened), place_of(log, seeds.line)),
                )


def _leads_results(log: Log, line: Line) -> bool:
    """Whether results of several arms stand below a line, or one in it."""
    return _variants(log, line) > 0 or _gained(line)


def _variants(log: Log, line: Line) -> int:
    place = log.by_number[line.number]
    return sum(one.parent == place and _gained(one) for one in log.lines[place + 1 : place + 40])


def _gained(line: Line) -> bool:
    """Whether a line tells a gain over something: a signed difference in points or percent."""
    return any(n.signed and n.unit in ("pp", "%") for n in line.numbers)


def _one_seed(log: Log, line: Line) -> Seeds | None:
    seeds = seeds_of(log, line)
    return seeds if seeds is not None and seeds.count <= 2 else None


def _screening(log: Log, line: Line) -> Line | None:
    section = line.section
    while section >= 0:
        for place in log.within(section):
            one = log.lines[place]
            if one.number >= line.number:
                break
            if one.kind in ("prose", "bullet") and _SCREENING.search(one.body) and not denied_at(log, one, 0):
                return one
        section = log.sections[section].parent
    return None


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    seeds = "one seed" if f["seeds"] == 1 else f"{f['seeds']} seeds"
    return (
        f"'{f['word']}' here is no confirmation: variants were chosen by a screening (line {finding.others[0].line}), "
        f"and the section names {seeds} for all of it (line {finding.others[1].line}). Winners on the seeds that chose "
        f"them look better than they are."
    )


RULE = Rule("same-seeds", "Variants that a screening chose are confirmed on the seeds of the screening.", check, say)
