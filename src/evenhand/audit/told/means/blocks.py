"""Values over repeats that stand together: columns of a table of seeds, a list in a line, lines below each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from evenhand.audit.text.log import Line, Log, Table, only_number
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import Listed, lists_in
from evenhand.audit.text.vocabulary.repeats import A_REPEAT, MEAN_WORD, OF_A_MEAN, REPEAT, SPREAD_WORD, worded
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.indexed import frame_of, of_repeats
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
_SHORT = 40
_NAMED = Pattern(
    rf"(?<![^\W_])(?P<stem>{REPEAT}|s|r|f)[ _#-]?(?P<index>\d{{1,4}}|[A-H])\s*(?:[:=]|->|→)?\s+"
    r"(?P<value>[+-]?\d+(?:[.,]\d+)*)",
    re.IGNORECASE,
)
_STACKED = Pattern(
    rf"\W*(?P<stem>{REPEAT}|s|r|f)[\s_#]*(?P<index>\d{{1,6}}|[A-Ha-h])\W*[\s:=|→>-]+(?P<rest>.*)", re.IGNORECASE
)


_GOES_ON = Pattern(r"\.\.\.(?!\d)|…")
_BRACKET = Pattern(r"\s*[(\[](?P<inner>[^()\[\]]*)$")
_LEADS = Pattern(
    r"(?:[:=>→(\[]\W*|\b(?:is|are|was|were|gave|give|got|get|reach(?:ed)?|had|have|scored?|achieved?|sind|waren|ergaben|"
    r"erreichten|donnent|dieron|дали)\s*)$",
    re.IGNORECASE,
)
_REPEATS_BEHIND = Pattern(
    rf"[\s\])]*[,(]?\s*(?:(?:for|over|on|across|with|from|at|in|bei|für|pour|para|по)\s+)?(?:the\s+)?(?:\w+\s+)?"
    rf"{REPEAT}\b(?:[\d,/&–\s-]|\.\.|and|to)*\)?(?=[\s,;:)]|$)",
    re.IGNORECASE,
)
"""Which repeats values are of, told behind them: ``71.3, 70.2, 72.1 for seeds 1, 2, 3``."""


@dataclass(frozen=True)
class Block:
    """Values over repeats, of one result or of several side by side.

    Attributes:
        columns: the name and the values of each.
        rows: how many repeats are named, those without a value among them.
        line: where they begin.
        last: number of the line where they end.
        words: what stands around them and says what they are.
        head, tail: what stands on the line of a list before and behind it; the head only of a list in brackets.
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
    head: str = ""


def blocks_of(log: Log) -> Iterator[Block]:
    """All of a log; none of a document of data."""
    if log.data:
        return
    tabled = {row.line for table in log.tables for row in table.rows}
    for table in log.tables:
        yield from filter(None, [_of_table(log, table)])
    lines = [one for one in log.lines if one.kind in ("prose", "bullet") and one.number not in tabled]
    for line in lines:
        for listed in lists_in(line, _FEWEST) if line.numbers[_FEWEST - 1 :] else ():
            yield from filter(None, [_of_list(log, listed)])
        yield from filter(None, [_of_names(log, line)])
    yield from _stacks(log, lines)
    yield from _headed(log, tabled)


def alike(values: Sequence[Number]) -> bool:
    """Whether values can be those of one thing in several repeats: of one unit, of like digits, not far apart."""
    if not _FEWEST <= len(values) <= _MOST:
        return False
    fine = {one.decimals for one in values if one.value}
    sizes = [abs(one.value) for one in values]
    signed = all(one.signed or not one.value for one in values)
    near = signed or max(sizes) - min(sizes) <= _APART * max(sizes)
    whole = not any(one.decimals for one in values)
    coarse = whole and (max(sizes) < 10 or len({b.value - a.value for a, b in pairwise(values)}) == 1)
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
    known = _REPEATS_NAME.fullmatch(table.header[0]) is not None
    running = cells == [str(n) for n in range(1, len(cells) + 1)] and not _OTHER.search(table.header[0])
    if (known or running) and len(set(cells)) == len(cells) >= _FEWEST:
        if not all(_INDEX.fullmatch(cell) for cell in cells):
            return None
        named = [(name, [row.cells[i] for row in rows]) for i, name in enumerate(table.header) if i]
        count = len(rows)
    else:
        frame = frame_of(table.header[1:]) if len(table.header) > _FEWEST else None
        if frame is None or not of_repeats(frame) or any(role_of(cell) for cell in cells):
            return None
        named, known = [(row.cells[0], list(row.cells[1:])) for row in rows], True
        count = len(table.header) - 1
    read = [(name, values) for name, texts in named if (values := _values(texts)) is not None]
    return Block(tuple(read), count, log.line(table.line), last, words, "", table.section, known) if read else None


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
    line, values = listed.line, _unbracketed(listed)
    if not alike(values) or _GOES_ON.search(line.text):
        return None
    before, tail = line.body[: values[0].start], line.body[values[-1].end :]
    bracket = _BRACKET.search(before)
    head, inner = (before[: bracket.start()], bracket["inner"]) if bracket else ("", before)
    head = head if re.search(r"\d", head) else ""
    label = inner if head else re.split(r"[.;]\s", before)[-1]
    if any(one.search(label) for one in (MEAN_WORD, SPREAD_WORD, OF_A_MEAN)):
        return None
    behind = _REPEATS_BEHIND.match(tail)
    behind = None if behind and behind[0].count("(") > behind[0].count(")") else behind
    tail = tail[behind.end() :] if behind else tail
    bare = not re.search(r"\w", before)
    above = _above(log, line)
    own = f"{label}; {behind[0] if behind else ''}; {head}"
    counts = set(repeats_said(f"{above}; {own}"))
    named = A_REPEAT.search(f"{above}; {own}" if bare else own) is not None
    leads = bare or not label.strip() or _LEADS.search(before) or (named and len(values) in counts)
    settings = _OTHER.search(label) is not None and len(values) not in repeats_said(own)
    if counts - {len(values)} or not leads or settings:
        return None
    words = f"{label}; {above}; {_unit(tail)}; {' '.join(log.path(line.section)[-1:])}"
    return Block(((label, values),), len(values), line, line.number, words, tail, line.section, named, head)


def _unbracketed(listed: Listed) -> tuple[Number, ...]:
    """The numbers of a list without one before, or behind it, that a bracket parts from them: ``27.4 (27.3, 27.5)``."""
    values, body = listed.numbers, listed.line.body
    after = next((one for one in listed.line.numbers if one.start >= values[-1].end), None)
    if (
        after is not None
        and after.unit
        and not values[0].unit
        and re.fullmatch(r"[\s,/]*(?:and\s+)?", body[values[-1].end : after.start])
    ):
        values = (*(replace(one, unit=after.unit) for one in values), after)  # ``41.8, 41.6, 42.1 s``
    cuts = [i for i, (a, b) in enumerate(pairwise(values), 1) if re.search(r"[(\[]", body[a.end : b.start])]
    if not cuts:
        return values
    return values[1:] if cuts == [1] else values[:-1] if cuts == [len(values) - 1] else ()


def _unit(tail: str) -> str:
    """The word right behind values that says what they are: ``27.4, 27.1 and 27.6 BLEU``."""
    found = re.match(r"\s*(\w+)\s*[,;:(]", tail)
    return found[1] if found else ""


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


def _of_names(log: Log, line: Line) -> Block | None:
    """Repeats in one line, each by its name: ``seed 0 84.1, seed 1 83.7, seed 2 84.6``."""
    found = list(_NAMED.finditer(line.body)) if len(line.numbers) > _FEWEST else []
    run = found[:1]
    for one in found[1:]:
        joined = re.fullmatch(r"[\s,;/|]*(?:and\s+)?", line.body[run[-1].end() : one.start()])
        if joined is None or one["stem"].lower() != run[-1]["stem"].lower():
            break
        run.append(one)
    if len(run) < _FEWEST or len({one["index"] for one in run}) < len(run):
        return None
    by_start = {one.start: one for one in line.numbers}
    values = [by_start[one.start("value")] for one in run if one.start("value") in by_start]
    if len(values) < len(run) or not alike(values) or not any(one.decimals for one in values):
        return None
    label = re.split(r"[.;]\s", line.body[: run[0].start()])[-1]
    if MEAN_WORD.search(label) or SPREAD_WORD.search(label) or _GOES_ON.search(line.text):
        return None
    words = f"{label}; {_above(log, line)}; {' '.join(log.path(line.section)[-1:])}"
    tail = line.body[values[-1].end :]
    return Block(((label, tuple(values)),), len(values), line, line.number, words, tail, line.section)


def _headed(log: Log, tabled: set[int]) -> Iterator[Block]:
    """Two columns without rulers: a header such as ``fold  auc``, and below it a row for each repeat."""
    for place, line in enumerate(log.lines):
        if line.kind not in ("prose", "code") or line.number in tabled or len(line.text) > _SHORT:
            continue
        head = line.text.split()
        if len(head) != 2 or not _REPEATS_NAME.fullmatch(head[0]) or re.search(r"[\d:.,]", line.text):
            continue
        rows = []
        for one in log.lines[place + 1 : place + 1 + _MOST]:
            cells = one.text.split(maxsplit=1)
            if len(cells) < 2 or not _INDEX.fullmatch(cells[0]) or one.kind != line.kind:
                break
            rows.append((one, cells))
        values = _values([cells[1] for _, cells in rows]) if len(rows) >= _FEWEST else None
        if values is not None and len({cells[0] for _, cells in rows}) == len(rows):
            words = f"{line.text}; {_above(log, line)}; {' '.join(log.path(line.section)[-1:])}"
            yield Block(((head[1], values),), len(rows), line, rows[-1][0].number, words, "", line.section)
