"""Two arms of which a log says that one is ahead: by a stated difference of two results, or by a word for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from evenhand.audit.text.log import Line, Log, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.numerals import NUMBERS, any_number
from evenhand.audit.text.vocabulary.verdicts import ALIKE, BETTER, CUE, NO_EFFECT
from evenhand.audit.told.arms.grids import Column, Grid, grids_of
from evenhand.audit.told.concluded.concluded import concluded_in, withheld
from evenhand.audit.told.concluded.statements import Statement, statements_of, words_of

_POINTS = Pattern(rf"\b({any_number()}) (?:\w+ )?points?\b", re.IGNORECASE, needs="point")
_NAMED = Pattern(r"[\w.]+\s?=\s?[+\-−]?$")
_PARAMETER = Pattern(r"\((?:\w+\s?=\s?[\w.]+, ?)*(?:delta|δ|Δ)\s?=\s?$", re.IGNORECASE)
"""A factor of an experiment in brackets behind its name: ``shifted (delta=0.5)``."""

_CHANGE = Pattern(
    r"Δ|delta|diff|gain|change|improve|lift|^d_|acc|score|loss|f1|em\b|bleu|auc|mrr|ndcg|max|best|final|reported|recall|"
    r"precision|ppl|perplexity|win|rate|cider|rouge|ccc|mae|rmse|mape|reward|return|wer|cer",
    re.IGNORECASE,
)
_CREDIT = Pattern(
    r"\b(?:comes? from|came from|due to|thanks to|owed?|explains?|explained|because|difference|differs?|gap|effect|"
    r"delta|drop|rise|increase|decrease|up by|down by|above|below|behind|more|less|fewer|points?)\b|"
    r"Δ|abstand|vorsprung|zugunsten|apport\w*|montre|recul|écart|diff\w*|прирост|выигрыш|разниц\w*|提升|提高|下降|差",
    re.IGNORECASE,
)
_BEFORE, _LINES, _MOST, _LONGEST = 10, 40, 8, 420


@dataclass(frozen=True)
class Told:
    """A result of an arm: its number, its line, and what it stands in."""

    number: float
    line: int
    statement: Statement | None = None
    row: int = -1


@dataclass(frozen=True)
class Compared:
    """A comparison.

    Attributes:
        claim: the statement that makes it.
        line: of the claim.
        words: what it says.
        one, other: the results.
        grid: that both stand in; None where they stand in words.
        by_word: no difference is stated, but that one is ahead.
    """

    claim: Statement
    line: Line
    words: str
    one: Told
    other: Told
    grid: Grid | None = None
    by_word: bool = False

    @property
    def named(self) -> frozenset[str]:
        """The words of the claim and of the results."""
        told = [one.statement.words for one in (self.one, self.other) if one.statement is not None]
        rows = [self.grid.names[one.row] for one in (self.one, self.other)] if self.grid is not None else []
        return self.claim.words.union(*told, words_of(" ".join(rows)))


@per_log
def compared_in(log: Log) -> tuple[Compared, ...]:
    """The comparisons of a log, at most one a statement."""
    every = statements_of(log)
    found = []
    for place, one in enumerate(every):
        if len(one.text) > _LONGEST:
            continue
        before = [other for other in every[max(0, place - _BEFORE) : place] if other.section == one.section]
        made = _by_difference(log, one, before) or _by_word(log, one, before)
        if made is not None and not withheld(one):
            found.append(made)
    return tuple(found)


def _by_difference(log: Log, one: Statement, before: Sequence[Statement]) -> Compared | None:
    """``worth 0.027``, where 0.741 and 0.768 stand above."""
    for delta in (*one.numbers, *_spelled(one.text)):
        if (
            delta.spread
            or delta.about
            or not delta.value
            or not (delta.signed or delta.unit == "pp" or delta in one.results)
        ):
            continue
        bare = not delta.signed and delta.unit != "pp"
        if is_setting(one.text[: delta.start]) or (bare and not _told_as_change(one)):
            continue
        line = one.line_of(delta)
        words = one.text[delta.start : delta.end]
        for grid in _grids_near(log, one):
            pairs = [(column, i, j) for column in grid.of("score") for i, j in _rows(grid, column, delta)]
            if len({(i, j) for _, i, j in pairs}) == 1:
                column, i, j = pairs[0]
                told = [Told(_cell(column, at), column.lines[at], None, at) for at in (i, j)]
                return Compared(one, line, words, told[0], told[1], grid)
        values = [(n, other) for other in (*before[-_BEFORE:], one) for n in _few(other) if n is not delta]
        pairs_told = [(a, b) for a, b in combinations(values, 2) if _gives(a[0], b[0], delta)]
        own = [pair for pair in pairs_told if pair[0][1] is one and pair[1][1] is one]
        pairs_told = own if own or len([n for n in one.results if n is not delta]) >= 2 else pairs_told
        if pairs_told:
            (first, where), (second, there) = pairs_told[-1]
            ones = Told(first.value, where.line_of(first).number, where)
            return Compared(one, line, words, ones, Told(second.value, there.line_of(second).number, there))
    return None


def is_setting(before: str) -> bool:
    """Whether a number stands behind a name and a sign of equality, and the name is that of no change or result."""
    found = _NAMED.search(before)
    return found is not None and (_CHANGE.search(found[0]) is None or _PARAMETER.search(before) is not None)


def _told_as_change(one: Statement) -> bool:
    return any(pattern.search(one.labelled) for pattern in (BETTER, CUE, _CREDIT))


def _spelled(text: str) -> list[Number]:
    """``three points``: a difference in words."""
    return [
        Number(float(NUMBERS[found[1].lower()]), 0.5, 0, "pp", False, False, False, found.start(), found.end())
        for found in _POINTS.finditer(text)
    ]


def _few(one: Statement) -> Sequence[Number]:
    return one.results if len(one.results) <= _MOST else ()


def _gives(one: Number, other: Number, delta: Number) -> bool:
    """Whether two numbers that are printed alike differ by a third, in their unit or in hundredths."""
    if one.decimals != other.decimals or (one.unit != other.unit and "" not in (one.unit, other.unit)):
        return False
    if one.value == other.value or abs(delta.value) in (one.value, other.value):
        return False
    gap, size = abs(one.value - other.value), abs(delta.value)
    scales = (1.0,) if max(one.value, other.value) > 1 else (1.0, 100.0)
    least = min(one.value, other.value)
    return any(abs(gap * scale - size) <= delta.half * 1.02 and size <= least * scale for scale in scales)


def _cell(column: Column, at: int) -> float:
    cell = column.cells[at]
    return cell.value if cell is not None else float("nan")


def _rows(grid: Grid, column: Column, delta: Number) -> Iterator[tuple[int, int]]:
    """The rows whose results differ so; of rows of one arm the first, with their mean."""
    groups: dict[str, list[int]] = {}
    for at, name in enumerate(grid.names):
        if column.cells[at] is not None:
            groups.setdefault(name, []).append(at)
    if any(len(rows) > 1 for rows in groups.values()):
        means = {name: sum(_cell(column, at) for at in rows) / len(rows) for name, rows in groups.items()}
        for one, other in combinations(means, 2):
            if (
                abs(abs(means[one] - means[other]) - abs(delta.value)) <= delta.half * 1.02
                and means[one] != means[other]
            ):
                yield groups[one][0], groups[other][0]
        return
    for i, j in combinations(range(len(grid.names)), 2):
        first, second = column.cells[i], column.cells[j]
        if first is not None and second is not None and _gives(first, second, delta):
            yield i, j


def _grids_near(log: Log, one: Statement) -> list[Grid]:
    at = one.line.number
    return [
        grid for grid in grids_of(log)
        if grid.section == one.section and grid.first - _LINES <= at <= grid.last + _LINES
    ]  # fmt: skip


def _by_word(log: Log, one: Statement, before: Sequence[Statement]) -> Compared | None:
    """A word for being ahead, and above it two results printed alike in one statement, or a table of two arms."""
    grids = _grids_near(log, one)
    if not grids and not any(other.results for other in (one, *before[-5:])):
        return None
    said = concluded_in(one, (BETTER, ALIKE, NO_EFFECT))
    if said is None:
        return None
    for grid in grids:
        found = _named_row(grid, one)
        scores = grid.of("score")
        if found is not None and scores and grid.first <= one.line.number:
            i, j = found
            if any(scores[0].cells[at] is None for at in found) or (log.data and not said.cued):
                continue
            told = [Told(_cell(scores[0], at), scores[0].lines[at], None, at) for at in (i, j)]
            return Compared(one, said.line, said.words, told[0], told[1], grid, True)
    single = [other for other in before[-4:] if other.results]
    if len(single) == 2 and all(len(other.results) == 1 for other in single) and said.cued:
        values = [other.results[0] for other in single]
        if _printed_alike(values, 2.0):
            told = [Told(n.value, s.line_of(n).number, s) for n, s in zip(values, single, strict=True)]
            return Compared(one, said.line, said.words, told[0], told[1], by_word=True)
    for other in (one, *reversed(before[-5:])):
        if len(other.results) == 2 and _printed_alike(other.results, 3.0):
            told = [Told(n.value, other.line_of(n).number, other) for n in other.results]
            return Compared(one, said.line, said.words, told[0], told[1], by_word=True)
    return None


def _printed_alike(pair: Sequence[Number], apart: float) -> bool:
    """Whether two results have the same digits, and are not the same, nor more than so many times each other."""
    values = [n.value for n in pair]
    return pair[0].decimals == pair[1].decimals and values[0] != values[1] and max(values) <= apart * min(values)


def _named_row(grid: Grid, one: Statement) -> tuple[int, int] | None:
    """Of two arms both, of more the one that a statement names or whose row it stands in, and the first other."""
    if len(grid.names) == 2:
        return 1, 0
    own = [at for at, line in enumerate(grid.lines) if line == one.line.number]
    words = one.words
    named = own or [at for at, name in enumerate(grid.names) if words_of(name) and words_of(name) <= words]
    names = [at for at in named if all(not words_of(grid.names[at]) < words_of(grid.names[b]) for b in named)]
    if not names:
        return None
    return names[0], next(at for at in range(len(grid.names)) if at not in names[:1])
