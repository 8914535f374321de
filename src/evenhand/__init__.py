"""evenhand: does the mechanism really work? Fair, paired, budget-matched experiments and verdicts of known error rate.

The front door: what people who run claims, write recipes and read ledgers need, each imported when first asked for::

    import evenhand as eh

    eh.plan("claim.toml")
    eh.run("claim.toml")
    eh.report("claim.toml")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from evenhand import old_names

if TYPE_CHECKING:
    from evenhand import statistics as statistics
    from evenhand.claims.load import LoadedClaim as LoadedClaim
    from evenhand.claims.load import load_claim as load_claim
    from evenhand.errors import DataError as DataError
    from evenhand.errors import Diverged as Diverged
    from evenhand.errors import EvenhandError as EvenhandError
    from evenhand.ledger import Ledger as Ledger
    from evenhand.recipes import exhibit as exhibit
    from evenhand.recipes.contract import Bench as Bench
    from evenhand.recipes.contract import Metric as Metric
    from evenhand.recipes.contract import RecipeSettings as RecipeSettings
    from evenhand.recipes.contract import recipe as recipe
    from evenhand.recipes.control_sets import Control as Control
    from evenhand.recipes.outcome import Failure as Failure
    from evenhand.recipes.outcome import ItemScores as ItemScores
    from evenhand.recipes.outcome import Outcome as Outcome
    from evenhand.report.compared import Compared as Compared
    from evenhand.report.compared import compare as compare
    from evenhand.report.notebook.calls import decide as decide
    from evenhand.report.notebook.calls import plan as plan
    from evenhand.report.notebook.calls import run as run
    from evenhand.report.notebook.results import Plan as Plan
    from evenhand.report.notebook.results import Result as Result
    from evenhand.report.written import Report as Report
    from evenhand.report.written import report as report
    from evenhand.running.observer import Observer as Observer

__version__ = "0.1.0"

old_names.install()

_PLACES = {
    "Bench": "recipes.contract",
    "Compared": "report.compared",
    "Control": "recipes.control_sets",
    "DataError": "errors",
    "Diverged": "errors",
    "EvenhandError": "errors",
    "Failure": "recipes.outcome",
    "ItemScores": "recipes.outcome",
    "Ledger": "ledger",
    "LoadedClaim": "claims.load",
    "Metric": "recipes.contract",
    "Observer": "running.observer",
    "Outcome": "recipes.outcome",
    "Plan": "report.notebook.results",
    "RecipeSettings": "recipes.contract",
    "Report": "report.written",
    "Result": "report.notebook.results",
    "compare": "report.compared",
    "decide": "report.notebook.calls",
    "load_claim": "claims.load",
    "plan": "report.notebook.calls",
    "recipe": "recipes.contract",
    "run": "report.notebook.calls",
}
"""Name to the module of this package in which it stands."""

_MODULES = {"exhibit": "recipes.exhibit", "report": "report", "statistics": "statistics"}
"""Names that are modules themselves, and where; ``report`` is one that can be called."""

__all__ = [
    "Bench",
    "Compared",
    "Control",
    "DataError",
    "Diverged",
    "EvenhandError",
    "Failure",
    "ItemScores",
    "Ledger",
    "LoadedClaim",
    "Metric",
    "Observer",
    "Outcome",
    "Plan",
    "RecipeSettings",
    "Report",
    "Result",
    "__version__",
    "compare",
    "decide",
    "exhibit",
    "load_claim",
    "plan",
    "recipe",
    "report",
    "run",
    "statistics",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"evenhand.{_MODULES[name]}")
    if name in _PLACES:
        return getattr(importlib.import_module(f"evenhand.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'evenhand' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
