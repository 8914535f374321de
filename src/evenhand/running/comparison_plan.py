"""What runs make of a comparison: seeds, scope, tasks, metrics, margin, and the claim file that says it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from evenhand.errors import DataError
from evenhand.recipes.contract import Metric
from evenhand.runs.arms import ArmRuns
from evenhand.runs.checked import bounded
from evenhand.runs.recipe import as_metric
from evenhand.runs.run import Run

DEFAULT_MARGIN = 0.01
"""Of shares, where none is given: one point."""

POOLED = "pooled"
_MOST_EXPLORATORY = 5
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.+-]+")


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
    conditions: tuple[tuple[str, str], ...]
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
        tasks = _tasks(asked, arms, remarks)
        metrics, named = _metrics(asked, arms, tasks, remarks)
        known = [(name, _range(arms, tasks, named, name, asked.minimise), primary) for name, primary in metrics]
        remarks += [_better(name, kind) for name, kind, primary in known if primary and kind.ceiling is None]
        margin = _margin(asked, known[0], remarks)
        unit, budget = _budget(arms, scope)
        conditions = [(condition_name(task), task) for task in tasks]
        if len(tasks) > 1 and _may_pool(arms, tasks, named, [name for name, _ in metrics], remarks):
            conditions.append((POOLED, ""))
        if pair_by == "id" and any(run.items is not None for arm in arms.values() for run in arm.runs.values()):
            remarks.append(f"Items are paired by their ids: {_why_by_ids(asked, arms)}.")
        return cls(
            seeds, single, scope, tuple(conditions), tuple(known), named, margin, unit, budget, pair_by, tuple(remarks)
        )


def _better(name: str, kind: Metric) -> str:
    """Which way is better, of a metric that is no share, as a sentence."""
    if kind.direction == "minimise":
        return f"Less of '{name}' counts as better."
    return f"More of '{name}' counts as better; --minimise {name} says the opposite."


def _why_by_ids(asked: Asked, arms: Mapping[str, ArmRuns]) -> str:
    if asked.pair_by == "id":
        return "that was asked for"
    if pair_by_of("content", list(arms.values())) == "content":
        return "what was asked differs, and that is allowed"
    return "not every file records what was asked"


def condition_name(task: str) -> str:
    """A task in letters that a condition may have."""
    return _NOT_A_NAME.sub("-", task).strip("-._+")[:80] or "default"


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
        raise DataError(f"Not every arm has the task '{missing[0]}'; all have: {', '.join(common) or 'none'}.")
    if not common:
        told = "; ".join(f"{name}: {', '.join(arm.tasks)}" for name, arm in arms.items())
        raise DataError(f"The arms have no task in common ({told}).")
    left = [task for task in every if task not in common]
    if left and not asked.tasks:
        remarks.append(f"Left out, since not every arm has them: {', '.join(left)}.")
    return list(asked.tasks) or common


def _runs(arms: Mapping[str, ArmRuns], task: str) -> list[Run]:
    return [run for arm in arms.values() for (_, one), run in arm.runs.items() if one == task]


def _metrics(
    asked: Asked, arms: Mapping[str, ArmRuns], tasks: Sequence[str], remarks: list[str]
) -> tuple[list[tuple[str, bool]], dict[str, str]]:
    """(metric, primary) of the comparison, and how the files call them (``task/metric`` where tasks differ in that)."""
    offered = {}
    for task in tasks:
        runs = _runs(arms, task)
        item_wise = [
            n
            for n in (runs[0].items.scores if runs[0].items else ())
            if all(r.items and n in r.items.scores for r in runs)
        ]
        plain = [name for name in runs[0].names if all(name in run.names for run in runs)]
        offered[task] = item_wise or plain
        if not plain:
            why = next((f" {text}." for run in runs for text in run.unusable.values()), "")
            told = "; ".join(f"{run.source.path}: {', '.join(run.names) or 'none'}" for run in runs[:4])
            raise DataError(f"The runs of '{task}' have no metric in common ({told}).{why}")
        for name in asked.metrics:
            if name not in plain:
                why = next((f" {run.unusable[name]}." for run in runs if name in run.unusable), "")
                every = f"Not every run of '{task}'" if task else "Not every run"
                raise DataError(f"{every} has the metric '{name}'; all have: {', '.join(plain)}.{why}")
    if asked.metrics:
        return [(as_metric(name), True) for name in asked.metrics], {as_metric(name): name for name in asked.metrics}
    common = [name for name in offered[tasks[0]] if all(name in offered[task] for task in tasks)]
    if not common:
        named = {f"{task}/score": offered[task][0] for task in tasks}
        remarks.append(
            f"Score is {', '.join(f'{offered[task][0]} for {task}' for task in tasks)}; choose with --metric."
        )
        return [("score", True)], named
    first, *others = common[: 1 + _MOST_EXPLORATORY]
    if others:
        remarks.append(f"Judged on {first}; {', '.join(others)} shown beside (--metric judges others).")
    return [(as_metric(first), True), *((as_metric(o), False) for o in others)], {
        as_metric(n): n for n in (first, *others)
    }


def _range(
    arms: Mapping[str, ArmRuns], tasks: Sequence[str], named: Mapping[str, str], metric: str, minimise: Sequence[str]
) -> Metric:
    """Direction and range of a metric: what the files say, or that all scores are right or wrong."""
    kinds, binary = [], True
    for task in tasks:
        name = named.get(f"{task}/{metric}", named.get(metric, metric))
        for run in _runs(arms, task):
            kinds.append(run.about.get(name, Metric()))
            binary = binary and run.items is not None and name in run.items.scores and bounded(run.items.scores[name])
    directions = {kind.direction for kind in kinds}
    if len(directions) > 1 and metric not in minimise:
        raise DataError(f"Of '{metric}' more is better in some runs and less in others; compare one task at a time.")
    low = metric in minimise or named.get(metric) in minimise or directions == {"minimise"}
    direction: Literal["maximise", "minimise"] = "minimise" if low else "maximise"
    shares = all((kind.floor, kind.ceiling) == (0.0, 1.0) for kind in kinds)
    return Metric(direction, 0.0, 1.0) if shares or binary else Metric(direction)


def _margin(asked: Asked, first: tuple[str, Metric, bool], remarks: list[str]) -> float:
    if asked.margin is not None:
        return asked.margin
    name, kind, _ = first
    if (kind.floor, kind.ceiling) != (0.0, 1.0):
        raise DataError(f"Say which difference of '{name}' matters, with --margin: it is no share of right answers.")
    remarks.append(f"The margin is {100 * DEFAULT_MARGIN:g} point, since none was given (--margin).")
    return DEFAULT_MARGIN


def _may_pool(
    arms: Mapping[str, ArmRuns],
    tasks: Sequence[str],
    named: Mapping[str, str],
    metrics: Sequence[str],
    remarks: list[str],
) -> bool:
    """Whether the items of several tasks may be pooled: scored one by one, on one scale."""
    for metric in metrics:
        kinds = set()
        for task in tasks:
            name = named.get(f"{task}/{metric}", named.get(metric, metric))
            for run in _runs(arms, task):
                if run.items is None or name not in run.items.scores:
                    remarks.append(f"Tasks are not pooled: {run.source.path} has no scores item by item.")
                    return False
                kind = run.about.get(name, Metric())
                kinds.add((kind.direction, kind.floor, kind.ceiling) if not bounded(run.items.scores[name]) else None)
        if len(kinds) > 1 and any(kind is not None and kind[1:] != (0.0, 1.0) for kind in kinds):
            remarks.append(f"Tasks are not pooled: they score '{metric}' on different scales.")
            return False
    remarks.append(f"'{POOLED}' holds the items of all {len(tasks)} tasks, each item weighing the same.")
    return True


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


def claim_text(asked: Asked, plan: Plan, arms: Sequence[tuple[str, str, str]]) -> str:
    """The comparison as a claim file."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    settings = {
        "format": asked.format,
        "allow": list(asked.allow),
        "pair_by": plan.pair_by if plan.pair_by == "id" else "",
    }
    lines = [f"name = {text(asked.name)}", 'recipe = "runs"', f'scope = "{plan.scope}"', f"alpha = {asked.alpha!r}", "",
             "[budget]", f'unit = "{plan.unit}"', ""]  # fmt: skip
    inner = [f"{key} = {text(value)}" for key, value in settings.items() if value]
    for key, table in (("columns", asked.columns), ("budgets", asked.budgets), ("metrics", plan.named)):
        told = {k: v for k, v in table.items() if key != "metrics" or k != v}
        if key == "metrics" and told:
            told = dict(table)
        if told:
            inner.append(f"{key} = {{ {', '.join(f'{text(k)} = {text(v)}' for k, v in told.items())} }}")
    lines += ["[settings]", *inner, ""] if inner else []
    for name, kind, primary in plan.metrics:
        lines += ["[[metric]]", f"name = {text(name)}", f"margin = {plan.margin!r}", f'direction = "{kind.direction}"']
        lines += [f"{key} = {value!r}" for key in ("floor", "ceiling") if (value := getattr(kind, key)) is not None]
        lines += [] if primary else ["primary = false"]
        lines.append("")
    for role, name, where in arms:
        lines += ["[[arm]]", f"name = {text(name)}", f'role = "{role}"', f"settings.runs = {text(where)}"]
        lines += ["deterministic = true"] if name in plan.single and plan.scope != "checkpoint" else []
        lines.append("")
    for name, task in plan.conditions:
        lines += ["[[condition]]", f"name = {text(name)}", *([f"settings.task = {text(task)}"] if task else []), ""]
    lines += ["[[rung]]", 'name = "runs"', f"budget = {plan.budget!r}", f"seeds = {list(plan.seeds)}", ""]
    return "\n".join(lines)
