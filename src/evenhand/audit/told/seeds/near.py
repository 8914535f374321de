"""Values with the mean and the spread that stand beside them: in a sentence, in the lines around it, in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, counts
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE, ERROR, MEAN, SPREAD, lists_in
from evenhand.audit.told.seeds.series import Series, mixed
from evenhand.audit.told.seeds.spread_kinds import kind_of
from evenhand.audit.told.seeds.summarised import in_tables

_BEFORE = Pattern(
    r"^[\s>\-*•–—=→⇒#|]*(?:\[?\d{1,2}:\d{2}(?::\d{2})?\]?\s*)?(?:<?@?\w{1,15}>?\s*:\s*)?(?:[-=]+>|→|⇒|so|this is|"
    r"i\.e\.|thus|gives|giving|makes|and|the|"
    r"overall|with|in)?[\s,:]*$",
    re.IGNORECASE,
)
"""What may stand before the word mean in a line that begins with it: a mark, a time, who writes."""

_LABEL = Pattern(
    r"\s*(?:[=:≈~(]|of|is|was|are|at|over|the|all|across|these|them|both|delta\w*|diff\w*|d_\w+|Δ\w*|d|gain|return|"
    r"ret|score|acc\w*|value|"
    r"(?:\d+|two|three|four|five|six|eight|ten) (?:seeds?|runs|values|folds)|seeds?|runs)*\s*[=:≈~(]?\s*",
    re.IGNORECASE,
)
"""What may stand between the word mean and its number."""

_OTHER = Pattern(
    r"\b(?:lr|rates?|layers?|epochs?|steps?|sizes?|widths?|dims?|lengths?|ids?|k|top|coef\w*|beta|alpha|ranks?|"
    r"tokens|batch\w*|"
    r"budgets?|thresholds?|temperatures?|ci\d*|intervals?|range|min|max|median|quantiles?|percentiles?|p|grid|sweep|"
    r"values of|"
    r"tried|bounds?|versions?|ports?|gpus?|pages?|lines?|sections?|tables?|figures?|train(?:/val(?:/test)?)?|split|"
    r"respectively|"
    r"between|from|confusion|weights?)\b\W*(?:\w+\W+)?$",
    re.IGNORECASE,
)
"""What a list is of that is none of results over seeds."""

_SEEDS_THEMSELVES = Pattern(r"\bseeds?\W*$", re.IGNORECASE)
_LABELLED = Pattern(
    r"(?<![\w.])(?:(?:seed|run|rep(?:eat)?|fold|trial|run no\.?)\s*[#=]?\s*|s|#)(\d{1,5})\s*(?:[:=→]|->|gives|got)?\s*"
    r"(?=[+\-−]?\d|[+\-−]?\.\d)",
    re.IGNORECASE,
)
_ASIDE = Pattern(r"\((?:[^()]*\bseeds?\b[^()]*|[^()\d]*)\)|\bover (?:the )?\d+ (?:seeds|runs)\b", re.IGNORECASE)
_INTERVAL = Pattern(r"\[[^\]]*$|\bCI\w*\W*$", re.IGNORECASE)
_MEANS_OF_ELSE = Pattern(
    r"(?:baseline|base|control|other|previous|old|geometric|harmonic|trimmed|weighted|running|macro|grand|"
    r"moving|column|row|class|median|of means|ensemble|best|predicted|their)[\s-]+$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Printed:
    """A mean and a spread in a line; ``first`` is where the first of both begins."""

    mean: Number | None
    sd: Number | None
    first: int
    last: int


@lru_cache(maxsize=64)
def near_of(log: Log) -> tuple[Series, ...]:
    """Values with their mean or spread, as they stand near each other; only where both are surely of one thing."""
    return (*_in_text(log), *in_tables(log))


def _in_text(log: Log) -> Iterator[Series]:
    spoken = [line for line in log.lines if line.kind in ("prose", "bullet", "code") and line.numbers]
    for line in spoken:
        said = _printed(line)
        if said is None:
            continue
        place = log.by_number[line.number]
        values, at = _values(line, said), line
        leads = _BEFORE.match(line.body[: said.first]) is not None
        if values is None and leads:
            values, at = _above(log, place)
        if values is None and leads and place + 1 < len(log.lines) and log.lines[place + 1].section == line.section:
            at = log.lines[place + 1]
            values = _only(at) if _printed(at) is None else None
        if values is None or not _fit(values, said):
            continue
        signed = (
            all(n.signed or not n.value for n in values) or DIFFERENCE.search(at.body[: values[0].start]) is not None
        )
        name = at.body[max(0, values[0].start - 60) : values[0].start].strip(" :=([,-`")
        yield Series(name, values, said.mean, said.sd, len(values), at, line, signed, line.section)


def _printed(line: Line) -> _Printed | None:
    """The one mean and the one spread of a line."""
    means, sds = _numbers(line, MEAN), _numbers(line, SPREAD)
    if len(means) > 1 or len(sds) > 1 or not (means or sds):
        return None
    both = [*means, *sds]
    mean = means[0][1] if means else None
    beside = [
        n for n in line.numbers if mean is not None and n.spread and n.start - mean.end <= 6 and n.start >= mean.end
    ]
    sd = sds[0][1] if sds else beside[0] if beside and not ERROR.search(line.body) and "CI" not in line.body else None
    return _Printed(mean, sd, min(start for start, _ in both), max(number.end for _, number in both))


def _numbers(line: Line, word: Pattern) -> list[tuple[int, Number]]:
    """The words of a line with the number that each stands before, and right before only."""
    found = []
    for one in word.finditer(line.body):
        if _MEANS_OF_ELSE.search(line.body[: one.start()]):
            return []
        after = next((n for n in line.numbers if n.start >= one.end() and not _counts_seeds(line, n)), None)
        if after is None or after.about or not _LABEL.fullmatch(line.body[one.end() : after.start].replace("`", "")):
            continue
        found.append((one.start(), after))
    return found


def _counts_seeds(line: Line, number: Number) -> bool:
    return re.match(r"\s*(?:seeds?|runs|values|folds)\b", line.body[number.end :]) is not None


def _values(line: Line, said: _Printed) -> tuple[Number, ...] | None:
    """The values in the line of their mean: right before it, or right behind."""
    lists = [one for one in _lists(line) if all(n is not said.mean and n is not said.sd for n in one)]
    if len(lists) != 1:
        return None
    one = lists[0]
    between = line.body[one[-1].end : said.first] if one[-1].end <= said.first else line.body[said.last : one[0].start]
    between = _ASIDE.sub(" ", between)
    if one[0].start > said.first and (";" in between or len(between) > 20):
        return None
    if len(between) > 40 or re.search(r"\d|[.;]\s+[A-Z]", between) is not None:
        return None
    return one


def _above(log: Log, place: int) -> tuple[tuple[Number, ...] | None, Line]:
    """The values in the line above, or in the lines above, one for each seed."""
    line = log.lines[place]
    one = log.lines[place - 1] if place else line
    if not place or one.section != line.section or one.kind not in ("prose", "bullet", "code"):
        return None, line
    if _printed(one) is not None:
        return None, line
    values = _only(one)
    return (values, one) if values is not None else (_stacked(log, place), one)


def _only(line: Line) -> tuple[Number, ...] | None:
    lists = _lists(line)
    return lists[0] if len(lists) == 1 else None


def _stacked(log: Log, place: int) -> tuple[Number, ...] | None:
    """``seed 0: 0.61`` and below it ``seed 1: 0.63``: one result a line, above their mean."""
    found: list[Number] = []
    for line in reversed(log.lines[max(0, place - 12) : place]):
        label = _LABELLED.search(line.body)
        own = [n for n in line.numbers if label is not None and n.start >= label.end() - 1 and n.decimals]
        if label is None or line.section != log.lines[place].section or len(own) != 1:
            break
        found.append(own[0])
    found.reverse()
    return tuple(found) if len(found) >= 2 and _alike(found) else None


def _lists(line: Line) -> list[tuple[Number, ...]]:
    """The lists of results of a line: bare, each behind its seed, or as counts with their shares."""
    answer = []
    for one in lists_in(line, 3):
        before = line.body[: one.numbers[0].start]
        seeds = all(n.decimals == 0 for n in one.numbers) and (
            _SEEDS_THEMSELVES.search(before) is not None or _consecutive(one.numbers)
        )
        if not seeds and _alike(one.numbers) and not _OTHER.search(before[-60:]) and not _INTERVAL.search(before):
            answer.append(one.numbers)
    pairs = [
        one for one in lists_in(line, 2) if len(one.numbers) == 2 and all(n.signed and n.decimals for n in one.numbers)
    ]
    answer += [one.numbers for one in pairs if not _INTERVAL.search(line.body[: one.numbers[0].start])]
    labelled = _labelled(line)
    if labelled is not None:
        answer = [labelled]
    shares = [one.share for one in counts(line.body)]
    if len(shares) >= 3 and all(shares):
        answer = [tuple(one for one in shares if one is not None)]
    return answer


def _labelled(line: Line) -> tuple[Number, ...] | None:
    found = []
    seen = set()
    for one in _LABELLED.finditer(line.body):
        number = next((n for n in line.numbers if one.end() <= n.start <= one.end() + 1), None)
        if number is None or one[1] in seen:
            return None
        seen.add(one[1])
        found.append(number)
    return tuple(found) if len(found) >= 2 and _alike(found) and any(n.decimals for n in found) else None


def _alike(values: list[Number] | tuple[Number, ...]) -> bool:
    """Whether numbers are printed alike, as values of one thing are."""
    fine = {n.decimals for n in values if n.value}
    return bool(fine) and max(fine) - min(fine) <= 1 and not mixed(tuple(values)) and len({n.unit for n in values}) == 1


def _consecutive(values: tuple[Number, ...]) -> bool:
    steps = {b.value - a.value for a, b in pairwise(values)}
    ratios = {b.value / a.value for a, b in pairwise(values) if a.value}
    return len(steps) == 1 or (len(ratios) == 1 and len(values) > 2)


def _fit(values: tuple[Number, ...], said: _Printed) -> bool:
    """Whether a mean and a spread can be those of these values: in their units, near them, and one of both is right."""
    low, high = min(n.value for n in values), max(n.value for n in values)
    width = high - low
    mean, sd = said.mean, said.sd
    units = {values[0].unit.replace("pp", "%"), ""}
    if any(one is not None and one.unit.replace("pp", "%") not in units for one in (mean, sd)):
        return False
    right = None
    if mean is not None:
        room = width if sd is not None and kind_of(values, sd) != "none" else width / 4
        if not low - room - mean.slack <= mean.value <= high + room + mean.slack:
            return False
        if mean.decimals > max(n.decimals for n in values) + 2:
            return False
        if mean.decimals + 1 < max(n.decimals for n in values) and mean.value == int(mean.value):
            return False
        slack = sum(v.slack for v in values) / len(values) + mean.slack
        right = abs(sum(v.value for v in values) / len(values) - mean.value) <= slack * (1 + 1e-9)
    if sd is None:
        return True
    spread = kind_of(values, sd) != "none"
    return (spread or right is True) and 0 < sd.value <= 2 * width + sd.slack
