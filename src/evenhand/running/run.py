"""Claims run to their verdicts: entered, run in one pool of slots, decided. And one trial outside any claim."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from evenhand.claims import expectations
from evenhand.claims.load import LoadedClaim, all_trials, settled
from evenhand.decisions.progress import progress
from evenhand.decisions.verdict import Decision
from evenhand.errors import ClaimError
from evenhand.execution.executor import Executor, Finished, last_progress, read_outcome
from evenhand.execution.failures import Ending
from evenhand.execution.local.shared import SharedSlots, local_slots
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.machine import provenance
from evenhand.execution.places import room_of
from evenhand.execution.profiles import Profile
from evenhand.execution.resources import Capacity
from evenhand.execution.retries import keeps_its_work
from evenhand.execution.worker import Job
from evenhand.ledger import Ledger
from evenhand.recipes.contract import Recipe
from evenhand.recipes.outcome import Execution, Files, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running import families, searching, standing
from evenhand.running.claim_run import ClaimRun
from evenhand.running.enter import check_machine, decided, fix_claim, other_code_words, outcomes_so_far, stale_results
from evenhand.running.extending import awaits_decision
from evenhand.running.fitting import resources_of
from evenhand.running.freshness import freshness
from evenhand.running.observer import Observer, RunningTrial
from evenhand.running.pool import TICK_SECONDS, Pool
from evenhand.running.probing import micro_batch
from evenhand.running.slots import side_by_side

Decided = Callable[[LoadedClaim, Decision], None]
"""Told of each claim when it has ended, with what it came to."""


def run_claim(
    loaded: LoadedClaim,
    ledger: Ledger,
    *,
    jobs: int | None = None,
    observer: Observer | None = None,
    amend: bool = False,
    executor: Executor | None = None,
) -> Decision:
    """Run a claim to its end, or from where it was interrupted to its end, and decide.

    Args:
        loaded: the claim.
        ledger: where outcomes go; trials that have a result there are not run again.
        jobs: trials side by side; None for what :func:`evenhand.running.slots.side_by_side` finds.
        observer: told what happens.
        amend: enter a claim that differs from one of the same name that has results.
        executor: where trials run, not opened yet; slots on this machine if None.

    Raises:
        ClaimError: the claim was changed after results were seen, or cannot run on this machine.
        LedgerError: another process runs this claim, or the ledger cannot be written.
    """
    observers = {} if observer is None else {loaded.resolved.name: observer}
    return run_claims([loaded], ledger, jobs=jobs, observers=observers, amend=amend, executor=executor)[0]


def run_claims(
    claims: Sequence[LoadedClaim],
    ledger: Ledger,
    *,
    jobs: int | None = None,
    observers: Mapping[str, Observer] | None = None,
    amend: bool = False,
    executor: Executor | None = None,
    on_decided: Decided | None = None,
    warm: bool | None = None,
    detach: bool = False,
) -> list[Decision]:
    """Run claims to their ends in one pool of slots: what one of them leaves free another one takes.

    All are entered before the first trial of any. A claim that names others of them in ``after`` starts when those
    have ended; free slots go to the claim of the highest ``priority``, and among equals to the one given first.

    Args:
        claims: in the order of :func:`evenhand.claims.load.queue`.
        ledger: where outcomes go; trials that have a result there are not run again.
        jobs: trials side by side, of all claims together; None for what
            :func:`evenhand.running.slots.side_by_side` finds.
        observers: claim name to who is told what happens to it.
        amend: enter claims that differ from those of the same name that have results.
        executor: where trials run, not opened yet; slots on this machine if None.
        on_decided: called with each claim as it ends, and its decision.
        warm: whether slots on this machine keep a process for the next trial of its recipe; on a GPU alone if None.
        detach: start what may be started in the executor, and leave it there; the next run takes it up.

    Returns:
        The decisions, in the order of ``claims``, of those that have ended: all, unless they were left to themselves.

    Raises:
        ClaimError: a claim was changed after results were seen, cannot run on this machine, or asks for what no trial
            can give; the others are run to their ends all the same once the first trial has started.
        LedgerError: another process runs one of these claims, or the ledger cannot be written.
    """
    decisions: dict[str, Decision] = {}
    close = _closing(decisions, on_decided)
    with ExitStack() as held:
        locks = [_lock(claim, ledger, held) for claim in claims]
        place = executor or _slots_here(claims, ledger, jobs, warm, observers or {})
        _check_that_all_can_run(claims, ledger, place)
        origin = cache(provenance)
        runs = [
            _entered(claim, ledger, (observers or {}).get(claim.resolved.name) or Observer(), amend, lock, origin)
            for claim, lock in zip(claims, locks, strict=True)
        ]
        if any(not run.now.finished for run in runs):
            with place as opened:
                _choose_micro_batches(runs, ledger, opened)
                Pool(runs, opened, close, detach).loop()
        else:
            for run in runs:
                close(run)
    for run in runs:
        if run.error is not None:
            raise run.error
    return [decisions[claim.resolved.name] for claim in claims if claim.resolved.name in decisions]


def _closing(decisions: dict[str, Decision], on_decided: Decided | None) -> Callable[[ClaimRun], None]:
    """What ends a claim: it is decided, its decision kept and told, and others may run it again."""

    def close(run: ClaimRun) -> None:
        with run.held:
            if run.error is None:
                decisions[run.name] = _decide(run)
                if on_decided is not None:
                    on_decided(run.loaded, decisions[run.name])

    return close


def _slots_here(
    claims: Sequence[LoadedClaim],
    ledger: Ledger,
    jobs: int | None,
    warm: bool | None,
    observers: Mapping[str, Observer],
) -> Executor:
    """Slots on this machine, not opened yet; observers of claims that have trials left are told how many, and why."""
    recipes: dict[Path, list[str]] = {}
    for claim in claims:
        recipes.setdefault(claim.folder, []).append(claim.resolved.recipe)
    left = [claim for claim in claims if has_trials_left(claim, ledger)]
    profile, words = side_by_side(Profile(jobs=jobs), left)
    for claim in left if words else ():
        observers.get(claim.resolved.name, Observer()).message(words)
    return local_slots(recipes, profile.jobs, warm, room_of(profile))


def _choose_micro_batches(runs: Sequence[ClaimRun], ledger: Ledger, executor: Executor) -> None:
    """Rows at once for each claim that has trials to run."""
    for run in runs:
        if not run.now.finished:
            run.micro_batch = micro_batch(run.loaded, ledger, executor, run.observer)


def _lock(loaded: LoadedClaim, ledger: Ledger, held: ExitStack) -> ExitStack:
    """What holds a claim until it has ended, and at the latest until all have."""
    own = held.enter_context(ExitStack())
    own.enter_context(ledger.lock(f"claim-{loaded.resolved.name}"))
    return own


def check_capacity(claims: Sequence[LoadedClaim], capacity: Capacity) -> None:
    """Refuse claims that ask for more than any node has.

    Raises:
        ClaimError: names the largest node.
    """
    for loaded in claims:
        claim = loaded.resolved.claim
        refusal = capacity.refusal(resources_of(claim, arm.name) for arm in claim.arms)
        if refusal:
            raise ClaimError(f"{loaded.path.name} cannot be run there", [loaded.file.fault(("resources",), refusal)])


def _check_that_all_can_run(claims: Sequence[LoadedClaim], ledger: Ledger, executor: Executor) -> None:
    """Refuse claims that have trials left and cannot run where they are to run, before any of them is entered."""
    capacity = executor.capacity()
    for claim in claims:
        try:
            if isinstance(executor, LocalSlots | SharedSlots):
                check_machine(claim, executor.room, ledger)
            check_capacity([claim], capacity)
        except ClaimError:
            if has_trials_left(claim, ledger):
                raise


def has_trials_left(claim: LoadedClaim, ledger: Ledger) -> bool:
    """Whether a run of a claim would start a trial, as far as the ledger knows."""
    known = searching.unfolded_claim(claim.resolved, ledger)
    return not progress(families.at_level(known, ledger), settled(outcomes_so_far(known, ledger))).finished


def _entered(
    loaded: LoadedClaim,
    ledger: Ledger,
    watcher: Observer,
    amend: bool,
    held: ExitStack,
    origin: Callable[[Path], dict[str, Any]],
) -> ClaimRun:
    """A claim, entered into the ledger, with what the ledger has of it."""
    loaded = searching.unfolded(loaded, ledger)
    claim = loaded.resolved
    searching.check_sampler(loaded)
    for sentence in other_code_words(claim, ledger) if standing.entered(claim, ledger) is None else ():
        watcher.message(sentence)
    fix_claim(loaded, ledger, amend=amend)
    known = outcomes_so_far(claim, ledger)
    trials = all_trials(claim)
    compared = stale_results(loaded, ledger.files_of([trial.id for trial in trials]))
    for sentence in compared.sentences(trials):
        watcher.message(sentence)
    outcomes = {key: outcome for key, outcome in settled(known).items() if key not in compared.stale}
    adopt(loaded, ledger, outcomes)
    judged = families.at_level(claim, ledger)
    anew = bool(compared.stale) or bool(ledger.set_aside([trial.id for trial in trials]))
    return ClaimRun(loaded, judged, ledger, watcher, outcomes, origin(loaded.folder), anew, held)


def _decide(run: ClaimRun) -> Decision:
    """The verdicts of a claim that has ended, recorded where it has its results."""
    loaded, ledger, claim = run.loaded, run.ledger, run.loaded.resolved
    decision = decided(loaded, ledger, run.outcomes)
    complete = progress(run.judged, settled(run.outcomes)).finished
    titles = decision.titles
    earlier = ledger.decisions(claim.name, claim.hash)
    again = (run.anew and earlier and earlier[-1].verdicts != titles) or awaits_decision(claim, ledger)
    if complete and (not earlier or again):
        ids = [trial.id for trial in all_trials(claim)]
        ledger.record_decision(claim.name, claim.hash, titles, ids, families.to_record(decision))
    return decision


def adopt(loaded: LoadedClaim, ledger: Ledger, outcomes: dict[str, Outcome]) -> None:
    """Take up outcome files that an earlier run left without recording them: it was killed, or could not write.

    One that was made by code or from data that have changed since is left out, and its trial runs anew.
    """
    for trial in all_trials(loaded.resolved):
        folder = ledger.workdir(trial.id)
        if trial.id in outcomes or not (folder / "outcome.json").exists():
            continue
        outcome = read_outcome(folder, Ending(0, None), None)
        stale = freshness({trial.id: Files(outcome.code, outcome.data)}, loaded.folder).stale
        if stale or expectations.unmet(loaded.resolved, trial, outcome):
            shutil.rmtree(folder, ignore_errors=True)
            continue
        if outcome.failure is None:
            execution = Execution(started="", device=outcome.notes.get("device", ""))
            origin = {**provenance(loaded.folder), "data": dict(outcome.data), "adopted": True}
            ledger.record_outcome(trial, outcome, execution, loaded.resolved.hash, origin)
            outcomes[trial.id] = outcome
        # What failed with the machine is tried again by this run, and goes on from its checkpoint.
        if not keeps_its_work(outcome.failure):
            shutil.rmtree(folder, ignore_errors=True)


def run_trial(trial: Trial, recipe: Recipe, folder: Path, ledger: Ledger, *, observer: Observer) -> Finished:
    """One exploratory trial outside any claim; its record is never part of a contrast."""
    key = f"try-{trial.id}-{time.time_ns()}"
    job = Job(trial, str(folder), str(ledger.workdir(key).resolve()), str(ledger.assets.resolve()), 1)
    with LocalSlots([recipe.reference], folder, 1) as slots:
        job = replace(job, threads=slots.threads)
        slots.start(key, job, 1, None)
        ended: list[Finished] = []
        while not ended:
            ended = slots.wait(TICK_SECONDS)
            found = last_progress(Path(job.workdir))
            if found is not None and not ended:
                doing, share = found.get("doing", ""), found.get("share")
                seconds, spent, values = slots.elapsed(key), found["spent"], found["values"]
                observer.progressed(RunningTrial(trial, seconds, spent, values, doing, share))
    finished = ended[0]
    origin = {**provenance(folder), "data": dict(finished.outcome.data)}
    ledger.record_outcome(trial, finished.outcome, finished.execution, "", origin, exploratory=True)
    shutil.rmtree(job.workdir, ignore_errors=True)
    return finished
