"""A stated difference that the two numbers beside it do not have."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from evenhand.audit.finding import Finding, Level, Rule, anywhere, lone, place_of, unproven
from evenhand.audit.rules.arithmetic import columns
from evenhand.audit.text.log import Log
from evenhand.audit.text.number_words import a_digit_off, printed, rounded_off, signed
from evenhand.audit.text.number_words import shown as shown_as
from evenhand.audit.text.numbers import BY_HAND, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import METRIC
from evenhand.audit.told.changes.change import Change, readings, told_wrong
from evenhand.audit.told.changes.changes import changes_of
from evenhand.audit.told.changes.closed import closed_in
from evenhand.audit.told.changes.columns import odd_differences
from evenhand.audit.told.changes.from_to import concluded_in, factored_in, from_to_in, roled_in, told_by_in
from evenhand.audit.told.changes.recorded import recorded_wrong_in
from evenhand.audit.told.changes.shown import of_a_third, shown
from evenhand.audit.told.changes.spoken import told_wrong_in
from evenhand.audit.told.changes.stated import listed_in, stated_in
from evenhand.audit.told.changes.words import OVER_ELSE, SETTINGS

_NEAR = 1.5
_SIBLINGS = 3
"""Rows whose differences are right show what a column is the difference of."""

_BEHIND = 30

_OF_CHANGES = Pattern(r"[\W_]*(?:changes?|differences?|deltas?|diff|Δ|变化|差异)\W*\|", re.IGNORECASE)
"""A row whose cells are differences themselves."""

_INTERVAL = Pattern(
    r"[\s`*]*(?:%|pp|points?)?[\s`*]*(?:±|[,;]?\s*(?:\(?\s*(?:\d\d ?% |[\w-]+ ){0,3}(?:CI|interval)\b"
    r"[:\s=`*]*)?[\[(]\s*[+\-−]?\d[\d.]*\s*(?:,|;|to|–)\s*[+\-−]?\d)",
    re.IGNORECASE,
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """No reading (absolute, relative, ratio) gives the difference; in a table, other rows must be read rightly."""
    return lone(one for log in logs for one in _all(log))


def _all(log: Log) -> Iterator[Finding]:
    """The findings of a log, one a line where sentences of three numbers are read; those of closed forms first."""
    told: set[int] = set()
    for change in (*closed_in(log), *listed_in(log)):
        if change.line.number in told:
            continue
        told.add(change.line.number)
        yield replace(_finding(log, change, sure=True, read=True), unproven=False, closed=True)
    for one in (one for one in _found_in(log) if one.place.line not in told):
        sure = one.level != "fault" or _a_slip(log, one)
        told |= {one.place.line} if sure and not one.unproven else set()
        yield one if sure else replace(one, unproven=True)
    for change, relative, tight in (
        *((*one, False) for one in from_to_in(log)),
        *roled_in(log),
        *((*one, True) for one in concluded_in(log)),
        *((one, False, False) for one in told_by_in(log)),
        *((one, False, True) for one in factored_in(log) if not _of_else(one)),
    ):
        if change.line.number not in told and told_wrong(change, relative=relative):
            one = replace(_finding(log, change, sure=True, read=True), unproven=False)
            told.add(change.line.number)
            yield one if tight or _a_slip(log, one) else replace(one, unproven=True)


def _of_a_pen(one: Finding) -> bool:
    """Whether a slip may have made the printed difference of the right one: near it, a digit other, or two turned.

    What is another number altogether is the difference of two others.
    """
    (told,) = numbers(str(one.facts["printed"]))
    points, relative = abs(one.facts["difference"]), abs(one.facts["relative"] or 0)
    ratio = 1 + (one.facts["relative"] or 0) / 100
    ways = [points, 100 * points, relative, relative / 100, ratio, *((1 / ratio, relative / ratio) if ratio else ())]
    return any(way and (1 / _NEAR <= abs(told.value) / way <= _NEAR or a_digit_off(told, way)) for way in ways)


def _a_slip(log: Log, one: Finding) -> bool:
    """Whether a slip of the pen may have made the difference, and it is none from a third number near."""
    base, new, delta = (numbers(str(one.facts[key]))[0] for key in ("base", "new", "printed"))
    line = log.line(one.place.line)
    row = line.kind == "row" or any(line.number == row.line for table in log.tables for row in table.rows)
    if not row and not (base.decimals or base.unit or new.decimals or new.unit):
        return False  # two whole numbers may be settings, whose change is told in a third's
    if rounded_off(delta, float(one.facts["relative"] or 0)) or (row and _OF_CHANGES.match(line.body)):
        return False
    change = Change(base, new, delta, line, log.line(one.others[0].line), True)
    wide = replace(delta, half=2 * delta.half)
    if one.closed and row and not readings(replace(change, delta=wide)):
        return _of_a_pen(one)  # the rows beside show from what it is a difference
    return _of_a_pen(one) and (row or shown(log, change)) and not of_a_third(log, change)


def _found_in(log: Log) -> Iterator[Finding]:
    said: set[int] = set()
    by_group: dict[int | tuple[str, ...], list[tuple[Change, bool]]] = defaultdict(list)
    for change in changes_of(log):
        by_group[_group(log, change)].append((change, bool(readings(change))))
    for found in by_group.values():
        right = sum(fits for _, fits in found)
        apart = [one for one, fits in found if not fits and _is_odd(one, right, len(found))]
        ways = {way for one, fits in found if fits for way in readings(one)}
        apart = [one for one in apart if not ways & {*readings(replace(one, of=""))}]  # a loss in points, as all others
        apart = [one for one in apart if not (_of_else(one) or _of_others(log, one))]
        wrong = [_finding(log, one, sure=_sure(log, one, right)) for one in apart]
        said |= {one.place.line for one in wrong}
        yield from wrong if sum(one.level == "fault" for one in wrong) < 2 else unproven(wrong)
    known = {(change.line.number, change.delta.start) for change in changes_of(log)}
    for change, relative in stated_in(log):
        key = (change.line.number, change.delta.start)
        if key not in known and told_wrong(change, relative=relative) and not _of_others(log, change):
            known.add(key)
            said.add(change.line.number)
            yield _finding(log, change, sure=True)
    named = {one.place.line for one in columns.check([log]) if one.level == "fault"}
    for odd in odd_differences(log):
        if odd.line.number not in named | said:
            known.add((odd.line.number, odd.delta.start))
            change = Change(odd.base, odd.new, odd.delta, odd.line, odd.base_line, True)
            one = _finding(log, change, sure=True, read=True)
            yield replace(one, unproven=False, closed=(odd.right >= _SIBLINGS or odd.apart) and not log.computed)
    for told in (*told_wrong_in(log), *recorded_wrong_in(log)):
        if not any(line == told.line.number for line, _ in known):
            change = Change(told.base, told.new, told.delta, told.line, told.base_line, True)
            doubt = not told.alone or _of_others(log, change)
            yield replace(_finding(log, change, sure=True, read=True), unproven=doubt)


def _is_odd(change: Change, right: int, count: int) -> bool:
    """Whether a change stands in words, or in columns that its other rows or their names show to be read rightly."""
    named = change.named and (count == 1 or _slip(change))
    return change.line.kind != "row" or right > 1 or named


def _estimated(log: Log, change: Change) -> bool:
    """Whether an interval of its own follows a difference: a mean of pairs is none of two overall values."""
    place = log.by_number[change.line.number]
    text = change.line.body[change.delta.end :] + " " + " ".join(one.body for one in log.lines[place + 1 : place + 2])
    return _INTERVAL.match(text) is not None


def _of_others(log: Log, change: Change) -> bool:
    """Whether a sentence's difference is one of pairs, or of a metric of its own."""
    body, delta = change.line.body, change.delta
    if change.line.kind == "row":
        return _estimated(log, change)
    if change.line is change.base_line and SETTINGS.search(re.split(r"[,;:()]\s", body[: change.base.start])[-1]):
        return True
    between = body[change.new.end : delta.start] if change.line is change.base_line else ""
    own, others = ({one[0].lower() for one in METRIC.finditer(text)} for text in (between, body[: change.new.end]))
    over = OVER_ELSE.search(re.split(r"[.,;:()]\s|\)", body[delta.end :])[0][:_BEHIND])
    elsewhere = bool(between) and over is not None and over[1].lower()[:4] not in body[: delta.start].lower()
    return elsewhere or _estimated(log, change) or not own <= others | {"loss"}


def _of_else(change: Change) -> bool:
    """Whether a factor is so far from that of the two numbers that it is one of something else, such as of time."""
    base, new, told = abs(change.base.value), abs(change.new.value), change.delta
    if told.unit != "x" or not base or not new or not told.value:
        return False
    return all(not 0.5 <= told.value / ratio <= 2 for ratio in (new / base, base / new))


def _group(log: Log, change: Change) -> int | tuple[str, ...]:
    """What is judged together: the changes of a line, or the rows of all tables with one header."""
    number = change.line.number
    if change.line.kind != "row":
        return number
    return max((table for table in log.tables if table.line <= number), key=lambda one: one.line).header


def _slip(change: Change) -> bool:
    """Whether a difference is near that of its two numbers, or is it with the sign of a percentage: a slip of the pen.

    One that is far off is of something else.
    """
    base, new, told = change.base.value, change.new.value, abs(change.delta.value)
    if not base or not told:
        return False
    if change.delta.unit == "%" and not change.base.unit:
        points = (abs(new - base), 100 * abs(new - base))
        if any(abs(one - told) <= change.delta.slack + change.base.slack + change.new.slack for one in points):
            return True
    found = 100 * abs(new / base - 1) if change.delta.unit == "%" else abs(new - base)
    return found > 0 and 1 / _NEAR <= told / found <= _NEAR and (change.delta.value > 0) == (new > base)


def _sure(log: Log, change: Change, right: int) -> bool:
    """Whether it is told to be the difference of these two: in points or percent, or in a column of differences."""
    if change.delta.unit == "x" or change.base.about or change.new.about or change.delta.about:
        return False  # a factor, or what is told roughly, may be of anything
    if change.line.kind == "row":
        return right > 0 or change.named
    after = change.line.body[change.delta.end : change.delta.end + 1]
    alike = change.base.decimals == change.new.decimals > 0  # else one of them may be the number of something
    return alike and change.delta.unit in ("pp", "%") and (not after or after.isascii())


def _finding(log: Log, change: Change, *, sure: bool, read: bool = False) -> Finding:
    """The finding of a change; what was read over sentences was compared with its last digit cut off."""
    base, new = change.base.value, change.new.value
    facts = {
        "base": printed(change.base), "new": printed(change.new), "printed": printed(change.delta),
        "difference": new - base, "relative": None if base == 0 else 100 * (new / base - 1),
        "unit": change.base.unit, "cut": not read and _within_a_digit(change) and _cut_off(change),
    }  # fmt: skip
    printed_so = min(one.decimals for one in (change.base, change.new, change.delta)) > BY_HAND
    doubt = not sure or printed_so or (not read and _nearly(change) and not facts["cut"])
    level: Level = "hint" if doubt else "note" if facts["cut"] else "fault"
    return Finding(
        "change-disagrees", level, place_of(log, change.line), facts, (place_of(log, change.base_line),), unproven=read
    )


def _nearly(change: Change) -> bool:
    """Whether a difference is right but for its last digit behind the point."""
    return change.delta.decimals > 0 and _within_a_digit(change)


def _within_a_digit(change: Change) -> bool:
    return bool(readings(replace(change, delta=replace(change.delta, half=2 * change.delta.half))))


def _cut_off(change: Change) -> bool:
    """Whether the last digit of a difference in per cent was cut off in place of rounded."""
    base, new, scale = change.base.value, change.new.value, 10.0**change.delta.decimals
    found = abs(100 * (new / base - 1)) if base else 0.0
    return math.floor(found * scale + 1e-9) == round(abs(change.delta.value) * scale)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    relative = "" if f["relative"] is None else f", or {signed(f['relative'], 1)} % of the first"
    points = " points" if f["unit"] == "%" else ""
    if str(f["printed"]).endswith("x") and f["relative"] is not None and f["relative"] > -100:
        ratio = 1 + f["relative"] / 100
        factor = shown_as(max(ratio, 1 / ratio), 3)
        return f"From {f['base']} to {f['new']} is a factor of {factor}; printed is {f['printed']}."
    if f["cut"]:
        return (
            f"From {f['base']} to {f['new']} is {signed(f['relative'] or 0.0, 2)} %: the last digit of "
            f"{f['printed']} was cut off, not rounded."
        )
    return (
        f"From {f['base']} to {f['new']} is {signed(f['difference'])}{points}{relative}; printed is "
        f"{f['printed']}. ".strip()
    )


RULE = Rule(
    "change-disagrees",
    "A difference that neither the subtraction nor the ratio of the two numbers beside it gives.",
    anywhere(check),
    say,
    words=False,
    slips=True,
)
