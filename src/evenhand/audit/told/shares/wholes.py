"""Shares of one told number of items, in a column or in entries of one form, and the one that is none of it (GRIM).

That the others are shares of just so many items must be too rare to be chance; which one is the odd one is free, so
that the chance is counted for each of them. What names the items, or has them in its own words, needs less.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import any_number, number_of
from evenhand.audit.told.quantities import Quantity, quantities
from evenhand.audit.told.shares.columns import is_mean
from evenhand.audit.told.shares.grim import (
    AVERAGED,
    FEWEST,
    MOST,
    REPEATED,
    SHARE,
    TRAINED,
    Impossible,
    all_whole,
    chance,
    fair,
    in_halves,
    of_else,
    plain,
    possible,
)
from evenhand.audit.told.shares.items import Whole, above_of, told_in, wholes_of

_LEFT_OUT = Pattern(
    r"exclu|skip|unparsed|invalid|missing|dropped|left out|removed|without|no answer|failed|crash|unread|empty|"
    r"timed? ?out|ausge|пропущ|跳过",
    re.IGNORECASE,
)
_OF_ALL_ROWS = Pattern(r"\b(?:overall|total|all|average|avg|mean|combined|pooled|macro|micro)\b", re.IGNORECASE)
_ELSEWHERE = Pattern(
    r"\b(?:papers?|published|report(?:s|ed)|authors?|original|leaderboard|literature|prior work|et al|theirs?|"
    r"humans?|chance level|guess\w*|majority|previous\w*|from \w+ \d{4})\b",
    re.IGNORECASE,
)
"""A result that was measured elsewhere is of the items there."""
_AFTER = Pattern(r"\s?%?\s*(?P<word>[^\W\d_]+)?")
_PIECES = Pattern(r"[,;.()]|\band\b", re.IGNORECASE)
_ENDS = Pattern(r"\s?%?\s*(?:$|[.,;)])")
_OPENS = Pattern(r"[:=]\s*$")
_APART_AT_END = Pattern(r"[^\W\d].*\S {2,}\d[\d.]*\s?%\s*$")
_SAID = Pattern(r"(?:right|correct|solved|passed|resolved|accuracy|found|detected|accepted|recognised|recognized)$")
_OF_ELSE = Pattern(
    r"(?<![a-z])(?:lower|higher|less|more|fewer|faster|slower|smaller|larger|relative|of the time|chance|confidence|"
    r"gain|drop|reduction|threshold|target|dropout|sparsity|interval|power)(?![a-z])",
    re.IGNORECASE,
)
_RARELY, _RARELY_NAMED = 3e-3, 2.5e-2
"""How seldom so many shares may be theirs by chance; where they are said to be shares of the items."""

_SURELY = 1e-3
_APART, _MOST_ROWS, _LONG = 0.3, 60, 80
_BESIDE, _FEWEST = 40, 3


@dataclass(frozen=True)
class _Cell:
    """A share, the line that it stands on and the words that stand with it."""

    share: Number
    line: Line
    words: str


def impossible_of_a_whole(log: Log) -> Iterator[Impossible]:
    """The odd share of each column, or of all entries of one form; several in one log are of other items: not sure."""
    if log.computed or (log.data and not any(line.kind == "bullet" for line in log.lines)):
        return  # remarks are those of a hand
    found = [one for table in log.tables for one in _in_table(log, table)]
    found = found or ([] if log.data else list(_in_words(log)))
    yield from (replace(one, sure=len(found) == 1, closed=one.closed and len(found) == 1) for one in found)


def _in_table(log: Log, table: Table) -> Iterator[Impossible]:
    if not _FEWEST <= len(table.rows) <= _MOST_ROWS or REPEATED.search(" ".join((*table.header, table.before))):
        return
    own = list(range(len(table.header)))
    if any(all_whole(table, i) and re.fullmatch(r"n\w*|.*(?:items|total|count)s?", table.header[i]) for i in own):
        return  # its rows have numbers of items of their own
    for place in own[1:]:
        name = plain(table.header[place])
        if of_else(name) or AVERAGED.search(table.before):
            continue
        cells = [_Cell(n, log.line(row.line_of(place)), " ".join(row.cells)) for row in table.rows
                 if len(found := numbers(row.cells[place])) == 1 and fair(n := found[0])]  # fmt: skip
        if len(cells) < max(_FEWEST, len(table.rows) - 1):
            continue
        if log.data and len({one.share.decimals for one in cells}) > 1:
            continue  # a program drops zeros
        above, told = above_of(log, table.section)
        wholes = wholes_of(told, name, log.line(table.line))
        if SHARE.search(name) or any(one.named for one in wholes):
            for one in _judged(above, cells, wholes, name):
                row = next(i for i, row in enumerate(table.rows) if row.line_of(place) == one.line.number)
                if not is_mean(table, row, place):
                    yield one


def _judged(
    above: Sequence[Sentence], cells: Sequence[_Cell], wholes: Sequence[Whole], name: str = ""
) -> Iterator[Impossible]:
    """The odd share among shares, of the one told number that all others are shares of."""
    unit = "%" if "%" in name or any(one.share.value > 1 or one.share.unit == "%" for one in cells) else ""
    if unit and all(one.share.value <= 1 for one in cells):
        return
    fits = []
    for whole in (one for one in wholes if FEWEST <= one.items <= MOST):
        odd = [one for one in cells if not possible(one.share, whole.items, unit)]
        right = {one.share.value: _chance(one.share, whole.items, unit) for one in cells if one not in odd}
        right = {value: p for value, p in right.items() if value not in (0, 1, 100)}
        if not odd and right:
            return  # all are shares of this one
        by_chance = len(cells) * math.prod(right.values())
        if len(odd) == 1 and len(right) >= 2 and by_chance <= (_RARELY_NAMED if whole.named else _RARELY):
            fits.append((by_chance, whole, odd[0], len(right)))
    if not fits:
        return
    by_chance, whole, one, right_ones = min(fits, key=lambda fit: (not fit[1].named, fit[0]))
    if _explained(above, one, whole, unit) or chance(one.share, whole.items, unit) > _APART:
        return
    closed = by_chance <= _SURELY
    yield Impossible(one.share, whole.items, one.line, whole.line, right_ones, sure=True, closed=closed)


def _chance(share: Number, items: int, unit: str) -> float:
    """How often a number passes for a share: one that was cut off or rounded twice passes oftener."""
    once = chance(share, items, unit)
    top = 100 if unit == "%" or share.value > 1 else 1
    count = share.value / top * items
    rounded = abs(round(count) - count) <= share.slack / top * items * (1 + 1e-9)
    return once if rounded else min(1.0, 2 * once)


def _explained(above: Sequence[Sentence], one: _Cell, whole: Whole, unit: str) -> bool:
    """Whether a share is that of another number of items that is told, of some left out, of repeats or of halves."""
    if not one.share.decimals or in_halves(one.share, whole.items, unit):
        return True
    if (
        _OF_ALL_ROWS.search(one.words)
        or _ELSEWHERE.search(one.words)
        or AVERAGED.search(one.words)
        or REPEATED.search(one.words)
    ):
        return True
    texts = [one.words, *(sentence.text for sentence in above)]
    bare = [(text, n) for text in texts for n in numbers(text) if not (n.decimals or n.unit or n.signed)]
    told = {int(n.value) for text, n in bare if not _of_training(text, n)}
    others = {n for n in told if FEWEST <= n <= MOST and n != whole.items and chance(one.share, n, unit) <= _APART}
    if any(possible(one.share, n, unit, cut=False) for n in others):
        return True
    few = {int(n.value) for text in texts if _LEFT_OUT.search(text) for n in numbers(text) if not n.decimals}
    if any(possible(one.share, whole.items - n, unit, cut=False) for n in few if 0 < n < whole.items / 2):
        return True
    often = {n for text in texts for found in REPEATED.finditer(text) for n in _often(found[0])}
    return any(possible(one.share, n * whole.items, unit, cut=False) for n in often)


def _of_training(text: str, one: Number) -> bool:
    """Whether the words right beside a number, up to a comma, say that so many were learned from."""
    before = _PIECES.split(text[max(0, one.start - _BESIDE) : one.start])[-1]
    return TRAINED.search(before) is not None or TRAINED.match(text[one.end :].lstrip()) is not None


def _often(said: str) -> Sequence[int]:
    """How many times something was repeated: ``three seeds``; where that is not told, as often as it mostly is."""
    told = re.match(rf"(\d{{1,2}}|{any_number(2)})\b", said, re.IGNORECASE)
    return [number_of(told[1])] if told else (2, 3, 4, 5)


def _in_words(log: Log) -> Iterator[Impossible]:
    """The odd one of the shares of a short log that are told in one form: ``: 58.7 %.``, ``37.5 % solved``."""
    if sum(line.kind != "blank" for line in log.lines) > _LONG:
        return
    forms: dict[str, list[Quantity]] = {}
    sentences = [one for passage in passages_of(log) for one in passage.sentences]
    rows = {row.line for table in log.tables for row in table.rows}
    listed = not any(AVERAGED.search(one.text) or REPEATED.search(one.text) for one in sentences)
    for sentence in sentences:
        for one in quantities(sentence):
            if one.unit == "%" and one.plain and one.number.decimals and fair(one.number):
                for form in (*_forms(one), *(_column(one) if listed and one.line.number not in rows else ())):
                    forms.setdefault(form, []).append(one)
    told = [one for sentence in sentences for one in told_in(sentence)] if any(map(_several, forms.values())) else []
    wholes = wholes_of(told)
    for found in forms.values():
        if _several(found) and not any(AVERAGED.search(_beside(one)) for one in found):
            yield from _judged(sentences, [_Cell(one.number, one.line, _beside(one)) for one in found], wholes)


def _several(found: Sequence[Quantity]) -> bool:
    return len(found) >= _FEWEST


def _beside(one: Quantity) -> str:
    return f"{one.before[-_BESIDE:]} {one.after[:_BESIDE]}"


def _forms(one: Quantity) -> Iterator[str]:
    """How a share is told: as the value of an entry, or with a word for what is right behind it."""
    word = _AFTER.match(one.after)
    said = (word["word"] or "").lower() if word else ""
    if _OF_ELSE.search(one.before[-40:]) or _OF_ELSE.search(one.after[:30]):
        return
    if _OPENS.search(one.before) and (_ENDS.match(one.after) or _SAID.match(said)):
        yield ":"
    if _SAID.match(said):
        yield said


def _column(one: Quantity) -> Iterator[str]:
    """The place at the end of its line where a share stands apart, as in the rows of a table without a header."""
    if _APART_AT_END.search(one.line.text) and one.line.numbers and one.line.numbers[-1].value == one.value:
        yield f"|{len(one.line.text.rstrip())}"
