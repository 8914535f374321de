"""The outcome file: JSON that a trial leaves behind, the same for Python recipes and for any other program.

::

    {"metrics": {"accuracy": 0.75}, "undefined": {"steps_to_target": "never reached"},
     "items": {"accuracy": {"ids": ["a", "b"], "scores": [1, 0.5], "outputs": ["4", "7"], "expected": ["4", "8"],
                            "inputs": ["2 + 2 =", "3 + 5 ="], "groups": ["even", "odd"], "clusters": ["s", "t"]}},
     "curves": {"loss": {"steps": [1, 2], "values": [2.3, 2.1]}},
     "spent": {"steps": 300, "tokens": 19200}, "notes": {"device": "cpu"}}

or ``{"failure": {"kind": "diverged", "message": "loss is nan at step 12"}}``.

Whatever is wrong with one is a :class:`RecipeError` that names the key: the program that wrote it is to be mended.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from evenhand.data.reading import read_text
from evenhand.errors import DataError, RecipeError, counted
from evenhand.execution.item_columns import item_scores, listed, number, text
from evenhand.recipes.outcome import ITEM_COLUMNS, Curve, Failure, FailureClass, ItemScores, Outcome, Phase

_KEYS = {"metrics", "undefined", "items", "curves", "spent", "grain", "data", "notes", "code", "packages", "failure"}
_KEYS |= {"draws", "pool"}

_CONTRADICTION = 0.005
"""A metric may differ from the mean of its items by this share of 1, or of the mean where that is larger: rounding."""


def to_json(outcome: Outcome) -> str:
    """The outcome file's text."""
    document: dict[str, Any] = {
        key: dict(getattr(outcome, key))
        for key in ("metrics", "undefined", "spent", "grain", "data", "notes", "code", "packages")
    }
    document["items"] = {
        name: {"ids": table.ids, "scores": table.scores.tolist(), **{key: table.column(key) for key in ITEM_COLUMNS}}
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
    return json.dumps(document | {"draws": outcome.draws, "pool": outcome.pool}, allow_nan=False)


def read(path: Path) -> Outcome:
    """Read an outcome file.

    Raises:
        RecipeError: no UTF-8, no JSON, unknown or doubled keys, wrong types; names the file and the key.
    """
    try:
        return from_json(_parse(read_text(path)))
    except DataError as error:
        raise RecipeError(f"The outcome file {path.name} cannot be read: {_shown(error, path)}") from error
    except RecipeError as error:
        raise RecipeError(f"The outcome file {path.name} is wrong: {error}") from error


def _shown(error: DataError, path: Path) -> str:
    """A reader's sentence without the folder: it goes into the ledger, and folders of a machine do not."""
    return str(error).replace(str(path), path.name)


def _parse(content: str) -> Any:
    """The JSON document; NaN is let through, since a program that reports it has diverged."""
    try:
        return _whole(json.loads(content, object_pairs_hook=_unique), content)
    except json.JSONDecodeError as error:
        raise RecipeError(f"line {error.lineno} is no valid JSON ({error.msg}, column {error.colno}).") from error
    except RecursionError as error:
        raise RecipeError("its JSON is nested too deeply.") from error
    except ValueError as error:
        raise RecipeError("a number in it has too many digits.") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise RecipeError(f"the key '{twice}' stands twice in one table; which of the two values holds?")
    return table


def _whole(value: Any, content: str) -> Any:
    r"""Text that UTF-8 can hold: halves of surrogate pairs, written as ``\\ud800``, become question marks."""
    if "\\ud" not in content.lower():
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_whole(entry, content) for entry in value]
    if isinstance(value, dict):
        return {_whole(key, content): _whole(entry, content) for key, entry in value.items()}
    return value


def from_json(document: Any) -> Outcome:
    """An outcome from the outcome file's content.

    Raises:
        RecipeError: unknown keys, wrong types, items of unequal length; names the key.
    """
    table = _mapping(document, "the document")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise RecipeError(f"The outcome has unknown keys {unknown}; it may have {sorted(_KEYS)}.")
    curves = {name: _curve(name, c) for name, c in _mapping_at(table, "curves").items()}
    facts = {"curves": curves, **_texts_and_numbers(table)}
    if table.get("failure") is not None:
        return Outcome(failure=_failure(table["failure"]), **facts)
    metrics, undefined = _metrics(table)
    items = {name: _items(name, t) for name, t in _mapping_at(table, "items").items()}
    return Outcome(metrics=metrics, undefined=undefined, items=items, **facts)


def check(outcome: Outcome, whose: str = "the recipe") -> None:
    """Refuse what no ledger could hold or no reader could trust; metrics that are not finite are judged elsewhere.

    Args:
        outcome: as returned or read.
        whose: who says it, for the sentence: "the recipe" or "the outcome file".

    Raises:
        RecipeError: an amount that is none, steps of a curve that are not finite, a metric that contradicts its items.
    """
    for key in ("spent", "grain"):
        for unit, amount in getattr(outcome, key).items():
            if not (math.isfinite(amount) and amount >= 0):
                shown = "NaN" if math.isnan(amount) else f"{amount:g}"
                raise RecipeError(f"{whose} says {key}.{unit} = {shown}; an amount is finite and not negative.")
    for name, curve in outcome.curves.items():
        if len(curve.steps) != len(curve.values):
            raise RecipeError(
                f"{whose} gives the curve '{name}' {counted(len(curve.steps), 'step')} but "
                f"{counted(len(curve.values), 'value')}."
            )
        if not np.isfinite(curve.steps).all():
            at = int(np.flatnonzero(~np.isfinite(curve.steps))[0])
            raise RecipeError(f"{whose} says curves.{name}.steps[{at}] = {curve.steps[at]}; a step is a finite number.")
    for name, value in outcome.metrics.items():
        if name in outcome.items and math.isfinite(value):
            _agree(name, value, outcome.items[name], whose)


def _agree(name: str, value: float, table: ItemScores, whose: str) -> None:
    mean = float(np.mean(table.scores))
    if abs(value - mean) > _CONTRADICTION * max(1.0, abs(mean)):
        raise RecipeError(
            f"{whose} says metrics.{name} = {value:.6g}, but the mean of the {counted(len(table.ids), 'score')} in "
            f"items.{name} is {mean:.6g}; leave the metric out (the items give it), or give one of the two another "
            "name."
        )


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RecipeError(f"In the outcome, {where} must be a table; found {type(value).__name__}.")
    return value


def _mapping_at(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return {} if found is None else _mapping(found, f"'{key}'")


def _metrics(table: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, str]]:
    undefined = {key: text(reason, f"'undefined.{key}'") for key, reason in _mapping_at(table, "undefined").items()}
    metrics = {}
    for key, value in _mapping_at(table, "metrics").items():
        if value is None:
            undefined.setdefault(key, "the recipe gave no value and no reason")
        else:
            metrics[key] = number(value, f"'metrics.{key}'")
    return metrics, undefined


def _texts_and_numbers(table: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: {k: number(v, f"'{key}.{k}'") for k, v in _mapping_at(table, key).items()} for key in ("spent", "grain")
    }
    for key in ("data", "notes", "code", "packages"):
        found[key] = {k: text(v, f"'{key}.{k}'") for k, v in _mapping_at(table, key).items()}
    if table.get("draws") is not None:
        found["draws"] = tuple(text(v, "a name in 'draws'") for v in listed(table["draws"], "'draws'"))
    if table.get("pool") is not None:
        found["pool"] = int(number(table["pool"], "'pool'", finite=True))
    return found


def _items(name: str, value: Any) -> ItemScores:
    columns = _mapping(value, f"'items.{name}'")
    if not {"ids", "scores"} <= set(columns) <= {"ids", "scores", *ITEM_COLUMNS}:
        raise RecipeError(
            f"In the outcome, 'items.{name}' needs ids and scores, and may have {', '.join(ITEM_COLUMNS)}; found "
            f"{', '.join(map(str, columns)) or 'none of them'}."
        )
    scores = [
        number(score, f"a score of 'items.{name}'") for score in listed(columns["scores"], f"'items.{name}.scores'")
    ]
    texts: dict[str, Sequence[str] | None] = {}
    for key in ("ids", *ITEM_COLUMNS):
        found = columns.get(key)
        if found is None and key != "ids":
            texts[key] = None
            continue
        place = f"'items.{name}.{key}'"
        texts[key] = [text(entry, f"an entry of {place}") for entry in listed(found, place)]
    ids = texts.pop("ids") or ()
    return item_scores(name, ids, scores, **texts)


def _curve(name: str, value: Any) -> Curve:
    columns = _mapping(value, f"'curves.{name}'")
    steps, values = columns.get("steps"), columns.get("values")
    if not isinstance(steps, list) or not isinstance(values, list) or len(steps) != len(values):
        raise RecipeError(f"In the outcome, 'curves.{name}' needs steps and values of equal length.")
    unknown = sorted(set(columns) - {"steps", "values"})
    if unknown:
        raise RecipeError(f"In the outcome, 'curves.{name}' has unknown keys {unknown}; it has steps and values.")
    places = [number(s, f"a step of 'curves.{name}'", finite=True) for s in steps]
    points = [math.nan if v is None else number(v, f"a value of 'curves.{name}'") for v in values]
    return Curve(np.asarray(places, dtype=np.float64), np.asarray(points, dtype=np.float64))


def _failure(value: Any) -> Failure:
    table = _mapping(value, "'failure'")
    unknown = sorted(set(table) - {"kind", "message", "phase", "detail"})
    if unknown:
        raise RecipeError(f"In the outcome, 'failure' has unknown keys {unknown}; it has kind, message and detail.")
    for key, known in (("kind", get_args(FailureClass)), ("phase", get_args(Phase))):
        found = table.get(key, "run" if key == "phase" else None)
        if not isinstance(found, str) or found not in known:
            raise RecipeError(f"The failure {key} must be one of {known}; found {found!r}.")
    message, detail = (text(table.get(key, ""), f"'failure.{key}'") for key in ("message", "detail"))
    return Failure(table["kind"], message or "the program gave no message", table.get("phase", "run"), detail)
