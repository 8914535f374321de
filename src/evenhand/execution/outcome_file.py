"""The outcome file: JSON that a trial leaves behind, the same for Python recipes and for any other program.

::

    {"metrics": {"accuracy": 0.75}, "undefined": {"steps_to_target": "never reached"},
     "items": {"accuracy": {"ids": ["a", "b"], "scores": [1, 0.5], "outputs": ["4", "7"]}},
     "curves": {"loss": {"steps": [1, 2], "values": [2.3, 2.1]}},
     "spent": {"steps": 300, "tokens": 19200}, "notes": {"device": "cpu"}}

or ``{"failure": {"kind": "diverged", "message": "loss is nan at step 12"}}``.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from evenhand.errors import RecipeError
from evenhand.outcome import Curve, Failure, FailureClass, ItemScores, Outcome

_KEYS = {"metrics", "undefined", "items", "curves", "spent", "grain", "data", "notes", "code", "packages", "failure"}


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def to_json(outcome: Outcome) -> str:
    """The outcome file's text."""
    document: dict[str, Any] = {
        key: dict(getattr(outcome, key))
        for key in ("metrics", "undefined", "spent", "grain", "data", "notes", "code", "packages")
    }
    document["items"] = {
        name: {"ids": table.ids, "scores": table.scores.tolist(), "outputs": table.outputs, "clusters": table.clusters}
        for name, table in outcome.items.items()
    }
    document["curves"] = {
        name: {
            "steps": curve.steps.tolist(),
            "values": [v if math.isfinite(v) else None for v in curve.values.tolist()],
        }
        for name, curve in outcome.curves.items()
    }
    if outcome.failure is not None:
        document["failure"] = vars(outcome.failure)
    return json.dumps(document, allow_nan=False)


def read(path: Path) -> Outcome:
    """Read an outcome file.

    Raises:
        RecipeError: not JSON, unknown keys or wrong types; names the key.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise RecipeError(f"The outcome file {path.name} cannot be read as JSON: {error}.") from error
    return from_json(document)


def from_json(document: Any) -> Outcome:
    """An outcome from the outcome file's content.

    Raises:
        RecipeError: unknown keys, wrong types, items of unequal length; names the key.
    """
    table = _mapping(document, "the document")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise RecipeError(f"The outcome has unknown keys {unknown}; it may have {sorted(_KEYS)}.")
    if table.get("failure") is not None:
        return Outcome(failure=_failure(table["failure"]), **_texts_and_numbers(table))
    metrics, undefined = _metrics(table)
    return Outcome(
        metrics=metrics,
        undefined=undefined,
        items={name: item_scores(name, **_item_columns(name, t)) for name, t in _mapping_at(table, "items").items()},
        curves={name: _curve(name, c) for name, c in _mapping_at(table, "curves").items()},
        **_texts_and_numbers(table),
    )


def item_scores(
    name: str,
    ids: Sequence[str],
    scores: Sequence[float],
    outputs: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
) -> ItemScores:
    """Checked per-item scores.

    Raises:
        RecipeError: empty, unequal lengths, repeated ids, or scores that are no finite numbers.
    """
    labels = tuple(str(i) for i in ids)
    values = np.asarray(scores, dtype=np.float64)
    if not labels:
        raise RecipeError(f"The item scores '{name}' are empty; a contrast needs at least one item.")
    for column, found in (("scores", values), ("outputs", outputs), ("clusters", clusters)):
        if found is not None and len(found) != len(labels):
            raise RecipeError(f"The items '{name}' have {len(labels)} ids but {len(found)} {column}.")
    if len(set(labels)) != len(labels):
        repeated = next(label for i, label in enumerate(labels) if label in labels[:i])
        raise RecipeError(f"The items '{name}' name '{repeated}' twice; average repeated decodes of an item first.")
    if not np.isfinite(values).all():
        bad = labels[int(np.flatnonzero(~np.isfinite(values))[0])]
        raise RecipeError(f"The score of item '{bad}' in '{name}' is no finite number; score what was answered.")
    as_text = None if outputs is None else tuple(map(str, outputs))
    return ItemScores(labels, values, as_text, None if clusters is None else tuple(map(str, clusters)))


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RecipeError(f"In the outcome, {where} must be a table; found {type(value).__name__}.")
    return value


def _mapping_at(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _mapping(table.get(key) or {}, f"'{key}'")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeError(f"In the outcome, {where} must be a number; found {value!r}.")
    return float(value)


def _metrics(table: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    undefined = {key: str(reason) for key, reason in _mapping_at(table, "undefined").items()}
    metrics = {}
    for key, value in _mapping_at(table, "metrics").items():
        if value is None:
            undefined.setdefault(key, "the recipe gave no value and no reason")
        else:
            metrics[key] = _number(value, f"'metrics.{key}'")
    return metrics, undefined


def _texts_and_numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        key: {k: _number(v, f"'{key}.{k}'") for k, v in _mapping_at(table, key).items()} for key in ("spent", "grain")
    }
    texts = ("data", "notes", "code", "packages")
    return numbers | {key: {k: str(v) for k, v in _mapping_at(table, key).items()} for key in texts}


def _item_columns(name: str, value: Any) -> dict[str, Any]:
    columns = _mapping(value, f"'items.{name}'")
    if not {"ids", "scores"} <= set(columns) <= {"ids", "scores", "outputs", "clusters"}:
        raise RecipeError(f"In the outcome, 'items.{name}' needs ids and scores, and may have outputs and clusters.")
    for key in ("ids", "scores"):
        if not isinstance(columns[key], list):
            raise RecipeError(f"In the outcome, 'items.{name}.{key}' must be a list.")
    for score in columns["scores"]:
        _number(score, f"a score of 'items.{name}'")
    return dict(columns)


def _curve(name: str, value: Any) -> Curve:
    columns = _mapping(value, f"'curves.{name}'")
    steps, values = columns.get("steps"), columns.get("values")
    if not isinstance(steps, list) or not isinstance(values, list) or len(steps) != len(values):
        raise RecipeError(f"In the outcome, 'curves.{name}' needs steps and values of equal length.")
    points = [math.nan if v is None else _number(v, f"a value of 'curves.{name}'") for v in values]
    return Curve(np.asarray(steps, dtype=np.float64), np.asarray(points, dtype=np.float64))


def _failure(value: Any) -> Failure:
    table = _mapping(value, "'failure'")
    if table.get("kind") not in get_args(FailureClass):
        raise RecipeError(f"The failure kind must be one of {get_args(FailureClass)}; found {table.get('kind')!r}.")
    return Failure(
        table["kind"], str(table.get("message", "")), table.get("phase", "run"), str(table.get("detail", ""))
    )
