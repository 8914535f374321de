"""The only loop: next trials -> run -> record -> prune or go on -> decide."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evenhand.claims import expectations
from evenhand.claims.load import LoadedClaim, all_trials, settled
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import running_contrasts
from evenhand.decisions.progress import Progress, progress
from evenhand.decisions.verdict import Contrast, Decision
from evenhand.decisions.wording import screened_words
from evenhand.errors import ClaimError, counted
from evenhand.execution.executor import Executor, Finished, last_progress, read_outcome
from evenhand.execution.failures import Ending
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.machine import provenance
from evenhand.execution.retries import Retries, failure_signature, keeps_its_work
from evenhand.execution.worker import Job
from evenhand.ledger import Ledger
from evenhand.recipes.contract import Recipe
from evenhand.recipes.outcome import Execution, Files, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running import families, standing
from evenhand.running.enter import check_machine, decided, fix_claim, outcomes_so_far, stale_results
from evenhand.running.freshness import freshness
from evenhand.running.observer import Observer, RunningTrial, Tick

TICK_SECONDS = 0.2
"""How often the loop looks at the clock and at the progress of running trials."""

CONTRAST_SHARE = 100
"""The running contrasts are computed again after this many times the time that they took."""

SAME_FAILURE_LIMIT = 2
"""An arm that failed this often in the same way, and never succeeded, is not tried further in that condition."""


@dataclass
class _Run:
    """The state of the loop for one claim."""

    loaded: LoadedClaim
    judged: ResolvedClaim
    ledger: Ledger
    executor: Executor
    observer: Observer
    outcomes: dict[str, Outcome]
    origin: Mapping[str, Any]
    attempts: Counter[str] = field(default_factory=Counter)
    retries: Retries = field(default_factory=Retries)
    alone: set[str] = field(default_factory=set)
    trials: dict[str, Trial] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)
    rung: str = ""
    of_rung: Sequence[str] = ()
    contrasts: Sequence[Contrast] = ()
    next_contrasts: float = 0.0

    def loop(self) -> None:
        now = progress(self.judged, self.outcomes)
        self._tick(now)
        while True:
            self._fill(now)
            if now.finished and not self.executor.running:
                self._tick(now)
                return
            ended = self.executor.wait(TICK_SECONDS)
            for finished in ended:
                self._record(finished)
            if ended:
                now = self._progress_after(now)
                self._contrast(now)
            self._tick(now)

    def _progress_after(self, now: Progress) -> Progress:
        """Where the claim stands now: while trials of the present seeds are pending, only they grow fewer."""
        pending = tuple(trial for trial in now.pending if trial.id not in self.outcomes)
        return replace(now, pending=pending) if pending else progress(self.judged, self.outcomes)

    def _contrast(self, now: Progress) -> None:
        """The contrasts that are watched, anew; at most a part of the time goes into them, however many there are."""
        start = time.monotonic()
        if self.observer.watches_contrasts and start >= self.next_contrasts:
            self.contrasts = running_contrasts(self.judged, now, self.outcomes)
            end = time.monotonic()
            self.next_contrasts = end + CONTRAST_SHARE * (end - start)

    def _enter(self, now: Progress) -> None:
        """Take note of the rung that is reached, and say who is not at it any more."""
        self.rung = now.rung.name
        self.of_rung = [trial.id for trial in self.loaded.resolved.trials(now.rung, now.active_arms)]
        for arm, screened in now.pruned.items():
            reason = screened_words(self.loaded.resolved, screened)
            self.observer.message(f"'{arm}' is screened out at rung '{screened.rung}': {reason}")

    def _fill(self, now: Progress) -> None:
        """Start pending trials in free slots; a trial that ran out of memory runs without neighbours."""
        running = self.executor.running
        if any(key in self.alone for key in running):
            return
        waiting = [trial for trial in now.pending if trial.id not in running]
        crowd = [trial for trial in waiting if trial.id not in self.alone]
        if not crowd and waiting and not running:
            self._start(waiting[0])
            return
        for trial in crowd[: self.executor.free]:
            self._start(trial)

    def _start(self, trial: Trial) -> None:
        loaded, threads = self.loaded, self.executor.threads
        self.attempts[trial.id] += 1
        self.trials[trial.id] = trial
        job = Job(
            trial=trial,
            folder=str(loaded.folder),
            workdir=str(self.ledger.workdir(trial.id).resolve()),
            assets=str(self.ledger.assets.resolve()),
            threads=threads,
            memory_gib=loaded.resolved.limits.memory_gib,
        )
        self.executor.start(trial.id, job, self.attempts[trial.id], loaded.resolved.limits.seconds)

    def _record(self, finished: Finished) -> None:
        trial, outcome = self.trials[finished.key], finished.outcome
        unmet = expectations.unmet(self.loaded.resolved, trial, outcome)
        if unmet:
            outcome = expectations.refused(outcome, unmet[0][1])
        origin = {**self.origin, "data": dict(outcome.data)}
        self.ledger.record_outcome(trial, outcome, finished.execution, self.loaded.resolved.hash, origin)
        if unmet:
            shutil.rmtree(finished.job.workdir, ignore_errors=True)
            self.observer.finished(trial, outcome, finished.execution, False)
            faults = [self.loaded.file.fault(path, message) for path, message in unmet]
            raise ClaimError(
                f"{self.loaded.path.name} was stopped, since no trial can give what it asks for. Mend the file and "
                "run it again; that is no amendment",
                faults,
            )
        retry = False
        if outcome.failure is None:
            self.durations.append(finished.execution.seconds)
            self.retries.passed(trial.arm)
        else:
            retry = self.retries.again(trial.id, trial.arm, outcome.failure, finished.execution)
        if not retry:
            self.outcomes[trial.id] = outcome
        elif outcome.failure is not None and outcome.failure.kind == "resource":
            self.alone.add(trial.id)
        if not keeps_its_work(outcome.failure):
            shutil.rmtree(finished.job.workdir, ignore_errors=True)
        self.observer.finished(trial, outcome, finished.execution, retry)
        if outcome.failure is not None and not retry:
            self._give_up_like(trial, outcome)

    def _give_up_like(self, trial: Trial, outcome: Outcome) -> None:
        """Leave out the further trials of an arm that fails in the same way each time."""
        failure = outcome.failure
        if failure is None or not self.retries.is_persistent(failure):
            return
        claim = self.loaded.resolved
        rung = next(r for r in claim.claim.rungs if r.name == trial.rung)
        alike = [
            t
            for t in claim.trials(rung, [trial.arm])
            if t.condition == trial.condition and t.id not in self.executor.running
        ]
        done = [self.outcomes[t.id] for t in alike if t.id in self.outcomes]
        same = [o for o in done if o.failure is not None and failure_signature(o.failure) == failure_signature(failure)]
        if len(same) < SAME_FAILURE_LIMIT or len(same) < len(done):
            return
        left = [t for t in alike if t.id not in self.outcomes]
        for other in left:
            message = f"not tried: {counted(len(same), 'trial')} of this arm failed alike ({failure.message})"
            skipped = Outcome(failure=replace(failure, message=message))
            self.ledger.record_outcome(other, skipped, Execution(attempt=0), claim.hash, self.origin)
            self.outcomes[other.id] = skipped
        if left:
            count = counted(len(left), "trial")
            self.observer.message(f"'{trial.arm}' fails in the same way each time; {count} left out")

    def _tick(self, now: Progress) -> None:
        if now.rung.name != self.rung:
            self._enter(now)
        running = []
        for key, job in self.executor.running.items():
            found = last_progress(Path(job.workdir)) or {}
            running.append(
                RunningTrial(
                    self.trials[key], self.executor.elapsed(key), found.get("spent", 0.0), found.get("values", {})
                )
            )
        mean = sum(self.durations) / len(self.durations) if self.durations else None
        done = sum(key in self.outcomes for key in self.of_rung)
        self.observer.tick(
            Tick(now, len(self.of_rung), running, self.outcomes, mean, self.executor.jobs, self.contrasts, done)
        )


def run_claim(
    loaded: LoadedClaim,
    ledger: Ledger,
    *,
    jobs: int,
    observer: Observer | None = None,
    amend: bool = False,
    executor: Executor | None = None,
) -> Decision:
    """Run a claim to its end, or from where it was interrupted to its end, and decide.

    Args:
        loaded: the claim.
        ledger: where outcomes go; trials that have a result there are not run again.
        jobs: trials side by side.
        observer: told what happens.
        amend: enter a claim that differs from one of the same name that has results.
        executor: where trials run, not opened yet; ``jobs`` slots on this machine if None.

    Raises:
        ClaimError: the claim was changed after results were seen, or cannot run on this machine.
        LedgerError: another process runs this claim, or the ledger cannot be written.
    """
    watcher = observer or Observer()
    with ledger.lock(f"claim-{loaded.resolved.name}"):
        if standing.entered(loaded.resolved, ledger) is None and (told := standing.other_code(loaded.resolved, ledger)):
            watcher.message(told)
        fix_claim(loaded, ledger, amend=amend)
        known = outcomes_so_far(loaded.resolved, ledger)
        compared = stale_results(loaded, ledger.files_of([trial.id for trial in all_trials(loaded.resolved)]))
        for sentence in compared.sentences(all_trials(loaded.resolved)):
            watcher.message(sentence)
        outcomes = {key: outcome for key, outcome in settled(known).items() if key not in compared.stale}
        adopt(loaded, ledger, outcomes)
        judged = families.at_level(loaded.resolved, ledger)
        if not progress(judged, outcomes).finished:
            if executor is None:
                check_machine(loaded)
            place = executor or LocalSlots([loaded.resolved.recipe], loaded.folder, jobs)
            with place as opened:
                run = _Run(loaded, judged, ledger, opened, watcher, outcomes, provenance(loaded.folder))
                run.loop()
        decision = decided(loaded, ledger, outcomes)
        titles = {f"{v.arm}/{v.condition}/{v.metric}": v.title for v in decision.verdicts}
        earlier = ledger.decisions(loaded.resolved.name, loaded.resolved.hash)
        complete = progress(judged, settled(outcomes)).finished
        if complete and (not earlier or (compared.stale and earlier[-1].verdicts != titles)):
            name, ids = loaded.resolved.name, [trial.id for trial in all_trials(loaded.resolved)]
            ledger.record_decision(name, loaded.resolved.hash, titles, ids, families.to_record(decision))
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
                observer.progressed(RunningTrial(trial, slots.elapsed(key), found["spent"], found["values"]))
    finished = ended[0]
    origin = {**provenance(folder), "data": dict(finished.outcome.data)}
    ledger.record_outcome(trial, finished.outcome, finished.execution, "", origin, exploratory=True)
    shutil.rmtree(job.workdir, ignore_errors=True)
    return finished
