"""Command line: ``evenhand lyapunov COMMAND`` (also ``evenhand-lyapunov COMMAND``).

Run without installing: ``python -m evenhand_systems.lyapunov.cli COMMAND``.
"""

from __future__ import annotations

import typer

from evenhand_systems.lyapunov.commands.certificates import certify, check
from evenhand_systems.lyapunov.commands.exact import density, optimum
from evenhand_systems.lyapunov.commands.learning import generate, learn, train
from evenhand_systems.lyapunov.commands.measuring import evaluate, plot, trajectories

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Learned Lyapunov functions for the Collatz map.")
for command in (generate, learn, train, evaluate, trajectories, density, optimum, certify, check, plot):
    app.command()(command)


def main() -> None:
    """Run the program."""
    app()


if __name__ == "__main__":
    main()
