"""Means and spreads that are told of their values in one form: what holds for the others is meant of the odd one."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.spread_kinds import judged

_NUMBER = Pattern(r"[+\-−]?\d*[.,]?\d+%?")
_WORD = Pattern(r"[^\W_]+")
_MEANS, _SPREADS = 2, 1
"""Others whose means are right; whose spreads are, where all means are."""

_LONGEST = 240

Form = tuple[str, str, str, str, int, int, int]


def form_of(log: Log, series: Series) -> Form | None:
    """How values and their mean are written, less their numbers and the name that both lines have; None in a table."""
    mean = series.mean
    line, at = series.line, series.mean_line
    kinds = {line.kind, at.kind}
    if mean is None or log.data or not kinds <= {"prose", "bullet"} or len(line.body) + len(at.body) > _LONGEST:
        return None
    values, told = (_NUMBER.sub("#", one.body).lower() for one in (line, at))
    shared = {*_WORD.findall(values)} & {*_WORD.findall(told)} if line is not at else set()
    bare = [
        " ".join(_WORD.sub(lambda one: "" if one[0] in shared else one[0], text).split()) for text in (values, told)
    ]
    fine = max(one.decimals for one in series.values)
    return line.kind, at.kind, bare[0], bare[1], at.number - line.number, len(series.values), fine - mean.decimals


def forms(log: Log, known: Sequence[Series]) -> dict[Form, list[Series]]:
    """The series of running text, by their form."""
    found: dict[Form, list[Series]] = {}
    for one in known:
        if (form := form_of(log, one)) is not None:
            found.setdefault(form, []).append(one)
    return found


def mean_held(alike: Sequence[Series], series: Series) -> bool:
    """Whether all other means of one form are those of their values, and there are enough of them."""
    others = [one for one in alike if one is not series and one.mean is not None]
    return len(others) >= _MEANS and all(one.mean is not None and right(one.mean, one.values) for one in others)


def spread_held(alike: Sequence[Series], series: Series) -> bool:
    """Whether all means of one form are those of their values, and all other spreads are their deviations."""
    others = [one for one in alike if one is not series and one.sd is not None]
    means = all(one.mean is not None and right(one.mean, one.values) for one in alike)
    kinds = {judged(one.values, one.sd)[0] for one in others if one.sd is not None}
    return means and len(others) >= _SPREADS and kinds <= {"sample", "population"}
