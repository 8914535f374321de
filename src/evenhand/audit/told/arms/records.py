"""Rows that are results of arms over seeds: which column names the arm, which the seed, which the baseline is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evenhand.audit.text.log import Log, Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import ARM, BASE, SEED

_ARM_TOO = Pattern(
    r"^(?:arms?|systems?|setups?|names?|labels?|settings?|varianten?|policy|agents?|encoders?|losses|losstype|"
    r"experiments?|exp|run[ _]?names?|methods?|models?|variants?|conditions?)$",
    re.IGNORECASE,
)
NO_RESULT = Pattern(
    r"^(?:run|id|idx|index|row|step|epoch|date|time|timestamp|file|path|git|commit|sha|port|gpu|host|pid|version|line|"
    r"year|day)s?$|^(?:config|params|args|hparams|hyper ?param\w*|settings|options) |"
    r"(?:^|[ _])(?:seed|id|lr|learning rate|drop rate|dim|width|depth|layers|heads|batch|size|params|parameters|rank|"
    r"alpha|beta|gamma|temperature|steps|epochs|iters|iterations|updates|tokens|examples|tokens m|n|total|items|"
    r"queries|questions|count|budget|warmup|dropout|(?:run ?)?time(?: s| sec| ms| min)?|duration|latency(?: m?s)?|"
    r"elapsed|sec|(?:memory|vram)(?: gb| mb)?|pairs|length|len|k|bits|seconds|hours|minutes|cost|price|"
    r"pool|repeats|workers|threads|jobs|gpus|nodes|chars|characters|words|lines|(?:ko|en|lang\w*) ratio)$",
    re.IGNORECASE,
)
"""Columns of settings, counts and amounts."""

DELTA = Pattern(
    r"(?:^|[ _])(?:Δ|delta|diff|difference|gain|improvement|change|d)(?:$|[ _])|^Δ|^(?:vs|over|against)[ _]",
    re.IGNORECASE,
)
"""Columns of differences."""

_MARKED = Pattern(r"\W*(?:the )?baseline\b", re.IGNORECASE)
_CHOOSES = Pattern(
    r"(?<![a-z])(?:polic(?:y|ies)|selector|router|routed|switch\w*|picked|picker|adaptive|auto|hybrid|cascade)(?![a-z])",
    re.IGNORECASE,
)
SAME_RUN = Pattern(
    r"\b(?:(?:the )?same (?:run|runs|job|checkpoint|numbers?|rows?|model|as (?:run|row|r\d|above|line))|identical "
    r"(?:run|to)|same ?as|once more|repeated|listed again|once again|duplicates?|copied|copy of|as on|as above|see "
    r"above|as (?:in|for) (?:run|row|r\d)|re-?listed|alias|shown twice|listed twice|same id|for (?:the )?(?:plot|"
    r"reference|comparison|table)|reprint\w*|carried over|taken from|re-?used|by (?:construction|design|definition)|"
    r"sama (?:persis )?dengan|identisch mit|identique à|idéntic[oa] a|"
    r"equals? (?:the )?baseline because|same run id|expected to be (?:identical|equal|the same))\b",
    re.IGNORECASE,
)
"""What declares that a row is the same run as another, or equal on purpose."""


@dataclass(frozen=True)
class Records:
    """A table of results.

    Attributes:
        table: the rows.
        arm: place of the column that names the arm.
        seed: place of the column of seeds; None where there is none.
        groups: rows of each arm by name, in their order.
    """

    table: Table
    arm: int
    seed: int | None
    groups: dict[str, tuple[Row, ...]]

    def results(self) -> list[int]:
        """Places of the columns of results: numbers, and no settings, counts of items or amounts."""
        places = []
        for place, name in enumerate(self.table.header):
            plain = re.sub(r"[\-._ ]+", " ", name.replace("_", " ")).strip()
            if place in (self.arm, self.seed) or NO_RESULT.search(plain):
                continue
            if any(one is not None for one in self.table.columns[place]):
                places.append(place)
        return places

    def value(self, row: Row, place: int) -> Number | None:
        """The number in a cell."""
        return only_number(row.cells[place])

    def of_seed(self, arm: str, row: Row) -> Row | None:
        """The row of an arm on the seed of another row; its only row where nothing tells seeds apart."""
        rows = self.groups[arm]
        if self.seed is None:
            return rows[0] if len(rows) == 1 else None
        found = [one for one in rows if one.cells[self.seed] == row.cells[self.seed]]
        return found[0] if len(found) == 1 else None


def names_arms(table: Table) -> bool:
    """Whether the first column of a table names arms."""
    return bool(table.header) and any(one.match(table.header[0].strip()) for one in (ARM, _ARM_TOO))


@lru_cache(maxsize=512)
def records_in(table: Table) -> Records | None:
    """A table as results of arms; None where it shows none."""
    header = [name.strip() for name in table.header]
    arms = [i for i, name in enumerate(header) if ARM.match(name)] or [
        i for i, name in enumerate(header) if _ARM_TOO.match(name)
    ]
    seeds = [i for i, name in enumerate(header) if SEED.match(name)]
    if not arms and not seeds and header and _names_all(table):
        arms = [0]
    if not arms or len(seeds) > 1 or not 2 <= len(table.rows) <= 2000:
        return None
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        if row.cells[arms[0]].strip():
            groups.setdefault(row.cells[arms[0]], []).append(row)
    if not 2 <= len(groups) <= 100 or (not seeds and any(len(rows) > 1 for rows in groups.values())):
        return None
    return Records(table, arms[0], seeds[0] if seeds else None, {name: tuple(rows) for name, rows in groups.items()})


def is_arm(name: str) -> bool:
    """Whether the name of a column says that it names arms."""
    return ARM.match(name.strip()) is not None or _ARM_TOO.match(name.strip()) is not None


def _names_all(table: Table) -> bool:
    """Whether the first column holds a name of its own for each row."""
    names = [row.cells[0].strip() for row in table.rows]
    return len(set(names)) == len(names) and all(re.match(r"[^\W\d]", name) for name in names)


def records_of(log: Log) -> list[Records]:
    """The tables of a log that are results of arms."""
    return [found for table in log.tables if (found := records_in(table)) is not None]


def baseline_of(records: Records, column: str = "") -> str | None:
    """The baseline: named by a column of differences, called so, or marked so in another cell of its rows."""
    plain = re.sub(r"[_\-]+", " ", column.lower())
    against = re.search(r"\b(?:vs|versus|over|against|to|from|minus)\s+(.+)$", plain)
    if against is not None:
        for name in records.groups:
            if re.sub(r"[_\-]+", " ", name.lower()).strip() == against[1].strip():
                return name
    named = [name for name in records.groups if BASE.match(name.strip())]
    if len(named) == 1:
        return named[0]
    marked = [
        name for name, rows in records.groups.items()
        if any(_MARKED.match(cell) for row in rows for cell in row.cells if not numbers(cell))
    ]  # fmt: skip
    return marked[0] if len(marked) == 1 else None


def chooses(one: str, other: str) -> bool:
    """Whether one of two arms, by its name, picks among others: where it picked one, it has that one's results."""
    return (_CHOOSES.search(one) is None) != (_CHOOSES.search(other) is None)


def declared_same(logs: list[Log], log: Log, rows: list[Row], names: list[str]) -> bool:
    """Whether a row, a line near its table, or a line that names its arm says that it is the same run."""
    numbers_of = {row.line for row in rows}
    if any(SAME_RUN.search(log.line(at).body) for at in numbers_of if at in log.by_number):
        return True
    if not log.data:
        last = log.by_number[max(numbers_of)]
        near = [line for line in log.lines[max(0, last - 25) : last + 14] if line.kind in ("prose", "bullet")]
        if any(SAME_RUN.search(line.body) and re.search(r"\brows?\b|\bruns?\b|\btable\b", line.low) for line in near):
            return True
    wanted = [name.strip().lower() for name in names if len(name.strip()) >= 3]
    return any(
        SAME_RUN.search(line.body) and any(name in line.low for name in wanted)
        for other in logs if not other.data or other is not log
        for line in other.spoken()
    )  # fmt: skip
