"""Words that tell how many items results are of: what is counted, and what says that it was tested on."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS

COUNTED = Pattern(
    r"(?<![\w.,/@+\-−=<>≤≥~≈$#%])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,4})[\s-]+"
    r"(?P<words>(?!of\b|out\b|to\b|and\b|or\b)[a-z][\w’'-]*(?:\s+(?!of\b|out\b|to\b|and\b|or\b)[a-z][\w’'-]*){0,3})|"
    r"(?<![a-z])n\s*[=:]\s*(?P<m>\d{1,4})(?![\d.,]*\d)",
    re.IGNORECASE,
)
NOUN = Pattern(rf"(?:{ITEM_NOUNS})", re.IGNORECASE)
OF_THE = Pattern(
    r"(?<![a-z])(?:shares?|parts?|percent\w*|%|fraction|rates?|accuracy|right|correct|solved)[^.;|]{0,24}?"
    r"(?:\bof|\bout of)\s+(?:the|these|those|all|our)\s+(?P<n>\d{1,4})(?![\d.,]*\d)",
    re.IGNORECASE,
)
TESTED = Pattern(
    r"(?<![a-z])(?:test|hold-?out|held[- ]out|(?:hidden|blind|eval(?:uation)?|validation) set|benchmark|"
    r"unseen|(?:one|an|1) (?:answer|prediction|try|attempt|label|guess) (?:per|each|for each)|judged (?:right|correct)|"
    r"(?:scored|marked|graded|counted) (?:as )?(?:right|correct))(?![a-z])",
    re.IGNORECASE,
)
"""Beside a number of items: they are those that results are of."""

THINGS = Pattern(r"[a-z]{2,}[a-rt-z]s|people|children|(?:wo)?men|mice", re.IGNORECASE)
"""What is counted, whatever it is; of time, money and size are the other words that end so."""

OF_NO_TEST = Pattern(
    r"(?:second|minute|hour|day|week|month|year|epoch|step|iteration|token|layer|unit|seed|run|fold|time|point|class|"
    r"classe|categorie|type|kind|model|method|system|worker|core|thread|gpu|parameter|param|feature|dimension|dim|bit|"
    r"byte|dollar|euro|cent|degree|meter|metre|frame|character|letter|annotator|rater|judge|technician|site|source)s",
    re.IGNORECASE,
)
