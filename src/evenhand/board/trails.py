"""Curves of running trials, read on from where the last look ended."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from evenhand.board.seen import CurveSeen

POINTS = 160
"""A curve with more is thinned to every second point."""

WIDTH, HEIGHT = 240, 48
"""Of the box that a curve is drawn in."""

_FIRST = 4 << 20
"""Bytes of a long file that the first look reads, from its end."""


@dataclass
class _Trail:
    """What was read of one progress file."""

    offset: int = -1
    rest: bytes = b""
    spent: float = 0.0
    doing: str = ""
    share: float | None = None
    points: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def read(self, path: Path) -> None:
        """Take up what was written since."""
        size = path.stat().st_size
        if self.offset < 0:
            self.offset = max(0, size - _FIRST)
        if size < self.offset:  # begun anew
            self.offset, self.rest, self.points = 0, b"", {}
        if size == self.offset:
            return
        with path.open("rb") as file:
            file.seek(self.offset)
            data = self.rest + file.read(size - self.offset)
        self.offset = size
        *lines, self.rest = data.split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            found = json.loads(line)
            step, values = float(found["step"]), dict(found["values"])
            self.spent, self.doing, self.share = float(found["spent"]), str(found.get("doing", "")), found.get("share")
        except (ValueError, KeyError, TypeError):
            return  # half a line, or of another program
        for name, value in values.items():
            if isinstance(value, int | float) and math.isfinite(value):
                points = self.points.setdefault(str(name), [])
                points.append((step, float(value)))
                if len(points) > 2 * POINTS:
                    del points[1:-1:2]


class Trails:
    """The curves of all running trials; for one thread at a time."""

    def __init__(self) -> None:
        self._known: dict[str, _Trail] = {}

    def look(self, workdir: str) -> _Trail:
        """What is known of the trial that runs in a folder, with what it wrote since the last look."""
        trail = self._known.setdefault(workdir, _Trail())
        with contextlib.suppress(OSError):  # not begun, on a node that shares no files, or just ended
            trail.read(Path(workdir) / "progress.jsonl")
        return trail

    def keep(self, workdirs: set[str]) -> None:
        """Forget the trials that do not run any more."""
        self._known = {key: trail for key, trail in self._known.items() if key in workdirs}


def drawn(name: str, points: list[tuple[float, float]]) -> CurveSeen:
    """A curve as a line; one point is a level one."""
    steps, values = [x for x, _ in points], [y for _, y in points]
    low, high = min(values), max(values)
    first, last = steps[0], steps[-1]

    def across(step: float) -> float:
        return WIDTH * (step - first) / (last - first) if last > first else float(WIDTH)

    def up(value: float) -> float:
        return HEIGHT - 3 - (HEIGHT - 6) * ((value - low) / (high - low) if high > low else 0.5)

    shown = [f"{across(x):.1f} {up(y):.1f}" for x, y in points]
    if len(shown) == 1:
        shown.insert(0, f"0 {up(values[0]):.1f}")
    return CurveSeen(name, "M" + "L".join(shown), values[-1], last, low, high)
