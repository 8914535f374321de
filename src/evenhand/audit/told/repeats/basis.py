"""On how many repeats a sentence rests: what its own words, the lines above it and the tables beside it tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Log, per_log
from evenhand.audit.text.passages import Passage, Sentence, passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import A_REPEAT, REPEAT
from evenhand.audit.told.repeats.arms_over import COUNT_NAME, Over, arms_over, counts_in_fields
from evenhand.audit.told.repeats.said_counts import counts_said, repeats_said

_ABOVE, _BELOW = 14, 4
"""Lines: what stands farther away is of something else."""

_NAMED = 0
"""Stands for one seed that is named without being counted."""

_N_ALONE = Pattern(r"(?<![^\W_])n\s*[=|,]", re.IGNORECASE)
_N_IS = Pattern(r"(?<![^\W_])n\s*=\s*\d{1,2}(?![\d.])", re.IGNORECASE)
_MANY_SAID = 4
_PLURAL = Pattern(
    r"(?<![^\W_])(?:seeds|runs|each seed|per seed|every seed|startwerte|graines|semillas|сиды|зёрна)(?![^\W_])",
    re.IGNORECASE,
)
_ALONE = Pattern(
    rf"(?<![^\W\d])(?:{REPEAT})\s*[=:#]?\s*\d{{1,6}}(?![\d.,]*\d|\s*(?:,|-|–|/|to|and|\.\.))", re.IGNORECASE
)
_RUNNING = Pattern(
    r"(?<![^\W_])(?:run|seed|try|attempt|trial)\s*#?\s*(?P<n>\d{1,2})(?=\s*(?:done|finished|in|fertig|готов))",
    re.IGNORECASE,
)
_BOTH = Pattern(r"(?<![^\W_])both (?:\w+ )?(?:times|seeds|runs|trainings|inits)", re.IGNORECASE)
_MANY = Pattern(r"(?<![\w.])(\d{1,3})\s*(?:/|of|out of|von|sur|de|из)\s*(\d{1,3})(?![\w.]*\d)(?!\s*%)")
_OF_ELSE = Pattern(
    r"(?<![^\W_])(?:previous|earlier|old|baseline|teacher|elsewhere|planned|queued|not (?:run|started))(?![^\W_])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Basis:
    """How many repeats, and the number of the line that says so.

    Attributes:
        count: the largest that is told near by.
        line: where it is told.
        near: it stands in the passage itself, or right above it.
        arms: the results that are told over repeats there.
        named: one seed is named, ``seed 42``; that there was no other is not said.
    """

    count: int
    line: int
    near: bool
    arms: tuple[Over, ...]
    named: bool = False


def basis_of(log: Log, passage: Passage, sentence: Sentence) -> Basis | None:
    """What a sentence rests on; None where the text does not tell a number of repeats."""
    here = sentence.lines[0].number
    told = sorted(_told(log, passage, here), key=lambda one: (-one[0], abs(here - one[1])))
    arms = tuple(one for one in arms_over(log) if _beside(log, passage, here, one))
    told += [
        (one.count, one.last)
        for one in arms
        if (one.repeated and one.count >= 2)
        or (log.leaves and len(one.values) == 1 and one.way[:-1] == passage.path[:-1])
    ]
    if not told:
        return None
    count = max(n for n, _ in told)
    if count == _NAMED and _of_several(log, passage, here):
        return None
    line = min((at for n, at in told if n == count), key=lambda at: abs(here - at))
    return Basis(max(count, 1), line, passage.first - 8 <= line <= passage.last + _BELOW, arms, count == _NAMED)


@per_log
def speaks_of_repeats(log: Log) -> bool:
    """Whether anything in a log is a word for seeds, runs or starts."""
    return any(A_REPEAT.search(line.text.replace("_", " ")) or _N_ALONE.search(line.text) for line in log.lines)


def arms_beside(log: Log, passage: Passage, sentence: Sentence) -> tuple[Over, ...]:
    """The results over repeats that stand near a sentence, and not behind it."""
    here = sentence.lines[0].number
    found = [one for one in arms_over(log) if one.count >= 2 and _beside(log, passage, here, one)]
    near = any(
        A_REPEAT.search(line.body)
        for line in log.lines
        if abs(line.number - here) <= _ABOVE and line.section == passage.section
    )
    found = [one for one in found if one.repeated or one.count > 2 or log.data or (near and one.alone)]
    return tuple(one for one in found if one.last <= sentence.lines[-1].number)


def _beside(log: Log, passage: Passage, here: int, one: Over) -> bool:
    if log.data:
        return not one.way or one.way[: len(passage.path) - 1] == passage.path[:-1] or len(log.leaves) < 80
    return one.section == passage.section and here - _ABOVE <= one.last <= here + _BELOW


def _told(log: Log, passage: Passage, here: int) -> Iterator[tuple[int, int]]:
    """Numbers of repeats in words, near a line."""
    for one in passages_of(log):
        if one.section != passage.section or not (here - _ABOVE <= one.last and one.first <= here + _BELOW):
            continue
        for sentence in one.sentences:
            text = sentence.text
            at = sentence.lines[0].number
            if (at > passage.last and _OF_ELSE.search(text)) or (
                at != here and _OF_ELSE.search(text) and not _first(one, passage)
            ):
                continue
            found = [
                *repeats_said(text),
                *(counts_said(text) if _N_IS.search(text) and A_REPEAT.search(one.text) else ()),
                *(2 for _ in _BOTH.finditer(text)),
            ]
            found += [int(m[2]) for m in _MANY.finditer(text) if int(m[1]) <= int(m[2]) <= 60 and at == here]
            found += [int(m["n"]) for m in _RUNNING.finditer(text)]
            found += [n for n in counts_said(text) if n > _MANY_SAID and at == here]
            if not found and len(_ALONE.findall(text)) == 1 and not re.search(r"\bseeds\b", text):
                found = [_NAMED]
            yield from ((n, at) for n in found)
    if log.data:
        for way, count, line in counts_in_fields(log):
            if way == passage.path[: len(way)] or len(log.leaves) < 80:
                yield count, line
    for table in log.tables:
        if log.data or (
            table.rows
            and table.section == passage.section
            and here - _ABOVE <= table.rows[-1].line
            and table.line <= here + _BELOW
        ):
            for i, name in enumerate(table.header):
                if COUNT_NAME.match(name) and name.strip().lower() not in ("seed", "run"):
                    yield from (
                        (int(row.cells[i]), row.line)
                        for row in table.rows
                        if row.cells[i].strip().isdecimal() and int(row.cells[i]) <= 200
                    )


def _of_several(log: Log, passage: Passage, here: int) -> bool:
    """Whether the lines around a named seed speak of several, of which it may be any."""
    around = [one for one in log.lines if one.section == passage.section and abs(one.number - here) <= _ABOVE]
    return any(_PLURAL.search(one.body) for one in around)


def _first(one: Passage, passage: Passage) -> bool:
    return one.last <= passage.first
