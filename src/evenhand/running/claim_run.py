"""The state of one claim while it runs: what it waits to try, what came back, where it stands on its rungs."""

from __future__ import annotations

import shutil
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from evenhand.claims import expectations
from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import running_contrasts
from evenhand.decisions.progress import progress, rung_trials
from evenhand.decisions.verdict import Contrast
from evenhand.decisions.wording import dropped_words, screened_words
from evenhand.errors import ClaimError, EvenhandError, counted
from evenhand.execution.executor import Finished
from evenhand.execution.retries import Retries, keeps_its_work
from evenhand.execution.worker import Job
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running import searching
from evenhand.running.fitting import resources_of
from evenhand.running.observer import Observer, RunningTrial, Tick
from evenhand.running.trials import keep_log
from evenhand.running.watching import ClaimSeen

Names = tuple[str, ...]

_SHARED = ("ids", "clusters", "inputs", "groups", "expected")
"""Columns of items that are the same in most trials."""

CONTRAST_SHARE = 100
"""The running contrasts are computed again after this many times the time that they took."""


@dataclass
class ClaimRun:
    """One claim among those that share a pool of slots.

    Attributes:
        loaded: the claim.
        judged: the same at the level that it is judged at, which the rules of the ledger may lower.
        ledger: where its outcomes go.
        observer: told what happens to it.
        outcomes: trial id to outcome; failures that will be tried again are not among them.
        origin: where its results come from.
        anew: some of its results were stale, and are made again.
        held: what is let go when the claim has ended: its lock in the ledger.
        now: where it stands.
        running: trial id to trial, of those that it has started.
        error: why it was stopped before its end.
        paused: it starts no trial for now; those that run go on.
        micro_batch: rows that its trials put through a model at once; None for as many as their settings say.
    """

    loaded: LoadedClaim
    judged: ResolvedClaim
    ledger: Ledger
    observer: Observer
    outcomes: dict[str, Outcome]
    origin: Mapping[str, Any]
    anew: bool = False
    held: ExitStack = field(default_factory=ExitStack)
    running: dict[str, Trial] = field(default_factory=dict)
    retries: Retries = field(default_factory=Retries)
    error: EvenhandError | None = None
    paused: bool = False
    micro_batch: int | None = None
    attempts: Counter[str] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)
    contrasts: Sequence[Contrast] = ()
    next_contrasts: float = 0.0
    rung: str = ""
    of_rung: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.trials = {trial.id: trial for trial in all_trials(self.loaded.resolved)}
        self.waiting: deque[Trial] = deque()
        self._names: dict[Names, Names] = {}
        self._left_out: set[str] = set()  # never tried, as their arm fails alike each time
        self._done_elsewhere = False  # some of those that wait have an outcome that no trial of this run brought
        self._dropped: set[str] = set()  # variants of whom it is said that they get no further seeds
        self._advance()

    @property
    def name(self) -> str:
        """Of the claim."""
        return self.loaded.resolved.name

    @property
    def ended(self) -> bool:
        """Nothing of it runs, and nothing is left to run."""
        return not self.running and (self.now.finished or self.error is not None)

    def next_trial(self, taken: Mapping[str, object], *, alone: bool = False) -> Trial | None:
        """The trial to start next; it is not among those that wait any more.

        Args:
            taken: ids of trials that run now, for whichever claim: claims can have trials in common.
            alone: one of those that must have no neighbour, rather than of the others.
        """
        if self.error is not None:
            return None
        for place, trial in enumerate(self.waiting):
            if trial.id not in taken and (trial.id in self.retries.alone) == alone:
                del self.waiting[place]
                return trial
        return None

    def job(self, trial: Trial, threads: int) -> Job:
        """What an executor is told of a trial that starts now."""
        self.attempts[trial.id] += 1
        self.running[trial.id] = trial
        return Job(
            trial=trial,
            folder=str(self.loaded.folder),
            workdir=str(self.ledger.workdir(trial.id).resolve()),
            assets=str(self.ledger.assets.resolve()),
            threads=threads,
            memory_gib=self.loaded.resolved.limits.memory_gib,
            micro_batch=self.micro_batch,
            resources=resources_of(self.loaded.resolved.claim, trial.arm),
        )

    def take_up(self, key: str) -> None:
        """A trial that an earlier run left to itself is under way: it is not started again."""
        trial = self.trials[key]
        self.waiting = deque(other for other in self.waiting if other.id != key)
        self.attempts[key] = max(1, self.attempts[key])
        self.running[key] = trial

    def again(self, finished: Finished) -> None:
        """A trial ended for no fault of its own: it waits again, and the attempt does not count."""
        trial = self.running.pop(finished.key)
        self.attempts[trial.id] -= 1
        self.waiting.appendleft(trial)
        self.observer.message(f"{trial.label()}: {finished.pending_again}; it is started again")

    def record(self, finished: Finished) -> None:
        """Take note of a trial of this claim that has ended: in the ledger first, then here."""
        trial, outcome = self.running.pop(finished.key), finished.outcome
        unmet = expectations.unmet(self.loaded.resolved, trial, outcome)
        if unmet:
            outcome = expectations.refused(outcome, unmet[0][1])
        origin = {**self.origin, "data": dict(outcome.data)}
        self.ledger.record_outcome(trial, outcome, finished.execution, self.loaded.resolved.hash, origin)
        retry = not unmet and self._settle(trial, outcome, finished.execution)
        if unmet or not keeps_its_work(outcome.failure):
            keep_log(self.ledger, trial.id)
            shutil.rmtree(finished.job.workdir, ignore_errors=True)
        self.observer.finished(trial, outcome, finished.execution, retry)
        if unmet:
            self.error = self.error or self._stopped(unmet)
        elif outcome.failure is not None and not retry:
            self._give_up_like(trial, outcome.failure)
        elif told := expectations.undefined_alike(self.loaded.resolved, trial, self.outcomes):
            self.observer.message(told)

    def _settle(self, trial: Trial, outcome: Outcome, execution: Execution) -> bool:
        """Keep the outcome, or have the trial tried again; returns whether it is."""
        if outcome.failure is None:
            self.durations.append(execution.seconds)
            self.retries.passed(trial.arm)
        elif self.retries.again(trial.id, trial.arm, outcome.failure, execution):
            self.waiting.appendleft(trial)
            return True
        self.outcomes[trial.id] = with_shared_names(outcome, self._names)
        return False

    def _stopped(self, unmet: Sequence[tuple[tuple[str | int, ...], str]]) -> ClaimError:
        faults = [self.loaded.file.fault(path, message) for path, message in unmet]
        return ClaimError(
            f"{self.loaded.path.name} was stopped, since no trial can give what it asks for. Mend the file and "
            "run it again; that is no amendment",
            faults,
        )

    def share(self, trial_id: str, outcome: Outcome) -> None:
        """Take up the result of a trial that another claim has in common with this one: it is not run twice."""
        if trial_id in self.trials and trial_id not in self.running:
            self.outcomes.setdefault(trial_id, outcome)
            self._done_elsewhere = True

    def _give_up_like(self, trial: Trial, failure: Failure) -> None:
        """Leave out the further trials of an arm that fails in the same way each time."""
        claim = self.loaded.resolved
        rung = next(r for r in claim.claim.rungs if r.name == trial.rung)
        same = (trial.condition, trial.candidate)  # a configuration that fails says nothing of the next one
        own = [t for t in claim.trials(rung, [trial.arm]) if (t.condition, t.candidate) == same]
        alike = [t for t in own if t.id not in self.running]
        count = self.retries.failed_alike(failure, [self.outcomes[t.id] for t in alike if t.id in self.outcomes])
        left = [t for t in alike if t.id not in self.outcomes] if count else []
        for other in left:
            message = f"not tried: {counted(count, 'trial')} of this arm failed alike ({failure.message})"
            skipped = Outcome(failure=replace(failure, message=message))
            self.ledger.record_outcome(other, skipped, Execution(attempt=0), claim.hash, self.origin)
            self.outcomes[other.id] = skipped
            self._left_out.add(other.id)
        if left:
            self._done_elsewhere = True
            told = f"{counted(len(left), 'trial')} left out"
            self.observer.message(f"'{trial.arm}' fails in the same way each time; {told}")

    def advance(self) -> None:
        """Where the claim stands after some trials have ended: on the same seeds, only fewer are pending."""
        if self._done_elsewhere:
            self.waiting = deque(trial for trial in self.waiting if trial.id not in self.outcomes)
            self._done_elsewhere = False
        if not self.waiting and not self.running:
            self._advance()

    def _advance(self) -> None:
        if self.loaded.resolved.search_rungs:
            self._search()
        self.now = progress(self.judged, self.outcomes)
        self.waiting = deque(self.now.pending)

    def _search(self) -> None:
        """Bring its search on: what it proposes now are further trials of the claim."""
        self.loaded = searching.advanced(self.loaded, self.ledger, self.outcomes)
        claim = self.loaded.resolved
        self.judged = replace(self.judged, search=claim.search)
        self.trials = {trial.id: trial for trial in all_trials(claim)}
        if claim.open_search is not None and claim.open_search.name == self.rung:
            self.of_rung = [trial.id for trial in claim.trials(claim.open_search)]
        self.error = self.error or searching.stuck(self.loaded, self.outcomes)

    def contrast(self) -> None:
        """The contrasts that are watched, anew; at most a part of the time goes into them, however many there are."""
        start = time.monotonic()
        if self.observer.watches_contrasts and start >= self.next_contrasts:
            self.contrasts = running_contrasts(self.judged, self.now, self.outcomes)
            end = time.monotonic()
            self.next_contrasts = end + CONTRAST_SHARE * (end - start)

    def _enter(self) -> None:
        """Take note of the rung that is reached and of who runs there no more, and say it."""
        self.of_rung = [trial.id for trial in rung_trials(self.loaded.resolved, self.now)]
        for arm, screened in self.now.pruned.items() if self.now.rung.name != self.rung else ():
            reason = screened_words(self.loaded.resolved, screened)
            self.observer.message(f"'{arm}' is screened out at rung '{screened.rung}': {reason}")
        for arm in sorted(self.now.dropped.keys() - self._dropped):
            self.observer.message(f"'{arm}': {dropped_words(self.now.dropped[arm])}")
        self.rung, self._dropped = self.now.rung.name, set(self.now.dropped)

    def seen(self, queued: int = 0) -> ClaimSeen:
        """How it stands, for those who watch from elsewhere; so many of its trials are in the place's own queue."""
        done, left_out = self._counts()
        mean = sum(self.durations) / len(self.durations) if self.durations else None
        return ClaimSeen(
            self.name, self.rung, done, len(self.of_rung) + self.now.unproposed, len(self.waiting),
            len(self.running) - queued, mean, tuple(self.loaded.file.claim.after), self.loaded.resolved.hash,
            self.paused, left_out, queued,
        )  # fmt: skip

    def _counts(self) -> tuple[int, int]:
        """Trials of the present rung that have ended, and those that are left out."""
        left_out = sum(key in self._left_out for key in self.of_rung)
        return sum(key in self.outcomes for key in self.of_rung) - left_out, left_out

    def tick(self, running: Sequence[RunningTrial], slots: int) -> Tick:
        """Tell the observer how things are.

        Args:
            running: its trials that run now.
            slots: that it can have at a time, as long as others want some.
        """
        if self.now.rung.name != self.rung or set(self.now.dropped) != self._dropped:
            self._enter()
        mean = sum(self.durations) / len(self.durations) if self.durations else None
        done, left_out = self._counts()
        pending = (*self.running.values(), *self.waiting)
        now = replace(self.now, pending=pending)
        total = len(self.of_rung) + now.unproposed
        told = Tick(now, total, running, self.outcomes, mean, slots, self.contrasts, done, left_out)
        self.observer.tick(told)
        return told


def with_shared_names(outcome: Outcome, known: dict[Names, Names]) -> Outcome:
    """The outcome with what its items are called and were asked as in outcomes before it: most are on the same items.

    The names of a thousand items take five times the memory of their scores.
    """
    items = {}
    for metric, table in outcome.items.items():
        shared: dict[str, Any] = {key: known.setdefault(own, own) for key in _SHARED if (own := getattr(table, key))}
        items[metric] = replace(table, **shared)
    return replace(outcome, items=items)
