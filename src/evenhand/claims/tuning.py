"""Search rungs and their shorthand ``[tuning]`` in claim files, on the raw document. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]
Faults = list[tuple[Path, str]]

NAME = "tuning"
"""Of the rung that ``[tuning]`` stands for."""

_ONLY_SEARCH = ("tries", "sampler", "batch")
_OF_RUNGS = ("seeds", "items", "budget", "prune")
TOLD_BY_RUNG = tuple((key,) for key in _OF_RUNGS)
"""Keys of ``[tuning]`` whose faults its rung names."""


def as_rung(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with ``[tuning]`` as the search rung, before all others, that it is short for.

    Where it does not say: one seed that no rung has, as many items as the next rung, the budget of the last.
    """
    found = dict(document)
    tuning, rungs = found.get(NAME), found.get("rung")
    if not isinstance(tuning, dict) or not isinstance(rungs, list) or not rungs:
        return found
    if not all(isinstance(rung, dict) for rung in rungs):
        return found
    usual = {"seeds": [_fresh(rungs)], "budget": rungs[-1].get("budget")}
    if "items" in rungs[0]:
        usual["items"] = rungs[0]["items"]
    return {**found, "rung": [_rung(tuning, usual), *rungs]}


def _rung(tuning: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in tuning.items() if key in (*_ONLY_SEARCH, *_OF_RUNGS)}
    return {"name": NAME, "kind": "search", **{k: v for k, v in usual.items() if v is not None}, **own}


def _fresh(rungs: Sequence[Mapping[str, Any]]) -> int:
    used = [-1]
    for rung in rungs:
        seeds = rung.get("seeds")
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            used.append(seeds - 1)
        elif isinstance(seeds, list):
            used += [seed for seed in seeds if isinstance(seed, int)]
    return max(used) + 1


def as_written_at(path: Sequence[str | int]) -> Path:
    """Where a key of a document with ``[tuning]`` stands in its file."""
    if len(path) < 2 or path[0] != "rung" or not isinstance(path[1], int):
        return tuple(path)
    if path[1] > 0:
        return ("rung", path[1] - 1, *path[2:])
    return (NAME, *path[2:])


def search_faults(document: Mapping[str, Any], rungs: Sequence[Mapping[str, Any]]) -> Faults:
    """What is wrong with where and how a claim searches, all at once."""
    faults: Faults = []
    searching = [i for i, rung in enumerate(rungs) if rung.get("kind") == "search"]
    for i, rung in enumerate(rungs):
        if i in searching:
            faults += _of_search(rungs, i, searching, short=NAME in document and i == 0)
        else:
            faults += [
                (("rung", i, key), f'`{key}` belongs to a rung with kind = "search"; add that, or remove the key')
                for key in _ONLY_SEARCH
                if key in rung
            ]
    spaces = [("space",), *(("arm", i, "space") for i in range(len(_tables(document))))]
    given = [path for path in spaces if _at(document, path)]
    if searching and not given:
        message = "there is no space to search: add [space] for all arms, or [arm.space] below an [[arm]]"
        faults.append((("rung", searching[0], "kind"), message))
    if given and not searching:
        message = 'nothing searches this space: add `[tuning]`, or a [[rung]] with kind = "search" before the others'
        faults += [(path, message) for path in given]
    return faults


def _of_search(rungs: Sequence[Mapping[str, Any]], i: int, searching: Sequence[int], *, short: bool) -> Faults:
    faults: Faults = []
    rung = rungs[i]
    if "tries" not in rung and not short:
        faults.append((("rung", i), "`tries` is missing: how many configurations every arm gets; add tries = 20"))
    if i == len(rungs) - 1:
        message = "the last rung confirms, so it cannot search; add a rung behind it, with fresh seeds and items"
        faults.append((("rung", i, "kind"), message))
    if i != searching.index(i):
        faults.append((("rung", i, "kind"), "a search comes before all rungs that compare; move it to the front"))
    if "looks" in rung:
        faults.append((("rung", i, "looks"), "a search has no looks; remove the key"))
    if "prune" in rung and rung.get("prune") not in ("none", "futility") and not isinstance(rung["prune"], dict):
        faults.append((("rung", i, "prune"), 'a search prunes by "futility" or not at all ("none")'))
    before = rungs[i - 1].get("tries") if i > 0 and i - 1 in searching else None
    own = rung.get("tries")
    if isinstance(before, int) and isinstance(own, int) and own >= before:
        message = f"a search behind a search goes on with the best of those before it: fewer than {before}; found {own}"
        faults.append((("rung", i, "tries"), message))
    return faults


def _tables(document: Mapping[str, Any]) -> list[Any]:
    arms = document.get("arm")
    return arms if isinstance(arms, list) else []


def _at(document: Mapping[str, Any], path: Path) -> Any:
    value: Any = document
    for part in path:
        if isinstance(part, int):
            value = value[part]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value
