"""Writing a report: the recipe's own part comes with it, and its faults never cost the page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evenhand.ledger import Ledger
from tests.app import evenhand
from tests.running.test_run import write_claim

GOOD = """
from evenhand.recipes.exhibit import Grid

def exhibits(trials):
    rows = tuple((t.arm, t.rung, str(t.seed), str(t.settings["effect"])) for t in trials)
    return [Grid("Every trial", "", ("arm", "rung", "seed", "effect"), rows)]
"""
RAISING = "def exhibits(trials):\n    return trials[0].outcome.metrics['accuracy']\n"


@pytest.fixture
def folder(toy_folder: Path) -> Path:
    """A claim whose recipe names ``shown:exhibits``, run to its end before that module exists."""
    toy = toy_folder / "toy.py"
    toy.write_text(toy.read_text().replace('"seconds"))', '"seconds"), exhibits="shown:exhibits")'))
    write_claim(toy_folder)
    return toy_folder


@pytest.mark.slow
def test_a_report_holds_the_exhibits_of_its_recipe(folder: Path) -> None:
    (folder / "shown.py").write_text(GOOD)
    done = evenhand(folder, "run", "c.toml")
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    page = (folder / ".evenhand/reports/c.html").read_text()
    assert '<a href="#exhibits">' in page
    assert page.count('<th scope="row">off</th><td class="num">confirm</td>') == 4


@pytest.mark.slow
def test_a_missing_or_raising_function_is_a_warning_and_a_section_and_the_verdicts_stand(folder: Path) -> None:
    done = evenhand(folder, "run", "c.toml")
    assert done.returncode == 0, done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert "there is no module 'shown'" in warning
    assert "gain" in done.stdout
    (folder / "shown.py").write_text(RAISING)
    done = evenhand(folder, "report", "c.toml", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    words = "The exhibits function 'shown:exhibits' raised KeyError: 'accuracy' (at shown.py, line 2)"
    assert told["warnings"] == [words]
    assert f"warning: {words}" in done.stderr
    page = Path(folder / told["report"]).read_text()
    assert "The recipe’s exhibits are missing" in page
    assert words.replace("'", "&#39;") in page
    assert 'id="verdicts"' in page


@pytest.mark.slow
def test_a_report_that_cannot_be_written_is_a_sentence_that_names_the_cure(folder: Path) -> None:
    (folder / "shown.py").write_text(GOOD)
    assert evenhand(folder, "run", "c.toml").returncode == 0
    for path in (folder / ".evenhand/reports").iterdir():
        path.unlink()
    (folder / ".evenhand/reports").rmdir()
    (folder / ".evenhand/reports").write_text("a file stands in the way")
    done = evenhand(folder, "report", "c.toml")
    assert done.returncode == 2
    assert done.stderr.startswith("The report .evenhand/reports/c.html cannot be written: ")
    assert "--out FILE" in done.stderr
    ran = evenhand(folder, "run", "c.toml")  # which has its verdict all the same
    assert ran.returncode == 4
    assert "gain" in ran.stdout
    assert "warning: The report .evenhand/reports/c.html cannot be written" in ran.stderr
    assert evenhand(folder, "report", "c.toml", "--out", "elsewhere.html").returncode == 0
    assert "</html>" in (folder / "elsewhere.html").read_text()


@pytest.mark.slow
def test_a_report_carries_the_head_of_the_ledger_and_its_notes(folder: Path) -> None:
    (folder / "shown.py").write_text(GOOD)
    assert evenhand(folder, "run", "c.toml").returncode == 0
    (decision,) = Ledger(folder / ".evenhand").decisions("c")
    assert f"Head <code>{decision.head}</code>" in (folder / ".evenhand/reports/c.html").read_text()
    segment = next((folder / ".evenhand/segments").iterdir())
    shutil.copy(segment, segment.with_name("copy.jsonl"))
    for command in (["verdict", "c.toml"], ["report", "c.toml"]):
        done = evenhand(folder, *command)
        assert done.returncode == 0
        assert "warning: ledger: segment copy.jsonl is segment" in done.stderr
    page = (folder / ".evenhand/reports/c.html").read_text()
    assert f"Head <code>{decision.head}</code>" in page
    assert "segment copy.jsonl is segment" in page
