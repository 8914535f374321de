"""The part of a report that only runs have: their files and costs, and what could have been chosen afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from evenhand.recipes.exhibit import Exhibit, Grid, ScoredTrial
from evenhand.runs.arms import missing_seeds
from evenhand.runs.outcomes import BUDGET, FORMAT, MODEL, WRITTEN


def exhibits(trials: Sequence[ScoredTrial]) -> list[Exhibit]:
    """The runs with where they were read, and the list of what was open to choice."""
    return [_table(trials), _choices(trials)] if trials else []


def _table(trials: Sequence[ScoredTrial]) -> Grid:
    rows: dict[tuple[str, ...], None] = {}
    for trial in trials:
        notes = trial.outcome.notes
        seed = "" if trial.seed is None else str(trial.seed)
        files = list(trial.outcome.data)
        where = (
            files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more" if files else "asked of a tracker"
        )
        rows[trial.arm, seed, where, notes.get(FORMAT, ""), notes.get(MODEL, ""), notes.get(BUDGET, ""),
             notes.get(WRITTEN, "not known")] = None  # fmt: skip
    return Grid(
        "The runs that were read",
        "Each run with the file that it was read from, what training it cost as far as files tell, and when its first "
        "result was written.",
        ("arm", "seed", "file", "format", "model", "budget", "first result written (UTC)"),
        tuple(rows),
        numeric_from=7,
    )


def _choices(trials: Sequence[ScoredTrial]) -> Grid:
    arms = {trial.arm: trial.role for trial in trials}
    seeds = sorted({trial.seed for trial in trials if trial.seed is not None})
    items = {name: len(table.ids) for trial in trials for name, table in trial.outcome.items.items()}
    times = sorted(text for trial in trials if (text := trial.outcome.notes.get(WRITTEN)))
    rows = (
        ("arms", ", ".join(f"{name} ({role})" for name, role in arms.items()), "which runs were compared, and as what"),
        ("seeds", _seeds(seeds), "which seeds of a run were kept"),
        ("tasks", ", ".join(dict.fromkeys(trial.condition for trial in trials)), "which tasks were compared"),
        ("items", ", ".join(f"{name}: {count:,}" for name, count in items.items()) or "no items", "on which items"),
        ("metric", ", ".join(items) or "a number of the run", "by which metric, and at which margin"),
        ("result files", f"{times[0]} to {times[-1]}" if times else "times not known", "known before the question"),
    )
    return Grid(
        "What could have been chosen after the fact",
        "Runs that exist can be looked at before a question is put to them. Whoever chose any of these with the "
        "results in sight has an error rate that nobody knows.",
        ("what", "here", "what was open"),
        rows,
        numeric_from=3,
    )


def _seeds(seeds: Sequence[int]) -> str:
    if not seeds:
        return "one run each, without a seed"
    missing = missing_seeds(seeds)
    told = ", ".join(map(str, seeds))
    return f"{told} (missing between them: {', '.join(map(str, missing))})" if missing else told
