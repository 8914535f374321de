"""Does the mechanism help *here and not there*? The difference of two contrasts, with its own interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import (
    ArrayLike,
    Floats,
    Ids,
    as_floats,
    check_share,
    is_constant,
    power_of_two_scale,
    saturating_difference,
)
from evenhand.statistics.clusters import cluster_table
from evenhand.statistics.contrast import SCOPES, Scope
from evenhand.statistics.estimate import (
    ErrorScale,
    MeanEstimate,
    from_standard_error,
    from_two_tests,
    rescaled,
    seed_notes,
    without_spread,
)
from evenhand.statistics.paired import paired_t
from evenhand.statistics.two_way import OVER_SEEDS, TIE, TWO_WAY, mean_squares, two_way_estimate

METHOD = "difference of differences"


def difference_of_differences(
    target: ArrayLike,
    control: ArrayLike,
    *,
    scope: Scope = "recipe",
    same_items: bool = False,
    level: float = 0.95,
    target_clusters: Ids | None = None,
    control_clusters: Ids | None = None,
) -> MeanEstimate:
    """(Mean difference in the target condition) - (mean difference in the control condition), for the same seeds.

    A claim "it helps only here" is this interval, never "significant here, not there" (Gelman & Stern 2006). With the
    same items in both conditions the entries are subtracted one by one; otherwise each condition brings item variance
    of its own: variance = MS_S(seed differences)/S + sum over conditions of (MS_I - MS_E)/(S I), never less than
    either part alone, with Satterthwaite's degrees of freedom. As in `two_way_estimate`, the paired t over the seeds'
    differences must agree: the wider interval and the larger p stand.

    Args:
        target: differences (variant less baseline), shape (S, I), or (S,) for a metric without items.
        control: likewise with the same seeds in the same order, shape (S, J) or (S,).
        scope: what the answer is to hold for.
        same_items: whether column i is the same item in both conditions.
        level: nominal coverage.
        target_clusters: label of each target item.
        control_clusters: label of each control item; with ``same_items`` the target's labels serve both.

    Raises:
        StatisticsError: other shapes, seeds that differ in number, NaN or infinite values, an unknown scope.
    """
    if scope not in SCOPES:
        raise StatisticsError(f"scope: expected one of {', '.join(SCOPES)}, found {scope!r}.")
    check_share(level, "level")
    dimensions = np.ndim(target)
    left, right = (
        as_floats(target, "target differences", dimensions),
        as_floats(control, "control differences", dimensions),
    )
    if dimensions not in (1, 2) or left.shape[0] != right.shape[0]:
        raise StatisticsError(
            f"difference of differences: expected the same seeds in both conditions, found shapes {left.shape} and "
            f"{right.shape}."
        )
    if same_items and left.shape != right.shape:
        raise StatisticsError(f"same items: expected equal shapes, found {left.shape} and {right.shape}.")
    if dimensions == 1 and scope == "checkpoint":
        raise StatisticsError("scope checkpoint: expected differences per item, found one difference per seed.")
    if dimensions == 1:
        return _named(paired_t(saturating_difference(left, right), level))
    scale = max(power_of_two_scale(left), power_of_two_scale(right))
    left, right = left / scale, right / scale
    return rescaled(_with_items(left, right, scope, same_items, level, target_clusters, control_clusters), scale)


def _with_items(
    left: Floats,
    right: Floats,
    scope: Scope,
    same_items: bool,
    level: float,
    target_clusters: Ids | None,
    control_clusters: Ids | None,
) -> MeanEstimate:
    if scope == "seeds":
        return _named(paired_t(left.mean(axis=1) - right.mean(axis=1), level))
    if same_items:
        table = cluster_table(left - right, target_clusters)
        return _named(two_way_estimate(table, level) if scope == "recipe" else _over_items(table, level))
    tables = cluster_table(left, target_clusters), cluster_table(right, control_clusters)
    if scope == "checkpoint":
        return _two_item_sets(*tables, level)
    return _crossed(*tables, level)


def _named(estimate: MeanEstimate) -> MeanEstimate:
    return replace(estimate, method=f"{METHOD}: {estimate.method}")


def _over_items(table: Floats, level: float) -> MeanEstimate:
    return paired_t(table.mean(axis=0), level, unit="items")


def _two_item_sets(left: Floats, right: Floats, level: float) -> MeanEstimate:
    """Welch's t between the item means of two different item sets, the models being these very ones."""
    sets = left.mean(axis=0), right.mean(axis=0)
    mean = float(sets[0].mean() - sets[1].mean())
    items = sets[0].size + sets[1].size
    parts = [(float(values.var(ddof=1)) / values.size if values.size > 1 else 0.0) for values in sets]
    total = sum(parts)
    if min(values.size for values in sets) < 2 or total <= 0 or all(is_constant(values) for values in sets):
        reason = "one item, or items that do not vary: no spread over items can be estimated"
        return without_spread(METHOD, mean, level=level, seeds=left.shape[0], items=items, reason=reason)
    df = total**2 / sum(part**2 / (values.size - 1) for part, values in zip(parts, sets, strict=True))
    return from_standard_error(
        f"{METHOD}: Welch's t over items", mean, total**0.5, df, level=level, seeds=left.shape[0], items=items
    )


def _crossed(left: Floats, right: Floats, level: float) -> MeanEstimate:
    """Seeds shared by both conditions, items of their own in each."""
    seeds = left.shape[0]
    items = left.shape[1] + right.shape[1]
    by_seed = left.mean(axis=1) - right.mean(axis=1)
    mean = float(by_seed.mean())
    if min(seeds, left.shape[1], right.shape[1]) < 2:
        reason = "one seed or one item: the spread for new ones cannot be estimated"
        return without_spread(METHOD, mean, level=level, seeds=seeds, items=items, reason=reason)
    seed_part = 0.0 if is_constant(by_seed) else float(by_seed.var(ddof=1)) / seeds
    total, df = _crossed_variance(left, right, seed_part)
    if total <= 0 or (is_constant(left) and is_constant(right)):
        reason = "the differences do not vary: a spread of zero gives no scale to judge the mean by"
        return without_spread(METHOD, mean, level=level, seeds=seeds, items=items, reason=reason)
    method = f"{METHOD}: two-way random effects, items of its own in each condition, and {OVER_SEEDS}: the stricter"
    notes = seed_notes(seeds)
    if seed_part == 0:
        return from_standard_error(method, mean, total**0.5, df, level=level, seeds=seeds, items=items, notes=notes)
    scales = ErrorScale(TWO_WAY, total**0.5, df), ErrorScale(OVER_SEEDS, seed_part**0.5, seeds - 1)
    return from_two_tests(method, mean, *scales, level=level, seeds=seeds, items=items, notes=notes)


def _crossed_variance(left: Floats, right: Floats, seed_part: float) -> tuple[float, float]:
    """Variance of the difference of means and its Satterthwaite degrees of freedom."""
    seeds = left.shape[0]
    item_parts, rest_parts, spread = [], [], seed_part**2 / (seeds - 1)
    item_spread = 0.0
    for table in (left, right):
        _, _, square_item, square_rest = mean_squares(table)
        item_parts.append(square_item / table.size)
        rest_parts.append(square_rest / table.size)
        item_spread += item_parts[-1] ** 2 / (table.shape[1] - 1)
        spread += rest_parts[-1] ** 2 / ((table.shape[1] - 1) * (seeds - 1))
    items_alone = sum(item_parts)
    total = seed_part + items_alone - sum(rest_parts)
    if total > TIE * max(seed_part, items_alone):
        return total, total**2 / (spread + item_spread)
    # As in the two-way estimate: where a component is not above 0, the other stands with its own df.
    if TIE * items_alone >= seed_part:
        return items_alone, items_alone**2 / item_spread if item_spread > 0 else 0.0
    return seed_part, float(seeds - 1)
