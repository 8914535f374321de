"""Shares in closed forms: a count and the one share of its sentence; items, and shares of which all but one are theirs.

``total 61/96 = 66.3 %``; ``120 questions: 106 right = 83.8 %``; ``HR (n = 48): hybrid hit@5 = 71.3 %, bge = 64.6 %``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number, counts
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.roles import ITEM_NOUNS, PART_NAMES, SHARE_NAMES, SHARE_SAID, THUS
from evenhand.audit.text.words import hoped
from evenhand.audit.told.quantities import Quantity, quantities
from evenhand.audit.told.shares.grim import (
    AVERAGED,
    FEWEST,
    MOST,
    REPEATED,
    Impossible,
    chance,
    fair,
    in_halves,
    possible,
)
from evenhand.audit.told.shares.spoken import fits, is_share

_WORDS = r"(?:\s+(?!and\b|or\b|but\b|und\b)[^\W\d_][\w'’-]*){0,4}"
_COUNT = (
    r"(?<![\d.,/+−-])(?P<part>\d{1,6})\s*(?:/|(?:out )?of(?: the)?(?=\s)|von(?: den)?(?=\s)|из(?=\s))\s*"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d{2,6})(?![\d.,/]\d|\d)"
)
_SHARE = r"(?P<share>\d{1,3}\.\d+\s?%?|0?\.\d+|\d{1,3}\s?%)"
_EQUAL = (
    rf"(?:=|≈|->|→|[,，]?\s*(?:{THUS}|i\.\s?e\.|d\.\s?h\.|т\.\s?е\.|即|makes|gives|is)(?![a-z])|"
    rf"[,:;]\s*(?:{SHARE_NAMES})\s*(?:of|=|:|is)?)"
)
_FORMS = (
    Pattern(rf"{_COUNT}{_WORDS}\s*,?\s*{_EQUAL},?\s*{_SHARE}", re.IGNORECASE),
    Pattern(
        rf"(?<![\d.,/+−-])(?P<whole>\d{{2,5}})\s+(?:[^\W\d][\w-]*\s+){{0,2}}?(?:{ITEM_NOUNS})(?![a-z])[^\d%]{{0,40}}"
        rf"(?:[$€]\d[\d.]*[^\d%]{{0,12}})?(?<![\d.,+−-])(?P<part>\d{{1,5}})\s+(?:[^\W\d][\w-]*\s+){{0,2}}?(?:{PART_NAMES})(?:ly)?"
        rf"(?![a-z])(?:[^\d%.;]{{0,20}}\b\d)?[^\d%;]{{0,20}}?{_EQUAL}\s*{_SHARE}",
        re.IGNORECASE,
    ),
)
"""A count and its share, with words that equate them: together, and of items that are told before."""

_COUNTER = Pattern(rf"\s+(?!(?:{PART_NAMES}|{ITEM_NOUNS})(?![a-z]))[^\W\d][\w-]*\s*[=:]", re.IGNORECASE)
_STEPS = Pattern(
    r"\b(?:demo|episode|step|iter\w*|epoch|batch|trial|run|fold|seed|file|sample)s?\s*[#:]?\s*$", re.IGNORECASE
)
"""A count of what was done so far, and an entry of another name behind it."""

_NAMED = Pattern(rf"(?<![a-z@])(?:{PART_NAMES}|{SHARE_NAMES}|{SHARE_SAID}|total|all|overall)(?![a-z])", re.IGNORECASE)
_ELSE = Pattern(
    r"(?<![a-z])(?:vs|versus|than|against|up from|down from|improv\w*|increas\w*|reduc\w*|higher|lower|more|less|fewer|"
    r"faster|slower|better|worse|relative|interval|ci|confidence|bound|threshold|target|chance|at least|at most|macro|"
    r"micro|weighted|mean|avg|averaged?|median|steps?|epochs?|seeds?|layers?|tokens?|hours?|minutes?|gb|mb|expected|"
    r"page|pages|part|section|table|fig\w*|version|excluding|without|ignoring|after|train\w*|params?|parameters|"
    r"coverage|budget|progress|done|complete[d]?|ties?|half|partial\w*|credit|time[ds]? out|timeouts?|invalid|skipped|"
    r"insertions|those|that ran)(?![a-z])",
    re.IGNORECASE,
)
_CLOSES = Pattern(r"\s?%?\s*(?:$|[.,;:)\]|!*`—–。，；）])")
"""Behind a share: nothing that says of what it is, or how it was counted."""

_ITEMS = Pattern(
    rf"(?<![\w.,/@+\-−=<>≤≥~≈$])(?P<n>\d{{1,3}})[\s-]+(?:(?!of\b|out\b)[a-z][\w-]*\s+){{0,2}}?(?:{ITEM_NOUNS})(?![a-z'’])|"
    r"(?<![a-z])n\s*[=:]\s*(?P<m>\d{1,3})(?![\d.,]*\d)",
    re.IGNORECASE,
)
_MARKS = Pattern(r"[A-Za-z]+@\d+")
_OFTEN = Pattern(r"(?<![\d.,@])(?:[2-9]|[1-4]\d)(?![\d.,]|\s?%)")
_OTHER = Pattern(
    r"(?<![a-z])(?:train\w*|fine-?tun\w*|shots?|per|each|more|fewer|less|relative|reduc\w*|improv\w*|gain\w*|drop\w*|rubrics?|"
    r"partial\w*|points?|raters?|judges?|attempts?|ties?|tokens?|steps?|threshold|target|chance|random|confidence|"
    r"coverage|decisive|sparsity|excluding|skipped|excluded|invalid|categor\w+|class(?:es)?|papers?|published|memory|time|speed\w*|"
    r"cost|split|weighted|about|roughly|seeds|runs|half|credit|calls?|turns?|actions?)(?![a-z])|±|~",
    re.IGNORECASE,
)
_BY_LUCK, _NEAR, _LONGEST, _MOST_LINES, _FINE = 0.07, 0.15, 220, 12, 2


@dataclass(frozen=True)
class Counted:
    """A count with the one share of its sentence."""

    part: int
    whole: int
    share: Quantity
    line: Line
    count_line: Line
    quote: str


def counted_in(log: Log) -> Iterator[Counted]:
    """The counts of sentences that tell no other share, whose share is near theirs and not it."""
    for passage in passages_of(log) if not log.data else ():
        for sentence in passage.sentences:
            if len(sentence.text) <= _LONGEST and len(sentence.numbers) >= 3:
                yield from _counted(sentence)


def _counted(sentence: Sentence) -> Iterator[Counted]:
    text = sentence.text
    found = quantities(sentence)
    shares = [q for q in found if q.unit in ("%", "pp") or q.number.decimals]
    for pattern in _FORMS:
        told = list(pattern.finditer(text))
        own = [q for q in found if len(told) == 1 and q.number.start == told[0].start("share")]
        if not own or not is_share(own[0]) or len(counts(text)) > 1:
            continue
        rest = [q for q in shares if q is not own[0] and not text[: q.number.start].rstrip().endswith(("$", "€"))]
        fine = own[0].number.decimals > (_FINE if own[0].unit == "%" or own[0].value > 1 else _FINE + 2)
        if fine or _COUNTER.match(text, told[0].end("whole")) or _STEPS.search(text[: told[0].start("part")]):
            continue
        if rest or _ELSE.search(text) or hoped(sentence.lines[0]) or not _CLOSES.match(text, told[0].end("share")):
            continue
        part, whole = (int(told[0][name].replace(",", "")) for name in ("part", "whole"))
        top = 100 if own[0].unit == "%" or own[0].value > 1 else 1
        if (
            0 < part < whole >= 10
            and not fits(part, whole, own[0])
            and abs(top * part / whole - own[0].value) <= _NEAR * top
        ):
            yield Counted(part, whole, own[0], own[0].line, sentence.line_at(told[0].start("part")), told[0][0])
        return


def impossible_among_others(log: Log) -> Iterator[Impossible]:
    """The one share that the items beside it do not give, where the others of its sentence, or its list, are theirs."""
    if log.data:
        return
    for passage in passages_of(log):
        for sentence in passage.sentences:
            if passage.kind != "heading" and len(sentence.text) <= _LONGEST:
                yield from _among(sentence.text, sentence.lines[0], _shares(sentence))
    for place, line in enumerate(log.lines):
        if line.kind in ("prose", "bullet", "heading") and _ITEMS.search(line.body) and not hoped(line):
            yield from _among(line.body, line, _listed(log, place))


def _shares(sentence: Sentence) -> list[tuple[Number, Line]]:
    """The shares of a sentence; none where it tells any number that may be another kind of result."""
    found = quantities(sentence)
    shares = [q for q in found if q.plain and (q.unit == "%" or (q.number.decimals >= 3 and q.value < 1))]
    others = [q for q in found if q not in shares and (not q.plain or q.unit == "pp" or q.number.decimals >= 3)]
    named = _NAMED.search(sentence.text) is not None and not hoped(sentence.lines[0])
    return [(q.number, q.line) for q in shares] if named and not others else []


def _listed(log: Log, place: int) -> list[tuple[Number, Line]]:
    """The shares of the points, or of the rows with a name, right below a line."""
    title = log.lines[place]
    shares: list[tuple[Number, Line]] = []
    for line in log.lines[place + 1 : place + 2 + _MOST_LINES]:
        if line.kind == "blank" and not shares:
            continue
        if line.kind not in ("bullet", "code", "prose") or (shares and line.kind != shares[0][1].kind):
            break
        if len(line.numbers) != 1 or len(line.body) > 60:
            return []
        shares.append((line.numbers[0], line))
    said = _NAMED.search(title.body) or all(_NAMED.search(line.body) for _, line in shares)
    return (
        shares if said and (title.body.rstrip().endswith(":") or title.kind == "heading") and len(shares) >= 3 else []
    )


def _among(text: str, line: Line, shares: Sequence[tuple[Number, Line]]) -> Iterator[Impossible]:
    plain = _MARKS.sub(" ", text)
    told = {int(one["n"] or one["m"]) for one in _ITEMS.finditer(plain)} if len(shares) >= 2 else set()
    whole = f"{plain} {' '.join(one.body for one in {id(at): at for _, at in shares}.values())}"
    if len(told) != 1 or _OTHER.search(whole) or AVERAGED.search(whole) or REPEATED.search(whole):
        return
    items = told.pop()
    unit = "%" if any(n.unit == "%" or n.value > 1 for n, _ in shares) else ""
    if not FEWEST <= items <= MOST or not all(fair(n) and (n.unit == unit or not n.unit) for n, _ in shares):
        return
    right = {n.value: chance(n, items, unit) for n, _ in shares if possible(n, items, unit)}
    right = {value: p for value, p in right.items() if round(value * (1 if unit else 100), 3) % 5}
    odd = [(n, at) for n, at in shares if not possible(n, items, unit)]
    if len(odd) != 1 or not right or math.prod(right.values()) > _BY_LUCK:
        return
    (share, at), often = odd[0], {2, *map(int, _OFTEN.findall(plain))} - {items}
    if in_halves(share, items, unit) or any(possible(share, n * items, unit) and n < 10 for n in often - {2}):
        return
    yield Impossible(share, items, at, line, len(right), sure=True, closed=True)
