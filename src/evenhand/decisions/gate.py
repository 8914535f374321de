"""What a gate asks of verdicts: a gain, no regression, or no effect; it holds, does not hold, or is not decided. Pure.

A gain is one over the baseline and every rival. The two others are asked of the contrast with the baseline alone: that
a variant does not differ from a rival says nothing of whether it differs from the baseline. "No regression" is
non-inferiority: the one-sided bound of the equivalence test against the baseline, at its own level,
lies above -margin (:func:`evenhand.statistics.not_worse` states its error rate). What makes a contrast invalid, or
leaves it without an interval, leaves the gate undecided; so does a pair that one arm lost, unless the verdict was
tried with it at its worst and stood.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, get_args

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.gate_grounds import (
    FixedLate,
    Ground,
    IdenticalOutputs,
    LostTrials,
    LowerBound,
    NoBound,
    NoScoreDiffers,
    VerdictItself,
)
from evenhand.decisions.gate_words import ground_words
from evenhand.decisions.verdict import Contrast, Decision, Interval, Verdict, VerdictKind, deciding_interval

Requirement = Literal["gain", "no-regression", "no-effect"]
REQUIREMENTS: tuple[Requirement, ...] = get_args(Requirement)

LATE = ("post-hoc", "amended")
"""Ways of fixing a claim after results were seen, whose error rate nobody knows: only where they are allowed."""


class Answer(StrEnum):
    """What a gate says."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNDECIDED = "not decided"


EXIT_CODES: Mapping[Answer, int] = {Answer.HOLDS: 0, Answer.FAILS: 1, Answer.UNDECIDED: 3}


@dataclass(frozen=True)
class Criterion:
    """What is known of a metric: the smallest difference that matters, and its range where it has one."""

    margin: float
    span: float | None = None


def criteria_of(claim: ResolvedClaim) -> dict[str, Criterion]:
    """Margins and ranges of a claim's primary metrics."""
    return {
        metric.name: Criterion(
            metric.margin,
            None if metric.floor is None or metric.ceiling is None else metric.ceiling - metric.floor,
        )
        for metric in claim.primary
    }


@dataclass(frozen=True)
class Row:
    """One variant in one condition on one metric, against what is required.

    Attributes:
        arm, condition, metric: what is judged.
        answer: whether the requirement holds.
        verdict: title of the verdict.
        ground: what the answer rests on; :attr:`why` says it.
        estimate, interval, level: difference to ``against``, and the interval that the answer rests on.
        margin: of the metric.
        against: the arm of the contrast that answers; empty where there is none.
    """

    arm: str
    condition: str
    metric: str
    answer: Answer
    verdict: str
    ground: Ground
    estimate: float | None
    interval: Interval | None
    level: float
    margin: float
    against: str = ""

    @property
    def why(self) -> str:
        """The reason, in a sentence."""
        return ground_words(self.ground)


@dataclass(frozen=True)
class Gate:
    """The answer for a claim or a comparison: it holds where it holds for every variant, condition and metric.

    Attributes:
        claim, claim_hash: what was judged.
        require: what was asked.
        rows: one answer for each variant, target condition and primary metric.
        fixed: when the claim was fixed.
        warnings: those of the decision.
    """

    claim: str
    claim_hash: str
    require: Requirement
    rows: tuple[Row, ...]
    fixed: str
    warnings: tuple[str, ...] = ()

    @property
    def answer(self) -> Answer:
        """The worst answer of its rows; without rows nothing is decided."""
        found = {row.answer for row in self.rows}
        if Answer.FAILS in found:
            return Answer.FAILS
        return Answer.HOLDS if found == {Answer.HOLDS} else Answer.UNDECIDED


def gate(
    decision: Decision,
    criteria: Mapping[str, Criterion],
    require: Requirement,
    *,
    controls: Collection[str] = (),
    arms: Collection[str] = (),
    allow: Collection[str] = (),
) -> Gate:
    """Whether the verdicts of a decision are what is required.

    Args:
        decision: of a claim or a comparison.
        criteria: metric to its margin and range.
        require: what every verdict must be.
        controls: conditions in which no effect is expected; they are judged by the lab itself.
        arms: variants that count; all of them if empty.
        allow: of :data:`LATE`, what does not stand in the way.
    """
    rows = [
        _row(verdict, criteria[verdict.metric], require)
        for verdict in decision.verdicts
        if verdict.role == "variant" and verdict.condition not in controls and (not arms or verdict.arm in arms)
    ]
    fixed = decision.standing.fixed
    if fixed in LATE and fixed not in allow:
        rows = [_doubted(row, fixed) for row in rows]
    return Gate(decision.claim, decision.claim_hash, require, tuple(rows), fixed, decision.warnings)


def _row(verdict: Verdict, criterion: Criterion, require: Requirement) -> Row:
    found = verdict.contrasts[0] if verdict.contrasts else None
    if require == "no-regression":
        answer, ground = _no_regression(verdict, found, criterion)
    elif require == "no-effect":
        answer, ground = _no_effect(verdict, found)
    else:
        found = verdict.deciding or found
        answer, ground = _gain(verdict), _itself(verdict)
    interval, level = (None, 0.0) if found is None else _rests_on(found, require)
    return Row(
        verdict.arm, verdict.condition, verdict.metric, answer, verdict.title, ground,
        None if found is None else found.estimate, interval, level, criterion.margin,
        "" if found is None else found.against,
    )  # fmt: skip


def _rests_on(found: Contrast, require: Requirement) -> tuple[Interval | None, float]:
    """The interval that answers: that of the equivalence test, unless an effect is asked for, or what is found."""
    if require == "gain" or (require == "no-effect" and found.kind.is_effect):
        return deciding_interval(found)
    return found.equivalence_interval, found.equivalence_level


def _itself(verdict: Verdict) -> Ground:
    return VerdictItself(verdict.reasons[0] if verdict.reasons else "", verdict.title)


def _gain(verdict: Verdict) -> Answer:
    if verdict.kind.is_gain:
        return Answer.HOLDS
    # A variant that was screened out is one that the claim has dropped for good.
    return Answer.FAILS if verdict.kind.shows_no_gain else Answer.UNDECIDED


def _no_effect(verdict: Verdict, found: Contrast | None) -> tuple[Answer, Ground]:
    """Against the baseline alone: to be no better than a rival is not to have no effect."""
    if verdict.overruled is not None or found is None:
        return Answer.UNDECIDED, _itself(verdict)
    ground = VerdictItself(found.words, found.kind) if found is not verdict.deciding else _itself(verdict)
    if found.kind.is_nothing:
        return Answer.HOLDS, ground
    return Answer.FAILS if found.kind.is_effect else Answer.UNDECIDED, ground


def _no_regression(verdict: Verdict, found: Contrast | None, criterion: Criterion) -> tuple[Answer, Ground]:
    """Against the baseline alone: to fall behind a rival is no regression."""
    if verdict.overruled is not None or found is None or not found.kind.rests_on_estimate:
        return Answer.UNDECIDED, _itself(verdict)
    if found.identical:
        return Answer.HOLDS, IdenticalOutputs()
    if found.same_scores is not None:
        return _same_scores(found, criterion)
    if not _whole(found):
        return Answer.UNDECIDED, LostTrials(tuple(dict.fromkeys(found.dropped.values())))
    return _above(found, criterion.margin)


def _above(found: Contrast, margin: float) -> tuple[Answer, Ground]:
    """Whether the lower bound lies above -margin."""
    bounds = found.equivalence_interval
    if bounds is None:
        return Answer.UNDECIDED, NoBound(found.why_none)
    if bounds[0] > -margin:
        return Answer.HOLDS, LowerBound(bounds[0], margin, above=True)
    worse = found.kind is VerdictKind.REGRESSION or bounds[1] < -margin
    answer = Answer.FAILS if worse else Answer.UNDECIDED
    return answer, LowerBound(bounds[0], margin, above=False, worse=worse)


def _same_scores(found: Contrast, criterion: Criterion) -> tuple[Answer, Ground]:
    """Where no score differs: as many answers as may differ all the same, each by the whole range."""
    assert found.same_scores is not None
    share = found.same_scores.may_differ
    excluded = criterion.span is not None and share * criterion.span < criterion.margin
    answer = Answer.HOLDS if excluded else Answer.UNDECIDED
    return answer, NoScoreDiffers(share, found.same_scores.unit, criterion.margin, excluded)


def _whole(found: Contrast) -> bool:
    """Whether no pair is missing, or what was said was tried with the lost trials at their worst, and stood."""
    if not found.dropped:
        return True
    return found.kind.states_something and (found.lost_pairs is None or found.lost_pairs.agrees)


def _doubted(row: Row, fixed: str) -> Row:
    """An answer of a claim that was fixed after results were known: it may fail, and does not hold."""
    if row.answer is not Answer.HOLDS:
        return row
    return replace(row, answer=Answer.UNDECIDED, ground=FixedLate(row.ground, fixed))


def joined(gates: Sequence[Gate]) -> Answer:
    """The answer of several gates: the worst of them."""
    found = {one.answer for one in gates}
    if Answer.FAILS in found:
        return Answer.FAILS
    return Answer.HOLDS if found == {Answer.HOLDS} else Answer.UNDECIDED
