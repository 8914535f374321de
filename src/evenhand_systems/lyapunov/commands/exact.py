"""``density`` and ``optimum``: exact fractions, and bounds on what any potential can reach."""

from __future__ import annotations

from typing import Annotated

import typer

from evenhand_systems.lyapunov.commands.shared import AsJson, console, plain_errors, print_json


@plain_errors
def density(
    lookahead: int,
    form: Annotated[str, typer.Option(help="window-minimum, window-sum, trailing-ones or log-n")] = "window-minimum",
    as_json: AsJson = False,
) -> None:
    """Exact density on which a closed form falls, the cutoff and exceptions, and bounds for potentials."""
    from evenhand_systems.lyapunov import exact
    from evenhand_systems.lyapunov.numbers.features import LOG2_3

    found = exact.closed_form_coverage(form, lookahead)
    if as_json:
        print_json({
            "form": form, "lookahead": found.lookahead, "density": str(found.density), "cutoff": found.cutoff,
            "density_as_number": float(found.density),
            "exceptions": None if found.exceptions is None else list(found.exceptions),
            "least_failing": {f"mod {3**j}": float(exact.violation_lower_bound(lookahead, j)) for j in range(5)},
            "least_failing_on_trajectories": {
                f"mean valuation {mean:.3f}": {
                    f"mod {3**j}": float(exact.trajectory_lower_bound(lookahead, j, mean)) for j in range(5)
                }
                for mean in (2.0, 1.7, LOG2_3)
            },
        })  # fmt: skip
        return
    shown = f"{found.density} = " if found.density.denominator < 1 << 200 else ""
    console.print(f"{form}, L = {found.lookahead}: falls on density {shown}{float(found.density):.12f}")
    below = "not looked for" if found.exceptions is None else list(found.exceptions) or "none"
    console.print(f"of the odd n, for every n > {found.cutoff} of it; exceptions below: {below}")
    for power in range(5):
        bound = float(exact.violation_lower_bound(lookahead, power))
        console.print(f"every log n + phi(window, n mod {3**power}) fails on density at least {bound:.3e}")
    for mean in (2.0, 1.7, LOG2_3):
        shares = ", ".join(f"{exact.trajectory_lower_bound(lookahead, power, mean):.3e}" for power in range(5))
        console.print(f"on trajectories of mean valuation {mean:.3f} the five fail on at least {shares}")
    bits = (3 ** (lookahead + 1)).bit_length() - 1
    halvings, words = exact.surviving_classes(bits), exact.surviving_classes_by_words(bits)
    console.print(f"OEIS A076227({bits}): {halvings} classes mod 2^{bits} counted by halvings, {words} by words")


@plain_errors
def optimum(
    lookahead: int, residue_power: int = 0, clip: int = 5, time_limit: float = 60.0, as_json: AsJson = False
) -> None:
    """Least density of failures of log n + phi(k_1..k_L, n mod 3^j), from both sides, by mixed-integer programming."""
    from evenhand_systems.lyapunov.potentials.optimum import optimal_violation

    found = optimal_violation(lookahead, residue_power, clip=clip, time_limit=time_limit)
    if as_json:
        names = ("violated", "bound", "solved", "finished", "cycles", "seconds")
        print_json({"lookahead": lookahead, "residue_power": residue_power, "clip": clip}
                   | {name: getattr(found, name) for name in names})  # fmt: skip
        return
    if found.solved:
        state = "both agree: this is the optimum"
    else:
        state = "a larger --clip may narrow this" if found.finished else "stopped at the time limit"
    shown = "none found in time" if found.violated is None else f"{found.violated:.9f}"
    console.print(f"upper bound {shown}: a potential of valuations clipped at {clip} that fails on no more")
    console.print(f"lower bound {found.bound:.9f}: what every potential of this window fails on")
    console.print(f"{state} ({found.cycles} cycles, {found.seconds:.1f} s)")
