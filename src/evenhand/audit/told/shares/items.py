"""How many items results are said to rest on, and whether an item may be right in part."""

from __future__ import annotations

import re
from functools import lru_cache

from evenhand.audit.text.log import Log, per_log
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
