"""The training loss against an oracle: Python integers and float64 sums, written out from the formula alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from evenhand_systems.lyapunov.networks.network import LyapunovNetwork
from evenhand_systems.lyapunov.networks.options import TrainingOptions
from evenhand_systems.lyapunov.networks.trainer import Trainer, make_batch
from evenhand_systems.lyapunov.numbers.features import reference_features
from evenhand_systems.lyapunov.numbers.limbs import pack

NUMBERS = [5, 7, 27, 41, 27, 703, 9663, 2**61 - 1, 2**90 + 7, 3**40, 5 * 2**70 - 1, 1021, 85, 2**64 + 13]
LEARNED = 0.8  # drift coefficient: far from 0.35, so that targets differ
LOOKAHEAD = 6


@dataclass(frozen=True)
class Formula:
    """The numbers of the loss as they are published; a test of the oracle's own keenness turns one of them."""

    growth: float = 10.0
    decay: float = 1.0
    four: float = 0.5
    eight: float = 0.2
    drift: float = 1.0
    split_above: bool = True


def _image(n: int) -> tuple[int, int]:
    """(T(n), k)."""
    image, k = 3 * n + 1, 0
    while image % 2 == 0:
        image, k = image // 2, k + 1
    return image, k


def _value(network: LyapunovNetwork, n: int) -> float:
    """V(n), layer by layer in float64."""
    hidden = reference_features([n], LOOKAHEAD)[0].astype(np.float64)
    layers = [(x.weight.detach().double().numpy(), x.bias.detach().double().numpy()) for x in network.layers_of_weights]
    for weight, bias in layers[:-1]:
        hidden = weight @ hidden + bias
        hidden = np.where(hidden > 0, hidden, 0.1 * hidden)
    f = float((layers[-1][0] @ hidden + layers[-1][1])[0])
    return math.log1p(math.exp(f))


def _coefficient(target: str, drift: float, formula: Formula) -> float:
    learned = {"fixed": False, "adaptive": True, "split": (drift > 0) == formula.split_above}[target]
    return LEARNED if learned else 0.35


def _loss(network: LyapunovNetwork, options: TrainingOptions, anchor: float, formula: Formula) -> float:
    hinges, weights, squares = 0.0, 0.0, 0.0
    for n in NUMBERS:
        trajectory, valuations = [n], []
        for _ in range(8):
            image, k = _image(trajectory[-1])
            trajectory.append(image)
            valuations.append(k)
        values = [_value(network, number) for number in trajectory]
        hinge = max(0.0, 0.05 - (values[0] - values[1]))
        if options.four_steps:
            hinge += formula.four * max(0.0, 0.05 - (values[0] - values[4]))
        if options.eight_steps:
            hinge += formula.eight * max(0.0, 0.05 - (values[0] - values[8]))
        weight = formula.growth if trajectory[1] > n else formula.decay
        hinges, weights = hinges + weight * hinge, weights + weight
        drift = LOOKAHEAD * math.log(3) - sum(valuations[:LOOKAHEAD]) * math.log(2)
        coefficient = _coefficient(options.target, drift, formula) * formula.drift
        squares += (values[0] - math.log(n) - coefficient * drift) ** 2
    return hinges / weights + anchor * squares / len(NUMBERS)


def _both(formula: Formula, *, anchor: float = 0.75, **changes: Any) -> tuple[float, float]:
    """(loss of the trainer's step, loss of the oracle), for the network before the step."""
    options = TrainingOptions(
        lookahead=LOOKAHEAD, layers="24,12", growth_weight=10.0, anchor_steps=100, precision="float32", **changes
    )
    trainer = Trainer(options, seed=3)
    if options.target != "fixed":  # the fixed target has no coefficient to learn
        with torch.no_grad():
            trainer.network.drift_coefficient.fill_(LEARNED)
    trainer.step_number = round(100 * (1 - anchor))
    expected = _loss(trainer.network, options, anchor, formula)
    batch = make_batch(pack(NUMBERS, minimum=3), options, trainer.network.spec)
    return trainer.step(batch), expected


@pytest.mark.parametrize("anchor", [1.0, 0.75, 0.0])
@pytest.mark.parametrize(("four", "eight"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("target", ["fixed", "adaptive", "split"])
def test_the_loss_is_that_of_the_formula(target: str, four: bool, eight: bool, anchor: float) -> None:
    found, expected = _both(Formula(), anchor=anchor, target=target, four_steps=four, eight_steps=eight)
    assert found == pytest.approx(expected, rel=2e-5)


MISTAKES: Mapping[str, tuple[dict[str, Any], str, float]] = {
    "growth weight inverted": ({"growth": 1.0, "decay": 10.0}, "fixed", 0.0),
    "factors of 4 and 8 steps swapped": ({"four": 0.2, "eight": 0.5}, "fixed", 0.0),
    "drift three times as large": ({"drift": 3.0}, "fixed", 0.75),
    "split turned round": ({"split_above": False}, "split", 0.75),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_these_numbers_tell_the_formula_from_a_mistaken_one(mistake: str) -> None:
    turned, target, anchor = MISTAKES[mistake]
    wrong = replace(Formula(), **turned)
    found, mistaken = _both(wrong, anchor=anchor, target=target, four_steps=True, eight_steps=True)
    assert abs(found - mistaken) > 2e-3 * found  # a hundred times the tolerance above


def test_the_anchor_is_gone_after_its_steps() -> None:
    options = TrainingOptions(lookahead=LOOKAHEAD, layers="24,12", growth_weight=10.0, anchor_steps=10)
    trainer = Trainer(options, seed=3)
    trainer.step_number = 11
    expected = _loss(trainer.network, options, 0.0, Formula())
    batch = make_batch(pack(NUMBERS, minimum=3), options, trainer.network.spec)
    assert trainer.step(batch) == pytest.approx(expected, rel=2e-5)
