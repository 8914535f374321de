"""Records of which one sums up others: a row of JSON lines with fields for a mean and a spread below those of seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, right
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.own_words import nothing_new
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.seeds.series import Series
from evenhand.audit.told.seeds.stated import kind_said

_COUNT = Pattern(r"(?i)^(?:n|n_?(?:seeds|runs)|seeds|runs|num_?(?:seeds|runs)|count)$")
_SEED = Pattern(r"(?i)^(?:random_?)?(?:seed|run|replicate|trial|fold|rep)(?:_?(?:id|no|nr|number|idx))?$")
_NAMED = 3


def recorded(log: Log) -> Iterator[Series]:
    """Series of tables whose records do not have the same fields."""
    if not log.data:
        return
    for table in log.tables:
        seeds = [i for i, name in enumerate(table.header) if _SEED.match(name) and not _COUNT.match(name)]
        seeds = [i for i in seeds if "seed" in table.header[i].lower()] or seeds
        roles = {i: role for i, name in enumerate(table.header) if (role := role_of(name.replace(".", " ")))}
        if len(seeds) == 1 and any(role in ("mean", "spread") for role in roles.values()):
            for row in table.rows:
                yield from _of_row(log, table, row, seeds[0], roles)


def _of_row(log: Log, table: Table, row: Row, seed: int, roles: dict[int, str]) -> Iterator[Series]:
    if row.cells[seed].strip() or not any(row.cells[i].strip() for i in roles):
        return
    mean, sd = (_one(row, [i for i, role in roles.items() if role == wanted]) for wanted in ("mean", "spread"))
    above = [r for r in table.rows if r.cells[seed].strip() and r.line < row.line]
    mine = _of_arm(table, row, above)
    count = next(
        (n for i, name in enumerate(table.header) if _COUNT.match(name) and (n := only_number(row.cells[i]))), None
    )
    if len({r.cells[seed] for r in mine}) != len(mine) or len(mine) < 2 or (count and count.value != len(mine)):
        return
    made: list[tuple[Number, ...]] = []
    names_of: dict[tuple[Number, ...], str] = {}
    for place in range(len(table.header)):
        read = [only_number(r.cells[place]) for r in mine]
        values = tuple(one for one in read if one is not None)
        if place != seed and place not in roles and len(values) == len(mine) and len({n.value for n in values}) > 1:
            made.append(values)
            names_of[values] = table.header[place]
    fits = [one for one in made if mean is None or right(mean, one)] or (made if len(made) == 1 else [])
    if len(fits) == 1 and (mean or sd):
        names = [table.header[i] for i, role in roles.items() if role == "spread"]
        ddof = [f"{name}={row.cells[i]}" for i, name in enumerate(table.header) if "ddof" in name.lower()]
        stated = kind_said(" ".join([*names, *ddof]).replace("_", " "))
        line = log.line(row.line)
        means = " ".join(table.header[i] for i, role in roles.items() if role == "mean" and row.cells[i].strip())
        whole = count is not None and len(mine) > 2 and nothing_new(means, names_of[fits[0]], len(mine))
        yield Series(
            "", fits[0], mean, sd, len(mine), log.line(mine[0].line), line, False, -1, None, stated, True, whole=whole
        )


def _one(row: Row, places: Sequence[int]) -> Number | None:
    told = [one for i in places if (one := only_number(row.cells[i])) is not None]
    return told[0] if len(told) == 1 else None


def _of_arm(table: Table, row: Row, above: Sequence[Row]) -> list[Row]:
    """The records that a summary names by a word of theirs; all of them where they are of one arm."""
    words = {cell.strip() for cell in row.cells if len(cell.strip()) >= _NAMED and only_number(cell) is None}
    named = [
        [r for r in above if r.cells[i].strip() in words]
        for i in range(len(table.header))
        if len({r.cells[i].strip() for r in above}) > 1
    ]
    named = [one for one in named if 1 < len(one) < len(above)]
    if named:
        return named[0] if len(named) == 1 else []
    words_of = [
        {r.cells[i].strip() for r in above}
        for i in range(len(table.header))
        if above and all(r.cells[i].strip() and only_number(r.cells[i]) is None for r in above)
    ]
    return list(above) if not any(1 < len(one) < len(above) for one in words_of) else []
