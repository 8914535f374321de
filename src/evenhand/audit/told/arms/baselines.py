"""The baseline of one thing, told with one value in a table and with another elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.row_words import label_of, rows_named

_BASE = Pattern(r"^(?:baseline|base|base model)$", re.IGNORECASE)
_SAID = Pattern(
    r"\b(?:baseline|base)(?: model)?\b(?: (?:starts? from|has|had|is at|is|was|at|reaches|scores|of|gives)|:)?"
    r"(?: (?P<metric>[a-z][\w]{2,20}))?(?: (?:is|was|为|=|:|of|at))*\s*(?P<value>\d+\.\d{2,})\s?(?P<unit>%?)",
    re.IGNORECASE,
    needs="base",
)
_OTHER = Pattern(
    r"\b(?:old|earlier|previous|reported|paper|published|corrected|fixed|rerun|other|zero-shot|instead|approx\w*)\b|~",
    re.IGNORECASE,
)
_SETTING = Pattern(r"\b\d+-shot\b|\bzero-shot\b", re.IGNORECASE)
_NAMES = Pattern(r"(?<!\w)[A-Za-z]\w*_\w+")
"""A run that is named: it has a baseline of its own."""

_FEWEST = 3


@dataclass(frozen=True)
class TwoValues:
    """A baseline with two values: its name, both as they are printed, and where they stand."""

    label: str
    first: str
    second: str
    first_log: Log
    first_line: int
    log: Log
    line: int


def in_tables(log: Log) -> Iterator[TwoValues]:
    """Tables of one form, whose baseline has one value in most of them and another in one."""
    told: dict[tuple[tuple[str, ...], str], list[tuple[str, Number, int]]] = {}
    for table in log.tables:
        places = [i for i, name in enumerate(table.header) if i and _BASE.match(name.strip())]
        for row in table.rows if len(places) == 1 else ():
            value = table.columns[places[0]][table.rows.index(row)]
            if value is not None and value.decimals >= 2:
                told.setdefault((table.header, row.cells[0]), []).append((row.cells[places[0]], value, row.line))
    for (_, label), found in told.items():
        usual, often = Counter(value.value for _, value, _ in found).most_common(1)[0]
        odd = [one for one in found if one[1].value != usual]
        if often >= _FEWEST and len(odd) == 1:
            first = next(one for one in found if one[1].value == usual)
            yield TwoValues(f"{label}, baseline", first[0], odd[0][0], log, first[2], log, odd[0][2])


def in_words(log: Log, logs: Sequence[Log]) -> Iterator[TwoValues]:
    """``arc_challenge: the base starts from 37.88 % acc``, where the table's row has 39.16 in its base column."""
    rows: dict[int, list[tuple[str, float, Log, int]]] = {}
    lines: dict[int, tuple[Line, str]] = {}
    for one in rows_named(log, [log]):
        places = [i for i, name in enumerate(one.table.header) if i and _BASE.match(name.strip())]
        if len(places) != 1 or _OTHER.search(one.line.body):
            continue
        settings = {cell.lower() for text in one.row.cells for cell in _SETTING.findall(text)}
        if settings and not settings & {cell.lower() for cell in _SETTING.findall(one.line.body)}:
            continue
        found = re.search(r"(\d+\.\d{2,})(?: ?%)?\)?$", one.row.cells[places[0]].strip())
        if found is not None:
            rows.setdefault(one.line.number, []).append((found[1], float(found[1]), log, one.row.line))
            lines[one.line.number] = (one.line, one.label)
    for number, values in rows.items():
        line, label = lines[number]
        said = list(_SAID.finditer(line.body))
        if len(said) == 1 and _differs(said[0]["value"], [value for _, value, _, _ in values]):
            yield TwoValues(
                f"{label}, baseline", values[0][0], said[0]["value"], values[0][2], values[0][3], log, number
            )
    yield from _of_runs(log, logs)


def _differs(text: str, values: Sequence[float]) -> bool:
    """Whether a printed value is none of some, on the scale of theirs."""
    mine = float(text)
    return all(abs(mine - value) > 0.011 * max(1.0, abs(value)) * 0.1 for value in values) and all(
        0.5 < mine / value < 2 for value in values if value
    )


def _of_runs(log: Log, logs: Sequence[Log]) -> Iterator[TwoValues]:
    """``baseline val_bpb is 1.0023``, where the one baseline of all tables of runs has 0.9979."""
    for line in () if log.data else log.spoken():
        said = list(_SAID.finditer(line.body))
        if len(said) != 1 or not said[0]["metric"] or _OTHER.search(line.body):
            continue
        metric = said[0]["metric"].lower()
        if _NAMES.search(line.low.replace(metric, "")):
            continue
        rows = [(one, row) for one in logs for table in one.tables if (row := _baseline_row(table, metric)) is not None]
        values = {value for _, (_, value, _) in rows}
        if len(logs) <= 8 and len(values) == 1 and _differs(said[0]["value"], [*values]):
            (other, (cell, _, at)), *_ = rows
            yield TwoValues(f"baseline {said[0]['metric']}", cell, said[0]["value"], other, at, log, line.number)


def _baseline_row(table: Table, metric: str) -> tuple[str, float, int] | None:
    """The cell of a metric in the one row that is named baseline."""
    places = [i for i, name in enumerate(table.header) if name.strip().lower() == metric]
    rows = [row for row in table.rows if any(label_of(cell) == "baseline" for cell in row.cells)]
    if len(places) != 1 or len(rows) != 1:
        return None
    value = table.columns[places[0]][table.rows.index(rows[0])]
    return (rows[0].cells[places[0]], value.value, rows[0].line) if value is not None and value.decimals >= 2 else None
