"""What a claim can hope to find, before it runs: the smallest detectable effect of its confirming rung. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand import statistics
from evenhand.claim import MetricClaim, Rung
from evenhand.ladder import look_plan, primary
from evenhand.pairs import Cell, Outcomes, make_pairs
from evenhand.plan import ResolvedClaim


@dataclass(frozen=True)
class Foresight:
    """The smallest effect that a rung finds with 80 % power.

    Attributes:
        metric, rung, seeds: where.
        effect: in the metric's unit, or None with ``why_none``.
        in_sd: the same in units of the seed sd of paired differences.
        margin: the smallest effect that matters.
        exceeds_margin: effects as small as the margin would usually be missed.
        source: where the seed sd comes from.
    """

    metric: str
    rung: str
    seeds: int
    effect: float | None
    in_sd: float | None
    margin: float
    exceeds_margin: bool
    source: str = ""
    why_none: str = ""


def foresee(claim: ResolvedClaim, outcomes: Outcomes) -> tuple[Foresight, ...]:
    """The smallest detectable effect of the confirming rung on each primary metric.

    The spread of differences comes from the claim (``metric.sd``), else from the null arm's or the screening pairs
    that ``outcomes`` already holds; without either the effect is stated in units of the seed sd of differences.
    """
    rung = claim.claim.rungs[-1]
    return tuple(_foresee(claim, rung, metric, outcomes) for metric in primary(claim))


def _foresee(claim: ResolvedClaim, rung: Rung, metric: MetricClaim, outcomes: Outcomes) -> Foresight:
    count, items, margin = len(rung.seeds), claim.items[rung.name].count, metric.margin
    alpha = look_plan(rung, claim.claim.alpha).nominal
    spread = pilot_spread(claim, metric, outcomes)
    if spread is None:
        plain = statistics.smallest_detectable_effect(count, alpha=alpha)
        why = plain.reason or "no guess of that sd: give metric.sd, or run a null arm"
        return Foresight(metric.name, rung.name, count, None, plain.in_sd, margin, plain.effect is None, "", why)
    has_items = items is not None and (spread.item_sd > 0 or spread.residual_sd > 0)
    scope = claim.claim.scope if has_items else "seeds"
    effect = statistics.planned_detectable(spread, count, items if has_items else None, scope=scope, alpha=alpha)
    if effect is None:
        return Foresight(metric.name, rung.name, count, None, None, margin, True, "", "one seed shows no spread")
    in_sd = effect / spread.seed_sd if spread.seed_sd > 0 else None
    return Foresight(metric.name, rung.name, count, effect, in_sd, margin, effect > margin, f"spread: {spread.source}")


def pilot_spread(claim: ResolvedClaim, metric: MetricClaim, outcomes: Outcomes) -> statistics.Spread | None:
    """The spread of paired differences: the claim's guess, the null arm's pairs, or those of a screening rung.

    Where several conditions have pilot pairs, the widest spread is taken.
    """
    if metric.sd is not None:
        return statistics.Spread(metric.sd, source=f"guessed seed sd {metric.sd:g}")
    found: list[statistics.Spread] = []
    nulls = claim.arms("null")
    rungs = claim.claim.rungs if nulls else claim.claim.rungs[:-1]
    for arm in nulls or claim.arms("variant"):
        for condition in claim.claim.conditions:
            for rung in rungs:
                pairs = make_pairs(claim, arm, claim.baseline, Cell(condition, rung, metric, rung.seeds), outcomes)
                if len(pairs.seeds) < 2 or pairs.invalid is not None:
                    continue
                differences = pairs.differences(metric)
                table = differences if pairs.item_wise and differences.shape[1] > 1 else differences[:, 0]
                source = f"pairs of '{arm.name}' in '{condition.name}' at rung '{rung.name}'"
                found.append(statistics.spread_from_pilot(table, source))
    return max(found, key=lambda spread: (spread.seed_sd, spread.residual_sd), default=None)
