"""What settings name outside a claim, as recipes declare it."""

from __future__ import annotations

from evenhand.recipes.inputs import Kind, Named, named


def test_settings_that_are_absent_none_or_empty_name_nothing() -> None:
    settings = {"a": {"b": "x", "c": None}, "d": "", "e": 3, "f": "y"}
    kinds: dict[str, Kind] = {"a.b": "file", "a.c": "file", "a.b.z": "file", "d": "file", "e": "file", "f": "model"}
    assert named(settings, kinds) == [Named("a.b", "x"), Named("f", "y", "model")]
