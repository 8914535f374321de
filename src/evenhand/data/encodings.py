"""What bytes are that are no text in UTF-8: text in another encoding, or no text at all. Each has a cure of its own."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from evenhand.errors import DataError

HEAD = 4096
"""Bytes of a file that tell what it is."""

_CONTROLS = r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]"
"""What stands in no text: of the control characters all but bells, backspaces, ends of lines and pages, and escapes."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_LATIN = 0.3
"""Share of the upper bytes of text in UTF-16 that are zero at least, where no mark says that it is that."""


def no_text(path: Path, line: int, found: int, head: bytes, near: bytes = b"") -> DataError:
    """Why a file cannot be read as text, with what helps.

    Args:
        path: the file.
        line: where it stops being text in UTF-8.
        found: the byte there.
        head: the first bytes of the file.
        near: bytes around the place.
    """
    wide = _wide(head[:HEAD])
    if wide:
        return DataError(f"{path} is text in {wide}; save the file in the encoding UTF-8.")
    what = f"{path}:{line}: the byte 0x{found:02x} is no {'UTF-8' if found > 0x7F else 'text'}"
    if re.search(_CONTROLS.encode(), head[:HEAD] + near):
        return DataError(f"{what}: the file is binary or damaged; expected text.")
    return DataError(f"{what}; save the file in the encoding UTF-8.")


def _wide(head: bytes) -> str:
    """The encoding of text whose letters are of two or four bytes, or empty."""
    marked = next(((len(mark), name) for mark, name in _MARKS if head.startswith(mark)), None)
    start, name = marked or (0, _unmarked(head))
    width = int(name[4:6] or 8) // 8
    text = head[start : len(head) - (len(head) - start) % width].decode(name, "replace") if name else ""
    return name[:6].upper() if text and not re.search(_CONTROLS, text) else ""


def _unmarked(head: bytes) -> str:
    even, odd = head[0::2], head[1::2]
    if len(even) != len(odd):
        return ""
    if 0 not in even and odd.count(0) > _LATIN * len(odd):
        return "utf-16-le"
    return "utf-16-be" if 0 not in odd and even.count(0) > _LATIN * len(even) else ""
