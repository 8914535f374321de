"""Generation: batches equal single runs, stops stop, states carry."""

from __future__ import annotations

import pytest
import torch

from evenhand_systems.rwkv7 import (
    RWKV7,
    Generated,
    GenerationSettings,
    RWKV7Config,
    RWKV7State,
    Seeding,
    SeedingSettings,
)
from evenhand_systems.rwkv7.generation import GenerationError, choose, generate
from evenhand_systems.rwkv7.tokenizer import WorldTokenizer

TOKENIZER = WorldTokenizer({i + 1: bytes([i]) for i in range(256)})
PROMPTS = [[5, 9, 2], [7], [30, 1, 30, 1, 30], [8, 8, 8], [200]]


@pytest.fixture(scope="module")
def model() -> RWKV7:
    config = RWKV7Config(layers=2, width=32, head_size=16, vocabulary=257)
    model = RWKV7(config, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
        model.head.weight *= 3
    return model


def run(model: RWKV7, prompts: list[list[int]], settings: GenerationSettings, **options: object) -> list[Generated]:
    return generate(model, TOKENIZER, prompts, settings, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("seeded", [False, True])
def test_a_batch_of_different_lengths_gives_what_single_prompts_give(
    model: RWKV7, temperature: float, seeded: bool
) -> None:
    settings = GenerationSettings(max_tokens=12, temperature=temperature, top_p=0.9)
    seeding = Seeding(SeedingSettings(), model.config) if seeded else None
    together = run(model, PROMPTS, settings, seeds=[3, 1, 4, 1, 5], seeding=seeding)
    for prompt, seed, written in zip(PROMPTS, [3, 1, 4, 1, 5], together, strict=True):
        (alone,) = run(model, [prompt], settings, seeds=[seed], seeding=seeding)
        assert alone.tokens == written.tokens
        torch.testing.assert_close(alone.state.layers[1].wkv, written.state.layers[1].wkv, rtol=1e-4, atol=1e-5)


def test_greedy_generation_takes_the_likeliest_token_of_each_full_pass(model: RWKV7) -> None:
    (written,) = run(model, [[5, 9, 2]], GenerationSettings(max_tokens=6, end_token=None))
    text = [5, 9, 2]
    for token in written.tokens:
        assert token == int(model(torch.tensor([text]))[0][0, -1].argmax())
        text.append(token)
    assert written.reason == "length"


def test_writing_on_from_the_carried_state_equals_writing_at_once(model: RWKV7) -> None:
    (whole,) = run(model, [[5, 9, 2]], GenerationSettings(max_tokens=9, end_token=None))
    (first,) = run(model, [[5, 9, 2]], GenerationSettings(max_tokens=4, end_token=None))
    (second,) = run(model, [[first.tokens[-1]]], GenerationSettings(max_tokens=5, end_token=None), states=[first.state])
    assert first.tokens + second.tokens == whole.tokens


def test_rows_with_and_without_a_carried_state_go_together(model: RWKV7) -> None:
    _, state = model(torch.tensor([[5, 9]]))
    settings = GenerationSettings(max_tokens=5)
    carried, fresh = run(model, [[2], [2]], settings, states=[state.detach(), None])
    assert carried.tokens == run(model, [[5, 9, 2]], settings)[0].tokens
    assert fresh.tokens == run(model, [[2]], settings)[0].tokens


def test_the_text_ends_at_the_end_token_and_leaves_it_out(model: RWKV7) -> None:
    (free,) = run(model, [[5, 9, 2]], GenerationSettings(max_tokens=8, end_token=None))
    end = free.tokens[3]
    (written,) = run(model, [[5, 9, 2]], GenerationSettings(max_tokens=8, end_token=end))
    upto = free.tokens.index(end)
    assert (written.reason, written.tokens) == ("end", free.tokens[: upto + 1])
    assert written.content == TOKENIZER.decode_bytes(free.tokens[:upto])


class Script:
    """A model that says a fixed text, whatever it reads; its state counts what it has read."""

    def __init__(self, text: str, model: RWKV7) -> None:
        self.tokens, self.model = TOKENIZER.encode(text), model

    def last_logits(self, inputs: torch.Tensor, state: RWKV7State | None = None, seeding: object = None) -> object:
        state = self.model.initial_state(len(inputs)) if state is None else state
        said = int(state.layers[0].time_shift[0, 0])
        logits = torch.zeros(len(inputs), 257)
        logits[:, self.tokens[said]] = 1
        layer = state.layers[0]
        further = type(layer)(layer.wkv, layer.time_shift + 1, layer.channel_shift)
        return logits, RWKV7State((further, *state.layers[1:]))


@pytest.mark.parametrize(
    ("stop", "text", "tokens"),
    [
        ((".",), "one two", 8),
        (("two", "."), "one ", 7),  # found across single-byte tokens
        (("ne", "one"), "", 3),  # two end at the same token: the text is cut before the earlier beginning
        (("é",), "one two. caf", 14),  # a stop string of more than one byte
    ],
)
def test_stop_strings_cut_the_text_wherever_token_borders_fall(
    model: RWKV7, stop: tuple[str, ...], text: str, tokens: int
) -> None:
    script = Script("one two. café au lait", model)
    (written,) = run(script, [[1]], GenerationSettings(max_tokens=20, stop=stop))  # type: ignore[arg-type]
    assert (written.text, written.reason, len(written.tokens)) == (text, "stop", tokens)


@pytest.mark.parametrize(("top_p", "drawn"), [(0.5, {3}), (0.6, {1, 3}), (0.85, {1, 3}), (1.0, {0, 1, 2, 3})])
def test_top_p_draws_from_the_smallest_set_that_reaches_it(top_p: float, drawn: set[int]) -> None:
    logits = torch.tensor([0.05, 0.3, 0.1, 0.55]).log()
    settings = GenerationSettings(temperature=1.0, top_p=top_p)
    generator = torch.Generator().manual_seed(0)
    assert {choose(logits, settings, generator) for _ in range(300)} == drawn


def test_temperature_sharpens_the_draws() -> None:
    logits, generator = torch.tensor([0.0, 1.0]), torch.Generator().manual_seed(0)

    def share(temperature: float) -> float:
        settings = GenerationSettings(temperature=temperature)
        return sum(choose(logits, settings, generator) for _ in range(2000)) / 2000

    assert share(1.0) == pytest.approx(0.731, abs=0.04)
    assert share(0.25) == pytest.approx(0.982, abs=0.02)


@pytest.mark.parametrize(
    ("prompts", "options", "message"),
    [
        ([], {}, "at least one prompt"),
        ([[1], []], {}, "prompt 1 is empty"),
        ([[1]], {"states": []}, "one state per prompt"),
        ([[1]], {"temperature": 1.0}, "one seed per prompt"),
    ],
)
def test_prompts_that_nothing_can_be_generated_from_are_refused(
    model: RWKV7, prompts: list[list[int]], options: dict[str, object], message: str
) -> None:
    settings = GenerationSettings(temperature=options.pop("temperature", 0.0))  # type: ignore[arg-type]
    with pytest.raises(GenerationError, match=message):
        run(model, prompts, settings, **options)
