"""The controls that every claim about a bridge needs: each could explain an answer without a bridge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.recipes.control_sets import Control

_SIZES = {"bottleneck": 96, "depth": 2, "heads": 4}
"""Defaults of the sizes that a linear bridge and a constant prompt do not have."""

_TAUGHT = ("token_alignment", "contrastive", "positional", "decode")
"""Losses besides the flow that look at the teacher's text."""


def standard(settings: Mapping[str, Any]) -> tuple[Control, ...]:
    """Every control and reference; those that train come first, so that nobody waits for a shared training.

    What a control does not look at is taken back to its default, as settings that change nothing are refused. Beside
    the text the target with the text is the baseline already, and no reference.
    """
    plain = _without_translator(settings)
    first = {"layer": -1} if "layer" in settings else {}
    answers: tuple[str, ...] = ("source_text", "relay", "source_probe")
    if settings.get("training.prompt_mode") != "soft_plus_text":
        answers = ("target_text", *answers)
    return (
        Control("constant_prompt", {"bridge": "constant_prompt", **first, **plain}),
        Control("untrained_source", {"source_reading": "untrained"}),
        Control("source_embeddings", {"source_reading": "embeddings", **first}),
        Control("linear", {"bridge": "linear", **plain}),
        *(Control(name, {"control": name}) for name in ("zeros", "shuffled", "noise", "mean")),
        *(Control(name, {"reference": name}, "reference", deterministic=True, untrained=True) for name in answers),
    )


def _without_translator(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a bridge without blocks does not look at: their sizes, the losses of other kinds, a teacher for those."""
    unused: dict[str, Any] = {name: default for name, default in _SIZES.items() if name in settings}
    owned = [f"training.losses.{name}" for name in ("flow", "naming") if f"training.losses.{name}" in settings]
    if owned:
        unused |= dict.fromkeys(owned, 0.0)
        taught = any(settings.get(f"training.losses.{name}") for name in _TAUGHT)
        if not taught and "training.teacher" in settings:
            unused["training.teacher"] = "prompt"
    return unused
