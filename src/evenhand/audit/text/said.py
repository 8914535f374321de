"""Numbers with what they are said to be: ``mean d_acc = +0.0339, std 0.0205`` is a mean and a spread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Line
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

ENDS = Pattern(
    r"(?<![a-z])(?:ci|cis|hdi|intervals?|ranges?|percentiles?|quantiles?|iqr|bounds?|limits?|band|lo|hi|low|high|lower|upper|lb|ub|"
    r"min|max|[pq]\d\d?)(?![a-z])",
    re.IGNORECASE,
)
"""Names of what is an end of an interval, or both: no result by itself."""

MEAN = Pattern(r"(?<![a-z])(?:mean|avg|average|μ)(?![a-z])", re.IGNORECASE)
SPREAD = Pattern(
    r"(?<![a-z])(?:std|sd|s\.d\.|stdev|std\.? ?dev(?:iation)?|standard deviation|σ)(?![a-z])", re.IGNORECASE
)
DIFFERENCE = Pattern(
    r"(?<![a-z])(?:d_\w+|delta_?\w*|deltas|Δ\s?\w*|diffs?|differences?|gains?|improvements?|change)(?![a-z])",
    re.IGNORECASE,
)
_SEPARATED = Pattern(r"[\s,;/|`'\"\[\](){}]*(?:and\s+)?[\s`]*")


@dataclass(frozen=True)
class Said:
    """A number with its label.

    Attributes:
        number: as printed.
        label: the words before it, back to the number before.
        line: that it stands on.
    """

    number: Number
    label: str
    line: Line


@lru_cache(maxsize=100_000)
def said_in(line: Line) -> tuple[Said, ...]:
    """The numbers of a line with their labels."""
    answer = []
    before = 0
    for number in line.numbers:
        label = line.body[before : number.start]
        answer.append(Said(number, " ".join(label.strip(" ,;:=≈~±(|[").split()), line))
        before = number.end
    return tuple(answer)


@dataclass(frozen=True)
class Listed:
    """Numbers in a row: what stands before them and how they are printed."""

    label: str
    numbers: tuple[Number, ...]
    line: Line


def _subtracted(text: str, number: Number, between: str) -> bool:
    """Whether a number is taken from the one before it: ``5739 − 5633.5`` is no list of two."""
    return not between.strip() and re.match(r"[-−–+]\s", text[number.start :]) is not None


_NAMES = Pattern(r"\s*:\s+[`(\[]*[+\-−]?\d")
"""Behind a number that is a name, no value: ``42: 0.7``."""


def lists_in(line: Line, least: int = 2) -> tuple[Listed, ...]:
    """Rows of at least so many numbers of one unit with nothing but separators between."""
    answer: list[Listed] = []
    run: list[Number] = []
    named = [n for n in line.numbers if n.signed or not _NAMES.match(line.body, n.end)]
    for number in [*named, None]:
        joined = bool(run) and number is not None and number.unit == run[0].unit and not number.spread
        between = _SEPARATED.fullmatch(line.body[run[-1].end : number.start]) if joined and number else None
        if between is not None and between[0] and number is not None and not _subtracted(line.body, number, between[0]):
            run.append(number)
            continue
        if len(run) >= least:
            answer.append(Listed(line.body[max(0, run[0].start - 80) : run[0].start], tuple(run), line))
        run = [] if number is None or number.spread else [number]
    return tuple(answer)
