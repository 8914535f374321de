"""A pattern of signs, or a word for one sign, that the listed differences do not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Level, Rule, lone, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE, lists_in
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.words import denied_at, hoped
from evenhand.audit.told.certainty.steady import clause_of, steady
from evenhand.audit.told.seeds.count import signs_of
from evenhand.audit.told.seeds.series import series_of

_OF_SIGNS = Pattern(
    r"\bsigns?\b|pattern|(?:mostly )?positive|negative|vorzeichen|stabl[ey]|stability|consistent(?:ly)?|"
    r"robust(?:ly)?|mixed|status|verdict|success|gains?\b|clear(?:ly)?|small|[\d+=/−-]+",
    re.IGNORECASE,
)
_ONE_SIGN = Pattern(
    r"\b(?:all|every|each)(?: (?:of (?:them|the)|the|\d|three|four|five))?(?: (?:seeds?|deltas?|differences|runs?))?"
    r"(?: (?:is|are|were|was))? (?:positive|negative|above zero|below zero)\b|"
    r"\b(?:consistent|same|one|identical) sign\b",
    re.IGNORECASE,
)
_PARTLY = Pattern(
    r"\b(?:mixed|most|majority|except|but (?:one|for)|one exception|two|both|\d (?:of|/)|unless|if|however|although|"
    r"mean|average|not)\b|\d/\d",
    re.IGNORECASE,
)
"""What limits a word for one sign, or says it of another number."""

_BELOW, _NEAR = 2, 4


def check(logs: list[Log]) -> Iterable[Finding]:
    """``2+/1-`` beside differences of which three are positive; a stable gain beside differences of both signs."""
    return lone(one for log in logs for one in (*_patterns(log), *_words(log)))


def _words(log: Log) -> Iterator[Finding]:
    """``+0.012, -0.004, +0.021: consistent gain``: words for one sign in the line of such values, or right below."""
    told = {series.line: series.values for series in series_of(log) if series.differences and log.english}
    own = [line for line in log.spoken() if log.english and line not in told]
    told |= {
        line: listed[0].numbers for line in own
        if len(listed := lists_in(line, 3)) == 1 and DIFFERENCE.search(listed[0].label)
        and all(n.signed and n.decimals for n in listed[0].numbers)
    }  # fmt: skip
    for line, values in told.items():
        plus, minus = (sum(sign * n.value > 0 for n in values) for sign in (1, -1))
        others = {n.start for n in line.numbers if n.decimals} - {n.start for n in values}
        if not plus or not minus or line.kind == "row" or others:
            continue
        place = log.by_number[line.number]
        below = [one for one in log.lines[place + 1 : place + 1 + _BELOW] if one.parent == line.parent]
        for one in (line, *(one for one in below if one.section == line.section and one.kind == line.kind)):
            found = steady(log, one) or _ONE_SIGN.search(one.body)
            if one is not line and not _of_them(log, one.low.replace(found[0].lower() if found else "", " "), line):
                break  # of something else
            clause = clause_of(one.body, found) if found is not None else ""
            if found is None or _PARTLY.search(clause) or denied_at(log, one, found.start()) or hoped(one):
                continue
            level: Level = "fault" if _ONE_SIGN.fullmatch(found[0]) else "caution"
            facts = {"words": found[0].lower(), "plus": plus, "minus": minus, "count": len(values)}
            yield Finding("signs-disagree", level, place_of(log, one), facts, (place_of(log, line),), found[0])
            break


def _patterns(log: Log) -> Iterator[Finding]:
    """Patterns of signs in the lines beside values."""
    for series in series_of(log):
        signed = [(v.value > 0) - (v.value < 0) for v in series.values]
        found = tuple(signed.count(sign) for sign in (1, 0, -1))
        for line in log.own(series.section) if len(series.values) >= 2 and series.differences else ():
            signs = signs_of(line.body)
            near = line.parent == series.line.parent and abs(line.number - series.line.number) <= _NEAR
            if signs is None or signs.count != len(series.values) or not near:
                continue
            if line not in (series.line, series.mean_line) and not _of_them(log, line.low, series.line):
                continue
            if found != (signs.plus, signs.zero, signs.minus):
                facts = {
                    "printed": f"{signs.plus}+/{signs.zero}=/{signs.minus}-",
                    "found": f"{found[0]}+/{found[1]}=/{found[2]}-",
                }
                yield Finding("signs-disagree", "fault", place_of(log, line), facts, (place_of(log, series.line),))


def _of_them(log: Log, text: str, values: Line) -> bool:
    """Whether the words beside signs name nothing that the values, and what they belong to, do not name."""
    own = " ".join([values.body, *log.path(values.section), *(one.body for one in log.parents(values))])
    return nothing_new(_OF_SIGNS.sub(" ", text), own)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "words" in f:
        return (
            f"'{f['words']}' is said of {f['count']} differences (line {finding.others[0].line}) of which {f['plus']} "
            f"{'is' if f['plus'] == 1 else 'are'} positive and {f['minus']} negative."
        )
    return (
        f"The signs are printed as {f['printed']}, but the differences at line {finding.others[0].line} have "
        f"{f['found']}."
    )


RULE = Rule(
    "signs-disagree",
    "A pattern of signs, or a word for one sign, that the differences beside it do not have.",
    check,
    say,
    words=False,
)
