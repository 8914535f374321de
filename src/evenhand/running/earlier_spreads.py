"""How much differences spread over seeds in earlier claims of a ledger on the same recipe: what they lend a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenhand.claims.resolve import ResolvedClaim
from evenhand.ledger import Ledger
from evenhand.running import searching, standing

if TYPE_CHECKING:
    from evenhand.statistics import SpreadPrior


def prior_of(claim: ResolvedClaim, metric: str, ledger: Ledger) -> SpreadPrior | None:
    """A prior for the spread of seed means on a metric, from null arms and variants of other claims; None where too
    few are there. Only claims on the same recipe with as many items at their last rung count: means of more items
    spread less.
    """
    from evenhand import statistics
    from evenhand.claims.load import settled
    from evenhand.decisions.power import measured_spreads

    items = claim.items[claim.claim.rungs[-1].name].count
    sds, seeds, seen = [], [], {claim.hash}
    for record in ledger.claims():
        if record.hash in seen or record.identity.get("recipe") != claim.recipe:
            continue
        seen.add(record.hash)
        other = standing.of_identity(record.identity)
        if other is None or other.hash != record.hash or other.items[other.claim.rungs[-1].name].count != items:
            continue
        other = searching.unfolded_claim(other, ledger)
        own = next((m for m in other.claim.metrics if m.name == metric), None)
        found = {key: one.outcome for key, one in ledger.latest(other.trial_ids).items()}
        for spread in () if own is None else measured_spreads(other, own, settled(found)):
            rest = spread.residual_sd**2 / spread.pilot_items if spread.pilot_items else 0.0
            sds.append((spread.seed_sd**2 + rest) ** 0.5)
            seeds.append(spread.pilot_seeds)
    return statistics.spread_prior(sds, seeds)
