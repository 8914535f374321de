"""Settings of ``future_seed.inplace``."""

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
from evenhand_systems.future_seed.task_settings import CopyingSettings, InPlaceSettings


class Settings(RecipeSettings):
    """Settings of ``future_seed.inplace``."""

    task: InPlaceSettings = CopyingSettings()
    model: ModelSettings = ModelSettings()
    seeding: SeedingOptions = SeedingOptions()
    optimiser: OptimiserSettings = OptimiserSettings()
    batch: int = Field(default=32, ge=1, description="rows per step")
    evaluation: EvaluationSettings = EvaluationSettings()
    loop: LoopSettings = LoopSettings()
