"""Guard metrics: a gain counts only where it is shown that they did not fall by their margin. Pure.

An intersection-union test (Berger 1982): a gain and, on every guard, non-inferiority against the baseline, each at the
level of the verdict, so that no error rate is spent on them. Their p-values enter the one by which the claim's verdicts
are ordered (Holm), as those of rivals do; no guard can turn anything into a gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand import statistics
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.contrasts import as_tuple, estimate_pairs
from evenhand.decisions.lost_pairs import with_lost
from evenhand.decisions.pairs import Pairs
from evenhand.decisions.verdict import Contrast, Guarded


@dataclass(frozen=True)
class Guard:
    """A guard metric of one verdict: the variant against the baseline on it, not judged yet.

    Attributes:
        metric: with the margin that the guard has.
        contrast, pairs, estimate: of the variant and the baseline.
    """

    metric: MetricClaim
    contrast: Contrast
    pairs: Pairs
    estimate: statistics.PairedContrast | None

    @property
    def same(self) -> bool:
        """Whether nothing changed: every answer is the same, or as many as may differ cannot make up the margin."""
        found, metric = self.contrast, self.metric
        if found.identical or found.same_scores is None:
            return found.identical
        span = None if metric.floor is None or metric.ceiling is None else metric.ceiling - metric.floor
        return span is not None and found.same_scores.may_differ * span < metric.margin

    @property
    def blind(self) -> bool:
        """Whether nothing could have fallen there: a pairing that is invalid, both arms at chance or at the worst."""
        found, best = self.contrast, "ceiling" if self.metric.direction == "maximise" else "floor"
        return found.fault is not None or (found.saturation is not None and found.saturation.kind != best)

    def estimates(self) -> list[statistics.PairedContrast]:
        """The estimate, and where an arm lost trials also the one with them at their worst for the variant."""
        if self.estimate is None:
            return []
        if not self.pairs.lost:
            return [self.estimate]
        whole, _ = with_lost(self.pairs, self.metric, "gain")
        return [self.estimate, estimate_pairs(whole, self.metric, self.estimate.scope, 0.95)]

    def p(self) -> float | None:
        """Two-sided p-value against "it falls by the margin or more"; None where nothing can be shown."""
        if self.same:
            return 0.0
        lower = [one.equivalence(self.metric.margin, 0.05).p_lower for one in self.estimates()]
        if self.blind or not lower or None in lower:
            return None
        return min(1.0, 2 * max(p for p in lower if p is not None))

    def judged(self, level: float) -> Guarded:
        """Whether it is shown that it does not fall by the margin, at a level of the two-sided interval."""
        spans = [as_tuple(one.interval_at(level)) for one in self.estimates()]
        known = [span for span in spans if span is not None]
        low = min((span[0] for span in known), default=None) if len(known) == len(spans) else None
        held = self.same or (not self.blind and low is not None and low > -self.metric.margin)
        worse = not held and bool(known) and all(span[1] < -self.metric.margin for span in known)
        interval = known[-1] if known else None
        return Guarded(
            self.metric.name, self.metric.margin, held, worse, self.contrast.estimate, interval, level,
            self.contrast.scores, self.same, self.blind,
        )  # fmt: skip


def joint(p: float | None, guards: Sequence[Guard], gaining: bool) -> float | None:
    """The p-value of a gain together with its guards; that of a regression is its own."""
    if p is None or not gaining:
        return p
    own = [guard.p() for guard in guards]
    return None if None in own else max([p, *(one for one in own if one is not None)])
