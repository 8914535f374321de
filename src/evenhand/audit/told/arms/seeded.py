"""What arms over the same seeds have in common, in whatever form a table gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from evenhand.audit.text.log import Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD
from evenhand.audit.told.arms.by_seed import MEASURE, Paired
from evenhand.audit.told.arms.records import NO_RESULT

_NO_SCORE = Pattern(
    r"(?<![a-z])(?:train\w*|util\w*|weights?|lr|rates? limit|thresholds?|ranks?|std|sd|se|sem|ci|low|lower|high|upper|"
    r"running|smoothed|margins?|time|sec\w*|epochs?|steps?|params?|cost|memory|mem|tokens|size|ratio|gap|rel\w*|support)"
    r"(?![a-z])",
    re.IGNORECASE,
)
"""What a column is of that is no result of an arm, whatever else its name says."""

SUMMARY = Pattern(
    r"(?:mean|avg\.?|average|std|sd|median|total|overall|Δ|delta|diff\w*|range|spread|sem|σ|μ)"
    r"(?: of .*)?(?:\s*[±(+].*)?",
    re.IGNORECASE,
)
"""A row that sums others up."""

_PARTS = Pattern(
    r"(?<![a-z])(?:train\w*|val|valid\w*|dev|test\w*|held ?-?out|ood|iid|unseen|seen|steps?|epochs?|layers?|folds?|"
    r"tasks?|data ?sets?|class(?:es)?|cifar\S*|svhn|mnist|imagenet\S*|squad|gsm8k|mmlu|bleu|rouge\S*|meteor|f1|"
    r"precision|recall|diff\w*|delta)(?![a-z])|Δ",
    re.IGNORECASE,
)
"""Names of rows that are parts of one arm: splits, sets, steps, measures, differences."""

_SETS = Pattern(
    r"(?:eval |test )?(?:data ?sets?|splits?|tasks?|benchmarks?|domains?|subsets?|languages?|lang|env(?:ironment)?s?|"
    r"scenarios?|category|class|metrics?|fold|step|epoch|horizon)",
    re.IGNORECASE,
)
"""Columns that say on what a row was scored."""

MOST_ARMS, FEWEST_SEEDS = 40, 3


@dataclass(frozen=True)
class Apart:
    """Two arms over the same seeds.

    Attributes:
        pair: the first less the second.
        values: those of the first.
        of: how many arms there are, of which these are the two whose means lie furthest apart.
    """

    pair: Paired
    values: tuple[Number, ...] = ()
    of: int = 2


def plain(name: str) -> str:
    """A name without marks and underscores."""
    return re.sub(r"[\s_*`]+", " ", name).strip()


def measure(name: str) -> str:
    """The name of a column or what is left of it, without brackets that hold nothing."""
    text = re.sub(r"\(\s*\)|\[\s*\]", " ", plain(name))
    text = text.strip(" ,:;/=-")
    text = text[1:-1] if text[:1] + text[-1:] in ("()", "[]") else text
    for left, right in ("()", "[]"):
        text = text.strip(" " + left + right) if text.count(left) != text.count(right) else text
    return text or "value"


def is_score(name: str) -> bool:
    """Whether a column is named as one of results on which arms are compared."""
    text = plain(name)
    named = METRIC_WORD.search(text) is not None or MEASURE.search(text) is not None
    return named and not _NO_SCORE.search(text) and not NO_RESULT.search(text)


def are_arms(names: Sequence[str]) -> bool:
    """Whether names of rows are of as many arms, and not of splits, sets, steps, measures or differences of others."""
    if not 2 <= len(names) <= MOST_ARMS or not all(names) or len(set(names)) != len(names):
        return False
    return not any(_PARTS.search(name) for name in names) and not any(
        re.sub(r"\s", "", f"{one}-{other}") in names for one in names for other in names
    )


def scored_alike(table: Table) -> bool:
    """Whether no column says that rows were scored on different things."""
    places = [place for place, name in enumerate(table.header) if place and _SETS.fullmatch(plain(name))]
    return not any(len({row.cells[place] for row in table.rows}) > 1 for place in places)


def alike(one: Sequence[Number], other: Sequence[Number]) -> bool:
    """Whether the numbers of two arms are of one metric: of one unit and size, and printed as finely."""
    every = [*one, *other]
    units, signed = {n.unit for n in every}, any(n.signed and n.value > 0 for n in every)
    fine = all(n.decimals for n in every) or max(n.decimals for n in every) > 1
    mine, theirs = (abs(float(np.mean([n.value for n in found]))) for found in (one, other))
    return len(units) == 1 and not signed and fine and max(mine, theirs) <= 10 * max(min(mine, theirs), 1e-12)


def all_alike(found: Iterable[Sequence[Number]]) -> bool:
    """Whether the numbers of all arms are of one metric."""
    return all(alike(one, other) for one, other in combinations(found, 2))


def less(one: Sequence[Number], other: Sequence[Number]) -> tuple[float, ...]:
    """The differences, one for each seed."""
    return tuple(x.value - y.value for x, y in zip(one, other, strict=True))
