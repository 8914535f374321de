"""The commands that tutorials and pages on the systems show are run as they stand, with the files that they show."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.app import program

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = re.compile(r"<!-- example: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
RUN = re.compile(
    r"<!-- prepare: (?P<before>.*?) -->\n|<!-- run(?:: (?P<how>[^>]+?))? -->\n```bash\n(?P<text>.*?)```", re.DOTALL
)
"""What a reader is meant to type, and before it what a reader has and the test has to make."""
SHOWN = re.compile(r"<!-- shown: (?P<command>[^>]+?) -->\n```\n(?P<text>.*?)```", re.DOTALL)
SYSTEMS = ("future_seed", "anchored_sft", "bridge", "lyapunov")
PAGES = (
    "quickstart", "own_recipe", "cluster", "scripts", "trackers", "gate", "audit", "ledger", "families",
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
    if "results/" in "".join(block["text"] or "" for block in RUN.finditer(text)):
        shutil.copytree(ROOT / "results", tmp_path / "results")
    blocks = list(RUN.finditer(text))
    assert blocks
    with program(tmp_path / "bin"):
        for block in blocks:
            how, told = block["how"] or "exit 0", block["text"] or block["before"]
            if not how.startswith("exit"):
                if importlib.util.find_spec(how) is None:
                    continue
                how = "exit 0"
            command = ["bash", "-e", "-o", "pipefail", "-c", told]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert f"exit {done.returncode}" == how, f"{told}\n{done.stdout}\n{done.stderr}"
        for block in SHOWN.finditer(text):
            command = ["bash", "-c", block["command"]]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert block["text"] in done.stdout, done.stdout


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(?:evenhand|make|pip|python|duckdb|cd|\.venv/bin/\w+) \S", re.MULTILINE)
MARK = re.compile(r"run|run: .+|example: .+|shown: .+|tested in: (?P<test>\S+)|not run: (?P<reason>.{15,})", re.DOTALL)


def unmarked(text: str) -> list[str]:
    """First lines of blocks of commands, or of Python, that neither are run nor say why not."""
    found = []
    for block in BLOCK.finditer(text):
        if block["kind"] in ("bash", "sh", "python") or (not block["kind"] and COMMAND.search(block["text"])):
            mark = MARK.fullmatch(block["mark"] or "")
            if mark is None or (mark["test"] and not (ROOT / mark["test"]).exists()):
                found.append(block["text"].splitlines()[0])
    indented = re.findall(rf"(?<=\n\n)    (?={COMMAND.pattern.removeprefix('^')})(.*)", BLOCK.sub("", text))
    return [*found, *indented]


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.stem)
def test_commands_on_a_page_are_run_or_it_says_why_they_are_not(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert unmarked(text) == []
    if RUN.search(text) and page.parent != ROOT:
        assert str(page.relative_to(ROOT / "docs").with_suffix("")) in PAGES, "its commands are marked and not run"


def test_a_block_without_a_mark_is_found() -> None:
    assert unmarked("```bash\nevenhand run c.toml\n```\n") == ["evenhand run c.toml"]
    assert unmarked("Text:\n\n    evenhand run c.toml\n") == ["evenhand run c.toml"]
    assert unmarked("<!-- tested in: tests/nowhere.py -->\n```python\nx = 1\n```\n") == ["x = 1"]
    assert unmarked("<!-- not run: long -->\n```bash\nevenhand run c.toml\n```\n") == ["evenhand run c.toml"]
    assert unmarked("<!-- run -->\n```bash\nevenhand run c.toml\n```\n```\nwhat it prints\n```\n") == []


def test_what_pytest_and_the_readers_find_by_entry_point_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugin = importlib.import_module(project["entry-points"]["pytest11"]["evenhand"])
    assert callable(plugin.evenhand_compare)
