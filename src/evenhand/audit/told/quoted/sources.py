"""What a log tells first-hand of a run or an arm: the rows of tables, and records under the run's own name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Table, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

_WORD = Pattern(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:[.@+][^\W_\u3400-\u9fff]+)*")
_RUN = r"(?:runs?|exp(?:eriment)?s?|trial|job|lauf|versuch|прогон|запуск|corrida|essai|实验)"
_RECORD = Pattern(
    rf"(?:{_RUN}\W{{0,2}}(?P<number>\d{{1,4}}[a-z]?)|(?P<id>[a-z]{{1,5}}[-_]?\d{{1,4}}[a-z]?))(?![\w.]|\s?[-–/,&+]\s?\d)",
    re.IGNORECASE,
)
"""What the record of a run begins with: ``run 031``, ``E03``, ``sub07``."""

_NAMED = Pattern(rf"(?<![\w.-]){_RUN}\W{{0,2}}(\d{{1,4}}[a-z]?)(?![\w.]|\s?[-–/,&+]\s?\d)", re.IGNORECASE)
_BEGIN = Pattern(r"\W{0,3}(\d{2,4}[a-z]?)(?=\s+[^\W\d])")
_RANGE = Pattern(rf"{_RUN}\W{{0,2}}\d", re.IGNORECASE)
_NUMBERED = Pattern(r"\W*(?:\d+(?:[.)]\d*)*\.?\s+)?")
_LARGE, _YEARS = 1000, (1900, 2100)
"""Whole numbers that are as good as a result with decimals."""

_FEWEST_DIGITS, _MOST_ROWS, _LONGEST = 3, 60, 60


@dataclass(frozen=True)
class Told:
    """A number that a source has, the words of its column, and that column: of which table, and where."""

    number: Number
    line: int
    metric: frozenset[str] = frozenset()
    column: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Source:
    """A row or a record: its name, the words of it, its numbers in their order, its lines; whether it is a record."""

    label: str
    name: frozenset[str]
    told: tuple[Told, ...]
    lines: frozenset[int]
    record: bool = False

    def has(self, number: Number) -> bool:
        """Whether it has a number, printed with the same digits."""
        return any(same(one.number, number) for one in self.told)


def words(text: str) -> frozenset[str]:
    """The words of a text, numbers that are part of names included; each sign of Chinese is one."""
    return frozenset(_WORD.findall(text.lower().replace("_", " ")))


def same(one: Number, other: Number) -> bool:
    """Whether two numbers are printed with the same digits."""
    return one.value == other.value and one.decimals == other.decimals


def fine(number: Number) -> bool:
    """Whether a number has so many digits that it is no setting, and is neither a change nor a spread."""
    digits = f"{abs(number.value):.{number.decimals}f}".replace(".", "").lstrip("0")
    plain = not (number.signed or number.spread or number.about) and number.scale == 1.0
    large = number.value >= _LARGE and not _YEARS[0] <= number.value <= _YEARS[1]
    return plain and (number.decimals > 0 or large) and len(digits) >= _FEWEST_DIGITS and number.unit in ("", "%", "pp")


def run_of(text: str) -> str:
    """The run that a text begins with, as its records call it: ``031`` of ``031 softcap``; or nothing."""
    found = _RECORD.match(text.strip(" *`#|"))
    if found is not None:
        return (found["number"] or found["id"]).lower()
    plain = _BEGIN.match(text)
    return plain[1].lower() if plain is not None else ""


def runs_in(text: str) -> frozenset[str]:
    """The runs of a clause: words that are names with digits, and numbers behind a word for runs."""
    named = {found.lower() for found in _NAMED.findall(text)}
    own = {one for one in words(text) if re.fullmatch(r"[a-z]{1,5}\d{1,4}[a-z]?", one)}
    first = run_of(text)
    return frozenset(named | own | ({first} if first else set()))


@per_log
def rows_of(log: Log) -> tuple[Source, ...]:
    """The rows of tables, by the words of their first cells; of rows of one name in one table none."""
    return tuple(one for table in log.tables if len(table.rows) <= _MOST_ROWS for one in _rows(table))


def _rows(table: Table) -> Iterator[Source]:
    names = [words(row.cells[0]) for row in table.rows]
    heads = [words(name) for name in table.header]
    for row, name in zip(table.rows, names, strict=True):
        if not any(re.search(r"[^\W\d]", word) for word in name) or names.count(name) > 1:
            continue
        told = []
        for place in range(1, len(row.cells)):
            found = next((one for one in numbers(row.cells[place]) if not one.spread), None)
            if found is not None and not re.search(r"[^\W\d_]{2}", row.cells[place][: found.start]):
                told.append(Told(found, row.line_of(place), heads[place], (table.line, place)))
        yield Source(row.cells[0].strip(), name, tuple(told), frozenset([row.line]))


@per_log
def rows_with(log: Log) -> dict[tuple[float, int], list[Source]]:
    """The rows of tables by the numbers that they have, as printed."""
    found: dict[tuple[float, int], list[Source]] = {}
    for one in rows_of(log):
        for told in one.told:
            found.setdefault((told.number.value, told.number.decimals), []).append(one)
    return found


@per_log
def records_of(log: Log) -> tuple[Source, ...]:
    """The sections and stretches of lines that begin with the name of a run."""
    return tuple(_records(log))


def _records(log: Log) -> Iterator[Source]:
    tabled = {row.line for table in log.tables for row in table.rows}
    for place, line in enumerate(log.lines):
        if line.kind not in ("heading", "prose", "bullet") or line.number in tabled:
            continue
        found = _RECORD.match(_NUMBERED.sub("", line.body, count=1))
        if found is None:
            continue
        block = _block(log, place)
        told = tuple(Told(number, one.number) for one in block for number in one.numbers)
        name = (found["number"] or found["id"]).lower()
        if told:
            yield Source(name, frozenset([name]), told, frozenset(one.number for one in block), record=True)


def _block(log: Log, place: int) -> list[Line]:
    """The lines of a record: a section, a point with its own, or those up to a blank line or the next record."""
    line = log.lines[place]
    if line.kind == "heading":
        return [line, *log.own(line.section)] if log.sections[line.section].line == place else [line]
    block = [line]
    for one in log.lines[place + 1 : place + _LONGEST]:
        beside = line.kind == one.kind == "bullet" and one.depth <= line.depth
        if one.kind in ("blank", "heading") or beside or _RANGE.match(one.body) or _RECORD.match(one.body):
            break
        block.append(one)
    return block
