"""Differences that a text tells of two arms: as two numbers in its own words, or by two rows of a table beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evenhand.audit.finding import place_of
from evenhand.audit.output.headline import Headline, title_of
from evenhand.audit.output.metrics import SHARE, metric_near, metric_of_column
from evenhand.audit.output.spent import in_unit, spent_in
from evenhand.audit.text.log import Line, Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.gains import ANNOUNCED
from evenhand.audit.text.words import denied, hoped, of_others, planning
from evenhand.audit.told.arms.lists import arms_of
from evenhand.audit.told.arms.records import NO_RESULT
from evenhand.audit.told.budgets.sentences import amounts_in
from evenhand.audit.told.budgets.tables import BASE_ROW, DELTA_COLUMN, is_budget, plain_name
from evenhand.audit.told.changes.change import two_results
from evenhand.audit.told.seeds.spreads import mean_and_spread, of_deviations, seeds_of_table

_WITHOUT = Pattern(r"^(?:w/o|without|no|minus|-|−|ohne|sans|sin|без|无|去掉)\s+", re.IGNORECASE)
_WORD = Pattern(r"[^\W_]{3,}|\d+")
_TOO_FAR = 40
"""Rows of a table that has a claim in words: larger ones are data."""

_JOINED = Pattern(r"→|->|=>|⇒|\b(?:to|from)\b|提高到|上升到|提升到|升至|增至|[到至]|\b(?:auf|à|a|до)\b", re.IGNORECASE)
"""What stands between a first number and the one that it became."""

_LONGEST = 60
_HOPE = Pattern(r"\bhop(?:e|es|ed|ing)\b", re.IGNORECASE)


def gains_told(log: Log) -> Iterator[tuple[int, Headline]]:
    """All of them with their sections, in the order of the lines."""
    for line in log.spoken():
        if hoped(line) or _HOPE.search(line.body) or of_others(line) or planning(log, line):
            continue
        found = _in_words(log, line) or _by_rows(log, line) or _in_a_list(log, line)
        if found is not None:
            yield line.section, found


def _in_words(log: Log, line: Line) -> Headline | None:
    """``from 62.4 to 68.2, i.e. +5.8``: three numbers of which the third, with its sign, is the others' difference."""
    found = [n for n in line.numbers if not n.spread]
    for place, (base, new, delta) in enumerate(zip(found, found[1:], found[2:], strict=False)):
        between, behind = line.body[base.end : new.start], line.body[new.end : delta.start]
        if not two_results(base, new) or not (delta.signed or delta.unit == "pp") or len(between) > _LONGEST:
            continue
        slack = base.slack + new.slack + delta.slack
        if abs(new.value - base.value - delta.value) > slack or len(behind) > _LONGEST or not _JOINED.search(between):
            continue
        if place and two_results(found[place - 1], base):
            continue  # one more of a row
        name, far = metric_near(log, line, line.body[: base.start])
        percent = _percent(name, base, new)
        effect = (new.value - base.value) / (100 if percent else 1)
        key = (base.value, new.value)
        share = percent or (SHARE.search(name) is not None and abs(effect) < 1)
        return Headline(place_of(log, line), title_of(log, line.section), name, effect, key, share=share, far=far)
    return None


def _in_a_list(log: Log, line: Line) -> Headline | None:
    """``wide: 44.9% (+3.6pp)`` below ``baseline: 41.3%``."""
    arms = [arm for arm in arms_of(log) if arm.line.section == line.section and arm.value is not None]
    own = [arm for arm in arms if arm.line is line and arm.delta is not None and not arm.baseline]
    bases = [arm for arm in arms if arm.baseline]
    if len(own) != 1 or len(bases) != 1:
        return None
    arm, base = own[0], bases[0]
    value, start, delta = arm.value, base.value, arm.delta
    if value is None or start is None or delta is None or arm.stage != base.stage or value.unit != start.unit:
        return None
    if abs(value.value - start.value - delta.value) > value.slack + start.slack + delta.slack:
        return None
    name, far = metric_near(log, line, arm.name)
    title = f"{title_of(log, line.section)} / {arm.name} less {base.name}"
    key = (arm.name, value.value, delta.value)
    spent = [amounts_in(one.line) for one in (arm, base)]
    alike = [len(told) == 1 for told in spent] == [True, True] and spent[0][0][1] == spent[1][0][1]
    return Headline(
        place_of(log, line), title, name, delta.share, key, share=True, far=far,
        spent=in_unit(spent[0][0][1] + "s", spent[0][0][2], spent[1][0][2]) if alike else None,
    )  # fmt: skip


def _by_rows(log: Log, line: Line) -> Headline | None:
    """A gain in a line that names a row of a table in its section, whose difference to the baseline's it is."""
    for delta in _gains(line):
        found = [
            one
            for table in log.tables
            if table.section == line.section and len(table.rows) <= _TOO_FAR
            for one in _rows(table, line, delta)
        ]
        if len(found) == 1:
            return _of_rows(log, line, *found[0])
    return None


def _gains(line: Line) -> Iterator[Number]:
    """The differences that a line announces."""
    if not ANNOUNCED.search(line.body):
        return
    for one in line.numbers:
        if not one.spread and not one.about and one.decimals and one.unit in ("", "pp", "%"):
            before = line.body[: one.start]
            said = one.signed or one.unit == "pp" or re.search(r"\b(?:by|of|um|de)\s*$", before) is not None
            if said and not denied(line.body, one.start):
                yield one


def _rows(table: Table, line: Line, delta: Number) -> Iterator[tuple[Table, int, Row, Row, bool]]:
    """(table, column, row, baseline, whether the row is the arm without what is named)."""
    base = _baseline(table)
    if base is None:
        return
    words = {word.lower() for word in _WORD.findall(line.body)}
    for row in table.rows:
        name = _WITHOUT.sub("", row.cells[0].strip())
        own = {word.lower() for word in _WORD.findall(name)} - {word.lower() for word in _WORD.findall(base.cells[0])}
        numeric = own and all(word.isdigit() for word in own)
        if row is base or not own or not (own <= words if numeric else own & words):
            continue
        if numeric and not any(word.lower() in words for word in _WORD.findall(table.header[0])):
            continue
        for place, header in enumerate(table.header[1:], start=1):
            value, start = (_value(one.cells[place]) for one in (row, base))
            if value is None or start is None or not value.decimals or not _is_result(header):
                continue
            apart = abs(value.value - start.value)
            if apart and abs(apart - abs(delta.value)) <= value.slack + start.slack + delta.slack:
                yield table, place, row, base, name != row.cells[0].strip()


def _is_result(header: str) -> bool:
    """Whether a column is one of results: of no differences, settings, sizes or costs."""
    name = plain_name(re.sub(r"\(.*?\)", " ", header))
    return not (DELTA_COLUMN.search(name) or NO_RESULT.search(name) or is_budget(name))


def _baseline(table: Table) -> Row | None:
    """The row that is called the baseline, or that alone has no difference in a column of them."""
    named = [row for row in table.rows if BASE_ROW.search(row.cells[0])]
    if len(named) == 1:
        return named[0]
    places = [place for place, name in enumerate(table.header) if DELTA_COLUMN.search(plain_name(name))]
    bare = [row for row in table.rows if len(places) == 1 and not numbers(row.cells[places[0]])]
    return bare[0] if len(bare) == 1 else None


def _value(cell: str) -> Number | None:
    found = mean_and_spread(cell)
    return found[0] if found is not None else only_number(cell)


def _of_rows(log: Log, line: Line, table: Table, place: int, row: Row, base: Row, without: bool) -> Headline:
    value, start = (_value(one.cells[place]) for one in (row, base))
    assert value is not None
    assert start is not None
    name = metric_of_column(table.header[place])
    percent = _percent(name, start, value)
    scale = (-1 if without else 1) / (100 if percent else 1)
    effect = round((value.value - start.value) * scale, 12)
    arms = (base, row) if without else (row, base)
    title = f"{title_of(log, line.section)} / {' less '.join(one.cells[0] for one in arms)}"
    one = Headline(
        place_of(log, line), title, name, effect, (row.cells[0], base.cells[0], name, effect),
        share=percent or (SHARE.search(name) is not None and abs(effect) < 1),
        also=(place_of(log, row.line),), spent=spent_in(table, [arms[0]], [arms[1]]),
    )  # fmt: skip
    return _with_spread(log, one, table, [row.cells[place], base.cells[place]], abs(scale))


def _with_spread(log: Log, one: Headline, table: Table, cells: Sequence[str], scale: float) -> Headline:
    """With the sd of differences of seeds that are not paired, where both rows tell their own."""
    both = [mean_and_spread(cell) for cell in cells]
    seeds = seeds_of_table(log, table)
    if any(pair is None for pair in both) or seeds is None or not of_deviations(log, table):
        return one
    sd = math.hypot(*(pair[1].value for pair in both if pair is not None)) * scale
    return replace(one, sd=sd or None, seeds=seeds.count, apart=True)


def _percent(metric: str, base: Number, new: Number) -> bool:
    """Whether two results are shares in per cent: by their sign, or as shares that are above one."""
    if "%" in (base.unit, new.unit):
        return True
    return SHARE.search(metric) is not None and 1 < max(base.value, new.value) <= 100
