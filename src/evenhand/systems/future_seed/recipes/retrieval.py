"""Recipe ``future_seed.retrieval``: embed questions and paragraphs with an RWKV-7 and find what answers a question.

evenhand try future_seed.retrieval --set train=hotpotqa_train_100.json
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


@recipe(
    metrics={
        "recall_at_1": Metric(floor=0.0, ceiling=1.0, about="whether a supporting paragraph ranks first"),
        "recall_at_5": Metric(floor=0.0, ceiling=1.0, about="whether a supporting paragraph is among the first five"),
        "mrr_at_10": Metric(floor=0.0, ceiling=1.0, about="1 / rank of the best supporting paragraph, 0 below rank 10"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand.systems.future_seed.retrieving", "evenhand.nn.rwkv7.warm"),
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Find the paragraphs that answer a question, by mean-pooled embeddings of an RWKV-7 trained with InfoNCE."""
    from evenhand.systems.future_seed import retrieving

    return retrieving.train_and_score(settings, bench)
