"""What ``learn`` and ``train`` show, and what they refuse."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from evenhand_systems.lyapunov.networks import training
from evenhand_systems.lyapunov.networks.network import LyapunovNetwork, load_checkpoint
from evenhand_systems.lyapunov.networks.options import TrainingOptions
from evenhand_systems.lyapunov.numbers.evaluation_set import generate, write_csv
from evenhand_systems.lyapunov.numbers.features import FeatureSpec
from evenhand_systems.lyapunov.numbers.trajectories import curriculum_seeds
from tests.evenhand_systems.lyapunov.commands.shown import refused, run


def test_learning_from_several_starts_shows_each_window_and_the_plain_way_stays_the_default(tmp_path: Path) -> None:
    models = [tmp_path / f"{name}.json.gz" for name in ("plain", "asked_plain", "gradual")]
    for model, starts in zip(models, ((), ("--starts", 0), ("--starts", 2)), strict=True):
        found = run("learn", model, "--window", 2, "--residue-power", 1, "--sweeps", 5, *starts)
        assert found.exit_code == 0, found.output
        assert "window 2" in found.output
    plain, asked, gradual = (model.read_bytes() for model in models)
    assert plain == asked != gradual


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--starts", -1), "--starts is 0 for the plain way"),
        (("--sweeps", 0), "--sweeps is at least 1"),
        (("--starts", 3, "--sweeps", 0), "--sweeps is at least 1"),
        (("--head", -1), "--head and --seed are at least 0"),
        (("--seed", -1), "--head and --seed are at least 0"),
        (("--climb", "nan"), "finite weights"),
    ],
)
def test_options_that_cannot_be_learned_with_are_refused_before_anything_is_learned(
    options: tuple[Any, ...], message: str, tmp_path: Path
) -> None:
    found = run("learn", tmp_path / "x.json.gz", *options)
    refused(found, message)
    assert "window 1" not in found.output


def test_a_folder_that_is_not_there_is_named_before_anything_is_learned(tmp_path: Path) -> None:
    found = run("learn", tmp_path / "nowhere" / "x.json.gz")
    refused(found, "nowhere does not exist")
    assert "window 1" not in found.output


def test_a_full_evaluation_during_training_shows_every_rate_on_both_measures(tmp_path: Path) -> None:
    write_csv(generate(100, max_bits=40, seed=2), tmp_path / "set.csv")
    found = run(
        "train", tmp_path / "net.pt", "--layers", "8", "--steps", 2, "--batch", 16, "--lookahead", 3,
        "--evaluate-every", 2, "--quick-every", 0, "--csv", tmp_path / "set.csv",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    (line,) = [line for line in found.output.splitlines() if line.startswith("step 2")]
    rates = r"pass % [\d.]+, weighted % [\d.]+, growth % [\d.]+, growth weighted % [\d.]+, decay % [\d.]+"
    assert re.fullmatch(rf"step 2: loss [\d.]+; random n \(100\): {rates}; on trajectories \(100\): {rates}", line)
    assert load_checkpoint(tmp_path / "net.pt").seeds == tuple(curriculum_seeds(hold_out=True))


@pytest.mark.parametrize(("steps", "patience"), [(2000, 10), (100_000, 500), (20, 1)])
def test_the_patience_of_the_logged_schedule_follows_the_budget(
    steps: int, patience: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[TrainingOptions] = []

    def without_steps(options: TrainingOptions, **_: Any) -> LyapunovNetwork:
        seen.append(options)
        return LyapunovNetwork(FeatureSpec(options.lookahead), (8,))

    monkeypatch.setattr(training, "train", without_steps)
    write_csv(generate(20, seed=2), tmp_path / "set.csv")
    found = run("train", tmp_path / "n.pt", "--logged", "--steps", steps, "--csv", tmp_path / "set.csv")
    assert found.exit_code == 0, found.output
    assert [(options.schedule, options.patience) for options in seen] == [("plateau", patience)]


def test_a_network_is_trained_on_the_device_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_csv(generate(20, seed=2), tmp_path / "set.csv")
    seen: list[str] = []
    begin = training.Training.__init__

    def noted(self: training.Training, *given: Any, **named: Any) -> None:
        seen.append(named["device"])
        begin(self, *given, **named)

    monkeypatch.setattr(training.Training, "__init__", noted)
    for asked in ((), ("--device", "cpu:0")):
        path = tmp_path / "n.pt"
        found = run("train", path, "--layers", 8, "--steps", 1, "--batch", 16, "--csv", tmp_path / "set.csv", *asked)
        assert found.exit_code == 0, found.output
    assert seen == ["cpu", "cpu:0"]


@pytest.mark.parametrize("name", ["", "gpu", "cpu:x", "meta", *([] if torch.cuda.is_available() else ["cuda"])])
def test_a_device_that_is_not_there_is_refused_before_anything_is_trained(name: str, tmp_path: Path) -> None:
    refused(run("train", tmp_path / "n.pt", "--steps", 1, "--device", name), f"--device {name}", "torch cannot compute")
    assert not (tmp_path / "n.pt").exists()


def test_training_without_lookahead_is_refused(tmp_path: Path) -> None:
    refused(run("train", tmp_path / "n.pt", "--lookahead", 0), "lookahead must be at least 1; found 0")
    assert not (tmp_path / "n.pt").exists()


def test_a_network_can_be_trained_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    found = run(
        "train", path, "--layers", "16", "--steps", 6, "--batch", 32, "--lookahead", 4, "--quick-every", 3,
        "--mine-interval", 3, "--t4", "--target", "adaptive", "--logged",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "step 3" in found.output
    assert load_checkpoint(path).network.spec.lookahead == 4


def test_what_the_system_refuses_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(run("generate", tmp_path / "nowhere" / "set.csv", "--count", 5), "nowhere", "No such file")

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    found = run("learn", tmp_path / "v.json.gz", "--window", 1, "--residue-power", 0, "--sweeps", 1)
    refused(found, "v.json.gz", "No space left on device")
