"""Anchors: losses that hold a fine-tuned language model near its untouched base, from hidden states, in chunks."""

from __future__ import annotations

from evenhand_systems.anchored_sft.anchors.divergence import KINDS, Divergence
from evenhand_systems.anchored_sft.anchors.loss import AnchoredLoss, Head, anchored_loss
from evenhand_systems.anchored_sft.anchors.positions import TokenLayout, answer_tokens, last_tokens, token_layout
from evenhand_systems.anchored_sft.anchors.reference import (
    base_hidden_states,
    check_base_is_kept,
    hidden_states,
    output_head,
)
from evenhand_systems.anchored_sft.anchors.schedule import AnchorSchedule

__all__ = [
    "KINDS",
    "AnchorSchedule",
    "AnchoredLoss",
    "Divergence",
    "Head",
    "TokenLayout",
    "anchored_loss",
    "answer_tokens",
    "base_hidden_states",
    "check_base_is_kept",
    "hidden_states",
    "last_tokens",
    "output_head",
    "token_layout",
]
