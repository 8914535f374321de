"""Whether the text itself shows that the best of many is told as the result: one number in two places, or in one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.choices import DEV, FRESH, GIVEN_OUT, PICKED, REPORTED, TEST
from evenhand.audit.text.vocabulary.numerals import any_number
from evenhand.audit.told.concluded.picked_data import DISOWNED, Picked
from evenhand.audit.told.concluded.statements import Statement

_SPAN, _MANY, _FEW = 16, 4, 4
_NO_TEST_DATA = Pattern(
    r"\b(?:we|i|they|to|then|and|also) tests?\b|\btest(?:ed|ing)\b|\bbenchmarks?\b|\bleaderboard\b|\bprivate\b|"
    r"\b(?:unit|smoke|sanity|stress|statistical|significance|t|rank|sign|permutation|a/b|load|speed)[ -]?tests?\b|"
    r"\btest[- ](?:runs?|cases?|suites?|scripts?|plans?|harness|bench|time|bed)\b|\btests\b|\btest passed\b",
    re.IGNORECASE,
)
"""Tests that are no data."""

_OF_OTHERS = Pattern(
    r"\b(?:et al|prior|previous(?:ly)?|published by|their|sota|state[- ]of[- ]the[- ]art|literature|target|goal|human|"
    r"recommend\w*|defaults?|following|as in|todo|plan\w*|should|would|will (?:be|use|re\w+|try|run)|could|if|"
    r"whether|wanted|max(?:imum)? (?:dd|draw-?downs?)|expect\w*|replaces?|revert\w*|discard\w*|overfit\w*)\b|\?",
    re.IGNORECASE,
)


_THOSE = Pattern(
    r"\b(?:those|these|same) (?:\w+ )?\d|\bsame (?:items|seeds|questions|set|prompts)\b|"
    r"from (?:the|that) (?:table|sort|sweep|search)",
    re.IGNORECASE,
)
_TRIED = Pattern(
    rf"(?<![\w.-])(?:\d{{1,4}}|{any_number(4)})[ -](?:[^\W\d][\w'-]* ){{0,2}}(?:prompts?|instructions?|templates?|"
    rf"variants?|config\w*|settings?|loss(?:es)?|loss functions?|recipes?|weights|decoders?|candidates?|options?|"
    rf"trials?|combinations?|placements?|schedules?|augmentations?|optimi[sz]ers?|strategies|heuristics|temperatures?|"
    rf"wordings?|thresholds?|ideas|mixes|mixtures|merges|ways|filters?|formas?|formes?|расписани\w+|вариант\w*|"
    rf"настро\w+|konfigurationen|varianten)(?![a-z])|模板数|组权重|\btrials ?=|(?:变体|方案|配置|模板)",
    re.IGNORECASE,
)
"""How many of what can be tried; models and methods are compared, and none of them is chosen."""


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
    value = float(found.value)
    if not 0 <= found.line.number - found.chosen <= _SPAN or len(one.results) > _FEW or _OF_OTHERS.search(one.text):
        return False
    finest = max((n.decimals for n in one.results), default=0)
    if not any(n.value == value and n.decimals == finest for n in one.results) or not (
        ranked or _is_best(one, scene, value)
    ):
        return False
    every = " ".join((above, *(other.labelled for other in scene)))
    if any(pattern.search(every) for pattern in (FRESH, DISOWNED)):
        return False
    asked = [other.labelled for other in scene[-2:-1] if not other.results]
    said = " ".join((*asked, one.labelled))
    if found.test:
        return REPORTED.search(said) is not None and told_on_test(every) and not DEV.search(every.replace("_", " "))
    given = GIVEN_OUT.search(said) is not None and found.count >= _MANY and not DEV.search(one.labelled)
    return given and (ranked or any(_TRIED.search(other.text) for other in scene))


def _is_best(one: Statement, scene: Sequence[Statement], value: float) -> bool:
    """Whether a number is told to be the best, or is the best of those that a statement lists."""
    printed = [other for other in scene if other is not one and any(n.value == value for n in other.results)]
    if any(PICKED.search(other.text) for other in (one, *printed)) or any(_best_of_row(s, value) for s in scene):
        return True
    return _THOSE.search(one.text) is not None and any(PICKED.search(other.text) for other in scene[-4:])
