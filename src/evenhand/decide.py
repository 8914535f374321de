"""Verdicts: a claim and its outcomes in, a decision out. Pure: equal inputs give equal decisions.

The verdicts stand in a fixed order and the first that matches wins: not-run, invalid, pruned, no-op, no-effect, gain or
regression, inconclusive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenhand import statistics
from evenhand.claim import Arm, Condition, MetricClaim, Rung
from evenhand.contrasts import Outcomes, Pairs, contrast
from evenhand.plan import ResolvedClaim
from evenhand.trial import Trial
from evenhand.verdict import Contrast, Decision, Interaction, Verdict, VerdictKind

MISSING_LIMIT = 0.2
"""More dropped pairs than this share make a contrast invalid."""

NULL_LEVEL = 0.99
"""A null arm fails when its interval at this level excludes 0: by chance in 1 of 100 claims."""


@dataclass(frozen=True)
class Progress:
    """Where a claim stands on its ladder.

    Attributes:
        rung: the rung that runs now; the last one when all is done.
        standing: names of the arms that run at it.
        pruned: arm name to the reason it was screened out.
        pending: its trials that have no outcome yet, in the order in which to run them.
        finished: nothing is left to run.
    """

    rung: Rung
    standing: tuple[str, ...]
    pruned: Mapping[str, tuple[str, str]]
    pending: tuple[Trial, ...]
    finished: bool


def progress(claim: ResolvedClaim, outcomes: Outcomes) -> Progress:
    """The next trials of a claim, given the outcomes so far (failures that will not be retried included)."""
    pruned: dict[str, tuple[str, str]] = {}
    rungs = claim.claim.rungs
    for rung in rungs:
        standing = tuple(arm.name for arm in claim.arms() if arm.name not in pruned)
        pending = tuple(trial for trial in claim.trials(rung, standing) if trial.id not in outcomes)
        if pending:
            return Progress(rung, standing, pruned, pending, False)
        if rung is not rungs[-1]:
            pruned |= screen(claim, rung, standing, outcomes)
            if all(arm.name in pruned for arm in claim.arms("variant")):
                return Progress(rung, standing, pruned, (), True)
    standing = tuple(arm.name for arm in claim.arms() if arm.name not in pruned)
    return Progress(rungs[-1], standing, pruned, (), True)


def screen(claim: ResolvedClaim, rung: Rung, standing: Sequence[str], outcomes: Outcomes) -> dict[str, tuple[str, str]]:
    """Variants to prune after a screening rung: arm name to (rung name, reason).

    Only variants are pruned, only where every target condition says so, and never for their luck: futility needs the
    upper confidence bound below the margin.
    """
    pruned = {}
    for arm in claim.arms("variant"):
        if arm.name not in standing or rung.prune.rule == "none":
            continue
        reasons = [
            _futile(claim, arm, condition, rung, metric, outcomes)
            for condition in _targets(claim)
            for metric in _primary(claim)
        ]
        if reasons and all(reasons):
            pruned[arm.name] = (rung.name, reasons[0])
    return pruned


def _futile(
    claim: ResolvedClaim, arm: Arm, condition: Condition, rung: Rung, metric: MetricClaim, outcomes: Outcomes
) -> str:
    """Why an arm need not go on in one condition, or empty."""
    rule = rung.prune
    found, _ = contrast(claim, arm, claim.baseline, condition, rung, metric, outcomes, level=2 * rule.confidence - 1)
    if found.estimate is None:
        return ""
    if rule.rule == "threshold" and rule.threshold is not None:
        below = found.estimate < rule.threshold
        text = f"{found.estimate:+.4g} is below the threshold {rule.threshold:g} (a rule without error control)"
        return text if below else ""
    if found.interval is None or found.interval[1] >= metric.margin:
        return ""
    return (
        f"the {rule.confidence:.0%} upper bound of its difference, {found.interval[1]:+.4g}, is below the margin "
        f"{metric.margin:g}"
    )


def _targets(claim: ResolvedClaim) -> tuple[Condition, ...]:
    """Conditions in which an effect is looked for; all of them where each is a control."""
    targets = tuple(c for c in claim.claim.conditions if c.expect != "no-effect")
    return targets or claim.claim.conditions


def _primary(claim: ResolvedClaim) -> tuple[MetricClaim, ...]:
    return tuple(metric for metric in claim.claim.metrics if metric.primary)


def decide(claim: ResolvedClaim, outcomes: Outcomes) -> Decision:
    """All verdicts of a claim from the outcomes it has so far.

    Args:
        claim: resolved.
        outcomes: trial id to its outcome; trials without one count as not run.
    """
    stand = progress(claim, outcomes)
    rung = claim.claim.rungs[-1]
    verdicts: list[Verdict] = []
    for metric in _primary(claim):
        for condition in claim.claim.conditions:
            null_fault = _null_fault(claim, condition, rung, metric, outcomes)
            for arm in claim.arms("variant", "null"):
                if arm.name in stand.pruned:
                    verdicts.append(_pruned(claim, arm, condition, metric, *stand.pruned[arm.name]))
                    continue
                against = [claim.baseline, *(claim.arms("rival") if arm.role == "variant" else ())]
                found = [_judged(claim, arm, other, condition, rung, metric, outcomes) for other in against]
                verdict = _combine(claim, arm, condition, rung, metric, found)
                if null_fault and arm.role == "variant" and verdict.kind not in ("not-run", "invalid"):
                    verdict = replace(
                        verdict, kind="invalid", qualifier="null arm", reasons=(null_fault, *verdict.reasons)
                    )
                verdicts.append(verdict)
    verdicts = _with_controls(claim, verdicts)
    interactions = tuple(_interactions(claim, rung, stand.standing, outcomes))
    return Decision(
        claim.name, claim.hash, tuple(verdicts), interactions, _warnings(claim, rung, verdicts), stand.finished
    )


def _pruned(
    claim: ResolvedClaim, arm: Arm, condition: Condition, metric: MetricClaim, rung: str, reason: str
) -> Verdict:
    text = f"screened out at rung '{rung}': {reason}. This says nothing about the size of its effect."
    return Verdict(arm.name, arm.role, condition.name, metric.name, rung, "pruned", (text,), rung)


def _judged(
    claim: ResolvedClaim, arm: Arm, against: Arm, condition: Condition, rung: Rung, metric: MetricClaim,
    outcomes: Outcomes,
) -> Contrast:  # fmt: skip
    level = 1 - claim.claim.alpha
    found, pairs = contrast(claim, arm, against, condition, rung, metric, outcomes, level=level)
    kind, words = judge(found, pairs, metric, len(rung.seeds))
    return replace(found, kind=kind, words=words)


def judge(found: Contrast, pairs: Pairs, metric: MetricClaim, planned: int) -> tuple[VerdictKind, str]:
    """The verdict of one contrast and its sentence; the first rule that matches wins."""
    if found.invalid:
        return "invalid", found.invalid
    if not found.seeds:
        causes = Counter(kind for kinds in pairs.failures.values() for kind in kinds)
        cause = causes.most_common(1)[0][0] if causes else "not-run"
        return "not-run", f"{cause}: no pair is complete ({next(iter(found.dropped.values()), 'no trial has run')})"
    fault = missing_fault(found, pairs, planned)
    if fault:
        return "invalid", fault
    if found.saturated:
        return "invalid", f"saturated: {found.saturated}"
    if found.identical:
        return "no-op", f"every paired output is identical over {len(found.seeds)} seeds: the change changes nothing"
    return _sized(found, metric)


def missing_fault(found: Contrast, pairs: Pairs, planned: int) -> str:
    """Why too few pairs are left for a verdict, or empty."""
    if len(found.dropped) > MISSING_LIMIT * planned:
        return f"missing pairs: {len(found.dropped)} of {planned} pairs are missing"
    counts = {arm: len(kinds) for arm, kinds in pairs.failures.items()}
    if len({counts.get(arm, 0) for arm in (found.arm, found.against)}) > 1 and len(found.dropped) > 1:
        return f"missing pairs: drops differ by arm ({counts})"
    return ""


def _sized(found: Contrast, metric: MetricClaim) -> tuple[VerdictKind, str]:
    """No effect, gain, regression or inconclusive, by the intervals."""
    figures = describe(found)
    if found.interval is None or found.equivalence_interval is None or found.estimate is None:
        return "inconclusive", f"{figures}: {found.why_none}"
    low, high = found.equivalence_interval
    excludes = found.interval[0] > 0 or found.interval[1] < 0
    if -metric.margin < low and high < metric.margin:
        trivial = "; an effect is there, but trivial" if excludes else ""
        return "no-effect", f"{figures}: inside +-{metric.margin:g}{trivial}"
    if excludes:
        kind: VerdictKind = "gain" if found.estimate > 0 else "regression"
        clears = found.interval[0] >= metric.margin or found.interval[1] <= -metric.margin
        return kind, f"{figures}: {kind}{', at least the margin' if clears else ''}"
    return "inconclusive", f"{figures}: inconclusive; {_what_would_settle(found, metric)}"


def describe(found: Contrast) -> str:
    """Estimate, interval and size of a contrast in words."""
    size = f"over {len(found.seeds)} seeds" + (f" x {found.items} items" if found.items else "")
    if found.estimate is None:
        return f"{found.arm} against {found.against}: no estimate {size}"
    text = f"{found.arm} against {found.against}: {found.estimate:+.4f}"
    if found.interval is None:
        return f"{text} {size}"
    return f"{text}, {found.level:.0%} interval {found.interval[0]:+.4f} to {found.interval[1]:+.4f} {size}"


def _what_would_settle(found: Contrast, metric: MetricClaim) -> str:
    """How many seeds would find an effect of this size, or of the margin."""
    if len(found.differences) < 2:
        return "more seeds are needed"
    sd = float(np.std(found.differences, ddof=1))
    wanted = max(abs(found.estimate or 0.0), metric.margin)
    for seeds in range(2, 201):
        effect = statistics.smallest_detectable_effect(seeds, sd).effect if sd > 0 else 0.0
        if effect is not None and effect <= wanted:
            return f"{max(seeds, len(found.seeds) + 1)} seeds would settle an effect of {wanted:.3g}"
    return f"not even 200 seeds would settle an effect of {wanted:.3g}"


_QUALIFIER_WORDS = ("budget", "items", "saturated", "missing pairs")


def _qualifier(found: Contrast, metric: MetricClaim) -> str:
    """The word in brackets behind a verdict."""
    head = found.words.split(":", 1)[0]
    if found.kind == "not-run":
        return head
    if found.kind == "invalid":
        return head if head in _QUALIFIER_WORDS else ""
    if found.kind == "no-effect" and "trivial" in found.words:
        return "trivial"
    return ">= margin" if found.words.endswith("at least the margin") else ""


def _combine(
    claim: ResolvedClaim, arm: Arm, condition: Condition, rung: Rung, metric: MetricClaim, found: list[Contrast]
) -> Verdict:
    """One verdict from the contrasts with the baseline and with every rival (an intersection-union test)."""
    baseline, rivals = found[0], found[1:]
    deciding = baseline
    if baseline.kind == "gain":
        standing = [rival for rival in rivals if rival.kind != "gain"]
        everyone = standing or found
        deciding = min(everyone, key=lambda c: (c.estimate is not None, c.estimate or 0.0))
    qualifier = _qualifier(deciding, metric)
    if deciding is not baseline and deciding.kind != "gain":
        qualifier = f"{qualifier + ', ' if qualifier else ''}against {deciding.against}"
    order = [deciding, *(c for c in found if c is not deciding)]
    return Verdict(
        arm.name, arm.role, condition.name, metric.name, rung.name, deciding.kind,
        tuple(c.words for c in order), qualifier, tuple(found), deciding.against, 1 - claim.claim.alpha,
    )  # fmt: skip


def _null_fault(claim: ResolvedClaim, condition: Condition, rung: Rung, metric: MetricClaim, outcomes: Outcomes) -> str:
    """Why the A/A comparison of a condition failed, or empty."""
    for arm in claim.arms("null"):
        found, _ = contrast(claim, arm, claim.baseline, condition, rung, metric, outcomes, level=NULL_LEVEL)
        if found.interval is not None and (found.interval[0] > 0 or found.interval[1] < 0):
            return f"the null arm '{arm.name}' differs from the baseline it repeats: {describe(found)}"
    return ""


def _with_controls(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Judge control conditions by what is expected there; a failed control makes the target verdicts invalid."""
    controls = {c.name for c in claim.claim.conditions if c.expect == "no-effect"}
    failed = {
        (v.arm, v.metric): v
        for v in verdicts
        if v.condition in controls and v.role == "variant" and _against_baseline(v) in ("gain", "regression")
    }
    judged = []
    for verdict in verdicts:
        control = failed.get((verdict.arm, verdict.metric))
        sized = verdict.kind not in ("not-run", "invalid", "pruned", "no-op")
        if control is not None and verdict.condition not in controls and sized:
            reason = f"the control condition '{control.condition}' shows an effect where none was expected"
            verdict = replace(verdict, kind="invalid", qualifier="control", reasons=(reason, *verdict.reasons))
        judged.append(verdict)
    return judged


def _against_baseline(verdict: Verdict) -> VerdictKind:
    return verdict.contrasts[0].kind if verdict.contrasts else verdict.kind


def _interactions(claim: ResolvedClaim, rung: Rung, standing: Sequence[str], outcomes: Outcomes) -> list[Interaction]:
    """Differences of differences: each target condition less each control condition, seed by seed."""
    controls = [c for c in claim.claim.conditions if c.expect == "no-effect"]
    found = []
    for metric in _primary(claim):
        for arm in claim.arms("variant"):
            if arm.name not in standing:
                continue
            for target in claim.claim.conditions:
                for control in controls if target.expect != "no-effect" else ():
                    found.append(_interaction(claim, arm, target, control, rung, metric, outcomes))
    return found


def _interaction(
    claim: ResolvedClaim, arm: Arm, target: Condition, control: Condition, rung: Rung, metric: MetricClaim,
    outcomes: Outcomes,
) -> Interaction:  # fmt: skip
    level = 1 - claim.claim.alpha
    here, there = (
        contrast(claim, arm, claim.baseline, c, rung, metric, outcomes, level=level)[0] for c in (target, control)
    )
    by_seed = [dict(zip(c.seeds, c.differences, strict=True)) for c in (here, there)]
    shared = [seed for seed in rung.seeds if seed in by_seed[0] and seed in by_seed[1]]
    differences = tuple(by_seed[0][seed] - by_seed[1][seed] for seed in shared)
    names = (arm.name, claim.baseline.name, metric.name, target.name, control.name)
    if not differences:
        return Interaction(*names, None, None, None, (), "no seed has a complete pair in both conditions")
    result = statistics.paired_t(differences, level)
    interval = None if result.interval is None else (result.interval.low, result.interval.high)
    return Interaction(*names, result.estimate, interval, result.p, differences, result.reason or "")


def _warnings(claim: ResolvedClaim, rung: Rung, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What a reader must know before believing the verdicts."""
    warnings = []
    if len(rung.seeds) <= 5:
        warnings.append(
            f"The intervals rest on {len(rung.seeds)} seeds and on a normality that nobody can check at this number."
        )
    controls = {c.name for c in claim.claim.conditions if c.expect == "no-effect"}
    for verdict in verdicts:
        kind = _against_baseline(verdict)
        if verdict.condition in controls and verdict.role == "variant" and kind not in ("no-effect", "no-op"):
            warnings.append(
                f"Control condition '{verdict.condition}': no effect of '{verdict.arm}' was expected; found {kind}."
            )
    return tuple(warnings)


def running_contrasts(claim: ResolvedClaim, stand: Progress, outcomes: Outcomes) -> tuple[Contrast, ...]:
    """Variants against the baseline over the pairs of the present rung so far: to watch, never to judge by."""
    level = 1 - claim.claim.alpha
    return tuple(
        contrast(claim, arm, claim.baseline, condition, stand.rung, metric, outcomes, level=level)[0]
        for metric in _primary(claim)
        for condition in claim.claim.conditions
        for arm in claim.arms("variant")
        if arm.name in stand.standing
    )
