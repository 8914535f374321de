"""Arms with what is told of each, whatever they stand in: rows or columns of a table, objects of a document of data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from evenhand.audit.text.log import Log, Row, Table, only_number, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import ITEMS, SPREADS, budget_of, is_config

_FIELD = Pattern(
    r"^(?:field|fields|metric|metrics|key|quantity|measure|parameter|param|property|item|)$", re.IGNORECASE
)
_STEP = Pattern(r"(?<!\d)\.|\.(?!\d)")
"""Between the names of nested fields; a point in a number is none."""

_TASK = Pattern(r"^(?:tasks?|data ?sets?|benchmarks?|suites?|test sets?|evals?)$", re.IGNORECASE)
_MOST_ROWS, _LONGEST, _MOST_LEAVES = 400, 60, 600
_ARM_KEYS = ("arm", "name", "model", "method", "variant", "system", "id", "run", "config", "setting", "policy")


@dataclass(frozen=True)
class Column:
    """What is told of each arm: its name, a number for each arm, and the lines of these.

    Attributes:
        name: as printed.
        role: ``score``, ``items``, ``spread``, ``config``, ``text`` or a budget such as ``steps``.
        cells: the number of each arm; None where there is none.
        lines: of the cells.
        texts: of the cells, as printed.
    """

    name: str
    role: str
    cells: tuple[Number | None, ...]
    lines: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """Arms in their order, and columns.

    Attributes:
        names: of the arms.
        lines: where each begins.
        columns: what is told of them.
        section: of the log.
        title: what stands above, or the name of what holds them.
        label: what the names of arms are called.
    """

    names: tuple[str, ...]
    lines: tuple[int, ...]
    columns: tuple[Column, ...]
    section: int = -1
    title: str = ""
    label: str = ""

    @property
    def last(self) -> int:
        """The last line."""
        return max(line for column in self.columns for line in column.lines)

    @property
    def first(self) -> int:
        """The first line."""
        return min(self.lines)

    def of(self, role: str) -> tuple[Column, ...]:
        """The columns of a role."""
        return tuple(one for one in self.columns if one.role == role)


def role_of(name: str, cells: Sequence[Number | None], texts: Sequence[str]) -> str:
    """What a column holds, by its name and its cells."""
    plain = _plain(name)
    given = [one for one in cells if one is not None]
    if 2 * len(given) < sum(bool(text.strip(" -–—")) for text in texts) or not given:
        return "text"
    if SPREADS.search(plain):
        return "spread"
    whole = all(not one.decimals and not one.signed for one in given)
    budget = budget_of(plain)
    if (
        ITEMS.search(plain)
        and whole
        and " per " not in f" {plain} "
        and budget not in ("trials", "tries", "tokens", "steps")
    ):
        return "items"
    if budget:
        return budget
    if is_config(plain, whole=whole):
        return "config"
    return "score" if any(one.decimals or one.unit == "%" for one in given) or _rate(plain) else "config"


def _plain(name: str) -> str:
    """The name of a column in small letters, without remarks in brackets and over how many seeds it is."""
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", re.sub(r"\(.*?\)", " ", name)).replace("_", " ").replace("-", " ")
    return " ".join(re.sub(r"\bmean ?\d*( seeds?)?", " ", spaced.lower()).split())


def _rate(name: str) -> bool:
    return re.search(r"acc|success|solved|detected|pass|correct|score|hit|right|recall|return|reward", name) is not None


@per_log
def grids_of(log: Log) -> tuple[Grid, ...]:
    """The arms of all tables of a log."""
    found = [grid for table in log.tables for grid in _grids(table) if len(grid.names) >= 2 and grid.columns]
    known = {frozenset(grid.names) for grid in found}
    more = [grid for grid in _of_document(log) if frozenset(grid.names) not in known and len(grid.names) >= 2]
    return tuple(_placed(log, grid) for grid in (*found, *more))


def _of_document(log: Log) -> Iterator[Grid]:
    """Objects side by side anywhere in a document in JSON."""
    leaves = [leaf for leaf in log.leaves if leaf.path and isinstance(leaf.path[-1], str)]
    if not leaves or len(leaves) > _MOST_LEAVES or isinstance(leaves[0].path[0], int):
        return
    header = tuple("\x1f".join(map(str, leaf.path)) for leaf in leaves)
    row = Row(leaves[0].line, tuple(leaf.value for leaf in leaves), at=tuple(leaf.line for leaf in leaves))
    yield from _siblings(Table(header, (row,), -1, leaves[0].line), "\x1f")


def _placed(log: Log, grid: Grid) -> Grid:
    """A grid in the section of its first line."""
    place = log.by_number.get(grid.lines[0])
    return grid if place is None or log.data else replace(grid, section=log.lines[place].section)


def _grids(table: Table) -> Iterator[Grid]:
    if not table.header or len(table.rows) > _MOST_ROWS:
        return
    if len(table.rows) == 1:
        nested = any("." in name for name in table.header)
        yield from _siblings(table) if nested else _turned(table)
        return
    yield from _one(table)
    if len(table.rows) <= 12:
        yield from _turned(table)
    for row in table.rows[:4] if any("." in name for name in table.header) else ():
        yield from _siblings(replace(table, rows=(row,)))


def _one(table: Table) -> Iterator[Grid]:
    place = _label(table)
    kept = [row for row in table.rows if row.cells[place].strip()]
    if len(kept) >= 2:
        yield _made(table, kept, place)
    for other, name in enumerate(table.header):
        groups: dict[str, list[Row]] = {}
        for row in kept if other != place and _TASK.match(name.strip()) else ():
            groups.setdefault(row.cells[other], []).append(row)
        for rows in groups.values() if len(groups) > 1 else ():
            if len(rows) >= 2:
                yield _made(table, rows, place)


def _label(table: Table) -> int:
    """The column that names the arms: one that is called so, else the first."""
    plain = [name.strip().lower() for name in table.header]
    named = [plain.index(key) for key in _ARM_KEYS if key in plain]
    for place in named:
        cells = [row.cells[place] for row in table.rows if row.cells[place].strip()]
        if len(cells) >= 2 and max(map(len, cells)) <= _LONGEST:
            return place
    return 0


def _made(table: Table, rows: Sequence[Row], label: int) -> Grid:
    columns = []
    for place, name in enumerate(table.header):
        if place == label:
            continue
        texts = tuple(row.cells[place] for row in rows)
        cells = tuple(map(only_number, texts))
        columns.append(
            Column(name, role_of(name, cells, texts), cells, tuple(row.line_of(place) for row in rows), texts)
        )
    names = tuple(row.cells[label] for row in rows)
    lines = tuple(row.line for row in rows)
    return Grid(names, lines, tuple(columns), table.section, table.before, table.header[label])


def _turned(table: Table) -> Iterator[Grid]:
    """A table whose rows are what is told, and whose columns are arms."""
    first = table.header[0].strip()
    roles = [budget_of(row.cells[0].lower().replace("_", " ")) or ITEMS.search(row.cells[0].lower().replace("_", " "))
             for row in table.rows]  # fmt: skip
    if len(table.header) < 3 or not (_FIELD.match(first) or sum(map(bool, roles)) >= 2):
        arms = [only_number(name) is not None for name in table.header[1:]]
        if len(table.rows) != 1 and not (len(table.rows) <= 2 and len(arms) >= 4 and all(arms)):
            return
    columns = []
    for row in table.rows:
        texts = row.cells[1:]
        cells = tuple(map(only_number, texts))
        lines = tuple(row.line_of(place) for place in range(1, len(row.cells)))
        columns.append(Column(row.cells[0], role_of(row.cells[0], cells, texts), cells, lines, tuple(texts)))
    names = tuple(table.header[1:])
    lines = tuple(table.line for _ in names)
    yield Grid(names, lines, tuple(columns), table.section, table.before, first)


def _siblings(table: Table, mark: str = "") -> Iterator[Grid]:
    """Objects of one row of data that hold fields of the same names; and fields of one object that are arms."""
    row = table.rows[0]
    groups: dict[str, dict[str, dict[str, int]]] = {}
    for place, name in enumerate(table.header):
        way = name.split(mark) if mark else _STEP.split(name)
        if len(way) >= 2 and row.cells[place].strip():
            groups.setdefault((mark or ".").join(way[:-2]), {}).setdefault(way[-2], {})[way[-1]] = place
    for above, objects in groups.items():
        shared = [key for key in next(iter(objects.values())) if sum(key in one for one in objects.values()) >= 2]
        names = [name for name, one in objects.items() if shared and len(set(shared) & set(one)) >= 0.6 * len(shared)]
        if len(names) >= 2 and shared:
            yield _of_objects(table, row, above, names, shared, objects)
        for name, one in objects.items():
            yield from _of_fields(table, row, name, one)


def _of_objects(
    table: Table, row: Row, above: str, names: Sequence[str], keys: Sequence[str],
    objects: dict[str, dict[str, int]],
) -> Grid:  # fmt: skip
    columns = []
    for key in keys:
        places = [objects[name].get(key) for name in names]
        texts = tuple("" if place is None else row.cells[place] for place in places)
        lines = tuple(row.line if place is None else row.line_of(place) for place in places)
        cells = tuple(map(only_number, texts))
        columns.append(Column(key, role_of(key, cells, texts), cells, lines, texts))
    lines = tuple(row.line_of(min(objects[name].values())) for name in names)
    return Grid(tuple(names), lines, tuple(columns), table.section, above)


def _of_fields(table: Table, row: Row, name: str, fields: dict[str, int]) -> Iterator[Grid]:
    """``"em": {"ltr": 0.0, "rtl": 0.0}``: the arms are the fields, what is told of them is the name of their object."""
    texts = tuple(row.cells[place] for place in fields.values())
    cells = tuple(map(only_number, texts))
    alike = len({one.decimals for one in cells if one is not None}) == 1 and all(one is not None for one in cells)
    known: Callable[[str], bool] = lambda key: bool(  # noqa: E731
        SPREADS.search(key) or is_config(key, whole=True) or ITEMS.search(key) or budget_of(key)
    )
    if len(fields) >= 2 and alike and not any(known(key.replace("_", " ").lower()) for key in fields):
        lines = tuple(row.line_of(place) for place in fields.values())
        yield Grid(tuple(fields), lines, (Column(name, role_of(name, cells, texts), cells, lines, texts),), -1, name)
