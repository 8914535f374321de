"""Tables that are none of Markdown's: columns kept apart by blanks, pipe tables in blocks of code, simple HTML."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from evenhand.audit.text.log import Line, Row, Table
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern

_GAP = Pattern(r"\s{2,}|\t+")
_CELLS = Pattern(r"\S+(?: \S+)*")
FENCE = Pattern(r"^\s*(```|~~~)")
_DASHES = Pattern(r"^[\s\-=+|:]+$")
_NAME = Pattern(r"[^\W\d_]")
_PLAIN = Pattern(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?\s?(?:%|s|ms|x|min|h)?")
_HTML = Pattern(r"<table\b.*?</table\s*>", re.IGNORECASE | re.DOTALL)
_ROW = Pattern(r"<tr\b[^>]*>(.*?)(?=</tr|<tr\b|</table)", re.IGNORECASE | re.DOTALL)
_CELL = Pattern(r"<t[hd]\b[^>]*>(.*?)(?=</t[hd]|<t[hd]\b|$)", re.IGNORECASE | re.DOTALL)
_SPANS = Pattern(r"\b(?:col|row)span\s*=|<table\b.*<table\b", re.IGNORECASE | re.DOTALL)
_TAG = Pattern(r"<[^>]*>")
_BOLD = Pattern(r"<(?:b|strong)\b", re.IGNORECASE)
_MOST_CELLS = 30
_LEAST_CELLS = 3


def aligned_tables(lines: Sequence[Line]) -> Iterator[Table]:
    """Runs of lines whose cells stand two blanks or more apart: a header of names, then at least two rows of numbers.

    Only lines with as many cells as the header belong to it, so that listings of other kinds are none.
    """
    place = 0
    while place < len(lines):
        header = _names(lines[place])
        end = place + 1
        rows: list[Row] = []
        while header and end < len(lines) and lines[end].kind == lines[place].kind:
            if _DASHES.match(lines[end].text) and not rows:
                end += 1
                continue
            cells = _cells(lines[end])
            if len(cells) != len(header) or not _is_row(cells) or _below_others(lines[place], lines[end]):
                break
            rows.append(Row(lines[end].number, cells))
            end += 1
        if len(rows) >= 2:
            above = lines[place - 1].body if place and lines[place - 1].kind != "code" else ""
            yield Table(header, tuple(rows), lines[place].section, lines[place].number, above)
            place = end
        else:
            place += 1


def _cells(line: Line) -> tuple[str, ...]:
    return tuple(_GAP.split(line.text.strip()))


def _below_others(header: Line, row: Line) -> bool:
    """Whether a cell stands below another name than its own, as where one blank keeps two columns apart."""
    if "\t" in header.text or "\t" in row.text:
        return False
    names, cells = (list(_CELLS.finditer(line.text)) for line in (header, row))
    for at, cell in enumerate(cells):
        over = [i for i, name in enumerate(names) if name.start() < cell.end() and cell.start() < name.end()]
        if over and at not in over:
            return True
    return False


def _names(line: Line) -> tuple[str, ...]:
    """The cells of a line that may be a header; none where it is none."""
    if line.kind not in ("code", "prose") or FENCE.match(line.text):
        return ()
    cells = _cells(line)
    fits = _LEAST_CELLS <= len(cells) <= _MOST_CELLS and all(
        _NAME.search(cell) and len(cell) <= 40 and not cell.endswith((",", ".", ";")) for cell in cells
    )
    return (
        cells
        if fits and not re.match(r"[+-]?\d", cells[0]) and not any(_PLAIN.fullmatch(cell) for cell in cells)
        else ()
    )


def _is_row(cells: Sequence[str]) -> bool:
    """Whether at least half of the cells after the first are numbers, or stand for a missing one."""
    given = sum(bool(numbers(cell)) or cell in ("-", "–", "—", "n/a", "N/A") for cell in cells[1:])
    return 2 * given >= len(cells) - 1 and any(numbers(cell) for cell in cells[1:])


def html_tables(lines: Sequence[Line]) -> tuple[list[Line], list[Table]]:
    """Simple HTML tables, and the lines with those of tables marked as rows; tables with spans are left alone."""
    texts = [line.text for line in lines]
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    changed = list(lines)
    tables: list[Table] = []
    for found in _HTML.finditer("\n".join(texts)) if any("<table" in text.lower() for text in texts) else ():
        first, last = (bisect_right(starts, at) - 1 for at in (found.start(), found.end() - 1))
        if any(lines[i].kind == "code" for i in range(first, last + 1)):
            continue
        for i in range(first, last + 1):
            changed[i] = replace(lines[i], kind="row", body=_text(lines[i].text), parent=None)
        if _SPANS.search(found[0], len("<table")):
            continue
        rows = [
            (lines[bisect_right(starts, found.start() + row.start()) - 1].number, _CELL.findall(row[1]))
            for row in _ROW.finditer(found[0])
        ]
        table = _of_rows(rows, lines[first])
        if table is not None:
            tables.append(table)
    return changed, tables


def _of_rows(rows: Sequence[tuple[int, list[str]]], first: Line) -> Table | None:
    if len(rows) < 3 or len(rows[0][1]) < 2 or len({len(cells) for _, cells in rows}) != 1:
        return None
    made = tuple(
        Row(number, tuple(map(_text, cells)), frozenset(i for i, cell in enumerate(cells) if _BOLD.search(cell)))
        for number, cells in rows[1:]
    )
    return Table(tuple(map(_text, rows[0][1])), made, first.section, rows[0][0])


def _text(cell: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", cell)).split())
