"""The commands that tutorials and pages on the systems show are run as they stand, with the files that they show."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.app import program

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"<!-- example: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
RUN = re.compile(r"<!-- run(?:: (?P<how>[^>]+?))? -->\n```bash\n(?P<text>.*?)```", re.DOTALL)
SHOWN = re.compile(r"<!-- shown: (?P<command>[^>]+?) -->\n```\n(?P<text>.*?)```", re.DOTALL)
SYSTEMS = ("future_seed", "anchored_sft", "bridge", "lyapunov")
PAGES = (
    "quickstart", "own_recipe", "cluster", "scripts", "trackers", "gate", "audit",
    *(f"systems/{name}" for name in SYSTEMS),
)  # fmt: skip
SHIMS = {"python": "", "pytest": "-m pytest -p evenhand.cli.pytest_plugin"}


def _environment(folder: Path) -> dict[str, str]:
    """Where `python` and `pytest` are those of this process, and the sources are these."""
    shims = folder / "bin"
    shims.mkdir()
    for name, words in SHIMS.items():
        (shims / name).write_text(f'#!/bin/bash\nexec "{sys.executable}" {words} "$@"\n')
        (shims / name).chmod(0o755)
    return {
        **os.environ, "PATH": f"{shims}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src"),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "100",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_says(tmp_path: Path, page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text()
    for found in EXAMPLE.finditer(text):
        (tmp_path / found["name"]).write_text(found["text"])
    environment = _environment(tmp_path)
    (tmp_path / "claims").symlink_to(ROOT / "claims")
    blocks = list(RUN.finditer(text))
    assert blocks
    with program(tmp_path / "bin"):
        for block in blocks:
            how = block["how"] or "exit 0"
            if not how.startswith("exit"):
                if importlib.util.find_spec(how) is None:
                    continue
                how = "exit 0"
            command = ["bash", "-e", "-o", "pipefail", "-c", block["text"]]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert f"exit {done.returncode}" == how, f"{block['text']}\n{done.stdout}\n{done.stderr}"
        for block in SHOWN.finditer(text):
            command = ["bash", "-c", block["command"]]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert block["text"] in done.stdout, done.stdout


def test_what_pytest_and_the_readers_find_by_entry_point_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugin = importlib.import_module(project["entry-points"]["pytest11"]["evenhand"])
    assert callable(plugin.evenhand_compare)
