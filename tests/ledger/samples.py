"""A trial with an outcome of every kind of content, and hands that plant damage in a ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Curve, Execution, ItemScores, Outcome
from evenhand.recipes.trial import ItemSet, Trial

TRIAL = Trial("c", "on", "default", "confirm", 1, "toy", "v1", {"a": {"b": 1}}, "steps", 10, ItemSet("confirm", 5, 3))
OUTCOME = Outcome(
    metrics={"loss": 0.25},
    undefined={"steps_to_target": "never reached"},
    items={
        "score": ItemScores(("x", "y", "ж"), np.array([0.0, 1.0, 0.5]), ("4", "", "7"), ("g", "g", "h")),
        "other": ItemScores(("x",), np.array([2.0])),
    },
    curves={"loss": Curve(np.array([1.0, 2.0]), np.array([0.5, np.nan]))},
    spent={"steps": 10.0},
    grain={"steps": 1.0},
    data={"d.txt": "f" * 64},
    notes={"device": "cpu: none"},
)
ASKED = Outcome(
    items={
        "score": ItemScores(
            ("x", "y"), np.array([0.0, 1.0]), ("4", "7"), None, ("2 + 3", "3 + 4"), ("odd", "odd"), ("5", "7")
        ),
        "other": ItemScores(("x",), np.array([2.0]), groups=("odd",)),
    }
)
"""With what was asked of the items, their kinds, and the right answers."""
EXECUTION = Execution(2, "2026-01-01T00:00:00", 1.5, 1.25, 2**20, 0, None, 1, "cpu: none")
SMALL = Outcome(metrics={"a": 1.0})


def fill(ledger: Ledger, count: int = 3, outcome: Outcome = OUTCOME) -> None:
    """Record ``count`` trials with seeds 0, 1, ..."""
    for seed in range(count):
        ledger.record_outcome(replace(TRIAL, seed=seed), outcome, EXECUTION, "h", {"git": None})


def segment_of(folder: Path, number: int = 0) -> Path:
    """A segment file by its place in the order of writing."""
    return sorted((folder / "segments").glob("*.jsonl"))[number]


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Put other lines in the place of a file's lines."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def faults_of(folder: Path) -> str:
    """All faults that a check finds, one per line."""
    return "\n".join(Ledger(folder).verify().faults)
