"""The docket: claim files read and resolved, entered into the ledger before their first trial, put in order."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from evenhand import standing
from evenhand.agreement import Made, package_remarks
from evenhand.claim import ClaimFile, parse_claim
from evenhand.data.reading import read_text
from evenhand.errors import ClaimError, DataError, EvenhandError, Fault, SettingsError
from evenhand.execution import catalogue
from evenhand.expectations import unknown_claims
from evenhand.freshness import Freshness, freshness
from evenhand.ledger import Ledger
from evenhand.outcome import Files, Outcome
from evenhand.plan import ResolvedClaim, changed_fields, expand, resolve, setting_words
from evenhand.recipe import Recipe
from evenhand.trial import ItemSet, Trial
from evenhand.verdict import Decision

if TYPE_CHECKING:
    from evenhand.pairs import Outcomes


@dataclass(frozen=True)
class LoadedClaim:
    """A claim file with its recipe found and its settings resolved."""

    path: Path
    file: ClaimFile
    recipe: Recipe
    resolved: ResolvedClaim

    @property
    def folder(self) -> Path:
        """The folder of the claim file: data paths and modules are relative to it."""
        return self.path.parent


def load_claim(path: Path) -> LoadedClaim:
    """Read a claim file, find its recipe and resolve its settings.

    Raises:
        ClaimError: the file is missing or has faults; all are named with their lines.
    """
    try:
        text = read_text(path)
    except DataError as error:
        raise ClaimError(f"{path} cannot be read", [Fault(str(path), f"{error}")]) from error
    file = parse_claim(text, str(path), path.stem)
    folder = path.resolve().parent
    try:
        recipe = catalogue.find(file.claim.recipe, folder)
    except EvenhandError as error:
        raise ClaimError(f"{path} cannot be run as it stands", [file.fault(("recipe",), str(error))]) from error
    resolved = resolve(file, recipe)
    if recipe.info.further_fingerprint is not None:
        further = {recipe.info.further_fingerprint(settings, folder) for settings in resolved.settings.values()}
        resolved = replace(resolved, fingerprint=" ".join([resolved.fingerprint, *sorted(further - {""})]))
    return LoadedClaim(path.resolve(), file, recipe, resolved)


def all_trials(claim: ResolvedClaim) -> list[Trial]:
    """Every trial of every rung, as if nothing were pruned."""
    return [trial for rung in claim.claim.rungs for trial in claim.trials(rung)]


def outcomes_so_far(claim: ResolvedClaim, ledger: Ledger) -> dict[str, Outcome]:
    """Trial id to its newest outcome in the ledger, failures included."""
    ids = [trial.id for trial in all_trials(claim)]
    return {key: record.outcome for key, record in ledger.latest(ids).items()}


def all_made(claim: ResolvedClaim, outcomes: Outcomes) -> list[Made]:
    """The outcomes at hand with the arms and seeds that they stand for."""
    return [Made(t.arm, t.seed, outcomes[t.id]) for t in all_trials(claim) if t.id in outcomes]


def stale_results(loaded: LoadedClaim, files: Mapping[str, Files]) -> Freshness:
    """Which results of a claim were made by code or from data that have changed since; see `Ledger.files_of`."""
    return freshness(files, loaded.folder)


def settled(outcomes: Outcomes) -> dict[str, Outcome]:
    """The outcomes that say something about the model; other failures are tried again by a new run."""
    return {k: o for k, o in outcomes.items() if o.failure is None or o.failure.kind == "diverged"}


def fix_claim(loaded: LoadedClaim, ledger: Ledger, *, amend: bool) -> list[str]:
    """Enter the claim into the ledger before its first trial.

    Returns:
        What differs from the claim of the same name that has results, where ``amend`` allows that.

    Raises:
        ClaimError: a claim of this name with other content has results already; names the fields that changed.
    """
    claim = loaded.resolved
    if standing.entered(claim, ledger) is not None:
        return []
    earlier = standing.newest_with_results(claim.name, ledger)
    if earlier is not None and not amend:
        raise standing.changed(claim, loaded.path, earlier)
    changes = [] if earlier is None else changed_fields(earlier.identity, claim.identity())
    ledger.record_claim(
        claim.name, claim.hash, claim.identity(), loaded.file.text, "" if earlier is None else earlier.hash, changes,
        standing.what_was_known(claim, ledger),
    )  # fmt: skip
    return changes


def decided(loaded: LoadedClaim, ledger: Ledger, outcomes: Outcomes | None = None) -> Decision:
    """The verdicts of a claim from the ledger, with how the claim stands.

    Args:
        loaded: the claim.
        ledger: where it was entered.
        outcomes: trial id to outcome where they are at hand; else those of the ledger.

    Raises:
        ClaimError: the ledger does not know this claim: it was changed, or never entered.
    """
    from evenhand.decide import decide  # here: commands that judge nothing do without statistics

    claim = loaded.resolved
    standing.require_entered(claim, loaded.path, ledger)
    found = outcomes_so_far(claim, ledger) if outcomes is None else outcomes
    remarks = [*package_remarks(all_made(claim, found)), *_replaced(claim, ledger)]
    return standing.stamped(decide(claim, found), standing.standing(claim, ledger), remarks)


def _replaced(claim: ResolvedClaim, ledger: Ledger) -> list[str]:
    """That results which had been seen were made anew by other code or from other data, as a sentence."""
    count = ledger.superseded({trial.id for trial in all_trials(claim)})
    if not count:
        return []
    return [
        f"{'1 result replaces an earlier one' if count == 1 else f'{count} results replace earlier ones'} that other "
        "code or other data had made: code or data were changed after results had been seen."
    ]


def check_after(loaded: LoadedClaim, ledger: Ledger) -> None:
    """Refuse a claim that waits for one that nobody knows.

    Raises:
        ClaimError: a name in ``after`` that no claim in the ledger and no claim file beside this one has.
    """
    after = loaded.file.claim.after
    if not after:
        return
    known = {record.name for record in ledger.claims()} | {path.stem for path in loaded.folder.glob("*.toml")}
    known |= {name for path in loaded.folder.glob("*.toml") if (name := _own_name(path))}
    faults = [
        loaded.file.fault(("after",), f"no claim '{name}' is in the ledger or beside this file; mend the name")
        for name in unknown_claims(after, dict.fromkeys(known))
    ]
    if faults:
        raise ClaimError(f"{loaded.path.name} waits for a claim that is not there", faults)


def _own_name(path: Path) -> str:
    """The name that a claim file gives itself, or nothing."""
    try:
        return str(tomllib.loads(read_text(path)).get("name", ""))
    except (EvenhandError, ValueError, RecursionError):
        return ""


def queue(claims: Sequence[LoadedClaim], finished: Callable[[str], bool]) -> list[LoadedClaim]:
    """The claims in an order that respects ``after``.

    Args:
        claims: to run.
        finished: whether a claim of this name that is not among them has been run to its end.

    Raises:
        ClaimError: a claim waits for one that is neither given nor finished, or claims wait for each other.
    """
    given = {claim.resolved.name: claim for claim in claims}
    faults = [
        claim.file.fault(("after",), f"'{name}' is not finished; run it first, or name its file in the same command")
        for claim in claims
        for name in claim.file.claim.after
        if name not in given and not finished(name)
    ]
    if faults:
        raise ClaimError("Claims wait for others that have not been run", faults)
    ordered: list[LoadedClaim] = []
    waiting = dict(given)
    while waiting:
        ready = [c for c in waiting.values() if not any(name in waiting for name in c.file.claim.after)]
        if not ready:
            circle = [c.file.fault(("after",), f"'{name}' waits in a circle") for name, c in waiting.items()]
            raise ClaimError("Claims wait for each other", circle)
        ordered.extend(ready)
        for claim in ready:
            del waiting[claim.resolved.name]
    return ordered


def is_finished(name: str, ledger: Ledger) -> bool:
    """Whether the newest claim of this name in the ledger was run to its end."""
    known = ledger.claims(name)
    return bool(known) and bool(ledger.decisions(name, known[-1].hash))


def exploratory_trial(
    recipe: Recipe, settings: Mapping[str, Any], *, unit: str, amount: float, seed: int, items: int | None
) -> Trial:
    """A trial outside any claim.

    Raises:
        SettingsError: settings that the recipe refuses, all at once.
    """
    try:
        complete = recipe.settings.model_validate(expand(settings)).model_dump(mode="json")
    except ValidationError as error:
        faults = [Fault(".".join(map(str, e["loc"])) or "settings", setting_words(e, recipe)) for e in error.errors()]
        raise SettingsError(f"The recipe '{recipe.reference}' refuses these settings", faults) from error
    return Trial(
        claim="", arm="try", condition="", rung="", seed=seed, recipe=recipe.reference, fingerprint=recipe.fingerprint,
        settings=complete, unit=unit, amount=amount, items=ItemSet("try", 0, items),
    )  # fmt: skip
