"""Entries of chats and programs without a time: ``<ann> ...``, ``bob: ...``, ``[eval] ...``, ``feb 03 ...``."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.audit.text.passages import SPEAKER

_LEAST = 3
_SHARE = 0.75


def entries_in(texts: Sequence[str]) -> frozenset[int]:
    """Indices of lines that begin an entry, in runs of lines where most do so in the same way."""
    found: set[int] = set()
    start = 0
    for place in range(len(texts) + 1):
        if place < len(texts) and texts[place].strip():
            continue
        found |= _of_run(texts, start, place)
        start = place + 1
    return frozenset(found)


def _of_run(texts: Sequence[str], start: int, end: int) -> set[int]:
    kinds: dict[str, list[int]] = {}
    names: dict[str, set[str]] = {}
    for place in range(start, end):
        if (one := SPEAKER.match(texts[place])) is not None:
            kind = one.lastgroup or ""
            kinds.setdefault(kind, []).append(place)
            names.setdefault(kind, set()).add("".join(sign for sign in one[0].lower() if sign.isalpha()))
    for kind, places in kinds.items():
        whole = [p for p in range(start, end) if not texts[p][:1].isspace()]
        enough = len(places) >= _LEAST and len(places) >= _SHARE * max(1, len(whole) - 1)
        again = kind in ("day", "at") or len(names[kind]) <= max(2, len(places) // 2)  # who speaks, speaks again
        if enough and again:
            return set(places)
    return set()
