"""Pairs that are missing: which to drop, and when too many are gone to say anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evenhand.errors import StatisticsError
from evenhand.statistics.special import bdtr

_SPLIT_ALPHA = 0.05


@dataclass(frozen=True)
class PairCheck:
    """Which pairs remain after both arms' missing trials are dropped, and whether the rest may be judged.

    Attributes:
        kept: indices of the complete pairs.
        dropped: indices of the dropped ones.
        share_dropped: dropped / all.
        only_baseline: pairs lost because the baseline alone is missing.
        only_variant: pairs lost because the variant alone is missing.
        valid: whether the remaining pairs may be judged.
        reason: why not; None when valid.
    """

    kept: tuple[int, ...]
    dropped: tuple[int, ...]
    share_dropped: float
    only_baseline: int
    only_variant: int
    valid: bool
    reason: str | None


def _differs_by_arm(only_baseline: int, only_variant: int) -> bool:
    """Two or more losses all in one arm, or a split that a fair coin makes less than 5 % of the time."""
    total, least = only_baseline + only_variant, min(only_baseline, only_variant)
    if total >= 2 and least == 0:
        return True
    return total > 0 and 2 * float(bdtr(least, total, 0.5)) < _SPLIT_ALPHA


def check_pairs(
    baseline_present: Sequence[bool], variant_present: Sequence[bool], largest_share: float = 0.2
) -> PairCheck:
    """Drop incomplete pairs, and refuse what is left when too many are gone or one arm loses more than the other.

    A pair is kept when both arms are there. More than ``largest_share`` dropped is invalid. So are drops that differ by
    arm, because an arm that fails more often is being judged on its easier seeds: two or more one-sided losses that
    are all in the same arm, or a split between the arms that an exact binomial test rejects at 5 %. A single lost pair
    is always one-sided and is tolerated. Retry the same seed before dropping.

    Args:
        baseline_present: whether the baseline has each pair's result.
        variant_present: likewise for the variant.
        largest_share: largest share of pairs that may be dropped.

    Raises:
        StatisticsError: lengths that differ, or no pairs.
    """
    left, right = np.asarray(baseline_present, dtype=bool), np.asarray(variant_present, dtype=bool)
    if left.ndim != 1 or left.shape != right.shape or left.size == 0:
        raise StatisticsError(
            f"missing pairs: expected one flag per pair and arm, found shapes {left.shape} and {right.shape}."
        )
    both = left & right
    kept, dropped = np.flatnonzero(both), np.flatnonzero(~both)
    only_baseline, only_variant = int(np.sum(~left & right)), int(np.sum(left & ~right))
    share = dropped.size / left.size
    reason = None
    if kept.size == 0:
        reason = "no pair is complete"
    elif share > largest_share:
        reason = f"{dropped.size} of {left.size} pairs are missing, more than {100 * largest_share:.0f} %"
    elif _differs_by_arm(only_baseline, only_variant):
        reason = (
            f"missing pairs differ by arm: {only_baseline} lost by the baseline alone, "
            f"{only_variant} by the variant alone"
        )
    return PairCheck(
        tuple(int(i) for i in kept), tuple(int(i) for i in dropped), share, only_baseline, only_variant,
        reason is None, reason,
    )  # fmt: skip


@dataclass(frozen=True)
class ItemMatch:
    """Whether two arms were scored on the same items, and if not, which are missing where.

    Attributes:
        same: both arms hold the same ids.
        order: for each of the baseline's ids, its place among the variant's; None unless ``same``.
        missing_in_baseline: ids that only the variant has, sorted.
        missing_in_variant: ids that only the baseline has, sorted.
        reason: a sentence that names the first few ids; None when ``same``.
    """

    same: bool
    order: tuple[int, ...] | None
    missing_in_baseline: tuple[str, ...]
    missing_in_variant: tuple[str, ...]
    reason: str | None


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


def match_items(baseline_ids: Sequence[str], variant_ids: Sequence[str]) -> ItemMatch:
    """Match both arms' items by id.

    Raises:
        StatisticsError: an id occurs twice in one arm (the first few are named).
    """
    for arm, ids in (("baseline", baseline_ids), ("variant", variant_ids)):
        if len(set(ids)) < len(ids):
            seen: set[str] = set()
            twice = sorted({item for item in ids if item in seen or seen.add(item)})  # type: ignore[func-returns-value]
            raise StatisticsError(f"{arm} items: expected each id once, found these more than once: {_named(twice)}.")
    places = {item: place for place, item in enumerate(variant_ids)}
    left, right = set(baseline_ids), set(variant_ids)
    if left == right:
        return ItemMatch(True, tuple(places[item] for item in baseline_ids), (), (), None)
    not_left, not_right = tuple(sorted(right - left)), tuple(sorted(left - right))
    parts = [
        f"{len(ids)} missing in the {arm}: {_named(ids)}"
        for arm, ids in (("baseline", not_left), ("variant", not_right))
        if ids
    ]
    return ItemMatch(False, None, not_left, not_right, "items differ between the arms: " + "; ".join(parts))
