"""Writing the report of a claim: what the ledger holds, how it is decided, and the recipe's own part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.errors import DataError, RecipeError
from evenhand.ledger import Ledger
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes import catalogue
from evenhand.report.exhibits.make import Exhibited, make_exhibits, scored_trials
from evenhand.report.page import render_report, write_report
from evenhand.running.enter import decided


def save_report(loaded: LoadedClaim, ledger: Ledger, target: Path) -> tuple[Path, tuple[str, ...]]:
    """Write the report of a claim from what the ledger holds.

    Returns:
        The path written, and what is missing of the recipe's own part of the page, as sentences.

    Raises:
        ClaimError: the ledger does not know this claim; the page that is there stays as it is.
        DataError: the page cannot be written; names the cure.
    """
    claim = loaded.resolved
    ids = [trial.id for trial in all_trials(claim)]
    records = ledger.outcomes(trial_ids=ids)  # first: records that are held are not read a second time to decide
    decision = decided(loaded, ledger)
    shown = _exhibited(loaded, records)
    html = render_report(
        claim,
        decision,
        records,
        text=loaded.file.text,
        amended=decision.standing.changes,
        exhibits=shown.exhibits,
        exhibit_faults=shown.faults,
        ledger_head=ledger.head_hash(ids),
        ledger_notes=ledger.notes,
    )
    try:
        return write_report(target, html), shown.faults
    except OSError as error:
        raise DataError(
            f"The report {target} cannot be written: {error.strerror or error}. Name a place that can be written with "
            "--out FILE; the ledger itself is only read."
        ) from error


def _exhibited(loaded: LoadedClaim, records: Sequence[OutcomeRecord]) -> Exhibited:
    """The recipe's exhibits; a report is never lost for the want of them."""
    try:
        function = catalogue.exhibits(loaded.recipe, loaded.folder)
    except RecipeError as error:
        return Exhibited(faults=(str(error),))
    return Exhibited() if function is None else make_exhibits(function, scored_trials(loaded.resolved, records))
