"""What holds a student near its base: how strongly, by which divergence, at which tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from evenhand.errors import Fault, SettingsError
from evenhand_systems.anchored_sft.anchors import AnchorSchedule, Divergence

Positions = Literal["answers", "tail", "prompts"]


@dataclass(frozen=True)
class Anchor:
    """What holds the student near its base.

    Attributes:
        schedule: strength over training.
        divergence: how distance is measured.
        positions: ``answers``: the tokens that carry cross-entropy; ``tail``: the last ``tail`` real tokens of each
            row; ``prompts``: all tokens of generic ``prompts`` from other data.
        tail: tokens a row; belongs to ``tail``.
        prompts: token ids of generic texts; belong to ``prompts``.
        prompts_per_step: how many of them are drawn for each optimiser step.
        seed: of that drawing.

    Raises:
        SettingsError: a field that is missing for the positions, or has no effect on them.
    """

    schedule: AnchorSchedule
    divergence: Divergence = field(default_factory=Divergence)
    positions: Positions = "answers"
    tail: int | None = None
    prompts: Sequence[Sequence[int]] | None = None
    prompts_per_step: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        faults = []
        for name, belongs in (("tail", "tail"), ("prompts", "prompts"), ("prompts_per_step", "prompts")):
            value = getattr(self, name)
            if self.positions == belongs and not value:
                faults.append(Fault(name, f"is needed with positions = '{belongs}'"))
            if self.positions != belongs and value is not None:
                faults.append(Fault(name, f"has no effect with positions = '{self.positions}'; remove it"))
        if self.prompts is not None and any(len(prompt) < 2 for prompt in self.prompts):
            faults.append(Fault("prompts", "hold a text of fewer than two tokens, of which none can be foretold"))
        if faults:
            raise SettingsError("The anchor", faults)

    def drawn(self, step: int, part: int, parts: int) -> list[Sequence[int]]:
        """The prompts of one of ``parts`` micro-batches of an optimiser step; together always the same set."""
        if self.prompts is None or self.prompts_per_step is None:
            return []
        rng = np.random.default_rng([self.seed, step])
        indices = rng.integers(len(self.prompts), size=self.prompts_per_step)
        return [self.prompts[int(i)] for i in indices[part::parts]]
