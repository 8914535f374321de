"""This system's part of a report: learning against forgetting, what was kept by skill, answers gained and lost, the
distance to the base over the steps, and sample answers. Made of the ledger alone; neither torch nor a model is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenhand.recipes.exhibit import Bar, Bars, Exhibit, Grid, Point, Scatter, ScoredTrial
from evenhand.recipes.outcome import ItemScores
from evenhand_systems.anchored_sft.exhibits.lines import lines
from evenhand_systems.anchored_sft.exhibits.samples import samples
from evenhand_systems.anchored_sft.exhibits.scene import (
    END,
    KEPT,
    LEARNED,
    STAGES,
    Measure,
    Scene,
    finite,
    gaps,
    groups_of,
    means_by_group,
    scenes,
)

NEW_TASK = "new task"
MOST_GROUPS = 24
"""With more groups than these (each line of a text file is one) bars show nothing."""


def exhibits(trials: Sequence[ScoredTrial]) -> list[Exhibit]:
    """All exhibits, rung by rung and condition by condition; what was not measured gives none."""
    found: list[Exhibit | None] = []
    for scene in scenes(trials):
        found.append(learning_and_forgetting(scene))
        for stage in STAGES:
            found += [by_group(scene, stage), gained_and_lost(scene, stage)]
        found += lines(scene)
        found.append(samples(scene))
    return [exhibit for exhibit in found if exhibit is not None]


def learning_and_forgetting(scene: Scene) -> Scatter | None:
    """What was learned against what was kept, at the end of the budget."""
    learned, kept = scene.first_measured(LEARNED), scene.first_measured(KEPT)
    if learned is None or kept is None:
        return None
    points, means = [], []
    for arm, trials in scene.arms.items():
        pairs = [
            (x, y)
            for trial in trials
            if (x := finite(trial.outcome.metric(END + learned.name))) is not None
            and (y := finite(trial.outcome.metric(END + kept.name))) is not None
        ]
        if len(pairs) > 1:
            points += [Point(arm, x, y) for x, y in pairs]
        if pairs:
            mean = float(np.mean([x for x, _ in pairs])), float(np.mean([y for _, y in pairs]))
            means.append(mean)
            points.append(Point(arm, *mean, strong=True))
    if not points:
        return None
    sides = ("right" if learned.higher else "left"), ("higher" if kept.higher else "lower")
    caption = (
        f"Each arm {STAGES[END]}: small marks are seeds, large marks their means. The stepped line runs through the "
        f"means that no other mean equals or beats on both axes; {sides[0]} and {sides[1]} is better."
    )
    return Scatter(
        f"Learning against forgetting{scene.suffix}",
        caption + gaps(scene, (END + learned.name, END + kept.name)),
        f"{learned.label} ({sides[0]} is better)",
        f"{kept.label} ({sides[1]} is better)",
        tuple(points),
        pareto_front(means, learned, kept),
        (learned.direction, kept.direction),
    )


def pareto_front(points: Sequence[tuple[float, float]], x: Measure, y: Measure) -> tuple[tuple[float, float], ...]:
    """The points that no other equals or beats on both axes while beating it on one, in the order of x."""

    def beaten(mine: tuple[float, float]) -> bool:
        return any(
            other != mine and not x.better(mine[0], other[0]) and not y.better(mine[1], other[1]) for other in points
        )

    return tuple(sorted({point for point in points if not beaten(point)}))


def by_group(scene: Scene, stage: str) -> Bars | None:
    """What was kept, by skill, category or article: means over the seeds with their range."""
    kept = scene.first_measured(KEPT, stage)
    if kept is None:
        return None
    groups: dict[str, list[Bar]] = {}
    for arm, trials in scene.arms.items():
        values: dict[str, list[float]] = {}
        for trial in trials:
            for group, value in _group_means(scene, trial, stage, kept).items():
                values.setdefault(group, []).append(value)
        for group, seeds in values.items():
            span = (min(seeds), max(seeds)) if len(seeds) > 1 else (None, None)
            groups.setdefault(group, []).append(Bar(arm, float(np.mean(seeds)), *span))
    if not 1 <= len(groups) <= MOST_GROUPS:
        return None
    better = "higher" if kept.higher else "lower"
    return Bars(
        f"What was kept, group by group, {STAGES[stage]}{scene.suffix}",
        f"Means over the seeds with the range from the lowest to the highest; {better} is better."
        + gaps(scene, (stage + kept.name,)),
        kept.label,
        tuple((group, tuple(bars)) for group, bars in groups.items()),
        (0.0, 1.0) if kept.share else None,
    )


def _group_means(scene: Scene, trial: ScoredTrial, stage: str, kept: Measure) -> dict[str, float]:
    """Means of one trial, with the new task as a group of its own beside the skills."""
    name = stage + kept.name
    table, new = trial.outcome.items.get(name), trial.outcome.items.get(f"{stage}target")
    found = {} if table is None else means_by_group(scene, table)
    if not found and kept.name == "reward":
        # Trials that noted no categories recorded the mean of each as a metric.
        found = {k.removeprefix(f"{name}_"): v for k, v in trial.outcome.metrics.items() if k.startswith(f"{name}_")}
    if found and kept.share and new is not None:
        found[NEW_TASK] = float(new.scores.mean())
    return {group: value for group, value in found.items() if finite(value) is not None}


def gained_and_lost(scene: Scene, stage: str) -> Grid | None:
    """Items better and worse than under the zero-step model, or under the baseline where there is none."""
    kept, reference = scene.first_measured(KEPT, stage), scene.reference()
    if kept is None or reference is None:
        return None
    counted: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {}
    for arm, trials in scene.arms.items():
        if arm != reference:
            counted[arm] = _counts(scene, trials, scene.arms[reference], stage, kept)
    if not any(pairs for pairs, _ in counted.values()):
        return None
    groups = list(dict.fromkeys(group for _, counts in counted.values() for group in counts))
    rows = tuple(
        (arm, str(pairs), *(_cell(counts.get(group)) for group in groups)) for arm, (pairs, counts) in counted.items()
    )
    # The zero-step model never reaches the target level; what it answers is the same at every stage.
    untrained = reference if any(_is_untrained(trial) for trial in scene.arms[reference]) else None
    what = "Questions gained and lost" if kept.share else "Items better and worse"
    caption = (
        f"Against {reference}, pair by pair of seeds and item by item, summed over the pairs: +items that are better, "
        "−items that are worse; items that are equal count in neither."
    )
    return Grid(
        f"{what} {STAGES[stage]}{scene.suffix}",
        caption + gaps(scene, (stage + kept.name,), untrained) + _unpaired(counted),
        ("arm", "pairs", *groups),
        rows,
    )


def _unpaired(counted: dict[str, tuple[int, dict[str, tuple[int, int]]]]) -> str:
    names = [arm for arm, (pairs, _) in counted.items() if not pairs]
    return f" A dash: no pair of trials with the same items ({', '.join(names)})." if names else ""


def _cell(found: tuple[int, int] | None) -> str:
    return "–" if found is None else f"+{found[0]} −{found[1]}"


def _counts(
    scene: Scene, trials: Sequence[ScoredTrial], others: Sequence[ScoredTrial], stage: str, kept: Measure
) -> tuple[int, dict[str, tuple[int, int]]]:
    """Number of pairs, and (better, worse) of all items and of each group; a deterministic trial pairs with all."""
    pairs = 0
    found: dict[str, tuple[int, int]] = {}
    for trial in trials:
        for other in others:
            here, there = _table(trial, stage, kept), _table(other, stage, kept)
            alike = trial.seed == other.seed or None in (trial.seed, other.seed)
            if not alike or here is None or there is None or set(here.ids) != set(there.ids):
                continue
            pairs += 1
            before = dict(zip(there.ids, there.scores.tolist(), strict=True))
            labels = None if here.clusters is not None else groups_of(scene, here)
            for i, (item, score) in enumerate(zip(here.ids, here.scores.tolist(), strict=True)):
                change = int(kept.better(score, before[item])), int(kept.better(before[item], score))
                for group in ("all", *([] if labels is None else [labels[i]])):
                    gained, lost = found.get(group, (0, 0))
                    found[group] = gained + change[0], lost + change[1]
    return pairs, found


def _table(trial: ScoredTrial, stage: str, kept: Measure) -> ItemScores | None:
    """Item scores at the stage; a model that was never trained has but one, which stands for every stage."""
    return trial.outcome.items.get((END if _is_untrained(trial) else stage) + kept.name)


def _is_untrained(trial: ScoredTrial) -> bool:
    return trial.settings.get("train") is False
