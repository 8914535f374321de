"""What would settle an inconclusive contrast: how many seeds, or items, by the spread of its own pairs. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from evenhand import statistics
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.pairs import Pairs
from evenhand.decisions.verdict import Contrast, Settling
from evenhand.statistics.clusters import cluster_table

MOST_SEEDS = 1000
"""More seeds than these are no plan."""

FEW_SEEDS = 5
"""Up to so many pairs hardly tell the spread that a plan rests on."""

SURE = 0.8
"""Confidence of the upper bound of that spread."""


def what_would_settle(found: Contrast, pairs: Pairs, metric: MetricClaim, *, anytime: bool = False) -> Settling:
    """How many seeds, or items, would settle an effect of the size seen (of the margin, where that is larger)."""
    if found.estimate is not None and found.scope == "checkpoint" and pairs.item_wise and not anytime:
        return _more_items(found, pairs, metric)
    if found.estimate is None or len(found.seeds) < 2:
        return Settling(reason="few seeds")
    differences = pairs.differences(metric)
    table = differences if pairs.item_wise and differences.shape[1] > 1 else differences[:, 0]
    spread = statistics.spread_from_pilot(table, "these pairs")
    wanted = max(abs(found.estimate), metric.margin)
    as_seen = abs(found.estimate) >= metric.margin
    alpha = 1 - found.level
    scope: statistics.Scope = "recipe" if found.scope == "recipe" else "seeds"
    if wanted <= 0 or (spread.seed_sd == spread.item_sd == spread.residual_sd == 0):
        return Settling(as_seen=as_seen, reason="no spread")
    items = found.items or None

    def seeds_for(assumed: statistics.Spread) -> int | None:
        if anytime:
            counted = items if scope == "recipe" else None
            return statistics.anytime_seeds_needed(wanted, assumed, counted, alpha=alpha, most=MOST_SEEDS).count
        return statistics.seeds_needed(wanted, assumed, items, scope=scope, alpha=alpha, most=MOST_SEEDS).count

    count, few = seeds_for(spread), len(found.seeds) <= FEW_SEEDS
    if count is not None:
        most, at_least = seeds_for(_upper(spread, items)) if few else None, len(found.seeds) + 1
        at_most = None if most is None else max(most, at_least)
        return Settling(max(count, at_least), "seeds", 0, as_seen, "", len(found.seeds) if few else 0, at_most)
    if items is not None and not anytime:
        more = statistics.items_needed(wanted, spread, len(found.seeds), scope=scope, alpha=alpha)
        if more.count is not None:
            return Settling(more.count, "items", len(found.seeds), as_seen)
    return Settling(as_seen=as_seen, reason="both")


def _upper(spread: statistics.Spread, items: int | None) -> statistics.Spread:
    """The spread with that of seeds at its one-sided upper bound, that of the means of a seed less their items'."""
    noise = 0.0 if items is None else spread.residual_sd**2 / items
    means_sd = math.sqrt(spread.seed_sd**2 + noise)
    wider = statistics.sd_interval(means_sd, spread.pilot_seeds - 1, 2 * SURE - 1).high ** 2
    return replace(spread, seed_sd=math.sqrt(max(wider - noise, spread.seed_sd**2)))


def _more_items(found: Contrast, pairs: Pairs, metric: MetricClaim) -> Settling:
    """How many items would settle what is asked of these trained models alone, of whose seeds more tell nothing."""
    means = pairs.differences(metric).mean(axis=0)
    units = cluster_table(means[None, :], pairs.clusters)[0]
    wanted = max(abs(found.estimate or 0.0), metric.margin)
    as_seen = abs(found.estimate or 0.0) >= metric.margin
    spread = statistics.Spread(0.0, float(units.std(ddof=1)) if units.size > 1 else 0.0, 0.0)
    if wanted <= 0 or spread.item_sd == 0:
        return Settling(as_seen=as_seen, reason="no spread")
    more = statistics.items_needed(wanted, spread, 1, scope="checkpoint", alpha=1 - found.level)
    if more.count is None:
        return Settling(as_seen=as_seen, reason="no spread")
    items = math.ceil(more.count * means.size / units.size)
    return Settling(max(items, means.size + 1), "items", as_seen=as_seen)
