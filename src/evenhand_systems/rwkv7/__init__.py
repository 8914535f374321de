"""RWKV-7: model, kernels, Future-Seed, checkpoints, tokenizer, generation; usable as a plain library.

model = RWKV7(RWKV7Config(layers=2, width=64, head_size=32, vocabulary=32))
logits, state = model(tokens)                    # (B, T) -> (B, T, vocabulary)
logits, state = model(more_tokens, state)        # goes on where the first pass ended
"""

from __future__ import annotations

from evenhand_systems.rwkv7.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from evenhand_systems.rwkv7.config import RWKV7Config
from evenhand_systems.rwkv7.generation import Generated, GenerationSettings, generate
from evenhand_systems.rwkv7.hub_folder import save_hub_folder
from evenhand_systems.rwkv7.inference import Inference, choose_precision
from evenhand_systems.rwkv7.kernel import Choice, choose_backend, wkv7
from evenhand_systems.rwkv7.model import RWKV7, ModelInputError
from evenhand_systems.rwkv7.passes import prompt_then_answer, read_twice
from evenhand_systems.rwkv7.seeding import VARIANTS, Seeding, SeedingSettings
from evenhand_systems.rwkv7.state import LayerState, RWKV7State
from evenhand_systems.rwkv7.tokenizer import VocabularyError, WorldTokenizer

__all__ = [
    "RWKV7",
    "VARIANTS",
    "CheckpointError",
    "Choice",
    "Generated",
    "GenerationSettings",
    "Inference",
    "LayerState",
    "ModelInputError",
    "RWKV7Config",
    "RWKV7State",
    "Seeding",
    "SeedingSettings",
    "VocabularyError",
    "WorldTokenizer",
    "choose_backend",
    "choose_precision",
    "generate",
    "load_checkpoint",
    "prompt_then_answer",
    "read_twice",
    "save_checkpoint",
    "save_hub_folder",
    "wkv7",
]
