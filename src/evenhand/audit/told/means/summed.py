"""Every result over repeats of which a mean or a spread is printed, wherever both stand, each once."""

from __future__ import annotations

import re

from evenhand.audit.text.log import Log, per_log
from evenhand.audit.text.numbers import right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.means.beneath import beneath
from evenhand.audit.told.means.named import named
from evenhand.audit.told.repeats.averaged import averaged
from evenhand.audit.told.repeats.averages import OVER_ELSE
from evenhand.audit.told.repeats.recorded import recorded
from evenhand.audit.told.repeats.spoken import spoken
from evenhand.audit.told.seeds.series import Series, series_of
from evenhand.audit.told.seeds.summarised import in_tables

_NOUN = Pattern(
    r"\s+(?!(?:over|across|from|of|for|in|at|on|with|and|or|is|was|by|points?|pp|percent|per cent|prozent\w*|punkte\w*|"
    r"über|bei|von|sur|de|des|en|por|по|на|за|из)\b)"
    r"[^\W\d]",
    re.IGNORECASE,
)
"""A word behind a whole number, which is then one of these: ``mean marks for 10 papers: 2.2, 2.4``."""


@per_log
def summed_up(log: Log) -> tuple[Series, ...]:
    """Series with their values; one that says nothing beyond another is left out."""
    known: list[Series] = []
    for one in (
        *beneath(log),
        *recorded(log),
        *averaged(log),
        *spoken(log),
        *in_tables(log),
        *series_of(log),
        *named(log),
    ):
        fresh = one.mean is not None and not any(_same(one, other, "mean") for other in known)
        fresh |= one.sd is not None and not any(_same(one, other, "sd") for other in known)
        if fresh and one.values and not _elsewhere(log, one):
            known.append(one)
    return tuple(known)


def _elsewhere(log: Log, one: Series) -> bool:
    """Whether the words before a mean say that it is over something else than the values near it."""
    if log.data or one.line.kind == "row" or one.mean is None or right(one.mean, one.values):
        return False
    whole = not one.mean.decimals and any(n.decimals for n in one.values)
    counted = whole and _NOUN.match(one.mean_line.body, one.mean.end) is not None
    return counted or (not one.read and OVER_ELSE.search(one.label) is not None)


def _same(one: Series, other: Series, what: str) -> bool:
    mine, theirs = getattr(one, what), getattr(other, what)
    lines = {line.number for line in (one.mean_line, one.sd_line) if line is not None}
    at = {line.number for line in (other.mean_line, other.sd_line) if line is not None}
    alike = len(one.values) == len(other.values) or other.closed
    return theirs is not None and mine.value == theirs.value and bool(lines & at) and alike
