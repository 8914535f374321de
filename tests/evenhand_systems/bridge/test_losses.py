"""Losses: each teaches, each is weighted once, and each measures what its name says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from evenhand_systems.bridge.models.language_model import ModelError
from evenhand_systems.bridge.settings import LossWeights, TrainingSettings
from evenhand_systems.bridge.tasks.formats import STORY, PromptFormat, worked_examples
from evenhand_systems.bridge.training.losses import LOSSES, DeadLossError, Step, _rotary_gram, check_gradients
from evenhand_systems.bridge.training.trainer import BridgeTrainer
from evenhand_systems.bridge.translation.prompts import Prompts, slots

NAMES = tuple(LossWeights.model_fields)


def trainer(bridge, items, steps: int = 10, **settings) -> BridgeTrainer:
    return BridgeTrainer(
        bridge, items, TrainingSettings(batch=6, **settings), steps, order=np.random.default_rng(0),
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip


def weights(**given: float) -> LossWeights:
    return LossWeights(**{"answer": 0.0, **given})


def step_of(bridge, items, **settings) -> Step:
    return trainer(bridge, items, **settings)._forward(list(items[:6]), with_text=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_reaches_the_translator_at_the_first_step(name, make_bridge, train_items) -> None:
    bridge = make_bridge({"flow": "dit", "naming": "vocabulary"}.get(name, "cross_attention"))
    run = trainer(bridge, train_items, losses=weights(**{name: 1.0}))
    run.step()
    assert run.gradient_norms[name] > 0


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("flow", "decode", "naming")])
def test_every_loss_reaches_fresh_adapters(name, make_bridge, train_items) -> None:
    run = trainer(make_bridge("linear", injection="adapter"), train_items, losses=weights(**{name: 1.0}))
    run.step()
    assert run.gradient_norms[name] > 0


def test_words_cannot_be_named_by_a_translator_that_has_none(make_bridge, train_items) -> None:
    with pytest.raises(DeadLossError, match='needs a translator that names words: bridge = "vocabulary"'):
        trainer(make_bridge(), train_items, losses=weights(naming=1.0)).step()


def test_every_name_of_a_weight_has_a_loss() -> None:
    assert set(LOSSES) == set(NAMES)


def test_a_flow_loss_that_was_cut_off_the_graph_is_caught(make_bridge, train_items, monkeypatch) -> None:
    bridge = make_bridge("dit")
    flow = bridge.translator.flow_loss
    monkeypatch.setattr(bridge.translator, "flow_loss", lambda *a: flow(*a).detach())
    with pytest.raises(DeadLossError, match="'flow' has a weight but no gradient at all"):
        trainer(bridge, train_items, losses=weights(answer=1.0, flow=1.0)).step()


def test_a_loss_that_only_trains_its_own_head_is_caught(make_bridge, train_items, monkeypatch) -> None:
    def deaf(step: Step) -> torch.Tensor:
        return step.heads.probe(step.soft.detach().mean(1)).square().mean()

    monkeypatch.setitem(LOSSES, "probe", deaf)
    with pytest.raises(DeadLossError, match=r"'probe'.*is 0"):
        trainer(make_bridge(), train_items, losses=weights(answer=1.0, probe=1.0)).step()


def test_soft_tokens_cut_off_the_graph_are_caught_though_the_adapters_still_learn(
    make_bridge, train_items, monkeypatch
) -> None:
    bridge = make_bridge(injection="adapter")
    forward = bridge.translator.forward
    monkeypatch.setattr(bridge.translator, "forward", lambda *a, **more: forward(*a, **more).detach())
    with pytest.raises(DeadLossError, match="'answer' has a weight but does not depend on the translator"):
        trainer(bridge, train_items, losses=weights(answer=1.0)).step()


def test_a_flow_loss_without_a_flow_is_refused(make_bridge, train_items) -> None:
    with pytest.raises(DeadLossError, match='bridge = "dit"'):
        trainer(make_bridge("linear"), train_items, losses=weights(flow=1.0)).step()


def test_a_gradient_that_is_not_finite_is_caught() -> None:
    value = torch.nn.Parameter(torch.zeros(1))
    with pytest.raises(DeadLossError, match=r"nan|inf"):
        check_gradients({"x": (value / 0).sum()}, [value])


@pytest.mark.parametrize("weight", [0.5, 2.0, 4.0])
def test_a_weight_counts_once(weight, make_bridge, train_items) -> None:
    run = trainer(make_bridge(), train_items, losses=weights(prompt_alignment=weight, answer=1.0))
    report = run.step()
    expected = report.losses["answer"] + weight * report.losses["prompt_alignment"]
    assert report.total == pytest.approx(expected, rel=1e-5)


def as_text(step: Step) -> Step:
    """The step with the facts' own embeddings as soft tokens, each row as long as its facts."""
    prompts, target = step.prompts, step.soft_prompt.target
    rows = [prompts.teacher(item, "prompt") for item in step.items]
    longest = max(map(len, rows))
    soft, mask = torch.zeros(len(rows), longest, target.width), torch.zeros(len(rows), longest, dtype=torch.long)
    for i, row in enumerate(rows):
        soft[i, : len(row)], mask[i, : len(row)] = target.embed(torch.tensor(row)), 1
    items = step.items
    inputs = step.soft_prompt.assemble(
        prompts.before(items), soft, prompts.after(items, with_text=False), soft_mask=mask,
        answers=prompts.answers(items),
    )  # fmt: skip
    everywhere = torch.ones_like(inputs.soft_places)
    return dataclasses.replace(
        step, soft=soft, inputs=inputs, places=everywhere, logits=step.soft_prompt(inputs, everywhere)
    )


def test_the_kl_teacher_is_the_target_that_reads_the_question(make_bridge, train_items) -> None:
    """Soft tokens that are the text itself have no distance to it; against a target without question they had."""
    step = step_of(make_bridge(), train_items)
    assert float(LOSSES["kl"](as_text(step))) == pytest.approx(0.0, abs=1e-4)
    assert float(LOSSES["kl"](step).detach()) > 0.05


def test_the_kl_looks_at_the_first_tokens_of_the_answer_only(make_bridge, train_items) -> None:
    step = step_of(make_bridge(), train_items)
    changed, answers = step.logits.clone(), step.inputs.answer_places
    changed[(answers.cumsum(-1) > 3)[step.places]] = 0.0
    few, cut = (dataclasses.replace(step, kl_tokens=3, logits=x) for x in (step.logits, changed))
    assert float(LOSSES["kl"](few).detach()) == pytest.approx(float(LOSSES["kl"](cut).detach()), rel=1e-5)


def test_prompt_alignment_is_zero_where_the_soft_tokens_are_the_facts(make_bridge, train_items) -> None:
    step = step_of(make_bridge(), train_items)
    text = as_text(step)
    again = dataclasses.replace(text, translator=step.translator)
    assert float(LOSSES["prompt_alignment"](again)) == pytest.approx(0.0, abs=1e-8)
    assert float(LOSSES["positional"](again)) == pytest.approx(0.0, abs=1e-6)


@contextmanager
def instead(module: torch.nn.Module, name: str, value: torch.Tensor | None) -> Iterator[None]:
    """For a while another buffer or part in a module that the tests share."""
    own = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, own)


def test_positions_are_rotated_as_the_target_rotates_them(make_bridge, train_items) -> None:
    """A model whose rotary rates are scaled (Llama 3.1) is aligned by the scaled ones, not by those of its base."""
    step = step_of(make_bridge(), train_items)
    soft = step.soft[:, :3].detach()
    own = step.soft_prompt.target.model.get_decoder().rotary_emb
    before = float(LOSSES["positional"](step).detach())
    cos, sin = own(soft, torch.arange(3)[None])
    heads = soft.view(*soft.shape[:2], -1, cos.shape[-1]).transpose(1, 2)
    turned, _ = apply_rotary_pos_emb(heads, heads, cos, sin)
    gram = _rotary_gram(soft, cos.shape[-1], own.inv_freq)
    assert torch.allclose(gram, turned @ turned.transpose(-1, -2) / cos.shape[-1], atol=1e-6)
    with instead(own, "inv_freq", own.inv_freq / 8):
        assert float(LOSSES["positional"](step).detach()) != pytest.approx(before, rel=1e-4)


def test_a_target_that_shows_no_rotary_rates_has_no_positional_loss(make_bridge, train_items) -> None:
    step = step_of(make_bridge(), train_items)
    decoder = step.soft_prompt.target.model.get_decoder()
    few = decoder.rotary_emb.inv_freq[:3]
    with instead(decoder.rotary_emb, "inv_freq", few), pytest.raises(ModelError, match="for 6 of 24 places of a head"):
        LOSSES["positional"](step)
    with instead(decoder, "rotary_emb", None), pytest.raises(ModelError, match="shows them nowhere"):
        LOSSES["positional"](step)


@pytest.mark.parametrize("name", ["contrastive", "prompt_alignment", "token_alignment", "positional"])
def test_a_long_shared_header_takes_no_part_in_what_soft_tokens_are_taught(name, make_bridge, train_items) -> None:
    """Targets cut to the first tokens of the whole prompt would be the header of worked examples, alike for all."""
    short = make_bridge()
    long = make_bridge(form=PromptFormat(worked_examples(train_items[-4:]).opening[:600], "\nA: "))
    values = []
    for bridge in (short, long):
        step = step_of(bridge, train_items)
        values.append(float(LOSSES[name](step).detach()))
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_teacher_texts_of_different_items_differ_even_when_they_are_longer_than_the_soft_tokens(
    make_bridge, train_items
) -> None:
    bridge = make_bridge()
    rows = [bridge.prompts.teacher(item, "prompt") for item in train_items[:8]]
    table = slots(rows, 4, torch.device("cpu")).embeddings(bridge.target).mean(1)
    assert torch.pdist(table).min() > 1e-4


def test_the_teacher_is_what_the_settings_say(make_bridge, train_items) -> None:
    values = {
        teacher: float(LOSSES["token_alignment"](step_of(make_bridge(), train_items, teacher=teacher)).detach())
        for teacher in ("prompt", "answer")
    }
    assert values["prompt"] != pytest.approx(values["answer"], rel=1e-3)


class TestSlots:
    def test_short_texts_take_one_slot_per_token(self) -> None:
        found = slots([[5, 6]], 4, torch.device("cpu"))
        assert found.mask.tolist() == [[1, 1, 0, 0]]
        assert found.shares[0, 1].tolist() == [0, 1]

    def test_long_texts_lose_no_token(self) -> None:
        found = slots([list(range(1, 11)), [1]], 4, torch.device("cpu"))
        assert (found.shares[0] > 0).sum(0).tolist() == [1] * 10
        assert torch.allclose(found.shares[0].sum(-1), torch.ones(4))
        assert found.mask[1].tolist() == [1, 0, 0, 0]


class TestMarks:
    def test_the_form_of_an_answer_is_its_mark_and_its_end(self, target, train_items) -> None:
        row = Prompts(target, STORY).encoded(train_items[0])
        marked = [token for token, mark in zip(row.solution, row.marked, strict=True) if mark]
        assert marked == [*target.encode(" ####"), target.tokenizer.eos_token_id]
