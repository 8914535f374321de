"""The command ``evenhand watch``: the runs that go on in a ledger, from another terminal.

``evenhand watch --ledger .evenhand``
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, out, print_json
from evenhand.errors import counted

if TYPE_CHECKING:
    from evenhand.running.watching import ClaimSeen, Memory, RunSeen, TrialSeen

PLAIN_SECONDS = 10.0
"""How often lines are printed where no terminal draws them anew."""


def watch(
    ledger: LedgerFolder = DEFAULT_LEDGER,
    once: Annotated[bool, typer.Option("--once", help="Show how things are now, and end.")] = False,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="How often to look; default 1, or 10 piped.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Watch the runs of a ledger: queue, slots, memory, rate, time left; ends when they do."""
    from evenhand.running.watching import device_memory, resident_memory, runs_of

    folder, console = ledger_to_read(ledger).folder, out()
    if as_json:
        runs = runs_of(folder)
        trials = [trial for run in runs for trial in run.trials]
        print_json({"runs": [_document(run) for run in runs], "memory": [*device_memory(), resident_memory(trials)]})
        return
    live = console.is_terminal and not console.is_dumb_terminal and not once
    pause = seconds or (1.0 if live else PLAIN_SECONDS)
    told = False
    try:
        with Live(console=console, auto_refresh=False, transient=True) if live else nullcontext() as view:
            while runs := runs_of(folder):
                trials = [trial for run in runs for trial in run.trials]
                memory = [*device_memory(), *filter(None, [resident_memory(trials)])]
                lines = [line for run in runs for line in lines_of(run, memory, whole=live or once)]
                if view is not None:
                    view.update(drawn(lines), refresh=True)
                for line in () if view is not None else lines:
                    console.print(line, markup=False, highlight=False, soft_wrap=True)
                told = True
                if once:
                    return
                time.sleep(pause)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    console.print("No run goes on any more." if told else f"No run goes on in {folder}.", soft_wrap=True)


def drawn(lines: Sequence[str]) -> Group:
    """Lines for a terminal: that of a run goes on below where it is too narrow, those inside it are cut."""
    return Group(*(Text(line, overflow="ellipsis", no_wrap=line.startswith(" ")) for line in lines))


def _document(run: RunSeen) -> dict[str, Any]:
    return {**asdict(run), "per_hour": run.per_hour, "seconds_left": run.seconds_left}


def lines_of(run: RunSeen, memory: Sequence[Memory], *, whole: bool) -> list[str]:
    """A run for people: one line, and where it is wanted whole the claims that queue and the trials that run."""
    from evenhand.running.lines import duration  # here: --help needs none

    rate = "" if run.per_hour is None else f" · {run.per_hour:,.0f} trials an hour"
    left = "" if run.seconds_left is None else f" · about {duration(run.seconds_left)} left at these rungs"
    waiting = sum(claim.waiting for claim in run.claims)
    queue = f" · {run.queued:,} in the queue" if run.queued or run.queues else ""
    busy = f"{run.busy:,} running" if run.queues else f"{run.busy} of {counted(run.slots, 'slot')} busy"
    head = f"process {run.process} · {busy}{queue} · {waiting:,} waiting · {run.ended:,} ended{rate}{left}"
    used = "; ".join(_memory_words(one) for one in memory)
    lines = [head + (f" · {used}" if used else "")]
    if whole:
        lines += [f"  {_claim_words(claim)}" for claim in run.claims]
        lines += [f"    {_trial_words(trial)}" for trial in run.trials]
    return lines


def _memory_words(memory: Memory) -> str:
    of = "" if memory.total is None else f" of {memory.total / 2**30:.1f}"
    return f"{memory.name} {memory.used / 2**30:.1f}{of} GiB"


def _claim_words(claim: ClaimSeen) -> str:
    from evenhand.running.observer import left_out_words  # here: --help needs none

    queued = f" · {claim.queued} in the queue" if claim.queued else ""
    begun = claim.running or claim.queued or claim.done
    waits = f" · waits for {', '.join(claim.after)}" if claim.after and not begun else ""
    paused = " · paused" if claim.paused else ""
    return (
        f"{claim.name} · rung {claim.rung} · {claim.done} of {counted(claim.total, 'trial')}"
        f"{left_out_words(claim.left_out)} · {claim.running} running{queued} · {claim.waiting} waiting{waits}{paused}"
    )


def _trial_words(trial: TrialSeen) -> str:
    from evenhand.running.lines import duration

    if trial.queued:
        return f"{trial.claim}: {trial.label} · in the queue"
    doing = f"{trial.doing} " if trial.doing else ""
    values = " ".join(f"{name} {value:.3g}" for name, value in list(trial.values.items())[:1])
    return f"{trial.claim}: {trial.label} · {doing}{trial.share:.0%} · {duration(trial.seconds)} {values}".rstrip()
