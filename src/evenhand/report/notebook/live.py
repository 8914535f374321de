"""Progress of a run from Python: a view that renews itself in a notebook, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from markupsafe import Markup

from evenhand.claims.resolve import ResolvedClaim
from evenhand.errors import EvenhandError, counted
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.recipes.trial import Trial
from evenhand.report.marks import visible
from evenhand.report.notebook import html
from evenhand.running.lines import LineObserver, Trails, duration, primary_metrics, sparkline, trial_words
from evenhand.running.observer import Observer, Tick

_EVERY = 0.5
"""Seconds between two views; each goes through the network to somebody's browser."""

_MOST_MESSAGES = 20


class Silent(Observer):
    """Says nothing."""

    watches_contrasts = False


class View:
    """What a notebook shows of a run at one moment."""

    def __init__(self, content: Markup, text: str) -> None:
        self.content = content
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return str(self.content)


class NotebookObserver(Observer):
    """One output of a cell, renewed in place: progress, running trials with their curves, what went wrong."""

    watches_contrasts = False

    def __init__(self, claim: ResolvedClaim) -> None:
        self.claim = claim
        self.metrics = primary_metrics(claim)
        self.trails = Trails()
        self.messages: list[str] = []
        self.latest: Tick | None = None
        self.began = time.monotonic()
        self._handle: Any = None
        self._next = 0.0

    def __enter__(self) -> NotebookObserver:
        from IPython.display import display

        self._handle = display(self.view(), display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *_: object) -> None:
        self._show(now=True)

    def tick(self, tick: Tick) -> None:
        """Renew the view, now and then."""
        self.latest = tick
        self._show()

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """Failures stay on view; what went well is counted."""
        self.trails.forget(trial)
        if outcome.failure is not None:
            self.message(trial_words(trial, outcome, execution, retry, self.metrics))

    def message(self, text: str) -> None:
        """A line below the progress."""
        self.messages.append(text)
        self._show()

    def view(self) -> View:
        """What is to be seen now."""
        head, bar, running = self._progress()
        shown = self.messages[-_MOST_MESSAGES:]
        left_out = len(self.messages) - len(shown)
        lines = [f"({counted(left_out, 'earlier message')} not shown)"] * bool(left_out) + shown
        content = html.paragraph(head, strong=True) + bar + running + html.bullets(lines)
        return View(content, visible("\n".join([head, *lines])))

    def _progress(self) -> tuple[str, Markup, Markup]:
        tick, name = self.latest, self.claim.name
        if tick is None:
            return (f"{name} · nothing was to be run" if self._handle else name), Markup(""), Markup("")
        left = f" · {duration(tick.seconds_left)} left" if tick.seconds_left and tick.running else ""
        done = f"{tick.words} · {duration(time.monotonic() - self.began)}{left}"
        bar = Markup('<progress max="{}" value="{}" style="width:100%"></progress>')
        rows = []
        for run in tick.running:
            what, curve = self.trails.of(run)
            share = f"{min(1.0, run.spent / run.trial.amount):.0%}"
            value = f"{what} {curve[-1]:.3g}" if curve else ""
            rows.append((run.trial.label(), share, value, sparkline(curve), duration(run.seconds)))
        head = f"{name} · rung {tick.progress.rung.name} · {done}"
        return (
            head,
            bar.format(max(1, tick.total), tick.done + tick.left_out),
            html.table((), rows) if rows else Markup(""),
        )

    def _show(self, *, now: bool = False) -> None:
        moment = time.monotonic()
        if self._handle is not None and (now or moment >= self._next):
            self._next = moment + _EVERY
            self._handle.update(self.view())


def in_notebook() -> bool:
    """Whether this process serves a notebook, whose outputs can be renewed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def watcher(progress: bool | Observer, claim: ResolvedClaim) -> Observer:
    """Who watches a run: nobody, whoever was given, or what suits the place.

    Raises:
        EvenhandError: it is neither.
    """
    if isinstance(progress, Observer):
        return progress
    if not isinstance(progress, bool):
        raise EvenhandError(f"`progress` is True, False or an Observer; found {type(progress).__name__}.")
    if not progress:
        return Silent()
    if in_notebook():
        return NotebookObserver(claim)
    return LineObserver(claim, lambda text: print(visible(text), file=sys.stderr, flush=True))
