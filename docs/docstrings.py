"""How the site reads docstrings: ``low, high: ends`` documents both names, and names of code are links.

An extension of griffe (``mkdocs.yml`` names it). Run: ``make docs``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from griffe import Alias, Extension, Object

_PACKAGES = ("evenhand", "evenhand_systems")
_SECTION = re.compile(r"^(?P<indent> *)(Args|Attributes):$")
_NAMES = re.compile(r"^(?P<indent> *)(?P<names>\w+(, \w+)+): (?P<text>.*)$")

_ROLE = re.compile(r":(?:func|class|meth|mod|data|attr|exc):`(?P<short>~?)(?P<name>[\w.]+)`")
_BLOCK = re.compile(r"::$", re.MULTILINE)


def names_as_links(text: str, place_of: Callable[[str], str | None]) -> str:
    """A docstring whose ``:func:`name``` are links where the name has a place of its own, and code where it has none.

    Args:
        text: a docstring.
        place_of: the full name of what a docstring calls by a short one; None if there is no such thing.
    """

    def link(found: re.Match[str]) -> str:
        name = found["name"].lstrip(".")
        place = place_of(found["name"])
        shown = f"<code>{name.rpartition('.')[2] if found['short'] else name}</code>"
        return shown if place is None else f'<autoref optional identifier="{place}">{shown}</autoref>'

    return _BLOCK.sub(":", _ROLE.sub(link, text))


def _place_of(obj: Object, name: str) -> str | None:
    """The full name of what a docstring of ``obj`` calls ``name``."""
    if name.startswith("."):
        return obj.module.path.rpartition(".")[0] + name
    if name.partition(".")[0] in _PACKAGES:
        return name
    first, _, rest = name.partition(".")
    scope: Object | None = obj
    while scope is not None:
        if first in scope.members:
            member = scope.members[first]
            path = member.target_path if isinstance(member, Alias) else member.path
            return f"{path}.{rest}" if rest else path
        scope = None if scope.is_module else scope.parent
    return None


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
    """Splits entries with several names and makes names of code links before docstrings are parsed."""

    def on_package(self, *, pkg: Object, **_: Any) -> None:
        """Rewrite all docstrings of a package, once all its names are known."""
        for obj in _within(pkg):
            if obj.docstring is not None:
                text = names_as_links(obj.docstring.value, partial(_place_of, obj))
                obj.docstring.value = one_name_an_entry(text)


def _within(obj: Object) -> Iterator[Object]:
    yield obj
    for member in obj.members.values():
        if isinstance(member, Object):
            yield from _within(member)
