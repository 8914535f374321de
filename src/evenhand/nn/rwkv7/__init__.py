"""RWKV-7: model, recurrence kernels, Future-Seed; usable as a plain library.

model = RWKV7(RWKV7Config(layers=2, width=64, head_size=32, vocabulary=32))
logits, state = model(tokens)                    # (B, T) -> (B, T, vocabulary)
logits, state = model(more_tokens, state)        # goes on where the first pass ended
"""

from __future__ import annotations

from evenhand.nn.rwkv7.config import RWKV7Config
from evenhand.nn.rwkv7.kernel import Choice, choose_backend, wkv7
from evenhand.nn.rwkv7.model import RWKV7, ModelInputError
from evenhand.nn.rwkv7.passes import prompt_then_answer, read_twice
from evenhand.nn.rwkv7.seeding import VARIANTS, Seeding, SeedingSettings
from evenhand.nn.rwkv7.state import LayerState, RWKV7State

__all__ = [
    "RWKV7",
    "VARIANTS",
    "Choice",
    "LayerState",
    "ModelInputError",
    "RWKV7Config",
    "RWKV7State",
    "Seeding",
    "SeedingSettings",
    "choose_backend",
    "prompt_then_answer",
    "read_twice",
    "wkv7",
]
