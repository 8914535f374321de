"""The commands ``evenhand logs`` and ``evenhand set-aside``: one trial, looked at or made anew on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, out, print_json
from evenhand.cli.wrapped import tell

if TYPE_CHECKING:
    from evenhand.ledger.records import OutcomeRecord
    from evenhand.running.trials import Logs

TrialName = Annotated[
    str, typer.Argument(metavar="TRIAL", help="The beginning of its id, or its label.", show_default=False)
]


def logs(trial: TrialName, ledger: LedgerFolder = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Show what a trial printed and how each attempt at it ended; of one that runs, what it has printed so far."""
    from evenhand.running.trials import logs_of

    found = logs_of(ledger_to_read(ledger), trial)
    if as_json:
        print_json(_document(found))
        return
    console = out()
    console.print(Text(f"{found.trial} {found.label}".strip(), style="bold"), soft_wrap=True)
    for record in found.attempts:
        tell(console, _attempt(record), "red" if record.outcome.failure else "", "  ")
        for name, text in record.outcome.notes.items():
            tell(console, f"{name}: {text}", "dim", "    ")
        if record.outcome.failure is not None:
            for line in record.outcome.failure.detail.strip().splitlines():
                console.print(Text(f"    | {line}", style="dim"), soft_wrap=True)
    if found.running:
        tell(console, "It has no outcome yet: it runs, or was left when its run was ended.", "", "  ")
    for line in found.log.splitlines():
        console.print(Text(f"  | {line}"), soft_wrap=True)
    if not found.log and not any(record.outcome.failure for record in found.attempts):
        tell(console, "It printed nothing, or what it printed was not kept.", "", "  ")


def _attempt(record: OutcomeRecord) -> str:
    from evenhand.running.lines import duration

    failure, execution = record.outcome.failure, record.execution
    how = "gave scores" if failure is None else f"{failure.kind}: {failure.message} (in phase '{failure.phase}')"
    which = f"attempt {execution.attempt}" if execution.attempt else "left out"
    where = ", ".join(part for part in (duration(execution.seconds), execution.device, execution.started[:19]) if part)
    aside = f"; set aside: {record.set_aside}" if record.set_aside else ""
    return f"{which}: {how}; {where}{aside}"


def _document(found: Logs) -> dict[str, Any]:
    attempts = [
        {
            "attempt": record.execution.attempt,
            "execution": record.execution,
            "failure": record.outcome.failure,
            "notes": dict(record.outcome.notes),
            "set_aside": record.set_aside,
            "exploratory": record.exploratory,
        }
        for record in found.attempts
    ]
    return {
        "trial": found.trial, "label": found.label, "running": found.running, "attempts": attempts, "log": found.log,
    }  # fmt: skip


def set_aside(
    trial: TrialName,
    reason: Annotated[str, typer.Option("--reason", help="Why; the ledger keeps it, and reports show it.")] = "",
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Set one trial's outcome aside on purpose: the next run makes it anew, and every verdict says so.

    Nothing is removed. A result that was set aside was known, so that the claim counts as amended from then on; a
    failure may be set aside freely.
    """
    from evenhand.ledger import Ledger
    from evenhand.running import trials

    with Ledger.existing(ledger) as store:
        found = trials.set_aside(store, trial, reason)
    if as_json:
        print_json({"trial": found.trial, "label": found.label, "reason": reason})
        return
    tell(out(), f"{found.label} ({found.trial}) is set aside. Run its claim again: evenhand run CLAIM.toml")
