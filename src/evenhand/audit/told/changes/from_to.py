"""``from 12.0 % to 10.0 %, a 2 % relative cut``: a sentence of two results and the one difference that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from evenhand.audit.text.log import Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.words import METRIC_WORD, hoped
from evenhand.audit.told.changes import words
from evenhand.audit.told.changes.change import Change, two_results

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

# Of three numbers in any order:
_BASE = Pattern(
    rf"{words.BASE.pattern}|\b(?:was|were|from|without|yesterday|last (?:week|run|time|round)|vs\.?|versus|against|"
    r"than|instead of|rather than|compared (?:to|with))\b",
    re.IGNORECASE,
)
_CHANGED = Pattern(rf"\b(?:a loss|(?!loss)(?:{_CHANGE}))(?:\s+(?:by|of|an?|the|only|just))*\s*[+\-−]?$", re.IGNORECASE)
_EFFECT = Pattern(r"(?<![a-z])(?:[dgrtzf]|d_?z|p)\s*[=:]\s*$", re.IGNORECASE)
"""A size of effect or a statistic of a test."""

_CHANGED_BEHIND = Pattern(
    r"\s*(?:%|pp|points?|pts?)?\s*(?:below|above|less|more|lower|higher|better|worse|down|up)\b", re.I
)
_BEHIND = Pattern(
    rf"(?:\s*(?:%|(?:{_KIND}|{_CHANGE}|{METRIC_WORD.pattern})(?!\w)))*\s*(?:$|[()\[\]|,;:./]|"
    r"\b(?:to|from|over|vs|versus|against|than|below|above|less|more|on|under|compared|relative)\b)",
    re.IGNORECASE,
)
"""What may stand behind a difference: its kind, what it is a change of, and then no further word of its own."""

_LEADS = Pattern(r"Δ|\b(?:diff(?:erence)?|delta|gap|margin|makes|gives|giving|is now|now)\b|\d", re.IGNORECASE)
_APART = 45
_CUT = Pattern(r"[,;:()\[\]|/]|\d(?=\s)|%")
_TIGHT = Pattern(r"[^()\[\]]*")


def from_to_in(log: Log) -> Iterator[tuple[Change, bool]]:
    """Changes of sentences without any further number or word, and whether they are called relative."""
    for sentence in _of_three(log):
        yield from _change(sentence)


def _of_three(log: Log) -> Iterator[Sentence]:
    """The sentences of three numbers."""
    for passage in passages_of(log) if log.english and not log.data else ():
        for sentence in passage.sentences if passage.kind != "heading" else ():
            if len(sentence.numbers) == 3 and not hoped(sentence.lines[0]):
                yield sentence


def _change(sentence: Sentence) -> Iterator[tuple[Change, bool]]:
    text, found = sentence.text, sentence.numbers
    for behind in (True, False):
        (base, new), delta = (found[:2], found[2]) if behind else (found[1:], found[0])
        join = _TO.fullmatch(text[base.end : new.start])
        if join is None or not two_results(base, new) or delta.unit not in ("%", "pp") or delta.spread or delta.about:
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


def roled_in(log: Log) -> Iterator[tuple[Change, bool, bool]]:
    """Changes of sentences of three numbers in any order, of which one is said to be the baseline's and one a change.

    Besides: whether the change is called relative, and whether it stands in one bracket with the baseline's number.
    """
    for sentence in _of_three(log):
        yield from _roled(sentence)


def _roled(sentence: Sentence) -> Iterator[tuple[Change, bool, bool]]:
    text, found = sentence.text, sentence.numbers
    between = [text[one.end : other.start] for one, other in pairwise(found)]
    deltas = [n for n in found if _is_change(text, n)]
    if len(deltas) != 1 or max(map(len, between)) > _APART or words.SKIPS.search(text) or words.ESTIMATED.search(text):
        return
    delta = deltas[0]
    one, other = (n for n in found if n is not delta)
    metrics = {name[0].lower()[:3] for name in METRIC_WORD.finditer(text)} - {"bas", "eva", "val", "tes", "ben"}
    if not two_results(one, other) or len(metrics) > 1 or len({*words.PARTS.findall(text.lower())}) > 1:
        return
    if (
        words.SETTINGS.search(text)
        or not _ends(text, delta)
        or words.over_another(text, delta)
        or any(map(words.CLAUSE.search, between))
    ):
        return
    bases = [n for n in (one, other) if _of_baseline(text, n, found)]
    if len(bases) != 1:
        return
    base, new = (one, other) if bases[0] is one else (other, one)
    low, high = sorted((base.start, delta.start))
    tight = _TIGHT.fullmatch(text[low:high]) is not None and text[new.end :].lstrip(" %").startswith(("(", "["))
    line = sentence.line_at(delta.start)
    own = delta if delta.signed else replace(delta, value=abs(delta.value) * (1 if new.value > base.value else -1))
    called = _RELATIVE.search(text) is not None and delta.unit == "%"
    yield Change(base, new, own, line, line, True, text[: one.start][-40:].strip()), called, tight


def _is_change(text: str, one: Number) -> bool:
    """Whether a number is a difference: it has a sign, its unit is points, or a word beside it says so."""
    if _EFFECT.search(text[: one.start]):
        return False
    if one.spread or one.about or one.unit not in ("", "%", "pp") or not one.value or not (one.decimals or one.unit):
        return False
    said = _CHANGED.search(text[: one.start]) or (one.unit == "%" and _CHANGED_BEHIND.match(text, one.end))
    return one.signed or one.unit == "pp" or bool(said)


def _of_baseline(text: str, one: Number, found: tuple[Number, ...]) -> bool:
    """Whether words right before or behind a number, up to a comma or a bracket, say that it is the baseline's."""
    at = found.index(one)
    before = text[found[at - 1].end if at else 0 : one.start]
    after = text[one.end : found[at + 1].start if at + 1 < len(found) else len(text)]
    behind = re.match(r"\s*\(([^()]*)\)", after) or re.match(r"([^,;()\[\]|/]*)", after)
    left, right = _CUT.split(before.rstrip("( "))[-1][-30:], behind[1][:20] if behind else ""
    if re.match(r"[\s`*%]*(?:→|->|=>|⇒)", after):
        return True
    return _BASE.search(left) is not None or words.BASE.search(right) is not None


def _ends(text: str, delta: Number) -> bool:
    """Whether no word right before or behind a difference says that it is one of something else."""
    before = _CUT.split(text[: delta.start].rstrip("+-−"))[-1]
    first, behind = not re.search(r"\d", text[: delta.start]), _BEHIND.match(text, delta.end)
    if behind is None or (not first and _ONLY.fullmatch(_LEADS.sub(" ", before)) is None):
        return False
    return first or all(m[0].lower() in text[: delta.start].lower() for m in METRIC_WORD.finditer(behind[0]))
