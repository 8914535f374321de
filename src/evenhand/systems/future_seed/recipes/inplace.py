"""Recipe ``future_seed.inplace``: train a small RWKV-7 from scratch to fill blanks in place, and score unseen rows.

evenhand try future_seed.inplace --set task.name=rightcopy --set seeding.mode=initial
"""

from __future__ import annotations

from pydantic import Field

from evenhand.outcome import Outcome
from evenhand.recipe import Bench, Metric, RecipeSettings, recipe
from evenhand.systems.future_seed.settings import (
    EvaluationSettings,
    LoopSettings,
    ModelSettings,
    OptimiserSettings,
    SeedingOptions,
)
from evenhand.systems.future_seed.task_settings import CopyingSettings, InPlaceSettings


class Settings(RecipeSettings):
    """Settings of ``future_seed.inplace``."""

    task: InPlaceSettings = CopyingSettings()
    model: ModelSettings = ModelSettings()
    seeding: SeedingOptions = SeedingOptions()
    optimiser: OptimiserSettings = OptimiserSettings()
    batch: int = Field(default=32, ge=1, description="rows per step")
    evaluation: EvaluationSettings = EvaluationSettings()
    loop: LoopSettings = LoopSettings()


@recipe(
    metrics={
        "accuracy": Metric(floor=0.0, ceiling=1.0, about="share of an item's blanks that are right"),
        "exact_match": Metric(floor=0.0, ceiling=1.0, about="whether all blanks of an item are right"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand.systems.future_seed.filling", "evenhand.nn.rwkv7.warm"),
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Fill blanks in place: RWKV-7 from scratch, with or without Future-Seed, or reading the row twice."""
    from evenhand.systems.future_seed import filling

    return filling.train_and_score(settings, bench)
