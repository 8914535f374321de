"""Words of other languages beside English ones in a pattern."""

from __future__ import annotations

from evenhand.audit.text.pattern import alternatives, chinese


def abroad(words: str) -> str:
    """Words of other languages as further alternatives: those of letters begin a word, signs may stand anywhere."""
    every = alternatives(words)
    letters = "|".join(one for one in every if not chinese(one))
    signs = "|".join(one for one in every if chinese(one))
    return f"|(?<!\\w)(?:{letters})" + (f"|{signs}" if signs else "")
