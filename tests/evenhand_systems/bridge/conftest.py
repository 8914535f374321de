"""Two tiny models of different family and tokenizer, untrained, and bridges between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from evenhand_systems.bridge.models import standins
from evenhand_systems.bridge.models.language_model import LanguageModel
from evenhand_systems.bridge.models.state_cache import pad_states
from evenhand_systems.bridge.tasks import stories
from evenhand_systems.bridge.tasks.formats import STORY, PromptFormat
from evenhand_systems.bridge.tasks.items import Item
from evenhand_systems.bridge.translation.bridge import Bridge
from evenhand_systems.bridge.translation.prompts import Prompts
from evenhand_systems.bridge.translation.soft_prompt import SoftPrompt
from evenhand_systems.bridge.translators import TranslatorConfig, build_translator
from evenhand_systems.bridge.translators.vocabulary import VocabularyTranslator

MakeBridge = Callable[..., Bridge]


def language_model(kind: standins.StandIn, seed: int = 0) -> LanguageModel:
    model = standins.untrained(kind, seed)
    with torch.no_grad():  # fresh weights are so small that every answer would be the same
        for value in model.parameters():
            if value.ndim > 1:
                value.mul_(4.0)
    return LanguageModel(model, standins.tokenizer(kind), kind, kind)


@pytest.fixture(scope="session")
def source() -> LanguageModel:
    return language_model("digits")


@pytest.fixture(scope="session")
def target() -> LanguageModel:
    return language_model("words")


@pytest.fixture(scope="session")
def train_items() -> list[Item]:
    return stories.generate("transport", "train", 96, np.random.default_rng(0))


@pytest.fixture(scope="session")
def test_items() -> list[Item]:
    return stories.generate("transport", "test", 130, np.random.default_rng(0))


@pytest.fixture(scope="session")
def make_bridge(source: LanguageModel, target: LanguageModel) -> MakeBridge:
    known: dict[str, torch.Tensor] = {}

    def states_of(texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        missing = [text for text in texts if text not in known]
        if missing:
            known.update(zip(missing, source.hidden_states(missing, -1), strict=True))
        return pad_states([known[text] for text in texts], torch.device("cpu"))

    def make(
        kind: str = "cross_attention", *, injection: str = "prepend", soft_tokens: int = 6, form: PromptFormat = STORY,
        seed: int = 0,
    ) -> Bridge:  # fmt: skip
        config = TranslatorConfig(
            kind, source.width, target.width, target.embedding_rms(), soft_tokens, bottleneck=32, depth=1, heads=2,
            vocabulary=len(target.embedding_table) if kind == "vocabulary" else 0,
        )  # type: ignore[arg-type] # fmt: skip
        translator = build_translator(config, seed)
        if isinstance(translator, VocabularyTranslator):
            translator.table.copy_(target.embedding_table)
        return Bridge(states_of, translator, SoftPrompt(target, injection), Prompts(target, form))  # type: ignore[arg-type]

    return make
