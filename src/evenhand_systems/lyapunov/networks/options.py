"""All that can be chosen about the training of a network V: the log's ways, and the repaired ones.

Claims, the trainer and the command line read one list, :class:`TrainingChoices`. Nothing heavy is imported here.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from evenhand.errors import DataError
from evenhand.recipes.contract import RecipeSettings
from evenhand_systems.lyapunov.networks.layers import REFERENCE_LAYERS, parse_layers

Target = Literal["fixed", "adaptive", "split"]
Precision = Literal["auto", "float32", "bf16"]


class TrainingChoices(RecipeSettings):
    """What a training chooses whatever its length; the defaults are the repaired ways.

    Attributes:
        target: ``fixed`` anchors to ln n + 0.35 drift, ``adaptive`` learns the coefficient, ``split`` learns it for
            windows that rise (drift > 0) and keeps 0.35 for the others.
        four_steps, eight_steps: whether V must fall over 4 and 8 steps, too.
        schedule: ``cosine``, or ``plateau``: halved when no batch of the last while had a new best loss.
        growth_weight: weight of steps that grow against 1 for those that fall.
        curriculum: whether training trajectories join one by one after ``start_seeds``.
        mining: whether failing numbers are added to the pool every ``mine_interval`` steps, ``mine_count`` at a time.
        mined_share: most that mined numbers may make of the pool's draws; None, the log's way: each is one more seed.
        passes: ``needed``, or ``all`` four forward passes whatever the loss uses.
        precision: of the matrix products of the backward pass; see ``precision.choose_precision``.
    """

    layers: str = Field(default="256,256,128", description="hidden widths, or 'linear'")
    groups: tuple[str, ...] = Field(
        default=("log", "residues", "drift", "valuations"), description="features: log,residues,drift,valuations"
    )
    batch: int = Field(default=1024, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    target: Target = Field(default="fixed", description="fixed, adaptive or split")
    four_steps: bool = Field(default=False, description="V must fall over 4 steps, too")
    eight_steps: bool = Field(default=False, description="V must fall over 8 steps, too")
    schedule: Literal["cosine", "plateau"] = "cosine"
    growth_weight: float = Field(default=1.0, gt=0)
    curriculum: bool = True
    start_seeds: int = Field(default=0, ge=0)
    mining: bool = True
    mine_interval: int = Field(default=100, ge=1)
    mine_count: int = Field(default=50, ge=1)
    mined_share: float | None = Field(default=0.2, ge=0, lt=1)
    passes: Literal["needed", "all"] = "needed"
    precision: Precision = Field(default="auto", description="of backward products: auto, float32 or bf16")

    @field_validator("layers")
    @classmethod
    def _layers_parse(cls, layers: str) -> str:
        try:
            parse_layers(layers)
        except DataError as error:
            raise ValueError(str(error)) from None
        return layers

    @field_validator("groups")
    @classmethod
    def _groups_exist(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        from evenhand_systems.lyapunov.numbers.features import FeatureSpec

        try:
            FeatureSpec(1, groups)
        except DataError as error:
            raise ValueError(str(error)) from None
        return groups


class TrainingOptions(TrainingChoices):
    """A training of so many steps: the choices, and what is counted in steps. ``as_logged()`` gives the log's ways.

    Attributes:
        anchor_steps: over which the anchor of V fades.
        patience: batches without a new best loss after which the plateau schedule halves.
        hard_share: share of each batch that comes from the pool of trajectories.
        ramp_length: steps over which the curriculum's trajectories join.

    Raises:
        DataError: options that cannot be trained with, all at once.
    """

    lookahead: int = 10
    layers: str = Field(default=REFERENCE_LAYERS, description="hidden widths, or 'linear'")
    steps: int = Field(default=2000, ge=1)
    margin: float = 0.05
    anchor_steps: int = 500
    patience: int = 500
    hard_share: float = Field(default=0.5, ge=0, le=1)
    ramp_length: int = 1000
    mine_interval: int = Field(default=500, ge=1)
    max_bits: int = 128

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise DataError(" ".join(_sentence(e) for e in error.errors())) from None

    @model_validator(mode="after")
    def _lookahead_is_one(self) -> TrainingOptions:
        from evenhand_systems.lyapunov.numbers.features import FeatureSpec

        FeatureSpec(self.lookahead, self.groups)
        return self

    @classmethod
    def of(cls, choices: TrainingChoices, **counted: Any) -> TrainingOptions:
        """Options with the choices of a claim, whose settings may hold more than these."""
        return cls(**{name: getattr(choices, name) for name in TrainingChoices.model_fields} | counted)


def _sentence(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "literal_error":
        return f"{name} is {error['ctx']['expected'].replace(chr(39), '')}; found '{error['input']}'."
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {error['msg'].replace('Input should be', 'expected')}; found {error['input']!r}."


def patience_of(steps: int, share: float = 0.005) -> int:
    """Batches without a new best loss after which the plateau schedule halves: 500 of 100,000 steps, 6 of 1,200."""
    return max(1, round(steps * share))


def as_logged(**changes: Any) -> TrainingOptions:
    """The log's way: plateau schedule, growth steps 10:1, mined numbers as seeds, all four passes."""
    base = {"schedule": "plateau", "growth_weight": 10.0, "mined_share": None, "passes": "all"}
    return TrainingOptions(**{**base, **changes})
