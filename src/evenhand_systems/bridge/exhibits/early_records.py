"""What trials kept in notes before items had columns for it: the questions of a few items, with their gold answers."""

from __future__ import annotations

from dataclasses import replace

from evenhand.recipes.exhibit import ScoredTrial

GOLD_NOTE = "most frequent gold answer"


def recall(trial: ScoredTrial) -> ScoredTrial:
    """The trial with the inputs of those items whose question is noted."""
    notes, items = trial.outcome.notes, dict(trial.outcome.items)
    for name, table in items.items():
        asked = tuple(notes.get(f"question {item}", "") for item in table.ids)
        if table.inputs is None and any(asked):
            items[name] = replace(table, inputs=asked)
    return replace(trial, outcome=replace(trial.outcome, items=items))
