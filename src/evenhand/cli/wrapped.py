"""Sentences on a terminal or in a file."""

from __future__ import annotations

import re
import textwrap

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_WORD = re.compile(r"\S+(?:(?<=\d)[ \u00a0](?=%)\S+)*")
"""What stays on one line: a word, and a number with its percent sign."""

_NO_BREAK = "\u00a0"


def tell(console: Console, sentence: str, style: str = "", indent: str = "") -> None:
    """Print a sentence: wrapped to a terminal, a line of its own in a file or pipe, where programs search it."""
    if not console.is_terminal:
        console.print(Text(indent + sentence, style=style), soft_wrap=True)
        return
    further = indent + "  "
    width = max(console.width, 20)
    joined = re.sub(r"(?<=\d) (?=%)", _NO_BREAK, sentence)
    for line in textwrap.wrap(joined, width, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False):
        console.print(Text(line.replace(f"{_NO_BREAK}%", " %"), style=style), soft_wrap=True)


def between_words(text: Text, width: int) -> Text:
    """Lines of at most ``width`` columns, each further one indented; a longer word (a path, an address) stays whole, a
    number with its percent sign, too."""
    return Text("\n").join(part for line in text.split("\n", allow_blank=True) for part in _parts(line, width))


def _parts(line: Text, width: int) -> list[Text]:
    plain = line.plain
    if cell_len(plain) <= width:
        return [line]
    indent = " " * min(len(plain) - len(plain.lstrip(" ")) + 2, width // 2)
    parts, start = list[Text](), 0
    for word in list(_WORD.finditer(plain))[1:]:
        if cell_len(plain[start : word.end()]) + (len(indent) if parts else 0) > width:
            parts.append(line[start : word.start()])
            start = word.start()
    parts.append(line[start:])
    for part in parts:
        part.rstrip()
    return [parts[0], *(Text(indent).append_text(part) for part in parts[1:])]
