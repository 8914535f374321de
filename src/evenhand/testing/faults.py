"""Planted faults: outcomes spoilt in the ways that evenhand must see, each with the verdict that it must lead to.

A recipe's author plants them into outcomes of trials of his own to see that his claim would not be fooled::

    for fault in FAULTS:
        verdict = decide(claim, planted(claim, outcomes, fault, "on")).verdicts[0]
        assert fault.leads_to in verdict.title
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evenhand.claims.resolve import ResolvedClaim
from evenhand.recipes.outcome import Failure, ItemScores, Outcome
from evenhand.recipes.trial import Trial


@dataclass(frozen=True)
class PlantedFault:
    """One way to spoil the outcomes of an arm.

    Attributes:
        name: of the fault.
        leads_to: what must stand in the title of the verdict on that arm.
        spoil: (trial of the arm, its outcome, the baseline's outcome at the same place) to the spoilt outcome.
    """

    name: str
    leads_to: str
    spoil: Callable[[Trial, Outcome, Outcome], Outcome]


def _budget(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, spent={**own.spent, trial.unit: 2 * trial.amount})


def _unpaid(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, spent={})


def _items(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    def shifted(table: ItemScores) -> ItemScores:
        return replace(table, ids=tuple(f"other {item}" for item in table.ids))

    return replace(own, items={name: shifted(table) for name, table in own.items.items()})


def _copy(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, items=baseline.items, metrics=baseline.metrics)


def _out_of_range(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, items={name: replace(t, scores=np.asarray(t.scores) + 100.0) for name, t in own.items.items()})


def _lost(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return Outcome(failure=Failure("timeout", "stopped after its limit"))


def _diverged(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return Outcome(failure=Failure("diverged", "loss is nan"))


def _other_code(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, code={**own.code, "planted.py": "other code"})


def _other_data(trial: Trial, own: Outcome, baseline: Outcome) -> Outcome:
    return replace(own, data={**own.data, "planted.csv": "other data"})


FAULTS: tuple[PlantedFault, ...] = (
    PlantedFault("twice the budget", "invalid (budget)", _budget),
    PlantedFault("no budget told", "invalid (budget)", _unpaid),
    PlantedFault("other items", "invalid (items)", _items),
    PlantedFault("scores outside the metric's range", "invalid (range)", _out_of_range),
    PlantedFault("made by other code", "invalid (code)", _other_code),
    PlantedFault("made from other data", "invalid (data)", _other_data),
    PlantedFault("a copy of the baseline's scores", "inconclusive (scores identical)", _copy),
    PlantedFault("every trial timed out", "not-run (timeout)", _lost),
    PlantedFault("every trial diverged", "diverged", _diverged),
)
"""What must be seen, in outcomes of item-wise metrics with a floor and a ceiling and no recorded outputs."""


def planted(claim: ResolvedClaim, outcomes: Mapping[str, Outcome], fault: PlantedFault, arm: str) -> dict[str, Outcome]:
    """The outcomes with a fault in every trial of an arm (for code and data, the baseline's are told apart).

    Raises:
        KeyError: the claim has no such arm, or the outcomes of its trials are not all there.
    """
    spoilt = dict(outcomes)
    chosen = next((a for a in claim.claim.arms if a.name == arm), None)
    if chosen is None:
        raise KeyError(arm)
    for rung in claim.claim.rungs:
        for condition in claim.claim.conditions:
            for seed in rung.seeds:
                trial = claim.trial(chosen, condition, rung, seed)
                known = claim.trial(claim.baseline, condition, rung, seed)
                own, other = outcomes[trial.id], outcomes[known.id]
                spoilt[trial.id] = fault.spoil(trial, own, other)
                spoilt[known.id] = replace(
                    other,
                    code={"planted.py": "the code", **other.code},
                    data={"planted.csv": "the data", **other.data},
                )
    return spoilt
