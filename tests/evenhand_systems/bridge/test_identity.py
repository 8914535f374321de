"""The identity: a model bridged into itself by its own embeddings answers as from text, through all of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from evenhand_systems.bridge.evaluation import geometry
from evenhand_systems.bridge.evaluation import text_only as reading
from evenhand_systems.bridge.evaluation.evaluation import Answers, evaluate_bridge, solution_nll
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.models.state_cache import pad_states
from evenhand_systems.bridge.tasks.formats import STORY
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.bridge.translation.controls import Passthrough
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translation.soft_tokens import SoftTokens, joined
from evenhand_systems.bridge.translators import TranslatorConfig


def bridged_into_itself(model: LanguageModel) -> Bridge:
    def embeddings(texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        rows = [model.embed(torch.tensor(model.encode(text), device=model.device)) for text in texts]
        return pad_states(rows, model.device)

    config = TranslatorConfig("linear", model.width, model.width, model.embedding_rms())
    return Bridge(embeddings, Passthrough(config), SoftPrompt(model), Prompts(model, STORY))


@pytest.mark.parametrize("batch", [1, 5, 8, 64])
def test_it_answers_exactly_as_from_text_in_any_batch_size(batch, target, test_items) -> None:
    items = test_items[:24]
    from_text = reading.text_answers(target, STORY, items, new_tokens=12, batch=7)
    seen = evaluate_bridge(bridged_into_itself(target), items, new_tokens=12, batch=batch, rng=np.random.default_rng(0))
    assert seen.answers == Answers.read(from_text, items)
    assert len(set(from_text)) > 5


def test_its_solutions_are_as_likely_as_after_the_text(target, test_items) -> None:
    bridge, items = bridged_into_itself(target), test_items[:9]
    bridged = solution_nll(bridge, items, bridge.soft_tokens(items, 4), with_text=False, batch=2)
    assert torch.allclose(bridged, solution_nll(bridge, items, None, with_text=True), atol=1e-4)


def test_its_tokens_have_the_size_of_what_stands_there_and_not_of_the_padding(target, test_items) -> None:
    bridge, items = bridged_into_itself(target), test_items[:8]
    soft = bridge.soft_tokens(items)
    real = torch.cat([target.embed(torch.tensor(target.encode(item.facts))) for item in items])
    expected = float(real.double().square().mean().sqrt()) / target.embedding_rms()
    assert geometry.rms_ratio(soft.tokens, target.embedding_rms(), soft.mask) == pytest.approx(expected)


def test_the_cosine_is_that_of_the_items_that_have_a_token_there() -> None:
    soft = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]])
    mask = torch.tensor([[1, 1], [1, 1], [1, 0]])
    assert geometry.cosine_between_items(soft, mask) == pytest.approx((1.0 + 0.0) / 2)
    assert geometry.cosine_between_items(soft[:, 1:], torch.tensor([[1], [0], [0]])) is None


def test_batches_of_different_lengths_are_filled_up_with_places_that_are_not_real() -> None:
    long, short = torch.ones(2, 3, 4), torch.ones(1, 2, 4)
    made = joined([SoftTokens(long, torch.tensor([[1, 1, 1], [1, 0, 0]])), SoftTokens(short, torch.ones(1, 2))])
    assert made.mask.tolist() == [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    assert torch.equal(made.tokens[..., 0], made.mask.float())
