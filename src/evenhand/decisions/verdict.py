"""Contrasts and verdicts: the answers that the lab gives, with every figure that they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from evenhand.statistics.collapse import Collapse
    from evenhand.statistics.identical import Identical

VerdictKind = Literal["gain", "regression", "no-effect", "no-op", "inconclusive", "invalid", "pruned", "not-run"]

Interval = tuple[float, float]

Fixed = Literal["before", "post-hoc", "amended", "not entered"]
"""When a claim was fixed: before its outcomes, after some were known, changed after results, or not yet."""


@dataclass(frozen=True)
class LostPairs:
    """A contrast once more, with the trials that one arm lost at the value that speaks most against its verdict.

    Attributes:
        seeds: whose trial one arm lost while the other has scores.
        arms: who lost it, one for each seed.
        value: what stands in for them, in words: "the floor 0", "the worst trial seen".
        estimate, interval: with these trials in, at the level of the contrast.
        agrees: the verdict is the same with them in.
    """

    seeds: tuple[int, ...]
    arms: tuple[str, ...]
    value: str
    estimate: float | None
    interval: Interval | None
    agrees: bool


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
        dropped: seeds whose pair is missing, with the reason.
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
        saturated: what both arms are at ("the ceiling 1"), or empty.
        invalid: why this pairing yields no number, or empty.
        kind: what this contrast alone says.
        words: the same as a sentence with its figures.
        qualifier: the word in brackets that this contrast alone would give its verdict.
        scope: what the estimate holds for: "recipe", "seeds" or "checkpoint".
        diverged: arm to the seeds at which it diverged and was scored at the metric's worst value.
        collapse: beside a gain over seeds: how often a collapse could still hide; else None.
        lost_pairs: the contrast with one-sided losses at their worst, where there are such; else None.
        figures: further named figures of the procedure, for readers who recompute.
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
    kind: VerdictKind = "not-run"
    words: str = ""
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    qualifier: str = ""
    scope: str = "recipe"
    collapse: Collapse | None = None
    same_scores: Identical | None = None
    lost_pairs: LostPairs | None = None
    diverged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def deciding_interval(contrast: Contrast) -> tuple[Interval | None, float]:
    """The interval that the verdict of a contrast rests on, with its level: of the equivalence test for no effect."""
    if contrast.kind == "no-effect" and contrast.equivalence_interval is not None:
        return contrast.equivalence_interval, contrast.equivalence_level
    return contrast.interval, contrast.level


@dataclass(frozen=True)
class Verdict:
    """The answer for one arm in one condition on one metric.

    Attributes:
        arm, role, condition, metric, rung: what is judged, and at which rung.
        kind: the verdict.
        qualifier: the word in brackets: ``saturated``, ``budget``, ``>= margin``, ``trivial``, the rung of a prune ...,
            then the scope where it is not the recipe, and the level where it is above 5 %.
        reasons: plain sentences, the first of which carries the figures.
        contrasts: against the baseline and every rival.
        standing: name of the arm against which the variant did worst: the one that decides.
        family_level: level of the intervals after adjustment (1 - alpha where nothing is adjusted).
    """

    arm: str
    role: str
    condition: str
    metric: str
    rung: str
    kind: VerdictKind
    reasons: tuple[str, ...]
    qualifier: str = ""
    contrasts: tuple[Contrast, ...] = ()
    standing: str = ""
    family_level: float = 0.95

    @property
    def title(self) -> str:
        """The verdict with its qualifier, as people read it: ``invalid (saturated)``."""
        return f"{self.kind} ({self.qualifier})" if self.qualifier else self.kind


@dataclass(frozen=True)
class Interaction:
    """Difference of differences: (effect in a target condition) - (effect in a control condition)."""

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
    """

    planned: tuple[int, ...]
    number: int
    level: float
    stopped: bool

    @property
    def early(self) -> bool:
        """Whether the claim ended before its last planned look."""
        return self.stopped and self.number < len(self.planned)

    @property
    def words(self) -> str:
        """The look in a sentence."""
        seeds, last = self.planned[self.number - 1], self.planned[-1]
        if self.early:
            return (
                f"Stopped at look {self.number} of {len(self.planned)} planned ones, {seeds} of {last} seeds: every "
                f"verdict on a variant was settled there. Each look is judged at {100 * (1 - self.level):.4g} %."
            )
        return (
            f"Look {self.number} of {len(self.planned)} planned ones, {seeds} of {last} seeds, each judged at "
            f"{100 * (1 - self.level):.4g} %."
        )


@dataclass(frozen=True)
class Standing:
    """When a claim was fixed, and what was known of its outcomes then. Only "before" gives a known error rate.

    Attributes:
        fixed: before, post-hoc, amended or not entered.
        known: k, results of its trials that were in the ledger when it was entered.
        trials: n, all its trials.
        claims: those under which the known results were made, each as ``name (hash)``.
        changes: what the amendments changed, each field with all its values: ``metrics.0.margin: 0.02 -> 0.3 -> 0.2``.
    """

    fixed: Fixed = "before"
    known: int = 0
    trials: int = 0
    claims: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What a reader must know of it; empty for a claim that was fixed before its outcomes."""
        known = f"{self.known} of its {self.trials} outcomes were known"
        source = f" (from {', '.join(self.claims)})" if self.claims else ""
        if self.fixed == "amended":
            return (
                f"This claim was amended after results were seen, and its error rate is no longer known. What changed: "
                f"{'; '.join(self.changes) or 'nothing that decides'}. When it was entered, {known}{source}."
            )
        if self.fixed == "post-hoc":
            return (
                f"This claim is post-hoc: {known} when it was entered{source}. Its verdicts are exploratory, and "
                "their error rate is not known; confirm them on seeds that nobody has run."
            )
        return "This claim is not entered in the ledger yet." if self.fixed == "not entered" else ""


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
    """

    claim: str
    claim_hash: str
    verdicts: tuple[Verdict, ...]
    interactions: tuple[Interaction, ...] = ()
    exploratory: tuple[Exploratory, ...] = ()
    warnings: tuple[str, ...] = ()
    finished: bool = False
    look: PlannedLook | None = None
    standing: Standing = Standing()
