"""Counts, numbers of items and shares by their names: in lines ``correct  873`` and in records ``{"passed": 274}``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, only_number
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import ENDS
from evenhand.audit.text.vocabulary.roles import WHOLE_NAMES
from evenhand.audit.told.shares.spoken import NAMED_SHARE, NEAR, PART

_ENTRY = Pattern(
    r"(?P<name>[^\W\d][^:=|]{1,40}?)(?:\s*[:=]\s*|\s*\.{2,}\s*|\s{2,}|\s)(?P<value>[\d.,]+\s?%?)\s*(?:per ?cent)?\s*$"
)
_SEVERAL = Pattern(r"(?P<name>[^\W\d][^:=|\d]{1,40}?)\s*[:=]\s*(?P<value>[\d.,]+\s?%?)(?=[\s,;]|$)")
_WHOLE = Pattern(rf"(?<![a-z])(?:{WHOLE_NAMES})(?![a-z])", re.IGNORECASE)
_NO_SHARE = Pattern(
    r"top|@|f1|auc|mean|avg|threshold|target|baseline|temp|drop|lr|learning|delta|diff|gain|macro|micro|"
    r"weighted|balanced|partial|split|token|train|val\b|sample",
    re.IGNORECASE,
)
_NO_NAMES = {"of", "in", "the", "tota", "over", "fina", "all", "pct", "perc", "rate"}
"""Beginnings of words that say nothing of what a share is of."""

_MOST, _LONGEST, _FINE = 40, 160, 4


@dataclass(frozen=True)
class Entry:
    """A number with its name and its line."""

    name: str
    number: Number
    line: Line


@dataclass(frozen=True)
class Wrong:
    """A share that is not the one of the count that its names say."""

    part: int
    whole: int
    share: Number
    line: Line
    count_line: Line


def wrong_in(log: Log) -> Iterator[Wrong]:
    """The shares of blocks of entries that are not those of their counts."""
    for block in _blocks(log):
        yield from _judged(block)


def _blocks(log: Log) -> Iterator[list[Entry]]:
    if log.data:
        for table in log.tables:
            for row in table.rows[:200]:
                known = [
                    (name, only_number(cell), i)
                    for i, (name, cell) in enumerate(zip(table.header, row.cells, strict=True))
                ]
                objects: dict[str, list[Entry]] = {}
                for name, n, i in known:
                    entry = Entry(_plain(name), n, log.line(row.line_of(i))) if n is not None else None
                    if entry is not None:
                        objects.setdefault(name.rpartition(".")[0], []).append(entry)
                for block in objects.values() if not _column_of_counts(table.rows) else ():
                    if 3 <= len(block) <= _MOST:
                        yield block
        return
    run: list[Entry] = []
    for line in log.lines:
        if line.kind in ("prose", "bullet", "code"):
            run += _entries(line)
        elif line.kind == "heading" or (line.kind == "blank" and run):
            yield run
            run = []
    yield run


def _column_of_counts(rows: Sequence[object]) -> bool:
    return len(rows) > 20


def _plain(name: str) -> str:
    return re.sub(r"[_\-.]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip()


def _entries(line: Line) -> list[Entry]:
    """The entry that a line is, or those that stand in it with a sign between name and value."""
    if not line.numbers or len(line.body) > _LONGEST:
        return []
    whole = _ENTRY.fullmatch(line.body.strip())
    found = [whole] if whole is not None else list(_SEVERAL.finditer(line.body))
    known = [(one["name"], only_number(one["value"])) for one in found if len(one["name"].split()) <= 5]
    return [Entry(_plain(name), number, line) for name, number in known if number is not None]


def _judged(block: list[Entry]) -> Iterator[Wrong]:
    counts = [one for one in block if not (one.number.decimals or one.number.unit or one.number.signed)]
    shares = [one for one in block if _is_share(one)]
    wholes = [one for one in counts if _WHOLE.search(one.name) and not PART.search(one.name) and one.number.value >= 10]
    parts = [one for one in counts if one not in wholes]
    if len({one.number.value for one in wholes}) != 1:
        return
    whole = wholes[0].number.value
    for share in shares:
        own = _of(share, [one for one in parts if 0 < one.number.value < whole])
        if own is None or _explained(share.number, counts) or _of_fewer(share.number, own, parts, whole):
            continue
        top = 100 if share.number.unit == "%" or share.number.value > 1 else 1
        off = abs(round(share.number.value / top * whole) * top / whole - share.number.value)
        if share.number.decimals >= (_FINE if top == 1 else _FINE - 2) and off > share.number.slack:
            continue  # computed, and of no whole number: points for parts of an answer, or of other items
        if abs(top * own.number.value / whole - share.number.value) <= NEAR * top:
            yield Wrong(int(own.number.value), int(whole), share.number, share.line, own.line)


def _explained(share: Number, counts: list[Entry]) -> bool:
    """Whether a share is that of some two of the counts."""
    known = [one.number.value for one in counts if one.number.value > 0]
    return any(_fits(a, b, share) for a in known for b in known if a < b)


def _of_fewer(share: Number, own: Entry, parts: list[Entry], whole: float) -> bool:
    """Whether it is that of its count among those that are left when another part is left out."""
    return any(_fits(own.number.value, whole - one.number.value, share) for one in parts if one is not own)


def _is_share(one: Entry) -> bool:
    number = one.number
    if (
        number.signed
        or number.about
        or number.unit not in ("", "%")
        or _NO_SHARE.search(one.name)
        or ENDS.search(one.name)
    ):
        return False
    named = NAMED_SHARE.search(one.name) is not None
    return named and (number.decimals > 0 or number.unit == "%") and 0 < number.value < 100


def _of(share: Entry, parts: list[Entry]) -> Entry | None:
    """The count that a share is of: it has a word in common with its name, or is the only one that is right."""
    words = {word[:4] for word in re.findall(r"[a-z]{2,}", NAMED_SHARE.sub(" ", share.name.lower()))} - _NO_NAMES
    alike = [one for one in parts if words & {word[:4] for word in re.findall(r"[a-z]{2,}", one.name.lower())}]
    if len(alike) == 1:
        return alike[0]
    named = [one for one in parts if PART.search(one.name)]
    bare = not words
    return named[0] if len(named) == 1 and not alike and bare else None


def _fits(part: float, whole: float, share: Number) -> bool:
    if part > whole or not whole:
        return False
    top = 100 if share.unit == "%" or share.value > 1 else 1
    return any(abs(top * one - share.value) <= 2 * share.slack * (1 + 1e-9) for one in (part / whole, 1 - part / whole))
