"""``generate``, ``learn`` and ``train``: numbers to measure on, and a V learned as a potential or as a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evenhand.errors import DataError
from evenhand_systems.lyapunov.commands.shared import (
    AsJson,
    Csv,
    Threads,
    console,
    evaluation_data,
    meanwhile,
    plain_errors,
    print_json,
    with_fields,
)
from evenhand_systems.lyapunov.networks.options import TrainingOptions, as_logged, patience_of


@plain_errors
def generate(
    path: Path,
    count: int = 50_000,
    min_bits: int = 2,
    max_bits: int = 128,
    seed: int = 42,
    as_json: AsJson = False,
) -> None:
    """Write an evaluation set: odd n of uniformly drawn bit length, with T(n), growth, orbit maximum and weight."""
    from evenhand_systems.lyapunov.numbers.evaluation_set import generate as make
    from evenhand_systems.lyapunov.numbers.evaluation_set import write_csv

    write_csv(make(count, min_bits=min_bits, max_bits=max_bits, seed=seed), path)
    if as_json:
        print_json({"path": str(path), "count": count, "min_bits": min_bits, "max_bits": max_bits, "seed": seed})
    else:
        console.print(f"{count} numbers of {min_bits} to {max_bits} bits in {path}")


@plain_errors
def learn(
    path: Path,
    window: Annotated[int, typer.Option(help="valuations that phi reads")] = 7,
    residue_power: Annotated[int, typer.Option(help="j: phi reads n mod 3^j")] = 3,
    head: Annotated[int, typer.Option(help="steps of the minimum over V")] = 0,
    climb: Annotated[float, typer.Option(help="weight of hovering trajectories beside random n")] = 3.0,
    trajectory: Annotated[float, typer.Option(help="weight of long trajectories of random n")] = 0.0,
    sweeps: int = 12,
    starts: Annotated[
        int, typer.Option(help="beginnings on short windows, learned gradually, the best goes on; 0: the plain way")
    ] = 0,
    margin: Annotated[int, typer.Option(help="by how much V has to fall for a step to count, in 1/41 bit")] = 0,
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """Learn a potential log2 n + phi(k_1..k_L, n mod 3^j) and save it (NAME.json.gz)."""
    from evenhand_systems.lyapunov.potentials import search as potential_search
    from evenhand_systems.lyapunov.potentials.gradual import learn_gradually
    from evenhand_systems.lyapunov.potentials.problem import Measure

    windows: list[dict[str, Any]] = []

    def show(progress: potential_search.FinishedWindow) -> None:
        uniform, visited, hovering = progress.violated
        windows.append({
            "window": progress.lookahead, "entries": progress.entries,
            "violated": {"uniform": uniform, "on_trajectories": visited, "hovering": hovering},
        })  # fmt: skip
        meanwhile(as_json).print(
            f"window {progress.lookahead}: {progress.entries} entries, violated: uniform {100 * uniform:.3f} %, "
            f"on trajectories {100 * visited:.3f} %, hovering {100 * hovering:.3f} %"
        )

    if min(starts, head, seed) < 0 or sweeps < 1:
        raise DataError(
            "--starts is 0 for the plain way or the number of beginnings, --head and --seed are at least 0, --sweeps "
            f"is at least 1; found {starts}, {head}, {seed} and {sweeps}."
        )
    if not path.parent.is_dir():
        raise DataError(f"The folder {path.parent} does not exist; make it before a V is learned for it.")
    measure = Measure(1.0, trajectory, climb)
    shared: dict[str, Any] = {"residue_power": residue_power, "measure": measure, "sweeps": sweeps, "seed": seed}
    shared |= {"margin": margin}
    if starts == 0:
        found = potential_search.learn(window, **shared, report=show)
    else:
        found = learn_gradually(window, **shared, starts=starts, report=show)
    found.with_head(head).save(path)
    if as_json:
        print_json({"path": str(path), "windows": windows})


@plain_errors
@with_fields(
    TrainingOptions,
    defaults={"layers": "256,256,128"},
    spelled={"groups": "features", "four_steps": "t4", "eight_steps": "t8"},
    without=("schedule", "growth_weight", "mined_share", "passes", "margin", "anchor_steps", "patience", "hard_share",
             "max_bits"),
)  # fmt: skip
def train(
    path: Path,
    logged: Annotated[bool, typer.Option(help="the unrepaired schedule, weights, mining and passes")] = False,
    hold_out: Annotated[bool, typer.Option(help="train on seeds that do not merge into test trajectories")] = True,
    evaluate_every: Annotated[int, typer.Option(help="full evaluation interval; 0 for the end only")] = 0,
    quick_every: Annotated[int, typer.Option(help="evaluation on 2,000 numbers; 0 for none")] = 500,
    csv: Csv = None,
    seed: int = 0,
    threads: Threads = 1,
    device: Annotated[str, typer.Option(help="where the network is: cpu, cuda, cuda:1, mps")] = "cpu",
    as_json: AsJson = False,
    **chosen: Any,
) -> None:
    """Train a network V and save a checkpoint; `evenhand try lyapunov.network` trains one for the ledger."""
    import numpy as np
    import torch

    from evenhand_systems.lyapunov.measures import evaluate as score_on
    from evenhand_systems.lyapunov.networks.devices import check_device
    from evenhand_systems.lyapunov.networks.network import LyapunovNetwork, NetworkModel, save_checkpoint
    from evenhand_systems.lyapunov.networks.training import train as run
    from evenhand_systems.lyapunov.numbers.trajectories import curriculum_seeds
    from evenhand_systems.lyapunov.tables import full_line, percent, score_document, score_table, visited

    steps = chosen["steps"]
    counted = {"anchor_steps": max(1, steps // 4), "patience": patience_of(steps)}
    options = (as_logged if logged else TrainingOptions)(**chosen, **counted)
    check_device(device)
    torch.set_num_threads(threads)
    seeds = curriculum_seeds(hold_out=hold_out)
    data = evaluation_data(csv, 10_000 if csv is None else None)
    quick, visits = evaluation_data(None, 2_000), visited(data)
    aside = meanwhile(as_json)

    def report(step: int, loss: float, network: LyapunovNetwork) -> None:
        model = NetworkModel(network)
        if evaluate_every > 0 and step % evaluate_every == 0:
            aside.print(f"step {step}: loss {loss:.4f}; {full_line(model, data, visits)}", soft_wrap=True)
        elif quick_every > 0 and step % quick_every == 0:
            found = score_on(model, quick)
            aside.print(
                f"step {step}: loss {loss:.4f}, pass {percent(found.passed)} % of {found.count}, "
                f"growth {percent(found.growth)} %, decay {percent(found.decay)} %"
            )

    order = np.random.default_rng(seed)
    network = run(options, seeds=seeds, order=order, init_seed=seed, device=device, report=report)
    save_checkpoint(network, path, training={"seeds": seeds, "logged": logged, "steps": steps})
    if as_json:
        print_json({"path": str(path)} | score_document(NetworkModel(network), data, visits, threads=threads))
    else:
        console.print(score_table(NetworkModel(network), data, visits, threads=threads))
