"""The ladder of a claim: which trials come next, who is screened out, when a planned look stops. Pure."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition, MetricClaim, Rung
from evenhand.decisions.contrasts import contrast
from evenhand.decisions.pairs import Cell, Outcomes
from evenhand.decisions.rules import amount
from evenhand.recipes.trial import Trial


@dataclass(frozen=True)
class Progress:
    """Where a claim stands on its ladder.

    Attributes:
        rung: the rung that runs now; the last one when all is done.
        seeds: its seeds up to the look that is due.
        standing: names of the arms that run at it.
        pruned: arm name to (rung, reason) of those screened out.
        pending: trials that have no outcome yet, in the order in which to run them.
        finished: nothing is left to run.
    """

    rung: Rung
    seeds: tuple[int, ...]
    standing: tuple[str, ...]
    pruned: Mapping[str, tuple[str, str]]
    pending: tuple[Trial, ...]
    finished: bool


def targets(claim: ResolvedClaim) -> tuple[Condition, ...]:
    """Conditions in which an effect is looked for; all of them where each is a control."""
    found = tuple(c for c in claim.claim.conditions if c.expect != "no-effect")
    return found or claim.claim.conditions


def controls(claim: ResolvedClaim) -> tuple[Condition, ...]:
    """Conditions in which no effect is expected."""
    return tuple(c for c in claim.claim.conditions if c.expect == "no-effect")


def primary(claim: ResolvedClaim) -> tuple[MetricClaim, ...]:
    """Metrics that verdicts are given on."""
    return tuple(metric for metric in claim.claim.metrics if metric.primary)


def climb(claim: ResolvedClaim, outcomes: Outcomes) -> Progress:
    """The screening rungs: the first that has trials to run, or the confirming rung with all its seeds.

    The looks of the confirming rung are not considered here; see ``evenhand.decisions.decide.progress``.
    """
    pruned: dict[str, tuple[str, str]] = {}
    rungs = claim.claim.rungs
    for rung in rungs:
        standing = tuple(arm.name for arm in claim.arms() if arm.name not in pruned)
        pending = pending_trials(claim, rung, standing, rung.seeds, outcomes)
        if pending or rung is rungs[-1]:
            return Progress(rung, rung.seeds, standing, pruned, pending, not pending)
        pruned |= screen(claim, rung, standing, outcomes)
        if all(arm.name in pruned for arm in claim.arms("variant")):
            return Progress(rungs[-1], rungs[-1].seeds, (), pruned, (), True)
    raise AssertionError("a claim has at least one rung")


def pending_trials(
    claim: ResolvedClaim, rung: Rung, standing: Sequence[str], seeds: Sequence[int], outcomes: Outcomes
) -> tuple[Trial, ...]:
    """Trials of some seeds of a rung that have no outcome yet."""
    return tuple(
        trial
        for trial in claim.trials(rung, standing)
        if trial.id not in outcomes and (trial.seed is None or trial.seed in seeds)
    )


def screen(claim: ResolvedClaim, rung: Rung, standing: Sequence[str], outcomes: Outcomes) -> dict[str, tuple[str, str]]:
    """Variants to drop after a screening rung: arm name to (rung name, reason).

    Only variants are dropped, and only where every target condition and primary metric says so. Futility is
    non-binding and cannot create false gains.
    """
    if rung.prune.rule == "none":
        return {}
    pruned = {}
    for arm in claim.arms("variant"):
        if arm.name not in standing:
            continue
        cells = [Cell(c, rung, m, rung.seeds) for c in targets(claim) for m in primary(claim)]
        reasons = [_why_prune(claim, arm, cell, outcomes) for cell in cells]
        if all(reasons):
            pruned[arm.name] = (rung.name, "; ".join(_placed(claim, cells, reasons)))
    return pruned


def _placed(claim: ResolvedClaim, cells: Sequence[Cell], reasons: Sequence[str]) -> list[str]:
    """Each reason with the condition and the metric that it is about, where there are several."""
    conditions, metrics = len(claim.claim.conditions) > 1, len({cell.metric.name for cell in cells}) > 1
    placed = []
    for cell, reason in zip(cells, reasons, strict=True):
        where = [f"in '{cell.condition.name}'"] if conditions else []
        where += [f"on {cell.metric.name}"] if metrics else []
        placed.append(f"{' '.join(where)}: {reason}" if where else reason)
    return placed


def _why_prune(claim: ResolvedClaim, arm: Arm, cell: Cell, outcomes: Outcomes) -> str:
    """Why an arm need not go on in one cell, or empty."""
    rule, metric = cell.rung.prune, cell.metric
    level = 2 * rule.confidence - 1
    found, _, estimate = contrast(claim, arm, claim.baseline, cell, outcomes, level=level, beside=False)
    if estimate is None or found.estimate is None:
        return ""
    if rule.rule == "threshold" and rule.threshold is not None:
        plain = statistics.threshold_prune(
            found.estimate, rule.threshold, margin=metric.margin, standard_error=found.standard_error
        )
        if not plain.prune:
            return ""
        chance = plain.false_prune_chance
        odds = "" if chance is None else f"; it drops an effect as large as the margin {chance:.0%} of the time"
        return f"{amount(found.estimate, metric, sign=True)} is below the threshold ({plain.label}{odds})"
    if not isinstance(estimate.primary, statistics.MeanEstimate):
        return ""
    futile = statistics.futility(estimate.primary, metric.margin, rule.confidence)
    if not futile.prune or futile.upper is None:
        return ""
    return (
        f"the {rule.confidence:.0%} upper bound of its difference, {amount(futile.upper, metric, sign=True)}, is below "
        f"the margin {amount(metric.margin, metric)}; an effect as large as the margin is dropped "
        f"at most {futile.false_prune_chance:.0%} of the time"
    )


@functools.lru_cache(maxsize=64)
def _look_plan(counts: tuple[int, ...], alpha: float) -> statistics.LookPlan:
    """A look plan is a pure function of its arguments that takes a simulation; each is computed once."""
    return statistics.plan_looks(counts, alpha)


def look_plan(rung: Rung, alpha: float) -> statistics.LookPlan:
    """The planned looks of a rung; one look at the end where none are planned."""
    return _look_plan(rung.looks or (max(2, len(rung.seeds)),), alpha)


def look_counts(rung: Rung) -> tuple[int, ...]:
    """Numbers of seeds after which the rung may be judged."""
    return rung.looks or (len(rung.seeds),)


def adjusted_p(plan: statistics.LookPlan, p: float | None) -> float | None:
    """A p-value with the planned looks allowed for."""
    if p is None or not math.isfinite(p):
        return None
    return p if plan.source == "one look" else min(1.0, plan.overall(p))
