"""The words of what a reader must know before believing verdicts: from facts to one sentence each. Pure."""

from __future__ import annotations

from evenhand.decisions.agreement import OtherPackages
from evenhand.decisions.cautions import (
    Caution,
    FailedTrials,
    FewSeeds,
    GroupedItems,
    PerVerdict,
    SilentNull,
    UnshownControl,
)
from evenhand.decisions.fault_words import who_words
from evenhand.decisions.intervention_words import intervention_words
from evenhand.decisions.standing import BudgetNotShown, LeftOutSeeds, OtherRecipeCode, Replaced, Unblinded
from evenhand.recipes.error_classes import ADVICE

SHOWN = 12
"""Seeds that a sentence names."""

LONGEST = 200
"""Characters of what a failure says."""


def _plain(value: float) -> str:
    """Two digits, and no power of ten: 1.4, 12, 103."""
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def caution_words(caution: Caution) -> str:
    """One sentence, with what to do where something can be done."""
    match caution:
        case FewSeeds() | PerVerdict() | GroupedItems():
            return _of_intervals(caution)
        case UnshownControl() | SilentNull() | BudgetNotShown() | FailedTrials():
            return _of_arms(caution)
        case _:
            return _of_results(caution)


def _of_intervals(caution: FewSeeds | PerVerdict | GroupedItems) -> str:
    """What intervals rest on."""
    match caution:
        case FewSeeds(counts):
            told = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
            return f"The intervals rest on {told} seeds and on a normality that nobody can check at this number."
        case PerVerdict(alpha, verdicts):
            most = min(1.0, verdicts * alpha)
            return (
                f"'no-effect' is false in at most {100 * alpha:.3g} % of cases per verdict, and is not adjusted for "
                f"there being {verdicts} verdicts: at least one of them may be falsely so in up to {100 * most:.0f} % "
                "of claims."
            )
        case GroupedItems(metric, condition, effect):
            return (
                f"The items of {metric} in '{condition}' look grouped: {effect.groups} groups of about "
                f"{effect.typical_size:.3g} (the largest: '{effect.example}'), alike within (design effect "
                f"{_plain(effect.effect)}), and no clusters are declared. If these groups are all there are (kinds of "
                "task), the intervals hold for them alone. If there could be others (documents, templates), the "
                f"intervals may be up to {_plain(effect.effect**0.5)} times too narrow: record the groups with "
                "bench.items(..., clusters=...)."
            )


def _of_arms(caution: UnshownControl | SilentNull | BudgetNotShown | FailedTrials) -> str:
    """What arms do not show."""
    match caution:
        case FailedTrials(arm, condition, seeds, kind, told):
            which = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds[:SHOWN]))}"
            more = f" and {len(seeds) - SHOWN} more" if len(seeds) > SHOWN else ""
            failed = f"{kind}: {' '.join(told.split())[:LONGEST]}" if told else kind
            pairs = "its pair is missing" if len(seeds) == 1 else "their pairs are missing"
            return f"'{arm}' failed in '{condition}' at {which}{more} ({failed}), and {pairs}. {ADVICE[kind]}"
        case UnshownControl(condition, arm, title):
            return (
                f"Control condition '{condition}': that '{arm}' has no effect there was expected, and is neither "
                f"shown nor refuted ({title})."
            )
        case SilentNull(arm):
            return (
                f"The null arm '{arm}' came out as the baseline to the last bit: it shares all noise with it, and says "
                "nothing of the noise there is. Give it its own ({stream_seed} in a command line, bench.rng in a "
                "recipe, a second training in runs that exist), or declare both deterministic."
            )
        case BudgetNotShown(arms, unit):
            named = ", ".join(f"'{name}'" for name in arms)
            return (
                f"No file shows what training cost {named} in {unit}: a gain may have been bought with a larger "
                "budget. Put the trainer_state.json of each training beside its scores, or state the cost in a claim, "
                "where it is `settings.spent` (`evenhand compare ... --claim FILE` writes the claim)."
            )


def _of_results(caution: OtherPackages | Replaced | Unblinded | OtherRecipeCode | LeftOutSeeds) -> str:
    """What came before, or beside, the results that count."""
    match caution:
        case OtherPackages(package, versions):
            told = " against ".join(f"{version} ({who_words(who)})" for version, who in versions.items())
            return f"The package {package} was not of one version for all trials: {told}."
        case Replaced(results):
            counted = (
                "1 result replaces an earlier one" if results == 1 else f"{results:,} results replace earlier ones"
            )
            return (
                f"{counted} that other code or other data had made: code or data were changed after results had been "
                "seen."
            )
        case Unblinded(time, known, trials):
            return (
                f"{intervention_words('unblinded', time, known, trials)} Whoever saw that could stop the run, or go on "
                "with it, for what it showed; error rates hold where nobody did."
            )
        case OtherRecipeCode(theirs, own):
            return (
                f"Results of this claim were seen that other code of its recipe had made ({theirs}; now {own}). They "
                "are left aside: its trials run anew."
            )
        case LeftOutSeeds(missing, first, last):
            which = ", ".join(map(str, missing))
            gone = f"Seed {which} is" if len(missing) == 1 else f"Seeds {which} are"
            told = "runs that were made and left out change what the others say"
            return f"{gone} missing between {first} and {last}: {told}."
