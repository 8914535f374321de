"""Training in little memory: what is left out, read beforehand or computed twice changes no loss and no gradient."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from evenhand.errors import DataError
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.settings import LossWeights, TrainingSettings
from evenhand_systems.bridge.tasks.formats import STORY, worked_examples
from evenhand_systems.bridge.training.losses import LOSSES
from evenhand_systems.bridge.training.trainer import BridgeTrainer
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import Inputs, SoftPrompt

SHOTS = 3


@pytest.fixture(scope="module", params=["words", "digits"])
def exact(request, source, target) -> LanguageModel:
    """A Llama or a Mistral in float64: what differs by more than rounding is seen."""
    model = target if request.param == "words" else source
    return LanguageModel(copy.deepcopy(model.model).double(), model.tokenizer, "exact", model.numerals)


def rows(model: LanguageModel, items: Sequence, *, read_before: bool, checkpointing: bool = False, even: bool = False):
    """A soft prompt behind worked examples, its inputs, and the soft tokens as leaves."""
    prompts = Prompts(model, worked_examples(items[:SHOTS]))
    chosen = [items[SHOTS]] * 3 if even else items[SHOTS : SHOTS + 3]
    soft = torch.randn(3, 5, model.width, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    soft = soft.requires_grad_()
    prompt = SoftPrompt(model, checkpointing=checkpointing)
    inputs = prompt.assemble(
        prompts.before(chosen), soft, prompts.after(chosen, with_text=False), answers=prompts.answers(chosen),
        read_before=read_before,
    )  # fmt: skip
    return prompt, inputs, soft


def loss_and_gradient(prompt: SoftPrompt, inputs: Inputs, soft: torch.Tensor) -> tuple[float, torch.Tensor]:
    places = inputs.answer_places
    tokens = inputs.labels[:, 1:][places[:, :-1]]
    loss = torch.nn.functional.cross_entropy(prompt(inputs, places), tokens)
    (gradient,) = torch.autograd.grad(loss, soft)
    return float(loss.detach()), gradient


@pytest.mark.parametrize("even", [False, True], ids=["padded", "no padding"])
def test_worked_examples_read_beforehand_give_the_same_loss_and_gradient(exact, test_items, even) -> None:
    plain = rows(exact, test_items, read_before=False, even=even)
    held = rows(exact, test_items, read_before=True, even=even)
    prefix = held[1].prefix
    assert plain[1].prefix is None
    assert prefix is not None
    assert held[1].embeddings.shape[1] == plain[1].embeddings.shape[1] - len(prefix)
    assert not any(value.requires_grad for layer in prefix.layers for value in layer)
    assert int(held[1].attention_mask.sum()) == int(plain[1].attention_mask.sum())  # tokens charged
    (loss, gradient), (again, other) = loss_and_gradient(*plain), loss_and_gradient(*held)
    assert again == pytest.approx(loss, rel=1e-12)
    assert float(gradient.abs().max()) > 1e-6
    torch.testing.assert_close(other, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("read_before", [False, True])
def test_layers_computed_again_give_the_same_gradient_and_keep_less(exact, test_items, read_before) -> None:
    kept: dict[bool, int] = {}
    found = {}
    for again in (False, True):
        prompt, inputs, soft = rows(exact, test_items, read_before=read_before, checkpointing=again)
        sizes: list[int] = []

        def held(value: torch.Tensor, sizes: list[int] = sizes) -> torch.Tensor:
            sizes.append(value.numel())
            return value

        with torch.autograd.graph.saved_tensors_hooks(held, lambda value: value):
            loss = prompt(inputs, inputs.answer_places).square().mean()
        kept[again] = sum(sizes)
        found[again] = torch.autograd.grad(loss, soft)[0]
    torch.testing.assert_close(found[True], found[False], rtol=1e-9, atol=1e-12)
    assert kept[True] < kept[False] / 3
    assert "forward" not in vars(exact.model.model.layers[0])  # the target is as it was


def test_the_head_reads_the_places_of_the_answers_and_no_others(make_bridge, train_items) -> None:
    bridge, seen = make_bridge(), list[int]()
    head = bridge.target.model.get_output_embeddings()
    hook = head.register_forward_hook(lambda _module, _given, out: seen.append(out.shape[:-1].numel()))
    trainer = BridgeTrainer(
        bridge, train_items[:6], TrainingSettings(batch=6, kl_tokens=2, losses=LossWeights(answer=1.0, kl=1.0)), 4,
        order=np.random.default_rng(0), generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    try:
        trainer.step()
    finally:
        hook.remove()
    assert seen == [sum(map(len, bridge.prompts.answers(train_items[:6]))), 6 * 2]  # the bridge's, then the teacher's


@pytest.mark.parametrize("names", [("answer",), ("format",), ("kl",), ("decode",), ("answer", "decode", "format")])
def test_losses_of_few_places_are_those_of_all_places(names, make_bridge, train_items) -> None:
    weights = LossWeights(**{"answer": 0.0, **dict.fromkeys(names, 1.0)})
    settings = TrainingSettings(batch=6, kl_tokens=3, losses=weights)
    bridge = make_bridge()
    trainer = BridgeTrainer(
        bridge, train_items, settings, 4, order=np.random.default_rng(0), generator=torch.Generator().manual_seed(0)
    )
    step = trainer._forward(list(train_items[:6]), with_text=False)
    everything = bridge.soft_prompt(step.inputs)
    torch.testing.assert_close(step.logits, everything[step.places], rtol=1e-4, atol=1e-4)
    step.places, step.logits = torch.ones_like(step.places), everything.flatten(0, 1)
    few = trainer._forward(list(train_items[:6]), with_text=False)
    for name in names:
        torch.testing.assert_close(LOSSES[name](few), LOSSES[name](step), rtol=1e-4, atol=1e-5)


def test_adapters_and_short_openings_are_read_with_their_rows(target, test_items) -> None:
    long = Prompts(target, worked_examples(test_items[:SHOTS]))
    short = Prompts(target, STORY)
    soft = torch.randn(2, 5, target.width)
    for prompts, injection in ((long, "adapter"), (short, "prepend")):
        inputs = SoftPrompt(target, injection).assemble(
            prompts.before(test_items[:2]), soft, prompts.after(test_items[:2], with_text=False), read_before=True
        )
        assert inputs.prefix is None


def test_a_model_with_windows_reads_the_worked_examples_with_each_row(source, test_items) -> None:
    windowed = copy.deepcopy(source.model)
    windowed.config.sliding_window = 16
    model = LanguageModel(windowed, source.tokenizer, "windowed", source.numerals)
    prompts = Prompts(model, worked_examples(test_items[:SHOTS]))
    inputs = SoftPrompt(model).assemble(
        prompts.before(test_items[3:5]), None, prompts.after(test_items[3:5], with_text=True), read_before=True
    )
    assert inputs.prefix is None


def test_generation_from_rows_without_their_opening_is_refused(exact, test_items) -> None:
    prompt, inputs, _ = rows(exact, test_items, read_before=True, even=True)
    with pytest.raises(DataError, match="hold everything"):
        prompt.generate(inputs, 4)
