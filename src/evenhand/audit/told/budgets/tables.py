"""What arms could spend, as tables and records tell it: steps, epochs, tokens, time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Row, Table, only_number
from evenhand.audit.text.numbers import Number, numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.text.vocabulary.amounts import OF_DATA
from evenhand.audit.told.arms.by_seed import ARM, paired_rows
from evenhand.audit.told.arms.records import NO_RESULT

_COLUMN = Pattern(
    r"^(?:(?:training|train|fine-?tun(?:e|ing)|pre-?train(?:ing)?|optimi[sz]er|gradient|max|total|num|number of|n|#) )*"
    r"(?:steps|epochs|iters|iterations|updates|tokens|budget|train(?:ing)? time|time|wall ?-?clock|gpu ?-?h(?:ou)?rs?|"
    r"time budget|pairs|compute|flops|seconds|minutes|hours)\b",
    re.IGNORECASE,
)
_OUTCOME = Pattern(
    r"\b(?:to|until|per|eval\w*|infer\w*|latency|decod\w*|warm\w*|best|first|speed\w*|saved?|throughput|new|context|"
    r"generated|output|prompt|response|max(?: new)? tokens|episode|stop\w*|conver\w*|load\w*|at|left|eta)\b|/",
    re.IGNORECASE,
)
_TIME = Pattern(r"time|clock|hours|hrs|minutes|seconds|compute|flops|gpu", re.IGNORECASE)
_TOLD = Pattern(r"budget", re.IGNORECASE)
BY_NAME = Pattern(
    r"\b(?:longer|extended|more (?:steps|epochs|tokens|data|compute)|"
    r"\d+[kKMB]?[- ]?(?:steps?|epochs?|tokens?|iters?|ep)|"
    r"(?:steps?|epochs?|ep|tokens?|budget)\s*[=:x×]?\s*\d+|e\s?[=:]\s?\d+|e\d{2,}|\d(?:\.\d+)?\s?[x×]|[x×]\s?\d)\b",
    re.IGNORECASE,
)
_AGAINST = Pattern(
    r"^(?:(?:Δ|delta|gain|diff\w*) )?(?:vs\.?|over|against) (?:the )?(\w.*?)(?: \(.*\))?$", re.IGNORECASE
)
BASE_ROW = Pattern(r"(?<![a-z])(?:baseline|base|control|vanilla)(?![a-z])", re.IGNORECASE, needs="base|control|vanilla")
_THAN_BASE = Pattern(r"\b(?:than|over|vs\.?|beats?|below|above) (?:the )?baseline\b", re.IGNORECASE, needs="baseline")
DELTA_COLUMN = Pattern(r"^(?:Δ|delta|gain|improv\w*|diff\w*)(?:[^a-z]|$)|^(?:vs|over|against)\b", re.IGNORECASE)
MORE = 1.1
"""A budget that is larger by less than this factor counts as the same."""


@dataclass(frozen=True)
class Unequal:
    """A difference between an arm and one that had less.

    Attributes:
        arm, delta: name and printed difference; empty where none is printed.
        amount, base_amount, unit: what both could spend.
        line, base_line: where they stand.
        compared: the text prints a difference between them.
        base: name of the one that it is compared with; empty where it is the baseline.
        sure: what it is compared with is called a baseline, both have results, and nothing else tells them apart.
    """

    arm: str
    delta: Number | None
    amount: float
    base_amount: float
    unit: str
    line: int
    base_line: int
    compared: bool = True
    base: str = ""
    sure: bool = True


def plain_name(name: str) -> str:
    """The name of a column with blanks for underscores."""
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())


def by_name(name: str, amount: float) -> bool:
    """Whether a row's name says its budget, in words or as the amount: ``rs012_10M``; there it is what is studied."""
    plain = name.replace("_", " ")
    return BY_NAME.search(plain) is not None or any(one.value == amount for one in numbers(plain))


def is_budget(name: str) -> bool:
    """Whether a column gives what was spent in training, not what was measured."""
    name = plain_name(name)
    rest = re.sub(r"\(.*?\)", "", name)
    counted = re.fullmatch(r"(?:n|#|num|number of) (?:\w+ )?pairs", rest.strip()) is not None  # those of a test
    return _COLUMN.match(rest) is not None and _OUTCOME.search(rest) is None and not counted


def base_row(table: Table, delta: int) -> Row | None:
    """The one row that differences are taken to: it is named so, and has none itself, or zero."""
    zero = [
        row
        for row, found in zip(table.rows, table.columns[delta], strict=True)
        if (found is None and not re.search(r"[A-Za-z0-9]", row.cells[delta]))
        or (found is not None and found.value == 0)
    ]
    against = _AGAINST.match(plain_name(table.header[delta]))
    if against is not None and len(zero) == 1 and plain_name(zero[0].cells[0]) == against[1]:
        return zero[0]
    named = [row for row in table.rows if BASE_ROW.search(row.cells[0].replace("_", " "))]
    both = [row for row in named if any(row is one for one in zero)]
    if len(both) == 1:
        return both[0]
    return named[0] if len(named) == 1 and BASE_ROW.fullmatch(named[0].cells[0].strip()) else None


def in_table(table: Table) -> Iterator[Unequal]:
    """Rows of a table with a column of budgets, and one of differences to its baseline, or a best row in bold."""
    budgets = [i for i, name in enumerate(table.header) if i and is_budget(name)]
    deltas = [i for i, name in enumerate(table.header) if DELTA_COLUMN.search(plain_name(name))]
    if len(budgets) != 1:
        return
    if OF_DATA.match(table.header[0].strip()):
        return  # its rows are no arms
    place = budgets[0]
    amounts = table.columns[place]
    if len(deltas) == 1:
        base = base_row(table, deltas[0])
        if base is None:
            return
        least = amounts[table.rows.index(base)]
        for row, amount, delta in zip(table.rows, amounts, table.columns[deltas[0]], strict=True):
            if row is not base and delta is not None and delta.value and _more(table, place, amount, least, row):
                assert amount is not None
                assert least is not None
                spent = (amount.value, least.value, table.header[place])
                result = _of_results(table, row, base, delta, place)
                yield Unequal(row.cells[0], delta, *spent, row.line, base.line, sure=result)
    elif not deltas:
        yield from _best_row(table, place)


def _of_results(table: Table, row: Row, base: Row, change: Number, budget: int) -> bool:
    """Whether a row's difference is that of its results: differences of sizes or costs are no gains."""
    for place, name in enumerate(table.header):
        value, start = (only_number(one.cells[place]) for one in (row, base))
        if (
            place == budget
            or value is None
            or start is None
            or not value.decimals
            or NO_RESULT.search(plain_name(name))
        ):
            continue
        slack = value.slack + start.slack + change.slack
        absolute = abs(value.value - start.value - change.value)
        relative = abs(100 * (value.value / start.value - 1) - change.value) if start.value else slack + 1
        points = abs(100 * (value.value - start.value) - change.value)
        if absolute <= slack or (change.unit in ("%", "pp") and min(relative, points) <= 2 * change.slack):
            return True
    return False


def apart_by(table: Table, row: Row, base: Row, budget: int) -> bool:
    """Whether two rows have results of one column, and a budget alone tells them apart, or the one names the other."""
    results, named = False, any(_THAN_BASE.search(cell) for cell in row.cells)
    if any(BY_NAME.search(cell) for cell in row.cells if only_number(cell) is None):
        return False  # the budget is what is tried
    for place, name in enumerate(table.header):
        value, start = (only_number(one.cells[place]) for one in (row, base))
        if place == budget or value is None or start is None:
            continue
        if value.value == start.value or is_budget(name):
            continue
        if NO_RESULT.search(plain_name(name)) or not (_measured(value) and _measured(start)):
            if not named:
                return False
            continue
        results = True
    return results


def _measured(one: Number) -> bool:
    """Whether a number looks like a result: it has more digits than somebody sets."""
    return bool(one.decimals or one.unit == "%") and len(f"{one.value:g}".replace(".", "").strip("-0")) >= 2


def _more(table: Table, place: int, amount: Number | None, least: Number | None, row: Row) -> bool:
    """Whether a row could spend more; times that a clock measured count only where they are round budgets."""
    if amount is None or least is None or amount.unit != least.unit or amount.low <= least.high * MORE:
        return False
    if by_name(row.cells[0], amount.value):
        return False
    if _TIME.search(table.header[place]) and not _TOLD.search(table.header[place]):
        same = sum(one is not None and one.value == least.value for one in table.columns[place])
        return same >= 2
    return True


def _best_row(table: Table, place: int) -> Iterator[Unequal]:
    """The only row in bold, where all others have one smaller budget."""
    bold = [row for row in table.rows if row.bold - {0, place}]
    amounts = dict(zip((row.line for row in table.rows), table.columns[place], strict=True))
    if len(bold) != 1 or len(table.rows) < 3 or not ARM.match(table.header[0].strip()):
        return  # rounds of one run go on from each other
    mine = amounts[bold[0].line]
    others = [amounts[row.line] for row in table.rows if row is not bold[0]]
    if any(
        one is not None and by_name(row.cells[0], one.value)
        for row, one in zip(table.rows, table.columns[place], strict=True)
    ):
        return
    if len({one.value if one else None for one in others}) == 1 and _more(table, place, mine, others[0], bold[0]):
        assert mine is not None
        assert others[0] is not None
        rivals = [row for row in table.rows if row is not bold[0]]
        based = [row for row in rivals if BASE_ROW.search(plain_name(row.cells[0]))]
        base = (based or rivals)[0]
        spent = (mine.value, others[0].value, table.header[place])
        sure = bool(based) and apart_by(table, bold[0], base, place)
        yield Unequal(bold[0].cells[0], None, *spent, bold[0].line, base.line, False, sure=sure)


def in_records(table: Table) -> Iterator[Unequal]:
    """Arms of records over seeds whose steps, epochs or tokens are all more than the baseline's."""
    budgets = [
        i
        for i, name in enumerate(table.header)
        if is_budget(name) and not _TIME.search(name.replace("time_budget", ""))
    ]
    arms: set[str] = set()
    for one in paired_rows(table):
        if one.base_row is None or one.arm in arms:
            continue
        at = one.row.cells.index(one.arm)
        for place in budgets:
            mine, base = ({
                value.value if value else None
                for row, value in zip(table.rows, table.columns[place], strict=True)
                if row.cells[at] == name
            } for name in (one.arm, one.baseline))  # fmt: skip
            more, less = (found.pop() if len(found) == 1 else None for found in (mine, base))
            if more is not None and less is not None and more > MORE * less and not by_name(one.arm, more):
                arms.add(one.arm)
                lines = (one.row.line_of(place), one.base_row.line_of(place))
                sure = apart_by(table, one.row, one.base_row, place)
                yield Unequal(one.arm, None, more, less, table.header[place], *lines, False, sure=sure)
                break
