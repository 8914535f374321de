"""The verdicts for a terminal: one table first, then what must be known beside it; every contrast where asked for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.search_words import search_words
from evenhand.decisions.standing import FamilyPlace
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Verdict, deciding_interval
from evenhand.decisions.wording import (
    family_words,
    identical_words,
    look_words,
    seal_words,
    supplement_reason,
    supplement_words,
)
from evenhand.report import numbers, words
from evenhand.report.glance import glance_lines

_BOUND = "\u00a0"
"""Where no line is broken; a plain space once it is printed."""


def verdict_lines(claim: ResolvedClaim, decision: Decision, *, width: int = 60) -> list[str]:
    """All that is shown, every contrast included, as plain lines, none longer than ``width`` columns (at least 20)."""
    return [line.plain for line in _lines(claim, decision, max(width, 20), full=True)]


def verdict_view(claim: ResolvedClaim, decision: Decision, width: int, *, full: bool = False) -> RenderableType:
    """What to print on a terminal of ``width`` columns: the table first, what must be known beside it below.

    Args:
        claim, decision: to show.
        width: of the terminal.
        full: every contrast with its figures, too.
    """
    return Group(*_lines(claim, decision, max(width, 20), full=full))


def _lines(claim: ResolvedClaim, decision: Decision, width: int, *, full: bool) -> Iterator[Text]:
    yield from _heading(claim, decision, width)
    yield from glance_lines(claim, decision, width)
    yield from _reasons(claim, decision, width)
    if full:
        for verdict in decision.verdicts:
            yield Text()
            yield from _verdict(claim, verdict, width)
    yield from _interactions(claim, decision, width, full=full)
    yield from _exploratory(claim, decision, width)
    yield from _warnings(decision, width)
    yield from _standing(claim, decision, width)


def _heading(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    yield from _wrapped(f"{decision.claim} (claim {decision.claim_hash})", width, "", "bold")
    if claim.claim.question:
        yield from _wrapped(claim.claim.question, width, "")
    if decision.look is not None:
        yield from _wrapped(look_words(decision.look), width, "")
    if not decision.finished:
        yield from _wrapped("Not finished: planned trials are still missing.", width, "", "yellow")
    if not decision.verdicts:
        yield from _wrapped("There is no verdict yet.", width, "")


def _standing(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    """What its search came to, where the claim stands in its ledger, and what a seal shows."""
    if decision.families or decision.tried:
        yield Text()
    for sentence in search_words(claim, decision):
        yield from _wrapped(sentence, width, "", "", "  ")
    for place in decision.families:
        yield from _wrapped(family_words(place), width, "", _place_style(place))
    for sentence in seal_words(decision.standing):
        yield from _wrapped(sentence, width, "", "dim")


def _place_style(place: FamilyPlace) -> str:
    return "yellow" if place.holds is False else "dim"


def _verdict(claim: ResolvedClaim, verdict: Verdict, width: int) -> Iterator[Text]:
    look = LOOKS[verdict.kind]
    role = "" if verdict.role == "variant" else f", {_role(verdict.role)}"
    head = f"{look.sign} {verdict.arm}{role} · {verdict.condition} · {verdict.metric}"
    yield from _wrapped(head, width, "", "bold", "  ")
    decides = words.standing_contrast(verdict)
    for contrast in verdict.contrasts:
        mark = " (decides)" if contrast is decides and len(verdict.contrasts) > 1 else ""
        yield from _contrast(claim, contrast, mark, width)
        if contrast is not decides:
            yield from _wrapped(_beside(claim, contrast), width, "    ", "dim")


def _beside(claim: ResolvedClaim, contrast: Contrast) -> str:
    """What a contrast that does not decide says beside its figures."""
    metric = next((m for m in claim.claim.metrics if m.name == contrast.metric), None)
    told = contrast.estimate is not None and contrast.judgement.case and metric is not None
    return supplement_words(contrast, metric) if told and metric is not None else ""


def _contrast(claim: ResolvedClaim, contrast: Contrast, mark: str, width: int) -> Iterator[Text]:
    kind = words.own_kind(contrast)
    own = f": {kind}" if kind else ""
    yield from _wrapped(f"against {contrast.against}, {_role(contrast.against_role)}{own}{mark}", width, "  ")
    places = _decimals(claim, contrast.metric)
    if contrast.estimate is None:
        yield from _wrapped(words.none_reason(contrast) or "no estimate", width, "    ")
        return
    figure = numbers.signed(contrast.estimate, places)
    interval, level = deciding_interval(contrast)
    if interval is not None:
        places = numbers.decimals_apart(interval, _margin(claim, contrast.metric), places)
        figure += f" {numbers.interval(interval, places)} {numbers.per_cent(level)}"
    yield from _wrapped(figure, width, "    ")
    size = numbers.count(len(contrast.seeds), "seed")
    size += f", {numbers.count(contrast.items, 'item')}" if contrast.items else ""
    size += "" if contrast.p_value is None else f", p {numbers.p_value(contrast.p_value)}"
    same = identical_words(contrast, scores=True)
    size += f", {same}" if same else ""
    yield from _wrapped(size, width, "    ")


def _reasons(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    """What the table does not say, each sentence once with all the verdicts that it holds for."""
    told: dict[str, list[Verdict]] = {}
    for verdict in decision.verdicts:
        if said := supplement_reason(verdict, claim):
            told.setdefault(said, []).append(verdict)
    if told:
        yield Text()
    for said, verdicts in told.items():
        signs = "".join(dict.fromkeys(LOOKS[verdict.kind].sign for verdict in verdicts))
        yield from _wrapped(f"{signs} {_places(verdicts, decision.verdicts)}: {said}", width, "", "", "  ")


def _places(verdicts: Sequence[Verdict], of: Sequence[Verdict]) -> str:
    """Which verdicts a sentence holds for; an arm of which it holds everywhere stands there once."""
    if len(verdicts) == len(of) > 1:
        return "every verdict"
    several = len({verdict.metric for verdict in verdicts}) > 1
    names = []
    for arm in dict.fromkeys(verdict.arm for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.arm == arm]
        if len(mine) == sum(verdict.arm == arm for verdict in of) > 2:
            names.append(f"{arm}, everywhere")
        else:
            names += [f"{v.arm} · {v.condition}" + (f" · {v.metric}" if several else "") for v in mine]
    return ", ".join(dict.fromkeys(names))


def _interactions(claim: ResolvedClaim, decision: Decision, width: int, *, full: bool) -> Iterator[Text]:
    told = {(v.arm, v.condition, v.metric): words.states_effect(v) for v in decision.verdicts}
    for effect in decision.interactions:
        if effect.estimate is None and not full and not told.get((effect.arm, effect.target, effect.metric), True):
            continue  # the verdict has said why there are no figures
        yield Text()
        head = f"{effect.arm} against {effect.against} · {effect.metric}: {effect.target} less {effect.control}"
        yield from _wrapped(head, width, "", "bold", "  ")
        yield from _wrapped(_interaction_figures(claim, effect), width, "  ")


def _interaction_figures(claim: ResolvedClaim, effect: Interaction) -> str:
    if effect.estimate is None:
        return effect.why_none or "no estimate"
    places = _decimals(claim, effect.metric)
    parts = [numbers.signed(effect.estimate, places)]
    parts.extend([] if effect.interval is None else [numbers.interval(effect.interval, places)])
    parts.extend([] if effect.p_value is None else [f"p {numbers.p_value(effect.p_value)}"])
    return " ".join(parts)


def _exploratory(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    if decision.exploratory:
        yield Text()
        yield from _wrapped("Exploratory: no verdict rests on these (p by Benjamini-Hochberg)", width, "", "bold")
    for entry in decision.exploratory:
        row = entry.contrast
        yield from _wrapped(f"{row.arm} against {row.against} · {row.condition} · {row.metric}", width, "  ")
        places = _decimals(claim, row.metric)
        parts = [numbers.signed(row.estimate, places), numbers.interval(row.interval, places)]
        parts.append(f"p {numbers.p_value(entry.adjusted_p)}")
        if row.estimate is not None and row.interval is None:
            parts = [parts[0]]
        reason = words.none_reason(row) or ("no estimate" if row.estimate is None else "")
        for told in ([" ".join(parts)] if row.estimate is not None else []) + ([reason] if reason else []):
            yield from _wrapped(told, width, "    ")


def _warnings(decision: Decision, width: int) -> Iterator[Text]:
    if decision.warnings:
        yield Text()
    for warning in decision.warnings:
        yield from _wrapped(f"! {warning}", width, "", "yellow", "  ")


def _decimals(claim: ResolvedClaim, metric: str) -> int:
    return numbers.decimals_for(_margin(claim, metric))


def _margin(claim: ResolvedClaim, metric: str) -> float:
    return next((m.margin for m in claim.claim.metrics if m.name == metric), 0.0)


def _role(role: str) -> str:
    return words.ROLE_WORDS.get(role, role)


def _wrapped(text: str, width: int, indent: str, style: str = "", further: str = "") -> Iterator[Text]:
    """Lines of at most ``width`` columns; an over-long word is broken, a number is kept beside its per cent sign."""
    clean = re.sub(r"(?<=\d) %", f"{_BOUND}%", " ".join(numbers.true_minus(text).split()))
    for line in textwrap.wrap(clean, width, initial_indent=indent, subsequent_indent=indent + further):
        yield Text(line.replace(_BOUND, " "), style)
