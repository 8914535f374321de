"""Whether a baseline has learned anything: it must beat an arm that has not, or the commonest right answer. Pure.

Without that a contrast compares two ways of knowing nothing, and whatever it says is no statement about learning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import COMMONEST, MetricClaim
from evenhand.decisions.contrasts import as_tuple, estimate_pairs
from evenhand.decisions.pair_faults import OtherGroups
from evenhand.decisions.pairs import Cell, Outcomes, Pairs, Side, aligned, clusters_of, make_pairs, side
from evenhand.decisions.verdict import Learned, NoFloor
from evenhand.recipes.outcome import ItemScores


@dataclass(frozen=True)
class _Floor:
    """The baseline paired with what it must beat; no pairs with an obstacle where there are none."""

    pairs: Pairs
    answer: str = ""
    obstacle: NoFloor | None = None


def learned(claim: ResolvedClaim, cell: Cell, outcomes: Outcomes) -> tuple[Learned | None, tuple[int, ...]]:
    """How the baseline stands against the floor that the metric names, and the seeds that are still to run.

    The paired interval at the claim's level must lie above 0, in the scope of the claim.

    Returns:
        None where the metric names no floor.
    """
    above = cell.metric.learned_above
    if above is None:
        return None, ()
    baseline = claim.baseline
    if above == COMMONEST:
        found, fixed = _commonest(claim, cell, outcomes), baseline.deterministic
    else:
        other = next(arm for arm in claim.arms() if arm.name == above)
        pairs = make_pairs(claim, baseline, other, cell, outcomes)
        lacking = next(iter(pairs.dropped.values()), None)
        obstacle = NoFloor(pairs.invalid or lacking or "no scores")
        found, fixed = _Floor(pairs, obstacle=obstacle), baseline.deterministic and other.deterministic
    level = 1 - claim.claim.alpha
    pairs = found.pairs
    if not pairs.seeds or pairs.invalid:
        return Learned(baseline.name, above, found.answer, level=level, obstacle=found.obstacle), pairs.pending
    scope: statistics.Scope = "checkpoint" if fixed else claim.claim.scope
    estimate = estimate_pairs(pairs, cell.metric, scope, level, anytime=cell.rung.anytime)
    return Learned(
        baseline.name,
        above,
        found.answer,
        (float(pairs.variant.mean()), float(pairs.reference.mean())),
        estimate.estimate,
        as_tuple(estimate.interval),
        level,
        estimate.reason or "",
    ), pairs.pending


def _commonest(claim: ResolvedClaim, cell: Cell, outcomes: Outcomes) -> _Floor:
    """The baseline paired, item by item, with always giving the commonest right answer."""
    sides = dict(_sides(claim, cell, outcomes))
    pending = tuple(seed for seed, found in sides.items() if found.lacks("pending"))
    tables = {seed: found.table for seed, found in sides.items() if found.missing is None}
    seed = next((seed for seed, table in tables.items() if table.expected), None)
    if seed is None:
        missing = next((found.missing for found in sides.values() if found.missing is not None), None)
        obstacle = NoFloor("no right answers" if tables else missing or "no seed")
        return _Floor(Pairs(pending=pending), obstacle=obstacle)
    expected = tables.pop(seed)
    rows = _rows(expected, sides, cell.metric)
    if rows is None:
        return _Floor(Pairs(pending=pending), obstacle=NoFloor("other items"))
    name = claim.baseline.name
    told = [(seed, name, expected), *((other, name, table) for other, table in tables.items())]
    clusters = clusters_of(expected.ids, told)
    if isinstance(clusters, OtherGroups):
        return _Floor(Pairs(pending=pending), obstacle=NoFloor(clusters))
    right, wrong = _ends(cell.metric)
    known = statistics.commonest(expected.expected or ())
    floor = np.where(known.is_it == 1.0, right, wrong)
    pairs = Pairs(
        seeds=tuple(rows),
        variant=np.stack(list(rows.values())),
        reference=np.stack([floor] * len(rows)),
        clusters=clusters,
        item_wise=True,
        ids=expected.ids,
        pending=pending,
    )
    return _Floor(pairs, known.answer)


def _sides(claim: ResolvedClaim, cell: Cell, outcomes: Outcomes) -> Iterator[tuple[int, Side]]:
    seeds = cell.seeds[:1] if claim.baseline.deterministic else cell.seeds
    for seed in seeds:
        trial = claim.trial(claim.baseline, cell.condition, cell.rung, seed)
        yield seed, side(outcomes.get(trial.id), cell.metric)


def _rows(first: ItemScores, sides: dict[int, Side], metric: MetricClaim) -> dict[int, NDArray[np.float64]] | None:
    """Seed to (I,) scores in the order of the first table, diverged ones at the worst; None where items differ."""
    rows = {}
    for seed, found in sides.items():
        if found.lacks("diverged"):
            rows[seed] = np.full(len(first.ids), _ends(metric)[1])
        elif found.missing is None:
            table = aligned(first.ids, found.table)
            if isinstance(table, str):
                return None
            rows[seed] = table.scores
    return rows


def _ends(metric: MetricClaim) -> tuple[float, float]:
    """Score of a right answer and of a wrong one."""
    low, high = metric.floor, metric.ceiling
    assert low is not None  # a claim without them is refused when it is read
    assert high is not None
    return (high, low) if metric.direction == "maximise" else (low, high)


def with_floor(pairs: Pairs, pending: tuple[int, ...]) -> Pairs:
    """The pairs of a contrast, pending too where the floor of its baseline is."""
    return replace(pairs, pending=tuple(dict.fromkeys((*pairs.pending, *pending)))) if pending else pairs
