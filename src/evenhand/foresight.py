"""What a claim can hope to find, before it runs: the smallest detectable effect of its confirming rung. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenhand import statistics
from evenhand.claim import MetricClaim, Rung
from evenhand.contrasts import Outcomes, contrast
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

    The seed sd of differences comes from the claim (``metric.sd``), else from the null arm's or the screening pairs
    that ``outcomes`` already holds; without either the effect is stated in units of that sd.
    """
    rung = claim.claim.rungs[-1]
    return tuple(_foresee(claim, rung, metric, outcomes) for metric in claim.claim.metrics if metric.primary)


def _foresee(claim: ResolvedClaim, rung: Rung, metric: MetricClaim, outcomes: Outcomes) -> Foresight:
    count = len(rung.seeds)
    sd, source = _seed_sd(claim, metric, outcomes)
    found = statistics.smallest_detectable_effect(count, sd if sd is not None else 1.0, alpha=claim.claim.alpha)
    if found.effect is None:
        return Foresight(metric.name, rung.name, count, None, None, metric.margin, True, "", found.reason or "")
    if sd is None:
        why = "no guess of that sd: give metric.sd, or run a null arm"
        return Foresight(metric.name, rung.name, count, None, found.in_sd, metric.margin, False, "", why)
    exceeds = found.exceeds(metric.margin)
    return Foresight(metric.name, rung.name, count, found.effect, found.in_sd, metric.margin, exceeds, source)


def _seed_sd(claim: ResolvedClaim, metric: MetricClaim, outcomes: Outcomes) -> tuple[float | None, str]:
    if metric.sd is not None:
        return metric.sd, f"from the guess sd = {metric.sd:g}"
    spreads: list[float] = []
    for arm in claim.arms("null") or claim.arms("variant"):
        for condition in claim.claim.conditions:
            for rung in claim.claim.rungs[: -1 if arm.role == "variant" else None]:
                found, _ = contrast(claim, arm, claim.baseline, condition, rung, metric, outcomes, level=0.95)
                if len(found.differences) >= 3:
                    spreads.append(float(np.var(found.differences, ddof=1)))
    if not spreads or not max(spreads):
        return None, ""
    which = "null arm" if claim.arms("null") else "screening rung"
    return float(np.sqrt(np.mean(spreads))), f"from the pairs of the {which}"
