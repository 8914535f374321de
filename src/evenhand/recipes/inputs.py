"""What settings name outside a claim: files, folders, models and data sets, as a recipe declares them (``reads``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["file", "records", "data set", "model"]
"""``file``: a path, of a folder too, or a model by name; ``records``: a path or ``hub:OWNER/NAME/SPLIT``; ``data set``:
a path that ends in one of :data:`ENDINGS`, else a hub id; ``model``: a path, a name or a hub id."""

ENDINGS = (".jsonl", ".json", ".parquet")
"""By which a data set that is a file is told from a hub id."""


@dataclass(frozen=True)
class Named:
    """Something outside the claim that a setting names.

    Attributes:
        setting: which, dotted: ``data.train``.
        name: as it is written there. A path is relative to the claim's folder.
        kind: what it may be.
    """

    setting: str
    name: str
    kind: Kind = "file"


def named(settings: Mapping[str, Any], kinds: Mapping[str, Kind]) -> list[Named]:
    """What settings name: dotted setting to the kind of it; those that are absent, None or empty name nothing."""
    found = []
    for setting, kind in kinds.items():
        value: Any = settings
        for part in setting.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            found.append(Named(setting, value, kind))
    return found
