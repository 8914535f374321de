"""Other packages: which are missing, what to give pip so that they are there, and what those that are there register.

The extras of evenhand's own metadata say which packages belong to what; nothing is listed a second time here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

OURS = "evenhand"
_REQUIREMENT = re.compile(r"^(?P<name>[\w.-]+)(\[(?P<parts>[^]]*)\])?.*;.*extra == ['\"](?P<extra>[\w-]+)['\"]")


def missing(modules: Iterable[str]) -> list[str]:
    """Those of some modules (by their first names: ``torch``) that cannot be found, in their order."""
    return [name for name in modules if importlib.util.find_spec(name) is None]


def needed(modules: Sequence[str], extra: str) -> str:
    """What is missing and how it is installed, a sentence; empty where nothing is.

    Args:
        modules: that are needed.
        extra: what pip is given: ``evenhand[bridge]``.
    """
    gone = missing(modules)
    if not gone:
        return ""
    listed = " and ".join([*([", ".join(gone[:-1])] if gone[1:] else []), gone[-1]])
    return f"it needs {listed}, which {'is' if len(gone) == 1 else 'are'} not installed: {install(extra)}"


def install(extra: str) -> str:
    """The command that installs something: ``pip install 'evenhand[bridge]'``."""
    return f"pip install '{extra}'"


def cure_of(error: ModuleNotFoundError) -> str:
    """The command that installs what an import did not find; empty where it is no optional package of evenhand.

    The extra of the system whose file asked for it goes first.
    """
    module = (error.name or "").partition(".")[0]
    holding = [name for name, packages in _extras().items() if _plain(module) in packages]
    asking, trace = set[str](), error.__traceback__
    while trace is not None:
        asking |= set(re.findall(r"evenhand_systems[\\/](\w+)", trace.tb_frame.f_code.co_filename))
        trace = trace.tb_next
    chosen = next((name for name in holding if name in asking), holding[0] if holding else "")
    return install(f"{OURS}[{chosen}]") if chosen else ""


def registered(group: str) -> tuple[importlib.metadata.EntryPoint, ...]:
    """What installed packages register under a group of entry points, by name.

    To read the metadata of all that is installed takes tens of milliseconds: it is done anew where a folder of the
    module path was changed.
    """
    return _registered(group, tuple((place, _changed(place)) for place in sys.path))


@lru_cache(maxsize=16)
def _registered(group: str, places: tuple[tuple[str, int], ...]) -> tuple[importlib.metadata.EntryPoint, ...]:
    return tuple(sorted(importlib.metadata.entry_points(group=group), key=lambda entry: entry.name))


def _changed(place: str) -> int:
    """When something was last put into a folder or taken from it, in ns; 0 where there is none."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


@cache
def _extras() -> dict[str, frozenset[str]]:
    """Extra to the packages that it brings, those of extras within it among them; empty where metadata are missing."""
    try:
        listed = importlib.metadata.requires(OURS) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    direct: dict[str, set[str]] = {}
    for line in listed:
        if found := _REQUIREMENT.match(line):
            parts = [_plain(part.strip()) for part in (found["parts"] or "").split(",") if part.strip()]
            brought = {f"[{part}]" for part in parts} if _plain(found["name"]) == OURS else {_plain(found["name"])}
            direct.setdefault(_plain(found["extra"]), set()).update(brought)
    return {name: frozenset(_whole(name, direct)) for name in direct}


def _whole(name: str, direct: dict[str, set[str]]) -> set[str]:
    found = set[str]()
    for one in direct.get(name, set()):
        found |= _whole(one[1:-1], direct) if one.startswith("[") else {one}
    return found


def _plain(name: str) -> str:
    """A package's name as its module's is mostly written."""
    return name.lower().replace("-", "_")
