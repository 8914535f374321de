"""What a comparison of runs is asked for, and what of it cannot be asked. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from os.path import normpath
from typing import Literal

from evenhand.errors import Fault, SettingsError
from evenhand.runs.arms import without_name
from evenhand.runs.find import is_query

_LARGEST_ALPHA = 0.2
_ROLES = {"baseline": "the baseline", "variant": "a variant", "rival": "a rival", "null": "the null arm"}


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

    @property
    def roles(self) -> list[tuple[str, str]]:
        """(role, what is named) of every arm."""
        others = [("variant", text) for text in self.variants] + [("rival", text) for text in self.rivals]
        return [("baseline", self.baseline), *others, *([("null", self.null)] if self.null else [])]

    def check(self) -> None:
        """Refuse what no runs could answer.

        Raises:
            SettingsError: all of it, in words of the command line.
        """
        faults = []
        if self.margin is not None and not (isfinite(self.margin) and self.margin > 0):
            faults.append(Fault(f"--margin {self.margin:g}", "expected a finite number greater than 0"))
        if not 0 < self.alpha <= _LARGEST_ALPHA:
            expected = f"expected a number above 0 and at most {_LARGEST_ALPHA:g}"
            faults.append(Fault(f"--alpha {self.alpha:g}", expected))
        for option, names in (("--metric", self.metrics), ("--task", self.tasks)):
            twice = [name for name, count in Counter(names).items() if count > 1]
            faults += [Fault(f"{option} {name}", "stands twice; name it once") for name in twice]
        faults += self._same_arms()
        refuse(faults)

    def _same_arms(self) -> list[Fault]:
        """Runs that are named for two arms."""
        named: dict[str, str] = {}
        faults = []
        for role, text in self.roles:
            where = without_name(text) if is_query(without_name(text)) else normpath(without_name(text))
            if where in named:
                what = f"named as {named[where]} and as {_ROLES[role]}; an arm compared with itself says nothing"
                faults.append(Fault(where, f"{what}: name another run"))
            named.setdefault(where, _ROLES[role])
        return faults


def refuse(faults: Sequence[Fault]) -> None:
    """Raise what is wrong with what was asked.

    Raises:
        SettingsError: if there is anything.
    """
    if faults:
        raise SettingsError("The comparison cannot be made", faults)
