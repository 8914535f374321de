"""The command ``evenhand overview``: every claim of one or more ledgers in one table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import AlsoLedger, AsJson, note, out, print_json
from evenhand.cli.working import long_work
from evenhand.errors import DataError, Fault, SettingsError

FORMATS = {"": "text", ".md": "markdown", ".html": "html", ".htm": "html"}


def overview(
    ledgers: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[LEDGER ...]", help="Folders of ledgers; default: .evenhand.", show_default=False),
    ] = None,
    named: AlsoLedger = None,
    format_: Annotated[
        str, typer.Option("--format", help="text, markdown or html; default: by the name of --output.")
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", "--out", "-o", help="File; default: print.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every claim of ledgers in one table: verdicts, family, what ran, what failed and what it cost."""
    from evenhand.report.overview import overview_lines, overview_markdown, overview_page
    from evenhand.running.overview import overview as rows_of
    from evenhand.running.overview import summed

    chosen = _format(format_, output)
    with long_work(note()):
        rows = rows_of([*(ledgers or []), *([named] if named else [])] or [_usual()])
    if as_json:
        print_json({"claims": rows, "sum": summed(rows)})
        return
    beside = Path.cwd() if output is None else output.parent
    if chosen != "text":
        _give(overview_markdown(rows, beside) if chosen == "markdown" else overview_page(rows, beside), output)
    elif output is not None:
        _give("\n".join(line.plain for line in overview_lines(rows, 120)) + "\n", output)
    elif not rows:
        out().print("No claim is entered yet. Run one: evenhand run CLAIM.toml")
    else:
        console = out()
        for line in overview_lines(rows, console.width):
            console.print(line, soft_wrap=True)


def _usual() -> Path:
    """The ledger that the environment names, or the one in the usual place."""
    import os

    return Path(os.environ.get("EVENHAND_LEDGER", ".evenhand"))


def _format(asked: str, output: Path | None) -> str:
    asked = {"md": "markdown", "txt": "text"}.get(asked, asked)
    if asked and asked not in FORMATS.values():
        known = "text, markdown or html"
        raise SettingsError("The command cannot be understood", [Fault("--format", f"expected {known}; found {asked}")])
    return asked or FORMATS.get("" if output is None else output.suffix.lower(), "text")


def _give(text: str, output: Path | None) -> None:
    """Print what was made, or write it.

    Raises:
        DataError: the file cannot be written; what stood there is as it was.
    """
    from evenhand.report.page import write_report

    if output is None:
        sys.stdout.write(text)
        return
    try:
        write_report(output, text)
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror or error}.") from error
    out().print(str(output), markup=False, soft_wrap=True)
