"""Checkpoints of a trial: which one a contrast rests on, and what the best of them flatters by. Pure.

A recipe may record item scores at several steps: ``NAME@STEP`` on the evaluation split, ``NAME@STEP/selection`` on a
selection split of other items, and ``NAME`` at the end. The final checkpoint is primary; a selected one is taken only
where the selection split alone chose it, because a choice by the evaluation items flatters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evenhand import statistics
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.pair_faults import ChoiceFault
from evenhand.recipes.outcome import ItemScores, Outcome

_NAME = re.compile(r"(?P<metric>.+)@(?P<step>\d+(?:\.\d+)?)(?P<selection>/selection)?")


@dataclass(frozen=True)
class Checkpoints:
    """The item scores of one metric of one trial, by step.

    Attributes:
        final: scores at the end; those of the last step where the recipe records no table under the plain name.
        evaluation: step to scores on the evaluation split.
        selection: step to scores on the selection split.
    """

    final: ItemScores | None
    evaluation: dict[float, ItemScores] = field(default_factory=dict)
    selection: dict[float, ItemScores] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The checkpoint that the selection split chose.

    Attributes:
        table: its scores on the evaluation split, or None with ``fault``.
        step: at which it was taken; None where there was nothing to choose.
        steps: among which it was chosen.
        fault: why no checkpoint may be chosen, or None.
    """

    table: ItemScores | None
    step: float | None = None
    steps: tuple[float, ...] = ()
    fault: ChoiceFault | None = None


def checkpoints(outcome: Outcome, metric: str) -> Checkpoints:
    """The tables of one metric; steps ascend."""
    evaluation: dict[float, ItemScores] = {}
    selection: dict[float, ItemScores] = {}
    for name in outcome.items:
        if name == metric or not name.startswith(f"{metric}@"):
            continue
        match = _NAME.fullmatch(name)
        if match is not None and match["metric"] == metric:
            (selection if match["selection"] else evaluation)[float(match["step"])] = outcome.items[name]
    evaluation = dict(sorted(evaluation.items()))
    final = outcome.items.get(metric)
    if final is None and evaluation:
        final = evaluation[max(evaluation)]
    return Checkpoints(final, evaluation, selection)


def select(found: Checkpoints, metric: MetricClaim) -> Choice:
    """The checkpoint with the best mean on the selection split; of equal ones the earliest.

    A trial with one checkpoint has nothing to choose and gives its final scores.
    """
    if not found.evaluation:
        return Choice(found.final)
    without = [step for step in found.evaluation if step not in found.selection]
    if without:
        return Choice(None, fault=ChoiceFault("no selection split", metric.name, steps=tuple(without)))
    known = {item for table in found.evaluation.values() for item in table.ids}
    shared = sorted({item for step in found.evaluation for item in found.selection[step].ids if item in known})
    if shared:
        return Choice(None, fault=ChoiceFault("shared items", metric.name, items=tuple(shared)))
    if len({frozenset(found.selection[step].ids) for step in found.evaluation}) > 1:
        return Choice(None, fault=ChoiceFault("other items by step", metric.name))
    sign = 1.0 if metric.direction != "minimise" else -1.0
    best = max(found.evaluation, key=lambda step: sign * float(np.mean(found.selection[step].scores)))
    return Choice(found.evaluation[best], best, tuple(found.evaluation))


@dataclass(frozen=True)
class Chosen:
    """Which checkpoints of an arm were chosen: a step for each trial, each among so many."""

    arm: str
    steps: tuple[float, ...]
    among: int


def chosen(arm: str, choices: Sequence[Choice]) -> Chosen | None:
    """Which checkpoints of an arm were chosen; None where there was nothing to choose."""
    steps = tuple(choice.step for choice in choices if choice.step is not None)
    return Chosen(arm, steps, max(len(choice.steps) for choice in choices)) if steps else None


@dataclass(frozen=True)
class ArmPeak:
    """The best of an arm's checkpoints, averaged over its trials; a peak is never a result.

    Attributes:
        arm: whose.
        evaluations: over how many checkpoints.
        peak: mean best score.
        inflation: what picking the best adds by item noise alone; None with ``why_none``.
        why_none: why it is not known.
    """

    arm: str
    evaluations: int
    peak: float
    inflation: float | None
    why_none: str = ""


def arm_peak(arm: str, outcomes: Sequence[Outcome], metric: MetricClaim) -> ArmPeak | None:
    """The peak over the checkpoints of an arm's trials, with what picking it adds on average.

    Both are means over the trials: of each run's best evaluation, and of its expected inflation by item noise alone,
    expected_normal_maximum(k) * sqrt(MS of steps x items / I) over k steps and I items. A peak is never a result.

    Args:
        arm: its name.
        outcomes: of its trials.
        metric: whose checkpoints.

    Returns:
        None where no trial has several checkpoints.
    """
    tables = [checkpoints(outcome, metric.name).evaluation for outcome in outcomes if outcome.failure is None]
    peaks = [_peak(list(found.values()), metric) for found in tables if len(found) > 1]
    if not peaks:
        return None
    known = [peak.expected_inflation for peak in peaks if peak.expected_inflation is not None]
    return ArmPeak(
        arm,
        max(peak.evaluations for peak in peaks),
        float(np.mean([peak.peak for peak in peaks])),
        float(np.mean(known)) if len(known) == len(peaks) else None,
        next((peak.reason for peak in peaks if peak.reason is not None), ""),
    )


def _peak(tables: Sequence[ItemScores], metric: MetricClaim) -> statistics.Peak:
    means = [float(np.mean(table.scores)) for table in tables]
    error = None
    order = {item: place for place, item in enumerate(tables[0].ids)}
    if len(order) > 1 and all(order.keys() == set(table.ids) for table in tables):
        rows = np.empty((len(tables), len(order)))
        for row, table in zip(rows, tables, strict=True):
            row[[order[item] for item in table.ids]] = table.scores
        # What items share between steps moves all evaluations alike; the maximum picks from the rest.
        error = float(np.sqrt(statistics.variance_components(rows).residual / len(order)))
    return statistics.report_peak(means, error, higher_is_better=metric.direction != "minimise")
