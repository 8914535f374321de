"""Contrasts and verdicts: the answers that the lab gives, with every figure that they rest on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from evenhand.decisions.standing import FamilyPlace, Standing, TriedArm, UnequalTuning

if TYPE_CHECKING:
    from evenhand.decisions.details import Details
    from evenhand.decisions.pair_faults import Lost, Missing, PairFault
    from evenhand.statistics import Collapse, Identical, Saturation


class VerdictKind(StrEnum):
    """The eight answers, and what each of them amounts to."""

    GAIN = "gain"
    REGRESSION = "regression"
    NO_EFFECT = "no-effect"
    NO_OP = "no-op"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    PRUNED = "pruned"
    NOT_RUN = "not-run"

    @classmethod
    def of_title(cls, title: str) -> VerdictKind:
        """The kind in a recorded title, which is this and then what stands in brackets: ``gain (>= margin)``.

        Raises:
            ValueError: it begins with none.
        """
        return cls(title.partition(" (")[0])

    @property
    def rests_on_estimate(self) -> bool:
        """Whether scores of complete pairs were judged, so that what spoils an experiment spoils it."""
        return self not in (VerdictKind.INVALID, VerdictKind.PRUNED, VerdictKind.NOT_RUN)

    @property
    def is_gain(self) -> bool:
        """Whether it says that the arm is better."""
        return self is VerdictKind.GAIN

    @property
    def is_effect(self) -> bool:
        """Whether it says that arms differ."""
        return self in (VerdictKind.GAIN, VerdictKind.REGRESSION)

    @property
    def states_something(self) -> bool:
        """Whether its error rate is what a claim promises, so that its title tells when the claim was fixed."""
        return self.is_effect or self is VerdictKind.NO_EFFECT

    @property
    def was_tried(self) -> bool:
        """Whether the variant came as far as the confirming rung."""
        return self not in (VerdictKind.PRUNED, VerdictKind.NOT_RUN)

    @property
    def shows_no_gain(self) -> bool:
        """Whether it is an answer, and the answer is not that the arm is better."""
        return self in (VerdictKind.REGRESSION, VerdictKind.NO_EFFECT, VerdictKind.NO_OP, VerdictKind.PRUNED)

    @property
    def is_nothing(self) -> bool:
        """Whether it says that the arms do not differ by as much as matters."""
        return self in (VerdictKind.NO_EFFECT, VerdictKind.NO_OP)

    @property
    def settled(self) -> bool:
        """Whether more seeds are not needed to say more."""
        return self not in (VerdictKind.INCONCLUSIVE, VerdictKind.NOT_RUN)


Interval = tuple[float, float]


_RIVAL = re.compile(r"[(,] ?against ([^(),]+)[,)]")


def rival_of(title: str) -> str:
    """The rival that a recorded title names in its brackets; empty where the baseline decides, or all alike."""
    found = _RIVAL.search(title)
    return "" if found is None else found[1]


@dataclass(frozen=True)
class StandIn:
    """What stands in for a lost trial: an end of the metric's range with its value, or the best or worst trial seen."""

    what: Literal["floor", "ceiling", "best", "worst"]
    value: float | None = None


@dataclass(frozen=True)
class LostPairs:
    """A contrast once more, with the trials that one arm lost at the value that speaks most against its verdict.

    Attributes:
        seeds: whose trial one arm lost while the other has scores.
        arms: who lost it, one for each seed.
        estimate, interval: with these trials in, at the level of the contrast.
        agrees: the verdict is the same with them in.
        tried: the verdict that was tried.
        stand_ins: what stands in for the lost trials.
    """

    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    estimate: float | None
    interval: Interval | None
    agrees: bool
    tried: VerdictKind = VerdictKind.INCONCLUSIVE
    stand_ins: tuple[StandIn, ...] = ()


@dataclass(frozen=True)
class Settling:
    """What would settle an inconclusive contrast.

    Attributes:
        count: seeds or items that would do; None where no such number is known, with ``reason``.
        unit: what ``count`` counts.
        seeds: at which number of seeds, where items are counted; 0 in scope checkpoint, where seeds tell nothing.
        as_seen: for an effect of the size seen; else for one as large as the margin, which is the larger of the two.
        reason: why ``count`` is None: "few seeds", "no spread" or "both".
        pairs: on how many the spread rests, where they are so few that they hardly tell it; else 0.
        at_most: seeds that would do by the upper bound of that spread; None where there are no such.
    """

    count: int | None = None
    unit: Literal["seeds", "items"] = "seeds"
    seeds: int = 0
    as_seen: bool = True
    reason: Literal["", "few seeds", "no spread", "both"] = ""
    pairs: int = 0
    at_most: int | None = None


@dataclass(frozen=True)
class Judgement:
    """What one contrast says by itself, as data; :mod:`evenhand.decisions.wording` makes the sentence.

    Attributes:
        kind: the verdict.
        case: name of the row of :data:`evenhand.decisions.rules.CASES` that holds; empty where nobody judged.
        qualifiers: words in brackets: ``saturated``, ``>= margin``, ``trivial``, the class of a failure ...
        pending: pairs that are still to run.
        among: number of verdicts of which this is one.
        rivals: how many rivals it was the lowest of, where that is why it says less than its own interval.
        unscored: trials that diverged and have no score, where the metric has no worst value.
        settling: what would settle it, where it is inconclusive and that was asked for.
    """

    kind: VerdictKind = VerdictKind.NOT_RUN
    case: str = ""
    qualifiers: tuple[str, ...] = ()
    pending: int = 0
    among: int = 1
    rivals: int = 0
    unscored: int = 0
    settling: Settling | None = None


@dataclass(frozen=True)
class GivenUp:
    """Whether a gain as large as the margin is given up: its one-sided upper bound, whose confidence, and whether it
    lies below the margin."""

    upper: float
    confidence: float
    futile: bool


@dataclass(frozen=True)
class NoFloor:
    """Why there is nothing that a baseline could be shown to beat.

    Attributes:
        reason: a pairing that is not allowed, what each arm lacks, a trial without scores, or what else is not there.
    """

    reason: (
        PairFault | Mapping[str, Missing] | Missing | Literal["no scores", "no right answers", "no seed", "other items"]
    )


@dataclass(frozen=True)
class Learned:
    """How the baseline stands against what it must beat to count as having learned.

    Attributes:
        baseline: name of the arm that is to have learned.
        above: name of an arm, or ``commonest answer``.
        answer: the commonest right answer; empty for an arm.
        scores: mean of the baseline and of the floor, in the metric's own direction; None where there is no floor.
        estimate: mean difference, positive where the baseline is better.
        interval: paired, at ``level``; the baseline has learned where it lies above 0.
        level: of the interval, 1 - alpha of the claim.
        obstacle: why there is no floor, or None.
        why_none: why there is no interval, or (once verdicts are worded) no floor; or empty.
    """

    baseline: str
    above: str
    answer: str = ""
    scores: tuple[float, float] | None = None
    estimate: float | None = None
    interval: Interval | None = None
    level: float = 0.95
    why_none: str = ""
    obstacle: NoFloor | None = None

    @property
    def shown(self) -> bool:
        """Whether it is shown that the baseline beats the floor."""
        return self.interval is not None and self.interval[0] > 0


@dataclass(frozen=True)
class SameAnswer:
    """The answer that an arm gives most often: ``count`` of all its ``answers``, over all its seeds."""

    arm: str
    answer: str
    count: int
    answers: int

    @property
    def share(self) -> float:
        """Its share of all answers."""
        return self.count / self.answers


@dataclass(frozen=True)
class IdenticalShare:
    """On how many items both arms of a contrast gave the same; no verdict rests on it.

    Attributes:
        of: "answers", equal to the last character, where outputs were kept on both sides; else "scores".
        count: items that are the same, summed over seeds.
        compared: items that were compared, summed over seeds.
        seeds: whose pairs these are: without trials that diverged, and of answers those that were kept on both sides.
    """

    of: Literal["answers", "scores"]
    count: int
    compared: int
    seeds: int

    @property
    def share(self) -> float:
        """Those that are the same, of all that were compared."""
        return self.count / self.compared


@dataclass(frozen=True)
class Contrast:
    """Paired differences, seed by seed and item by item, between two arms at equal budget.

    Differences are oriented so that positive is better for ``arm``, whatever the metric's direction.

    Attributes:
        arm, against: the two arms; ``against`` has the role ``against_role``.
        condition, rung, metric: where.
        seeds: the S seeds whose pairs entered.
        items: I, number of items per pair; 0 where the metric is not item-wise.
        differences: (S,) mean difference of each pair.
        missing: the seeds of pairs that are not complete, with what each arm lacks there.
        dropped: the same as sentences; empty until verdicts are worded.
        estimate: mean difference, or None with ``why_none``.
        standard_error, degrees_of_freedom, p_value: of the estimate in the claim's scope; None where undefined.
        interval: at ``level``, or None.
        level: confidence level of ``interval`` (after adjustment for looks and several variants).
        equivalence_interval: the interval at ``equivalence_level`` that the equivalence test compares with the margin.
        equivalence_level: confidence level of ``equivalence_interval``: 1 - 2 x the level of each one-sided test.
        sign_flip_p, sign_flip_minimum: exact sign-flip p over seeds, and the least it could be with S seeds.
        bootstrap_interval: crossed seed x item bootstrap at ``level``, shown beside; None where undefined.
        correlation: of the paired scores, None where undefined.
        gained, lost: items (summed over seeds) that went up or down; None without items.
        identical: every paired output is recorded and the same, and so is every score.
        same_scores: every paired score is the same while outputs are not recorded: how many may differ all the same.
        scores: mean score of ``arm`` and of ``against`` over the pairs, in the metric's own direction.
        saturation: where both arms sit so that no difference can show, or None.
        fault: why this pairing yields no number, or None.
        saturated, invalid, not_learned: the same two, and why the baseline counts as not having learned, as sentences;
            empty where it is not so, and until verdicts are worded.
        learned: how the baseline stands against the floor that the metric names; None where it names none.
        same_answer: the commonest answer of the baseline, beside a contrast with it; None where none is recorded.
        identical_share: on how many items both arms gave the same; None where nothing was kept that could be compared.
        futility: whether a gain as large as the margin is given up, where the claim asks for that; else None.
        judgement: what this contrast alone says.
        words: the same as a sentence with its figures; empty until verdicts are worded.
        qualifier: what stands in brackets where this contrast alone gives the verdict; empty until verdicts are worded.
        method: of the estimate.
        scope: what the estimate holds for: "recipe", "seeds" or "checkpoint".
        diverged: arm to the seeds at which it diverged and was scored at the metric's worst value.
        collapse: beside a gain over seeds: how often a collapse could still hide; else None.
        lost_pairs: the contrast with one-sided losses at their worst, where there are such; else None.
        details: further figures of the procedure, for readers who recompute; None without an estimate.
        figures: the same by name; empty until verdicts are worded.
    """

    arm: str
    against: str
    against_role: str
    condition: str
    rung: str
    metric: str
    seeds: tuple[int, ...] = ()
    items: int = 0
    differences: tuple[float, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    estimate: float | None = None
    standard_error: float | None = None
    degrees_of_freedom: float | None = None
    p_value: float | None = None
    interval: Interval | None = None
    level: float = 0.95
    equivalence_interval: Interval | None = None
    equivalence_level: float = 0.9
    sign_flip_p: float | None = None
    sign_flip_minimum: float | None = None
    bootstrap_interval: Interval | None = None
    correlation: float | None = None
    gained: int | None = None
    lost: int | None = None
    identical: bool = False
    saturated: str = ""
    invalid: str = ""
    why_none: str = ""
    scores: tuple[float, float] | None = None
    not_learned: str = ""
    judgement: Judgement = Judgement()
    words: str = ""
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    qualifier: str = ""
    method: str = ""
    scope: str = "recipe"
    collapse: Collapse | None = None
    same_scores: Identical | None = None
    lost_pairs: LostPairs | None = None
    diverged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    learned: Learned | None = None
    same_answer: SameAnswer | None = None
    identical_share: IdenticalShare | None = None
    fault: PairFault | None = None
    saturation: Saturation | None = None
    futility: GivenUp | None = None
    missing: Lost = field(default_factory=dict)
    details: Details | None = None

    @property
    def kind(self) -> VerdictKind:
        """The verdict that this contrast alone would give."""
        return self.judgement.kind

    @property
    def unlearned(self) -> bool:
        """Whether it is not shown that the baseline beats the floor that the metric names."""
        return self.learned is not None and not self.learned.shown

    @property
    def lacks_trials(self) -> bool:
        """Whether pairs are missing as trials failed; a metric that a trial leaves undefined is no failure."""
        return any(one.kind not in ("pending", "undefined") for lost in self.missing.values() for one in lost.values())

    @property
    def all_imputed(self) -> bool:
        """Whether every pair holds a diverged trial, so that no difference is one of the arms."""
        seeds = {seed for found in self.diverged.values() for seed in found}
        return bool(self.seeds) and seeds == set(self.seeds)


def deciding_interval(contrast: Contrast, kind: VerdictKind | None = None) -> tuple[Interval | None, float]:
    """The interval that a verdict rests on, with its level: of the equivalence test for no effect.

    Args:
        contrast: whose interval.
        kind: of the verdict; that of the contrast if None.
    """
    if (kind or contrast.kind) is VerdictKind.NO_EFFECT and contrast.equivalence_interval is not None:
        return contrast.equivalence_interval, contrast.equivalence_level
    return contrast.interval, contrast.level


@dataclass(frozen=True)
class PruneReason:
    """Why a variant was screened out in one condition, on one metric.

    Attributes:
        condition, metric: where.
        rule: "threshold" or "futility".
        value: the difference (threshold), or the upper bound of it (futility).
        confidence: of the bound; None for a threshold.
        chance: how often an effect as large as the margin is dropped so, at most; None where unknown.
        label: what the threshold is called.
    """

    condition: str
    metric: str
    rule: Literal["threshold", "futility"]
    value: float
    confidence: float | None = None
    chance: float | None = None
    label: str = ""


@dataclass(frozen=True)
class Screened:
    """A variant that was screened out: at which rung, and why in each condition and on each metric."""

    rung: str
    reasons: tuple[PruneReason, ...]


@dataclass(frozen=True)
class Overruled:
    """What makes a verdict invalid though its own contrasts are sound: a null arm or a control condition failed."""

    by: Literal["null arm", "control"]
    verdict: Verdict


@dataclass(frozen=True)
class Guarded:
    """How a guard metric stands beside a verdict, against the baseline.

    Attributes:
        metric, margin: which, and the smallest loss that matters.
        held: it is shown that it does not fall by the margin.
        worse: it is shown that it falls by more.
        estimate: mean difference, positive where the variant is better.
        interval: at ``level``, that of the verdict; with what was lost at its worst, where something was.
        scores: mean score of the variant and of the baseline.
        same: every answer is the same, or as many as may differ cannot make up the margin.
        blind: a loss could not have shown: the pairing is invalid, or both arms are at chance or at the worst value.
    """

    metric: str
    margin: float
    held: bool
    worse: bool = False
    estimate: float | None = None
    interval: Interval | None = None
    level: float = 0.95
    scores: tuple[float, float] | None = None
    same: bool = False
    blind: bool = False


@dataclass(frozen=True)
class Verdict:
    """The answer for one arm in one condition on one metric.

    Attributes:
        arm, role, condition, metric, rung: what is judged, and at which rung.
        kind: the verdict.
        qualifier: the word in brackets: ``saturated``, ``budget``, ``>= margin``, ``trivial``, the rung of a prune ...,
            then the scope where it is not the recipe, and the level where it is above 5 %.
        reasons: plain sentences, the first of which carries the figures; empty until verdicts are worded.
        contrasts: against the baseline and every rival.
        standing: name of the arm against which the variant did worst: the one that decides.
        family_level: level of the intervals after adjustment (1 - alpha where nothing is adjusted).
        screened: why it was pruned, or None.
        overruled: what made it invalid, or None.
        adjusted_p: of the effect, allowing for planned looks and for the claim's other verdicts; None where undefined.
        tuning: how unequally it and the arms it is held against were tuned, where that is more than the claim allows.
        guards: beside what would be a gain; one that is not shown to hold makes it inconclusive.
        dropped_after: seeds after which it was given up, and got no further ones, while other variants went on; None
            where it went on to the end.
    """

    arm: str
    role: str
    condition: str
    metric: str
    rung: str
    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    qualifier: str = ""
    contrasts: tuple[Contrast, ...] = ()
    standing: str = ""
    family_level: float = 0.95
    screened: Screened | None = None
    overruled: Overruled | None = None
    adjusted_p: float | None = None
    tuning: UnequalTuning | None = None
    guards: tuple[Guarded, ...] = ()
    dropped_after: int | None = None

    @property
    def deciding(self) -> Contrast | None:
        """The contrast that decides; None for a variant that was screened out."""
        return next((c for c in self.contrasts if c.against == self.standing), None)

    @property
    def given_up(self) -> bool:
        """Whether it is open only because a gain as large as the margin was given up."""
        found = self.deciding
        return self.kind is VerdictKind.INCONCLUSIVE and found is not None and found.judgement.case == "futile"

    @property
    def against_baseline(self) -> VerdictKind:
        """What the contrast with the baseline says alone."""
        return self.contrasts[0].kind if self.contrasts else self.kind

    @property
    def title(self) -> str:
        """The verdict with its qualifier, as people read it: ``invalid (saturated)``."""
        return f"{self.kind} ({self.qualifier})" if self.qualifier else self.kind


@dataclass(frozen=True)
class Interaction:
    """Difference of differences: (effect in a target condition) - (effect in a control condition).

    ``fault`` is why the two may not be held against each other, or None; ``why_none`` says it, once it is worded.
    """

    arm: str
    against: str
    metric: str
    target: str
    control: str
    estimate: float | None
    interval: Interval | None
    p_value: float | None
    differences: tuple[float, ...] = ()
    why_none: str = ""
    fault: PairFault | None = None


@dataclass(frozen=True)
class Exploratory:
    """A contrast on a metric that is not primary; no verdict rests on it.

    Attributes:
        contrast: against the baseline.
        adjusted_p: Benjamini-Hochberg over the whole exploratory table, None where undefined.
        discovery: within the false discovery rate.
    """

    contrast: Contrast
    adjusted_p: float | None
    discovery: bool


@dataclass(frozen=True)
class PlannedLook:
    """The planned look at which the verdicts stand.

    Attributes:
        planned: numbers of seeds after which the confirming rung was to be judged.
        number: which of them this is, from 1.
        level: two-sided level of each look, all of them together err no more often than the claim allows.
        stopped: every verdict was settled here, so that the looks after it are not needed.
        rule: "levels" that are the same at each look, a spending function, or "anytime".
        added: seeds that were added after the claim had been stated, of those of the last look.
        futile: some verdict was given up here rather than settled.
    """

    planned: tuple[int, ...]
    number: int
    level: float
    stopped: bool
    rule: Literal["once", "levels", "obrien-fleming", "pocock", "hwang-shih-decani", "anytime"] = "levels"
    added: int = 0
    futile: bool = False

    @property
    def early(self) -> bool:
        """Whether the claim ended before its last planned look."""
        return self.stopped and self.number < len(self.planned)

    @property
    def seeds(self) -> int:
        """Seeds at this look."""
        return self.planned[self.number - 1]


@dataclass(frozen=True)
class Decision:
    """All verdicts of a claim.

    Attributes:
        claim: name.
        claim_hash: of the resolved claim.
        verdicts: one per variant x condition x primary metric, then null arms and controls.
        interactions: target against control conditions.
        exploratory: metrics that are not primary.
        warnings: what a reader must know before believing the verdicts.
        finished: every planned trial has an outcome or was pruned.
        look: the planned look at which the confirming rung stands; None where none was planned or none is reached.
        standing: when the claim was fixed.
        families: where it stands among the claims of its ledger, one for each of its families.
        tried: what its search came to, arm by arm; empty where it searches nothing.
    """

    claim: str
    claim_hash: str
    verdicts: tuple[Verdict, ...]
    interactions: tuple[Interaction, ...] = ()
    exploratory: tuple[Exploratory, ...] = ()
    warnings: tuple[str, ...] = ()
    finished: bool = False
    look: PlannedLook | None = None
    standing: Standing = field(default_factory=Standing)
    families: tuple[FamilyPlace, ...] = ()
    tried: tuple[TriedArm, ...] = ()

    @property
    def titles(self) -> dict[str, str]:
        """``arm/condition/metric`` to the title of each verdict: what is written down of a decision."""
        return {f"{v.arm}/{v.condition}/{v.metric}": v.title for v in self.verdicts}

    @property
    def failed(self) -> bool:
        """Whether trials failed, or are still to run, so that pairs are missing or a verdict could not be given."""
        missing = any(contrast.lacks_trials for verdict in self.verdicts for contrast in verdict.contrasts)
        return missing or any(verdict.kind is VerdictKind.NOT_RUN for verdict in self.verdicts)
