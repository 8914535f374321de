"""Where the command line prints: results on standard output, progress and remarks on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from evenhand.report.marks import visible


class PlainConsole(Console):
    """A console on which nothing that is printed can act: control characters in the content are shown as marks."""

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


def warn(sentences: Sequence[str]) -> None:
    """Print warnings, a line each, where they are in nobody's way."""
    for sentence in sentences:
        note().print(f"warning: {' '.join(sentence.split())}", style="yellow", markup=False, soft_wrap=True)
