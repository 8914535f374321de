"""A count and the share printed beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log
from evenhand.audit.number_words import printed, shown
from evenhand.audit.numbers import counts

_ONE_OF_SEVERAL = re.compile(r"\d\s*/\s*\d+\s*[,;]\s*(?:and\s+)?$")
"""The last of several counts: what follows is said of all."""


_OF_ELSE = re.compile(
    r"\s*(?:-?\s?CI\b|confidence|power|faster|slower|lower|higher|more|less|fewer|better|worse|reduc\w*|increas\w*|improv\w*|"
    r"smaller|larger|cheaper|relative|on|for|in|vs|than|among|when|if|at|after|excluding|without|threshold|target|"
    r"baseline|weighted|macro|micro)\b",
    re.IGNORECASE,
)
"""What follows a percentage that is none of the count."""


_STEPS = re.compile(r"\b(?:steps?|epochs?|iter\w*|checkpoints?|rounds?|seeds?|layers?)\s*[=:#]?\s*$", re.IGNORECASE)
"""Two steps with a stroke between are no count."""


def check(logs: list[Log]) -> Iterable[Finding]:
    """``80/429 (18.6%)``: the share must be that of the count, or of what is left."""
    for log in logs:
        for line in log.lines:
            if line.kind in ("code", "blank", "heading"):
                continue
            for count in counts(line.body):
                share = count.share
                if share is None or _ONE_OF_SEVERAL.search(line.body[: count.part.start]):
                    continue
                if _OF_ELSE.match(line.body, share.end) or _STEPS.search(line.body[: count.part.start]):
                    continue
                found = 100 * count.part.value / count.whole.value
                last = 2 * share.slack  # what is cut off in place of rounded is no fault
                if all(abs(one - share.value) > last * (1 + 1e-9) for one in (found, 100 - found)):
                    facts = {
                        "part": int(count.part.value),
                        "whole": int(count.whole.value),
                        "printed": printed(share),
                        "found": found,
                    }
                    yield Finding(
                        "count-and-rate",
                        "fault",
                        place_of(log, line),
                        facts,
                        quote=line.body[count.part.start : share.end],
                    )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return f"{f['part']} of {f['whole']} is {shown(f['found'], 2)} %, not {f['printed']}."


RULE = Rule("count-and-rate", "A share that is not the one of the count printed beside it.", check, say, words=False)
