"""The model against the package `rwkv` and against itself in parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from evenhand_systems.rwkv7 import (
    RWKV7,
    LayerState,
    ModelInputError,
    RWKV7Config,
    RWKV7State,
    Seeding,
    SeedingSettings,
)
from evenhand_systems.rwkv7.kernel import cuda

Checkpoint = dict[str, Tensor]
TOKENS = [3, 14, 15, 9, 2, 6, 5, 35, 8, 9, 7, 9, 3, 2, 38, 46, 26, 43, 38, 3]
SIZES = {"layers": 3, "width": 128, "vocabulary": 50}
CONFIG = RWKV7Config(**SIZES, decay_rank=8, rate_rank=16, value_rank=24, gate_rank=40)


def small(seed: int = 0, **sizes: int) -> RWKV7:
    config = RWKV7Config(**{"layers": 2, "width": 32, "head_size": 16, "vocabulary": 20, **sizes})
    model = RWKV7(config, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():  # starting values hold zeros in places, behind which nothing would show
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
    return model


def loaded(checkpoint: Checkpoint) -> RWKV7:
    model = RWKV7(CONFIG, empty=True)
    model.load_state_dict(checkpoint, assign=True)
    return model


def state_difference(state: RWKV7State, oracle: list[Tensor]) -> float:
    ours = [t for layer in state.layers for t in (layer.time_shift, layer.wkv, layer.channel_shift)]
    return max(float((a[0] - b).abs().max()) for a, b in zip(ours, oracle, strict=True))


@torch.no_grad()
def test_logits_and_states_equal_the_package_rwkv(
    released_checkpoint: Callable[..., Checkpoint], oracle_model: Callable[[Checkpoint], Any]
) -> None:
    checkpoint = released_checkpoint(**SIZES)
    expected, oracle_state = oracle_model(checkpoint).forward(TOKENS, None, full_output=True)
    logits, state = loaded(checkpoint)(torch.tensor([TOKENS]))
    torch.testing.assert_close(logits[0], expected, rtol=1e-4, atol=2e-5)
    assert state_difference(state, oracle_state) < 2e-5


@torch.no_grad()
@pytest.mark.parametrize("letter", ["w", "a", "v", "g"])
def test_low_rank_factors_in_the_opposite_order_are_caught(
    letter: str, released_checkpoint: Callable[..., Checkpoint], oracle_model: Callable[[Checkpoint], Any]
) -> None:
    checkpoint = released_checkpoint(**SIZES)
    expected, _ = oracle_model(checkpoint).forward(TOKENS, None, full_output=True)
    swapped = dict(checkpoint)
    for layer in range(1, 3):
        first, second = (f"blocks.{layer}.att.{letter}{n}" for n in (1, 2))
        swapped[first] = checkpoint[second].t().contiguous()
        swapped[second] = checkpoint[first].t().contiguous()
    logits, _ = loaded(swapped)(torch.tensor([TOKENS]))
    assert not torch.allclose(logits[0], expected, rtol=1e-4, atol=1e-2)


@torch.no_grad()
@pytest.mark.parametrize("cut", [1, 7, 19])
def test_prompt_and_answer_in_two_passes_equal_one_pass(cut: int) -> None:
    model, tokens = small(), torch.randint(20, (2, 20), generator=torch.Generator().manual_seed(0))
    whole, end = model(tokens)
    first, middle = model(tokens[:, :cut])
    second, after = model(tokens[:, cut:], middle)
    torch.testing.assert_close(torch.cat((first, second), dim=1), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(after.layers[1].wkv, end.layers[1].wkv, rtol=1e-5, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("lost", ["time_shift", "channel_shift", "wkv"])
def test_each_part_of_the_state_is_needed_for_two_passes_to_equal_one(lost: str) -> None:
    model, tokens = small(), torch.randint(20, (2, 20), generator=torch.Generator().manual_seed(0))
    _, state = model(tokens[:, :10])
    forgetful = [type(s)(**{**vars(s), lost: torch.zeros_like(getattr(s, lost))}) for s in state.layers]
    second, _ = model(tokens[:, 10:], RWKV7State(tuple(forgetful)))
    assert not torch.allclose(second, model(tokens)[0][:, 10:], atol=1e-3)


@torch.no_grad()
def test_embeddings_may_stand_in_for_tokens() -> None:
    model, tokens = small(), torch.randint(20, (2, 9), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(model.emb(tokens))[0], model(tokens)[0], rtol=0, atol=0)


@torch.no_grad()
def test_no_logit_depends_on_later_tokens() -> None:
    model, tokens = small(), torch.randint(20, (1, 12), generator=torch.Generator().manual_seed(0))
    changed = tokens.clone()
    changed[0, 6] = (tokens[0, 6] + 1) % 20
    before, after = model(tokens)[0], model(changed)[0]
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.equal(before[:, 6], after[:, 6])


def test_equal_generators_give_equal_weights_and_the_global_one_is_left_alone() -> None:
    before = torch.get_rng_state()
    first, second = small(3).state_dict(), small(3).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["head.weight"], small(4).state_dict()["head.weight"])


@pytest.mark.parametrize("mode", [None, "initial", "per_step"])
def test_the_compiled_blocks_have_the_gradients_of_the_plain_float64_model(mode: str | None) -> None:
    """Weights, embeddings, carried state and gates; the compiled blocks run in float32 only."""
    tokens = torch.randint(20, (3, 21), generator=torch.Generator().manual_seed(0))

    def gradients(model: RWKV7, dtype: torch.dtype) -> dict[str, Tensor]:
        seeding = None
        if mode is not None:
            settings = SeedingSettings(mode=mode, trainable=True, detach=False, clip=None)
            seeding = Seeding(settings, model.config).to(dtype)
        generator = torch.Generator().manual_seed(1)
        carried = {
            name: torch.randn(t.shape, generator=generator).to(dtype).requires_grad_()
            for name, t in vars(model.initial_state(3).layers[0]).items()
        }
        embedded = model.emb(tokens).detach().requires_grad_()
        logits, state = model(embedded, RWKV7State((LayerState(**carried),) * 2), seeding)
        (logits.double().square().mean() + state.layers[1].wkv.double().square().mean()).backward()
        leaves = dict(model.named_parameters()) | carried | {"embedded": embedded}
        leaves |= {} if seeding is None else {"alpha": seeding.alpha}
        return {name: p.grad.double() for name, p in leaves.items() if name != "emb.weight"}

    expected, found = gradients(small().double(), torch.float64), gradients(small(), torch.float32)
    errors = {n: float((found[n] - g).norm() / g.norm()) for n, g in expected.items()}
    assert max(errors.values()) < 2e-5, max(errors, key=errors.__getitem__)


def test_a_wrapped_projection_is_called_and_not_passed_by() -> None:
    """Adapters replace or hook the linear layers: the compiled blocks, which read only weights, must stand aside."""
    model, tokens = small(), torch.randint(20, (2, 9), generator=torch.Generator().manual_seed(0))
    before, _ = model(tokens)
    model.blocks[1].att.key.register_forward_hook(lambda module, inputs, out: 2 * out)
    assert not torch.allclose(model(tokens)[0], before, atol=1e-3)


@pytest.mark.cuda
@pytest.mark.skipif(not (torch.cuda.is_available() and cuda.available()), reason="needs CUDA and the extra `cuda`")
@torch.no_grad()
def test_logits_and_states_on_cuda_equal_those_on_the_cpu() -> None:
    tokens = torch.randint(50, (2, 40), generator=torch.Generator().manual_seed(0))
    model = RWKV7(CONFIG, generator=torch.Generator().manual_seed(0))
    expected, end = model(tokens)
    logits, state = model.cuda()(tokens.cuda())
    torch.testing.assert_close(logits.cpu(), expected, rtol=1e-2, atol=1e-2)  # the library multiplies in tf32
    torch.testing.assert_close(state.layers[2].wkv.cpu(), end.layers[2].wkv, rtol=1e-2, atol=1e-2)


def test_ranks_follow_the_recipe_at_the_released_width() -> None:
    assert RWKV7Config(layers=12, width=768).ranks == (64, 64, 32, 128)


@pytest.mark.parametrize(
    ("inputs", "batch", "message"),
    [
        (torch.zeros(2, 0, dtype=torch.long), None, "steps >= 1"),
        (torch.zeros(2, 3, 31), None, r"\(2, 3, 31\)"),
        (torch.zeros(2, 3, dtype=torch.long), 3, "state is of 3 sequences"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Tensor, batch: int | None, message: str) -> None:
    model = small()
    with pytest.raises(ModelInputError, match=message):
        model(inputs, None if batch is None else model.initial_state(batch))
