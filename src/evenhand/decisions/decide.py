"""Verdicts: a claim and its outcomes in, a decision out. Pure: equal inputs give equal decisions.

Contrasts are judged one by one (``rules``), joined over rivals and families (``families``), checked against null arms
and control conditions (``checks``), and put into words last (``wording``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions import cautions
from evenhand.decisions.caution_words import caution_words
from evenhand.decisions.checks import overruled
from evenhand.decisions.contrasts import contrast
from evenhand.decisions.families import Contrasts, answers, compare, null_answers
from evenhand.decisions.interactions import interactions
from evenhand.decisions.pairs import Cell, Outcomes
from evenhand.decisions.progress import Progress, cells, furthest, look_reached, progress_of
from evenhand.decisions.search import tried_arms
from evenhand.decisions.verdict import Contrast, Decision, Exploratory, Verdict, VerdictKind
from evenhand.decisions.wording import with_reasons, worded, worded_interaction


def decide(claim: ResolvedClaim, outcomes: Outcomes, *, beside: bool = True) -> Decision:
    """All verdicts of a claim from the outcomes it has so far.

    While trials are pending no verdict rests on the pairs at hand: looking early would be an unplanned look, and that
    is refused, not corrected.

    Args:
        claim: resolved; where it searches, with its search unfolded (:func:`evenhand.decisions.search.unfold`).
        outcomes: trial id to its outcome; trials without one count as pending.
        beside: whether what is shown beside the verdicts, and decides nothing, is worked out as well: most of the time.
    """
    known = Contrasts(claim, outcomes)
    now = progress_of(known)
    look = look_reached(claim, now)
    now = furthest(claim, now, outcomes)
    here = cells(claim, now, claim.primary)
    # Where a claim ended at an early look, the seeds that would settle a null arm were planned, and not needed.
    plan = beside and (look is None or not look.early)
    nulls = null_answers(known, here, plan=plan, supplementary=beside) if now.active_arms else []
    found = [*overruled(claim, _variant_verdicts(known, now, beside=beside), nulls), *nulls]
    verdicts = [worded(verdict, claim) for verdict in _in_order(claim, found)]
    if not beside:
        return Decision(claim.name, claim.hash, tuple(verdicts), finished=now.finished)
    if look is not None:
        look = replace(look, futile=any(v.given_up for v in verdicts if v.role == "variant"))
    return Decision(
        claim=claim.name,
        claim_hash=claim.hash,
        verdicts=tuple(verdicts),
        interactions=tuple(worded_interaction(effect) for effect in interactions(known, now)),
        exploratory=tuple(_exploratory(known, now)),
        warnings=tuple(dict.fromkeys(caution_words(caution) for caution in _cautions(known, now, verdicts))),
        finished=now.finished,
        look=look,
        tried=tried_arms(claim, outcomes),
    )


def verdicts_alone(claim: ResolvedClaim, outcomes: Outcomes) -> Decision:
    """The verdicts without their words and all that is shown beside them: for who asks of many claims at once."""
    known = Contrasts(claim, outcomes)
    stand = progress_of(known)
    here = cells(claim, stand, claim.primary)
    nulls = null_answers(known, here, plan=False) if stand.active_arms else []
    running = [arm for arm in claim.arms("variant") if arm.name not in stand.pruned]
    found = answers(claim, compare(known, running, here, supplementary=False, seen=stand.cell), plan=False)
    found = with_dropped(found, stand.dropped)
    verdicts = _in_order(claim, [*overruled(claim, found, nulls), *nulls])
    return Decision(claim.name, claim.hash, tuple(verdicts), finished=stand.finished)


def _in_order(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """By metric, condition and arm, each as the claim lists them."""
    order = {
        (metric.name, condition.name, arm.name): place
        for place, (metric, condition, arm) in enumerate(
            (m, c, a) for m in claim.primary for c in claim.claim.conditions for a in claim.arms("variant", "null")
        )
    }
    return sorted(verdicts, key=lambda v: order[v.metric, v.condition, v.arm])


def _variant_verdicts(known: Contrasts, now: Progress, *, beside: bool) -> list[Verdict]:
    """One verdict per variant, condition and primary metric, before null arms and controls are considered."""
    claim = known.claim
    here = cells(claim, now, claim.primary)
    running = [arm for arm in claim.arms("variant") if arm.name not in now.pruned]
    dropped = [arm for arm in claim.arms("variant") if arm.name in now.pruned]
    pruned = [
        Verdict(
            arm.name, arm.role, cell.condition.name, cell.metric.name, cell.rung.name, VerdictKind.PRUNED,
            family_level=1 - claim.claim.alpha, screened=now.pruned[arm.name],
        )
        for cell in here
        for arm in dropped
    ]  # fmt: skip
    found = answers(claim, compare(known, running, here, supplementary=beside, seen=now.cell), plan=beside)
    return pruned + with_dropped(found, now.dropped)


def with_dropped(verdicts: Sequence[Verdict], dropped: Mapping[str, int]) -> list[Verdict]:
    """The verdicts, those on variants that got no further seeds with the number that they have."""
    return [replace(v, dropped_after=dropped[v.arm]) if v.arm in dropped else v for v in verdicts]


def _exploratory(known: Contrasts, now: Progress) -> list[Exploratory]:
    """What is shown and never judged: metrics that are not primary, and reference arms on all metrics.

    Benjamini-Hochberg over the whole table.
    """
    claim = known.claim
    if not now.finished or not now.active_arms:
        return []
    level = 1 - claim.claim.alpha
    rows = [
        with_reasons(known.of(arm, claim.baseline, now.cell(arm, cell), level, supplementary=False)[0], cell.metric)
        for cell in cells(claim, now, claim.claim.metrics)
        for arm in claim.arms("variant", "reference")
        if now.shows(arm) and (arm.role == "reference" or not cell.metric.primary)
    ]
    if not rows:
        return []
    adjusted = statistics.benjamini_hochberg([row.p_value for row in rows], claim.claim.alpha)
    return [Exploratory(row, p, found) for row, p, found in zip(rows, adjusted.p, adjusted.rejected, strict=True)]


def running_contrasts(claim: ResolvedClaim, now: Progress, outcomes: Outcomes) -> tuple[Contrast, ...]:
    """Variants against the baseline over the pairs of the present rung so far: to watch, never to judge by."""
    return tuple(
        contrast(
            claim, arm, claim.baseline, Cell(condition, now.rung, metric, now.seeds), outcomes,
            level=1 - claim.claim.alpha, supplementary=False,
        )[0]
        for metric in claim.primary
        for condition in claim.claim.conditions
        for arm in claim.arms("variant")
        if arm.name in now.active_arms
    )  # fmt: skip


def _cautions(known: Contrasts, now: Progress, verdicts: Sequence[Verdict]) -> list[cautions.Caution]:
    """What a reader must know before believing the verdicts."""
    claim = known.claim
    level = 1 - claim.claim.alpha
    found = [*cautions.failed_trials(verdicts), *cautions.few_seeds(verdicts)]
    found += cautions.per_verdict(verdicts, claim.claim.alpha)
    judged = {(v.condition, v.metric, v.arm) for v in verdicts if v.kind.rests_on_estimate and v.role == "variant"}
    for cell in cells(claim, now, claim.primary) if claim.claim.scope != "seeds" else ():
        pairs = [
            known.of(arm, claim.baseline, now.cell(arm, cell), level, supplementary=False)[1]
            for arm in claim.arms("variant")
            if (cell.condition.name, cell.metric.name, arm.name) in judged
        ]
        found += cautions.grouped_items(cell, pairs)
    return [*found, *cautions.unshown_controls(claim, verdicts), *cautions.silent_nulls(claim, verdicts)]
