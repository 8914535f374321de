"""How each verdict looks and reads: a sign beside the colour, and one sentence of meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.verdict import Contrast, Verdict, VerdictKind


@dataclass(frozen=True)
class Look:
    """One verdict kind on paper.

    Attributes:
        sign: a glyph that tells the kinds apart without colour.
        style: of rich, for terminals.
        meaning: what the verdict says, in a sentence.
    """

    sign: str
    style: str
    meaning: str


LOOKS: dict[VerdictKind, Look] = {
    VerdictKind.GAIN: Look("▲", "bold green", "Better than the baseline and than every rival, beyond chance."),
    VerdictKind.REGRESSION: Look("▼", "bold red", "Worse than the arm named, beyond chance."),
    VerdictKind.NO_EFFECT: Look("≈", "blue", "Shown to lie inside the margin: too small to matter."),
    VerdictKind.NO_OP: Look("≡", "blue", "Every paired output was recorded and is identical: the arm changes nothing."),
    VerdictKind.INCONCLUSIVE: Look(
        "?", "yellow", "These data cannot tell; neither an effect nor its absence is shown."
    ),
    VerdictKind.INVALID: Look(
        "×", "magenta", "The comparison is not a fair or a possible one, so no effect is stated."
    ),
    VerdictKind.PRUNED: Look("◁", "dim", "Screened out early; nothing is said about its effect."),
    VerdictKind.NOT_RUN: Look("○", "dim", "No estimate exists: the trials gave no scores."),
}
"""Every verdict kind, in the order in which legends list them."""

ROLE_WORDS = {
    "baseline": "baseline",
    "variant": "variant",
    "rival": "rival",
    "null": "null arm (A/A)",
    "reference": "reference",
}


def standing_contrast(verdict: Verdict) -> Contrast | None:
    """The contrast that decided: against the arm that stood, else the only or first one that carries a figure."""
    named = [c for c in verdict.contrasts if c.against == verdict.standing]
    able = [c for c in verdict.contrasts if c.estimate is not None]
    found = [*named, *able, *verdict.contrasts]
    return found[0] if found else None


def is_check(verdict: Verdict) -> bool:
    """Whether a verdict judges the experiment (null arms, rivals, controls) and not a variant."""
    return verdict.role != "variant"


def tally(verdicts: Sequence[Verdict]) -> list[tuple[VerdictKind, int]]:
    """How many verdicts of each kind, in the order of the legend; kinds that do not occur are left out."""
    counted = [(kind, sum(v.kind == kind for v in verdicts)) for kind in LOOKS]
    return [(kind, number) for kind, number in counted if number]


def none_reason(contrast: Contrast) -> str:
    """Why a contrast carries no estimate or no interval, or empty; identical outputs need no further reason."""
    if contrast.identical:
        return contrast.invalid
    return contrast.invalid or contrast.why_none or contrast.saturated


def own_kind(contrast: Contrast) -> VerdictKind | None:
    """What a contrast alone says; None where nobody has judged it by itself."""
    return contrast.kind if contrast.judgement.case or contrast.estimate is None else None


def orientation(claim: ResolvedClaim, metric: str) -> str:
    """How the differences of a metric are to be read where less is better; empty where more is."""
    lower = any(m.name == metric and m.direction == "minimise" for m in claim.claim.metrics)
    return "lower is better; a difference above 0 is an improvement" if lower else ""


def reasons(verdict: Verdict) -> tuple[str, ...]:
    """The reasons worth printing beside the contrasts: the first. The others are what the contrasts say themselves."""
    return tuple(reason for reason in verdict.reasons[:1] if reason)


def states_effect(verdict: Verdict) -> bool:
    """Whether a figure may stand beside the verdict; an invalid or missing comparison states no effect."""
    return verdict.kind.rests_on_estimate
