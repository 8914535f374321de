"""A series of runs of which the better ones were kept: the last kept one is the best of all that were tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.text.log import Log, Row, Table
from evenhand.audit.text.numbers import Number
from evenhand.audit.text.pattern import Pattern

_STATUS = Pattern(r"^(?:status|decision|outcome|verdict|result|action|kept\??)$", re.IGNORECASE)
_KEPT = Pattern(r"^(?:keep|kept|accept(?:ed)?|adopt(?:ed)?)$", re.IGNORECASE)
_LEFT = Pattern(r"^(?:discard(?:ed)?|reject(?:ed)?|revert(?:ed)?|drop(?:ped)?)$", re.IGNORECASE)
_FAILED = Pattern(r"^(?:crash(?:ed)?|oom|error|fail(?:ed)?|timeout|timed out|killed)$", re.IGNORECASE)
_FEWEST = 5
_MOSTLY = 0.9
_TOLD = 5
_NO_METRIC = Pattern(r"\b(?:len|length|time|latency|tokens?|tok|speed|memory|mem|size|steps?|params?)\b")
_METRIC = Pattern(
    r"\b(?:loss|bpb|acc|accuracy|score|metric|ppl|perplexity|f1|auc|val|mse|mae|rmse|error|reward|wer|bleu|fid|r2)\b"
)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Rows marked keep and discard, each run once on one evaluation set; a crash that carries a number."""
    for log in logs:
        for table in log.tables:
            places = [i for i, name in enumerate(table.header) if _STATUS.match(name.strip())]
            names = [re.sub(r"[^a-z0-9]+", " ", name.lower()) for name in table.header]
            metrics = [
                i
                for i, name in enumerate(names)
                if _METRIC.search(name) and not _NO_METRIC.search(name) and i not in places
            ]
            if len(places) == 1 and metrics:
                yield from _of(log, table, places[0], metrics)


def _of(log: Log, table: Table, place: int, metrics: list[int]) -> Iterator[Finding]:
    single = len(metrics) == 1
    found = [one for metric in metrics if (one := _chosen(log, table, place, metric)) is not None]
    chosen = next((one for one in found if single or one.facts["kept"] > 2), None)
    if chosen is not None:  # of several results, two kept rows do not tell which of them decided
        yield chosen
    yield from _crashes(log, table, _marked(table, place, metrics[0]), metrics[0])


def _marked(table: Table, place: int, metric: int) -> list[tuple[Row, str, Number | None]]:
    return [
        (row, re.sub(r"\s*\(.*", "", row.cells[place]).strip(), value)
        for row, value in zip(table.rows, table.columns[metric], strict=True)
    ]


def _chosen(log: Log, table: Table, place: int, metric: int) -> Finding | None:
    """The last of the runs that were kept, where nearly each was kept for being the best so far in this column."""
    once = {row.cells: (row, mark, value) for row, mark, value in reversed(_marked(table, place, metric))}
    judged = [(row, mark, value) for row, mark, value in reversed(once.values()) if value and value.value]
    kept = [(row, value) for row, mark, value in judged if _KEPT.match(mark)]
    left = [value.value for _, mark, value in judged if _LEFT.match(mark)]
    steps = [after.value - before.value for (_, before), (_, after) in pairwise(kept)]
    up, down = sum(step > 0 for step in steps), sum(step < 0 for step in steps)
    if len(kept) < 2 or len(left) < 3 or max(up, down) < _MOSTLY * len(steps):
        return None
    row, value = kept[-1]
    better = max if up > down else min
    if not _decided(judged, better):
        return None
    if better(value.value, *left, *(one.value for _, one in kept)) != value.value:
        return None  # something better was not kept: something else decided
    facts = {"kept": len(kept), "tried": len(kept) + len(left), "value": value.value, "metric": table.header[metric]}
    return Finding("kept-of-many", "caution", place_of(log, row.line_of(metric)), facts)


def _decided(judged: list[tuple[Row, str, Number]], better: Callable[[float, float], float]) -> bool:
    """Whether a column decided: a run was kept where it was the best so far, and left where it was not."""
    best: float | None = None
    agreed: list[bool] = []
    for _, mark, value in judged:
        kept = _KEPT.match(mark) is not None
        if not kept and not _LEFT.match(mark):
            continue
        ahead = best is None or (value.value != best and better(value.value, best) == value.value)
        if best is not None:
            agreed.append(kept == ahead)
        if kept:
            best = value.value
    return sum(agreed) >= _MOSTLY * len(agreed)


def _crashes(log: Log, table: Table, marked: list[tuple[Row, str, Number | None]], metric: int) -> Iterator[Finding]:
    """Runs that failed with a 0 for a result, once a table; a few rows of examples are no table of runs."""
    failed = [row for row, mark, value in marked if _FAILED.match(mark) and value is not None and value.value == 0]
    judged = sum(value is not None and value.value != 0 for _, _, value in marked)
    if failed and judged >= _FEWEST:
        facts = {"kept": 0, "tried": 0, "value": 0.0, "metric": table.header[metric], "failed": len(failed)}
        first, *others = (place_of(log, row.line_of(metric)) for row in failed)
        yield Finding("kept-of-many", "note", first, facts, tuple(others))


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if not f["tried"]:
        told, apart = finding.others[:_TOLD], any(one.file != finding.place.file for one in finding.others)
        lines = ", ".join(f"{one.file}:{one.line}" if apart else str(one.line) for one in told)
        more = f" and {len(finding.others) - _TOLD} more" if len(finding.others) > _TOLD else ""
        also = (
            f"; the same holds for {len(finding.others)} others ({'' if apart else 'lines '}{lines}{more})"
            if finding.others
            else ""
        )
        return f"This run failed: its 0 in '{f['metric']}' is no result, and enters no mean and no best{also}."
    return (
        f"{f['value']:.12g} is the last of {f['kept']} kept from {f['tried']} or more runs with a '{f['metric']}': as "
        f"far as it was what they were kept by, it overstates the last one, and a fresh evaluation would tell by how "
        f"much."
    )


RULE = Rule(
    "kept-of-many",
    "Runs that were kept or discarded by the very number that is then reported.",
    check,
    say,
)
