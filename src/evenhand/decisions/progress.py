"""Where a claim stands: which trials come next, who was screened out, at which planned look it stops. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, MetricClaim, Rung
from evenhand.decisions.families import Contrasts, answers, compare
from evenhand.decisions.looks import look_counts, look_plan
from evenhand.decisions.pair_faults import TooFewPairs
from evenhand.decisions.pairs import Cell, Outcomes
from evenhand.decisions.screening import screen
from evenhand.decisions.search import due_trials, screened_out
from evenhand.decisions.verdict import PlannedLook, Screened, Verdict, VerdictKind
from evenhand.recipes.trial import Trial


@dataclass(frozen=True)
class Progress:
    """Where a claim stands on its rungs.

    Attributes:
        rung: the rung that runs now; the last one when all is done.
        seeds: its seeds up to the look that is due.
        active_arms: names of the arms that run at it.
        pruned: those screened out, by name.
        pending: trials that have no outcome yet, in the order in which to run them.
        finished: nothing is left to run.
        settled: at the look that is reached every verdict is settled, or given up.
        unproposed: trials of a search rung whose settings are not known yet.
        dropped: variants that were given up at a look while others went on, with the seeds that each has; they are
            not among ``active_arms`` any more, and are judged by those seeds.
    """

    rung: Rung
    seeds: tuple[int, ...]
    active_arms: tuple[str, ...]
    pruned: Mapping[str, Screened]
    pending: tuple[Trial, ...]
    finished: bool
    settled: bool = False
    unproposed: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)

    def cell(self, arm: Arm, cell: Cell) -> Cell:
        """A cell over the seeds that an arm got in it."""
        seeds = self.dropped.get(arm.name)
        return cell if seeds is None else replace(cell, seeds=cell.seeds[:seeds])

    def shows(self, arm: Arm) -> bool:
        """Whether an arm has trials at this rung: it runs, or it did until it was dropped."""
        return arm.name in self.active_arms or arm.name in self.dropped


def progress(claim: ResolvedClaim, outcomes: Outcomes) -> Progress:
    """The next trials of a claim, given the outcomes so far (failures that will not be retried included).

    At the confirming rung trials run up to the next planned look; the claim stops at the first look that settles
    every verdict.
    """
    return progress_of(Contrasts(claim, outcomes))


def progress_of(known: Contrasts) -> Progress:
    """The same, with the contrasts that were computed on the way kept for whoever asks next."""
    claim, outcomes = known.claim, known.outcomes
    now = screening_progress(claim, outcomes)
    if now.rung is not claim.claim.rungs[-1] or not now.active_arms:
        return now
    for count in look_counts(now.rung):
        seeds = now.rung.seeds[:count]
        pending = pending_trials(claim, now.rung, now.active_arms, seeds, outcomes)
        now = replace(now, seeds=seeds, pending=pending, finished=not pending)
        # The last look ends the rung whatever it says; whether it settles all matters where seeds may be added.
        if pending or (count == len(now.rung.seeds) and not now.rung.anytime):
            break
        verdicts = _verdicts(known, now)
        now = replace(now, settled=all(_is_settled(verdict, now) for verdict in verdicts))
        if now.settled or count == len(now.rung.seeds):
            break
        if now.rung.drops:
            now = _without_hopeless(claim, now, verdicts)
    return now


def furthest(claim: ResolvedClaim, now: Progress, outcomes: Outcomes) -> Progress:
    """Where a trial of an earlier look is to run again: over the seeds of the furthest look that has outcomes.

    Nothing is judged before it has run, and what is complete is counted as far as it goes.
    """
    if now.finished or now.rung is not claim.claim.rungs[-1] or now.rung.drops:
        return now
    arms = [arm for arm in claim.arms() if arm.name in now.active_arms and not arm.deterministic]
    for count in reversed(look_counts(now.rung)):
        last = now.rung.seeds[count - 1]
        tried = [claim.trial(arm, c, now.rung, last).id for arm in arms for c in claim.claim.conditions]
        if count > len(now.seeds) and any(key in outcomes for key in tried):
            return replace(now, seeds=now.rung.seeds[:count])
    return now


def _verdicts(known: Contrasts, now: Progress) -> list[Verdict]:
    """Verdicts on the variants at the present look, those that were dropped before it included."""
    claim = known.claim
    variants = [arm for arm in claim.arms("variant") if arm.name not in now.pruned]
    here = cells(claim, now, claim.primary)
    return answers(claim, compare(known, variants, here, supplementary=False, seen=now.cell), plan=False)


def _is_settled(verdict: Verdict, now: Progress) -> bool:
    """Whether further seeds need not be run for a verdict: it is settled, given up, or its variant was dropped."""
    if verdict.given_up or verdict.arm in now.dropped:
        return True
    return verdict.kind.settled and not _may_heal(verdict, now.rung)


def _without_hopeless(claim: ResolvedClaim, now: Progress, verdicts: Sequence[Verdict]) -> Progress:
    """Without the variants that no verdict in a target condition can make a gain as large as the margin any more.

    Non-binding, as every rule of futility: it only ever stops, and the variants that it stops stay in Holm's family
    with the p-value that they had, allowed for the looks that the plan has; so it cannot create a false gain.
    """
    wanted = {condition.name for condition in claim.targets}
    hopeful = {v.arm for v in verdicts if v.condition in wanted and not _hopeless(v)}
    gone = {v.arm for v in verdicts} - hopeful - now.dropped.keys()
    active = tuple(name for name in now.active_arms if name not in gone)
    return replace(now, active_arms=active, dropped={**now.dropped, **dict.fromkeys(sorted(gone), len(now.seeds))})


def _hopeless(verdict: Verdict) -> bool:
    found = verdict.deciding
    futile = found is not None and found.futility is not None and found.futility.futile
    return futile and verdict.kind is not VerdictKind.GAIN


def _may_heal(verdict: Verdict, rung: Rung) -> bool:
    """Whether what makes a verdict invalid may be mended by further seeds: one lost pair of three is too many."""
    return rung.anytime and any(isinstance(c.fault, TooFewPairs) for c in verdict.contrasts)


def cells(claim: ResolvedClaim, now: Progress, metrics: Sequence[MetricClaim]) -> list[Cell]:
    """Where arms are compared at the confirming rung, over the seeds of the look that is due."""
    rung = claim.claim.rungs[-1]
    seeds = now.seeds if now.rung is rung else rung.seeds
    return [Cell(condition, rung, metric, seeds) for metric in metrics for condition in claim.claim.conditions]


def screening_progress(claim: ResolvedClaim, outcomes: Outcomes) -> Progress:
    """The screening rungs: the first that has trials to run, or the confirming rung with all its seeds.

    The looks of the confirming rung are not considered here; see :func:`progress`.
    """
    pruned: dict[str, Screened] = {}
    rungs = claim.claim.rungs
    for rung in rungs:
        if rung.kind == "search":
            if rung is claim.open_search:
                return _searching(claim, rung, outcomes)
            pruned |= screened_out(claim)
            if all(arm.name in pruned for arm in claim.arms("variant")):
                return Progress(rungs[-1], rungs[-1].seeds, (), pruned, (), True)
            continue
        active = tuple(arm.name for arm in claim.arms() if arm.name not in pruned)
        pending = pending_trials(claim, rung, active, rung.seeds, outcomes)
        if pending or rung is rungs[-1]:
            return Progress(rung, rung.seeds, active, pruned, pending, not pending)
        pruned |= screen(claim, rung, active, outcomes)
        if all(arm.name in pruned for arm in claim.arms("variant")):
            return Progress(rungs[-1], rungs[-1].seeds, (), pruned, (), True)
    raise AssertionError("a claim has at least one rung")


def _searching(claim: ResolvedClaim, rung: Rung, outcomes: Outcomes) -> Progress:
    """The search rung that is open, with the trials of the generation that is due."""
    pruned = screened_out(claim)
    active = tuple(arm.name for arm in claim.searched if arm.name not in pruned)
    pending = tuple(trial for trial in due_trials(claim, rung) if trial.id not in outcomes)
    known = sum(1 for _ in claim.trials(rung, active))
    return Progress(rung, rung.seeds, active, pruned, pending, False, unproposed=max(0, claim.planned(rung) - known))


def pending_trials(
    claim: ResolvedClaim, rung: Rung, active: Sequence[str], seeds: Sequence[int], outcomes: Outcomes
) -> tuple[Trial, ...]:
    """Trials of some seeds of a rung that have no outcome yet."""
    due = set(seeds)
    return tuple(
        trial
        for trial in claim.trials(rung, active)
        if trial.id not in outcomes and (trial.seed is None or trial.seed in due)
    )


def rung_trials(claim: ResolvedClaim, now: Progress) -> list[Trial]:
    """All trials of the present rung: of an arm that was dropped, those that it has."""
    known = [set(now.rung.seeds[:count]) for count in now.dropped.values()]
    own = dict(zip(now.dropped, known, strict=True))
    return [
        trial
        for trial in claim.trials(now.rung, [*now.active_arms, *now.dropped])
        if trial.arm not in own or trial.seed is None or trial.seed in own[trial.arm]
    ]


def look_reached(claim: ResolvedClaim, now: Progress) -> PlannedLook | None:
    """The planned look that the confirming rung has reached."""
    rung = claim.claim.rungs[-1]
    if not (rung.looks or rung.anytime) or now.rung is not rung or not now.active_arms or now.pending:
        return None
    counts, seeds = look_counts(rung), len(now.seeds)
    level = look_plan(rung, claim.claim.alpha).level_at(seeds)
    return PlannedLook(counts, counts.index(seeds) + 1, level, now.finished, rung.look_rule, claim.added)
