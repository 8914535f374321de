"""The recipes of this system. Importing this module is quick; what they need is imported when they run.

anchored_sft.standin      tagged skills on a stand-in that is taught on the spot
anchored_sft.text         a stand-in taught a given text, fine-tuned on given conversations
anchored_sft.checkpoint   a checkpoint and data by path or hub id, judged by a reward model
anchored_sft.narrow       a real model and a narrow task; what it could do before, by likelihood
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.recipes.contract import Bench, Metric, recipe
from evenhand.recipes.inputs import Kind, Named, named
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.memory import checkpoint_memory, narrow_memory
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings
from evenhand_systems.anchored_sft.settings import CheckpointSettings, StandinSettings, TextSettings

NEEDS = ("torch", "transformers", "peft", "trl", "datasets", "accelerate")
PRELOAD = ("torch", "transformers", "peft", "datasets", "trl", "evenhand_systems.anchored_sft.training.fine_tune")
EXHIBITS = "evenhand_systems.anchored_sft.exhibits.page:exhibits"
RECALLS = "evenhand_systems.anchored_sft.exhibits.early_records:recall"
INPUTS: dict[str, Kind] = {
    **dict.fromkeys(("model", "reward_model"), "model"),
    **dict.fromkeys(("dataset", "prompts_dataset"), "data set"),
    **dict.fromkeys(("chat_template", "questions", "general_text"), "file"),
    **dict.fromkeys(("text", "data", "prompts", "arc", "hotpot", "mix_data"), "file"),
}
"""What settings of the recipes name outside the claim."""


def reads(settings: Mapping[str, Any]) -> list[Named]:
    """What settings of one of these recipes name outside the claim."""
    return named(settings, INPUTS)


def _share(about: str) -> Metric:
    """A share of right answers."""
    return Metric(floor=0.0, ceiling=1.0, about=about)


def _rows(settings: Mapping[str, Any]) -> int:
    """Rows of an optimiser step."""
    return int(settings["batch"]) * int(settings["grad_acc"]) if settings["train"] else 0


STEPS = Metric("minimise", floor=0.0, about="step at which the target level was first reached on dev questions")


@recipe(
    metrics={
        "retention": _share("old skills still answered exactly where the arm first reaches the target"),
        "final_retention": _share("the same at the end of the budget"),
        "target": _share("new task answered exactly where the arm first reaches the target"),
        "final_target": _share("the same at the end of the budget"),
        "text_loss": Metric("minimise", floor=0.0, about="nats per letter of Markov text, at the target level"),
        "final_text_loss": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "distance": Metric("minimise", floor=0.0, about="forward KL per letter of Markov text, at the target level"),
        "final_distance": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "steps_to_target": STEPS,
    },
    units=("steps",),
    version=1,
    preload=PRELOAD,
    exhibits=EXHIBITS,
    recalls=RECALLS,
    micro_batch=_rows,
    needs=NEEDS,
    extra="evenhand[anchored_sft]",
)
def standin(settings: StandinSettings, bench: Bench) -> Outcome:
    """Fine-tune a stand-in on a new answer format and measure what it still knows of its old skills."""
    from evenhand_systems.anchored_sft.arms.standin import run_arm

    return run_arm(settings, bench)


@recipe(
    metrics={
        "text_loss": Metric(
            "minimise", floor=0.0, about="nats per character of held-out general text at the target level"
        ),
        "final_text_loss": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "target_loss": Metric(
            "minimise", floor=0.0, about="nats per answer character where the target is first reached"
        ),
        "final_target_loss": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "distance": Metric("minimise", floor=0.0, about="forward KL from the base per character, at the target level"),
        "final_distance": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "steps_to_target": STEPS,
    },
    units=("steps",),
    version=1,
    preload=PRELOAD,
    exhibits=EXHIBITS,
    recalls=RECALLS,
    reads=reads,
    micro_batch=_rows,
    needs=NEEDS,
    extra="evenhand[anchored_sft]",
)
def text(settings: TextSettings, bench: Bench) -> Outcome:
    """Teach a stand-in a text, fine-tune it on conversations, and measure both as loss."""
    from evenhand_systems.anchored_sft.arms.text import run_arm

    return run_arm(settings, bench)


@recipe(
    metrics={
        "reward": Metric(about="raw reward per question, mean of its turns, where the target is first reached"),
        "final_reward": Metric(about="the same at the end of the budget"),
        "text_loss": Metric("minimise", floor=0.0, about="nats per token of general text, at the target level"),
        "final_text_loss": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "target_loss": Metric(
            "minimise", floor=0.0, about="nats per answer token of the validation set, at the target"
        ),
        "final_target_loss": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "distance": Metric("minimise", floor=0.0, about="forward KL from the base per token, at the target level"),
        "final_distance": Metric("minimise", floor=0.0, about="the same at the end of the budget"),
        "steps_to_target": STEPS,
    },
    units=("steps",),
    version=1,
    preload=PRELOAD,
    exhibits=EXHIBITS,
    recalls=RECALLS,
    reads=reads,
    micro_batch=_rows,
    memory=checkpoint_memory,
    needs=NEEDS,
    extra="evenhand[anchored_sft]",
)
def checkpoint(settings: CheckpointSettings, bench: Bench) -> Outcome:
    """Fine-tune a checkpoint on conversations and measure learning and forgetting, with a judge where one is named."""
    from evenhand_systems.anchored_sft.arms.checkpoint import run_arm

    return run_arm(settings, bench)


def _loss(about: str) -> Metric:
    """Nats per token."""
    return Metric("minimise", floor=0.0, about=f"nats per token of {about}")


_MATCHED: dict[str, Metric] = {
    "retention": _share("instructions that the base follows still followed"),
    "text_loss": _loss("the base's own answers to held-out general prompts"),
    "arc": _share("ARC questions whose right answer is the likeliest by token"),
    "arc_loss": _loss("right answers to ARC questions"),
    "hotpot_loss": _loss("right answers to HotpotQA questions after their supporting sentences"),
    "target_loss": _loss("answers of held-out conversations of the task"),
}


@recipe(
    metrics={
        **_MATCHED,
        **{f"final_{name}": metric for name, metric in _MATCHED.items()},
        "steps_to_target": STEPS,
        "student_tokens": Metric("minimise", floor=0.0, about="tokens through the student in training"),
        "base_tokens": Metric("minimise", floor=0.0, about="tokens through the base that the anchor added"),
        "training_seconds": Metric("minimise", floor=0.0, about="processor seconds of all training steps"),
    },
    units=("steps",),
    version=1,
    preload=PRELOAD,
    exhibits=EXHIBITS,
    reads=reads,
    micro_batch=_rows,
    memory=narrow_memory,
    needs=NEEDS,
    extra="evenhand[anchored_sft]",
)
def narrow(settings: NarrowSettings, bench: Bench) -> Outcome:
    """Fine-tune a real model on a narrow task and measure what it could do before, mostly by likelihood."""
    from evenhand_systems.anchored_sft.arms.narrow import run_arm

    return run_arm(settings, bench)
