"""Control sets in claims: ``controls = "RECIPE.SET"`` puts the arms of a recipe's set behind the claim's own. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError

from evenhand.claims.schema import Arm, Claim
from evenhand.claims.values import words
from evenhand.errors import RecipeError
from evenhand.recipes.contract import Recipe
from evenhand.recipes.control_sets import Control

Faults = list[tuple[tuple[str | int, ...], str]]


class ControlArm(Arm):
    """An arm that stands in no claim file but comes from a control set."""

    from_set: str = Field(exclude=True, description="the set; no part of the claim's identity: the arm itself is")

    @property
    def control_set(self) -> str:
        """The control set that the arm comes from."""
        return self.from_set


def control_arms(claim: Claim, recipe: Recipe, settings: Mapping[str, Any]) -> tuple[tuple[ControlArm, ...], Faults]:
    """The arms that a claim's control set adds to its own, and what is wrong with the key: all faults at once.

    Args:
        claim: as written.
        recipe: whose sets may be named.
        settings: the claim's own settings, dotted key to value.

    Raises:
        RecipeError: the set itself is broken.
    """
    chosen = claim.controls
    if chosen is None:
        return (), []
    prefix, _, short = chosen.set.rpartition(".")
    if prefix != recipe.reference or short not in recipe.info.control_sets:
        return (), [(("controls", "set"), _no_such_set(chosen.set, prefix, recipe))]
    offered = _arms_of(chosen.set, recipe.info.control_sets[short], settings)
    faults: Faults = []
    known = {arm.name for arm in offered}
    for name in dict.fromkeys(chosen.without):
        if name not in known:
            has = ", ".join(arm.name for arm in offered)
            message = f"the control set '{chosen.set}' has no control '{name}' here; it has: {has}"
            faults.append((("controls", "without"), message))
    kept = tuple(arm for arm in offered if arm.name not in chosen.without)
    names = {arm.name for arm in kept}
    for a, arm in enumerate(claim.arms):
        if arm.name in names:
            message = (
                f"the control set '{chosen.set}' has a control of the name '{arm.name}'; rename this arm, or put it "
                f'in the place of the control: controls = {{ set = "{chosen.set}", without = ["{arm.name}"] }}'
            )
            faults.append((("arm", a, "name"), message))
    own = {arm.name for arm in claim.arms}
    return tuple(arm for arm in kept if arm.name not in own), faults


def _no_such_set(named: str, prefix: str, recipe: Recipe) -> str:
    sets = ", ".join(f"{recipe.reference}.{short}" for short in recipe.info.control_sets)
    has = f"it has: {sets}" if sets else "it has none; remove the key and write the controls as [[arm]]"
    if prefix and prefix != recipe.reference:
        return f"'{named}' is a set of '{prefix}', and the claim's recipe is '{recipe.reference}'; {has}"
    return f"the recipe '{recipe.reference}' has no control set '{named}'; {has}"


def _arms_of(name: str, make: Any, settings: Mapping[str, Any]) -> tuple[ControlArm, ...]:
    """What a set gives, as arms; a set that cannot be used is a fault of its recipe and not of the claim."""
    try:
        controls: Sequence[Control] = tuple(make(settings))
    except Exception as error:
        raise RecipeError(f"The control set '{name}' broke: {type(error).__name__}: {error}") from error
    twice = [one for one, count in Counter(c.name for c in controls).items() if count > 1]
    if twice:
        raise RecipeError(f"The control set '{name}' names {', '.join(twice)} twice; every control is an arm.")
    try:
        return tuple(
            ControlArm(
                name=c.name, role=c.role, settings=dict(c.settings), deterministic=c.deterministic,
                untrained=c.untrained, from_set=name,
            )
            for c in controls
        )  # fmt: skip
    except ValidationError as error:
        raise RecipeError(
            f"The control set '{name}' has a control that is no arm: {words(error.errors()[0])}"
        ) from error
