"""Fine-tuning that does not forget, and a way to know: LoRA SFT anchored to the untouched base model.

The parts are usable as a library::

    from evenhand_systems.anchored_sft import Anchor, AnchoredSFTTrainer, AnchorSchedule, DataMix, Divergence

They are imported on first use, since they bring torch, transformers, peft and trl with them.
"""

from __future__ import annotations

from evenhand_systems.lazy import front_door

__getattr__, __dir__, __all__ = front_door(
    __name__,
    {
        "Anchor": "training.trainer",
        "AnchorSchedule": "anchors",
        "AnchoredSFTTrainer": "training.trainer",
        "Conversation": "data.conversations",
        "DataMix": "data.mix",
        "Divergence": "anchors",
        "EvaluateWhileTraining": "training.callbacks",
        "ForgettingEvaluation": "evaluation.losses",
        "Question": "data.questions",
        "RewardJudge": "evaluation.reward_model",
        "StopOnForgetting": "training.callbacks",
        "export_merged": "training.adapters",
        "read_conversations": "data.conversations",
        "tokenise": "data.conversations",
    },
)
