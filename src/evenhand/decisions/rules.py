"""The rule of a verdict: a table of cases in a fixed order, the first that holds decides. Pure.

Each case stands on one line: its name, the verdict, the word in brackets, when it holds, and what is said. Numbers
come from :mod:`evenhand.statistics`, sentences are filled in by :mod:`evenhand.decisions.wording`, several variants and
rivals are joined in :mod:`evenhand.decisions.families`; who is screened out stands in
:mod:`evenhand.decisions.screening`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from evenhand import statistics
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.contrasts import as_tuple, estimate_pairs
from evenhand.decisions.lost_pairs import Against, with_lost
from evenhand.decisions.pairs import Pairs
from evenhand.decisions.settling import what_would_settle
from evenhand.decisions.verdict import Contrast, GivenUp, Interval, Judgement, LostPairs, VerdictKind

GAIN, REGRESSION, NO_EFFECT, NO_OP = VerdictKind.GAIN, VerdictKind.REGRESSION, VerdictKind.NO_EFFECT, VerdictKind.NO_OP
INCONCLUSIVE, INVALID, NOT_RUN = VerdictKind.INCONCLUSIVE, VerdictKind.INVALID, VerdictKind.NOT_RUN


@dataclass(frozen=True)
class Levels:
    """Two-sided error rates of one verdict after all adjustments.

    Attributes:
        effect: of "there is an effect": the interval shown is at 1 - effect.
        equivalence: of each one-sided equivalence test: its interval is at 1 - 2 * equivalence.
        adjusted: the p-value of what is called, allowing for looks and for the other verdicts; None where undefined.
        futility: confidence of the one-sided bound below which a gain as large as the margin is given up; or None.
    """

    effect: float
    equivalence: float
    adjusted: float | None = None
    futility: float | None = None


@dataclass(frozen=True)
class Span:
    """An interval beside 0 and the margin; of no interval nothing holds."""

    interval: Interval | None
    margin: float

    @property
    def above(self) -> bool:
        """Whether it lies above 0."""
        return self.interval is not None and self.interval[0] > 0

    @property
    def below(self) -> bool:
        """Whether it lies below 0."""
        return self.interval is not None and self.interval[1] < 0

    @property
    def nonzero(self) -> bool:
        """Whether it excludes 0."""
        return self.above or self.below

    @property
    def clear(self) -> bool:
        """Whether it lies beyond the margin, to either side."""
        return self.interval is not None and (self.interval[0] >= self.margin or self.interval[1] <= -self.margin)

    @property
    def far_above(self) -> bool:
        """Whether it lies above 0 and beyond the margin."""
        return self.above and self.clear

    @property
    def far_below(self) -> bool:
        """Whether it lies below 0 and beyond the margin."""
        return self.below and self.clear

    @property
    def inside(self) -> bool:
        """Whether it lies within the margin, to both sides."""
        return self.interval is not None and -self.margin < self.interval[0] and self.interval[1] < self.margin


@dataclass(frozen=True)
class Evidence:
    """What the cases look at: one contrast with its intervals at the adjusted levels, and the pairs it rests on."""

    contrast: Contrast
    pairs: Pairs
    nothing: statistics.Equivalence | None
    margin: float

    @property
    def pending(self) -> bool:
        """Whether pairs are still to run."""
        return bool(self.pairs.pending)

    @property
    def same_scores(self) -> bool:
        """Whether no score differs, while outputs do not tell whether answers do."""
        return self.contrast.same_scores is not None

    @property
    def no_interval(self) -> bool:
        """Whether there is nothing to compare with 0 or with the margin."""
        found = self.contrast
        return found.interval is None or found.equivalence_interval is None or found.estimate is None

    @property
    def span(self) -> Span:
        """The interval at the level of the verdict."""
        return Span(self.contrast.interval, self.margin)

    @property
    def equivalent(self) -> bool:
        """Whether the equivalence interval lies inside the margin."""
        return self.nothing is not None and self.nothing.equivalent

    @property
    def futile(self) -> bool:
        """Whether a gain as large as the margin can hardly be hoped for any more."""
        return self.contrast.futility is not None and self.contrast.futility.futile

    @property
    def failure(self) -> str:
        """The commonest class of the failures behind missing pairs."""
        cause = Counter(self.pairs.failures).most_common(1)
        return cause[0][0] if cause else "pending"

    @property
    def fault(self) -> str:
        """The word of what makes the pairing invalid."""
        return "" if self.pairs.invalid is None else self.pairs.invalid.kind


@dataclass(frozen=True)
class Case:
    """One row of the rule.

    Attributes:
        name: of the row.
        kind: the verdict.
        bracket: the word in brackets; a name in braces stands for that property of the evidence.
        holds: when the row holds, given that none above does.
        words: the sentence; names in braces are filled in by :mod:`evenhand.decisions.wording`.
        spends: whether the verdict is drawn from an interval, so that it can err and takes its share of the error rate.
        less: name of the row that stands instead where the margin is not cleared with what one arm lost at its worst.
        plans: whether it is worked out what would settle the question.
    """

    name: str
    kind: VerdictKind
    bracket: str
    holds: Callable[[Evidence], bool]
    words: str
    spends: bool = True
    less: str = ""
    plans: bool = False


_PENDING = "pending: {pending} still to run, {complete} complete"
_NO_PAIR = "{bracket}: no pair is complete ({why_none})"
_NOT_LEARNED = "not learned: {not_learned}"
_NO_OP = "every paired output is identical over {size}: the change changes nothing"
_NO_EFFECT = "{rests_on}: no effect as large as the margin {margin}{each}"
_TRIVIAL = _NO_EFFECT + "; there is an effect ({effect}), but a trivial one"
_GAIN, _LOSS = "{figures}: gain", "{figures}: regression"
_CHOSEN = _LOSS + "{more}, alone, not shown for the lowest of {rivals} rivals"
MORE = ", at least the margin"
"""Of an effect whose whole interval lies beyond the margin."""
_FUTILE = "{figures}: inconclusive; {futile}"
_OPEN = "{figures}: inconclusive{settled}"

# fmt: off
CASES: tuple[Case, ...] = (
    Case("pending", NOT_RUN, "pending", lambda e: e.pending, _PENDING, spends=False),
    Case("unfair", INVALID, "{fault}", lambda e: e.fault != "", "{invalid}", spends=False),
    Case("no pair", NOT_RUN, "{failure}", lambda e: e.nothing is None, _NO_PAIR, spends=False),
    Case("saturated", INVALID, "saturated", lambda e: e.contrast.saturation is not None, "{saturated}", spends=False),
    Case("not learned", INVALID, "not learned", lambda e: e.contrast.unlearned, _NOT_LEARNED, spends=False),
    Case("no-op", NO_OP, "", lambda e: e.contrast.identical, _NO_OP, spends=False),
    Case("scores identical", INCONCLUSIVE, "scores identical", lambda e: e.same_scores, "{same_scores}", spends=False),
    Case("no interval", INCONCLUSIVE, "", lambda e: e.no_interval, "{figures}: inconclusive; {why_none}{settled}"),
    Case("trivial effect", NO_EFFECT, "trivial", lambda e: e.equivalent and e.span.nonzero, _TRIVIAL),
    Case("no-effect", NO_EFFECT, "", lambda e: e.equivalent, _NO_EFFECT),
    Case("gain >= margin", GAIN, ">= margin", lambda e: e.span.far_above, _GAIN + MORE, less="gain"),
    Case("gain", GAIN, "", lambda e: e.span.above, _GAIN),
    Case("regression >= margin", REGRESSION, ">= margin", lambda e: e.span.far_below, _LOSS + MORE, less="regression"),
    Case("regression", REGRESSION, "", lambda e: e.span.below, _LOSS),
    Case("futile", INCONCLUSIVE, "futile", lambda e: e.futile, _FUTILE),
    Case("inconclusive", INCONCLUSIVE, "", lambda e: True, _OPEN, plans=True),
)
# fmt: on
"""The rule of a verdict: the first case that holds decides."""

LOST = Case("lost pair", INCONCLUSIVE, "lost pair", lambda _: False, "{figures}: inconclusive")
"""Decided after the table: a verdict that does not stand with what one arm lost at its worst."""

CHOSEN = Case("chosen rival", INCONCLUSIVE, "", lambda _: False, _CHOSEN)
"""Decided after the table: a regression against the lowest of several rivals, which was chosen among them."""

CASE: Mapping[str, Case] = {case.name: case for case in (*CASES, LOST, CHOSEN)}


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
    """The contrast with its judgement and the intervals at the adjusted levels.

    Args:
        found, pairs, estimate, metric, levels: what is judged.
        plan: work out what would settle an inconclusive one, which takes longer than all the rest.
        among: number of verdicts of which this is one.
    """
    nothing = None if estimate is None else estimate.equivalence(metric.margin, levels.equivalence)
    if estimate is not None and nothing is not None:
        found = replace(
            found,
            level=1 - levels.effect,
            interval=as_tuple(estimate.interval_at(1 - levels.effect)),
            equivalence_interval=as_tuple(nothing.interval),
            equivalence_level=1 - 2 * levels.equivalence,
        )
    if estimate is not None and levels.futility is not None:
        found = replace(found, futility=_given_up(estimate, metric.margin, levels.futility))
    evidence = Evidence(found, pairs, nothing, metric.margin)
    case = first_case(evidence)
    settling = None
    too_few = case.name == "no interval" and not found.why_none
    if too_few:  # looks at any time give none before so many seeds
        level = found.level if found.interval is None else found.equivalence_level
        found = replace(found, why_none=f"{len(found.seeds)} seeds are too few for an interval at {100 * level:.4g} %")
    if plan and (case.plans or too_few):
        settling = what_would_settle(found, pairs, metric, anytime=estimate is not None and estimate.anytime)
    unscored = 0 if found.diverged else pairs.failures.count("diverged")
    bracket = case.bracket.format(fault=evidence.fault, failure=evidence.failure)
    judgement = Judgement(
        case.kind, case.name, (bracket,) if bracket else (), len(pairs.pending), among, 0, unscored, settling
    )
    judged = replace(found, judgement=judgement)
    if judged.kind in TRIED and pairs.lost and estimate is not None:
        judged = _with_losses(judged, pairs, estimate, metric, levels)
    if judged.all_imputed:
        judged = _without_intervals(judged)
    return judged if judged.kind is GAIN else replace(judged, collapse=None)


def _given_up(estimate: statistics.PairedContrast, margin: float, confidence: float) -> GivenUp | None:
    """The upper bound of a gain, as if this were the only look: it ends a rung, and calls nothing."""
    primary = estimate.primary
    if isinstance(primary, statistics.AnytimeMean):
        upper = primary.upper_once(confidence)
    else:
        interval = primary.interval_at(2 * confidence - 1)
        upper = None if interval is None else interval.high
    return None if upper is None else GivenUp(upper, confidence, upper < margin)


def first_case(evidence: Evidence) -> Case:
    """The case that decides."""
    return next(case for case in CASES if case.holds(evidence))


def _rejudged(found: Contrast, case: Case) -> Contrast:
    """The contrast under another case."""
    brackets = (case.bracket,) if case.bracket else ()
    return replace(found, judgement=replace(found.judgement, kind=case.kind, case=case.name, qualifiers=brackets))


def lowest_of(found: Contrast, rivals: int) -> Contrast:
    """A regression against the lowest of several rivals, which alone is not shown: the rival was chosen among them."""
    chosen = _rejudged(found, CHOSEN)
    return replace(chosen, judgement=replace(chosen.judgement, rivals=rivals), collapse=None)


@dataclass(frozen=True)
class Tried:
    """How a verdict that says something is tried with what one arm lost at its worst.

    Attributes:
        against: what the lost trials are taken to speak for; no effect could be either.
        shows: what the interval that it rests on must show, for it to be the same verdict again.
    """

    against: tuple[Against, ...]
    shows: Callable[[Span], bool]


TRIED: Mapping[VerdictKind, Tried] = {
    GAIN: Tried(("gain",), lambda span: span.above),
    REGRESSION: Tried(("regression",), lambda span: span.below),
    NO_EFFECT: Tried(("gain", "regression"), lambda span: span.inside),
}
"""The verdicts that say something."""


def _with_losses(
    found: Contrast, pairs: Pairs, estimate: statistics.PairedContrast, metric: MetricClaim, levels: Levels
) -> Contrast:
    """The contrast, judged with one-sided losses at their worst too: what it says stands only if both agree."""
    clears, scope, anytime = True, estimate.scope, estimate.anytime
    worst: LostPairs | None = None
    for against in TRIED[found.kind].against:
        whole, stand_ins = with_lost(pairs, metric, against)
        again = estimate_pairs(whole, metric, scope, found.level, anytime=anytime)
        interval = as_tuple(again.interval_at(found.level))
        deciding = as_tuple(again.interval_at(1 - 2 * levels.equivalence)) if found.kind is NO_EFFECT else interval
        agrees = TRIED[found.kind].shows(Span(deciding, metric.margin))
        clears = clears and Span(interval, metric.margin).clear
        if worst is None or not agrees:
            seeds, arms = tuple(lost.seed for lost in pairs.lost), tuple(lost.arm for lost in pairs.lost)
            worst = LostPairs(seeds, arms, again.estimate, deciding, agrees, found.kind, stand_ins)
        if not agrees:
            break
    assert worst is not None
    found = replace(found, lost_pairs=worst)
    if not worst.agrees:
        return _rejudged(found, LOST)
    less = CASE[found.judgement.case].less
    return _rejudged(found, CASE[less]) if less and not clears else found


def _without_intervals(judged: Contrast) -> Contrast:
    """Where every pair holds a trial at the metric's worst value, the spread is that of the other arm and the bound."""
    return replace(
        judged, interval=None, equivalence_interval=None, bootstrap_interval=None, p_value=None, standard_error=None,
        degrees_of_freedom=None, judgement=replace(judged.judgement, qualifiers=()),
    )  # fmt: skip
