"""Improvements that are smaller than the spreads which stand beside their own two means.

``baseline 76.22 ± 0.21, LS 76.33 ± 0.12. Label smoothing improves things by +0.11.``
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.gains import TAKEN_BACK
from evenhand.audit.text.vocabulary.roles import RUN_NOUNS, TEST_WORDS
from evenhand.audit.text.words import METRIC_WORD, denied, hoped
from evenhand.audit.told.quantities import Quantity, quantities
from evenhand.audit.told.seeds.count import seeds_of
from evenhand.audit.told.seeds.spreads import mean_and_spread, welch

_SD = Pattern(
    r"\s*%?\s*[,(\[]?\s*(?:seed |sample )?(?:sd|std|s\.d\.|stdev|σ|desv\w*|écart-type|streuung|разброс|标准差)"
    r"(?:\s*\(n-1\))?\s*[=:]?\s*",
    re.IGNORECASE,
)
_SD_NAME = Pattern(r"(?:seed |sample )?(?:sd|std|stdev|s\.d\.|σ|±)(?: \(.*\))?", re.IGNORECASE)
_MEAN_NAME = Pattern(r"(?:.*\b)?(?:mean|avg|average)\b.*", re.IGNORECASE)
_CLAIM = Pattern(
    r"(?<![^\W\u3400-\u9fff])(?:improv(?:es?|ed|ement|ing)|help(?:s|ed)|better|beats?|outperform(?:s|ed)?|gain(?:s|ed)?|"
    r"wins?|works|superior|boost(?:s|ed)?|lifts?|pays off|worth it|hilft|besser|verbesser\w+|bringt|mejora\w*|ayuda|"
    r"amélior\w+|aide|mieux|улучш\w+|помога\w+|лучше)(?![a-zà-ÿа-я])|提升|提高|改善|有效|优于|更好",
    re.IGNORECASE,
)
_AWARE = Pattern(
    r"(?<![a-z])(?:worse|hurts?|noise|noisy|within|inside|overlap\w*|signific\w*|error bars?|seed[- ]to[- ]seed|spread|"
    r"variance|per[- ]seed|every seed|each seed|all (?:\w+ )?seeds|\d of (?:the )?\d|paired|tie[sd]?|equal|"
    r"hint|suggest\w*|tiny|"
    r"tentativ\w*|inconclusive|rauschen|innerhalb|ruido|bruit|шум\w*|faster|slower|cheaper|memory|latency|speed-?ups?|time)(?![a-z])|"
    r"噪声|范围内|[?]|(?:±|\bsd\b|\bstd\b)[^.]{0,20}(?:larger|more than|above)",
    re.IGNORECASE,
)
"""What says that somebody has seen the spread, or that the gain is one of something else."""

_RUNS = Pattern(rf"(?<![a-zà-ÿа-я])(?:{RUN_NOUNS})(?![a-zà-ÿа-я])", re.IGNORECASE)
_TEST = Pattern(rf"(?:{TEST_WORDS})", re.IGNORECASE)
_OVER_ITEMS = Pattern(
    r"\b(?:over|across|between|among)\s+(?:the |all |\d+ )?(?:prompts?|items?|users?|questions?|"
    r"queries|topics?|tasks?|examples?)\b",
    re.IGNORECASE,
)
"""Of what a spread is that is none over runs."""

_ABOVE = 8
_NEAR, _FAR, _LEAST, _MOST_MEANS, _MOST_SEEDS = 4, 40, 3, 12, 20
_RATIO, _ALIKE, _CHANCE = 0.6, 1.5, 0.2
"""Where nobody says how many runs there are, a difference this small beside the spreads is none of ten runs."""


@dataclass(frozen=True)
class Mean:
    """A mean with the spread beside it.

    Attributes:
        value, spread: as printed.
        line: where they stand.
        place: the sentence or the table that they stand in, counted.
        values: those that it is of, where they stand before it in one line.
    """

    value: Number
    spread: Number
    line: Line
    place: int
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Within:
    """An improvement that is smaller than the spreads of its two means; ``p`` where the runs are counted."""

    one: Mean
    other: Mean
    line: Line
    p: float | None


def within_spread_in(log: Log) -> Iterator[Within]:
    """The improvements whose two means lie nearer to each other than their runs, told right behind them."""
    sentences = [s for p in passages_of(log) if p.kind != "heading" for s in p.sentences]
    means = sorted((*_of_sentences(sentences), *_of_tables(log, len(sentences))), key=lambda one: one.line.number)
    for place, sentence in enumerate(sentences) if len(means) > 1 and not log.data else ():
        found = _CLAIM.search(sentence.text)
        if (
            found is None
            or len(sentence.text) > 200
            or not _asserted(sentence, found, sentences[place + 1 : place + 2])
        ):
            continue
        one = _told_of(log, sentence, found, place, means)
        if one is not None:
            yield one


def _asserted(sentence: Sentence, found: re.Match[str], behind: Sequence[Sentence]) -> bool:
    """Whether an improvement is claimed, and neither denied, hoped for nor set against its spread."""
    text = sentence.text
    if denied(text, found.start()) or hoped(sentence.lines[0]) or TAKEN_BACK.search(text) or _AWARE.search(text):
        return False
    next_line = [one for one in behind if one.lines[0].number - sentence.lines[-1].number <= 1]
    return not any(_AWARE.search(one.text) for one in next_line)


def _told_of(log: Log, sentence: Sentence, found: re.Match[str], place: int, means: Sequence[Mean]) -> Within | None:
    """The two means whose difference, or whose values, a sentence tells; they stand right above it."""
    line = sentence.line_at(found.start())
    before = [one for one in means if 0 <= line.number - one.line.number <= _FAR]
    if not before or line.number - before[-1].line.number > _NEAR or len(before) > _MOST_MEANS:
        return None
    first = max(0, log.by_number[before[-1].line.number] - _ABOVE)
    near = " ".join(one.body.lower() for one in log.lines[first : log.by_number[line.number]])
    metrics = {one[0].lower() for one in METRIC_WORD.finditer(near)} - {"baseline"}
    named = {one[0].lower() for one in METRIC_WORD.finditer(sentence.text)} - {"baseline"}
    if (metrics and not named <= metrics) or _OVER_ITEMS.search(near):
        return None
    last = [one for one in before if one.place == before[-1].place]
    pairs = [(a, b) for a, b in itertools.combinations(before, 2) if b in last and _alike(a.value, b.value)]
    told = [q for q in quantities(sentence) if not q.number.spread]
    chosen = [pair for pair in pairs if any(_is_difference(q, *pair) for q in told)]
    chosen = [pair for pair in chosen if not any(_of_else(q, *pair) for q in told)]
    if not chosen:
        own = [pair for pair in pairs if pair[0].place == pair[1].place]
        values = [pair for pair in own if {pair[0].value.value, pair[1].value.value} <= {q.value for q in told}]
        bare = len(own) == 1 and len(last) == 2 and not told and place - last[0].place == 1
        chosen = values or (own if bare else [])
    judged = [(pair, *_within(log, *pair)) for pair in chosen]
    if not judged or not all(within for _, within, _ in judged) or _tested(log, line):
        return None
    (one, other), _, p = judged[-1]
    return Within(one, other, line, p)


def _alike(one: Number, other: Number) -> bool:
    return (
        one.decimals == other.decimals
        and one.unit == other.unit
        and 0 < abs(one.value - other.value) < abs(one.value) / 2
    )


def _of_else(told: Quantity, one: Mean, other: Mean) -> bool:
    """Whether a number is a result, and neither of the two means nor their difference: it may be the gain's own."""
    plain = told.plain and told.number.decimals and not told.number.signed and told.unit in ("", "%")
    return (
        bool(plain) and told.value not in (one.value.value, other.value.value) and not _is_difference(told, one, other)
    )


def _is_difference(told: Quantity, one: Mean, other: Mean) -> bool:
    if told.unit not in ("", "pp", "%") or not told.number.decimals or told.number.decimals > one.value.decimals + 1:
        return False
    found = abs(one.value.value - other.value.value)
    return any(
        abs(abs(told.value) - k * found) <= k * 2.2 * one.value.slack for k in (1, 100 if one.value.value <= 1 else 1)
    )


def _within(log: Log, one: Mean, other: Mean) -> tuple[bool, float | None]:
    """Whether chance makes such a difference often, by the spreads; and how often, where the runs are counted."""
    difference = abs(one.value.value - other.value.value)
    spreads = one.spread.value, other.spread.value
    if min(spreads) <= 0 or one.spread.unit not in ("", "%", "pp") or _one_way(log, one, other):
        return False, None
    if len(one.values) == len(other.values) >= _LEAST:
        signs = {b > a for a, b in zip(one.values, other.values, strict=True)}
        p = welch(difference, *spreads, len(one.values))
        return p is not None and p > _CHANCE and len(signs) > 1, p
    seeds = seeds_of(log, other.line)
    if seeds is not None and 2 <= seeds.count <= _MOST_SEEDS:
        p = welch(difference, *spreads, seeds.count)
        return p is not None and p > _CHANCE and difference <= max(spreads), p
    small = difference <= _RATIO * max(spreads) and difference <= _ALIKE * min(spreads)
    return small and _over_runs(log, other.line), None


def _over_runs(log: Log, line: Line) -> bool:
    """Whether a section speaks of seeds, runs or folds: a spread over items says little of their mean."""
    own = log.own(line.section) if line.section >= 0 else log.lines
    near = (one.body for one in own if abs(one.number - line.number) <= _FAR)
    return any(_RUNS.search(text) for text in (*log.path(line.section), *near))


def _tested(log: Log, line: Line) -> bool:
    """Whether a section tells of a test."""
    own = [
        one for one in (log.own(line.section) if line.section >= 0 else log.lines) if one.kind in ("prose", "bullet")
    ]
    return any(_TEST.search(one.body) for one in own if abs(one.number - line.number) <= _FAR)


def _one_way(log: Log, one: Mean, other: Mean) -> bool:
    """Whether a table has the runs of both means, and in all of its rows the same arm is ahead."""
    for table in log.tables:
        if len(table.rows) < _LEAST or abs(table.line - other.line.number) > _FAR:
            continue
        rows = [row for row in zip(*table.columns[1:8], strict=True) if all(row)]
        columns = [[n.value for n in column if n is not None] for column in zip(*rows, strict=True)]
        own = [
            [c for c in columns if abs(sum(c) / len(c) - mean.value.value) <= 3 * mean.value.slack]
            for mean in (one, other)
        ]
        if any(len({y > x for x, y in zip(a, b, strict=True)}) == 1 for a in own[0] for b in own[1] if a is not b):
            return True
    return False


def _of_sentences(sentences: Sequence[Sentence]) -> Iterator[Mean]:
    for place, sentence in enumerate(sentences):
        found = sentence.numbers
        for at, (one, other) in enumerate(itertools.pairwise(found)):
            between = sentence.text[one.end : other.start]
            named = other.spread or (_SD.fullmatch(between) is not None and not other.signed)
            if named and one.decimals and not (one.spread or one.signed) and 0 < other.value < abs(one.value):
                row = [n.value for n in found[:at] if n.decimals == one.decimals and not n.spread]
                line = sentence.line_at(one.start)
                yield Mean(one, other, line, place, tuple(row) if len(row) == at else ())


def _of_tables(log: Log, first: int) -> Iterator[Mean]:
    """The rows of tables with a mean and its spread in one cell, or in columns of these names."""
    for at, table in enumerate(log.tables):
        place, pairs = first + at, _columns(table)
        for row in table.rows if 2 <= len(table.rows) <= 12 else ():
            line = log.line(row.line)
            cells = [one for cell in row.cells[1:] if (one := mean_and_spread(cell)) is not None]
            i = table.rows.index(row)
            if len(cells) == 1:
                yield Mean(*cells[0], line, place)
            elif not cells and pairs is not None:
                mean, spread = (table.columns[one][i] for one in pairs)
                if mean is not None and spread is not None and mean.decimals:
                    yield Mean(mean, spread, line, place)


def _columns(table: Table) -> tuple[int, int] | None:
    means = [i for i, name in enumerate(table.header) if _MEAN_NAME.fullmatch(name.strip())]
    spreads = [i for i, name in enumerate(table.header) if _SD_NAME.fullmatch(name.strip())]
    return (means[0], spreads[0]) if len(means) == len(spreads) == 1 else None
