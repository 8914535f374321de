"""Soft tokens in a frozen model: identity, padding, batches, generation and what is refused."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from transformers import GenerationConfig

from evenhand.errors import DataError
from evenhand_systems.bridge.evaluation import text_only as reading
from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel, ModelError, pad_rows
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt


def own_embeddings(model: LanguageModel, items, side: str = "right"):
    """The facts as this model's own embeddings: soft tokens that say exactly what the text says."""
    rows = [list(Prompts(model, STORY).encoded(item).facts) for item in items]
    ids, mask = pad_rows(rows, model.pad_id, model.device)
    soft = model.embed(ids)
    if side == "left":
        order = torch.argsort(mask, dim=1, stable=True)
        soft, mask = soft.gather(1, order.unsqueeze(-1).expand_as(soft)), mask.gather(1, order)
    return soft, mask


def answered(prompt: SoftPrompt, items, soft, mask, new_tokens: int = 12) -> list[list[int]]:
    prompts = Prompts(prompt.target, STORY)
    inputs = prompt.assemble(
        prompts.before(items), soft, prompts.after(items, with_text=False), soft_mask=mask, side="left", room=new_tokens
    )
    return prompt.generate(inputs, new_tokens)[0]


def trimmed(model: LanguageModel, rows: list[list[int]]) -> list[str]:
    return [model.decode(row) for row in rows]


@pytest.mark.parametrize("name", ["source", "target"])
def test_a_model_bridged_into_itself_by_its_own_embeddings_answers_as_from_text(name, request, test_items) -> None:
    model = request.getfixturevalue(name)
    items = test_items[:24]
    from_text = reading.text_answers(model, STORY, items, new_tokens=12, batch=5)
    soft, mask = own_embeddings(model, items)
    assert trimmed(model, answered(SoftPrompt(model), items, soft, mask)) == from_text
    assert len(set(from_text)) > 5


def test_the_side_on_which_soft_tokens_are_padded_does_not_matter(target, test_items) -> None:
    items, prompt = test_items[:8], SoftPrompt(target)
    assert answered(prompt, items, *own_embeddings(target, items, "right")) == answered(
        prompt, items, *own_embeddings(target, items, "left")
    )


def stirred(prompt: SoftPrompt) -> SoftPrompt:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in prompt.parameters():
            value.add_(0.3 * torch.randn(value.shape, generator=generator))
    return prompt


@pytest.mark.parametrize("injection", ["prepend", "adapter"])
def test_logits_agree_under_left_and_right_padding(injection, target, test_items) -> None:
    prompt, items = stirred(SoftPrompt(target, injection)), test_items[:6]
    prompts, soft = Prompts(target, STORY), torch.randn(6, 4, target.width)
    logits = {}
    for side in ("left", "right"):
        inputs = prompt.assemble(
            prompts.before(items), soft, prompts.after(items, with_text=True), answers=prompts.answers(items), side=side
        )
        out = prompt(inputs)
        logits[side] = [row[mask.bool()] for row, mask in zip(out, inputs.attention_mask, strict=True)]
    for left, right in zip(logits["left"], logits["right"], strict=True):
        assert torch.allclose(left, right, atol=1e-4)


@pytest.mark.parametrize("injection", ["prepend", "adapter"])
def test_generation_decides_on_the_logits_of_the_forward_pass(injection, target, test_items) -> None:
    prompt, items = stirred(SoftPrompt(target, injection)), test_items[:6]
    prompts, soft = Prompts(target, STORY), torch.randn(6, 4, target.width)
    before, after = prompts.before(items), prompts.after(items, with_text=True)
    made, logits = prompt.generate(prompt.assemble(before, soft, after, side="left"), 8, with_logits=True)
    whole = prompt.assemble(before, soft, after, answers=made, side="right")
    forward = prompt(whole)
    for row in range(len(items)):
        places = torch.nonzero(whole.labels[row] >= 0).flatten()
        assert torch.allclose(forward[row, places - 1], logits[row, : len(places)], atol=2e-4)


@pytest.mark.parametrize("injection", ["prepend", "adapter"])
def test_a_batch_answers_as_its_items_one_by_one(injection, target, test_items) -> None:
    prompt, items = stirred(SoftPrompt(target, injection)), test_items[:7]
    soft = torch.randn(7, 4, target.width)
    together = trimmed(target, answered(prompt, items, soft, None))
    alone = [trimmed(target, answered(prompt, [item], soft[i : i + 1], None))[0] for i, item in enumerate(items)]
    assert together == alone


def test_positions_count_real_tokens_only(target, test_items) -> None:
    prompts, prompt = Prompts(target, STORY), SoftPrompt(target)
    soft, mask = torch.randn(2, 3, target.width), torch.tensor([[1, 0, 1], [1, 1, 1]])
    items = test_items[:2]
    inputs = prompt.assemble(
        prompts.before(items), soft, prompts.after(items, with_text=False), soft_mask=mask, side="left"
    )
    for row in range(2):
        real = inputs.attention_mask[row].bool()
        assert inputs.position_ids[row][real].tolist() == list(range(int(real.sum())))
        assert int(inputs.soft_places[row].sum()) == int(mask[row].sum())


def test_a_gap_in_the_positions_would_change_the_logits(target, test_items) -> None:
    """The planted fault: positions that jump inside a row, as where a hole of padding is counted."""
    prompts, prompt, items = Prompts(target, STORY), SoftPrompt(target), test_items[:6]
    inputs = prompt.assemble(
        prompts.before(items), None, prompts.after(items, with_text=True), answers=prompts.answers(items), side="left"
    )
    jumped = inputs.position_ids.clone()
    jumped[:, jumped.shape[1] // 2 :] += 7
    gap = (prompt(dataclasses.replace(inputs, position_ids=jumped)) - prompt(inputs))[:, -1].abs().max()
    assert float(gap) > 1e-2


def test_what_stands_at_masked_places_changes_nothing(target, test_items) -> None:
    items, prompt = test_items[:5], SoftPrompt(target)
    expected = answered(prompt, items, *own_embeddings(target, items))
    before = target.pad_id
    try:
        target.pad_id = 17
        assert answered(prompt, items, *own_embeddings(target, items)) == expected
    finally:
        target.pad_id = before


def test_fresh_adapters_change_nothing(target, test_items) -> None:
    items, soft = test_items[:5], torch.randn(5, 4, target.width)
    assert answered(SoftPrompt(target, "adapter"), items, soft, None) == answered(SoftPrompt(target), items, None, None)


def test_adapters_leave_no_hook_behind(target, test_items) -> None:
    items = test_items[:3]
    plain = answered(SoftPrompt(target), items, None, None)
    answered(stirred(SoftPrompt(target, "adapter")), items, torch.randn(3, 4, target.width), None)
    assert answered(SoftPrompt(target), items, None, None) == plain


def test_more_soft_tokens_than_the_context_are_refused_with_figures(target, test_items) -> None:
    prompts = Prompts(target, STORY)
    with pytest.raises(DataError, match=r"has 256\. Lower soft_tokens"):
        SoftPrompt(target).assemble(prompts.before(test_items[:1]), torch.zeros(1, 300, target.width), [[5]])


def test_generation_from_rows_padded_on_the_right_is_refused(target, test_items) -> None:
    prompts, prompt, items = Prompts(target, STORY), SoftPrompt(target), test_items[:8]
    inputs = prompt.assemble(prompts.before(items), None, prompts.after(items, with_text=True), side="right")
    with pytest.raises(DataError, match="padded on the left"):
        prompt.generate(inputs, 4)


def test_generation_from_rows_that_hold_the_answer_is_refused(target, test_items) -> None:
    """The planted fault: the gold solution stands in the input, in the place of what is to be generated."""
    prompts, prompt, items = Prompts(target, STORY), SoftPrompt(target), test_items[:3]
    inputs = prompt.assemble(
        prompts.before(items), None, prompts.after(items, with_text=True), answers=prompts.answers(items), side="left"
    )
    with pytest.raises(DataError, match="hold the gold solution"):
        prompt.generate(inputs, 4)


class TestModels:
    def test_a_tokenizer_without_bos_needs_a_word_from_the_user(self, target) -> None:
        words = standins.tokenizer("words")
        words.bos_token = None
        with pytest.raises(ModelError, match='source_begin or target_begin to "none"'):
            LanguageModel(target.model, words, "words", "words")
        assert LanguageModel(target.model, words, "words", "words", begin="none").begin_ids() == []

    def test_other_rules_of_the_tokenizer_or_another_way_of_writing_numbers_are_another_model(self, target) -> None:
        model = target.model
        words, whole = standins.tokenizer("words"), standins.tokenizer("words")
        whole.backend_tokenizer.pre_tokenizer = standins.tokenizer("records").backend_tokenizer.pre_tokenizer
        same, other_rules = (LanguageModel(model, t, "words", "words").hash() for t in (words, whole))
        assert same == LanguageModel(model, standins.tokenizer("words"), "another name", "words").hash()
        assert same != other_rules
        assert same != LanguageModel(model, standins.tokenizer("words"), "words", "plain").hash()

    def test_a_missing_pad_token_is_replaced_and_said(self, target) -> None:
        words = standins.tokenizer("words")
        words.pad_token = None
        model = LanguageModel(standins.untrained("words", 0), words, "words", "words")
        assert model.pad_id == words.eos_token_id
        assert "no pad token" in model.notes["pad token"]

    def test_pad_tokens_that_contradict_each_other_are_said(self) -> None:
        model = standins.untrained("words", 0)
        model.config.pad_token_id = 5
        assert "configuration says 5" in LanguageModel(model, standins.tokenizer("words"), "w").notes["pad token"]

    def test_a_tokenizer_that_is_larger_than_the_model_is_refused(self) -> None:
        words = standins.tokenizer("words")
        words.add_tokens(["zebra"])
        with pytest.raises(ModelError, match="do not belong together"):
            LanguageModel(standins.untrained("words", 0), words, "words")

    def test_sampling_settings_of_a_checkpoint_are_overruled(self, test_items) -> None:
        inner = standins.untrained("words", 0)
        inner.generation_config = GenerationConfig(do_sample=True, temperature=3.0, repetition_penalty=2.0)
        model = LanguageModel(inner, standins.tokenizer("words"), "words", "words")
        first, second = (reading.text_answers(model, STORY, test_items[:4], new_tokens=8) for _ in range(2))
        assert first == second
        assert model.model.generation_config.repetition_penalty in (None, 1.0)

    def test_hidden_states_do_not_depend_on_the_batch(self, source) -> None:
        texts = ["Ada has 12 apples.", "Ben has 3 coins. Ben finds 4 more.", "Eve owns 9 eggs."]
        together = source.hidden_states(texts, 2)
        for text, states in zip(texts, together, strict=True):
            assert torch.allclose(states, source.hidden_states([text], 2)[0], atol=1e-6 * float(states.abs().max()))

    def test_layers_that_do_not_exist_are_refused(self, source) -> None:
        with pytest.raises(DataError, match="there is no layer 9"):
            source.hidden_states(["Ada has 12 apples."], 9)

    def test_the_hash_follows_the_weights(self) -> None:
        one, other = (
            LanguageModel(standins.untrained("words", 0), standins.tokenizer("words"), "words") for _ in range(2)
        )
        assert one.hash() == other.hash()
        with torch.no_grad():
            other.embedding_table[0, 0] += 1e-3
        assert one.hash() != other.hash()
