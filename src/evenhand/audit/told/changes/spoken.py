"""Two values of a passage, a list or a chat and the difference that is told of them, at any distance within it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import (
    ABSOLUTE_WORDS,
    DIFFERENCE_NAMES,
    DOWN_WORDS,
    QUICK_WORDS,
    RELATIVE_WORDS,
    SLOW_WORDS,
    SPREAD_NAMES,
    UP_WORDS,
)
from evenhand.audit.told.changes import words
from evenhand.audit.told.quantities import Quantity, Scope, quantities, scopes_of

_EDGE = r"(?<![^\W\u3400-\u9fff])"
_UP = Pattern(rf"{_EDGE}(?:{UP_WORDS}|{QUICK_WORDS}|{SLOW_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_DOWN = Pattern(rf"{_EDGE}(?:{DOWN_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_FASTER = Pattern(rf"{_EDGE}(?:{QUICK_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_RELATIVE = Pattern(rf"{_EDGE}(?:{RELATIVE_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_ABSOLUTE = Pattern(rf"{_EDGE}(?:{ABSOLUTE_WORDS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_SPREAD = Pattern(
    rf"{_EDGE}(?:{SPREAD_NAMES})(?![a-zà-ÿа-я])(?:\s+[^\W\d]+){{0,3}}\s*[:=]?(?:\s*[\d.,]*\s*(?:and|und|bzw\.?|y|et|и|,|/)?\s*){{0,2}}$",
    re.IGNORECASE,
)
_SETTING = Pattern(
    r"\s?-?(?:GB|MB|kB|GiB|M\b|B\b|k\b|EUR|USD|euros?|hours?|h\b|epochs?|steps?|seeds?|million|params?|layers?|GPU\w*|"
    r"milliard\w*|Mrd|Mio|watts?|kWh|MWh|ГБ|часа?|小时|GFLOPs?|tokens?/s|rps)"
)
_NO_DIFFERENCE = Pattern(
    r"(?<![\w])(?:of the (?:data|items|time|tokens|cases)|confidence|interval|sd|std|±|threshold|target|at least|at "
    r"most|up to|cost|memory|disk|throughput|latency budget|from \S+ to|share of|chance|if|would|should|expected?|goal|"
    r"want|per seed|each|seed sd|range|between|gpt|paper|published|literature)(?![a-zà-ÿа-я])",
    re.IGNORECASE,
)
_CUES = rf"{DIFFERENCE_NAMES}|{UP_WORDS}|{DOWN_WORDS}|{RELATIVE_WORDS}"
_CUE_BEFORE = Pattern(
    rf"{_EDGE}(?:{_CUES})(?:\s+(?!to\b|from\b|at\b|than\b)[^\W\d][\w'-]*){{0,5}}[\s:=]*[+\-−]?$", re.IGNORECASE
)
_CUE_BEHIND = Pattern(
    rf"\s?(?:%|per ?cent\w*|prozent|p\.?p\.?|(?:[\w-]+[ -])?(?:points?|punkte?n?|пункт\w*)|puntos?|ms|s|"
    rf"个(?:百分)?点)?\s*(?:(?!for\b)[\w-]+\s+){{0,1}}(?:in |en )?(?:{UP_WORDS}|{DOWN_WORDS}|{QUICK_WORDS}|"
    rf"{SLOW_WORDS}|{RELATIVE_WORDS})(?![a-zà-ÿа-я])",
    re.IGNORECASE,
)
_NO_CUE = Pattern(
    r"(?:[<>≤≥(\[]|\b(?:to|auf|à|a|до|at|from|从|von|de|than|now|still|leaves)\s*=?)\s*[+\-−]?$", re.IGNORECASE
)
_GOES_ON = Pattern(r"\s*(?:%|pp)?\s*(?:→|->|⇒|to \d|[–-]\s?\d|±|°|,?\s*(?:95 ?%[^,;]{0,20})?[\[(]\s*[+\-−]?\d)")
_OWN_PAIR = Pattern(r"\(\s*[\d.,]+\s?%?\s*(?:→|->|=>|to|vs\.?)\s*\d")
"""Behind a difference: the two numbers that it is of."""
_FAR = 8
"""Lines between two values and their difference."""

_NEAR = 2.0
_SLIP, _NEXT = 1.7, 2
"""How many times a slip of the pen makes a difference larger or smaller; sentences from the values to it."""


@dataclass(frozen=True)
class Told:
    """A stated difference with the two values that it is told of.

    Attributes:
        base, new: the values, in the order of the text.
        delta: as printed.
        line, base_line: where the difference and the first value stand.
        relative: it is said to be relative; None where it may be either.
        alone: the three stand together, and no other result with them.
    """

    base: Number
    new: Number
    delta: Number
    line: Line
    base_line: Line
    relative: bool | None
    alone: bool = False


def told_wrong_in(log: Log) -> Iterator[Told]:
    """The differences that no reading of their two values gives."""
    for scope in scopes_of(log) if not log.data else ():
        found = list(scope.quantities)
        values = [one for one in found if _is_value(one)]
        for at, delta in enumerate(found):
            if not is_stated(delta):
                continue
            before = [one for one in values if one is not delta and _stands_before(one, delta, found, at)]
            pair = _pair(before, delta)
            if pair is None or any(_gives(a, b, delta) for a, b in _pairs(values, delta)):
                continue
            if _is_near(*pair, delta) and not _told_already(found[:at], *pair):
                first, second = pair
                alone = _alone(scope, first, second, delta)
                yield Told(first.number, second.number, _printed(delta), delta.line, first.line, relative(delta), alone)


def _alone(scope: Scope, first: Quantity, second: Quantity, delta: Quantity) -> bool:
    """Whether a sentence gives two values and no others, and the difference follows at once.

    A mean of differences, and one of pairs, is another number than the difference of two means.
    """
    sentences = list(scope.sentences)
    at = [next(i for i, one in enumerate(sentences) if one is q.sentence) for q in (first, second, delta)]
    between = [sentences[i] for i in range(at[0], at[2] + 1)]
    last = delta.number.start
    fine = [
        q for one in between for q in quantities(one)
        if (_is_value(q) or not q.plain or is_stated(q)) and (one is not delta.sentence or q.number.start < last)
    ]  # fmt: skip
    if (
        _of_two_points(scope, second, delta)
        or fine != [first, second]
        or at[2] - at[1] > _NEXT
        or not _is_near(first, second, delta, _SLIP)
    ):
        return False
    here = [q for q in quantities(delta.sentence) if q is not delta and (q.number.decimals or q.unit in ("%", "pp"))]
    if _OWN_PAIR.search(delta.sentence.text, delta.number.end) or any(q not in (first, second) for q in here):
        return False
    if words.ESTIMATED.search(delta.before[-40:] + delta.after[:24]):
        return False
    told = " ".join(one.low for one in between[:-1]) + " " + second.sentence.low[: second.number.end]
    if not all(name.lower() in told for name in (*_metrics(delta), *_elsewhere(delta))):
        return False
    settings = words.SETTINGS.search(first.sentence.text[: first.number.start])
    if settings or words.CLAUSE.search(delta.before) or len({*words.PARTS.findall(told)}) > 1:
        return False
    return at[0] == at[1]


def _of_two_points(scope: Scope, second: Quantity, delta: Quantity) -> bool:
    """Whether a difference stands in a point of its own of a list: it may be one of something else."""
    own = [next(p for p in scope.passages if one.sentence in p.sentences) for one in (second, delta)]
    return own[0] is not own[1] and own[0].kind == "bullet"


def _elsewhere(delta: Quantity) -> list[str]:
    """What a difference is said to be over, or on: ``on test the gain is``, ``over the baseline``."""
    return [one[1].lower() for text in (delta.before, delta.after) for one in words.OVER_ELSE.finditer(text)]


def _metrics(delta: Quantity) -> list[str]:
    """The names in capitals beside a difference: it is one of that metric."""
    return re.findall(r"(?<!\w)[A-Z][A-Z\d@-]*\d*(?![\w])", delta.before[-12:] + " " + delta.after[:20])


def _told_already(before: Sequence[Quantity], one: Quantity, other: Quantity) -> bool:
    """Whether the difference of two values was told before: what comes behind it is one of something else."""
    later = [q for q in before if q.line.number >= other.line.number and q is not one and q is not other]
    return any(is_stated(q) and _gives(one, other, q) for q in later)


def _stands_before(one: Quantity, delta: Quantity, found: Sequence[Quantity], at: int) -> bool:
    return 0 <= delta.line.number - one.line.number <= _FAR and one in found[:at]


def _is_value(one: Quantity) -> bool:
    """Whether a number may be a measured result."""
    if not one.plain or one.number.scale != 1 or one.unit in ("pp", "x") or not one.value:
        return False
    text = one.sentence.text[: one.number.start]
    return (one.number.decimals > 0 or one.unit != "") and not _SPREAD.search(text) and not _SETTING.match(one.after)


def is_stated(one: Quantity) -> bool:
    """Whether a number is said to be a difference: by the word before it, or by what follows its unit."""
    if one.number.about or one.number.spread or one.unit not in ("%", "pp", "ms", "s", "") or not one.value:
        return False
    if not (one.number.decimals or one.unit) or _SETTING.match(one.after) or _GOES_ON.match(one.after):
        return False
    if _NO_DIFFERENCE.search(one.sentence.text) or _NO_CUE.search(one.before):
        return False
    return _CUE_BEFORE.search(one.before) is not None or _CUE_BEHIND.match(one.after) is not None


def _pair(before: list[Quantity], delta: Quantity) -> tuple[Quantity, Quantity] | None:
    """The two values that a difference is told of: the only two before it that are printed alike and near it."""
    kinds: dict[tuple[int, str], list[Quantity]] = {}
    for one in before:
        kinds.setdefault((one.number.decimals, one.unit), []).append(one)
    fitting = [own for own in kinds.values() if len(own) > 1 and _of_one_kind(own, delta)]
    if len(fitting) != 1 or len(fitting[0]) != 2 or len({q.value for q in fitting[0]}) != 2:
        return None
    first, second = fitting[0]
    together = second.line.number - first.line.number <= 3 and delta.line.number - second.line.number <= 5
    return (first, second) if together and 0.4 <= first.value / second.value <= 2.5 else None


def _of_one_kind(own: list[Quantity], delta: Quantity) -> bool:
    one = own[0]
    if delta.unit in ("ms", "s", "min", "h"):
        return one.unit == delta.unit
    if not delta.unit and delta.number.decimals != one.number.decimals:
        return False
    if (delta.unit == "pp" and one.unit not in ("", "%")) or (not delta.unit and one.unit):
        return False
    return one.unit not in ("min", "h", "minutes", "hours", "d", "days", "m", "M") or delta.unit == one.unit


def _pairs(values: list[Quantity], delta: Quantity) -> Iterator[tuple[Quantity, Quantity]]:
    near = [one for one in values if abs(one.line.number - delta.line.number) <= 2 * _FAR and one is not delta]
    for place, one in enumerate(near):
        for other in near[place + 1 :]:
            if one.unit == other.unit or "" in (one.unit, other.unit):
                yield one, other


def relative(delta: Quantity) -> bool | None:
    """Whether a difference is said to be relative; None where nothing tells."""
    text = delta.sentence.text[max(0, delta.number.start - 40) : delta.number.end + 40]
    if delta.unit == "%" and _RELATIVE.search(text):
        return True
    return False if delta.unit in {"pp", ""} or _ABSOLUTE.search(text) else None


def _gives(one: Quantity, other: Quantity, delta: Quantity) -> bool:
    """Whether two values have the stated difference, in the way that it is said to be one."""
    said, told = relative(delta), abs(delta.value)
    slack = 2 * delta.number.slack * (1 + 1e-9)
    wide = one.number.slack + other.number.slack
    points = abs(one.value - other.value)
    if said is not True and any(abs(k * points - told) <= slack + k * wide for k in _factors(one, delta)):
        return True
    if said is False and delta.unit != "%":
        return False
    low, high = sorted((one.value, other.value))
    return any(abs(100 * r - told) <= slack + 100 * wide / low * (high / low) for r in _ratios(one, other, delta))


def _factors(one: Quantity, delta: Quantity) -> tuple[float, ...]:
    if delta.unit in ("pp", "%") and one.unit == "" and one.value <= 1:
        return 1.0, 100.0
    return (1.0,)


def _ratios(one: Quantity, other: Quantity, delta: Quantity) -> Iterator[float]:
    """The relative differences that its words allow: what is cut is a share of the larger value."""
    low, high = sorted((abs(one.value), abs(other.value)))
    near = delta.before[-40:] + delta.after[:28]
    down = _DOWN.search(near) is not None and not _FASTER.search(near) and not _UP.search(delta.after[:20])
    yield (high - low) / high
    if not down:
        yield (high - low) / low


def _is_near(one: Quantity, other: Quantity, delta: Quantity, most: float = _NEAR) -> bool:
    """Whether a stated difference is of the size of that of its kind, or is one of another kind."""
    told, points = abs(delta.value), abs(one.value - other.value)
    own = [k * points for k in _factors(one, delta)]
    ratios = [100 * points / abs(value.value) for value in (one, other)]
    said = relative(delta)
    sizes = ratios if said else own if said is False else own + ratios
    if any(size and 1 / most <= told / size <= most for size in sizes):
        return True
    return any(abs(size - told) <= 2 * delta.number.slack for size in own + ratios)


def _printed(delta: Quantity) -> Number:
    return replace(delta.number, unit=delta.unit)
