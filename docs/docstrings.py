"""How the site reads docstrings: ``low, high: ends of the interval`` documents both names, each with its own type.

An extension of griffe (``mkdocs.yml`` names it). Run: ``make docs``.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

_SECTION = re.compile(r"^(?P<indent> *)(Args|Attributes):$")
_NAMES = re.compile(r"^(?P<indent> *)(?P<names>\w+(, \w+)+): (?P<text>.*)$")


def one_name_an_entry(text: str) -> str:
    """A docstring in which each entry of its sections has one name; the others take the same words."""
    lines, inside = [], ""
    rest = text.splitlines()
    while rest:
        line = rest.pop(0)
        section = _SECTION.match(line)
        if section:
            inside = section["indent"] + "    "
        elif line.strip() and not line.startswith(inside):
            inside = ""
        found = _NAMES.match(line) if inside else None
        if found is None or found["indent"] != inside:
            lines.append(line)
            continue
        more = []
        while rest and rest[0].startswith(inside + " "):
            more.append(rest.pop(0))
        for name in found["names"].split(", "):
            lines += [f"{inside}{name}: {found['text']}", *more]
    return "\n".join(lines)


class Names(Extension):
    """Splits entries with several names before docstrings are parsed."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite an object's docstring, where it has one."""
        if obj.docstring is not None:
            obj.docstring.value = one_name_an_entry(obj.docstring.value)
