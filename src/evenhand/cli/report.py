"""The command ``evenhand report``: a claim as a page, as PDF, as a table for a paper, and its figures as files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evenhand.cli.console import DEFAULT_LEDGER, AsJson, LedgerFolder, ledger_to_read, note, out, print_json, warn
from evenhand.cli.working import long_work
from evenhand.errors import DataError, Fault, SettingsError

if TYPE_CHECKING:
    from evenhand.claims.load import LoadedClaim
    from evenhand.ledger import Ledger

FORMATS = {"html": ".html", "pdf": ".pdf", "md": ".md", "tex": ".tex"}


def report(
    claim: Annotated[Path, typer.Argument(metavar="CLAIM.toml", help="A claim file.", show_default=False)],
    ledger: LedgerFolder = DEFAULT_LEDGER,
    output: Annotated[Path | None, typer.Option("--output", "--out", "-o", help="Where to write it.")] = None,
    format_: Annotated[
        str, typer.Option("--format", help="html, pdf, md or tex; default: by the name of --output, else html.")
    ] = "",
    figures: Annotated[
        Path | None, typer.Option("--figures", help="A folder for the figures, each as SVG and PNG.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the report of a claim: one HTML file that works offline, its print, or a table for a paper."""
    from evenhand.claims.load import load_claim

    form = _form(format_, output)
    loaded = load_claim(claim)
    target = output or ledger / "reports" / f"{loaded.resolved.name}{FORMATS[form]}"
    store = ledger_to_read(ledger)
    try:
        with long_work(note()):
            path, missing = _written(form, loaded, store, target)
            drawn = [] if figures is None else _figures(loaded, store, figures)
    except OSError as error:
        raise DataError(f"{error.filename or target} cannot be written: {error.strerror or error}.") from error
    warn([*missing, *(f"ledger: {remark}" for remark in store.notes)])
    if as_json:
        print_json({"report": str(path), "figures": [str(one) for one in drawn], "warnings": missing})
        return
    for one in (path, *drawn):
        out().print(str(one), markup=False, soft_wrap=True)


def _form(asked: str, output: Path | None) -> str:
    known = {ending: form for form, ending in FORMATS.items()}
    form = asked or ("html" if output is None else known.get(output.suffix.lower(), "html"))
    form = {"markdown": "md", "latex": "tex"}.get(form, form)
    if form not in FORMATS:
        told = f"expected {', '.join(FORMATS)}; found '{asked}'"
        raise SettingsError("The command cannot be understood", [Fault("--format", told)])
    return form


def _written(form: str, loaded: LoadedClaim, store: Ledger, target: Path) -> tuple[Path, tuple[str, ...]]:
    """The report in its form, and what is missing of it."""
    from evenhand.report.page import write_report
    from evenhand.report.save import save_report

    if form == "html":
        return save_report(loaded, store, target)
    if form == "pdf":
        from evenhand.report.pdf import browser, write_pdf

        browser()  # before the page is made: without one there is nothing to wait for
        with tempfile.TemporaryDirectory() as folder:
            page, missing = save_report(loaded, store, Path(folder) / "page.html")
            return write_pdf(page, target), missing
    from evenhand.claims.load import all_trials
    from evenhand.report.paper import paper_latex, paper_markdown
    from evenhand.running.enter import decided

    claim, decision = loaded.resolved, decided(loaded, store)
    head = store.head_hash([trial.id for trial in all_trials(claim)])
    text = paper_markdown(claim, decision, head) if form == "md" else paper_latex(claim, decision)
    return write_report(target, text), ()


def _figures(loaded: LoadedClaim, store: Ledger, folder: Path) -> list[Path]:
    from evenhand.claims.load import all_trials
    from evenhand.report.charts.files import save_figures
    from evenhand.report.results import Results
    from evenhand.running.enter import decided
    from evenhand.running.over_runs import comparable_records

    claim = loaded.resolved
    records = comparable_records(claim, store.outcomes(trial_ids=[trial.id for trial in all_trials(claim)]))
    return save_figures(claim, decided(loaded, store), Results.of(claim, records), folder)
