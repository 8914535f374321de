"""Lines of the keys of a TOML document: the standard parser gives values without places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*(?P<path>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_PART = re.compile(_NAME)
_KEY = re.compile(rf"^\s*(?P<path>{_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_INLINE_KEY = re.compile(rf"(?:[{{,]\s*)(?P<key>{_NAME})\s*=")


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


@dataclass(frozen=True)
class LineMap:
    """Key path to line number (from 1)."""

    lines: Mapping[Path, int]

    @classmethod
    def of(cls, text: str) -> LineMap:
        """Scan a valid TOML document. Keys inside values that run over several lines take the line they start on."""
        lines: dict[Path, int] = {}
        counts: dict[Path, int] = {}
        table: Path = ()
        depth = 0
        quote = ""
        for number, raw in enumerate(text.splitlines(), start=1):
            if not quote and depth == 0:
                header = _HEADER.match(raw)
                if header:
                    table = cls._enter(_parts(header["path"]), header[1] == "[[", counts)
                    lines.setdefault(table, number)
                    lines.setdefault(table[:1], number)
                    continue
                key = _KEY.match(raw)
                if key:
                    path = (*table, *_parts(key["path"]))
                    lines.setdefault(path, number)
                    for inline in _INLINE_KEY.finditer(raw[key.end() :]):
                        lines.setdefault((*path, *_parts(inline["key"])), number)
            depth, quote = _balance(raw, depth, quote)
        return cls(lines)

    @staticmethod
    def _enter(path: Path, is_array: bool, counts: dict[Path, int]) -> Path:
        """The full path of a table header, with the index of each array of tables that it stands in."""
        full: Path = ()
        for i, part in enumerate(path):
            full = (*full, part)
            if is_array and i == len(path) - 1:
                counts[full] = counts.get(full, -1) + 1
            if full in counts:
                full = (*full, counts[full])
        return full

    def line(self, path: Sequence[str | int]) -> int | None:
        """Line of a key path, or of the nearest thing around it that has one."""
        wanted = tuple(path)
        while wanted:
            # A table that stands alone where an array of tables may stand has no index in the document.
            alone = tuple(part for part in wanted if part != 0)
            for form in (wanted, alone):
                if form in self.lines:
                    return self.lines[form]
            wanted = wanted[:-1]
        return None

    def place(self, source: str, path: Sequence[str | int]) -> str:
        """``file:line (key.path)`` for messages."""
        line = self.line(path)
        where = f"{source}:{line}" if line else source
        dotted = ""
        for part in path:
            dotted += f"[{part}]" if isinstance(part, int) else f".{part}" if dotted else str(part)
        return f"{where} ({dotted})" if dotted else where


def _balance(raw: str, depth: int, quote: str) -> tuple[int, str]:
    """Brackets still open and the multi-line quote still open after a line."""
    i = 0
    while i < len(raw):
        if quote:
            end = raw.find(quote, i)
            if end < 0:
                return depth, quote
            i, quote = end + 3, ""
            continue
        three = raw[i : i + 3]
        if three in ('"""', "'''"):
            quote, i = three, i + 3
            continue
        char = raw[i]
        if char == "#":
            break
        if char in "\"'":
            i = _string_end(raw, i)
            continue
        depth += (char in "[{") - (char in "]}")
        i += 1
    return depth, quote


def _string_end(raw: str, start: int) -> int:
    """Position after a one-line string that starts at ``start``."""
    quote, i = raw[start], start + 1
    while i < len(raw) and raw[i] != quote:
        i += 2 if raw[i] == "\\" and quote == '"' else 1
    return i + 1
