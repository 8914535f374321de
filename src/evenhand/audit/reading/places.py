"""Where the values of a JSON text stand: the way to each, by names and indices, and its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from evenhand.audit.text.log import Leaf
from evenhand.audit.text.pattern import Pattern

Steps = tuple[str | int, ...]
"""The way to a value: names of fields and indices in lists; the document itself is the empty one."""

_TOKEN = Pattern(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_MOST_TOKENS = 400_000


def places_of(text: str) -> dict[Steps, int]:
    """The line, from 1, of every value of a JSON text that was found to be sound; of a field that of its name.

    Of a very long text only the beginning; what lies behind it is not in the answer.
    """
    found: dict[Steps, int] = {}
    way: list[str | int] = []
    lists: list[bool] = []
    line, at, expects = 1, 0, False
    for count, token in enumerate(_TOKEN.finditer(text)):
        if count > _MOST_TOKENS:
            break
        line += text.count("\n", at, token.start())
        at, word = token.start(), token[0]
        if word in "}]":
            lists.pop()
            way.pop()
            expects = False
        elif word == ",":
            if lists[-1]:
                way[-1] = int(way[-1]) + 1
            expects = not lists[-1]
        elif expects:
            way[-1], expects = word[1:-1], False
            found.setdefault(tuple(way), line)
        elif word != ":":
            found.setdefault(tuple(way), line)
            if word in "{[":
                lists.append(word == "[")
                way.append(0 if word == "[" else "")
                expects = word == "{"
    return found


MOST_LEAVES = 20_000
"""Values of a document of data that are kept one by one."""


class _Printed(str):
    """A number as it is printed."""

    __slots__ = ()


def leaves_of(text: str, first: int = 1, before: Steps = ()) -> tuple[Leaf, ...]:
    """The texts and numbers of a JSON text that was found to be sound.

    Args:
        text: the document.
        first: number of the line that it begins at.
        before: steps that lead to it.
    """
    try:
        document = json.loads(text, parse_float=_Printed, parse_int=_Printed, parse_constant=_Printed)
    except (ValueError, RecursionError):
        return ()
    places = places_of(text) if "\n" in text else {}
    found = []
    for path, value in _values(document, ()):
        line = places.get(path, 1) + first - 1
        found.append(Leaf((*before, *path), str(value), line, not isinstance(value, _Printed)))
        if len(found) >= MOST_LEAVES:
            break
    return tuple(found)


def _values(document: Any, path: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(document, str):
        yield path, document
    elif isinstance(document, dict | list):
        steps = document.items() if isinstance(document, dict) else enumerate(document)
        for step, value in steps:
            yield from _values(value, (*path, step))
