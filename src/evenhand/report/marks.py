"""Characters that command a terminal or turn text around, shown as marks: what a trial wrote cannot act on a reader."""

from __future__ import annotations

import re

_CONTROL_PICTURES = 0x2400
_TURNING = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9)."""

_MARKS = {
    **{code: chr(_CONTROL_PICTURES + code) for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    **{code: f"\u27e8U+{code:04X}\u27e9" for code in (*range(0x80, 0xA0), *_TURNING)},
}
_ANY = re.compile(f"[{re.escape(''.join(map(chr, _MARKS)))}]")


def visible(text: str) -> str:
    """The text with every control character but tab and newline, and every bidirectional one, shown as a mark.

    NUL, ESC and their like become their pictures, the others their number in angle brackets.
    """
    return _ANY.sub(lambda found: _MARKS[ord(found[0])], text)
