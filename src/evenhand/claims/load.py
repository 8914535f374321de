"""Claim files read, resolved and put in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evenhand.claims.arm_spaces import setting_place, setting_words
from evenhand.claims.nesting import expand
from evenhand.claims.resolve import ResolvedClaim, drawn, resolve
from evenhand.claims.schema import ClaimFile, parse_claim
from evenhand.data.reading import read_text
from evenhand.errors import ClaimError, DataError, EvenhandError, Fault, SettingsError
from evenhand.recipes import catalogue
from evenhand.recipes.contract import Recipe
from evenhand.recipes.local_modules import forget_changed
from evenhand.recipes.outcome import Outcome
from evenhand.recipes.trial import TRY, ItemSet, Trial


@dataclass(frozen=True, repr=False)
class LoadedClaim:
    """A claim file with its recipe found and its settings resolved."""

    path: Path
    file: ClaimFile
    recipe: Recipe
    resolved: ResolvedClaim

    def __repr__(self) -> str:
        claim = self.resolved
        return f"LoadedClaim({claim.name!r}, hash={claim.hash!r}, recipe={claim.recipe!r}, path={str(self.path)!r})"

    @property
    def folder(self) -> Path:
        """The folder of the claim file: data paths and modules are relative to it."""
        return self.path.parent


def load_claim(path: str | os.PathLike[str]) -> LoadedClaim:
    """Read a claim file, find its recipe and resolve its settings.

    Raises:
        ClaimError: the file is missing or has faults; all are named with their lines.
    """
    path = Path(path).expanduser()
    try:
        text = read_text(path)
    except DataError as error:
        raise ClaimError("The claim cannot be read", [Fault("file", f"{error}")]) from error
    file = parse_claim(text, str(path), path.stem)
    folder = path.resolve().parent
    forget_changed(folder)
    try:
        recipe = catalogue.find(file.claim.recipe, folder)
    except EvenhandError as error:
        raise ClaimError(f"{path} cannot be run as it stands", [file.fault(("recipe",), str(error))]) from error
    resolved = resolve(file, recipe)
    if recipe.info.further_fingerprint is not None:
        further = {recipe.info.further_fingerprint(settings, folder) for settings in resolved.settings.values()}
        whole = " ".join([resolved.fingerprint, *sorted(further - {""})])
        resolved = drawn(resolved.claim, resolved.recipe, whole, resolved.settings)
    return LoadedClaim(path.resolve(), file, recipe, resolved)


def all_trials(claim: ResolvedClaim) -> list[Trial]:
    """Every trial of every rung, as if nothing were pruned."""
    return [trial for rung in claim.claim.rungs for trial in claim.trials(rung)]


def settled(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes that say something about the model; other failures are tried again by a new run."""
    return {k: o for k, o in outcomes.items() if o.is_result}


def queue(claims: Sequence[LoadedClaim], finished: Callable[[str], bool]) -> list[LoadedClaim]:
    """The claims in an order that respects ``after``.

    Args:
        claims: to run.
        finished: whether a claim of this name that is not among them has been run to its end.

    Raises:
        ClaimError: two files state claims of one name, a claim waits for one that is neither given nor finished, or
            claims wait for each other.
    """
    given: dict[str, LoadedClaim] = {}
    faults = []
    for claim in claims:
        other = given.setdefault(claim.resolved.name, claim)
        if other.path != claim.path:
            told = f"{other.path} is named '{claim.resolved.name}', too; claims that run together need different names"
            faults.append(claim.file.fault(("name",), told))
    if faults:
        raise ClaimError("Two claims have one name", faults)
    faults = [
        claim.file.fault(("after",), f"'{name}' is not finished; run it first, or name its file in the same command")
        for claim in given.values()
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
        faults = [Fault(".".join(setting_place(e)) or "settings", setting_words(e, recipe)) for e in error.errors()]
        raise SettingsError(f"The recipe '{recipe.reference}' refuses these settings", faults) from error
    return Trial(
        claim="", arm=TRY, condition="", rung="", seed=seed, recipe=recipe.reference, fingerprint=recipe.fingerprint,
        settings=complete, unit=unit, amount=amount, items=ItemSet(TRY, 0, items),
    )  # fmt: skip
