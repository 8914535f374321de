"""Gains in tables and records that name what each is taken from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table, only_number
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import OF_DATA
from evenhand.audit.text.vocabulary.roles import DIFFERENCE_NAMES, REFERENCE_NAMES

_REFERENCE = Pattern(rf"^(?:its |the )?(?:{REFERENCE_NAMES})$", re.IGNORECASE)
_HOST = Pattern(r"(?:model|backbone|system|host|network|base model|on|modell|modèle|modelo|модель)$", re.IGNORECASE)
_WITHOUT = Pattern(r"(?<![a-z])(?:without|before|w/o|ohne|vorher|sans|avant|sin|antes|без|до)(?![a-z])", re.IGNORECASE)
_DELTA_NAME = Pattern(rf"(?<![a-zà-ÿ])(?:{DIFFERENCE_NAMES})(?![a-zà-ÿ])|Δ", re.IGNORECASE)


@dataclass(frozen=True)
class Gain:
    """A gain, and what it is taken from.

    Attributes:
        value: its size.
        shown: as it is told in a finding.
        base: the value that it is taken from; None where only a name is told.
        name: of that.
        line: where it stands.
        arm: what gains; empty where it stands in words.
        told: the sentence, in small letters; empty where it stands in a table.
    """

    value: float
    shown: str
    base: float | None
    name: str
    line: Line
    arm: str = ""
    told: str = ""


def gains_of_table(log: Log, table: Table) -> list[Gain]:
    """The gains of a table that has a column for what each is taken from."""
    names = [re.sub(r"[_\-.]+", " ", name.strip().lower()) for name in table.header]
    refs = [i for i, name in enumerate(names) if i and _REFERENCE.match(name) and _worded(table, i)]
    if not refs and any(_WITHOUT.search(name) for name in names):
        refs = [i for i, name in enumerate(names) if i and _HOST.match(name) and _worded(table, i)]
    if len(refs) != 1 or len(table.rows) > 12 or OF_DATA.match(names[0]):
        return []  # each set of data has its own reference
    deltas = [i for i, name in enumerate(names) if i != refs[0] and _DELTA_NAME.search(name)]
    gains = []
    for row in table.rows:
        name = row.cells[refs[0]].strip().lower()
        for place in [i for i in deltas if any(table.columns[i])][:1]:
            number = only_number(row.cells[place])
            if number is not None and number.value and name and not _same(name, row.cells[0]):
                gains.append(
                    Gain(
                        abs(number.value),
                        row.cells[place].strip(),
                        None,
                        name,
                        log.line(row.line),
                        row.cells[0].strip().lower(),
                    )
                )
        if not deltas and name:
            gains += _of_two(log, table, row.line, row.cells, name)
    return gains


def _same(name: str, head: str) -> bool:
    return name == head.strip().lower()


def _of_two(log: Log, table: Table, line: int, cells: Sequence[str], name: str) -> Iterator[Gain]:
    """The gain of a row that gives only its two values."""
    values = [n for n in (only_number(cell) for cell in cells[1:]) if n is not None and n.decimals]
    if len(values) == 2 and len(table.rows) <= 6:
        size = abs(round(values[0].value - values[1].value, values[0].decimals))
        yield Gain(size, f"{size:.{values[0].decimals}f}", None, name, log.line(line))


def _worded(table: Table, place: int) -> bool:
    cells = [row.cells[place].strip() for row in table.rows if row.cells[place].strip()]
    return (
        len(cells) >= 2
        and all(not numbers(cell) or re.search(r"[^\W\d]{2,}", cell) for cell in cells)
        and len(set(cells)) >= 2
    )


def gains_of_records(log: Log) -> list[Gain]:
    """The gains of objects in JSON that name what each is taken from."""
    objects: dict[tuple[str | int, ...], dict[str, tuple[str, int]]] = {}
    for leaf in log.leaves[:400]:
        if leaf.path:
            objects.setdefault(leaf.path[:-1], {})[str(leaf.path[-1])] = (leaf.value, leaf.line)
    gains = []
    for own in objects.values():
        plain = {re.sub(r"[_\-.]+", " ", key.lower()): entry for key, entry in own.items()}
        refs = [entry for key, entry in plain.items() if _REFERENCE.match(key) and re.search(r"[^\W\d]", entry[0])]
        deltas = [
            entry
            for key, entry in plain.items()
            if _DELTA_NAME.search(key) and numbers(entry[0]) and not re.search("[a-z]{2}", entry[0])
        ]
        if len(refs) == 1 and len(deltas) == 1:
            number = numbers(deltas[0][0])[0]
            gains.append(Gain(abs(number.value), deltas[0][0], None, refs[0][0].lower(), log.line(deltas[0][1])))
    return gains if len(gains) <= 6 else []
