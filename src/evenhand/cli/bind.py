"""The command ``evenhand bind``: tables of verdicts in documents, held to the ledgers that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand.cli.console import AsJson, note, out, print_json, warn
from evenhand.cli.working import long_work
from evenhand.errors import counted


def bind(
    documents: Annotated[
        list[Path],
        typer.Argument(metavar="PAGE.md ...", help="Markdown files, or folders of them.", show_default=False),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 2 if a table is not up to date.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write tables of verdicts into documents from the ledgers that they name, or check them.

    A document marks the place of each table, with paths relative to its own folder:

    <!-- verdicts of ../claims/x.toml in ../results/x -->

    <!-- end of verdicts -->

    What stands between the two lines is replaced; everything else is left as it is.

    A claim with many rivals: ", deciding contrasts" before " -->" leaves those alone that decide a verdict.
    """
    from evenhand.report import bind as pages

    found = [(path, one) for path in documents for one in (sorted(path.rglob("*.md")) if path.is_dir() else [path])]
    with long_work(note()):
        bound = [pages.bind(one, pages.verdict_table_of) for _, one in found]
    named = [page for (path, one), page in zip(found, bound, strict=True) if path == one or page.blocks]
    if not named:
        warn([f"No page has a mark. A table stands between {pages.MARK} and <!-- end of verdicts -->"])
    for page in named:
        if not check and page.stale:
            pages.save(page)
        state = "not what the ledger says" if check else "written anew"
        for block in () if as_json else page.stale:
            out().print(f"{page.path}:{block.line}: {block.claim.name}: {state}", soft_wrap=True)
        for line, number, block in page.unbound if check and not as_json else ():
            where = f"{page.path}:{line}: {number} stands in the table of line {block.line}, too"
            out().print(f"{where}: a number that nothing holds to the ledger", soft_wrap=True)
        if not as_json:
            out().print(f"{page.path}: {counted(page.blocks, 'table')}, {len(page.stale)} {state}", soft_wrap=True)
        if not page.blocks:
            warn([f"{page.path} has no mark. A table stands between {pages.MARK} and <!-- end of verdicts -->"])
    if as_json:
        print_json([pages.bound_document(page) for page in named])
    raise typer.Exit(2 if check and any(page.stale for page in named) else 0)
