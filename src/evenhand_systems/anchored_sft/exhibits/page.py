"""This system's part of a report: learning against forgetting, answers gained and lost against the model that was never
trained, and lines over the steps. Made of the ledger alone; neither torch nor a model is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenhand.recipes.exhibit import Exhibit, Grid, Point, Scatter, ScoredTrial
from evenhand.recipes.outcome import ItemScores
from evenhand_systems.anchored_sft.evaluation.reward_model import display_score
from evenhand_systems.anchored_sft.exhibits.costs import costs, side_by_side
from evenhand_systems.anchored_sft.exhibits.lines import lines
from evenhand_systems.anchored_sft.exhibits.measured_facets import (
    END,
    KEPT,
    LEARNED,
    STAGES,
    Measure,
    MeasuredFacet,
    facets,
    finite,
    gaps,
)


def exhibits(trials: Sequence[ScoredTrial]) -> list[Exhibit]:
    """All exhibits, rung by rung and condition by condition; what was not measured gives none."""
    found: list[Exhibit | None] = []
    for facet in facets(trials):
        found.append(learning_and_forgetting(facet))
        found += [gained_and_lost(facet, stage) for stage in STAGES]
        found += lines(facet)
        found += [costs(facet), side_by_side(facet)]
    return [exhibit for exhibit in found if exhibit is not None]


def learning_and_forgetting(facet: MeasuredFacet) -> Scatter | None:
    """What was learned against what was kept, at the end of the budget."""
    learned, kept = facet.first_measured(LEARNED), facet.first_measured(KEPT)
    if learned is None or kept is None:
        return None
    points, means = [], []
    for arm, trials in facet.arms.items():
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
    if kept.name == "reward":
        caption += _on_the_display_scale([y for _, y in means])
    return Scatter(
        f"Learning against forgetting{facet.suffix}",
        caption + gaps(facet, (END + learned.name, END + kept.name)),
        f"{learned.label} ({sides[0]} is better)",
        f"{kept.label} ({sides[1]} is better)",
        tuple(points),
        pareto_front(means, learned, kept),
        (learned.direction, kept.direction),
    )


def _on_the_display_scale(rewards: Sequence[float]) -> str:
    """The lowest and the highest mean reward, as people may read them."""
    low, high = min(rewards), max(rewards)
    return (
        f" Of the mean rewards the lowest, {low:.2f}, is {display_score(low):.1f} and the highest, {high:.2f}, is "
        f"{display_score(high):.1f} on a scale from 1 to 10 that rises with them and decides nothing."
    )


def pareto_front(points: Sequence[tuple[float, float]], x: Measure, y: Measure) -> tuple[tuple[float, float], ...]:
    """The points that no other equals or beats on both axes while beating it on one, in the order of x."""

    def beaten(mine: tuple[float, float]) -> bool:
        return any(
            other != mine and not x.better(mine[0], other[0]) and not y.better(mine[1], other[1]) for other in points
        )

    return tuple(sorted({point for point in points if not beaten(point)}))


def gained_and_lost(facet: MeasuredFacet, stage: str) -> Grid | None:
    """Items better and worse than under the zero-step model, or under the baseline where there is none."""
    kept, reference = facet.first_measured(KEPT, stage), facet.reference()
    if kept is None or reference is None:
        return None
    counted: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {}
    for arm, trials in facet.arms.items():
        if arm != reference:
            counted[arm] = _counts(trials, facet.arms[reference], stage, kept)
    if not any(pairs for pairs, _ in counted.values()):
        return None
    groups = list(dict.fromkeys(group for _, counts in counted.values() for group in counts))
    rows = tuple(
        (arm, str(pairs), *(_cell(counts.get(group)) for group in groups)) for arm, (pairs, counts) in counted.items()
    )
    # The zero-step model never reaches the target level; what it answers is the same at every stage.
    untrained = reference if any(_is_untrained(trial) for trial in facet.arms[reference]) else None
    what = "Questions gained and lost" if kept.share else "Items better and worse"
    caption = (
        f"Against {reference}, pair by pair of seeds and item by item, summed over the pairs: +items that are better, "
        "−items that are worse; items that are equal count in neither."
    )
    return Grid(
        f"{what} {STAGES[stage]}{facet.suffix}",
        caption + gaps(facet, (stage + kept.name,), untrained) + _unpaired(counted),
        ("arm", "pairs", *groups),
        rows,
    )


def _unpaired(counted: dict[str, tuple[int, dict[str, tuple[int, int]]]]) -> str:
    names = [arm for arm, (pairs, _) in counted.items() if not pairs]
    return f" A dash: no pair of trials with the same items ({', '.join(names)})." if names else ""


def _cell(found: tuple[int, int] | None) -> str:
    return "–" if found is None else f"+{found[0]} −{found[1]}"


def _counts(
    trials: Sequence[ScoredTrial], others: Sequence[ScoredTrial], stage: str, kept: Measure
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
            # Of what is no share, clusters are the articles of a text: too many for columns.
            labels = here.groups if kept.share or here.clusters is None else None
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
