"""The best of several looks at the test data told as the result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import denied, hoped_near, planning
from evenhand.audit.told.concluded.picked import picked_in
from evenhand.audit.told.fair.looks import best_looks
from evenhand.audit.told.fair.winners import won_again

_MANY = r"(?:(?:the )?(?:last )?\d+|two|three|four|five|six|eight|ten|twelve|twenty|all|many|several)"
_LOOKS = (
    r"(?:evaluations?|evals?|check-?points?|ckpts?|readings?|scores?|looks?|snapshots?|epochs?|measurements?|passes)"
)
_TEST = r"(?:held[- ]out )?test(?:[- ](?:set|split|data|items?|questions))?"
_SAID = Pattern(
    rf"\b(?:best|max(?:imum)?|peak|highest|top)[ -](?:\w+ )?(?:of|among|out of|over|across|"
    rf"from)[ -](?:the )?{_MANY} (?:[\w-]+ )?{_TEST} {_LOOKS}\b|"
    rf"\b(?:best|max(?:imum)?|peak|highest|top)[ -](?:\w+ )?(?:of|among|out of|over|across|"
    rf"from)[ -]{_MANY} (?:\w+ )?{_LOOKS} "
    rf"(?:on|by|at|over) (?:the )?{_TEST}\b|"
    rf"\b(?:best|peak|max|highest) {_TEST} (?:acc\w*|score|result|value|number|f1|em|loss)\b[^.;|]{{0,40}}\b(?:of|"
    rf"among|over|across) {_MANY} (?:\w+ )?{_LOOKS}\b|"
    rf"\b(?:best|top) (?:{_LOOKS}|step|epoch|seed)\b[^.;|]{{0,15}}\b(?:chosen |picked |selected |taken )?(?:on|"
    rf"by) (?:the )?(?:same )?{_TEST}\b|"
    rf"\b{_LOOKS} (?:was |were |is |are )?(?:chosen|picked|selected|taken) (?:on|by|with|"
    rf"from) (?:the )?(?:same )?{_TEST}\b",
    re.IGNORECASE,
    needs="chosen |picked |selected |taken |test",
)
_OTHER = Pattern(
    r"\b(?:dev|val|valid|validation|read once|once only|never|not for|video|instead|leak\w*|biased|optimistic|"
    r"unfair|caveat|oracle|upper bound)\b",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """``best of 15 test evaluations``: in a sentence, in the note of a row, or told in two places."""
    for log in logs:
        said = {one.place.line: one for one in _said(log)}
        for one in (*best_looks(log), *won_again(log), *picked_in(log)):
            if one.test and (one.sure or one.line.number not in said):
                said.pop(one.line.number, None)
                facts = {"value": one.value, "count": one.count}
                places = (place_of(log, one.chosen),)
                yield Finding(
                    "best-on-test", "caution", place_of(log, one.line), facts, places, anywhere=True,
                    unproven=not one.sure,
                )  # fmt: skip
        yield from said.values()


def _said(log: Log) -> Iterator[Finding]:
    for line in log.lines if log.english else ():
        found = _SAID.search(line.body) if line.kind in ("prose", "bullet", "row") else None
        if found is None or denied(line.body, found.start()) or _OTHER.search(line.body) or "?" in line.body:
            continue
        if not log.data and (hoped_near(line.body, found.start()) or planning(log, line)):
            continue
        if line.numbers:
            yield Finding("best-on-test", "caution", place_of(log, line), {"words": found[0]}, quote=found[0])


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if "value" in f:
        many = f"{f['count']} looks" if f["count"] else "many looks"
        return (
            f"{f['value']} is the best of {many} at the test data (line {finding.others[0].line}): it is what luck "
            f"helped most; one that other data chose is the result."
        )
    return (
        f"'{finding.facts['words']}': the best of several looks at the test items is what luck helped most; the last "
        f"one, or one "
        f"that other data chose, is the result."
    )


RULE = Rule(
    "best-on-test", "The best of several evaluations on the test items told as the result.", check, say, tongues=True
)
