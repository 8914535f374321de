"""A pattern of signs that the listed differences do not have."""

from __future__ import annotations

from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.told.seeds.count import signs_of
from evenhand.audit.told.seeds.series import series_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """``2+/1-`` beside differences of which three are positive."""
    for log in logs:
        for series in series_of(log):
            if len(series.values) < 2 or not series.differences:
                continue
            for line in log.own(series.section):
                signs = signs_of(line.body)
                if signs is None or line.parent != series.line.parent or abs(line.number - series.line.number) > 4:
                    continue
                found = (
                    sum(v.value > 0 for v in series.values),
                    sum(v.value == 0 for v in series.values),
                    sum(v.value < 0 for v in series.values),
                )
                if found != (signs.plus, signs.zero, signs.minus):
                    facts = {
                        "printed": f"{signs.plus}+/{signs.zero}=/{signs.minus}-",
                        "found": f"{found[0]}+/{found[1]}=/{found[2]}-",
                    }
                    yield Finding("signs-disagree", "fault", place_of(log, line), facts, (place_of(log, series.line),))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return (
        f"The signs are printed as {f['printed']}, but the differences at line {finding.others[0].line} have "
        f"{f['found']}."
    )


RULE = Rule(
    "signs-disagree", "A pattern of signs that the differences listed beside it do not have.", check, say, words=False
)
