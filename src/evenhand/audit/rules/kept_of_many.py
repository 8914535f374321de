"""A series of runs of which the better ones were kept: the last kept one is the best of all that were tried."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evenhand.audit.finding import Finding, Rule, place_of
from evenhand.audit.log import Log, Row, Table
from evenhand.audit.numbers import Number

_STATUS = re.compile(r"^(?:status|decision|outcome|verdict|result|action|kept\??)$", re.IGNORECASE)
_KEPT = re.compile(r"^(?:keep|kept|accept(?:ed)?|adopt(?:ed)?)$", re.IGNORECASE)
_LEFT = re.compile(r"^(?:discard(?:ed)?|reject(?:ed)?|revert(?:ed)?|drop(?:ped)?)$", re.IGNORECASE)
_FAILED = re.compile(r"^(?:crash(?:ed)?|oom|error|fail(?:ed)?|timeout|timed out|killed)$", re.IGNORECASE)
_FEWEST = 5
_TOLD = 5
_METRIC = re.compile(r"loss|bpb|acc|score|metric|ppl|perplexity|f1|auc|val", re.IGNORECASE)


def check(logs: list[Log]) -> Iterable[Finding]:
    """Rows marked keep and discard, each run once on one evaluation set; a crash that carries a number."""
    for log in logs:
        for table in log.tables:
            places = [i for i, name in enumerate(table.header) if _STATUS.match(name.strip())]
            metrics = [i for i, name in enumerate(table.header) if _METRIC.search(name) and i not in places]
            if len(places) == 1 and metrics:
                yield from _of(log, table, places[0], metrics[0])


def _of(log: Log, table: Table, place: int, metric: int) -> Iterator[Finding]:
    marked = [
        (row, row.cells[place].strip(), value) for row, value in zip(table.rows, table.columns[metric], strict=True)
    ]
    kept = [(row, value) for row, mark, value in marked if _KEPT.match(mark) and value is not None and value.value]
    left = sum(_LEFT.match(mark) is not None and value is not None and value.value != 0 for _, mark, value in marked)
    if len(kept) >= 2 and left >= 3:
        row, value = kept[-1]
        facts = {"kept": len(kept), "tried": len(kept) + left, "value": value.value, "metric": table.header[metric]}
        yield Finding("kept-of-many", "caution", place_of(log, row.line), facts)
    yield from _crashes(log, table, marked, metric)


def _crashes(log: Log, table: Table, marked: list[tuple[Row, str, Number | None]], metric: int) -> Iterator[Finding]:
    """Runs that failed with a 0 for a result, once a table; a few rows of examples are no table of runs."""
    failed = [row for row, mark, value in marked if _FAILED.match(mark) and value is not None and value.value == 0]
    judged = sum(value is not None and value.value != 0 for _, _, value in marked)
    if failed and judged >= _FEWEST:
        facts = {"kept": 0, "tried": 0, "value": 0.0, "metric": table.header[metric], "failed": len(failed)}
        others = tuple(place_of(log, row.line) for row in failed[1:])
        yield Finding("kept-of-many", "note", place_of(log, failed[0].line), facts, others)


def say(finding: Finding) -> str:
    """The sentence of a finding."""
    f = finding.facts
    if not f["tried"]:
        lines = ", ".join(str(place.line) for place in finding.others[:_TOLD])
        more = f" and {len(finding.others) - _TOLD} more" if len(finding.others) > _TOLD else ""
        also = f"; the same holds for {len(finding.others)} others (lines {lines}{more})" if finding.others else ""
        return f"This run failed: its 0 in '{f['metric']}' is no result, and enters no mean and no best{also}."
    return (
        f"{f['value']:g} is the last of {f['kept']} kept from {f['tried']} runs that were judged on the same "
        f"'{f['metric']}': what was chosen by it overstates it, and a fresh evaluation would tell by how much."
    )


RULE = Rule(
    "kept-of-many",
    "Runs that were kept or discarded by the very number that is then reported.",
    check,
    say,
)
