"""Tables of the command line: pass rates on both measures, and violations on the test trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from evenhand_systems.lyapunov.measures import Candidate, Scores, evaluate, evaluate_trajectories
from evenhand_systems.lyapunov.models import seeds_of
from evenhand_systems.lyapunov.numbers.evaluation_set import EvaluationSet, evaluation_set
from evenhand_systems.lyapunov.numbers.trajectories import listed_steps, numbers_on, on_trajectory_numbers

RATES = ("pass %", "weighted %", "growth %", "growth weighted %", "decay %")
MEASURES = ("random n", "on trajectories")
VISITED = 10_000  # numbers of the on-trajectory measure


def percent(value: float | None) -> str:
    """A rate for people; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.3f}"


def rates(found: Scores) -> tuple[float | None, ...]:
    """The rates in the order of ``RATES``."""
    return (found.passed, found.weighted, found.growth, found.growth_weighted, found.decay)


def visited(data: EvaluationSet) -> EvaluationSet:
    """The on-trajectory measure that belongs to a set."""
    return evaluation_set(on_trajectory_numbers(data.numbers[:VISITED], steps_per_start=40, seed=1))


def full_line(model: Candidate, data: EvaluationSet, visits: EvaluationSet) -> str:
    """All rates of a model on both measures, for a training under way."""
    parts = []
    for measure, numbers in zip(MEASURES, (data, visits), strict=True):
        found = evaluate(model, numbers)
        listed = ", ".join(f"{name} {percent(rate)}" for name, rate in zip(RATES, rates(found), strict=True))
        parts.append(f"{measure} ({found.count}): {listed}")
    return "; ".join(parts)


def score_table(model: Candidate, data: EvaluationSet, visits: EvaluationSet, *, threads: int = 1) -> Table:
    """Both measures side by side, so that what residues give for nothing shows in every line."""
    found = [evaluate(model, numbers, threads=threads) for numbers in (data, visits)]
    table = Table("", *MEASURES, title=_titled(model, f"size {model.size}"))
    table.add_row("numbers", *(str(one.count) for one in found))
    for name, *both in zip(RATES, *map(rates, found), strict=True):
        table.add_row(name, *map(percent, both))
    table.add_row("1 % margin", *(f"{one.margins[0.01]:.4f}" for one in found))
    return table


def score_document(model: Candidate, data: EvaluationSet, visits: EvaluationSet, *, threads: int = 1) -> dict[str, Any]:
    """What :func:`score_table` shows, as plain data: rates as shares, None where there is none."""
    measures = {}
    for measure, numbers in zip(MEASURES, (data, visits), strict=True):
        found = evaluate(model, numbers, threads=threads)
        shares = {name.removesuffix(" %"): rate for name, rate in zip(RATES, rates(found), strict=True)}
        measures[measure] = {"numbers": found.count, **shares, "margin at 1 %": float(found.margins[0.01])}
    return {"model": model.name, "lookahead": model.lookahead, "size": model.size, **measures}


def trajectory_document(model: Candidate) -> dict[str, Any]:
    """What :func:`trajectory_table` shows, as plain data."""
    seeds = seeds_of(model)
    known = None if seeds is None else numbers_on(seeds)
    test = listed_steps()
    found = evaluate_trajectories(model, test, known)
    rows = []
    for seed, steps in zip(test.seeds, test.steps, strict=True):
        violations, count, margin = found.per_seed[seed]
        trained = None if known is None else sum(n in known for n in steps)
        rows.append({"trajectory": seed, "steps": count, "violations": violations, "worst_margin": float(margin),
                     "trained_on": trained})  # fmt: skip
    return {
        "model": model.name, "lookahead": model.lookahead, "trajectories": rows,
        "steps": found.steps, "violations": found.violations, "worst_margin": float(found.worst_margin),
        "distinct": found.distinct, "distinct_violations": found.distinct_violations,
        "held_out": found.held_out, "held_out_violations": found.held_out_violations,
    }  # fmt: skip


def trajectory_table(model: Candidate) -> Table:
    """Violations and worst margin on each test trajectory, and how much of it the model was trained on.

    What a model was trained on is its own affair: closed forms and potentials on no trajectory, a network on the seeds
    that its checkpoint names. Where it names none, that column and the held-out steps are unknown.
    """
    seeds = seeds_of(model)
    known = None if seeds is None else numbers_on(seeds)
    test = listed_steps()
    found = evaluate_trajectories(model, test, known)
    table = Table(
        "trajectory", "steps", "violations", "worst margin", "trained on", title=_titled(model, _training(seeds))
    )
    for seed, steps in zip(test.seeds, test.steps, strict=True):
        violations, count, margin = found.per_seed[seed]
        trained = "unknown" if known is None else str(sum(n in known for n in steps))
        table.add_row(str(seed), str(count), str(violations), f"{margin:.4f}", trained)
    table.add_section()
    worst = f"{found.worst_margin:.4f}"
    trained = "unknown" if known is None else str(found.on_training)
    table.add_row("all steps", str(found.steps), str(found.violations), worst, trained)
    shared = "unknown" if known is None or found.held_out is None else str(found.distinct - found.held_out)
    table.add_row("distinct", str(found.distinct), str(found.distinct_violations), worst, shared)
    if known is not None:
        table.add_row("distinct, not trained on", str(found.held_out), str(found.held_out_violations), "", "0")
    return table


def _training(seeds: Sequence[int] | None) -> str:
    if seeds is None:
        return "training trajectories unknown: the checkpoint names none"
    return f"trained on {len(seeds)} trajectories" if seeds else "trained on no trajectory"


def _titled(model: Candidate, text: str) -> str:
    return f"{model.name}, L = {model.lookahead}; {text}"
