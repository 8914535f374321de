"""How many items results rest on, as is said and as the steps between values tell; whether one may be right in part."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from evenhand.audit.text.log import Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

_ITEMS = Pattern(
    r"(?<![\w.,/])(?P<n>\d{1,3}(?:,\d{3})+|\d{2,6})[\s-]+(?:(?:held[- ]out|test|dev|eval(?:uation)?|validation|val|"
    r"random|total|unseen|unique|math|gsm8k|human|labell?ed)\s+){0,2}(?:questions?|problems?|items?|examples?|samples?|"
    r"prompts?|instances|queries|images|sentences|documents|docs|tasks|trials|games|episodes|puzzles|cases|rows|"
    r"pairs)\b|\b[nN]\s*[=:]\s*(?P<m>\d{1,3}(?:,\d{3})+|\d{2,6})\b",
    re.IGNORECASE,
)
_IN_PARTS = Pattern(
    r"(?<![\w.])0?\.5 (?:points? |credits? |marks? )?(?:for|if) (?:an? |the |only )*"
    r"(?:partial\w*|half|incomplete|one|some|subset|tie)|"
    r"\b(?:partial|half)[- ](?:credits?|points?|marks?)\b|\bhalf an? (?:credit|mark)\b|"
    r"\bhalf a point (?:for|if|each)\b|\b(?:partial|ties?) ?[=:] ?0?\.5\b|\bcount(?:s|ed)? (?:as )?(?:half|0?\.5)\b|"
    r"\bties? (?:as|worth) (?:half|0?\.5)\b|\b0(?:\.0)?, ?0?\.5,? (?:or|and) 1(?:\.0)?\b",
    re.IGNORECASE,
    needs=".5|half|partial",
)
_NO_PARTS = Pattern(r"\b(?:no|not|none|never|without|instead of|rather than)\b|n['’]t\b", re.IGNORECASE)
_BESIDE = 30

_MOST = 2000
_DIFFERENT = 3
"""Two values alone have some common steps."""

_BY_CHANCE = 0.0002


@lru_cache(maxsize=4096)
def items_said(log: Log, section: int) -> frozenset[int]:
    """The numbers of items that the headings above a section, and its own lines of words, tell of."""
    texts = [*log.path(section), *(line.body for line in log.own(section) if line.kind in ("prose", "bullet"))]
    found = (one for text in texts for one in _ITEMS.finditer(text))
    return frozenset(int((one["n"] or one["m"]).replace(",", "")) for one in found)


@per_log
def graded(log: Log) -> bool:
    """Whether a log says that an item may be right in part: beside a count may then stand the mean of such scores."""
    return any(
        _NO_PARTS.search(line.body[max(0, found.start() - _BESIDE) : found.end() + _BESIDE]) is None
        for line in log.lines
        for found in _IN_PARTS.finditer(line.body)
    )


def steps(values: Sequence[Number]) -> int | None:
    """The least number of items of which all values are shares; None where none fits, or where chance would find one.

    A value printed to h fits the shares of N items by chance with probability 2 h N; the chance is summed over all N
    up to the one that is found.
    """
    shares = {
        round(abs(n.share), 9): (abs(n.share), (n.slack / 100 if n.unit in ("%", "pp") else n.slack))
        for n in values
        if n.value
    }
    if len(shares) < _DIFFERENT or any(share > 1 for share, _ in shares.values()):
        return None
    chance = 0.0
    for items in range(2, _MOST):
        each = 1.0
        for _, half in shares.values():
            each *= min(1.0, 2 * half * items)
        chance += each
        if chance > _BY_CHANCE:
            return None
        if all(abs(round(share * items) / items - share) <= half for share, half in shares.values()):
            return items if not _round(items, values) and _its_own(items, list(shares.values())) else None
    return None


def primes_of(items: int) -> list[int]:
    """The prime factors of a number of items, each once."""
    return [n for n in range(2, items + 1) if items % n == 0 and all(n % m for m in range(2, math.isqrt(n) + 1))]


def needs_all(items: int, values: Sequence[Number]) -> bool:
    """Whether values are shares of so many items and not of a part of them."""
    return _its_own(items, [(abs(n.share), n.slack / 100 if n.unit in ("%", "pp") else n.slack) for n in values])


def _its_own(items: int, shares: Sequence[tuple[float, float]]) -> bool:
    """Whether as many values need all of the items as do by chance: else these are a multiple common to smaller sets.

    A count has no divisor in common with the items as often as the product of 1 - 1/p over their prime factors says;
    half of that is asked for.
    """
    primes = primes_of(items)
    expected = len(shares) * math.prod(1 - 1 / p for p in primes)
    parts = [items // p for p in primes]
    own = sum(all(abs(round(share * n) / n - share) > half for n in parts) for share, half in shares)
    return own >= max(1.0, expected / 2)


def _round(items: int, values: Sequence[Number]) -> bool:
    """Whether so many items only say that fewer digits were kept than are printed."""
    text = str(items)
    few = text.strip("0") in ("1", "2", "5") and items <= 100
    return (few or text.strip("0") == "1") and all(n.decimals >= 2 for n in values)
