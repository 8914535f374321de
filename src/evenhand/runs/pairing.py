"""What runs have in common: items that every arm was scored on, and whether they were asked the same. Pure.

An item that one arm alone lacks is dropped from all, counted and named; an arm that lacks more than a fifth is left as
it is, so that its contrasts are invalid and those of others are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenhand.errors import counted
from evenhand.recipes.outcome import Failure, ItemScores, Outcome
from evenhand.runs.arms import ArmRuns
from evenhand.runs.outcomes import ALLOWED, PROMPT, PROMPTED, TASK_VERSION
from evenhand.runs.run import Items, Run

LARGEST_SHARE = 0.2
"""Of the items of two arms together, how many one of them may lack; as for pairs that are lost."""

_NAMED = 3

Place = tuple[str, int | None]
"""An arm and a training seed; None for a deterministic arm."""


@dataclass(frozen=True)
class Unlike:
    """Two arms that were not asked the same.

    Attributes:
        kind: ``prompt`` or ``task``.
        arm: whose runs differ from those of the baseline.
        sentence: what differs.
    """

    kind: str
    arm: str
    sentence: str


def items_of_the_only_task(arm: ArmRuns) -> set[str]:
    """What an arm of one task was asked; empty where it has several, or where that is not recorded of every run."""
    runs = list(arm.runs.values())
    if len(arm.tasks) > 1 or any(run.items is None or run.items.contents is None for run in runs):
        return set()
    return {content for run in runs if run.items for content in run.items.contents or ()}


def as_one_task(arms: Mapping[str, ArmRuns]) -> tuple[dict[str, ArmRuns], list[str]]:
    """Arms of one task each, whose tasks are called otherwise and hold the same items: as runs of one without a name.

    Names of tasks are often those of files, and files are renamed.

    Returns:
        The arms, and what was done, as sentences.
    """
    tasks = {name: arm.tasks[0] for name, arm in arms.items() if len(arm.tasks) == 1}
    items = [items_of_the_only_task(arm) for arm in arms.values()]
    same = len(tasks) == len(arms) and all(items) and all(_enough(one, items[0]) for one in items)
    if not same or len(set(tasks.values())) == 1:
        return dict(arms), []
    told = " and ".join(dict.fromkeys(f"'{task}'" for task in tasks.values()))
    renamed = {
        name: replace(arm, runs={(seed, ""): replace(run, task="") for (seed, _), run in arm.runs.items()})
        for name, arm in arms.items()
    }
    return renamed, [f"{told} hold the same items, so they are taken for one task."]


def otherwise_asked(arms: Mapping[str, Sequence[Run]], baseline: str) -> list[Unlike]:
    """Arms whose items have the ids of the baseline's and were asked otherwise, so that contents pair too few of them.

    Args:
        arms: name to its runs, of which the first of each task is looked at.
        baseline: the arm that others are held against.
    """
    found = []
    for task, here in _first_of_tasks(arms[baseline]).items():
        for arm, runs in arms.items():
            there = _first_of_tasks(runs).get(task)
            what = _asked_otherwise(here, there) if there is not None and arm != baseline else ""
            if what:
                found.append(Unlike("prompt", arm, f"{arm} and {baseline}: {what}"))
    return found


def _first_of_tasks(runs: Sequence[Run]) -> dict[str, Items]:
    """Task to the items of its first run, where ids name items: those of lm-eval are row numbers."""
    return {run.task: run.items for run in reversed(runs) if run.items is not None and run.source.format != "lm_eval"}


def _asked_otherwise(here: Items, there: Items) -> str:
    """What differs in items of equal ids, as a clause; empty where enough were asked the same, or ids differ, too."""
    if here.contents is None or there.contents is None:
        return ""
    if here.contents == there.contents or _enough(set(here.contents), set(there.contents)):
        return ""
    if not _enough(set(here.ids), set(there.ids)):
        return ""
    places = {item: place for place, item in enumerate(here.ids)}
    shared = [(places[item], place) for place, item in enumerate(there.ids) if item in places]
    other = [(one, two) for one, two in shared if here.contents[one] != there.contents[two]]
    one, two = other[0]
    asked = [_cut(table.inputs[i]) if table.inputs else "" for table, i in ((here, one), (there, two))]
    shown = f": '{asked[1]}' against '{asked[0]}'" if asked[0] != asked[1] else ", further on or in what was expected"
    return f"{counted(len(other), 'item')} of {len(shared):,} had another prompt (item {here.ids[one]}{shown})"


def _enough(one: set[str], two: set[str]) -> bool:
    """Whether two arms have so many items in common that what one lacks may be left out."""
    return len(one & two) >= (1 - LARGEST_SHARE) * len(one | two)


def unlike(outcomes: Mapping[Place, Outcome], baseline: str) -> list[Unlike]:
    """What differs between the arms of one condition in how they were asked; one entry for each arm and kind."""
    known = {place: outcome for place, outcome in outcomes.items() if outcome.failure is None}
    first = next((outcome for (arm, _), outcome in known.items() if arm == baseline), None)
    if first is None:
        return []
    found: dict[tuple[str, str], Unlike] = {}
    for (arm, _), outcome in known.items():
        allowed = outcome.notes.get(ALLOWED, "").split(", ")
        for kind, what in _differences(first, outcome):
            if kind in allowed:
                continue
            found.setdefault((arm, kind), Unlike(kind, arm, f"{arm} and {baseline}: {what}"))
    return list(found.values())


def _differences(here: Outcome, there: Outcome) -> list[tuple[str, str]]:
    found = []
    for kind, key, word in (("task", TASK_VERSION, "task version"), ("prompt", PROMPTED, "prompt")):
        one, two = here.notes.get(key), there.notes.get(key)
        if one is not None and two is not None and one != two:
            found.append((kind, f"the {word} is '{two}' against '{one}'"))
    for metric in here.items.keys() & there.items.keys():
        prompts = _other_prompts(here.items[metric], there.items[metric])
        if prompts:
            found.append(("prompt", prompts))
            break
    return found


def _other_prompts(here: ItemScores, there: ItemScores) -> str:
    """Whether items that both were scored on were asked otherwise, as a clause."""
    if here.inputs is None or there.inputs is None or here.inputs == there.inputs:
        return ""
    asked = dict(zip(here.ids, here.inputs, strict=True))
    shared = [(item, asked[item], text) for item, text in zip(there.ids, there.inputs, strict=True) if item in asked]
    other = [(item, one, two) for item, one, two in shared if _prompt(one) != _prompt(two)]
    if not other:
        return ""
    item, one, two = other[0]
    return (
        f"{counted(len(other), 'item')} of {len(shared):,} had another prompt (item {item}: '{_cut(two)}' against "
        f"'{_cut(one)}')"
    )


def _prompt(text: str) -> str:
    return text.rpartition(PROMPT)[2] if PROMPT in text else text


def _cut(text: str) -> str:
    line = " ".join(text.partition(PROMPT)[0].split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def refused(outcomes: Mapping[Place, Outcome], differing: Mapping[str, str]) -> dict[Place, Outcome]:
    """The outcomes, those of some arms replaced by the reason why they cannot be compared."""
    return {
        (arm, seed): Outcome(
            failure=Failure("data", differing[arm], "report"), spent=outcome.spent, notes=outcome.notes
        )
        if arm in differing and outcome.failure is None
        else outcome
        for (arm, seed), outcome in outcomes.items()
    }


def common_items(outcomes: Mapping[Place, Outcome], baseline: str) -> tuple[dict[Place, Outcome], list[str]]:
    """The outcomes of one condition on the items that all their arms have, and what was left out, as sentences."""
    result = dict(outcomes)
    remarks: list[str] = []
    for metric in dict.fromkeys(name for outcome in outcomes.values() for name in outcome.items):
        tables = {place: outcome.items[metric] for place, outcome in outcomes.items() if metric in outcome.items}
        cut, sentences = _cut_down(metric, tables, baseline)
        remarks += sentences
        for place, table in cut.items():
            result[place] = replace(result[place], items={**result[place].items, metric: table})
    return result, remarks


def _cut_down(
    metric: str, tables: Mapping[Place, ItemScores], baseline: str
) -> tuple[dict[Place, ItemScores], list[str]]:
    first = next((table for (arm, _), table in tables.items() if arm == baseline), None)
    if first is None or all(table.ids == first.ids for table in tables.values()):
        return {}, []
    own: dict[str, set[str]] = {}
    for (arm, _), table in tables.items():
        own[arm] = own[arm] & set(table.ids) if arm in own else set(table.ids)
    base = own[baseline]
    fit = [arm for arm, ids in own.items() if _enough(ids, base) and ids & base]
    common = set.intersection(*(own[arm] for arm in fit)) if fit else set()
    every = set().union(*(own[arm] for arm in fit)) if fit else set()
    remarks = [
        f"'{arm}' and '{baseline}' share {len(ids & base):,} of {len(ids | base):,} items on {metric}: more than "
        f"{LARGEST_SHARE:.0%} are missing, so their contrast is invalid."
        + ("" if ids & base else " Name files of the same items, or the column that names them (--columns id=NAME).")
        for arm, ids in own.items()
        if arm not in fit
    ]
    if len(common) < len(every):
        sentence = _left_out(metric, {arm: own[arm] for arm in fit}, every, len(every) - len(common), _asked(tables))
        remarks.append(sentence)
    order = [item for item in first.ids if item in common]
    return {place: _taken(table, order) for place, table in tables.items() if place[0] in fit}, remarks


def _asked(tables: Mapping[Place, ItemScores]) -> dict[str, str]:
    """Item to the beginning of what was asked, in quotes, where that is recorded."""
    return {
        item: f"'{_cut(text)}'"
        for table in tables.values()
        if table.inputs is not None
        for item, text in zip(table.ids, table.inputs, strict=True)
        if _cut(text)
    }


def _left_out(metric: str, own: Mapping[str, set[str]], every: set[str], count: int, asked: Mapping[str, str]) -> str:
    lacking = []
    for arm, ids in own.items():
        missing = sorted(every - ids)
        if missing:
            more = " ..." if len(missing) > _NAMED else ""
            names = ", ".join(asked.get(item, item) for item in missing[:_NAMED])
            lacking.append(f"'{arm}' lacks {len(missing):,} ({names}{more})")
    share = f"{count:,} of {len(every):,} items" if count != 1 else f"1 item of {len(every):,}"
    return f"{share} left out on {metric}, since not every run has a score there: {'; '.join(lacking)}."


def _taken(table: ItemScores, order: list[str]) -> ItemScores:
    if list(table.ids) == order:
        return table
    places = {item: i for i, item in enumerate(table.ids)}
    chosen = [places[item] for item in order]
    columns = {
        name: None if (column := getattr(table, name)) is None else tuple(column[i] for i in chosen)
        for name in ("outputs", "clusters", "inputs", "groups", "expected")
    }
    return ItemScores(tuple(order), table.scores[np.asarray(chosen, dtype=np.int64)], **columns)
