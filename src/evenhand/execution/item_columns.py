"""Values and columns that come from outside, checked: numbers, texts, lists and per-item scores."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evenhand.errors import Diverged, RecipeError, counted, shortened
from evenhand.recipes.outcome import ItemScores


def number(value: Any, where: str, *, finite: bool = False) -> float:
    """A number as float64.

    Raises:
        RecipeError: no number, one that float64 cannot hold, or one that is not finite where it must be.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecipeError(f"In the outcome, {where} must be a number; found {shortened(value)}.")
    try:
        found = float(value)
    except OverflowError as error:
        raise RecipeError(
            f"In the outcome, {where} is a number too large to hold; found {shortened(value)}."
        ) from error
    if finite and not math.isfinite(found):
        raise RecipeError(f"In the outcome, {where} must be a finite number; found {found}.")
    return found


def measured(name: str, value: Any) -> float:
    """A metric that a recipe hands over as float64: a number, of numpy or torch too.

    Raises:
        RecipeError: a text, a truth value, or anything else that is no number.
    """
    # a truth value of numpy or torch, too: whether something went well is a score of an item, or its share
    truth = isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")
    if not truth and not isinstance(value, str | bytes | bytearray):
        with contextlib.suppress(TypeError, ValueError, OverflowError, RuntimeError):
            return float(value)
    raise RecipeError(f"The metric '{name}' must be a number; the recipe gave {shortened(value)}. Give it as a float.")


def text(value: Any, where: str) -> str:
    """Text; whole numbers and plain values are written out, nothing else is.

    Raises:
        RecipeError: null, a list or a table.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        try:
            return str(value)
        except ValueError as error:
            raise RecipeError(f"In the outcome, {where} is a number of too many digits.") from error
    raise RecipeError(f"In the outcome, {where} must be text; found {shortened(value)}.")


def listed(value: Any, where: str) -> list[Any]:
    """A list.

    Raises:
        RecipeError: anything else.
    """
    if not isinstance(value, list):
        raise RecipeError(f"In the outcome, {where} must be a list; found {shortened(value)}.")
    return value


def item_scores(
    name: str,
    ids: Sequence[str],
    scores: Sequence[float],
    **columns: Sequence[str] | None,
) -> ItemScores:
    """Checked per-item scores.

    Args:
        name: of the metric.
        ids, scores: of the items.
        columns: what else is recorded of each item, by the names of :data:`evenhand.recipes.outcome.ITEM_COLUMNS`.

    Raises:
        Diverged: a score is infinite, or all are NaN.
        RecipeError: empty, unequal lengths, repeated ids, entries that are missing, or some scores that are NaN.
    """
    labels = _texts(name, "ids", ids)
    values = _values(name, scores)
    if not labels:
        raise RecipeError(f"The item scores '{name}' are empty; a contrast needs at least one item.")
    texts = {column: _texts(name, column, found) for column, found in columns.items() if found is not None}
    for column, entries in (("scores", values), *texts.items()):
        if len(entries) != len(labels):
            raise RecipeError(f"The items '{name}' have {counted(len(labels), 'id')} but {len(entries)} {column}.")
    if len(set(labels)) != len(labels):
        seen: set[str] = set()
        repeated = next(label for label in labels if label in seen or seen.add(label))  # type: ignore[func-returns-value]
        raise RecipeError(f"The items '{name}' name '{repeated}' twice; average repeated decodes of an item first.")
    infinite, missing = np.flatnonzero(np.isinf(values)), np.flatnonzero(np.isnan(values))
    if infinite.size or missing.size == values.size:  # the mean would be infinite, or none: as if that were reported
        first = int(infinite[0]) if infinite.size else 0
        told = f"the score of item '{labels[first]}' in '{name}' is {values[first]}, which counts as diverged"
        raise Diverged(f"{told}; if it only could not be computed, leave the item out")
    if missing.size:
        bad = labels[int(missing[0])]
        raise RecipeError(f"The score of item '{bad}' in '{name}' is no finite number; score what was answered.")
    return ItemScores(labels, values, **texts)


def _values(name: str, scores: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        if np.asarray(scores).dtype.kind in "OSU" and any(isinstance(one, str | bytes) for one in scores):
            raise TypeError("a text stands among them")  # which numpy would take for the number that it spells
        values = np.asarray(scores, dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise RecipeError(f"The scores of the items '{name}' are no list of numbers ({error}).") from error
    if values.ndim != 1:
        raise RecipeError(f"The items '{name}' need one score each; found an array of shape {values.shape}.")
    return values


def _texts(name: str, column: str, entries: Sequence[str]) -> tuple[str, ...]:
    """A column as text. A single text is a slip for a list of one, and None is not the text 'None'."""
    if isinstance(entries, str | bytes):
        raise RecipeError(f"The {column} of the items '{name}' must be a list; found the text {shortened(entries)}.")
    if any(entry is None for entry in entries):
        raise RecipeError(
            f"The {column} of the items '{name}' hold a missing value; write '' where there is no text, and leave "
            "the column out where it is not known."
        )
    return tuple(map(str, entries))
