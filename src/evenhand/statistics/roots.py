"""The root of a function of one variable: scipy's brentq, of which the module of C is taken alone where it can be."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from evenhand.statistics.compiled import compiled

_PACKAGE = "scipy.optimize"
_RELATIVE, _MOST = 8.881784197001252e-16, 100  # the defaults of scipy.optimize.brentq


def root_between(function: Callable[[float], float], low: float, high: float, *, absolute: float = 2e-12) -> float:
    """Where a function crosses zero between two points at which it has different signs (Brent 1973, ch. 3-4).

    Args:
        function: continuous.
        low, high: the points.
        absolute: how near to the root is near enough.

    Raises:
        ValueError: the function has one sign at both points.
        RuntimeError: no root was found in 100 steps.
    """
    module = _zeros()
    if module is None:
        return float(import_module(_PACKAGE).brentq(function, low, high, xtol=absolute))
    return float(module._brentq(function, low, high, absolute, _RELATIVE, _MOST, (), False, True))


@cache
def _zeros() -> Any:
    """The module of C beneath the package; None where that is there already or has another build."""
    module = compiled(_PACKAGE, "_zeros")
    return module if hasattr(module, "_brentq") else None
