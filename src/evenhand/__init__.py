"""evenhand: does the mechanism really work? Fair, paired, budget-matched experiments and verdicts of known error rate.

The front door: what recipe authors and readers of ledgers need, by its name, each imported when it is first asked for::

    from evenhand import Bench, Metric, Outcome, RecipeSettings, recipe
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenhand import statistics as statistics
    from evenhand.claims.load import LoadedClaim as LoadedClaim
    from evenhand.claims.load import load_claim as load_claim
    from evenhand.errors import DataError as DataError
    from evenhand.errors import Diverged as Diverged
    from evenhand.errors import EvenhandError as EvenhandError
    from evenhand.ledger import Ledger as Ledger
    from evenhand.recipes.contract import Bench as Bench
    from evenhand.recipes.contract import Metric as Metric
    from evenhand.recipes.contract import RecipeSettings as RecipeSettings
    from evenhand.recipes.contract import recipe as recipe
    from evenhand.recipes.outcome import Failure as Failure
    from evenhand.recipes.outcome import ItemScores as ItemScores
    from evenhand.recipes.outcome import Outcome as Outcome

__version__ = "0.1.0"

_PLACES = {
    "Bench": "recipes.contract",
    "DataError": "errors",
    "Diverged": "errors",
    "EvenhandError": "errors",
    "Failure": "recipes.outcome",
    "ItemScores": "recipes.outcome",
    "Ledger": "ledger",
    "LoadedClaim": "claims.load",
    "Metric": "recipes.contract",
    "Outcome": "recipes.outcome",
    "RecipeSettings": "recipes.contract",
    "load_claim": "claims.load",
    "recipe": "recipes.contract",
}
"""Name to the module of this package in which it stands."""

__all__ = [
    "Bench",
    "DataError",
    "Diverged",
    "EvenhandError",
    "Failure",
    "ItemScores",
    "Ledger",
    "LoadedClaim",
    "Metric",
    "Outcome",
    "RecipeSettings",
    "__version__",
    "load_claim",
    "recipe",
    "statistics",
]


def __getattr__(name: str) -> Any:
    if name == "statistics":
        return importlib.import_module("evenhand.statistics")
    if name in _PLACES:
        return getattr(importlib.import_module(f"evenhand.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'evenhand' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
