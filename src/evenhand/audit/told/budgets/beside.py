"""What two arms of one comparison could spend, told beside each other in words, or in a column of their records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import OF_DATA
from evenhand.audit.told.arms.records import Records, baseline_of, records_of
from evenhand.audit.told.budgets.named import NamedAmount, amounts_of
from evenhand.audit.told.budgets.tables import BASE_ROW, Unequal, apart_by, by_name, is_budget, plain_name

MUCH = 1.25
"""A budget that is larger by this factor is another one."""

_STAGES = Pattern(
    r"\b(?:stages?|phases?|warm-?up|decay|total|eval\w*|val|validation|test|save\w*|log\w*|check-?points?|"
    r"pre-?train\w*|curriculum|"
    r"anneal\w*|cool-?down|context|sequence|window|max|min|minimum|maximum|prefix|suffix|prompt|response|answer|"
    r"memory|cache|ema|"
    r"interval|horizon|rollouts?|lr|peak|best|early|stop\w*|converge\w*|remaining|initial|final|first|second|dataset|"
    r"split|held-?out|"
    r"resum\w+|continu\w+|smoke|debug|sanity|pilot|quick|screen\w*|full|plan\w*|previous|prior|new|old)\b",
    re.IGNORECASE,
)
_ADMITTED = Pattern(
    r"\b(?:unequal|unfair|not comparable|incomparable|caveat|not (?:a )?fair|mismatch\w*|not matched|unmatched|"
    r"no comparison|scaling|"
    r"(?:same|equal|matched|identical|iso)[\s-]+(?:\w+[\s-]+)?(?:budgets?|compute|steps?|tokens|examples|flops|"
    r"updates|wall)|"
    r"though|despite|until (?:converg|plateau)\w*|early[- ]stop\w*|ablat\w+ (?:over|of) (?:steps|budget)|speed-?up|"
    r"faster|fewer|sooner|if|would|should|could)\b",
    re.IGNORECASE,
)
_KIND = Pattern(r"variante?n?|arm|modell?|version|run|lauf|setup|bras|brazo")
"""A word for an arm of any name."""

_MADE_EQUAL = Pattern(
    r"\b(?:both|each|all|same|equal)\b[^.;]{0,40}\b(?:steps?|epochs?|tokens|updates|budgets?|examples)\b|"
    r"\bbatch(?: ?size)?(?: of| =|:)? ?\d|\bat \d[\d,]*k? (?:steps|epochs)\b",
    re.IGNORECASE,
)
"""What may make up for a difference in one unit: equal amounts of another, or the size of a batch."""

_LONGEST = 220
_CUE = Pattern(r"\b(?:train\w*|budget\w*|fine-?tun\w*|tuned|runs?|ran|saw|seen|got|had)\b", re.IGNORECASE)
_MEASURED = Pattern(
    r"budget|time|clock|hours|hrs|minutes|seconds|compute|flops|gpu|complet|done|actual|\bran\b|\brun\b|best|stop|used|"
    r"reached|avg|mean|conver"
)
_SENTENCES = Pattern(r"[.;]\s")


def told_in_words(log: Log) -> Iterator[Unequal]:
    """``plain 400 steps, anchored 1200 steps``, where both are named where results stand; in a line or in two."""
    results = [
        line.low
        for line in log.lines
        if line.kind not in ("heading", "blank") and any(n.decimals or n.unit == "%" or n.signed for n in line.numbers)
    ]  # fmt: skip
    results += [" ".join(table.header).lower() for table in log.tables]
    elsewhere = [line.low for line in log.lines if line.kind not in ("blank", "code")]
    lines = list(log.spoken())
    for at, line in enumerate(lines):
        amounts = amounts_of(line)
        if not amounts or len(line.body) > _LONGEST or _ADMITTED.search(line.body):
            continue
        own = any(n.decimals and n.unit == "%" for n in line.numbers)  # the line itself tells a result
        if own:  # what stands before the sentence of an amount is none of its name
            amounts = [replace(one, named=_SENTENCES.split(one.before)[-1]) for one in amounts]
        rest = [text for text in (elsewhere if own else results) if text != line.low]
        cuts = [0, *(found.end() for found in _SENTENCES.finditer(line.low)), len(line.low)] if own else []
        inside = [one.number.start for one in amounts]
        rest += [line.low[a:b] for a, b in pairwise(cuts) if not any(a <= start < b for start in inside)]
        after = lines[at + 1] if at + 1 < len(lines) else None
        equal = any(_MADE_EQUAL.search(one.body) for one in lines[max(0, at - 2) : at + 4])
        if len(amounts) == 2 and _pair(amounts[0], amounts[1], rest + _own(amounts, line)):
            here = after is not None and after.section == line.section
            sure = bool(_own(amounts, line)) or (after is not None and here and _told_of(amounts, after))
            yield _unequal(amounts[0], amounts[1], line, line, sure and not equal)
        elif len(amounts) == 1 and after is not None:
            below = amounts_of(after)
            near = (
                after.section == line.section
                and after.number == line.number + 1
                and after.kind == line.kind == "bullet"
            )
            if not near or len(below) != 1 or _ADMITTED.search(after.body):
                continue
            own_results = _own((*amounts, *below), line, after)
            if _pair(amounts[0], below[0], rest + own_results):
                yield _unequal(amounts[0], below[0], line, after, bool(own_results) and not equal)


def _own(pair: Sequence[NamedAmount], *lines: Line) -> list[str]:
    """The lines of two amounts themselves, where both arms, one the baseline, have one result, the larger for more."""
    told = [[n.value for n in line.numbers if n.decimals and n.unit == "%" and not n.signed] for line in lines]
    results = [one for values in told for one in values]
    based = any(BASE_ROW.search(one.name) for one in pair) and len(results) == 2 == len(pair) and all(told)
    rising = based and (results[1] > results[0]) == (pair[1].number.value > pair[0].number.value)
    return [line.low for line in lines] if rising else []


def _told_of(pair: Sequence[NamedAmount], after: Line) -> bool:
    """Whether the next line tells one result for each of two arms, one of them the baseline."""
    results = [n for n in after.numbers if n.decimals and n.unit == "%" and not n.signed]
    based = [BASE_ROW.search(one.name) is not None for one in pair]
    named = all(re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", after.low) for one in pair)
    return named and len(results) == len(after.numbers) == 2 and based[0] != based[1]


def _unequal(one: NamedAmount, other: NamedAmount, line: Line, after: Line, sure: bool) -> Unequal:
    more, less = (other, one) if other.number.value > one.number.value else (one, other)
    lines = (after.number, line.number) if more is other else (line.number, after.number)
    spent = (more.number.value, less.number.value, more.unit + "s")
    return Unequal(more.name, None, *spent, *lines, False, less.name, sure)


def _pair(one: NamedAmount, other: NamedAmount, results: list[str]) -> bool:
    if one.unit not in ("step", "epoch") and not _CUE.search(f"{one.before} {other.before}"):
        return False
    if one.unit != other.unit or min(one.number.value, other.number.value) <= 0:
        return False
    if max(one.number.value, other.number.value) <= MUCH * min(one.number.value, other.number.value):
        return False
    if any(_STAGES.search(text) for text in (one.before[-60:], other.before[-60:])):
        return False
    names = [_known(one.name, results), _known(other.name, results)]
    return all(names) and names[0] != names[1]


def _known(name: str, results: list[str]) -> str:
    """A short name that stands where results do; empty where it does not."""
    named = re.search(r"[^\W\d_]", name) is not None and not re.search(r"\d\.\d", name)  # no number names an arm
    return name if named and 2 <= len(name) <= 40 and len(name.split()) <= 3 and _in_results(name, results) else ""


def _in_results(name: str, results: list[str]) -> bool:
    """Whether a name stands in a line of results, as a word of its own."""
    if any(re.search(rf"(?<![\w+]){re.escape(name)}(?![\w+])", text) for text in results):
        return True
    parts = [part for part in re.split(r"[+&/ -]+", name) if len(part) >= 2]
    if len(parts) == 2 and _KIND.fullmatch(parts[1]):
        parts = parts[:1] * 2
    return len(parts) >= 2 and any(
        all(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text) for p in parts) for text in results
    )


def told_in_records(log: Log) -> Iterator[Unequal]:
    """Arms of which one had clearly more steps, epochs, tokens or examples than all others had."""
    for records in records_of(log):
        columns = [i for i, name in enumerate(records.table.header) if is_budget(name) and not _clock(name)]
        if not columns or not any(_result(records, i) for i in records.results()):
            continue
        if OF_DATA.match(records.table.header[records.arm].strip()):
            continue  # its rows are what arms were run on
        spent = {place: _spent(records, place) for place in columns}
        if any(found is not None and len(set(found.values())) == 1 and len(found) >= 2 for found in spent.values()):
            continue  # equal in one unit: that is what was meant to be equal
        for place, found in spent.items():
            if found is not None and not _equal_in_batches(records, place):
                yield from _odd(records, place, found)
                break


def _clock(name: str) -> bool:
    """Whether a column tells what was measured, not what was set."""
    return _MEASURED.search(plain_name(name)) is not None


def _result(records: Records, place: int) -> bool:
    return any(one is not None and one.decimals >= 2 for one in records.table.columns[place]) or any(
        one is not None and one.decimals and one.unit == "%" for one in records.table.columns[place]
    )


def _spent(records: Records, place: int) -> dict[str, float] | None:
    """What each arm spent, the same on all seeds; arms that train nothing are left out."""
    answer = {}
    for name, rows in records.groups.items():
        amounts = {value.value for row in rows if (value := records.value(row, place)) is not None}
        if len(amounts) > 1:
            return None
        if amounts and (amount := amounts.pop()) > 0:
            answer[name] = amount
    return answer if len(answer) >= 2 else None


def _equal_in_batches(records: Records, place: int) -> bool:
    """Whether steps times the size of a batch are equal."""
    batches = [
        i
        for i, name in enumerate(records.table.header)
        if re.search(r"batch|\bbs\b|bsz|tokens per|seq", plain_name(name))
    ]
    for other in batches:
        made = set()
        for rows in records.groups.values():
            one, size = records.value(rows[0], place), records.value(rows[0], other)
            if one is not None and size is not None:
                made.add(round(one.value * size.value, 6))
        if made and max(made) <= MUCH * min(made):
            return True
    return False


def _odd(records: Records, place: int, spent: dict[str, float]) -> Iterator[Unequal]:
    amounts = set(spent.values())
    if len(amounts) != 2 or max(amounts) <= MUCH * min(amounts) or not _set(min(amounts), max(amounts)):
        return
    base = baseline_of(records)
    counts = {amount: sum(one == amount for one in spent.values()) for amount in amounts}
    usual = (
        spent[base] if base in spent else max(amounts, key=lambda one: (counts[one], one == next(iter(spent.values()))))
    )
    against = base if base in spent else next(name for name, amount in spent.items() if amount == usual)
    if by_name(against, usual):
        return
    for name, amount in spent.items():
        matched = any(one == amount and BASE_ROW.search(plain_name(other)) for other, one in spent.items())
        if amount != usual and not matched and not by_name(name, amount):
            row, other = records.groups[name][0], records.groups[against][0]
            told = (amount, usual, records.table.header[place])
            sure = base in spent and apart_by(records.table, row, other, place)
            yield Unequal(name, None, *told, row.line_of(place), other.line_of(place), False, against, sure)


def _set(less: float, more: float) -> bool:
    """Whether two amounts look like ones that somebody set: both round, or one a whole multiple of the other."""
    round_ = all(len(f"{one:.0f}".rstrip("0")) <= 2 and one >= 100 for one in (less, more))
    return round_ or (more / less == int(more / less) and len(f"{more:g}".strip("0").replace(".", "")) <= 3)
