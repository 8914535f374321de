"""Templates in a command line: ``{seed}`` and ``{settings.lr}`` are filled in for each trial.

``{{seed}}`` stands for ``{seed}`` itself. Braces that hold no plain name (JSON, a shell's ``${...}``) are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

KNOWN = (
    "seed", "stream_seed", "budget", "device", "threads", "workdir", "request", "outcome",
    "items.start", "items.count", "items.seed",
)  # fmt: skip
"""Templates that every trial has, beside ``settings.NAME`` for each name in ``settings.values``."""

_TEMPLATE = re.compile(r"\{\{([A-Za-z_][\w.-]*)\}\}|(?<![$])\{([A-Za-z_][\w.-]*)\}")


def names(values: Mapping[str, Any]) -> list[str]:
    """All names that may stand in braces."""
    return [*KNOWN, *(f"settings.{name}" for name in _leaves(values))]


def unknown(argv: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """Names in braces that stand for nothing."""
    known = set(names(values))
    asked = [found[2] for word in argv for found in _TEMPLATE.finditer(word) if found[2]]
    return [name for name in dict.fromkeys(asked) if name not in known]


def fill(argv: Sequence[str], values: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The command line of one trial.

    Args:
        argv: as the claim gives it.
        values: the program's settings.
        facts: :data:`KNOWN` name to its value for this trial.
    """
    known = {**facts, **{f"settings.{name}": _written(value) for name, value in _leaves(values).items()}}

    def put(found: re.Match[str]) -> str:
        return f"{{{found[1]}}}" if found[1] else str(known[found[2]])

    return tuple(_TEMPLATE.sub(put, word) for word in argv)


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _leaves(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
    return flat


def _written(value: Any) -> str:
    """A value as a command line has it: text as it is, everything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value)
