"""What a person sees while a claim runs: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Self

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
    """One line per event on a console.

    Args:
        claim: that runs.
        console: to write to.
        name: begins each line, where several claims run together.
    """

    def __init__(self, claim: ResolvedClaim, console: Console, name: str = "") -> None:
        head = f"{name}: " if name else ""
        super().__init__(claim, lambda text: console.print(head + text, markup=False, highlight=False, soft_wrap=True))


class LiveObserver(Observer):
    """A live view: progress, running trials with their curves, the running contrast, time left.

    Args:
        claim: that runs.
        console: to draw on.
        shared: the live view of the claims that run together with it, and its parts; its own where it runs alone.
    """

    def __init__(self, claim: ResolvedClaim, console: Console, shared: LiveView | None = None) -> None:
        self.claim = claim
        self.console = console
        self.metrics = primary_metrics(claim)
        self.trails = Trails()
        self.view = shared or LiveView(console)
        self._head = f"{claim.name}: " if shared is not None else ""

    def __enter__(self) -> LiveObserver:
        self.view.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.view.live.stop()

    def tick(self, tick: Tick) -> None:
        """Redraw."""
        self.view.show(self.claim.name, self._view(tick))

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """A line above the live view."""
        self.trails.forget(trial)
        style = "red" if outcome.failure is not None else "dim"
        self._print(trial_words(trial, outcome, execution, retry, self.metrics), style)

    def message(self, text: str) -> None:
        """A line above the live view."""
        self._print(text, "yellow")

    def _print(self, text: str, style: str) -> None:
        self.view.live.console.print(Text(self._head + text, style=style))

    def _view(self, tick: Tick) -> list[RenderableType]:
        left = f" · {duration(tick.seconds_left)} left" if tick.seconds_left is not None else ""
        head = Text(f"{self.claim.name} · rung {tick.progress.rung.name} · {tick.words}{left}", style="bold")
        # A progress bar ends no line by itself; the padding does.
        bar = Padding(ProgressBar(total=max(1, tick.total), completed=tick.done + tick.left_out), 0)
        return [head, bar, self._trials(tick), self._contrasts(tick)]

    def _trials(self, tick: Tick) -> Table:
        table = Table.grid(padding=(0, 1))
        for run in tick.running:
            name, curve = self.trails.of(run)
            doing = "in the queue" if run.queued else run.doing
            table.add_row(
                Text(run.trial.label(), overflow="ellipsis", no_wrap=True),
                Text(f"{run.done:4.0%}"),
                Text(doing or (f"{name} {curve[-1]:.3g}" if curve else ""), no_wrap=True),
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


class LiveView:
    """A part of the terminal that is drawn anew, with a part of its own for each claim that runs."""

    def __init__(self, console: Console) -> None:
        self.live = Live(console=console, refresh_per_second=5, transient=True)
        self._parts: dict[str, list[RenderableType]] = {}

    def show(self, name: str, part: list[RenderableType]) -> None:
        """Redraw the part of a claim; an empty one takes it away."""
        self._parts[name] = part
        self.live.update(Group(*(line for lines in self._parts.values() for line in lines)))


class Screen:
    """What is shown of claims that run together: a live view where the console is a terminal, plain lines elsewhere.

    A context manager around the run.

    Attributes:
        observers: claim name to its observer.
    """

    def __init__(self, claims: Sequence[ResolvedClaim], console: Console) -> None:
        self._view = LiveView(console) if console.is_terminal and not console.is_dumb_terminal else None
        several = len(claims) > 1
        self.observers: dict[str, Observer] = {
            claim.name: PlainObserver(claim, console, claim.name if several else "")
            if self._view is None
            else LiveObserver(claim, console, self._view if several else None)
            for claim in claims
        }
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        for watcher in self.observers.values():
            self._opened.enter_context(watcher)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """Print what a claim has come to: its part of the live view is gone, and nothing is drawn meanwhile."""
        views = {id(w.view): w.view for w in self.observers.values() if isinstance(w, LiveObserver)}
        for view in views.values():
            view.show(name, [])
            view.live.stop()
        yield
        for view in views.values():
            view.live.start()


class TryObserver(Observer):
    """Progress of one exploratory trial."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._last, self._told = 0.0, ""

    def progressed(self, run: RunningTrial) -> None:
        """A line every two seconds, where there is anything new to tell."""
        now = time.monotonic()
        if now - self._last < 2:
            return
        self._last = now
        shown = " ".join(f"{name} {value:.4g}" for name, value in run.values.items())
        far = f"{run.spent:,.12g} of {run.trial.amount:,.12g} {run.trial.unit}"
        line = f"{f'{run.doing}, {run.done:.0%}' if run.doing else far}  {shown}".rstrip()
        if line != self._told:
            self._told = line
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)
