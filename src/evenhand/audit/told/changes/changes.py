"""Changes that a log states: from one number to another, and by how much it says they differ; in words and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evenhand.audit.text.log import Line, Log, Table, per_log
from evenhand.audit.text.numbers import Number, counts, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.changes.change import Change, readings
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

# In tables:
_DELTA_NAME = Pattern(
    r"^(?:Δ|delta|change|diff(?:erence)?|% ?change|rel(?:ative)?\.? change|Δ ?%|improv(?:ement)?|gain|reduction)\b|^Δ",
    re.IGNORECASE,
)
_OTHER_DELTA_NAME = Pattern(r"\b(?:vs\.?|over|from|per|to)\b|[/(]", re.IGNORECASE)
_POINTS = Pattern(r"(?<![a-z])(?:pp|pts?|points?|percent\w*|better|worse|lower|higher|ppts?)(?![a-z])", re.IGNORECASE)
_SPREAD = Pattern(r"\W*(?:sd|std|se|sem|min|max|iqr|var|range)\W*$", re.IGNORECASE)
_WORD = Pattern(r"[A-Za-z]{2,}")


@per_log
def changes_of(log: Log) -> tuple[Change, ...]:
    """All changes that a log states with the two numbers beside them."""
    found = [*(one for table in log.tables for one in _in_table(log, table)), *_in_text(log)]
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


def _in_table(log: Log, table: Table) -> Iterator[Change]:
    """A column of differences beside those of the two numbers."""
    places = [place for place, name in enumerate(table.header) if _DELTA_NAME.search(name)]
    if len(places) != 1:
        return
    place = places[0]
    pair, named = _pair(table, place)
    for row in table.rows:
        deltas = _stated(row.cells[place])
        delta = deltas[0] if deltas else None
        if delta is not None and _WORD.search(_POINTS.sub(" ", row.cells[place])):
            continue  # in a unit of its own, or with a remark
        if delta is not None and "倍" in row.cells[place]:
            delta = replace(delta, unit="x")
        if delta is None or pair is None or _SPREAD.match(row.cells[0]):
            continue
        line, of = log.line(row.line), f"{row.cells[0]} {table.header[place]}"
        pairs = zip(*(_values(row.cells[one]) for one in pair), strict=False)
        found = [Change(a, b, delta, line, line, named, of) for a, b in pairs if a.unit == b.unit]
        if not named and delta.decimals and not delta.unit:  # what is counted in wholes has no such difference
            found = [one for one in found if one.base.decimals or one.new.decimals]
        if not named:  # a whole number beside a result is the amount of something
            found = [one for one in found if bool(one.base.decimals) == bool(one.new.decimals)]
        fits = [one for one in found if readings(one)]
        if found:
            yield (fits or found)[-1 if delta.unit else 0]
            yield from (replace(found[0], delta=one) for one in deltas[1:] if not fits or readings(fits[0]))


def _pair(table: Table, place: int) -> tuple[tuple[int, int] | None, bool]:
    """The columns of the base and of the new number, and whether their names say so."""
    base = [i for i, name in enumerate(table.header) if i != place and BASE.search(name)]
    new = [i for i, name in enumerate(table.header) if i != place and NEW.search(name) and i not in base]
    if len(base) == 1 and len(new) == 1:
        return (base[0], new[0]), True
    others = [i for i in range(1, place) if i not in (place,) and any(_value(row.cells[i]) for row in table.rows)]
    if len(others) == 2 and not _OTHER_DELTA_NAME.search(table.header[place]):
        return (others[0], others[1]), False
    return None, False


def _stated(cell: str) -> tuple[Number, ...]:
    """What a cell of differences says: one number, or the difference with the percentage in brackets behind it."""
    found = [one for one in numbers(cell) if not one.spread]
    both = len(found) == 2 and not found[0].unit and found[1].unit == "%" and all(one.signed for one in found)
    if both and cell[found[0].end : found[1].start].strip() == "(" and not found[0].about:
        return tuple(found)
    return tuple(found) if len(found) == 1 else ()


def _single(cell: str) -> Number | None:
    found = [one for one in numbers(cell) if not one.spread]
    return found[0] if len(found) == 1 else None


def _value(cell: str) -> Number | None:
    """The one number of a cell; of a count, the part."""
    found = _values(cell)
    return found[0] if found else None


def _values(cell: str) -> tuple[Number, ...]:
    """What a cell gives: its one number; of a count with a share beside it both, as a difference may be of either."""
    counted = counts(cell)
    if len(counted) != 1:
        one = _single(cell)
        return () if one is None else (one,)
    beside = [n for n in numbers(cell) if n.decimals or n.unit == "%"]
    return (counted[0].part, *beside) if len(beside) <= 1 else ()
