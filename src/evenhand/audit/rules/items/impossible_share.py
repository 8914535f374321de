"""A share of right answers that no whole number of the stated items gives (GRIM: Brown & Heathers 2017)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped
from evenhand.audit.told.shares.grim import AVERAGED, in_halves

_ITEMS = Pattern(
    r"(?:\(|\bon\s+(?:the\s+|all\s+|our\s+)?|\bover\s+|\bn\s*=\s*)(\d{1,4})[\s-]*"
    r"(?:(?:held[- ]out|test|dev|debug|eval(?:uation)?|validation|random|unseen)\s+)?"
    r"(?:Qs?|questions?|problems?|items?|examples?|prompts?|images?|queries)\b",
    re.IGNORECASE,
)
_SHARE = Pattern(
    r"(?:accuracy|acc|pass rate|pass@1|success rate|solve rate|exact match|win rate|\bEM|"
    r"correct)\s*(?:\([^)]*\))?\s*(?:=|:|of|was|is|at)?\s*$",
    re.IGNORECASE,
)
_AVERAGED = Pattern(
    r"\b(?:seeds?|runs|samples per|top-?\d|"
    r"drop\w*|\bvs\b|from|train\w*|fine-?tun\w*|few-?shot|\d+-shot|calibrat\w*|avg@\d+|pass@(?:[2-9]|1\d)\d*|partial|rubric|"
    r"graded?|judged?|each|per)\b|±|→|->",
    re.IGNORECASE,
)


_SHORT = 120
"""Letters of a line that tells of nothing else."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """``accuracy 0.347 on 50 questions``: the nearest shares are 17/50 and 18/50."""
    for log in logs:
        for line in log.spoken():
            items = {int(one[1]) for one in _ITEMS.finditer(line.body)}
            if len(items) != 1 or _AVERAGED.search(line.body) or AVERAGED.search(line.body) or hoped(line):
                continue
            yield from _shares(log, line, items.pop())


def _shares(log: Log, line: Line, items: int) -> Iterable[Finding]:
    named = [n for n in line.numbers if _SHARE.search(line.body[: n.start])]
    alone = (
        all(n in named or n.value == items or line.body[: n.start].endswith("@") for n in line.numbers)
        and len(line.body) <= _SHORT
    )
    for number in named:
        if items >= 2 and _impossible(number, items):
            if in_halves(number, items):
                continue
            below = int(number.share * items)
            facts = {
                "printed": printed(number),
                "items": items,
                "below": below,
                "low": below / items,
                "high": (below + 1) / items,
            }
            yield Finding("impossible-share", "fault", place_of(log, line), facts, unproven=not alone)


def _impossible(number: Number, items: int) -> bool:
    if (
        number.signed
        or number.about
        or not 0 <= number.share <= 1
        or number.unit not in ("", "%")
        or not number.decimals
    ):
        return False
    slack = number.slack / (100 if number.unit == "%" else 1)
    return abs(round(number.share * items) / items - number.share) > 2 * slack


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    percent = str(f["printed"]).endswith("%")
    low, high = (f"{100 * f[end]:.2f}%" if percent else f"{f[end]:.4f}" for end in ("low", "high"))
    return (
        f"No whole number of {f['items']} items gives {f['printed']}: {f['below']} would be {low}, "
        f"{f['below'] + 1} would be {high}."
    )


RULE = Rule(
    "impossible-share", "A share of right answers that no whole number of the stated items gives (GRIM).", check, say
)
