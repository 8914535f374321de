"""What a comparison of runs is asked for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Asked:
    """What is to be compared.

    Attributes:
        baseline, variants, rivals: what a user names: ``PATH``, ``NAME=PATH``, ``PATH#MODEL`` or ``TRACKER:QUERY``.
        null: a second run of the baseline, which tells the noise floor; empty for none.
        metrics: that are judged; the first one of the files if empty.
        margin: smallest difference that matters; one point of a share if None.
        minimise: names of metrics of which less is better.
        tasks: that are compared; all that the arms have in common if empty.
        scope: ``recipe`` with several seeds a side and ``checkpoint`` with one, if empty.
        deterministic: arms that no training seed changes: one run of theirs pairs with every seed.
        alpha: error rate.
        format, columns, budgets, allow, pair_by: as in :class:`evenhand.runs.recipe.RunsSettings`.
        name: of the comparison.
    """

    baseline: str
    variants: tuple[str, ...]
    rivals: tuple[str, ...] = ()
    null: str = ""
    metrics: tuple[str, ...] = ()
    margin: float | None = None
    minimise: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    scope: Literal["", "recipe", "checkpoint"] = ""
    deterministic: tuple[str, ...] = ()
    alpha: float = 0.05
    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    budgets: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    pair_by: Literal["content", "id"] = "content"
    name: str = "comparison"
