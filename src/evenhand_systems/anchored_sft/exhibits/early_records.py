"""What trials kept in notes before items had columns for it: questions of a few items, and categories of questions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from evenhand.recipes.exhibit import ScoredTrial
from evenhand.recipes.outcome import ItemScores


def recall(trial: ScoredTrial) -> ScoredTrial:
    """The trial with its items' inputs and groups where they are noted, or stand in the items' names."""
    notes = trial.outcome.notes
    noted: dict[str, str] = json.loads(notes.get("categories", "{}"))
    items = {name: _completed(table, notes, noted) for name, table in trial.outcome.items.items()}
    return replace(trial, outcome=replace(trial.outcome, items=items))


def _completed(table: ItemScores, notes: Any, noted: dict[str, str]) -> ItemScores:
    if table.inputs is not None or table.groups is not None:
        return table
    asked = tuple(notes.get(f"question {item}", "") for item in table.ids)
    groups: tuple[str, ...] | None = None
    if table.clusters is not None:
        groups = table.clusters
    elif all(noted.get(item) for item in table.ids):
        groups = tuple(noted[item] for item in table.ids)
    elif all("/" in item for item in table.ids):
        groups = tuple(item.split("/", 1)[0] for item in table.ids)
    return replace(table, inputs=asked if any(asked) else None, groups=groups)
