"""The recipes ``lyapunov.network``, ``lyapunov.potential`` and ``lyapunov.gradual_potential``: one V per trial.

Closed forms are arms of both (``model = "window-minimum"``): they train nothing and are deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
from pydantic import Field

from evenhand.recipes.contract import Bench, Metric, RecipeSettings, recipe
from evenhand.recipes.inputs import Named, named
from evenhand.recipes.outcome import Outcome
from evenhand_systems.lyapunov.closed_forms import closed_form
from evenhand_systems.lyapunov.measures import (
    Candidate,
    Scores,
    TrajectoryScores,
    decide,
    evaluate_trajectories,
    score,
)
from evenhand_systems.lyapunov.networks.options import TrainingChoices, TrainingOptions, patience_of
from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet, draw_numbers, evaluation_set, read_csv
from evenhand_systems.lyapunov.numbers.trajectories import (
    curriculum_seeds,
    listed_steps,
    numbers_on,
    on_trajectory_numbers,
    training_seeds,
    without_merging,
)

ClosedForm = Literal["log-n", "trailing-ones", "window-sum", "window-minimum"]
POOL = 50_000  # numbers of the generated evaluation set
_BITS = 32  # bit lengths in one group of numbers

EXTRA = "evenhand[lyapunov]"
METRICS = {
    "pass_rate": Metric(floor=0.0, ceiling=1.0, about="share of random n at which V falls"),
    "on_trajectory": Metric(floor=0.0, ceiling=1.0, about="the same over numbers as trajectories visit them"),
    "weighted": Metric(floor=0.0, ceiling=1.0, about="share weighted by log10(orbit maximum / n) + 1"),
    "growth_weighted": Metric(floor=0.0, ceiling=1.0, about="weighted share over steps with T(n) > n"),
    "decay": Metric(floor=0.0, ceiling=1.0, about="share over steps with T(n) < n"),
    "test_steps": Metric(floor=0.0, ceiling=1.0, about="share of the 429 test steps at which V falls, by trajectory"),
    "violations": Metric("minimise", floor=0.0, ceiling=429.0, about="test steps, of 429, at which V does not fall"),
    "held_out_violations": Metric(
        "minimise", floor=0.0, ceiling=1.0, about="share of distinct test steps on no training trajectory that fail"
    ),
}


class Settings(RecipeSettings):
    """What both recipes read.

    Attributes:
        lookahead: L of V.
        evaluation: a CSV of numbers; None generates 50,000 (seed 42).
        hold_out: train on 49 seeds whose trajectories share no number above 1000 with the test trajectories; else on 49
            of which 40 merge into them, as in the log.
    """

    lookahead: int = Field(default=10, ge=1)
    evaluation: str | None = None
    hold_out: bool = True


class NetworkSettings(Settings, TrainingChoices):
    """A network, or a closed form; shares are of the budget.

    The log gives no patience; with 0.005 of the budget the rate reaches its floor after a third of it; there, at 40 %.
    """

    model: Literal["network"] | ClosedForm = "network"
    anchor_share: float = Field(default=0.25, ge=0)
    patience_share: float = Field(default=0.005, ge=0)
    ramp_share: float = Field(default=0.5, ge=0)
    count_mined_as_seeds: bool = False
    log_every: int = Field(default=20, ge=1)
    checkpoint_every: int = Field(default=100, ge=1)


class PotentialSettings(Settings):
    """A learned potential, or a closed form. The budget counts sweeps per window length."""

    model: Literal["potential"] | ClosedForm = "potential"
    window: int = Field(default=7, ge=1)
    residue_power: int = Field(default=3, ge=0, le=4)
    climb: float = Field(default=3.0, ge=0)
    trajectory: float = Field(default=0.0, ge=0)
    # Left out of the record where it is 0: trials from before it have the ids that they had.
    margin: int = Field(
        default=0, ge=0, le=41, exclude_if=lambda chosen: chosen == 0,
        description="by how much V has to fall in learning for a step to count, in 1/41 bit",
    )  # fmt: skip


class GradualSettings(PotentialSettings):
    """A potential learned gradually from ``starts`` beginnings; 0 is the plain way with the same budget."""

    window: int = Field(default=8, ge=1)
    climb: float = Field(default=2.0, ge=0)
    trajectory: float = Field(default=2.0, ge=0)
    starts: int = Field(default=8, ge=0)


def reads(settings: Mapping[str, Any]) -> list[Named]:
    """What settings of these recipes name outside the claim."""
    return named(settings, {"evaluation": "file"})


@recipe(
    metrics=METRICS, units=("steps",), version=2, preload=("torch", "numba"), reads=reads, needs=("torch", "numba"),
    extra=EXTRA,
)  # fmt: skip
def network(settings: NetworkSettings, bench: Bench) -> Outcome:
    """Train a network V for the Collatz map, or take a closed form, and measure it."""
    seeds = curriculum_seeds(hold_out=settings.hold_out)
    known = numbers_on(seeds)  # closed forms are measured on the same held-out steps as the networks beside them
    if settings.model != "network":
        return _measure(closed_form(settings.model, settings.lookahead), settings, bench, known)
    from evenhand_systems.processor import torch_threads

    with torch_threads(bench.threads):
        return _measure(_trained(settings, bench, seeds), settings, bench, known)


def _trained(settings: NetworkSettings, bench: Bench, seeds: list[int]) -> Candidate:
    """The network after the whole budget."""
    from evenhand_systems.lyapunov.networks.network import NetworkModel
    from evenhand_systems.lyapunov.networks.training import Training

    training = Training(
        _options(settings, int(bench.budget.amount)),
        seeds=seeds,
        order=bench.rng("order"),
        init_seed=int(bench.rng("init").integers(2**31)),
        device=bench.device,
    )
    training.restore(bench.resume())
    bench.note("precision", training.trainer.precision.reason)
    while bench.budget.left > 0:
        loss = training.step()
        bench.budget.spend(steps=1, examples=settings.batch)
        if training.steps % settings.log_every == 0:
            bench.log(training.steps, loss=loss, learning_rate=training.trainer.learning_rate)
        if training.steps % settings.checkpoint_every == 0:
            bench.checkpoint(training.state())
    return NetworkModel(training.network.to("cpu"))


def _options(settings: NetworkSettings, steps: int) -> TrainingOptions:
    """The options of a training of so many steps; shares of the budget become steps."""
    return TrainingOptions.of(
        settings,
        lookahead=settings.lookahead,
        steps=steps,
        anchor_steps=max(1, int(steps * settings.anchor_share)),
        patience=patience_of(steps, settings.patience_share),
        ramp_length=max(1, int(steps * settings.ramp_share)),
        mined_share=None if settings.count_mined_as_seeds else settings.mined_share,
    )


@recipe(
    metrics=METRICS, units=("steps",), version=1, preload=("numba",), reads=reads, needs=("numba",), extra=EXTRA,
    gpu=False,
)  # fmt: skip
def potential(settings: PotentialSettings, bench: Bench) -> Outcome:
    """Learn a potential log n + phi(window, residue) under a minimum over the rest of the lookahead, and measure it."""
    return _potential(settings, 0, bench)


@recipe(
    metrics=METRICS, units=("steps",), version=1, preload=("numba",), reads=reads, needs=("numba",), extra=EXTRA,
    gpu=False,
)  # fmt: skip
def gradual_potential(settings: GradualSettings, bench: Bench) -> Outcome:
    """Learn a potential as `lyapunov.potential` does: short windows several times, violations in full only later."""
    return _potential(settings, settings.starts, bench)


def _potential(settings: PotentialSettings, starts: int, bench: Bench) -> Outcome:
    seeds = training_seeds()
    known = numbers_on(without_merging(seeds, listed_steps()) if settings.hold_out else seeds)
    if settings.model != "potential":
        return _measure(closed_form(settings.model, settings.lookahead), settings, bench, known)
    from evenhand_systems.lyapunov.potentials.gradual import learn_gradually
    from evenhand_systems.lyapunov.potentials.problem import Measure
    from evenhand_systems.lyapunov.potentials.search import FinishedWindow, learn

    sweeps = int(bench.budget.left)

    def report(progress: FinishedWindow) -> None:
        bench.log(progress.lookahead, violated=progress.violated[0], hovering=progress.violated[2])

    window = min(settings.window, settings.lookahead)
    way = partial(learn_gradually, starts=starts) if starts else learn
    found = way(
        window,
        residue_power=settings.residue_power,
        measure=Measure(1.0, settings.trajectory, settings.climb),
        sweeps=sweeps,
        seed=int(bench.rng("order").integers(2**31)),
        margin=settings.margin,
        report=report,
    )
    bench.budget.spend(steps=sweeps)
    bench.note("size", f"{found.size} table entries, window {window}, head {settings.lookahead - window}")
    return _measure(found.with_head(settings.lookahead - window), settings, bench, known)


def _chosen(settings: Settings, bench: Bench) -> EvaluationSet:
    """The rung's share of the evaluation set."""
    # the weights of a set take far longer than its numbers, so only those of the chosen numbers are computed
    named = settings.evaluation
    pool = draw_numbers(POOL) if named is None else read_csv(bench.data(named)).numbers
    return evaluation_set([pool[i] for i in bench.item_set.choose(len(pool))])


def _measure(model: Candidate, settings: Settings, bench: Bench, known: set[int]) -> Outcome:
    """``known``: the numbers on training trajectories."""
    data = _chosen(settings, bench)
    decision = decide(model, data.limbs, threads=bench.threads)
    found = score(decision, data.growth, data.weights)
    sizes = [_size(n) for n in data.numbers]
    bench.items("pass_rate", [str(n) for n in data.numbers], decision.passes.astype(float).tolist(), groups=sizes)
    visited = on_trajectory_numbers(data.numbers, steps_per_start=40, seed=1)
    passes = decide(model, visited, threads=bench.threads).passes
    identities = [f"from {n}" for n in data.numbers]
    bench.items("on_trajectory", identities, passes.astype(float).tolist(), groups=sizes)
    test = _measure_test_steps(model, known, bench)
    bench.note("model", f"{model.name}, lookahead {model.lookahead}, {model.size} fitted numbers")
    bench.note("margin quantiles", ", ".join(f"{q:g}: {m:.4f}" for q, m in found.margins.items()))
    metrics, undefined = _rates(found)
    metrics["violations"] = float(test.violations)
    if test.held_out and test.held_out_violations is not None:
        metrics["held_out_violations"] = test.held_out_violations / test.held_out
    else:
        undefined["held_out_violations"] = "every test step lies on a training trajectory"
    return Outcome(metrics=metrics, undefined=undefined)


def _size(number: int) -> str:
    """The range of bit lengths that a number lies in."""
    first = (number.bit_length() - 1) // _BITS * _BITS
    return f"{first + 1} to {first + _BITS} bits"


def _measure_test_steps(model: Candidate, known: set[int], bench: Bench) -> TrajectoryScores:
    """Violations on the test trajectories; whether each step falls stands among the items, a cluster per trajectory."""
    steps = listed_steps()
    test = evaluate_trajectories(model, steps, known)
    listed = [(str(seed), f"{seed}: {n}") for seed, one in zip(steps.seeds, steps.steps, strict=True) for n in one]
    falls = [float(fall) for seed in steps.seeds for fall in test.falls[seed]]
    seeds = [seed for seed, _ in listed]
    bench.items(
        "test_steps", [name for _, name in listed], falls, clusters=seeds, groups=[f"from {seed}" for seed in seeds]
    )
    by_seed = (f"{seed}: {violations} of {count}" for seed, (violations, count, _) in test.per_seed.items())
    bench.note("violations by trajectory", ", ".join(by_seed))
    bench.note("test steps on training trajectories", f"{test.on_training} of {test.steps}")
    return test


def _rates(found: Scores) -> tuple[dict[str, float], dict[str, str]]:
    metrics, undefined = {"weighted": found.weighted}, {}
    for name, value in (("growth_weighted", found.growth_weighted), ("decay", found.decay)):
        if value is None or not np.isfinite(value):
            undefined[name] = "no such step among the items"
        else:
            metrics[name] = value
    return metrics, undefined
