"""From the records of a claim to what its recipe wants shown: the scored trials, and the recipe's function on them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Decision
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes.exhibit import (
    Bars,
    Exhibit,
    ExhibitFunction,
    Grid,
    Lines,
    RecallFunction,
    Samples,
    Scatter,
    ScoredTrial,
)
from evenhand.recipes.outcome import Outcome
from evenhand.report.exhibits.items import item_exhibits
from evenhand.report.results import Results

_KINDS = (Scatter, Bars, Lines, Grid, Samples)
_MESSAGE = 600
_FAULTS = 3


@dataclass(frozen=True)
class Exhibited:
    """What came of a recipe's exhibits.

    Attributes:
        exhibits: that can be shown.
        faults: why there are none, or which could not be used; for people.
    """

    exhibits: tuple[Exhibit, ...] = ()
    faults: tuple[str, ...] = ()


def scored_trials(claim: ResolvedClaim, records: Sequence[OutcomeRecord]) -> tuple[ScoredTrial, ...]:
    """The planned trials with scores: rung by rung, condition by condition, arm by arm, seed by seed.

    A record that answers several planned trials (settings that are equal in two conditions) comes once, at the first.
    """
    found: dict[str, ScoredTrial] = {}
    for trial in _every_place(claim, Results.of(claim, records)):
        if trial.id not in found:
            found[trial.id] = replace(trial, outcome=_guarded(trial.outcome))
    return tuple(found.values())


def _every_place(claim: ResolvedClaim, results: Results) -> Iterator[ScoredTrial]:
    """A trial for every place in the plan whose scores are known."""
    roles = {arm.name: arm.role for arm in claim.arms()}
    for planned in results.planned:
        trial, record = planned.trial, planned.scored
        if record is not None:
            yield ScoredTrial(
                id=trial.id,
                arm=trial.arm,
                role=roles[trial.arm],
                condition=trial.condition,
                rung=trial.rung,
                seed=trial.seed,
                settings=trial.settings,
                outcome=record.outcome,
            )


def make_item_exhibits(
    claim: ResolvedClaim, decision: Decision, records: Sequence[OutcomeRecord], recall: RecallFunction | None = None
) -> Exhibited:
    """The lab's own exhibits of what was recorded of the items.

    Args:
        claim, decision, records: of the report.
        recall: the recipe's, for its early records.
    """
    results = Results.of(claim, records)
    trials, fault = _recalled(tuple(_every_place(claim, results)), recall)
    counting = [planned.record for planned in results.planned]
    outcomes = {record.trial.id: record.outcome for record in counting if record is not None}
    return Exhibited(item_exhibits(claim, decision, trials, outcomes), fault)


def recalled(trials: Sequence[ScoredTrial], recall: RecallFunction | None) -> tuple[ScoredTrial, ...]:
    """Trials whose early records were completed; as they are where the recipe's function fails."""
    return _recalled(tuple(trials), recall)[0]


def _recalled(
    trials: tuple[ScoredTrial, ...], recall: RecallFunction | None
) -> tuple[tuple[ScoredTrial, ...], tuple[str, ...]]:
    if recall is None:
        return trials, ()
    try:
        return tuple(map(recall, trials)), ()
    except Exception as error:
        return trials, (_raised(recall, error, "The recalls function"),)


def _guarded(outcome: Outcome) -> Outcome:
    """The outcome with arrays that cannot be written to: the rest of the page is made of the same ones."""
    return replace(
        outcome,
        items={name: replace(table, scores=_locked(table.scores)) for name, table in outcome.items.items()},
        curves={
            name: replace(curve, steps=_locked(curve.steps), values=_locked(curve.values))
            for name, curve in outcome.curves.items()
        },
    )


def _locked(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    view = values.view()
    view.setflags(write=False)
    return view


def make_exhibits(function: ExhibitFunction, trials: Sequence[ScoredTrial]) -> Exhibited:
    """Call a recipe's function; whatever it does wrong becomes a fault in words. Without trials it is not called."""
    if not trials:
        return Exhibited()
    try:
        made = list(function(trials))
    except Exception as error:
        return Exhibited(faults=(_raised(function, error),))
    exhibits: list[Exhibit] = []
    faults: list[str] = []
    for number, one in enumerate(made, 1):
        try:
            exhibits.append(_checked(one))
        except (TypeError, ValidationError) as error:
            faults.append(f"Exhibit {number}{_title(one)} cannot be shown: {_words(error)}")
    return Exhibited(tuple(exhibits), tuple(faults))


def _raised(function: Callable[..., Any], error: Exception, what: str = "The exhibits function") -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    name = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', type(function).__name__)}"
    message = str(error)
    message = message if len(message) <= _MESSAGE else f"{message[:_MESSAGE]} … ({len(message) - _MESSAGE:,} more)"
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return f"{what} '{name}' raised {type(error).__name__}: {message} (at {where})"


def _checked(one: Any) -> Exhibit:
    """The exhibit with numbers as numbers and texts as texts all through.

    Raises:
        TypeError: it is none of the kinds.
        ValidationError: fields hold what they should not.
    """
    for kind in _KINDS:
        if isinstance(one, kind):
            checked: Exhibit = _adapter(kind).validate_python((one,))[0]
            return checked
    known = ", ".join(kind.__name__ for kind in _KINDS)
    raise TypeError(f"it is of the type '{type(one).__name__}', expected one of {known}.")


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    # Dataclasses check nothing by themselves. Arrays and numpy's numbers are as good as tuples and floats.
    return TypeAdapter(tuple[kind], config=ConfigDict(revalidate_instances="always", coerce_numbers_to_str=True))  # type: ignore[valid-type]


def _title(one: Any) -> str:
    title = getattr(one, "title", None)
    return f" ('{title[:80]}')" if isinstance(title, str) else ""


def _words(error: TypeError | ValidationError) -> str:
    if isinstance(error, TypeError):
        return str(error)
    found = error.errors(include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}; found {e['input']!r:.60}" for e in found[:_FAULTS]]
    more = f"; {len(found) - _FAULTS} more faults" if len(found) > _FAULTS else ""
    return "; ".join(said) + more + "."
