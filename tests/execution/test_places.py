"""Executors by name, those of other packages too; and locks that do not hold are found before the first trial."""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from evenhand.errors import EvenhandError, LedgerError
from evenhand.execution import places
from evenhand.execution.executor import Executor
from evenhand.execution.local.slots import LocalSlots
from evenhand.execution.profiles import Profile
from evenhand.testing import executor_suite, executors


def of_another_package(profile: Profile, recipes: Mapping[Path, Sequence[str]], ledger: Path) -> Executor:
    """What an entry point of the group ``evenhand.executors`` names."""
    folder, found = next(iter(recipes.items()))
    return LocalSlots(found, folder, profile.jobs)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("theirs", f"{__name__}:of_another_package", places.GROUP)
    points = importlib.metadata.EntryPoints([point])
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == places.GROUP else ())


def test_executors_of_other_packages_join_by_entry_point(registered: None, tmp_path: Path) -> None:
    assert places.names() == ["local", "slurm", "ray", "theirs"]
    made = places.executor_of(Profile(executor="theirs", jobs=3), {tmp_path: ["toy:run"]}, tmp_path)
    assert made.jobs == 3


@pytest.mark.slow
def test_executors_of_other_packages_go_through_the_same_suite(registered: None, tmp_path: Path) -> None:
    profile = Profile(executor="theirs", jobs=2)
    case = executor_suite.CASES[0]
    case.check(lambda folder: places.executor_of(profile, {folder: [executor_suite.RECIPE]}, folder), tmp_path)


def test_the_suite_is_known_under_both_its_names() -> None:
    assert executor_suite.CASES is executors.CASES


def test_an_executor_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(EvenhandError, match="no executor 'mars'; there are: local, slurm, ray"):
        places.executor_of(Profile(executor="mars"), {tmp_path: []}, tmp_path)


def test_locks_that_hold_are_no_fault(tmp_path: Path) -> None:
    places.check_locks(tmp_path)


def test_a_file_system_whose_locks_do_not_hold_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def pretend(path: Path) -> Iterator[int]:
        path.touch()
        yield 0

    monkeypatch.setattr(places, "locked", pretend)
    with pytest.raises(LedgerError, match=r"without working locks .two processes held one lock at once"):
        places.check_locks(tmp_path)
