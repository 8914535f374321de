"""Settings nested and dotted: one form into the other, put together, and compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


def expand(dotted: Settings) -> dict[str, Any]:
    """Nested form of settings whose keys may be dotted: ``{"a.b": 1}`` becomes ``{"a": {"b": 1}}``."""
    nested: dict[str, Any] = {}
    for key, value in dotted.items():
        inner: Any = expand(value) if isinstance(value, Mapping) else value
        for part in reversed(key.split(".")):
            inner = {part: inner}
        nested = merge(nested, inner)
    return nested


def merge(base: Settings, over: Settings) -> dict[str, Any]:
    """``base`` with the leaves of ``over`` put in; tables are merged, all else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def leaves(nested: Settings, prefix: str = "") -> dict[str, Any]:
    """Flat form: dotted path to leaf value."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        path = f"{prefix}{key}"
        flat.update(leaves(value, path + ".") if isinstance(value, Mapping) and value else {path: value})
    return flat


def indexed(value: Any) -> Any:
    """Lists of tables as tables by position, so that each of their fields has a path."""
    if isinstance(value, Mapping):
        return {str(k): indexed(v) for k, v in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
        return {str(i): indexed(v) for i, v in enumerate(value)}
    return value


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two claim identities, as sentences: ``rungs.0.seeds: [0, 1] became [0, 1, 2]``."""
    old, new = leaves(indexed(before)), leaves(indexed(after))
    changes = []
    for key in sorted(old.keys() | new.keys()):
        name = field_words(key)
        if key not in new:
            changes.append(f"{name}: {old[key]!r} is gone")
        elif key not in old:
            changes.append(f"{name}: {new[key]!r} is new")
        elif old[key] != new[key]:
            changes.append(f"{name}: {old[key]!r} became {new[key]!r}")
    return changes


def field_words(key: str) -> str:
    """A field of a claim's identity as people know it: by its place in the file, or by what it is."""
    return "code of the recipe" if key == "fingerprint" else key


def is_same_question(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two claim identities differ in nothing but the code of the recipe."""
    return {**one, "fingerprint": ""} == {**other, "fingerprint": ""}
