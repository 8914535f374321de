"""Future-Seed's options against the formula written out in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from evenhand_systems.rwkv7 import (
    RWKV7,
    VARIANTS,
    RWKV7Config,
    Seeding,
    SeedingSettings,
    prompt_then_answer,
    read_twice,
)

CONFIG = RWKV7Config(layers=4, width=32, head_size=16, vocabulary=20)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def lively_model() -> RWKV7:
    model = RWKV7(CONFIG, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            parameter += 0.1 * draw(*parameter.shape, seed=index)
    return model


def tokens() -> Tensor:
    return torch.randint(20, (2, 17), generator=torch.Generator().manual_seed(0))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


CASES = {
    "norm_detach": (SeedingSettings.variant("norm_detach"), lambda h: sigmoid(-2)),
    "nonorm": (SeedingSettings(norm=False, clip=0.3), lambda h: sigmoid(-2)),
    "unclipped": (SeedingSettings(clip=None, alpha_init=3.0), lambda h: sigmoid(3)),
    "scaled": (SeedingSettings(scale=5.0, alpha_init=-3.0), lambda h: 5 * sigmoid(-3)),
    # layers 1, 2, 3: layer 2 stands half way
    "sched_linear": (SeedingSettings.variant("sched_linear"), lambda h: 0.625 * sigmoid(-2)),
    "sched_cos": (SeedingSettings.variant("sched_cos"), lambda h: 0.7 * sigmoid(-2)),
    "late start": (SeedingSettings(schedule="linear", layer_start=2), lambda h: 0.25 * sigmoid(-2)),
    "head": (SeedingSettings.variant("head"), lambda h: sigmoid(-3) * sigmoid(-3 + h)),
}


@pytest.mark.parametrize(("settings", "gate"), CASES.values(), ids=CASES.keys())
def test_initial_seeding_follows_the_formula(settings: SeedingSettings, gate: object) -> None:
    seeding = Seeding(settings, CONFIG).double()
    if settings.gate == "head":
        with torch.no_grad():
            seeding.head_alpha += torch.arange(2)
    below, carried, last = draw(3, 2, 16, 16, seed=1), draw(3, 2, 16, 16, seed=2), draw(3, 32, seed=3)
    found, pull = seeding(2, below, carried, last)
    assert pull is None
    for sample in range(3):
        for head in range(2):
            seed = below[sample, head]
            if settings.norm:
                seed = seed / seed.square().mean().sqrt()
            expected = gate(head) * seed  # type: ignore[operator]
            if settings.clip is not None:
                expected = expected.clamp(-settings.clip, settings.clip)
            torch.testing.assert_close(found[sample, head], expected + carried[sample, head], rtol=1e-6, atol=1e-7)


def test_the_input_gate_reads_the_last_input() -> None:
    seeding = Seeding(SeedingSettings.variant("inputgate", clip=None), CONFIG).double()
    with torch.no_grad():
        seeding.input_weight.copy_(draw(4, 32, seed=5))
        seeding.input_bias.copy_(draw(4, seed=6))
    below, carried, last = draw(3, 2, 16, 16, seed=1), torch.zeros(3, 2, 16, 16).double(), draw(3, 32, seed=3)
    found, _ = seeding(1, below, carried, last)
    for sample in range(3):
        logit = -2 + last[sample] @ seeding.input_weight[1] / math.sqrt(32) + seeding.input_bias[1]
        seed = below[sample] / below[sample].square().mean(dim=(-1, -2), keepdim=True).sqrt()
        torch.testing.assert_close(found[sample], torch.sigmoid(logit) * seed)


def test_per_step_seeding_starts_from_the_full_seed_and_pulls_by_the_gated_one() -> None:
    seeding = Seeding(SeedingSettings(mode="per_step", norm=False, clip=None), CONFIG).double()
    below, carried = draw(1, 2, 16, 16, seed=1), draw(1, 2, 16, 16, seed=2)
    start, pull = seeding(1, below, carried, draw(1, 32))
    torch.testing.assert_close(start, below + carried)
    torch.testing.assert_close(pull, sigmoid(-2) * below, rtol=1e-6, atol=0)


def test_a_seeded_model_scans_from_the_terminal_state_below() -> None:
    """The same pass by hand: layer by layer, each started from the gated terminal state of the one before."""
    model, settings = lively_model(), SeedingSettings(norm=False, clip=None, detach=False)
    _, state = model(tokens(), seeding=Seeding(settings, CONFIG))
    _, off = model(tokens())
    assert torch.equal(state.layers[0].wkv, off.layers[0].wkv)
    start = off.layers[0].wkv * sigmoid(-2)
    carried = model.initial_state(2)
    by_hand = type(carried)(
        (
            carried.layers[0],
            type(carried.layers[1])(start, *list(vars(carried.layers[1]).values())[1:]),
            *carried.layers[2:],
        )
    )
    _, second = model(tokens(), by_hand)
    torch.testing.assert_close(state.layers[1].wkv, second.layers[1].wkv)
    assert not torch.allclose(state.layers[1].wkv, off.layers[1].wkv, atol=1e-3)


def test_seeding_lets_the_first_position_see_the_last_token() -> None:
    model, changed = lively_model(), tokens()
    changed[:, -1] = (changed[:, -1] + 1) % 20
    for mode in ("initial", "per_step"):
        seeding = Seeding(SeedingSettings(mode=mode), CONFIG)
        assert not torch.equal(model(tokens(), seeding=seeding)[0][:, 0], model(changed, seeding=seeding)[0][:, 0])
    assert torch.equal(model(tokens())[0][:, 0], model(changed)[0][:, 0])


@pytest.mark.parametrize(
    "settings",
    [SeedingSettings(mode="off"), SeedingSettings(layer_start=4), SeedingSettings(mode="per_step", layer_start=12)],
)
def test_seeding_that_starts_beyond_the_last_layer_is_bit_identical_to_none(settings: SeedingSettings) -> None:
    model = lively_model()

    def run(seeding: Seeding | None) -> list[Tensor]:
        model.zero_grad()
        logits, _ = model(tokens(), seeding=seeding)
        logits.square().sum().backward()
        return [logits, *(p.grad for p in model.parameters())]

    assert all(torch.equal(a, b) for a, b in zip(run(Seeding(settings, CONFIG)), run(None), strict=True))


def lower_layer_gradient(detach: bool) -> float:
    """How far the gradient of layer 0's weights from layer 1's *first output* depends on the seed's graph."""
    model, seeding = lively_model(), Seeding(SeedingSettings(detach=detach), CONFIG)
    logits, _ = model(tokens(), seeding=seeding)
    logits[:, 0].square().sum().backward()
    # Only through the seed can the embedding of a token that stands at the end alone get a gradient from position 0.
    (alone,) = [t for t in tokens()[0, 1:].unique().tolist() if (tokens() == t).sum() == 1][:1]
    return float(model.emb.weight.grad[alone].norm())


def test_detach_decides_whether_the_layer_below_learns_from_the_seed() -> None:
    assert lower_layer_gradient(detach=True) == 0
    assert lower_layer_gradient(detach=False) > 0


@pytest.mark.parametrize("name", ["trainable", "head", "inputgate"])
def test_trained_gates_get_gradients_and_a_learning_rate_of_their_own(name: str) -> None:
    seeding = Seeding(SeedingSettings.variant(name), CONFIG)
    lively_model()(tokens(), seeding=seeding)[0].square().sum().backward()
    assert seeding.alpha.grad[1:].count_nonzero() == 3
    assert seeding.alpha.grad[0] == 0
    (group,) = seeding.parameter_groups()
    assert group["lr"] == 5e-4
    assert {id(p) for p in group["params"]} == {id(p) for p in seeding.parameters()}
    torch.optim.AdamW([{"params": lively_model().parameters()}, group], lr=1e-3)


def test_fixed_gates_are_not_trained() -> None:
    seeding = Seeding(SeedingSettings(), CONFIG)
    lively_model()(tokens(), seeding=seeding)[0].square().sum().backward()
    assert seeding.alpha.grad is None
    assert seeding.parameter_groups() == []


def test_a_zero_state_below_gives_a_zero_seed_and_finite_gradients() -> None:
    below = torch.zeros(1, 2, 16, 16, requires_grad=True)
    start, _ = Seeding(SeedingSettings(detach=False), CONFIG)(1, below, torch.zeros(1, 2, 16, 16), torch.zeros(1, 32))
    start.sum().backward()
    assert start.count_nonzero() == 0
    assert below.grad.isfinite().all()


def test_measurements_name_gates_seed_sizes_and_gradients() -> None:
    seeding = Seeding(SeedingSettings(layer_start=2), CONFIG)
    assert seeding.measurements() == pytest.approx({"seeding/gate/2": sigmoid(-2), "seeding/gate/3": sigmoid(-2)})
    seeding.watch = True
    lively_model()(tokens(), seeding=seeding)[0].square().sum().backward()
    values = seeding.measurements()
    assert values["seeding/seed_rms/2"] == pytest.approx(1.0, rel=1e-4)
    assert values["seeding/gradient_rms/3"] > 0
    assert set(values) == {f"seeding/{n}/{i}" for n in ("gate", "seed_rms", "gradient_rms") for i in (2, 3)}


def test_watching_changes_nothing() -> None:
    model, seeding = lively_model(), Seeding(SeedingSettings(), CONFIG)
    plain, _ = model(tokens(), seeding=seeding)
    seeding.watch = True
    watched, _ = model(tokens(), seeding=seeding)
    assert torch.equal(plain, watched)


def test_the_head_variant_starts_where_the_product_of_its_gates_says() -> None:
    gates = Seeding(SeedingSettings.variant("head"), CONFIG).measurements().values()
    assert list(gates) == pytest.approx([0.00225] * 3, rel=1e-2)


def test_variants_are_known_by_name_and_unknown_ones_refused() -> None:
    assert [SeedingSettings.variant(name).mode for name in VARIANTS] == ["initial"] * 8
    assert SeedingSettings.variant("sched_cos", layer_start=10).layer_start == 10
    with pytest.raises(KeyError, match="norm_detach"):
        SeedingSettings.variant("norm_detatch")


def test_the_answer_pass_goes_on_from_the_prompt_without_seeding() -> None:
    model, seeding = lively_model(), Seeding(SeedingSettings(passes="prompt"), CONFIG)
    logits, _ = prompt_then_answer(model, tokens()[:, :9], tokens()[:, 9:], seeding)
    prompt, state = model(tokens()[:, :9], seeding=seeding)
    torch.testing.assert_close(logits, torch.cat((prompt, model(tokens()[:, 9:], state)[0]), dim=1))
    plain, _ = prompt_then_answer(model, tokens()[:, :9], tokens()[:, 9:])
    torch.testing.assert_close(plain, model(tokens())[0], rtol=1e-5, atol=1e-5)


def test_reading_twice_costs_twice_the_tokens() -> None:
    context, separator = torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([0, 9])
    assert read_twice(context).tolist() == [[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]]
    assert read_twice(context, separator).tolist()[0] == [1, 2, 3, 0, 9, 1, 2, 3]
