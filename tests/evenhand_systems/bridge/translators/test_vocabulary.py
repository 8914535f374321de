"""The translator that chooses among the target's words: what it reads, what leaves it, what its loss teaches."""

from __future__ import annotations

from pathlib import Path

import torch

from evenhand_systems.bridge.translators import TranslatorConfig, build_translator, load_translator, save_translator
from evenhand_systems.bridge.translators.vocabulary import VocabularyTranslator

WORDS = torch.randn(11, 6, generator=torch.Generator().manual_seed(1))
CONFIG = TranslatorConfig("vocabulary", 8, 6, 0.5, soft_tokens=2, vocabulary=len(WORDS))


def made() -> VocabularyTranslator:
    translator = build_translator(CONFIG, 0)
    assert isinstance(translator, VocabularyTranslator)
    translator.table.copy_(WORDS)
    return translator


def test_the_last_state_that_was_read_counts_and_no_other() -> None:
    translator, states = made(), torch.randn(3, 5, 8)
    mask = torch.tensor([[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    last = torch.stack([states[0, 2], states[1, 4], states[2, 4]]).unsqueeze(1)
    found = translator(states, mask)
    assert found.shape == (3, 2, 6)
    torch.testing.assert_close(found, translator(last, torch.ones(3, 1, dtype=torch.long)))


def test_a_word_that_is_certain_leaves_as_the_targets_own_embedding_at_its_scale() -> None:
    translator = made()
    with torch.no_grad():
        translator.name.weight.zero_()
        translator.name.bias.zero_()
        translator.name.bias[3] = translator.name.bias[len(WORDS) + 7] = 50.0
    soft = translator(torch.randn(1, 2, 8), torch.ones(1, 2, dtype=torch.long))[0]
    expected = torch.nn.functional.normalize(WORDS[[3, 7]], dim=-1) * 0.5 * 6**0.5
    torch.testing.assert_close(soft, expected, rtol=1e-4, atol=1e-5)


def test_the_weights_of_words_sum_to_one_and_other_translators_name_none() -> None:
    states, mask = torch.randn(2, 3, 8), torch.ones(2, 3, dtype=torch.long)
    torch.testing.assert_close(made().named(states, mask).exp().sum(-1), torch.ones(2, 2))
    assert build_translator(TranslatorConfig("linear", 8, 6, 0.5, soft_tokens=2), 0).named(states, mask) is None


def test_it_is_saved_with_the_words_that_it_chooses_among(tmp_path: Path) -> None:
    translator, states, mask = made(), torch.randn(2, 3, 8), torch.ones(2, 3, dtype=torch.long)
    save_translator(translator, tmp_path)
    torch.testing.assert_close(load_translator(tmp_path)[0](states, mask), translator(states, mask))
