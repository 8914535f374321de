"""Contrasts: outcomes of two arms in, paired differences and what follows from them out. Pure.

A contrast exists only between trials of equal budget, seeds and items; any other pairing is invalid and yields no
number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from evenhand import statistics
from evenhand.claim import Arm, Condition, MetricClaim, Rung, Scope
from evenhand.outcome import ItemScores, Outcome
from evenhand.plan import ResolvedClaim
from evenhand.verdict import Contrast

Outcomes = Mapping[str, Outcome]
Floats = NDArray[np.float64]

SECONDS_TOLERANCE = 0.05
"""Budgets in seconds are equal within this share: a step that has begun is finished."""


@dataclass(frozen=True)
class Side:
    """One arm of a pair: its scores, or why there are none.

    Attributes:
        ids: (I,) item ids; one empty id where the metric is not item-wise.
        scores: (I,) scores, in the metric's own direction.
        outputs: (I,) what was answered, or None.
        missing: why there are no scores, or empty.
        failure: class of the failure behind ``missing``, or empty.
    """

    ids: tuple[str, ...] = ()
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    outputs: tuple[str, ...] | None = None
    missing: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Pairs:
    """The pairs of two arms at one rung in one condition.

    Attributes:
        seeds: the S seeds of complete pairs.
        variant, reference: (S, I) scores in the metric's own direction.
        identical: every paired output (or score) is the same.
        dropped: seed to reason of pairs that are missing.
        failures: classes of the failures behind them, by arm name.
        invalid: why the pairing is not allowed, or empty; ``reason_word`` is its one-word form.
    """

    seeds: tuple[int, ...] = ()
    variant: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    reference: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    identical: bool = False
    item_wise: bool = False
    dropped: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    invalid: str = ""


def side(outcome: Outcome | None, metric: MetricClaim) -> Side:
    """The scores that an outcome gives for a metric.

    A diverged trial scores the metric's floor where it has one: a model that has left the finite numbers answers
    nothing. Without a floor the trial is missing.
    """
    if outcome is None:
        return Side(missing="not run")
    if outcome.failure is not None:
        return Side(missing=f"{outcome.failure.kind}: {outcome.failure.message}", failure=outcome.failure.kind)
    table: ItemScores | None = outcome.items.get(metric.name)
    if table is not None:
        return Side(table.ids, table.scores, table.outputs)
    value = outcome.metrics.get(metric.name)
    if value is None:
        reason = outcome.undefined.get(metric.name, "the recipe reports no such metric")
        return Side(missing=f"undefined: {reason}", failure="undefined")
    return Side(("",), np.asarray([value]))


def at_floor(known: Side, metric: MetricClaim) -> Side | None:
    """What a diverged trial scores beside its partner, or None where the metric has no worst value."""
    worst = metric.floor if metric.direction == "maximise" else metric.ceiling
    if worst is None or known.missing:
        return None
    return Side(known.ids, np.full(len(known.ids), worst), None)


def unequal_budget(variant: Outcome, reference: Outcome, unit: str, amount: float) -> str:
    """Why two outcomes were not bought at the same budget, or empty."""
    spent = [outcome.spent.get(unit) for outcome in (variant, reference)]
    if spent[0] is None or spent[1] is None:
        return f"a recipe that trains must report what it spends in {unit} (bench.budget.spend({unit}=...))"
    if unit == "seconds":
        tolerance = SECONDS_TOLERANCE * amount
    else:
        tolerance = max(outcome.grain.get(unit, 0.0) for outcome in (variant, reference))
        tolerance = tolerance if unit != "steps" else min(tolerance, 0.5)
    if abs(spent[0] - spent[1]) > tolerance:
        return f"spent {spent[0]:g} against {spent[1]:g} {unit}"
    return ""


def make_pairs(
    claim: ResolvedClaim, arm: Arm, against: Arm, condition: Condition, rung: Rung, metric: MetricClaim,
    outcomes: Outcomes, seeds: Sequence[int],
) -> Pairs:  # fmt: skip
    """Pair two arms seed by seed and item by item."""
    rows: list[tuple[int, Side, Side]] = []
    dropped: dict[str, str] = {}
    failures: dict[str, tuple[str, ...]] = {}
    for seed in seeds:
        both = []
        for one in (arm, against):
            outcome = outcomes.get(claim.trial(one, condition, rung, seed).id)
            both.append((one, outcome, side(outcome, metric)))
        sides = _with_floor([found for _, _, found in both], metric)
        missing = [(one, found) for (one, _, _), found in zip(both, sides, strict=True) if found.missing]
        if missing:
            dropped[str(seed)] = "; ".join(f"{one.name}: {found.missing}" for one, found in missing)
            for one, found in missing:
                failures[one.name] = (*failures.get(one.name, ()), found.failure or "not-run")
            continue
        if not (arm.untrained or against.untrained):
            reason = _budget_fault(both, claim.claim.budget.unit, rung.budget)
            if reason:
                return Pairs(invalid=f"budget: at seed {seed} {arm.name} and {against.name} {reason}")
        rows.append((seed, sides[0], sides[1]))
    return replace(_stack(rows, arm.name, against.name), dropped=dropped, failures=failures)


def _budget_fault(both: Sequence[tuple[Arm, Outcome | None, Side]], unit: str, amount: float) -> str:
    trained = [outcome for _, outcome, _ in both if outcome is not None and outcome.failure is None]
    return unequal_budget(trained[0], trained[1], unit, amount) if len(trained) == 2 else ""


def _with_floor(sides: list[Side], metric: MetricClaim) -> list[Side]:
    """Give a diverged side the worst value, where its partner shows which items there are."""
    result = list(sides)
    for here, there in ((0, 1), (1, 0)):
        if sides[here].failure == "diverged":
            result[here] = at_floor(sides[there], metric) or sides[here]
    return result


def _stack(rows: Sequence[tuple[int, Side, Side]], name: str, other: str) -> Pairs:
    """Align the items of all pairs; unequal items make the pairing invalid."""
    if not rows:
        return Pairs()
    ids = rows[0][2].ids
    order = {label: position for position, label in enumerate(ids)}
    variant, reference = [], []
    identical = True
    for seed, one, two in rows:
        for found, whose in ((one, name), (two, other)):
            if set(found.ids) != set(order) or len(found.ids) != len(order):
                return Pairs(invalid=f"items: {whose} at seed {seed} was scored on other items than {other}")
        first, second = (np.argsort([order[label] for label in found.ids]) for found in (one, two))
        variant.append(one.scores[first])
        reference.append(two.scores[second])
        identical = identical and _same_answers(one, two, first, second)
    return Pairs(
        seeds=tuple(seed for seed, _, _ in rows),
        variant=np.stack(variant),
        reference=np.stack(reference),
        identical=identical,
        item_wise=ids != ("",),
    )


def _same_answers(one: Side, two: Side, first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    """Whether two trials gave the same answers (the same scores, where answers are not recorded)."""
    same = np.array_equal(one.scores[first], two.scores[second])
    if one.outputs is not None and two.outputs is not None:
        same = same and [one.outputs[i] for i in first] == [two.outputs[i] for i in second]
    return bool(same)


def estimate(differences: Floats, scope: Scope, level: float, *, seeds_vary: bool) -> statistics.MeanEstimate:
    """The mean difference in the claim's scope.

    Args:
        differences: (S, I).
        scope: see ``docs/statistics.md``.
        level: of the interval.
        seeds_vary: False where both arms are deterministic: then items are the only randomness.
    """
    if not seeds_vary or scope == "checkpoint":
        return statistics.paired_t(differences.mean(axis=0), level, unit="items")
    if scope == "recipe" and differences.shape[1] > 1:
        return statistics.two_way_estimate(differences, level)
    return statistics.paired_t(differences.mean(axis=1), level)


def contrast(
    claim: ResolvedClaim, arm: Arm, against: Arm, condition: Condition, rung: Rung, metric: MetricClaim,
    outcomes: Outcomes, *, level: float, seeds: Sequence[int] | None = None,
) -> tuple[Contrast, Pairs]:  # fmt: skip
    """The contrast of two arms with every figure that a verdict can rest on; its ``kind`` is not yet set."""
    pairs = make_pairs(claim, arm, against, condition, rung, metric, outcomes, seeds or rung.seeds)
    empty = Contrast(arm.name, against.name, against.role, condition.name, rung.name, metric.name, level=level)
    if pairs.invalid or not pairs.seeds:
        why = "" if pairs.invalid else "no complete pair"
        return replace(empty, invalid=pairs.invalid, dropped=pairs.dropped, why_none=why), pairs
    sign = 1.0 if metric.direction == "maximise" else -1.0
    differences = sign * (pairs.variant - pairs.reference)
    seeds_vary = not (arm.deterministic and against.deterministic)
    found = estimate(differences, claim.claim.scope, level, seeds_vary=seeds_vary)
    means = differences.mean(axis=1)
    flip = statistics.sign_flip(means)
    flips = statistics.item_flips(sign * pairs.reference, sign * pairs.variant) if pairs.item_wise else None
    wide = found.interval_at(1 - 2 * claim.claim.alpha)
    return replace(
        empty,
        seeds=pairs.seeds,
        items=differences.shape[1] if pairs.item_wise else 0,
        differences=tuple(means.tolist()),
        dropped=pairs.dropped,
        estimate=found.estimate,
        standard_error=found.standard_error,
        degrees_of_freedom=found.df,
        p_value=found.p,
        interval=None if found.interval is None else (found.interval.low, found.interval.high),
        equivalence_interval=None if wide is None else (wide.low, wide.high),
        sign_flip_p=flip.p if seeds_vary else None,
        sign_flip_minimum=flip.attainable if seeds_vary else None,
        gained=None if flips is None else flips.gained,
        lost=None if flips is None else flips.lost,
        identical=pairs.identical,
        why_none=found.reason or "",
        scores=(float(pairs.variant.mean()), float(pairs.reference.mean())),
        saturated=saturated(pairs, metric),
        figures={"method": found.method} | {f"note {i}": note for i, note in enumerate(found.notes, start=1)},
    ), pairs


def saturated(pairs: Pairs, metric: MetricClaim) -> str:
    """What both arms are at (floor, ceiling or chance), or empty."""
    if metric.floor is None and metric.ceiling is None and metric.chance is None:
        return ""
    if not pairs.item_wise:
        return ""
    found = statistics.saturation(
        pairs.reference, pairs.variant, floor=metric.floor, ceiling=metric.ceiling, chance=metric.chance
    )
    return found.explanation if found.saturated else ""
