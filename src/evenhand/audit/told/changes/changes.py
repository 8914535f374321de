"""Changes that a log states: from one number to another, and by how much it says they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from evenhand.audit.text.log import Line, Log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes.change import Change
from evenhand.audit.told.changes.tables import in_table
from evenhand.audit.told.changes.words import BASE, CHANGE, NEW, TO, any_of

_ARROW = rf"\s*(?:{any_of(TO, 'sign')}|⟶|to)\s*"
_BETWEEN = Pattern(rf"(?:[^\d()]{{0,12}}?){_ARROW}[^\d(\w]{{0,4}}", re.IGNORECASE)
_OPENS = Pattern(
    r"^[\s*`%]*(?:\w+ )?[(\[]\s*(?:Δ|delta|change|gain|improvement|diff\w*|about|≈|~|=|:|\s)*[+\-−]?$", re.IGNORECASE
)
_SO = Pattern(
    rf"[\s%]*(?:pp|points?)?[,;:]?\s*(?:\(|–|—|-)?\s*(?:i\.\s?e\.,?|that is,?|which is|meaning|so|or)?\s*(?:(?:an?|the|"
    rf"by)\s+)?(?:(?:absolute|net|total)\s+)?(?:(?:{CHANGE}|change)\s+of\s+)?$",
    re.IGNORECASE,
)
_NAMED_BASE = Pattern(r"\bbaseline\s*(?:\w+\s*)?(?:=|:|at|of|is|was|has)?\s*$", re.IGNORECASE)
_NEXT = Pattern(r"\s*[,;]\s*[A-Za-z][\w+ -]{0,30}?(?:=|:|at|of|is|was|has)?\s*", re.IGNORECASE)
_OF = Pattern(rf"\b(?:{CHANGE}) of\s*$", re.IGNORECASE)
_ALONE = Pattern(
    r"\s*(?:(?:relative|rel|absolute|abs)\b\.?\s*)?(?:(?:improve\w*|reduction|better|worse|lower|higher|more|less|gain|"
    r"drop|increase|decrease|loss|rise|fall|change|points?|pts?|pp|abs\w*|rel\w*)\b\.?\s*)?(?:$|[)\],;:.!*`|]|—|–|-\s)",
    re.IGNORECASE,
)
"""What follows a difference of the two numbers before it; more words say that it is to, or of, something else."""


@lru_cache(maxsize=64)
def changes_of(log: Log) -> tuple[Change, ...]:
    """All changes that a log states with the two numbers beside them."""
    found = [*(one for table in log.tables for one in in_table(log, table)), *_in_text(log)]
    return tuple(sorted(found, key=lambda one: one.line.number))


def _in_text(log: Log) -> Iterator[Change]:
    for line in log.spoken():
        found = line.numbers
        for place in range(len(found) - 2):
            base, new, delta = found[place : place + 3]
            text = line.body
            arrow = _BETWEEN.fullmatch(text[base.end : new.start]) is not None
            if not (arrow and (_opens(text[new.end : delta.start]) or _told(text, new, delta))) and not (
                _baseline_and(text, base, new, delta)
            ):
                continue
            if not _is_difference(delta, text) or base.unit != new.unit or base.spread or new.spread:
                continue
            if _ALONE.match(text, delta.end) is None:
                continue
            yield Change(base, new, delta, line, line, True, text[max(0, base.start - 40) : base.start].strip())
        yield from _after_baseline(log, line)


def _told(text: str, new: Number, delta: Number) -> bool:
    """``24.8, i.e. 6.8 points lower``."""
    between = text[new.end : delta.start]
    return delta.unit == "pp" and len(between) < 50 and "," in between and _SO.fullmatch(between) is not None


def _baseline_and(text: str, base: Number, new: Number, delta: Number) -> bool:
    """``baseline 76.13%, pruned 72.90%, a loss of 3.23 points``."""
    return (
        delta.unit == "pp"
        and base.unit == "%"
        and _NAMED_BASE.search(text[: base.start]) is not None
        and _NEXT.fullmatch(text[base.end : new.start]) is not None
        and _SO.fullmatch(text[new.end : delta.start]) is not None
        and _OF.search(text[new.end : delta.start]) is not None
    )


def _opens(text: str) -> bool:
    return _OPENS.match(text) is not None


def _is_difference(delta: Number, text: str) -> bool:
    return (
        delta.signed or delta.unit in ("x", "pp") or re.search(r"Δ\s*=?\s*$", text[: delta.start]) is not None
    ) and not delta.spread


def _plain(line: Line) -> list[Number]:
    """The results of a line: numbers with decimals that carry no sign and no unit of time."""
    return [n for n in line.numbers if n.decimals and not n.signed and not n.spread and n.unit in ("", "%")]


def _after_baseline(log: Log, line: Line) -> Iterator[Change]:
    """``Baseline (val): loss=1.05`` and below it ``Final (val): loss=0.91 (-13.3% loss)``."""
    where = log.by_number[line.number]
    if not NEW.search(line.body) or BASE.search(line.body.split(":")[0]):
        return
    above = [
        one for one in log.lines[max(0, where - 3) : where] if one.section == line.section and one.kind == line.kind
    ]
    bases = [one for one in above if BASE.search(one.body.split(":")[0]) and _named(one) == _named(line)]
    if len(bases) != 1:
        return
    old, new = _plain(bases[0]), _plain(line)
    deltas = [n for n in line.numbers if n.signed and _is_difference(n, line.body)]
    if len(old) == len(new) == len(deltas) and all(n.start < deltas[0].start for n in new):
        for base, value, delta in zip(old, new, deltas, strict=True):
            yield Change(base, value, delta, line, bases[0], True, line.body.split(":")[0])


def _named(line: Line) -> str:
    """What a line is about, without the words for before and after."""
    return re.sub(r"[^a-z0-9]+", " ", NEW.sub("", BASE.sub("", line.body.split(":")[0])).lower()).strip()
