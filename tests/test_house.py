"""The house stays one that can be seen: few rooms and floors, no circle, short files, types and docstrings."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import house


@pytest.mark.slow
def test_the_lab_is_at_most_16_rooms_the_systems_5_on_at_most_8_floors_and_no_room_leads_back_to_itself() -> None:
    lab, systems = house.rooms_of("evenhand"), house.rooms_of("evenhand_systems")
    assert len(lab) <= 16
    assert len(systems) <= 5
    assert len(lab) + len(systems) == len(house.rooms())
    assert max(house.floors().values()) <= 8  # a circle has no floors and raises


@pytest.mark.slow
def test_the_median_file_is_below_130_lines_and_nine_functions_of_ten_below_25() -> None:
    assert house.median_file() < 130
    assert house.p90_function() < 25


@pytest.mark.slow
def test_a_file_above_300_lines_has_its_reason() -> None:
    assert set(house.long_files()) == set(house.REASONS)


@pytest.mark.slow
def test_every_public_function_is_typed_and_public_names_have_docstrings() -> None:
    assert house.untyped() == []
    assert house.documented_share() >= 0.95, house.undocumented()


@pytest.mark.slow
def test_every_file_is_measured() -> None:
    """The figures would be fine, too, if nothing were read."""
    names = {one.name for one in house.modules()}
    assert {"evenhand.decisions.rules", "evenhand_systems.rwkv7.kernel"} <= names
    assert house.arrows()["evenhand.decisions"] >= {"evenhand.claims", "evenhand.statistics"}
    assert any(not one.public for one in house.functions())


@pytest.mark.slow
def test_a_room_of_the_audit_holds_at_most_twelve_places_and_its_tests_stand_in_rooms_of_the_same_name() -> None:
    names = [one.name for one in house.modules() if one.name.startswith("evenhand.audit.")]
    places = Counter(name.rpartition(".")[0] for name in names)
    assert places["evenhand.audit.rules"] >= 5
    assert {name: count for name, count in places.items() if count > 12} == {}
    tests = Path(__file__).parent / "audit"
    files = [file.relative_to(tests) for file in tests.rglob("test_*.py")]
    rooms = {".".join(("evenhand", "audit", *file.parts[:-1])) for file in files}
    assert "evenhand.audit.rules" in rooms
    assert rooms <= set(places)


def test_committed_ledgers_are_packed() -> None:
    root = Path(__file__).parents[1]
    listed = subprocess.run(["git", "ls-files", "-z", "results"], cwd=root, check=False, capture_output=True)
    files = [root / name.decode() for name in listed.stdout.split(b"\0") if name]
    if listed.returncode or not files:
        pytest.skip("not a checkout of git, so that what is committed cannot be told")
    loose = [file for file in files if file.parent.name in ("items", "curves")]
    assert not loose, "pack it: evenhand ledger pack --ledger results/..."
    assert len(files) <= 60
    assert sum(file.stat().st_size for file in files if file.exists()) <= 16_000_000
