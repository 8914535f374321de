"""The verdict of one contrast: rules in a fixed order, the first that matches wins. Pure.

not-run, invalid, no-op, no-effect, gain or regression, inconclusive. (Pruning is decided on the ladder.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from evenhand import statistics
from evenhand.claim import MetricClaim, Scope
from evenhand.contrasts import pair
from evenhand.pairs import Pairs
from evenhand.verdict import Contrast, VerdictKind

RESULT_KINDS: tuple[VerdictKind, ...] = ("no-op", "no-effect", "gain", "regression", "inconclusive")
"""Verdicts that rest on an estimate."""


@dataclass(frozen=True)
class Levels:
    """Two-sided error rates of one verdict after all adjustments.

    Attributes:
        effect: of "there is an effect": the interval shown is at 1 - effect.
        equivalence: of each one-sided equivalence test: its interval is at 1 - 2 * equivalence.
    """

    effect: float
    equivalence: float


def judge(
    found: Contrast,
    pairs: Pairs,
    estimate: statistics.PairedContrast | None,
    metric: MetricClaim,
    levels: Levels,
    *,
    plan: bool = True,
) -> Contrast:
    """The contrast with its verdict, its sentence and the intervals at the adjusted levels.

    Args:
        found, pairs, estimate, metric, levels: what is judged.
        plan: say of an inconclusive one what would settle it, which takes longer than all the rest.
    """
    nothing = None if estimate is None else estimate.equivalence(metric.margin, levels.equivalence)
    if estimate is not None and nothing is not None:
        found = replace(
            found,
            level=1 - levels.effect,
            interval=pair(estimate.interval_at(1 - levels.effect)),
            equivalence_interval=pair(nothing.interval),
        )
    kind, words = _rule(found, pairs, nothing, metric, plan)
    return replace(found, kind=kind, words=words)


def _rule(
    found: Contrast, pairs: Pairs, nothing: statistics.Equivalence | None, metric: MetricClaim, plan: bool
) -> tuple[VerdictKind, str]:
    if pairs.pending:
        done = len(found.seeds)
        return "not-run", f"pending: {len(pairs.pending)} pairs are still to run, {done} are complete"
    if found.invalid:
        return "invalid", found.invalid
    if nothing is None:
        cause = Counter(pairs.failures).most_common(1)
        return "not-run", f"{cause[0][0] if cause else 'pending'}: no pair is complete ({found.why_none})"
    if found.saturated:
        return "invalid", f"saturated: {found.saturated}"
    if found.identical:
        return "no-op", f"every paired output is identical over {counted(found)}: the change changes nothing"
    return _sized(found, pairs, nothing, metric, plan)


def _sized(
    found: Contrast, pairs: Pairs, nothing: statistics.Equivalence, metric: MetricClaim, plan: bool
) -> tuple[VerdictKind, str]:
    """No effect, gain, regression or inconclusive, by the intervals."""
    figures = describe(found, metric)
    if found.interval is None or found.equivalence_interval is None or found.estimate is None:
        return "inconclusive", f"{figures}: inconclusive; {found.why_none}"
    excludes = found.interval[0] > 0 or found.interval[1] < 0
    if nothing.equivalent:
        trivial = "; there is an effect, but a trivial one" if excludes else ""
        return "no-effect", f"{figures}: no effect as large as the margin {amount(metric.margin, metric)}{trivial}"
    if excludes:
        kind: VerdictKind = "gain" if found.estimate > 0 else "regression"
        clears = found.interval[0] >= metric.margin or found.interval[1] <= -metric.margin
        return kind, f"{figures}: {kind}{', at least the margin' if clears else ''}"
    settled = f"; {what_would_settle(found, pairs, metric)}" if plan else ""
    return "inconclusive", f"{figures}: inconclusive{settled}"


def in_points(metric: MetricClaim) -> bool:
    """Whether a metric is a share, told in percentage points."""
    return (metric.floor, metric.ceiling) == (0.0, 1.0)


def amount(value: float, metric: MetricClaim, *, sign: bool = False) -> str:
    """A difference in words: percentage points for shares, plain numbers otherwise."""
    plus = "+" if sign else ""
    return f"{100 * value:{plus}.1f} points" if in_points(metric) else f"{value:{plus}.4g}"


def counted(found: Contrast) -> str:
    """Seeds and items of a contrast in words."""
    seeds = "1 seed" if len(found.seeds) == 1 else f"{len(found.seeds)} seeds"
    return f"{seeds} x {found.items} items" if found.items else seeds


def describe(found: Contrast, metric: MetricClaim) -> str:
    """Estimate, interval and size of a contrast: "+3.4 points, 95 % interval -2.9 to +9.6 over 3 seeds"."""
    if found.estimate is None:
        return f"against {found.against}: no estimate over {counted(found)}"
    text = f"against {found.against}: {amount(found.estimate, metric, sign=True)}"
    if found.interval is None:
        return f"{text} over {counted(found)}"
    low, high = found.interval
    ends = f"{100 * low:+.1f} to {100 * high:+.1f}" if in_points(metric) else f"{low:+.4g} to {high:+.4g}"
    return f"{text}, {100 * found.level:.3g} % interval {ends} over {counted(found)}"


def what_would_settle(found: Contrast, pairs: Pairs, metric: MetricClaim) -> str:
    """How many seeds, or items, would settle an effect of the size seen (of the margin, where that is larger)."""
    if found.estimate is None or len(found.seeds) < 2:
        return "more seeds are needed to say how many"
    differences = pairs.differences(metric)
    table = differences if pairs.item_wise and differences.shape[1] > 1 else differences[:, 0]
    spread = statistics.spread_from_pilot(table, "these pairs")
    wanted = max(abs(found.estimate), metric.margin)
    size = "an effect of this size" if abs(found.estimate) >= metric.margin else "an effect as large as the margin"
    alpha = 1 - found.level
    scope: Scope = "recipe" if found.figures.get("scope") == "recipe" else "seeds"
    if wanted <= 0 or (spread.seed_sd == spread.item_sd == spread.residual_sd == 0):
        return "the pairs show no spread to plan with"
    items = found.items or None
    seeds = statistics.seeds_needed(wanted, spread, items, scope=scope, alpha=alpha, most=1000)
    if seeds.count is not None:
        count = max(seeds.count, len(found.seeds) + 1)
        return f"{count} seeds would settle {size}"
    if items is not None:
        more = statistics.items_needed(wanted, spread, len(found.seeds), scope=scope, alpha=alpha)
        if more.count is not None:
            return f"{more.count} items at these {len(found.seeds)} seeds would settle {size}"
    return f"neither 1000 seeds nor more items alone would settle {size}; both are needed"


def qualifier(found: Contrast, pairs_invalid: str = "") -> str:
    """The word in brackets behind a verdict."""
    head = found.words.split(":", 1)[0]
    if found.kind in ("not-run", "invalid"):
        return pairs_invalid or head
    if found.kind == "no-effect" and found.words.endswith("a trivial one"):
        return "trivial"
    return ">= margin" if found.words.endswith("at least the margin") else ""
