"""Equal tuning: arms that were tried far more often than those they are held against. Pure.

The claim itself is a try of every arm; ledgers count the others (:func:`evenhand.decisions.family_members.arm_tries`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.search_words import tuning_marked
from evenhand.decisions.standing import UnequalTuning
from evenhand.decisions.verdict import Decision, Verdict, VerdictKind


def unequal(claim: ResolvedClaim, verdict: Verdict, tries: Mapping[str, int]) -> UnequalTuning | None:
    """How unequally a variant and the arms it is held against were tuned; None where that is within the claim's ratio.

    An arm that trains nothing and has nothing to search cannot be tuned, and is no reason.
    """
    if verdict.role != "variant" or not verdict.kind.rests_on_estimate:
        return None
    arms = {arm.name: arm for arm in claim.arms()}
    own, ratio = tries.get(verdict.arm, 0) + 1, claim.claim.ledger.tuning_ratio
    others = {
        contrast.against: tries.get(contrast.against, 0) + 1
        for contrast in verdict.contrasts
        if not (arms[contrast.against].untrained and not arms[contrast.against].space)
    }
    if not others:
        return None
    name = max(others, key=lambda one: max(own / others[one], others[one] / own))
    if max(own, others[name]) <= ratio * min(own, others[name]):
        return None
    return UnequalTuning(own, name, others[name], ratio, claim.claim.ledger.policy == "strict")


def with_tuning(claim: ResolvedClaim, decision: Decision, tries: Mapping[str, int]) -> Decision:
    """The decision whose verdicts carry what is unequal, in words too; strict ledgers make them invalid.

    Args:
        claim: resolved.
        decision: with its verdicts in words.
        tries: arm to its tries, the claim itself left out.
    """
    found = [(verdict, unequal(claim, verdict, tries)) for verdict in decision.verdicts]
    if all(tuning is None for _, tuning in found):
        return decision
    verdicts = []
    for verdict, tuning in found:
        if tuning is None:
            verdicts.append(verdict)
            continue
        kind = VerdictKind.INVALID if tuning.strict else verdict.kind
        verdicts.append(tuning_marked(replace(verdict, tuning=tuning, kind=kind)))
    return replace(decision, verdicts=tuple(verdicts))
