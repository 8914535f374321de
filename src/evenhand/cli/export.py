"""``evenhand export``: a claim's trials and verdicts to a tracker, or as a plain file."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.cli.console import (
    DEFAULT_LEDGER,
    AsJson,
    LedgerFolder,
    ledger_to_read,
    note,
    out,
    print_json,
    write_output,
)
from evenhand.cli.working import long_work
from evenhand.errors import DataError, counted

if TYPE_CHECKING:
    from evenhand.claims.load import LoadedClaim
    from evenhand.trackers.sync import Written

PLAIN = ("json", "markdown", "csv", "latex", "parquet")

_PAUSE_SECONDS = 0.5
"""Between two looks at the ledger, so that many trials that end together are read once."""


def export(
    claim: Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="json, markdown, csv, latex, parquet; mlflow:URI, wandb:PROJECT, trackio:PROJECT, tensorboard:FOLDER.",
        ),
    ],
    output: Annotated[Path | None, typer.Option("--output", "--out", "-o", help="File; default: print.")] = None,
    trials: Annotated[
        bool, typer.Option("--trials", help="csv, parquet: a row for each trial, not for each verdict.")
    ] = False,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
    follow: Annotated[bool, typer.Option("--follow", hidden=True, help="Go on until standard input ends.")] = False,
) -> None:
    """Write what the ledger holds of a claim to a tracker (what is there already is left out), or as a plain file."""
    from evenhand.claims.load import load_claim

    loaded = load_claim(claim)
    to = {"md": "markdown", "tex": "latex"}.get(to, to)
    if to == "parquet":
        _show_parquet(loaded, ledger, output, trials=trials, as_json=as_json)
        return
    if to in PLAIN:
        _show(_text(loaded, ledger, to, trials=trials), output)
        return
    from evenhand.trackers.protocol import check
    from evenhand.trackers.sync import closed, connected

    check(to)
    if not follow:
        ledger_to_read(ledger)
    with contextlib.redirect_stdout(sys.stderr):  # what packages say is no answer of ours
        written = connected(to, loaded.resolved.name)
        while follow and os.read(sys.stdin.fileno(), 1 << 16):
            _trials(loaded, ledger, written)
            time.sleep(_PAUSE_SECONDS)
        _trials(loaded, ledger, written)
        _verdicts(loaded, ledger, written)
        closed(written)
    if as_json:
        print_json({"to": to, "trials": written.trials, "verdicts": written.verdicts})
    else:
        already = "" if written.trials or written.verdicts else "; it had everything"
        out().print(f"{to}: {counted(written.trials, 'trial')}, {counted(written.verdicts, 'verdict run')}{already}",
                    markup=False, soft_wrap=True)  # fmt: skip
    sys.stdout.flush()
    sys.stdout = sys.stderr  # some say goodbye when the process ends


def _trials(loaded: LoadedClaim, folder: Path, written: Written) -> None:
    """What is new in the ledger, which another process may be writing."""
    from evenhand.claims.load import all_trials
    from evenhand.ledger import Ledger
    from evenhand.running.searching import unfolded
    from evenhand.trackers.sync import write_trials

    with Ledger(folder, create=False) as store:
        loaded = unfolded(loaded, store)
        ids = [trial.id for trial in all_trials(loaded.resolved)]
        write_trials(written, loaded.resolved, list(store.latest(ids).values()))


def _verdicts(loaded: LoadedClaim, folder: Path, written: Written) -> None:
    """The verdicts, where the claim has been entered and something was run."""
    from evenhand.claims.load import all_trials
    from evenhand.ledger import Ledger
    from evenhand.report.markdown import verdict_markdown
    from evenhand.running.enter import decided
    from evenhand.running.searching import unfolded
    from evenhand.trackers.entries import verdict_entry
    from evenhand.trackers.sync import write_verdict

    with Ledger(folder, create=False) as store:
        loaded = unfolded(loaded, store)
        ids = [trial.id for trial in all_trials(loaded.resolved)]
        if not store.latest(ids):
            return
        decision = decided(loaded, store)
        head = store.head_hash(ids)
        page = folder / "reports" / f"{loaded.resolved.name}.html"
        markdown = verdict_markdown(loaded.resolved, decision, head)
        write_verdict(written, verdict_entry(decision, head, markdown, page if page.is_file() else None))


def _text(loaded: LoadedClaim, folder: Path, format: str, *, trials: bool) -> str:
    from evenhand.claims.load import all_trials
    from evenhand.cli.as_json import json_text
    from evenhand.cli.output import decision_document, plain
    from evenhand.report.latex import verdict_latex
    from evenhand.report.markdown import verdict_markdown
    from evenhand.report.table import csv_text, trial_rows, verdict_rows
    from evenhand.running.enter import decided
    from evenhand.running.searching import unfolded

    with ledger_to_read(folder) as store, long_work(note()):
        loaded = unfolded(loaded, store)
        claim = loaded.resolved
        ids = [trial.id for trial in all_trials(claim)]
        if format == "csv" and trials:
            return csv_text(trial_rows(claim, store.latest(ids).values()))
        decision = decided(loaded, store)
        if format == "json":
            return json_text(plain(decision_document(decision, claim))) + "\n"
        if format == "csv":
            return csv_text(verdict_rows(decision))
        if format == "latex":
            return verdict_latex(claim, decision)
        return verdict_markdown(claim, decision, store.head_hash(ids)) + "\n"


def _show_parquet(loaded: LoadedClaim, folder: Path, output: Path | None, *, trials: bool, as_json: bool) -> None:
    """Write the rows as Parquet, which is no text to be printed."""
    from evenhand.claims.load import all_trials
    from evenhand.report.table import trial_rows, verdict_rows, write_parquet
    from evenhand.running.enter import decided

    if output is None:
        raise DataError("Parquet is written to a file, and not printed: name it with --output FILE.parquet.")
    claim = loaded.resolved
    with ledger_to_read(folder) as store, long_work(note()):
        records = store.latest([trial.id for trial in all_trials(claim)]).values() if trials else ()
        rows = trial_rows(claim, records) if trials else verdict_rows(decided(loaded, store))
    try:
        write_parquet(output, rows)
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror or error}.") from error
    if as_json:
        print_json({"file": str(output), "rows": len(rows)})
    else:
        out().print(f"{output}: {counted(len(rows), 'row')}", markup=False, soft_wrap=True)


def _show(text: str, output: Path | None) -> None:
    if output is None:
        try:
            text.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError as error:
            lacking = f"{error.object[error.start]!a} cannot be written as {error.encoding}"
            raise DataError(f"{lacking}; name a file with --output, which is written as UTF-8.") from error
        sys.stdout.write(text)
        return
    write_output(output, text)
    out().print(str(output), markup=False, soft_wrap=True)
