"""TensorBoard: a folder of events for each trial, and one for the verdicts, which stand there as text.

Target: the folder that ``tensorboard --logdir`` is given; empty for ``tensorboard``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenhand.trackers.entries import TrialEntry, VerdictEntry
from evenhand.trackers.names import points, safe_name

_KEY = "evenhand.key"
"""A file beside the events that is written last: an export that broke off has none and is made anew."""


class TensorboardTracker:
    """Writes event files."""

    def __init__(self, target: str, claim: str) -> None:
        self._folder = Path(target or "tensorboard").expanduser() / safe_name(claim)

    def known(self) -> set[str]:
        """Keys of the folders that were written in full."""
        return {path.read_text(encoding="utf-8") for path in self._folder.rglob(_KEY)}

    def trial(self, entry: TrialEntry) -> None:
        """Curves and final metrics as scalars, settings and notes as text."""
        facts = {**entry.tags, **entry.settings, **{f"note {name}": text for name, text in entry.notes.items()}}
        with _Events(self._folder / _folder_name(entry.name, entry.key), entry.key) as events:
            last = 0
            for name, curve in entry.curves.items():
                for step, value in points(curve):
                    events.scalar(name, value, int(step))
                    last = max(last, int(step))
            for before, values in (("final", entry.metrics), ("spent", entry.spent)):
                for name, value in values.items():
                    events.scalar(f"{before}/{name}", value, last)
            events.text("trial", _table(facts))

    def verdict(self, entry: VerdictEntry) -> None:
        """The table of verdicts as text, the figures as scalars, the report as a file beside them."""
        folder = self._folder / _folder_name("verdicts", entry.key)
        with _Events(folder, entry.key) as events:
            events.text("verdicts", entry.markdown)
            for name, value in entry.figures.items():
                events.scalar(safe_name(name), value, 0)
            if entry.report is not None:
                shutil.copy(entry.report, folder / entry.report.name)

    def close(self) -> None:
        """Every folder was closed by itself."""


class _Events:
    """The event file of one folder."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def __enter__(self) -> _Events:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        shutil.rmtree(self._folder, ignore_errors=True)  # what broke off
        self._writer: Any = EventFileWriter(str(self._folder))
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._writer.close()
        if kind is None:
            (self._folder / _KEY).write_text(self._key, encoding="utf-8")

    def scalar(self, name: str, value: float, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        self._add(Summary(value=[Summary.Value(tag=safe_name(name), simple_value=value)]), step)

    def text(self, name: str, text: str) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.text.metadata import create_summary_metadata
        from tensorboard.util import tensor_util

        metadata = create_summary_metadata(display_name=name, description="")
        tensor = tensor_util.make_tensor_proto([text])
        self._add(Summary(value=[Summary.Value(tag=name, metadata=metadata, tensor=tensor)]), 0)

    def _add(self, summary: Any, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))


def _folder_name(name: str, key: str) -> str:
    return f"{safe_name(name.replace('/', '_'))} {key[-8:]}"


def _table(facts: Mapping[str, object]) -> str:
    rows = [f"| {name} | {' '.join(str(value).split()).replace('|', '/')} |" for name, value in facts.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def open_tracker(target: str, claim: str) -> TensorboardTracker:
    """Where events will go; nothing is written yet."""
    return TensorboardTracker(target, claim)
