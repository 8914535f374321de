"""Differences of differences: an effect in a target condition less that in a control condition. Pure."""

from __future__ import annotations

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition, MetricClaim
from evenhand.decisions.agreement import disagreement
from evenhand.decisions.contrasts import as_tuple
from evenhand.decisions.families import Contrasts
from evenhand.decisions.pairs import Cell, Floats, Pairs, same_items
from evenhand.decisions.progress import Progress
from evenhand.decisions.verdict import Interaction


def interactions(known: Contrasts, now: Progress) -> list[Interaction]:
    """Each target condition less each control condition, once the claim is finished."""
    claim = known.claim
    if not now.finished or not now.active_arms:
        return []
    return [
        _interaction(known, arm, (target, control), metric, now.seeds[: now.dropped.get(arm.name)])
        for metric in claim.primary
        for arm in claim.arms("variant")
        if now.shows(arm)
        for target in claim.claim.conditions
        if target.expect != "no-effect"
        for control in claim.expected_still
    ]


def _interaction(
    known: Contrasts, arm: Arm, conditions: tuple[Condition, Condition], metric: MetricClaim, seeds: tuple[int, ...]
) -> Interaction:
    claim = known.claim
    level = 1 - claim.claim.alpha
    target, control = (Cell(condition, claim.claim.rungs[-1], metric, seeds) for condition in conditions)
    here = known.of(arm, claim.baseline, target, level, supplementary=False)[1]
    there = known.of(arm, claim.baseline, control, level, supplementary=False)[1]
    names = (arm.name, claim.baseline.name, metric.name, conditions[0].name, conditions[1].name)
    shared = [seed for seed in here.seeds if seed in there.seeds]
    fault = here.invalid or there.invalid or disagreement([*here.made, *there.made])
    if fault or not shared:
        return Interaction(*names, None, None, None, fault=fault)
    tables = [_differences(pairs, shared, metric) for pairs in (here, there)]
    result = _difference(claim, (here, there), tables, level)
    by_seed = tuple(float(a.mean() - b.mean()) for a, b in zip(*tables, strict=True))
    return Interaction(*names, result.estimate, as_tuple(result.interval), result.p, by_seed, result.reason or "")


def _differences(pairs: Pairs, seeds: list[int], metric: MetricClaim) -> Floats:
    return pairs.differences(metric)[[pairs.seeds.index(seed) for seed in seeds]]


def _difference(
    claim: ResolvedClaim, both: tuple[Pairs, Pairs], tables: list[Floats], level: float
) -> statistics.MeanEstimate | statistics.AnytimeMean:
    here, there = both
    left, right = tables
    if claim.claim.rungs[-1].anytime:
        return _at_any_time(claim, both, tables, level)
    if not (here.item_wise and there.item_wise):
        return statistics.difference_of_differences(left.mean(axis=1), right.mean(axis=1), scope="seeds", level=level)
    order = same_items(here, there)
    if order is not None:
        right = tables[1] = right[:, order]
    return statistics.difference_of_differences(
        left,
        right,
        scope=claim.claim.scope,
        same_items=order is not None,
        level=level,
        target_clusters=here.clusters,
        control_clusters=there.clusters if order is None else None,
    )


def _at_any_time(
    claim: ResolvedClaim, both: tuple[Pairs, Pairs], tables: list[Floats], level: float
) -> statistics.AnytimeMean:
    """The same where the claim may be looked at after every seed."""
    here, there = both
    left, right = tables
    if not (here.item_wise and there.item_wise) or claim.claim.scope == "seeds":
        return statistics.anytime_mean(left.mean(axis=1) - right.mean(axis=1), level)
    order = same_items(here, there)
    if order is not None:
        tables[1] = right[:, order]
        return statistics.anytime_mean(statistics.cluster_table(left - tables[1], here.clusters), level)
    own, other = statistics.cluster_table(left, here.clusters), statistics.cluster_table(right, there.clusters)
    return statistics.anytime_mean(own, level, less=other)
