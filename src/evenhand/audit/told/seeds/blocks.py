"""Values over repeats that stand together: the columns of a table of seeds, a list in a line, lines one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table, only_number
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import Listed, lists_in
from evenhand.audit.text.vocabulary.repeats import A_REPEAT, MEAN_WORD, OF_A_MEAN, REPEAT, SPREAD_WORD, worded
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.indexed import frame_of, index_of, of_repeats
from evenhand.audit.told.repeats.said_counts import repeats_said

_FEWEST, _MOST = 3, 64
_APART = 0.6
"""How far repeats of one thing lie apart, as a part of the largest."""

_INDEX = Pattern(rf"\W*(?:{REPEAT}|s|r|f|k)?[\s_#=-]*(?:\d{{1,6}}|[A-Ha-h])\W*", re.IGNORECASE)
_REPEATS_NAME = Pattern(rf"\W*(?:cv[\s_-]?)?{REPEAT}(?:[\s_]?(?:id|idx|index|no\.?|nr\.?|number|#))?\W*", re.IGNORECASE)
_LOST = Pattern(
    r"\W*|.*\b(?:nan|n/?a|oom|killed|crash\w*|died|diverged?|failed|fail|lost|missing|timeout|aborted|todo|tbd|running|"
    r"pending|cancel\w*|none|stopped|preempted|error|abgebrochen|abgestürzt|fehlt|échoué|perdu|falló|murió|упал\w*|"
    r"崩溃|失败|中断)\b.*",
    re.IGNORECASE,
)
_OTHER = worded(
    r"lrs?|learning rates?|layers?|epochs?|steps?|sizes?|widths?|dims?|lengths?|top|coef\w*|beta|alpha|ranks?|tokens|"
    r"batch\w*|budgets?|thresholds?|temperatures?|best|median\w*|min|max|range|grid|sweep|bounds?|respectively|gpus?|"
    r"weights?|quantiles?|percentiles?|k|iter\w*|class(?:es)?|deciles?"
)
_STACKED = Pattern(
    rf"\W*(?P<stem>{REPEAT}|s|r|f)[\s_#]*(?P<index>\d{{1,6}}|[A-Ha-h])\W*[\s:=|→>-]+(?P<rest>.*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Block:
    """Values over repeats, of one result or of several side by side.

    Attributes:
        columns: the name and the values of each.
        rows: how many repeats are named, those without a value among them.
        line: where they begin.
        last: number of the line where they end.
        words: what stands around them and says what they are.
        tail: what follows a list on its own line.
        section: as for lines.
        named: whether they are called repeats.
    """

    columns: tuple[tuple[str, tuple[Number, ...]], ...]
    rows: int
    line: Line
    last: int
    words: str
    tail: str
    section: int
    named: bool = True


def blocks_of(log: Log) -> Iterator[Block]:
    """All of a log; none of a document of data."""
    if log.data:
        return
    tabled = {row.line for table in log.tables for row in table.rows}
    for table in log.tables:
        yield from filter(None, [_of_table(log, table)])
    lines = [one for one in log.lines if one.kind in ("prose", "bullet") and one.number not in tabled]
    for line in lines:
        for listed in lists_in(line, _FEWEST):
            yield from filter(None, [_of_list(log, listed)])
    yield from _stacks(log, lines)


def alike(values: Sequence[Number]) -> bool:
    """Whether values can be those of one thing in several repeats: of one unit, of like digits, not far apart."""
    if not _FEWEST <= len(values) <= _MOST:
        return False
    fine = {one.decimals for one in values if one.value}
    sizes = [abs(one.value) for one in values]
    signed = all(one.signed or not one.value for one in values)
    near = signed or max(sizes) - min(sizes) <= _APART * max(sizes)
    coarse = not any(one.decimals for one in values) and max(sizes) < 10
    return (
        bool(fine) and max(fine) - min(fine) <= 1 and near and not coarse
        and len({one.unit for one in values}) == 1 and len({one.value for one in values}) > 1
        and not any(one.spread or one.about for one in values)
    )  # fmt: skip


def _of_table(log: Log, table: Table) -> Block | None:
    rows = [row for row in table.rows if any(cell.strip() for cell in row.cells)]
    if len(table.header) < 2 or len(rows) < 1:
        return None
    cells = [row.cells[0].strip() for row in rows]
    last = rows[-1].line
    words = " ".join((*table.header, table.before, *log.path(table.section)[-1:]))
    if _REPEATS_NAME.fullmatch(table.header[0]) and len(set(cells)) == len(cells) >= _FEWEST:
        if not all(_INDEX.fullmatch(cell) for cell in cells):
            return None
        named = [(name, [row.cells[i] for row in rows]) for i, name in enumerate(table.header) if i]
        count = len(rows)
    else:
        frame = frame_of(table.header[1:]) if len(table.header) > _FEWEST else None
        if frame is None or not of_repeats(frame) or any(role_of(cell) for cell in cells):
            return None
        named = [(row.cells[0], list(row.cells[1:])) for row in rows]
        count = len(table.header) - 1
    read = [(name, values) for name, texts in named if (values := _values(texts)) is not None]
    return Block(tuple(read), count, log.line(table.line), last, words, "", table.section) if read else None


def _values(cells: Sequence[str]) -> tuple[Number, ...] | None:
    """The numbers of cells; a cell that says that its repeat was lost has none."""
    read = [only_number(cell) for cell in cells]
    told = tuple(one for one in read if one is not None)
    rest = [cell for cell, one in zip(cells, read, strict=True) if one is None]
    torn = any(one is not None and re.search(r"\w{3}", cell[one.end :]) for cell, one in zip(cells, read, strict=True))
    return told if not torn and all(_LOST.fullmatch(cell) for cell in rest) and alike(told) else None


def _above(log: Log, line: Line) -> str:
    """The words right above a line, one blank line between at most, and those of what it belongs to."""
    at = log.by_number[line.number]
    near = [one.body for one in log.lines[max(0, at - 2) : at] if one.kind in ("prose", "bullet", "heading")][-1:]
    return "; ".join((*near, *(one.body for one in log.parents(line))))


def _of_list(log: Log, listed: Listed) -> Block | None:
    line, values = listed.line, listed.numbers
    before, tail = line.body[: values[0].start], line.body[values[-1].end :]
    label = re.split(r"[.;]\s", before)[-1]
    around = f"{_above(log, line)}; {label}"
    if not alike(values) or re.search(r"\.\.\.|…", f"{line.text} "):
        return None
    if MEAN_WORD.search(label) or SPREAD_WORD.search(label) or OF_A_MEAN.search(label) or _OTHER.search(label):
        return None
    counts = set(repeats_said(around))
    bare = not re.search(r"\w", before)
    named = A_REPEAT.search(label if not bare else around) is not None
    if counts - {len(values)} or (label.strip() and not bare and not re.search(r"[:=>→(\[]\s*\W*$", before)):
        return None
    words = f"{label} {_above(log, line)} {' '.join(log.path(line.section)[-1:])}"
    return Block(((label, values),), len(values), line, line.number, words, tail, line.section, named)


def _stacks(log: Log, lines: Sequence[Line]) -> Iterator[Block]:
    """Lines that name a repeat each, with its value: ``seed 1  0.712``."""
    run: list[tuple[Line, re.Match[str]]] = []
    for line in [*lines, None]:
        found = _STACKED.fullmatch(line.body) if line is not None else None
        if line is not None and found is not None and (not run or _joins(run[-1], line, found)):
            run.append((line, found))
            continue
        if len(run) >= _FEWEST:
            yield from filter(None, [_of_stack(log, run)])
        run = [(line, found)] if line is not None and found is not None else []


def _joins(above: tuple[Line, re.Match[str]], line: Line, found: re.Match[str]) -> bool:
    return above[0].number + 1 == line.number and above[1]["stem"].lower() == found["stem"].lower()


def _of_stack(log: Log, run: Sequence[tuple[Line, re.Match[str]]]) -> Block | None:
    values: list[Number] = []
    for line, found in run:
        told = [one for one in line.numbers if one.start >= found.start("rest")]
        decimals = [one for one in told if one.decimals] or told
        if len(decimals) == 1 and told and decimals[0] is told[0]:
            values.append(told[0])
        elif told or not _LOST.fullmatch(found["rest"]):
            return None
    indices = [found["index"] for _, found in run]
    first, last = run[0][0], run[-1][0]
    if not alike(values) or len(set(indices)) != len(indices):
        return None
    label = " ".join(re.sub(r"\d[\d.,]*", " ", found["rest"]) for _, found in run[:1])
    words = f"{label} {_above(log, first)} {' '.join(log.path(first.section)[-1:])}"
    return Block(((label, tuple(values)),), len(run), first, last.number, words, "", first.section)
