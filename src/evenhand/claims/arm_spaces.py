"""The space that a search varies in each arm: the claim's and the arm's own, as the recipe reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from evenhand.claims.near import keys_at, suggestion
from evenhand.claims.nesting import Settings, expand, leaves, merge
from evenhand.claims.schema import Arm, Claim
from evenhand.claims.spaces import Domain, ends_of, with_ends
from evenhand.claims.values import as_written, words
from evenhand.recipes.contract import Recipe, SettingFault

Path = tuple[str | int, ...]
Faults = list[tuple[Path, str]]


def arm_spaces(
    claim: Claim, recipe: Recipe, settings: Mapping[tuple[str, str], Settings]
) -> tuple[tuple[Arm, ...], Faults]:
    """The arms with all that a search varies in them, and every range or choice that cannot be, with its place.

    A setting that an arm fixes is not searched in that arm.

    Args:
        claim: with the arms of its control set.
        recipe: is asked about ends and choices.
        settings: (arm, condition) to the complete settings, as far as they are sound.
    """
    if not any(rung.kind == "search" for rung in claim.rungs):
        return claim.arms, []
    arms: list[Arm] = []
    faults: Faults = []
    for a, arm in enumerate(claim.arms):
        if arm.role in ("null", "reference"):
            if arm.space:
                faults.append((("arm", a, "space"), f"a {arm.role} arm is not searched; remove its space"))
            arms.append(arm)
            continue
        fixed = set(leaves(expand(arm.settings)))
        for key in sorted(fixed & set(arm.space)):
            faults.append((("arm", a, "space", key), f"the arm sets '{key}' too; remove it here or under settings"))
        space: dict[str, dict[str, list[Any]]] = {}
        for key, domain in {**{k: d for k, d in claim.space.items() if k not in fixed}, **arm.space}.items():
            found = _domain(claim, recipe, settings, arm, key, domain)
            if isinstance(found, str):
                faults.append((("arm", a, "space", key) if key in arm.space else ("space", key), found))
            else:
                space[key] = found
        arms.append(arm.model_copy(update={"space": space}))
    return tuple(arms), faults


def with_first_ends(claim: Claim, arm: Arm, base: Settings) -> Settings:
    """Settings of an arm with the first end of what is searched in it and set nowhere: some settings need another one.

    An anchor, say, is refused without its coefficient, which a search will give.
    """
    if arm.role in ("null", "reference") or not any(rung.kind == "search" for rung in claim.rungs):
        return base
    given = leaves(base)
    ends = {key: ends_of(domain)[0] for key, domain in {**claim.space, **arm.space}.items() if key not in given}
    return merge(base, expand(ends))


def _domain(
    claim: Claim, recipe: Recipe, settings: Mapping[tuple[str, str], Settings], arm: Arm, key: str, domain: Domain
) -> dict[str, list[Any]] | str:
    """A range or choice with its values as the recipe reads them, or why it cannot be searched."""
    for condition in claim.conditions:
        if key in leaves(expand(condition.settings)):
            return f"the condition '{condition.name}' sets '{key}' too; only one of the two may"
    condition = claim.conditions[0]
    known = settings.get((arm.name, condition.name))
    if known is None:
        return dict(domain)  # its settings are refused already
    base: Settings = merge(merge(expand(claim.settings), expand(condition.settings)), expand(arm.settings))
    try:
        recipe.settings.model_validate(base)
    except ValidationError:  # sound with all that is searched alone
        base = with_first_ends(claim, arm, base)
    before, read = leaves(known), list[Any]()
    for value in ends_of(domain):
        try:
            model = recipe.settings.model_validate(merge(base, expand({key: value})))
        except ValidationError as error:
            return _refused(error, recipe, value)
        found = leaves(model.model_dump(mode="json"))
        moved = sorted(name for name in found if name != key and found[name] != before.get(name))
        if key not in found or moved:
            which = f"it changes {', '.join(moved)} with it" if moved else "it is a table, not a single setting"
            return f"'{key}' cannot be searched: {which}; search settings that stand alone"
        read.append(found[key])
    return with_ends(domain, read)


def _refused(error: ValidationError, recipe: Recipe, value: Any) -> str:
    """Why a recipe refuses a value of a space; a number between whole ones is not found in the file."""
    first = error.errors()[0]
    if first["type"] == "int_from_float":
        return f"the recipe '{recipe.reference}' reads whole numbers here; write `int` or `log_int`"
    told = setting_words(first, recipe)
    return told if "found" in told or "has no setting" in told else f"{told}; found {as_written(value)}"


def setting_place(error: Mapping[str, Any]) -> tuple[str, ...]:
    """The setting at which a fault is mended, as the parts of its path."""
    found = (error.get("ctx") or {}).get("error")
    at = found.at.split(".") if isinstance(found, SettingFault) else ()
    return (*(str(part) for part in error["loc"]), *at)


def setting_words(error: Mapping[str, Any], recipe: Recipe) -> str:
    """A fault of a setting as a sentence."""
    if error["type"] == "extra_forbidden":
        known = keys_at(recipe.settings, error["loc"][:-1]) or list(recipe.settings.model_fields)
        meant = suggestion(error["loc"][-1], known)
        told = f"{meant} It has" if meant else "; it has"
        return f"the recipe '{recipe.reference}' has no setting '{error['loc'][-1]}'{told}: {', '.join(known)}"
    return words(error)
