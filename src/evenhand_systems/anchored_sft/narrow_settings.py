"""Settings of the recipe that fine-tunes a real model on a narrow task."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evenhand.errors import Fault
from evenhand_systems.anchored_sft.settings import TrainingSettings

TemplateValue = bool | int | str


class NarrowSettings(TrainingSettings):
    """A real instruction-tuned model, a narrow task with real data, and what the model could do before."""

    model: str = Field(description="folder, name (`evenhand models`) or hub id")
    chat_template: str | None = Field(None, description="template file for a tokenizer without one")
    template_arguments: dict[str, TemplateValue] | None = Field(
        None, description="handed to the chat template, such as enable_thinking, which is off where a template knows it"
    )
    task: Literal["gsm8k", "mbpp", "russian"] = "gsm8k"
    data: str = Field(description="file of the task's rows, as published")
    prompts: str = Field(description="MT-Bench style file: half for anchors and replay, half held out as general chats")
    arc: str | None = Field(None, description="file of ARC questions, measured by likelihood")
    hotpot: str | None = Field(None, description="file of HotpotQA questions after their supporting sentences")
    batch: int = Field(4, gt=0)
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Literal["linear", "cosine", "constant"] = "constant"
    adapted_layers: int | None = Field(
        None, gt=0, description="adapters on the last so many layers only: what lies below is computed once per text"
    )
    max_seq_length: int = Field(96, gt=8, description="longer conversations of the task are left out")
    training_rows: int = Field(64, gt=0, description="conversations of the task to learn from")
    val_split: float = Field(0.1, gt=0, lt=1)
    dev_rows: int = Field(8, gt=0, description="held-out conversations that tell when the target level is reached")
    target_rows: int = Field(12, gt=0, description="other held-out conversations, for the record")
    target_loss: float = Field(gt=0, description="nats per answer token of the dev rows: the target level")
    per_kind: int = Field(40, gt=0, description="instructions tried of each kind; those the base follows are asked")
    chats: int = Field(12, gt=0, description="held-out general prompts whose own answers the loss is measured on")
    arc_questions: int = Field(12, gt=0)
    arc_choices: Literal["all", "right"] = Field("all", description="right: the loss of right answers alone, for less")
    hotpot_questions: int = Field(8, gt=0)
    own_tokens: int = Field(32, gt=0, description="most tokens of the base's own answers")
    shown: int = Field(4, ge=0, description="MT-Bench questions answered for the report, by trials of the first seed")
    at_the_end: float = Field(1.0, gt=0, le=1, description="share of the instructions that are asked at the end again")
    shown_tokens: int = Field(24, gt=0, description="most tokens of those answers")
    replay: float | None = Field(None, gt=0, lt=1, description="share of the base's own answers to general prompts")
    mix: float | None = Field(None, gt=0, lt=1, description="share of other real data, from mix_data")
    mix_data: str | None = Field(None, description="file of ARC questions, each with its right answer")

    @model_validator(mode="after")
    def _narrow_settings_have_an_effect(self) -> NarrowSettings:
        faults = narrow_faults(self)
        if faults:
            raise ValueError("; ".join(str(fault) for fault in faults))
        return self


def narrow_faults(settings: NarrowSettings) -> list[Fault]:
    """Settings that would do nothing, or that miss their other half."""
    faults = []
    if (settings.mix is None) != (settings.mix_data is None):
        name, other = ("mix", "mix_data") if settings.mix_data is None else ("mix_data", "mix")
        faults.append(Fault(name, f"has no effect without {other}"))
    if settings.mix is not None and settings.replay is not None:
        faults.append(Fault("mix", "and replay are two shares of one run; set one of them"))
    if settings.mix is not None and not settings.train:
        faults.append(Fault("mix", "has no effect with train = false; remove it"))
    if settings.early_stop_patience is not None:
        faults.append(Fault("early_stop_patience", "has no effect here: the dev rows are of the new task alone"))
    if settings.adapted_layers is not None and settings.lora_targets != "all-linear":
        faults.append(Fault("lora_targets", "has no effect with adapted_layers, which names the modules; remove it"))
    return faults
