"""Translators from one model's hidden states to soft tokens of another; usable without the lab.

>>> config = TranslatorConfig("cross_attention", source_width=64, target_width=48, target_rms=0.02, soft_tokens=8)
>>> soft_tokens = build_translator(config, seed=0)(states, mask)  # (B, 8, 48)
"""

from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.blocks import EmbeddingScale
from evenhand_systems.bridge.translators.config import (
    KINDS,
    Kind,
    TranslatorConfig,
    TranslatorError,
    TranslatorFileError,
)
from evenhand_systems.bridge.translators.storage import build_translator, load_translator, save_translator

__all__ = [
    "KINDS",
    "EmbeddingScale",
    "Kind",
    "Translator",
    "TranslatorConfig",
    "TranslatorError",
    "TranslatorFileError",
    "build_translator",
    "load_translator",
    "save_translator",
]
