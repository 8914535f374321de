"""A difference in a record, and the only two values of one name that stand with it: ``"abs_gain": 0.145``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.text.log import Leaf, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES
from evenhand.audit.told.changes.spoken import Told

_DELTA = Pattern(rf"(?<![a-zà-ÿа-я])(?:{DIFFERENCE_NAMES})(?![a-zà-ÿа-я])", re.IGNORECASE)
_RELATIVE = Pattern(r"(?<![a-z])(?:rel|relative|pct|percent)(?![a-z])|%", re.IGNORECASE)
_ABSOLUTE = Pattern(r"(?<![a-z])(?:abs|absolute|points?|pp|pts?|minus)(?![a-z])", re.IGNORECASE)
_NO_RESULT = Pattern(
    r"(?<![a-z])(?:lr|seed|sd|std|p|beta|temp\w*|cost|usd|hours?|time|threshold|dropout|tokens?|params?|size|gb|mb|lo|hi|"
    r"lower|upper|ci\w*|min|max|alpha|weight|rate)(?![a-z])",
    re.IGNORECASE,
)
_OVER = Pattern(r"(?<![a-z])(?:over|vs|versus|from|to|against|per)(?![a-z])", re.IGNORECASE)
_REPEAT = Pattern(r"seed|run|fold|trial|epoch|step|^\d+$", re.IGNORECASE)
_MOST = 60
_NEAR = 2.5


def recorded_wrong_in(log: Log) -> Iterator[Told]:
    """The one difference of a small document that its only two values do not have."""
    numbers = [(leaf, leaf.number) for leaf in log.leaves if leaf.number is not None]
    if not numbers or len(log.leaves) > _MOST:
        return
    deltas = [(leaf, n) for leaf, n in numbers if _DELTA.search(_plain(leaf)) and not _NO_RESULT.search(_plain(leaf))]
    pair = _pair([one for one in numbers if one not in deltas])
    if pair is None or len(deltas) != 1:
        return
    (first, one), (second, other) = pair
    leaf, delta = deltas[0]
    name = _plain(leaf)
    absolute, rel = (
        _ABSOLUTE.search(name) is not None,
        _RELATIVE.search(name) is not None and not _ABSOLUTE.search(name),
    )
    if (absolute or rel or not delta.value) and _wrong(one, other, delta, absolute=absolute, rel=rel):
        arms = [str(one.path[-2]) for one in (first, second)]
        named = first.path[-1] == second.path[-1] and (absolute or rel) and not _OVER.search(name)
        named = named and not any(_REPEAT.search(arm) for arm in arms)
        yield Told(one, other, delta, log.line(leaf.line), log.line(first.line), rel, named)


def _plain(leaf: Leaf) -> str:
    return re.sub(r"[_\-.]+", " ", str(leaf.path[-1])) if leaf.path else ""


def _pair(known: list[tuple[Leaf, Number]]) -> tuple[tuple[Leaf, Number], tuple[Leaf, Number]] | None:
    """The only two numbers of one name in sibling objects, or the two of one object that has no others."""
    by_name: dict[tuple[object, ...], list[tuple[Leaf, Number]]] = {}
    by_object: dict[tuple[object, ...], list[tuple[Leaf, Number]]] = {}
    for leaf, number in known:
        if len(leaf.path) >= 2 and not _NO_RESULT.search(_plain(leaf)):
            by_name.setdefault((len(leaf.path), leaf.path[-1]), []).append((leaf, number))
            by_object.setdefault(leaf.path[:-1], []).append((leaf, number))
    found = [own for own in (*by_name.values(), *by_object.values()) if len(own) == 2 and _alike(own[0][1], own[1][1])]
    return (found[0][0], found[0][1]) if len(found) == 1 else None


def _alike(one: Number, other: Number) -> bool:
    fine = one.decimals == other.decimals and one.value != other.value and min(one.value, other.value) > 0
    return fine and 0.4 <= one.value / other.value <= 2.5 and (one.decimals > 0 or one.value >= 100)


def _wrong(one: Number, other: Number, delta: Number, *, absolute: bool, rel: bool) -> bool:
    points, told = abs(one.value - other.value), abs(delta.value)
    ratios = [points / one.value, points / other.value]
    slack = 2 * delta.slack + one.slack + other.slack
    given = [points, 100 * points] if absolute else [k * r for r in ratios for k in (1, 100)] if rel else []
    if any(abs(size - told) <= slack * max(1.0, size / max(points, 1e-12)) for size in given):
        return False
    near = any(size and 1 / _NEAR <= told / size <= _NEAR for size in given)
    return near or any(abs(k * r - told) <= 2 * delta.slack for r in [*ratios, points] for k in (1, 100))
