"""Cache to cache: the source's keys and values, place by place, into keys and values of the target.

After C2C (Fu et al. 2025): each layer of the target has a projector of its own, which reads the layer of the source
that lies as deep below the last one. The target has not read what the source has, so that there is nothing of its own
to fuse with: what is projected stands before its text, as if it had been read there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import check_states
from evenhand_systems.bridge.translators.config import TranslatorConfig


class Projector(nn.Module):
    """Keys and values of one layer, place by place: a norm, two linear maps with a SiLU between, and a path past them.

    Keys and values leave at sizes of their own, each at the rms of one times a learned gain: the target's keys and its
    values differ in size by a factor that nobody needs to know.
    """

    def __init__(self, source_width: int, width: int, target_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(source_width)
        self.inner, self.outer = nn.Linear(source_width, width), nn.Linear(width, target_width)
        self.past = nn.Linear(source_width, target_width)
        self.log_gains = nn.Parameter(torch.zeros(2))

    def forward(self, states: Tensor) -> Tensor:
        """(B, S, source width) -> (B, S, target width), keys in the first half and values in the second."""
        normed = self.norm(states.to(self.inner.weight.dtype))
        made = self.past(normed) + self.outer(nn.functional.silu(self.inner(normed)))
        halves = zip(made.chunk(2, dim=-1), self.log_gains.exp(), strict=True)
        return torch.cat([gain * nn.functional.rms_norm(half, half.shape[-1:], eps=1e-6) for half, gain in halves], -1)


class CacheTranslator(Translator):
    """A projector for each of ``depth`` layers; a soft token is a place of the cache, one for each state.

    ``source_width`` and ``target_width`` are those of all ``depth`` layers together, the layers one after the other.
    """

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__(config)
        widths = config.source_width // config.depth, config.target_width // config.depth
        self.projectors = nn.ModuleList(Projector(widths[0], config.bottleneck, widths[1]) for _ in range(config.depth))

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Keys and values (B, S, C_target) from those of the source (B, S, C_source); zeros where nothing was read."""
        check_states(states, mask, self.config.source_width)
        parts = zip(self.projectors, states.chunk(self.config.depth, dim=-1), strict=True)
        made = torch.cat([projector(part) for projector, part in parts], dim=-1)
        return made * mask.unsqueeze(-1).to(made.dtype)

    def soft_mask(self, states: Tensor, mask: Tensor) -> Tensor:
        """A place is real where the source has read something."""
        return mask
