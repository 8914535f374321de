"""Answers of the command line: each as plain data for ``--json`` and as text for people."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.resolve import ResolvedClaim
from evenhand.cli.wrapped import tell
from evenhand.errors import counted
from evenhand.ledger import Ledger
from evenhand.recipes.catalogue import Listing
from evenhand.recipes.contract import Recipe
from evenhand.recipes.error_classes import ADVICE
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.running import families, searching, standing
from evenhand.running.enter import stale_results
from evenhand.running.plan import plan_lines, plan_of

if TYPE_CHECKING:
    from evenhand.decisions.verdict import Contrast, Decision
    from evenhand.execution.local.room import Room


def plain(value: Any) -> Any:
    """Plain data for JSON: dataclasses and models as tables, arrays as lists, what is not finite as null."""
    np = sys.modules.get("numpy")  # where nobody has imported it, nothing is of its making

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if np is not None and isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def plan_document(loaded: LoadedClaim, ledger: Ledger, slots: str = "", room: Room | None = None) -> dict[str, Any]:
    """What a claim would run, as plain data."""
    plan = plan_of(loaded, ledger, slots, room)
    document: dict[str, Any] = plain(plan)
    document["controls"] = None if plan.controls is None else plan.controls.model_dump(mode="json")
    return document


def print_plan(
    loaded: LoadedClaim,
    ledger: Ledger,
    console: Console,
    *,
    running: bool = False,
    slots: str = "",
    room: Room | None = None,
) -> None:
    """The plan, for people; a run says itself, as it begins, what runs anew."""
    for sentence, style in plan_lines(plan_of(loaded, ledger, slots, room), running=running):
        tell(console, sentence, style)


def decision_document(decision: Decision, claim: ResolvedClaim | None = None) -> dict[str, Any]:
    """A decision as plain data; each verdict with its title, which says what its kind alone does not (post-hoc ...).

    With its claim, the margins and ranges that it rests on stand beside it, so that a gate can be put on what is saved.
    """
    document: dict[str, Any] = plain(decision)
    if claim is not None:
        from evenhand.decisions.gate import criteria_of  # here: who asks for no verdict needs none of it

        document |= {"metrics": plain(criteria_of(claim)), "controls": [c.name for c in claim.expected_still]}
    for row, verdict in zip(document["verdicts"], decision.verdicts, strict=True):
        row["title"] = verdict.title
        row["contrasts"] = [_contrast_document(contrast) for contrast in verdict.contrasts]
        if verdict.overruled is not None:
            other = verdict.overruled.verdict
            row["overruled"] = {"by": verdict.overruled.by, "arm": other.arm, "condition": other.condition}
    for row, found in zip(document["exploratory"], decision.exploratory, strict=True):
        row["contrast"] = _contrast_document(found.contrast)
    return document


def _contrast_document(contrast: Contrast) -> dict[str, Any]:
    """A contrast as plain data, with the kind that it alone would give and the share that is the same in both arms."""
    document: dict[str, Any] = plain(contrast)
    if contrast.identical_share is not None:
        document["identical_share"]["share"] = contrast.identical_share.share
    return {**document, "kind": contrast.kind.value}


def print_decision(claim: ResolvedClaim, decision: Decision, console: Console, *, full: bool = False) -> None:
    """The verdicts, for people."""
    from evenhand.report.text import verdict_view

    console.print(verdict_view(claim, decision, console.width, full=full))


def status_documents(loaded: Sequence[LoadedClaim], ledger: Ledger) -> list[dict[str, Any]]:
    """How far each claim is and what failed; all claims of the ledger where none is named."""
    if not loaded:
        return [_entry_document(name, ledger) for name in sorted({record.name for record in ledger.claims()})]
    return [_claim_document(claim, ledger) for claim in loaded]


def _entry_document(name: str, ledger: Ledger) -> dict[str, Any]:
    """A claim that is known by its ledger entries alone."""
    newest = ledger.claims(name)[-1]
    claim = standing.of_identity(newest.identity)
    if claim is not None and claim.hash == newest.hash:
        claim = searching.unfolded_claim(claim, ledger)
        ids = claim.trial_ids  # whichever claim ran them
    else:  # entered by a version whose trials had other ids
        ids = ledger.trials_of(newest.hash)
    failures = ledger.failures(ids)
    failed = {key: record.outcome for key, record in failures.items() if record.execution.attempt}
    left = {key: r.outcome.failure for key, r in failures.items() if not r.execution.attempt}
    labels = {key: record.trial.label() for key, record in failures.items()}
    return {
        "claim": name,
        "hash": newest.hash,
        "finished": bool(ledger.decisions(name, newest.hash)),
        "results": len(ledger.results(ids)),
        "failures": _failures(failed, labels),
        "left_out": {key: failure.message for key, failure in left.items() if failure is not None},
        "standing": plain(standing.standing_of(newest, ledger)),
        "interventions": plain(ledger.interventions(newest.hash)),
    }


def _claim_document(loaded: LoadedClaim, ledger: Ledger) -> dict[str, Any]:
    claim = loaded.resolved
    ids = claim.trial_ids
    compared = stale_results(loaded, ledger.files_of(ids))
    results = ledger.results(ids)  # read only where a rung is to be judged
    fresh = {key: results[key] for key in results if key not in compared.stale} if compared.stale else results
    rung, pending, pruned, dropped, look = _progress(families.at_level(claim, ledger), fresh)
    failures = ledger.failures(ids)
    # Ten thousand trials are made only where something is to be said of one.
    trials = {trial.id: trial for trial in all_trials(claim)} if failures or compared.stale else {}
    failed = {key: record.outcome for key, record in failures.items() if record.execution.attempt}
    left = {key: record.outcome.failure for key, record in failures.items() if not record.execution.attempt}
    labels = {key: trials[key].label() for key in {*failed, *compared.stale}}
    return {
        "claim": claim.name,
        "hash": claim.hash,
        "finished": not pending,
        "look": look,
        "rung": rung,
        "pending": pending,
        "seeds": {"planned": len(claim.claim.rungs[-1].seeds) - claim.added, "added": claim.added},
        "pruned": pruned,
        "dropped": dropped,
        "search": searching.plan_words(claim, fresh),
        "results": len(results),
        "failures": _failures(failed, labels),
        "left_out": {key: failure.message for key, failure in left.items() if failure is not None},
        "standing": plain(standing.standing(claim, ledger)),
        "interventions": plain(ledger.interventions(claim.hash)),
        "stale": {key: {"label": labels[key], "why": why} for key, why in compared.stale.items()},
        "anew": compared.sentences(list(trials.values()), "would run anew"),
    }


def _progress(
    claim: ResolvedClaim, results: Mapping[str, Outcome]
) -> tuple[str, int, dict[str, str], dict[str, str], str | None]:
    """Name of the present rung, how many of its trials are pending, why arms were pruned or dropped, the look reached.

    One rung without looks needs no statistics, whose import would take longer than all the rest.
    """
    rung = claim.claim.rungs[-1]
    if len(claim.claim.rungs) == 1 and rung.look_rule == "once":
        return rung.name, len(claim.trial_ids.difference(results)), {}, {}, None
    from evenhand.decisions.progress import look_reached, progress
    from evenhand.decisions.wording import dropped_words, look_words, screened_words

    now = progress(claim, results)
    pruned = {arm: screened_words(claim, screened) for arm, screened in now.pruned.items()}
    dropped = {arm: dropped_words(seeds) for arm, seeds in now.dropped.items()}
    look = look_reached(claim, now)
    told = None if look is None else look_words(look)
    return now.rung.name, len(now.pending) + now.unproposed, pruned, dropped, told


def _failures(outcomes: Mapping[str, Outcome], labels: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {
            "trial": key,
            "label": labels[key],
            "kind": outcome.failure.kind,
            "message": outcome.failure.message,
            "phase": outcome.failure.phase,
            "advice": ADVICE[outcome.failure.kind],
            "detail": outcome.failure.detail,
        }
        for key, outcome in outcomes.items()
        if outcome.failure is not None
    ]


def outcome_document(outcome: Outcome, execution: Execution) -> dict[str, Any]:
    """An outcome with its execution, as plain data; item scores are summed up by their means."""
    document: dict[str, Any] = plain(outcome)
    document["items"] = {
        name: {"items": len(table.ids), "mean": outcome.metric(name)} for name, table in outcome.items.items()
    }
    return document | {"execution": plain(execution)}


def print_outcome(outcome: Outcome, execution: Execution, console: Console) -> None:
    """The outcome of an exploratory trial, for people."""
    from evenhand.running.lines import duration  # here: commands that run nothing do without

    if outcome.failure is not None:
        console.print(Text(f"{outcome.failure.kind}: {outcome.failure.message}", style="red"), soft_wrap=True)
        console.print(Text(ADVICE[outcome.failure.kind]), soft_wrap=True)
        if outcome.failure.kind != "data":  # whose message names what is to be mended, which is no line of code
            console.print(Text(outcome.failure.detail.strip(), style="dim"), soft_wrap=True)
    for name in sorted({*outcome.metrics, *outcome.items}):
        size = f" over {counted(len(outcome.items[name].ids), 'item')}" if name in outcome.items else ""
        console.print(Text(f"{name} = {outcome.metric(name):.6g}{size}"), soft_wrap=True)
    for name, reason in outcome.undefined.items():
        console.print(Text(f"{name} is undefined: {reason}"), soft_wrap=True)
    spent = ", ".join(f"{amount:g} {unit}" for unit, amount in outcome.spent.items())
    memory = f", {execution.peak_memory_bytes / 2**20:.0f} MiB" if execution.peak_memory_bytes else ""
    console.print(Text(f"spent {spent}; process {duration(execution.seconds)}{memory}", style="dim"), soft_wrap=True)
    for name, text in outcome.notes.items():
        console.print(Text(f"{name}: {text}", style="dim"), soft_wrap=True)


def print_recipes(rows: Sequence[Listing], console: Console) -> None:
    """The installed recipes, for people."""
    for row in rows:
        console.print(Text(row.name, style="bold"))
        console.print(Text(f"  {row.fault or row.about}", style="red" if row.fault else ""), soft_wrap=True)


def recipe_document(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings and declarations, as plain data."""
    return {
        "recipe": recipe.reference,
        "about": recipe.about,
        "code": recipe.fingerprint,
        "units": list(recipe.info.units),
        "metrics": {name: plain(metric) for name, metric in recipe.info.metrics.items()},
        "control_sets": [f"{recipe.reference}.{name}" for name in recipe.info.control_sets],
        "settings": recipe.settings.model_json_schema(),
    }


def print_recipe(recipe: Recipe, console: Console) -> None:
    """A recipe's settings and declarations, for people."""
    console.print(Text(f"{recipe.reference}: {recipe.about}", style="bold"), soft_wrap=True)
    console.print(Text(f"code: {recipe.fingerprint}; units: {', '.join(recipe.info.units) or 'any'}"))
    for name, metric in recipe.info.metrics.items():
        console.print(Text(f"metric {name}: {metric.direction} {metric.about}"), soft_wrap=True)
    for name in recipe.info.control_sets:
        console.print(Text(f'control set: controls = "{recipe.reference}.{name}"'), soft_wrap=True)
    _print_fields(recipe.settings, "", console)


def _print_fields(model: type[BaseModel], prefix: str, console: Console) -> None:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            _print_fields(inner, f"{prefix}{name}.", console)
            continue
        default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
        console.print(Text(f"  {prefix}{name} = {default}  {field.description or ''}".rstrip()), soft_wrap=True)
