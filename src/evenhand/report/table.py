"""The verdicts of a claim, and its trials, as CSV and as Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Contrast, Decision, Verdict, deciding_interval
from evenhand.files import replacing
from evenhand.ledger.records import OutcomeRecord
from evenhand.report import words
from evenhand.report.marks import visible

_VERDICTS = (
    "claim", "claim_hash", "arm", "role", "condition", "metric", "against", "decides", "verdict", "difference", "low",
    "high", "level", "p", "seeds", "items", "mean", "mean_against",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def verdict_rows(decision: Decision) -> list[dict[str, Any]]:
    """One row for each contrast; verdicts without one have a row of their own."""
    rows = []
    for verdict in decision.verdicts:
        decides = words.standing_contrast(verdict)
        for contrast in verdict.contrasts or (None,):
            rows.append(_row(decision, verdict, contrast, contrast is not None and contrast is decides))
    return rows


def _row(decision: Decision, verdict: Verdict, found: Contrast | None, decides: bool) -> dict[str, Any]:
    head: list[Any] = [
        decision.claim, decision.claim_hash, verdict.arm, verdict.role, verdict.condition, verdict.metric,
    ]  # fmt: skip
    if found is None:
        return dict(zip(_VERDICTS, [*head, "", "", verdict.title, *[None] * 9], strict=True))
    interval, level = deciding_interval(found)
    low, high = interval or (None, None)
    means = found.scores or (None, None)
    figures = [found.estimate, low, high, None if interval is None else level, found.p_value, len(found.seeds)]
    tail = [found.against, "yes" if decides else "", verdict.title, *figures, found.items or None, *means]
    return dict(zip(_VERDICTS, [*head, *tail], strict=True))


def trial_rows(claim: ResolvedClaim, records: Iterable[OutcomeRecord]) -> list[dict[str, Any]]:
    """One row for each trial: what it was, what it scored, what it spent, how it failed."""
    roles = {arm.name: arm.role for arm in claim.claim.arms}
    rows = []
    for record in records:
        trial, outcome = record.trial, record.outcome
        names = sorted({*outcome.metrics, *outcome.items})
        row: dict[str, Any] = {
            "claim": claim.name, "trial": trial.id, "arm": trial.arm, "role": roles.get(trial.arm, ""),
            "condition": trial.condition, "rung": trial.rung, "seed": trial.seed,
            "failure": "" if outcome.failure is None else f"{outcome.failure.kind}: {outcome.failure.message}",
        }  # fmt: skip
        row |= {name: outcome.metric(name) for name in names}
        rows.append(row | {f"spent_{unit}": amount for unit, amount in outcome.spent.items()})
    return rows


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, with every column that one of them has. Text that a spreadsheet would execute gets a quote."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(key)) for key in columns] for row in rows])
    return out.getvalue()


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as a Parquet file, with every column that one of them has; what is not there is null.

    Raises:
        OSError: the file cannot be written; what stood there is as it was.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = pa.table({key: pa.array([row.get(key) for row in rows]) for key in columns})
    with replacing(path, public=True) as part:
        pq.write_table(table, part, compression="zstd")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        shown = visible(value)
        return f"'{shown}" if shown.startswith(_FORMULA) else shown
    return "" if value is None else repr(value) if isinstance(value, float) else value
