"""Values over repeats and the mean and the spread that are said of them, in sentences, points of lists and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.repeat_words import MEAN_WORD, NO_MEAN, OF_A_MEAN, POOLED, SPREAD_WORD
from evenhand.audit.text.words import tokens
from evenhand.audit.told.seeds.averaged import right
from evenhand.audit.told.seeds.groups import Group, groups_of
from evenhand.audit.told.seeds.said_counts import count_said
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.stated import kind_said, kind_stated

_FAR = 12
"""Lines between values and their mean."""

_REACH = 75
"""Letters between the word for a mean and its number."""

_BEHIND_RESULT = 28
_SPREADS = 45
_LONG = 240
_SURE = 5
"""Widths of the values within which a mean may lie that shares their name and their number."""

_CLAUSE = re.compile(r"[;|]|\.\s|[:?!]\s")
_BEHIND = re.compile(r"\W{0,3}(?:(?:word|percent|per cent|prozent|points?|punkten?|pts?|%|ms|s)\s*)?(?:errors?\s*)?\W{0,3}(?:on|in|im|the|als|en|de|в|\()?\s*(?:the\s*)?$", re.IGNORECASE)
_PLUS_MINUS = re.compile(r"\s*%?\s*(?:±|\+/?-|\+-)\s*$")


_BOTH = re.compile(r"\b(?:mean|avg|average)\s*(?:±|\+/?-|\(|/|,|and)\s*(?:sample |population |unbiased )?(?:std\w*|sd|s\.d\.|standard deviation)\)?", re.IGNORECASE)
_DEVIATION = re.compile(r"\b(?:std|sd|stdev|standard deviation)\b(?!\s*err)", re.IGNORECASE)
_COMPARED = re.compile(r"[<>≤≥]|\b(?:below|(?<!the )above|under|at most|at least|less than|more than|gate|threshold|target|limit)\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Told:
    """A number that is said to be a mean or a spread.

    Attributes:
        number: as printed.
        role: mean, pooled (perhaps a mean), implied (by the spread behind it) or spread.
        sentence: where it stands.
        words: those around it, from which its kind is read.
    """

    number: Number
    role: str
    sentence: Sentence
    words: str

    @property
    def line(self) -> Line:
        """The line that it stands on."""
        return self.sentence.line_at(self.number.start)


def spoken(log: Log) -> Iterator[Series]:
    """Each group of values with the mean and the spread that are said of it near by."""
    passages = passages_of(log)
    groups = [one for one in groups_of(log) if one.firm]
    listed = {(id(one.sentence), n.start) for one in groups_of(log) if one.sentence for n in one.values}
    told = [(place, one) for place, passage in enumerate(passages) for s in passage.sentences for one in _told(s)]
    told = [(place, one) for place, one in told if (id(one.sentence), one.number.start) not in listed]
    means = [(place, one) for place, one in told if one.role != "spread"]
    taken: dict[int, tuple[Group, _Told | None, _Told | None]] = {}
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
            group.label, group.values, mean.number if mean else None, sd.number if sd else None, len(group.values), line,
            at.line, group.signed, group.section, sd.line if sd else None, stated,
            mean is not None and sure(group, mean),
        )  # fmt: skip


def _explicit(one: _Told) -> str:
    """Whether a spread is called a standard deviation, not only a spread or what stands behind a ±."""
    before = one.sentence.text[max(0, one.number.start - 24) : one.number.start]
    return "deviation" if _DEVIATION.search(before) else ""


def _surely(group: Group, one: _Told) -> bool:
    """Whether a spread without the mean beside it is of these values: in their sentence, with as many repeats."""
    return group.sentence is one.sentence and count_said(one.sentence.text) == len(group.values)


def _told(sentence: Sentence) -> Iterator[_Told]:
    """The numbers of a sentence that its words make a mean or a spread."""
    text = sentence.text
    seen: set[int] = set()
    for word in _BOTH.finditer(text):
        after = [n for n in sentence.numbers if n.start >= word.end() and not _counts(text, n)]
        mean, sd = (*after, None, None)[:2]
        if mean is not None and sd is not None and mean.start - word.end() < _SPREADS and sd.start - mean.end <= 4:
            seen |= {mean.start, sd.start}
            yield _Told(mean, "mean", sentence, text)
            yield _Told(sd, "spread", sentence, text)
    for pattern, role in ((SPREAD_WORD, "spread"), (MEAN_WORD, "mean"), (POOLED, "pooled")):
        for word in pattern.finditer(text):
            number = _number_of(sentence, word, role)
            if number is None or number.start in seen or number.signed and role == "spread":
                continue
            seen.add(number.start)
            words = text if len(text) <= _LONG else text[max(0, word.start() - 60) : max(word.end(), number.end) + 60]
            yield _Told(number, role, sentence, words)
            if role != "spread":
                yield from _plus_minus(sentence, number, seen)
    for place, number in enumerate(sentence.numbers[1:]):
        before = sentence.numbers[place]
        if number.start not in seen and (number.spread or _PLUS_MINUS.fullmatch(text[before.end : number.start])):
            seen.add(number.start)
            if before.start not in seen:
                yield _Told(before, "implied", sentence, text)
            if not OF_A_MEAN.search(text):
                yield _Told(number, "spread", sentence, text)


def _plus_minus(sentence: Sentence, mean: Number, seen: set[int]) -> Iterator[_Told]:
    after = next((n for n in sentence.numbers if n.start >= mean.end), None)
    if after is None or OF_A_MEAN.search(sentence.text):
        return
    between = sentence.text[mean.end : after.start]
    if after.spread or _PLUS_MINUS.fullmatch(between):
        seen.add(after.start)
        yield _Told(after, "spread", sentence, sentence.text)


def _number_of(sentence: Sentence, word: re.Match[str], role: str) -> Number | None:
    """The number that a word makes a mean or a spread: the next one of its clause, or the one right before it."""
    text = sentence.text
    lead = text[max(0, word.start() - 14) : word.start()]
    if NO_MEAN.search(lead) or (role == "spread" and OF_A_MEAN.search(text[word.start() : word.end() + 12])):
        return None
    reach = _SPREADS if role == "spread" else _REACH
    for number in sentence.numbers:
        between = text[word.end() : number.start]
        if number.start < word.end():
            continue
        if len(between) > reach or _CLAUSE.search(between.replace(": ", " ", 1)) or _other_role(between, role) or _COMPARED.search(between):
            break
        if _counts(text, number) or count_said(text[max(0, number.start - 8) : number.end + 14]) == number.value:
            continue
        return number
    before = [n for n in sentence.numbers if n.end <= word.start()]
    if before and role == "mean" and _BEHIND.fullmatch(text[before[-1].end : word.start()]):
        return before[-1]
    return None


def _counts(text: str, number: Number) -> bool:
    """Whether a number counts what the mean is of, or is part of a condition such as ``n-1`` or ``ddof=1``."""
    after = re.match(r"\s*(?:[\w-]+\s){0,1}(?:seeds?|runs?|values?|folds?|repeats?|splits?|trainings?)\b", text[number.end :])
    if re.search(r"\bn\s?[-−–]\s?1$", text[: number.end]):
        return True
    before = re.search(r"(?:ddof\s*=?\s*|\bn\s*=\s*|\bseeds?\s*)$", text[: number.start], re.IGNORECASE)
    return not number.decimals and (after is not None or before is not None or number.value == 1 and number.start >= 2 and text[number.start - 1] in "-−–")


def _other_role(between: str, role: str) -> bool:
    """Whether a word between a role and a number gives that number to something else."""
    other = MEAN_WORD if role == "spread" else SPREAD_WORD
    return other.search(between) is not None or NO_MEAN.search(between) is not None or OF_A_MEAN.search(between) is not None


def _group(groups: Sequence[Group], one: _Told, means: Sequence[tuple[int, _Told]], log: Log) -> Group | None:
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
    group = fits[0] if fits else None
    own = [n for n in one.sentence.numbers if n.end <= one.number.start and n.decimals and not n.spread]
    if group is not None and group.sentence is not one.sentence and len(own) >= 2:
        return None  # it is the mean of what stands before it
    return group if group is not None and _close(group, one) and not _spoken_for(group, one, means) else None


def _of_another(group: Group, one: _Told) -> bool:
    """Whether a spread stands right behind a result that is neither one of the values nor their mean."""
    before = [n for n in one.sentence.numbers if n.end <= one.number.start]
    if not before or one.number.start - before[-1].end > _BEHIND_RESULT or not before[-1].decimals or before[-1].spread:
        return False
    mine = group.sentence is one.sentence and any(n.start == before[-1].start for n in group.values)
    return not mine and not right(before[-1], group.values) and before[-1].decimals + 1 >= one.number.decimals


def _fits(group: Group, one: _Told) -> bool:
    """Whether a number can be meant of a group: its unit, its digits, and no farther than the values are wide."""
    low, high = min(n.value for n in group.values), max(n.value for n in group.values)
    width, number = high - low, one.number
    fine = max(n.decimals for n in group.values)
    units = {group.values[0].unit.replace("pp", "%"), ""}
    if number.unit.replace("pp", "%") not in units and group.values[0].unit:
        return False
    if one.role != "spread" and group.values[0].unit and number.unit != group.values[0].unit and not low <= number.value <= high:
        return False
    if one.role == "spread":
        return 0 < number.value <= 2 * width + number.slack and number.decimals + 2 > fine
    room = (_SURE if sure(group, one) else 1.5) * width + number.slack
    digits = number.decimals + 1 >= fine and number.decimals <= fine + 2 and not number.about
    return digits and low - room <= number.value <= high + room and width > 0


def sure(group: Group, one: _Told) -> bool:
    """Whether a mean shares a name and the number of repeats with values, so that one far from them is theirs, too."""
    own = tokens(one.sentence.text[: one.number.start][-60:])
    names = tokens(group.label) | (tokens(group.sentence.text) if group.sentence else frozenset())
    return count_said(one.sentence.text) == len(group.values) and group.repeats and bool(own & names)


def _close(group: Group, one: _Told) -> bool:
    """Whether a mean that is wrong is surely of these values: how many they are is said, or nothing stands between."""
    text = one.sentence.text
    counted = count_said(text) == len(group.values)
    if one.role == "implied":
        return False
    if one.role == "pooled":
        return counted or group.folds
    return counted or group.repeats or (group.sentence is one.sentence and len(group.values) >= 3)


def _spoken_for(group: Group, one: _Told, means: Sequence[tuple[int, _Told]]) -> bool:
    """Whether another number near the values is their mean."""
    return any(
        other is not one and other.line.section == group.section and abs(other.line.number - group.last) <= _FAR
        and right(other.number, group.values)
        for _, other in means
    )  # fmt: skip

