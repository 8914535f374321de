"""Regular expressions that are compiled when they are first run, and run only where a word that they need stands.

An audit has some five hundred. Most logs need few of them, and compiling all takes longer than reading a small log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any

_SIGNS, _SIGN = r"\u3400-\u9fff", r"\u3400"
"""Chinese signs in a class of letters, and the first of them, which says the same of a text that has none.

To compile a class of so many takes longer than all else of most patterns, and most logs have none of them.
"""

_ODD = {"İ": "i", "ı": "i", "ſ": "s"}
"""Letters that a pattern in which case is ignored takes for plain ones, and ``lower`` does not."""


@lru_cache(maxsize=8192)
def small(text: str) -> str:
    """A text in small letters, so that a word stands in it wherever a pattern without case finds that word."""
    if not text.isascii():
        for odd, plain in _ODD.items():
            text = text.replace(odd, plain)
    return text.lower()


def chinese(text: str) -> bool:
    """Whether there are Chinese signs in a text."""
    return not text.isascii() and max(text) >= "\u3400" and any("\u3400" <= one <= "\u9fff" for one in text)


def alternatives(words: str) -> list[str]:
    """The alternatives at the top of a pattern."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(words):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            parts.append(words[start:at])
            start = at + 1
    return [*parts, words[start:]]


def stems(words: str) -> str:
    """The letters that each alternative of a pattern begins with: what a pattern of these words needs."""
    found = []
    for one in alternatives(words):
        letters = re.match(r"[a-z ']*", one)
        stem, rest = (letters[0], one[letters.end() :]) if letters else ("", one)
        found.append(stem[:-1] if rest[:1] in ("?", "*", "{") else stem)
    return "|".join(dict.fromkeys(found)) if all(found) else ""


class Pattern:
    """A regular expression with the methods of ``re.Pattern``.

    Attributes:
        pattern: its source.
        flags: as for ``re.compile``.
        needs: words in small letters, one of which stands in whatever it matches; none where that cannot be said.
            They are given as alternatives, as in ``best|peak``.
    """

    def __init__(self, pattern: str, flags: int = 0, *, needs: str = "") -> None:
        self.pattern = pattern
        self.flags = flags
        self.needs = tuple(needs.split("|")) if needs else ()

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Itself, compiled."""
        return re.compile(self.pattern, self.flags)

    @cached_property
    def narrow(self) -> re.Pattern[str]:
        """Itself, for a text without Chinese signs."""
        return re.compile(self.pattern.replace(_SIGNS, _SIGN), self.flags) if self._signs else self.compiled

    def _for(self, text: str) -> re.Pattern[str]:
        return self.compiled if chinese(text) else self.narrow

    @property
    def _signs(self) -> bool:
        return _SIGNS in self.pattern

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        """As that of ``re.Pattern``; the next ones likewise."""
        return self._where_needed("search", lambda: None)

    @cached_property
    def match(self) -> Callable[..., re.Match[str] | None]:
        """At the beginning."""
        return self._where_needed("match", lambda: None)

    @cached_property
    def fullmatch(self) -> Callable[..., re.Match[str] | None]:
        """The whole."""
        return self._where_needed("fullmatch", lambda: None)

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        """All matches, one by one."""
        return self._where_needed("finditer", lambda: iter(()))

    @cached_property
    def findall(self) -> Callable[..., list[Any]]:
        """All that is matched."""
        return self._where_needed("findall", list)

    @cached_property
    def sub(self) -> Callable[..., str]:
        """The text with something else in place of all matches."""
        return (lambda by, text: self._for(text).sub(by, text)) if self._signs else self.compiled.sub

    @cached_property
    def split(self) -> Callable[..., list[str | Any]]:
        """The parts between matches."""
        return self.compiled.split

    def _where_needed(self, name: str, nothing: Callable[[], Any]) -> Callable[..., Any]:
        """A method that is run on texts in which one of the needed words stands."""
        needs, signs = self.needs, self._signs
        if not needs and not signs:
            return getattr(self.compiled, name)  # type: ignore[no-any-return]

        def run(text: str, *bounds: int) -> Any:
            low = small(text) if needs else ""
            if needs and not any(map(low.__contains__, needs)):
                return nothing()
            return getattr(self._for(text) if signs else self.compiled, name)(text, *bounds)

        return run
