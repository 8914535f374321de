"""The front door: every name leads somewhere, and nothing heavy is imported before it is asked for."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import evenhand
from evenhand import statistics


@pytest.mark.parametrize("name", sorted(evenhand.__all__))
def test_every_name_of_the_front_door_leads_somewhere(name: str) -> None:
    assert getattr(evenhand, name) is not None
    assert name in dir(evenhand)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        evenhand.nonsense  # noqa: B018


@pytest.mark.parametrize("module", ["evenhand", "evenhand.cli.main"])
def test_importing_the_front_door_or_the_command_line_imports_nothing_heavy(module: str) -> None:
    script = (
        f"import sys, {module}; heavy = {{'numpy', 'scipy', 'torch', 'duckdb', 'pyarrow', 'pydantic', 'matplotlib', "
        f"'jinja2', 'IPython'}} | ({{'rich', 'typer'}} if 'cli' not in '{module}' else set());"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_imports_what_it_needs_and_no_other_command() -> None:
    script = (
        "import sys; from evenhand.cli.main import command_line; command_line(['compare']);"
        "print(sorted({'evenhand.cli.' + name for name in ('audit', 'run', 'watch', 'family')} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", sorted(statistics.__all__))
def test_every_name_of_the_statistics_is_what_its_module_defines_even_where_the_module_has_that_name(name: str) -> None:
    module = sys.modules[statistics.__name__ + "." + statistics._PLACES[name]] if getattr(statistics, name) else None
    setattr(statistics, statistics._PLACES[name], module)  # as an import of the module itself does
    assert getattr(statistics, name) is getattr(module, name)
    assert not inspect.ismodule(getattr(statistics, name))


def test_report_can_be_called_although_a_package_has_its_name() -> None:
    page = importlib.import_module("evenhand.report.page")
    assert list(inspect.signature(evenhand.report).parameters) == ["claim", "ledger", "out"]
    assert page is evenhand.report.page
    with pytest.raises(evenhand.EvenhandError, match="nowhere"):
        evenhand.report("nowhere.toml")


def test_a_recipe_is_written_with_what_the_front_door_offers() -> None:
    class Settings(evenhand.RecipeSettings):
        rate: float = 1.0

    @evenhand.recipe(metrics={"error": evenhand.Metric("minimise", floor=0.0)}, units=("examples",))
    def run(settings: Settings, bench: evenhand.Bench) -> evenhand.Outcome:
        return evenhand.Outcome(metrics={"error": settings.rate})

    assert run(Settings(rate=0.5), None).metrics == {"error": 0.5}  # type: ignore[arg-type]


@pytest.mark.slow
def test_python_m_evenhand_is_the_command_line_and_no_file_in_the_folder_stands_in_for_a_module(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken')")
    command = [sys.executable, "-m", "evenhand", "status"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no claim yet" in done.stdout
