"""The verdicts of a claim as a Markdown table, for documents that are bound to a ledger."""

from __future__ import annotations

from dataclasses import replace

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.search_words import search_words
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Verdict, deciding_interval
from evenhand.decisions.wording import (
    family_words,
    look_words,
    nearly_identical_words,
    same_answers,
    seal_words,
)
from evenhand.errors import counted
from evenhand.report import numbers, words
from evenhand.report.marks import visible

_HEAD = (
    "condition",
    "metric",
    "arm",
    "against",
    "means",
    "difference",
    "p",
    "seeds x items",
    "same answers",
    "verdict",
)
_SAME = _HEAD.index("same answers")


def verdict_markdown(claim: ResolvedClaim, decision: Decision, ledger_head: str = "", *, deciding: bool = False) -> str:
    """One row per contrast with the means of both arms; the verdict stands in the first row of its arm.

    With ``deciding`` the contrasts alone that decide a verdict, and how many there are besides.

    Columns in which nothing differs (a single condition, a single metric) are named above the table instead, beside
    the hash over the records that the verdicts rest on (see ``Ledger.head_hash``).
    """
    every = sum(len(verdict.contrasts) for verdict in decision.verdicts)
    decision = _deciding(decision) if deciding else decision
    left = every - sum(len(verdict.contrasts) for verdict in decision.verdicts)
    stand = "stands" if left == 1 else "stand"
    besides = [f"Shown is what decides each verdict; {counted(left, 'further contrast')} {stand} in the report."]
    rows = _all_rows(claim, decision)
    same = [i for i in (0, 1) if len({row[i] for row in rows}) == 1]
    title = f"`{decision.claim}` (claim {decision.claim_hash}{f', ledger {ledger_head}' if ledger_head else ''})"
    facts = [f"{_HEAD[i]} {rows[0][i]}" for i in same if rows[0][i] != "default"]
    if not decision.finished:
        facts.append("not finished: verdicts may change")
    said = {m: s for m in dict.fromkeys(v.metric for v in decision.verdicts) if (s := words.orientation(claim, m))}
    several = len({verdict.metric for verdict in decision.verdicts}) > 1
    facts += [f"{metric}: {sentence}" if several else sentence for metric, sentence in said.items()]
    lines = [", ".join([title, *facts]), ""]
    head, *body = verdict_cells(claim, decision)
    lines += [_line(head), _line(["---"] * len(head)), *map(_line, body)]
    look = [] if decision.look is None else [look_words(decision.look)]
    places = [family_words(place) for place in decision.families]
    remarks = [
        f"- {remark}"
        for remark in (
            *(besides if left else []),
            *look,
            *search_words(claim, decision),
            *places,
            *seal_words(decision.standing),
            *nearly_identical_words(decision),
            *decision.warnings,
        )
    ]
    return visible("\n".join([*lines, *([""] if remarks else []), *remarks]))


def _deciding(decision: Decision) -> Decision:
    """A decision whose verdicts have the contrast alone that each stands on."""
    found = [(verdict, words.standing_contrast(verdict)) for verdict in decision.verdicts]
    kept = (verdict if one is None else replace(verdict, contrasts=(one,)) for verdict, one in found)
    return replace(decision, verdicts=tuple(kept))


def verdict_cells(claim: ResolvedClaim, decision: Decision) -> list[list[str]]:
    """The head and the rows of the table of verdicts; ``**`` is bold.

    Without the columns of condition and metric where nothing differs in them, and without that of answers where none
    were kept.
    """
    rows = _all_rows(claim, decision)
    empty = {i for i in (0, 1) if len({row[i] for row in rows}) < 2}
    empty |= set() if any(row[_SAME] != numbers.NONE for row in rows) else {_SAME}
    shown = [i for i in range(len(_HEAD)) if i not in empty]
    return [[row[i] for i in shown] for row in (_HEAD, *rows)]


def _all_rows(claim: ResolvedClaim, decision: Decision) -> list[tuple[str, ...]]:
    rows = [row for verdict in decision.verdicts for row in _rows(claim, verdict)]
    return rows + [_interaction_row(claim, interaction) for interaction in decision.interactions]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _rows(claim: ResolvedClaim, verdict: Verdict) -> list[tuple[str, ...]]:
    decides = words.standing_contrast(verdict)
    title = f"**{verdict.title}**"
    arm = f"{verdict.arm} (null arm)" if verdict.role == "null" else verdict.arm
    if not verdict.contrasts:
        return [(verdict.condition, verdict.metric, arm, *[numbers.NONE] * 6, f"{title}: {verdict.reasons[0]}")]
    rows: list[tuple[str, ...]] = []
    for contrast in verdict.contrasts:
        mark = " (decides)" if contrast is decides and len(verdict.contrasts) > 1 else ""
        kind = words.own_kind(contrast)
        said = f"{title}; {kind}" if not rows else str(kind or "")
        said = title if not rows and kind in (None, verdict.kind) else said
        rows.append((verdict.condition, verdict.metric, arm, contrast.against + mark, *_figures(claim, contrast), said))
    return rows


def _figures(claim: ResolvedClaim, contrast: Contrast) -> tuple[str, str, str, str, str]:
    places = _places(claim, contrast.metric)
    bounds, level = deciding_interval(contrast)
    means = numbers.NONE
    if contrast.scores is not None:
        means = f"{numbers.plain(contrast.scores[0], places)} / {numbers.plain(contrast.scores[1], places)}"
    difference = numbers.signed(contrast.estimate, places)
    if bounds is not None:
        difference += f" {numbers.interval(bounds, places)} {numbers.per_cent(level)}"
    if contrast.estimate is None:
        difference = words.none_reason(contrast) or numbers.NONE
    size = f"{len(contrast.seeds)} x {contrast.items:,}" if contrast.items else str(len(contrast.seeds))
    return means, difference, numbers.p_value(contrast.p_value), size, same_answers(contrast) or numbers.NONE


def _interaction_row(claim: ResolvedClaim, row: Interaction) -> tuple[str, ...]:
    places = _places(claim, row.metric)
    difference = f"{numbers.signed(row.estimate, places)} {numbers.interval(row.interval, places)}"
    said = row.why_none or "difference of differences"
    where = f"{row.target} less {row.control}"
    size = str(len(row.differences)) if row.differences else numbers.NONE
    figures = (numbers.NONE, difference, numbers.p_value(row.p_value), size, numbers.NONE)
    return (where, row.metric, row.arm, row.against, *figures, said)


def _places(claim: ResolvedClaim, metric: str) -> int:
    margins = [m.margin for m in claim.claim.metrics if m.name == metric]
    return numbers.decimals_for(margins[0]) if margins else 3
