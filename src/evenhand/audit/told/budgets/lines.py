"""What each arm could spend where it is told line by line: entries of a log, settings as ``key=value``, one odd row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evenhand.audit.text.log import Line, Log, Row, Table
from evenhand.audit.text.numbers import numbers
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.budgets.beside import MUCH
from evenhand.audit.told.budgets.tables import Unequal, by_name, plain_name

_NUMBER = r"(\d[\d,]*(?:\.\d+)?\s?[kKM]?)"
_KEYS = (
    r"(?:max_(?:new_)?tokens|max_steps|train_steps|num_train_epochs|num_epochs|n_epochs|epochs|steps|max_epochs|"
    r"total_timesteps|timesteps|env_steps|time_budget|budget_s|time_limit)"
)
_KEY = Pattern(rf"(?<![\w.-]){_KEYS}\s*[=:]\s*{_NUMBER}(?![\w.]*\d)", re.IGNORECASE)
_UNIT = r"(steps?|epochs?|tokens?|updates?|iterations?|timesteps?|episodes?|frames?)"
_SPENT = Pattern(rf"(?<![\w.=]){_NUMBER}\s+{_UNIT}\b|\b(?:at|after|by)\s+(step|epoch)\s+{_NUMBER}", re.IGNORECASE)
_ENDED = Pattern(
    r"(?<!\w)(?:arm|variant|config|run|group|model)\s+(?P<arm>[A-Za-z0-9][\w-]{0,11})\s+(?:was |is |has )?"
    r"(?:done|finished|ended|completed|complete|trained|ran|converged|stopped)\b",
    re.IGNORECASE,
    needs="arm|config|group|model|run|variant",
)
_STARTED = Pattern(
    r"(?<!\w)(?:started|starting|launched|launching|start|launch|running)\s+(?:the\s+)?(?P<arm>[A-Za-z][\w.+-]{1,30})"
    r"(?=[\s,:;(])",
    re.IGNORECASE,
    needs="launch|running|start",
)
_ONLY = Pattern(r"\b(?:smoke|sanity|debug|pilot|resum\w*|crash\w*|on purpose|by design|same budget|equal)\b", re.I)
_AGAINST = Pattern(r"\b(?:vs\.?|versus|against|than|minus|over|beats?|worth|better|worse)\b", re.IGNORECASE)
_TRAINING = Pattern(
    r"^(?:train(?:ing)?|budget|time budget|wall|run|max|total|num)?[ _]?(?:s|sec|secs|seconds|min|minutes|steps|epochs|"
    r"iters|iterations|tokens|budget|budget s|time s|train s|training s|time budget s)$",
)
_STATUS = Pattern(r"^(?:status|decision|verdict|outcome)$", re.IGNORECASE)
_LEFT = Pattern(r"^(?:discard|crash|fail|reject|oom|error|skip|killed|timeout)", re.IGNORECASE)
_FEWEST, _MOSTLY = 6, 0.8


@dataclass(frozen=True)
class _Told:
    """An arm, what it spent by unit, and the line that tells it."""

    arm: str
    spent: dict[str, float]
    line: Line


def told_by_line(log: Log) -> Iterator[Unequal]:
    """``arm A done at step 4000`` and ``arm B done at step 6000``; ``started base, max_new_tokens=1024``."""
    told: dict[str, _Told] = {}
    for line in log.spoken():
        one = _of(line)
        if one is not None and one.arm not in told:
            told[one.arm] = one
    arms = list(told.values())
    for later in arms[1:]:
        for earlier in arms[: arms.index(later)]:
            unit = _odd_unit(earlier, later)
            if unit and _compared(log, earlier, later):
                yield _unequal(earlier, later, unit)
                break


def _of(line: Line) -> _Told | None:
    ended, started = _ENDED.search(line.body), _STARTED.search(line.body)
    found = ended or started
    if found is None or _ONLY.search(line.body) or "?" in line.body:
        return None
    spent: dict[str, float] = {}
    for key in _KEY.finditer(line.body):
        spent[key[0].split("=")[0].split(":")[0].strip().lower()] = _value(key[1])
    if ended is not None:
        for one in _SPENT.finditer(line.body, ended.end()):
            unit = (one[2] or one[3]).lower().rstrip("s")
            spent.setdefault(unit, _value(one[1] or one[4]))
    return _Told(_plain(found["arm"]), spent, line) if spent else None


def _value(text: str) -> float:
    found = numbers(text.strip())
    return found[0].value if found else 0.0


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name.lower())


def _odd_unit(one: _Told, other: _Told) -> str:
    """A unit in which two arms differ much, where no unit that both tell is equal."""
    both = [unit for unit in one.spent if unit in other.spent and min(one.spent[unit], other.spent[unit]) > 0]
    apart = [
        unit for unit in both
        if max(one.spent[unit], other.spent[unit]) > MUCH * min(one.spent[unit], other.spent[unit])
    ]  # fmt: skip
    return apart[0] if apart and len(apart) == len(both) and set(one.spent) & set(other.spent) else ""


def _compared(log: Log, one: _Told, other: _Told) -> bool:
    """Whether a line sets the two beside each other: both named with a word for it, or one with its difference."""
    last = max(one.line.number, other.line.number)
    for line in log.spoken():
        if _ONLY.search(line.body) or not _AGAINST.search(line.body) or "?" in line.body:
            continue
        names = [_named(line, arm.arm) for arm in (one, other)]
        if all(names) and line.number not in (one.line.number, other.line.number):
            return True
        later = one if one.line.number == last else other
        signed = any(n.signed and (n.decimals or n.unit) for n in line.numbers)
        if names[(one, other).index(later)] and signed and line.number > last:
            return True
    return False


def _named(line: Line, arm: str) -> bool:
    """Whether a line names an arm, be it with other hyphens; names of one letter as they stand."""
    if len(arm) <= 2:
        return re.search(rf"(?<!\w){re.escape(arm.upper())}(?!\w)", line.body) is not None
    return re.search(rf"(?<![a-z0-9]){re.escape(arm)}(?![a-z0-9])", re.sub(r"[-_]", "", line.low)) is not None


def _unequal(one: _Told, other: _Told, unit: str) -> Unequal:
    words = unit if "_" in unit or unit.endswith("s") else unit + "s"
    spent = (other.spent[unit], one.spent[unit], words)
    return Unequal(other.arm, None, *spent, other.line.number, one.line.number, False, one.arm, sure=False)


def odd_row(table: Table) -> Iterator[Unequal]:
    """One kept row of a table of runs had more than all others, which had one and the same budget."""
    marks = [i for i, name in enumerate(table.header) if _STATUS.match(name.strip())]
    places = [i for i, name in enumerate(table.header) if _TRAINING.match(plain_name(name))]
    if len(marks) != 1 or len(places) != 1 or len(table.rows) < _FEWEST:
        return
    amounts = [
        (row, value.value)
        for row, value in zip(table.rows, table.columns[places[0]], strict=True)
        if value is not None and value.value > 0
    ]
    usual, often = Counter(amount for _, amount in amounts).most_common(1)[0] if amounts else (0.0, 0)
    odd: list[tuple[Row, float]] = [
        (row, amount) for row, amount in amounts if amount > MUCH * usual and not _LEFT.match(row.cells[marks[0]])
    ]
    if often < _MOSTLY * len(amounts) or often < _FEWEST - 1 or len(odd) != 1:
        return
    row, amount = odd[0]
    name = row.cells[-1] if len(row.cells[-1]) > 2 else row.cells[0]
    first = next(one for one, spent in amounts if spent == usual)
    if not by_name(name, amount):
        spent = (amount, usual, table.header[places[0]])
        yield Unequal(name, None, *spent, row.line, first.line, False, "the other rows", sure=False)
