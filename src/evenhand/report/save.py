"""Writing the report of a claim: what the ledger holds, how it is decided, and the recipe's own part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.decisions.standing_words import aside_clauses
from evenhand.decisions.verdict import Decision
from evenhand.errors import DataError, RecipeError
from evenhand.ledger import Ledger
from evenhand.ledger.records import OutcomeRecord
from evenhand.recipes import catalogue
from evenhand.recipes.exhibit import Exhibit, ExhibitFunction, RecallFunction
from evenhand.report.exhibits.make import (
    Exhibited,
    make_exhibits,
    make_item_exhibits,
    recalled,
    scored_trials,
)
from evenhand.report.page import render_report, write_report
from evenhand.running.enter import decided
from evenhand.running.over_runs import comparable_records
from evenhand.running.searching import unfolded


def save_report(loaded: LoadedClaim, ledger: Ledger, target: Path) -> tuple[Path, tuple[str, ...]]:
    """Write the report of a claim from what the ledger holds.

    Returns:
        The path written, and what is missing of the recipe's own part of the page, as sentences.

    Raises:
        ClaimError: the ledger does not know this claim; the page that is there stays as it is.
        DataError: the page cannot be written; names the cure.
    """
    loaded = unfolded(loaded, ledger)
    claim = loaded.resolved
    ids = [trial.id for trial in all_trials(claim)]
    records = ledger.outcomes(trial_ids=ids)  # first: records that are held are not read a second time to decide
    decision = decided(loaded, ledger)
    records = comparable_records(claim, records)
    items, shown = _exhibited(loaded, decision, records)
    html = render_report(
        claim,
        decision,
        records,
        text=loaded.file.text,
        amended=(*decision.standing.changes, *aside_clauses(decision.standing)),
        items=items,
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


def _exhibited(
    loaded: LoadedClaim, decision: Decision, records: Sequence[OutcomeRecord]
) -> tuple[tuple[Exhibit, ...], Exhibited]:
    """The lab's exhibits of the items, and the recipe's own; a report is never lost for the want of them."""
    claim, faults = loaded.resolved, []
    recall: RecallFunction | None = None
    function: ExhibitFunction | None = None
    try:
        recall = catalogue.recalls(loaded.recipe, loaded.folder)
    except RecipeError as error:
        faults.append(str(error))
    items = make_item_exhibits(claim, decision, records, recall)
    try:
        function = catalogue.exhibits(loaded.recipe, loaded.folder)
    except RecipeError as error:
        faults.append(str(error))
    own = Exhibited()
    if function is not None:
        own = make_exhibits(function, recalled(scored_trials(claim, records), recall))
    return items.exhibits, Exhibited(own.exhibits, (*faults, *items.faults, *own.faults))
