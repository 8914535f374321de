"""Settings of ``future_seed.prompt``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evenhand.recipes.contract import RecipeSettings
from evenhand_systems.future_seed.settings import (
    BaseSettings,
    EvaluationSettings,
    LoopSettings,
    ModelSettings,
    OptimiserSettings,
    SeedingOptions,
)
from evenhand_systems.future_seed.text.settings import TextSettings


class Settings(RecipeSettings):
    """Settings of ``future_seed.prompt``."""

    data: TextSettings
    checkpoint: str | None = Field(
        default=None,
        description="RWKV-7 weights: a file (.pth, .safetensors), a hub's folder, or a model by name (rwkv7-small)",
    )
    base: BaseSettings | None = Field(default=None, description="pre-train a small base on the training text")
    model: ModelSettings = ModelSettings()
    seeding: SeedingOptions = SeedingOptions()
    optimiser: OptimiserSettings = OptimiserSettings()
    precision: Literal["fp32", "bf16"] = Field(default="fp32", description="of matrix products; weights are float32")
    batch: int = Field(default=16, ge=1, description="examples per step")
    evaluation: EvaluationSettings = EvaluationSettings(batch=16)
    loop: LoopSettings = LoopSettings()

    @model_validator(mode="after")
    def _one_origin(self) -> Settings:
        if self.checkpoint is not None and self.base is not None:
            raise ValueError("checkpoint and base exclude each other: the model starts from one of them")
        return self
