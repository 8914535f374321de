"""Fine-tuning that does not forget, and a way to know: LoRA SFT anchored to the untouched base model.

The parts are usable as a library::

    from evenhand_systems.anchored_sft import Anchor, AnchoredSFTTrainer, DataMix, ForgettingEvaluation, RewardJudge

They are imported on first use, since they bring torch, transformers, peft and trl with them.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Anchor": "trainer",
    "AnchoredSFTTrainer": "trainer",
    "Conversation": "conversations",
    "DataMix": "mix",
    "EvaluateWhileTraining": "callbacks",
    "ForgettingEvaluation": "evaluation",
    "Question": "evaluation",
    "RewardJudge": "judge",
    "StopOnForgetting": "callbacks",
    "export_merged": "adapters",
    "read_conversations": "conversations",
    "tokenise": "conversations",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
