"""Statements that stand so near each other that one of them speaks of what the others tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from evenhand.audit.text.log import Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.concluded.compared import is_setting
from evenhand.audit.told.concluded.statements import Statement, statements_of

_BEFORE, _LINES, _APART, _LONGEST = 8, 10, 16, 300
OPEN = Pattern(
    r"\?|\b(?:should|would|could|might|may|todo|plan\w*|hypothes\w*|expect\w*|et al|prior|previous(?:ly)?|literature|"
    r"target|goal|whether|unequal|unfair|not (?:a )?fair|caveat|not comparable|cannot be compared|no conclusion|"
    r"inconclusive|upper bound|oracle|optimistic|biased|exploratory|by luck|preliminary|retract\w*|nois[ey]|"
    r"noisy|wrong|bug)\b",
    re.IGNORECASE,
)
"""What is hoped for, asked, told of others, or owned up to."""

LOSSES = r"loss|ppl|perplexity|wer|cer|errors?|err|mae|rmse|mse|fid|nats|bpb"
"""Metrics of which less is better."""

_CLOSING = Pattern(
    r"^\W*(?:\d[\d.]*\W+)?(?:final|results?|summary|conclusions?|verdict|outcome|discussion|findings|"
    r"take-?aways?|headline|"
    r"evaluation|comparison)\b",
    re.IGNORECASE,
)
"""Headings under which is told what those before them led to."""


def together(log: Log, one: Statement, line: int, section: int) -> bool:
    """Whether a statement may speak of what stands on an earlier line: in its section, or in the one that it closes."""
    apart = one.line.number - line
    if section == one.section:
        return 0 <= apart <= _LINES
    beside = section >= 0 and one.section >= 0 and log.sections[section].parent == log.sections[one.section].parent
    return beside and 0 <= apart <= _APART and _closes(log.sections[one.section].title)


@lru_cache(maxsize=4096)
def _closes(title: str) -> bool:
    return _CLOSING.search(title) is not None


@per_log
def scenes(log: Log) -> tuple[tuple[Statement, list[Statement]], ...]:
    """Each statement with those before it in its section, a few and not far, the nearest last."""
    return tuple(_scenes(() if log.data else statements_of(log), log))


def _scenes(every: Sequence[Statement], log: Log) -> Iterator[tuple[Statement, list[Statement]]]:
    for place, one in enumerate(every):
        near = every[max(0, place - _BEFORE) : place]
        scene = [other for other in near if together(log, one, other.line.number, other.section)]
        if len(one.text) <= _LONGEST:
            yield one, [other for other in scene if len(other.text) <= _LONGEST]


def after(log: Log, one: Statement, count: int = 1) -> list[Statement]:
    """The statements that follow in the same section."""
    return [
        other for other in statements_of(log)[one.place + 1 : one.place + 1 + count] if other.section == one.section
    ]


def clause_at(text: str, place: int, signs: str) -> int:
    """Where the clause of a place begins: behind the last of some signs before it, or behind an arrow."""
    return max((found.end() for found in re.finditer(rf"[{signs}]\s|[-=]>", text[:place])), default=0)


def values(one: Statement) -> list[Number]:
    """Its results and signed differences, and no settings."""
    return list(_values(one))


@lru_cache(maxsize=4096)
def _values(one: Statement) -> tuple[Number, ...]:
    told = [n for n in one.numbers if n in one.results or (n.signed and not n.spread and not n.about)]
    return tuple(n for n in told if not is_setting(one.text[: n.start]))


def said(value: Number, one: Statement) -> Number | None:
    """The number of a statement that is printed as another one is."""
    return next((n for n in values(one) if n.value == value.value and n.decimals == value.decimals), None)
