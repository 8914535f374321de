"""What a claim would run: its arms, trials and budget, what the ledger has of it, and what it could detect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.schema import Controls
from evenhand.errors import counted
from evenhand.ledger import Ledger
from evenhand.recipes.catalogue import COMMAND
from evenhand.running import families, searching, standing
from evenhand.running.enter import other_code_words, stale_results
from evenhand.running.fitting import memory_words
from evenhand.running.inputs import fetched_words

if TYPE_CHECKING:
    from evenhand.decisions.power import SmallestEffect
    from evenhand.execution.local.room import Room

_USUAL_LEVEL = 0.05


@dataclass(frozen=True)
class PlannedArm:
    """An arm with its role; ``control_set`` is empty where the claim wrote it itself."""

    name: str
    role: str
    control_set: str


@dataclass(frozen=True)
class PlannedCondition:
    """A condition and what the claim expects of it."""

    name: str
    expect: str | None


@dataclass(frozen=True)
class PlannedRung:
    """A rung: how many trials, how many of them the ledger has, and what each of them gets.

    Attributes:
        items: evaluation items of each trial; None for all there are.
        looks: numbers of seeds after which the rung is judged; empty where it is judged at any time, or once.
        tries: of a search, the configurations of each arm; None elsewhere.
        sampler: who proposes them; empty elsewhere.
        rule: how looks are judged: "levels", a spending function, "anytime", or "once".
        added: seeds that were added after the claim had been stated.
    """

    name: str
    trials: int
    done: int
    budget: float
    unit: str
    seeds: tuple[int, ...]
    items: int | None
    looks: tuple[int, ...]
    tries: int | None = None
    sampler: str = ""
    rule: str = "once"
    added: int = 0


@dataclass(frozen=True)
class Plan:
    """What a claim would run.

    Attributes:
        code: fingerprint of the recipe's code.
        runs_code_from: whose code would run; for command lines, the command lines themselves.
        controls: the control set that the claim takes, or None.
        smallest_effects: the smallest effect that each confirming metric could show.
        stale: trial id to why its result in the ledger does not count any more.
        anew: what would run anew, as sentences.
        search: what must be known of its search, as sentences: what it lacks, and what it came to so far.
        micro_batch: rows at once that were found to fit on this kind of machine, as sentences; none where not asked.
        post_hoc: that it would be post-hoc if it were entered now, and why, as a sentence; empty where it would not.
        memory: what the largest trial takes of the device's memory, or what the estimate waits for, as a sentence;
            empty where its recipe says nothing.
        fetched: what the first trials would fetch from a hub, as a sentence; empty for nothing.
        slots: how many trials run side by side, and why; empty where there is a slot per core and no GPU.
    """

    claim: str
    hash: str
    question: str
    recipe: str
    code: str
    runs_code_from: str
    scope: str
    arms: tuple[PlannedArm, ...]
    controls: Controls | None
    conditions: tuple[PlannedCondition, ...]
    rungs: tuple[PlannedRung, ...]
    smallest_effects: tuple[SmallestEffect, ...]
    stale: Mapping[str, str]
    anew: tuple[str, ...]
    post_hoc: str = ""
    memory: str = ""
    slots: str = ""
    search: tuple[str, ...] = ()
    micro_batch: tuple[str, ...] = ()
    fetched: str = ""


def plan_of(loaded: LoadedClaim, ledger: Ledger, slots: str = "", room: Room | None = None) -> Plan:
    """What a claim would run.

    Args:
        loaded: the claim.
        ledger: what it holds of it.
        slots: how many trials run side by side, as a sentence.
        room: what of this machine they may have; None for all of it.
    """
    from evenhand.decisions.power import smallest_effects
    from evenhand.decisions.standing_words import foreseen_words
    from evenhand.running.probing import kept_words  # here: what only tells of claims does without the loop

    loaded = searching.unfolded(loaded, ledger)
    claim = loaded.resolved
    trials = all_trials(claim)
    ids = [trial.id for trial in trials]
    compared = stale_results(loaded, ledger.files_of(ids))
    done = {key: outcome for key, outcome in ledger.results(ids).items() if key not in compared.stale}
    rungs = []
    for rung in claim.claim.rungs:
        own = [trial.id for trial in claim.trials(rung)]
        searches = rung.kind == "search"
        rungs.append(
            PlannedRung(
                rung.name, claim.planned(rung), sum(key in done for key in own), rung.budget, claim.claim.budget.unit,
                tuple(rung.seeds), claim.items[rung.name].count, tuple(rung.looks),
                rung.tries if searches else None, rung.sampler if searches else "", rung.look_rule,
                claim.added if rung is claim.claim.rungs[-1] else 0,
            )
        )  # fmt: skip
    return Plan(
        claim=claim.name,
        hash=claim.hash,
        question=claim.claim.question,
        recipe=claim.recipe,
        code=claim.fingerprint,
        runs_code_from=_runs_code_from(loaded),
        scope=claim.claim.scope,
        arms=tuple(PlannedArm(arm.name, arm.role, arm.control_set) for arm in claim.arms()),
        controls=claim.claim.controls,
        conditions=tuple(PlannedCondition(c.name, c.expect) for c in claim.claim.conditions),
        rungs=tuple(rungs),
        smallest_effects=tuple(smallest_effects(families.at_level(claim, ledger), done)),
        stale=dict(compared.stale),
        anew=(*other_code_words(claim, ledger), *compared.sentences(trials)),
        post_hoc=foreseen_words(standing.foreseen(claim, ledger)),
        memory=memory_words(loaded, room),
        slots=slots,
        micro_batch=tuple(kept_words(loaded, ledger)),
        search=tuple(searching.plan_words(claim, done)),
        fetched=fetched_words(loaded),
    )


def _runs_code_from(loaded: LoadedClaim) -> str:
    found = loaded.resolved.settings.values()
    lines = {str(s["shell"]) if s.get("shell") else " ".join(s["argv"]) for s in found if "shell" in s or "argv" in s}
    if loaded.recipe.reference != COMMAND or not lines:
        return loaded.recipe.origin
    return f"{loaded.recipe.origin}, in {loaded.folder}: {'; '.join(sorted(lines))}"


def plan_lines(plan: Plan, *, running: bool = False) -> Iterator[tuple[str, str]]:
    """The plan for people: sentences, each with its style in the terms of rich.

    Args:
        plan: to tell.
        running: the run itself, as it begins, says what runs anew.
    """
    yield f"{plan.claim} (claim {plan.hash})", "bold"
    if plan.question:
        yield plan.question, ""
    yield f"runs code from: {plan.runs_code_from}", ""
    yield from ((sentence, "") for sentence in _arm_words(plan))
    names = [c.name + (f" (expect {c.expect})" if c.expect else "") for c in plan.conditions]
    yield f"conditions: {', '.join(names)}", ""
    yield from ((_rung_words(rung), "") for rung in plan.rungs)
    yield from ([(plan.post_hoc, "yellow")] if plan.post_hoc else [])
    yield from ((sentence, "yellow") for sentence in plan.search)
    yield from ((sentence, "") for sentence in (plan.fetched, plan.memory, plan.slots) if sentence)
    yield from (() if running else ((sentence, "") for sentence in plan.micro_batch))
    yield from (() if running else ((sentence, "yellow") for sentence in plan.anew))
    yield from ((smallest_effect_words(row), "yellow" if row.exceeds_margin else "") for row in plan.smallest_effects)


def _arm_words(plan: Plan) -> list[str]:
    """The claim's own arms, and those of its control set with what is missing there."""
    own, controls = (
        ", ".join(f"{arm.name} ({arm.role})" for arm in plan.arms if bool(arm.control_set) == of_set)
        for of_set in (False, True)
    )
    chosen = plan.controls
    if chosen is None:
        return [f"arms: {own}"]
    missing = f"; left out: {', '.join(chosen.without)}" if chosen.without else ""
    return [f"arms: {own}", f"controls of {chosen.set}: {controls or 'none'}{missing}"]


def _rung_words(rung: PlannedRung) -> str:
    """A rung in a sentence."""
    items = "all items" if rung.items is None else counted(rung.items, "item")
    finished = f", {rung.done} in the ledger" if rung.done else ""
    added = f" ({rung.added} of them added)" if rung.added else ""
    tried = ""
    if rung.tries is not None:
        whole = rung.trials * rung.budget
        tried = f"a search of {counted(rung.tries, 'configuration')} an arm ({rung.sampler}), "
        tried += f"{whole:,.12g} {rung.unit} in all; "
    return (
        f"rung {rung.name}: {tried}{counted(rung.trials, 'trial')}{finished}; {rung.budget:,.12g} {rung.unit} "
        f"each, {counted(len(rung.seeds), 'seed')}{added}, {items}{_look_words(rung)}"
    )


def _look_words(rung: PlannedRung) -> str:
    """When a rung is judged, as a clause; nothing where it is judged by constant levels, or once."""
    if rung.rule == "anytime":
        return "; judged after every seed, stopped where all is settled, and further seeds may be added"
    if rung.rule in ("levels", "once"):
        return ""
    return f"; looks after {', '.join(map(str, rung.looks))} seeds, spending {rung.rule}"


def smallest_effect_words(row: SmallestEffect) -> str:
    """The smallest detectable effect of a rung, in a sentence."""
    strict = f" as Holm over {row.verdicts} verdicts can ask" if row.verdicts > 1 else ""
    strict = f", level {row.level:.2g}{strict}" if strict or row.level != _USUAL_LEVEL else ""
    seeds = counted(row.seeds, "seed")
    head = f"smallest detectable effect on {row.metric} with {seeds} (80 % power{strict}): "
    if row.effect is None:
        size = row.why_none if row.in_sd is None else f"{row.in_sd:.2f} x the {row.unit} ({row.why_none})"
        return head + size
    against = "above" if row.exceeds_margin else "within"
    return f"{head}{row.effect:.3g}, {against} the margin {row.margin:g} ({row.source})"
