"""Looks: after how many seeds a rung may be judged, at which level, and which look is reached. Pure."""

from __future__ import annotations

import functools
import math
from typing import TypeAlias

from evenhand import statistics
from evenhand.claims.schema import Rung

Plan: TypeAlias = statistics.LookPlan | statistics.SpendingPlan

FIRST_ANYTIME = 3
"""Rungs with looks at any time are judged from so many seeds on; effects can be called a seed or two later."""


@functools.lru_cache(maxsize=64)
def _look_plan(counts: tuple[int, ...], alpha: float) -> statistics.LookPlan:
    """A look plan is a pure function of its arguments that takes a simulation; each is computed once."""
    return statistics.plan_looks(counts, alpha)


@functools.lru_cache(maxsize=64)
def _spending_plan(counts: tuple[int, ...], spending: statistics.Spending, alpha: float) -> statistics.SpendingPlan:
    return statistics.plan_spending(counts, spending, alpha)


def look_plan(rung: Rung, alpha: float) -> Plan:
    """The planned looks of a rung; one look at the end where none are planned."""
    if rung.anytime:
        return statistics.LookPlan(look_counts(rung), alpha, alpha, "anytime", (), 0)
    if rung.look_rules is not None and rung.look_rules.spending is not None:
        return _spending_plan(rung.looks, rung.look_rules.spending, alpha)
    return _look_plan(rung.looks or (max(2, len(rung.seeds)),), alpha)


def look_counts(rung: Rung) -> tuple[int, ...]:
    """Numbers of seeds after which the rung may be judged."""
    if rung.anytime:
        return tuple(range(min(FIRST_ANYTIME, len(rung.seeds)), len(rung.seeds) + 1))
    return rung.looks or (len(rung.seeds),)


def level_for(plan: Plan, share: float, seeds: int) -> float:
    """Level of the look after ``seeds`` seeds for one verdict that gets a share of the claim's error rate."""
    return min(plan.nominal_for(share, seeds), plan.level_at(seeds)) if plan.adjusts else share


def adjusted_p(plan: Plan, p: float | None, seeds: int) -> float | None:
    """A p-value with the planned looks allowed for."""
    if p is None or not math.isfinite(p):
        return None
    return min(1.0, plan.overall(p, seeds)) if plan.adjusts else p
