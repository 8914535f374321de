"""The winners of a screening confirmed on the seeds that chose them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import denied_at, hoped
from evenhand.audit.told.seeds.count import Seeds, seeds_of

_CONFIRMED = Pattern(r"\bconfirmed\b", re.IGNORECASE, needs="confirmed")
_ON_SEED = Pattern(
    r"(?:\b(?:on|with|over|at) (?:the )?|\()seeds?\s*[=:]?\s*(\d+(?:\s*(?:,|-|–|and|to)\s*\d+)*)", re.IGNORECASE
)
_SCREENED = Pattern(r"\b(?:best of \d+|quick|screen\w*|prun\w*|survivors?|keep set|kept|candidates?)\b", re.IGNORECASE)
_SCREENING = Pattern(
    r"\b(?:quick (?:stage|screen\w*|survivors?|pass|round)|screen(?:ed|ing|s)?|prun(?:ed|ing|e)|survivors?|keep set)\b",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """``confirmed`` in a section that screens first and has one seed for both."""
    for log in logs:
        for line in log.spoken():
            found = _CONFIRMED.search(line.body)
            if found is not None and not hoped(line):
                yield from _in_one_line(log, line, found)
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


def _in_one_line(log: Log, line: Line, found: re.Match[str]) -> Iterator[Finding]:
    """``12 variants screened on seed 17; the best three confirmed on seed 17``."""
    screened = _SCREENED.search(line.body)
    named = [(one.start(), one[1]) for one in _ON_SEED.finditer(line.body)]
    if screened is None or len(named) != 2 or named[0][1] != named[1][1] or denied_at(log, line, found.start()):
        return
    if screened.start() < named[0][0] < found.start() < named[1][0]:
        facts = {"seeds": 1, "variants": 0, "word": found[0].lower()}
        yield Finding("same-seeds", "fault", place_of(log, line), facts, (place_of(log, line),))


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
    """A line before that tells of a screening, in the same section or one above, and not of another task."""
    mine = list(log.parents(line))
    for section in log.chain(line.section):
        for one in log.own(section):
            if one.number >= line.number:
                break
            told = one.kind in ("prose", "bullet") and _SCREENING.search(one.body) and not denied_at(log, one, 0)
            if told and not any(_beside(above, mine) for above in log.parents(one)):
                return one
    return None


def _beside(point: Line, mine: list[Line]) -> bool:
    """Whether a point stands beside one of others under one point: it is another task."""
    return point.parent is not None and point not in mine and any(one.parent == point.parent for one in mine)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    seeds = "one seed" if f["seeds"] == 1 else f"{f['seeds']} seeds"
    return (
        f"'{f['word']}' here is no confirmation: variants were chosen by a screening (line "
        f"{finding.others[0].line}), and the section names "
        f"{seeds} for all of it (line {finding.others[-1].line}). Winners on the seeds that chose them look better "
        f"than they are."
    )


RULE = Rule("same-seeds", "Variants that a screening chose are confirmed on the seeds of the screening.", check, say)
