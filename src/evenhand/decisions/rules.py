"""The verdict of one contrast: rules in a fixed order, the first that matches wins. Pure.

not-run, invalid, no-op, no-effect, gain or regression, inconclusive. (Pruning is decided on the ladder.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evenhand import statistics
from evenhand.claims.schema import MetricClaim, Scope
from evenhand.decisions.contrasts import estimate_pairs, pair
from evenhand.decisions.divergence import with_divergence
from evenhand.decisions.lost_pairs import Against, with_lost
from evenhand.decisions.pairs import Pairs
from evenhand.decisions.verdict import Contrast, Interval, LostPairs, VerdictKind, deciding_interval

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
    among: int = 1,
) -> Contrast:
    """The contrast with its verdict, its sentence and the intervals at the adjusted levels.

    Args:
        found, pairs, estimate, metric, levels: what is judged.
        plan: say of an inconclusive one what would settle it, which takes longer than all the rest.
        among: number of verdicts of which this is one.
    """
    nothing = None if estimate is None else estimate.equivalence(metric.margin, levels.equivalence)
    if estimate is not None and nothing is not None:
        found = replace(
            found,
            level=1 - levels.effect,
            interval=pair(estimate.interval_at(1 - levels.effect)),
            equivalence_interval=pair(nothing.interval),
            equivalence_level=1 - 2 * levels.equivalence,
        )
    kind, bracket, words = _rule(found, pairs, nothing, metric, plan, among)
    judged = replace(found, kind=kind, qualifier=bracket, words=words)
    if kind in _SPEAKS_AGAINST and pairs.lost and estimate is not None:
        judged = _with_losses(judged, pairs, estimate.scope, metric, levels)
    judged = with_divergence(judged, metric, pairs.failures)
    if judged.kind != "gain" or judged.collapse is None:
        return replace(judged, collapse=None)
    return replace(judged, words=f"{judged.words}; {collapse_words(judged.collapse)}")


Ruling = tuple[VerdictKind, str, str]
"""A verdict, its word in brackets, and its sentence."""


def _rule(
    found: Contrast,
    pairs: Pairs,
    nothing: statistics.Equivalence | None,
    metric: MetricClaim,
    plan: bool,
    among: int,
) -> Ruling:
    if pairs.pending:
        done = len(found.seeds)
        return "not-run", "pending", f"pending: {len(pairs.pending)} pairs are still to run, {done} are complete"
    if pairs.invalid:
        return "invalid", pairs.invalid[0], pairs.invalid[1]
    if nothing is None:
        cause = Counter(pairs.failures).most_common(1)
        word = cause[0][0] if cause else "pending"
        return "not-run", word, f"{word}: no pair is complete ({found.why_none})"
    if found.saturated:
        return "invalid", "saturated", f"saturated: {found.saturated}"
    return _no_difference(found) or _sized(found, pairs, nothing, metric, plan, among)


def _no_difference(found: Contrast) -> Ruling | None:
    """Nothing changed, or nothing that scores show; None where scores differ."""
    if found.identical:
        return "no-op", "", f"every paired output is identical over {counted(found)}: the change changes nothing"
    if found.same_scores is not None:
        return "inconclusive", "scores identical", same_scores_words(found, found.same_scores)
    return None


def _sized(
    found: Contrast, pairs: Pairs, nothing: statistics.Equivalence, metric: MetricClaim, plan: bool, among: int
) -> Ruling:
    """No effect, gain, regression or inconclusive, by the intervals."""
    figures = describe(found, metric)
    if found.interval is None or found.equivalence_interval is None or found.estimate is None:
        return "inconclusive", "", f"{figures}: inconclusive; {found.why_none}"
    excludes = found.interval[0] > 0 or found.interval[1] < 0
    if nothing.equivalent:
        each = ", per verdict" if among > 1 else ""
        effect = f"{100 * found.level:.4g} % interval {_ends(found.interval, metric)}"
        trivial = f"; there is an effect ({effect}), but a trivial one" if excludes else ""
        rests_on = describe(replace(found, kind="no-effect"), metric)
        words = f"{rests_on}: no effect as large as the margin {amount(metric.margin, metric)}{each}{trivial}"
        return "no-effect", "trivial" if excludes else "", words
    if excludes:
        kind: VerdictKind = "gain" if found.estimate > 0 else "regression"
        clears = _clears(found.interval, metric.margin)
        words = f"{figures}: {kind}{', at least the margin' if clears else ''}"
        return kind, ">= margin" if clears else "", words
    settled = f"; {what_would_settle(found, pairs, metric)}" if plan else ""
    return "inconclusive", "", f"{figures}: inconclusive{settled}"


def _inside(interval: Interval, margin: float) -> bool:
    return -margin < interval[0] and interval[1] < margin


def _clears(interval: Interval, margin: float) -> bool:
    return interval[0] >= margin or interval[1] <= -margin


_SPEAKS_AGAINST: Mapping[VerdictKind, tuple[Against, ...]] = {
    "gain": ("gain",),
    "regression": ("regression",),
    "no-effect": ("gain", "regression"),
}
"""Verdicts that say something, and what must be tried against each: no effect could be either."""


def _with_losses(
    found: Contrast, pairs: Pairs, scope: statistics.Scope, metric: MetricClaim, levels: Levels
) -> Contrast:
    """The contrast, judged with one-sided losses at their worst too: what it says stands only if both agree."""
    clears = found.qualifier == ">= margin"
    worst: LostPairs | None = None
    for against in _SPEAKS_AGAINST[found.kind]:
        whole, value = with_lost(pairs, metric, against)
        again = estimate_pairs(whole, metric, scope, found.level)
        interval = pair(again.interval_at(found.level))
        deciding = pair(again.interval_at(1 - 2 * levels.equivalence)) if found.kind == "no-effect" else interval
        agrees = deciding is not None and _says(found.kind, deciding, metric.margin)
        clears = clears and interval is not None and _clears(interval, metric.margin)
        if worst is None or not agrees:
            seeds, arms = tuple(lost.seed for lost in pairs.lost), tuple(lost.arm for lost in pairs.lost)
            worst = LostPairs(seeds, arms, value, again.estimate, deciding, agrees)
        if not agrees:
            break
    assert worst is not None
    found = replace(found, lost_pairs=worst)
    if not worst.agrees:
        words = f"{describe(found, metric)}: inconclusive; {lost_words(found, worst, metric)}"
        return replace(found, kind="inconclusive", qualifier="lost pair", words=words)
    words = found.words
    if found.qualifier == ">= margin" and not clears:
        words = f"{describe(found, metric)}: {found.kind}"
        found = replace(found, qualifier="")
    return replace(found, words=f"{words}; {lost_words(found, worst, metric)}")


def _says(kind: VerdictKind, interval: Interval, margin: float) -> bool:
    """Whether an interval says the same as a verdict."""
    if kind == "no-effect":
        return _inside(interval, margin)
    return interval[0] > 0 if kind == "gain" else interval[1] < 0


def lost_words(found: Contrast, lost: LostPairs, metric: MetricClaim) -> str:
    """What becomes of a verdict with what was lost at its worst, as a sentence."""
    who = [
        f"{arm} lost seed{'s' if len(at) > 1 else ''} {', '.join(map(str, at))}"
        for arm in dict.fromkeys(lost.arms)
        if (at := [seed for seed, name in zip(lost.seeds, lost.arms, strict=True) if name == arm])
    ]
    span = "no interval" if lost.interval is None else _ends(lost.interval, metric)
    size = "no estimate" if lost.estimate is None else f"{amount(lost.estimate, metric, sign=True)}, {span}"
    head = f"{' and '.join(who)}, and with {lost.value} there"
    if lost.agrees:
        return f"{head} it still holds ({size})"
    return f"{head} it does not hold ({size}); run what was lost again"


def same_scores_words(found: Contrast, same: statistics.Identical) -> str:
    """How many answers may differ where no score does, as a sentence."""
    return (
        f"against {found.against}: every score is identical over {counted(found)}, and what was answered is not "
        f"recorded; up to {100 * same.may_differ:.2g} % of {same.unit} may differ (0 of {same.compared} do, "
        f"{100 * same.level:.0f} %). Record outputs to tell a change that changes nothing"
    )


def collapse_words(found: statistics.Collapse) -> str:
    """How often a collapse could still hide behind a gain, as a sentence."""
    seen = f"{found.collapsed} of {found.seeds} seeds collapsed; a rate up to {found.not_excluded:.0%} is not excluded"
    seen = seen.replace("%", " %")
    if found.break_even is None:
        return f"{seen} (from which rate on the gain is lost is not known: {found.reason})"
    return f"{seen}; the gain is lost from {100 * found.break_even:.2g} % on"


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
    size = f"{seeds} x {found.items} items" if found.items else seeds
    return size + SCOPE_WORDS.get(found.scope, "")


SCOPE_WORDS = {
    "checkpoint": ", for these trained models only (scope checkpoint)",
    "seeds": ", for these very items only (scope seeds)",
}
"""What an estimate does not hold for, where that is less than the recipe."""


def describe(found: Contrast, metric: MetricClaim) -> str:
    """Estimate, interval and size of a contrast: "+3.4 points, 95 % interval -2.9 to +9.6 over 3 seeds".

    The interval is the one that the contrast's kind rests on.
    """
    if found.estimate is None:
        return f"against {found.against}: no estimate over {counted(found)}"
    text = f"against {found.against}: {amount(found.estimate, metric, sign=True)}"
    interval, level = deciding_interval(found)
    if interval is None:
        return f"{text} over {counted(found)}"
    return f"{text}, {100 * level:.4g} % interval {_ends(interval, metric)} over {counted(found)}"


def _ends(interval: Interval, metric: MetricClaim) -> str:
    low, high = interval
    return f"{100 * low:+.1f} to {100 * high:+.1f}" if in_points(metric) else f"{low:+.4g} to {high:+.4g}"


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
