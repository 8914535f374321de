"""What a machine cannot do is said when a claim is planned."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evenhand.cli.main import app
from evenhand.errors import ClaimError
from evenhand_systems import processor
from evenhand_systems.future_seed import obstacles

CLAIMS = Path(__file__).parents[3] / "claims" / "future_seed"


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
    monkeypatch: pytest.MonkeyPatch, device: str, torch: str, kernel: bool, native: bool, precision: str, sentence: str
) -> None:
    monkeypatch.setattr(obstacles, "_torch_version", lambda: torch)
    monkeypatch.setattr(obstacles, "find_spec", lambda name: object() if kernel else None)
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: native)
    assert obstacles.obstacle({"precision": precision}, device) == sentence


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
