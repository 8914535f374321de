"""Values over repeats and the mean and the spread that are said of them, in sentences, points of lists and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evenhand.audit.text.log import Log
from evenhand.audit.text.passages import passages_of
from evenhand.audit.text.vocabulary.repeats import MEAN_WORD
from evenhand.audit.text.words import tokens
from evenhand.audit.told.repeats.averaged import right
from evenhand.audit.told.repeats.averages import Told, told_in
from evenhand.audit.told.repeats.groups import Group, groups_of
from evenhand.audit.told.repeats.said_counts import count_said
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.stated import kind_said, kind_stated

_BEGINS = 16
_FAR = 12
"""Lines between values and their mean."""


_BEHIND_RESULT = 28
_SURE = 5
"""Widths of the values within which a mean may lie that shares their name and their number."""


_IS = re.compile(
    r"\s*%?\s*(?:\([^)]*\)\s*)?(?:is|was|are|equals|comes to|amounts to|=|:|→|->|ist|beträgt|est de|est|vaut|es|"
    r"равно|равен|составляет|为|是)\s*",
    re.IGNORECASE,
)
_DEVIATION = re.compile(r"\b(?:std|sd|stdev|standard deviation)\b(?!\s*err)", re.IGNORECASE)


def spoken(log: Log) -> Iterator[Series]:
    """Each group of values with the mean and the spread that are said of it near by."""
    passages = passages_of(log)
    groups = [one for one in groups_of(log) if one.firm]
    listed = {(id(one.sentence), n.start) for one in groups_of(log) if one.sentence for n in one.values}
    told = [(place, one) for place, passage in enumerate(passages) for s in passage.sentences for one in told_in(s)]
    told = [
        (place, behind)
        for place, one in told
        if (behind := one if (id(one.sentence), one.number.start) not in listed else _behind_list(one, groups))
        is not None
    ]
    means = [(place, one) for place, one in told if one.role != "spread"]
    taken: dict[int, tuple[Group, Told | None, Told | None]] = {}
    for _, one in means:
        group = _group(groups, one, means, log)
        if group is not None:
            taken.setdefault(id(group), (group, one, None))
    for _, one in told:
        if one.role == "spread" and (group := _group(groups, one, means, log)) is not None:
            _, mean, sd = taken.get(id(group), (group, None, None))
            if sd is None:
                taken[id(group)] = (group, mean, one)
    for group, mean, sd in taken.values():
        if sd is not None and not (mean is not None and right(mean.number, group.values)) and not _surely(group, sd):
            sd = None  # a spread far from its values counts where their mean is told, too
        if mean is None and sd is None:
            continue
        stated = (kind_said(sd.words) or kind_stated(log, group.section) or _explicit(sd)) if sd else ""
        line, at = group.line, (mean or sd)
        assert at is not None
        yield Series(
            group.label,
            group.values,
            mean.number if mean else None,
            sd.number if sd else None,
            len(group.values),
            line,
            at.line,
            group.signed,
            group.section,
            sd.line if sd else None,
            stated,
            mean is not None and sure(group, mean),
            True,
        )


def _explicit(one: Told) -> str:
    """Whether a spread is called a standard deviation, not only a spread or what stands behind a ±."""
    before = one.sentence.text[max(0, one.number.start - 24) : one.number.start]
    return "deviation" if _DEVIATION.search(before) else ""


def _behind_list(one: Told, groups: Sequence[Group]) -> Told | None:
    """What is said of a list that stands between the word and its number: ``the mean of 1.2, 1.4 and 1.3 is 1.3``."""
    group = next((g for g in groups if g.sentence is one.sentence and g.values[0].start == one.number.start), None)
    after = next((n for n in one.sentence.numbers if group is not None and n.start >= group.values[-1].end), None)
    if group is None or after is None:
        return None
    between = one.sentence.text[group.values[-1].end : after.start]
    return replace(one, number=after) if _IS.fullmatch(between) else None


def _surely(group: Group, one: Told) -> bool:
    """Whether a spread without the mean beside it is of these values: in their sentence, with as many repeats."""
    text = one.sentence.text
    of = re.search(r"\bof\b[^.;]{0,12}$", text[: group.values[0].start]) if group.sentence is one.sentence else None
    return group.sentence is one.sentence and (count_said(text) == len(group.values) or of is not None)


def _group(groups: Sequence[Group], one: Told, means: Sequence[tuple[int, Told]], log: Log) -> Group | None:
    """The values that a mean or a spread is said of: in its sentence, or the nearest above that they fit."""
    line = one.line.number
    near = []
    for group in groups:
        if any(group.sentence is one.sentence and n.start == one.number.start for n in group.values):
            continue
        if group.section != one.line.section or (group.sentence is None and group.line.number <= line <= group.last):
            continue
        if group.sentence is one.sentence:
            gap = one.number.start - group.values[-1].end
            near.append((0 if gap >= 0 else 2, abs(gap), group))
        elif 0 <= line - group.last <= _FAR:
            near.append((1, line - group.last, group))
    if one.role == "spread":
        near = [it for it in near if not _of_another(it[2], one)]
    fits = [group for *_, group in sorted(near, key=lambda it: it[:2]) if _fits(group, one)]
    if one.role == "spread":
        return fits[0] if fits else None
    if any(right(one.number, group.values) for group in fits):
        return next(group for group in fits if right(one.number, group.values))
    first = fits[0] if fits else None
    own = [n for n in one.sentence.numbers if n.end <= one.number.start and n.decimals and not n.spread]
    if first is not None and first.sentence is not one.sentence and len(own) >= 2:
        return None  # it is the mean of what stands before it
    return first if first is not None and _close(first, one) and not _spoken_for(first, one, means) else None


def _of_another(group: Group, one: Told) -> bool:
    """Whether a spread stands right behind a result that is neither one of the values nor their mean."""
    before = [n for n in one.sentence.numbers if n.end <= one.number.start]
    if not before or one.number.start - before[-1].end > _BEHIND_RESULT or not before[-1].decimals or before[-1].spread:
        return False
    mine = group.sentence is one.sentence and any(n.start == before[-1].start for n in group.values)
    return not mine and not right(before[-1], group.values) and before[-1].decimals + 1 >= one.number.decimals


def _fits(group: Group, one: Told) -> bool:
    """Whether a number can be meant of a group: its unit, its digits, and no farther than the values are wide."""
    low, high = min(n.value for n in group.values), max(n.value for n in group.values)
    width, number = high - low, one.number
    fine = max(n.decimals for n in group.values)
    units = {group.values[0].unit.replace("pp", "%"), ""}
    if number.unit.replace("pp", "%") not in units and group.values[0].unit:
        return False
    if (
        one.role != "spread"
        and group.values[0].unit
        and number.unit != group.values[0].unit
        and not low <= number.value <= high
    ):
        return False
    if one.role == "spread":
        return 0 < number.value <= 2 * width + number.slack and number.decimals + 2 > fine
    room = (_SURE if sure(group, one) else 1.5) * width + number.slack
    digits = number.decimals + 1 >= fine and number.decimals <= fine + 2 and not number.about
    return digits and low - room <= number.value <= high + room and width > 0


def sure(group: Group, one: Told) -> bool:
    """Whether a mean shares a name and the number of repeats with values, so that one far from them is theirs, too."""
    own = tokens(one.sentence.text[: one.number.start][-60:])
    names = tokens(group.label) | (tokens(group.sentence.text) if group.sentence else frozenset())
    return count_said(one.sentence.text) == len(group.values) and group.repeats and bool(own & names)


def _close(group: Group, one: Told) -> bool:
    """Whether a mean that is wrong is surely of these values: how many they are is said, or nothing stands between."""
    text = one.sentence.text
    counted = count_said(text) == len(group.values)
    if one.role == "implied":
        return False
    if one.role == "pooled":
        return counted or group.folds
    if _below(group, one):
        return True
    return counted or group.repeats or (group.sentence is one.sentence and len(group.values) >= 3)


def _below(group: Group, one: Told) -> bool:
    """Whether a mean begins the line right below the values, and lies among them or just beside."""
    low, high = min(n.value for n in group.values), max(n.value for n in group.values)
    near = low - (high - low) / 2 <= one.number.value <= high + (high - low) / 2
    begins = MEAN_WORD.search(one.sentence.text[:_BEGINS]) is not None
    return near and begins and 0 <= one.line.number - group.last <= 1 and len(group.values) >= 3


def _spoken_for(group: Group, one: Told, means: Sequence[tuple[int, Told]]) -> bool:
    """Whether another number near the values is their mean."""
    return any(
        other is not one
        and other.line.section == group.section
        and abs(other.line.number - group.last) <= _FAR
        and right(other.number, group.values)
        for _, other in means
    )
