"""Slots that run nothing: outcomes are drawn, time is counted. For tests and benchmarks of what drives trials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from evenhand.execution.executor import Executor, Finished
from evenhand.execution.worker import Job
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial


class SimulatedSlots(Executor):
    """``jobs`` slots with a clock of their own, which stands still while nobody waits.

    Args:
        outcome_of: what a trial returns.
        jobs: trials at a time.
        seconds_of: how long a trial runs, by the slots' clock.

    Attributes:
        clock: seconds since the beginning.
        idle: slots without a trial, times seconds, since the beginning.
        order: ids of the trials in the order in which they were started.
    """

    def __init__(
        self,
        outcome_of: Callable[[Trial], Outcome],
        jobs: int = 2,
        seconds_of: Callable[[Trial], float] = lambda trial: 1.0,
    ) -> None:
        self.jobs, self.threads = jobs, 1
        self.clock = self.idle = 0.0
        self.order: list[Trial] = []
        self._outcome_of, self._seconds_of = outcome_of, seconds_of
        self._now: dict[str, tuple[Job, int, float, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._now.clear()

    @property
    def running(self) -> dict[str, Job]:
        """Key to job of the trials that run now."""
        return {key: job for key, (job, *_) in self._now.items()}

    @property
    def free(self) -> int:
        """Slots without a trial."""
        return self.jobs - len(self._now)

    def elapsed(self, key: str) -> float:
        """Seconds since a running trial was started."""
        return self.clock - self._now[key][2]

    def start(self, key: str, job: Job, attempt: int, limit_seconds: float | None) -> None:
        """Start a trial in a free slot."""
        assert self.free > 0, "more trials than slots"
        self.order.append(job.trial)
        self._now[key] = (job, attempt, self.clock, self.clock + self._seconds_of(job.trial))

    def wait(self, seconds: float) -> list[Finished]:
        """Those that end next, all that end at that time."""
        ends = {key: end for key, (*_, end) in self._now.items()}
        if not ends:
            return []
        then = min(ends.values())
        self.idle += self.free * (then - self.clock)
        self.clock = then
        return [self._end(key) for key, end in ends.items() if end == then]

    def cancel(self, key: str) -> None:
        """Give up a running trial."""
        del self._now[key]

    def _end(self, key: str) -> Finished:
        job, attempt, began, _ = self._now.pop(key)
        execution = Execution(attempt=attempt, seconds=self.clock - began, exit_code=0, threads=1)
        return Finished(key, job, self._outcome_of(job.trial), execution)
