"""What a program spent, read from what it leaves: ``trainer_state.json``, its own lines, or the claim's word."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evenhand.data.reading import read_json
from evenhand.errors import DataError
from evenhand.execution.command.settings import Spent
from evenhand.recipes.outcome import Curve
from evenhand.runs.run import Options
from evenhand.runs.trainer_state import NAME, READER


@dataclass
class Matches:
    """The last match of each pattern in a program's output."""

    patterns: Mapping[str, str]
    last: dict[str, str] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Look at a line."""
        for unit, pattern in self.patterns.items():
            for found in re.finditer(pattern, line):
                self.last[unit] = found[1] or ""


@dataclass(frozen=True)
class Cost:
    """Amounts by unit, learning curves that stood beside them, and where they were read."""

    amounts: Mapping[str, float]
    source: str
    curves: Mapping[str, Curve] = field(default_factory=dict)


def cost(how: Spent, files: Sequence[Path], matches: Matches, unit: str, amount: float) -> Cost:
    """What a program spent.

    Args:
        how: where it is to be read.
        files: those at ``how.path`` that this program wrote.
        matches: of its output.
        unit, amount: its budget.

    Raises:
        DataError: it is not there, or no amount.
    """
    if how.source == "declared":
        return Cost({unit: amount}, "declared: the program was told its budget; what it spent was not read")
    if how.source == "pattern":
        return Cost({name: _matched(name, pattern, matches) for name, pattern in how.patterns.items()}, "its output")
    if how.source == "trainer_state":
        return _trainer_state([path for path in files if path.name == NAME], how.path)
    return Cost({}, "the clock")


def _matched(unit: str, pattern: str, matches: Matches) -> float:
    text = matches.last.get(unit)
    if text is None:
        raise DataError(f"no line of the output matches `spent.patterns.{unit}` = '{pattern}'")
    try:
        value = float(text.replace(",", "").replace("_", ""))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise DataError(f"`spent.patterns.{unit}` found '{text[:60]}' in the output, which is no amount")
    return value


def _trainer_state(files: Sequence[Path], place: str) -> Cost:
    """The state of the most steps; that of a checkpoint gives way to the end of its training."""
    states = [(run.budget, path) for path in files for run in READER.read(path, Options())]
    if not states:
        raise DataError(f"no {NAME} was written at {place}; `trainer.save_state()` writes one at the end")
    budget, path = max(states, key=lambda found: found[0]["steps"].amount if "steps" in found[0] else 0.0)
    amounts = {"steps": 0.0, **{unit: one.amount for unit, one in budget.items()}}
    history = read_json(path, strict=False).get("log_history")
    return Cost(amounts, f"{path.name} at step {amounts['steps']:g}", _history(history))


def _history(rows: Any) -> dict[str, Curve]:
    """The learning curves of a trainer's log; rows that are none are left out."""
    points: dict[str, list[tuple[float, float]]] = {}
    for row in rows if isinstance(rows, list) else []:
        numbers = {k: v for k, v in row.items() if _is_number(v)} if isinstance(row, dict) else {}
        step = numbers.pop("step", None)
        if step is not None and math.isfinite(step):
            for name, value in numbers.items():
                points.setdefault(str(name), []).append((float(step), float(value)))
    return {name: Curve(*(np.asarray(c, dtype=np.float64) for c in zip(*p, strict=True))) for name, p in points.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**1000
