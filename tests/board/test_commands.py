"""What is asked from the page is done by the commands that people type, in processes that go on without the board."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evenhand.board.commands import Asked, Commands
from evenhand.board.gather import Gatherer
from evenhand.board.seen import ClaimShown
from evenhand.errors import EvenhandError
from evenhand.ledger import Ledger
from evenhand.running.extending import extend
from tests.board.stage import Stage
from tests.running.test_run import write_claim


def ended(commands: Commands) -> Asked:
    """The newest thing that was asked for, once its process has ended."""
    deadline = time.monotonic() + 90
    while (asked := commands.asked()[0]).said.endswith("runs") and time.monotonic() < deadline:
        time.sleep(0.1)
    return asked


def claim_of(ledger: Path, name: str) -> ClaimShown:
    gatherer = Gatherer(ledger)
    found = gatherer.look().claim(name)
    gatherer.close()
    assert found is not None
    return found


def test_claim_files_are_found_below_the_folder_and_nothing_else_is(tmp_path: Path) -> None:
    for place in (".", "deep/er", ".hidden", "node_modules"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "c.toml").write_text('recipe = "world"\n[[arm]]\nname = "a"\n')
    (tmp_path / "named.toml").write_text('name = "other"\nrecipe = "world"\n[[arm]]\nname = "a"\n')
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "broken.toml").write_text("recipe = [")
    (tmp_path / "deep" / "binary.toml").write_bytes(b"\xff\xfe")
    found = Commands(tmp_path / "ledger", tmp_path).files()
    assert [(one.path, one.name) for one in found] == [
        ("c.toml", "c"),
        ("deep/er/c.toml", "c"),
        ("named.toml", "other"),
    ]


@pytest.mark.slow  # trials run in processes of their own
def test_a_claim_that_is_started_runs_to_its_verdict_in_a_session_of_its_own(toy_folder: Path) -> None:
    path = write_claim(toy_folder)
    commands = Commands(toy_folder / "ledger", toy_folder, jobs=1)
    commands.start(path.name)
    pid = int(commands.asked()[0].said.split()[1])
    assert os.getsid(pid) == pid
    assert ended(commands) == Asked(f"start {path.name}", commands.asked()[0].clock, "ended well")
    with Ledger(toy_folder / "ledger") as ledger:
        name = ledger.claims()[0].name
        assert ledger.decisions(name)
    assert claim_of(toy_folder / "ledger", name).state == "finished"


@pytest.mark.slow  # likewise
def test_a_start_that_fails_says_why_in_the_words_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('recipe = "no_such.module:run"\n[[arm]]\nname = "a"\nrole = "baseline"\n')
    commands = Commands(tmp_path / "ledger", tmp_path)
    commands.start("c.toml")
    asked = ended(commands)
    assert asked.failed
    assert asked.said.startswith("ended with exit code 2: ")
    assert "Traceback" not in asked.said


def test_a_process_that_cannot_be_started_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.toml").write_text('recipe = "world"\n[[arm]]\nname = "a"\n')
    (tmp_path / "ledger").write_text("a file")
    with pytest.raises(EvenhandError, match="could not be started"):
        Commands(tmp_path / "ledger", tmp_path).start("c.toml")


def test_seeds_are_added_by_the_command_for_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(tmp_path)
    stage.decided("gate")
    stage.book.ledger.close()
    (tmp_path / "gate.toml").write_text('recipe = "world"\n[[arm]]\nname = "a"\n')
    commands = Commands(stage.ledger, tmp_path, jobs=3)
    called: list[list[str]] = []
    monkeypatch.setattr(commands, "_spawn", lambda what, words: called.append([what, *words]))
    commands.extend(claim_of(stage.ledger, "gate"), 4)
    assert called == [["extend gate by 4 seeds", "extend", "gate.toml", "--seeds", "4"]]


def test_a_claim_that_was_extended_is_open_and_blind_again_with_its_further_seeds(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    loaded = stage.decided("gate", effect=0.001, more='looks = "anytime"')
    before = claim_of(stage.ledger, "gate")
    assert (before.state, before.trials, before.rungs[0].looks) == ("finished", 18, "looked at whenever one likes")
    extend(loaded, stage.book.ledger, 2)
    stage.book.ledger.close()
    gate = claim_of(stage.ledger, "gate")
    assert (gate.state, gate.blind, gate.arms) == ("stopped", True, ("A", "B", "C"))
    assert (gate.results, gate.trials) == (18, 30)
