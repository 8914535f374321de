"""What each arm reached over its repeats, from whatever form it is told in: lists, tables, records, fields of data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from evenhand.audit.text.log import Leaf, Log, Table, only_number, per_log
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.passages import passages_of
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.repeats import REPEAT
from evenhand.audit.told.repeats.averaged import role_of
from evenhand.audit.told.repeats.groups import APART, groups_of, one_thing
from evenhand.audit.told.repeats.indexed import frame_of, index_of, of_repeats
from evenhand.audit.told.repeats.said_counts import repeats_said

COUNT_NAME = Pattern(
    rf"^\W*(?:n|(?:n[_ .-]?|num(?:ber)?[_ ]?(?:of[_ ])?|#\s?){REPEAT}|{REPEAT} (?:counted|used)|"
    r"seeds|runs|reps|repeats|repetitions|replicates|trials|restarts|reruns|inits|trainings|folds|splits|draws|"
    r"startwerte|läufe|wiederholungen|graines|essais|répétitions|semillas|repeticiones|"
    r"сиды|зёрна|зерна|прогоны|прогонов|запуски|запусков|种子数|次数)\W*$",
    re.IGNORECASE,
)
"""A name of a field or a column that counts repeats."""

_NO_METRIC = Pattern(
    r"(?<![^\W_])(?:epochs?|steps?|iters?|minutes?|min|hours?|h|gpu\w*|time|lr|batch\w*|params?|tokens?|seconds?|kb|mb|"
    r"gb|id|sha|layers?|dims?|size|width|cost\w*|usd|minuten|stunden|часов|шагов|pas|ddof)(?![^\W_])",
    re.IGNORECASE,
)
_PLUS_MINUS = Pattern(r"\s*%?\s*(?:±|\+/?-|\+-|\((?:sd|std)\W*)\s*", re.IGNORECASE)
_MOST = 64


@dataclass(frozen=True)
class Over:
    """The result of one arm over repeats.

    Attributes:
        name: of the arm; empty where it is not told.
        count: how many repeats.
        values: one per repeat; empty where only mean and spread are told.
        mean, sd: as printed, or of the values.
        first, last: numbers of the lines where it stands.
        section: as for lines.
        where: the table, the sentence or the object that holds it, for arms that are told together.
        way: of data in JSON, the steps to it.
        repeated: whether the text says in so many words that these are repeats.
        alone: whether nothing but a name and these values stands in their sentence.
    """

    name: str
    count: int
    values: tuple[float, ...]
    mean: float | None
    sd: float | None
    first: int
    last: int
    section: int
    where: str
    way: tuple[str | int, ...] = ()
    repeated: bool = True
    alone: bool = True


def _of_values(
    name: str,
    values: Sequence[Number],
    first: int,
    last: int,
    section: int,
    where: str,
    way: tuple[str | int, ...] = (),
    repeated: bool = True,
) -> Over:
    told = tuple(one.value for one in values)
    mean = sum(told) / len(told)
    sd = (sum((one - mean) ** 2 for one in told) / (len(told) - 1)) ** 0.5 if len(told) > 1 else None
    return Over(name, len(told), told, mean, sd, first, last, section, where, way, repeated)


@per_log
def arms_over(log: Log) -> tuple[Over, ...]:
    """All of a log, in the order of their lines."""
    found = [
        *_in_words(log),
        *_summarised(log),
        *(one for table in log.tables for one in _in_table(log, table)),
        *_in_fields(log),
    ]
    return tuple(sorted(found, key=lambda one: one.last))


def _in_words(log: Log) -> Iterator[Over]:
    for group in groups_of(log):
        one = _of_values(
            group.label,
            group.values,
            group.line.number,
            group.last,
            group.section,
            f"words {group.section}",
            (),
            group.repeated,
        )
        yield replace(one, alone=group.sentence is None or len(group.sentence.numbers) <= len(group.values) + 1)


def _summarised(log: Log) -> Iterator[Over]:
    """A mean with its spread in a sentence that says how many repeats: ``with it (3 seeds): 61.2 ± 2.8``."""
    for passage in passages_of(log):
        for sentence in passage.sentences:
            counts = repeats_said(sentence.text)
            if len(counts) != 1 or passage.kind == "heading" or not 2 <= counts[0] <= _MOST:
                continue
            for mean, sd in pairwise(sentence.numbers):
                between = sentence.text[mean.end : sd.start]
                if (sd.spread or _PLUS_MINUS.fullmatch(between)) and not mean.spread and 0 < sd.value < abs(mean.value):
                    at = sentence.line_at(mean.start).number
                    name = sentence.text[: mean.start].strip()[-40:]
                    yield Over(
                        name, counts[0], (), mean.value, sd.value, at, at, passage.section, f"words {passage.section}"
                    )


def _in_table(log: Log, table: Table) -> Iterator[Over]:
    where = f"table {table.line}"
    roles = [role_of(name) for name in table.header]
    running = [i for i, name in enumerate(table.header) if index_of(name) is not None and not roles[i]]
    frame = frame_of([table.header[i] for i in running]) if len(running) >= 2 else None
    if frame is not None and (of_repeats(frame, table.before) or frame == "#"):
        for row in table.rows:
            read = [only_number(row.cells[i]) for i in running]
            told = [one for one in read if one is not None]
            if len(told) == len(read) and one_thing(told, APART):
                yield _of_values(row.cells[0], told, row.line, row.line, table.section, where)
        return
    at = _label(table)
    if at is not None:
        yield from _down(table, at, where)


def _label(table: Table) -> int | None:
    """The column that names the repeats."""
    for i, name in enumerate(table.header):
        cells = [row.cells[i].strip() for row in table.rows]
        running = [int(cell) for cell in cells if cell.isdecimal()]
        counted = COUNT_NAME.match(name) and not (
            len(running) > 2 and running == list(range(running[0], running[0] + len(running)))
        )
        named = of_repeats(f"{name.lower()} #") and not counted and re.search(r"\w{3}", name)
        if named and sum(index_of(cell) is not None for cell in cells) >= 2 and not any("." in cell for cell in cells):
            return i
    return None


def _down(table: Table, at: int, where: str) -> Iterator[Over]:
    rows = [row for row in table.rows if index_of(row.cells[at]) is not None and not role_of(row.cells[at])]
    keys = [
        i
        for i in range(len(table.header))
        if i != at
        and all(row.cells[i].strip() and only_number(row.cells[i]) is None for row in rows)
        and len({row.cells[i] for row in rows}) < len(rows)
    ]
    arms = dict.fromkeys(tuple(row.cells[i] for i in keys) for row in rows)
    for arm in arms:
        mine = [row for row in rows if tuple(row.cells[i] for i in keys) == arm]
        if len({row.cells[at] for row in mine}) != len(mine):
            continue
        for place, name in enumerate(table.header):
            read = [only_number(row.cells[place]) for row in mine]
            told = [one for one in read if one is not None]
            if (
                place != at
                and place not in keys
                and len(told) == len(mine)
                and not _NO_METRIC.search(name)
                and not role_of(name)
            ):
                label = " ".join([*arm, name]) if keys else name
                yield _of_values(
                    label, told, mine[0].line, mine[-1].line, table.section, f"{where} {name if keys else ''}"
                )


def _in_fields(log: Log) -> Iterator[Over]:
    """Lists of numbers in JSON, and records with a mean, a spread and a number of repeats."""
    lists: dict[tuple[str | int, ...], list[Leaf]] = {}
    fields: dict[tuple[str | int, ...], list[Leaf]] = {}
    for leaf in log.leaves:
        if leaf.path and isinstance(leaf.path[-1], int):
            lists.setdefault(leaf.path[:-1], []).append(leaf)
        elif leaf.path:
            fields.setdefault(leaf.path[:-1], []).append(leaf)
    for way, held in lists.items():
        read = [leaf.number for leaf in held]
        told = [one for one in read if one is not None]
        name = " ".join(str(step) for step in way if isinstance(step, str))
        own = str(way[-1]) if way else ""
        if (
            len(told) != len(read)
            or not 1 <= len(told) <= _MOST
            or COUNT_NAME.match(own)
            or _NO_METRIC.search(own)
            or not any(n.decimals or n.value >= 10 for n in told)
        ):
            continue
        yield _of_values(name, told, held[0].line, held[-1].line, -1, f"fields {way[:-2]}", way, False)
    for way, held in fields.items():
        named = {str(leaf.path[-1]): leaf for leaf in held if leaf.number is not None}
        counts = [leaf.number for name, leaf in named.items() if COUNT_NAME.match(name) and leaf.number]
        means = [leaf.number for name, leaf in named.items() if role_of(name) == "mean" and leaf.number]
        sds = [leaf.number for name, leaf in named.items() if role_of(name) == "spread" and leaf.number]
        if len(counts) == len(means) == len(sds) == 1 and 1 <= counts[0].value <= 200:
            word = next((leaf.value for leaf in held if leaf.word), str(way[-1]) if way else "")
            yield Over(
                word,
                int(counts[0].value),
                (),
                means[0].value,
                sds[0].value,
                held[0].line,
                held[-1].line,
                -1,
                "fields ()",
                way,
            )


def counts_in_fields(log: Log) -> Iterator[tuple[tuple[str | int, ...], int, int]]:
    """The way to an object, the number of repeats that it counts or lists, and the line."""
    lists: dict[tuple[str | int, ...], list[Leaf]] = {}
    for leaf in log.leaves:
        if leaf.path and isinstance(leaf.path[-1], int) and len(leaf.path) > 1:
            lists.setdefault(leaf.path[:-1], []).append(leaf)
        elif (
            leaf.path and COUNT_NAME.match(str(leaf.path[-1])) and leaf.number is not None and not leaf.number.decimals
        ):
            yield leaf.path[:-1], int(leaf.number.value), leaf.line
    for way, held in lists.items():
        if COUNT_NAME.match(str(way[-1])) and all(leaf.number is not None for leaf in held):
            yield way[:-1], len(held), held[0].line
