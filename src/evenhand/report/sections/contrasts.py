"""Verdicts and contrasts as the page shows them: a matrix up front, then each contrast beside its forest strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Condition, MetricClaim
from evenhand.decisions.kinds_shown import LOOKS, Look
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Verdict, VerdictKind, deciding_interval
from evenhand.decisions.wording import identical_clause, identical_words, stand_in_words, supplement_reason
from evenhand.recipes.working import told
from evenhand.report import numbers, words
from evenhand.report.charts.drawing import Tick
from evenhand.report.charts.forest import Scale, Strip
from evenhand.report.results import Results
from evenhand.report.sections.flips import right_or_wrong

_ANSWER = 40
"""Characters of the commonest answer that stand beside a verdict."""


@dataclass(frozen=True)
class SeedRow:
    """One pair of a contrast: seed, difference, and the ids of both trials (empty where there is no record)."""

    seed: int
    difference: str
    arm_trial: str
    against_trial: str


@dataclass(frozen=True)
class ContrastView:
    """A contrast in words and figures.

    Attributes:
        decides: it is the contrast that the verdict rests on.
        means: of the arm and of the other, in the metric's own direction; empty where there are none.
        facts: name and value of every figure it carries, at six significant digits.
    """

    contrast: Contrast
    strip: Strip
    decides: bool
    difference: str
    interval: str
    level: str
    means: str
    p: str
    reason: str
    kind: VerdictKind | None
    look: Look | None
    seeds: tuple[SeedRow, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def same_answer(self) -> str:
        """How often the baseline gives the same answer; empty where no answers are recorded."""
        found = self.contrast.same_answer
        if found is None:
            return ""
        line = " ".join(found.answer.split())
        cut = f"{line[:_ANSWER]}…" if len(line) > _ANSWER else line
        share = f"{100 * found.share:.3g} % of the answers of {found.arm}"
        return f"{share} are the same: ‘{cut}’" if line else f"{share} are empty"

    @property
    def identical(self) -> str:
        """On how many items both arms gave the same, as a clause; empty where nothing was kept."""
        return identical_clause(self.contrast)

    @property
    def same_answers(self) -> str:
        """How many answers both arms share, in few words; empty where none were kept."""
        return identical_words(self.contrast)


@dataclass(frozen=True)
class VerdictView:
    """A verdict with its look.

    Attributes:
        headline: the contrast that decides; None where there is none, or where the verdict states no effect.
        reasons: what is to be said beside the contrasts, whose figures stand there already.
    """

    verdict: Verdict
    look: Look
    reasons: tuple[str, ...]
    headline: ContrastView | None
    contrasts: tuple[ContrastView, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """Why contrasts have no figures and which pairs they lost, each said once for all that it holds for."""
        told: dict[str, list[str]] = {}
        for row in self.contrasts:
            said = [] if self._is_said(row) else [row.reason]
            lost: dict[str, list[str]] = {}
            for seed, reason in sorted(row.contrast.dropped.items()):
                lost.setdefault(reason, []).append(str(seed))
            for reason, seeds in lost.items():
                said.append(
                    f"{'pair of seed' if len(seeds) == 1 else 'pairs of seeds'} {', '.join(seeds)} dropped: {reason}"
                )
            if said:
                told.setdefault("; ".join(said), []).append(row.contrast.against)
        return tuple(f"against {', '.join(arms)}: {said}" for said, arms in told.items())

    def _is_said(self, row: ContrastView) -> bool:
        """Whether the verdict's own reason is this one already, be it of another rival."""
        own, arms = row.contrast.against, [other.contrast.against for other in self.contrasts]
        return not row.reason or any(row.reason.replace(own, arm) in said for said in self.reasons for arm in arms)


@dataclass(frozen=True)
class InteractionView:
    """A difference of differences beside its strip."""

    interaction: Interaction
    strip: Strip
    difference: str
    interval: str
    p: str


@dataclass(frozen=True)
class ExploratoryView:
    """The contrasts of one metric that is not primary, on a scale of their own; no verdict rests on them.

    Attributes:
        rows: contrast, Benjamini-Hochberg p, and whether it is within the false discovery rate.
    """

    name: str
    margin: str
    scale: Scale
    ticks: tuple[Tick, ...]
    rows: tuple[tuple[ContrastView, str, bool], ...]


@dataclass(frozen=True)
class MatrixRow:
    """An arm's verdicts, one cell per condition; a cell may hold none, one or several."""

    arm: str
    role: str
    check: bool
    cells: tuple[tuple[VerdictView, ...], ...]


@dataclass(frozen=True)
class MetricView:
    """All that is said about one metric; ``figures`` is whether anything can be placed on its scale."""

    name: str
    claim: MetricClaim | None
    margin: str
    decimals: int
    scale: Scale
    ticks: tuple[Tick, ...]
    conditions: tuple[Condition, ...]
    rows: tuple[MatrixRow, ...]
    groups: tuple[tuple[Condition, tuple[VerdictView, ...]], ...]
    interactions: tuple[InteractionView, ...]
    figures: bool


def metric_views(claim: ResolvedClaim, decision: Decision, results: Results) -> tuple[MetricView, ...]:
    """One view per metric: primary ones first, then the others, then metrics that only the decision names."""
    declared = sorted(claim.claim.metrics, key=lambda metric: not metric.primary)
    names = dict.fromkeys([m.name for m in declared] + [v.metric for v in decision.verdicts])
    shown = [n for n in names if any(v.metric == n for v in decision.verdicts)]
    return tuple(_metric_view(claim, decision, results, name) for name in shown)


def _metric_view(claim: ResolvedClaim, decision: Decision, results: Results, name: str) -> MetricView:
    metric = next((m for m in claim.claim.metrics if m.name == name), None)
    margin = metric.margin if metric else 0.0
    decimals = numbers.decimals_for(margin)
    verdicts = [v for v in decision.verdicts if v.metric == name]
    interactions = [i for i in decision.interactions if i.metric == name]
    shown = [c for v in verdicts for c in v.contrasts]
    scale = Scale.spanning([*shown, *interactions], margin)
    views = [
        _verdict_view(v, scale, decimals, results, supplement_reason(v, claim))
        for v in told("drawing verdicts", verdicts)
    ]
    conditions = _conditions(claim, verdicts)
    return MetricView(
        name,
        metric,
        numbers.exact(margin) if metric else "",
        decimals,
        scale,
        scale.ticks(decimals),
        conditions,
        _matrix(views, conditions),
        tuple((c, tuple(v for v in views if v.verdict.condition == c.name)) for c in conditions),
        tuple(_interaction_view(i, scale, decimals) for i in interactions),
        any(c.estimate is not None or c.differences for c in shown),
    )


def exploratory_views(claim: ResolvedClaim, decision: Decision, results: Results) -> tuple[ExploratoryView, ...]:
    """One view per metric of the exploratory table, in the order of the claim."""
    found = []
    declared = [metric.name for metric in claim.claim.metrics]
    for name in dict.fromkeys([*declared, *(e.contrast.metric for e in decision.exploratory)]):
        entries = [e for e in decision.exploratory if e.contrast.metric == name]
        if entries:
            margin = next((m.margin for m in claim.claim.metrics if m.name == name), 0.0)
            places, scale = numbers.decimals_for(margin), Scale.spanning([e.contrast for e in entries], margin)
            rows = tuple(
                (
                    _contrast_view(e.contrast, scale, places, results, decides=False),
                    numbers.p_value(e.adjusted_p),
                    e.discovery,
                )
                for e in entries
            )
            shown = numbers.exact(margin) if margin else ""
            found.append(ExploratoryView(name, shown, scale, scale.ticks(places), rows))
    return tuple(found)


def _conditions(claim: ResolvedClaim, verdicts: Sequence[Verdict]) -> tuple[Condition, ...]:
    """The claim's conditions that have verdicts, then conditions that only verdicts name."""
    named = dict.fromkeys(v.condition for v in verdicts)
    known = [c for c in claim.claim.conditions if c.name in named]
    extra = [name for name in named if name not in {c.name for c in known}]
    return (*known, *(Condition.model_construct(name=name, settings={}, expect=None) for name in extra))


def _matrix(views: Sequence[VerdictView], conditions: Sequence[Condition]) -> tuple[MatrixRow, ...]:
    rows = []
    for check in (False, True):
        mine = [view for view in views if words.is_check(view.verdict) == check]
        for arm, role in dict.fromkeys((view.verdict.arm, view.verdict.role) for view in mine):
            own = [v for v in mine if (v.verdict.arm, v.verdict.role) == (arm, role)]
            cells = tuple(tuple(v for v in own if v.verdict.condition == c.name) for c in conditions)
            rows.append(MatrixRow(arm, role, check, cells))
    return tuple(rows)


def _verdict_view(verdict: Verdict, scale: Scale, decimals: int, results: Results, reason: str) -> VerdictView:
    decides = words.standing_contrast(verdict)
    rows = tuple(_contrast_view(c, scale, decimals, results, decides=c is decides) for c in verdict.contrasts)
    headline = next((row for row in rows if row.decides and words.states_effect(verdict)), None)
    return VerdictView(verdict, LOOKS[verdict.kind], (reason,) if reason else (), headline, rows)


def _contrast_view(contrast: Contrast, scale: Scale, decimals: int, results: Results, *, decides: bool) -> ContrastView:
    kind = words.own_kind(contrast)
    interval, level = deciding_interval(contrast)
    return ContrastView(
        contrast,
        scale.strip(contrast),
        decides,
        numbers.signed(contrast.estimate, decimals),
        numbers.interval(interval, decimals),
        numbers.per_cent(level),
        _means(contrast, decimals),
        numbers.p_value(contrast.p_value),
        words.none_reason(contrast),
        kind,
        LOOKS[kind] if kind else None,
        _seed_rows(contrast, decimals, results),
        _facts(contrast, right_or_wrong(contrast, results)),
    )


def _means(contrast: Contrast, decimals: int) -> str:
    if contrast.scores is None:
        return ""
    mine, theirs = (numbers.plain(score, decimals) for score in contrast.scores)
    return f"{mine} against {theirs}"


def _seed_rows(contrast: Contrast, decimals: int, results: Results) -> tuple[SeedRow, ...]:
    rows = []
    for position, seed in enumerate(contrast.seeds):
        ids = []
        for arm in (contrast.arm, contrast.against):
            planned = results.at(contrast.rung, contrast.condition, arm, seed)
            ids.append(planned.trial.id if planned and planned.record else "")
        known = position < len(contrast.differences)
        value = numbers.signed(contrast.differences[position], decimals + 1) if known else numbers.NONE
        rows.append(SeedRow(seed, value, *ids))
    return tuple(rows)


def _facts(contrast: Contrast, flips: bool) -> tuple[tuple[str, str], ...]:
    """Every figure of a contrast that exists, by its name; items flip only where they are right or wrong."""
    level = numbers.per_cent(contrast.level)
    facts: list[tuple[str, str]] = [("in words", contrast.words)] if contrast.words else []
    if contrast.scores is not None:
        facts.append((f"score of {contrast.arm}", numbers.exact(contrast.scores[0])))
        facts.append((f"score of {contrast.against}", numbers.exact(contrast.scores[1])))
    values: list[tuple[str, float | int | None]] = [
        ("difference", contrast.estimate),
        ("standard error", contrast.standard_error),
        ("degrees of freedom", contrast.degrees_of_freedom),
        ("p, two-sided", contrast.p_value),
        ("exact sign-flip p", contrast.sign_flip_p),
        ("least sign-flip p possible", contrast.sign_flip_minimum),
        ("correlation of the pairs", contrast.correlation),
        ("items gained, over seeds", contrast.gained if flips else None),
        ("items lost, over seeds", contrast.lost if flips else None),
    ]
    facts.extend((name, numbers.exact(value)) for name, value in values if value is not None)
    spans = [
        (f"{level} interval", contrast.interval),
        (
            f"{numbers.per_cent(contrast.equivalence_level)} interval of the equivalence test",
            contrast.equivalence_interval,
        ),
        (f"{level} bootstrap over seeds and items", contrast.bootstrap_interval),
    ]
    facts.extend((name, f"[{numbers.exact(s[0])}, {numbers.exact(s[1])}]") for name, s in spans if s is not None)
    if contrast.identical:
        facts.append(("paired outputs", "all identical"))
    facts.extend(_further_facts(contrast))
    for name, figure in sorted(contrast.figures.items(), key=lambda entry: entry[0]):
        if figure is not None:
            facts.append((name.replace("_", " "), figure if isinstance(figure, str) else numbers.exact(figure)))
    return tuple(facts)


def _further_facts(contrast: Contrast) -> list[tuple[str, str]]:
    """What could still hide behind a contrast: collapses, answers that differ, trials that were lost."""
    facts: list[tuple[str, str]] = []
    if (found := contrast.collapse) is not None:
        facts.append(("seeds collapsed", f"{found.collapsed} of {found.seeds}"))
        facts.append(("score from which a seed counts as collapsed", numbers.exact(found.threshold)))
        facts.append((f"rate of collapse not excluded at {numbers.per_cent(found.level)}", f"{found.not_excluded:.3g}"))
        lost = found.reason if found.break_even is None else f"{found.break_even:.3g}"
        facts.append(("rate of collapse at which the gain is lost", lost or numbers.NONE))
    if (above := contrast.learned) is not None and above.scores is not None:
        span = "" if above.interval is None else f" [{', '.join(numbers.exact(end) for end in above.interval)}]"
        size = numbers.NONE if above.estimate is None else numbers.exact(above.estimate)
        facts.append((f"baseline less its floor ({above.above}, {numbers.exact(above.scores[1])})", f"{size}{span}"))
    if (common := contrast.same_answer) is not None:
        said = f"{100 * common.share:.3g} % ({common.count:,} of {common.answers:,})"
        facts.append((f"answers of {common.arm} that are its commonest one", said))
    if (same := contrast.same_scores) is not None:
        facts.append((f"share of {same.unit} that may differ", f"{same.may_differ:.3g} (0 of {same.compared} do)"))
    if (worst := contrast.lost_pairs) is not None:
        lost_seeds = ", ".join(f"{arm} {seed}" for arm, seed in zip(worst.arms, worst.seeds, strict=True))
        span = "" if worst.interval is None else f" [{', '.join(numbers.exact(end) for end in worst.interval)}]"
        size = numbers.NONE if worst.estimate is None else numbers.exact(worst.estimate)
        facts.append((f"difference with {stand_in_words(worst)} for what was lost ({lost_seeds})", f"{size}{span}"))
    return facts


def _interaction_view(interaction: Interaction, scale: Scale, decimals: int) -> InteractionView:
    return InteractionView(
        interaction,
        scale.strip(interaction),
        numbers.signed(interaction.estimate, decimals),
        numbers.interval(interaction.interval, decimals),
        numbers.p_value(interaction.p_value),
    )
