"""The verdicts for a terminal: stacked plain lines that fit 60 columns, and a table where there is room."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.search_words import search_words
from evenhand.decisions.standing import FamilyPlace
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Verdict, deciding_interval
from evenhand.decisions.wording import family_words, look_words, seal_words
from evenhand.report import numbers, words

_TABLE_FROM = 120
"""Columns from which a table is easier to read than stacked lines."""


def verdict_lines(claim: ResolvedClaim, decision: Decision, *, width: int = 60) -> list[str]:
    """All verdicts with every contrast as plain lines, none longer than ``width`` columns (at least 20)."""
    return [line.plain for line in _stacked(claim, decision, max(width, 20))]


def verdict_view(claim: ResolvedClaim, decision: Decision, width: int) -> RenderableType:
    """What to print on a terminal of ``width`` columns: the table with the reasons below, or stacked lines."""
    if width < _TABLE_FROM:
        return Group(*_stacked(claim, decision, max(width, 20)))
    below = [line for verdict in decision.verdicts for line in _reasons(verdict, width)]
    tail = [*_interactions(claim, decision, width), *_exploratory(claim, decision, width), *_warnings(decision, width)]
    table: list[RenderableType] = [verdict_table(claim, decision), *_orientations(claim, decision, width)]
    return Group(*_heading(claim, decision, width), Text(), *table, Text(), *below, *tail)


def _orientations(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    for metric in dict.fromkeys(verdict.metric for verdict in decision.verdicts):
        said = words.orientation(claim, metric)
        yield from _wrapped(f"{metric}: {said}" if said else "", width, "", "dim")


def verdict_table(claim: ResolvedClaim, decision: Decision) -> Table:
    """One row per contrast, the verdict before the first of each arm and condition; the deciding one is marked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, highlight=False, padding=(0, 1, 0, 0))
    several = len({verdict.metric for verdict in decision.verdicts}) > 1
    names = {
        "arm": {verdict.arm for verdict in decision.verdicts},
        "condition": {verdict.condition for verdict in decision.verdicts},
        "metric": {verdict.metric for verdict in decision.verdicts} if several else set(),
        "against": {f"? {contrast.against}" for verdict in decision.verdicts for contrast in verdict.contrasts},
    }
    table.add_column("verdict", min_width=16)
    for name, values in names.items():
        if name != "metric" or several:
            longest = max(map(len, values), default=0)
            table.add_column(name, overflow="fold", min_width=min(longest, 16))
    for name in ("difference", "interval", "p", "seeds", "items"):
        table.add_column(name, justify="right", no_wrap=True)
    for verdict in decision.verdicts:
        look = words.LOOKS[verdict.kind]
        head = [Text(f"{look.sign} {verdict.title}", look.style), Text(verdict.arm), Text(verdict.condition)]
        head.extend([Text(verdict.metric)] if several else [])
        if not verdict.contrasts:
            table.add_row(*head, *[Text(numbers.NONE)] * 6)
        decides = words.standing_contrast(verdict)
        for contrast in verdict.contrasts:
            table.add_row(*head, *_cells(claim, contrast, contrast is decides and len(verdict.contrasts) > 1))
            head = [Text()] * len(head)
    return table


def _cells(claim: ResolvedClaim, contrast: Contrast, decides: bool) -> list[Text]:
    places = _decimals(claim, contrast.metric)
    interval, level = deciding_interval(contrast)
    figures = (
        numbers.signed(contrast.estimate, places),
        f"{numbers.interval(interval, places)} {numbers.per_cent(level)}" if interval else numbers.NONE,
        numbers.p_value(contrast.p_value),
        str(len(contrast.seeds)),
        f"{contrast.items:,}" if contrast.items else numbers.NONE,
    )
    style = "bold" if decides else ""
    kind = words.own_kind(contrast)
    sign = f"{words.LOOKS[kind].sign} " if kind else ""
    return [Text(f"{sign}{contrast.against}", style), *(Text(f, style) for f in figures)]


def _stacked(claim: ResolvedClaim, decision: Decision, width: int) -> list[Text]:
    lines = list(_heading(claim, decision, width))
    for verdict in decision.verdicts:
        lines.append(Text())
        lines.extend(_verdict(claim, verdict, width))
    lines.extend(_interactions(claim, decision, width))
    lines.extend(_exploratory(claim, decision, width))
    lines.extend(_warnings(decision, width))
    return lines


def _heading(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    yield from _wrapped(f"{decision.claim} (claim {decision.claim_hash})", width, "", "bold")
    if claim.claim.question:
        yield from _wrapped(claim.claim.question, width, "")
    if decision.look is not None:
        yield from _wrapped(look_words(decision.look), width, "")
    for sentence in search_words(claim, decision):
        yield from _wrapped(sentence, width, "", "", "  ")
    for place in decision.families:
        yield from _wrapped(family_words(place), width, "", _place_style(place))
    for sentence in seal_words(decision.standing):
        yield from _wrapped(sentence, width, "", "dim")
    if not decision.finished:
        yield from _wrapped("Not finished: planned trials are still missing.", width, "", "yellow")
    if not decision.verdicts:
        yield from _wrapped("There is no verdict yet.", width, "")


def _place_style(place: FamilyPlace) -> str:
    return "yellow" if place.holds is False else "dim"


def _verdict(claim: ResolvedClaim, verdict: Verdict, width: int) -> Iterator[Text]:
    look = words.LOOKS[verdict.kind]
    yield from _wrapped(f"{look.sign} {verdict.title}", width, "", look.style, "  ")
    role = "" if verdict.role == "variant" else f", {_role(verdict.role)}"
    yield from _wrapped(f"{verdict.arm}{role} · {verdict.condition} · {verdict.metric}", width, "  ", "bold")
    yield from _wrapped(words.orientation(claim, verdict.metric), width, "  ", "dim")
    decides = words.standing_contrast(verdict)
    for contrast in verdict.contrasts:
        mark = " (decides)" if contrast is decides and len(verdict.contrasts) > 1 else ""
        yield from _contrast(claim, contrast, mark, width)
    for reason in words.reasons(verdict):
        yield from _wrapped(reason, width, "  ", "dim")


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
        figure += f" {numbers.interval(interval, places)} {numbers.per_cent(level)}"
    yield from _wrapped(figure, width, "    ")
    size = numbers.count(len(contrast.seeds), "seed")
    size += f", {numbers.count(contrast.items, 'item')}" if contrast.items else ""
    size += "" if contrast.p_value is None else f", p {numbers.p_value(contrast.p_value)}"
    yield from _wrapped(size, width, "    ")


def _reasons(verdict: Verdict, width: int) -> Iterator[Text]:
    shown = words.reasons(verdict)
    if shown:
        look = words.LOOKS[verdict.kind]
        head = f"{look.sign} {verdict.arm} · {verdict.condition}: "
        yield from _wrapped(head + " ".join(shown), min(width, 100), "", "", "  ")


def _interactions(claim: ResolvedClaim, decision: Decision, width: int) -> Iterator[Text]:
    for effect in decision.interactions:
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
        reason = words.none_reason(row) or "no estimate"
        yield from _wrapped(reason if row.estimate is None else " ".join(parts), width, "    ")


def _warnings(decision: Decision, width: int) -> Iterator[Text]:
    if decision.warnings:
        yield Text()
    for warning in decision.warnings:
        yield from _wrapped(f"! {warning}", width, "", "yellow", "  ")


def _decimals(claim: ResolvedClaim, metric: str) -> int:
    return numbers.decimals_for(next((m.margin for m in claim.claim.metrics if m.name == metric), 0.0))


def _role(role: str) -> str:
    return words.ROLE_WORDS.get(role, role)


def _wrapped(text: str, width: int, indent: str, style: str = "", further: str = "") -> Iterator[Text]:
    """Lines of at most ``width`` columns; an over-long word is broken."""
    clean = " ".join(text.split())
    for line in textwrap.wrap(clean, width, initial_indent=indent, subsequent_indent=indent + further):
        yield Text(line, style)
