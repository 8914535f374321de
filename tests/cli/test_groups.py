"""Commands that installed packages add: imported when called, never for the help, and no trouble where they fail."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evenhand.cli import groups
from evenhand.cli.main import app
from evenhand.errors import EvenhandError

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"][groups.GROUP]

MODULE = """
import typer

app = typer.Typer(help="Toys.", no_args_is_help=True)
nothing = 3

@app.command()
def count(start: int = 1) -> None:
    '''Count toys.'''
    print(f"{start} toy")

@app.command()
def other() -> None:
    '''Something else.'''
"""


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Entry points as an installation would have them, in place of those of this environment."""
    (tmp_path / "toy_commands.py").write_text(MODULE)
    (tmp_path / "broken_commands.py").write_text("import package_that_is_nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)

    def put(**targets: str) -> None:
        found = [EntryPoint(name, value, groups.GROUP) for name, value in targets.items()]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [e for e in found if e.group == group])
        groups._entries.cache_clear()

    yield put
    groups._entries.cache_clear()
    sys.modules.pop("toy_commands", None)


def run(*arguments: str) -> object:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})


def test_a_registered_group_is_called_by_its_name(register) -> None:
    register(toy="toy_commands:app")
    assert run("toy", "count", "--start", "4").output == "4 toy\n"
    shown = run("toy", "--help").output
    assert "Toys." in shown
    assert "Count toys." in shown
    assert run("toy", "nowhere").exit_code == 2


def test_the_help_names_a_group_without_importing_it(register) -> None:
    register(toy="toy_commands:app", broken="broken_commands:app", gone="no_such_package.cli:app")
    shown = run("--help")
    assert shown.exit_code == 0
    assert "Commands of toy_commands." in shown.output
    assert "Cannot be used: there is no package 'no_such_package'." in shown.output
    assert not {"toy_commands", "broken_commands"} & set(sys.modules)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("broken_commands:app", "ModuleNotFoundError: No module named 'package_that_is_nowhere'"),
        ("toy_commands:none", "AttributeError"),
        ("toy_commands:nothing", "toy_commands:nothing is a int; expected a typer.Typer"),
    ],
)
def test_a_group_that_cannot_be_imported_is_a_sentence_and_breaks_nothing_else(register, target, words) -> None:
    register(toy=target)
    failed = run("toy", "count")
    assert isinstance(failed.exception, EvenhandError)
    assert "The commands 'toy' cannot be used" in str(failed.exception)
    assert words in str(failed.exception)
    assert run("recipes", "--help").exit_code == 0


def test_evenhands_own_commands_cannot_be_taken_by_a_package(register) -> None:
    register(run="toy_commands:app")
    assert "Plan claims" in run("run", "--help").output


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_the_systems_groups_are_what_their_own_programs_run(register, name: str) -> None:
    register(**{name: DECLARED[name]})
    assert isinstance(EntryPoint(name, DECLARED[name], groups.GROUP).load(), typer.Typer)
    shown = run(name, "--help")
    assert shown.exit_code == 0, shown.output
    assert {"lyapunov": "certify", "bridge": "summarise"}[name] in shown.output


@pytest.mark.slow
def test_neither_the_help_of_evenhand_nor_that_of_a_system_imports_torch(tmp_path: Path) -> None:
    """In a process of its own, with the groups registered as an installation does it."""
    info = tmp_path / "registered-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: registered\nVersion: 1.0\n")
    lines = "".join(f"{name} = {target}\n" for name, target in DECLARED.items())
    info.joinpath("entry_points.txt").write_text(f"[{groups.GROUP}]\n{lines}")
    code = (
        "import sys; from typer.testing import CliRunner; from evenhand.cli.main import app\n"
        "shown = [CliRunner().invoke(app, [*words, '--help']) for words in ([], ['lyapunov'], ['bridge'])]\n"
        "assert [one.exit_code for one in shown] == [0, 0, 0], shown\n"
        "assert 'evenhand_systems.lyapunov' in shown[0].output and 'certify' in shown[1].output\n"
        "print(sorted({'torch', 'numba', 'transformers', 'duckdb'} & set(sys.modules)))"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "120"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
