"""In what the products of a training step are computed: chosen by CPU and size, with its reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from evenhand_systems.lyapunov.networks import precision
from evenhand_systems.lyapunov.networks.options import TrainingOptions
from evenhand_systems.lyapunov.networks.precision import LEAST_WEIGHTS, choose_precision
from evenhand_systems.lyapunov.networks.trainer import Trainer, make_batch
from evenhand_systems.lyapunov.numbers.limbs import draw

LARGE = LEAST_WEIGHTS


@pytest.mark.parametrize(
    ("asked", "weights", "device", "native", "bf16", "reason"),
    [
        ("auto", [64, LARGE], "cpu", True, True, "1 of 2 layers in bf16: this CPU multiplies bf16 natively"),
        ("auto", [64, LARGE], "cpu", False, False, "no bf16 matrix product"),
        ("auto", [64, LARGE - 1], "cpu", True, False, "no layer has"),
        ("auto", [LARGE], "cuda", True, False, "on CPUs only"),
        ("float32", [LARGE], "cpu", True, False, "asked for"),
        ("bf16", [LARGE], "cpu", False, True, "asked for"),
    ],
)
def test_bf16_is_chosen_where_it_is_faster_and_says_why(
    asked: Any, weights: list[int], device: str, native: bool, bf16: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_bf16", lambda: native)
    choice = choose_precision(asked, weights, device)
    assert choice.bf16 == bf16
    assert reason in choice.reason


def test_bf16_changes_the_gradients_of_large_layers_by_its_rounding_alone() -> None:
    gradients, losses = [], []
    for asked in ("float32", "bf16"):
        options = TrainingOptions(layers="512,256,16", batch=64, precision=asked)  # type: ignore[arg-type]
        trainer = Trainer(options)
        batch = make_batch(draw(64, np.random.default_rng(0)), options, trainer.network.spec)
        losses.append(trainer.step(batch))
        gradients.append([linear.weight.grad for linear in trainer.network.layers_of_weights])
    assert losses[0] == losses[1]  # the forward pass is the same
    for exact, rounded in zip(*gradients, strict=True):
        assert exact is not None
        assert rounded is not None
        assert rounded.dtype == torch.float32
        assert float((exact - rounded).norm() / exact.norm()) < 0.01
    assert not torch.equal(gradients[0][1], gradients[1][1])
    assert torch.equal(gradients[0][2], gradients[1][2])  # a small layer, above the large one
