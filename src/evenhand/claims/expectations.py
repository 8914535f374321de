"""What a claim expects of its trials and its neighbours, checked as soon as it can be known. Pure.

A claim that asks for a metric that its recipe does not report, or for more items than there are, is stopped after its
first trial and not after all of them. Such a claim has no usable result, so mending it is no amendment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import MetricClaim, pool_faults
from evenhand.errors import counted
from evenhand.recipes.outcome import Failure, Outcome
from evenhand.recipes.trial import Trial

Place = tuple[str | int, ...]

_FIRST = 2
"""Trials of an arm after which it is told that they all lack what the claim is about."""


def unmet(claim: ResolvedClaim, trial: Trial, outcome: Outcome) -> list[tuple[Place, str]]:
    """What no trial of a claim can give it, as the outcome of one trial shows: key of the claim, and why.

    A metric counts as reported where the trial gives it, item by item or as a number, or says why it cannot. Reference
    arms are judged against nothing and may report less.
    """
    if outcome.pool is not None and (faults := pool_faults(claim.claim, outcome.pool)):
        return faults
    role = next(arm.role for arm in claim.claim.arms if arm.name == trial.arm)
    if outcome.failure is not None or role == "reference":
        return []
    found: list[tuple[Place, str]] = []
    for m, metric in enumerate(claim.claim.metrics):
        if metric.name not in outcome.undefined:
            found.extend((("metric", m, key), message) for key, message in _missing(metric, outcome))
    return found


def _missing(metric: MetricClaim, outcome: Outcome) -> list[tuple[str, str]]:
    steps = sorted(name for name in outcome.items if name.startswith(f"{metric.name}@"))
    if metric.checkpoint == "selected":
        if any(f"{name}/selection" in outcome.items for name in steps):
            return []
        scores = f"it records {', '.join(steps)}" if steps else "it records no scores at other checkpoints"
        return [
            ("checkpoint", f"the recipe records no '{metric.name}@STEP/selection' to select a checkpoint by; {scores}")
        ]
    if outcome.metric(metric.name) is not None:
        return []
    reported = sorted({*outcome.metrics, *(name for name in outcome.items if "@" not in name)})
    told = f"it reports {', '.join(reported)}" if reported else "it reports none"
    return [("name", f"the recipe reports no '{metric.name}'; {told}")]


def undefined_alike(claim: ResolvedClaim, trial: Trial, outcomes: Mapping[str, Outcome]) -> str:
    """What to tell, once, where the first trials of an arm leave every primary metric undefined; empty where not.

    An undefined metric is a value that is missing and no failure, so that further trials are made: the next one may
    have it. Who watches may know better.

    Args:
        claim: that runs.
        trial: that has just ended.
        outcomes: trial id to outcome, of this one too.
    """
    rung = next(rung for rung in claim.claim.rungs if rung.name == trial.rung)
    ended = [outcomes[own.id] for own in claim.trials(rung, [trial.arm]) if own.id in outcomes]
    if trial.id not in outcomes or len(ended) != _FIRST:
        return ""
    if any(metric.name not in outcome.undefined for outcome in ended for metric in claim.primary):
        return ""
    reasons = dict.fromkeys(why for outcome in ended for why in outcome.undefined.values() if why)
    names = ", ".join(metric.name for metric in claim.primary)
    told = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f"'{trial.arm}' has no {names} in its first {counted(len(ended), 'trial')}{told}. Where that is a fault, stop "
        "the run with Ctrl-C and mend it"
    )


def refused(outcome: Outcome, why: str) -> Outcome:
    """The outcome of a trial that its claim can do nothing with: its costs, no scores, and the reason as a failure."""
    failure = outcome.failure or Failure("code", why, "report")
    return Outcome(
        curves=outcome.curves, spent=outcome.spent, grain=outcome.grain, data=outcome.data, notes=outcome.notes,
        failure=failure, draws=outcome.draws, pool=outcome.pool, code=outcome.code,
        packages=outcome.packages,
    )  # fmt: skip


def is_usable(outcome: Outcome) -> bool:
    """Whether an outcome says something about the model, so that a claim made after it was made with knowledge."""
    return outcome.is_result


def unknown_claims(after: tuple[str, ...], known: Mapping[str, Any]) -> list[str]:
    """Names in ``after`` that no claim has, neither in the ledger nor beside the file."""
    return [name for name in after if name not in known]
