"""How large a share can still be of what was counted: exact one-sided bounds (Clopper & Pearson 1934)."""

from __future__ import annotations

from evenhand.errors import StatisticsError
from evenhand.statistics.arrays import check_count, check_share
from evenhand.statistics.special import betaincinv


def share_not_excluded(hits: int, trials: int, level: float = 0.95) -> float:
    """The largest share under which ``hits`` or fewer of ``trials`` are seen with probability 1 - ``level`` or more.

    For 0 hits this is 1 - (1 - level)^(1/n), near 3/n at 95 % (the rule of three).

    Args:
        hits: how many of the trials showed it.
        trials: independent trials.
        level: of the one-sided bound.

    Raises:
        StatisticsError: no trials, more hits than trials, or a level out of range.
    """
    check_share(level, "level")
    count = check_count(trials, "trials")
    seen = check_count(hits, "hits", 0)
    if seen > count:
        raise StatisticsError(f"share: expected at most as many hits as trials, found {seen} of {count}.")
    return 1.0 if seen == count else float(betaincinv(seen + 1, count - seen, level))
