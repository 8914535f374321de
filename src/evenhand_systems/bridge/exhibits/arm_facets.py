"""What one set of the bridge's exhibits shows: the trials of one condition at one rung, arm by arm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenhand.recipes.exhibit import ScoredTrial

NONE = "–"
"""Stands where there is no value; the reason stands among what is not shown."""

BRIDGES = "bridges"
ALONE = "no soft tokens"
EVALUATION = "controls at evaluation"
TRAINED = "controls of equal training"
KINDS = (BRIDGES, ALONE, EVALUATION, TRAINED)

Missing = tuple[str, str]
"""What is not shown, and why."""


@dataclass(frozen=True)
class ArmFacet:
    """Scored trials that may stand side by side.

    Attributes:
        about: rung and condition, for a title; empty where the claim has one of each.
        arms: name to its trials, seeds ascending; arms in the claim's order.
    """

    about: str
    arms: Mapping[str, tuple[ScoredTrial, ...]]

    def title(self, text: str) -> str:
        """The title of an exhibit of this facet."""
        return f"{text} ({self.about})" if self.about else text

    def of_kind(self, *kinds: str) -> list[str]:
        """Arms of these kinds, in order."""
        return [name for name, trials in self.arms.items() if kind_of(trials[0]) in kinds]


def facets(trials: Sequence[ScoredTrial]) -> tuple[list[ArmFacet], list[Missing]]:
    """One facet per condition, at its last rung: what was screened is never mixed with what was confirmed."""
    found, missing = [], []
    conditions, rungs = (list(dict.fromkeys(getattr(t, name) for t in trials)) for name in ("condition", "rung"))
    for condition in conditions:
        here = [trial for trial in trials if trial.condition == condition]
        last = max((trial.rung for trial in here), key=rungs.index)
        words = [f"rung {last}"] if len(rungs) > 1 else []
        words += [f"condition {condition}"] if len(conditions) > 1 else []
        arms = {
            name: tuple(sorted((t for t in here if t.arm == name and t.rung == last), key=lambda t: t.seed or 0))
            for name in dict.fromkeys(trial.arm for trial in here)
        }
        facet = ArmFacet(", ".join(words), {name: chosen for name, chosen in arms.items() if chosen})
        found.append(facet)
        missing += [(facet.title(name), f"no scores at the rung {last}") for name, chosen in arms.items() if not chosen]
        missing += [
            (f"rung {rung}", f"only the last rung, {last}, is drawn; screening data are not mixed with it")
            for rung in rungs
            if rung != last and any(trial.rung == rung for trial in here)
        ]
    return found, missing


def kind_of(trial: ScoredTrial) -> str:
    """Which kind of arm a trial belongs to, by its settings and role."""
    settings = trial.settings
    control = settings.get("control", "matched")
    if settings.get("reference", "none") != "none" or control == "no_soft_tokens":
        return ALONE
    if control != "matched":
        return EVALUATION
    simple = settings.get("bridge") in ("linear", "constant_prompt")
    if trial.role == "rival" and (simple or settings.get("source_reading", "trained") != "trained"):
        return TRAINED
    return BRIDGES


def setting(trial: ScoredTrial, name: str, default: Any) -> Any:
    """A setting of a trial, or its default where the record does not have it."""
    return trial.settings.get(name, default)


def per_cent(share: float) -> str:
    """A share as per cent with one decimal."""
    return f"{100 * share:.1f} %"


def in_seeds(count: int, trials: int) -> str:
    """In how many of an arm's seeds something was so; empty where it was so in all."""
    return "" if count == trials else f" ({count} of {trials} seeds)"


def grouped(missing: Iterable[Missing]) -> list[Missing]:
    """What is missing for one reason in one row."""
    by_reason: dict[str, dict[str, None]] = {}
    for what, why in missing:
        by_reason.setdefault(why, {})[what] = None
    return [(", ".join(what), why) for why, what in by_reason.items()]
