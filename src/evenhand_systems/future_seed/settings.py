"""Settings that the recipes of Future-Seed share. No torch here: a claim is planned without it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from evenhand.recipes.contract import RecipeSettings

Mode = Literal["off", "initial", "per_step", "read_twice"]


class ModelSettings(RecipeSettings):
    """Sizes of the RWKV-7 that is trained from scratch."""

    layers: int = Field(default=2, ge=1)
    width: int = Field(default=64, ge=8)
    head_size: int = Field(default=32, ge=8, description="must divide the width; multiples of 8 use the fast kernel")
    rank: int | None = Field(default=None, ge=1, description="of every low-rank map; None is the public recipe's rule")

    @model_validator(mode="after")
    def _heads_fill_the_width(self) -> ModelSettings:
        if self.width % self.head_size:
            raise ValueError(f"width {self.width} must be a multiple of head_size {self.head_size}")
        return self


class SeedingOptions(RecipeSettings):
    """How the row is read: once without seeding, with Future-Seed, or twice over.

    Options that are None take the value of the variant, which is ``norm_detach`` unless another is named (the names of
    ``evenhand_systems.rwkv7.VARIANTS``).
    """

    mode: Mode = "off"
    variant: str = "norm_detach"
    layer_start: int | None = Field(default=None, ge=0)
    norm: bool | None = None
    detach: bool | None = None
    clip: float | Literal["none"] | None = Field(default=None, description='bound on seed entries; "none" for no bound')
    scale: float | None = Field(default=None, ge=0)
    schedule: Literal["constant", "linear", "cosine"] | None = None
    schedule_low: float | None = Field(default=None, ge=0)
    schedule_high: float | None = Field(default=None, ge=0)
    gate: Literal["scalar", "head", "input"] | None = None
    alpha_init: float | None = None
    head_alpha_init: float | None = None
    trainable: bool | None = None
    alpha_learning_rate: float | None = Field(default=None, gt=0)

    @property
    def seeds(self) -> bool:
        """Whether any layer may be seeded."""
        return self.mode in ("initial", "per_step")

    @property
    def readings(self) -> int:
        """How often every token is read."""
        return 2 if self.mode == "read_twice" else 1

    def changes(self) -> dict[str, Any]:
        """The options that are set, as keyword arguments of ``SeedingSettings.variant``."""
        chosen = self.model_dump(exclude_none=True, exclude={"mode", "variant"})
        if chosen.get("clip") == "none":
            chosen["clip"] = None
        return chosen


class OptimiserSettings(RecipeSettings):
    """AdamW with a warm-up and, if asked for, a decay over the budget."""

    learning_rate: float = Field(
        default=3e-3, ge=0, description="0 trains nothing, in an arm that says `untrained = true`"
    )
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = Field(default=0.0, ge=0)
    warmup: int = Field(default=20, ge=0, description="steps over which the learning rate rises linearly")
    decay: Literal["none", "linear", "cosine"] = "none"
    gradient_norm: float | None = Field(default=1.0, gt=0, description="gradients are scaled down to this norm")


class EvaluationSettings(RecipeSettings):
    """What is evaluated and how."""

    pool: int = Field(default=4096, ge=1, description="distinct generated items from which the rungs' sets are taken")
    batch: int = Field(default=128, ge=1)


class LoopSettings(RecipeSettings):
    """How often the training loop does what does not change its result."""

    log_every: int = Field(default=10, ge=1)
    checkpoint_every: int = Field(default=500, ge=1, description="steps between checkpoints")


class BaseSettings(RecipeSettings):
    """A small language model that is pre-trained on the training text before fine-tuning begins, outside the budget."""

    steps: int = Field(default=500, ge=1)
    batch: int = Field(default=16, ge=1)
    length: int = Field(default=128, ge=2, description="ids of a window of text")
    answers: bool = Field(default=False, description="whether the text holds the training examples' answers too")
    learning_rate: float = Field(default=3e-3, gt=0)
    seed: int = Field(default=0, ge=0)
