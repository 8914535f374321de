"""A stated change, and whether its two numbers have the difference that is told of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

_NO_SHARE = Pattern(
    r"(?<![a-z])(?:loss|ppl|perplexity|nll|bpb|bpc|mse|rmse|mae|length|tokens|latency|reward|bytes)(?![a-z])",
    re.IGNORECASE,
)
"""What is measured in no percent, so that a percentage of it is a relative one."""

ITEMS = Pattern(
    r"\(?\b(?:n\s*=\s*)?(\d{1,6})[\s-]*(?:(?:held[- ]out|test|dev|debug|eval(?:uation)?|validation|random)\s+)?"
    r"(?:Qs?|questions?|problems?|items?|examples?|samples?|prompts?|instances|docs|documents|queries|images?|"
    r"sentences)\b\)?",
    re.IGNORECASE,
    needs="docs|documents|example|image|instances|item|problem|prompt|q|sample|sentences",
)
"""A number of items."""

_FAR = 3.0
"""A difference that is so many times larger or smaller than that of the two numbers is one of something else."""

Range = tuple[float, float]


@dataclass(frozen=True)
class Change:
    """A stated change.

    Attributes:
        base, new: the two numbers.
        delta: what is said of their difference.
        line, base_line: where they stand.
        named: the text says which is the base and which the new one.
        of: what it is a change of, as far as that is told.
    """

    base: Number
    new: Number
    delta: Number
    line: Line
    base_line: Line
    named: bool
    of: str = ""


def _over(one: Range, other: Range) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _quotient(top: Number, bottom: Number) -> Range | None:
    if bottom.low <= 0 <= bottom.high:
        return None
    found = [t / b for t in (top.low, top.high) for b in (bottom.low, bottom.high)]
    return min(found), max(found)


def readings(change: Change) -> tuple[str, ...]:
    """The ways in which the stated difference follows from the two numbers: absolute, relative, ratio and so on."""
    base, new, delta = change.base, change.new, change.delta
    difference = (new.low - base.high, new.high - base.low)
    quotient, other = _quotient(new, base), _quotient(base, new)
    answer = []
    for name, found in (
        ("absolute", difference),
        ("absolute in points", _times(difference, 100.0) if not base.unit else None),
        ("relative", _times(_less_one(quotient), 100.0)),
        ("relative as a share", _less_one(quotient)),
        ("relative to the new", _times(_less_one(other), -100.0)),
        ("ratio", quotient),
        ("ratio", other),
        ("speed-up", _times(_less_one(other), 100.0)),
    ):
        points = name.startswith("absolute") and _no_share(change)
        if found is not None and _fits(name, found, delta) and name not in answer and not points:
            answer.append(name)
    if not answer and base.scale != delta.scale:  # from 3k to 9k is +6, as some print it
        factor = base.scale / delta.scale
        same = replace(delta, value=delta.value * factor, half=delta.half * factor, scale=base.scale)
        return readings(replace(change, delta=same))
    return tuple(answer)


def _no_share(change: Change) -> bool:
    """Whether a percentage cannot be a difference in points: of losses, lengths, or what is above a hundred."""
    if change.delta.unit != "%" or change.base.unit:
        return False
    return max(abs(change.base.value), abs(change.new.value)) > 100 or _NO_SHARE.search(change.of) is not None


def _less_one(found: Range | None) -> Range | None:
    return None if found is None else (found[0] - 1, found[1] - 1)


def _times(found: Range | None, factor: float) -> Range | None:
    return (
        None
        if found is None
        else (min(found[0] * factor, found[1] * factor), max(found[0] * factor, found[1] * factor))
    )


def _fits(name: str, found: Range, delta: Number) -> bool:
    if not delta.unit and not delta.decimals and name in ("ratio", "relative as a share"):
        return False  # a whole number would pass for any share
    allowed = {
        "": ("absolute", "relative as a share", "absolute in points", "ratio"),
        "pp": ("absolute", "absolute in points"),
        "x": ("ratio",),
    }.get(delta.unit, ("absolute", "absolute in points", "relative", "relative to the new", "speed-up"))
    turned = (-found[1], -found[0])
    stated = (delta.low, delta.high)
    return name in allowed and (_over(found, stated) or _over(turned, stated))


def is_near(change: Change) -> bool:
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


def _disagrees(change: Change) -> bool:
    """Whether no reading of the two numbers gives the difference, its last digit cut off or not."""
    wide = replace(change.delta, half=2 * change.delta.half)
    return not readings(change) and not readings(replace(change, delta=wide)) and not _percent_of(change)


def two_results(one: Number, other: Number) -> bool:
    """Whether two numbers are printed alike, as results are, and of one size; ``61.2 -> 68.4 %`` has one sign."""
    if any(n.spread or n.about or n.signed or n.value <= 0 or n.scale != 1 for n in (one, other)):
        return False
    alike = one.decimals == other.decimals and one.unit in ("", other.unit) and other.unit in ("", "%")
    fine = one.decimals > 0 or other.unit == "%"
    return alike and fine and one.value != other.value and 0.2 < one.value / other.value < 5


def told_wrong(change: Change, *, relative: bool) -> bool:
    """Whether a stated difference is near that of its numbers and not it; a relative one is none in points."""
    if not is_near(change):
        return False
    if not relative or change.base.value <= 0:
        return _disagrees(change)
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


def items_of(change: Change) -> int | None:
    """How many items a change rests on, where the lines of its numbers tell exactly one number of them."""
    found = {int(one[1]) for text in (change.line.body, change.base_line.body) for one in ITEMS.finditer(text)}
    return found.pop() if len(found) == 1 else None


def points(base: float, new: float) -> float:
    """The difference, in the unit of the two."""
    return new - base


def hundred(base: float, new: float) -> float:
    """The difference of two fractions, in points."""
    return 100 * (new - base)


def share(base: float, new: float) -> float | None:
    """The change as a fraction of the first."""
    return (new - base) / base if base else None


def relative(base: float, new: float) -> float | None:
    """The change in per cent of the first."""
    return 100 * (new - base) / base if base else None


def behind(base: float, new: float) -> float | None:
    """The change back, in per cent of the second."""
    return relative(new, base)
