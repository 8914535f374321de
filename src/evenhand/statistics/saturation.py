"""Whether a task can tell two arms apart at all: floor, ceiling, chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Floats, paired_scores

SaturationKind = Literal["floor", "ceiling", "chance"]
_NORMAL_95 = 1.959963984540054
_SLACK = 1e-9


@dataclass(frozen=True)
class Saturation:
    """Whether both arms sit where no difference can show.

    Attributes:
        saturated: whether they do.
        kind: where: "floor", "ceiling" or "chance"; None when not saturated.
        baseline_mean: mean score of the baseline over seeds and items.
        variant_mean: mean score of the variant.
        one_item: what one item is worth in the mean, (ceiling - floor) / items.
        chance_tolerance: how far from chance a mean still counts as at chance; None when no chance level was declared.
        explanation: one sentence for the report.
    """

    saturated: bool
    kind: SaturationKind | None
    baseline_mean: float
    variant_mean: float
    one_item: float
    chance_tolerance: float | None
    explanation: str


def _chance_tolerance(scores: Floats, chance: float, floor: float, ceiling: float, one_item: float) -> float:
    """One item, or the 95 % sampling error of a mean at chance, whichever is larger."""
    items = scores.shape[1]
    share = (chance - floor) / (ceiling - floor)
    spread = (ceiling - floor) * math.sqrt(max(share * (1 - share), 0.0) / items)
    if not np.isin(scores, (floor, ceiling)).all() and items > 1:
        # Scores between floor and ceiling vary less than right-or-wrong ones: take their own spread over items.
        spread = min(spread, float(scores.mean(axis=0).std(ddof=1)) / math.sqrt(items))
    return max(one_item, _NORMAL_95 * spread)


def saturation(
    baseline: ArrayLike,
    variant: ArrayLike,
    *,
    floor: float | None = 0.0,
    ceiling: float | None = 1.0,
    chance: float | None = None,
) -> Saturation:
    """Test whether both arms lie within one item of the floor or ceiling, or at the declared chance level.

    "Within one item" means that the mean over seeds and items differs from the end of the scale by no more than
    (ceiling - floor) / I. "At chance" means that neither arm's mean differs from the declared level by more than one
    item or the 95 % sampling error of I items, whichever is larger. An answer that never changes is chance too: declare
    the share of the commonest answer as the chance level.

    Args:
        baseline: scores, shape (S, I).
        variant: scores, same shape.
        floor: least possible score; None when the metric has none.
        ceiling: largest possible score; None when the metric has none.
        chance: expected score of guessing; None when there is no such thing.

    Raises:
        StatisticsError: shapes that differ, NaN, scores outside floor .. ceiling, or an empty range.
    """
    left, right = paired_scores(baseline, variant)
    _check_range(left, right, floor, ceiling)
    means = float(left.mean()), float(right.mean())
    bounded = floor is not None and ceiling is not None
    width = ceiling - floor if floor is not None and ceiling is not None else float(np.ptp(np.stack([left, right])))
    one_item = width / left.shape[1]
    reach = one_item * (1 + _SLACK)
    kind: SaturationKind | None = None
    tolerance: float | None = None
    if bounded and ceiling is not None and all(ceiling - mean <= reach for mean in means):
        kind = "ceiling"
    elif bounded and floor is not None and all(mean - floor <= reach for mean in means):
        kind = "floor"
    if chance is not None:
        low, high = (floor, ceiling) if floor is not None and ceiling is not None else (chance - 0.5, chance + 0.5)
        tolerances = [_chance_tolerance(scores, chance, low, high, one_item) for scores in (left, right)]
        tolerance = max(tolerances)
        near = (abs(mean - chance) <= tolerance * (1 + _SLACK) for mean in means)
        if kind is None and all(near):
            kind = "chance"
    return Saturation(
        kind is not None, kind, *means, one_item, tolerance, _explain(kind, means, one_item, chance, tolerance)
    )


def stuck_at_end(baseline: ArrayLike, variant: ArrayLike, *, floor: float | None, ceiling: float | None) -> Saturation:
    """Test whether every score of both arms is the floor, or every score the ceiling: of a metric without items.

    Args:
        baseline: scores, shape (S, 1).
        variant: scores, same shape.
        floor: least possible score; None when the metric has none.
        ceiling: largest possible score; None when the metric has none.

    Raises:
        StatisticsError: shapes that differ, or NaN.
    """
    left, right = paired_scores(baseline, variant)
    means = float(left.mean()), float(right.mean())
    ends: tuple[tuple[SaturationKind, float | None], ...] = (("floor", floor), ("ceiling", ceiling))
    for kind, end in ends:
        if end is not None and bool(np.all(left == end)) and bool(np.all(right == end)):
            return Saturation(True, kind, *means, 0.0, None, f"Saturated: both arms are at the {kind} {end:g}.")
    return Saturation(False, None, *means, 0.0, None, _explain(None, means, 0.0, None, None))


def _check_range(left: Floats, right: Floats, floor: float | None, ceiling: float | None) -> None:
    if floor is not None and ceiling is not None and not floor < ceiling:
        raise StatisticsError(f"score range: expected floor < ceiling, found {floor} and {ceiling}.")
    for name, scores in (("baseline", left), ("variant", right)):
        below = floor is not None and bool((scores < floor).any())
        above = ceiling is not None and bool((scores > ceiling).any())
        if below or above:
            raise StatisticsError(
                f"{name} scores: expected values in the declared range {floor} .. {ceiling}, found "
                f"{float(scores.min())} .. {float(scores.max())}. Declare the range of the metric, or mend the scorer."
            )


def _explain(
    kind: SaturationKind | None,
    means: tuple[float, float],
    one_item: float,
    chance: float | None,
    tolerance: float | None,
) -> str:
    both = f"the baseline scores {means[0]:.4g} and the variant {means[1]:.4g}"
    if kind is None:
        return f"Not saturated: {both}."
    if kind == "chance":
        return f"Saturated: {both}, both within {tolerance:.2g} of the chance level {chance:.4g}."
    return f"Saturated: {both}, both within one item ({one_item:.2g}) of the {kind}."
