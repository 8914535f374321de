"""A gain that more seeds turned into a loss."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.rules.certainty.taken_back import taken_back
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import printed
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import denied_at, tokens
from evenhand.audit.told.certainty.steady import STEADY
from evenhand.audit.told.seeds.evidence import about
from evenhand.audit.told.seeds.series import Series, series_of

_WON = Pattern(r"\b(?:success|positive|gain|improve\w*)\b", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Mean differences under headings that name the same thing: few seeds above, more and the other sign below."""
    for log in logs:
        yield from taken_back(log)
        means = [
            one for one in series_of(log) if one.mean is not None and one.count and one.differences and one.section >= 0
        ]
        for later in means:
            for earlier in means:
                if _replaced(log, earlier, later):
                    assert earlier.mean is not None
                    assert later.mean is not None
                    facts = {
                        "before": printed(earlier.mean),
                        "few": earlier.count,
                        "after": printed(later.mean),
                        "many": later.count,
                    }
                    yield Finding(
                        "not-replicated",
                        "caution",
                        place_of(log, later.mean_line),
                        facts,
                        (place_of(log, earlier.mean_line),),
                    )


def _replaced(log: Log, earlier: Series, later: Series) -> bool:
    if earlier.mean is None or later.mean is None or (earlier.count or 0) >= (later.count or 0):
        return False
    if (
        earlier.mean_line.number >= later.mean_line.number
        or earlier.label != later.label
        or earlier.mean.value * later.mean.value >= 0
    ):
        return False
    own = {word for word in about(log, later.section) if word in tokens(log.sections[later.section].title)}
    above = about(log, earlier.section)
    return len(own) >= 2 and own <= above and _claimed(log, earlier)


def _claimed(log: Log, series: Series) -> bool:
    """Whether the section of a result calls it steady and won."""
    for line in log.own(series.section):
        found = STEADY.search(line.body)
        if found is not None and _WON.search(line.body) and not denied_at(log, line, found.start()):
            return True
    return False


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if f.get("told"):
        few, many = finding.others
        return (
            f"The difference {f['before']} is that of {f['few']} repeats (line {few.line}); over {f['many']} it is "
            f"{f['after']} ({f['one']} and {f['other']}, line {many.line}): more repeats took the gain back."
        )
    return (
        f"{f['before']} over {f['few']} seeds (line {finding.others[0].line}) is {f['after']} over {f['many']} seeds "
        f"here: the gain was not found again, by the seeds or by what else was changed."
    )


RULE = Rule(
    "not-replicated", "A gain over few seeds that more seeds in the same log do not have.", check, say, tongues=True
)
