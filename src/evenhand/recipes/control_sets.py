"""Control sets: arms that a recipe offers under one name, so that no claim on it lacks a control.

A set is a function from a claim's own settings to its controls, since a control may have to take back what it does not
look at::

    def standard(settings: Mapping[str, Any]) -> tuple[Control, ...]:
        return (Control("shuffled", {"control": "shuffled"}), Control("ceiling", {"gold": True}, role="reference"))

    @recipe(control_sets={"standard": standard})

A claim then says ``controls = "RECIPE.standard"``.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evenhand.errors import RecipeError

ControlRole = Literal["rival", "reference"]


@dataclass(frozen=True)
class Control:
    """An arm of a control set.

    Attributes:
        name: of the arm.
        settings: overrides of the claim's settings, keys dotted or nested.
        role: ``rival`` (a variant has to beat it) or ``reference`` (shown beside the others, never judged).
        deterministic, untrained: as of an arm in a claim file.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    role: ControlRole = "rival"
    deterministic: bool = False
    untrained: bool = False

    def __post_init__(self) -> None:
        if self.role not in typing.get_args(ControlRole):
            raise RecipeError(f"The control '{self.name}' has the role '{self.role}'; expected 'rival' or 'reference'.")


ControlSet = Callable[[Mapping[str, Any]], Sequence[Control]]
"""From a claim's own settings (dotted key to value, as written: defaults are not filled in) to its controls."""
