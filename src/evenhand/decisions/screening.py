"""Screening: which variants a rung drops, and why. Pure. What runs next is decided in ``progress``."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Rung
from evenhand.decisions.contrasts import contrast
from evenhand.decisions.pairs import Cell, Outcomes
from evenhand.decisions.verdict import PruneReason, Screened


def screen(claim: ResolvedClaim, rung: Rung, standing: Sequence[str], outcomes: Outcomes) -> dict[str, Screened]:
    """Variants to drop after a screening rung, by name.

    Only variants are dropped, and only where every target condition and primary metric says so. Futility is
    non-binding and cannot create false gains.
    """
    if rung.prune.rule == "none":
        return {}
    pruned = {}
    for arm in claim.arms("variant"):
        if arm.name not in standing:
            continue
        cells = [Cell(c, rung, m, rung.seeds) for c in claim.targets for m in claim.primary]
        reasons = [_why_prune(claim, arm, cell, outcomes) for cell in cells]
        given = tuple(reason for reason in reasons if reason is not None)
        if len(given) == len(reasons):
            pruned[arm.name] = Screened(rung.name, given)
    return pruned


def _why_prune(claim: ResolvedClaim, arm: Arm, cell: Cell, outcomes: Outcomes) -> PruneReason | None:
    """Why an arm need not go on in one cell, or None."""
    rule, metric = cell.rung.prune, cell.metric
    level = 2 * rule.confidence - 1
    found, _, estimate = contrast(claim, arm, claim.baseline, cell, outcomes, level=level, supplementary=False)
    if estimate is None or found.estimate is None:
        return None
    where = (cell.condition.name, metric.name)
    if rule.rule == "threshold" and rule.threshold is not None:
        plain = statistics.threshold_prune(
            found.estimate, rule.threshold, margin=metric.margin, standard_error=found.standard_error
        )
        if not plain.prune:
            return None
        chance = plain.false_prune_chance
        return PruneReason(*where, "threshold", found.estimate, chance=chance, label=plain.label)
    if not isinstance(estimate.primary, statistics.MeanEstimate):
        return None
    futile = statistics.futility(estimate.primary, metric.margin, rule.confidence)
    if not futile.prune or futile.upper is None:
        return None
    return PruneReason(*where, "futility", futile.upper, rule.confidence, futile.false_prune_chance)
