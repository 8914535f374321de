"""The commands ``evenhand ledger ...``: check a ledger, ask it, pack it, merge it with others.

``evenhand ledger pack --ledger results/future_seed``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, note, out, print_json
from evenhand.cli.working import long_work
from evenhand.errors import counted

ledger_app = typer.Typer(no_args_is_help=True, help="Look into ledgers, check, pack and merge them.")


@ledger_app.command()
def verify(ledger: LedgerFolder = DEFAULT_LEDGER, as_json: AsJson = False) -> None:
    """Check every record: any altered, missing or reordered one is named."""
    from evenhand.ledger import Ledger

    with long_work(note()):
        result = Ledger.existing(ledger).verify()
    if as_json:
        print_json(result)
    else:
        console = out()
        head = f", head {result.head}" if result.head else ""
        console.print(f"{counted(result.records, 'record')} checked{head}", soft_wrap=True)
        for text in result.notes:
            console.print(f"note: {text}", markup=False, soft_wrap=True)
        for fault in result.faults:
            console.print(f"fault: {fault}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(4 if result.faults else 0)


@ledger_app.command()
def query(
    sql: Annotated[str, typer.Argument(help="A DuckDB query over outcomes, metrics, items, curves.")],
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the rows as CSV.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, metavar="S", help="End the query after so many seconds.")] = 60.0,
) -> None:
    """Ask the ledger's index in SQL (tables: outcomes, metrics, items, curves); piped, rows are tab-separated."""
    from evenhand.cli.query_view import print_rows, separated
    from evenhand.ledger import Ledger

    columns, rows = Ledger.existing(ledger).query(sql, seconds)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        sys.stdout.write(separated(columns, rows, ","))
    else:
        print_rows(columns, rows, out())


@ledger_app.command()
def pack(
    ledger: LedgerFolder = DEFAULT_LEDGER,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was packed before: one pack of a kind is left.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put the tables and records of a finished ledger into a few files: smaller to keep, and as fast to read."""
    from evenhand.ledger import Ledger

    with long_work(note()):
        result = Ledger.existing(ledger).pack(everything)
    if as_json:
        print_json(result)
        return
    console, (files, files_after), (size, size_after) = out(), result.files, result.bytes
    for file in result.packs:
        console.print(file, markup=False, soft_wrap=True)
    packed = f"{counted(result.tables, 'table')} and {counted(result.segments, 'segment')} packed"
    before = f"{counted(files, 'file')} with {size / 1e6:.1f} MB"
    done = packed if result.packs else "Nothing to pack"
    console.print(f"{done}: {before} are now {files_after} with {size_after / 1e6:.1f} MB", soft_wrap=True)


@ledger_app.command()
def merge(
    ledgers: Annotated[list[Path], typer.Argument(metavar="LEDGER LEDGER ...", help="Folders of ledgers.")],
    into: Annotated[Path | None, typer.Option(help="A ledger that takes them all up; default: the first one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make one ledger of several that were made apart: every chain is kept, trials in more than one are named."""
    from evenhand.ledger import Ledger
    from evenhand.ledger.merge import summary

    if len(ledgers) + (into is not None) < 2:
        raise typer.BadParameter("name at least two ledgers, or one and --into", param_hint="LEDGER")
    target = Ledger.existing(ledgers[0]) if into is None else Ledger(into)
    others = ledgers[1:] if into is None else ledgers
    with long_work(note()):
        result = target.merge(*(Ledger.existing(other).folder for other in others))
    if as_json:
        print_json(result)
        return
    console = out()
    for text in [*summary(result), *(f"note: {remark}" for remark in result.notes)]:
        console.print(text, markup=False, soft_wrap=True)


@ledger_app.command()
def export(
    to: Annotated[Path, typer.Option("--to", help="Where to write it, such as ledger.tar.gz.")],
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Write the ledger as one archive that can be read without Parquet, and checked by `evenhand recheck`."""
    from evenhand.ledger import Ledger
    from evenhand.ledger.export import export as write

    with long_work(note()):
        records, tables = write(Ledger.existing(ledger).folder, to)
    if as_json:
        print_json({"file": str(to), "records": records, "tables": tables})
    else:
        out().print(f"{to}: {counted(records, 'record')}, {counted(tables, 'table')}", markup=False, soft_wrap=True)
