"""What arms could spend, as tables, records and sentences tell it: steps, epochs, tokens, time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.changes import changes_of, readings
from evenhand.audit.log import Line, Log, Row, Table
from evenhand.audit.numbers import SECONDS, Number
from evenhand.audit.seed_rows import paired_rows

_COLUMN = re.compile(
    r"^(?:(?:training|train|fine-?tun(?:e|ing)|pre-?train(?:ing)?|optimi[sz]er|gradient|max|total|num|number of|n|#) )*"
    r"(?:steps|epochs|iters|iterations|updates|tokens|budget|train(?:ing)? time|time|wall ?-?clock|gpu ?-?h(?:ou)?rs?|"
    r"time budget|pairs|compute|flops|seconds|minutes|hours)\b",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"\b(?:to|until|per|eval\w*|infer\w*|latency|decod\w*|warm\w*|best|first|speed\w*|saved?|throughput|new|context|"
    r"generated|output|prompt|response|episode|stop\w*|conver\w*|load\w*|at|left|eta)\b|/",
    re.IGNORECASE,
)
_TIME = re.compile(r"time|clock|hours|hrs|minutes|seconds|compute|flops|gpu", re.IGNORECASE)
_TOLD = re.compile(r"budget", re.IGNORECASE)
_BY_NAME = re.compile(
    r"\b(?:longer|extended|more (?:steps|epochs|tokens|data|compute)|"
    r"\d+[kKMB]?[- ]?(?:steps?|epochs?|tokens?|iters?|ep)|"
    r"(?:steps?|epochs?|tokens?|budget)\s*[=:x×]?\s*\d|\d(?:\.\d+)?\s?[x×]|[x×]\s?\d)\b",
    re.IGNORECASE,
)
"""Rows whose very name is the budget: there it is what is studied."""

_AGAINST = re.compile(
    r"^(?:(?:Δ|delta|gain|diff\w*) )?(?:vs\.?|over|against) (?:the )?(\w.*?)(?: \(.*\))?$", re.IGNORECASE
)
BASE_ROW = re.compile(r"(?<![a-z])(?:baseline|base|control|vanilla)(?![a-z])", re.IGNORECASE)
DELTA_COLUMN = re.compile(r"^(?:Δ|delta|gain|improv\w*|diff\w*)(?:[^a-z]|$)|^(?:vs|over|against)\b", re.IGNORECASE)
_AMOUNT = re.compile(
    r"\s*(?:training |gradient |optimi[sz]er |train )?(steps?|epochs?|tokens?|iterations?|iters?|updates?)\b",
    re.IGNORECASE,
)
_AWARE = re.compile(
    r"\b(?:same|equal\w*|match\w*|iso-?\w*|normali[sz]ed|faster|slower|speed\w*|fewer|less|"
    r"reach\w*|needs?|needed|instead|longer|"
    r"unequal|unfair|not comparable|incomparable|caveat|differ\w*|extra|additional|"
    r"more (?:steps|epochs|tokens|compute|time)|"
    r"budgets?|budget-\w+|resum\w+|continu\w+|scal\w+|extend\w*)\b",
    re.IGNORECASE,
)
_GAIN = re.compile(
    r"\b(?:gains?|improvement|better|lead|advantage|delta|diff\w*|ahead)\b[^\d;.]{0,12}$|Δ\s*=?\s*$", re.IGNORECASE
)
_RIVAL = re.compile(
    r"\b(?:over|vs\.?|versus|above|than|against|compared (?:to|with))\s+(?:the\s+)?(.{2,40}?)\s*(?:[),;:]|\.(?:\s|$)|$)"
)
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
    """

    arm: str
    delta: Number | None
    amount: float
    base_amount: float
    unit: str
    line: int
    base_line: int
    compared: bool = True


def plain_name(name: str) -> str:
    """The name of a column with blanks for underscores."""
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())


def is_budget(name: str) -> bool:
    """Whether a column gives what was spent in training, not what was measured."""
    name = plain_name(name)
    rest = re.sub(r"\(.*?\)", "", name)
    return _COLUMN.match(rest) is not None and _OUTCOME.search(rest) is None


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
    place = budgets[0]
    amounts = table.columns[place]
    if len(deltas) == 1:
        base = base_row(table, deltas[0])
        if base is None or not _of_results(table, base, deltas[0], place):
            return
        least = amounts[table.rows.index(base)]
        for row, amount, delta in zip(table.rows, amounts, table.columns[deltas[0]], strict=True):
            if row is not base and delta is not None and delta.value and _more(table, place, amount, least, row):
                assert amount is not None
                assert least is not None
                yield Unequal(row.cells[0], delta, amount.value, least.value, table.header[place], row.line, base.line)
    elif not deltas:
        yield from _best_row(table, place)


def _of_results(table: Table, base: Row, delta: int, budget: int) -> bool:
    """Whether some row's difference is that of a column of results: differences of sizes or costs are no gains."""
    at = table.rows.index(base)
    for place in range(1, len(table.header)):
        start = table.columns[place][at]
        if place in (delta, budget) or start is None or is_budget(table.header[place]):
            continue
        for value, change in zip(table.columns[place], table.columns[delta], strict=True):
            if value is None or change is None or not change.value or not value.decimals:
                continue
            slack = value.slack + start.slack + change.slack
            absolute = abs(value.value - start.value - change.value)
            relative = abs(100 * (value.value / start.value - 1) - change.value) if start.value else slack + 1
            points = abs(100 * (value.value - start.value) - change.value)
            if absolute <= slack or (change.unit in ("%", "pp") and min(relative, points) <= 2 * change.slack):
                return True
    return False


def _more(table: Table, place: int, amount: Number | None, least: Number | None, row: Row) -> bool:
    """Whether a row could spend more; times that a clock measured count only where they are round budgets."""
    if amount is None or least is None or amount.unit != least.unit or amount.low <= least.high * MORE:
        return False
    if _BY_NAME.search(row.cells[0]):
        return False
    if _TIME.search(table.header[place]) and not _TOLD.search(table.header[place]):
        same = sum(one is not None and one.value == least.value for one in table.columns[place])
        return same >= 2
    return True


def _best_row(table: Table, place: int) -> Iterator[Unequal]:
    """The only row in bold, where all others have one smaller budget."""
    bold = [row for row in table.rows if row.bold - {0, place}]
    amounts = dict(zip((row.line for row in table.rows), table.columns[place], strict=True))
    if len(bold) != 1 or len(table.rows) < 3:
        return
    mine = amounts[bold[0].line]
    others = [amounts[row.line] for row in table.rows if row is not bold[0]]
    if len({one.value if one else None for one in others}) == 1 and _more(table, place, mine, others[0], bold[0]):
        assert mine is not None
        assert others[0] is not None
        first = next(row for row in table.rows if row is not bold[0])
        yield Unequal(
            bold[0].cells[0], None, mine.value, others[0].value, table.header[place], bold[0].line, first.line, False
        )


def in_records(table: Table) -> Iterator[Unequal]:
    """Arms of records over seeds whose steps, epochs or tokens are all more than the baseline's."""
    budgets = [
        i
        for i, name in enumerate(table.header)
        if is_budget(name) and not _TIME.search(name.replace("time_budget", ""))
    ]
    arms: set[str] = set()
    for one in paired_rows(table):
        if one.base_row is None or one.arm in arms or _BY_NAME.search(one.arm.replace("_", " ")):
            continue
        at = one.row.cells.index(one.arm)
        for place in budgets:
            mine, base = ({
                value.value if value else None
                for row, value in zip(table.rows, table.columns[place], strict=True)
                if row.cells[at] == name
            } for name in (one.arm, one.baseline))  # fmt: skip
            more, less = (found.pop() if len(found) == 1 else None for found in (mine, base))
            if more is not None and less is not None and more > MORE * less:
                arms.add(one.arm)
                yield Unequal(one.arm, None, more, less, table.header[place], one.row.line, one.base_row.line, False)
                break


def amounts_in(line: Line) -> list[tuple[Number, str, float]]:
    """What a line says was spent: the number, its unit in the singular, and the amount; time in seconds."""
    found = []
    for number in line.numbers:
        after = _AMOUNT.match(line.body, number.end)
        if number.signed or number.spread or number.about:
            continue
        if after is not None and not number.unit:
            if not re.search(
                r"\b(?:at|by|every|per|step|epoch|of|first|last)\s*$", line.body[: number.start], re.IGNORECASE
            ):
                found.append((number, after[1].lower().rstrip("s"), number.value))
        elif number.unit in SECONDS and number.unit not in ("ms", "m", "d"):
            found.append((number, "second", number.value * SECONDS[number.unit]))
    return found


def in_text(log: Log) -> Iterator[Unequal]:
    """``trained for 600M tokens, baseline 200M tokens, 2.431 -> 2.318 (-0.113)``; two bullets."""
    for line in log.spoken():
        amounts = amounts_in(line)
        if not amounts or _AWARE.search(line.body):
            continue
        if len(amounts) == 2 and amounts[0][1] == amounts[1][1]:
            yield from _in_line(log, line, amounts)
        elif len(amounts) == 1:
            yield from _beside(log, line, amounts[0])


def _in_line(log: Log, line: Line, amounts: list[tuple[Number, str, float]]) -> Iterator[Unequal]:
    """Two amounts in a line: one of the baseline, or each beside a result whose difference is printed."""
    (first, unit, one), (second, _, other) = amounts
    changes = [change for change in changes_of(log) if change.line is line and readings(change)]
    between = line.body[first.end : second.start]
    if len(changes) == 1:
        left = re.search(r"(?<![a-z])baseline(?![a-z])[^;,]{0,30}$", line.body[: first.start], re.IGNORECASE)
        right = re.search(r"[,;(]\s*[^,;]{0,20}(?<![a-z])baseline(?![a-z])[^;,]{0,30}$", between, re.IGNORECASE)
        if (left is None) == (right is None):
            return
        base, mine = (one, other) if left is not None else (other, one)
        if mine > MORE * base:
            yield Unequal("", changes[0].delta, mine, base, unit + "s", line.number, line.number)
        return
    parts = re.split(r";\s+", line.body)
    if len(parts) != 2 or one * MORE >= other or ";" not in between:
        return
    results = [n for n in line.numbers if n.decimals >= 2 and not n.signed and not n.spread and n.unit in ("", "%")]
    if len(results) != 3 or results[1].start < len(parts[0]) or results[0].end > len(parts[0]):
        return
    if _GAIN.search(line.body[: results[2].start]) is None:
        return
    slack = sum(n.slack for n in results)
    if abs(abs(results[1].value - results[0].value) - results[2].value) <= slack:
        yield Unequal("", results[2], other, one, unit + "s", line.number, line.number)


def _beside(log: Log, line: Line, amount: tuple[Number, str, float]) -> Iterator[Unequal]:
    """A bullet with a difference over another bullet that it names, which had less."""
    deltas = [n for n in line.numbers if n.signed and not n.spread]
    values = _results(line)
    if line.kind != "bullet" or len(deltas) != 1 or len(values) != 1:
        return
    rival = _RIVAL.search(line.body, deltas[0].end)
    if rival is None:
        return
    place = log.by_number[line.number]
    for other in log.lines[max(0, place - 8) : place]:
        theirs, base = _results(other), amounts_in(other)
        if (other.kind, other.section, other.parent) != ("bullet", line.section, line.parent) or len(theirs) != 1:
            continue
        if len(base) != 1 or base[0][1] != amount[1] or amount[2] <= MORE * base[0][2]:
            continue
        label = other.body.split(":")[0].strip().lower()
        slack = values[0].slack + theirs[0].slack + deltas[0].slack
        if label == rival[1].strip().lower() and abs(values[0].value - theirs[0].value - deltas[0].value) <= slack:
            name = line.body.split(":")[0].strip()
            yield Unequal(name, deltas[0], amount[2], base[0][2], amount[1] + "s", line.number, other.number)


def _results(line: Line) -> list[Number]:
    """Results of a bullet: numbers after its colon with digits after the point."""
    colon = line.body.find(":")
    return [
        n for n in line.numbers
        if n.start > colon >= 0 and n.decimals >= 2 and not n.signed and not n.spread and n.unit in ("", "%")
    ]  # fmt: skip
