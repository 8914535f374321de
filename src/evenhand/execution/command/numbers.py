"""Plain numbers that a program writes or prints: a JSON object of metrics."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from evenhand.data.reading import parse_json, read_text
from evenhand.errors import DataError, Diverged

NUMBERS = "metrics"
"""A JSON object of numbers, without items."""

STDOUT = "-"
"""The path that stands for what the program prints."""


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


def as_number(value: Any) -> float | None:
    """A number, finite or not, that may be written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    """A finite number that is one, and no text."""
    found = None if isinstance(value, str) else as_number(value)
    return found if found is not None and math.isfinite(found) else None


def _leaves(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
