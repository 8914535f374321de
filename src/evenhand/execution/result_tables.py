"""Tables that programs write of their items: CSV, TSV, JSON lines, JSON, Parquet; and files of plain numbers."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenhand.data.reading import read_csv, read_json, read_json_lines, read_parquet, read_text
from evenhand.errors import DataError, counted

ROLES = ("id", "group", "cluster", "input", "output", "expected")
"""What a column may be beside a score, and the names by which it is known without being told."""

_USUAL = {
    "id": ("id", "item_id", "doc_id", "example_id", "question_id", "idx"),
    "group": ("group", "subject", "category"),
    "cluster": ("cluster",),
    "input": ("input", "question", "prompt"),
    "output": ("output", "prediction", "pred", "answer"),
    "expected": ("expected", "label", "target", "gold"),
}

_RIGHT = re.compile(r"\s*(?P<left>.+?)\s*==\s*(?P<right>.+?)\s*$")
_WORDS = {"true": 1.0, "false": 0.0}
_MOST_FAULTS = 5


@dataclass(frozen=True)
class TableItems:
    """Per-item scores of a table; the fields are those of the items of a run."""

    ids: tuple[str, ...]
    scores: Mapping[str, NDArray[np.float64]]
    outputs: Mapping[str, tuple[str, ...]]
    inputs: tuple[str, ...] | None
    expected: tuple[str, ...] | None
    groups: tuple[str, ...] | None
    clusters: tuple[str, ...] | None


@dataclass(frozen=True)
class TableRun:
    """What a file holds: items, or numbers alone; the fields are those of a run."""

    items: TableItems | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    task: str = ""


Rows = list[tuple[int, Mapping[str, Any]]]
"""(line or row number, column to value)."""


def read_table(path: Path, format: str, columns: Mapping[str, str], scores: Mapping[str, str]) -> TableRun:
    """The run that one file holds.

    Args:
        path: of the file.
        format: csv, tsv, jsonl, json, parquet; or metrics, for a JSON object of numbers.
        columns: role (:data:`ROLES`) to column.
        scores: metric to column, or to ``"prediction == label"``; empty takes every column that holds numbers alone.

    Raises:
        DataError: all that is wrong with it, up to five faults with file and line.
    """
    if format == "metrics":
        return TableRun(metrics=_numbers(path))
    unknown = sorted(set(columns) - set(ROLES))
    if unknown:
        raise DataError(f"`results.columns` has no '{unknown[0]}'; it may have {', '.join(ROLES)}.")
    rows = FORMATS[format](path)
    if not rows:
        raise DataError(f"{path} holds no rows; the program scored nothing.")
    names = list(rows[0][1])
    roles = {role: _column(path, names, role, columns) for role in ROLES}
    if roles["id"] is None:
        raise DataError(
            f"{path} has none of the columns {', '.join(_USUAL['id'])}, so that its rows cannot be paired; name the "
            f"column of the items' ids: results.columns.id. It has {', '.join(names)}."
        )
    taken = {column for column in roles.values() if column}
    found = dict(scores) or {name: name for name in names if name not in taken and _is_numeric(rows, name)}
    if not found:
        raise DataError(
            f'{path} has no column that holds numbers alone; name the scores: results.scores.accuracy = "COLUMN", or '
            f'"prediction == label". It has {", ".join(names)}.'
        )
    texts = {role: _texts(path, rows, column) for role, column in roles.items() if column}
    values = {metric: _scores(path, rows, names, metric, column) for metric, column in found.items()}
    outputs = dict.fromkeys(values, texts["output"]) if "output" in texts else {}
    ids = texts["id"]
    _unique(path, rows, ids)
    return TableRun(
        TableItems(ids, values, outputs, *(texts.get(role) for role in ("input", "expected", "group", "cluster")))
    )


def _column(path: Path, names: list[str], role: str, columns: Mapping[str, str]) -> str | None:
    """The column of a role: as it was told, else by its usual names."""
    if role in columns:
        if columns[role] not in names:
            raise DataError(
                f"{path} has no column '{columns[role]}', named by results.columns.{role}; it has {', '.join(names)}."
            )
        return columns[role]
    return next((name for name in _USUAL[role] if name in names), None)


def _is_numeric(rows: Rows, name: str) -> bool:
    return all(_score(row.get(name)) is not None for _, row in rows)


def _score(value: Any) -> float | None:
    """A finite number, a truth value, or either as text; None for anything else."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _WORDS:
            return _WORDS[word]
    elif not isinstance(value, bool | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _scores(path: Path, rows: Rows, names: list[str], metric: str, column: str) -> NDArray[np.float64]:
    right = _RIGHT.fullmatch(column) if column not in names else None
    wanted = [right["left"], right["right"]] if right else [column]
    for name in wanted:
        if name not in names:
            raise DataError(
                f"{path} has no column '{name}', which results.scores.{metric} names; it has {', '.join(names)}."
            )
    if right:
        return np.array([float(_same(row[wanted[0]], row[wanted[1]])) for _, row in rows])
    values = [_score(row.get(column)) for _, row in rows]
    faults = [
        f"{path}:{line}: '{column}' is {str(row.get(column))[:40]!r}, which is no finite number."
        for (line, row), value in zip(rows, values, strict=True)
        if value is None
    ]
    if faults:
        more = f" And {counted(len(faults) - _MOST_FAULTS, 'row')} more." if len(faults) > _MOST_FAULTS else ""
        raise DataError(" ".join(faults[:_MOST_FAULTS]) + more)
    return np.array(values, dtype=np.float64)


def _same(left: Any, right: Any) -> bool:
    """Whether an answer is the right one: as text, without blanks around it, or as the same number."""
    if left is None or right is None:
        return False
    return _text(left).strip() == _text(right).strip()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _texts(path: Path, rows: Rows, column: str) -> tuple[str, ...]:
    missing = next((line for line, row in rows if row.get(column) is None), None)
    if missing is not None:
        raise DataError(f"{path}:{missing}: the row has nothing for '{column}'.")
    return tuple(_text(row[column]) for _, row in rows)


def _unique(path: Path, rows: Rows, ids: tuple[str, ...]) -> None:
    first: dict[str, int] = {}
    for (line, _), name in zip(rows, ids, strict=True):
        if first.setdefault(name, line) != line:
            raise DataError(
                f"{path}:{line}: the item '{name[:60]}' stands at line {first[name]} already; an item is scored once, "
                "repeated answers are averaged first."
            )


def _numbers(path: Path) -> dict[str, float]:
    """The numbers of a JSON object; those of tables in it as ``table.name``."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise DataError(f"{path} must be a JSON object of numbers; found {type(document).__name__}.")
    found = {}
    for name, value in _leaves(document):
        number = _score(value) if not isinstance(value, str | bool) else None
        if number is not None:
            found[name] = number
    if not found:
        raise DataError(f"{path} holds no numbers.")
    return found


def _leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _csv(path: Path) -> Rows:
    return list(read_csv(path))


def _tsv(path: Path) -> Rows:
    """As CSV with tabs; fields are taken as they stand."""
    lines = csv.reader(io.StringIO(read_text(path), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    try:
        table = [(lines.line_num, row) for row in lines if row]
    except csv.Error as error:
        raise DataError(f"{path}:{lines.line_num}: no valid table ({error}).") from error
    if not table:
        return []
    header = table[0][1]
    for line, row in table[1:]:
        if len(row) != len(header):
            raise DataError(f"{path}:{line}: the row has {counted(len(row), 'field')}, the header {len(header)}.")
    return [(line, dict(zip(header, row, strict=True))) for line, row in table[1:]]


def _objects(path: Path, rows: list[tuple[int, Any]]) -> Rows:
    for line, row in rows:
        if not isinstance(row, dict):
            raise DataError(f"{path}:{line}: expected a JSON object with the fields of an item; found {str(row)[:40]}.")
    return rows


def _json(path: Path) -> Rows:
    document = read_json(path)
    if not isinstance(document, list):
        raise DataError(f"{path} must be a list of objects, one for each item; found {type(document).__name__}.")
    return _objects(path, list(enumerate(document, start=1)))


FORMATS: Mapping[str, Callable[[Path], Rows]] = {
    "csv": _csv,
    "tsv": _tsv,
    "jsonl": lambda path: _objects(path, read_json_lines(path)),
    "json": _json,
    "parquet": lambda path: list(enumerate(read_parquet(path), start=1)),
}
"""Name of a format to what gives its rows."""

TABLES = (*FORMATS, "metrics")
"""Formats that need no reader of runs."""
