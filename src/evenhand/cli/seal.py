"""The commands ``evenhand seal`` and ``evenhand recheck``: what was fixed beforehand, and verdicts derived again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.cli.console import (
    DEFAULT_LEDGER,
    AsJson,
    LedgerFolder,
    PlainConsole,
    ledger_to_read,
    note,
    out,
    print_json,
)
from evenhand.cli.wrapped import Lines

if TYPE_CHECKING:
    from evenhand.running.sealing import Checked


def seal(
    claim: Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)],
    ledger: LedgerFolder = DEFAULT_LEDGER,
    git: Annotated[bool, typer.Option("--git", help="Keep the receipt in an annotated git tag.")] = False,
    tsa: Annotated[str, typer.Option("--tsa", metavar="URL", help="Time-stamp server (RFC 3161).")] = "",
    to: Annotated[Path | None, typer.Option("--to", help="Write the receipt there, too.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Set no seal; check the one that is there.")] = False,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="Of the time-stamp authority, PEM: for --check.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Enter a claim before its first trial, and write a receipt that others can keep."""
    from evenhand.claims.load import load_claim
    from evenhand.ledger import Ledger
    from evenhand.running import sealing

    loaded = load_claim(claim)
    if check:
        found = sealing.check(loaded, ledger_to_read(ledger), certificate)
        _check(found, loaded.resolved.name, as_json, stamps=0 if certificate else found.stamps)
        return
    done = sealing.seal(loaded, Ledger(ledger), git=git, tsa=tsa, to=to)
    if as_json:
        print_json(done)
        return
    console = out()
    console.print(f"{done.path}", soft_wrap=True)
    console.print(f"receipt sha256 {done.sha256}", soft_wrap=True)
    for witness in done.witnesses:
        console.print(f"kept in: {witness}", markup=False, soft_wrap=True)
    if git:
        note().print("Push the tag: only what lies elsewhere shows when it was made.", soft_wrap=True)
    if not done.witnesses:
        note().print(
            "Nothing outside the ledger keeps it: use --git, --tsa or --to, or lodge the file.", soft_wrap=True
        )


def _check(found: Checked, name: str, as_json: bool, *, stamps: int) -> None:
    seal_found, faults = found.seal, found.faults
    if as_json:
        print_json({"claim": name, "seal": seal_found, "faults": faults, "unverified_time_stamps": stamps})
    else:
        console = out()
        state = "not sealed" if seal_found is None else "its seal does not hold" if faults else "sealed"
        console.print(f"{name}: {state}", markup=False, soft_wrap=True)
        for fault in faults:
            console.print(f"fault: {fault}", style="red", markup=False, soft_wrap=True)
        if stamps:
            note().print("Its time stamp was not verified: give --certificate authority.pem.", soft_wrap=True)
    raise typer.Exit(4 if faults else 0)


def recheck(
    archive: Annotated[
        Path,
        typer.Argument(
            metavar="LEDGER", help="What `ledger export` wrote, or the folder of a ledger.", show_default=False
        ),
    ],
    receipt: Annotated[Path | None, typer.Option("--receipt", help="A receipt, held against the chain.")] = None,
    as_json: AsJson = False,
) -> None:
    """Derive the verdicts of a ledger again, by code of its own (exit code 1: another verdict, 4: a fault)."""
    import contextlib
    import io
    import sys
    import tempfile

    from evenhand import recheck as again
    from evenhand.errors import DataError
    from evenhand.ledger import Ledger
    from evenhand.ledger.export import export

    for path in (archive, *([] if receipt is None else [receipt])):
        if not path.exists() or (path is receipt and path.is_dir()):
            raise DataError(f"There is no file {path}.")
    with tempfile.TemporaryDirectory() as folder:
        if archive.is_dir():
            export(Ledger.existing(archive).folder, Path(folder) / "ledger.tar.gz")
            archive = Path(folder) / "ledger.tar.gz"
        told = io.StringIO()
        # its console keeps the standard output that there is now, which `print` no longer goes to
        shown = Lines(PlainConsole(file=sys.stdout, highlight=False))
        with contextlib.redirect_stdout(told if as_json else shown):
            code = again.main([str(archive), *([] if receipt is None else [str(receipt)])])
    if as_json:
        lines = told.getvalue().splitlines()
        faults = [line.removeprefix("fault: ") for line in lines if line.startswith("fault: ")]
        print_json(
            {"sound": not faults, "faults": faults, "derived": [x for x in lines if not x.startswith("fault: ")]}
        )
    raise typer.Exit(code)
