"""What a run tells whoever watches it: the faces (terminal, notebook, log) override what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from evenhand.decisions.pairs import Outcomes
from evenhand.decisions.progress import Progress
from evenhand.decisions.verdict import Contrast
from evenhand.errors import counted
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.watching import side_by_side


@dataclass(frozen=True)
class RunningTrial:
    """A trial that runs now, as far as its progress file tells.

    Attributes:
        trial: that runs.
        seconds: since its start.
        spent: of its budget.
        values: of its curves.
        doing: what it prepares for all trials, outside its budget; empty while it trains.
        share: of that which is done.
        queued: it waits in the place's own queue.
    """

    trial: Trial
    seconds: float
    spent: float
    values: Mapping[str, float]
    doing: str = ""
    share: float | None = None
    queued: bool = False

    @property
    def done(self) -> float:
        """The share of its budget that it has spent, or of what it prepares before."""
        own = min(1.0, self.spent / self.trial.amount) if self.trial.amount else 1.0
        return own if self.share is None else self.share


@dataclass(frozen=True)
class Tick:
    """The state of a run, told to the observer at every turn of the loop.

    Attributes:
        progress: where the claim stands on its rungs.
        total: trials of the present rung.
        running: trials that run now.
        outcomes: trial id to outcome, failures that will not be retried included.
        seconds_per_trial: mean wall time of the trials that this run has finished, or None before the first.
        jobs: slots.
        contrasts: variants against the baseline over the pairs so far; to watch, not to judge by.
        done: how many of the ``total`` trials have ended; those after a look that is not due yet are not pending.
        left_out: how many of the ``total`` are not tried, as their arm fails in the same way each time.
    """

    progress: Progress
    total: int
    running: Sequence[RunningTrial]
    outcomes: Outcomes
    seconds_per_trial: float | None
    jobs: int
    contrasts: Sequence[Contrast] = ()
    done: int = 0
    left_out: int = 0

    @property
    def words(self) -> str:
        """How far the rung is: ``6 of 12 trials, 2 left out``."""
        return f"{self.done} of {counted(self.total, 'trial')}{left_out_words(self.left_out)}"

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time that this rung still needs."""
        if self.seconds_per_trial is None:
            return None
        done = sum(min(run.seconds / self.seconds_per_trial, 1.0) for run in self.running)
        left, queued = len(self.progress.pending), sum(run.queued for run in self.running)
        lanes = side_by_side(self.jobs, len(self.running) - queued, queued, left - len(self.running))
        return max(0.0, left - done) * self.seconds_per_trial / lanes


def left_out_words(count: int) -> str:
    """What follows a count of trials where some are left out; nothing where none is."""
    return f", {count:,} left out" if count else ""


class Observer:
    """What a run tells whoever watches; the faces override what they show. A context manager around the run."""

    watches_contrasts = True
    """Whether it looks at the contrasts of a tick; those who do not are spared what they cost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def tick(self, tick: Tick) -> None:
        """Called at every turn of the loop."""

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """A trial has ended and is in the ledger."""

    def progressed(self, run: RunningTrial) -> None:
        """A single trial outside any claim has moved on."""

    def message(self, text: str) -> None:
        """Something a person should know (a retry, an arm given up, a rung finished)."""
