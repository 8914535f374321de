"""Rows of a long benchmark, each written down as it is finished; no benchmark of its own.

A run that was stopped goes on where it was: rows that the file has are not measured again. Its name is the caller's
choice, and so is deleting it when the code that is measured has changed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class KeptRows:
    """Rows by what they are of; without a path nothing is kept."""

    path: Path | None = None

    def row(self, key: Sequence[object], measure: Callable[[], Sequence[Any]]) -> tuple[Any, ...]:
        """The row that the file has under this key, or the one that ``measure`` gives, written down and told."""
        name, known = json.dumps(key), self._known()
        if name in known:
            return tuple(known[name])
        started = time.perf_counter()
        found = tuple(measure())
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": name, "row": found}) + "\n")
        print(f"{time.perf_counter() - started:6.1f} s  {found}", file=sys.stderr, flush=True)
        return found

    def _known(self) -> dict[str, list[Any]]:
        if self.path is None or not self.path.is_file():
            return {}
        rows = map(json.loads, self.path.read_text(encoding="utf-8").splitlines())
        return {row["key"]: row["row"] for row in rows}
