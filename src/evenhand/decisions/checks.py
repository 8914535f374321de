"""Null arms and control conditions: what makes the verdicts of an experiment invalid. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.pair_faults import FaultKind
from evenhand.decisions.verdict import Overruled, Verdict, VerdictKind


def overruled(claim: ResolvedClaim, verdicts: Sequence[Verdict], null_arms: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts on variants, invalid where a null arm or a control condition failed."""
    nulls = {(v.condition, v.metric): v for v in null_arms if v.kind.is_effect or _not_repeated(v)}
    still = {condition.name for condition in claim.expected_still}
    failed = {(v.arm, v.metric): v for v in verdicts if v.condition in still and v.against_baseline.is_effect}
    checked = []
    for verdict in verdicts:
        null = nulls.get((verdict.condition, verdict.metric))
        control = failed.get((verdict.arm, verdict.metric))
        why: Overruled | None = None
        if null is not None:
            why = Overruled("null arm", null)
        elif control is not None and verdict.condition not in still:
            why = Overruled("control", control)
        if why is not None and verdict.kind.rests_on_estimate:
            verdict = replace(verdict, kind=VerdictKind.INVALID, overruled=why)
        checked.append(verdict)
    return checked


def _not_repeated(null: Verdict) -> bool:
    """Whether a null arm that is declared deterministic came out otherwise than the baseline."""
    fault = None if null.deciding is None else null.deciding.fault
    return fault is not None and fault.kind is FaultKind.NOT_DETERMINISTIC
