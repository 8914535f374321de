"""What the answer of a gate rests on, as facts; :mod:`evenhand.decisions.gate_words` makes sentences of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VerdictItself:
    """The verdict answers; ``reason`` is its own, empty where it gives none."""

    reason: str
    title: str


@dataclass(frozen=True)
class IdenticalOutputs:
    """Every paired output is the same."""


@dataclass(frozen=True)
class LostTrials:
    """One arm lost trials, and with these at their worst nothing is shown; ``reasons`` says what each pair lacks."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class NoBound:
    """There is no interval; ``reason`` is that of the contrast, or empty."""

    reason: str


@dataclass(frozen=True)
class LowerBound:
    """The lower bound of the difference, held against -margin.

    Attributes:
        bound, margin: of the difference to the baseline, in the metric's unit.
        above: the bound lies above -margin.
        worse: the variant is shown to be worse.
    """

    bound: float
    margin: float
    above: bool
    worse: bool = False


@dataclass(frozen=True)
class NoScoreDiffers:
    """All scores are equal, and so many may differ all the same.

    Attributes:
        share: of the items (or seeds) that may differ, at most.
        unit: which of the two.
        margin: the loss that matters.
        excluded: that share cannot be such a loss.
    """

    share: float
    unit: str
    margin: float
    excluded: bool


@dataclass(frozen=True)
class FixedLate:
    """What would hold, of a claim that was fixed after results were known.

    Attributes:
        ground: on which it would hold.
        fixed: how the claim was fixed: "post-hoc" or "amended".
    """

    ground: Ground
    fixed: str


Ground = VerdictItself | IdenticalOutputs | LostTrials | NoBound | LowerBound | NoScoreDiffers | FixedLate
