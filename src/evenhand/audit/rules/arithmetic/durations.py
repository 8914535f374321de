"""A stretch of time that is given twice, in different units."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Level, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.text.numbers import SECONDS, Number
from evenhand.audit.text.pattern import Pattern

_SAME = 1.5
_OPENS = Pattern(r"\s*[(=≈]\s*[~≈=]?\s*")
_COMPUTED = Pattern(r"[×x*/·+÷]\s*[~≈]?\s*$|\b(?:per|at|by|of|times|each|every)\s+[~≈]?\s*$", re.IGNORECASE)
"""A stretch of time that is a factor or a summand: what follows the sign of equality is of more than it."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """``39,592s (~11.0h)``."""
    for log in logs:
        for line in log.lines:
            if line.kind in ("code", "blank", "heading"):
                continue
            for one, other in zip(line.numbers, line.numbers[1:], strict=False):
                units = one.unit in SECONDS and other.unit in SECONDS and one.unit != other.unit
                closed = line.body[other.end : other.end + 1] in (")", "", ",", ";")
                if (
                    not units
                    or not closed
                    or not _OPENS.fullmatch(line.body[one.end : other.start])
                    or _COMPUTED.search(line.body[: one.start])
                    or one.signed
                    or other.signed
                ):
                    continue
                if _of_several(line, one):
                    continue
                scale = SECONDS[one.unit] / SECONDS[other.unit]
                if one.high * scale < other.low - other.slack or one.low * scale > other.high + other.slack:
                    facts = {
                        "one": printed(one),
                        "other": printed(other),
                        "found": one.value * scale,
                        "unit": other.unit,
                    }
                    apart = max(one.value * scale, other.value) / max(min(one.value * scale, other.value), 1e-9)
                    near = 1.05 < apart < _SAME  # a larger factor is that of another stretch of time
                    level: Level = "fault" if near and not one.about else "hint"
                    yield Finding("durations-disagree", level, place_of(log, line), facts)


def _of_several(line: Line, last: Number) -> bool:
    """Whether a stretch of time is told in several units, such as ``1h 31m``, of which this is the last."""
    return any(
        one.unit in SECONDS and one.end <= last.start and not line.body[one.end : last.start].strip(" :,+")
        for one in line.numbers
    )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return f"{f['one']} is {shown(f['found'], 2)} {f['unit']}, not {f['other']}."


RULE = Rule("durations-disagree", "A stretch of time given in two units that do not agree.", check, say, words=False)
