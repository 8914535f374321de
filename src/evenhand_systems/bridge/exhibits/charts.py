"""Charts of the bridge's exhibits: exact match of every arm, and accuracy on the way of those that were trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evenhand import statistics
from evenhand.recipes.exhibit import Bar, Bars, Lines, ScoredTrial, Trace
from evenhand.recipes.outcome import Curve
from evenhand_systems.bridge.exhibits.arm_facets import BRIDGES, KINDS, TRAINED, ArmFacet, Missing, setting

LEAST_UNITS = 16
"""Independent items (or templates) below which no interval is drawn.

In simulations of 400 items the t interval over 16 to 30 templates covered 90 to 96 % at shares of .1 to .5, and 77 to
92 % at a share of .02, less the more alike the items of a template are.
"""

METRIC, CURVE = "exact_match", "dev_exact_match"

_BARS = (
    "Share of items whose marked answer is the gold number. Lines are 95 % intervals of each arm by itself: over seeds "
    "and items together (the wider of two-way random effects and the t over seeds), or over items alone where an arm "
    "has one trial; items of one template count as one unit. They are cut at 0 and 1, and near those ends they cover "
    "less than 95 %. Whether two arms differ is told by the paired contrasts, never by overlapping lines."
)
_LINES = (
    "Exact match on the development split, whose items are not those of the verdict, at each look during training. "
    "Controls at evaluation share the training of a bridge and are not drawn again."
)


def exact_match(facet: ArmFacet) -> tuple[Bars | None, list[Missing]]:
    """Bars of exact match by kind of arm, with intervals over seeds and items."""
    groups, missing = [], []
    for kind in KINDS:
        bars = []
        for name in facet.of_kind(kind):
            bar, reason = _bar(name, facet.arms[name])
            bars += [bar] if bar else []
            missing += [(facet.title(f"interval of {name}" if bar else f"exact match of {name}"), reason)] * bool(
                reason
            )
        groups += [(kind, tuple(bars))] if bars else []
    if not groups:
        return None, missing
    return Bars(facet.title("Exact match"), f"{_BARS} {_seeds(facet)}", METRIC, tuple(groups), (0.0, 1.0)), missing


def _seeds(facet: ArmFacet) -> str:
    counts = {name: len(trials) for name, trials in facet.arms.items() if trials[0].seed is not None}
    most = max(counts.values(), default=0)
    fewer = [f"{name} {count}" for name, count in counts.items() if count < most]
    words = f"Seeds: {most or 'none, all arms are deterministic'}"
    return f"{words}, but {', '.join(fewer)}." if fewer else f"{words}."


def _bar(arm: str, trials: Sequence[ScoredTrial]) -> tuple[Bar | None, str]:
    """The mean over an arm's seeds and items with its interval, and the reason for what is missing."""
    scored = [trial.outcome.items[METRIC] for trial in trials if METRIC in trial.outcome.items]
    if not scored:
        return None, "no item scores were recorded"
    mean = float(np.mean([np.mean(items.scores) for items in scored]))
    if len(scored) < len(trials):
        return Bar(arm, mean), f"{len(trials) - len(scored)} of its trials recorded no item scores"
    if any(items.ids != scored[0].ids for items in scored):
        return Bar(arm, mean), "its seeds were evaluated on different items"
    # The mean itself is estimated as a difference from 0 would be.
    units = statistics.cluster_table(np.stack([items.scores for items in scored]), scored[0].clusters)
    if units.shape[1] < LEAST_UNITS:
        return Bar(arm, mean), f"{units.shape[1]} independent items; an interval needs {LEAST_UNITS}"
    one = len(scored) == 1
    found = statistics.paired_t(units[0], unit="items") if one else statistics.two_way_estimate(units)
    if found.interval is None:
        # The library speaks of differences, which would puzzle beside a mean.
        return Bar(arm, mean), "the scores do not vary, so that their spread cannot be estimated"
    return Bar(arm, mean, max(found.interval.low, 0.0), min(found.interval.high, 1.0)), ""


def accuracy_over_steps(facet: ArmFacet) -> tuple[Lines | None, list[Missing]]:
    """A line per seed and one for the mean of each trained arm; the final step is marked where it is what counts."""
    traces: list[Trace] = []
    missing, notes = [], []
    for name in facet.of_kind(BRIDGES, TRAINED):
        trials = facet.arms[name]
        curves = [trial.outcome.curves[CURVE] for trial in trials if CURVE in trial.outcome.curves]
        if not curves:
            reason = "training did not look at the development split"
            missing.append((facet.title(f"accuracy over steps of {name}"), reason))
            continue
        final = setting(trials[0], "select", "final") == "final"
        if not final:
            notes.append(f"{name} takes its best weights on this split, so that its last step has no mark.")
        traces += _traces(name, curves, mark=final)
    if not traces:
        return None, missing
    marked = "The mark is the final step, which is the one that counts; a peak before it is not a result. "
    caption = f"{_LINES} {marked}Strong lines are means over seeds, faint ones single seeds. {' '.join(notes)}".strip()
    return Lines(facet.title("Accuracy over steps"), caption, "steps", "exact match", tuple(traces)), missing


def _traces(arm: str, curves: Sequence[Curve], *, mark: bool) -> list[Trace]:
    """A mean exists only where all seeds looked at the same steps; otherwise each seed has its own final step."""
    together = all(np.array_equal(curve.steps, curves[0].steps) for curve in curves)
    lines = [
        Trace(arm, tuple(map(float, curve.steps)), tuple(map(float, curve.values)), mark_last=mark and not together)
        for curve in curves
    ]
    if not together:
        return lines
    mean = np.mean([curve.values for curve in curves], axis=0)
    strong = Trace(arm, lines[0].x, tuple(map(float, mean)), strong=True, mark_last=mark)
    return [strong] if len(curves) == 1 else [*lines, strong]
