"""From the runs of an arm at one seed to an outcome as the lab knows it: items by content, costs, where it was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

import numpy as np

from evenhand.errors import DataError
from evenhand.recipes.outcome import ItemScores, Outcome
from evenhand.runs.arms import ArmRuns
from evenhand.runs.checked import utc
from evenhand.runs.run import Amount, Items, Run

PROMPT = " [prompt "
"""Before the hash of a prompt, behind what was asked: items whose prompts differ are told apart by it."""

NOT_SHOWN = "not shown"
BUDGET, FORMAT, MODEL, WRITTEN = "budget", "format", "model", "written"
TASK_VERSION, PROMPTED, ALLOWED = "task version", "prompt made of", "allowed to differ"


@dataclass(frozen=True)
class Choice:
    """What is taken of an arm's runs.

    Attributes:
        tasks: names; none takes the only one, or all of them. Several are pooled.
        metrics: metric of the outcome to that of the files; one that is not named has the same name in both.
        by: what pairs items: ``content`` where every run records it, else ``id``.
        allow: what may differ between arms: ``prompt``, ``task``.
    """

    tasks: tuple[str, ...] = ()
    metrics: Mapping[str, str] | None = None
    by: str = "content"
    allow: frozenset[str] = frozenset()

    def of_file(self, metric: str, task: str) -> str:
        """The file's name of a metric of the outcome; ``task/metric`` names one for a single task."""
        named = self.metrics or {}
        return named.get(f"{task}/{metric}", named.get(metric, metric))


def chosen(arm: ArmRuns, seed: int | None, choice: Choice) -> dict[str, Run]:
    """Task to run, of those that are asked for.

    Raises:
        DataError: there is no run at this seed, or none of this task.
    """
    here = arm.of(seed)
    if not here:
        have = ", ".join(map(str, arm.seeds))
        raise DataError(f"{arm.named} has no run at seed {seed}; it has: {have}.")
    missing = [task for task in choice.tasks if task not in here]
    if missing:
        raise DataError(f"{arm.named} has no run of the task '{missing[0]}'; it has: {', '.join(here)}.")
    return {task: here[task] for task in choice.tasks} if choice.tasks else here


def outcome_of(arm: ArmRuns, seed: int | None, choice: Choice, metrics: Collection[str]) -> Outcome:
    """The outcome of an arm at a seed.

    Args:
        arm: its runs.
        seed: training seed.
        choice: which task, and how metrics are called.
        metrics: names that the outcome must have.

    Raises:
        DataError: a run, a task or a metric is missing, or the metric is no number.
    """
    runs = chosen(arm, seed, choice)
    items, numbers = {}, {}
    for metric in metrics:
        tables = {task: _table(run, choice.of_file(metric, task), choice) for task, run in runs.items()}
        held = {task: table for task, table in tables.items() if table is not None}
        if len(held) == len(runs):
            items[metric] = pooled(held) if len(held) > 1 else next(iter(held.values()))
        elif len(runs) == 1:
            (run,) = runs.values()
            numbers[metric] = _number(run, choice.of_file(metric, run.task))
        else:
            missing = ", ".join(sorted(set(runs) - set(held)))
            raise DataError(f"{arm.named}: '{metric}' has no scores item by item for {missing}; name one task.")
    amounts = arm.budgets.get(seed, {})
    return Outcome(
        metrics=numbers, items=items, spent={unit: one.amount for unit, one in amounts.items()},
        data=_data(runs.values()), notes=_notes(runs, amounts, choice.allow),
    )  # fmt: skip


def _number(run: Run, metric: str) -> float:
    if metric in run.metrics:
        return run.metrics[metric]
    if metric in run.unusable:
        raise DataError(f"The metric '{metric}' cannot be compared. {run.unusable[metric]}.")
    known = ", ".join(run.names) or "none"
    raise DataError(f"{run.source.path} has no metric '{metric}'; it has: {known}.")


def _table(run: Run, metric: str, choice: Choice) -> ItemScores | None:
    """The scored items of a run; None where it has the metric as a number only."""
    items = run.items
    if items is None or metric not in items.scores:
        _number(run, metric)
        return None
    scores = items.scores[metric]
    kept = np.flatnonzero(~np.isnan(scores))
    if not kept.size:
        raise DataError(f"{run.source.path}: no item has a score '{metric}'.")
    ids = item_ids(items, choice.by)
    inputs = _inputs(items)
    columns = {"outputs": items.outputs.get(metric), "clusters": items.clusters, "groups": items.groups,
               "expected": items.expected, "inputs": inputs}  # fmt: skip
    if kept.size == len(ids):
        return ItemScores(ids, scores, **columns)
    return ItemScores(
        tuple(ids[i] for i in kept), scores[kept],
        **{name: None if column is None else tuple(column[i] for i in kept) for name, column in columns.items()},
    )  # fmt: skip


def item_ids(items: Items, by: str) -> tuple[str, ...]:
    """What pairs the items: their contents, an equal one that comes again with its number; or their ids."""
    if by == "id" or items.contents is None:
        return items.ids
    return _numbered(items.contents)


@lru_cache(maxsize=8)  # runs of one task have equal items, as the same objects where their reader takes care
def _numbered(contents: tuple[str, ...]) -> tuple[str, ...]:
    """Contents, an equal one that comes again with its number."""
    if len(set(contents)) == len(contents):
        return contents
    seen: dict[str, int] = {}
    found = []
    for content in contents:
        seen[content] = seen.get(content, 0) + 1
        found.append(content if seen[content] == 1 else f"{content}#{seen[content]}")
    return tuple(found)


def _inputs(items: Items) -> tuple[str, ...] | None:
    if items.prompts is None:
        return items.inputs
    return _with_prompts(items.inputs or ("",) * len(items.ids), items.prompts)


@lru_cache(maxsize=8)
def _with_prompts(asked: tuple[str, ...], prompts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(intern(f"{text}{PROMPT}{prompt[:12]}]") for text, prompt in zip(asked, prompts, strict=True))


def pooled(tables: Mapping[str, ItemScores]) -> ItemScores:
    """The items of several tasks as one table, each item weighing the same; the task is its group."""

    def joined(column: str) -> tuple[str, ...] | None:
        parts = {task: getattr(table, column) for task, table in tables.items()}
        if all(part is None for part in parts.values()):
            return None
        if column == "clusters":
            parts = {t: tuple(f"{t}/{c}" for c in (p or tables[t].ids)) for t, p in parts.items()}
        return tuple(text for task, part in parts.items() for text in (part or ("",) * len(tables[task].ids)))

    outputs = joined("outputs") if all(table.outputs is not None for table in tables.values()) else None
    return ItemScores(
        tuple(f"{task}/{item}" for task, table in tables.items() for item in table.ids),
        np.concatenate([table.scores for table in tables.values()]),
        outputs=outputs, clusters=joined("clusters"), inputs=joined("inputs"), expected=joined("expected"),
        groups=tuple(task for task, table in tables.items() for _ in table.ids),
    )  # fmt: skip


def _data(runs: Collection[Run]) -> dict[str, str]:
    """Path to sha256 of every file that was read."""
    return {run.source.path: run.source.sha256 for run in runs if run.source.sha256}


def _notes(runs: Mapping[str, Run], amounts: Mapping[str, Amount], allow: Collection[str]) -> dict[str, str]:
    """What a report shows of where the scores come from."""
    first = next(iter(runs.values()))
    notes = {FORMAT: " ".join(part for part in (first.source.format, first.source.version) if part)}
    if first.model:
        notes[MODEL] = first.model
    told = [f"{one.amount:g} {unit} ({one.source})" for unit, one in sorted(amounts.items())]
    notes[BUDGET] = ", ".join(told) or NOT_SHOWN
    seeds = {name: seed for run in runs.values() for name, seed in run.evaluation_seeds.items()}
    if seeds:
        notes["evaluation seeds"] = ", ".join(f"{name} {seed}" for name, seed in seeds.items())
    times = [run.source.written for run in runs.values() if run.source.written is not None]
    ended = [text for run in runs.values() for text in (run.started, run.ended) if text]
    stamps = [text for text in [utc(min(times)) if times else "", *ended] if text]
    if stamps:
        notes[WRITTEN] = min(stamps)
    if allow:
        notes[ALLOWED] = ", ".join(sorted(allow))
    for key, text in ((TASK_VERSION, "task_version"), (PROMPTED, "prompt")):
        said = {task: getattr(run, text) for task, run in runs.items() if getattr(run, text)}
        if said:
            notes[key] = "; ".join(f"{task} {value}" if len(runs) > 1 else value for task, value in said.items())
    return {**first.settings, **notes}
