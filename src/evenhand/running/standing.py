"""When a claim was fixed, as the ledger tells it; what nobody has entered is refused, and verdicts carry it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evenhand.claims.expectations import is_usable
from evenhand.claims.nesting import (
    changed_fields,
    come_and_gone,
    field_words,
    indexed,
    is_same_question,
    leaves,
    within,
)
from evenhand.claims.resolve import ResolvedClaim, drawn
from evenhand.claims.schema import Claim
from evenhand.decisions.likeness import Alike
from evenhand.decisions.standing import Fixed, OtherRecipeCode, Seal, SetAsideTrial, Standing
from evenhand.errors import ClaimError, Fault, counted
from evenhand.ledger import Ledger
from evenhand.ledger.aside import SetAside
from evenhand.ledger.records import ClaimRecord
from evenhand.ledger.seal import seals
from evenhand.recipes.catalogue import RUNS
from evenhand.running import searching
from evenhand.running.likeness import known_alike, names_of


def of_identity(identity: Mapping[str, Any]) -> ResolvedClaim | None:
    """The claim that has this identity: what :meth:`ResolvedClaim.identity` gave, read back.

    Returns:
        None where the identity was written by a version whose claims had other fields.
    """
    supplementary = {"fingerprint", "arms", "conditions", "metrics", "rungs"}
    document = {key: value for key, value in identity.items() if key not in supplementary} | {
        "arm": [
            {"name": name} | {k: v for k, v in arm.items() if k != "settings"} for name, arm in identity["arms"].items()
        ],
        "condition": [{"name": name} | condition for name, condition in identity["conditions"].items()],
        "metric": identity["metrics"],
        "rung": identity["rungs"],
    }
    try:
        claim = Claim.model_validate(document)
    except ValidationError:
        return None
    # What a search came to stands in the ledger: see `searching.unfolded_claim`.
    settings = {(arm, c): own for arm, entry in identity["arms"].items() for c, own in entry["settings"].items()}
    return drawn(claim, claim.recipe, str(identity["fingerprint"]), settings)


def chain_of_changes(identities: Sequence[Mapping[str, Any]]) -> list[str]:
    """What differs along a chain of claim identities: ``metrics.0.margin: 0.02 -> 0.3 -> 0.2``, oldest first.

    An arm or a condition that came or went is one change, and so is a setting that changed alike in several arms.
    """
    flat = [leaves(indexed(identity)) for identity in identities]
    apart = come_and_gone(identities)
    arms = sorted({name for identity in identities for name in identity.get("arms", {})})
    alike: dict[tuple[str, str], list[str]] = {}
    for key in sorted({key for one in flat for key in one if not within(key, apart)}):
        values = [repr(one[key]) if key in one else "nothing" for one in flat]
        steps = [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]
        if len(steps) > 1:
            arm = next((name for name in arms if key.startswith(f"arms.{name}.settings.")), None)
            setting = key if arm is None else key.removeprefix(f"arms.{arm}.")
            alike.setdefault((setting, " -> ".join(steps)), []).append(key)
    changes = list(apart.values())
    for (setting, course), keys in alike.items():
        place = field_words(keys[0]) if len(keys) == 1 else f"{setting} of {len(keys)} arms"
        changes.append(f"{place}: {course}")
    return changes


def has_results(record: ClaimRecord, ledger: Ledger) -> bool:
    """Whether anything is known of a claim: a decision, or a result of any of its trials, whoever ran them.

    Failed trials say nothing of the question: a claim that has only these may be mended freely.
    """
    if ledger.decisions(record.name, record.hash):
        return True
    claim = of_identity(record.identity)
    found = ledger.outcomes(claim_hash=record.hash)
    found += [] if claim is None else ledger.outcomes(trial_ids=claim.trial_ids)
    return any(is_usable(one.outcome) for one in found)


def newest_with_results(name: str, ledger: Ledger) -> ClaimRecord | None:
    """The newest claim of a name of which something is known."""
    return next((r for r in reversed(ledger.claims(name)) if has_results(r, ledger)), None)


def entered(claim: ResolvedClaim, ledger: Ledger) -> ClaimRecord | None:
    """The record with which this very claim was entered, or None."""
    return next((r for r in ledger.claims(claim.name) if r.hash == claim.hash), None)


def changed(claim: ResolvedClaim, source: Path, earlier: ClaimRecord) -> ClaimError:
    """The refusal of a claim that was changed after its results were seen; names the fields and the cure."""
    changes = changed_fields(earlier.identity, claim.identity())
    if is_same_question(earlier.identity, claim.identity()):
        cure = f"{'; '.join(changes)}. Run it again with `evenhand run {source.name}`, which is no amendment"
        return ClaimError(
            f"The results of the claim '{claim.name}' were made by other code of its recipe",
            [Fault(f"{source.name} (claim '{claim.name}')", cure)],
        )
    return ClaimError(
        f"The claim '{claim.name}' has results, and this file states another claim. Give it a new name, "
        "or run with --amend to enter it as an amendment made after results were seen. What changed",
        [Fault(f"{source.name} (claim '{claim.name}')", change) for change in changes],
    )


def require_entered(claim: ResolvedClaim, source: Path, ledger: Ledger) -> None:
    """Let nothing be decided, shown or bound that the ledger does not know as a claim.

    Raises:
        ClaimError: the claim was changed after it was entered, or is not entered although there is something to decide.
    """
    if entered(claim, ledger) is not None:
        return
    earlier = newest_with_results(claim.name, ledger)
    if earlier is not None:
        raise changed(claim, source, earlier)
    known = ledger.outcomes(trial_ids=claim.trial_ids)
    if known or ledger.claims(claim.name):
        more = f"; {counted(len(known), 'outcome')} of its trials known from other claims" if known else ""
        cure = f"this claim was never entered in the ledger{more}. Enter it with `evenhand run {source.name}`"
        raise ClaimError(
            f"The claim '{claim.name}' cannot be decided", [Fault(f"{source.name} (claim {claim.hash})", cure)]
        )


def known_with(earlier: ClaimRecord, claim: ResolvedClaim, ledger: Ledger) -> dict[str, Any]:
    """What was known of a claim's outcomes when its question was first entered, with other code of its recipe.

    A mended recipe is no amended claim. But what was post-hoc does not become less so by its trials running anew.
    """
    found, own = standing_of(earlier, ledger), _known_exactly(claim, ledger)
    if found.known > own["results"]:
        own = {"results": found.known, "trials": found.trials, "claims": list(found.claims)}
    theirs = of_identity(earlier.identity)
    again = set() if theirs is None or claim.claim.rungs[-1].drawn else theirs.trial_ids  # drawn seeds are others now
    return own | {"alike": found.alike.plain(), "rerun": len(ledger.results(again))}


def other_code(claim: ResolvedClaim, ledger: Ledger) -> OtherRecipeCode | None:
    """That results of the same question, made by other code of its recipe, had been seen; or None.

    An amendment says itself what it changed.
    """
    if standing(claim, ledger).fixed == "amended":
        return None
    for record in reversed(ledger.claims(claim.name)):
        other = record.hash != claim.hash and is_same_question(record.identity, claim.identity())
        if other and has_results(record, ledger):
            return OtherRecipeCode(str(record.identity.get("fingerprint")), str(claim.fingerprint))
    return None


def what_was_known(claim: ResolvedClaim, ledger: Ledger) -> dict[str, Any]:
    """What is known of a claim's outcomes before it is entered (now, where it is not): for its record."""
    return _known_exactly(claim, ledger) | {"alike": known_alike(claim, ledger).plain()}


def _known_exactly(claim: ResolvedClaim, ledger: Ledger) -> dict[str, Any]:
    ids, count = claim.trial_ids, sum(claim.planned(rung) for rung in claim.claim.rungs)
    ids |= searching.possible_ids(claim, ledger)
    found = ledger.known_before(claim.hash, ids)
    trials = count if claim.search_rungs else len(ids)
    return {"results": len(found), "trials": trials, "claims": list(names_of(found.values(), ledger))}


def foreseen(claim: ResolvedClaim, ledger: Ledger) -> Standing:
    """How a claim would stand if it were entered now as a question of its own; "before" where it is entered already."""
    if entered(claim, ledger) is not None or newest_with_results(claim.name, ledger) is not None:
        return Standing()
    known = what_was_known(claim, ledger)
    alike, results = Alike.of(known["alike"]), known["results"]
    fixed: Fixed = "post-hoc" if results or alike else "before"
    return Standing(fixed, results, known["trials"], tuple(known["claims"]), alike=alike)


def chain(record: ClaimRecord, ledger: Ledger) -> list[ClaimRecord]:
    """A claim with those that it amends, the oldest first."""
    known = {other.hash: other for other in ledger.claims(record.name)}
    found = [record]
    while found[0].amends in known and known[found[0].amends] not in found:
        found.insert(0, known[found[0].amends])
    return found


def standing_of(record: ClaimRecord, ledger: Ledger) -> Standing:
    """How a claim stands that was entered with this record."""
    known = record.known
    if known is None:
        claim = of_identity(record.identity)
        known = _known_exactly(claim, ledger) if claim is not None and claim.hash == record.hash else {}
    results, trials = int(known.get("results", 0)), int(known.get("trials", 0))
    sources = tuple(str(name) for name in known.get("claims", ()))
    alike = Alike.of(known.get("alike", {}))
    aside = _set_aside(record, ledger)
    over_runs = _fixed_over_runs(record, ledger) if record.identity.get("recipe") == RUNS and not results else None
    existed = over_runs == "retrospective"
    if record.amends:
        steps = chain(record, ledger)
        changes = tuple(chain_of_changes([step.identity for step in steps])) if len(steps) > 1 else record.changes
        return Standing(
            "amended", results, trials, sources, changes, alike=alike, set_aside=aside, existed=existed,
        )  # fmt: skip
    if aside:
        return Standing("amended", results, trials, sources, alike=alike, set_aside=aside, existed=existed)
    if over_runs is not None:
        return Standing(over_runs, results, trials, sources, existed=existed)
    if results or alike:
        return Standing("post-hoc", results, trials, sources, alike=alike)
    again = bool(known.get("rerun")) or _made_anew(record, ledger)
    return Standing("rerun" if again else "before", results, trials, sources)


def _made_anew(record: ClaimRecord, ledger: Ledger) -> bool:
    """Whether results of a claim that had been seen were replaced by those of other code or other data."""
    claim = of_identity(record.identity) if ledger.has_superseded else None
    return claim is not None and ledger.superseded(claim.trial_ids) > 0


def _set_aside(record: ClaimRecord, ledger: Ledger) -> tuple[SetAsideTrial, ...]:
    """Results of a claim that were set aside once they were known, trial by trial: who did it had seen them."""
    claim = of_identity(record.identity) if ledger.has_set_aside else None
    if claim is None:
        return ()
    marks: dict[str, list[SetAside]] = {}
    for mark in ledger.set_aside(claim.trial_ids):
        if mark.was_result:
            marks.setdefault(mark.trial, []).append(mark)
    found = [
        SetAsideTrial(own[0].label, len(own), tuple(dict.fromkeys(mark.reason for mark in own)), own[-1].time)
        for own in marks.values()
    ]
    return tuple(sorted(found, key=lambda one: -one.times))


def _fixed_over_runs(record: ClaimRecord, ledger: Ledger) -> Fixed:
    """How a claim over runs stands; before its first run was read nothing can be said against it."""
    from evenhand.running.over_runs import fixed_over_runs  # here: imports the readers of runs

    claim = of_identity(record.identity)
    found = {} if claim is None else ledger.results(claim.trial_ids)
    return fixed_over_runs(record.entered, found) if found else "before"


def standing(claim: ResolvedClaim, ledger: Ledger) -> Standing:
    """How a claim stands in a ledger."""
    record = entered(claim, ledger)
    if record is None:
        return Standing("not entered")
    return replace(standing_of(record, ledger), seal=seal_of(claim, ledger))


def seal_of(claim: ResolvedClaim, ledger: Ledger) -> Seal | None:
    """The first seal of a claim, and whether it precedes every outcome of its trials; None where there is none."""
    entries = ledger.entries()
    found = seals(entries, claim.hash)
    if not found:
        return None
    first, ids = found[0], claim.trial_ids
    precedes = not any(entry.kind == "outcome" and entry.about.trial in ids for entry in entries[: first.place])
    receipt = first.receipt
    return Seal(
        first.sha256, str(receipt["time"]), str(receipt["chain"]["head"]), precedes, first.witnesses,
        any(rung.drawn for rung in claim.claim.rungs), claim.claim.items_drawn,
    )  # fmt: skip
