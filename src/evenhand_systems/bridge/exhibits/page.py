"""The bridge's own part of a claim's report: what every arm answered, and what its soft tokens look like.

Called by the report through the recipe's ``exhibits``; reads scored trials alone and imports neither torch nor a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evenhand.recipes.exhibit import Exhibit, Grid, ScoredTrial
from evenhand_systems.bridge.exhibits.arm_facets import ArmFacet, Missing, facets, grouped
from evenhand_systems.bridge.exhibits.charts import accuracy_over_steps, exact_match
from evenhand_systems.bridge.exhibits.tables import frequent_answers, geometry

Part = Callable[[ArmFacet], tuple[Exhibit | None, list[Missing]]]
PARTS: tuple[Part, ...] = (exact_match, accuracy_over_steps, frequent_answers, geometry)


def exhibits(trials: Sequence[ScoredTrial]) -> Sequence[Exhibit]:
    """Exact match, accuracy over steps, frequent answers and geometry of each condition at its last rung."""
    found: list[Exhibit] = []
    shown, missing = facets(trials)
    for facet in shown:
        for part in PARTS:
            made, reasons = part(facet)
            found += [made] if made is not None else []
            missing += reasons
    if missing:
        rows = tuple(grouped(missing))
        found.append(Grid("Not shown", "What could not be drawn or computed, and why.", ("what", "why"), rows, 2))
    return found
