"""``evaluate``, ``trajectories`` and ``plot``: what a V does on random n and on trajectories."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evenhand_systems.lyapunov.commands.shared import (
    AsJson,
    Csv,
    Lookahead,
    Threads,
    console,
    evaluation_data,
    plain_errors,
    print_json,
)


@plain_errors
def evaluate(
    models: list[str], lookahead: Lookahead = None, csv: Csv = None, threads: Threads = 1, as_json: AsJson = False
) -> None:
    """Pass rates and margins of models (files or closed forms) on the uniform and the on-trajectory measure."""
    from evenhand_systems.lyapunov.models import open_model
    from evenhand_systems.lyapunov.tables import score_document, score_table, visited

    opened = [open_model(m, lookahead=lookahead) for m in models]
    data = evaluation_data(csv, None)
    visits = visited(data)
    if as_json:
        print_json([score_document(model, data, visits, threads=threads) for model in opened])
        return
    for model in opened:
        console.print(score_table(model, data, visits, threads=threads))


@plain_errors
def trajectories(models: list[str], lookahead: Lookahead = None, as_json: AsJson = False) -> None:
    """Violations and worst margin on the test trajectories, with the steps that each model was itself trained on."""
    from evenhand_systems.lyapunov.models import open_model
    from evenhand_systems.lyapunov.tables import trajectory_document, trajectory_table

    if as_json:
        print_json([trajectory_document(open_model(reference, lookahead=lookahead)) for reference in models])
        return
    for reference in models:
        console.print(trajectory_table(open_model(reference, lookahead=lookahead)))


@plain_errors
def plot(
    folder: Path,
    models: Annotated[list[str] | None, typer.Argument()] = None,
    lookahead: Lookahead = None,
    certificate: Annotated[
        list[Path] | None, typer.Option(help="verified and drawn with the model beside it; repeatable")
    ] = None,
    csv: Csv = None,
) -> None:
    """Write lookahead.svg, with optima and what certificates show, and margins and trajectories of each model."""
    from evenhand_systems.lyapunov.models import open_model
    from evenhand_systems.lyapunov.plots import lookahead_plot, margins_plot, read_certified, trajectories_plot
    from evenhand_systems.lyapunov.potentials.optimum import optimal_points

    folder.mkdir(parents=True, exist_ok=True)
    data = evaluation_data(csv, 10_000 if csv is None else None)
    opened = [open_model(m, lookahead=lookahead) for m in models or []]
    lookahead_plot(
        data,
        folder / "lookahead.svg",
        learned={f"{m.name}, L = {m.lookahead}": m for m in opened},
        certified=[read_certified(path) for path in certificate or []],
        optima=optimal_points(),
    )
    for number, model in enumerate(opened, 1):
        margins_plot(model, data, folder / f"margins-{number}.svg")
        trajectories_plot(model, folder / f"trajectories-{number}.svg")
    console.print(f"{1 + 2 * len(opened)} plots in {folder}")
