"""Where the values of a JSON text stand: the way to each, by names and indices, and its line."""

from __future__ import annotations

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
