"""Values over repeats and the mean and the spread that are said of them, in sentences, points of lists and messages."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number, right
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.text.vocabulary.repeats import MEAN_WORD, NO_MEAN, SPREAD_WORD
from evenhand.audit.text.words import tokens
from evenhand.audit.told.repeats.averages import Told, told_in
from evenhand.audit.told.repeats.groups import BY_SEED, Group, groups_of
from evenhand.audit.told.repeats.indexed import goes_on_above, of_repeats
from evenhand.audit.told.repeats.said_counts import count_said, counts_said, repeats_said
from evenhand.audit.told.seeds.series import OVER, Series
from evenhand.audit.told.seeds.stated import kind_said, kind_stated

_BEGINS = 16
_FAR = 12
"""Lines between values and their mean."""


_BEHIND_RESULT = 28
_SURE = 5
"""Widths of the values within which a mean may lie that shares their name and their number."""


_DEVIATION = Pattern(r"\b(?:std|sd|stdev|standard deviation)\b(?!\s*err)", re.IGNORECASE)


_LEAD = 24
_FEWEST, _MOST, _CLOSE = 3, 64, 3
"""Fewest and most values; lines between values and a mean that is told in a sentence of its own."""


def spoken(log: Log) -> Iterator[Series]:
    """Each group of values with the mean and the spread that are said of it near by."""
    passages = passages_of(log)
    groups = [one for one in groups_of(log) if one.firm]
    listed = {(id(one.sentence), n.start) for one in groups_of(log) if one.sentence for n in one.values}
    told = [
        (place, one)
        for place, passage in enumerate(passages)
        for sentence in passage.sentences
        for one in told_in(sentence)
        if (id(one.sentence), one.number.start) not in listed
    ]
    means = [(place, one) for place, one in told if one.role != "spread"]
    near = _finder(groups)
    taken: dict[int, tuple[Group, Told | None, Told | None]] = {}
    for _, one in means:
        group = _group(near(one), one, means, log)
        if group is not None:
            taken.setdefault(id(group), (group, one, None))
    for _, one in told:
        if one.role == "spread" and (group := _group(near(one), one, means, log)) is not None:
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
            complete(log, group, mean, sd),
        )


def _explicit(one: Told) -> str:
    """Whether a spread is called a standard deviation, not only a spread or what stands behind a ±."""
    before = one.sentence.text[max(0, one.number.start - 24) : one.number.start]
    return "deviation" if _DEVIATION.search(before) else ""


def _surely(group: Group, one: Told) -> bool:
    """Whether a spread without the mean beside it is of these values: in their sentence, with as many repeats."""
    text = one.sentence.text
    of = re.search(r"\bof\b[^.;]{0,12}$", text[: group.values[0].start]) if group.sentence is one.sentence else None
    return group.sentence is one.sentence and (count_said(text) == len(group.values) or of is not None)


def _finder(groups: Sequence[Group]) -> Callable[[Told], list[Group]]:
    """Gives the values that stand in the sentence of a mean or a spread, or end at most so many lines above it."""
    ends = sorted((group.last, at) for at, group in enumerate(groups))
    own: dict[int, list[int]] = {}
    for at, group in enumerate(groups):
        own.setdefault(id(group.sentence), []).append(at)

    def near(one: Told) -> list[Group]:
        line = one.line.number
        places = {at for _, at in ends[bisect_left(ends, (line - _FAR, 0)) : bisect_left(ends, (line + 1, 0))]}
        return [groups[at] for at in sorted({*places, *own.get(id(one.sentence), ())})]

    return near


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


def complete(log: Log, group: Group, mean: Told | None, sd: Told | None) -> bool:
    """Whether all values of a mean and a spread are there, counted in words or named one by one, and both are of them.

    Their words name nothing that the values' own words do not name, and no other number of repeats is told.
    """
    count, heads = len(group.values), [*log.path(group.section)[-1:], *(one.body for one in log.parents(group.line))]
    own = _own_words(log, group)
    if not _FEWEST <= count <= _MOST or {n for text in (*heads, own[0]) for n in repeats_said(text)} - {count}:
        return False
    clauses = [(one, _clause(one.sentence, group, [o.number for o in (mean, sd) if o and o.sentence is one.sentence]))
               for one in (mean, sd) if one is not None]  # fmt: skip
    if not all(_theirs(log, group, one, clause, " ".join([*heads, *own])) for one, clause in clauses):
        return False
    around = _above(log, group)
    stem = re.match(r"\W*(?:\[[^\]]*\]\W*)?([^\d\n]{0,12})", group.line.body)
    stacked = group.sentence is None and (
        BY_SEED.search(around) is not None or (stem is not None and of_repeats(f"{stem[1].strip().lower()}#"))
    )
    if group.sentence is None and goes_on_above(log, group.line):
        return False
    told = {n for text in (around, own[0], *heads) for n in counts_said(text)}
    told |= {n for one, clause in clauses for n in (*repeats_said(one.sentence.text), count_said(clause) or 0)}
    listed = group.sentence is not None and OVER.search(group.label[-_LEAD:]) is not None  # ``seeds: 0.71, 0.75, 0.73``
    return group.repeated or stacked or listed or count in told


def _theirs(log: Log, group: Group, one: Told, clause: str, words: str) -> bool:
    """Whether a mean or a spread is told right behind values, and in no words but theirs."""
    count = len(group.values)
    loose = one.role == "pooled" and count_said(clause) != count and not right(one.number, group.values)
    if one.role == "implied" or loose or not (one.sentence is group.sentence or _follows(log, group, one)):
        return False
    others = {*repeats_said(clause), count_said(clause) or count} - {count}
    return not others and not NO_MEAN.search(clause) and nothing_new(clause, words, count)


def _follows(log: Log, group: Group, one: Told) -> bool:
    """Whether a mean stands just below its values, with no other values between."""
    lines = log.lines[log.by_number[group.last] + 1 : log.by_number[one.line.number] + 1]
    between = any(group.last < other.last < one.line.number for other in groups_of(log) if other is not group)
    near = (2 if one.role == "spread" else 1) if group.sentence is None else _CLOSE
    beside = group.sentence is not None and one.line.number == group.last and one.sentence is not group.sentence
    return (beside or 0 < sum(line.kind != "blank" for line in lines) <= near) and not between


def _own_words(log: Log, group: Group) -> tuple[str, ...]:
    """The words of values: of their sentence, up to the end of their clause, or of the lines that list them."""
    if group.sentence is None:
        at = log.by_number[group.line.number]
        return "", *(line.body for line in log.lines[at : log.by_number[group.last] + 1])
    text, end = group.sentence.text, group.values[-1].end
    return (text[: end + _unit(text[end:])],)


def _unit(behind: str) -> int:
    """Letters behind a list that still belong to it: ``18.26 for seeds 0 to 4, so``."""
    found = re.match(r"(?:\([^)]*\)|[^.,;()|:]|\.(?=\d)){0,60}(?=[,;])", behind)
    rest = re.sub(r"\([^)]*\)", "", found[0]) if found else "1.0"
    return 0 if found is None or re.search(r"\d\.\d", rest) or MEAN_WORD.search(rest) else found.end()


def _above(log: Log, group: Group) -> str:
    at = log.by_number[group.line.number]
    return " ".join(line.body for line in log.lines[max(0, at - 4) : at] if line.section == group.section)


def _clause(sentence: Sentence, group: Group, told: Sequence[Number]) -> str:
    """The words around a mean and a spread: from the values, or the beginning, to the end of their clause."""
    text, values, own = sentence.text, group.values, sentence is group.sentence
    start, number = 0, told[-1]
    if own and number.start >= values[0].start:
        start = values[-1].end + _unit(text[values[-1].end :])
        told = [one for one in told if one.start >= start]
    elif own:
        start = 1 + max(text.rfind(mark, 0, told[0].start) for mark in (". ", "; ", "| ", "。", "；"))
    end = re.search(r"[.,;|)。；，](?:\s|$)|\s\(|\s\w+\s?=|$", text[number.end :])
    stop = values[0].start if own and number.start < values[0].start else number.end + (end.start() if end else 0)
    parts = [start, *(at for one in told for at in (one.start, one.end)), stop]
    around = [text[a:b] for a, b in zip(parts[::2], parts[1::2], strict=True)]
    spread = SPREAD_WORD.search(around[-1])
    return " ".join([*around[:-1], re.sub(r"\d+[.,]\d+", "", around[-1]) if spread else around[-1]])
