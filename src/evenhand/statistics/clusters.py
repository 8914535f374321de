"""Grouped items (questions about one text, frames of one protein): the group is the unit, not the item."""

from __future__ import annotations

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import Floats, Ids


def cluster_totals(differences: Floats, clusters: Ids | None) -> tuple[Floats, Floats]:
    """Sums over the items of each cluster, shape (S, C), and the cluster sizes, shape (C,).

    Without labels every item is its own cluster. Clusters come in the order of their labels.

    Raises:
        StatisticsError: not one label per item.
    """
    if clusters is None:
        return differences, np.ones(differences.shape[1])
    labels = np.asarray(clusters)
    if labels.shape != (differences.shape[1],):
        raise StatisticsError(
            f"clusters: expected one label for each of {differences.shape[1]} items, found shape {labels.shape}."
        )
    names, index = np.unique(labels, return_inverse=True)
    totals = np.zeros((differences.shape[0], names.size))
    for row, total in zip(differences, totals, strict=True):
        np.add.at(total, index, row)
    return totals, np.bincount(index, minlength=names.size).astype(np.float64)


def cluster_table(differences: Floats, clusters: Ids | None) -> Floats:
    """A table (S, C) whose rows have the item means of each seed and whose columns are independent units.

    For clusters of one size this is the table of cluster means. For unequal sizes each entry is the linearised
    contribution of the cluster to the ratio (sum of differences) / (number of items), so that means over the table
    are means over items, and large clusters weigh as much as they hold (Cameron & Miller 2015, section II.B).
    """
    if clusters is None:
        return differences
    totals, sizes = cluster_totals(differences, clusters)
    mean = float(differences.mean())
    return np.asarray(mean + (totals - sizes * mean) * (sizes.size / differences.shape[1]))
