"""What a sentence says of a row of a table that it names, and what the row's cells tell of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Row, Table
from evenhand.audit.text.pattern import Pattern

_LETTERS = Pattern(r"[^\W\d_]{2,}")
_LONGEST = 40


@dataclass(frozen=True)
class Named:
    """A line that names a row: the row, its table and the log that it stands in."""

    line: Line
    row: Row
    table: Table
    log: Log
    label: str


def label_of(cell: str) -> str:
    """The name in a cell, without remarks in brackets."""
    return re.sub(r"\s*[(\[].*?[)\]]", "", cell).strip().lower()


def rows_named(log: Log, logs: Sequence[Log], place: int = 0) -> Iterator[Named]:
    """Lines of words with the rows of tables whose name, in the column at a place, they begin with or hold.

    Names that stand in no other row of their table only, and not those of one letter or of digits alone.
    """
    labels: dict[str, list[tuple[Row, Table, Log]]] = {}
    for other in logs:
        for table in other.tables:
            if len(table.header) > max(place, 1):
                for row in table.rows:
                    labels.setdefault(label_of(row.cells[place]), []).append((row, table, other))
    known = {name: found for name, found in labels.items() if _LETTERS.search(name) and len(name) <= _LONGEST}
    patterns = {name: Pattern(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in known}
    for line in log.spoken():
        for name, pattern in patterns.items():
            if name in line.low and pattern.search(line.low):
                for row, table, other in known[name]:
                    yield Named(line, row, table, other, name)
