"""The recipe ``lyapunov.network`` as the lab runs it: killed and gone on, closed forms beside it, precision noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.recipes.outcome import Outcome
from evenhand_systems.lyapunov.networks.network import fingerprint
from evenhand_systems.lyapunov.networks.trainer import Trainer
from evenhand_systems.lyapunov.networks.training import Training
from evenhand_systems.lyapunov.numbers.arithmetic import stopping_time, trajectory
from evenhand_systems.lyapunov.numbers.evaluation_set import draw_numbers, generate, write_csv
from evenhand_systems.lyapunov.recipes import NetworkSettings, _options

RunTrial = Callable[..., Outcome]
TINY: dict[str, Any] = {"layers": "16,8", "batch": 32, "log_every": 1, "mine_interval": 2, "evaluation": "numbers.csv"}


class Killed(Exception):
    """What stands for a kill."""


@pytest.fixture(autouse=True)
def numbers(tmp_path: Path) -> None:
    """An evaluation set beside the claim."""
    write_csv(generate(200, seed=5), tmp_path / "numbers.csv")


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fingerprints of the network after every step of every trial that follows."""
    seen: list[str] = []
    real = Trainer.step

    def step(self: Trainer, batch: Any) -> float:
        loss = real(self, batch)
        seen.append(fingerprint(self.network))
        return loss

    monkeypatch.setattr(Trainer, "step", step)
    return seen


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
@pytest.mark.parametrize("counted", [False, True])
def test_a_killed_trial_goes_on_to_the_same_bits(
    schedule: str, counted: bool, run_trial: RunTrial, weights: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**TINY, "schedule": schedule, "count_mined_as_seeds": counted, "checkpoint_every": 3}
    whole = run_trial(settings, amount=8, workdir="whole")
    expected = weights.copy()
    assert len(set(expected)) == 8
    weights.clear()
    real = Training.step

    def dies_in_the_sixth(self: Training) -> float:
        if self.steps == 5:
            raise Killed
        return real(self)

    monkeypatch.setattr(Training, "step", dies_in_the_sixth)
    assert run_trial(settings, amount=8, workdir="cut").failure is not None
    monkeypatch.setattr(Training, "step", real)
    weights.clear()
    resumed = run_trial(settings, amount=8, workdir="cut")
    assert weights == expected[3:]  # the last checkpoint was at step 3
    assert resumed.metrics == whole.metrics
    np.testing.assert_array_equal(resumed.curves["loss"].values, whole.curves["loss"].values)
    np.testing.assert_array_equal(resumed.curves["loss"].steps, np.arange(1, 9))
    np.testing.assert_array_equal(resumed.items["pass_rate"].scores, whole.items["pass_rate"].scores)
    assert resumed.spent["steps"] == whole.spent["steps"] == 8
    assert resumed.notes["margin quantiles"] == whole.notes["margin quantiles"]


def test_a_trial_says_in_which_precision_it_multiplied_and_why(run_trial: RunTrial) -> None:
    assert run_trial(TINY).notes["precision"].startswith("float32: no layer has")
    forced = run_trial({**TINY, "precision": "bf16", "layers": "512,256"}, amount=1)
    assert forced.notes["precision"] == "backward products of 1 of 3 layers in bf16: asked for"


def test_a_closed_form_trains_nothing(run_trial: RunTrial, weights: list[str]) -> None:
    outcome = run_trial({**TINY, "model": "window-minimum", "lookahead": 4})
    assert outcome.failure is None
    assert not weights
    assert outcome.spent.get("steps", 0) == 0
    assert outcome.items["pass_rate"].scores.mean() > 0.7


def test_patience_and_the_phases_scale_with_the_budget() -> None:
    log, short = (_options(NetworkSettings(), steps) for steps in (100_000, 1200))
    assert (log.patience, log.anchor_steps, log.ramp_length) == (500, 25_000, 50_000)
    assert (short.patience, short.anchor_steps, short.ramp_length) == (6, 300, 600)


def test_items_come_from_the_generated_set_where_no_file_is_named(run_trial: RunTrial) -> None:
    outcome = run_trial({"model": "log-n"}, items=20)
    assert set(map(int, outcome.items["pass_rate"].ids)) <= set(draw_numbers(50_000))


@pytest.mark.parametrize("recipe", ["lyapunov.network", "lyapunov.potential"])
def test_violations_of_each_test_trajectory_reach_the_ledger(recipe: str, run_trial: RunTrial) -> None:
    outcome = run_trial({"model": "window-minimum", "evaluation": "numbers.csv"}, recipe=recipe)
    table = outcome.items["test_steps"]
    assert table.clusters is not None
    failing = [
        (seed, name) for seed, name, fall in zip(table.clusters, table.ids, table.scores, strict=True) if not fall
    ]
    expected = [
        (str(seed), f"{seed}: {n}")
        for seed in (111, 27, 703, 26623, 626331)
        for n in trajectory(seed)[:-1]
        if stopping_time(n, 11) is None
    ]
    assert failing == expected
    assert len(expected) == outcome.metrics["violations"] == 84
    counts = Counter(seed for seed, _ in expected)
    assert f"626331: {counts['626331']} of 189" in outcome.notes["violations by trajectory"]


def test_a_trial_says_on_how_many_test_steps_it_was_trained(run_trial: RunTrial) -> None:
    apart, merging = (run_trial({**TINY, "hold_out": held}, workdir=str(held)) for held in (True, False))
    assert merging.notes["test steps on training trajectories"] == "271 of 429"
    assert int(apart.notes["test steps on training trajectories"].split()[0]) < 100
