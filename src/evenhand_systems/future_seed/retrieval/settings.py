"""Settings of ``future_seed.retrieval``."""

from __future__ import annotations

from pydantic import Field

from evenhand.recipes.contract import RecipeSettings
from evenhand_systems.future_seed.settings import (
    EvaluationSettings,
    LoopSettings,
    ModelSettings,
    OptimiserSettings,
    SeedingOptions,
)


class Settings(RecipeSettings):
    """Settings of ``future_seed.retrieval``."""

    train: str = Field(description="HotpotQA records to learn from: a path, or hub:OWNER/NAME/[CONFIG/]SPLIT")
    held_out: str | None = Field(default=None, description="records to evaluate on; None holds out a share of train")
    holdout: float = Field(default=0.4, gt=0, lt=1)
    vocabulary: str | None = None
    length: int = Field(default=128, ge=8, description="ids of the longest text")
    temperature: float = Field(default=0.07, gt=0)
    model: ModelSettings = ModelSettings()
    seeding: SeedingOptions = SeedingOptions()
    optimiser: OptimiserSettings = OptimiserSettings(learning_rate=1e-3)
    batch: int = Field(default=8, ge=2)
    evaluation: EvaluationSettings = EvaluationSettings(batch=32)
    loop: LoopSettings = LoopSettings()
