"""Which spread a text says that it prints: of a sample, or of all values."""

from __future__ import annotations

import re

from evenhand.audit.text.log import Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import OF_A_MEAN, OF_A_SAMPLE, OF_ALL, SPREAD_WORD

_LONGEST = 400
_SAMPLE = r"(?<![^\W_])(?:sample|stichprobe|échantillon)(?![^\W_])"
_BETWEEN = r"[\s_(:,=*`-]*"
_OF_A_SPREAD = Pattern(
    rf"{_SAMPLE}{_BETWEEN}(?:{SPREAD_WORD.pattern})|(?:{SPREAD_WORD.pattern}){_BETWEEN}"
    rf"(?:(?:is|are|that|those|of|an?|the|as|der|einer|d['’]un|from){_BETWEEN})*{_SAMPLE}(?!\W*(?:acc|size))",
    re.IGNORECASE,
)
"""A sample that a spread is said to be of; else it is spoken of itself, or of what was measured."""

_ALONE = Pattern(_SAMPLE, re.IGNORECASE)


def kind_said(text: str) -> str:
    """``sample`` or ``population``, where a text says one of both of a spread; nothing otherwise."""
    text = text if _OF_A_SPREAD.search(text) else _ALONE.sub(" ", text)
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
