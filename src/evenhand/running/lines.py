"""What is said of a run while it goes on: a line per event, durations, curves as text. Where it is shown, faces say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from evenhand.claims.resolve import ResolvedClaim
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer, RunningTrial, Tick, left_out_words

_BARS = "▁▂▃▄▅▆▇█"
_POINTS = 16

PREPARING_SECONDS = 10.0
"""How often a line tells what is prepared for all trials."""


def sparkline(values: list[float], width: int = _POINTS) -> str:
    """A learning curve in ``width`` characters, from its least to its largest value."""
    shown = values[-width:]
    if len(shown) < 2:
        return ""
    low, high = min(shown), max(shown)
    if high == low:
        return _BARS[0] * len(shown)
    return "".join(_BARS[int((value - low) / (high - low) * (len(_BARS) - 1))] for value in shown)


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``42 s``, ``3 min 10 s``, ``2 h 05 min``."""
    if seconds is None:
        return "unknown"
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def outcome_words(outcome: Outcome, metrics: tuple[str, ...]) -> str:
    """The primary metrics of an outcome, or its failure."""
    if outcome.failure is not None:
        return f"{outcome.failure.kind}: {outcome.failure.message}"
    parts = []
    for name in metrics:
        value = outcome.metric(name)
        parts.append(f"{name} {value:.4f}" if value is not None else f"{name} undefined")
    return ", ".join(parts)


def primary_metrics(claim: ResolvedClaim) -> tuple[str, ...]:
    """Names of the metrics that a line about a trial tells."""
    return tuple(metric.name for metric in claim.claim.metrics if metric.primary)


def trial_words(trial: Trial, outcome: Outcome, execution: Execution, retry: bool, metrics: tuple[str, ...]) -> str:
    """A trial that has ended, in a line."""
    again = " (will be tried again)" if retry else ""
    return f"{trial.label()}: {outcome_words(outcome, metrics)}, {duration(execution.seconds)}{again}"


class Trails:
    """The first curve of each running trial, as far as it was seen."""

    def __init__(self) -> None:
        self._points: dict[str, deque[float]] = {}

    def of(self, run: RunningTrial) -> tuple[str, list[float]]:
        """Name of the curve and its latest points; both empty where the trial reports none."""
        if not run.values:
            return "", []
        name = next(iter(run.values))
        points = self._points.setdefault(run.trial.id, deque(maxlen=_POINTS))
        value = run.values[name]
        if not points or points[-1] != value:
            points.append(value)
        return name, list(points)

    def forget(self, trial: Trial) -> None:
        """The trial has ended."""
        self._points.pop(trial.id, None)


class LineObserver(Observer):
    """One line per event, for logs and pipes.

    Args:
        claim: that runs.
        write: takes a line.
    """

    watches_contrasts = False

    def __init__(self, claim: ResolvedClaim, write: Callable[[str], None]) -> None:
        self.metrics = primary_metrics(claim)
        self.left: float | None = None
        self.done = 0
        self.total = 0
        self.left_out = 0
        self._write = write
        self._told = False
        self._prepared = 0.0

    def tick(self, tick: Tick) -> None:
        """Keep what the next line needs; say once how long the rung will take."""
        self.left, self.total, self.done, self.left_out = tick.seconds_left, tick.total, tick.done, tick.left_out
        self._tell_what_is_prepared(tick)
        if self.left and not self._told:
            self._told = True
            self._write(f"about {duration(self.left)} left at this rung, after the first trial")

    def _tell_what_is_prepared(self, tick: Tick) -> None:
        """A line every ten seconds while trials wait for something that is built for all of them."""
        doing = {run.doing: run for run in tick.running if run.doing}
        if doing and time.monotonic() - self._prepared >= PREPARING_SECONDS:
            self._prepared = time.monotonic()
            for what, run in doing.items():
                self._write(f"{run.trial.label()}: {what}, {run.done:.0%}")

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """One line per trial; several may end between two ticks."""
        self.done += not retry
        words = trial_words(trial, outcome, execution, retry, self.metrics)
        self._write(f"[{self.done}/{self.total}{left_out_words(self.left_out)}] {words}")

    def message(self, text: str) -> None:
        """One line per message."""
        self._write(text)
