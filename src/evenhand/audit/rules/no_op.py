"""Variants whose results are exactly the baseline's: they changed nothing, or were never switched on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Line, Log
from evenhand.audit.seeds import signs_of
from evenhand.audit.words import denied, hoped, planning

_SAID = re.compile(
    r"\b(?:all\s+(?:0|zero)\s+deltas|exact[- ]ties?|exactly tied|bit[- ]identical|byte[- ]identical|identical to "
    r"(?:the )?baseline|"
    r"no-op (?:behaviou?r|seeds?|rows?)|exactly the same (?:scores?|results?|loss(?:es)?|accurac\w+|outputs?|numbers?)|"
    r"identical (?:results?|scores?|metrics?|loss(?:es)?|accurac\w+) (?:to|as|for|across))\b",
    re.IGNORECASE,
)
_ZERO = re.compile(
    r"(?<![\d.])(?:[+±-]0\.0{1,4}\s?(?:pp|%)|0\.0{1,4}\s?pp)|d_acc\s*=\s*0(?![.\d])",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Ties that the text reports: in words, as exactly zero for all variants, or as = in a pattern of signs."""
    for log in logs:
        for line in log.spoken():
            found = _tie(log, line)
            signs = signs_of(line.body)
            if found is not None:
                yield Finding("no-op", "caution", place_of(log, line), {"words": found}, quote=found)
            elif signs is not None and signs.zero:
                facts = {"same": signs.zero, "count": signs.count}
                yield Finding("no-op", "caution", place_of(log, line), facts)


def _tie(log: Log, line: Line) -> str | None:
    if hoped(line) or planning(log, line):
        return None
    said = _SAID.search(line.body)
    zero = _ZERO.search(line.body)
    if said is not None and not denied(line.body, said.start()):
        return said[0]
    if zero is not None and re.search(r"\b(?:all|every|exact|tie)\b", line.body, re.IGNORECASE):
        return zero[0]
    return None


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "same" in f:
        return (
            f"{f['same']} of {f['count']} seeds show no difference at all: see whether the mechanism acted "
            f"there before its mean is read."
        )
    return (
        "Results that are exactly the baseline's say that the variant changed nothing here (no-op), not that it "
        "has no effect: see whether it was active."
    )


RULE = Rule("no-op", "A variant with exactly the results of the baseline is a row without a test.", check, say)
