"""What a reader must know before believing verdicts: few seeds, several verdicts, items that look grouped. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.pairs import Cell, Pairs
from evenhand.decisions.verdict import Verdict, VerdictKind

FEW_SEEDS = 5
"""Up to here nobody can check whether seed means are normal."""


def few_seeds(verdicts: Sequence[Verdict]) -> list[str]:
    """Seeds that were really paired, where they are few and an interval rests on them."""
    paired = [
        len(contrast.seeds)
        for verdict in verdicts
        if verdict.kind.rests_on_estimate
        for contrast in verdict.contrasts
        if contrast.scope != "checkpoint" and contrast.estimate is not None
    ]
    few = sorted({count for count in paired if 1 < count <= FEW_SEEDS})
    if not few:
        return []
    counts = f"{few[0]}" if len(few) == 1 else f"{few[0]} to {few[-1]}"
    return [f"The intervals rest on {counts} seeds and on a normality that nobody can check at this number."]


def per_verdict(verdicts: Sequence[Verdict], alpha: float) -> list[str]:
    """Equivalence is decided verdict by verdict: over several, one false "no-effect" is likelier than ``alpha``."""
    judged = [v for v in verdicts if v.role == "variant" and v.kind.was_tried]
    if len(judged) < 2 or all(v.kind is not VerdictKind.NO_EFFECT for v in judged):
        return []
    most = min(1.0, len(judged) * alpha)
    return [
        f"'no-effect' is false in at most {alpha:.0%} of cases per verdict, and is not adjusted for there being "
        f"{len(judged)} verdicts: at least one of them may be falsely so in up to {most:.0%} of claims."
    ]


def grouped_items(cell: Cell, compared: Sequence[Pairs]) -> list[str]:
    """Items that look grouped though no clusters are declared, with what that costs the intervals.

    Args:
        cell: where.
        compared: pairs of the variants with the baseline there.
    """
    found = [effect for pairs in compared if (effect := _guessed_groups(pairs, cell.metric)) is not None]
    if not found:
        return []
    worst = max(found, key=lambda effect: effect.effect)
    return [
        f"The items of {cell.metric.name} in '{cell.condition.name}' look grouped: {worst.groups} groups of about "
        f"{worst.typical_size:.3g} (the largest: '{worst.example}'), alike within (design effect {worst.effect:.2g}), "
        "and no clusters are declared. If these groups are all there are (kinds of task), the intervals hold for them "
        f"alone. If there could be others (documents, templates), the intervals may be up to {worst.effect**0.5:.2g} "
        "times too narrow: record the groups with bench.items(..., clusters=...)."
    ]


def unshown_controls(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> list[str]:
    """Control conditions in which that nothing happens is neither shown nor refuted."""
    still = {condition.name for condition in claim.expected_still}
    return [
        f"Control condition '{verdict.condition}': that '{verdict.arm}' has no effect there was expected, and "
        f"is neither shown nor refuted ({verdict.against_baseline})."
        for verdict in verdicts
        if verdict.condition in still and verdict.role == "variant" and not verdict.against_baseline.settled
    ]


def _guessed_groups(pairs: Pairs, metric: MetricClaim) -> statistics.DesignEffect | None:
    if not pairs.item_wise or pairs.clusters is not None or pairs.invalid or not pairs.seeds:
        return None
    return statistics.guessed_design_effect(pairs.differences(metric).mean(axis=0), pairs.ids, pairs.contents)
