"""Why two arms may not be compared, as data; :mod:`evenhand.decisions.fault_words` makes the sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from evenhand.claims.schema import Arm
from evenhand.decisions.budgets import trained_for
from evenhand.recipes.outcome import FailureClass, Outcome


class FaultKind(StrEnum):
    """What is wrong with a pairing: the word in the brackets of ``invalid (...)``."""

    NOT_DETERMINISTIC = "not deterministic"
    BUDGET = "budget"
    SELECTION = "selection"
    ITEMS = "items"
    RANGE = "range"
    MISSING_PAIRS = "missing pairs"
    CODE = "code"
    DATA = "data"


@dataclass(frozen=True)
class PairFault:
    """Why a pairing is not allowed; each way has a class of its own, with the facts that it rests on."""

    kind: ClassVar[FaultKind]


@dataclass(frozen=True)
class DrewFromStreams(PairFault):
    """An arm that is declared deterministic drew from the bench's random ``streams``."""

    kind = FaultKind.NOT_DETERMINISTIC
    arm: str
    streams: tuple[str, ...]


@dataclass(frozen=True)
class CameOutOtherwise(PairFault):
    """A null arm and the baseline that it repeats are declared deterministic, and differ."""

    kind = FaultKind.NOT_DETERMINISTIC
    arm: str
    against: str


@dataclass(frozen=True)
class TrainedAllTheSame(PairFault):
    """An arm that is declared untrained spent: unit to amount."""

    kind = FaultKind.BUDGET
    arm: str
    spent: Mapping[str, float]


@dataclass(frozen=True)
class UnequalBudget(PairFault):
    """Two arms were not bought at the same budget.

    Attributes:
        seed: of the pair.
        arms: variant and reference.
        unit: of the budget.
        spent: what each spent; None where a recipe that trains reports nothing in this unit.
    """

    kind = FaultKind.BUDGET
    seed: int
    arms: tuple[str, str]
    unit: str
    spent: tuple[float, float] | None


@dataclass(frozen=True)
class ChoiceFault:
    """Why no checkpoint of a trial may be selected.

    Attributes:
        reason: steps without a selection split, items in both splits, or other items from step to step.
        metric: whose checkpoints.
        steps: without a selection split.
        items: in both splits.
    """

    reason: Literal["no selection split", "shared items", "other items by step"]
    metric: str
    steps: tuple[float, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoFairChoice(PairFault):
    """The selected checkpoints of two arms may not be compared: both must have had the same choice.

    Attributes:
        seed: of the pair.
        arms: whose choice is at fault; both where they chose among other ``steps``, none where no steps are recorded.
        choice: why the one arm's checkpoint may not be selected, or None.
        steps: among which each of two arms chose.
    """

    kind = FaultKind.SELECTION
    seed: int
    arms: tuple[str, ...] = ()
    choice: ChoiceFault | None = None
    steps: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class OtherItems(PairFault):
    """An arm was not scored on the items of the other: ``found`` names those that are missing where."""

    kind = FaultKind.ITEMS
    arm: str
    seed: int
    against: str
    found: str


@dataclass(frozen=True)
class OtherGroups(PairFault):
    """An arm's clusters group the items otherwise than those of ``other`` at ``other_seed`` do."""

    kind = FaultKind.ITEMS
    arm: str
    seed: int
    other: str
    other_seed: int


@dataclass(frozen=True)
class OutOfRange(PairFault):
    """Scores outside what the metric was declared to be able to take: either the scorer or the claim is wrong.

    Attributes:
        metric: its name.
        scores: least and largest.
        declared: floor and ceiling.
    """

    kind = FaultKind.RANGE
    metric: str
    scores: tuple[float, float]
    declared: tuple[float | None, float | None]


@dataclass(frozen=True)
class TooFewPairs(PairFault):
    """Too many pairs are gone, or one arm lost more than the other: ``found`` counts them."""

    kind = FaultKind.MISSING_PAIRS
    found: str


@dataclass(frozen=True)
class Missing:
    """Why a trial has no scores.

    Attributes:
        kind: class of its failure; "undefined" where the recipe gives no value, "pending" where it has not run.
        told: what the failure says, or why there is no value; empty where nothing was said.
    """

    kind: FailureClass | Literal["pending", "undefined"]
    told: str = ""


Lost = Mapping[int, Mapping[str, Missing]]
"""Seeds whose pair is not complete: arm to what it lacks there."""

Who = tuple[str, tuple[int, ...]]
"""An arm with its seeds; none for a deterministic one."""


@dataclass(frozen=True)
class MadeOtherwise(PairFault):
    """Outcomes were not made by the same code.

    Attributes:
        what: module, file or package that was not the same for all.
        groups: arms with their seeds, one group for each state of it.
    """

    kind = FaultKind.CODE
    what: str
    groups: tuple[tuple[Who, ...], ...]


@dataclass(frozen=True)
class MadeFromOther(MadeOtherwise):
    """Outcomes were not made from the same data."""

    kind = FaultKind.DATA


def flag_fault(arm: Arm, outcome: Outcome | None, unit: str) -> PairFault | None:
    """Why an arm is not what its flags say, or None: each flag switches off a protection, so what it says must hold."""
    if outcome is None:
        return None
    if arm.deterministic and outcome.draws:
        return DrewFromStreams(arm.name, tuple(outcome.draws))
    spent = trained_for(outcome, unit) if arm.untrained else None
    return TrainedAllTheSame(arm.name, spent) if spent else None
