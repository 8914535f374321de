"""What of a program's tables needs more than a reader of runs: a score that is an equality, or no finite number."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_json
from evenhand.errors import DataError
from evenhand.execution.command.finite import check_finite
from evenhand.runs.checked import source_of
from evenhand.runs.run import Options, Run
from evenhand.runs.tables import Columns, columns_of, runs_of

TABLES = ("tables", "csv", "tsv", "jsonl", "parquet", "json")
"""Formats with a row for each item; the first goes by the ending of the file."""

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
        check_finite(_rows(path, format, strict=False), columns, scores)  # NaN is no JSON, and yet it says something
        raise
    check_finite(table, columns, scores)
    table, named = with_right_answers(table, scores)
    try:
        return runs_of(table, Options(columns={**columns, **named}), source_of(path, "tables"))
    except DataError as error:
        raise DataError(re.sub(r"--columns (\w+)=NAME", _cure, str(error))) from error


def _rows(path: Path, format: str, *, strict: bool = True) -> Columns:
    return _listed(path, strict=strict) if format == "json" else columns_of(path, strict=strict)


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
