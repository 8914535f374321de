"""Learned queries that read the source states: blocks of self-attention, cross-attention and SwiGLU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import Attention, SourceReader, SwiGLU, check_states, sinusoids
from evenhand_systems.bridge.translators.config import TranslatorConfig


class GatedBlock(nn.Module):
    """Self-attention, cross-attention and SwiGLU, each behind a tanh gate that starts at 0.

    The gates follow Flamingo (Alayrac et al. 2022, section 2.2): a fresh block is the identity.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_norm, self.cross_norm, self.mix_norm = (nn.LayerNorm(width) for _ in range(3))
        self.self_attention, self.cross_attention = Attention(width, heads), Attention(width, heads)
        self.mix = SwiGLU(width)
        self.self_gate, self.cross_gate, self.mix_gate = (nn.Parameter(torch.zeros(())) for _ in range(3))

    def forward(self, queries: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """queries (B, K, C), memory (B, S, C), mask (B, S) -> (B, K, C)."""
        normed = self.self_norm(queries)
        queries = queries + self.self_gate.tanh() * self.self_attention(normed, normed)
        queries = queries + self.cross_gate.tanh() * self.cross_attention(self.cross_norm(queries), memory, mask)
        result: Tensor = queries + self.mix_gate.tanh() * self.mix(self.mix_norm(queries))
        return result


class CrossAttentionTranslator(Translator):
    """K learned queries, distinct from the start and carrying their positions, read the source states."""

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__(config)
        width = config.bottleneck
        self.queries = nn.Parameter(torch.randn(config.soft_tokens, width) * 0.5)
        self.reader = SourceReader(config.source_width, width)
        self.memory_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(GatedBlock(width, config.heads) for _ in range(config.depth))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, config.target_width))

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """See :meth:`Translator.forward`."""
        check_states(states, mask, self.config.source_width)
        memory = self.memory_norm(self.reader(states, mask))
        places = torch.arange(self.config.soft_tokens, device=states.device)
        queries = (self.queries + sinusoids(places, self.config.bottleneck)).expand(len(states), -1, -1)
        for block in self.blocks:
            queries = block(queries, memory, mask)
        result: Tensor = self.scale(self.head(queries))
        return result

    def gates(self) -> list[nn.Parameter]:
        """The tanh gates of all blocks."""
        return [value for name, value in self.blocks.named_parameters() if name.endswith("_gate")]
