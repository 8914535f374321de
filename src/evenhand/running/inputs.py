"""What a claim's trials read from outside, by what their recipe declares: refused where it is not there.

Things are looked for, and neither read nor fetched. What a hub has nobody knows without asking it: of a hub id there is
only to say whether its client keeps a copy here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evenhand.claims.load import LoadedClaim
from evenhand.claims.nesting import expand, leaves
from evenhand.data.model_store import data_path, held, is_name
from evenhand.data.models import cached_folder
from evenhand.data.records import HUB
from evenhand.data.requirements import known_source
from evenhand.errors import Fault
from evenhand.recipes.inputs import ENDINGS, Named

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


def missing_inputs(loaded: LoadedClaim) -> list[Fault]:
    """What the settings of a claim name and is not there, each at its line, with a cure."""
    found: dict[tuple[str, str], Fault] = {}
    for one in _inputs(loaded):
        if sentence := missing(one, loaded.folder):
            found.setdefault((one.setting, one.name), loaded.file.fault(_written(loaded, one), sentence))
    return list(found.values())


def fetched_words(loaded: LoadedClaim) -> str:
    """What the first trials would fetch from a hub, as a sentence; empty where all is here, or nobody asks a hub."""
    found = dict.fromkeys(to_fetch(one, loaded.folder) for one in _inputs(loaded))
    named = ", ".join(hub_id for hub_id in found if hub_id)
    return f"not on this machine, and fetched from the hub by the first trial that needs it: {named}" if named else ""


def _inputs(loaded: LoadedClaim) -> list[Named]:
    reads = loaded.recipe.info.reads
    each = loaded.resolved.settings.values() if reads is not None else ()
    return list(dict.fromkeys(one for settings in each if reads is not None for one in reads(settings)))


def _written(loaded: LoadedClaim, one: Named) -> tuple[str | int, ...]:
    """Where in its file a claim names something: in its own settings, or the first arm or condition that does."""
    for place, settings in _parts(loaded):
        if leaves(expand(settings)).get(one.setting) == one.name:
            return (*place, *one.setting.split("."))
    return ("settings", *one.setting.split("."))


def _parts(loaded: LoadedClaim) -> Iterator[tuple[tuple[str | int, ...], dict[str, object]]]:
    claim = loaded.file.claim
    yield ("settings",), dict(claim.settings)
    for place, arm in enumerate(claim.arms):
        yield ("arm", place, "settings"), dict(arm.settings)
    for place, condition in enumerate(claim.conditions):
        yield ("condition", place, "settings"), dict(condition.settings)


def missing(one: Named, folder: Path) -> str:
    """That something is not there, with where it was looked for and a cure; empty where it is, or a hub may have it.

    Args:
        one: what is named.
        folder: of the claim.
    """
    path = _place(one.name, folder)
    if path is None or path.exists() or _hub_id(one):
        return ""
    if is_name(one.name):
        return f"the model '{one.name}' is {held(one.name).finding}"
    source = known_source(path)
    cure = f"get it from {source}, or" if source else "put it there, or"
    return f"there is no {one.name} (looked for {path.resolve()}); {cure} mend the path"


def to_fetch(one: Named, folder: Path) -> str:
    """The id under which a hub would be asked for something of which there is no copy here; empty where none would."""
    path, hub_id = _place(one.name, folder), _hub_id(one)
    if not hub_id or (path is not None and path.exists()):
        return ""
    kept = cached_folder(hub_id) if one.kind == "model" else _cached_set(hub_id)
    return hub_id if kept is None else ""


def _place(name: str, folder: Path) -> Path | None:
    """Where something is looked for on this machine; None for what can be no path: too long, or in nobody's home."""
    try:
        path = data_path(name, folder)
        path.exists()
    except (OSError, RuntimeError, ValueError):
        return None
    return path


def _hub_id(one: Named) -> str:
    """The id by which a hub has what is not on this machine; empty where it can only be here."""
    if one.kind == "records":
        return "/".join(one.name.removeprefix(HUB).split("/")[:2]) if one.name.startswith(HUB) else ""
    here = one.kind == "file" or one.name.startswith((".", "~")) or is_name(one.name)
    here = here or (one.kind == "data set" and Path(one.name).suffix in ENDINGS)
    return "" if here or not _HUB_ID.fullmatch(one.name) else one.name


def _cached_set(hub_id: str) -> Path | None:
    """The folder in which the hub's client keeps what it fetched of a data set; None where there is none."""
    try:
        from huggingface_hub import constants
    except ImportError:
        return None
    path = Path(constants.HF_HUB_CACHE) / f"datasets--{hub_id.replace('/', '--')}"
    return path if path.is_dir() else None
