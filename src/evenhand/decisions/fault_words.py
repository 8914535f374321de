"""The words of what makes a pairing invalid: from its facts to one sentence that names the cure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenhand.decisions.pair_faults import (
    CameOutOtherwise,
    ChoiceFault,
    DrewFromStreams,
    Lost,
    MadeOtherwise,
    Missing,
    NoFairChoice,
    OtherGroups,
    OtherItems,
    OutOfRange,
    PairFault,
    TooFewPairs,
    TrainedAllTheSame,
    UnequalBudget,
    Who,
)
from evenhand.decisions.verdict import NoFloor

_MOST_SEEDS = 12
"""Seeds named in a sentence; the ledger knows the others."""


def fault_words(fault: PairFault | None) -> str:
    """Why two arms may not be compared, as a sentence that opens with the kind; empty where they may."""
    return "" if fault is None else f"{fault.kind}: {_facts(fault)}"


def missing_words(missing: Missing) -> str:
    """Why a trial has no scores: ``diverged: the loss is NaN``."""
    if missing.kind == "pending":
        return "not run yet"
    told = missing.told or ("the recipe reports no such metric" if missing.kind == "undefined" else "")
    return f"{missing.kind}: {told}"


def reasons_missing(lost: Lost) -> dict[str, str]:
    """Seed to why its pair is not complete."""
    return {str(seed): lacking_words(lacking) for seed, lacking in lost.items()}


def lacking_words(lacking: Mapping[str, Missing]) -> str:
    """What each arm of a pair lacks."""
    return "; ".join(f"{arm}: {missing_words(missing)}" for arm, missing in lacking.items())


_NO_FLOOR = {
    "no scores": "no trial of it has scores",
    "no right answers": "no right answers are recorded with the items (bench.items(..., expected=...))",
    "no seed": "there is no seed",
    "other items": "its seeds were evaluated on different items",
}


def no_floor_words(obstacle: NoFloor) -> str:
    """Why there is nothing that a baseline could be shown to beat."""
    reason = obstacle.reason
    if isinstance(reason, str):
        return _NO_FLOOR[reason]
    if isinstance(reason, PairFault):
        return fault_words(reason)
    return missing_words(reason) if isinstance(reason, Missing) else lacking_words(reason)


def _facts(fault: PairFault) -> str:  # noqa: PLR0911  one line a fault
    match fault:
        case DrewFromStreams(arm, streams):
            named = ", ".join(f"'{name}'" for name in streams)
            return (
                f"{arm} is declared deterministic and drew from the random streams {named}; "
                "take `deterministic` off, so that it runs once per seed"
            )
        case CameOutOtherwise(arm, against):
            return (
                f"{arm} and {against} are the same configuration run twice, are declared "
                "deterministic, and came out otherwise; take `deterministic` off, so that they run once per seed"
            )
        case TrainedAllTheSame(arm, spent):
            told = ", ".join(f"{amount:g} {unit}" for unit, amount in spent.items())
            return (
                f"{arm} is declared untrained and spent {told}; take `untrained` off, so that its budget is "
                "held equal to that of the others"
            )
        case UnequalBudget(seed, arms, unit, spent):
            return f"at seed {seed}, {arms[0]} and {arms[1]}: {_budget(unit, spent)}"
        case NoFairChoice():
            return f"at seed {fault.seed}, {_no_fair_choice(fault)}"
        case OtherItems(arm, seed, against, found):
            return f"{arm} at seed {seed} was not scored on the items of {against}: {found}"
        case OtherGroups(arm, seed, other, other_seed):
            return (
                f"{arm} at seed {seed} groups the items otherwise than {other} at seed {other_seed} does; have both "
                "made by one version of the recipe"
            )
        case OutOfRange(metric, (low, high), (floor, ceiling)):
            return (
                f"scores of {metric} run from {low:.6g} to {high:.6g}, outside the declared "
                f"{floor} to {ceiling}; mend the scorer, or floor and ceiling of the metric"
            )
        case TooFewPairs(found):
            return found
        case MadeOtherwise(what, groups):
            told = " against ".join(who_words(group) for group in groups)
            return (
                f"{what} was not the same for all: {told}; run the claim again, so that all trials are "
                "made by one state of it"
            )
    raise NotImplementedError(f"no sentence for {type(fault).__name__}")


def _budget(unit: str, spent: tuple[float, float] | None) -> str:
    if spent is None:
        return f"a recipe that trains must report what it spends in {unit} (bench.budget.spend({unit}=...))"
    return f"spent {spent[0]:g} against {spent[1]:g} {unit}"


def _no_fair_choice(fault: NoFairChoice) -> str:
    if fault.choice is not None:
        return f"{fault.arms[0]}: {_choice(fault.choice)}"
    if not fault.steps:
        return 'the recipe records no scores by step ("NAME@STEP"), so no checkpoint can be selected'
    told = [steps_words(steps) or "the end alone" for steps in fault.steps]
    mine, theirs = fault.arms
    return f"{mine} chose among steps {told[0]}, {theirs} among {told[1]}; both need the same choice"


def _choice(fault: ChoiceFault) -> str:
    if fault.reason == "no selection split":
        return (
            f'checkpoint = "selected" needs a selection split: record "{fault.metric}@STEP/selection" at every step '
            f"evaluated; missing at {steps_words(fault.steps)}"
        )
    if fault.reason == "shared items":
        named = ", ".join(fault.items[:5]) + (f" and {len(fault.items) - 5} more" if len(fault.items) > 5 else "")
        return f"the selection split shares items with the evaluation split: {named}"
    return "the selection split must hold the same items at every step"


def steps_words(steps: Sequence[float]) -> str:
    """Steps in a list: ``300, 400``."""
    return ", ".join(f"{step:g}" for step in steps)


def who_words(group: Sequence[Who]) -> str:
    """Arms with their seeds: ``off (seeds 0, 1, 2)``."""
    return ", ".join(f"{arm}{_listed(seeds)}" for arm, seeds in group)


def _listed(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    more = " ..." if len(seeds) > _MOST_SEEDS else ""
    return f" ({'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds[:_MOST_SEEDS]))}{more})"
