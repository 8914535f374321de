"""What is kept to read faster is never the truth: removed, damaged or forged, it changes no answer unseen."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evenhand.errors import LedgerError
from evenhand.ledger import Ledger, checked, store
from evenhand.ledger.history import History
from evenhand.ledger.score_cache import ScoreCache
from evenhand.recipes.outcome import ITEM_COLUMNS, Failure, ItemScores, Outcome
from tests.ledger.samples import ASKED, EXECUTION, OUTCOME, SMALL, TRIAL, faults_of, fill, rewrite, segment_of


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of four records whose segment was noted as checked."""
    monkeypatch.setattr(checked, "_MANY", 2)
    fill(Ledger(tmp_path))
    assert len(Ledger(tmp_path).outcomes()) == 3
    assert list((tmp_path / "cache").glob("*.json"))
    return tmp_path


def scores_of(folder: Path) -> list[list[float]]:
    return [record.outcome.items["score"].scores.tolist() for record in Ledger(folder).outcomes()]


@pytest.mark.slow
def test_a_noted_segment_gives_the_same_records(noted: Path) -> None:
    quick = Ledger(noted).outcomes()
    shutil.rmtree(noted / "cache")
    for one, other in zip(quick, Ledger(noted).outcomes(), strict=True):
        assert (one.trial, one.place, one.provenance) == (other.trial, other.place, other.provenance)
        assert one.outcome.metrics == other.outcome.metrics
        assert one.outcome.items["score"].outputs == other.outcome.items["score"].outputs == ("4", "", "7")


def test_few_records_that_are_long_are_noted_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Ledger(tmp_path), 3)
    size = segment_of(tmp_path).stat().st_size
    monkeypatch.setattr(checked, "_MUCH", size + 1)
    Ledger(tmp_path).outcomes()
    assert not list((tmp_path / "cache").glob("*.json"))
    monkeypatch.setattr(checked, "_MUCH", size)
    Ledger(tmp_path).outcomes()
    assert list((tmp_path / "cache").glob("*.json"))


def test_a_ledger_that_is_looked_at_again_checks_what_was_altered_meanwhile(tmp_path: Path) -> None:
    fill(Ledger(tmp_path), 2)
    looking = Ledger(tmp_path)
    assert len(looking.outcomes()) == 2
    fill(Ledger(tmp_path), 1)
    assert len(looking.outcomes()) == 3
    rewrite(segment_of(tmp_path), lambda lines: [line.replace(b'"steps": 10', b'"steps": 11') for line in lines])
    with pytest.raises(LedgerError, match="altered"):
        looking.outcomes()


def test_what_was_written_since_is_checked(noted: Path) -> None:
    fill(Ledger(noted), 1)
    assert len(Ledger(noted).outcomes()) == 4
    with segment_of(noted).open("ab") as file:
        file.write(b'{"a": 1}\n')
    with pytest.raises(LedgerError, match="is damaged"):
        Ledger(noted).outcomes()


def test_a_change_in_what_was_checked_is_found_all_the_same(noted: Path) -> None:
    rewrite(segment_of(noted), lambda lines: [*lines[:2], lines[2].replace(b'"steps": 10', b'"steps": 11'), lines[3]])
    with pytest.raises(LedgerError, match="record 2: its content does not match its hash"):
        Ledger(noted).outcomes()


@pytest.mark.parametrize("pattern", ["*.json", "*.scores"])
def test_each_byte_of_a_cache_is_guarded(noted: Path, pattern: str) -> None:
    (path,) = (noted / "cache").glob(pattern)
    whole, expected = path.read_bytes(), scores_of(noted)
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert scores_of(noted) == expected
        path.write_bytes(whole[:at])
        assert scores_of(noted) == expected


def test_item_scores_come_from_the_cache_and_their_file_is_checked_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(Ledger(tmp_path), 1)
    monkeypatch.setattr(store, "table_of", None)
    assert scores_of(tmp_path) == [[0.0, 1.0, 0.5]]
    (path,) = (tmp_path / "items").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(LedgerError, match="was altered"):
        scores_of(tmp_path)


def test_many_files_of_an_older_ledger_are_noted_as_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(Ledger(tmp_path), 3)
    expected = scores_of(tmp_path)
    shutil.rmtree(tmp_path / "cache")
    monkeypatch.setattr(store, "_MANY_DECODED", 0)
    assert scores_of(tmp_path) == expected
    monkeypatch.setattr(store, "table_of", None)
    assert scores_of(tmp_path) == expected


def test_what_was_asked_is_read_through_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Ledger(tmp_path), 1, ASKED)
    monkeypatch.setattr(store, "_MANY_DECODED", 0)
    for _ in range(2):  # decoded and noted, then from the cache
        (record,) = Ledger(tmp_path).outcomes()
        found = record.outcome.items
        assert [found["score"].column(key) for key in ITEM_COLUMNS] == [
            ASKED.items["score"].column(key) for key in ITEM_COLUMNS
        ]
        assert (found["other"].groups, found["other"].inputs) == (("odd",), None)


def test_a_forged_cache_is_a_fault(noted: Path) -> None:
    assert faults_of(noted) == ""
    (record, *_) = Ledger(noted).outcomes()
    (path,) = (noted / "items").glob(f"{record.trial.id}-*")
    digest = next(e.body["files"]["items"]["sha256"] for e in History(noted).entries("outcome"))
    shutil.rmtree(noted / "cache")
    forged = dict(record.outcome.items) | {"score": ItemScores(("x", "y", "ж"), np.ones(3), None, ("g", "g", "h"))}
    ScoreCache(noted).add(digest, forged)
    assert faults_of(noted).startswith(f"the cache of items/{path.name} is not what that file holds")


def test_a_cache_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands in the way")
    fill(Ledger(tmp_path), 2)
    assert scores_of(tmp_path) == [[0.0, 1.0, 0.5]] * 2
    assert Ledger(tmp_path).verify().faults == ()


def test_results_and_failures_are_told_apart_without_reading_the_records(tmp_path: Path) -> None:
    book = Ledger(tmp_path)
    fill(book, 2)
    failed = replace(TRIAL, seed=7)
    book.record_outcome(failed, Outcome(failure=Failure("code", "it failed")), EXECUTION, "h", {})
    book.record_outcome(replace(TRIAL, seed=8), Outcome(failure=Failure("diverged", "it failed")), EXECUTION, "h", {})
    ids = [replace(TRIAL, seed=seed).id for seed in (0, 1, 7, 8)]
    results = book.results(ids)
    assert set(results) == {ids[0], ids[1], ids[3]}
    assert results[ids[0]].metrics == OUTCOME.metrics
    assert set(book.failures(ids)) == {ids[2], ids[3]}
    book.record_outcome(failed, SMALL, EXECUTION, "h", {})
    assert len(Ledger(tmp_path).results(ids)) == 4
