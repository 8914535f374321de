"""The words of a decision, made last and in one place: from fields to titles, sentences and amounts. Pure.

Nothing here decides anything, and no code reads what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import MetricClaim
from evenhand.decisions.detail_words import detail_words
from evenhand.decisions.fault_words import fault_words, no_floor_words, reasons_missing
from evenhand.decisions.guard_words import guard_bracket, guard_words
from evenhand.decisions.rules import CASE, CHOSEN, LOST, MORE, Span
from evenhand.decisions.search_words import tuning_words
from evenhand.decisions.standing import LEDGER_RATE, FamilyPlace, LedgerFamily, Standing
from evenhand.decisions.standing_words import standing_words
from evenhand.decisions.verdict import (
    Contrast,
    Decision,
    GivenUp,
    IdenticalShare,
    Interaction,
    Interval,
    Learned,
    LostPairs,
    PlannedLook,
    PruneReason,
    Screened,
    Settling,
    StandIn,
    Verdict,
    VerdictKind,
    deciding_interval,
)

if TYPE_CHECKING:
    from evenhand.statistics import Collapse, Identical

USUAL_ALPHA = 0.05
"""The error rate that a verdict has unless it says another."""

SCOPE_WORDS = {
    "checkpoint": ", for these trained models only (scope checkpoint)",
    "seeds": ", for these very items only (scope seeds)",
}
"""What an estimate does not hold for, where that is less than the recipe."""


def worded(verdict: Verdict, claim: ResolvedClaim) -> Verdict:
    """The verdict with its reasons and what stands in brackets, and every contrast of it in words."""
    metric = next(m for m in claim.claim.metrics if m.name == verdict.metric)
    if verdict.screened is not None:
        text = _pruned_words(claim, verdict.screened)
        return replace(verdict, qualifier=verdict.screened.rung, reasons=(text,))
    contrasts = tuple(worded_contrast(found, metric) for found in verdict.contrasts)
    verdict = replace(verdict, contrasts=contrasts)
    deciding = verdict.deciding
    assert deciding is not None
    order = [deciding, *(c for c in contrasts if c is not deciding)]
    reasons = tuple(c.words for c in order)
    if verdict.dropped_after is not None:
        reasons = (f"{reasons[0]}; {dropped_words(verdict.dropped_after)}", *reasons[1:])
    if verdict.overruled is not None:
        by = verdict.overruled.by
        return replace(verdict, qualifier=by, reasons=(_overruled_words(verdict, claim), *reasons))
    brackets = _brackets(deciding, contrasts[0], claim.claim.alpha)
    if failing := guard_bracket(verdict.guards):
        told = next(guard_words(guard) for guard in verdict.guards if not guard.held)
        return replace(verdict, qualifier=failing, reasons=(f"{reasons[0]}; {told}", *reasons[1:]))
    if verdict.guards:
        reasons = ("; ".join([reasons[0], *map(guard_words, verdict.guards)]), *reasons[1:])
    return replace(verdict, qualifier=brackets, reasons=reasons)


def worded_contrast(found: Contrast, metric: MetricClaim) -> Contrast:
    """The contrast with what it says alone, in words."""
    found = with_reasons(found, metric)
    return replace(found, words=contrast_words(found, metric), qualifier=contrast_brackets(found))


def with_reasons(found: Contrast, metric: MetricClaim) -> Contrast:
    """The contrast with why it yields no number, or none that could tell its arms apart, in words."""
    dropped = found.dropped or reasons_missing(found.missing)
    none = "" if found.seeds or found.fault else next(iter(dropped.values()), "its trials have not run yet")
    learned = found.learned and _with_obstacle(found.learned)
    return replace(
        found,
        dropped=dropped,
        why_none=found.why_none or none,
        figures=found.figures or detail_words(found.details),
        learned=learned,
        invalid=fault_words(found.fault),
        saturated="" if found.saturation is None else found.saturation.explanation,
        not_learned=learned_words(learned, metric) if learned is not None and found.unlearned else "",
    )


def _with_obstacle(found: Learned) -> Learned:
    return found if found.obstacle is None else replace(found, why_none=no_floor_words(found.obstacle))


def worded_interaction(found: Interaction) -> Interaction:
    """A difference of differences with why there is none, where there is none."""
    if found.fault is not None:
        return replace(found, why_none=fault_words(found.fault))
    none = "" if found.differences else "no seed has a complete pair in both conditions"
    return replace(found, why_none=found.why_none or none)


def _brackets(deciding: Contrast, baseline: Contrast, alpha: float) -> str:
    parts = [deciding.qualifier]
    if deciding is not baseline and deciding.kind is not VerdictKind.GAIN:
        parts.append(f"against {deciding.against}")
    if deciding.kind.rests_on_estimate:
        # What an answer holds for, and how strict it is, where either is less than a reader takes for granted.
        parts += [f"scope {deciding.scope}"] if deciding.scope != "recipe" else []
        parts += [f"alpha {alpha:g}"] if alpha > USUAL_ALPHA else []
    return ", ".join(part for part in parts if part)


def contrast_brackets(found: Contrast) -> str:
    """What stands in brackets after the verdict of one contrast: its qualifiers, then who diverged."""
    alone = tuple(found.diverged) == (found.arm,)
    return ", ".join([*found.judgement.qualifiers, *_diverged(found, named=not alone)[:1]])


def contrast_words(found: Contrast, metric: MetricClaim) -> str:
    """What one contrast says alone: the sentence of its case, then what else must be known of it."""
    judgement = found.judgement
    if not judgement.case:
        return ""
    diverged = " and ".join(_diverged(found))
    if found.all_imputed:
        kind = judgement.kind
        end, worst = worst_key(metric), worst_value(metric)
        words = (
            f"against {found.against}: {kind}; {diverged}; scored at the worst value {worst:g} the difference is "
            f"{found.estimate:+.4g}, a number of the {end} and not of the arms, so it has no interval"
        )
    else:
        words = CASE[judgement.case].words.format_map(_fields(found, metric))
    return "; ".join([words, *_further(found, metric)])


def _further(found: Contrast, metric: MetricClaim) -> list[str]:
    """What must be known of a contrast beside what it says, as clauses."""
    words = []
    if not found.all_imputed:
        words += [] if found.lost_pairs is None else [lost_words(found.lost_pairs, metric)]
        diverged = " and ".join(_diverged(found))
        words += [f"{diverged}, and were scored at the worst value {worst_value(metric):g}"] if diverged else []
    words += [_unscored_words(found.judgement.unscored, metric)] if found.judgement.unscored else []
    return words + ([] if found.collapse is None else [collapse_words(found.collapse)])


_BESIDE_FIGURES = {
    "gain": "", "gain >= margin": "", "regression": "", "regression >= margin": "", "no-effect": "", LOST.name: "",
    "trivial effect": "there is an effect ({effect}), but a trivial one", "no interval": "{why_none}{settled}",
    CHOSEN.name: "a regression{more}, alone, not shown for the lowest of {rivals} rivals", "inconclusive": "{settled}",
}  # fmt: skip
"""What the sentence of a case says beside verdict, difference and interval; of other cases it is all of it."""


def supplement_words(found: Contrast, metric: MetricClaim) -> str:
    """What one contrast says alone, for a place where its verdict, difference and interval stand already."""
    case = found.judgement.case
    if case not in _BESIDE_FIGURES or found.all_imputed:
        return contrast_words(found, metric)
    said = _BESIDE_FIGURES[case].format_map(_fields(found, metric)).removeprefix("; ")
    return "; ".join(part for part in [said, *_further(found, metric)] if part)


def supplement_reason(verdict: Verdict, claim: ResolvedClaim) -> str:
    """What a verdict rests on, for a place where it stands with the figures that decide; empty if that is all."""
    deciding, metric = verdict.deciding, next((m for m in claim.claim.metrics if m.name == verdict.metric), None)
    if verdict.overruled is None and deciding is not None and deciding.judgement.case and metric is not None:
        tuning = [] if verdict.tuning is None else [tuning_words(verdict.tuning, verdict.arm)]
        said = "; ".join(
            part for part in [supplement_words(deciding, metric), *map(guard_words, verdict.guards)] if part
        )
        return ". ".join(part for part in (said, *tuning) if part)
    return next((reason for reason in verdict.reasons if reason), "")


class _fields(dict[str, str]):
    """What the sentences of the cases name in braces; made only where a sentence asks for it."""

    def __init__(self, found: Contrast, metric: MetricClaim) -> None:
        super().__init__()
        self.found, self.metric = found, metric

    def __missing__(self, name: str) -> str:
        found, metric, judgement = self.found, self.metric, self.found.judgement
        tried = found.lost_pairs.tried if found.lost_pairs is not None and judgement.case == LOST.name else None
        makers: dict[str, Callable[[], str]] = {
            "pending": lambda: f"{_several(judgement.pending, 'pair')} {_is(judgement.pending)}",
            "complete": lambda: f"{len(found.seeds)} {_is(len(found.seeds))}",
            "invalid": lambda: found.invalid,
            "bracket": lambda: ", ".join(judgement.qualifiers),
            "why_none": lambda: found.why_none,
            "saturated": lambda: found.saturated,
            "not_learned": lambda: found.not_learned,
            "size": lambda: counted(found),
            "same_scores": lambda: "" if found.same_scores is None else same_scores_words(found, found.same_scores),
            "figures": lambda: describe(found, metric, tried),
            "rests_on": lambda: describe(found, metric, VerdictKind.NO_EFFECT),
            "margin": lambda: amount(metric.margin, metric),
            "more": lambda: MORE if Span(found.interval, metric.margin).clear else "",
            "rivals": lambda: str(judgement.rivals),
            "each": lambda: ", per verdict" if judgement.among > 1 else "",
            "effect": lambda: _effect(found, metric),
            "futile": lambda: "" if found.futility is None else futile_words(found.futility, metric),
            "settled": lambda: "" if judgement.settling is None else f"; {settling_words(judgement.settling)}",
        }
        return makers[name]()


def _effect(found: Contrast, metric: MetricClaim) -> str:
    return "" if found.interval is None else f"{100 * found.level:.4g} % interval {_ends(found.interval, metric)}"


def describe(found: Contrast, metric: MetricClaim, kind: VerdictKind | None = None) -> str:
    """Estimate, interval and size of a contrast: "+3.4 points, 95 % interval -2.9 to +9.6 over 3 seeds".

    The interval is the one that its verdict rests on, or that of another kind.
    """
    if found.estimate is None:
        return f"against {found.against}: no estimate over {counted(found)}"
    text = f"against {found.against}: {amount(found.estimate, metric, sign=True)}"
    interval, level = deciding_interval(found, kind)
    if interval is None:
        return f"{text} over {counted(found)}"
    return f"{text}, {100 * level:.4g} % interval {_ends(interval, metric)} over {counted(found)}"


_ANSWER = 40
"""Characters of an answer in a sentence."""


def in_points(metric: MetricClaim) -> bool:
    """Whether a metric is a share, told in percentage points."""
    return (metric.floor, metric.ceiling) == (0.0, 1.0)


def amount(value: float, metric: MetricClaim, *, sign: bool = False) -> str:
    """A difference in words: percentage points for shares, plain numbers otherwise."""
    plus = "+" if sign else ""
    return f"{100 * value:{plus}.1f} points" if in_points(metric) else f"{value:{plus}.4g}"


def counted(found: Contrast) -> str:
    """Seeds and items of a contrast in words."""
    seeds = "1 seed" if len(found.seeds) == 1 else f"{len(found.seeds)} seeds"
    size = f"{seeds} x {found.items} items" if found.items else seeds
    return size + SCOPE_WORDS.get(found.scope, "")


def _ends(interval: Interval, metric: MetricClaim) -> str:
    """Both ends, with a digit more where one would look like the margin and is not it."""
    scale, form = (100, "+.{}f") if in_points(metric) else (1, "+.{}g")
    usual = 1 if in_points(metric) else 4
    for digits in range(usual, usual + 3):
        shown = [f"{scale * end:{form.format(digits)}}" for end in interval]
        margin = f"{scale * metric.margin:{form.format(digits)}}"
        if all(abs(end) == metric.margin or one[1:] != margin[1:] for end, one in zip(interval, shown, strict=True)):
            return " to ".join(shown)
    low, high = interval
    return f"{scale * low:{form.format(usual)}} to {scale * high:{form.format(usual)}}"


def settling_words(found: Settling) -> str:
    """How many seeds, or items, would settle an inconclusive contrast, as a clause."""
    size = "an effect of this size" if found.as_seen else "an effect as large as the margin"
    if found.count is not None:
        at = f"{found.count} {found.unit}" + (f" at these {found.seeds} seeds" if found.seeds else "")
        return f"{at} would settle {size}{_hardly_known(found)}"
    return {
        "few seeds": "more seeds are needed to say how many",
        "no spread": "the pairs show no spread to plan with",
        "both": f"neither 1000 seeds nor more items alone would settle {size}; both are needed",
    }[found.reason or "both"]


def _hardly_known(found: Settling) -> str:
    """What the number could be as well, where few pairs hardly tell the spread that it rests on."""
    if not found.pairs:
        return ""
    most = f"up to {found.at_most}" if found.at_most is not None else "perhaps far more"
    return f" by the spread of these {found.pairs} pairs, and {most} as so few hardly tell it"


def futile_words(found: GivenUp, metric: MetricClaim) -> str:
    """Why a gain was given up, as a clause."""
    bound = f"the {100 * found.confidence:.4g} % upper bound of the gain, {amount(found.upper, metric, sign=True)}"
    return f"given up, as {bound}, lies below the margin {amount(metric.margin, metric)}"


def lost_words(lost: LostPairs, metric: MetricClaim) -> str:
    """What becomes of a verdict with what was lost at its worst, as a clause."""
    who = [
        f"{arm} lost seed{'s' if len(at) > 1 else ''} {', '.join(map(str, at))}"
        for arm in dict.fromkeys(lost.arms)
        if (at := [seed for seed, name in zip(lost.seeds, lost.arms, strict=True) if name == arm])
    ]
    span = "no interval" if lost.interval is None else _ends(lost.interval, metric)
    size = "no estimate" if lost.estimate is None else f"{amount(lost.estimate, metric, sign=True)}, {span}"
    head = f"{' and '.join(who)}, and with {stand_in_words(lost)} there"
    if lost.agrees:
        return f"{head} it still holds ({size})"
    return f"{head} it does not hold ({size}); run what was lost again"


def stand_in_words(lost: LostPairs) -> str:
    """What stands in for lost trials: "the floor 0", "the worst trial seen"."""
    return " and ".join(map(_stand_in, lost.stand_ins))


def _stand_in(found: StandIn) -> str:
    return f"the {found.what} trial seen" if found.value is None else f"the {found.what} {found.value:g}"


def same_scores_words(found: Contrast, same: Identical) -> str:
    """How many answers may differ where no score does, as a sentence."""
    return (
        f"against {found.against}: every score is identical over {counted(found)}, and what was answered is not "
        f"recorded; up to {100 * same.may_differ:.2g} % of {same.unit} may differ (0 of {same.compared} do, "
        f"{100 * same.level:.0f} %). Record outputs to tell a change that changes nothing"
    )


NEARLY = 0.95
"""From this share of identical scores on, a table says so where no answers were kept: two arms that hardly differ."""


def identical_words(found: Contrast, *, scores: bool = False) -> str:
    """How many answers both arms share, in few words: "82.1 % same answers"; empty where none were kept.

    Args:
        found: the contrast; where fewer of its seeds could be compared, that is said.
        scores: say it of scores, where answers were not kept.
    """
    same = found.identical_share
    if same is None or (same.of == "scores" and not scores):
        return ""
    return f"{_part(same)} same {same.of}{_of_seeds(found, same)}"


def same_answers(found: Contrast) -> str:
    """How many answers both arms share, for a column with that name: "82.1 %"; empty where none were kept."""
    same = found.identical_share
    return "" if same is None or same.of != "answers" else _part(same) + _of_seeds(found, same)


def identical_clause(found: Contrast) -> str:
    """On how many items both arms gave the same, with the counts; empty where nothing was kept."""
    same = found.identical_share
    if same is None:
        return ""
    seeds = "1 seed" if same.seeds == 1 else f"{same.seeds} seeds"
    size = f"{same.count:,} of {same.compared:,} over {seeds}"
    what = "gave the same answer to" if same.of == "answers" else "had the same score on"
    return f"against {found.against}: both arms {what} {_part(same)} of the items ({size})"


def nearly_identical_words(decision: Decision) -> tuple[str, ...]:
    """Which contrasts that kept no answers have nearly the same scores everywhere, as a sentence."""
    several = len({verdict.metric for verdict in decision.verdicts}) > 1
    told = []
    for verdict in decision.verdicts:
        where = [verdict.condition] if verdict.condition != "default" else []
        where += [verdict.metric] if several else []
        kept = [(one, same) for one in verdict.contrasts if (same := one.identical_share) is not None]
        near = [(one, same) for one, same in kept if same.of == "scores" and same.share >= NEARLY]
        if found := [f"{one.against} {_part(same)}{_of_seeds(one, same)}" for one, same in near]:
            place = f" ({', '.join(where)})" if where else ""
            told.append(f"{verdict.arm}{place} against {', '.join(found)}")
    if not told:
        return ()
    return (f"At least {100 * NEARLY:g} % of the scores of both arms are the same: {'; '.join(told)}.",)


def _part(same: IdenticalShare) -> str:
    """The share, never rounded to all or to none."""
    whole = same.count in (0, same.compared)
    return f"{round(100 * same.share if whole else min(max(100 * same.share, 0.1), 99.9), 1):g} %"


def _of_seeds(found: Contrast, same: IdenticalShare) -> str:
    """Over how many of the seeds, where not over all."""
    return "" if same.seeds == len(found.seeds) else f" ({same.seeds} of {len(found.seeds)} seeds)"


def learned_words(found: Learned, metric: MetricClaim) -> str:
    """How the baseline stands against what it must beat, with both figures."""
    floor = f"always giving the commonest right answer ('{_cut(found.answer)}')" if found.answer else found.above
    if found.scores is None:
        return f"whether {found.baseline} beats {found.above} cannot be told: {found.why_none}"
    mine, theirs = (f"{100 * s:.1f} %" if in_points(metric) else f"{s:.4g}" for s in found.scores)
    text = f"{found.baseline} scores {mine}, {floor} {theirs}"
    if found.interval is None or found.estimate is None:
        return f"{text}; there is no interval of the difference ({found.why_none})"
    ends = _ends(found.interval, metric)
    difference = f"{amount(found.estimate, metric, sign=True)}, {100 * found.level:.4g} % interval {ends}"
    return f"{text}: {difference}" + ("" if found.shown else ", which must lie above 0")


def _cut(answer: str) -> str:
    """An answer in one line, cut short."""
    line = " ".join(answer.split())
    return line if len(line) <= _ANSWER else f"{line[:_ANSWER]}..."


def collapse_words(found: Collapse) -> str:
    """How often a collapse could still hide behind a gain, as a clause."""
    rate = f"{found.not_excluded:.0%}".replace("%", " %")
    told = f"{found.collapsed} of {found.seeds} seeds collapsed"
    seen = f"{told}, which does not exclude that up to {rate} of all seeds do"
    if found.break_even is None:
        return f"{seen} (from which share on the mean gain is used up is not known: {found.reason})"
    return f"{seen}; from {100 * found.break_even:.2g} % on the mean gain is used up"


def worst_key(metric: MetricClaim) -> str:
    """The key of a metric whose value a diverged trial is scored at."""
    return "floor" if metric.direction == "maximise" else "ceiling"


def worst_value(metric: MetricClaim) -> float:
    """The value that a diverged trial is scored at."""
    value = metric.floor if metric.direction == "maximise" else metric.ceiling
    assert value is not None  # without one no divergence has a score
    return value


def _diverged(found: Contrast, *, named: bool = True) -> list[str]:
    return [
        f"{len(seeds)} of {len(found.seeds)} seeds {f'of {arm} ' if named else ''}diverged"
        for arm, seeds in found.diverged.items()
    ]


def _unscored_words(count: int, metric: MetricClaim) -> str:
    which = "1 trial" if count == 1 else f"{count} trials"
    return (
        f"{which} diverged and have no score: give `{worst_key(metric)}` under [metric], the worst value of "
        f"{metric.name}, and divergence counts as that"
    )


def _overruled_words(verdict: Verdict, claim: ResolvedClaim) -> str:
    assert verdict.overruled is not None
    other = worded(verdict.overruled.verdict, claim)
    if verdict.overruled.by == "null arm":
        return f"the null arm '{other.arm}' differs from the baseline it repeats ({other.reasons[0]})"
    return (
        f"the control condition '{other.condition}' shows an effect where none was expected "
        f"({other.contrasts[0].words})"
    )


def _pruned_words(claim: ResolvedClaim, screened: Screened) -> str:
    """That a variant was screened out, which holds in every condition, also where the screen did not look."""
    looked = list(dict.fromkeys(reason.condition for reason in screened.reasons))
    others = [condition.name for condition in claim.claim.conditions if condition.name not in looked]
    names = " and ".join(f"'{name}'" for name in looked)
    where = f", which looks at {names}{' alone' if len(looked) == 1 else ''} and not at controls" if others else ""
    reason = screened_words(claim, screened)
    return f"screened out at rung '{screened.rung}'{where}: {reason}. This says nothing about the size of its effect."


def screened_words(claim: ResolvedClaim, screened: Screened) -> str:
    """Why a variant was screened out: each reason with the condition and the metric, where there are several."""
    metrics = {m.name: m for m in claim.claim.metrics}
    several = len({reason.metric for reason in screened.reasons}) > 1
    placed = []
    for reason in screened.reasons:
        where = [f"in '{reason.condition}'"] if len(claim.claim.conditions) > 1 else []
        where += [f"on {reason.metric}"] if several else []
        text = prune_words(reason, metrics[reason.metric])
        placed.append(f"{' '.join(where)}: {text}" if where else text)
    return "; ".join(placed)


def prune_words(reason: PruneReason, metric: MetricClaim) -> str:
    """Why a variant was screened out in one condition on one metric."""
    value = amount(reason.value, metric, sign=True)
    if reason.rule == "threshold":
        odds = (
            ""
            if reason.chance is None
            else f"; it drops an effect as large as the margin {_share(reason.chance)} of the time"
        )
        return f"{value} is below the threshold ({reason.label}{odds})"
    return (
        f"the {_share(reason.confidence)} upper bound of its difference, {value}, is below the margin "
        f"{amount(metric.margin, metric)}; an effect as large as the margin is dropped at most {_share(reason.chance)} "
        "of the time"
    )


def _share(value: float | None) -> str:
    return "an unknown share" if value is None else f"{100 * value:.3g} %"


def dropped_words(seeds: int) -> str:
    """That a variant got no further seeds while others went on, as a clause."""
    return (
        f"given up after {seeds} seeds, as no gain as large as the margin could be hoped for; it got no further ones "
        "while other variants went on"
    )


def look_words(look: PlannedLook) -> str:
    """The look in a sentence."""
    last = look.planned[-1]
    level = f"{100 * (1 - look.level):.4g} %"
    settled = "settled or given up" if look.futile else "settled"
    if look.rule == "anytime":
        return _anytime_words(look, settled)
    judged = f"each judged at {level}"
    if look.rule != "levels":
        judged = f"by {_SPENDING[look.rule]}: this one is judged at {level}"
    if look.early:
        each = f"Each look is judged at {level}." if look.rule == "levels" else f"Looks {judged}."
        return (
            f"Stopped at look {look.number} of {len(look.planned)} planned ones, {look.seeds} of {last} seeds: every "
            f"verdict on a variant was {settled} there. {each}"
        )
    return f"Look {look.number} of {len(look.planned)} planned ones, {look.seeds} of {last} seeds, {judged}."


_SPENDING = {
    "obrien-fleming": "O'Brien and Fleming's spending",
    "pocock": "Pocock's spending",
    "hwang-shih-decani": "Hwang, Shih and DeCani's spending",
}


def _anytime_words(look: PlannedLook, settled: str) -> str:
    """A look at any time, with how many seeds were planned and added."""
    last = look.planned[-1]
    planned = f"{last - look.added} planned" + (f" and {look.added} added" if look.added else "")
    rule = f"Every look together errs at most {100 * look.level:.4g} % of the time (anytime-valid)"
    if look.early:
        return (
            f"Stopped after {look.seeds} of {last} seeds ({planned}): every verdict on a variant was {settled} there. "
            f"{rule}."
        )
    return f"{last} seeds ({planned}). {rule}, so that further seeds may be added."


def stamped(decision: Decision, found: Standing, remarks: Sequence[str] = ()) -> Decision:
    """A decision that says how its claim stands: in the titles of what it states, and before all warnings.

    Args:
        decision: with its verdicts in words.
        found: when the claim was fixed.
        remarks: what else must be known before the verdicts are believed, as sentences.
    """
    sentence = [standing_words(found)] if found.doubtful else []
    return replace(
        decision,
        verdicts=tuple(_marked(verdict, found) for verdict in decision.verdicts),
        warnings=(*sentence, *remarks, *decision.warnings),
        standing=found,
    )


def in_brackets(verdict: Verdict, words: str) -> Verdict:
    """The verdict with one more word in brackets."""
    return replace(verdict, qualifier=", ".join(part for part in (verdict.qualifier, words) if part))


def _marked(verdict: Verdict, found: Standing) -> Verdict:
    """The verdict with the word for when it was fixed before all others in brackets, where it states something."""
    if not found.mark or not verdict.kind.states_something or verdict.role != "variant":
        return verdict
    return replace(verdict, qualifier=", ".join(part for part in (found.mark, verdict.qualifier) if part))


def family_words(place: FamilyPlace) -> str:
    """Where a claim stands among those of its ledger, and what the ledger says of its gain."""
    name = f"the family '{place.family}'" if place.named else _family_name(place.family)
    parts = [f"Claim {place.place} of {place.claims} on {name} in this ledger", _several(place.gains, "gain")]
    if place.beside is not None:
        parts[0] += f" (claim {place.beside[0]} of {place.beside[1]} on the same recipe and metric)"
    if place.copy_of:
        parts.append(f"it is one with '{place.copy_of}', on the same arms and seeds")
    if place.left:
        parts.append(f"{_several(place.left, 'claim')} {_was(place.left)} started and left")
    if place.running:
        parts.append(f"{_several(place.running, 'claim')} {_is(place.running)} running")
    if place.post_hoc:
        parts.append(f"{_several(place.post_hoc, 'claim')} {_was(place.post_hoc)} entered after outcomes were known")
    if place.tries:
        order = sorted(place.tries.items(), key=lambda item: (item[0] != "variant", item[0]))
        parts.append(f"tries: {', '.join(f'{role} {count}' for role, count in order)}")
    held = _held(place)
    return f"{'; '.join(parts)}." + (f" {held}" if held else "")


def spending_words(found: LedgerFamily) -> str:
    """What a family promises, and what is left of it."""
    return (
        f"{found.method}: at most {100 * found.rate:g} % of the gains that hold are false, on average. Each claim uses "
        f"up some of that error rate: {100 * found.wealth:.2g} percentage points are left for claims to come, and each "
        f"gain that holds adds to them. A claim that begins now is held at the level {found.next_level:.2g}. "
        f"Exploratory trials of the recipe: {found.tries}."
    )


def _family_name(key: str) -> str:
    recipe, _, metric = key.rpartition(" / ")
    return f"`{recipe}` / {metric}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _held(place: FamilyPlace) -> str:
    """What the ledger's level says: of a gain, or of every verdict where it is strict."""
    if place.level is None:
        why = "the runs existed before the claim" if place.existed else "its outcomes were known"
        return "" if place.holds is None else f"In the ledger its gain does not count: {why}."
    rate = f"{100 * LEDGER_RATE:g} % false gains in the ledger"
    level = f"The ledger's level for it is {place.level:.2g} (at most {rate})"
    if place.strict:
        return f"{level}, and its verdicts are judged at that, or at a lower one that the claim or another family has."
    if place.holds is None:
        return ""
    p = "no p-value" if place.p is None else f"p {place.p:.2g}"
    if place.holds:
        held = "the gain holds"
    elif place.refused:
        held = f"the gain does not hold, since it does not in '{place.refused}'"
    elif place.set_aside:
        held = "the gain does not hold there, as results were set aside after they had been seen"
    elif place.rerun:
        held = "the gain does not hold there, as it did not before the claim was run again"
    else:
        held = "the gain does not hold there"
    return f"{level}: {held} ({p})."


def seal_words(standing: Standing) -> tuple[str, ...]:
    """What a seal proves and what it does not, as sentences; none where nobody sealed the claim."""
    seal = standing.seal
    if seal is None:
        return ()
    kept = f"Kept outside the ledger: {', '.join(seal.witnesses)}." if seal.witnesses else (
        "Nothing outside this ledger keeps the receipt: whoever owns the ledger could have written it later. Seal with "
        "--git, --tsa or --to, and lodge it where you cannot change it."
    )  # fmt: skip
    first = f"Sealed at {seal.time} (receipt {seal.receipt[:16]}, chain head {seal.head or 'of an empty ledger'})."
    order = (
        "The receipt stands in the ledger's chain before the first result of its trials."
        if seal.precedes and standing.fixed == "before"
        else "The receipt does not precede the claim's first result, so the claim does not count as sealed."
    )
    drawn = [word for word, is_drawn in (("seeds", seal.seeds), ("order of the items", seal.items)) if is_drawn]
    chosen = (
        f"Its {' and '.join(drawn)} follow from the claim's hash, so that nobody chose them by what they gave."
        if drawn
        else "Its seeds were chosen by whoever wrote it."
    )
    return (
        first, order, kept, chosen,
        "A seal proves that this very claim existed then. It does not prove that no other claim did, that nothing was "
        "tried in another ledger, or that the machine's clock was right, unless an outside time stamp says so.",
    )  # fmt: skip
