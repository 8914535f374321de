"""What is reported of every V: pass rates, weighted and on growth steps, margins by quantile, trajectory violations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet
from evenhand_systems.lyapunov.numbers.limbs import Limbs
from evenhand_systems.lyapunov.numbers.trajectories import StepList
from evenhand_systems.lyapunov.numbers.valuations import Orbits, orbits_of

QUANTILES = (0.0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Decision:
    """Per n: whether V falls, and by how much.

    Attributes:
        passes: (N,) V(T(n)) < V(n), exact where the model says so.
        margins: (N,) V(n) - V(T(n)) in the model's own units; may be 0.0 beside a pass that only a tie-break decides.
    """

    passes: NDArray[np.bool_]
    margins: NDArray[np.float64]


class Candidate(Protocol):
    """A candidate V."""

    @property
    def name(self) -> str:
        """For tables."""

    @property
    def lookahead(self) -> int:
        """L: V(n) reads k_1..k_L (and residues); the decision about one step reads one more."""

    @property
    def size(self) -> int:
        """Number of fitted parameters."""

    def decide(self, orbits: Orbits) -> Decision:
        """Compare V(n) with V(T(n)) for orbits of at least ``lookahead + 1`` steps."""


@dataclass(frozen=True)
class Scores:
    """Rates in [0, 1]; ``None`` where a denominator is empty.

    Attributes:
        passed, weighted: over all n; by count and by orbit weight.
        growth, growth_weighted, decay: the same over steps with T(n) > n, and over the others.
        margins: quantile to margin.
    """

    count: int
    passed: float
    weighted: float
    growth: float | None
    growth_weighted: float | None
    decay: float | None
    margins: Mapping[float, float]


def decide(model: Candidate, limbs: Limbs | Sequence[int], *, threads: int = 1) -> Decision:
    """Follow the orbits as far as the model reads and decide."""
    return model.decide(orbits_of(limbs, model.lookahead + 1, threads=threads))


def score(decision: Decision, growth: NDArray[np.bool_], weights: NDArray[np.float64]) -> Scores:
    """All rates of one decision."""

    def rate(mask: NDArray[np.bool_], weight: NDArray[np.float64] | None) -> float | None:
        if not mask.any():
            return None
        passes = decision.passes[mask]
        return float(passes.mean() if weight is None else np.average(passes, weights=weight[mask]))

    everything = np.ones(len(growth), np.bool_)
    return Scores(
        count=len(growth),
        passed=float(decision.passes.mean()),
        weighted=float(np.average(decision.passes, weights=weights)),
        growth=rate(growth, None),
        growth_weighted=rate(growth, weights),
        decay=rate(~growth & everything, None),
        margins={q: float(np.quantile(decision.margins, q)) for q in QUANTILES},
    )


def evaluate(model: Candidate, data: EvaluationSet, *, threads: int = 1) -> Scores:
    """Score a model on an evaluation set."""
    return score(decide(model, data.limbs, threads=threads), data.growth, data.weights)


@dataclass(frozen=True)
class TrajectoryScores:
    """Violations on the test trajectories.

    Attributes:
        per_seed: seed to (violations, steps, worst margin).
        falls: seed to whether V falls, step by step.
        violations, steps: over all steps, shared numbers counted on each trajectory.
        distinct_violations, distinct: over the different numbers.
        on_training: test steps on training trajectories, None where no training seeds are given.
        held_out_violations, held_out: over the distinct numbers that lie on no training trajectory.
    """

    per_seed: Mapping[int, tuple[int, int, float]]
    falls: Mapping[int, tuple[bool, ...]]
    violations: int
    steps: int
    distinct_violations: int
    distinct: int
    on_training: int | None
    held_out_violations: int | None
    held_out: int | None

    @property
    def worst_margin(self) -> float:
        """The least V(n) - V(T(n)) over all steps."""
        return min(margin for _, _, margin in self.per_seed.values())


def evaluate_trajectories(model: Candidate, test: StepList, training: set[int] | None = None) -> TrajectoryScores:
    """Violations on ``test``; ``training`` holds all numbers on training trajectories."""
    decision = decide(model, test.distinct)
    at = {n: i for i, n in enumerate(test.distinct)}
    per_seed, falls = {}, {}
    for seed, steps in zip(test.seeds, test.steps, strict=True):
        rows = [at[n] for n in steps]
        per_seed[seed] = (
            int((~decision.passes[rows]).sum()),
            len(rows),
            float(decision.margins[rows].min()),
        )
        falls[seed] = tuple(decision.passes[rows].tolist())
    fresh = [at[n] for n in test.distinct if training is not None and n not in training]
    return TrajectoryScores(
        per_seed=per_seed,
        falls=falls,
        violations=sum(v for v, _, _ in per_seed.values()),
        steps=sum(s for _, s, _ in per_seed.values()),
        distinct_violations=int((~decision.passes).sum()),
        distinct=len(test.distinct),
        on_training=None if training is None else sum(n in training for n in test.flat),
        held_out_violations=None if training is None else int((~decision.passes[fresh]).sum()),
        held_out=None if training is None else len(fresh),
    )
