"""Rows of JSON: a line each, or the entries of one list, as programs write that dump all rows at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evenhand.data.reading import iter_json_lines, parse_json, read_text

_LIST = re.compile(r"\s*\[\s*[{\]]")
"""How a list of objects begins; no line of rows does, which are objects themselves."""
_NEXT = re.compile(r"[\s,]*([^\s,\]])")
_START = 1 << 12
_MOST = 1 << 20
"""Bytes in which the first row of a file must stand."""


def iter_json_rows(path: Path, *, strict: bool = True) -> Iterator[tuple[int, Any]]:
    """(line number, document) of every line, or of every entry of the one list that a file holds.

    Args:
        path: the file.
        strict: as in :func:`evenhand.data.reading.read_json_lines`.

    Raises:
        DataError: as :func:`evenhand.data.reading.read_json_lines`.
    """
    if not is_list(path):
        yield from iter_json_lines(path, strict=strict)
        return
    text = read_text(path)
    yield from zip(_entry_lines(text), parse_json(text, str(path), strict=strict), strict=True)


def is_list(path: Path) -> bool:
    """Whether a file begins as a list of objects does."""
    return _LIST.match(_head(path, _START)) is not None


def first_row(path: Path) -> Mapping[str, Any]:
    """The first row of a file; empty where it begins with nothing that is one."""
    start = _LIST.match(head := _head(path, _MOST if is_list(path) else 0))
    try:
        row = json.JSONDecoder().raw_decode(head, start.end() - 1)[0] if start else json.loads(head)
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


def _head(path: Path, most: int) -> str:
    """So many bytes of a file as text, or its first line where none are asked for."""
    try:
        with path.open("rb") as file:
            return (file.read(most) if most else file.readline(_MOST)).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _entry_lines(text: str) -> Iterator[int]:
    """The line on which each entry of a list begins."""
    decoder = json.JSONDecoder()
    place, line, counted = text.index("[") + 1, 1, 0
    while (found := _NEXT.match(text, place)) is not None:
        start = found.start(1)
        line, counted = line + text.count("\n", counted, start), start
        yield line
        _, place = decoder.raw_decode(text, start)
