"""All that can be chosen about the training of a network V: the log's ways, and the repaired ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evenhand.errors import DataError
from evenhand_systems.lyapunov.networks.layers import REFERENCE_LAYERS, parse_layers
from evenhand_systems.lyapunov.networks.precision import Precision
from evenhand_systems.lyapunov.numbers.features import FeatureSpec

Target = Literal["fixed", "adaptive", "split"]


@dataclass(frozen=True)
class TrainingOptions:
    """All options; the defaults are the repaired ways, ``as_logged()`` gives the log's.

    Attributes:
        steps, batch, learning_rate: length and pace; AdamW.
        target: ``fixed`` anchors to ln n + 0.35 drift, ``adaptive`` learns the coefficient, ``split`` learns it for
            windows that rise (drift > 0) and keeps 0.35 for the others.
        four_steps, eight_steps: whether V must fall over 4 and 8 steps, too.
        schedule: ``cosine``, or ``plateau``: halved when no batch of the last ``patience`` had a new best loss.
        growth_weight: weight of steps that grow against 1 for those that fall.
        hard_share: share of each batch that comes from the pool of trajectories.
        curriculum: whether training trajectories join one by one over ``ramp_length`` steps after ``start_seeds``.
        mining: whether failing numbers are added to the pool every ``mine_interval`` steps, ``mine_count`` at a time.
        mined_share: most that mined numbers may make of the pool's draws; None, the log's way: each is one more seed.
        passes: ``needed``, or ``all`` four forward passes whatever the loss uses.
        precision: of the matrix products of the backward pass; see ``precision.choose_precision``.
    """

    lookahead: int = 10
    groups: tuple[str, ...] = ("log", "residues", "drift", "valuations")
    layers: str = REFERENCE_LAYERS
    steps: int = 2000
    batch: int = 1024
    learning_rate: float = 1e-3
    margin: float = 0.05
    target: Target = "fixed"
    anchor_steps: int = 500
    four_steps: bool = False
    eight_steps: bool = False
    schedule: Literal["cosine", "plateau"] = "cosine"
    patience: int = 500
    growth_weight: float = 1.0
    hard_share: float = 0.5
    curriculum: bool = True
    ramp_length: int = 1000
    start_seeds: int = 0
    mining: bool = True
    mine_interval: int = 500
    mine_count: int = 50
    mined_share: float | None = 0.2
    passes: Literal["needed", "all"] = "needed"
    max_bits: int = 128
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        FeatureSpec(self.lookahead, self.groups)
        parse_layers(self.layers)
        if min(self.steps, self.batch, self.mine_interval) < 1 or not 0 <= self.hard_share <= 1:
            raise DataError("Training needs steps, batch and mine_interval >= 1 and 0 <= hard_share <= 1.")
        if self.mined_share is not None and not 0 <= self.mined_share < 1:
            raise DataError(f"mined_share lies in 0 <= share < 1, or is None; found {self.mined_share}.")


def patience_of(steps: int, share: float = 0.005) -> int:
    """Batches without a new best loss after which the plateau schedule halves: 500 of 100,000 steps, 6 of 1,200."""
    return max(1, round(steps * share))


def as_logged(**changes: object) -> TrainingOptions:
    """The log's way: plateau schedule, growth steps 10:1, mined numbers as seeds, all four passes."""
    base: dict[str, object] = {
        "schedule": "plateau",
        "growth_weight": 10.0,
        "mined_share": None,
        "passes": "all",
    }
    return TrainingOptions(**{**base, **changes})  # type: ignore[arg-type]
