"""Several contrasts, one answer each: rivals joined, several variants and conditions by Holm, planned looks. Pure.

A variant gains only if it beats the baseline and every rival (an intersection-union test, each at full level), and
every guard metric holds (:mod:`evenhand.decisions.guards`). Over several variants, conditions and primary metrics the
levels follow Holm; planned looks have levels of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, MetricClaim
from evenhand.decisions.contrasts import Draws, add_supplementary, contrast, estimate_pairs
from evenhand.decisions.guards import Guard
from evenhand.decisions.guards import joint as guarded_p
from evenhand.decisions.learned import learned, with_floor
from evenhand.decisions.looks import adjusted_p, level_for, look_plan
from evenhand.decisions.lost_pairs import Against, with_lost
from evenhand.decisions.pairs import Cell, Outcomes, Pairs, Seen
from evenhand.decisions.rules import Evidence, Levels, first_case, judge, lowest_of
from evenhand.decisions.verdict import Contrast, Learned, Verdict, VerdictKind
from evenhand.recipes.working import told

NULL_LEVEL = 0.99
"""A null arm fails when its interval at this level excludes 0: by chance in 1 of 100 claims."""

PairedResult = tuple[Contrast, Pairs, statistics.PairedContrast | None]
"""A contrast that is not judged yet, its pairs, and its estimate."""


@dataclass(frozen=True)
class Contrasts:
    """A claim with its outcomes and the contrasts computed so far: each look asks for some of them again."""

    claim: ResolvedClaim
    outcomes: Outcomes
    known: dict[tuple[object, ...], PairedResult] = field(default_factory=dict)
    draws: Draws = field(default_factory=Draws)
    floors: dict[tuple[object, ...], tuple[Learned | None, tuple[int, ...]]] = field(default_factory=dict)
    seen: Seen = field(default_factory=dict)

    def of(self, arm: Arm, against: Arm, cell: Cell, level: float, *, supplementary: bool) -> PairedResult:
        """The contrast of two arms in a cell; see :func:`evenhand.decisions.contrasts.contrast`."""
        key = (arm.name, against.name, cell.condition.name, cell.rung.name, cell.metric.name, cell.seeds, level)
        if key not in self.known:
            found = contrast(
                self.claim, arm, against, cell, self.outcomes, level=level, supplementary=False, seen=self.seen
            )
            self.known[key] = self._learned(found, cell)
        plain, pairs, estimate = self.known[key]
        if supplementary:
            plain = add_supplementary(self.claim, arm, against, cell, self.outcomes, plain, pairs, self.draws)
        return plain, pairs, estimate

    def _learned(self, found: PairedResult, cell: Cell) -> PairedResult:
        """A contrast with how its baseline stands against the floor of the metric, where it names one."""
        if cell.metric.learned_above is None:
            return found
        key = (cell.condition.name, cell.rung.name, cell.metric.name, cell.seeds)
        if key not in self.floors:
            self.floors[key] = learned(self.claim, cell, self.outcomes)
        floor, pending = self.floors[key]
        plain, pairs, estimate = found
        return replace(plain, learned=floor), with_floor(pairs, pending), estimate


@dataclass(frozen=True)
class Compared:
    """One arm in one cell, with its contrasts: the baseline first, then every rival; and the guards of a gain."""

    arm: Arm
    cell: Cell
    found: tuple[PairedResult, ...]
    guards: tuple[Guard, ...] = ()


def compare(
    known: Contrasts,
    arms: Sequence[Arm],
    cells: Sequence[Cell],
    *,
    supplementary: bool,
    seen: Callable[[Arm, Cell], Cell] = lambda _, cell: cell,
) -> list[Compared]:
    """Variants against the baseline and every rival.

    Args:
        known, arms, cells: who is compared, and where.
        supplementary: compute what is shown beside the estimates too.
        seen: gives the cell over the seeds that an arm got, where it was dropped before the others.
    """
    claim = known.claim
    others = (claim.baseline, *claim.arms("rival"))
    level = 1 - claim.claim.alpha
    return [
        Compared(
            arm,
            own,
            tuple(known.of(arm, other, own, level, supplementary=supplementary) for other in others),
            guards_of(known, arm, own),
        )
        for cell, arm in told("comparing arms", [(cell, arm) for cell in cells for arm in arms])
        for own in (seen(arm, cell),)
    ]


def guards_of(known: Contrasts, arm: Arm, cell: Cell) -> tuple[Guard, ...]:
    """The claim's guard metrics in a cell, other than the metric that is judged there."""
    claim = known.claim
    metrics = {metric.name: metric for metric in claim.claim.metrics}
    found = []
    for own in claim.claim.guards:
        if own.metric != cell.metric.name:
            metric = metrics[own.metric]
            metric = metric.model_copy(update={"margin": own.margin or metric.margin, "learned_above": None})
            there = replace(cell, metric=metric)
            pair = known.of(arm, claim.baseline, there, 1 - claim.claim.alpha, supplementary=False)
            found.append(Guard(metric, *pair))
    return tuple(found)


def answers(claim: ResolvedClaim, family: Sequence[Compared], *, plan: bool = True) -> list[Verdict]:
    """One verdict for each, at levels that allow for there being several.

    Args:
        claim: gives the error rate, the target conditions and the planned looks.
        family: every variant that stands, in every condition, on every primary metric.
        plan: work out what would settle the inconclusive ones.
    """
    each = levels(claim, family)
    return [answer(one, each[i], plan=plan, among=len(family)) for i, one in enumerate(family)]


def levels(claim: ResolvedClaim, family: Sequence[Compared]) -> list[Levels]:
    """The error rates of each: planned looks for all, Holm over those in target conditions."""
    alpha = claim.claim.alpha
    rung = claim.claim.rungs[-1]
    plan, seeds = look_plan(rung, alpha), [len(one.cell.seeds) for one in family]  # fewer of those that were dropped
    found = [Levels(plan.level_at(count), plan.level_at(count), futility=rung.futility) for count in seeds]
    wanted = {condition.name for condition in claim.targets}
    sought = [i for i, one in enumerate(family) if one.cell.condition.name in wanted]
    if not sought:
        return found
    holm = statistics.holm([adjusted_p(plan, joint_p(family[i]), seeds[i]) for i in sought], alpha)
    for rank, i in enumerate(sought):
        effect = level_for(plan, 1 - holm.levels[rank], seeds[i])
        found[i] = replace(found[i], effect=effect, adjusted=holm.p[rank])
    return found


def joint_p(one: Compared) -> float | None:
    """The p-value of what a verdict could call, by the test that was calibrated; None counts as 1."""
    if not all(_spends(*found, one.cell.metric) for found in one.found):
        return None
    joint = _joint(one, 0.95)
    if joint is None or joint.p is None:
        return None
    gaining = (one.found[0][0].estimate or 0.0) > 0
    if not any(pairs.lost for _, pairs, _ in one.found):
        return guarded_p(joint.p, one.guards, gaining)
    worst = _joint(_with_losses(one), 0.95)
    return None if worst is None or worst.p is None else guarded_p(max(joint.p, worst.p), one.guards, gaining)


def _spends(found: Contrast, pairs: Pairs, estimate: statistics.PairedContrast | None, metric: MetricClaim) -> bool:
    """Whether the case that decides a contrast can err; at which level it is tested does not matter for that."""
    nothing = None if estimate is None else estimate.equivalence(metric.margin, 0.05)
    return first_case(Evidence(found, pairs, nothing, metric.margin)).spends


def _with_losses(one: Compared) -> Compared:
    """The same with its one-sided losses at their worst for what each contrast points to."""
    found = []
    for contrast_, pairs, estimate in one.found:
        worst = estimate
        if pairs.lost and estimate is not None:
            against: Against = "gain" if (estimate.estimate or 0.0) > 0 else "regression"
            whole, _ = with_lost(pairs, one.cell.metric, against)
            worst = estimate_pairs(whole, one.cell.metric, estimate.scope, 0.95, anytime=estimate.anytime)
        found.append((contrast_, pairs, worst))
    return Compared(one.arm, one.cell, tuple(found))


def _joint(one: Compared, level: float) -> statistics.IntersectionUnion | None:
    """The variant against the baseline and every rival at once; None where some contrast has no estimate."""
    estimates = {found.against: estimate for found, _, estimate in one.found if estimate is not None}
    if len(estimates) < len(one.found):
        return None
    baseline, *rivals = estimates
    return statistics.intersection_union(estimates[baseline], {name: estimates[name] for name in rivals}, level)


def answer(one: Compared, level: Levels, *, plan: bool = True, among: int = 1) -> Verdict:
    """One verdict from the contrasts with the baseline and with every rival."""
    metric = one.cell.metric
    judged = [
        judge(found, pairs, estimate, metric, level, plan=plan, among=among) for found, pairs, estimate in one.found
    ]
    judged = _allowing_for_choice(one, judged, 1 - level.effect)
    deciding = _deciding(judged)
    gaining = deciding.kind is VerdictKind.GAIN
    guards = tuple(guard.judged(1 - level.effect) for guard in one.guards) if gaining else ()
    kind = deciding.kind if all(guard.held for guard in guards) else VerdictKind.INCONCLUSIVE
    return Verdict(
        one.arm.name, one.arm.role, one.cell.condition.name, metric.name, one.cell.rung.name, kind,
        contrasts=tuple(judged), standing=deciding.against, family_level=1 - level.effect, adjusted_p=level.adjusted,
        guards=guards,
    )  # fmt: skip


def _allowing_for_choice(one: Compared, judged: Sequence[Contrast], level: float) -> list[Contrast]:
    """The contrasts, where the rival that beats a gaining variant was chosen among several."""
    joint = _joint(one, level)
    if judged[0].kind is not VerdictKind.GAIN or joint is None or joint.direction == "beaten":
        return list(judged)
    return [lowest_of(c, len(judged) - 1) if c.kind is VerdictKind.REGRESSION else c for c in judged]


def _deciding(judged: Sequence[Contrast]) -> Contrast:
    """The contrast that decides: the baseline's unless it is a gain, then the rival that stood strongest."""
    baseline = judged[0]
    if baseline.kind is not VerdictKind.GAIN:
        return baseline
    stood = [c for c in judged[1:] if c.kind is not VerdictKind.GAIN]
    if stood:
        return min(stood, key=lambda c: (c.kind.rests_on_estimate, c.estimate if c.estimate is not None else 0.0))
    return min(judged, key=lambda c: c.interval[0] if c.interval else math.inf)


def null_answers(known: Contrasts, cells: Sequence[Cell], *, plan: bool, supplementary: bool = True) -> list[Verdict]:
    """Null arms are judged at the null level: their verdict says whether the experiment can be trusted."""
    claim = known.claim
    level = Levels(1 - NULL_LEVEL, claim.claim.alpha)
    verdicts = []
    for cell in cells:
        for arm in claim.arms("null"):
            found = known.of(arm, claim.baseline, cell, NULL_LEVEL, supplementary=supplementary)
            verdicts.append(answer(Compared(arm, cell, (found,)), level, plan=plan))
    return verdicts
