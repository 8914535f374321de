"""What a reader must know before believing verdicts: few seeds, several verdicts, items that look grouped. Pure.

Each is facts; :mod:`evenhand.decisions.caution_words` makes the sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand import statistics
from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.agreement import OtherPackages
from evenhand.decisions.pairs import Cell, Pairs
from evenhand.decisions.standing import BudgetNotShown, LeftOutSeeds, OtherRecipeCode, Replaced, Unblinded
from evenhand.decisions.verdict import Verdict, VerdictKind
from evenhand.recipes.outcome import FailureClass

FEW_SEEDS = 5
"""Up to here nobody can check whether seed means are normal."""


@dataclass(frozen=True)
class FewSeeds:
    """Intervals rest on so few seeds that nobody can check whether their means are normal: the numbers of seeds."""

    counts: tuple[int, ...]


@dataclass(frozen=True)
class PerVerdict:
    """Equivalence is decided verdict by verdict: over several, one false "no-effect" is likelier than ``alpha``."""

    alpha: float
    verdicts: int


@dataclass(frozen=True)
class GroupedItems:
    """Items that look grouped though no clusters are declared.

    Attributes:
        metric, condition: whose items.
        effect: what that costs the intervals, in the contrast that it costs most.
    """

    metric: str
    condition: str
    effect: statistics.DesignEffect


@dataclass(frozen=True)
class UnshownControl:
    """A control condition in which that nothing happens is neither shown nor refuted: ``title`` is what was found."""

    condition: str
    arm: str
    title: str


@dataclass(frozen=True)
class SilentNull:
    """A null arm came out as the baseline to the last bit, and not both are called deterministic: it has no noise."""

    arm: str


@dataclass(frozen=True)
class FailedTrials:
    """Trials that failed alike, so that their pairs are missing.

    Attributes:
        arm, condition, seeds: which trials.
        kind, told: class of the failure, and what it says.
    """

    arm: str
    condition: str
    seeds: tuple[int, ...]
    kind: FailureClass
    told: str


Caution = (
    FailedTrials | FewSeeds | PerVerdict | GroupedItems | UnshownControl | SilentNull | OtherPackages | Replaced
    | OtherRecipeCode | BudgetNotShown | LeftOutSeeds | Unblinded
)  # fmt: skip


def few_seeds(verdicts: Sequence[Verdict]) -> list[Caution]:
    """Seeds that were really paired, where they are few and an interval rests on them."""
    paired = [
        len(contrast.seeds)
        for verdict in verdicts
        if verdict.kind.rests_on_estimate
        for contrast in verdict.contrasts
        if contrast.scope != "checkpoint" and contrast.interval is not None
    ]
    few = tuple(sorted({count for count in paired if 1 < count <= FEW_SEEDS}))
    return [FewSeeds(few)] if few else []


def failed_trials(verdicts: Sequence[Verdict]) -> list[Caution]:
    """Trials whose pairs are missing as they failed; what diverged, or gives no value, is told with its contrast."""
    found: dict[tuple[str, str, FailureClass, str], set[int]] = {}
    for contrast in (contrast for verdict in verdicts for contrast in verdict.contrasts):
        for seed, lacking in contrast.missing.items():
            for arm, one in lacking.items():
                if one.kind != "pending" and one.kind != "undefined" and one.kind != "diverged":  # noqa: PLR1714
                    said = "" if contrast.judgement.case == "no pair" else one.told  # its own sentence has it
                    found.setdefault((arm, contrast.condition, one.kind, said), set()).add(seed)
    return [
        FailedTrials(arm, condition, tuple(sorted(seeds)), kind, told)
        for (arm, condition, kind, told), seeds in found.items()
    ]


def per_verdict(verdicts: Sequence[Verdict], alpha: float) -> list[Caution]:
    """Several verdicts, of which one says "no-effect"."""
    judged = [v for v in verdicts if v.role == "variant" and v.kind.was_tried]
    if len(judged) < 2 or all(v.kind is not VerdictKind.NO_EFFECT for v in judged):
        return []
    return [PerVerdict(alpha, len(judged))]


def grouped_items(cell: Cell, compared: Sequence[Pairs]) -> list[Caution]:
    """Items that look grouped, with what that costs the intervals.

    Args:
        cell: where.
        compared: pairs of the variants with the baseline there.
    """
    found = [effect for pairs in compared if (effect := _guessed_groups(pairs, cell.metric)) is not None]
    worst = max(found, key=lambda effect: effect.effect, default=None)
    return [] if worst is None else [GroupedItems(cell.metric.name, cell.condition.name, worst)]


def unshown_controls(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> list[Caution]:
    """Control conditions in which that nothing happens is neither shown nor refuted.

    One that is invalid is told where the variant is judged elsewhere: else no verdict would rest on it.
    """
    still = {condition.name for condition in claim.expected_still}
    judged = {(v.arm, v.metric) for v in verdicts if v.condition not in still and v.kind.rests_on_estimate}
    return [
        UnshownControl(verdict.condition, verdict.arm, _found(verdict))
        for verdict in verdicts
        if verdict.condition in still
        and verdict.role == "variant"
        and _shows_neither(verdict.against_baseline, judged=(verdict.arm, verdict.metric) in judged)
    ]


def _shows_neither(kind: VerdictKind, *, judged: bool) -> bool:
    """Whether a control says neither that something happens nor that nothing does."""
    return not kind.settled or (kind is VerdictKind.INVALID and judged)


def _found(verdict: Verdict) -> str:
    """What the contrast with the baseline says alone, with its brackets."""
    if not verdict.contrasts:
        return verdict.title
    found = verdict.contrasts[0]
    return f"{found.kind} ({found.qualifier})" if found.qualifier else found.kind


def silent_nulls(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> list[Caution]:
    """Null arms that show no noise, each once."""
    noisy = {arm.name for arm in claim.arms("null") if not (arm.deterministic and claim.baseline.deterministic)}
    found = [v.arm for v in verdicts if v.role == "null" and v.kind is VerdictKind.NO_OP and v.arm in noisy]
    return [SilentNull(arm) for arm in dict.fromkeys(found)]


def _guessed_groups(pairs: Pairs, metric: MetricClaim) -> statistics.DesignEffect | None:
    if not pairs.item_wise or pairs.clusters is not None or pairs.invalid or not pairs.seeds:
        return None
    return statistics.guessed_design_effect(pairs.differences(metric).mean(axis=0), pairs.ids, pairs.contents)
