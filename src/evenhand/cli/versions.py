"""The command ``evenhand diff``: two claims beside each other, or two versions of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, out, print_json
from evenhand.cli.wrapped import tell
from evenhand.errors import DataError

if TYPE_CHECKING:
    from evenhand.running.versions import Difference


def diff(
    one: Annotated[str, typer.Argument(metavar="CLAIM", help="Name, or NAME@HASH for an earlier version.")],
    two: Annotated[
        str, typer.Argument(metavar="[CLAIM]", help="The other; default: the newest version of the same.")
    ] = "",
    ledger: LedgerFolder = DEFAULT_LEDGER,
    other: Annotated[Path | None, typer.Option("--other", help="The ledger of the second claim.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as a page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show two claims beside each other, or two versions of one: what differs in the question and in the verdicts."""
    from evenhand.running.versions import difference, versions_of

    if not two and "@" not in one and other is None:
        hashes = versions_of(ledger, one)
        if len(hashes) < 2:
            raise DataError(f"'{one}' has one version; name another claim beside it: evenhand diff {one} OTHER.")
        one, two = f"{one}@{hashes[-2]}", f"{one}@{hashes[-1]}"
    found = difference(ledger, one, two or one.partition("@")[0], other)
    if as_json:
        print_json(found)
        return
    console = out()
    if html is not None:
        console.print(str(_written(html, found)), markup=False, soft_wrap=True)
        return
    for sign, version in (("-", found.one), ("+", found.two)):
        mark = "" if version.fixed == "before" else f", {version.fixed}"
        told = f"{sign} {version.claim} (claim {version.hash}), entered {version.entered[:19]}{mark}"
        console.print(Text(told, style="bold"), soft_wrap=True)
    for change in found.changes or ("nothing that decides",):
        tell(console, f"differs: {change}", "", "  ")
    for key, (left, right) in found.verdicts.items():
        same = left == right
        shown = left if same else f"{left or 'no verdict'} -> {right or 'no verdict'}"
        tell(console, f"{key.replace('/', ' · ')}: {shown}", "dim" if same else "", "  ")


def _written(path: Path, found: Difference) -> Path:
    """The page as a file.

    Raises:
        DataError: it cannot be written; what stood there is as it was.
    """
    from evenhand.report.page import write_report
    from evenhand.report.versions import difference_page

    try:
        return write_report(path, difference_page(found))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
