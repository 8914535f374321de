"""Which metrics of runs are compared: how they are called, which way is better, what difference matters. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from evenhand.errors import DataError, Fault, counted
from evenhand.recipes.contract import Metric
from evenhand.running.comparison_asked import Asked, refuse
from evenhand.runs.arms import ArmRuns
from evenhand.runs.checked import bounded, is_cost
from evenhand.runs.recipe import as_metric
from evenhand.runs.run import Run

DEFAULT_MARGIN = 0.01
"""Of shares, where none is given: one point."""

POOLED = "pooled"
"""The condition that holds the items of several tasks."""

_MOST_EXPLORATORY = 5
_MOST_TOLD = 5


def runs_of_task(arms: Mapping[str, ArmRuns], task: str) -> list[Run]:
    """All runs of a task, arm by arm."""
    return [run for arm in arms.values() for (_, one), run in arm.runs.items() if one == task]


def with_metrics(asked: Asked, arms: Mapping[str, ArmRuns], tasks: Sequence[str], remarks: list[str]) -> list[str]:
    """The tasks without those that lack a metric that is asked for, unless they are asked for, too, or all lack it."""
    if asked.tasks:
        return list(tasks)
    kept = list(tasks)
    for name in asked.metrics:
        having = [
            task
            for task in kept
            if all(name in run.names or name in map(as_metric, run.names) for run in runs_of_task(arms, task))
        ]
        if having and len(having) < len(kept):
            left = ", ".join(task for task in kept if task not in having)
            remarks.append(f"Left out, since not every run of theirs has '{name}': {left}.")
            kept = having
    return kept


def metrics_of(
    asked: Asked, arms: Mapping[str, ArmRuns], tasks: Sequence[str], remarks: list[str]
) -> tuple[list[tuple[str, bool]], dict[str, str]]:
    """(metric, primary) of the comparison, and how the files call them (``task/metric`` where tasks differ in that)."""
    offered, spelled = {}, dict[str, str]()
    for task in tasks:
        runs = runs_of_task(arms, task)
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
        spelled |= {as_metric(name): name for name in plain}
        for name in asked.metrics:
            if name not in plain and name not in map(as_metric, plain):
                why = next((f" {run.unusable[name]}." for run in runs if name in run.unusable), "")
                every = f"Not every run of '{task}'" if task else "Not every run"
                raise DataError(f"{every} has the metric '{name}'; all have: {', '.join(plain)}.{why}")
    if asked.metrics:
        return [(as_metric(name), True) for name in asked.metrics], {
            as_metric(name): spelled.get(name, name) for name in asked.metrics
        }
    common = [name for name in offered[tasks[0]] if all(name in offered[task] for task in tasks)]
    if not common:
        named = {f"{task}/score": offered[task][0] for task in tasks}
        chosen = [f"{offered[task][0]} for {task}" for task in tasks]
        if len(chosen) > _MOST_TOLD:
            chosen[_MOST_TOLD:] = [counted(len(chosen) - _MOST_TOLD, "task") + " more"]
        remarks.append(f"Score is {', '.join(chosen)}; choose with --metric.")
        return [("score", True)], named
    first, *more = common
    others = [name for name in more if not is_cost(name)][:_MOST_EXPLORATORY]
    return [(as_metric(first), True), *((as_metric(o), False) for o in others)], {
        as_metric(n): n for n in (first, *others)
    }


def range_of(
    arms: Mapping[str, ArmRuns], tasks: Sequence[str], named: Mapping[str, str], metric: str, minimise: Sequence[str]
) -> Metric:
    """Direction and range of a metric: what the files say, or that all scores are right or wrong."""
    kinds, binary = [], True
    for task in tasks:
        name = named.get(f"{task}/{metric}", named.get(metric, metric))
        for run in runs_of_task(arms, task):
            kinds.append(run.about.get(name, Metric()))
            binary = binary and run.items is not None and name in run.items.scores and bounded(run.items.scores[name])
    directions = {kind.direction for kind in kinds}
    if len(directions) > 1 and metric not in minimise:
        raise DataError(f"Of '{metric}' more is better in some runs and less in others; compare one task at a time.")
    low = metric in minimise or named.get(metric) in minimise or directions == {"minimise"}
    direction: Literal["maximise", "minimise"] = "minimise" if low else "maximise"
    shares = all((kind.floor, kind.ceiling) == (0.0, 1.0) for kind in kinds)
    return Metric(direction, 0.0, 1.0) if shares or binary else Metric(direction)


Known = tuple[str, Metric, bool]
"""A metric, its direction and range, and whether it is primary."""


def fitting(asked: Asked, known: Sequence[Known], arms: Mapping[str, ArmRuns]) -> list[Known]:
    """The metrics whose range the margin fits: of those shown beside, others are left out.

    Raises:
        SettingsError: the margin is as wide as the range of what is judged; `minimise` names no metric.
    """
    names = dict.fromkeys(name for arm in arms.values() for run in arm.runs.values() for name in run.names)
    spelled = {*names, *map(as_metric, names), *(name for name, _, _ in known)}
    told = f"no metric that is compared has this name; there are: {', '.join(names)}"
    faults = [Fault(f"--minimise {name}", told) for name in asked.minimise if name not in spelled]
    margin = asked.margin
    if margin is None:
        refuse(faults)
        return list(known)
    wide = {name: span for name, kind, _ in known if (span := _span(kind)) is not None and margin >= span}
    faults += [
        Fault(
            f"--margin {margin:g}",
            f"as wide as the whole range of '{name}', {wide[name]:g}, or wider; metrics of other scales need a "
            "comparison of their own",
        )
        for name, _, primary in known
        if primary and name in wide
    ]
    refuse(faults)
    return [one for one in known if one[0] not in wide]


def _span(kind: Metric) -> float | None:
    return None if kind.floor is None or kind.ceiling is None else kind.ceiling - kind.floor


def shown_beside(known: Sequence[Known], named: Mapping[str, str]) -> list[str]:
    """What is judged and what is only shown, as a sentence."""
    judged, others = ([named.get(name, name) for name, _, primary in known if primary is own] for own in (True, False))
    if not others:
        return []
    return [f"Judged on {', '.join(judged)}; {', '.join(others)} shown beside (--metric judges others)."]


def margin_of(asked: Asked, first: Known, remarks: list[str]) -> float:
    """The smallest difference that matters: as asked for, else one point of a share.

    Raises:
        DataError: none is asked for, and the metric is no share.
    """
    if asked.margin is not None:
        return asked.margin
    name, kind, _ = first
    if (kind.floor, kind.ceiling) != (0.0, 1.0):
        unknown = "no file says that it is a share of right answers."
        raise DataError(" ".join([f"Say which difference of '{name}' matters, with --margin: {unknown}", *remarks]))
    remarks.append(f"The margin is {100 * DEFAULT_MARGIN:g} point, since none was given (--margin).")
    return DEFAULT_MARGIN


def may_pool(
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
            for run in runs_of_task(arms, task):
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


def better(name: str, kind: Metric) -> str:
    """Which way is better, of a metric that is no share, as a sentence."""
    if kind.direction == "minimise":
        return f"Less of '{name}' counts as better."
    return f"More of '{name}' counts as better; --minimise {name} says the opposite."
