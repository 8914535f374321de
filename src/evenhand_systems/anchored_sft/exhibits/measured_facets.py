"""What the exhibits of this system are made of: trials of one rung and condition, their measures, what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evenhand.errors import counted
from evenhand.recipes.exhibit import Direction, ScoredTrial

END, LEVEL = "final_", ""
"""Prefixes of what was measured at the end of the budget, and where the arm first reached the target level."""
STAGES = {LEVEL: "at the target level", END: "at the end of the budget"}


@dataclass(frozen=True)
class Measure:
    """A metric without its prefix: whether more is better, what it is, and whether it is a share of right answers."""

    name: str
    higher: bool
    label: str
    share: bool = False

    @property
    def direction(self) -> Direction:
        """What is better along an axis of this measure."""
        return "more" if self.higher else "less"

    def better(self, here: float, there: float) -> bool:
        """Whether ``here`` is strictly better than ``there``."""
        return here > there if self.higher else here < there


LEARNED = (
    Measure("target", True, "new task answered exactly", share=True),
    Measure("target_loss", False, "loss on the new task, nats per token"),
)
KEPT = (
    Measure("retention", True, "old skills answered exactly", share=True),
    Measure("reward", True, "raw reward of the questions"),
    Measure("text_loss", False, "loss on general text, nats per token"),
)


@dataclass(frozen=True)
class MeasuredFacet:
    """The trials of one rung and condition; ``suffix`` names them in titles where there are several facets."""

    trials: tuple[ScoredTrial, ...]
    suffix: str = ""

    @property
    def arms(self) -> dict[str, list[ScoredTrial]]:
        """Trials by arm, in the claim's order."""
        found: dict[str, list[ScoredTrial]] = {}
        for trial in self.trials:
            found.setdefault(trial.arm, []).append(trial)
        return found

    def reference(self) -> str | None:
        """The arm of the zero-step model, else the baseline."""
        untrained = [trial.arm for trial in self.trials if trial.settings.get("train") is False]
        baseline = [trial.arm for trial in self.trials if trial.role == "baseline"]
        return next(iter([*untrained, *baseline]), None)

    def first_measured(self, measures: Iterable[Measure], stage: str = END) -> Measure | None:
        """The first measure that any trial has."""
        recorded = [m for m in measures if any(t.outcome.metric(stage + m.name) is not None for t in self.trials)]
        return recorded[0] if recorded else None


def facets(trials: Sequence[ScoredTrial]) -> list[MeasuredFacet]:
    """One facet per rung and condition; screening and confirming trials are never pooled."""
    keys = list(dict.fromkeys((trial.rung, trial.condition) for trial in trials))
    rungs, conditions = {rung for rung, _ in keys}, {condition for _, condition in keys}
    found = []
    for rung, condition in keys:
        names = [condition] * (len(conditions) > 1) + [rung] * (len(rungs) > 1)
        chosen = tuple(t for t in trials if (t.rung, t.condition) == (rung, condition))
        found.append(MeasuredFacet(chosen, "".join(f" · {name}" for name in names)))
    return found


def finite(value: float | None) -> float | None:
    """The value, or None where it cannot be drawn."""
    return value if value is not None and math.isfinite(value) else None


def gaps(facet: MeasuredFacet, names: Sequence[str], but: str | None = None) -> str:
    """A sentence that says of which trials (but those of one arm) a metric is missing, and why; empty where none is."""
    texts = []
    for arm, trials in facet.arms.items():
        lacking = [(t, n) for t in trials for n in names if finite(t.outcome.metric(n)) is None]
        if lacking and arm != but:
            # The first lacking metric of each trial tells its reason.
            reasons = {t.id: t.outcome.undefined.get(n, f"{n} was not recorded") for t, n in reversed(lacking)}
            why = "; ".join(sorted(set(reasons.values())))
            texts.append(f"{arm} ({len(reasons)} of {counted(len(trials), 'trial')}: {why})")
    return f" Left out: {', '.join(texts)}." if texts else ""
