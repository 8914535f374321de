"""Two numbers that a sentence compares, with the difference that it states: ``84.8 against 83.3: +2.5``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.told.changes.changes import Change, readings

_UNIT_WORDS = r"(?:\s*[A-Za-zµ]{1,12}(?:/[A-Za-z]{1,6})?\b(?!\s*[=])){0,3}"
_ARROW = re.compile(rf"{_UNIT_WORDS}\s*(?:→|->|⇒|=>|➜|⟶|\bto\b)\s*{_UNIT_WORDS}\s*[(\[`]*", re.IGNORECASE)
_AGAINST = re.compile(
    rf"{_UNIT_WORDS}\s*,?\s*\b(?:against|versus|vs\.?|compared (?:to|with)|instead of|rather than|up from|down from)\s+"
    rf"(?:the\s+)?{_UNIT_WORDS}\s*[(\[`]*",
    re.IGNORECASE,
)
_OVER = re.compile(r"\s*/\s*")
_LEAD = re.compile(
    rf"{_UNIT_WORDS}\s*[)\]`]*\s*(?P<mark>[,;:(=–—\s-]|→|->|=>)+\s*"
    r"(?P<word>(?:(?:so|i\.e\.,?|that is|thus|hence|which is|makes|giving|an?|the|by|of|on|um|auf|на|de|is|are|"
    r"we are|are|"
    r"increase|increases|decrease|rise|rises|gain|gains|drop|drops|growth|grows|reduction|saves?|saving|up|down|plus|"
    r"more|less|"
    r"faster|slower|higher|lower|longer|shorter|better|worse|difference|diff|delta|Δ|relative|rel\.?|absolute|abs\.?|"
    r"change|about|only)"
    r"\b\s*[:=]?\s*)*)",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"increase|decrease|rise|gain|drop|growth|grow|reduc|sav|up|down|plus|more|less|faster|slower|higher|lower|"
    r"longer|shorter|"
    r"better|worse|diff|delta|Δ|relative|change",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s*(?:%|pp|points?|pts?|percentage points?)?\s*(?:(?:relative|rel|absolute|abs|more|less|faster|slower|higher|"
    r"lower|longer|"
    r"shorter|better|worse|gain|drop|increase|decrease|reduction|improvement|rise|fall|change|throughput|speed-?up|"
    r"points?|"
    r"than\b.{0,40}|on\b.{0,30}|over\b.{0,30}|in\b.{0,30})\b\.?\s*){0,3}(?:$|[)\],;:.!*`|(]|—|–|-\s)",
    re.IGNORECASE,
)
_OF_ELSE = re.compile(
    r"\b(?:per|each|ci|interval|p|std|sd|target|goal|threshold|needed|expected|limit|params?|parameters|layers?|"
    r"seeds?|epochs?|"
    r"steps?|cost|price|memory|version|page|line|section|table|fig\w*|chance|random|noise)\b",
    re.IGNORECASE,
)
_FAR = 3.0
"""A difference that is so many times larger or smaller than that of the two numbers is one of something else."""


def compared_in(log: Log) -> Iterator[Change]:
    """The changes of lines of words that say from which number to which, with their difference right behind."""
    for line in log.lines:
        if line.kind in ("prose", "bullet") and len(line.numbers) >= 3:
            yield from _in_line(line)


def _in_line(line: Line) -> Iterator[Change]:
    text, found = line.body, line.numbers
    for place in range(len(found) - 2):
        one, other, delta = found[place : place + 3]
        if one.spread or other.spread or delta.spread or one.signed or other.signed or one.about or other.about:
            continue
        between = text[one.end : other.start]
        way = next((p for p in (_ARROW, _AGAINST, _OVER) if p.fullmatch(between)), None)
        if way is None or not _same(one, other) or _chained(text, found, place):
            continue
        base, new = (one, other) if way is _ARROW else (other, one)
        if _states(text, other, delta, ratio=way is _OVER):
            made = Change(base, new, delta, line, line, True, text[max(0, one.start - 40) : one.start].strip())
            if _near(made):
                yield made


def _same(one: Number, other: Number) -> bool:
    return one.scale == other.scale and (one.unit == other.unit or not one.unit) and bool(one.value and other.value)


def _chained(text: str, found: tuple[Number, ...], place: int) -> bool:
    """Whether the first number is itself the end of a change: of ``a -> b -> c`` the difference may be that of a."""
    return place > 0 and any(
        p.fullmatch(text[found[place - 1].end : found[place].start]) is not None for p in (_ARROW, _AGAINST, _OVER)
    )


def _states(text: str, new: Number, delta: Number, *, ratio: bool) -> bool:
    """Whether a number states the difference of the two before it."""
    between = text[new.end : delta.start]
    bare = between[:-1] if between.endswith(("+", "-", "−")) else between
    lead = _LEAD.fullmatch(bare)
    if lead is None or len(between) > 45 or _OF_ELSE.search(between) or _AFTER.match(text, delta.end) is None:
        return False
    if ratio:
        return "=" in lead["mark"] and delta.unit == "%"
    words = _CHANGE.search(lead["word"]) is not None
    return (delta.signed and (delta.unit in ("%", "pp", "x") or bool(delta.decimals))) or (
        words and delta.unit in ("%", "pp", "x")
    )


def _near(change: Change) -> bool:
    """Whether the stated difference is near one of those that there are; else it is one of something else."""
    base, new, told = change.base.value, change.new.value, abs(change.delta.value)
    if not told:
        return False
    relative = {abs(100 * (new / base - 1)), abs(100 * (base / new - 1))}
    absolute = {abs(new - base)} | ({100 * abs(new - base)} if not change.base.unit else set())
    found = (
        relative | absolute
        if change.delta.unit == "%"
        else absolute
        if change.delta.unit != "x"
        else {new / base, base / new}
    )
    return any(one and 1 / _FAR <= told / one <= _FAR for one in found)


def disagrees(change: Change) -> bool:
    """Whether no reading of the two numbers gives the difference, its last digit cut off or not."""
    wide = replace(change.delta, half=2 * change.delta.half)
    return not readings(change) and not readings(replace(change, delta=wide)) and not _percent_of(change)


def told_wrong(change: Change, *, relative: bool) -> bool:
    """Whether a stated difference is near that of its numbers and not it; a relative one is none in points."""
    if not _near(change):
        return False
    if not relative or change.base.value <= 0:
        return disagrees(change)
    wide = replace(change.delta, half=2 * change.delta.half)
    return not any("relative" in one or one in ("ratio", "speed-up") for one in readings(replace(change, delta=wide)))


def _percent_of(change: Change) -> bool:
    """``54.1 / 48.2 = 112 %``."""
    if change.delta.unit != "%":
        return False
    quotient = 100 * change.new.value / change.base.value
    slack = change.delta.slack + quotient * (
        change.new.slack / abs(change.new.value) + change.base.slack / abs(change.base.value)
    )
    return abs(quotient - change.delta.value) <= slack or abs(10_000 / quotient - change.delta.value) <= slack
