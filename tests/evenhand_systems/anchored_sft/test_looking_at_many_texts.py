"""Texts side by side, lowest layers as a table, shared beginnings: cheaper, and the same numbers as one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model

from evenhand.errors import SettingsError
from evenhand_systems.anchored_sft.data.conversations import Tokenised
from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers
from evenhand_systems.anchored_sft.evaluation.decoding import greedy_replies
from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk, alike, layer_pattern
from evenhand_systems.anchored_sft.evaluation.losses import ForgettingEvaluation
from evenhand_systems.anchored_sft.evaluation.packed import foretell


@pytest.fixture
def upper(tiny: Any) -> Any:
    """The tiny model with an adapter on its last layer only, which does something."""
    torch.manual_seed(1)
    model = get_peft_model(tiny, LoraConfig(r=2, target_modules=layer_pattern(tiny, 1), lora_dropout=0.0))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.3)
    return model


@pytest.mark.parametrize("width", [16, 64, 4096])
def test_texts_side_by_side_cost_what_they_cost_one_by_one(
    adapted: Any, lessons: Any, tokenizer: Any, width: int
) -> None:
    rows = lessons(tokenizer, 9)
    one_by_one = ForgettingEvaluation(tokenizer, validation=rows).target_loss(adapted).per_text()
    found = foretell(adapted, rows, width=width)
    np.testing.assert_allclose([part.loss for part in found], one_by_one, rtol=1e-4)
    assert [len(part.nats) for part in found] == [row.answer_count for row in rows]


def test_a_text_is_exact_where_greedy_decoding_writes_it(adapted: Any, tokenizer: Any) -> None:
    prompt = [5, 6, 7, 8]
    with torch.no_grad():
        ids = list(prompt)
        for _ in range(3):
            ids.append(int(adapted(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    other = [*ids[:-1], (ids[-1] + 1) % len(tokenizer)]
    rows = [Tokenised(str(i), tuple(row), (-100,) * 4 + tuple(row[4:])) for i, row in enumerate((ids, other))]
    assert [part.exact for part in foretell(adapted, rows)] == [True, False]


def test_the_lowest_layers_as_a_table_change_nothing(upper: Any, lessons: Any, tokenizer: Any, tmp_path: Path) -> None:
    rows = lessons(tokenizer, 8)
    evaluation = ForgettingEvaluation(tokenizer, validation=rows, texts=rows)
    whole = evaluation.target_loss(upper).per_text(), evaluation.distance(upper).per_text()
    trunk = FrozenTrunk(upper, 1)
    with trunk.standing_in():
        table = evaluation.target_loss(upper).per_text(), evaluation.distance(upper).per_text()
        packed = [part.loss for part in foretell(upper, rows, trunk=trunk)]
        with trunk.lifted():
            lifted = evaluation.target_loss(upper).per_text()
    np.testing.assert_allclose(table, whole, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(packed, whole[0], rtol=1e-4)
    np.testing.assert_array_equal(lifted, whole[0])
    np.testing.assert_array_equal(evaluation.target_loss(upper).per_text(), whole[0])
    trunk.save(tmp_path)
    again = FrozenTrunk(upper, 1)
    again.load(tmp_path)
    assert set(again.known) == set(trunk.known)
    for key, states in trunk.known.items():
        torch.testing.assert_close(again.known[key], states)


def test_training_on_the_table_is_training_on_the_model(
    tiny: Any, lessons: Any, tokenizer: Any, trainer_of: Any, tmp_path: Path
) -> None:
    import copy

    rows = lessons(tokenizer, 12)
    trained = []
    for table in (False, True):
        torch.manual_seed(1)
        base = copy.deepcopy(tiny)
        model = get_peft_model(base, LoraConfig(r=2, target_modules=layer_pattern(base, 1), lora_dropout=0.0))
        trainer = trainer_of(model, tokenizer, rows, tmp_path)
        if table:
            with FrozenTrunk(model, 1).standing_in():
                trainer.train()
        else:
            trainer.train()
        trained.append({n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad})
    for name, weights in trained[0].items():
        torch.testing.assert_close(trained[1][name], weights, rtol=1e-3, atol=1e-4)


def test_layers_that_are_trained_cannot_be_a_table(adapted: Any, tiny: Any) -> None:
    with pytest.raises(SettingsError, match="adapted_layers"):
        FrozenTrunk(adapted, 1)
    with pytest.raises(SettingsError, match="the model has 2 layers"):
        layer_pattern(tiny, 3)


def test_answers_after_a_shared_beginning_are_those_one_by_one(adapted: Any, tokenizer: Any) -> None:
    prompts = ["copy:abc", "copy:abd", "sort:hgfa", "max:3172", "copy:ab"]
    plain = greedy_answers(adapted, tokenizer, prompts, cap=6)
    for batch in (1, 3, 8):
        replies = greedy_replies(adapted, tokenizer, prompts, cap=6, batch=batch)
        assert [reply.text for reply in replies] == plain
        assert all(reply.capped or len(reply.ids) < 6 for reply in replies)
    assert all(reply.capped == (len(reply.ids) == 1) for reply in greedy_replies(adapted, tokenizer, prompts, cap=1))
    assert greedy_replies(adapted, tokenizer, [], cap=3) == []


@pytest.mark.parametrize(
    ("rows", "count"), [([], 0), ([[1, 2, 3], [1, 2, 4]], 2), ([[1, 2], [1, 2]], 1), ([[1], [2]], 0), ([[5, 6, 7]], 2)]
)
def test_what_all_rows_begin_with_leaves_a_token_of_each(rows: list[list[int]], count: int) -> None:
    assert alike(rows) == count
