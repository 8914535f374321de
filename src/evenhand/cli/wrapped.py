"""Sentences on a terminal or in a file."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text


def tell(console: Console, sentence: str, style: str = "", indent: str = "") -> None:
    """Print a sentence: wrapped to a terminal, a line of its own in a file or pipe, where programs search it."""
    if not console.is_terminal:
        console.print(Text(indent + sentence, style=style), soft_wrap=True)
        return
    further = indent + "  "
    width = max(console.width, 20)
    for line in textwrap.wrap(
        sentence, width, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False
    ):
        console.print(Text(line, style=style), soft_wrap=True)
