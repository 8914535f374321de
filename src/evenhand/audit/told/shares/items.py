"""How many items results are said to rest on, and whether an item may be right in part."""

from __future__ import annotations

import re
from functools import lru_cache

from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern

_ITEMS = Pattern(
    r"(?<![\w.,/])(?P<n>\d{1,3}(?:,\d{3})+|\d{2,6})[\s-]+(?:(?:held[- ]out|test|dev|eval(?:uation)?|validation|val|"
    r"random|total|unseen|unique|math|gsm8k|human|labell?ed)\s+){0,2}(?:questions?|problems?|items?|examples?|samples?|"
    r"prompts?|instances|queries|images|sentences|documents|docs|tasks|trials|games|episodes|puzzles|cases|rows|"
    r"pairs)\b|\b[nN]\s*[=:]\s*(?P<m>\d{1,3}(?:,\d{3})+|\d{2,6})\b",
    re.IGNORECASE,
)
_IN_PARTS = Pattern(
    r"(?<![\w.])0?\.5\s+(?:points?\s+|credits?\s+)?(?:for|if|when)\s|\bhalf[- ](?:an? )?(?:points?|credits?|marks?)\b|"
    r"\bpartial(?:ly)?[- ](?:credits?|points?|marks?|scor\w+)\b|\bpartial\s*=\s*0?\.\d|\bcount(?:s|ed)? (?:as )?half\b|"
    r"\bties? (?:count|as|are|=|give)\b",
    re.IGNORECASE,
    needs=".5|half|partial|tie",
)
_NONE = Pattern(r"\b(?:no|not|without|never|instead of|rather than)\b[^.;]{0,20}$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def items_said(log: Log, section: int) -> frozenset[int]:
    """The numbers of items that the headings above a section, and its own lines of words, tell of."""
    texts = [*log.path(section), *(line.body for line in log.own(section) if line.kind in ("prose", "bullet"))]
    found = (one for text in texts for one in _ITEMS.finditer(text))
    return frozenset(int((one["n"] or one["m"]).replace(",", "")) for one in found)


def graded(log: Log) -> bool:
    """Whether a log says that an item may be right in part: beside a count may then stand the mean of such scores."""
    return any(
        _NONE.search(line.body[: found.start()]) is None
        for line in log.lines
        for found in _IN_PARTS.finditer(line.body)
    )
