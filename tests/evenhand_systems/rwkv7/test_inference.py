"""The compiled decoding step against the model that it was made from."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from evenhand_systems.processor import multiplies_bf16
from evenhand_systems.rwkv7 import (
    RWKV7,
    GenerationSettings,
    RWKV7Config,
    RWKV7State,
    Seeding,
    SeedingSettings,
    generate,
)
from evenhand_systems.rwkv7.inference import Inference, InferenceError, Precision, ThreadTrial, choose_precision
from evenhand_systems.rwkv7.tokenizer import WorldTokenizer

SIZES = {"layers": 3, "width": 64, "head_size": 32, "vocabulary": 257}  # no multiple of the rows taken together


def random_model(**changes: int) -> RWKV7:
    config = RWKV7Config(**{**SIZES, **changes})
    model = RWKV7(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            parameter += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(index))
    return model


@pytest.fixture(scope="module")
def model() -> RWKV7:
    return random_model()


def rounded(model: RWKV7) -> RWKV7:
    """The model with the weights that bfloat16 leaves of it."""
    copy = RWKV7(model.config, empty=True)
    copy.load_state_dict({n: t.bfloat16().float() for n, t in model.state_dict().items()}, assign=True)
    return copy


def step_by_step(inference: Inference, tokens: Tensor) -> tuple[Tensor, RWKV7State]:
    state = None
    for step in range(tokens.shape[1]):
        logits, state = inference.last_logits(tokens[:, step : step + 1], state)
    assert state is not None
    return logits, state


@torch.no_grad()
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_decoding_step_by_step_equals_one_pass_of_the_model(
    model: RWKV7, precision: Precision, batch: int, threads: int
) -> None:
    tokens = torch.randint(257, (batch, 9), generator=torch.Generator().manual_seed(0))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        logits, state = step_by_step(Inference(model, precision), tokens)
    finally:
        torch.set_num_threads(before)
    expected, end = (model if precision == "float32" else rounded(model)).last_logits(tokens)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
    for layer, expected_layer in zip(state.layers, end.layers, strict=True):
        for name, tensor in vars(layer).items():
            torch.testing.assert_close(tensor, getattr(expected_layer, name), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_long_inputs_and_seeded_prompts_go_through_the_model(model: RWKV7) -> None:
    tokens, seeding = torch.tensor([[3, 1, 4, 1, 5]]), Seeding(SeedingSettings(), model.config)
    inference = Inference(model, "float32")
    for given in (None, seeding):
        expected = model.last_logits(tokens, None, given)[0]
        torch.testing.assert_close(inference.last_logits(tokens, None, given)[0], expected)


def test_a_step_leaves_the_state_that_it_started_from_as_it_was(model: RWKV7) -> None:
    inference = Inference(model, "float32")
    _, state = inference.last_logits(torch.tensor([[3, 1, 4]]))
    first, _ = inference.last_logits(torch.tensor([[7]]), state)
    again, _ = inference.last_logits(torch.tensor([[7]]), state)
    assert torch.equal(first, again)


def test_it_generates_what_the_model_generates(model: RWKV7) -> None:
    tokenizer = WorldTokenizer({i + 1: bytes([i]) for i in range(256)})
    prompts, settings = [[5, 9, 2], [7], [30, 1]], GenerationSettings(max_tokens=10)
    expected = generate(model, tokenizer, prompts, settings)
    found = generate(Inference(model, "float32"), tokenizer, prompts, settings)
    assert [w.tokens for w in found] == [w.tokens for w in expected]


@pytest.mark.parametrize(("asked", "weights"), [("float32", "float32"), ("bfloat16", "bfloat16"), ("auto", "bfloat16")])
def test_the_choice_of_precision_carries_its_reason(asked: Precision, weights: str) -> None:
    choice = choose_precision(asked)
    assert choice.weights == weights
    assert weights in choice.reason
    native = multiplies_bf16()
    assert choice.products == ("bfloat16" if native and weights == "bfloat16" else "float32")


def test_sizes_that_the_vectors_do_not_divide_are_named() -> None:
    with pytest.raises(InferenceError, match="gate_rank"):
        Inference(random_model(gate_rank=12))


@pytest.mark.parametrize(("seconds", "kept"), [({1: 0.2, 2: 0.1}, 2), ({1: 0.1, 2: 0.5}, 1)])
def test_the_faster_number_of_threads_is_kept_and_tried_anew_from_time_to_time(
    seconds: dict[int, float], kept: int
) -> None:
    trial, taken = ThreadTrial(), []
    for _ in range(2 * ThreadTrial.PERIOD):
        taken.append(trial.threads(2))
        trial.took(taken[-1], seconds[taken[-1]])
    tried = 2 * ThreadTrial.TRIALS
    assert taken[:tried] == [1, 2] * ThreadTrial.TRIALS
    assert set(taken[tried : ThreadTrial.PERIOD]) == {kept}
    assert taken[ThreadTrial.PERIOD :] == taken[: ThreadTrial.PERIOD]


def test_one_thread_is_all_that_is_taken_of_one() -> None:
    trial = ThreadTrial()
    for _ in range(10):
        assert trial.threads(1) == 1
        trial.took(1, 0.1)
