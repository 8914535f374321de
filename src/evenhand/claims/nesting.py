"""Settings nested and dotted: one form into the other, put together, and compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def come_and_gone(identities: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Arms and conditions that some of a chain of claim identities lack: their place, ``arms.NAME``, to a sentence."""
    told = {}
    for what in ("arm", "condition"):
        held = [one.get(f"{what}s") or {} for one in identities]
        if not all(isinstance(one, Mapping) for one in held):
            continue
        for name in sorted({name for one in held for name in one}):
            there = [name in one for one in held]
            if not all(there):
                word = "is gone" if not there[-1] else "is new" if not there[0] else "was gone for a while"
                told[f"{what}s.{name}"] = f"{what} {name} {word}"
    return told


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs between two claim identities, as sentences: ``rungs.0.seeds: [0, 1] became [0, 1, 2]``.

    Arms and conditions that only one of them has are named, and their settings are not listed.
    """
    old, new = leaves(indexed(before)), leaves(indexed(after))
    apart = come_and_gone((before, after))
    changes = list(apart.values())
    for key in sorted(key for key in old.keys() | new.keys() if not within(key, apart)):
        name = field_words(key)
        if key not in new:
            changes.append(f"{name}: {old[key]!r} is gone")
        elif key not in old:
            changes.append(f"{name}: {new[key]!r} is new")
        elif old[key] != new[key]:
            changes.append(f"{name}: {_shown(old[key])} became {_shown(new[key])}")
    return changes


def _shown(value: Any) -> str:
    """A value for people; one word for what is not there."""
    return "nothing" if value is None else repr(value)


def within(key: str, places: Iterable[str]) -> bool:
    """Whether the path of a field leads to one of some places, or through it."""
    return any(key == place or key.startswith(f"{place}.") for place in places)


def written_settings(file: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Dotted path of each setting that a claim file writes, anywhere in it, to the values that it gives there."""
    tables = [file, *(one for what in ("arm", "condition") for one in file.get(what, ()) if isinstance(one, Mapping))]
    found: dict[str, list[Any]] = {}
    for place in ("settings", "space"):
        for table in tables:
            own = table.get(place)
            for key, value in leaves(indexed(expand(own))).items() if isinstance(own, Mapping) else ():
                found.setdefault(key, []).append(value)
    return found


Written = Mapping[str, Sequence[Any]]


def _is_written(key: str, value: Any, written: Written | None) -> bool:
    """Whether somebody wrote a setting: under its path, or as the one value that stands for a table."""
    return written is None or any(
        key == path or (key.startswith(f"{path}.") and value in given) for path, given in written.items()
    )


def differing_questions(
    before: Mapping[str, Any], after: Mapping[str, Any], written: tuple[Written | None, Written | None] = (None, None)
) -> list[str]:
    """What differs between two claims, for people: a setting once, with the arms and conditions that differ in it.

    Arms and conditions that only one of them has are named, and their settings are not listed.

    Args:
        before, after: identities of the claims.
        written: what the file of each writes (:func:`written_settings`): a setting that the other claim does not have,
            and that stands at its default because nobody wrote it, is no difference. None takes all for written.
    """
    found = []
    for what in ("arm", "condition"):
        old, new = before.get(f"{what}s", {}), after.get(f"{what}s", {})
        found += [f"{what} {name} is gone" for name in old if name not in new]
        found += [f"{what} {name} is new" for name in new if name not in old]
    plain = changed_fields(_without_settings(before, after), _without_settings(after, before))
    return [*plain, *found, *_settings_changes(before, after, written)]


def _without_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """An identity without settings, and without the arms and conditions that the other has not."""
    shared: dict[str, Any] = {}
    for what in ("arms", "conditions"):
        both = {name: own for name, own in one.get(what, {}).items() if name in other.get(what, {})}
        shared[what] = {
            name: {key: value for key, value in own.items() if key != "settings"} if isinstance(own, Mapping) else own
            for name, own in both.items()
        }
    return {**one, **shared, "name": ""}  # their names stand above


def _settings_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], written: tuple[Written | None, Written | None]
) -> list[str]:
    arms = [name for name in before.get("arms", {}) if name in after.get("arms", {})]
    grouped: dict[tuple[str, str], list[str]] = {}
    cells = [_cells(one, arms) for one in (before, after)]
    held = [_values(found) for found in cells]
    for key in sorted(held[0].keys() | held[1].keys()):
        sides = [(values[key], own) for values, own in zip(held, written, strict=True) if key in values]
        if len(sides) == 1 and not any(_is_written(key, value, sides[0][1]) for value in sides[0][0]):
            continue
        for arm in arms:
            for where, clause in _setting_change(key, cells[0][arm], cells[1][arm]):
                grouped.setdefault((key, clause), []).append(f"{arm}{where}")
    told = []
    for (key, clause), places in grouped.items():
        several = "" if places == arms else f" of {', '.join(places)}"
        told.append(f"settings.{key}{several}: {clause}")
    return told


def _values(cells: Mapping[str, Mapping[str, Settings]]) -> dict[str, list[Any]]:
    """Setting to its values in all arms and conditions."""
    found: dict[str, list[Any]] = {}
    for one in (own for by_arm in cells.values() for own in by_arm.values()):
        for key, value in one.items():
            found.setdefault(key, []).append(value)
    return found


def _cells(identity: Mapping[str, Any], arms: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Arm to condition to flat settings."""
    return {
        arm: {name: leaves(indexed(own)) for name, own in identity["arms"][arm].get("settings", {}).items()}
        for arm in arms
    }


def _setting_change(
    key: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Where a setting of an arm differs, and how: once where it is the same in all conditions of each claim."""
    shown = [{name: _shown(own.get(key)) for name, own in one.items()} for one in (old, new)]
    sets = [set(one.values()) for one in shown]
    if all(len(one) == 1 for one in sets):
        (was,), (now,) = sets
        return [] if was == now else [("", f"{was} became {now}")]
    shared = [name for name in shown[0] if name in shown[1]]
    if not shared:
        return [] if sets[0] == sets[1] else [("", f"{_listed(shown[0])} became {_listed(shown[1])}")]
    return [(f" in {name}", f"{shown[0][name]} became {shown[1][name]}")
            for name in shared if shown[0][name] != shown[1][name]]  # fmt: skip


def _listed(found: Mapping[str, str]) -> str:
    """A setting condition by condition; its value alone where all have the same."""
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{value} in {name}" for name, value in found.items())


def field_words(key: str) -> str:
    """A field of a claim's identity as people know it: by its place in the file, or by what it is."""
    return "code of the recipe" if key == "fingerprint" else key


def is_same_question(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two claim identities differ in nothing but the code of the recipe."""
    return {**one, "fingerprint": ""} == {**other, "fingerprint": ""}
