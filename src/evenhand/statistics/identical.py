"""Scores that are all the same: how many answers may differ all the same."""

from __future__ import annotations

from dataclasses import dataclass

from evenhand.statistics.arrays import Ids, check_count
from evenhand.statistics.shares import share_not_excluded


@dataclass(frozen=True)
class Identical:
    """Pairs of scores of which none differs.

    Attributes:
        compared: pairs of answers that were compared: seeds x items, or seeds x clusters.
        unit: what they are: "answers", "clusters" or "seeds".
        may_differ: the largest share of them that may differ, at ``level``, one-sided.
        level: of that bound.
    """

    compared: int
    unit: str
    may_differ: float
    level: float


def identical_scores(seeds: int, items: int | None, clusters: Ids | None = None, level: float = 0.95) -> Identical:
    """How many answers may differ where none of seeds x items scores does: 1 - (1 - level)^(1/n), about 3/n at 95 %.

    Answers in one cluster come together, so there the cluster is counted. Seeds are counted where there are no items.

    Args:
        seeds: S.
        items: I, or None for a metric without items.
        clusters: label of each item, or None.
        level: of the bound.

    Raises:
        StatisticsError: no seeds or items, or a level out of range.
    """
    count = check_count(seeds, "seeds")
    if items is None:
        return Identical(count, "seeds", share_not_excluded(0, count, level), level)
    units = check_count(items, "items") if clusters is None else len(set(clusters))
    compared = count * units
    unit = "answers" if clusters is None else "clusters"
    return Identical(compared, unit, share_not_excluded(0, compared, level), level)
