"""Soft tokens that are words of the target, each a little: weights over its vocabulary, from the source's last state.

A map straight into the embedding space has to bring every word to its place in a space that is narrower than there are
words, and the words that the source nearly says come along. Here they compete before they are embedded.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import check_states
from evenhand_systems.bridge.translators.config import TranslatorConfig


class VocabularyTranslator(Translator):
    """A linear map of the last state for each soft token, a softmax over the target's vocabulary, its embeddings.

    Attributes:
        table: (V, C) the target's embeddings, as they are when it is made; they are saved with it.
    """

    table: Tensor

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__(config)
        self.norm = nn.LayerNorm(config.source_width)
        self.name = nn.Linear(config.source_width, config.soft_tokens * config.vocabulary)
        self.register_buffer("table", torch.zeros(config.vocabulary, config.target_width))

    def named(self, states: Tensor, mask: Tensor) -> Tensor:
        """Logarithms (B, K, V) of the weights of the target's words; see :meth:`Translator.named`."""
        check_states(states, mask, self.config.source_width)
        places = torch.arange(states.shape[1], device=states.device)
        last = torch.where(mask.bool(), places, -1).argmax(-1)
        read = self.norm(states[torch.arange(len(states), device=states.device), last].float())
        scores = self.name(read).view(len(states), self.config.soft_tokens, self.config.vocabulary)
        result: Tensor = scores.log_softmax(-1)
        return result

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """See :meth:`Translator.forward`."""
        result: Tensor = self.scale(self.named(states, mask).exp() @ self.table.float())
        return result
