"""Which trials the lab's own exhibits show: those of one condition at the last rung that gave scores, arm by arm."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from evenhand.recipes.exhibit import ScoredTrial
from evenhand.recipes.outcome import ItemColumn, ItemScores

MOST_FACETS = 6
"""Conditions that are shown; the page says how many are not."""

Facts = Callable[[str], str]
"""Item to a text of it; empty where none is known."""


@dataclass(frozen=True)
class Facet:
    """Scored trials that may stand side by side.

    Attributes:
        condition: in which.
        about: rung and condition, for titles; empty where the claim has one of each.
        arms: name to its trials, seeds ascending; arms in the claim's order.
    """

    condition: str
    about: str
    arms: Mapping[str, tuple[ScoredTrial, ...]]

    def title(self, text: str) -> str:
        """The title of an exhibit of this facet."""
        return f"{text} ({self.about})" if self.about else text

    def tables(self, metric: str) -> dict[str, list[ItemScores]]:
        """The item scores of each arm that has some, trial by trial."""
        found = {
            arm: [t.outcome.items[metric] for t in trials if metric in t.outcome.items]
            for arm, trials in self.arms.items()
        }
        return {arm: tables for arm, tables in found.items() if tables and tables[0].ids}

    def column(self, metric: str, column: ItemColumn) -> dict[str, str]:
        """Item to its text in a column, as the first arm that recorded the column has it."""
        for tables in self.tables(metric).values():
            texts = tables[0].column(column)
            if texts is not None:
                return dict(zip(tables[0].ids, texts, strict=True))
        return {}


def facets(trials: Sequence[ScoredTrial]) -> tuple[list[Facet], int]:
    """One facet per condition, at its last rung: what was screened is never mixed with what was confirmed.

    Returns:
        The first few of them, and how many there are beyond.
    """
    conditions, rungs = (list(dict.fromkeys(getattr(t, name) for t in trials)) for name in ("condition", "rung"))
    found = []
    for condition in conditions[:MOST_FACETS]:
        here = [trial for trial in trials if trial.condition == condition]
        last = max((trial.rung for trial in here), key=rungs.index)
        words = [f"rung {last}"] if len(rungs) > 1 else []
        words += [f"condition {condition}"] if len(conditions) > 1 else []
        arms: dict[str, list[ScoredTrial]] = {}
        for trial in here:
            if trial.rung == last:
                arms.setdefault(trial.arm, []).append(trial)
        ordered = {name: tuple(sorted(own, key=lambda t: t.seed or 0)) for name, own in arms.items()}
        found.append(Facet(condition, ", ".join(words), ordered))
    return found, max(len(conditions) - MOST_FACETS, 0)


def first_by_hash(ids: Iterable[str], count: int) -> list[str]:
    """The identifiers whose sha256 comes first: nobody can pick the items that please."""
    return sorted(set(ids), key=lambda name: hashlib.sha256(name.encode("utf-8", "replace")).digest())[:count]


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a row, the first few of many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
