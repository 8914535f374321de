"""The words of searches and of unequal tuning: from facts to sentences. Pure."""

from __future__ import annotations

from dataclasses import replace

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.standing import TriedArm, UnequalTuning
from evenhand.decisions.verdict import Decision, Verdict
from evenhand.errors import counted

UNEQUAL = "unequal tuning"
"""What stands in brackets after a verdict on arms that were not tuned alike."""


def tuning_words(found: UnequalTuning, arm: str) -> str:
    """How unequally an arm and one that it is held against were tuned, as a sentence."""
    most, least = (arm, found.against) if found.tries > found.against_tries else (found.against, arm)
    high, low = max(found.tries, found.against_tries), min(found.tries, found.against_tries)
    cure = f"Give '{least}' as many tries ([tuning]), on seeds and items that are not judged."
    strict = " The claim's ledger is strict, so that the verdict is invalid." if found.strict else ""
    return (
        f"unequal tuning: '{most}' was tried {high} times and '{least}' {_times(low)}, more than "
        f"{found.ratio:g} times as often; a difference may be one of tuning. {cure}{strict}"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def tuning_marked(verdict: Verdict) -> Verdict:
    """The verdict with the word for unequal tuning in brackets, and with its sentence."""
    assert verdict.tuning is not None
    told = tuning_words(verdict.tuning, verdict.arm)
    if verdict.tuning.strict:
        return replace(verdict, qualifier=UNEQUAL, reasons=(told, *verdict.reasons))
    qualifier = ", ".join(part for part in (verdict.qualifier, UNEQUAL) if part)
    return replace(verdict, qualifier=qualifier, reasons=(*verdict.reasons, told))


def tried_words(row: TriedArm, metric: MetricClaim) -> str:
    """What a search came to for an arm, as a sentence."""
    said = f"{row.arm}: {counted(row.tries, 'configuration')} tried"
    if row.failures:
        failed = ", ".join(f"{count} {kind}" for kind, count in sorted(row.failures.items()))
        said += f" ({failed}: counted as the worst)"
    if row.chosen is None:
        return f"{said}; none is chosen yet."
    settings = ", ".join(f"{key} = {value}" for key, value in row.settings.items()) or "as written"
    score = "no score" if row.score is None else f"{metric.name} {row.score:.4g}"
    return f"{said}; number {row.chosen} goes on ({settings}; {score} there)."


def search_words(claim: ResolvedClaim, decision: Decision) -> tuple[str, ...]:
    """What the search of a claim came to, a sentence for each arm; none where it searches nothing."""
    return tuple(tried_words(row, claim.primary[0]) for row in decision.tried)
