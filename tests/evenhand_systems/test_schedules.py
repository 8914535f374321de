"""Learning rates are, to the last bit, those that made the committed ledgers: the formulas as they stood there."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from evenhand_systems.bridge.settings import TrainingSettings
from evenhand_systems.bridge.training.trainer import BridgeTrainer
from evenhand_systems.future_seed.settings import OptimiserSettings
from evenhand_systems.future_seed.training import Trainer
from evenhand_systems.lyapunov.networks.options import TrainingOptions, as_logged
from evenhand_systems.lyapunov.networks.trainer import schedule_of
from evenhand_systems.schedules import WarmUp, cosine


def weights(*rates: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW([{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates], fused=True)


def made(schedule: Any, steps: int) -> list[list[float]]:
    """The rates with which each step is made."""
    found = []
    for _ in range(steps):
        found.append([group["lr"] for group in schedule.optimizer.param_groups])
        schedule.optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("steps", [1, 60, 101, 1500])
@pytest.mark.parametrize("rate", [2e-3, 3e-3, 0.0017])
@pytest.mark.parametrize(
    ("warmup", "fall", "formula"),
    [
        (  # the teaching of the stand-in of anchored_sft
            100, lambda steps: cosine(steps, floor=0.05),
            lambda s, n, r: r * min(1.0, (s + 1) / 100) * (0.05 + 0.95 * (0.5 * (1 + math.cos(math.pi * s / n)))),
        ),
        (  # the stand-ins of bridge
            100, cosine,
            lambda s, n, r: r * min(1.0, (s + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * s / n)),
        ),
        (  # the base of future_seed
            50, lambda steps: lambda step: 1 - step / max(1, steps),
            lambda s, n, r: r * min(1.0, (s + 1) / 50) * (1 - s / n),
        ),
    ],
)  # fmt: skip
def test_stand_ins_are_taught_at_the_rates_they_always_were(warmup, fall, formula, rate, steps) -> None:
    schedule = WarmUp(weights(rate), warmup, fall(steps))
    assert made(schedule, steps) == [[formula(step, steps, rate)] for step in range(steps)]


@pytest.mark.parametrize(("steps", "rate"), [(5, 1e-3), (60, 1e-3), (2000, 3e-4), (4001, 1e-3)])
def test_the_cosine_of_lyapunov_is_what_it_was(steps: int, rate: float) -> None:
    schedule = schedule_of(weights(rate), TrainingOptions(steps=steps, learning_rate=rate))
    warmup = max(1, min(200, steps // 10))
    formula = [[rate * min(1.0, (s + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * s / steps))] for s in range(steps)]
    assert made(schedule, steps) == formula


@pytest.mark.parametrize(("patience", "rate"), [(1, 1e-3), (6, 1e-3), (2, 7e-4)])
def test_the_halving_of_lyapunov_is_what_it_was(patience: int, rate: float) -> None:
    optimiser = weights(rate)
    schedule = schedule_of(optimiser, as_logged(patience=patience, learning_rate=rate))
    best, waited, factor = math.inf, 0, 1.0
    generator = torch.Generator().manual_seed(0)
    losses = [round(float(x), 2) for x in torch.rand(300, generator=generator)]  # ties are no new best
    for loss in losses:
        assert optimiser.param_groups[0]["lr"] == max(1e-6, rate * factor)
        waited, best = (0, loss) if loss < best else (waited + 1, best)
        if waited > patience:
            factor, waited = factor / 2, 0
        optimiser.step()
        schedule.step(loss)
    assert optimiser.param_groups[0]["lr"] == 1e-6


class Budget(SimpleNamespace):
    def spend(self, **amounts: float) -> None:
        self.spent += amounts[self.unit]


@pytest.mark.parametrize("unit", ["steps", "tokens"])
@pytest.mark.parametrize("warmup", [0, 7])
@pytest.mark.parametrize("decay", ["none", "linear", "cosine"])
def test_rates_of_future_seed_follow_the_budget_as_they_did(decay: Any, warmup: int, unit: str) -> None:
    budget = Budget(unit=unit, amount=40 if unit == "steps" else 5000, spent=0)
    model = nn.Linear(1, 1)
    groups = [{"params": [nn.Parameter(torch.ones(1))], "lr": 5e-4, "weight_decay": 0.0}]
    reader = SimpleNamespace(model=model, seeding=SimpleNamespace(parameter_groups=lambda: groups))
    settings = OptimiserSettings(learning_rate=3e-3, warmup=warmup, decay=decay)
    trainer = Trainer(reader, settings, SimpleNamespace(budget=budget))  # type: ignore[arg-type]
    for step in range(40):
        warm = min(1.0, (step + 1) / warmup) if warmup else 1.0
        done = min(1.0, budget.spent / budget.amount)
        factor = {"none": warm, "linear": warm * (1 - done), "cosine": warm * (1 + math.cos(math.pi * done)) / 2}[decay]
        assert [group["lr"] for group in trainer.optimiser.param_groups] == [3e-3 * factor, 5e-4 * factor]
        trainer.step((model(torch.ones(1, 1)) ** 2).sum() + groups[0]["params"][0].sum(), tokens=100 + step)


@pytest.mark.parametrize(("warmup", "steps"), [(0, 30), (100, 30), (20, 150)])
def test_rates_of_a_bridge_and_its_gates_are_what_they_were(warmup: int, steps: int) -> None:
    settings = TrainingSettings(learning_rate=2e-3, gate_rate=7.0, warmup=warmup)
    parts = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    bridge = SimpleNamespace(
        gates=lambda: parts[:1], parameters=lambda: parts, target=SimpleNamespace(device="cpu"),
        translator=SimpleNamespace(config=SimpleNamespace(kind="cross_attention", source_width=4, target_width=4)),
    )  # fmt: skip
    trainer = BridgeTrainer(bridge, [], settings, steps, order=None, generator=None)  # type: ignore[arg-type]
    formula = [
        [
            2e-3 * factor * min(1.0, (s + 1) / max(1, warmup)) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, s / steps)))
            for factor in (1.0, 7.0)
        ]
        for s in range(steps + 3)
    ]
    assert made(trainer.schedule, steps + 3) == formula


def test_a_schedule_goes_on_where_it_was() -> None:
    first, second = (WarmUp(weights(1e-3), 10, cosine(40)) for _ in range(2))
    rates = made(first, 25)
    second.load_state_dict(first.state_dict())
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert made(second, 15) == made(first, 15) != rates[:15]
