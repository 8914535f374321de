"""The verdicts for a paper: one sentence that states what they hold for, and a table in Markdown or LaTeX."""

from __future__ import annotations

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.scope_words import HELD
from evenhand.decisions.standing_words import standing_words
from evenhand.decisions.verdict import Decision
from evenhand.decisions.wording import family_words, look_words
from evenhand.report import numbers, words
from evenhand.report.latex import verdict_latex
from evenhand.report.markdown import verdict_markdown
from evenhand.report.marks import visible


def scope_sentence(claim: ResolvedClaim, decision: Decision) -> str:
    """What the verdicts rest on and hold for: seeds, items, budget, scope, level, looks, standing, family."""
    return " ".join([_size(claim, decision), _holds(claim), *_standing(decision)])


def _size(claim: ResolvedClaim, decision: Decision) -> str:
    found = [c for v in decision.verdicts if (c := words.standing_contrast(v)) is not None and c.seeds]
    seeds = _range([len(contrast.seeds) for contrast in found], "seed")
    items = _range([contrast.items for contrast in found if contrast.items], "item")
    over = " x ".join(part for part in (seeds, items) if part) or "no complete pair"
    budget = f"{numbers.amount(claim.claim.rungs[-1].budget)} {claim.claim.budget.unit}"
    return f"Claim {decision.claim} ({decision.claim_hash}): paired differences over {over}, {budget} for every arm."


def _range(values: list[int], one: str) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return numbers.count(high, one) if low == high else f"{low:,} to {numbers.count(high, one)}"


def _holds(claim: ResolvedClaim) -> str:
    alpha, several = claim.claim.alpha, len(claim.arms("variant")) * len(claim.targets) * len(claim.primary) > 1
    told = " over all of the claim's verdicts (Holm)" if several else ""
    rivals = [arm.name for arm in claim.arms("rival")]
    beaten = f"; a gain is one over {', '.join([claim.baseline.name, *rivals])} alike" if rivals else ""
    rate = f"Verdicts are at a two-sided error rate of {numbers.per_cent(alpha)}{told}"
    return f"{rate}; {HELD[claim.claim.scope]}{beaten}."


def _standing(decision: Decision) -> list[str]:
    said = [] if decision.look is None else [look_words(decision.look)]
    said += ["Not finished: planned trials are still missing."] if not decision.finished else []
    said += [standing_words(decision.standing)] if decision.standing.doubtful else []
    return said + [family_words(place).replace("`", "") for place in decision.families]


def paper_markdown(claim: ResolvedClaim, decision: Decision, ledger_head: str = "") -> str:
    """The table of verdicts as Markdown, the sentence above it; remarks that it makes stand there alone."""
    sentence = scope_sentence(claim, decision)
    table = verdict_markdown(claim, decision, ledger_head).split("\n")
    told = [line for line in table if not (line.startswith("- ") and line[2:].replace("`", "") in sentence)]
    return visible(sentence) + "\n\n" + "\n".join(told).rstrip() + "\n"


def paper_latex(claim: ResolvedClaim, decision: Decision) -> str:
    """The table of verdicts for LaTeX with booktabs; its caption is the sentence."""
    names = ", ".join(dict.fromkeys(verdict.metric for verdict in decision.verdicts))
    return verdict_latex(claim, decision, f"{scope_sentence(claim, decision)} Metric: {names}.")
