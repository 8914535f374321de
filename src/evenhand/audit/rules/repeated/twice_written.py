"""One share written twice, as a fraction and in per cent: ``0.829 (82.9%)``, of which one is not the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, anywhere, lone, place_of
from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.number_words import a_digit_off, printed, shown
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

_BETWEEN = Pattern(r"\s?%?\s?[(（=]\s?")
_BEHIND = Pattern(r"\s?%?\s?(?:[)）]|[,;]|\.?$|\.\s)")


def check(logs: list[Log]) -> Iterable[Finding]:
    """Where the log has another share that is written so, and right, and a digit makes this one right."""
    return lone(one for log in logs if not log.data for one in _found_in(log))


def _found_in(log: Log) -> Iterator[Finding]:
    told = [one for line in log.spoken() for one in _read(line)]
    right = sum(_off(share, percent) <= 100 * share.slack + percent.slack for share, percent, _ in told)
    for share, percent, line in told:
        wide = 2 * (100 * share.slack + percent.slack)
        if right and _off(share, percent) > wide and a_digit_off(percent, 100 * share.value):
            facts = {"share": printed(share), "printed": printed(percent), "found": 100 * share.value}
            yield Finding("share-twice", "fault", place_of(log, line), facts, closed=True)


def _off(share: Number, percent: Number) -> float:
    return abs(100 * share.value - percent.value)


def _read(line: Line) -> Iterator[tuple[Number, Number, Line]]:
    """A fraction and a percentage of which one stands in brackets behind the other, or is equated with it."""
    for one, other in pairwise(line.numbers):
        if _BETWEEN.fullmatch(line.body[one.end : other.start]) and _BEHIND.match(line.body, other.end):
            share, percent = (other, one) if one.unit == "%" else (one, other)
            plain = not any(n.signed or n.about or n.spread for n in (one, other))
            if plain and percent.unit == "%" and not share.unit and share.decimals > 1 and 0 < share.value < 1:
                yield share, percent, line


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    return f"{f['share']} is {shown(f['found'], 2)} %, not {f['printed']}: one of the two is mistyped."


RULE = Rule(
    "share-twice",
    "A share written as a fraction and in per cent, of which one is not the other.",
    anywhere(check),
    say,
    words=False,
    slips=True,
)
