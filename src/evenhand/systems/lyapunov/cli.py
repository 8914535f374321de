"""Command line: ``evenhand-lyapunov COMMAND`` (or ``python -m evenhand.systems.lyapunov.cli COMMAND``)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from evenhand.errors import DataError, EvenhandError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Learned Lyapunov functions for the Collatz map.")
console = Console(highlight=False)

Csv = Annotated[Path | None, typer.Option("--csv", help="evaluation CSV; without it the default set is generated")]
Lookahead = Annotated[int | None, typer.Option(help="L: valuations that V may read")]
Threads = Annotated[int, typer.Option(help="CPU threads")]


def _plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Show an error as a sentence and leave with status 2."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except EvenhandError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None

    return wrapped


@app.command()
@_plain_errors
def generate(path: Path, count: int = 50_000, min_bits: int = 2, max_bits: int = 128, seed: int = 42) -> None:
    """Write an evaluation set: odd n of uniformly drawn bit length, with T(n), growth, orbit maximum and weight."""
    from evenhand.systems.lyapunov.evaluation_set import generate as make
    from evenhand.systems.lyapunov.evaluation_set import write_csv

    write_csv(make(count, min_bits=min_bits, max_bits=max_bits, seed=seed), path)
    console.print(f"{count} numbers of {min_bits} to {max_bits} bits in {path}")


@app.command()
@_plain_errors
def learn(
    path: Path,
    window: Annotated[int, typer.Option(help="valuations that phi reads")] = 7,
    residue_power: Annotated[int, typer.Option(help="j: phi reads n mod 3^j")] = 3,
    head: Annotated[int, typer.Option(help="steps of the minimum over V")] = 0,
    climb: Annotated[float, typer.Option(help="weight of hovering trajectories beside random n")] = 3.0,
    trajectory: Annotated[float, typer.Option(help="weight of long trajectories of random n")] = 0.0,
    sweeps: int = 12,
    seed: int = 0,
) -> None:
    """Learn a potential log2 n + phi(k_1..k_L, n mod 3^j) and save it (NAME.json.gz)."""
    from evenhand.systems.lyapunov import potential_search

    def show(progress: potential_search.Progress) -> None:
        uniform, visited, hovering = progress.violated
        console.print(
            f"window {progress.lookahead}: {progress.entries} entries, violated: uniform {100 * uniform:.3f} %, "
            f"on trajectories {100 * visited:.3f} %, hovering {100 * hovering:.3f} %"
        )

    measure = potential_search.Measure(1.0, trajectory, climb)
    found = potential_search.learn(
        window, residue_power=residue_power, measure=measure, sweeps=sweeps, seed=seed, report=show
    )
    found.with_head(head).save(path)


@app.command()
@_plain_errors
def train(
    path: Path,
    lookahead: int = 10,
    layers: Annotated[str, typer.Option(help="hidden widths, or 'linear'")] = "256,256,128",
    features: Annotated[str, typer.Option(help="groups: log,residues,drift,valuations")] = (
        "log,residues,drift,valuations"
    ),
    steps: int = 2000,
    batch: int = 1024,
    learning_rate: float = 1e-3,
    target: Annotated[str, typer.Option(help="fixed, adaptive or split")] = "fixed",
    t4: bool = False,
    t8: bool = False,
    curriculum: bool = True,
    ramp_length: int = 1000,
    start_seeds: int = 0,
    mining: bool = True,
    mine_interval: int = 500,
    mine_count: int = 50,
    logged: Annotated[bool, typer.Option(help="the unrepaired schedule, weights, mining and passes")] = False,
    hold_out: Annotated[bool, typer.Option(help="train on seeds that do not merge into test trajectories")] = True,
    evaluate_every: Annotated[int, typer.Option(help="full evaluation interval; 0 for the end only")] = 0,
    quick_every: Annotated[int, typer.Option(help="evaluation on 2,000 numbers; 0 for none")] = 500,
    precision: Annotated[str, typer.Option(help="of backward products: auto, float32 or bf16")] = "auto",
    csv: Csv = None,
    seed: int = 0,
    threads: Threads = 1,
) -> None:
    """Train a network V and save a checkpoint."""
    import numpy as np
    import torch

    from evenhand.systems.lyapunov.metrics import evaluate as score_on
    from evenhand.systems.lyapunov.network import LyapunovNetwork, NetworkModel, save_checkpoint
    from evenhand.systems.lyapunov.options import TrainingOptions, as_logged, patience_of
    from evenhand.systems.lyapunov.tables import full_line, percent, score_table, visited
    from evenhand.systems.lyapunov.training import train as run
    from evenhand.systems.lyapunov.trajectories import curriculum_seeds

    if target not in {"fixed", "adaptive", "split"}:
        raise DataError(f"The target is fixed, adaptive or split; found '{target}'.")
    if precision not in {"auto", "float32", "bf16"}:
        raise DataError(f"The precision is auto, float32 or bf16; found '{precision}'.")
    torch.set_num_threads(threads)
    chosen: dict[str, Any] = {
        "lookahead": lookahead, "layers": layers, "groups": tuple(features.split(",")), "steps": steps,
        "batch": batch, "learning_rate": learning_rate, "target": target, "four_steps": t4, "eight_steps": t8,
        "curriculum": curriculum, "ramp_length": ramp_length, "start_seeds": start_seeds, "mining": mining,
        "mine_interval": mine_interval, "mine_count": mine_count, "anchor_steps": max(1, steps // 4),
        "precision": precision, "patience": patience_of(steps),
    }  # fmt: skip
    options = as_logged(**chosen) if logged else TrainingOptions(**chosen)
    seeds = curriculum_seeds(hold_out=hold_out)
    data = _data(csv, 10_000 if csv is None else None)
    quick, visits = _data(None, 2_000), visited(data)

    def report(step: int, loss: float, network: LyapunovNetwork) -> None:
        model = NetworkModel(network)
        if evaluate_every > 0 and step % evaluate_every == 0:
            console.print(f"step {step}: loss {loss:.4f}; {full_line(model, data, visits)}", soft_wrap=True)
        elif quick_every > 0 and step % quick_every == 0:
            found = score_on(model, quick)
            console.print(
                f"step {step}: loss {loss:.4f}, pass {percent(found.passed)} % of {found.count}, "
                f"growth {percent(found.growth)} %, decay {percent(found.decay)} %"
            )

    network = run(options, seeds=seeds, order=np.random.default_rng(seed), init_seed=seed, report=report)
    save_checkpoint(network, path, training={"seeds": seeds, "logged": logged, "steps": steps})
    console.print(score_table(NetworkModel(network), data, visits, threads=threads))


def _data(csv: Path | None, count: int | None) -> Any:
    from evenhand.systems.lyapunov.evaluation_set import generate as make
    from evenhand.systems.lyapunov.evaluation_set import read_csv

    return read_csv(csv) if csv is not None else make(count or 50_000)


@app.command()
@_plain_errors
def evaluate(models: list[str], lookahead: Lookahead = None, csv: Csv = None, threads: Threads = 1) -> None:
    """Pass rates and margins of models (files or closed forms) on the uniform and the on-trajectory measure."""
    from evenhand.systems.lyapunov.models import open_model
    from evenhand.systems.lyapunov.tables import score_table, visited

    opened = [open_model(m, lookahead=lookahead) for m in models]
    data = _data(csv, None)
    visits = visited(data)
    for model in opened:
        console.print(score_table(model, data, visits, threads=threads))


@app.command()
@_plain_errors
def trajectories(models: list[str], lookahead: Lookahead = None) -> None:
    """Violations and worst margin on the test trajectories, with the steps that each model was itself trained on."""
    from evenhand.systems.lyapunov.models import open_model
    from evenhand.systems.lyapunov.tables import trajectory_table

    for reference in models:
        console.print(trajectory_table(open_model(reference, lookahead=lookahead)))


@app.command()
@_plain_errors
def density(
    lookahead: int,
    form: Annotated[str, typer.Option(help="window-minimum, window-sum, trailing-ones or log-n")] = "window-minimum",
) -> None:
    """Exact density on which a closed form falls, the cutoff and exceptions, and bounds for potentials."""
    from evenhand.systems.lyapunov import density as exact

    found = exact.closed_form_coverage(form, lookahead)
    shown = f"{found.density} = " if found.density.denominator < 1 << 200 else ""
    console.print(f"{form}, L = {found.lookahead}: falls on density {shown}{float(found.density):.12f}")
    below = "not looked for" if found.exceptions is None else list(found.exceptions) or "none"
    console.print(f"of the odd n, for every n > {found.cutoff} of it; exceptions below: {below}")
    for power in range(5):
        bound = float(exact.violation_lower_bound(lookahead, power))
        console.print(f"every log n + phi(window, n mod {3**power}) fails on density at least {bound:.3e}")
    bits = (3 ** (lookahead + 1)).bit_length() - 1
    halvings, words = exact.surviving_classes(bits), exact.surviving_classes_by_words(bits)
    console.print(f"OEIS A076227({bits}): {halvings} classes mod 2^{bits} counted by halvings, {words} by words")


@app.command()
@_plain_errors
def optimum(lookahead: int, residue_power: int = 0, clip: int = 5, time_limit: float = 60.0) -> None:
    """Least density of failures of log n + phi(k_1..k_L, n mod 3^j), from both sides, by mixed-integer programming."""
    from evenhand.systems.lyapunov.optimum import optimal_violation

    found = optimal_violation(lookahead, residue_power, clip=clip, time_limit=time_limit)
    if found.solved:
        state = "both agree: this is the optimum"
    else:
        state = "a larger --clip may narrow this" if found.finished else "stopped at the time limit"
    shown = "none found in time" if found.violated is None else f"{found.violated:.9f}"
    console.print(f"upper bound {shown}: a potential of valuations clipped at {clip} that fails on no more")
    console.print(f"lower bound {found.bound:.9f}: what every potential of this window fails on")
    console.print(f"{state} ({found.cycles} cycles, {found.seconds:.1f} s)")


@app.command()
@_plain_errors
def certify(
    model: Path,
    certificate: Path,
    head: Annotated[int | None, typer.Option(help="steps of the minimum over V; default: the model's own")] = None,
    cutoff: int = 4096,
    max_exponent: Annotated[int, typer.Option(help="classes of density below 2^-this stay open")] = 22,
    threads: Threads = 1,
    classes_of: Annotated[
        Path | None, typer.Option(help="a certificate of a smaller head, whose classes are taken over as they are")
    ] = None,
) -> None:
    """Write a certificate; kill it at any time, the file stays valid, and running it again goes on.

    So does running it with a larger --max-exponent, as long as the .state.npz file beside the certificate is kept.
    """
    if cutoff < 3:
        raise DataError(f"The cutoff must be at least 3, the least n at which V can fall; found {cutoff}.")
    from evenhand.systems.lyapunov.certifier import Masses
    from evenhand.systems.lyapunov.certifier import certify as run
    from evenhand.systems.lyapunov.larger_head import for_larger_head

    if classes_of is not None:
        if head is None:
            raise DataError("--classes-of needs --head: the larger head that the classes are taken over for.")
        taken = for_larger_head(model, classes_of, certificate, head)
        console.print(f"certified density {taken} = {float(taken):.9f}, the classes of {classes_of.name}")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=1.0)

        def show(exponent: int, masses: Masses) -> None:
            text = (
                f"2^-{exponent}: certified {100 * float(masses.certified):.5f} %, "
                f"refuted {100 * float(masses.refuted):.5f} %, open {100 * float(masses.open):.5f} %"
            )
            progress.update(task, description=text, completed=1 - float(masses.open))

        found = run(
            model, certificate, head=head, cutoff=cutoff, max_exponent=max_exponent, threads=threads, report=show
        )
    console.print(f"certified density {found.certified} = {float(found.certified):.9f}, {found.classes} classes")
    console.print(f"refuted {float(found.refuted):.9f}, open {float(found.open):.9f}")


@app.command()
@_plain_errors
def check(certificate: Path, model: Path) -> None:
    """Verify a certificate with integers and fractions only."""
    from evenhand.systems.lyapunov.certificate_form import require_form
    from evenhand.systems.lyapunov.checker import check as verify

    require_form(certificate)
    try:
        found = verify(certificate, model)
    except OSError as error:
        raise DataError(f"The model {model} cannot be read: {error}.") from error
    except (EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error) as error:
        # the certificate has its form, so what does not is the model that it was written for
        raise DataError(f"The certificate names {model}, which is no saved potential: {error}.") from error
    console.print(
        f"V of lookahead {found.lookahead} falls on density at least {found.density} = {float(found.density):.9f} of "
        f"the odd n, for every n >= {found.cutoff} of {found.classes} classes; below it, all odd n >= 3 but "
        f"{len(found.exceptions)} fall." + ("" if found.complete else " The file was not finished; this part holds.")
    )
    console.print("This says nothing about the other numbers, and nothing about whether trajectories end at 1.")


@app.command()
@_plain_errors
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
    from evenhand.systems.lyapunov.models import open_model
    from evenhand.systems.lyapunov.optimum import optimal_points
    from evenhand.systems.lyapunov.plots import lookahead_plot, margins_plot, read_certified, trajectories_plot

    folder.mkdir(parents=True, exist_ok=True)
    data = _data(csv, 10_000 if csv is None else None)
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


def main() -> None:
    """Run the program."""
    app()


if __name__ == "__main__":
    main()
