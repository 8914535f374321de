"""What a board with ``--control`` does: start, pause, cancel and extend claims, by the commands that people type.

A run is a process of its own (``evenhand run``), which goes on when the board ends. Pausing and cancelling are asked
of whatever driver runs the claim (:mod:`evenhand.running.control`) and entered in the ledger.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evenhand.board.seen import ClaimShown
from evenhand.errors import EvenhandError, counted
from evenhand.ledger import Ledger
from evenhand.running import control

MOST_FILES = 1000
"""Claim files that are offered, at most."""

MOST_SEEDS = 10_000
"""Seeds that can be added at a time."""

_DONE = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}


@dataclass(frozen=True)
class ClaimFileShown:
    """A claim file that can be started: its path below the folder of the board, and the name of its claim."""

    path: str
    name: str


@dataclass(frozen=True)
class Asked:
    """Something that was asked from the page: what, when (clock of this machine), and how it went."""

    what: str
    clock: str
    said: str
    failed: bool = False


@dataclass
class _Started:
    what: str
    clock: str
    process: subprocess.Popen[bytes]
    log: Path

    def asked(self) -> Asked:
        code = self.process.poll()
        if code is None:
            return Asked(self.what, self.clock, f"process {self.process.pid} runs")
        ends = {0: "ended well", 3: "ended; some trials failed", 130: "was interrupted or cancelled"}
        if code in ends:
            return Asked(self.what, self.clock, ends[code])
        return Asked(self.what, self.clock, f"ended with exit code {code}: {_last_line(self.log)}", failed=True)


class Commands:
    """What can be asked from the page.

    Args:
        ledger: folder of the ledger.
        claims: folder whose claim files can be started.
        jobs: trials side by side of a run that is started here; None for what ``evenhand run`` takes.
    """

    def __init__(self, ledger: Path, claims: Path, jobs: int | None = None) -> None:
        self.ledger, self.claims, self._jobs = ledger.absolute(), claims.absolute(), jobs
        self._started: list[_Started] = []
        self._said: list[Asked] = []
        self._lock = threading.Lock()
        self._files: tuple[float, tuple[ClaimFileShown, ...]] = (0.0, ())

    def files(self) -> tuple[ClaimFileShown, ...]:
        """The claim files below the folder, at most ten seconds old."""
        if time.monotonic() - self._files[0] > 10 or not self._files[0]:
            found = sorted(_claim_files(self.claims))[:MOST_FILES]
            shown = tuple(ClaimFileShown(str(path.relative_to(self.claims)), name) for path, name in found)
            self._files = (time.monotonic(), shown)
        return self._files[1]

    def asked(self) -> tuple[Asked, ...]:
        """What was asked from the page since the board began, the newest first."""
        with self._lock:
            found = [*self._said, *(one.asked() for one in self._started)]
        return tuple(sorted(found, key=lambda one: one.clock, reverse=True))

    def start(self, path: str) -> None:
        """Run a claim file in a process of its own.

        Raises:
            EvenhandError: it is none of those that are offered, or no process can be started.
        """
        if path not in {one.path for one in self.files()}:
            raise EvenhandError(f"{path!r} is no claim file below {self.claims}.")
        self._spawn(f"start {path}", ["run", path])

    def extend(self, claim: ClaimShown, seeds: int) -> None:
        """Add seeds to a claim that allows it, and run them.

        Raises:
            EvenhandError: its file is not below the folder, or the number is none that makes sense.
        """
        if not 1 <= seeds <= MOST_SEEDS:
            raise EvenhandError(f"{seeds} further seeds are asked for; expected 1 to {MOST_SEEDS:,}.")
        found = [one.path for one in self.files() if one.name == claim.name]
        if not found:
            raise EvenhandError(f"No claim file of '{claim.name}' is below {self.claims}; start the board beside it.")
        self._spawn(f"extend {claim.name} by {counted(seeds, 'seed')}", ["extend", found[0], "--seeds", str(seeds)])

    def wish(self, claim: ClaimShown, wish: Literal["pause", "resume", "cancel"]) -> None:
        """Pause a claim that runs, let it go on, or cancel it.

        Raises:
            EvenhandError: no run of it goes on, or the ledger cannot be written.
        """
        if claim.state not in ("running", "paused", "waiting"):
            raise EvenhandError(f"No run of '{claim.name}' goes on that could be asked to {wish}.")
        with Ledger(self.ledger, create=False) as ledger:
            ledger.record_intervention(_DONE[wish], claim.name, claim.hash, claim.results, claim.trials)
        try:
            if wish == "resume":
                control.withdraw(self.ledger, claim.hash)
            else:
                control.ask(self.ledger, claim.hash, wish)
        except OSError as error:
            raise EvenhandError(f"{self.ledger}/control cannot be written: {error.strerror or error}.") from error
        self._say(f"{wish} {claim.name}", "asked of its driver, and entered in the ledger")

    def _say(self, what: str, said: str) -> None:
        with self._lock:
            self._said = [*self._said, Asked(what, _clock(), said)][-20:]

    def _spawn(self, what: str, words: Sequence[str]) -> None:
        jobs = [] if self._jobs is None else ["--jobs", str(self._jobs)]
        words = [*words, "--ledger", str(self.ledger), *jobs]
        logs = self.ledger / "control"
        log = logs / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.urandom(2).hex()}.log"
        try:
            logs.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as out:
                process = subprocess.Popen(
                    [sys.executable, "-m", "evenhand", *words], cwd=self.claims, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise EvenhandError(f"The command could not be started: {error.strerror or error}.") from error
        with self._lock:
            self._started = [*self._started, _Started(what, _clock(), process, log)]


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _last_line(log: Path) -> str:
    """How a command that failed explains itself; the lines before may tell scores."""
    try:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1].strip() if lines else "it said nothing."


def _claim_files(folder: Path) -> list[tuple[Path, str]]:
    """TOML files that state a claim, with its name; folders that are hidden are left out."""
    found: list[tuple[Path, str]] = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one != "node_modules")
        for name in files:
            if name.endswith(".toml") and len(found) < MOST_FILES:
                path = Path(root, name)
                try:
                    stated = tomllib.loads(path.read_text(encoding="utf-8"))
                except (OSError, ValueError, RecursionError):
                    continue
                if "recipe" in stated and "arm" in stated:
                    found.append((path, str(stated.get("name", path.stem))))
    return found
