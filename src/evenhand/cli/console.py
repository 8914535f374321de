"""Where commands print, and the options that many of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from evenhand.cli.as_json import write_json
from evenhand.cli.wrapped import between_words, tell
from evenhand.errors import DataError
from evenhand.report.marks import visible

if TYPE_CHECKING:
    from evenhand.ledger import Ledger

DEFAULT_LEDGER = Path(".evenhand")

LedgerFolder = Annotated[Path, typer.Option("--ledger", help="Folder of the ledger.", envvar="EVENHAND_LEDGER")]
AlsoLedger = Annotated[
    Path | None, typer.Option("--ledger", help="The same, as other commands name it.", show_default=False)
]
Full = Annotated[bool, typer.Option("--full", help="Every contrast with its figures, not only those that decide.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def ledger_to_read(folder: Path) -> Ledger:
    """A ledger that nothing is written to; see :func:`evenhand.running.opened.ledger_to_read`."""
    from evenhand.running import opened  # here: --help needs none

    return opened.ledger_to_read(folder)


class PlainConsole(Console):
    """A console on which nothing that is printed can act: control characters in the content are shown as marks.

    What is printed without a width of its own (``soft_wrap``) is broken between words where it goes to a terminal; in a
    file or a pipe, where programs search it, it stays one line.
    """

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich does, between words."""
        if how.get("soft_wrap") and self.is_terminal and len(objects) == 1:
            found = objects[0]
            if isinstance(found, str) and how.get("markup") is False:
                found = Text(found)
            if isinstance(found, Text):
                objects = (between_words(found, max(self.width, 20)),)
        super().print(*objects, **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, with the marks."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def out() -> Console:
    """The console for results."""
    return PlainConsole(highlight=False)


def note() -> Console:
    """The console for progress and remarks: standard error, so that results can be piped."""
    return PlainConsole(stderr=True, highlight=False)


def write_output(path: Path, content: str | bytes) -> None:
    """Write a file that the user named, whole or not at all; into a pipe or a device as it is, through a link.

    Raises:
        DataError: it cannot be written.
    """
    from evenhand.files import write_bytes

    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            write_bytes(path.resolve(), data)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def warn(sentences: Sequence[str]) -> None:
    """Print warnings, a line each, where they are in nobody's way."""
    for sentence in sentences:
        tell(note(), f"warning: {' '.join(sentence.split())}", "yellow")


def print_json(document: Any) -> None:
    """Print plain data as JSON; what is undefined is null."""
    from evenhand.cli.output import plain

    write_json(plain(document))
