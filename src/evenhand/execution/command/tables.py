"""What of a program's own files needs more than a reader of runs: a score that is an equality, and plain numbers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evenhand.data.reading import parse_json, read_json, read_text
from evenhand.errors import DataError, Diverged
from evenhand.runs.checked import source_of
from evenhand.runs.run import Options, Run
from evenhand.runs.tables import USUAL, Columns, columns_of, runs_of

TABLES = ("tables", "csv", "tsv", "jsonl", "parquet", "json")
"""Formats with a row for each item; the first goes by the ending of the file."""

NUMBERS = "metrics"
"""A JSON object of numbers, without items."""

STDOUT = "-"
"""The path that stands for what the program prints."""

_RIGHT = re.compile(r"\s*(?P<left>.+?)\s*==\s*(?P<right>.+?)\s*")


def read_table(path: Path, format: str, columns: Mapping[str, str], scores: Mapping[str, str]) -> list[Run]:
    """The runs in a table.

    Args:
        path: of the file.
        format: one of :data:`TABLES`.
        columns: role (id, group, cluster, input, output, expected ...) to its column.
        scores: metric to its column, or to ``"prediction == label"``; empty takes every column of numbers.

    Raises:
        DataError: all that is wrong with it, with file and line.
        Diverged: a score is infinite, or all are NaN, as in a recipe's own items.
    """
    try:
        table = _rows(path, format)
    except DataError:
        _check_finite(_rows(path, format, strict=False), columns, scores)  # NaN is no JSON, and yet it says something
        raise
    _check_finite(table, columns, scores)
    table, named = with_right_answers(table, scores)
    try:
        return runs_of(table, Options(columns={**columns, **named}), source_of(path, "tables"))
    except DataError as error:
        raise DataError(re.sub(r"--columns (\w+)=NAME", _cure, str(error))) from error


def _rows(path: Path, format: str, *, strict: bool = True) -> Columns:
    return _listed(path, strict=strict) if format == "json" else columns_of(path, strict=strict)


def _check_finite(table: Columns, columns: Mapping[str, str], scores: Mapping[str, str]) -> None:
    """Raise where a metric left the finite numbers; a score that is missing here and there is another fault."""
    usual = {name for names in USUAL.values() for name in names}
    free = [n for n in table.values if str(n).lower() not in usual and n not in columns.values()]
    named = scores or {str(name): name for name in free}
    found = {m: [_told(v) for v in table.values[c]] for m, c in named.items() if c in table.values}
    told = {metric: values for metric, values in found.items() if scores or None not in values}
    some = bool(scores) or not any(math.isfinite(v) for values in told.values() for v in values if v is not None)
    for metric, values in told.items():
        infinite = [row for row, value in enumerate(values) if value is not None and math.isinf(value)]
        none = bool(values) and all(value is not None and math.isnan(value) for value in values)
        if infinite or (none and some):
            row = infinite[0] if infinite else 0
            raise Diverged(f"{table.place(row)}: the score '{metric}' is {values[row]}, which counts as diverged")


def _told(value: Any) -> float | None:
    """A number, finite or not, that may stand as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _cure(found: re.Match[str]) -> str:
    place = "columns.id" if found[1] == "id" else "columns.epoch" if found[1] == "epoch" else f"scores.{found[1]}"
    more = ', or "prediction == label"' if place.startswith("scores") else ""
    return f'results.{place} = "COLUMN"{more}'


def with_right_answers(table: Columns, scores: Mapping[str, str]) -> tuple[Columns, dict[str, str]]:
    """The table with a column for each score that is an equality, and metric to column.

    Raises:
        DataError: a column of an equality is not there.
    """
    values, named = dict(table.values), dict[str, str]()
    for metric, column in scores.items():
        right = _RIGHT.fullmatch(column) if column not in values else None
        named[metric] = column
        if right is None:
            continue
        for name in (right["left"], right["right"]):
            if name not in table.values:
                there = ", ".join(map(str, table.values))
                raise DataError(f"{table.path}:1: no column '{name}' for results.scores.{metric}; found {there}.")
        pairs = zip(table.values[right["left"]], table.values[right["right"]], strict=True)
        same = [same_answer(left, given) for left, given in pairs]
        values[column] = [str(int(one)) for one in same] if table.as_text else [float(one) for one in same]
    return replace(table, values=values), named


def same_answer(left: Any, right: Any) -> bool:
    """Whether two values are the same: as text, without blanks around it, or as the same whole number."""
    return left is not None and right is not None and _text(left).strip() == _text(right).strip()


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _listed(path: Path, *, strict: bool = True) -> Columns:
    """A JSON list of objects as a table."""
    rows = read_json(path, strict=strict)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path} must be a list of objects, one for each item.")
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return Columns(path, {name: _column(rows, name) for name in names}, range(1, len(rows) + 1))


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in rows]


def read_numbers(path: Path, wanted: Collection[str] = ()) -> dict[str, float]:
    """The numbers of a JSON object; those of tables in it as ``table.name``.

    Args:
        path: of the file.
        wanted: names of those that are metrics; all of them, if empty.

    Raises:
        DataError: no JSON object, or no numbers in it.
        Diverged: a metric is NaN or infinite.
    """
    return numbers_of(read_text(path), str(path), wanted)


def numbers_of(text: str, where: str, wanted: Collection[str] = ()) -> dict[str, float]:
    """The numbers of a text, as :func:`read_numbers`; ``where`` is said in a fault."""
    try:
        document = parse_json(text, where)
    except DataError:
        _check_numbers(parse_json(text, where, strict=False), where, wanted)
        raise
    if not isinstance(document, dict):
        raise DataError(f"{where} must be a JSON object of numbers; found {type(document).__name__}.")
    found = {name: number for name, value in _leaves(document) if (number := _number(value)) is not None}
    if not found:
        raise DataError(f"{where} holds no numbers.")
    return found


def _check_numbers(document: Any, where: str, wanted: Collection[str]) -> None:
    """Raise where a metric left the finite numbers."""
    for name, value in _leaves(document) if isinstance(document, dict) else ():
        if isinstance(value, float) and not math.isfinite(value) and (name in wanted or not wanted):
            raise Diverged(f"the metric '{name}' in {where} is {value}, which counts as diverged")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
