"""Networks, the fast step, schedules, pools and checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.errors import DataError, Diverged
from evenhand_systems.lyapunov.measures import decide, evaluate
from evenhand_systems.lyapunov.models import open_model
from evenhand_systems.lyapunov.networks.layers import REFERENCE_LAYERS, parse_layers
from evenhand_systems.lyapunov.networks.network import (
    LyapunovNetwork,
    NetworkModel,
    fingerprint,
    load_checkpoint,
    save_checkpoint,
)
from evenhand_systems.lyapunov.networks.options import TrainingOptions, as_logged
from evenhand_systems.lyapunov.networks.pools import HardPool
from evenhand_systems.lyapunov.networks.trainer import Trainer, make_batch
from evenhand_systems.lyapunov.networks.training import train
from evenhand_systems.lyapunov.numbers.evaluation_set import generate
from evenhand_systems.lyapunov.numbers.features import FeatureSpec, features
from evenhand_systems.lyapunov.numbers.limbs import advance, draw, pack, unpack

SMALL: dict[str, Any] = {"layers": "32,16", "steps": 12, "batch": 64, "mine_interval": 5, "anchor_steps": 4}


@pytest.mark.parametrize(("lookahead", "size"), [(10, 4_405_250), (20, 4_425_730), (100, 4_589_570)])
def test_the_reference_network_has_its_published_size(lookahead: int, size: int) -> None:
    assert LyapunovNetwork(FeatureSpec(lookahead), parse_layers(REFERENCE_LAYERS)).size == size


@pytest.mark.parametrize("text", ["64,,32", "wide", "64;32", "", "64,0"])
def test_layers_that_do_not_parse_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"Layers|layer"):
        parse_layers(text)


def test_linear_is_no_hidden_layer() -> None:
    assert parse_layers("linear") == ()
    assert LyapunovNetwork(FeatureSpec(3), ()).size == 9 + 1 + 1


@pytest.mark.parametrize("target", ["fixed", "adaptive", "split"])
@pytest.mark.parametrize("anchored", [True, False])
def test_the_fast_step_has_the_gradients_of_autograd(target: str, anchored: bool) -> None:
    options = TrainingOptions(**SMALL, target=target, four_steps=True, eight_steps=True)  # type: ignore[arg-type]
    trainer = Trainer(options, seed=1)
    trainer.step_number = 1 if anchored else 100
    batch = make_batch(draw(64, np.random.default_rng(0)), options, trainer.network.spec)
    anchor = max(0.0, 1 - trainer.step_number / 4)
    values = torch.nn.functional.softplus(trainer.network.pre_activation(batch.inputs[batch.places]))
    trainer.loss_terms(values, batch, anchor).backward()
    expected = {name: p.grad.clone() for name, p in trainer.network.named_parameters() if p.grad is not None}
    for parameter in trainer.network.parameters():
        parameter.grad = None
    trainer.step(batch)
    for name, parameter in trainer.network.named_parameters():
        if name in expected:
            assert parameter.grad is not None
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-4, atol=1e-6)
    learned = trainer.network.drift_coefficient.grad
    assert learned is not None
    assert (float(learned) != 0) == (anchored and target != "fixed")


def test_rows_whose_hinge_is_satisfied_are_left_out_of_the_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    options = TrainingOptions(**SMALL)
    trainer = Trainer(options)
    seen: list[int] = []
    original = trainer._backward

    def count(hidden: list[torch.Tensor], gradient: torch.Tensor) -> None:
        seen.append(int((gradient != 0).sum()))
        original(hidden, gradient)

    monkeypatch.setattr(trainer, "_backward", count)
    trainer.step_number = 100
    trainer.step(make_batch(draw(64, np.random.default_rng(0)), options, trainer.network.spec))
    assert 0 < seen[0] < 128


def test_a_number_that_occurs_twice_in_a_batch_passes_once() -> None:
    options = TrainingOptions(**SMALL)
    trajectory = pack([27, 41, 31, 47, 27])
    batch = make_batch(trajectory, options, FeatureSpec(10))
    assert unpack(advance(trajectory, 1)) == [41, 31, 47, 71, 41]
    assert len(batch.inputs) == 5  # 27, 31, 41, 47, 71
    expected = [features(part, 10) for part in (trajectory, advance(trajectory, 1))]
    np.testing.assert_array_equal(batch.inputs[batch.places].numpy(), np.stack(expected))


def test_unused_passes_change_nothing_but_the_time() -> None:
    nets = [
        train(TrainingOptions(**SMALL, passes=passes), seeds=[27, 97], order=np.random.default_rng(3))  # type: ignore[arg-type]
        for passes in ("needed", "all")
    ]
    assert fingerprint(nets[0]) == fingerprint(nets[1])


def test_training_is_reproducible_from_its_streams() -> None:
    def once(seed: int) -> str:
        return fingerprint(train(TrainingOptions(**SMALL), seeds=[27], order=np.random.default_rng(seed)))

    assert once(1) == once(1)
    assert once(1) != once(2)


def test_a_network_learns_more_than_log_n() -> None:
    options = TrainingOptions(
        layers="64,64", steps=600, batch=128, anchor_steps=300, mining=False, max_bits=40, learning_rate=5e-3
    )
    net = train(options, seeds=[27, 97], order=np.random.default_rng(0))
    data = generate(2000, max_bits=40, seed=3)
    assert evaluate(NetworkModel(net), data).passed > 0.6


def test_a_loss_that_is_not_finite_is_a_divergence() -> None:
    trainer = Trainer(TrainingOptions(**SMALL))
    with torch.no_grad():
        trainer.network.linears[0].weight.fill_(torch.inf)  # type: ignore[union-attr]
    with pytest.raises(Diverged, match="step 0"):
        trainer.step(make_batch(draw(8, np.random.default_rng(0)), trainer.options, trainer.network.spec))


LONG: dict[str, Any] = {"layers": "4", "steps": 40_000}


def test_the_logged_schedule_halves_on_noise_and_the_repaired_one_does_not() -> None:
    logged, repaired = (Trainer(options) for options in (as_logged(patience=10, **LONG), TrainingOptions(**LONG)))
    rng = np.random.default_rng(0)
    for _ in range(2000):
        logged.optimiser.step()
        logged.schedule.step(float(rng.uniform(0.9, 1.1)))
        repaired.optimiser.step()
        repaired.schedule.step()
    assert logged.learning_rate == 1e-6
    assert repaired.learning_rate > 9e-4


def test_a_training_goes_on_with_its_schedule_and_precision() -> None:
    first, second = (Trainer(as_logged(**SMALL, patience=2, precision=asked)) for asked in ("bf16", "float32"))
    for loss in (1.0, 2.0, 2.0, 2.0, 2.0):
        first.schedule.step(loss)
    second.restore(first.state())
    assert second.precision == first.precision != Trainer(as_logged(**SMALL)).precision
    assert second.learning_rate == first.learning_rate == 5e-4
    assert second.schedule.state_dict() == first.schedule.state_dict()
    for loss in (2.0, 2.0, 2.0):  # one was waited for before
        second.schedule.step(loss)
    assert second.learning_rate == 2.5e-4


def test_mined_numbers_swamp_the_logged_pool_and_not_the_capped_one() -> None:
    net = LyapunovNetwork(FeatureSpec(10), (8,))
    shares = []
    for cap in (None, 0.2):
        pool = HardPool([27, 97, 871], 0, 1000, cap)
        assert pool.share_of_mined(0) == 0.0
        pool.mine(net, TrainingOptions(mine_count=50), np.random.default_rng(0))
        assert len(pool.mined) == 50
        shares.append(pool.share_of_mined(10))
    assert shares[0] > 0.9
    assert shares[1] == 0.2


def test_mined_numbers_are_failures() -> None:
    net = LyapunovNetwork(FeatureSpec(10), (8,))
    pool = HardPool([27], 0, 0, 0.5)
    pool.mine(net, TrainingOptions(mine_count=20), np.random.default_rng(0))
    assert not decide(NetworkModel(net), list(pool.mined)).passes.any()


def test_the_curriculum_adds_trajectories_one_by_one() -> None:
    pool = HardPool([3, 7, 27, 97], 1, 100, None)
    assert [pool.active(step) for step in (0, 50, 100, 500)] == [1, 2, 4, 4]
    numbers = unpack(pool.draw(50, 0, np.random.default_rng(0)))
    assert set(numbers) <= {3, 5}


@pytest.mark.parametrize("bad", [{"lookahead": 0}, {"layers": "a,b"}, {"steps": 0}, {"mined_share": 1.5}])
def test_impossible_options_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        TrainingOptions(**bad)


def test_a_checkpoint_knows_its_lookahead(tmp_path: Path) -> None:
    net = LyapunovNetwork(FeatureSpec(5, ("log", "valuations")), (8,), seed=4)
    save_checkpoint(net, tmp_path / "net.pt")
    again = load_checkpoint(tmp_path / "net.pt", lookahead=5).network
    assert fingerprint(again) == fingerprint(net)
    assert again.spec == net.spec
    with pytest.raises(DataError, match="trained with lookahead 5; asked for 10"):
        open_model(str(tmp_path / "net.pt"), lookahead=10)
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    with pytest.raises(DataError, match="not a checkpoint"):
        load_checkpoint(tmp_path / "bad.pt")
