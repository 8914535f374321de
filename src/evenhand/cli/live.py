"""What a person sees while a claim runs: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import deque

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from evenhand.claims.resolve import ResolvedClaim
from evenhand.errors import counted
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.observer import Observer, RunningTrial, Tick

_BARS = "▁▂▃▄▅▆▇█"
_POINTS = 16


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


class PlainObserver(Observer):
    """One line per event, for logs and pipes."""

    watches_contrasts = False

    def __init__(self, claim: ResolvedClaim, console: Console) -> None:
        self.console = console
        self.metrics = tuple(metric.name for metric in claim.claim.metrics if metric.primary)
        self.left: float | None = None
        self.done = 0
        self.total = 0
        self._told = False

    def tick(self, tick: Tick) -> None:
        """Keep what the next line needs; say once how long the rung will take."""
        self.left, self.total, self.done = tick.seconds_left, tick.total, tick.done
        if self.left is not None and not self._told:
            self._told = True
            self._line(f"about {duration(self.left)} left at this rung, after the first trial")

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """One line per trial; several may end between two ticks."""
        self.done += not retry
        again = " (will be tried again)" if retry else ""
        words = outcome_words(outcome, self.metrics)
        self._line(f"[{self.done}/{self.total}] {trial.label()}: {words}, {duration(execution.seconds)}{again}")

    def message(self, text: str) -> None:
        """One line per message."""
        self._line(text)

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveObserver(Observer):
    """A live view: progress, running trials with their curves, the running contrast, time left."""

    def __init__(self, claim: ResolvedClaim, console: Console) -> None:
        self.claim = claim
        self.console = console
        self.metrics = tuple(metric.name for metric in claim.claim.metrics if metric.primary)
        self.curves: dict[str, deque[float]] = {}
        self.live = Live(console=console, refresh_per_second=5, transient=True)

    def __enter__(self) -> LiveObserver:
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def tick(self, tick: Tick) -> None:
        """Redraw."""
        self.live.update(Group(*self._view(tick)))

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """A line above the live view."""
        self.curves.pop(trial.id, None)
        again = " (will be tried again)" if retry else ""
        style = "red" if outcome.failure is not None else "dim"
        line = f"{trial.label()}: {outcome_words(outcome, self.metrics)}, {duration(execution.seconds)}{again}"
        self.live.console.print(Text(line, style=style))

    def message(self, text: str) -> None:
        """A line above the live view."""
        self.live.console.print(Text(text, style="yellow"))

    def _view(self, tick: Tick) -> list[RenderableType]:
        left = f" · {duration(tick.seconds_left)} left" if tick.seconds_left is not None else ""
        head = Text(
            f"{self.claim.name} · rung {tick.stand.rung.name} · {tick.done} of {counted(tick.total, 'trial')}{left}",
            style="bold",
        )
        # A progress bar ends no line by itself; the padding does.
        bar = Padding(ProgressBar(total=max(1, tick.total), completed=tick.done), 0)
        return [head, bar, self._trials(tick), self._contrasts(tick)]

    def _trials(self, tick: Tick) -> Table:
        table = Table.grid(padding=(0, 1))
        for run in tick.running:
            name, curve = self._curve(run)
            share = min(1.0, run.spent / run.trial.amount)
            table.add_row(
                Text(run.trial.label(), overflow="ellipsis", no_wrap=True),
                Text(f"{share:4.0%}"),
                Text(f"{name} {curve[-1]:.3g}" if curve else "", no_wrap=True),
                Text(sparkline(curve), style="cyan"),
                Text(duration(run.seconds), style="dim"),
            )
        return table

    def _curve(self, run: RunningTrial) -> tuple[str, list[float]]:
        """The first curve that the trial reports, as seen so far."""
        if run.values:
            name = next(iter(run.values))
            points = self.curves.setdefault(run.trial.id, deque(maxlen=_POINTS))
            value = run.values[name]
            if not points or points[-1] != value:
                points.append(value)
            return name, list(points)
        return "", []

    @staticmethod
    def _contrasts(tick: Tick) -> Table:
        table = Table.grid(padding=(0, 1))
        for found in tick.contrasts:
            if found.estimate is None:
                continue
            interval = f"[{found.interval[0]:+.3f}, {found.interval[1]:+.3f}]" if found.interval else ""
            table.add_row(
                Text(f"{found.arm} - {found.against}", no_wrap=True),
                Text(found.condition, style="dim"),
                Text(f"{found.estimate:+.4f} {interval}"),
                Text(f"{counted(len(found.seeds), 'seed')} so far; no verdict yet", style="dim"),
            )
        return table


def observer(claim: ResolvedClaim, console: Console) -> Observer:
    """The live view where the console is a terminal, plain lines elsewhere."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveObserver(claim, console)
    return PlainObserver(claim, console)


class TryObserver(Observer):
    """Progress of one exploratory trial."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last = 0.0

    def progressed(self, run: RunningTrial) -> None:
        """A line every two seconds."""
        now = time.monotonic()
        if now - self._last < 2:
            return
        self._last = now
        shown = " ".join(f"{name} {value:.4g}" for name, value in run.values.items())
        line = f"{run.spent:g} of {run.trial.amount:g} {run.trial.unit}  {shown}"
        self.console.print(line, markup=False, highlight=False)
