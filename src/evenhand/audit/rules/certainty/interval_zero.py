"""Certainty claimed beside an interval that includes zero, or beside a p-value above one in twenty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, anywhere, place_of
from evenhand.audit.text.log import Log
from evenhand.audit.told.certainty.against import contradicted_in


def check(logs: list[Log]) -> Iterable[Finding]:
    """Each word of certainty that what stands beside it does not carry, once a line."""
    told: set[tuple[str, int]] = set()
    for one in _read(logs):
        if (one.place.file, one.place.line) not in told:
            told.add((one.place.file, one.place.line))
            yield one


def _read(logs: list[Log]) -> Iterator[Finding]:
    """Claims of certainty, wherever their evidence stands."""
    for log in logs:
        for told in contradicted_in(log):
            word, evidence = told.claim.word, told.evidence
            facts = {"word": word, "found": evidence.shown, "kind": "p" if evidence.p else "interval"}
            places = (place_of(log, evidence.line),)
            at = place_of(log, told.claim.line)
            yield Finding(
                "interval-and-word", "caution", at, facts, places, word, anywhere=told.sole, unproven=not told.sole
            )


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    where = f" (line {finding.others[0].line})" if finding.others[0].line != finding.place.line else ""
    if f["kind"] == "p":
        told = f"'{f['word']}' stands beside {f['found']}{where}"
        return f"{told}: so much happens by chance more often than once in 20 times."
    return f"'{f['word']}' stands beside the interval {f['found']}{where}, which includes 0: no effect is within it."


RULE = Rule(
    "interval-and-word",
    "A word of certainty beside an interval that includes zero, or a p-value above 0.05.",
    anywhere(check),
    say,
    tongues=True,
)
