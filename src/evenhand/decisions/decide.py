"""Verdicts: a claim and its outcomes in, a decision out. Pure: equal inputs give equal decisions.

A verdict joins the contrasts with the baseline and every rival (an intersection-union test, each at full level). Over
several variants, conditions and primary metrics the levels follow Holm; planned looks have levels of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Condition, MetricClaim
from evenhand.decisions.agreement import disagreement
from evenhand.decisions.cautions import few_seeds, grouped_items, per_verdict
from evenhand.decisions.contrasts import Draws, add_beside, contrast, estimate_pairs, pair
from evenhand.decisions.lost_pairs import Against, with_lost
from evenhand.decisions.pairs import Cell, Outcomes, Pairs, same_items
from evenhand.decisions.rules import RESULT_KINDS, Levels, judge
from evenhand.decisions.screening import (
    Progress,
    adjusted_p,
    climb,
    controls,
    look_counts,
    look_plan,
    pending_trials,
    primary,
    targets,
)
from evenhand.decisions.verdict import Contrast, Decision, Exploratory, Interaction, PlannedLook, Verdict, VerdictKind

NULL_LEVEL = 0.99
"""A null arm fails when its interval at this level excludes 0: by chance in 1 of 100 claims."""

USUAL_ALPHA = 0.05
"""The error rate that a verdict has unless it says another."""

Found = tuple[Contrast, Pairs, statistics.PairedContrast | None]


@dataclass(frozen=True)
class _Bench:
    """A claim with its outcomes and the contrasts computed so far: each look asks for some of them again."""

    claim: ResolvedClaim
    outcomes: Outcomes
    known: dict[tuple[object, ...], Found] = field(default_factory=dict)
    draws: Draws = field(default_factory=Draws)

    def contrast(self, arm: Arm, against: Arm, cell: Cell, level: float, *, beside: bool) -> Found:
        """The contrast of two arms in a cell; see :func:`evenhand.decisions.contrasts.contrast`."""
        key = (arm.name, against.name, cell.condition.name, cell.rung.name, cell.metric.name, cell.seeds, level)
        if key not in self.known:
            self.known[key] = contrast(self.claim, arm, against, cell, self.outcomes, level=level, beside=False)
        plain, pairs, estimate = self.known[key]
        if beside:
            plain = add_beside(self.claim, arm, against, cell, self.outcomes, plain, pairs, self.draws)
        return plain, pairs, estimate


@dataclass(frozen=True)
class _Case:
    """One variant in one cell, with its contrasts: the baseline first, then every rival."""

    arm: Arm
    cell: Cell
    found: tuple[Found, ...]


def progress(claim: ResolvedClaim, outcomes: Outcomes) -> Progress:
    """The next trials of a claim, given the outcomes so far (failures that will not be retried included).

    At the confirming rung trials run up to the next planned look; the claim stops at the first look that settles
    every verdict.
    """
    return _progress(_Bench(claim, outcomes))


def _progress(bench: _Bench) -> Progress:
    claim, outcomes = bench.claim, bench.outcomes
    stand = climb(claim, outcomes)
    if stand.rung is not claim.claim.rungs[-1] or not stand.standing:
        return stand
    for count in look_counts(stand.rung):
        seeds = stand.rung.seeds[:count]
        pending = pending_trials(claim, stand.rung, stand.standing, seeds, outcomes)
        stand = replace(stand, seeds=seeds, pending=pending, finished=not pending)
        if pending or count == len(stand.rung.seeds) or _settled(bench, stand):
            break
    return stand


def _settled(bench: _Bench, stand: Progress) -> bool:
    """Whether every verdict on a variant is settled at the present look."""
    verdicts = _variant_verdicts(bench, stand, beside=False)
    return all(verdict.kind not in ("inconclusive", "not-run") for verdict in verdicts)


def decide(claim: ResolvedClaim, outcomes: Outcomes) -> Decision:
    """All verdicts of a claim from the outcomes it has so far.

    While trials are pending no verdict rests on the pairs at hand: looking early would be an unplanned look, and that
    is refused, not corrected.

    Args:
        claim: resolved.
        outcomes: trial id to its outcome; trials without one count as pending.
    """
    bench = _Bench(claim, outcomes)
    stand = _progress(bench)
    verdicts = _variant_verdicts(bench, stand, beside=True)
    nulls = _null_verdicts(bench, stand)
    verdicts = [*_with_checks(claim, verdicts, nulls), *nulls]
    order = {
        (m.name, c.name, a.name): i
        for i, (m, c, a) in enumerate(
            (m, c, a) for m in primary(claim) for c in claim.claim.conditions for a in claim.arms("variant", "null")
        )
    }
    verdicts.sort(key=lambda v: order[v.metric, v.condition, v.arm])
    return Decision(
        claim=claim.name,
        claim_hash=claim.hash,
        verdicts=tuple(verdicts),
        interactions=tuple(_interactions(bench, stand)),
        exploratory=tuple(_exploratory(bench, stand)),
        warnings=_warnings(bench, stand, verdicts),
        finished=stand.finished,
        look=look_reached(claim, stand),
    )


def look_reached(claim: ResolvedClaim, stand: Progress) -> PlannedLook | None:
    """The planned look that the confirming rung has reached."""
    rung = claim.claim.rungs[-1]
    if not rung.looks or stand.rung is not rung or not stand.standing or stand.pending:
        return None
    number = rung.looks.index(len(stand.seeds)) + 1
    return PlannedLook(rung.looks, number, look_plan(rung, claim.claim.alpha).nominal, stand.finished)


def _cells(claim: ResolvedClaim, stand: Progress, metrics: Sequence[MetricClaim]) -> list[Cell]:
    rung = claim.claim.rungs[-1]
    seeds = stand.seeds if stand.rung is rung else rung.seeds
    return [Cell(condition, rung, metric, seeds) for metric in metrics for condition in claim.claim.conditions]


def _variant_verdicts(bench: _Bench, stand: Progress, *, beside: bool) -> list[Verdict]:
    """One verdict per variant, condition and primary metric, before null arms and controls are considered."""
    claim = bench.claim
    alpha = claim.claim.alpha
    cases: list[_Case] = []
    verdicts: list[Verdict] = []
    for cell in _cells(claim, stand, primary(claim)):
        for arm in claim.arms("variant"):
            if arm.name in stand.pruned:
                verdicts.append(_pruned(claim, arm, cell, *stand.pruned[arm.name]))
                continue
            others = [claim.baseline, *claim.arms("rival")]
            found = tuple(bench.contrast(arm, other, cell, 1 - alpha, beside=beside) for other in others)
            cases.append(_Case(arm, cell, found))
    levels = _levels(claim, cases)
    return verdicts + [_verdict(case, levels[i], alpha, plan=beside, among=len(cases)) for i, case in enumerate(cases)]


def _levels(claim: ResolvedClaim, cases: Sequence[_Case]) -> list[Levels]:
    """The error rates of each case: planned looks for all, Holm over the cases in target conditions."""
    alpha = claim.claim.alpha
    plan = look_plan(claim.claim.rungs[-1], alpha)
    single = Levels(plan.nominal, plan.nominal)
    wanted = {condition.name for condition in targets(claim)}
    family = [i for i, case in enumerate(cases) if case.cell.condition.name in wanted]
    holm = statistics.holm([adjusted_p(plan, _case_p(cases[i])) for i in family], alpha) if family else None
    levels = [single] * len(cases)
    for rank, i in enumerate(family):
        assert holm is not None
        share = 1 - holm.levels[rank]
        effect = share if plan.source == "one look" else min(plan.nominal_for(share), plan.nominal)
        levels[i] = Levels(effect, plan.nominal)
    return levels


def _case_p(case: _Case) -> float | None:
    """The p-value of what the verdict on a case could call, by the test that was calibrated; None counts as 1."""
    if any(c.saturated or c.identical or c.same_scores is not None for c, _, _ in case.found):
        return None
    joint = _joint(case, 0.95)
    if joint is None or joint.p is None or not any(pairs.lost for _, pairs, _ in case.found):
        return None if joint is None else joint.p
    worst = _joint(_with_losses(case), 0.95)
    return None if worst is None or worst.p is None else max(joint.p, worst.p)


def _with_losses(case: _Case) -> _Case:
    """The case with its one-sided losses at their worst for what each contrast points to."""
    found = []
    for contrast_, pairs, estimate in case.found:
        worst = estimate
        if pairs.lost and estimate is not None:
            against: Against = "gain" if (estimate.estimate or 0.0) > 0 else "regression"
            whole, _ = with_lost(pairs, case.cell.metric, against)
            worst = estimate_pairs(whole, case.cell.metric, estimate.scope, 0.95)
        found.append((contrast_, pairs, worst))
    return _Case(case.arm, case.cell, tuple(found))


def _joint(case: _Case, level: float) -> statistics.IntersectionUnion | None:
    """The variant against the baseline and every rival at once; None where some contrast has no estimate."""
    estimates = {found.against: estimate for found, _, estimate in case.found if estimate is not None}
    if len(estimates) < len(case.found):
        return None
    baseline, *rivals = estimates
    return statistics.intersection_union(estimates[baseline], {name: estimates[name] for name in rivals}, level)


def _allowing_for_choice(case: _Case, judged: Sequence[Contrast], level: float) -> list[Contrast]:
    """The contrasts of a case, where the rival that beats a gaining variant was chosen among several."""
    joint = _joint(case, level)
    if judged[0].kind != "gain" or joint is None or joint.direction == "beaten":
        return list(judged)
    unsure = f"alone, not shown for the lowest of {len(judged) - 1} rivals"
    return [
        replace(c, kind="inconclusive", qualifier="", collapse=None, words=f"{c.words}, {unsure}")
        if c.kind == "regression"
        else c
        for c in judged
    ]


def _verdict(case: _Case, levels: Levels, alpha: float, *, plan: bool = True, among: int = 1) -> Verdict:
    """One verdict from the contrasts with the baseline and with every rival."""
    metric = case.cell.metric
    judged = [
        judge(found, pairs, estimate, metric, levels, plan=plan, among=among) for found, pairs, estimate in case.found
    ]
    judged = _allowing_for_choice(case, judged, 1 - levels.effect)
    deciding = _deciding(judged)
    brackets = [deciding.qualifier]
    if deciding is not judged[0] and deciding.kind != "gain":
        brackets.append(f"against {deciding.against}")
    if deciding.kind in RESULT_KINDS:
        # What an answer holds for, and how strict it is, where either is less than a reader takes for granted.
        brackets += [f"scope {deciding.scope}"] if deciding.scope != "recipe" else []
        brackets += [f"alpha {alpha:g}"] if alpha > USUAL_ALPHA else []
    order = [deciding, *(c for c in judged if c is not deciding)]
    return Verdict(
        case.arm.name, case.arm.role, case.cell.condition.name, metric.name, case.cell.rung.name, deciding.kind,
        tuple(c.words for c in order), ", ".join(part for part in brackets if part), tuple(judged), deciding.against,
        1 - levels.effect,
    )  # fmt: skip


def _deciding(judged: Sequence[Contrast]) -> Contrast:
    """The contrast that decides: the baseline's unless it is a gain, then the rival that stood strongest."""
    baseline = judged[0]
    if baseline.kind != "gain":
        return baseline
    stood = [c for c in judged[1:] if c.kind != "gain"]
    if stood:
        return min(stood, key=lambda c: (c.kind in RESULT_KINDS, c.estimate if c.estimate is not None else 0.0))
    return min(judged, key=lambda c: c.interval[0] if c.interval else math.inf)


def _pruned(claim: ResolvedClaim, arm: Arm, cell: Cell, rung: str, reason: str) -> Verdict:
    text = f"screened out at rung '{rung}': {reason}. This says nothing about the size of its effect."
    return Verdict(
        arm.name, arm.role, cell.condition.name, cell.metric.name, cell.rung.name, "pruned", (text,), rung,
        family_level=1 - claim.claim.alpha,
    )  # fmt: skip


def _null_verdicts(bench: _Bench, stand: Progress) -> list[Verdict]:
    """Null arms are judged at the null level: their verdict says whether the experiment can be trusted."""
    claim = bench.claim
    levels = Levels(1 - NULL_LEVEL, claim.claim.alpha)
    look = look_reached(claim, stand)
    plan = look is None or not look.early  # the seeds that would settle it were planned, and not needed
    verdicts = []
    for cell in _cells(claim, stand, primary(claim)):
        for arm in claim.arms("null"):
            if stand.standing:
                found = bench.contrast(arm, claim.baseline, cell, NULL_LEVEL, beside=True)
                verdicts.append(_verdict(_Case(arm, cell, (found,)), levels, claim.claim.alpha, plan=plan))
    return verdicts


def _with_checks(claim: ResolvedClaim, verdicts: Sequence[Verdict], null_arms: Sequence[Verdict]) -> list[Verdict]:
    """Verdicts made invalid where a null arm or a control condition failed."""
    nulls = {
        (v.condition, v.metric): v
        for v in null_arms
        if v.kind in ("gain", "regression") or v.qualifier == "not deterministic"
    }
    expected_still = {condition.name for condition in controls(claim)}
    failed = {
        (v.arm, v.metric): v
        for v in verdicts
        if v.condition in expected_still and _against_baseline(v) in ("gain", "regression")
    }
    checked = []
    for verdict in verdicts:
        null = nulls.get((verdict.condition, verdict.metric))
        control = failed.get((verdict.arm, verdict.metric))
        if verdict.kind in RESULT_KINDS and null is not None:
            reason = f"the null arm '{null.arm}' differs from the baseline it repeats ({null.reasons[0]})"
            verdict = replace(verdict, kind="invalid", qualifier="null arm", reasons=(reason, *verdict.reasons))
        elif verdict.kind in RESULT_KINDS and control is not None and verdict.condition not in expected_still:
            reason = (
                f"the control condition '{control.condition}' shows an effect where none was expected "
                f"({control.contrasts[0].words})"
            )
            verdict = replace(verdict, kind="invalid", qualifier="control", reasons=(reason, *verdict.reasons))
        checked.append(verdict)
    return checked


def _against_baseline(verdict: Verdict) -> VerdictKind:
    return verdict.contrasts[0].kind if verdict.contrasts else verdict.kind


def _interactions(bench: _Bench, stand: Progress) -> list[Interaction]:
    """Differences of differences: each target condition less each control condition."""
    if not stand.finished or not stand.standing:
        return []
    claim = bench.claim
    return [
        _interaction(bench, arm, target, control, metric, stand.seeds)
        for metric in primary(claim)
        for arm in claim.arms("variant")
        if arm.name in stand.standing
        for target in claim.claim.conditions
        if target.expect != "no-effect"
        for control in controls(claim)
    ]


def _interaction(
    bench: _Bench, arm: Arm, target: Condition, control: Condition, metric: MetricClaim, seeds: tuple[int, ...]
) -> Interaction:
    claim = bench.claim
    cells = [Cell(condition, claim.claim.rungs[-1], metric, seeds) for condition in (target, control)]
    level = 1 - claim.claim.alpha
    here, there = (bench.contrast(arm, claim.baseline, cell, level, beside=False)[1] for cell in cells)
    names = (arm.name, claim.baseline.name, metric.name, target.name, control.name)
    shared = [seed for seed in here.seeds if seed in there.seeds]
    fault = here.invalid or there.invalid or disagreement([*here.made, *there.made])
    if fault or not shared:
        why = fault[1] if fault else "no seed has a complete pair in both conditions"
        return Interaction(*names, None, None, None, (), why)
    tables = []
    for pairs in (here, there):
        rows = [pairs.seeds.index(seed) for seed in shared]
        tables.append(pairs.differences(metric)[rows])
    item_wise = here.item_wise and there.item_wise
    order = same_items(here, there) if item_wise else None
    if order is not None:
        tables[1] = tables[1][:, order]
    left, right = tables if item_wise else (table.mean(axis=1) for table in tables)
    scope = claim.claim.scope if item_wise else "seeds"
    result = statistics.difference_of_differences(
        left,
        right,
        scope=scope,
        same_items=order is not None,
        level=level,
        target_clusters=here.clusters if item_wise else None,
        control_clusters=there.clusters if item_wise and order is None else None,
    )
    by_seed = tuple(float(a.mean() - b.mean()) for a, b in zip(left, right, strict=True))
    return Interaction(*names, result.estimate, pair(result.interval), result.p, by_seed, result.reason or "")


def _exploratory(bench: _Bench, stand: Progress) -> list[Exploratory]:
    """What is shown and never judged: metrics that are not primary, and reference arms on all metrics.

    Benjamini-Hochberg over the whole table.
    """
    if not stand.finished or not stand.standing:
        return []
    claim = bench.claim
    level = 1 - claim.claim.alpha
    rows = [
        bench.contrast(arm, claim.baseline, cell, level, beside=False)[0]
        for cell in _cells(claim, stand, claim.claim.metrics)
        for arm in claim.arms("variant", "reference")
        if arm.name in stand.standing and (arm.role == "reference" or not cell.metric.primary)
    ]
    if not rows:
        return []
    adjusted = statistics.benjamini_hochberg([row.p_value for row in rows], claim.claim.alpha)
    return [Exploratory(row, p, found) for row, p, found in zip(rows, adjusted.p, adjusted.rejected, strict=True)]


def running_contrasts(claim: ResolvedClaim, stand: Progress, outcomes: Outcomes) -> tuple[Contrast, ...]:
    """Variants against the baseline over the pairs of the present rung so far: to watch, never to judge by."""
    return tuple(
        contrast(
            claim, arm, claim.baseline, Cell(condition, stand.rung, metric, stand.seeds), outcomes,
            level=1 - claim.claim.alpha, beside=False,
        )[0]
        for metric in primary(claim)
        for condition in claim.claim.conditions
        for arm in claim.arms("variant")
        if arm.name in stand.standing
    )  # fmt: skip


def _warnings(bench: _Bench, stand: Progress, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What a reader must know before believing the verdicts."""
    claim = bench.claim
    level = 1 - claim.claim.alpha
    warnings = [*few_seeds(verdicts), *per_verdict(verdicts, claim.claim.alpha)]
    judged = {(v.condition, v.metric, v.arm) for v in verdicts if v.kind in RESULT_KINDS and v.role == "variant"}
    for cell in _cells(claim, stand, primary(claim)) if claim.claim.scope != "seeds" else ():
        pairs = [
            bench.contrast(arm, claim.baseline, cell, level, beside=False)[1]
            for arm in claim.arms("variant")
            if (cell.condition.name, cell.metric.name, arm.name) in judged
        ]
        warnings += grouped_items(cell, pairs)
    expected_still: Mapping[str, Condition] = {c.name: c for c in controls(claim)}
    for verdict in verdicts:
        kind = _against_baseline(verdict)
        if verdict.condition in expected_still and verdict.role == "variant" and kind in ("inconclusive", "not-run"):
            warnings.append(
                f"Control condition '{verdict.condition}': that '{verdict.arm}' has no effect there was expected, and "
                f"is neither shown nor refuted ({kind})."
            )
    return tuple(warnings)
