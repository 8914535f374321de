"""How many rows go through the model at once, and which of them where it is tried what fits."""

from __future__ import annotations

from typing import Any


def rows_at_once(batch: int, grad_acc: int, micro_batch: int | None) -> int:
    """Rows of a micro-batch: as the settings say, or the most that fit of which a step's batch is a whole multiple."""
    if micro_batch is None:
        return batch
    whole = batch * grad_acc
    return next(rows for rows in range(min(micro_batch, whole), 0, -1) if whole % rows == 0)


def longest_first(rows: Any) -> Any:
    """A dataset in the order in which it is tried what fits."""
    return rows.select(sorted(range(len(rows)), key=lambda i: -len(rows[i]["input_ids"])))
