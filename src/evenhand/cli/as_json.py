"""JSON on standard output: the same values for programs, and nothing in it that acts on a terminal."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any

from evenhand.cli.signs import takes_all

_ACTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories that steer a terminal or its lines, are invisible, turn text around, or cannot be written as UTF-8."""


def json_text(document: Any) -> str:
    """A document as JSON, indented; characters that a terminal obeys stand as escapes (RFC 8259, section 7).

    Names may come from strangers, and a name that turns text around could make a verdict read as another one.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[^\n\x20-\x7e]", lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _ACTS:
        return character
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def write_json(document: Any) -> None:
    """Print plain data as JSON, at once: who reads it through a pipe may wait for it while the command goes on."""
    text = json_text(document)
    if not takes_all(sys.stdout):
        text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
