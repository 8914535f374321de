"""Translators on disk: weights as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from evenhand.nn.translators.base import Translator
from evenhand.nn.translators.config import TranslatorConfig, TranslatorError
from evenhand.nn.translators.cross_attention import CrossAttentionTranslator
from evenhand.nn.translators.dit import DiTTranslator
from evenhand.nn.translators.linear import LinearTranslator

FORMAT = 1
_CLASSES: dict[str, type[Translator]] = {
    "cross_attention": CrossAttentionTranslator,
    "dit": DiTTranslator,
    "linear": LinearTranslator,
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
    save_file(weights, folder / "translator.safetensors")
    document = {"format": FORMAT, "translator": translator.config.to_dict(), "about": dict(about or {})}
    folder.joinpath("translator.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def load_translator(folder: Path, device: str = "cpu") -> tuple[Translator, dict[str, Any]]:
    """A saved translator in evaluation mode, and what was written about it.

    Raises:
        TranslatorError: a file is missing or damaged, or weights and settings do not belong together.
    """
    try:
        document = json.loads(folder.joinpath("translator.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "translator.safetensors", device=device)
    except (OSError, json.JSONDecodeError, SafetensorError) as error:
        raise TranslatorError(
            f"There is no readable translator in {folder} (translator.json and translator.safetensors): {error}."
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TranslatorError(f"{folder / 'translator.json'} is not of format {FORMAT}; save the translator anew.")
    translator = build_translator(TranslatorConfig.from_dict(document.get("translator", {})), 0).to(device)
    try:
        translator.load_state_dict(weights)
    except RuntimeError as error:
        raise TranslatorError(f"The weights in {folder} do not belong to the settings beside them: {error}.") from error
    return translator.eval(), dict(document.get("about", {}))
