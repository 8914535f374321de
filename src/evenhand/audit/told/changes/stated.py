"""Two numbers of a sentence and the difference that it states: ``84.8 against 83.3: +2.5``, ``0.61, b 0.58, gap 0.05``.

A sentence is read in two ways. Compared numbers may be of any kind and in any unit, with English words between; their
difference stands right behind them and has a sign or a unit. Results are joined by more words, in more languages; they
are printed alike, and their difference is called one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, starmap

from evenhand.audit.text.log import Kind, Line, Log
from evenhand.audit.text.number_words import a_digit_off
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes import words
from evenhand.audit.told.changes.change import Change, is_near, readings, two_results

Numbers = tuple[Number, ...]

_ALL = Pattern(
    r"(?<![a-z])(?:from (?:the )?(?:first|top|start|beginning|base(?:line)?) to (?:the )?(?:last|bottom|end|final\w*)|"
    r"in total|in all|altogether|all (?:the |of the )?(?:\w+ )?steps together|the steps add up to)(?![a-z])",
    re.IGNORECASE,
)
"""What a chain of steps makes together."""

_THREE, _NEAR, _BELOW, _WORDS_BETWEEN, _MOST = 3, 1.5, 4, 30, 40


@dataclass(frozen=True)
class _Form:
    """A way in which sentences state a difference.

    Attributes:
        kinds: of the lines in which it is looked for.
        joins: what may stand between two numbers: of the first join the first number is the base, else the second.
        pair: whether two numbers can be compared.
        row: whether a number that is joined to these two may be one more of a row.
        behind: the number behind two that is their difference; None where none is told to be. It is given the text, its
            numbers, the place of the first, and what joins the two.
    """

    kinds: frozenset[Kind]
    joins: tuple[Pattern, ...]
    pair: Callable[[Number, Number], bool]
    row: Callable[[Number, Number], bool]
    behind: Callable[[str, Numbers, int, Pattern], Number | None]

    def join(self, between: str) -> Pattern | None:
        """What joins two numbers, by the text between them."""
        return next((one for one in self.joins if one.fullmatch(between)), None)

    def at(self, line: Line, place: int) -> tuple[Number, Number, Number] | None:
        """The base, the new number and their difference, if the number at a place is the first of such."""
        text, found = line.body, line.numbers
        one, other = found[place : place + 2]
        join = self.join(text[one.end : other.start]) if self.pair(one, other) else None
        if join is None or self._in_a_row(text, found, place):
            return None
        delta = self.behind(text, found, place, join)
        base, new = (one, other) if join is self.joins[0] else (other, one)
        return None if delta is None else (base, new, delta)

    def _in_a_row(self, text: str, found: Numbers, place: int) -> bool:
        """Whether the first number ends another pair: of ``a -> b -> c`` the difference may be that of a."""
        if not place or not self.row(found[place - 1], found[place]):
            return False
        return self.join(text[found[place - 1].end : found[place].start]) is not None


def stated_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """The changes of lines of words with their stated difference, and whether that is told to be relative."""
    for line in log.lines:
        if line.kind not in _RESULTS.kinds or len(line.numbers) < 3:
            continue
        places = range(len(line.numbers) - 2)
        if line.kind in _COMPARED.kinds:
            yield from ((one, False) for place in places for one in _compared(line, place))
        for place in places:
            found = _RESULTS.at(line, place)
            if found is not None and bool(found[0].decimals) == bool(found[1].decimals):
                yield _told(line, *found)  # a setting before an arrow is no first result
            yield from _by(line, *line.numbers[place : place + 3])


def _compared(line: Line, place: int) -> Iterator[Change]:
    found = _COMPARED.at(line, place)
    if found is not None:
        first = line.numbers[place]
        if bool(first.decimals) != bool(found[1].decimals):
            return  # a setting before an arrow
        change = Change(*found, line, line, True, line.body[max(0, first.start - 40) : first.start].strip())
        if is_near(change):
            yield change


def _comparable(one: Number, other: Number) -> bool:
    """Whether two numbers are of one unit and neither differences nor rough."""
    bare = not any(n.spread or n.signed or n.about for n in (one, other))
    return bare and one.scale == other.scale and one.unit in ("", other.unit) and bool(one.value and other.value)


def _right_behind(text: str, found: Numbers, place: int, join: Pattern) -> Number | None:
    """The next number, where it has a sign or a unit and nothing says that it is of something else."""
    new, delta = found[place + 1 : place + 3]
    between = text[new.end : delta.start]
    lead = words.LEADS.fullmatch(between[:-1] if between.endswith(("+", "-", "−")) else between)
    if delta.spread or lead is None or len(between) > 45 or words.OF_ELSE.search(between):
        return None
    if words.ENDS.match(text, delta.end) is None:
        return None
    in_unit = delta.unit in ("%", "pp", "x")
    if join is words.OVER:
        told = "=" in lead["mark"] and delta.unit == "%"
    elif delta.signed:
        told = in_unit or bool(delta.decimals)
    else:
        told = in_unit and words.CHANGING.search(lead["word"]) is not None
    return delta if told else None


def _alike(one: Number, other: Number) -> bool:
    """Whether two numbers are printed alike, as the results of two arms are."""
    alike = one.decimals == other.decimals > 0 and one.scale == other.scale and one.unit in ("", other.unit)
    return alike and not any(n.spread or n.about for n in (one, other)) and one.value * other.value != 0


def _called(text: str, found: Numbers, place: int, join: Pattern) -> Number | None:
    """The number that is said to be the difference of the two before it."""
    new, listed = found[place + 1], join is words.BOTH
    for delta in found[place + 2 : place + 4]:
        between = text[new.end : delta.start].rstrip("+-−")
        if len(between) > 60 or delta.spread or delta.about or words.SKIPS.search(between):
            return None
        in_points = delta.unit in ("%", "pp")
        gap = words.GAP.fullmatch(between) is not None and bool(delta.decimals)
        thus = not listed and (in_points or bool(delta.decimals)) and words.BEHIND_MARKS.fullmatch(between) is not None
        equal = not listed and in_points and words.MAKES.fullmatch(between) is not None
        if (gap or thus or equal) and words.STATED_ENDS.match(text, delta.end) is not None:
            return delta
        if delta.decimals or delta.unit:
            return None
    return None


_COMPARED = _Form(
    frozenset(("prose", "bullet")), (words.ARROW, words.SET_AGAINST, words.OVER), _comparable, lambda *_: True,
    _right_behind,
)  # fmt: skip
_RESULTS = _Form(
    frozenset(("prose", "bullet", "code")), (words.FROM_TO, words.VERSUS, words.BOTH), _alike, _alike, _called
)


def _by(line: Line, delta: Number, one: Number, other: Number) -> Iterator[tuple[Change, bool]]:
    """``trails by 0.05 (0.61, base 0.66)``: the difference stands first."""
    text = line.body
    if not delta.decimals or delta.unit not in (one.unit, "%", "pp") or not _alike(one, other):
        return
    told = words.TOLD_BY.search(text[: delta.start]) is not None
    opens = told and words.OPENS.fullmatch(text[delta.end : one.start]) is not None
    if opens and _RESULTS.join(text[one.end : other.start]) is not None:
        yield _told(line, other, one, delta)


def _told(line: Line, base: Number, new: Number, delta: Number) -> tuple[Change, bool]:
    """A change of results, whose difference is in points where that is said; and whether it is said to be relative."""
    near = line.body[max(0, delta.start - 25) : delta.start] + line.body[delta.end : delta.end + 12]
    relative = delta.unit == "%" and words.IS_RELATIVE.search(near) is not None
    known = delta
    if not delta.unit and words.IN_POINTS.match(line.body, delta.end) is not None:
        known = replace(delta, unit="pp")
    elif delta.unit == "pp" and not base.unit and max(base.value, new.value) > 1.5:
        known = replace(delta, unit="")
    return Change(base, new, known, line, line, True, line.body[max(0, base.start - 40) : base.start].strip()), relative


def listed_in(log: Log) -> Iterator[Change]:
    """The one difference of lines of one form that its two numbers do not have, and the sum that a chain's do not."""
    for block in _blocks(log) if not log.data else ():
        alike: dict[tuple[str, ...], list[Change]] = {}
        for line in block:
            if len(line.numbers) == _THREE and two_results(*line.numbers[:2]) and _is_told(line.numbers[2]):
                one, other, delta = line.numbers
                form: tuple[str, ...] = (
                    line.body[one.end : other.start],
                    line.body[other.end : delta.start],
                    line.body[delta.end :],
                )
                change = Change(one, other, delta, line, line, True, line.body[: one.start].strip())
                alike.setdefault((*(text.lower() for text in form), delta.unit), []).append(change)
        for form, found in alike.items():
            if len(found) >= _THREE and not any(map(words.CLOSED_SKIPS.search, form)):
                yield from _odd(found)
        yield from _in_all(log, block)


def _blocks(log: Log) -> Iterator[list[Line]]:
    """Runs of lines of one kind with nothing between them."""
    for kind, lines in groupby(log.lines, key=lambda line: line.kind):
        block = list(lines) if kind in _RESULTS.kinds else []
        if len(block) >= _THREE:
            yield block


def _is_told(delta: Number) -> bool:
    return (delta.unit in ("%", "pp") or (delta.signed and not delta.unit)) and not (delta.about or delta.spread)


def _odd(found: list[Change]) -> Iterator[Change]:
    """The one change that is none in the way in which all others are one, two to the last digit; nor in another way."""
    apart = {way: [one for one in found if way not in readings(one)] for way in _EXACT}
    for way, odd in apart.items() if all(apart.values()) else ():
        right = {(one.base.value, one.new.value) for one in found if one not in odd and _is_exact(one, way)}
        if len(odd) == 1 and len(right) >= _THREE - 1:
            (one,) = odd
            wide = replace(one, delta=replace(one.delta, half=2 * one.delta.half))
            other = way in readings(wide) or any(_is_exact(one, another) for another in _EXACT)
            if not other and _slip_of(one.delta, _EXACT[way](one)):
                yield one
                return


_EXACT: dict[str, Callable[[Change], float]] = {
    "absolute": lambda one: one.new.value - one.base.value,
    "absolute in points": lambda one: 100 * (one.new.value - one.base.value),
    "relative": lambda one: 100 * (one.new.value / one.base.value - 1),
    "relative to the new": lambda one: 100 * (1 - one.base.value / one.new.value),
}


def _is_exact(one: Change, way: str) -> bool:
    """Whether a difference is right to its last digit."""
    return abs(abs(_EXACT[way](one)) - abs(one.delta.value)) <= one.delta.slack * (1 + 1e-9)


def _slip_of(told: Number, right: float) -> bool:
    near = bool(right) and 1 / _NEAR <= abs(told.value / right) <= _NEAR
    return near or a_digit_off(told, right)


def _in_all(log: Log, block: list[Line]) -> Iterator[Change]:
    """``From the first to the last that is +0.0111`` below results, each with its difference to the one above it."""
    if len(block) > _MOST or any(not line.numbers for line in block):
        return
    values = [next((n for n in reversed(line.numbers) if not n.signed), line.numbers[-1]) for line in block]
    steps = [line.numbers[-1] for line in block[1:]]
    if not all(n.signed for n in steps) or not all(starmap(_step, zip(values, values[1:], steps, strict=False))):
        return
    place = log.by_number[block[-1].number]
    for line in log.lines[place + 1 : place + 1 + _BELOW]:
        told = _ALL.search(line.body) if line.kind in _RESULTS.kinds else None
        sums = [n for n in line.numbers if told and told.end() <= n.start + 1 <= told.end() + _WORDS_BETWEEN]
        if told is None or not sums or not sums[0].signed or line.numbers[0] is not sums[0]:
            continue
        total, right = sums[0], values[-1].value - values[0].value
        slack = total.slack + values[0].slack + values[-1].slack
        others = {b.value - a.value for a in values for b in values if a is not b}
        own = (total.unit, total.decimals) == (steps[-1].unit, steps[-1].decimals)
        if own and all(abs(total.value - one) > slack * (1 + 1e-9) for one in others) and _slip_of(total, right):
            yield Change(values[0], values[-1], total, line, block[0], True)


def _step(one: Number, other: Number, step: Number) -> bool:
    """Whether a result and the one above it have the difference that is told of them, printed as finely as they are."""
    alike = (one.unit, one.decimals) == (other.unit, other.decimals) and step.decimals == one.decimals > 0
    return alike and abs(other.value - one.value - step.value) <= step.slack + one.slack + other.slack
