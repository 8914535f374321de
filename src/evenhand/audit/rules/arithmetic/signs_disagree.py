"""A pattern of signs that the listed differences do not have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.told.seeds.count import signs_of
from evenhand.audit.told.seeds.series import Series, series_of


def check(logs: list[Log]) -> Iterable[Finding]:
    """``2+/1-`` beside differences of which three are positive."""
    for log in logs:
        for series in series_of(log):
            if len(series.values) < 2 or not series.differences:
                continue
            for line in log.own(series.section):
                signs = signs_of(line.body)
                if (
                    signs is None
                    or signs.count != len(series.values)
                    or line.parent != series.line.parent
                    or abs(line.number - series.line.number) > 4
                ):
                    continue
                if line is not series.line and not _of_them(log, line, series):
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


def _of_them(log: Log, line: Line, series: Series) -> bool:
    """Whether the words of a line of signs name nothing that the values, and what they belong to, do not name."""
    own = " ".join([series.line.body, *log.path(series.section), *(one.body for one in log.parents(series.line))])
    return nothing_new(re.sub(r"\bsigns?\b|pattern|positive|negative|vorzeichen|[\d+=/−-]+", " ", line.low), own)


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
