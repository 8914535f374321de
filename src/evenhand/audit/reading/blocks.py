"""Tables that are none of Markdown's: columns kept apart by blanks, pipe tables in blocks of code, simple HTML."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

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
_WORDS = Pattern(r"\S+")
_MISSING = frozenset(("-", "--", "---", "–", "—", "n/a", "N/A"))
_MOST_CELLS, _TITLE = 30, 3
_LEAST_CELLS = 3


def aligned_tables(lines: Sequence[Line]) -> Iterator[Table]:
    """Runs of lines whose cells stand two blanks or more apart: a header of names, then at least two rows of numbers.

    Only lines with as many cells as the header belong to it, so that listings of other kinds are none; the first column
    may have no name, and its cells blanks of their own. A table of two columns must have three rows of plain numbers.
    """
    place = 0
    while place < len(lines):
        header = _names(lines[place])
        end = place + 1
        rows: list[Row] = []
        while header and end < len(lines) and lines[end].kind == lines[place].kind:
            if _DASHES.match(lines[end].text):
                if rows and (end + 1 == len(lines) or _fitted(header, lines[end + 1]) is None):
                    break
                end += 1
                continue
            if not rows:
                header = _with_first(header, lines[end])
            cells = _fitted(header, lines[end])
            if cells is None:
                break
            rows.append(Row(lines[end].number, tuple(cell.text for cell in cells)))
            end += 1
        narrow = len(header) < _LEAST_CELLS and not all(_PLAIN.fullmatch(row.cells[-1]) for row in rows)
        if len(rows) >= (2 if len(header) >= _LEAST_CELLS else 3) and not narrow:
            near = reversed(lines[max(0, place - _TITLE) : place])
            above = next((line.body for line in near if line.kind not in ("blank", "code")), "")
            names = tuple(cell.text for cell in header)
            yield Table(names, tuple(rows), lines[place].section, lines[place].number, above)
            place = end
        else:
            place += 1


class _Cell(NamedTuple):
    """A cell of a line and its columns; those of a line with tabs say nothing."""

    start: int
    end: int
    text: str


def _cells(line: Line) -> list[_Cell]:
    """The cells of a line; strokes between them are no cells."""
    if "\t" in line.text:
        return [_Cell(0, 0, text) for text in _GAP.split(line.text.strip()) if text != "|"]
    return [_bare(one) for one in _CELLS.finditer(line.text) if one[0] != "|"]


def _bare(found: re.Match[str]) -> _Cell:
    """A cell without the strokes at its edges."""
    text = found[0].strip("| ") or found[0]
    start = found.start() + found[0].index(text)
    return _Cell(start, start + len(text), text)


def _with_first(header: list[_Cell], row: Line) -> list[_Cell]:
    """A header with an empty name before it, where the first cell of its first row stands to the left of all names."""
    cells = _cells(row)
    bare = len(cells) == len(header) + 1 and 0 < cells[0].end < header[0].start and _is_value(cells[1].text)
    return [_Cell(0, 0, ""), *header] if bare else header


def _fitted(header: Sequence[_Cell], line: Line) -> list[_Cell] | None:
    """The cells of a row below a header; None where it is none. What stands left of its values is the row's name."""
    cells = _cells(line)
    values = len(header) - 1
    if len(cells) > len(header) and all(_is_value(cell.text) for cell in cells[-values:]):
        first = cells[: len(cells) - values]
        joined = _Cell(first[0].start, first[-1].end, " ".join(cell.text for cell in first))
        cells = [joined, *cells[-values:]] if not any(_PLAIN.fullmatch(cell.text) for cell in first) else cells
    elif len(cells) < len(header) and "\t" not in line.text:
        words = [_Cell(one.start(), one.end(), one[0]) for one in _WORDS.finditer(line.text) if one[0] != "|"]
        if len(words) > values and all(_is_value(word.text) for word in words[-values:]):
            begins, ends = words[0].start, words[-values - 1].end
            cells = [_Cell(begins, ends, line.text[begins:ends]), *words[-values:]]
    fits = len(cells) == len(header) and _is_row([cell.text for cell in cells])
    return cells if fits and not _below_others(header, cells) else None


def _is_value(cell: str) -> bool:
    return cell in _MISSING or _PLAIN.fullmatch(cell) is not None


def _below_others(names: Sequence[_Cell], cells: Sequence[_Cell]) -> bool:
    """Whether a cell stands below another name than its own, as where one blank keeps two columns apart."""
    if not any(cell.end for cell in cells) or not any(name.end for name in names):
        return False
    for at, cell in enumerate(cells):
        over = [i for i, name in enumerate(names) if name.start < cell.end and cell.start < name.end]
        if over and at not in over:
            return True
    return False


def _names(line: Line) -> list[_Cell]:
    """The cells of a line that may be a header; none where it is none."""
    if line.kind not in ("code", "prose") or FENCE.match(line.text):
        return []
    cells = _cells(line)
    fits = 2 <= len(cells) <= _MOST_CELLS and all(
        _NAME.search(cell.text) and len(cell.text) <= 40 and not cell.text.endswith((",", ".", ";")) for cell in cells
    )
    plain = fits and not re.match(r"[+-]?\d", cells[0].text) and not any(_PLAIN.fullmatch(cell.text) for cell in cells)
    return cells if plain else []


def _is_row(cells: Sequence[str]) -> bool:
    """Whether at least half of the cells after the first are numbers, or stand for a missing one."""
    given = sum(bool(numbers(cell)) or cell in _MISSING for cell in cells[1:])
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
