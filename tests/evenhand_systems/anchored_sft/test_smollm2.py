"""The real model, where it was fetched: instructions, shared beginnings and the table of its lowest layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evenhand.data import model_store
from evenhand_systems.anchored_sft.arms.narrow_data import as_row, follows
from evenhand_systems.anchored_sft.data.instructions import instructions
from evenhand_systems.anchored_sft.evaluation.decoding import greedy_replies
from evenhand_systems.anchored_sft.evaluation.frozen_trunk import FrozenTrunk
from evenhand_systems.anchored_sft.evaluation.packed import foretell
from evenhand_systems.anchored_sft.training.adapters import load_base, load_tokenizer

pytestmark = [
    pytest.mark.slow,  # a real model: some seconds to load, some to ask
    pytest.mark.skipif(
        not (model_store.models_folder() / "smollm2" / model_store.MANIFEST).is_file(),
        reason="SmolLM2 was not fetched; `evenhand models get smollm2` brings it",
    ),
]


@pytest.fixture(scope="module")
def real() -> tuple[Any, Any]:
    path = str(model_store.models_folder() / "smollm2")
    return load_base(path, device="cpu"), load_tokenizer(path)


def test_it_follows_most_instructions_and_answers_a_question(real: tuple[Any, Any]) -> None:
    model, tokenizer = real
    asked = instructions(1)
    told = foretell(model, [as_row(one, tokenizer) for one in asked])
    followed = [follows(one, part, tokenizer) for one, part in zip(asked, told, strict=True)]
    assert sum(followed) > len(asked) / 2
    (reply,) = greedy_replies(model, tokenizer, ["What is the capital of France?"], cap=12)
    assert (reply.text, reply.capped) == ("The capital of France is Paris.", False)


def test_its_lowest_layers_as_a_table_foretell_the_same(real: tuple[Any, Any]) -> None:
    model, tokenizer = real
    rows = [as_row(one, tokenizer) for one in instructions(1)[:4]]
    whole = [part.nats for part in foretell(model, rows)]
    trunk = FrozenTrunk(model, 24)
    with trunk.standing_in():
        table = [part.nats for part in foretell(model, rows, trunk=trunk)]
    for mine, theirs in zip(table, whole, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)
