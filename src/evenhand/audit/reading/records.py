"""Tables of records as logs: CSV, JSON and JSON lines."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evenhand.audit.reading.listed import listings
from evenhand.audit.reading.nested import nested
from evenhand.audit.reading.places import MOST_LEAVES, Steps, leaves_of, places_of
from evenhand.audit.text.languages import foreign, header_in_english, in_english, pointed_cells
from evenhand.audit.text.log import Leaf, Line, Listing, Log, Row, Table
from evenhand.audit.text.pattern import Pattern
from evenhand.data.reading import parse_json, read_json
from evenhand.errors import DataError, counted

_REMARK = Pattern(r'\s*(?:#+|"#+\s)\s*')
"""What a line of a file of data begins with that is no row but says something."""

_MAY_BE_NONE = Pattern(r"nan|inf", re.IGNORECASE)
_NO_NUMBER = Pattern(r"[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
_MOST_ROWS = 50_000
_MOST_COLUMNS = 200
_LARGEST = 1 << 26
"""Bytes of one JSON document: what is made of it takes forty times as many."""
_DEEPEST = 3


def read_csv_log(path: Path, delimiter: str, texts: Iterable[tuple[int, str]]) -> Log:
    """A CSV or TSV file as one table, its comments as prose; a row that has not the header's length is left alone and
    named.

    Raises:
        DataError: as for the lines.
    """
    lines: list[Line] = []
    header: tuple[str, ...] = ()
    rows: list[Row] = []
    short: list[int] = []
    suspects: list[int] = []
    left, first = 0, 1
    for number, text in texts:
        if not text.strip():
            continue
        remark = _REMARK.match(text)
        if remark is not None:
            said = text[remark.end() :].rstrip(f'"{delimiter} ')
            if said and number <= _MOST_ROWS:
                lines.append(Line(number, text, in_english(said) if foreign(said) else said, "bullet"))
            continue
        if len(rows) >= _MOST_ROWS:
            left += 1
            continue
        if not header and delimiter == "," and text.count(";") > text.count(","):
            delimiter = ";"
        try:
            body = text if header else header_in_english(text)
            body = pointed_cells(body) if delimiter == ";" else body
            cells = tuple(cell.strip() for cell in next(csv.reader([body], delimiter=delimiter)))
        except (csv.Error, StopIteration):
            short.append(number)
            continue
        lines.append(Line(number, text, body, "row"))
        if not header:
            header, first = cells[:_MOST_COLUMNS], number
        elif len(cells) == len(header):
            rows.append(Row(number, cells))
            suspects += [len(rows) - 1] if _MAY_BE_NONE.search(text) else []
        else:
            short.append(number)
    table = Table(header, tuple(rows), -1, first)
    what = "rows that cannot be read or have not the header's length"
    remarks = (*_remarks(path, what, short, left), *_no_numbers(path, table, suspects))
    return Log(str(path), tuple(lines), (), (table,) if header else (), remarks=remarks, data=True)


def _no_numbers(path: Path, table: Table, suspects: Sequence[int]) -> tuple[str, ...]:
    """What is said of cells that are NaN or infinite, in columns of numbers: elsewhere they may be names."""
    of_numbers: dict[int, bool] = {}
    lines = []
    for at in suspects:
        for place, cell in enumerate(table.rows[at].cells[: len(table.header)]):
            if _NO_NUMBER.fullmatch(cell):
                if place not in of_numbers:
                    of_numbers[place] = any(one is not None for one in table.column(place))
                lines += [table.rows[at].line] if of_numbers[place] else []
    if not lines:
        return ()
    several = sorted(set(lines))
    told = ", ".join(map(str, several[:5])) + (" and others" if len(several) > 5 else "")
    where = f" (lines {told})" if several[1:] else ""
    return (f"{path}:{lines[0]}: {counted(len(lines), 'value')} left alone: NaN or infinite{where}.",)


def _remarks(path: Path, what: str, short: Sequence[int], left: int, undefined: int = 0) -> tuple[str, ...]:
    remarks = []
    if short:
        also = f" (lines {', '.join(map(str, short[:5]))}{' and others' if len(short) > 5 else ''})"
        remarks.append(f"{path}:{short[0]}: {what} were left alone{also if len(short) > 1 else ''}.")
    if left > 0:
        remarks.append(f"{path}: the first {_MOST_ROWS:,} rows were read, {left:,} others were not.")
    if undefined:
        remarks.append(f"{path}: {counted(undefined, 'value')} left alone: NaN or infinite.")
    return tuple(remarks)


def flat(document: Any) -> dict[str, Any]:
    """A record with the names of nested fields joined by points; lists and what lies deeper are left out."""
    return {".".join(map(str, path)): value for path, value in _fields(document)}


def _fields(document: Any, before: Steps = ()) -> list[tuple[Steps, Any]]:
    found: list[tuple[Steps, Any]] = []
    for name, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, dict) and len(before) < _DEEPEST:
            found += _fields(value, (*before, name))
        elif isinstance(value, bool | int | float | str):
            found.append(((*before, name), value))
        if len(found) > _MOST_COLUMNS:
            break
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    return str(value)[:500]


def table_of(records: Sequence[tuple[int, dict[str, Any]]]) -> Table | None:
    """A table of records, each with its line: a column for each name that one of the first has; None without any."""
    names: dict[str, None] = {}
    for _, record in records[:1000]:
        names.update(dict.fromkeys(record))
    header = tuple(names)[:_MOST_COLUMNS]
    if not header:
        return None
    rows = tuple(Row(number, tuple(_cell(record.get(name)) for name in header)) for number, record in records)
    return Table(header, rows, -1, records[0][0])


def read_json_lines_log(path: Path, texts: Iterable[tuple[int, str]]) -> Log:
    """JSON lines as one table, a row for each object; a line that is no JSON is left alone and named.

    Raises:
        DataError: no line is a JSON object.
    """
    records: list[tuple[int, dict[str, Any]]] = []
    lines: list[Line] = []
    found: list[Listing] = []
    leaves: list[Leaf] = []
    short: list[int] = []
    left = undefined = 0
    for number, text in texts:
        if not text.strip():
            continue
        if len(records) >= _MOST_ROWS:
            left += 1
            continue
        try:
            document = parse_json(text, str(path), number, strict=False)
        except DataError:
            document = None
        undefined += _undefined(document) if "N" in text or "I" in text else 0
        if not isinstance(document, dict):
            short.append(number)
        else:
            records.append((number, flat(document)))
            lines.append(Line(number, text[:2000], text[:2000], "row"))
            found += _both(text, {number: lines[-1]}, number) if "[" in text or "{" in text[1:] else ()
            leaves += leaves_of(text, number, (len(records) - 1,)) if len(leaves) < MOST_LEAVES else ()
    if not records:
        raise DataError(f"{path}: no line is a JSON object.")
    table = table_of(records)
    what = "lines that are no JSON object"
    return Log(
        str(path), tuple(lines), (), (table,) if table else (), remarks=_remarks(path, what, short, left, undefined),
        data=True, listings=tuple(found), leaves=tuple(leaves),
    )  # fmt: skip


def read_json_log(path: Path) -> Log:
    """A JSON document as a log: an object of objects, or a list of them, is a table; an object is one row.

    Raises:
        DataError: as :func:`evenhand.data.reading.read_json`; too large to be read as a whole.
    """
    if path.stat().st_size > _LARGEST:
        raise DataError(
            f"{path} is one JSON document of {path.stat().st_size >> 20} MiB, and can only be read as a whole; "
            f"save its records as JSON lines (.jsonl), which are read one by one."
        )
    document = read_json(path, strict=False)
    texts = path.read_text(encoding="utf-8-sig").split("\n")
    places = places_of("\n".join(texts))
    every = {number: Line(number, text[:2000], text[:2000], "row") for number, text in enumerate(texts, start=1)}
    found = _both("\n".join(texts), every)
    records = _records(document)
    table = _placed(records[:_MOST_ROWS], places)
    kept = {at for one in found for at in (one.line, one.mean_line, one.sd_line)}
    kept |= {at for row in table.rows for at in (row.line, *row.at)} if table is not None else set()
    leaves = leaves_of("\n".join(texts))
    kept |= {one.line for one in leaves}
    lines = tuple(every[number] for number in sorted(kept))
    tables, remarks = (
        () if table is None else (table,),
        _remarks(path, "", (), len(records) - _MOST_ROWS, _undefined(document)),
    )
    return Log(str(path), lines, (), tables, remarks=remarks, data=True, listings=found, leaves=leaves)


def _undefined(document: Any) -> int:
    """How many numbers of a document are none: NaN, or beyond what a float can hold."""
    found, open_ = 0, [document]
    while open_:
        one = open_.pop()
        found += isinstance(one, float) and not math.isfinite(one)
        open_ += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return found


def _both(text: str, lines: dict[int, Line], first: int = 1) -> tuple[Listing, ...]:
    """Lists with what stands right beside them, and lists that only a summary tells of."""
    found = listings(text, lines, first)
    known = {(one.line, tuple(value.value for value in one.values)) for one in found if one.mean or one.sd}
    more = [one for one in nested(text, lines, first) if (one.line, tuple(v.value for v in one.values)) not in known]
    told = {(one.line, tuple(value.value for value in one.values)) for one in more}
    return (*(one for one in found if (one.line, tuple(v.value for v in one.values)) not in told), *more)


def _placed(records: Sequence[tuple[Steps, dict[str, Any]]], places: Mapping[Steps, int]) -> Table | None:
    """A table of records, each cell with the line at which it stands in the document."""
    flats = [{"name": steps[-1], **flat(one)} if _named(steps) else flat(one) for steps, one in records]
    numbered = [(places.get(steps, 1), one) for (steps, _), one in zip(records, flats, strict=True)]
    table = table_of(numbered) if numbered else None
    if table is None:
        return None
    rows = []
    for row, (steps, record) in zip(table.rows, records, strict=True):
        lines = {".".join(map(str, one)): places.get((*steps, *one), row.line) for one, _ in _fields(record)}
        rows.append(replace(row, at=tuple(lines.get(name, row.line) for name in table.header)))
    return replace(table, rows=tuple(rows))


def _named(steps: Steps) -> bool:
    return len(steps) == 1 and isinstance(steps[0], str)


def _records(document: Any) -> list[tuple[Steps, dict[str, Any]]]:
    """The records of a document with the way to each: those of a list, those of an object by name, or the one it is."""
    if isinstance(document, list):
        return [((at,), one) for at, one in enumerate(document) if isinstance(one, dict)]
    if not isinstance(document, dict):
        return []
    inner = {name: one for name, one in document.items() if isinstance(one, dict)}
    if len(inner) >= 2 and len(inner) >= len(document) / 2:
        return [((name,), one) for name, one in inner.items()]
    for name, one in document.items():
        if isinstance(one, list) and len(one) >= 2 and all(isinstance(entry, dict) for entry in one):
            return [((name, at), entry) for at, entry in enumerate(one)]
    return [((), document)]
