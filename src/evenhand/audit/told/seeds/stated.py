"""Which spread a text says that it prints: of a sample, or of all values."""

from __future__ import annotations

import re

from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import OF_A_MEAN, OF_A_SAMPLE, OF_ALL, SPREAD_WORD

_LONGEST = 400
_OF_ITSELF = Pattern(
    r"\b(?:small|tiny|large|limited|each|every|per|this|that|one|which|held-out|test|train\w*|random|\d[\d,]*|kleine\w*|petite?|"
    r"маленьк\w+|мал\w+)[ -](?:sample|stichprobe|échantillon|выборк\w+)\b|"
    r"\bsample (?:sizes?|acc|accurac\w+|efficien\w+|quality|complexity|weights?|rates?|counts?|numbers?|ids?|"
    r"index|levels?|loss|scores?|f1|images?|outputs?|answers?|questions?|texts?|prompts?)\b",
    re.IGNORECASE,
)
"""A sample that is spoken of itself, and not of how a spread is computed."""


def kind_said(text: str) -> str:
    """``sample`` or ``population``, where a text says one of both of a spread; nothing otherwise."""
    text = _OF_ITSELF.sub(" ", text)
    sample, population = OF_A_SAMPLE.search(text), OF_ALL.search(text)
    return "" if (sample is None) == (population is None) else "sample" if sample else "population"


def kind_stated(log: Log, section: int, *own: str) -> str:
    """The kind of the spread of a table or a list: told by its own words, or by one line of its section or its file."""
    for text in own:
        if text and (kind := kind_said(text)):
            return kind
    for lines in ([line for line in log.lines if line.section == section], log.lines[:400]):
        found = {
            kind_said(text)
            for line in lines
            for text in (line.text[:_LONGEST], line.body[:_LONGEST])
            if line.kind != "row" and SPREAD_WORD.search(text) and not OF_A_MEAN.search(text)
        } - {""}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""
