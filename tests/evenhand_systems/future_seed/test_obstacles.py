"""What a machine cannot do is said when a claim is planned."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evenhand.cli.main import app
from evenhand.errors import ClaimError
from evenhand.running import fitting
from evenhand_systems import processor
from evenhand_systems.future_seed import obstacles

CLAIMS = Path(__file__).parents[3] / "claims" / "future_seed"
T4 = ("Tesla T4", 15_800_000_000, (7, 5))
V100 = ("Tesla V100", 16_900_000_000, (7, 0))
A100 = ("NVIDIA A100", 42_300_000_000, (8, 0))


@pytest.mark.parametrize(
    ("device", "torch", "kernel", "native", "precision", "sentence"),
    [
        ("cpu", "2.13.0+cpu", False, False, "fp32", ""),
        ("cpu", "2.13.0+cpu", False, True, "bf16", ""),
        ("cpu", "2.13.0+cpu", False, False, "bf16", obstacles.NO_BF16),
        ("cuda", "2.13.0", True, False, "bf16", ""),
        ("cuda", "2.13.0", False, False, "fp32", obstacles.NO_KERNEL),
        ("cuda", "2.13.0+cpu", False, False, "fp32", ""),
        ("cuda", "2.13.0+cpu", False, False, "bf16", obstacles.NO_BF16),
    ],
)
def test_bf16_needs_a_machine_that_multiplies_it_and_a_gpu_needs_its_kernel(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[..., None], device: str, torch: str, kernel: bool, native: bool,
    precision: str, sentence: str,
) -> None:  # fmt: skip
    driver(A100)
    monkeypatch.setattr(obstacles, "_torch_version", lambda: torch)
    monkeypatch.setattr(obstacles, "find_spec", lambda name: object() if kernel else None)
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: native)
    assert obstacles.obstacle({"precision": precision}, device) == sentence


@pytest.mark.parametrize(
    ("cards", "words"),
    [
        ([T4], "GPU 0 is a Tesla T4 of compute capability 7.5, and 8.0 is needed"),
        ([V100, T4], "GPU 0 is a Tesla V100 of compute capability 7.0, GPU 1 is a Tesla T4 of compute "),
        ([A100, T4, A100], "GPU 1 is a Tesla T4 of compute capability 7.5, and 8.0 is needed; --gpus 0,2 "
         "leaves it out"),
        ([A100], ""),
        ([("a card that tells nothing", None, None)], ""),
    ],
)  # fmt: skip
def test_a_gpu_that_only_imitates_bf16_is_told_by_its_compute_capability(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[..., None], cards: list[Any], words: str
) -> None:
    monkeypatch.setattr(obstacles, "_torch_version", lambda: "2.13.0")
    monkeypatch.setattr(obstacles, "find_spec", lambda name: object())
    driver(*cards)
    told = obstacles.obstacle({"precision": "bf16"}, "cuda")
    assert told.startswith(obstacles.NO_BF16 if words else "")
    assert (words in told) if words else told == ""
    assert obstacles.obstacle({"precision": "fp32"}, "cuda") == ""


@pytest.mark.slow
def test_a_bf16_claim_is_refused_at_plan_on_a_gpu_of_an_earlier_generation_without_torch(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[..., None], tmp_path: Path
) -> None:
    monkeypatch.setattr(obstacles, "_torch_version", lambda: "2.13.0")
    monkeypatch.setattr(obstacles, "find_spec", lambda name: object())
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    driver(T4)
    arguments = ["plan", str(CLAIMS / "logs" / "r22_sudoku4.toml"), "--ledger", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ClaimError)
    assert "GPU 0 is a Tesla T4 of compute capability 7.5" in str(result.exception)
    assert "1 GPU: one trial at a time; -j N for more" in result.output
    assert "torch" not in sys.modules


def test_gpus_that_are_not_given_to_trials_stand_in_no_bf16_claims_way(
    monkeypatch: pytest.MonkeyPatch, driver: Callable[..., None], tmp_path: Path
) -> None:
    monkeypatch.setattr(obstacles, "_torch_version", lambda: "2.13.0")
    monkeypatch.setattr(obstacles, "find_spec", lambda name: object())
    monkeypatch.setattr(fitting, "why_torch_has_no_cuda", lambda: "")
    driver(A100, T4)
    arguments = ["plan", str(CLAIMS / "logs" / "r22_sudoku4.toml"), "--ledger", str(tmp_path)]
    told = CliRunner().invoke(app, arguments)
    assert "--gpus 0 leaves it out" in str(told.exception)
    assert obstacles.NO_BF16 not in str(CliRunner().invoke(app, [*arguments, "--gpus", "0"]).exception)
    assert "GPU 1 is a Tesla T4" in str(CliRunner().invoke(app, [*arguments, "--gpus", "1"]).exception)


def test_a_bf16_claim_is_planned_and_then_refused_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: False)
    monkeypatch.setattr(obstacles, "_torch_version", lambda: "2.13.0+cpu")
    arguments = ["plan", str(CLAIMS / "logs" / "r22_sudoku4.toml"), "--ledger", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ClaimError)
    assert "AVX-512 BF16" in str(result.exception)
    assert 'set precision = "fp32"' in str(result.exception)
    assert "trials" in result.output


def test_a_claim_without_bf16_is_planned_on_any_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(obstacles, "_torch_version", lambda: "2.13.0+cpu")
    arguments = ["plan", str(CLAIMS / "rightcopy_quick.toml"), "--ledger", str(tmp_path)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
