"""What runs make of a comparison: seeds, scope, tasks, metrics, margin, and the claim file that says it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from evenhand.errors import DataError
from evenhand.recipes.contract import Metric
from evenhand.running.comparison_asked import Asked
from evenhand.running.comparison_metrics import (
    POOLED,
    better,
    fitting,
    margin_of,
    may_pool,
    metrics_of,
    range_of,
    shown_beside,
    with_metrics,
)
from evenhand.runs.arms import ArmRuns
from evenhand.runs.pairing import items_of_the_only_task

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.+-]+")


def pair_by_of(wanted: str, read: Sequence[ArmRuns]) -> str:
    """What pairs items: their contents only where every run records them."""
    known = all(run.items is None or run.items.contents is not None for arm in read for run in arm.runs.values())
    return "content" if wanted == "content" and known else "id"


@dataclass(frozen=True)
class Plan:
    """What follows from the runs for the claim: seeds, scope, tasks, metrics and what to say of them."""

    seeds: tuple[int, ...]
    single: frozenset[str]
    scope: str
    conditions: tuple[tuple[str, str | Sequence[str]], ...]
    metrics: tuple[tuple[str, Metric, bool], ...]
    named: Mapping[str, str]
    margin: float
    unit: str
    budget: float
    pair_by: str
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, asked: Asked, arms: Mapping[str, ArmRuns], pair_by: str) -> Plan:
        remarks: list[str] = []
        seeds, single, scope = _seeds(asked, arms)
        tasks = with_metrics(asked, arms, _tasks(asked, arms, remarks), remarks)
        metrics, named = metrics_of(asked, arms, tasks, remarks)
        known = [(name, range_of(arms, tasks, named, name, asked.minimise), primary) for name, primary in metrics]
        known = fitting(asked, known, arms)
        remarks += shown_beside(known, named)
        remarks += [better(name, kind) for name, kind, primary in known if primary and kind.ceiling is None]
        margin = margin_of(asked, known[0], remarks)
        unit, budget = _budget(arms, scope)
        conditions: list[tuple[str, str | Sequence[str]]] = list(zip(_condition_names(tasks), tasks, strict=True))
        if len(tasks) > 1 and may_pool(arms, tasks, named, [name for name, _ in metrics], remarks):
            every = all(set(arm.tasks) == set(tasks) for arm in arms.values())
            (*_, pooled) = _condition_names([*tasks, POOLED])
            conditions.append((pooled, "" if every else tuple(tasks)))
        if pair_by == "id" and any(run.items is not None for arm in arms.values() for run in arm.runs.values()):
            remarks.append(f"Items are paired by their ids: {_why_by_ids(asked, arms)}.")
        return cls(
            seeds, single, scope, tuple(conditions), tuple(known), named, margin, unit, budget, pair_by, tuple(remarks)
        )


def _why_by_ids(asked: Asked, arms: Mapping[str, ArmRuns]) -> str:
    if asked.pair_by == "id":
        return "that was asked for"
    if pair_by_of("content", list(arms.values())) == "content":
        return "what was asked differs, and that is allowed"
    return "not every file records what was asked"


def condition_name(task: str) -> str:
    """A task in letters that a condition may have."""
    return _NOT_A_NAME.sub("-", task).strip("-._+")[:80] or "default"


def _condition_names(tasks: Sequence[str]) -> list[str]:
    """Names of conditions for tasks; of those that are one name in such letters, later ones get a number."""
    found: list[str] = []
    for task in tasks:
        name = condition_name(task)
        found.append(next(one for n in count(1) if (one := name if n == 1 else f"{name}-{n}") not in found))
    return found


def _seeds(asked: Asked, arms: Mapping[str, ArmRuns]) -> tuple[tuple[int, ...], frozenset[str], str]:
    """Seeds of the comparison, arms of one run that stands for every seed, and the scope."""
    counts = {name: len(arm.seeds) for name, arm in arms.items()}
    unknown = [name for name in asked.deterministic if name not in arms]
    if unknown:
        raise DataError(f"There is no arm '{unknown[0]}' to be deterministic; the arms are {', '.join(arms)}.")
    if all(count == 1 for count in counts.values()):
        if asked.scope == "recipe":
            raise DataError("The scope `recipe` is about new seeds; give several seeds a side (runs/{arm}/seed{seed}).")
        return (0,), frozenset(arms), "checkpoint"
    many = {name: arm for name, arm in arms.items() if name not in asked.deterministic}
    for name, arm in many.items():
        if None in arm.seeds or len(arm.seeds) == 1:
            most = max(counts, key=lambda one: counts[one])
            raise DataError(
                f"'{name}' is one run, and '{most}' has {counts[most]} seeds; give as many seeds of '{name}' "
                f"({arm.named}), or, where no training seed changes it (a model as it was released), say so with "
                f"--deterministic {name}."
            )
    several = [name for name in asked.deterministic if counts[name] > 1]
    if several:
        raise DataError(f"'{several[0]}' has {counts[several[0]]} runs and is to be deterministic; name one of them.")
    seeds = sorted({seed for arm in many.values() for seed in arm.seeds if seed is not None})
    return tuple(seeds), frozenset(asked.deterministic), asked.scope or "recipe"


def _tasks(asked: Asked, arms: Mapping[str, ArmRuns], remarks: list[str]) -> list[str]:
    """Tasks that are compared: those asked for, else all that every arm has."""
    every = list(dict.fromkeys(task for arm in arms.values() for task in arm.tasks))
    common = [task for task in every if all(task in arm.tasks for arm in arms.values())]
    missing = [task for task in asked.tasks if task not in common]
    if missing:
        named = ", ".join(task for task in common if task)
        told = f"all have: {named}" if named else "there is none that all have, or their files name no tasks"
        raise DataError(f"Not every arm has the task '{missing[0]}'; {told}.")
    if not common:
        told = "; ".join(f"{name}: {', '.join(arm.tasks)}" for name, arm in arms.items())
        raise DataError(f"The arms have no task in common ({told}).{_shared_items(arms)} Name files of one task.")
    left = [task for task in every if task not in common]
    if left and not asked.tasks:
        remarks.append(f"Left out, since not every arm has them: {', '.join(left)}.")
    return list(asked.tasks) or common


def _shared_items(arms: Mapping[str, ArmRuns]) -> str:
    """How many items arms of one task each have in common, as a sentence; empty where that is not recorded."""
    one, *others = [items_of_the_only_task(arm) for arm in arms.values()]
    if not one or not all(others):
        return ""
    return f" They share {len(one.intersection(*others)):,} of {len(one.union(*others)):,} items."


def _budget(arms: Mapping[str, ArmRuns], scope: str) -> tuple[str, float]:
    """The unit in which most arms show their budget, and the amount of the first that does."""
    shown: dict[str, list[float]] = {}
    for arm in arms.values():
        for amounts in arm.budgets.values():
            for unit, one in amounts.items():
                if unit in ("steps", "tokens", "examples"):
                    shown.setdefault(unit, []).append(one.amount)
    if not shown:
        return "steps", 1.0
    unit = max(shown, key=lambda one: len(shown[one]))
    return unit, shown[unit][0]
