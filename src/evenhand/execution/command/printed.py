"""What a program prints, taken for points of learning curves: lines of ours, ``key=value`` pairs, or JSON.

And the JSON object that it prints last, as programs do that tell their metrics so.
"""

from __future__ import annotations

import ast
import contextlib
import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evenhand.errors import RecipeError
from evenhand.execution.command.numbers import as_number
from evenhand.recipes.contract import Bench

PREFIX = "evenhand: "
"""Start of an output line that carries points of learning curves, whatever else is asked for."""

STEPS = ("step", "global_step", "steps", "iteration", "iter", "epoch")
"""Names of what a point is drawn over; the first that a line has. Without one, its lines are counted."""

MOST_CURVES = 64
"""Further names are left out: a program that prints keys without end would fill the ledger."""

MOST_LINES = 2000
"""So many last lines of the output are kept, in which its metrics may stand."""

_PAIR = re.compile(r"(?<![\w./-])([A-Za-z_][\w./-]*)\s*[=:]\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])")


@dataclass
class LastLines:
    """The end of a program's standard output."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))

    @property
    def document(self) -> str:
        """The JSON object that was printed last; empty where none was."""
        return last_object(self.lines)


def last_object(lines: Iterable[str]) -> str:
    """The last JSON object that begins a line, on one line or on several, as text; empty where there is none."""
    text, decoder = "\n".join(lines), json.JSONDecoder()
    for start in reversed([found.start() for found in re.finditer(r"^\{", text, re.MULTILINE)]):
        with contextlib.suppress(ValueError, RecursionError):
            return text[start : decoder.raw_decode(text, start)[1]]
    return ""


class Points:
    """Curve points in a program's output, and the first line that began like one and was none."""

    def __init__(self, bench: Bench, how: str = "") -> None:
        self.bench = bench
        self.fault = ""
        self._find: Callable[[str], Mapping[str, float]] | None = {"key=value": pairs, "json": table}.get(how)
        self._names: set[str] = set()
        self._lines = 0

    def take(self, line: str) -> bool:
        """Log the point of a line that carries one; False where the line is spoilt, and the program with it."""
        if self.fault:
            return False
        if line.startswith(PREFIX):
            self._own(line)
        elif self._find is not None:
            self._found(self._find(line))
        return not self.fault

    def _own(self, line: str) -> None:
        try:
            point = json.loads(line.removeprefix(PREFIX))
            step = float(point.pop("step"))
            self.bench.log(step, **{str(k): float(v) for k, v in point.items()})
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, RecipeError) as error:
            self.fault = f"the output line '{line.strip()[:200]}' is no curve point ({error})"

    def _found(self, values: Mapping[str, float]) -> None:
        """Log what an ordinary line holds; a line that holds nothing is an ordinary line."""
        step = next((name for name in STEPS if name in values), None)
        shown = {name: value for name, value in values.items() if name not in STEPS}
        known = {n: v for n, v in shown.items() if n in self._names or len(self._names) < MOST_CURVES}
        if not known:
            return
        self._lines += 1
        at = self._lines if step is None else values[step]
        if math.isfinite(at):
            self._names |= set(known)
            self.bench.log(at, **known)


def pairs(line: str) -> dict[str, float]:
    """``step=10 loss=2.3`` or ``step: 10, loss: 2.3``: the numbers of a line by their names."""
    return {name: float(value) for name, value in _PAIR.findall(line)}


def table(line: str) -> dict[str, float]:
    """The numbers of a line that is one JSON object, or a Python one, as the Trainer of transformers prints it."""
    text = line.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return {}
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return {}
    return {str(k): v for k, value in found.items() if (v := as_number(value)) is not None} if _is_table(found) else {}


def _is_table(found: Any) -> bool:
    return isinstance(found, dict)
