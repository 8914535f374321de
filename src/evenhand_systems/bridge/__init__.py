"""Bridge: can a small translator carry what one language model has read into another, as soft tokens?

The parts are usable as a library, each imported on first use::

    from evenhand_systems.bridge import Bridge, BridgeTrainer, Prompts, SoftPrompt, TranslatorConfig, build_translator
"""

from __future__ import annotations

from evenhand_systems.lazy import front_door

__getattr__, __dir__, __all__ = front_door(
    __name__,
    {
        "Bridge": "translation.bridge",
        "BridgeTrainer": "training.trainer",
        "EmbeddingScale": "translators",
        "Item": "tasks.items",
        "LanguageModel": "models.language_model",
        "LossWeights": "settings",
        "Prompts": "translation.prompts",
        "SoftPrompt": "translation.soft_prompt",
        "TrainingSettings": "settings",
        "TranslatorConfig": "translators",
        "build_translator": "translators",
        "evaluate_bridge": "evaluation.evaluation",
        "load_bridge": "translation.bridge",
        "load_language_model": "models.language_model",
        "pad_states": "models.state_cache",
        "read_gsm8k": "tasks.items",
        "worked_examples": "tasks.formats",
    },
)
