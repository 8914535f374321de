"""The rows of a query: a table where it fits the terminal, record by record where it does not, lines for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from evenhand.errors import counted
from evenhand.report.marks import visible

_GAP = 2
_NARROWEST = 12
"""Columns that a cell keeps before the rows are shown one under another instead."""

_WIDEST = 60
"""Columns beyond which a cell is cut even where there is room: one long text must not push the others away."""

Rows = Sequence[Sequence[Any]]


def separated(columns: Sequence[str], rows: Rows, delimiter: str) -> str:
    """The rows as CSV (RFC 4180), or as lines of tab-separated values in which a tab or a line's end is escaped."""
    if delimiter == "\t":
        lines = [[_escaped(_text(value)) for value in row] for row in ([*columns], *rows)]
        return "".join("\t".join(line) + "\n" for line in lines)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in rows)
    return file.getvalue()


def lines(columns: Sequence[str], rows: Rows, width: int) -> Iterator[str]:
    """The rows for a terminal of ``width`` columns: no line is longer (``width`` is at least 20)."""
    width = max(width, 20)
    if not columns:
        return
    cells = [[visible(_escaped(_text(value))) for value in row] for row in rows]
    names = [visible(_escaped(name)) for name in columns]
    wanted = [min(_WIDEST, max(map(cell_len, column))) for column in zip(names, *cells, strict=True)]
    room = width - _GAP * (len(names) - 1)
    if sum(min(size, _NARROWEST) for size in wanted) <= room:
        yield from _table(names, cells, rows, _shared(wanted, room))
    else:
        yield from _records(names, cells, width)


def print_rows(columns: Sequence[str], rows: Rows, console: Console) -> None:
    """The rows for people on a terminal, tab-separated lines elsewhere."""
    if not console.is_terminal:
        console.file.write(separated(columns, rows, "\t"))
        return
    for number, line in enumerate(lines(columns, rows, console.width)):
        console.print(Text(line, style="bold" if number == 0 else ""), no_wrap=True, soft_wrap=True)
    console.print(Text(f"({counted(len(rows), 'row')})", style="dim"))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _escaped(text: str) -> str:
    for plain, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, written) if plain in text else text
    return text


def _shared(wanted: Sequence[int], room: int) -> list[int]:
    """Widths of the columns: each as wide as it wants, the widest cut first where the room is not enough."""
    sizes = list(wanted)
    while sum(sizes) > room:
        widest = max(range(len(sizes)), key=lambda i: sizes[i])
        sizes[widest] -= 1
    return sizes


def _table(names: Sequence[str], cells: list[list[str]], rows: Rows, sizes: Sequence[int]) -> Iterator[str]:
    numbers = [
        any(row[i] is not None for row in rows)
        and all(row[i] is None or (isinstance(row[i], int | float) and not isinstance(row[i], bool)) for row in rows)
        for i in range(len(names))
    ]
    for row in (names, *cells):
        fitted = [_fitted(cell, size, right) for cell, size, right in zip(row, sizes, numbers, strict=True)]
        yield (" " * _GAP).join(fitted).rstrip()


def _records(names: Sequence[str], cells: list[list[str]], width: int) -> Iterator[str]:
    """One record under another, a line per column."""
    label = min(max(map(cell_len, names)), width // 3)
    for number, row in enumerate(cells, start=1):
        yield set_cell_size(f"-[ {number} ]" + "-" * width, min(width, 40))
        for name, cell in zip(names, row, strict=True):
            yield f"{_fitted(name, label, False)}  {_cut(cell, width - label - _GAP)}".rstrip()


def _fitted(cell: str, size: int, right: bool) -> str:
    cut = _cut(cell, size)
    space = " " * (size - cell_len(cut))
    return space + cut if right else cut + space


def _cut(cell: str, size: int) -> str:
    return cell if cell_len(cell) <= size else set_cell_size(cell, size - 1) + "…"
