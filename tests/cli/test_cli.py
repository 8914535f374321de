"""The command line: what people type, what they see, and how it ends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from evenhand import __version__
from evenhand.cli.main import app
from evenhand.cli.wrapped import tell
from evenhand.execution.machine import cores
from tests.app import evenhand, parsed
from tests.conftest import TOY
from tests.running.test_run import write_claim


@pytest.fixture
def finished(toy_folder: Path) -> Path:
    """A folder with a claim that has been run."""
    write_claim(toy_folder)
    done = evenhand(toy_folder, "run", "c.toml")
    assert done.returncode == 0, done.stderr
    return toy_folder


@pytest.mark.slow
def test_a_run_prints_its_plan_its_trials_and_its_verdicts_in_a_narrow_terminal(toy_folder: Path) -> None:
    write_claim(toy_folder)
    done = evenhand(toy_folder, "run", "c.toml")
    assert done.returncode == 0
    for words in ("rung confirm: 8 trials", "smallest detectable effect", "[8/8]", "Report: .evenhand/reports/c.html"):
        assert words in done.stderr
    assert "gain" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60
    assert "</html>" in (toy_folder / ".evenhand/reports/c.html").read_text()


@pytest.mark.slow
def test_every_answer_is_there_as_json_too(finished: Path) -> None:
    assert parsed(evenhand(finished, "plan", "c.toml", "--json"))["rungs"][0]["done"] == 8
    assert parsed(evenhand(finished, "verdict", "c.toml", "--json"))["verdicts"][0]["kind"] == "gain"
    assert parsed(evenhand(finished, "run", "c.toml", "--json"))[0]["finished"] is True
    (status,) = parsed(evenhand(finished, "status", "--json"))
    assert (status["finished"], status["results"]) == (True, 8)
    assert parsed(evenhand(finished, "ledger", "verify", "--json"))["faults"] == []
    rows = parsed(evenhand(finished, "ledger", "query", "select arm, count(*) as n from outcomes group by 1", "--json"))
    assert sorted((row["arm"], row["n"]) for row in rows) == [("off", 4), ("on", 4)]
    assert parsed(evenhand(finished, "report", "c.toml", "--json", "-o", "page.html"))["report"] == "page.html"
    assert (finished / "page.html").exists()
    assert "settings" in parsed(evenhand(finished, "recipes", "toy:run", "--json"))
    assert any(row["name"] == "command" for row in parsed(evenhand(finished, "recipes", "--json")))


@pytest.mark.slow
def test_a_failed_claim_explains_itself(toy_folder: Path) -> None:
    write_claim(toy_folder, arm='settings.behave = "raise"')
    assert evenhand(toy_folder, "run", "c.toml").returncode == 3
    told = evenhand(toy_folder, "status", "c.toml").stdout
    for words in ("code x", "a fault in the recipe", "Mend it", "raise ValueError", "phase 'run'"):
        assert words in told.replace("\n", " ") or words in told


@pytest.mark.slow
def test_trials_that_were_left_out_are_told_as_left_out_and_not_as_failed(toy_folder: Path) -> None:
    write_claim(toy_folder, arm='settings.behave = "raise"')
    evenhand(toy_folder, "run", "c.toml", "--jobs", "1")
    told = evenhand(toy_folder, "status", "c.toml").stdout
    assert "4 results, 2 failed trials, 2 trials left out" in told
    assert "left out x 2: not tried: 2 trials of this arm failed alike" in told
    (found,) = parsed(evenhand(toy_folder, "status", "--json"))
    assert (len(found["failures"]), len(found["left_out"])) == (2, 2)
    shown = evenhand(toy_folder, "verdict", "c.toml").stdout
    assert shown.count("a fault in the recipe") == 1


def commands(group: Any, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        found |= commands(command, f"{name} ") if hasattr(command, "commands") else {prefix + name: command}
    return found


def test_every_command_answers_programs_and_the_help_names_every_exit_code() -> None:
    own = typer.main.get_command(app)
    without = [n for n, c in commands(own).items() if not any("--json" in p.opts for p in c.params)]
    assert not without
    for code in ("0 done", "1 evenhand broke", "2 bad input", "3 done but", "4 ledger", "130 interrupted"):
        assert code in (str(own.epilog))


def test_the_version_is_told(tmp_path: Path) -> None:
    done = evenhand(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (0, f"evenhand {__version__}\n")


@pytest.mark.slow
def test_bind_explains_its_mark_and_names_one_that_it_does_not_know(tmp_path: Path) -> None:
    mark = "<!-- verdicts of ../claims/x.toml in ../results/x -->"
    assert mark in evenhand(tmp_path, "bind", "--help", columns=100).stdout
    for line in ("<!-- verdict of x.toml in y -->", "<!-- Verdicts: x.toml -->", "<!-- end verdicts -->"):
        (tmp_path / "page.md").write_text(f"text\n{line}\n")
        done = evenhand(tmp_path, "bind", "page.md")
        assert done.returncode == 2
        assert f"page.md, line 2: this mark is not known: {line}" in done.stderr
    (tmp_path / "page.md").write_text("text\n<!-- another remark -->\n")
    done = evenhand(tmp_path, "bind", "page.md", "--json")
    assert parsed(done) == [{"document": "page.md", "tables": 0, "stale": [], "unbound": []}]
    assert "page.md has no mark" in done.stderr


@pytest.mark.parametrize("width", [60, 80])
def test_a_sentence_is_wrapped_to_a_terminal_and_whole_in_a_file(width: int) -> None:
    for terminal in (True, False):
        console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
        tell(console, "word " * 40, "", "  ")
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert (len(lines) > 1 and max(map(len, lines)) <= width) is terminal


def test_faults_of_a_claim_come_together_with_lines_and_exit_code_2(toy_folder: Path) -> None:
    path = write_claim(toy_folder, settings="efect = 1")
    path.write_text(path.read_text().replace("margin = 0.05", "margin = -1"))
    done = evenhand(toy_folder, "run", "c.toml")
    assert done.returncode == 2
    assert "c.toml:6" in done.stderr
    assert "Traceback" not in done.stderr
    path.write_text(path.read_text().replace("margin = -1", "margin = 1"))
    assert "no setting 'efect'" in evenhand(toy_folder, "plan", "c.toml").stderr
    missing = evenhand(toy_folder, "plan", "nothing.toml")
    assert missing.returncode == 2
    assert "nothing.toml cannot be read" in missing.stderr


@pytest.mark.slow
def test_a_damaged_ledger_ends_with_exit_code_4_and_names_the_place(finished: Path) -> None:
    segment = next((finished / ".evenhand/segments").iterdir())
    data = segment.read_bytes()
    place = data.index(b'"steps": 5') if b'"steps": 5' in data else data.index(b'"steps":5')
    segment.write_bytes(data[:place] + data[place:].replace(b"5", b"6", 1))
    done = evenhand(finished, "ledger", "verify")
    assert done.returncode == 4
    assert segment.name in done.stdout.replace("\n", "")
    again = evenhand(finished, "verdict", "c.toml")
    assert again.returncode == 4
    assert "is damaged" in again.stderr


@pytest.mark.slow
def test_one_exploratory_trial_is_shown_and_never_counts(toy_folder: Path) -> None:
    done = evenhand(toy_folder, "try", "toy:run", "--set", "effect=0.2", "--budget", "4", "--items", "10", "--json")
    assert done.returncode == 0, done.stderr
    assert parsed(done)["items"]["score"]["items"] == 10
    write_claim(toy_folder)
    assert parsed(evenhand(toy_folder, "plan", "c.toml", "--json"))["rungs"][0]["done"] == 0
    wrong = evenhand(toy_folder, "try", "toy:run", "--set", "efect=0.2")
    assert wrong.returncode == 2
    assert "efect" in wrong.stderr
    raised = evenhand(toy_folder, "try", "toy:run", "--set", "behave=raise")
    assert raised.returncode == 3
    assert "Traceback" in raised.stdout
    many = evenhand(toy_folder, "try", "toy:run", "--items", "999999")
    assert many.returncode == 3
    assert "--items 999999 asks for more" in many.stdout
    assert "rung" not in many.stdout
    assert "Traceback" not in many.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("told", "threads"), [("1", "1"), (None, str(cores()))])
def test_the_threads_that_a_user_allows_are_those_of_a_trial(
    toy_folder: Path, told: str | None, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OMP_NUM_THREADS as the trial itself sees it; without it one trial has the whole machine."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)
    asks = (
        "    bench.note('threads', f\"{os.environ['OMP_NUM_THREADS']}, {bench.threads}\")\n    state = bench.resume()"
    )
    (toy_folder / "toy.py").write_text(TOY.replace("    state = bench.resume()", asks))
    done = parsed(evenhand(toy_folder, "try", "toy:run", "--budget", "1", "--items", "10", "--json"))
    assert done["notes"]["threads"] == f"{threads}, {threads}"


@pytest.mark.slow
def test_a_new_claim_runs_at_once(tmp_path: Path) -> None:
    assert evenhand(tmp_path, "new", "idea").returncode == 0
    done = evenhand(tmp_path, "run", "idea.toml")
    assert done.returncode == 0, done.stderr
    assert "gain" in done.stdout
    again = evenhand(tmp_path, "new", "idea")
    assert again.returncode == 2
    assert "exists already" in again.stderr.replace("\n", " ")
    assert evenhand(tmp_path, "new", "my idea").returncode == 2


@pytest.mark.slow
def test_commands_that_only_look_leave_no_folder_behind(toy_folder: Path) -> None:
    write_claim(toy_folder)
    for command in (["plan", "c.toml"], ["status"], ["verdict", "c.toml"]):
        assert evenhand(toy_folder, *command).returncode == 0
    assert not (toy_folder / ".evenhand").exists()


def test_data_says_what_is_there_what_is_missing_and_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "mbpp").mkdir()
    (tmp_path / "mbpp" / "mbpp.jsonl").write_text('{"task_id": 1}\n')
    done = evenhand(tmp_path, "data", "--folder", ".", "--json")
    assert done.returncode == 2
    found = {state["name"]: state for state in parsed(done)}
    assert (found["MBPP"]["present"], found["MBPP"]["sound"]) == (True, False)
    assert found["ARC-Challenge"]["sound"] is None
    assert "get it from" in found["ARC-Challenge"]["finding"]
    empty = evenhand(tmp_path, "data", "--folder", "none")
    assert empty.returncode == 0
    assert "Nothing is under none" in empty.stdout


def test_a_folder_that_is_no_ledger_is_bad_input_and_not_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "claims").mkdir()
    for command in (["ledger", "verify"], ["ledger", "query", "select 1"], ["status"]):
        for folder, words in (("typo", "no such folder"), ("claims", "is no ledger")):
            done = evenhand(tmp_path, *command, "--ledger", folder)
            assert done.returncode == 2
            assert words in done.stderr
            assert "--ledger" in done.stderr


def test_the_empty_folder_that_a_refused_run_leaves_is_no_ledger_yet(toy_folder: Path) -> None:
    write_claim(toy_folder)
    (toy_folder / ".evenhand").mkdir()
    assert "not entered in the ledger yet" in evenhand(toy_folder, "status", "c.toml").stdout
    done = evenhand(toy_folder, "ledger", "verify")
    assert done.returncode == 2
    assert "the folder is empty" in " ".join(done.stderr.split())


def every_command(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, command in getattr(group, "commands", {}).items():
        yield from every_command(command, (*words, name))


@pytest.mark.slow  # forty helps
def test_no_help_is_cut_in_a_narrow_terminal() -> None:
    for words in every_command(typer.main.get_command(app)):
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "60"}).stdout
        assert "Usage" in shown
        assert "…" not in shown, words
        assert max(map(len, shown.splitlines())) <= 60, words
