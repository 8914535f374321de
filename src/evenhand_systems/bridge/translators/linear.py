"""The probe-sized control: the source states, averaged in K stretches, through one linear map."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import check_states, positions_of
from evenhand_systems.bridge.translators.config import TranslatorConfig


def stretches(states: Tensor, mask: Tensor, count: int) -> Tensor:
    """Means (B, count, C) of the valid states (B, S, C) in ``count`` equal stretches.

    With fewer valid states than stretches each stretch takes the one state that it falls on.
    """
    lengths = mask.long().sum(-1, keepdim=True)
    edges = torch.arange(count, device=states.device)
    starts = (edges * lengths) // count
    stops = torch.maximum(((edges + 1) * lengths + count - 1) // count, starts + 1)
    places = positions_of(mask)[:, None, :]
    inside = (places >= starts[:, :, None]) & (places < stops[:, :, None]) & mask.bool()[:, None, :]
    weights = inside.float() / inside.sum(-1, keepdim=True).clamp(min=1)
    return weights @ states.float()


class LinearTranslator(Translator):
    """One linear map, shared by all soft tokens, on averaged source states."""

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__(config)
        self.norm = nn.LayerNorm(config.source_width)
        self.project = nn.Linear(config.source_width, config.target_width)

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """See :meth:`Translator.forward`."""
        check_states(states, mask, self.config.source_width)
        pooled = stretches(self.norm(states.float()), mask, self.config.soft_tokens)
        result: Tensor = self.scale(self.project(pooled))
        return result
