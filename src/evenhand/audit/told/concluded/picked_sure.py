"""Whether the text itself shows that the best of many is told as the result: one number in two places, or in one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, GIVEN_OUT, PICKED, REPORTED, TEST
from evenhand.audit.told.concluded.picked_data import DISOWNED, Picked
from evenhand.audit.told.concluded.statements import Statement

_SPAN, _MANY, _FEW = 16, 4, 4
_NO_TEST_DATA = Pattern(
    r"\b(?:we|i|they|to|then|and|also) tests?\b|\btest(?:ed|ing)\b|\bbenchmarks?\b|\bleaderboard\b|\bprivate\b|"
    r"\b(?:unit|smoke|sanity|stress|statistical|significance|t|rank|sign|permutation|a/b|load|speed)[ -]?tests?\b|"
    r"\btest[- ](?:runs?|cases?|suites?|scripts?|plans?|harness|bench|time|bed)\b",
    re.IGNORECASE,
)
"""Tests that are no data."""

_OF_OTHERS = Pattern(
    r"\b(?:et al|prior|previous(?:ly)?|published by|their|sota|state[- ]of[- ]the[- ]art|literature|target|goal|human|"
    r"todo|plan\w*|should|would|will|could|if|whether|wanted|expect\w*|replaces?|revert\w*|discard\w*|overfit\w*)\b|\?",
    re.IGNORECASE,
)


def _best_of_row(one: Statement, value: float) -> bool:
    """Whether a statement lists values of which this is the best."""
    values = [n.value for n in one.results]
    return len(set(values)) >= _MANY and value in (max(values), min(values))


def told_on_test(text: str) -> bool:
    """Whether a text names test data, not the act of testing."""
    return TEST.search(_NO_TEST_DATA.sub(" ", text.replace("_", " "))) is not None


def is_sure(one: Statement, scene: Sequence[Statement], found: Picked, above: str, *, ranked: bool) -> bool:
    """Whether a statement gives a number out as the result that is told to be the best of many near it.

    Args:
        one: the statement that reports.
        scene: what is told before it in its section, with itself.
        found: the choice.
        above: headings and names of columns that the scene stands under.
        ranked: the number is the best of a column.
    """
    every = " ".join((above, *(other.labelled for other in scene)))
    if not 0 <= found.line.number - found.chosen <= _SPAN or len(one.results) > _FEW or _OF_OTHERS.search(one.text):
        return False
    if any(pattern.search(every) for pattern in (FRESH, DISOWNED)):
        return False
    if DEV.search((every if found.test else one.labelled).replace("_", " ")):
        return False
    value = float(found.value)
    printed = [other for other in scene if other is not one and any(n.value == value for n in other.results)]
    ranked = ranked or any(_best_of_row(other, value) for other in scene)
    best = ranked or PICKED.search(one.text) is not None or any(PICKED.search(other.text) for other in printed)
    if not best or not any(n.value == value for n in one.results):
        return False
    if found.test:
        return REPORTED.search(one.labelled) is not None and told_on_test(every)
    return found.count >= _MANY and GIVEN_OUT.search(one.labelled) is not None
