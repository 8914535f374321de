"""Recipe ``future_seed.prompt``: fine-tune an RWKV-7 on prompts with answers, seeding the prompt's pass, and score it.

evenhand try future_seed.prompt --set data.name=arc --set data.train=arc_challenge_train.jsonl
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evenhand.outcome import Outcome
from evenhand.recipe import Bench, Metric, RecipeSettings, recipe
from evenhand.systems.future_seed.settings import (
    BaseSettings,
    EvaluationSettings,
    LoopSettings,
    ModelSettings,
    OptimiserSettings,
    SeedingOptions,
)
from evenhand.systems.future_seed.text.settings import TextSettings


class Settings(RecipeSettings):
    """Settings of ``future_seed.prompt``."""

    data: TextSettings
    checkpoint: str | None = Field(default=None, description="released RWKV-7 weights (.pth, .safetensors)")
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


def _share(about: str) -> Metric:
    return Metric(floor=0.0, ceiling=1.0, about=about)


@recipe(
    metrics={
        "token_accuracy": _share("share of the answer's tokens that are right, the earlier ones given"),
        "exact_match": _share("whether the greedy answer is the right one, to the letter"),
        "choice_accuracy": _share("whether the likeliest of the choices is right"),
        "exec_ok": _share("whether the code that was written runs"),
        "tests_passed": _share("share of the tests that the code passes"),
        "pass_at_1": _share("whether the code passes every test"),
    },
    units=("steps", "tokens", "examples", "seconds"),
    version=1,
    preload=("evenhand.systems.future_seed.answering", "evenhand.nn.rwkv7.warm"),
)
def run(settings: Settings, bench: Bench) -> Outcome:
    """Answer prompts: RWKV-7 fine-tuned with or without Future-Seed in the prompt's pass, or reading it twice."""
    from evenhand.systems.future_seed import answering

    return answering.train_and_score(settings, bench)
