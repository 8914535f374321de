"""Terminals and pipes that cannot write every sign: what they lack is written in ASCII, and no answer is lost by it."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

ASCII = {
    "▲": "^", "▼": "v", "○": "o", "●": "o", "◁": "<", "≈": "~", "∼": "~", "≡": "=", "≥": ">=", "≤": "<=", "−": "-",
    "–": "-", "—": "-", "─": "-", "━": "-", "│": "|", "·": ";", "•": "*", "±": "+-", "×": "x", "÷": "/", "→": "->",
    "⟶": "->", "➜": "->", "⇒": "=>", "↑": "^", "↓": "v", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "Δ": "d",
    "σ": "sd", "✓": "ok", "✅": "[yes]", "❌": "[no]", "❔": "[?]", "█": "#", "\u00a0": " ", "\u202f": " ",
}  # fmt: skip
"""What stands for a sign; ``?`` for any other."""

HANDLER = "evenhand.signs"


def in_ascii(text: str) -> str:
    """A text in ASCII: signs of ours by their like, other characters as ``?``."""
    return "".join(sign if sign.isascii() else ASCII.get(sign, "?") for sign in text)


def _written(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


def forgiving(*streams: TextIO) -> None:
    """Have streams write in ASCII what their encoding lacks, in place of failing."""
    codecs.register_error(HANDLER, _written)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not takes_all(stream):
            stream.reconfigure(errors=HANDLER)


def takes_all(stream: TextIO) -> bool:
    """Whether a stream's encoding has every character."""
    try:
        return codecs.lookup(stream.encoding or "utf-8").name.startswith("utf")
    except LookupError:
        return False
