"""How far the rungs of a claim are, arm by arm where that does not tell which arm it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from evenhand.board.known import KnownClaim
from evenhand.board.seen import ArmRow, Count, RungShown
from evenhand.claims.schema import Rung

Place = Literal["done", "diverged", "failed", "left out", "running", "left"]
"""Where a trial stands."""


def rungs_of(one: KnownClaim, places: Mapping[str, Place], hidden: bool) -> tuple[RungShown, ...]:
    """The rungs of a claim in their order.

    Args:
        one: the claim.
        places: trial id to where it stands.
        hidden: arms are letters; where arms have unlike numbers of trials, they have no rows of their own.
    """
    claim = one.claim
    if claim is None:
        return ()
    single = Counter((t.rung, t.arm, t.condition, places[key]) for key, t in one.trials.items())
    cells: dict[tuple[str, str, str], Counter[Place]] = {}
    for (*cell, found), count in single.items():
        cells.setdefault((cell[0], cell[1], cell[2]), Counter())[found] += count
    last, shown = len(claim.claim.rungs) - 1, []
    roles = {arm.name: arm.role for arm in claim.claim.arms}
    for place, rung in enumerate(claim.claim.rungs):
        of_rung = {key: found for key, found in cells.items() if key[0] == rung.name}
        whole = _count(sum(of_rung.values(), Counter()))
        rows = [
            ArmRow(
                one.arm(arm, hidden), one.slot(arm, hidden), "" if hidden else roles[arm],
                tuple(_count(cells.get((rung.name, arm, c.name), Counter())) for c in claim.claim.conditions),
            )
            for arm in one.in_order(hidden)
        ]  # fmt: skip
        purpose = "searches" if rung.kind == "search" else "confirms" if place == last else "screens"
        alike = len({count.total for row in rows for count in row.counts}) == 1
        told = tuple(rows) if alike or not hidden else ()
        whole = replace(whole, total=max(whole.total, claim.planned(rung)))  # a search proposes further ones
        shown.append(RungShown(rung.name, purpose, _looks(rung), len(rung.seeds), whole, told, bool(rung.anytime)))
    return tuple(shown)


def _looks(rung: Rung) -> str:
    """When a rung is looked at; empty where that is once, at its end."""
    if rung.anytime:
        return "looked at whenever one likes"
    return f"looks at {', '.join(map(str, rung.looks))} seeds" if len(rung.looks) > 1 else ""


def _count(found: Mapping[Place, int]) -> Count:
    get = {key: found.get(key, 0) for key in ("done", "diverged", "failed", "left out", "running", "left")}
    results = get["done"] + get["diverged"]
    return Count(sum(get.values()), results, get["failed"], get["running"], get["left out"])
