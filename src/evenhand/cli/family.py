"""The command ``evenhand family``: the claims of a ledger in order, what is left to spend, and which gains hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, out, print_json
from evenhand.cli.wrapped import tell
from evenhand.errors import DataError

if TYPE_CHECKING:
    from rich.console import Console

    from evenhand.decisions.standing import FamilyRow, LedgerFamily


def family(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECIPE / METRIC ...]", help="Families, or parts of their names.", show_default=False),
    ] = None,
    ledger: LedgerFolder = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """List the claims of each family in their order, the levels they were held at, and which gains hold."""
    from evenhand.cli.output import plain
    from evenhand.running.families import families

    every = families(ledger_to_read(ledger))
    found = [one for one in every if not names or any(name in one.family for name in names)]
    if names and not found:
        known = ", ".join(f"'{one.family}'" for one in every) or "none"
        raise DataError(f"No family of this ledger is called so; it has: {known}.")
    if as_json:
        print_json([plain(one) for one in found])
        return
    console = out()
    if not found:
        console.print("No claim of this ledger has a result yet.")
    for one in found:
        _print(one, console)


def _print(found: LedgerFamily, console: Console) -> None:
    console.print(Text(found.family, style="bold"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, highlight=False, padding=(0, 1, 0, 0))
    for name in ("#", "claim", "state", "gains", "p", "level", "in the ledger"):
        right = name in ("#", "gains", "p", "level")
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right or name == "claim")
    for row in found.rows:
        table.add_row(*(Text(cell) for cell in _cells(row)))
    console.print(table)
    from evenhand.decisions.wording import spending_words  # here: --help needs none

    tell(console, spending_words(found))


def _cells(row: FamilyRow) -> tuple[str, ...]:
    state = row.state if row.fixed == "before" else f"{row.state}, {row.fixed}"
    state = f"{state}, one with {row.copy_of}" if row.copy_of else state
    held: dict[Any, str] = {None: "", True: "holds", False: "does not hold"}
    return (
        str(row.place), row.claim, state, str(row.gains) if row.gains else "",
        "" if row.p is None else f"{row.p:.2g}", "" if row.level is None else f"{row.level:.2g}", held[row.holds],
    )  # fmt: skip
