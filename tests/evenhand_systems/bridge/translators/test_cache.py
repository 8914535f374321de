"""Cache to cache: a model's own keys and values stand for its text, projected ones are learned, faults show."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from evenhand.errors import DataError
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translators import TranslatorConfig, TranslatorError, build_translator
from evenhand_systems.bridge.translators.cache import CacheTranslator

CONFIG = TranslatorConfig("cache", 3 * 2 * 5, 3 * 2 * 4, target_rms=1.0, bottleneck=6, depth=3, heads=1)


@pytest.fixture(scope="module")
def built() -> CacheTranslator:
    translator = build_translator(CONFIG, seed=4)
    assert isinstance(translator, CacheTranslator)
    with torch.no_grad():
        for projector in translator.projectors:
            projector.log_gains.copy_(torch.tensor([0.3, -0.2]))
    return translator


def slow(translator: CacheTranslator, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Place by place and layer by layer, from the formula."""
    layers, wide, narrow = CONFIG.depth, CONFIG.source_width // CONFIG.depth, CONFIG.target_width // CONFIG.depth
    out = torch.zeros(*states.shape[:2], CONFIG.target_width, dtype=states.dtype)
    for b, s in torch.nonzero(mask).tolist():
        for layer in range(layers):
            projector, x = translator.projectors[layer], states[b, s, layer * wide : (layer + 1) * wide]
            x = (x - x.mean()) / (x.var(unbiased=False) + projector.norm.eps).sqrt()
            x = x * projector.norm.weight + projector.norm.bias
            inner = projector.inner.weight @ x + projector.inner.bias
            made = projector.past.weight @ x + projector.past.bias
            made = made + projector.outer.weight @ (inner * inner.sigmoid()) + projector.outer.bias
            for half, gain in enumerate(projector.log_gains.exp()):
                part = made[half * narrow // 2 : (half + 1) * narrow // 2]
                start = layer * narrow + half * narrow // 2
                out[b, s, start : start + narrow // 2] = gain * part / (part.square().mean() + 1e-6).sqrt()
    return out


def test_projections_are_those_of_the_formula(built) -> None:
    states, mask = torch.randn(2, 4, CONFIG.source_width), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    assert torch.allclose(built(states, mask), slow(built, states, mask), atol=1e-5)


def test_gradients_are_those_of_differences() -> None:
    translator = build_translator(CONFIG, seed=4).double()
    states = torch.randn(1, 2, CONFIG.source_width, dtype=torch.double, requires_grad=True)
    mask = torch.ones(1, 2)
    assert torch.autograd.gradcheck(lambda s: translator(s, mask), (states,))
    weights = tuple(translator.parameters())
    names = [name for name, _ in translator.named_parameters()]

    def by_weights(*values: torch.Tensor) -> torch.Tensor:
        chosen = dict(zip(names, values, strict=True))
        return torch.func.functional_call(translator, chosen, (states.detach(), mask)).sum(-1)

    assert torch.autograd.gradcheck(by_weights, weights, fast_mode=True)


@pytest.mark.parametrize("change", [{"source_width": 31}, {"target_width": 15}])
def test_widths_that_no_layers_share_are_refused(change) -> None:
    with pytest.raises(TranslatorError, match="keys and values of 3 layers"):
        dataclasses.replace(CONFIG, **change)


def read_by_itself(model: LanguageModel, items) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values of each item's facts behind the opening, padded on the right, and their mask."""
    rows = model.keys_and_values([STORY.opening + item.facts for item in items], model.layers)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), mask


def logits_behind(prompt: SoftPrompt, items, soft, mask, side: str = "right") -> list[torch.Tensor]:
    """What the target says at each place of closing and solution, behind a cache that holds the rest."""
    prompts = Prompts(prompt.target, STORY)
    closing, answers = [prompts.closing] * len(items), prompts.answers(items)
    inputs = prompt.assemble([[]] * len(items), soft, closing, soft_mask=mask, answers=answers, side=side)
    own = inputs.attention_mask[:, soft.shape[1] :].bool()
    return [row[kept] for row, kept in zip(prompt(inputs), own, strict=True)]


def logits_of_text(model: LanguageModel, items) -> list[torch.Tensor]:
    prompts = Prompts(model, STORY)
    found = []
    for item in items:
        read = [*model.begin_ids(), *model.encode(STORY.opening + item.facts)]
        row = torch.tensor([[*read, *prompts.closing, *prompts.encoded(item).solution]])
        found.append(model.model(input_ids=row).logits[0, len(read) :])
    return found


def apart(one: list[torch.Tensor], other: list[torch.Tensor]) -> float:
    return max(float((a - b).abs().max().detach()) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", ["source", "target"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_models_own_keys_and_values_stand_for_the_text_that_it_read(name, side, request, test_items) -> None:
    model, items = request.getfixturevalue(name), test_items[:5]
    expected = logits_of_text(model, items)
    assert apart(logits_behind(SoftPrompt(model, "cache"), items, *read_by_itself(model, items), side), expected) < 1e-3


@pytest.mark.parametrize("fault", ["padding is read", "keys and values are exchanged", "layers are exchanged"])
def test_a_planted_fault_shows_in_that_identity(fault, target, test_items) -> None:
    items = test_items[:5]
    soft, mask = read_by_itself(target, items)
    if fault == "padding is read":
        mask = torch.ones_like(mask)
    elif fault == "keys and values are exchanged":
        soft = torch.cat([part for layer in soft.chunk(target.layers, -1) for part in layer.chunk(2, -1)[::-1]], -1)
    else:
        soft = torch.cat(soft.chunk(target.layers, -1)[::-1], -1)
    assert apart(logits_behind(SoftPrompt(target, "cache"), items, soft, mask), logits_of_text(target, items)) > 1e-2


def test_generation_behind_a_cache_decides_on_the_logits_of_the_forward_pass(target, test_items) -> None:
    items, prompt, prompts = test_items[:4], SoftPrompt(target, "cache"), Prompts(target, STORY)
    soft, mask = read_by_itself(target, items)
    closing = [prompts.closing] * len(items)
    made, logits = prompt.generate(prompt.assemble([[]] * 4, soft, closing, soft_mask=mask, side="left"), 6)
    again = prompt.assemble([[]] * 4, soft, closing, soft_mask=mask, answers=made)
    said = prompt(again)
    for row in range(4):
        length = next((i + 1 for i, token in enumerate(made[row]) if token in target.end_ids), len(made[row]))
        places = torch.nonzero(again.labels[row] >= 0).flatten()[:length]
        assert torch.allclose(said[row, places - 1], logits[row, :length], atol=1e-3)


def test_gradients_go_through_a_target_to_its_cache(target, test_items) -> None:
    items, prompt = test_items[:2], SoftPrompt(target, "cache")
    soft, mask = read_by_itself(target, items)
    soft.requires_grad_(True)
    torch.stack([row.logsumexp(-1).sum() for row in logits_behind(prompt, items, soft, mask)]).sum().backward()
    assert soft.grad is not None
    assert bool((soft.grad[mask.bool()].abs().sum(-1) > 0).all())
    assert float(soft.grad[~mask.bool()].abs().sum()) == 0.0


def test_layers_that_a_source_has_not_are_refused(source) -> None:
    with pytest.raises(DataError, match="keys and values of 9 are asked for"):
        source.keys_and_values(["Ada has 3 coins."], 9)
