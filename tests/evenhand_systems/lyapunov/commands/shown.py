"""Run a command in this process, and read what it shows."""

from __future__ import annotations

from typing import Any

from typer.testing import CliRunner

from evenhand_systems.lyapunov.cli import app


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def refused(found: Any, *parts: str) -> None:
    assert found.exit_code == 2, found.output
    assert isinstance(found.exception, SystemExit)
    for part in parts:
        assert part in found.output


def rows(output: str) -> dict[str, list[str]]:
    """First cell to the others, of every row of the tables."""
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]
    return {cells[0]: cells[1:] for cells in lines}
