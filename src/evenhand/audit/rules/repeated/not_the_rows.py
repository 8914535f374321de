"""A document quotes a result that the rows of data beside it do not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Table
from evenhand.audit.text.number_words import printed, shown
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern
from evenhand.audit.told.arms.by_seed import ARM
from evenhand.audit.told.arms.results import plain, results_of

_SAME = {
    "acc": "accuracy", "ppl": "perplexity", "val": "validation",
    **dict.fromkeys(
        ("pct", "percent", "mean", "avg", "average", "test", "score", "final", "rate", "of", "in", "per"), ""
    ),
}  # fmt: skip
_SEED_END = Pattern(r"[\W_]*(?:seed|s|run)[\W_]*\d+$", re.IGNORECASE)
_NAME = Pattern(r"^(?:arm|name|run_?name|model|method|variant|config|system|file|label|id)$", re.IGNORECASE)
_METRIC = Pattern(r"^(?:metric|measure|score_?name)$", re.IGNORECASE)
_MOST = 5000


@dataclass(frozen=True)
class _Rows:
    """The values of one arm in one column of data."""

    values: tuple[Number, ...]
    line: int
    log: Log


def check(logs: list[Log]) -> Iterable[Finding]:
    """One result of a table or list that is neither the mean nor a row of the data, where at least two others are."""
    data = [log for log in logs if log.data]
    if not data or len(data) == len(logs):
        return
    for log in logs:
        if log.data:
            continue
        for source in data:
            yield from _quoted(log, source)


def _quoted(log: Log, source: Log) -> Iterator[Finding]:
    rows = _rows_of(source)
    groups: dict[int, tuple[list[str], list[tuple[object, Number, int, _Rows, str]]]] = {}
    for (name, metric), result in results_of(log).items() if rows else ():
        found = _find(rows, name, metric)
        if found is None:
            continue
        right, odd = groups.setdefault(result.group, ([], []))
        if _has(found.values, result.value):
            if len(re.sub(r"\D", "", f"{result.value.value:g}").strip("0")) >= 2:
                right.append(name)
        else:
            odd.append((result, result.value, result.line, found, f"{result.name}: {result.metric}"))
    for right, odd in groups.values():
        if len(right) >= 2 and len(odd) == 1:
            _, value, line, found, of = odd[0]
            mean = _scaled(found.values, value)
            if mean is None:
                continue
            facts = {
                "of": of,
                "printed": printed(value),
                "mean": mean,
                "count": len(found.values),
                "decimals": value.decimals + 1,
            }
            other = place_of(found.log, found.line)
            yield Finding("not-the-rows", "fault", place_of(log, line), facts, (other,), printed(value), unproven=True)


@lru_cache(maxsize=256)
def _rows_of(log: Log) -> dict[str, dict[frozenset[str], _Rows]]:
    """The values by arm and metric."""
    answer: dict[str, dict[frozenset[str], list[tuple[Number, int]]]] = {}
    for table in log.tables:
        arms = _arms(table)
        metric_at = next((i for i, name in enumerate(table.header) if _METRIC.match(name.strip())), None)
        if arms is None or len(table.rows) > _MOST:
            continue
        for at, (row, arm) in enumerate(zip(table.rows, arms, strict=True)):
            told = row.cells[metric_at] if metric_at is not None else ""
            for place, name in enumerate(table.header):
                value = table.columns[place][at] if arm else None
                key = words_of(f"{told} {name}") if value is not None else frozenset()
                if value is not None and key:
                    answer.setdefault(arm, {}).setdefault(key, []).append((value, row.line_of(place)))
    return {
        arm: {key: _Rows(tuple(n for n, _ in found), found[0][1], log) for key, found in metrics.items()}
        for arm, metrics in answer.items()
    }


def _arms(table: Table) -> list[str] | None:
    places = [i for i, name in enumerate(table.header) if ARM.match(name.strip())] or [
        i for i, name in enumerate(table.header) if _NAME.match(name.strip())
    ]
    if not places:
        return None
    names = [row.cells[places[0]] for row in table.rows]
    if table.header[places[0]] == "file":
        names = [_SEED_END.sub("", Path(name).stem) for name in names]
    return [plain(name) for name in names]


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    """The words by which one knows a metric: without units and without the word mean."""
    words = (
        _SAME.get(word, word) for word in re.findall(r"[a-z0-9@+]+", name.lower().replace("_", " ").replace(".", " "))
    )
    return frozenset(word for word in words if word)


def _find(rows: dict[str, dict[frozenset[str], _Rows]], name: str, metric: str) -> _Rows | None:
    metrics = rows.get(name)
    wanted = words_of(metric)
    if metrics is None or not wanted:
        return None
    if wanted in metrics:
        return metrics[wanted]
    fits = [found for key, found in metrics.items() if wanted < key or (key < wanted and key)]
    return fits[0] if len(fits) == 1 else None


def _has(values: tuple[Number, ...], quoted: Number) -> bool:
    """Whether a quoted number is the mean, the median, or one of the values, in parts of one or in percent."""
    numbers = [one.value for one in values]
    mean = sum(numbers) / len(numbers)
    middle = sorted(numbers)[len(numbers) // 2]
    slack = quoted.slack * 2 + max(one.slack for one in values) * 1e-3
    return any(
        abs(one * factor - quoted.value) <= slack for factor in (1, 100, 0.01) for one in (mean, middle, *numbers)
    )


def _scaled(values: tuple[Number, ...], quoted: Number) -> float | None:
    """The mean of values in the unit of the quoted number; None where both are so far apart that they are two "
    "things."""
    mean = sum(one.value for one in values) / len(values)
    for factor in (1.0, 100.0, 0.01):
        if mean and 0.67 < quoted.value / (mean * factor) < 1.5:
            return mean * factor
    return None


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f, other = finding.facts, finding.others[0]
    rows = f"the mean of the {f['count']} rows" if f["count"] > 1 else "the row"
    return (
        f"'{f['of']}' is {f['printed']} here, but {rows} in {other.file} (line {other.line} on) "
        f"{'is' if f['count'] > 1 else 'has'} {shown(f['mean'], f['decimals'])}; the other results of this table are "
        f"those of the rows."
    )


RULE = Rule(
    "not-the-rows",
    "A result in a document that the rows of data beside it do not have, where the others do.",
    check,
    say,
    words=False,
)
