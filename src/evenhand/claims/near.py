"""The word that was meant: near misses of keys and values in claim files and settings."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

_ELSEWHERE = {
    "seed": "seeds", "num_seeds": "seeds", "n_seeds": "seeds", "steps": "budget", "goal": "direction",
    "minimum_effect": "margin", "min_effect": "margin", "threshold": "margin", "baseline": "arm", "variant": "arm",
    "variants": "arm", "seed_list": "seeds", "n": "items", "num_items": "items", "samples": "items", "limit": "limits",
    "description": "question", "title": "question", "hypothesis": "question", "significance": "alpha",
    "level": "alpha", "params": "settings", "config": "settings", "hyperparameters": "settings", "args": "settings",
    "control": "baseline", "base": "baseline", "treatment": "variant", "candidate": "variant", "aa": "null",
    "placebo": "null", "competitor": "rival", "alternative": "rival", "memory": "memory_gib", "ram": "memory_gib",
    "timeout": "seconds", "cpu": "cpus", "gpu": "gpus", "lower_bound": "floor", "upper_bound": "ceiling",
}  # fmt: skip
"""What other tools call something, and what it is called here; a word counts where it is possible at all."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant; empty where none is near."""
    words = list(known)
    if _plain(word) in _ELSEWHERE and _ELSEWHERE[_plain(word)] in words:
        return _ELSEWHERE[_plain(word)]
    folded = {_plain(one).replace("_", "").rstrip("s"): one for one in words}
    alike = difflib.get_close_matches(_plain(word).replace("_", "").rstrip("s"), folded, n=1, cutoff=0.7)
    return folded[alike[0]] if alike else ""


def _plain(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def suggestion(word: Any, known: Iterable[str]) -> str:
    """``; did you mean 'seeds'?``, or nothing."""
    meant = nearest(word, known) if isinstance(word, str) else ""
    return f"; did you mean '{meant}'?" if meant else ""


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that a table may have, at the path of a fault without its last part; none where it is free."""
    here: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, str) and not any(part in _fields(one) for one in here):
            continue  # which of several forms pydantic tried
        if isinstance(part, str):
            found = [_fields(one)[part] for one in here if part in _fields(one)]
            here = [inner for annotation in found for inner in models_in(annotation)]
    return [key for one in here for key in _fields(one)]


def _fields(model: type[BaseModel]) -> Mapping[str, Any]:
    """Key, as a file writes it, to the annotation of its value."""
    return {(field.alias or name): field.annotation for name, field in model.model_fields.items() if not field.exclude}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The tables that a value may be, or may be a list of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, list, typing.Annotated):
        for inner in typing.get_args(annotation):
            yield from models_in(inner)
