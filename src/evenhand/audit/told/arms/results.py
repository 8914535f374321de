"""Results by name: the cells of tables and the lines of lists, as ``(name, metric)``, to be found again elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from evenhand.audit.text.log import Log, only_number, per_log
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern

_WORD = Pattern(r"[a-z0-9.@+%]+")
_COUNTED = Pattern(r"\(%\)|\[%\]|%|\(pp\)|[↑↓]")
_GENERIC = Pattern(
    r"^(?:mean|avg|average|std|total|all|seed|fold|run$|epoch|step|iter\w*|result|results|final|best|status|value|"
    r"\d|row)\b",
    re.IGNORECASE,
)
_PIECE = Pattern(r"^(?P<metric>.*?[A-Za-z)].*?)[\s=:]+(?P<value>[+\-−]?\d[\d.,]*\s?%?)\s*(?:\(.*\)|±.*)?\.?$")


@dataclass(frozen=True)
class Result:
    """A number that a log gives for one thing.

    Attributes:
        name, metric: as printed.
        value: of it.
        line: number of the line.
        group: of the table or list that it stands in.
    """

    name: str
    metric: str
    value: Number
    line: int
    group: int = 0


Key = tuple[str, str]


@per_log
def results_of(log: Log) -> dict[Key, Result]:
    """All results that have a name and a metric; those that a log gives twice with different numbers are left out."""
    found: dict[Key, Result | None] = {}
    for one in every_result(log):
        key = (plain(one.name), plain(one.metric))
        before = found.setdefault(key, one)
        if before is not None and before is not one and not agree(before.value, one.value):
            found[key] = None
    return {key: one for key, one in found.items() if one is not None}


@per_log
def every_result(log: Log) -> tuple[Result, ...]:
    """All results that have a name and a metric."""
    found = ((plain(one.name), plain(one.metric), one) for one in [*_in_tables(log), *_in_lists(log)])
    return tuple(one for name, of, one in found if of and not _GENERIC.match(name) and re.search(r"[a-z]", name))


def plain(name: str) -> str:
    """A name without case, marks and units."""
    return " ".join(_WORD.findall(_COUNTED.sub(" ", name.lower().replace("_", " "))))


def agree(one: Number, other: Number) -> bool:
    """Whether two printed numbers can be the same: as they stand, or one as a share and one in percent.

    Of two with different numbers of digits one may have been cut off in place of rounded.
    """
    cut = 2.0 if one.decimals != other.decimals else 1.0
    return any(
        abs(one.value * factor - other.value)
        <= cut * max(one.slack * factor, other.slack) + min(one.slack * factor, other.slack) * (1 + 1e-9)
        for factor in (1.0, 100.0, 0.01)
    )


def _in_tables(log: Log) -> list[Result]:
    answer = []
    for table in log.tables:
        if len({row.cells[0] for row in table.rows}) != len(table.rows):
            continue
        for place in range(1, len(table.header)):
            for row in table.rows:
                value = only_number(row.cells[place])
                if value is not None and not value.about and (value.decimals or value.unit == "%"):
                    answer.append(Result(row.cells[0], table.header[place], value, row.line, table.line))
    return answer


def _in_lists(log: Log) -> list[Result]:
    answer = []
    for line in log.spoken():
        name, colon, rest = line.body.partition(": ")
        if line.kind != "bullet" or not colon or len(name) > 60:
            continue
        for piece in re.split(r"[,;]\s+|\s\|\s", rest):
            match = _PIECE.match(piece.strip()) if re.search(r"\d", piece) else None
            values = numbers(match["value"]) if match is not None and len(match["metric"]) <= 30 else ()
            if match is not None and len(values) == 1 and values[0].decimals and not values[0].signed:
                answer.append(Result(name, match["metric"], values[0], line.number, -2 - line.section))
    return answer
