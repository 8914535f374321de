"""Rows of tables that summarise others: a mean and a spread below or beside the values of one arm."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.said import DIFFERENCE, ENDS, MEAN, SPREAD
from evenhand.audit.told.seeds.series import Series

_SEED = Pattern(
    r"^(?:random[\s_]?)?(?:seeds?|run|trial|replicate|rep|repeat)(?:[\s_]?(?:id|no\.?|nr\.?|number))?$", re.IGNORECASE
)
_A_SEED = Pattern(r"(?:seed|run|s|trial|rep)?[\s_#=-]*\d{1,6}", re.IGNORECASE)
_MEAN_ROW = Pattern(r"\W*(?:mean|avg\.?|average|μ)\W*(?:of \d+|over \d+ seeds|\(\d+ seeds\))?\W*", re.IGNORECASE)
_SPREAD_ROW = Pattern(r"\W*(?:std|sd|stdev|std\.? ?dev\w*|standard deviation|σ)\W*", re.IGNORECASE)
_LIST_COLUMN = Pattern(
    r"\b(?:per[- _]?seed|seeds?|values|runs|raw|single|scores|results|all|returns?|accs?|deltas?)\b", re.IGNORECASE
)


def in_tables(log: Log) -> Iterator[Series]:
    """Series of tables in which the values of an arm stand above their mean, or in one cell beside it."""
    for table in log.tables:
        yield from _below(log, table)
        yield from _in_cells(log, table)


def _below(log: Log, table: Table) -> Iterator[Series]:
    """``arm, seed, acc`` with rows whose seed is ``mean`` and ``sd``."""
    seeds = [i for i, name in enumerate(table.header) if _SEED.match(name.strip())]
    if len(seeds) != 1 or len(table.header) < 3:
        return
    at = seeds[0]
    held: list[Row] = []
    key: tuple[str, ...] = ()
    means: dict[tuple[str, ...], tuple[Row, list[Row]]] = {}
    for row in table.rows:
        mine = tuple(cell for i, cell in enumerate(row.cells[:at]) if not numbers(cell) or i == 0)
        if mine != key and (mine and any(mine)):
            held, key = [], mine
        if _A_SEED.fullmatch(row.cells[at].strip()):
            held.append(row)
        elif _MEAN_ROW.fullmatch(row.cells[at]) and len(held) >= 2:
            means[key] = (row, list(held))
            yield from _series(log, table, at, row, held, None)
        elif _SPREAD_ROW.fullmatch(row.cells[at]) and key in means:
            yield from _series(log, table, at, *means[key], row)


def _series(log: Log, table: Table, at: int, mean: Row, values: list[Row], spread: Row | None) -> Iterator[Series]:
    for place in range(len(table.header)):
        read = [only_number(row.cells[place]) for row in values]
        said = only_number((spread or mean).cells[place])
        told = [one for one in read if one is not None]
        if place == at or said is None or len(told) != len(read) or not any(one.decimals for one in (*told, said)):
            continue
        line = log.line(values[0].line)
        signed = DIFFERENCE.search(table.header[place]) is not None
        yield Series(
            table.header[place], tuple(told), None if spread else said, said if spread else None, len(told), line,
            log.line((spread or mean).line), signed, table.section, whole=len(told) > 2,
        )  # fmt: skip


def _in_cells(log: Log, table: Table) -> Iterator[Series]:
    """A column whose cells list the values, with one column of means, and perhaps one of spreads."""
    names = [name.replace("_", " ") for name in table.header]
    lists = [i for i, name in enumerate(names) if _LIST_COLUMN.search(name) and not ENDS.search(name)]
    lists = [i for i in lists if any(len(numbers(row.cells[i])) >= 2 for row in table.rows)]
    lists = lists or [i for i in range(len(names)) if all(len(_listed(row.cells[i]) or ()) > 2 for row in table.rows)]
    means = [i for i, name in enumerate(table.header) if MEAN.search(name) and i not in lists]
    spreads = [
        i for i, name in enumerate(table.header) if SPREAD.search(name) and not MEAN.search(name) and i not in lists
    ]
    if len(lists) != 1 or len(means) != 1 or len(spreads) > 1:
        return
    read = [(row, _listed(row.cells[lists[0]]), numbers(row.cells[means[0]])) for row in table.rows]
    told = [(row, values, found) for row, values, found in read if values is not None and found]
    holds = sum(right(found[0], values) for _, values, found in told)
    whole = len(told) >= 2 and len(told) - holds <= (1 if holds >= 2 else 0)
    if not whole and not any(_LIST_COLUMN.search(names[i]) for i in lists):
        return  # values of another thing, since their means are none of theirs
    for row, values, found in told:
        sd = only_number(row.cells[spreads[0]]) if spreads else next((n for n in found[1:] if n.spread), None)
        line = log.line(row.line)
        signed = DIFFERENCE.search(table.header[lists[0]]) is not None
        yield Series(
            row.cells[0], values, found[0], sd, len(values), line, line, signed, table.section, sure=whole, whole=whole,
            closed=whole and len(values) > 2,
        )  # fmt: skip


def _listed(cell: str) -> tuple[Number, ...] | None:
    found = numbers(cell)
    rest = cell
    for one in reversed(found):
        rest = rest[: one.start] + rest[one.end :]
    plain = len(found) >= 2 and not re.search(r"\w", rest) and any(n.decimals for n in found)
    return found if plain and len({n.unit for n in found}) == 1 and not any(n.spread for n in found) else None
