"""Fine-tuning that does not forget, and a way to know: LoRA SFT anchored to the untouched base model.

The parts are usable as a library::

    from evenhand_systems.anchored_sft import Anchor, AnchoredSFTTrainer, DataMix, ForgettingEvaluation, RewardJudge

They are imported on first use, since they bring torch, transformers, peft and trl with them.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Anchor": "training.trainer",
    "AnchoredSFTTrainer": "training.trainer",
    "Conversation": "data.conversations",
    "DataMix": "data.mix",
    "EvaluateWhileTraining": "training.callbacks",
    "ForgettingEvaluation": "evaluation.losses",
    "Question": "data.questions",
    "RewardJudge": "evaluation.reward_model",
    "StopOnForgetting": "training.callbacks",
    "export_merged": "training.adapters",
    "read_conversations": "data.conversations",
    "tokenise": "data.conversations",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
