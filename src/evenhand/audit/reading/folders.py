"""What a folder has beside its logs: one table of its JSON summaries, and files of no kind that is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evenhand.audit.reading.records import flat, table_of
from evenhand.audit.text.log import Line, Log, Row, Table
from evenhand.data.reading import read_json
from evenhand.errors import DataError, counted

_NAMED = 3
"""Files that are named of those that were not read."""

_MOST_LINES = 300_000
"""Values of a folder's summaries whose lines are kept; further ones stand for their file."""


def folder_log(folder: Path, logs: Sequence[Log], left: Sequence[Path], endings: Sequence[str]) -> Log | None:
    """A folder as a log of its own, which no file is; None where it has no summaries and all of it was read.

    Args:
        folder: as the user gives it.
        logs: its files as they were read.
        left: its files that are none of a kind that is read.
        endings: of the kinds that are.
    """
    remarks = _not_read(folder, left, endings)
    found = [(log, document) for log in logs if (document := _summary(log)) is not None]
    log = Log(str(folder), (), remarks=remarks, data=True, folder=True)
    table = table_of([(at, {"file": _within(folder, one), **flat(of)}) for at, (one, of) in enumerate(found, start=1)])
    if table is not None and len(table.rows) > 1:
        return _with_table(log, table, [one for one, _ in found])
    return log if remarks else None


def _not_read(folder: Path, left: Sequence[Path], endings: Sequence[str]) -> tuple[str, ...]:
    names = [_named(folder, path) for path in left[:_NAMED]]
    if not names:
        return ()
    rest = len(left) - len(names)
    told = ", ".join(names) + (f" and {counted(rest, 'other')}" if rest else "")
    ends = ", ".join(one for one in endings if one)
    return (f"{folder}: {counted(len(left), 'file')} not read, as the names end in none of {ends}: {told}.",)


def _named(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _within(folder: Path, log: Log) -> str:
    return _named(folder, Path(log.name))


def _summary(log: Log) -> dict[str, Any] | None:
    """The object of a JSON file, where it has fields."""
    if log.unread or not log.lines or Path(log.name).suffix.lower() != ".json":
        return None
    try:
        document = read_json(Path(log.name), strict=False)
    except DataError:
        return None
    return document if isinstance(document, dict) and flat(document) else None


def _with_table(log: Log, table: Table, files: Sequence[Log]) -> Log:
    """The log with a table of files, which knows of each value the file and the line where it stands.

    Its first lines are those of the rows, one a file, which stand for the file's first value; behind them each value
    has a line without words, since what the files say in words is read in them.
    """
    names = [row.cells[0] for row in table.rows]
    lines = [Line(at, name, name, "row") for at, name in enumerate(names, start=1)]
    places = [{".".join(map(str, leaf.path)): leaf.line for leaf in one.leaves} for one in files]
    firsts = [min(known.values(), default=one.lines[0].number) for known, one in zip(places, files, strict=True)]
    sources = [(one.name, first) for one, first in zip(files, firsts, strict=True)]
    rows: list[Row] = []
    for row, one, known in zip(table.rows, files, places, strict=True):
        at = [row.line] * len(table.header)
        for place, name in enumerate(table.header):
            if name in known and len(lines) < _MOST_LINES:
                at[place] = len(lines) + 1
                sources.append((one.name, known[name]))
                lines.append(Line(at[place], "", "", "row"))
        rows.append(replace(row, at=tuple(at)))
    return replace(log, lines=tuple(lines), tables=(replace(table, rows=tuple(rows)),), sources=tuple(sources))
