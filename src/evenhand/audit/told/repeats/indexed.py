"""Names that differ by a running number or letter alone: ``s1 s2 s3``, ``fold A``, ``seed_3_winrate``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import A_REPEAT

_DIGITS = Pattern(r"\d{1,6}")
_LETTER = Pattern(r"(?<![^\W_])[A-Ha-h](?![^\W_])")
_SHORT = frozenset(("", "s", "r", "t", "i", "x", "rs", "tr", "no", "nr", "n"))  # F1 and F2 are scores
_MARK = "#"
_HEAD = Pattern(r"\W*([^\W\d]{2,12})[ _]?\d")


def index_of(name: str) -> tuple[str, str] | None:
    """The frame of a name and the number or letter that runs in it; None where there is none, or more than one."""
    name = " ".join(name.lower().split())
    found = _DIGITS.findall(name)
    if len(found) > 1:
        return None
    pattern = _DIGITS if found else _LETTER
    places = list(pattern.finditer(name))
    if len(places) != 1:
        return None
    start, end = places[0].span()
    return f"{name[:start]}{_MARK}{name[end:]}", places[0][0]


def frame_of(names: Sequence[str]) -> str | None:
    """The frame that names share, where they are told apart by what runs in it."""
    found = [index_of(name) for name in names]
    told = [one for one in found if one is not None]
    alike = len(told) == len(names) and len({frame for frame, _ in told}) == 1
    return told[0][0] if alike and len({index for _, index in told}) == len(names) else None


def of_repeats(frame: str, title: str = "") -> bool:
    """Whether what runs in a frame are seeds, runs or folds: by its own word, or by the title above it."""
    stem = frame.replace(_MARK, " ").replace("_", " ").strip()
    return (
        A_REPEAT.search(stem) is not None
        or (A_REPEAT.search(title.replace("_", " ")) is not None and len(stem) <= 12)
        or (re.sub(r"\W+", "", stem) in _SHORT - {""} and "-" not in frame)
    )


def goes_on_above(log: Log, line: Line) -> bool:
    """Whether the line above begins as this one of several values does: it was read as another thing for its rest."""
    at = log.by_number[line.number]
    heads = [_HEAD.match(one.body) for one in log.lines[max(0, at - 1) : at + 1]]
    return len(heads) == 2 and len({one[1].lower() if one else None for one in heads}) == 1 and all(heads)
