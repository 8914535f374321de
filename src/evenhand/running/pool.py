"""The only loop: next trials -> run -> record -> prune or go on; several claims share the slots of one executor.

A free slot takes the next trial of the claim of highest priority that has one, and among equals of the claim that was
given first: no slot idles while any claim has a trial that may run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from evenhand.errors import Cancelled, ClaimError, EvenhandError
from evenhand.execution.executor import Executor, Finished, last_progress
from evenhand.recipes.trial import Trial
from evenhand.running.claim_run import ClaimRun
from evenhand.running.control import Wishes
from evenhand.running.observer import RunningTrial
from evenhand.running.watching import Notes, TrialSeen

TICK_SECONDS = 0.2
"""How often the loop looks at the clock and at the progress of running trials."""

TICK_SHARE = 20
"""It looks again after this many times the time that looking took: the progress of many trials is many files."""


class Pool:
    """The claims that run together.

    Args:
        runs: in the order given; one whose claim waits for another of them starts when that one has ended.
        executor: where their trials run, opened.
        close: called with each run when it has ended.
        detach: start what may be started, and leave it to itself.
    """

    def __init__(
        self,
        runs: Sequence[ClaimRun],
        executor: Executor,
        close: Callable[[ClaimRun], None],
        detach: bool = False,
    ) -> None:
        self._detach = detach
        self.executor = executor
        self._close = close
        self._open = sorted(runs, key=lambda run: -run.loaded.file.claim.priority)  # stable: else in the order given
        for run in runs:
            run.retries.neighbours = not executor.elsewhere
        self._owner: dict[str, ClaimRun] = {}
        self._next_tick = 0.0
        self._ended = 0
        self._notes = Notes(runs[0].ledger.folder)
        self._wishes = Wishes(runs[0].ledger.folder, [run.loaded.resolved.hash for run in runs])

    def loop(self) -> None:
        """Run all claims to their ends; where all that are left were stopped, nobody waits for what they still run."""
        try:
            self._loop()
        finally:
            self._notes.remove()

    def _loop(self) -> None:
        if self._detach:
            self.executor.detach()
        self._take_up()
        self._fill()
        self._tick()
        self._end()
        while any(run.error is None for run in self._open):
            ended = self._wait()
            for finished in ended:
                run = self._owner.pop(finished.key)
                if finished.pending_again:
                    run.again(finished)
                    continue
                run.record(finished)
                self._ended += 1
                self._share(run, finished.key)
            if self._detach and not ended and (self.executor.running or any(run.paused for run in self._open)):
                return
            self._heed()
            self._fill()
            if time.monotonic() >= self._next_tick:
                self._tick()
            self._end()

    def _wait(self) -> Sequence[Finished]:
        """Those that have ended after a short while; where all that could run is paused, the while alone."""
        if self.executor.running:
            return self.executor.wait(TICK_SECONDS)
        if any(run.paused for run in self._open):
            time.sleep(TICK_SECONDS)
        return ()

    def _heed(self) -> None:
        """Do what people ask of the claims from elsewhere."""
        for run in self._open if self._wishes.due else ():
            wish = self._wishes.of(run.loaded.resolved.hash)
            if run.paused != (wish == "pause"):
                run.paused = wish == "pause"
                run.observer.message("paused: no further trial starts" if run.paused else "goes on")
            if wish == "cancel" and run.error is None:
                run.error = Cancelled(
                    f"'{run.name}' was cancelled from elsewhere. Finished trials are in the ledger; the same command "
                    "goes on from there."
                )

    def _take_up(self) -> None:
        """Trials that an earlier run left to itself go on where they are."""
        waiting = {trial.id: run for run in reversed(self._open) for trial in run.waiting}
        folders = {key: run.ledger.workdir(key).resolve() for key, run in waiting.items()}
        for key in self.executor.reattach({key: folder for key, folder in folders.items() if folder.is_dir()}):
            self._owner[key] = waiting[key]
            waiting[key].take_up(key)

    def _share(self, run: ClaimRun, key: str) -> None:
        """A result belongs to every claim that has its trial."""
        outcome = run.outcomes.get(key)
        if outcome is not None and outcome.is_result:
            for other in self._open:
                if other is not run:
                    other.share(key, outcome)

    def _fill(self) -> None:
        """Start waiting trials in free slots; one that ran out of memory runs when nobody else has one to start."""
        for run in self._open:
            run.advance()
        may_run = self._admitted()
        if any(key in self._owner[key].retries.alone for key in self.executor.running):
            return
        while self.executor.free > 0 and self._start_next(may_run, alone=False):
            pass
        if not self.executor.running:
            self._start_next(may_run, alone=True)

    def _admitted(self) -> list[ClaimRun]:
        """The claims that wait for no other, since those before them have ended, and that nobody has paused."""
        left = {run.name for run in self._open if not run.ended or run.error is not None}
        able = [run for run in self._open if not run.paused]
        return [run for run in able if not left.intersection(run.loaded.file.claim.after)]

    def _start_next(self, runs: Sequence[ClaimRun], *, alone: bool) -> bool:
        for run in runs:
            trial = run.next_trial(self._owner, alone=alone)
            if trial is not None:
                self._start(run, trial)
                return True
        return False

    def _start(self, run: ClaimRun, trial: Trial) -> None:
        job = run.job(trial, self.executor.threads)
        self._owner[trial.id] = run
        self.executor.start(trial.id, job, run.attempts[trial.id], run.loaded.resolved.limits.seconds)

    def _tick(self, only: ClaimRun | None = None) -> None:
        """Tell the observers how things are; what a claim can have while others run is what it has."""
        several, start = len(self._open) > 1, time.monotonic()
        running: dict[int, list[RunningTrial]] = {}
        seen: list[TrialSeen] = []
        for key, job in self.executor.running.items():
            run = self._owner[key]
            found = last_progress(Path(job.workdir)) or {}
            one = RunningTrial(
                run.running[key], (seconds := self.executor.elapsed(key)), found.get("spent", 0.0),
                found.get("values", {}), found.get("doing", ""), found.get("share"),
                self.executor.queues and seconds == 0,
            )  # fmt: skip
            running.setdefault(id(run), []).append(one)
            seen.append(
                TrialSeen(
                    run.name, one.trial.label(), one.seconds, one.done, one.doing, dict(one.values), job.workdir,
                    one.queued,
                )
            )  # fmt: skip
        for run in self._open if only is None else [only]:
            own = running.get(id(run), [])
            run.contrast()
            run.tick(own, max(1, len(own)) if several else self.executor.jobs)
        if self._notes.due:
            queued = {key: sum(one.queued for one in own) for key, own in running.items()}
            claims = [run.seen(queued.get(id(run), 0)) for run in self._open]
            self._notes.write(self.executor.jobs, self._ended, claims, seen, self.executor.queues)
        end = time.monotonic()
        self._next_tick = max(start + TICK_SECONDS, end + TICK_SHARE * (end - start))

    def _end(self) -> None:
        """Close the claims that have ended; those that waited for them may start."""
        for run in self._open:
            if run.error is not None and any(other.error is None for other in self._open):
                self._cancel(run)
        ended = [run for run in self._open if run.ended]
        for run in ended:
            self._tick(run)
        self._open = [run for run in self._open if not run.ended]
        for run in ended:
            if run.error is not None:
                self._stop_those_after(run)
        if ended:
            self._fill()  # first: nobody's slot waits for a verdict
        for run in ended:
            self._close(run)

    def _cancel(self, stopped: ClaimRun) -> None:
        """Make room for the other claims, where the place can: nobody asks any more for what a stopped one runs."""
        for key in list(stopped.running):
            with contextlib.suppress(EvenhandError):
                self.executor.cancel(key)
                del stopped.running[key], self._owner[key]

    def _stop_those_after(self, stopped: ClaimRun) -> None:
        """What waits for a claim that was stopped is not run: what it builds on is not there."""
        for run in self._open:
            if stopped.name in run.loaded.file.claim.after and run.error is None:
                fault = run.loaded.file.fault(("after",), f"'{stopped.name}' was stopped before its end")
                run.error = ClaimError(f"{run.loaded.path.name} waits for a claim that has no results", [fault])
