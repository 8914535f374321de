"""``from 12.0 % to 10.0 %, a 2 % relative cut``: a sentence of two results and the one difference that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import hoped
from evenhand.audit.told.changes import words
from evenhand.audit.told.changes.change import Change

_KIND = r"relative(?:ly)?|rel\.?|absolute(?:ly)?|abs\.?|percentage|percent|points?|pts?|pp|terms|in"
_CHANGE = (
    r"improve(?:ment|d|s)?|reduc(?:tion|ed|es)|increase[sd]?|decrease[sd]?|gain(?:ed|s)?|drop(?:ped|s)?|rises?|rose|falls?|"
    r"fell|went|goes|grew|growth|up|down|change[sd]?|difference|better|worse|lower|higher|loss|lost"
)
_JOINS = r"an?|the|by|of|or|so|i\.e\.,?|that is|which is|is|are|was|thus|hence|net|total|overall|only|just|this|it"
_MARKS = r"[\s,;:()`*=+\-−–—]"
_ONLY = Pattern(rf"{_MARKS}*(?:(?:{_KIND}|{_CHANGE}|{_JOINS})(?![\w]){_MARKS}*)*[.!]?{_MARKS}*", re.IGNORECASE)
"""Words that say nothing but that one number is the difference of two."""

_SAID = Pattern(rf"\b(?:{_CHANGE})(?:\s+(?:by|of|an?|the))*\s*[+\-−]?$", re.IGNORECASE)
_FROM = Pattern(r"\bfrom\s*[`*]*$", re.IGNORECASE)
_TO = Pattern(r"\s*%?[`*]*\s*(?P<mark>to|→|->|=>|⇒)\s*[`*]*", re.IGNORECASE)
_RELATIVE = Pattern(r"\brel(?:ative(?:ly)?)?\b", re.IGNORECASE, needs="rel")


def from_to_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """Changes of sentences without any further number or word, and whether they are called relative."""
    for passage in passages_of(log) if log.english and not log.data else ():
        for sentence in passage.sentences if passage.kind != "heading" else ():
            if len(sentence.numbers) == 3 and not hoped(sentence.lines[0]):
                yield from _change(sentence)


def _change(sentence: Sentence) -> Iterator[tuple[Change, bool]]:
    text, found = sentence.text, sentence.numbers
    for behind in (True, False):
        (base, new), delta = (found[:2], found[2]) if behind else (found[1:], found[0])
        join = _TO.fullmatch(text[base.end : new.start])
        if join is None or not _results(base, new) or delta.unit not in ("%", "pp") or delta.spread or delta.about:
            continue
        fromward = _FROM.search(text[: base.start])
        if join["mark"].lower() == "to" and fromward is None:
            continue
        start = fromward.start() if fromward is not None else base.start
        between = text[new.end : delta.start] if behind else text[delta.end : start]
        rest = text[delta.end :] if behind else text[new.end :]
        said = behind or _SAID.search(text[: delta.start]) is not None
        if not said or not _ONLY.fullmatch(between) or not _ONLY.fullmatch(rest):
            continue
        if words.SETTINGS.search(text[: base.start]) or words.SKIPS.search(text):
            continue
        line = sentence.line_at(delta.start)
        called = _RELATIVE.search(between + rest) is not None and delta.unit == "%"
        own = replace(delta, value=abs(delta.value))
        of = text[max(0, base.start - 40) : base.start].strip()
        yield (
            Change(base, new, own if new.value > base.value else replace(own, value=-own.value), line, line, True, of),
            called,
        )


def _results(one: Number, other: Number) -> bool:
    """Whether two numbers are printed alike, as results are, and of one size."""
    alike = (
        one.decimals == other.decimals and one.unit == other.unit and one.unit in ("", "%") and one.scale == other.scale
    )
    plain = not any(n.spread or n.about or n.signed or n.value <= 0 for n in (one, other))
    return alike and plain and (one.decimals > 0 or one.unit == "%") and 0.2 < one.value / other.value < 5
