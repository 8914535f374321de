"""``evenhand family``, ``seal``, ``ledger export`` and ``recheck``, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app import evenhand
from tests.ledgers import Book


@pytest.mark.slow
def test_a_family_is_listed_exported_and_derived_again(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.whole("first", "[0, 1, 2, 3]", effect=0.4)
    book.whole("second", "[4, 5, 6, 7]", effect=0.0001)
    (found,) = json.loads(evenhand(tmp_path, "family", "--ledger", "ledger", "--json").stdout)
    assert [row["claim"] for row in found["rows"]] == ["first", "second"]
    assert found["rows"][0]["holds"] is True
    assert found["next_level"] > 0
    assert "first" in evenhand(tmp_path, "family", "world", "--ledger", "ledger").stdout
    assert evenhand(tmp_path, "family", "nothing", "--ledger", "ledger").returncode == 2
    done = evenhand(tmp_path, "ledger", "export", "--ledger", "ledger", "--to", "l.tar.gz", "--json")
    assert json.loads(done.stdout)["tables"] == 16
    again = evenhand(tmp_path, "recheck", "l.tar.gz")
    assert again.returncode == 0
    assert "first" in again.stdout
    assert "recorded" not in again.stdout


@pytest.mark.slow
def test_a_claim_is_sealed_from_the_command_line_and_its_verdict_says_so(toy_folder: Path) -> None:
    from tests.running.test_run import write_claim

    write_claim(toy_folder, seeds="{ count = 8 }")
    sealed = json.loads(evenhand(toy_folder, "seal", "c.toml", "--to", "r.json", "--json").stdout)
    assert (toy_folder / "r.json").read_text() == sealed["receipt"]
    assert evenhand(toy_folder, "run", "c.toml").returncode == 0
    document = json.loads(evenhand(toy_folder, "verdict", "c.toml", "--json").stdout)
    assert document["verdicts"][0]["title"].startswith("gain (sealed")
    assert document["standing"]["seal"]["seeds"] is True
    assert evenhand(toy_folder, "seal", "c.toml", "--check").stdout == "c: sealed\n"
    assert evenhand(toy_folder, "seal", "c.toml").returncode == 2


def test_what_is_no_exported_ledger_is_told_in_a_sentence_and_passes_for_no_other_verdict(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("recipe = 1")
    missing = evenhand(tmp_path, "recheck", "nowhere.tar.gz")
    assert (missing.returncode, missing.stderr) == (2, "There is no file nowhere.tar.gz.\n")
    other = evenhand(tmp_path, "recheck", "c.toml")
    assert other.returncode == 4
    assert "fault: this is no ledger as it is exported" in other.stdout
    assert "Traceback" not in other.stderr
