"""One fact is told once: findings of several rules, or of one rule at several lines, that say the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from evenhand.audit.finding import Finding

_SLIPS = ("mean-disagrees", "change-disagrees", "count-and-rate", "row-breaks-column")
"""Rules that say what one printed number should be, those that say most of it first."""

_ARMS = ("no-op", "twin-arms", "identical-rows")
_LOOKS = ("best-on-test", "best-of-many")
_RUNS = ("kept-of-many", "infrastructure")
_SHARES = ("impossible-share", "odd-share")

_RIGHT = ("found", "expected", "difference", "relative")
_ALIKE = 1e-3


def told_once(found: Sequence[Finding]) -> list[Finding]:
    """The findings without those that another says, too; what is told aloud never gives way to a hint."""
    dropped: set[int] = set()
    pairs = (
        (_SLIPS, _same_slip), (_ARMS, _same_arms), (_LOOKS, _same_looks), (_RUNS, _same_runs), (_SHARES, _same_share),
    )  # fmt: skip
    for rules, says in pairs:
        files: dict[str, list[Finding]] = {}
        for one in found:
            if one.rule in rules:
                files.setdefault(one.place.file, []).append(one)
        for near in files.values():
            dropped |= {id(less) for one in near for less in near if one is not less and says(one, less)}
    return [one for one in found if id(one) not in dropped]


def _louder(rank: Callable[[Finding], int], one: Finding, other: Finding) -> bool:
    """Whether one of two findings that say the same is the one to keep: told aloud, and then of the lower rank."""
    return (one.level == "hint", rank(one)) < (other.level == "hint", rank(other))


def _same_slip(one: Finding, other: Finding) -> bool:
    """A printed number that two rules find to be another, and the same one."""
    if one.place.line != other.place.line or one.facts.get("printed") != other.facts.get("printed"):
        return False
    agree = any(
        math.isclose(a, b * scale, rel_tol=_ALIKE)
        for a in _right(one)
        for b in _right(other)
        for scale in (1, 100, 0.01)
    )
    return agree and _louder(lambda told: _SLIPS.index(told.rule), one, other)


def _right(one: Finding) -> Iterable[float]:
    """What a printed number should be."""
    return [value for key in _RIGHT if isinstance(value := one.facts.get(key), float)]


def _same_arms(one: Finding, other: Finding) -> bool:
    """Two arms with the same results: the one that names the baseline and the metrics says it all."""
    if other.rule == "no-op" or "arm" not in one.facts:
        return False
    pair = {one.facts["arm"], one.facts["other"]}
    whole = not other.facts.get("same") and not other.facts.get("more")
    alike = pair == {other.facts["one"], other.facts["other"]}
    return whole and alike and _louder(lambda told: told.rule != "no-op", one, other)


def _same_looks(one: Finding, other: Finding) -> bool:
    """The best of several looks at test data: told of the result, of the line that tells of the looks, and in words."""
    if one.rule != "best-on-test":
        return False
    lines = [{told.place.line, *(place.line for place in told.others)} for told in (one, other)]
    if other.place.line not in lines[0] and one.place.line not in lines[1]:
        return False
    return _louder(lambda told: 2 * _LOOKS.index(told.rule) - bool(told.others), one, other)


def _same_share(one: Finding, other: Finding) -> bool:
    """A share that two rules find no whole number of the same items to give."""
    same = all(one.facts.get(key) == other.facts.get(key) for key in ("printed", "items"))
    return same and one.place.line == other.place.line and _louder(lambda told: _SHARES.index(told.rule), one, other)


def _same_runs(one: Finding, other: Finding) -> bool:
    """Runs that failed, by their own record: the one that says what becomes of their zeros says it all."""
    if "failed" not in one.facts or "states" not in other.facts:
        return False
    mine, theirs = ({told.place.line, *(place.line for place in told.others)} for told in (one, other))
    return theirs <= mine and _louder(lambda told: _RUNS.index(told.rule), one, other)
