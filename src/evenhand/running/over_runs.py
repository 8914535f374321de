"""Claims over runs that exist: made comparable before they are decided, and what their verdicts must say besides.

Pure, but for :func:`standing_over_runs`, which asks the ledger when the claim was entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.standing import BudgetNotShown, Fixed, LeftOutSeeds
from evenhand.recipes.catalogue import RUNS
from evenhand.recipes.outcome import Outcome
from evenhand.runs.arms import missing_seeds
from evenhand.runs.outcomes import WRITTEN
from evenhand.runs.pairing import Place, Unlike, common_items, refused, unlike

if TYPE_CHECKING:
    from evenhand.decisions.verdict import Decision, Verdict
    from evenhand.ledger.records import OutcomeRecord

BUDGET_NOT_SHOWN = "budget not shown"


def is_over_runs(claim: ResolvedClaim) -> bool:
    """Whether the trials of a claim are runs that others made."""
    return claim.recipe == RUNS


def _cells(claim: ResolvedClaim) -> dict[tuple[str, str], dict[Place, str]]:
    """(rung, condition) to arm and seed to the id of the trial there."""
    found: dict[tuple[str, str], dict[Place, str]] = {}
    for rung in claim.claim.rungs:
        for trial in claim.trials(rung):
            found.setdefault((rung.name, trial.condition), {})[trial.arm, trial.seed] = trial.id
    return found


def differences(claim: ResolvedClaim, outcomes: Mapping[str, Outcome]) -> list[Unlike]:
    """Arms that were not asked the same as the baseline, each once."""
    found: dict[tuple[str, str, str], Unlike] = {}
    for places in _cells(claim).values():
        here = {place: outcomes[key] for place, key in places.items() if key in outcomes}
        for one in unlike(here, claim.baseline.name):
            found.setdefault((one.arm, one.kind, one.sentence), one)
    return list(found.values())


def comparable(claim: ResolvedClaim, outcomes: Mapping[str, Outcome]) -> tuple[Mapping[str, Outcome], list[str]]:
    """The outcomes as they are decided: on the items that arms share, and without arms that were asked otherwise.

    Returns:
        Trial id to outcome, and what was left out, as sentences. Claims that are not over runs are given as they are.
    """
    if not is_over_runs(claim):
        return outcomes, []  # read only as far as they are asked for
    result, remarks = dict(outcomes), list[str]()
    for (_, condition), places in _cells(claim).items():
        here = {place: outcomes[key] for place, key in places.items() if key in outcomes}
        other = {one.arm: f"other {one.kind}: {one.sentence}" for one in unlike(here, claim.baseline.name)}
        cut, left_out = common_items(refused(here, other), claim.baseline.name)
        result |= {places[place]: outcome for place, outcome in cut.items()}
        where = f"{condition}: " if len(claim.claim.conditions) > 1 else ""
        remarks += [f"{where}{sentence}" for sentence in left_out]
    return result, list(dict.fromkeys(remarks))


def comparable_records(claim: ResolvedClaim, records: Sequence[OutcomeRecord]) -> list[OutcomeRecord]:
    """The records of a report on the items on which the claim is decided."""
    if not is_over_runs(claim):
        return list(records)
    newest = {record.trial.id: record.outcome for record in records if record.outcome.failure is None}
    cut = comparable(claim, newest)[0]
    return [
        replace(record, outcome=cut[record.trial.id])
        if record.outcome.failure is None and cut[record.trial.id].failure is None
        else record
        for record in records
    ]


def qualified(decision: Decision, claim: ResolvedClaim, outcomes: Mapping[str, Outcome]) -> Decision:
    """A decision whose gains say where nobody shows at which budget they were bought, and which seeds are left out."""
    if not is_over_runs(claim):
        return decision
    from evenhand.decisions.caution_words import caution_words  # here: commands that judge nothing do without them
    from evenhand.decisions.wording import in_brackets

    unit = claim.claim.budget.unit
    silent = {
        trial.arm
        for rung in claim.claim.rungs
        for trial in claim.trials(rung)
        if (outcome := outcomes.get(trial.id)) is not None and outcome.failure is None and unit not in outcome.spent
    }
    silent -= {arm.name for arm in claim.claim.arms if arm.untrained}
    unshown = [_may_have_cost_more(verdict, silent) for verdict in decision.verdicts]
    found: list[LeftOutSeeds | BudgetNotShown] = [*_left_out_seeds(claim)]
    if any(unshown):
        found.append(BudgetNotShown(tuple(sorted(silent)), unit))
    verdicts = tuple(
        in_brackets(verdict, BUDGET_NOT_SHOWN) if marked else verdict
        for verdict, marked in zip(decision.verdicts, unshown, strict=True)
    )
    return replace(decision, verdicts=verdicts, warnings=(*decision.warnings, *map(caution_words, found)))


def _may_have_cost_more(verdict: Verdict, silent: set[str]) -> bool:
    """Whether it is a gain over training runs of which some show no budget."""
    deciding = verdict.deciding
    if not verdict.kind.is_gain or deciding is None or deciding.scope == "checkpoint":
        return False
    return bool({deciding.arm, *(contrast.against for contrast in verdict.contrasts)} & silent)


def _left_out_seeds(claim: ResolvedClaim) -> list[LeftOutSeeds]:
    missing = [(tuple(missing_seeds(rung.seeds)), rung.seeds) for rung in claim.claim.rungs]
    return [LeftOutSeeds(seeds, min(among), max(among)) for seeds, among in missing if seeds]


def fixed_over_runs(entered: str, outcomes: Mapping[str, Outcome]) -> Fixed:
    """Whether a claim over runs is sealed or retrospective.

    Args:
        entered: UTC time of its entry in the ledger, ISO 8601; empty where it is not known.
        outcomes: of its trials; each notes when the first of its result files was written.
    """
    times = [outcome.notes.get(WRITTEN, "") for outcome in outcomes.values() if outcome.failure is None]
    if not entered or not times or any(not time for time in times):
        return "retrospective"
    return "sealed" if all(time > entered[:19] for time in times) else "retrospective"
