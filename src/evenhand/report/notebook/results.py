"""What run, plan and decide return: the data, and how a terminal and a notebook show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from markupsafe import Markup

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.kinds_shown import LOOKS
from evenhand.decisions.verdict import Contrast, Decision, Verdict, deciding_interval
from evenhand.decisions.wording import look_words
from evenhand.report import numbers, words
from evenhand.report.marks import visible
from evenhand.report.notebook import html
from evenhand.running import plan

_MOST_LINES = 24
"""Verdicts in a repr; the table has all."""

_HEAD = ("verdict", "arm", "condition", "metric", "against", "difference", "interval", "p", "seeds", "items")


@dataclass(frozen=True, repr=False)
class Plan(plan.Plan):
    """What a claim would run; see :class:`evenhand.running.plan.Plan` for its fields."""

    @classmethod
    def of(cls, found: plan.Plan) -> Self:
        """A plan that shows itself."""
        return cls(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})

    def __repr__(self) -> str:
        return visible("\n".join(sentence for sentence, _ in plan.plan_lines(self)))

    def _repr_html_(self) -> str:
        head, *rest = plan.plan_lines(self)
        return html.paragraph(head[0], strong=True) + html.bullets(sentence for sentence, _ in rest)


@dataclass(frozen=True, repr=False)
class Result(Decision):
    """The decision on a claim; see :class:`evenhand.decisions.verdict.Decision` for its other fields.

    Attributes:
        resolved: the claim that was decided.
        remarks: what would run anew, and harmless remarks on the ledger; they are no part of the decision.
    """

    resolved: ResolvedClaim = dataclasses.field(kw_only=True)
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, decision: Decision, resolved: ResolvedClaim, remarks: Iterable[str] = ()) -> Self:
        """A decision that shows itself."""
        found = {field.name: getattr(decision, field.name) for field in dataclasses.fields(decision)}
        return cls(**found, resolved=resolved, remarks=tuple(remarks))

    def table(self) -> list[dict[str, Any]]:
        """One row per contrast, as plain data: ``pandas.DataFrame(result.table())``.

        What cannot be computed is None; a verdict without any contrast has one row.
        """
        return [_row(verdict, contrast) for verdict, contrast in _contrasts(self.verdicts)]

    def __repr__(self) -> str:
        lines = [_line(self.resolved, verdict) for verdict in self.verdicts[:_MOST_LINES]]
        more = len(self.verdicts) - len(lines)
        lines += [f"... and {numbers.count(more, 'verdict')} more"] if more else []
        return visible("\n".join([self._head(), *lines, *(f"! {one}" for one in (*self.warnings, *self.remarks))]))

    def _repr_html_(self) -> str:
        question = self.resolved.claim.question
        parts = [html.paragraph(self._head(), strong=True), html.paragraph(question) if question else Markup("")]
        parts += [html.paragraph(look_words(self.look)) if self.look is not None else Markup("")]
        found = list(_contrasts(self.verdicts))
        decides = [len(v.contrasts) < 2 or c is words.standing_contrast(v) for v, c in found]
        parts.append(
            html.table(_HEAD, [_cells(self.resolved, v, c) for v, c in found], strong=() if all(decides) else decides)
        )
        said = {m: words.orientation(self.resolved, m) for m in dict.fromkeys(v.metric for v in self.verdicts)}
        parts.append(html.bullets(f"{metric}: {sentence}" for metric, sentence in said.items() if sentence))
        parts.append(html.bullets(f"! {one}" for one in (*self.warnings, *self.remarks)))
        reasons = [f"{v.arm} · {v.condition} · {v.metric}: {' '.join(words.reasons(v))}" for v in self.verdicts]
        parts.append(html.details("Reasons", html.bullets(reasons)) if reasons else Markup(""))
        parts.append(self._further())
        return Markup("").join(parts)

    def _further(self) -> Markup:
        """Differences of differences, and what no verdict rests on."""
        effects = [
            (f"{e.target} less {e.control}", e.arm, e.against, e.metric, *_figures(self.resolved, e.metric, e))
            for e in self.interactions
        ]
        rows = [_cells(self.resolved, None, entry.contrast) for entry in self.exploratory]
        parts = []
        if effects:
            head = ("conditions", "arm", "against", "metric", "difference", "interval", "p")
            parts.append(html.details("Differences of differences", html.table(head, effects)))
        if rows:
            parts.append(html.details("Exploratory: no verdict rests on these", html.table(_HEAD[1:], rows)))
        return Markup("").join(parts)

    def _head(self) -> str:
        state = "finished" if self.finished else "not finished: planned trials are still missing"
        return f"{self.claim} (claim {self.claim_hash}), {state}"


def _contrasts(verdicts: Iterable[Verdict]) -> Iterable[tuple[Verdict, Contrast | None]]:
    for verdict in verdicts:
        yield from ((verdict, contrast) for contrast in verdict.contrasts or (None,))


def _row(verdict: Verdict, contrast: Contrast | None) -> dict[str, Any]:
    row = {
        "verdict": str(verdict.title), "arm": verdict.arm, "role": verdict.role, "condition": verdict.condition,
        "metric": verdict.metric, "rung": verdict.rung,
    }  # fmt: skip
    if contrast is None:
        figures = dict.fromkeys(("against", "decides", "difference", "low", "high", "level", "p", "seeds", "items"))
        return row | figures | {"why": " ".join(words.reasons(verdict))}
    interval, level = deciding_interval(contrast)
    low, high = interval or (None, None)
    return row | {
        "against": contrast.against, "decides": contrast is words.standing_contrast(verdict),
        "difference": contrast.estimate, "low": low, "high": high, "level": level, "p": contrast.p_value,
        "seeds": len(contrast.seeds), "items": contrast.items or None, "why": contrast.words,
    }  # fmt: skip


def _cells(claim: ResolvedClaim, verdict: Verdict | None, contrast: Contrast | None) -> tuple[object, ...]:
    """The cells of a row of contrasts; the verdict stands in the first of its rows."""
    title: tuple[str, ...] = ()
    if verdict is not None:
        first = contrast is None or contrast is verdict.contrasts[0]
        title = (f"{LOOKS[verdict.kind].sign} {verdict.title}" if first else "",)
    if contrast is None:
        assert verdict is not None
        return (*title, verdict.arm, verdict.condition, verdict.metric, *[numbers.NONE] * 6)
    return (
        *title, contrast.arm, contrast.condition, contrast.metric, contrast.against,
        *_figures(claim, contrast.metric, contrast), len(contrast.seeds), contrast.items or numbers.NONE,
    )  # fmt: skip


def _figures(claim: ResolvedClaim, metric: str, found: Any) -> tuple[str, str, str]:
    """Difference, interval and p of a contrast or a difference of differences."""
    places = numbers.decimals_for(next((m.margin for m in claim.claim.metrics if m.name == metric), 0.0))
    level = ""
    interval = found.interval
    if isinstance(found, Contrast):
        interval, share = deciding_interval(found)
        level = f" {numbers.per_cent(share)}"
    shown = f"{numbers.interval(interval, places)}{level}" if interval else numbers.NONE
    return numbers.signed(found.estimate, places), shown, numbers.p_value(found.p_value)


def _line(claim: ResolvedClaim, verdict: Verdict) -> str:
    """A verdict in a line, with the contrast that decided."""
    head = f"{LOOKS[verdict.kind].sign} {verdict.title}: {verdict.arm} · {verdict.condition} · {verdict.metric}"
    contrast = words.standing_contrast(verdict)
    if contrast is None or contrast.estimate is None or not verdict.kind.rests_on_estimate:
        return head
    difference, interval, _ = _figures(claim, verdict.metric, contrast)
    return f"{head}, {difference} {interval} against {contrast.against}"
