"""Which tokens carry cross-entropy and which carry the anchor.

Everything is said of the *predicted* token: position (b, j) means "how well token j of row b is foretold from the
tokens before it". So the first token of a text is never a position, and padding never is, whichever side it stands on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

IGNORED = -100
"""Label of tokens that carry no cross-entropy."""


@dataclass(frozen=True)
class TokenLayout:
    """Where the texts stand in a batch.

    Attributes:
        real: (B, S) bool, False on padding.
        position_ids: (B, S) int64, 0, 1, ... within each text; 0 on padding.
    """

    real: Tensor
    position_ids: Tensor

    @property
    def predictable(self) -> Tensor:
        """(B, S) bool: real tokens that have a token before them in their own text."""
        return self.real & (self.position_ids > 0)


def token_layout(input_ids: Tensor, attention_mask: Tensor | None, position_ids: Tensor | None) -> TokenLayout:
    """The layout of a padded batch (from its mask) or of a packed one (from position ids that start again at 0).

    Args:
        input_ids: (B, S).
        attention_mask: (B, S), 0 on padding; None means no padding.
        position_ids: (B, S) or None, where they follow from the mask: numbering starts at the first real token, so
            that padding on the left changes nothing.
    """
    real = torch.ones_like(input_ids, dtype=torch.bool) if attention_mask is None else attention_mask.bool()
    if position_ids is None:
        position_ids = (real.long().cumsum(dim=-1) - 1).clamp(min=0)
    return TokenLayout(real, position_ids.expand_as(input_ids) * real)


def answer_tokens(labels: Tensor, layout: TokenLayout) -> Tensor:
    """(B, S) bool: tokens with a label, which are the answers; prompts are labelled -100."""
    return (labels != IGNORED) & layout.predictable


def last_tokens(layout: TokenLayout, count: int) -> Tensor:
    """(B, S) bool: the last ``count`` real tokens of each text, padding not counted; fewer where a text is shorter."""
    length = layout.real.shape[-1]
    columns = torch.arange(length, device=layout.real.device).expand_as(layout.position_ids)
    following = torch.roll(layout.position_ids, -1, dims=-1)
    following_real = torch.roll(layout.real, -1, dims=-1)
    ends = layout.real & ((columns == length - 1) | (following == 0) | ~following_real)
    end = torch.where(ends, columns, length).flip(-1).cummin(dim=-1).values.flip(-1)
    return layout.predictable & (end - columns < count)
