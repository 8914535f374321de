"""The words of scope: what a claim asks, what verdicts hold for, what a comparison of runs answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Scope
from evenhand.decisions.verdict import Verdict
from evenhand.errors import counted

ASKED: Mapping[Scope, str] = {
    "recipe": "would it hold for new seeds and new items? Seeds and items are both random.",
    "seeds": "would it hold for new seeds on these very items? The items are fixed.",
    "checkpoint": "would it hold for new items with these trained models? The models are fixed.",
}
"""Scope to the question that it puts."""

HELD: Mapping[Scope, str] = {
    "recipe": "they hold for new seeds and new items",
    "seeds": "they hold for new seeds on these very items",
    "checkpoint": "they hold for these very models on new items, and say nothing of new seeds",
}
"""Scope to what verdicts hold for."""


def scope_words(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> str:
    """What the answer of a comparison of runs holds for, and what it does not, as a sentence."""
    kinds = {verdict.kind for verdict in verdicts if verdict.role == "variant"}
    several = len(claim.arms("variant")) > 1
    count = len(claim.claim.rungs[-1].seeds)
    checkpoint = claim.claim.scope == "checkpoint"
    which = ("these " if several else "these two ") + ("models" if checkpoint else "recipes")
    where = "on new items" if checkpoint else "on new training seeds and new items"
    if any(kind.is_effect for kind in kinds):
        says = f"{which} differ {where}"
    elif any(kind.is_nothing for kind in kinds):
        says = f"{which} differ by less than the margin {where}"
    else:
        says = f"whether {which} differ {where} is not settled"
    if not checkpoint:
        return f"{claim.claim.scope} scope: {says}; {counted(count, 'seed')} a side"
    given = "you gave one each" if count == 1 else f"the {counted(count, 'seed')} stand for themselves alone"
    return f"checkpoint scope: {says}; says nothing of new seeds: {given}"
