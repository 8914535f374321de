"""Translators on disk: weights as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from evenhand.data import models, reading
from evenhand.errors import DataError
from evenhand.files import file_hash, replacing, write_text
from evenhand_systems.bridge.translators.base import Translator
from evenhand_systems.bridge.translators.cache import CacheTranslator
from evenhand_systems.bridge.translators.config import TranslatorConfig, TranslatorError, TranslatorFileError
from evenhand_systems.bridge.translators.cross_attention import CrossAttentionTranslator
from evenhand_systems.bridge.translators.dit import DiTTranslator
from evenhand_systems.bridge.translators.linear import LinearTranslator
from evenhand_systems.bridge.translators.vocabulary import VocabularyTranslator

FORMAT = 1
_CLASSES: dict[str, type[Translator]] = {
    "cross_attention": CrossAttentionTranslator,
    "dit": DiTTranslator,
    "linear": LinearTranslator,
    "cache": CacheTranslator,
    "vocabulary": VocabularyTranslator,
}


def build_translator(config: TranslatorConfig, seed: int) -> Translator:
    """A fresh translator; equal settings and seeds give equal weights, whatever ran before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _CLASSES[config.kind](config)


def save_translator(translator: Translator, folder: Path, about: Mapping[str, Any] | None = None) -> None:
    """Write ``translator.safetensors`` and ``translator.json`` into a folder.

    Args:
        about: further facts worth keeping (model hashes, score), as plain data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in translator.state_dict().items()}
    file = folder / "translator.safetensors"
    with replacing(file, public=True) as part:
        save_file(weights, part)
    document = {
        "format": FORMAT, "translator": translator.config.to_dict(), "about": dict(about or {}),
        "sha256": file_hash(file),
    }  # fmt: skip
    write_text(folder / "translator.json", json.dumps(document, indent=2) + "\n")


def load_translator(folder: Path, device: str = "cpu") -> tuple[Translator, dict[str, Any]]:
    """A saved translator in evaluation mode, and what was written about it.

    Raises:
        TranslatorFileError: a file is missing or damaged, has weights that are no numbers, or weights and settings do
            not belong together.
    """
    try:
        document = reading.read_json(folder / "translator.json")
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise TranslatorFileError(
                f"{folder / 'translator.json'} is not of format {FORMAT}; save the translator anew."
            )
        about, written = document.get("about", {}), document.get("sha256")
        if not isinstance(about, dict) or not isinstance(written, str | None):
            raise DataError(f"{folder / 'translator.json'}: `about` must be an object and `sha256` a text.")
        weights = models.read_weights(folder / "translator.safetensors", written, device)
        config = TranslatorConfig.from_dict(document.get("translator", {}))
    except TranslatorFileError:
        raise
    except (DataError, TranslatorError) as error:
        raise TranslatorFileError(
            f"There is no readable translator in {folder} (translator.json and translator.safetensors): {error}"
        ) from error
    translator = _built(config, weights, folder).to(device)
    return translator.eval(), dict(about)


def _built(config: TranslatorConfig, weights: Mapping[str, torch.Tensor], folder: Path) -> Translator:
    """A translator of these settings with these weights.

    Compared by shapes before anything of their size is made: a damaged setting may ask for more than there is memory.

    Raises:
        TranslatorFileError: they do not belong together.
    """
    try:
        if config.depth > len(weights):
            raise RuntimeError(f"{config.depth} blocks cannot be made of {len(weights)} weights")
        with torch.device("meta"):
            _CLASSES[config.kind](config).load_state_dict(dict(weights), assign=True)
        translator = build_translator(config, 0)
        translator.load_state_dict(dict(weights))
    except (RuntimeError, ValueError, OverflowError, TypeError) as error:
        raise TranslatorFileError(
            f"The weights in {folder / 'translator.safetensors'} do not belong to the settings in translator.json: "
            f"{error}."
        ) from error
    return translator
