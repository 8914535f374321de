"""What every translator offers: source states in, soft tokens out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evenhand_systems.bridge.translators.blocks import EmbeddingScale
from evenhand_systems.bridge.translators.config import TranslatorConfig


class Translator(nn.Module):
    """From a source model's hidden states to K soft tokens in the target's embedding space.

    Attributes:
        config: what it was built from.
        scale: the size at which soft tokens leave.
    """

    def __init__(self, config: TranslatorConfig) -> None:
        super().__init__()
        self.config = config
        self.scale = EmbeddingScale(config.target_rms)

    def forward(self, states: Tensor, mask: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Soft tokens (B, K, C_target) from source states (B, S, C_source) and their mask (B, S).

        Args:
            generator: randomness of translators that sample; needed by them in training mode, unused in evaluation.

        Raises:
            TranslatorError: shapes do not fit, an item has no state, or randomness is missing.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward pass")

    def soft_mask(self, states: Tensor, mask: Tensor) -> Tensor | None:
        """Which of the soft tokens are real, (B, K); None, all of them, unless a translator says otherwise."""
        return None

    def gates(self) -> list[nn.Parameter]:
        """Scalars that open the blocks, for a learning rate of their own; none unless a translator has them."""
        return []

    def flow_loss(self, states: Tensor, mask: Tensor, data: Tensor, data_mask: Tensor,
                  generator: torch.Generator) -> Tensor | None:  # fmt: skip
        """The flow-matching loss of translators that have one; None for the others."""
        return None

    def named(self, states: Tensor, mask: Tensor) -> Tensor | None:
        """Logarithms (B, K, V) of weights over the target's vocabulary, of translators that have them."""
        return None
