"""Lines over the steps: what was learned, what was kept, and how far the arms went from the base model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evenhand.recipes.exhibit import Lines, ScoredTrial, Trace
from evenhand_systems.anchored_sft.exhibits.measured_facets import MeasuredFacet

CHARTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "The target over the steps",
        {
            "dev_target": "dev questions of the new task answered exactly (higher is better)",
            "dev_target_loss": "loss on the validation set, nats per token (lower is better)",
        },
    ),
    (
        "What was kept over the steps",
        {
            "dev_retention": "dev questions of old skills answered exactly (higher is better)",
            "dev_reward": "raw reward of the dev questions (higher is better)",
            "dev_text_loss": "loss on dev texts, nats per token (lower is better)",
        },
    ),
    (
        "Distance to the base model over the steps",
        {
            "dev_distance": "forward KL from the base on general text, nats per token",
            "anchor_distance": "divergence that the anchor measured, nats per anchored token",
        },
    ),
)
"""Title, and the curves that can be drawn under it with their labels: the first that was logged is."""


def lines(facet: MeasuredFacet) -> list[Lines]:
    """The charts for which any arm logged a curve; first what was kept against what was learned, as they changed."""
    logged = {name for trial in facet.trials for name in trial.outcome.curves}
    names = [next((name for name in curves if name in logged), None) for _, curves in CHARTS]
    found = [
        None if name is None else _chart(facet, title, name, curves[name])
        for (title, curves), name in zip(CHARTS, names, strict=True)
    ]
    learned, kept = names[:2]
    way = None if learned is None or kept is None else _way(facet, learned, kept)
    return [chart for chart in (way, *found) if chart is not None]


def _way(facet: MeasuredFacet, learned: str, kept: str) -> Lines | None:
    """Arms at equal target stand above one another here, however long each took to get there."""
    traces = []
    for arm, trials in facet.arms.items():
        x, y = _mean(arm, trials, learned), _mean(arm, trials, kept)
        if x is not None and y is not None:
            along, across = dict(zip(x.x, x.y, strict=True)), dict(zip(y.x, y.y, strict=True))
            steps = [step for step in along if step in across]
            places = tuple(along[step] for step in steps), tuple(across[step] for step in steps)
            traces += [Trace(arm, *places, strong=True, mark_last=True)] * bool(steps)
    if not traces:
        return None
    caption = (
        "The way of each arm, step by step, as the mean over its seeds on dev questions; the mark is the last step. "
        "Arms at the same place along x have learned equally much."
    )
    labels = CHARTS[0][1][learned], CHARTS[1][1][kept]
    return Lines(f"Kept against learned on the way{facet.suffix}", caption + _scaled(facet), *labels, tuple(traces))


def _chart(facet: MeasuredFacet, title: str, name: str, label: str) -> Lines | None:
    traces, bare = [], []
    for arm, trials in facet.arms.items():
        trace = _mean(arm, trials, name)
        if trace is None:
            bare.append(arm)
        else:
            traces.append(trace)
    if not traces:
        return None
    caption = "Means over an arm's seeds, at the steps that all of them have; measured on the way, deciding nothing."
    if bare:
        caption += f" Without a line, since they logged no {name}: {', '.join(bare)}."
    return Lines(title + facet.suffix, caption + _scaled(facet), "step", label, tuple(traces))


def _scaled(facet: MeasuredFacet) -> str:
    scaled = [arm for arm, trials in facet.arms.items() if any(t.settings.get("rescale") for t in trials)]
    return f" Drawn before the adapter is scaled down after training: {', '.join(scaled)}." if scaled else ""


def _mean(arm: str, trials: list[ScoredTrial], name: str) -> Trace | None:
    """The mean of an arm's curves at the steps where every seed has a finite value; None where there are none."""
    curves = [trial.outcome.curves[name] for trial in trials if name in trial.outcome.curves]
    # A step logged twice keeps its last value.
    logged = [zip(curve.steps.tolist(), curve.values.tolist(), strict=True) for curve in curves]
    points = [{step: value for step, value in curve if np.isfinite(value)} for curve in logged]
    steps = sorted(set.intersection(*map(set, points))) if points else []
    if not steps:
        return None
    means = tuple(float(np.mean([values[step] for values in points])) for step in steps)
    return Trace(arm, tuple(steps), means, strong=True, mark_last=True)
