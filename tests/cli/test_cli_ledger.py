"""The commands that look after a ledger."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evenhand.ledger import Ledger
from tests.app import evenhand, parsed
from tests.ledger.samples import fill
from tests.running.test_run import write_claim


@pytest.mark.slow
def test_a_ledger_is_packed_checked_and_asked(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    fill(ledger, 2)
    refused = evenhand(tmp_path, "ledger", "pack", "--ledger", "l")
    assert refused.returncode == 4
    assert "is open for writing" in refused.stderr
    ledger.close()
    done = evenhand(tmp_path, "ledger", "pack", "--ledger", "l")
    assert done.returncode == 0, done.stderr
    assert "4 tables and 1 segment packed: 6 files" in done.stdout
    assert "are now 5" in done.stdout
    again = parsed(evenhand(tmp_path, "ledger", "pack", "--ledger", "l", "--json"))
    assert (again["tables"], again["packs"], again["files"]) == (0, [], [5, 5])
    with Ledger(tmp_path / "l") as ledger:
        fill(ledger, 4)
    assert "are now 8" in evenhand(tmp_path, "ledger", "pack", "--ledger", "l").stdout
    assert "8 files with 0.0 MB are now 5" in evenhand(tmp_path, "ledger", "pack", "--all", "--ledger", "l").stdout
    asked = evenhand(tmp_path, "ledger", "query", "select count(distinct trial) from items", "--ledger", "l", "--json")
    assert list(parsed(asked)[0].values()) == [4]
    next((tmp_path / "l/packs").glob("curves-*")).unlink()
    missed = evenhand(tmp_path, "ledger", "verify", "--ledger", "l")
    assert missed.returncode == 4
    assert "fault: packs/curves-" in missed.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("query", "status"), [("select count(*) from items", 0), ("select nothing from items", 4)])
def test_a_query_writes_nothing_but_its_answer(tmp_path: Path, query: str, status: int) -> None:
    with Ledger(tmp_path / "l") as ledger:
        fill(ledger, 2)
    command = [sys.executable, "-m", "evenhand", "ledger", "query", query, "--ledger", "l"]
    for _ in ("makes the index", "finds it"):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        assert done.returncode == status, said
        assert len(said) <= 5, said  # a process's end is part of what is seen: what is left uncollected there may speak


@pytest.mark.parametrize("command", ["verdict", "report", "status"])
def test_a_mistyped_ledger_is_said_and_no_folder_is_made_for_it(toy_folder: Path, command: str) -> None:
    write_claim(toy_folder)
    done = evenhand(toy_folder, command, "c.toml", "--ledger", "mistyped")
    assert done.returncode == 2
    assert "There is no ledger at mistyped" in done.stderr
    assert not (toy_folder / "mistyped").exists()
