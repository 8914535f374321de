"""What a ledger knows of a claim by trials that are alike: see :mod:`evenhand.decisions.likeness`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from evenhand.claims.resolve import ResolvedClaim
from evenhand.ledger import Ledger

if TYPE_CHECKING:
    from evenhand.decisions.likeness import Alike, Result
    from evenhand.decisions.pairs import Outcomes

TRY = "evenhand try"


def names_of(hashes: Iterable[str], ledger: Ledger) -> tuple[str, ...]:
    """Claims as ``name (hash)``, each once, in the order given."""
    known = {record.hash: record.name for record in ledger.claims()}
    return tuple(f"{known.get(found, 'a claim not entered')} ({found})" for found in dict.fromkeys(hashes))


def _results(claim: ResolvedClaim, ledger: Ledger, *, by_now: bool = False) -> list[Result]:
    """Results of the claim's recipe before it was entered (by now, where it was not), null arms left out."""
    from evenhand.decisions.likeness import Result

    found = []
    for entry in ledger.entries():
        if not by_now and entry.kind == "claim" and entry.body["hash"] == claim.hash:
            break
        if entry.kind == "outcome" and entry.about.is_result:
            trial = entry.body["trial"]
            if trial["recipe"] == claim.recipe and not trial.get("noise"):
                source = "" if entry.about.exploratory else entry.about.claim
                found.append(Result(trial["settings"], trial["seed"], entry.about.trial, source, entry))
    return found


def known_alike(claim: ResolvedClaim, ledger: Ledger) -> Alike:
    """What is known of a claim before it is entered by trials that are alike."""
    from evenhand.decisions import likeness

    found = likeness.known_alike(claim, _results(claim, ledger))
    named = names_of([source for source in found.claims if source], ledger)
    return replace(found, claims=(*named, *([TRY] if "" in found.claims else [])))


def known_seeds(claim: ResolvedClaim, ledger: Ledger) -> set[int | None]:
    """Seeds on which a variant of the claim, or its like, has a result in the ledger by now, tries included."""
    from evenhand.decisions import likeness

    return likeness.known_seeds(claim, _results(claim, ledger, by_now=True))


def same_scores(claim: ResolvedClaim, outcomes: Outcomes, ledger: Ledger) -> int:
    """Trials of a claim that came out as results did that were known under other settings when it was entered."""
    from evenhand.decisions import likeness

    return likeness.same_scores(claim, outcomes, _results(claim, ledger), lambda one: ledger.outcome_of(one.kept))
