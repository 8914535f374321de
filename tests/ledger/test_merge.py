"""Ledgers that were made apart become one: every chain is kept, and nothing that differs is passed over in silence."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evenhand.errors import DataError, LedgerError
from evenhand.ledger import Ledger
from evenhand.ledger import merge as merging
from evenhand.recipes.outcome import Outcome
from tests.app import evenhand, parsed
from tests.ledger.samples import EXECUTION, OUTCOME, SMALL, TRIAL, faults_of, rewrite, segment_of
from tests.ledger.test_ledger_pack import content

IDENTITY = {"fingerprint": "v1", "rungs": [{"name": "confirm", "budget": 10.0}]}


def made(folder: Path, seeds: range, outcome: Outcome = OUTCOME, *, packed: bool = False, budget: float = 10.0) -> Path:
    """A ledger with a claim and results of some seeds."""
    ledger = Ledger(folder)
    identity = IDENTITY | {"rungs": [{"name": "confirm", "budget": budget}]}
    ledger.record_claim("c", f"h{budget:g}", identity, "text")
    for seed in seeds:
        trial = replace(TRIAL, seed=seed, amount=budget)
        ledger.record_outcome(trial, outcome, EXECUTION, f"h{budget:g}", {"git": None})
    if packed:
        ledger.pack()
    ledger.close()
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return made(tmp_path / "a", range(3)), made(tmp_path / "b", range(3, 5))


@pytest.mark.parametrize("packed", [(False, False), (True, False), (False, True), (True, True)])
def test_a_merged_ledger_holds_what_each_held_in_its_own_chains(tmp_path: Path, packed: tuple[bool, bool]) -> None:
    a = made(tmp_path / "a", range(3), packed=packed[0])
    b = made(tmp_path / "b", range(3, 5), packed=packed[1])
    apart = content(a) + content(b)
    report = Ledger(a).merge(b)
    assert sorted(content(a), key=str) == sorted(apart, key=str)
    assert faults_of(a) == ""
    assert faults_of(b) == ""
    assert (report.doubled, report.differences, report.added > 2) == ((), (), True)
    assert report.head == Ledger(a).verify().head
    assert not list(a.glob(".merging-*"))


def test_a_merged_ledger_goes_on_and_can_be_packed_and_merged_again(two: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = two
    Ledger(a).merge(b)
    with Ledger(a) as ledger:
        ledger.record_outcome(replace(TRIAL, seed=9), SMALL, EXECUTION, "h10", {"git": None})
        ledger.pack()
    assert Ledger(a).merge(b).added == 0
    third = made(tmp_path / "third", range(20, 21))
    assert Ledger(a).merge(third, b).added > 0
    assert {record.trial.seed for record in Ledger(a).outcomes()} == {0, 1, 2, 3, 4, 9, 20}
    assert faults_of(a) == ""


def test_a_copy_that_was_taken_on_is_merged_back_with_what_both_have_once(two: tuple[Path, Path]) -> None:
    a, _ = two
    copy = Path(shutil.copytree(a, a.parent / "copy"))
    for folder, seed in ((a, 10), (copy, 11)):
        with Ledger(folder) as ledger:
            ledger.record_outcome(replace(TRIAL, seed=seed), SMALL, EXECUTION, "h10", {"git": None})
    Ledger(copy).pack()
    report = Ledger(a).merge(copy)
    assert [record.trial.seed for record in Ledger(a).outcomes()] == [0, 1, 2, 10, 11]
    assert report.doubled == ()
    assert faults_of(a) == ""


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (OUTCOME, "has the same results in .*: the first counts"),
        (replace(OUTCOME, metrics={"loss": 0.5}), "has different results in .*: the first counts"),
        (replace(OUTCOME, code={"toy.py": "b" * 64}), "the last one counts, made by other code"),
    ],
)
def test_trials_that_both_have_are_named_with_the_result_that_counts(
    tmp_path: Path, outcome: Outcome, words: str
) -> None:
    a = made(tmp_path / "a", range(2), replace(OUTCOME, code={"toy.py": "a" * 64}))
    b = made(tmp_path / "b", range(1, 3), outcome)
    report = Ledger(a).merge(b)
    assert len(report.doubled) == 1
    assert re.search(words, report.doubled[0])
    assert f"trial {replace(TRIAL, seed=1, amount=10.0).id} (c: on · default · confirm · seed 1)" in report.doubled[0]
    assert Ledger(a).latest([replace(TRIAL, seed=1, amount=10.0).id])


def test_budgets_claims_and_code_are_compared(tmp_path: Path) -> None:
    a = made(tmp_path / "a", range(2), replace(OUTCOME, code={"toy.py": "a" * 64}))
    b = made(
        tmp_path / "b", range(2), replace(OUTCOME, code={"toy.py": "b" * 64}, data={"d.txt": "e" * 64}), budget=80.0
    )
    told = "\n".join(Ledger(a).merge(b).differences)
    assert "claim 'c' is another one in" in told
    assert "rungs.0.budget: 10.0 became 80.0" in told
    assert "on · default · confirm: trials had 10 steps in" in told
    assert "never compared" in told
    assert "with another toy.py (code)" in told
    assert "with another d.txt (data)" in told


def test_many_doubled_trials_are_counted_after_the_first_ten(tmp_path: Path) -> None:
    a, b = made(tmp_path / "a", range(13), SMALL), made(tmp_path / "b", range(13), SMALL)
    report = Ledger(a).merge(b)
    assert len(report.doubled) == 11
    assert report.doubled[-1] == "3 further trials have results in more than one ledger"


def _alter(folder: Path) -> None:
    rewrite(segment_of(folder), lambda lines: [lines[0], lines[1].replace(b'"c"', b'"d"'), *lines[2:]])


def _cut(folder: Path) -> None:
    rewrite(segment_of(folder), lambda lines: lines[:-1])


def _lose_a_table(folder: Path) -> None:
    next((folder / "items").glob("*")).unlink()


def _lose_a_head(folder: Path) -> None:
    next((folder / "heads").glob("*")).unlink()


@pytest.mark.parametrize("damage", [_alter, _cut, _lose_a_table, _lose_a_head])
@pytest.mark.parametrize("which", [0, 1])
def test_damage_in_either_is_named_and_nothing_is_changed(
    two: tuple[Path, Path], damage: Callable[[Path], None], which: int
) -> None:
    damage(two[which])
    before = sorted(path.relative_to(two[0]) for path in two[0].rglob("*") if path.parent.name != "locks")
    with pytest.raises(LedgerError, match="make no sound ledger"):
        Ledger(two[0]).merge(two[1])
    after = sorted(path.relative_to(two[0]) for path in two[0].rglob("*") if path.parent.name != "locks")
    assert [path for path in after if path not in before and path.name != "locks"] == []


def test_a_segment_that_goes_on_otherwise_is_refused(two: tuple[Path, Path]) -> None:
    a, b = two
    name = segment_of(a).name
    (b / "segments" / name).write_bytes(segment_of(a).read_bytes().replace(b"0.25", b"0.75"))
    with pytest.raises(LedgerError, match="goes on otherwise"):
        Ledger(a).merge(b)


@pytest.mark.parametrize("at", range(1, 9))
def test_a_merging_that_was_killed_is_completed_by_the_next(
    two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed at each of the files that it moves: readers name no damage that the same merging would not mend."""
    a, b = two
    Ledger(b).pack()
    moved = 0
    original = merging.write_bytes

    def killed(target: Path, data: bytes) -> None:
        nonlocal moved
        moved += 1
        if moved == at:
            raise KeyboardInterrupt
        original(target, data)

    with monkeypatch.context() as patch:
        patch.setattr(merging, "write_bytes", killed)
        try:
            Ledger(a).merge(b)
        except KeyboardInterrupt:
            assert len(Ledger(a).merge(b).records) == 2
    assert {record.trial.seed for record in Ledger(a).outcomes()} == {0, 1, 2, 3, 4}
    assert faults_of(a) == ""


def test_ledgers_in_use_the_same_ledger_twice_and_none_at_all_are_refused(two: tuple[Path, Path]) -> None:
    a, b = two
    with pytest.raises(LedgerError, match="not with itself"):
        Ledger(a).merge(b, a)
    with pytest.raises(DataError, match="There is no ledger"):
        Ledger(a).merge(a / "nowhere")
    with Ledger(a).lock("claim-c"), pytest.raises(LedgerError, match="in use"):
        Ledger(a).merge(b)


@pytest.mark.slow
def test_the_command_merges_into_the_first_or_into_a_new_one(two: tuple[Path, Path], tmp_path: Path) -> None:
    done = evenhand(tmp_path, "ledger", "merge", "a", "b", "--into", "c", "--json")
    assert done.returncode == 0, done.stderr
    assert parsed(done)["added"] == 9
    assert len(Ledger(tmp_path / "c").outcomes()) == 5
    assert len(Ledger(tmp_path / "a").outcomes()) == 3
    done = evenhand(tmp_path, "ledger", "merge", "a", "b", columns=300)
    assert "4 records added" in done.stdout
    assert evenhand(tmp_path, "ledger", "merge", "a").returncode == 2
    assert evenhand(tmp_path, "ledger", "verify", "--ledger", "a").returncode == 0
