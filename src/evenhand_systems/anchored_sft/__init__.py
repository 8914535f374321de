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
        "Anchor": "training.anchor",
        "AnchorSchedule": "anchors",
        "AnchoredSFTTrainer": "training.trainer",
        "Conversation": "data.conversations",
        "DataMix": "data.mix",
        "Divergence": "anchors",
        "EvaluateWhileTraining": "training.callbacks",
        "ForgettingEvaluation": "evaluation.losses",
        "FrozenTrunk": "evaluation.frozen_trunk",
        "Instruction": "data.instructions",
        "JudgedQuestion": "evaluation.reward_model",
        "Question": "data.questions",
        "RewardJudge": "evaluation.reward_model",
        "StopOnForgetting": "training.callbacks",
        "anchored_loss": "anchors",
        "export_merged": "training.adapters",
        "foretell": "evaluation.packed",
        "greedy_answers": "evaluation.answers",
        "greedy_replies": "evaluation.decoding",
        "instructions": "data.instructions",
        "load_base": "training.adapters",
        "load_tokenizer": "training.adapters",
        "lora": "training.adapters",
        "read_conversations": "data.conversations",
        "read_questions": "evaluation.reward_model",
        "rescaled": "training.adapters",
        "save_adapter": "training.adapters",
        "set_template_arguments": "data.chat",
        "tokenise": "data.conversations",
        "without_thoughts": "data.chat",
    },
)
