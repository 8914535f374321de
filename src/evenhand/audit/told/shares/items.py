"""How many items results are said to rest on."""

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


@lru_cache(maxsize=4096)
def items_said(log: Log, section: int) -> frozenset[int]:
    """The numbers of items that the headings above a section, and its own lines of words, tell of."""
    texts = [*log.path(section), *(line.body for line in log.own(section) if line.kind in ("prose", "bullet"))]
    found = (one for text in texts for one in _ITEMS.finditer(text))
    return frozenset(int((one["n"] or one["m"]).replace(",", "")) for one in found)
