"""Trackers beside a run: each in a process of its own, which reads the ledger, so that none of them can cost a trial.

The run pokes it whenever a trial is in the ledger, and never waits for it until its own work is done.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from evenhand.data.reading import read_text
from evenhand.errors import DataError
from evenhand.running.observer import Observer, RunningTrial, Tick

if TYPE_CHECKING:
    from evenhand.recipes.outcome import Execution, Outcome
    from evenhand.recipes.trial import Trial

PROJECT = Path("evenhand.toml")
"""File of a project, in the folder in which commands are given: ``track = ["mlflow:http://host:5000"]``."""

WAIT_SECONDS = 60.0
"""So long a run whose work is done waits for its trackers; they are written to by ``evenhand export`` later."""


def tracked(specs: Sequence[str]) -> list[str]:
    """The trackers of a run: those of the command, else those of the project; all of them can be used.

    Raises:
        DataError: no such tracker, its package is missing, or the project's file is no TOML.
    """
    from evenhand.trackers.protocol import check

    found = list(specs) or of_project(PROJECT)
    for spec in found:
        check(spec)
    return found


def of_project(path: Path) -> list[str]:
    """What ``track`` names in a project's file; nothing where there is no file.

    Raises:
        DataError: the file is no TOML, or ``track`` is no list of texts.
    """
    if not path.is_file():
        return []
    try:
        found = tomllib.loads(read_text(path)).get("track", [])
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: no valid TOML ({error}).") from error
    if not isinstance(found, list) or not all(isinstance(spec, str) for spec in found):
        raise DataError(f'{path}: `track` must be a list of trackers, as in track = ["mlflow:http://host:5000"].')
    return found


@dataclass
class _Feed:
    """The process of one tracker."""

    spec: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]

    def poke(self) -> None:
        """Say that there is something new; a full pipe says so already, a broken one is told of at the end."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            os.write(self.process.stdin.fileno(), b"\n")

    def close(self) -> None:
        """Say that nothing more comes."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def end(self, seconds: float) -> str:
        """Let it finish; what went wrong, as a sentence, or empty."""
        try:
            code = self.process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return f"the tracker '{self._name}' does not answer"
        if code == 0:
            return ""
        self.said.seek(0)
        lines = self.said.read()[-20_000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:600] if lines else f"the tracker '{self._name}' ended with exit code {code}"

    @property
    def _name(self) -> str:
        return self.spec.partition(":")[0]


class Trackers:
    """The trackers of a run, each with a process for every claim. A context manager around the run.

    Args:
        specs: the trackers; with none of them this does nothing.
        claims: name to file.
        ledger: folder.
    """

    def __init__(self, specs: Sequence[str], claims: Mapping[str, Path], ledger: Path) -> None:
        self._ledger = ledger
        self._claims = claims
        self._feeds = {
            name: [_feed(spec, path.absolute(), ledger.absolute()) for spec in specs] for name, path in claims.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def observer_of(self, claim: str, inner: Observer) -> Observer:
        """An observer that tells the claim's trackers, too."""
        return Tracking(inner, self._feeds[claim]) if self._feeds[claim] else inner

    def end(self, seconds: float = WAIT_SECONDS) -> list[str]:
        """Wait for what is still to be written, not longer than ``seconds``; what went wrong, as sentences."""
        limit = time.monotonic() + seconds
        feeds, self._feeds = self._feeds, {}
        for feed in (feed for several in feeds.values() for feed in several):
            feed.close()
        faults = []
        for name, feed in ((name, feed) for name, several in feeds.items() for feed in several):
            if fault := feed.end(limit - time.monotonic()):
                again = f"evenhand export {self._claims[name]} --ledger {self._ledger} --to {feed.spec}"
                faults.append(f"{fault.rstrip('.')}. No trial is lost: `{again}` writes what is missing")
        return faults


def _feed(spec: str, claim: Path, ledger: Path) -> _Feed:
    said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process that reads it
    command = [
        sys.executable,
        "-m",
        "evenhand",
        "export",
        str(claim),
        "--ledger",
        str(ledger),
        "--to",
        spec,
        "--follow",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
    )  # an interrupt is for the run; what is in the ledger by then still goes out
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    return _Feed(spec, process, said)


class Tracking(Observer):
    """Another observer, with trackers that are told when a trial is in the ledger."""

    def __init__(self, inner: Observer, feeds: Sequence[_Feed]) -> None:
        self._inner, self._feeds = inner, feeds
        self.watches_contrasts = inner.watches_contrasts

    def tick(self, tick: Tick) -> None:
        """As the other does."""
        self._inner.tick(tick)

    def finished(self, trial: Trial, outcome: Outcome, execution: Execution, retry: bool) -> None:
        """As the other does; and the trackers are told."""
        for feed in self._feeds:
            feed.poke()
        self._inner.finished(trial, outcome, execution, retry)

    def progressed(self, run: RunningTrial) -> None:
        """As the other does."""
        self._inner.progressed(run)

    def message(self, text: str) -> None:
        """As the other does."""
        self._inner.message(text)
