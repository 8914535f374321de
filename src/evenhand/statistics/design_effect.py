"""Items that come in groups nobody declared: are there groups, and how much do they widen the truth?

The groups are guessed from item ids that begin alike, or from contents that repeat. What they cost is measured: the
design effect 1 + (m - 1) x ICC (Kish 1965) of the items' mean differences, with the intra-class correlation of a
one-way analysis of variance.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import ArrayLike, Ids, as_floats
from evenhand.statistics.special import fdtrc

LEAST_GROUPS = 5
WORTH_TELLING = 1.2
"""Design effects up to here widen an interval by less than a tenth."""
_ALPHA = 0.05
_DEPTH = 3
_BREAK = re.compile(r"[^0-9A-Za-z]+")
_LAST = re.compile(r"(?<=[0-9A-Za-z])[^0-9A-Za-z]+[0-9A-Za-z]*\Z")
"""The last break and the part after it."""
_LAST_OF_LINE = re.compile(r"(?<=[0-9A-Za-z])[^0-9A-Za-z\n]+[0-9A-Za-z]*$", re.MULTILINE)


@dataclass(frozen=True)
class DesignEffect:
    """How much groups of items widen the variance of a mean.

    Attributes:
        groups: G.
        typical_size: m, the size that stands for all: (N - sum of squares of sizes / N) / (G - 1).
        correlation: intra-class correlation; negative values are possible.
        effect: 1 + (m - 1) x correlation, at least 1.
        p: of the F test that groups do not differ.
        example: label of the largest group.
    """

    groups: int
    typical_size: float
    correlation: float
    effect: float
    p: float
    example: str

    @property
    def worth_telling(self) -> bool:
        """Whether the groups agree within themselves beyond chance, and enough to matter."""
        return self.effect > WORTH_TELLING and self.p < _ALPHA


def groups_by_prefix(ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Groupings of items by how their ids begin: ``doc12-q3`` with ``doc12-q4``, ``a/1`` with ``a/2``.

    An id is cut before its last part, its last two, or its last three; each cut that gives plausible groups is one
    grouping (labels in the order of ``ids``).
    """
    return _groups_by_prefix(tuple(ids))


@functools.lru_cache(maxsize=8)
def _groups_by_prefix(ids: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The contrasts of a claim ask for the same items again and again."""
    if not _BREAK.search("".join(ids)):  # nowhere to cut, as in hashes of contents
        return (ids,) if is_plausible(ids) else ()
    found: dict[tuple[str, ...], None] = {}
    labels = ids
    for _ in range(_DEPTH):
        labels = _cut(labels)
        if is_plausible(labels):
            found.setdefault(labels)
    return tuple(found)


def _cut(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each name without its last part; a name of one part as it is."""
    joined = "\n".join(names)
    if joined.count("\n") >= len(names):  # a name of several lines
        return tuple(_LAST.sub("", name) for name in names)
    return tuple(_LAST_OF_LINE.sub("", joined).split("\n"))


def groups_by_content(contents: Sequence[str]) -> tuple[str, ...] | None:
    """A grouping of items whose contents repeat, or None where they do not repeat enough."""
    return tuple(contents) if is_plausible(contents) else None


def is_plausible(labels: Sequence[str]) -> bool:
    """Whether labels are groups: at least five of them, and most hold two items or more."""
    sizes = Counter(labels)
    return len(sizes) >= LEAST_GROUPS and sum(size >= 2 for size in sizes.values()) > len(sizes) / 2


def design_effect(values: ArrayLike, groups: Ids) -> DesignEffect | None:
    """The design effect of groups on the mean of ``values``; None where groups or values do not allow one.

    Args:
        values: one per item: its mean difference over seeds, shape (I,).
        groups: label of each item.

    Raises:
        StatisticsError: not one label per item, NaN or infinite values.
    """
    items = as_floats(values, "differences of items", 1)
    labels = np.asarray(groups)
    if labels.shape != items.shape:
        raise StatisticsError(
            f"design effect: expected one label for each of {items.size} items, found {labels.shape}."
        )
    names, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    count, total = names.size, items.size
    if not 2 <= count < total:
        return None
    means = np.bincount(index, weights=items) / sizes
    between = float(sizes @ (means - items.mean()) ** 2) / (count - 1)
    within = float(((items - means[index]) ** 2).sum()) / (total - count)
    size = (total - float(sizes @ sizes) / total) / (count - 1)
    spread = between + (size - 1) * within
    if spread <= 0:
        return None
    correlation = (between - within) / spread
    p = float(fdtrc(count - 1, total - count, between / within)) if within > 0 else 0.0
    effect = max(1.0, 1 + (size - 1) * correlation)
    return DesignEffect(count, size, correlation, effect, p, str(names[np.argmax(sizes)]))


def guessed_design_effect(
    values: ArrayLike, ids: Sequence[str], contents: Sequence[str] | None = None
) -> DesignEffect | None:
    """The largest design effect worth telling over all groupings that ids and contents suggest, or None.

    Args:
        values: mean difference of each item, shape (I,).
        ids: of the items.
        contents: what stands for each item's content, where it is known.
    """
    groupings = [*groups_by_prefix(ids)]
    repeated = None if contents is None else groups_by_content(contents)
    groupings += [] if repeated is None else [repeated]
    found = [effect for labels in groupings if (effect := design_effect(values, labels)) is not None]
    told = [effect for effect in found if effect.worth_telling]
    return max(told, key=lambda effect: effect.effect) if told else None
