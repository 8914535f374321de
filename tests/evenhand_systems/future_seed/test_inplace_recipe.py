"""The recipe ``future_seed.inplace``: pairing, costs, no-ops, notes, resumption."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.recipes.outcome import Outcome
from evenhand_systems.future_seed import training
from evenhand_systems.future_seed.inplace import run as inplace_run
from evenhand_systems.future_seed.settings import SeedingOptions
from evenhand_systems.rwkv7 import VARIANTS, SeedingSettings

RunTrial = Callable[..., Outcome]

MODES: dict[str, dict[str, Any]] = {
    "off": {},
    "initial": {"seeding.mode": "initial"},
    "per_step": {"seeding.mode": "per_step"},
    "read_twice": {"seeding.mode": "read_twice"},
}


@pytest.fixture
def batch_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hashes of the training batches, in the order in which the model meets them."""
    seen: list[str] = []
    build = inplace_run.in_place_task

    def recorded(*arguments: Any) -> Any:
        task = build(*arguments)

        class Recorder:
            def __getattr__(self, name: str) -> Any:
                return getattr(task, name)

            def training(self, rng: np.random.Generator, count: int) -> Any:
                problems = task.training(rng, count)
                seen.append(hashlib.sha256(problems.tokens.tobytes() + problems.targets.tobytes()).hexdigest())
                return problems

        return Recorder()

    monkeypatch.setattr(inplace_run, "in_place_task", recorded)
    return seen


def test_arms_of_equal_seed_see_the_same_data_in_the_same_order(run_trial: RunTrial, batch_hashes: list[str]) -> None:
    orders = {}
    for name, settings in MODES.items():
        batch_hashes.clear()
        assert run_trial(settings, seed=7, amount=4).failure is None
        orders[name] = tuple(batch_hashes)
    assert len(set(orders.values())) == 1
    assert len(set(orders["off"])) == 4


def test_another_seed_or_a_null_arm_sees_other_data(run_trial: RunTrial, batch_hashes: list[str]) -> None:
    orders = []
    for seed, noise in ((7, ""), (8, ""), (7, "null/again")):
        batch_hashes.clear()
        run_trial({}, seed=seed, noise=noise, amount=2)
        orders.append(tuple(batch_hashes))
    assert len({order[0] for order in orders}) == 3


def test_arms_of_equal_seed_start_from_equal_weights(run_trial: RunTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    fresh = inplace_run.Reader.fresh.__func__  # type: ignore[attr-defined]

    def recorded(cls: Any, *arguments: Any) -> Any:
        reader = fresh(cls, *arguments)
        started.append(torch.cat([p.detach().flatten() for p in reader.model.parameters()]))
        return reader

    monkeypatch.setattr(inplace_run.Reader, "fresh", classmethod(recorded))
    for settings in MODES.values():
        run_trial(settings, amount=1)
    assert all(torch.equal(started[0], other) for other in started[1:])


def test_reading_twice_costs_twice_the_tokens_of_the_same_steps(run_trial: RunTrial) -> None:
    once, twice = (run_trial(MODES[name], amount=3).spent for name in ("off", "read_twice"))
    assert once["steps"] == twice["steps"] == 3
    assert twice["tokens"] == 2 * once["tokens"]


def test_a_budget_of_tokens_buys_reading_twice_half_the_steps(run_trial: RunTrial) -> None:
    row = run_trial({}, amount=1).spent["tokens"]
    once, twice = (run_trial(MODES[n], unit="tokens", amount=4 * row).spent["steps"] for n in ("off", "read_twice"))
    assert (once, twice) == (4, 2)


def test_the_same_trial_gives_the_same_answers(run_trial: RunTrial) -> None:
    first, second = (run_trial(MODES["initial"], workdir=name) for name in "ab")
    assert first.items["accuracy"].outputs == second.items["accuracy"].outputs
    np.testing.assert_array_equal(first.curves["loss"].values, second.curves["loss"].values)


@pytest.mark.parametrize("mode", ["initial", "per_step"])
def test_seeding_from_above_the_last_layer_on_changes_nothing(run_trial: RunTrial, mode: str) -> None:
    off = run_trial(MODES["off"])
    above = run_trial({"seeding.mode": mode, "seeding.layer_start": 2})
    np.testing.assert_array_equal(off.curves["loss"].values, above.curves["loss"].values)
    assert off.items["accuracy"].outputs == above.items["accuracy"].outputs
    assert "nothing is seeded" in above.notes["effective gates at the start"]


@pytest.mark.parametrize("mode", ["initial", "per_step", "read_twice"])
def test_seeding_and_reading_twice_change_what_is_computed(run_trial: RunTrial, mode: str) -> None:
    # The matrices that end a block start at zero, so that a first step is the same for all.
    off, other = (run_trial(MODES[name], amount=3).curves["loss"].values for name in ("off", mode))
    assert off[-1] != other[-1]


@pytest.mark.parametrize("variant", sorted(VARIANTS))
def test_every_variant_of_the_library_can_be_named(run_trial: RunTrial, variant: str) -> None:
    outcome = run_trial({"seeding.mode": "initial", "seeding.variant": variant}, amount=2)
    assert outcome.failure is None
    gates = outcome.curves["seeding/gate/1"].values
    assert (gates > 0).all()
    assert (gates < 1).all()


def test_the_options_are_those_of_the_library() -> None:
    own = set(SeedingOptions.model_fields) - {"variant"}
    assert own == set(SeedingSettings.model_fields) - {"passes"}
    unset = SeedingSettings.variant("norm_detach", mode="initial", **SeedingOptions(mode="initial").changes())
    assert unset == SeedingSettings(mode="initial")
    chosen = SeedingOptions(mode="initial", clip="none", detach=False, alpha_init=-3.0).changes()
    assert chosen == {"clip": None, "detach": False, "alpha_init": -3.0}


def test_gates_ceilings_parameters_and_kernel_are_noted(run_trial: RunTrial) -> None:
    notes = run_trial(MODES["initial"]).notes
    assert notes["effective gates at the start"] == "layer 1 0.1192"
    assert notes["ceiling, a causal scan"].startswith("a causal scan: accuracy 0.1, exact match 1e-08")
    assert int(notes["parameters"].replace(",", "")) > 1000
    assert ":" in notes["kernel"]
    assert notes["split"].endswith("32 distinct items")


def test_scores_are_shares_of_blanks_and_exact_match_needs_them_all(run_trial: RunTrial) -> None:
    outcome = run_trial({"task.name": "leftcopy", "task.length": 4})
    accuracy, exact = outcome.items["accuracy"], outcome.items["exact_match"]
    for answer, right, kind, score in zip(
        accuracy.outputs, accuracy.expected, accuracy.groups, accuracy.scores, strict=True
    ):
        assert score == pytest.approx(np.mean([a == b for a, b in zip(answer, right, strict=True)]))
        assert int(kind.split()[0]) == len(right)
    assert len(set(accuracy.inputs)) == len(accuracy.ids)
    assert accuracy.outputs is not None
    assert all(len(answer) == 4 for answer in accuracy.outputs)
    assert set(accuracy.scores.tolist()) <= {0, 0.25, 0.5, 0.75, 1}
    np.testing.assert_array_equal(exact.scores, accuracy.scores == 1)


def test_a_trial_that_is_killed_goes_on_as_if_nothing_had_happened(
    run_trial: RunTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_trial(MODES["initial"], amount=5, workdir="whole")
    steps = 0

    class Killed(Exception):
        pass

    real = training.blank_loss

    def dies_at_the_fourth(*arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(training, "blank_loss", dies_at_the_fourth)
    assert run_trial(MODES["initial"], amount=5, workdir="killed").failure is not None
    monkeypatch.setattr(training, "blank_loss", real)
    resumed = run_trial(MODES["initial"], amount=5, workdir="killed")
    assert resumed.failure is None, resumed.failure
    np.testing.assert_array_equal(whole.curves["loss"].values, resumed.curves["loss"].values)
    assert whole.items["accuracy"].outputs == resumed.items["accuracy"].outputs
    assert whole.spent["steps"] == resumed.spent["steps"] == 5


def test_training_that_leaves_the_finite_numbers_has_diverged(run_trial: RunTrial) -> None:
    outcome = run_trial({"optimiser.learning_rate": 1e30, "optimiser.warmup": 0}, amount=20)
    assert outcome.failure is not None
    assert outcome.failure.kind == "diverged"


@pytest.mark.parametrize(
    "task",
    [
        {"name": "constr", "length": 4},
        {"name": "rightreverse", "length": 4},
        {"name": "kvsort", "keys": 6, "training_size": [2, 4], "evaluation_size": 3},
        {"name": "permfill", "keys": 6, "training_size": [2, 4], "evaluation_size": 5, "side": "left"},
        {"name": "sudoku", "side": 4, "holes": [4, 8]},
        {"name": "sudoku", "side": 9, "holes": [20, 30], "bank": 3},
    ],
    ids=lambda task: f"{task['name']}{task.get('side', '')}",
)
def test_every_generated_task_trains_and_is_scored(run_trial: RunTrial, task: dict[str, Any]) -> None:
    outcome = run_trial({"task": task, "evaluation.pool": 20}, amount=2)
    assert outcome.failure is None, outcome.failure
    assert len(outcome.items["exact_match"].ids) == 8
