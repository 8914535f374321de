"""Words of other languages beside English ones in a pattern."""

from __future__ import annotations

import re

from evenhand.audit.text.pattern import alternatives

_SIGNS = re.compile(r"[\u3400-\u9fff]")


def abroad(words: str) -> str:
    """Words of other languages as further alternatives: those of letters begin a word, signs may stand anywhere."""
    every = alternatives(words)
    letters = "|".join(one for one in every if not _SIGNS.search(one))
    signs = "|".join(one for one in every if _SIGNS.search(one))
    return f"|(?<!\\w)(?:{letters})" + (f"|{signs}" if signs else "")
