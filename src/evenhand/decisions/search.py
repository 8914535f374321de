"""Search rungs: outcomes in; out comes what must be proposed next, who goes on, and who is screened out. Pure.

What was proposed and who went on stand in the ledger (:class:`SearchLog`), so that a search that is over is read back
as it was, whatever proposes by then. Proposals themselves come from :mod:`evenhand.decisions.samplers`.

A search goes by synchronous generations: all arms try as many configurations at a time, all of them end, and the next
are proposed from the outcomes of all. So it depends neither on timing nor on how many trials run side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Arm, Rung
from evenhand.claims.spaces import Candidate, Search, generations
from evenhand.decisions.pairs import Outcomes, side
from evenhand.decisions.screening import screen
from evenhand.decisions.standing import TriedArm
from evenhand.decisions.verdict import Screened
from evenhand.recipes.trial import Trial


@dataclass(frozen=True)
class Scored:
    """A candidate with what it came to at a rung.

    Attributes:
        candidate: the configuration.
        score: mean of the first primary metric over target conditions and seeds; None where a trial gave none.
        failure: class of what it met then: of the failure, ``undefined``, or ``not run``. It ranks behind all scores.
    """

    candidate: Candidate
    score: float | None
    failure: str = ""


@dataclass(frozen=True)
class SearchLog:
    """What a ledger holds of the searches of a claim.

    Attributes:
        proposed: (rung, arm) to the values of its candidates, in the order of their numbers.
        kept: (rung, arm) to the numbers of those that went on, the best first.
    """

    proposed: Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """Candidates to be proposed: ``count`` for each arm, the first of them numbered ``first``, from those before."""

    rung: Rung
    first: int
    count: int
    past: Mapping[str, tuple[Scored, ...]]


@dataclass(frozen=True)
class Closed:
    """A search rung whose trials have ended: arm to the candidates that go on, the best first."""

    rung: str
    kept: Mapping[str, tuple[Scored, ...]]


@dataclass(frozen=True)
class Unfolded:
    """A claim with its search as far as it is known, and what must be written down before it can go on."""

    claim: ResolvedClaim
    wanted: Wanted | None = None
    closed: Closed | None = None


def unfold(claim: ResolvedClaim, outcomes: Outcomes, log: SearchLog) -> Unfolded:
    """The claim as its outcomes have it: candidates so far, winners of the rungs that are over.

    Args:
        claim: resolved.
        outcomes: trial id to outcome; those that were given up count as the worst there is.
        log: what was proposed, and who went on.
    """
    state = Search("")
    before: dict[str, tuple[Candidate, ...]] = {}
    for rung in claim.search_rungs:
        arms = [arm for arm in claim.searched if arm.name not in state.pruned]
        state = replace(state, rung=rung.name, due=0)
        tried = {arm.name: before.get(arm.name) or _proposed(arm, rung, log) for arm in arms}
        state = replace(state, tried={**state.tried, **{(rung.name, name): own for name, own in tried.items()}})
        kept = {arm.name: log.kept.get((rung.name, arm.name)) for arm in arms}
        if any(numbers is None for numbers in kept.values()):
            return _open(replace(claim, search=state), rung, arms, outcomes, known=bool(before))
        before = {
            name: tuple(one for number in numbers or () for one in tried[name] if one.number == number)
            for name, numbers in kept.items()
        }
        state = replace(state, winners={**state.winners, **{name: own[0] for name, own in before.items()}})
        names = [arm.name for arm in arms]
        dropped = screen(replace(claim, search=state), rung, names, outcomes)
        state = replace(state, pruned={**state.pruned, **dropped})
    return Unfolded(replace(claim, search=replace(state, rung="")))


def _proposed(arm: Arm, rung: Rung, log: SearchLog) -> tuple[Candidate, ...]:
    """Candidates of an arm; one that has no space has a single one, itself."""
    if not arm.space:
        return (Candidate(0),)
    return tuple(Candidate(i, values) for i, values in enumerate(log.proposed.get((rung.name, arm.name), ())))


def _open(claim: ResolvedClaim, rung: Rung, arms: Sequence[Arm], outcomes: Outcomes, *, known: bool) -> Unfolded:
    """Where a rung stands that is not over: trials to run, a generation to propose, or nothing but to close it."""
    assert claim.search is not None
    spaced = [arm for arm in arms if arm.space]
    count = min((len(claim.candidates(rung, arm)) for arm in spaced), default=0)
    tries = count if known else (rung.tries or 1)
    plan = [] if known else generations(tries, rung.sampler, rung.batch)
    ranked = {arm.name: ranking(claim, arm, rung, outcomes) for arm in arms}
    due = max((first for first, _ in plan if first < count), default=0)
    nothing = not any(says_something(one) for own in ranked.values() for one in own)
    if not any(says_something(one) for own in ranked.values() for one in own if one.candidate.number < due):
        due = 0  # a machine that was mended since may try them all again
    claim = replace(claim, search=replace(claim.search, due=due))
    if any(trial.id not in outcomes for trial in due_trials(claim, rung)):
        return Unfolded(claim)
    if nothing and (count == tries or not spaced):
        return Unfolded(claim)  # not one trial of the rung says anything: it is the machine, or the recipe
    if count < tries and spaced:
        size = next(size for first, size in plan if first == count)
        past = {arm.name: tuple(sorted(ranked[arm.name], key=_number)) for arm in spaced}
        return Unfolded(claim, wanted=Wanted(rung, count, size, past))
    further = claim.search_rungs.index(rung) + 1
    keep = (claim.search_rungs[further].tries or 1) if further < len(claim.search_rungs) else 1
    return Unfolded(claim, closed=Closed(rung.name, {name: own[:keep] for name, own in ranked.items()}))


def says_something(one: Scored) -> bool:
    """Whether it says something about the model: a score, a divergence, or a metric with a reason for having none."""
    return one.score is not None or one.failure in ("diverged", "undefined")


def _number(scored: Scored) -> int:
    return scored.candidate.number


def due_trials(claim: ResolvedClaim, rung: Rung) -> list[Trial]:
    """Trials of the candidates of a search rung that may still be run, each once: those of its last generation."""
    due = 0 if claim.search is None else claim.search.due
    names = [arm.name for arm in claim.searched if claim.search is None or arm.name not in claim.search.pruned]
    found = {t.id: t for t in claim.trials(rung, names) if due == 0 or (t.candidate or 0) >= due}
    return list(found.values())


def ranking(claim: ResolvedClaim, arm: Arm, rung: Rung, outcomes: Outcomes) -> tuple[Scored, ...]:
    """The candidates of an arm at a rung, the best first; those without a score come last, in their order."""
    sign = 1.0 if claim.primary[0].direction == "maximise" else -1.0
    found = [scored(claim, arm, candidate, rung, outcomes) for candidate in claim.candidates(rung, arm)]
    return tuple(sorted(found, key=lambda s: (s.score is None, -sign * (s.score or 0.0), s.candidate.number)))


def scored(claim: ResolvedClaim, arm: Arm, candidate: Candidate, rung: Rung, outcomes: Outcomes) -> Scored:
    """What a candidate came to: the mean over target conditions and seeds, or what its first failed trial met."""
    metric, values = claim.primary[0], list[float]()
    seeds = rung.seeds[:1] if arm.deterministic else rung.seeds
    for condition in claim.targets:
        for seed in seeds:
            found = side(outcomes.get(claim.trial(arm, condition, rung, seed, candidate).id), metric)
            if found.missing is not None:
                return Scored(candidate, None, "not run" if found.missing.kind == "pending" else found.missing.kind)
            mean = math.fsum(found.table.scores) / len(found.table.scores) if len(found.table.scores) else math.nan
            if not math.isfinite(mean):
                return Scored(candidate, None, "undefined")
            values.append(mean)
    return Scored(candidate, math.fsum(values) / len(values))


def tried_arms(claim: ResolvedClaim, outcomes: Outcomes) -> tuple[TriedArm, ...]:
    """What the search of a claim came to, arm by arm: how many were tried, and which settings go to the next rung."""
    if claim.search is None or not claim.search_rungs:
        return ()
    first, rows = claim.search_rungs[0], []
    for arm in claim.searched:
        where = [rung for rung in claim.search_rungs if claim.candidates(rung, arm)]
        every = [scored(claim, arm, one, first, outcomes) for one in claim.candidates(first, arm)]
        winner, failures = claim.winner(arm), dict[str, int]()
        for one in every:
            if one.failure and one.failure != "not run":
                failures[one.failure] = failures.get(one.failure, 0) + 1
        best = None
        if winner is not None and where:
            best = scored(claim, arm, winner, where[-1], outcomes).score
        rows.append(
            TriedArm(
                arm.name, len(every), None if winner is None else winner.number + 1,
                {} if winner is None else dict(winner.values), best, failures,
            )
        )  # fmt: skip
    return tuple(rows)


def screened_out(claim: ResolvedClaim) -> dict[str, Screened]:
    """Variants that the search rungs so far have dropped."""
    return {} if claim.search is None else dict(claim.search.pruned)
