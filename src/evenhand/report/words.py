"""How verdicts read on paper and in the terminal: roles, reasons, counts of kinds."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import Contrast, Verdict, VerdictKind

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
