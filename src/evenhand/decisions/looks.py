"""Planned looks: after how many seeds a rung may be judged, at which level, and which look is reached. Pure."""

from __future__ import annotations

import functools
import math

from evenhand import statistics
from evenhand.claims.schema import Rung


@functools.lru_cache(maxsize=64)
def _look_plan(counts: tuple[int, ...], alpha: float) -> statistics.LookPlan:
    """A look plan is a pure function of its arguments that takes a simulation; each is computed once."""
    return statistics.plan_looks(counts, alpha)


def look_plan(rung: Rung, alpha: float) -> statistics.LookPlan:
    """The planned looks of a rung; one look at the end where none are planned."""
    return _look_plan(rung.looks or (max(2, len(rung.seeds)),), alpha)


def look_counts(rung: Rung) -> tuple[int, ...]:
    """Numbers of seeds after which the rung may be judged."""
    return rung.looks or (len(rung.seeds),)


def adjusted_p(plan: statistics.LookPlan, p: float | None) -> float | None:
    """A p-value with the planned looks allowed for."""
    if p is None or not math.isfinite(p):
        return None
    return p if plan.source == "one look" else min(1.0, plan.overall(p))
