"""Runs that exist, compared in one call: a claim and outcomes in memory, decided by the rule of all claims.

Nothing is entered in a ledger, so every verdict is retrospective.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evenhand.claims.resolve import ResolvedClaim, resolve
from evenhand.claims.schema import parse_claim
from evenhand.decisions.scope_words import scope_words
from evenhand.decisions.standing import Standing
from evenhand.decisions.verdict import Decision
from evenhand.errors import ClaimError, DataError, counted
from evenhand.recipes import catalogue, working
from evenhand.recipes.outcome import Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.comparison_asked import Asked
from evenhand.running.comparison_plan import Plan, pair_by_of
from evenhand.running.comparison_text import claim_text
from evenhand.running.over_runs import comparable, differences, qualified
from evenhand.runs.arms import ALLOWED, ArmRuns, names_of, without_name
from evenhand.runs.pairing import Unlike, as_one_task, otherwise_asked
from evenhand.runs.recipe import RunsSettings, arm_outcome, dumped, read_arm

__all__ = ["Asked", "Comparison", "compare_runs", "scope_words"]


@dataclass(frozen=True)
class Comparison:
    """Runs that were compared.

    Attributes:
        claim: what was asked, as a claim over runs.
        text: that claim as a file; saved, and entered in a ledger before further runs are made, it is one.
        decision: the verdicts.
        outcomes: trial id to what they rest on.
        arms: name to the runs that were read.
        remarks: how runs were read and paired, as sentences.
    """

    claim: ResolvedClaim
    text: str
    decision: Decision
    outcomes: Mapping[str, Outcome]
    arms: Mapping[str, ArmRuns]
    remarks: tuple[str, ...]

    @property
    def scope(self) -> str:
        """What the answer holds for, as a sentence."""
        return scope_words(self.claim, self.decision.verdicts)


def compare_runs(asked: Asked, folder: Path = Path()) -> Comparison:
    """Read, pair and decide.

    Args:
        asked: what is compared.
        folder: to which paths are relative.

    Raises:
        DataError: runs that are missing, damaged, stand twice, cannot be trusted or were not asked the same.
        SettingsError: what is asked cannot be answered by any runs (a margin of 0, an arm against itself).
    """
    unknown = [kind for kind in asked.allow if kind not in ALLOWED]
    if unknown:
        allowed = ", ".join(ALLOWED)
        raise DataError(f"'{unknown[0]}' is nothing that can be allowed (--allow, `allow=` in Python): {allowed} are.")
    asked.check()
    roles = asked.roles
    names = names_of([text for _, text in roles])
    base = RunsSettings(
        runs="-", format=asked.format, columns=dict(asked.columns), budgets=dict(asked.budgets), allow=asked.allow,
        pair_by=pair_by_of(asked.pair_by, []),
    )  # fmt: skip
    settings = [base.model_copy(update={"runs": without_name(text)}) for _, text in roles]
    read = []
    for number, (name, one) in enumerate(zip(names, settings, strict=True)):
        working.tell(f"reading runs ({name})", number, len(names))
        read.append(read_arm(one, folder))
    arms, renamed = dict(zip(names, read, strict=True)), list[str]()
    if not asked.tasks:
        arms, renamed = as_one_task(arms)
    pair_by = _pair_by(asked, arms, names[0])
    plan = Plan.of(asked, arms, pair_by)
    text = claim_text(
        asked, plan, [(role, name, arms[name].named) for (role, _), name in zip(roles, names, strict=True)]
    )
    claim = _claim(asked, text)
    found = {
        trial.id: _outcome(trial, arms[trial.arm], plan, folder) for r in claim.claim.rungs for trial in claim.trials(r)
    }
    _refuse_unlike(differences(claim, found))
    outcomes, left_out = comparable(claim, found)
    from evenhand.decisions.decide import decide  # here: imports statistics
    from evenhand.decisions.wording import stamped

    decision = stamped(decide(claim, outcomes), Standing("retrospective"), left_out)
    decision = qualified(decision, claim, outcomes)
    return Comparison(claim, text, decision, outcomes, arms, (*renamed, *plan.remarks, *_arm_remarks(arms)))


def _claim(asked: Asked, text: str) -> ResolvedClaim:
    """The claim of a comparison. Nobody wrote its file: what is wrong is told without its lines."""
    try:
        return resolve(parse_claim(text, f"{asked.name}.toml", asked.name), catalogue.find(catalogue.RUNS))
    except ClaimError as error:
        told = "; ".join(dict.fromkeys(fault.message for fault in error.faults))
        raise DataError(f"The comparison '{asked.name}' cannot be made: {told}.") from error


def _outcome(trial: Trial, arm: ArmRuns, plan: Plan, folder: Path) -> Outcome:
    """What an arm has at a trial's seed; a seed that it lacks is a failure of its data."""
    seed: int | None = trial.seed
    if trial.arm in plan.single:
        (seed,) = arm.seeds
    settings = dumped(trial.settings)
    if not arm.of(seed) or any(task not in arm.of(seed) for task in settings.tasks):
        return Outcome(failure=Failure("data", f"no run of seed {seed} was given in {arm.named}", "report"))
    outcome = arm_outcome(settings, arm, seed, folder)
    # Of single models the question is whether they differ; what each cost is shown and enters nothing.
    return replace(outcome, spent={}) if plan.scope == "checkpoint" else outcome


def _pair_by(asked: Asked, arms: Mapping[str, ArmRuns], baseline: str) -> str:
    """What pairs items: what was asked, or their ids where that is not recorded or is allowed to differ."""
    pair_by = pair_by_of(asked.pair_by, list(arms.values()))
    if pair_by == "content":
        found = otherwise_asked({name: list(arm.runs.values()) for name, arm in arms.items()}, baseline)
        if found and "prompt" in asked.allow:
            return "id"
        _refuse_unlike(found)
    return pair_by


def _refuse_unlike(found: Sequence[Unlike]) -> None:
    if found:
        kinds = " ".join(f"--allow {kind}" for kind in dict.fromkeys(one.kind for one in found))
        told = "; ".join(one.sentence for one in found[:3])
        more = f"; and {counted(len(found) - 3, 'difference')} more" if len(found) > 3 else ""
        raise DataError(
            f"The arms were not asked the same: {told}{more}. Evaluate them alike, or compare them all the same with "
            f"{kinds}."
        )


def _arm_remarks(arms: Mapping[str, ArmRuns]) -> list[str]:
    return list(dict.fromkeys(f"{name}: {remark}." for name, arm in arms.items() for remark in arm.remarks))
