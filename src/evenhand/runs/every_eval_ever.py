"""Every Eval Ever: instance-level rows (JSON lines), each with its model, evaluation, item and score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.data.reading import read_json_lines
from evenhand.errors import DataError, counted, shortened
from evenhand.recipes.contract import Metric
from evenhand.runs.checked import SHARE, Faults, ScoreColumn, bounded, digest, short, source_of, table, text_of
from evenhand.runs.run import Certainty, Items, Options, Run

_NEEDED = ("evaluation_name", "sample_id", "evaluation", "input")


@dataclass
class _Rows:
    """The rows of one model on one evaluation."""

    ids: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    scores: dict[str, ScoreColumn] = field(
        default_factory=lambda: {"score": ScoreColumn(), "is_correct": ScoreColumn()}
    )
    seen: set[str] = field(default_factory=set)


class EveryEvalEver:
    """Reader of instance-level results of Every Eval Ever."""

    name = "every_eval_ever"
    about = "Every Eval Ever: instance-level results, a row for each item"

    def recognises(self, path: Path) -> Certainty:
        """By the keys of the first row."""
        if path.is_dir() or path.suffix != ".jsonl":
            return Certainty.NO
        try:
            with path.open("rb") as file:
                row = table(json.loads(file.readline(1 << 20)))
        except (OSError, ValueError, RecursionError):
            return Certainty.NO
        return Certainty.SURE if all(key in row for key in (*_NEEDED, "schema_version")) else Certainty.NO

    def read(self, path: Path, options: Options) -> list[Run]:
        """The runs of a file: one for each model and evaluation in it.

        Raises:
            DataError: rows that lack what they must have, samples that stand twice, scores that are no numbers.
        """
        rows = read_json_lines(path, strict=False)
        faults = Faults()
        found: dict[tuple[str, str], _Rows] = {}
        version = ""
        for line, row in rows:
            missing = [key for key in (*_NEEDED, "model_id") if key not in table(row)]
            if missing:
                faults.add(f"{path}:{line}", f"expected a row of Every Eval Ever; it lacks `{missing[0]}`")
                continue
            version = text_of(row.get("schema_version", ""))
            key = (text_of(row["model_id"]), text_of(row["evaluation_name"]))
            _add(found.setdefault(key, _Rows()), row, f"{path}:{line}", faults)
        runs = [_run(path, model, options.task or task, version, own, faults) for (model, task), own in found.items()]
        faults.check()
        if not runs:
            raise DataError(f"{path}: the file is empty; expected one row for each item.")
        return runs


def _add(own: _Rows, row: Mapping[str, Any], place: str, faults: Faults) -> None:
    key = text_of(row["sample_id"])
    if key in own.seen:
        faults.add(place, f"the sample {shortened(key)} stands twice")
        return
    own.seen.add(key)
    asked, answer = table(row["input"]), table(row.get("output"))
    raw, right = text_of(asked.get("raw", "")), text_of(asked.get("reference", ""))
    own.ids.append(key)
    own.contents.append(digest(raw, right, text_of(asked.get("choices") or "")))
    own.prompts.append(digest(text_of(asked.get("formatted") or raw)))
    own.inputs.append(short(raw))
    own.expected.append(short(right))
    given = answer.get("raw", "")
    own.outputs.append(short("\n".join(map(text_of, given)) if isinstance(given, list) else text_of(given)))
    judged = table(row["evaluation"])
    if row.get("error"):
        own.errors[key] = short(text_of(row["error"]))
    for name, column in own.scores.items():
        if row.get("error") and judged.get(name) is None:
            column.skip()
        else:
            column.add(judged.get(name), place)


def _run(path: Path, model: str, task: str, version: str, own: _Rows, faults: Faults) -> Run:
    unusable = {name: why for name, column in own.scores.items() if (why := column.judged(name, faults))}
    scores = {name: column.floats for name, column in own.scores.items() if name not in unusable}
    doubts = {}
    if own.errors:
        key, why = next(iter(own.errors.items()))
        doubts["errors"] = f"{path} has {counted(len(own.errors), 'item')} with an error ({key}: {why})"
    return Run(
        source=source_of(path, READER.name, version), task=task, model=model, unusable=unusable, doubts=doubts,
        items=Items(
            ids=tuple(own.ids), scores=scores, contents=tuple(own.contents), prompts=tuple(own.prompts),
            outputs=dict.fromkeys(scores, tuple(own.outputs)), inputs=tuple(own.inputs), expected=tuple(own.expected),
            errors=own.errors,
        ),
        about={name: SHARE if bounded(column) else Metric() for name, column in scores.items()},
    )  # fmt: skip


READER = EveryEvalEver()
