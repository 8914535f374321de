"""Templates in a command line: ``{seed}`` and ``{lr}`` are filled in for each trial.

``{{seed}}`` stands for ``{seed}`` itself. Braces that hold no plain name (JSON, a shell's ``${...}``) are left alone.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

KNOWN = (
    "seed", "stream_seed", "budget", "unit", "device", "threads", "workdir", "folder", "request", "outcome",
    "items.start", "items.count", "items.seed",
)  # fmt: skip
"""Templates that every trial has, beside ``NAME`` and ``settings.NAME`` for each name in ``settings.values``."""

_TEMPLATE = re.compile(r"\{\{([A-Za-z_][\w.-]*)\}\}|(?<![$])\{([A-Za-z_][\w.-]*)\}")


def names(values: Mapping[str, Any]) -> list[str]:
    """All names that may stand in braces; a value that is called as one of :data:`KNOWN` needs ``settings.`` before."""
    leaves = _leaves(values)
    short = [name for name in leaves if name not in KNOWN and not name.startswith("settings.")]
    return [*KNOWN, *short, *(f"settings.{name}" for name in leaves)]


def asked(texts: Iterable[str]) -> list[str]:
    """Names in braces, each once, in their order."""
    found = [match[2] for text in texts for match in _TEMPLATE.finditer(text) if match[2]]
    return list(dict.fromkeys(found))


def unknown(texts: Iterable[str], values: Mapping[str, Any]) -> list[str]:
    """Names in braces that stand for nothing."""
    known = set(names(values))
    return [name for name in asked(texts) if name not in known]


def unused(texts: Iterable[str], values: Mapping[str, Any]) -> list[str]:
    """Values that no template takes."""
    taken = set(asked(texts))
    return [
        name for name in _leaves(values) if f"settings.{name}" not in taken and (name in KNOWN or name not in taken)
    ]


def fill(argv: Sequence[str], values: Mapping[str, Any], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The command line of one trial.

    Args:
        argv: as the claim gives it.
        values: the program's settings.
        facts: :data:`KNOWN` name to its value for this trial.
    """
    return tuple(fill_text(word, values, facts) for word in argv)


def fill_text(text: str, values: Mapping[str, Any], facts: Mapping[str, Any], *, quoted: bool = False) -> str:
    """A text with its templates filled in; ``quoted`` writes each so that a shell takes it for one word."""
    leaves = {name: _written(value) for name, value in _leaves(values).items()}
    known = {**leaves, **facts, **{f"settings.{name}": value for name, value in leaves.items()}}
    write: Callable[[str], str] = shlex.quote if quoted else str

    def put(found: re.Match[str]) -> str:
        return f"{{{found[1]}}}" if found[1] else write(str(known[found[2]]))

    return _TEMPLATE.sub(put, text)


def fill_known(text: str, values: Mapping[str, Any]) -> str:
    """A text with the templates filled in that stand for the program's settings; those of a trial are left."""
    leaves = {name: _written(value) for name, value in _leaves(values).items()}
    known = {name: value for name, value in leaves.items() if name not in KNOWN}
    known |= {f"settings.{name}": value for name, value in leaves.items()}
    return _TEMPLATE.sub(lambda found: known.get(found[2] or "", found[0]), text)


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _leaves(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
    return flat


def _written(value: Any) -> str:
    """A value as a command line has it: text as it is, everything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value)
