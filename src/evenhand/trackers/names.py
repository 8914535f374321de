"""Names and texts as trackers take them, and the finite points of curves."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from evenhand.recipes.outcome import Curve


def safe_name(name: str) -> str:
    """A name of letters, digits, ``_ - . /`` and blanks, at most 250 of them."""
    return re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII)[:250] or "_"


def cut(text: str, most: int) -> str:
    """A text that is no longer than a tracker takes."""
    return text if len(text) <= most else text[: most - 3] + "..."


def points(curve: Curve) -> Iterator[tuple[float, float]]:
    """(step, value) of a curve, as far as the values are finite."""
    for step, value in zip(curve.steps.tolist(), curve.values.tolist(), strict=True):
        if math.isfinite(value):
            yield step, value


def by_step(curves: Mapping[str, Curve]) -> list[tuple[float, dict[str, float]]]:
    """All curves together: at each step, in order, what was logged there."""
    found: dict[float, dict[str, float]] = {}
    for name, curve in curves.items():
        for step, value in points(curve):
            found.setdefault(step, {})[name] = value
    return sorted(found.items())
