"""``trainer_state.json`` of Hugging Face trainers: what training cost, and the numbers that it logged.

``best_metric`` is a peak over many evaluations: it is never a score here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_json
from evenhand.errors import DataError, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import number, source_of, table
from evenhand.runs.run import Amount, Certainty, Options, Run

NAME = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


class TrainerState:
    """Reader of trainer states."""

    name = "trainer_state"
    about = "trainer_state.json of Hugging Face trainers: steps, tokens, logged evaluations"

    def recognises(self, path: Path) -> Certainty:
        """By name."""
        return Certainty.SURE if path.is_file() and path.name == NAME else Certainty.NO

    def chosen(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Without the states of checkpoints of which a later one, or the end of the same training, is there, too."""
        ends = {path.parent for path in paths}
        last: dict[Path, int] = {}
        for path in paths:
            if match := _CHECKPOINT.fullmatch(path.parent.name):
                training = path.parent.parent
                last[training] = max(last.get(training, 0), int(match[1]))
        return [path for path in paths if not _is_superseded(path, ends, last)]

    def read(self, path: Path, options: Options) -> list[Run]:
        """What training cost.

        Raises:
            DataError: no trainer state; numbers that are none.
        """
        state = read_json(path, strict=False)
        if not isinstance(state, dict) or "global_step" not in state:
            raise DataError(f"{path}: no trainer state: expected a table with `global_step`.")
        budget = {}
        for unit, key in (("steps", "global_step"), ("tokens", "num_input_tokens_seen")):
            told = number(state.get(key, 0))
            if told is None or told < 0 or isinstance(state.get(key), bool):
                raise DataError(f"{path}: `{key}` is {shortened(state.get(key))}; expected a number from 0 on.")
            if told:
                budget[unit] = Amount(told, f"{path.name}: {key}")
        remarks = (
            ()
            if state.get("best_metric") is None
            else (
                f"{path.name}: best_metric {shortened(state['best_metric'])} is a peak over evaluations, and no score",
            )
        )
        metrics = _last_evaluation(state)
        return [
            Run(
                source=source_of(path, READER.name), budget=budget, metrics=metrics,
                about={name: _about(name) for name in metrics}, remarks=remarks,
            )
        ]  # fmt: skip


def _is_superseded(path: Path, ends: Collection[Path], last: Mapping[Path, int]) -> bool:
    match, training = _CHECKPOINT.fullmatch(path.parent.name), path.parent.parent
    return match is not None and (training in ends or int(match[1]) < last[training])


def _last_evaluation(state: Mapping[str, Any]) -> dict[str, float]:
    """The evaluation at the end of training, where there was one at the last step."""
    history = state.get("log_history")
    entries = [table(entry) for entry in history] if isinstance(history, list) else []
    found: dict[str, float] = {}
    for entry in entries:
        if entry.get("step") == state.get("global_step"):
            for key, value in entry.items():
                told = number(value)
                if key.startswith("eval_") and told is not None and not key.endswith(("_runtime", "_per_second")):
                    found[key] = told
    return found


def _about(name: str) -> Metric:
    return Metric("minimise" if "loss" in name or "perplexity" in name else "maximise")


READER = TrainerState()
