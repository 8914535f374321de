"""The parts that others use as a library stand at the front door."""

from __future__ import annotations

import pytest

import evenhand_systems.anchored_sft as library


@pytest.mark.parametrize("name", library.__all__)
def test_every_name_at_the_front_door_is_there(name: str) -> None:
    assert getattr(library, name).__name__ == name
