"""Searches and the ledger: what was proposed and who went on is written down before anything runs by it, and read back.

A search that is over needs no sampler any more: the ledger says what it came to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.nesting import leaves
from evenhand.claims.resolve import ResolvedClaim, with_added
from evenhand.claims.spaces import fits
from evenhand.errors import ClaimError
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Outcome
from evenhand.running.freshness import freshness

if TYPE_CHECKING:
    from evenhand.decisions.search import SearchLog


def log_of(claim_hash: str, ledger: Ledger) -> SearchLog:
    """What the ledger holds of the searches of a claim; of candidates that stand twice the first counts."""
    from evenhand.decisions.search import SearchLog

    proposed: dict[tuple[str, str], tuple[Mapping[str, Any], ...]] = {}
    kept: dict[tuple[str, str], tuple[int, ...]] = {}
    for body in ledger.searches():
        if body["claim"] != claim_hash:
            continue
        rung = str(body["rung"])
        for arm, values in body.get("proposed", {}).items():
            if (rung, arm) not in kept and len(proposed.get((rung, arm), ())) == body["first"]:
                proposed[rung, arm] = (*proposed.get((rung, arm), ()), *values)
        for arm, rows in body.get("kept", {}).items():
            kept.setdefault((rung, arm), tuple(row["number"] for row in rows))
    return SearchLog(proposed, kept)


def unfolded_claim(claim: ResolvedClaim, ledger: Ledger) -> ResolvedClaim:
    """A claim with its search as far as the ledger tells, and all seeds that were added; any other claim as it is."""
    if claim.claim.rungs[-1].anytime:
        claim = with_added(claim, ledger.added_seeds(claim.hash)[claim.added :])
    if not claim.search_rungs:
        return claim
    from evenhand.decisions.search import unfold

    log, known = log_of(claim.hash, ledger), dict[str, Outcome]()
    while True:
        found = unfold(claim, known, log).claim
        new = {trial.id for trial in all_trials(found)} - known.keys()
        # Attempts that failed count where the search went on without them, and not where they may be tried again.
        results = {key: record.outcome for key, record in ledger.latest(new).items() if record.outcome.is_result}
        if not results:
            return found
        known |= results


def unfolded(loaded: LoadedClaim, ledger: Ledger) -> LoadedClaim:
    """The same for a claim that was loaded."""
    claim = unfolded_claim(loaded.resolved, ledger)
    return loaded if claim is loaded.resolved else replace(loaded, resolved=claim)


def check_sampler(loaded: LoadedClaim) -> None:
    """Refuse a claim whose search is not over where nothing can propose.

    Raises:
        ClaimError: names the extra that is missing.
    """
    if loaded.resolved.open_search is None:
        return
    from evenhand.decisions.samplers import missing_sampler

    missing = missing_sampler()
    if missing:
        place = loaded.resolved.claim.rungs.index(loaded.resolved.open_search)
        fault = loaded.file.fault(("rung", place, "sampler"), missing)
        raise ClaimError(f"{loaded.path.name} cannot be run as it stands", [fault])


def advanced(loaded: LoadedClaim, ledger: Ledger, outcomes: dict[str, Outcome]) -> LoadedClaim:
    """A claim with its search brought on as far as its outcomes go; proposals and choices are written down first.

    Args:
        loaded: the claim that runs.
        ledger: where it is entered.
        outcomes: trial id to outcome, failures that were given up included; results that the ledger has of trials that
            only now turn out to be the claim's are added.

    Raises:
        EvenhandError: something must be proposed, and Optuna is not installed.
    """
    claim = loaded.resolved
    if not claim.search_rungs or (claim.search is not None and not claim.search.rung):
        return loaded
    from evenhand.decisions.samplers import propose
    from evenhand.decisions.search import unfold

    while True:
        log = log_of(claim.hash, ledger)
        found = unfold(claim, outcomes, log)
        if found.wanted is not None:
            proposed = propose(claim, found.wanted)
            ledger.record_search(claim.hash, found.wanted.rung.name, first=found.wanted.first, proposed=proposed)
            continue
        if found.closed is not None:
            kept = {arm: [_row(one) for one in own] for arm, own in found.closed.kept.items()}
            ledger.record_search(claim.hash, found.closed.rung, kept=kept)
            continue
        new = {trial.id for trial in all_trials(found.claim)} - outcomes.keys()
        stale = freshness(ledger.files_of(new), loaded.folder).stale
        known = {key: outcome for key, outcome in ledger.results(new).items() if key not in stale}
        if not known:
            return replace(loaded, resolved=found.claim)
        outcomes.update(known)


def _row(scored: Any) -> dict[str, Any]:
    return {"number": scored.candidate.number, "score": scored.score, "failure": scored.failure}


def stuck(loaded: LoadedClaim, outcomes: Mapping[str, Outcome]) -> ClaimError | None:
    """Why a search cannot go on though nothing of it is left to run; None where it can."""
    claim = loaded.resolved
    rung = claim.open_search
    if rung is None or claim.search is None:
        return None
    from evenhand.decisions.search import due_trials

    found = [outcomes.get(trial.id) for trial in due_trials(claim, rung)]
    if not found or any(outcome is None for outcome in found):
        return None
    failure = next(outcome.failure for outcome in found if outcome is not None and outcome.failure is not None)
    fault = loaded.file.fault(
        ("rung", claim.claim.rungs.index(rung)),
        f"every trial of every arm failed ({failure.kind}: {failure.message}); mend that and run the claim again",
    )
    return ClaimError(f"{loaded.path.name} was stopped, since its search has nothing to go by", [fault])


def plan_words(claim: ResolvedClaim, outcomes: Mapping[str, Outcome]) -> list[str]:
    """What must be known of a search before it runs, and what it came to so far, as sentences."""
    if not claim.search_rungs:
        return []
    from evenhand.decisions.samplers import missing_sampler
    from evenhand.decisions.search import tried_arms
    from evenhand.decisions.search_words import tried_words

    found = [missing_sampler()] if claim.open_search is not None else []
    tries = claim.search_rungs[0].tries or 1
    bare = [arm.name for arm in claim.searched if not arm.space and not arm.untrained]
    if bare and tries > claim.claim.ledger.tuning_ratio:
        named = ", ".join(f"'{name}'" for name in bare)
        found.append(
            f"{named}: no space, so tried once against {tries} times of the others; verdicts will say unequal tuning. "
            "Give [space] or [arm.space] there."
        )
    rows = tried_arms(claim, outcomes) if claim.search is not None else ()
    found += [tried_words(row, claim.primary[0]) for row in rows if row.tries > 1 or row.chosen]
    return [sentence for sentence in found if sentence]


def possible_ids(claim: ResolvedClaim, ledger: Ledger) -> set[str]:
    """Trials in the ledger that the claim's search could make its own: whoever knows them may have chosen by them."""
    if not claim.search_rungs:
        return set()
    unit, budgets = claim.claim.budget.unit, {rung.name: rung.budget for rung in claim.claim.rungs}
    found = set()
    for entry in ledger.entries():
        if entry.kind != "outcome" or entry.about.exploratory:
            continue
        trial = entry.body["trial"]
        same_code = trial["recipe"] == claim.recipe and trial["fingerprint"] == claim.fingerprint
        if not same_code or trial["unit"] != unit:
            continue
        for rung in claim.claim.rungs:
            items = claim.items[rung.name]
            same_items = [trial["items"][k] for k in ("start", "count", "seed")] == [
                items.start,
                items.count,
                items.seed,
            ]
            seeds = trial["seed"] is None or trial["seed"] in rung.seeds
            if same_items and seeds and trial["amount"] == budgets[rung.name] and _fits(claim, trial["settings"]):
                found.add(entry.about.trial)
    return found


def _fits(claim: ResolvedClaim, settings: Mapping[str, Any]) -> bool:
    """Whether settings are those of an arm, but for what its search varies and within that."""
    own = leaves(settings)
    return any(
        fits(arm.space, leaves(claim.settings[arm.name, condition.name]), own)
        for arm in claim.searched
        for condition in claim.claim.conditions
    )
