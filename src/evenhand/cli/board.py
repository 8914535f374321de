"""The command ``evenhand board``: the claims of a ledger and what runs, live in the browser.

``evenhand board .evenhand``
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AlsoLedger, AsJson, ledger_to_read, note, out, print_json
from evenhand.errors import EvenhandError

LedgerArgument = Annotated[
    Path, typer.Argument(metavar="[LEDGER]", help="Folder of the ledger.", envvar="EVENHAND_LEDGER", show_default=False)
]
Port = Annotated[
    int, typer.Option(min=0, max=65535, metavar="PORT", help="Port on this machine; 0 for any that is free.")
]
Control = Annotated[bool, typer.Option("--control", help="Start, pause, cancel and extend claims from the page.")]
Unblind = Annotated[
    bool, typer.Option("--unblind", help="Show arms by name before claims are decided; entered in the ledger.")
]
Claims = Annotated[Path, typer.Option(help="With --control: folder whose claim files can be started.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="With --control: trials side by side of a run.")
]


def board(
    ledger: LedgerArgument = DEFAULT_LEDGER,
    named: AlsoLedger = None,
    port: Port = 8717,
    control: Control = False,
    unblind: Unblind = False,
    claims: Claims = Path(),
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Show claims, queue, running trials and failures live in the browser; blind until claims are decided."""
    folder = ledger_to_read(named or ledger).folder
    try:
        importlib.import_module("uvicorn")
        importlib.import_module("fastapi")
    except ImportError as error:
        raise EvenhandError("The board needs FastAPI and uvicorn: pip install 'evenhand[board]'.") from error
    from evenhand.board.commands import Commands
    from evenhand.board.serve import Address, serve
    from evenhand.report.marks import visible

    def begun(address: Address) -> None:
        if as_json:
            print_json({"url": address.url, "port": address.port, "token": address.token, "ledger": str(folder)})
            return
        out().print(address.url, markup=False, soft_wrap=True)
        shown = (
            "Arms are shown by name, and the ledger says so."
            if unblind
            else "Arms are letters until claims are decided."
        )
        may = "It can start, pause, cancel and extend claims." if control else "It only shows."
        note().print(f"The board of {folder}. {shown} {may} End it with Ctrl-C.", markup=False, soft_wrap=True)

    commands = Commands(folder, claims, jobs) if control else None
    serve(folder, port=port, unblind=unblind, commands=commands, visible=visible, begun=begun)
