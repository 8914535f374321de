"""bfloat16 as it is used: float32 weights under autocast, and weights kept in bfloat16, against float64."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor

from evenhand_systems.rwkv7 import RWKV7, Inference, RWKV7Config, Seeding, SeedingSettings, elementwise
from evenhand_systems.rwkv7.kernel import Backend, wkv7

CONFIG = RWKV7Config(
    layers=3, width=64, head_size=16, vocabulary=30, decay_rank=8, rate_rank=8, value_rank=8, gate_rank=8
)
BACKENDS: tuple[Backend, ...] = ("auto", "reference")  # on the CPU "auto" takes the compiled recurrence
READINGS = {
    "plain": None,
    "initial": SeedingSettings(),
    "initial, not detached": SeedingSettings(detach=False, trainable=True),
    "per_step": SeedingSettings(mode="per_step"),
    "head": SeedingSettings.variant("head"),
    "inputgate": SeedingSettings.variant("inputgate"),
}
LARGEST_ERROR = 0.03
"""Relative, of logits and of all gradients together: a unit in the last place of bfloat16 is 0.4 to 0.8 %."""


def autocast() -> AbstractContextManager[object]:
    return torch.autocast("cpu", dtype=torch.bfloat16)


def lively_model(backend: Backend) -> RWKV7:
    """A model whose every weight matters: the starting values of the output projections are zero."""
    model = RWKV7(CONFIG, generator=torch.Generator().manual_seed(1), backend=backend)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


def tokens() -> Tensor:
    return torch.randint(CONFIG.vocabulary, (2, 13), generator=torch.Generator().manual_seed(3))


def learned(
    model: RWKV7, settings: SeedingSettings | None, around: Callable[[], AbstractContextManager[object]]
) -> tuple[Tensor, Tensor]:
    """Logits, and all gradients of a next-token loss in one vector."""
    seeding = None if settings is None else Seeding(settings, model.config)
    ids = tokens()
    with around():
        logits, _ = model(ids[:, :-1], seeding=seeding)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
    loss.backward()
    owners = [model] if seeding is None else [model, seeding]
    gradients = [p.grad.double().flatten() for owner in owners for p in owner.parameters() if p.grad is not None]
    return logits.detach().double(), torch.cat(gradients)


def error(found: Tensor, expected: Tensor) -> float:
    found, expected = found.detach().double(), expected.detach().double()
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("settings", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_under_autocast_logits_and_gradients_are_those_of_float64_to_the_precision_of_bf16(
    backend: Backend, settings: SeedingSettings | None
) -> None:
    model = lively_model(backend)
    exact = copy.deepcopy(model).double()
    exact.backend = "reference"
    logits, gradients = learned(model, settings, autocast)
    exact_logits, exact_gradients = learned(exact, settings, nullcontext)
    assert error(logits, exact_logits) < LARGEST_ERROR
    assert error(gradients, exact_gradients) < LARGEST_ERROR
    assert all(p.grad is None or p.grad.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize("settings", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_bf16_weights_read_and_learn_on_every_backend(backend: Backend, settings: SeedingSettings | None) -> None:
    model = lively_model(backend).to(torch.bfloat16)
    exact = copy.deepcopy(model).double()
    exact.backend = "reference"
    logits, gradients = learned(model, settings, nullcontext)
    exact_logits, exact_gradients = learned(exact, settings, nullcontext)
    assert error(logits, exact_logits) < LARGEST_ERROR
    assert error(gradients, exact_gradients) < LARGEST_ERROR
    assert all(p.grad is None or p.grad.dtype == torch.bfloat16 for p in model.parameters())


@pytest.mark.parametrize("backend", BACKENDS)
def test_bf16_weights_under_autocast_work_too(backend: Backend) -> None:
    model = lively_model(backend).to(torch.bfloat16)
    with autocast():
        logits, _ = model(tokens())
    torch.testing.assert_close(logits.double(), model(tokens())[0].double(), rtol=0.05, atol=0.05)


@pytest.mark.parametrize("backend", BACKENDS)
def test_under_autocast_a_text_in_two_parts_is_the_whole_text(backend: Backend) -> None:
    model = lively_model(backend)
    with autocast(), torch.no_grad():
        whole, _ = model(tokens())
        first, state = model(tokens()[:, :9])
        second, _ = model(tokens()[:, 9:], state)
    assert error(torch.cat((first, second), dim=1), whole) < LARGEST_ERROR
    assert all(layer.wkv.dtype == torch.float32 for layer in state.layers)


def test_the_recurrence_reads_one_dtype_and_its_decay_in_float32() -> None:
    """Under autocast projections come as bfloat16 and per-channel parameters as float32: none may leak through."""
    generator = torch.Generator().manual_seed(0)

    def draw(dtype: torch.dtype, *shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    projected = [draw(torch.bfloat16, 2, 5, 16) for _ in range(5)]
    first_value = draw(torch.bfloat16, 2, 5, 2, 8)
    channels = [draw(torch.float32, 1, 1, 16) for _ in range(5)]
    prepared = elementwise.prepare(*projected, first_value, *channels, 2)
    sequences = (prepared.key, prepared.value, prepared.removal, prepared.rewrite)
    assert {t.dtype for t in sequences} == {torch.bfloat16}
    assert prepared.log_decay.dtype == torch.float32
    exact = elementwise.prepare(
        *(t.double() for t in projected), first_value.double(), *(t.double() for t in channels), 2
    )
    for name in ("log_decay", "key", "value", "removal", "rewrite"):
        assert error(getattr(prepared, name), getattr(exact, name)) < 4e-3, name


@pytest.mark.parametrize("pull", [False, True], ids=["plain", "per_step"])
@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_autocast_does_not_reach_into_the_recurrence(backend: Backend, pull: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    sequences = [torch.randn(2, 9, 2, 8, generator=generator) for _ in range(6)]
    sequences[1] = -sequences[1].abs()
    sequences[4] = torch.nn.functional.normalize(sequences[4], dim=-1)
    matrices = [torch.randn(2, 2, 8, 8, generator=generator) for _ in range(1 + pull)]
    plain = wkv7(*sequences, *matrices, backend=backend)
    with autocast():
        found = wkv7(*sequences, *matrices, backend=backend)
    assert all(torch.equal(a, b) for a, b in zip(found, plain, strict=True))


def test_inference_is_prepared_from_bf16_weights() -> None:
    model = lively_model("auto").to(torch.bfloat16)
    logits, _ = Inference(model).last_logits(tokens())
    assert error(logits, copy.deepcopy(model).double().last_logits(tokens())[0]) < LARGEST_ERROR
