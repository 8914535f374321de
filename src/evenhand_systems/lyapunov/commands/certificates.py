"""``certify`` and ``check``: write a certificate, and verify one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from evenhand.errors import DataError
from evenhand_systems.lyapunov.commands.shared import AsJson, Threads, console, plain_errors, print_json


@plain_errors
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
    from evenhand_systems.lyapunov.certificates.certifier import Masses
    from evenhand_systems.lyapunov.certificates.certifier import certify as run
    from evenhand_systems.lyapunov.certificates.extend import for_larger_head

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


@plain_errors
def check(certificate: Path, model: Path, as_json: AsJson = False) -> None:
    """Verify a certificate with integers and fractions only."""
    from evenhand_systems.lyapunov.certificates.form import verified

    found = verified(certificate, model)
    if as_json:
        print_json({
            "lookahead": found.lookahead, "density": str(found.density), "density_as_number": float(found.density),
            "cutoff": found.cutoff, "classes": found.classes, "exceptions": len(found.exceptions),
            "complete": found.complete,
        })  # fmt: skip
        return
    console.print(
        f"V of lookahead {found.lookahead} falls on density at least {found.density} = {float(found.density):.9f} of "
        f"the odd n, for every n >= {found.cutoff} of {found.classes} classes; below it, all odd n >= 3 but "
        f"{len(found.exceptions)} fall." + ("" if found.complete else " The file was not finished; this part holds.")
    )
    console.print("This says nothing about the other numbers, and nothing about whether trajectories end at 1.")
