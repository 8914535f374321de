"""What a person sees while a claim runs: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time

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
from evenhand.running.lines import LineObserver, Trails, duration, primary_metrics, sparkline, trial_words
from evenhand.running.observer import Observer, RunningTrial, Tick


class PlainObserver(LineObserver):
    """One line per event on a console."""

    def __init__(self, claim: ResolvedClaim, console: Console) -> None:
        super().__init__(claim, lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True))


class LiveObserver(Observer):
    """A live view: progress, running trials with their curves, the running contrast, time left."""

    def __init__(self, claim: ResolvedClaim, console: Console) -> None:
        self.claim = claim
        self.console = console
        self.metrics = primary_metrics(claim)
        self.trails = Trails()
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
        self.trails.forget(trial)
        style = "red" if outcome.failure is not None else "dim"
        self.live.console.print(Text(trial_words(trial, outcome, execution, retry, self.metrics), style=style))

    def message(self, text: str) -> None:
        """A line above the live view."""
        self.live.console.print(Text(text, style="yellow"))

    def _view(self, tick: Tick) -> list[RenderableType]:
        left = f" · {duration(tick.seconds_left)} left" if tick.seconds_left is not None else ""
        head = Text(
            f"{self.claim.name} · rung {tick.progress.rung.name} · {tick.done} of {counted(tick.total, 'trial')}{left}",
            style="bold",
        )
        # A progress bar ends no line by itself; the padding does.
        bar = Padding(ProgressBar(total=max(1, tick.total), completed=tick.done), 0)
        return [head, bar, self._trials(tick), self._contrasts(tick)]

    def _trials(self, tick: Tick) -> Table:
        table = Table.grid(padding=(0, 1))
        for run in tick.running:
            name, curve = self.trails.of(run)
            share = min(1.0, run.spent / run.trial.amount)
            table.add_row(
                Text(run.trial.label(), overflow="ellipsis", no_wrap=True),
                Text(f"{share:4.0%}"),
                Text(f"{name} {curve[-1]:.3g}" if curve else "", no_wrap=True),
                Text(sparkline(curve), style="cyan"),
                Text(duration(run.seconds), style="dim"),
            )
        return table

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
