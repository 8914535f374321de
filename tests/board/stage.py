"""A ledger as the board finds it: claims decided, running and broken, a driver's notes, progress files that grow."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from evenhand.claims.load import LoadedClaim, all_trials
from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.recipes.outcome import Execution, Failure, Outcome
from evenhand.recipes.trial import Trial
from evenhand.running.watching import ClaimSeen, RunSeen, TrialSeen
from evenhand.testing.worlds import RECIPE
from tests.ledgers import Book

SECRET = "rotary-gate"
"""Name of the variant: nothing of a blind page may hold it."""

TEXT = """
recipe = "world"
question = "{question}"
item_seed = {item_seed}
[metric]
name = "score"
margin = 0.05
[[arm]]
name = "plain"
role = "baseline"
[[arm]]
name = "rotary-gate"
role = "variant"
settings.effect = {effect}
[[arm]]
name = "twice-read"
role = "rival"
settings.effect = 0.011
[[condition]]
name = "first"
[[condition]]
name = "last"
settings.condition_effect = 0.5
[[rung]]
name = "confirm"
budget = 100
seeds = {seeds}
items = 20
{more}
"""
QUESTION = "Does the gate help the model to use what stands to the right?"


@dataclass
class Stage:
    """A folder with a ledger that can be made to look as if claims were run in it."""

    folder: Path
    book: Book = field(init=False)
    running: list[tuple[LoadedClaim, Trial]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book = Book(self.folder)

    @property
    def ledger(self) -> Path:
        """Its folder."""
        return self.folder / "ledger"

    def claim(
        self, name: str, *, seeds: int = 3, effect: float = 0.3, item_seed: int = 0, more: str = "",
        question: str = QUESTION,
    ) -> LoadedClaim:  # fmt: skip
        """A claim with three arms and two conditions, entered."""
        text = TEXT.format(seeds=list(range(seeds)), effect=effect, item_seed=item_seed, more=more, question=question)
        file = parse_claim(text, f"{name}.toml", name)
        return self.book.enter(LoadedClaim(self.folder / f"{name}.toml", file, RECIPE, resolve(file, RECIPE)))

    def decided(self, name: str, **about: object) -> LoadedClaim:
        """A claim that was run to its end."""
        loaded = self.claim(name, **about)  # type: ignore[arg-type]
        self.book.run(loaded)
        self.book.decide(loaded)
        return loaded

    def fail(self, loaded: LoadedClaim, count: int, failure: Failure, arm: str = SECRET, *, attempt: int = 1) -> None:
        """Record failures of the first trials of an arm that have no outcome; without an attempt they were left out."""
        ids = [trial.id for trial in all_trials(loaded.resolved)]
        known = self.book.ledger.latest(ids)
        left = [t for t in all_trials(loaded.resolved) if t.arm == arm and t.id not in known]
        for trial in left[:count]:
            self.book.ledger.record_outcome(
                trial, Outcome(failure=failure), Execution(attempt), loaded.resolved.hash, {}
            )

    def start(self, loaded: LoadedClaim, count: int) -> list[Trial]:
        """Let trials that have no outcome run: folders with progress files, no process."""
        known = self.book.ledger.latest([trial.id for trial in all_trials(loaded.resolved)])
        taken = {trial.id for _, trial in self.running}
        found = [t for t in all_trials(loaded.resolved) if t.id not in known and t.id not in taken][:count]
        for trial in found:
            self.running.append((loaded, trial))
            self.progress(trial, 40)
        return found

    def progress(self, trial: Trial, steps: int, **further: float) -> None:
        """Write so many steps to the progress file of a trial."""
        folder = self.book.ledger.workdir(trial.id)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "progress.jsonl").open("a") as file:
            for step in range(1, steps + 1):
                values = {"loss": 2.0 / step**0.4, **further}
                file.write(json.dumps({"spent": step, "step": step, "values": values}) + "\n")

    def note(self, *claims: LoadedClaim, slots: int = 4, paused: bool = False, queued: Sequence[str] = ()) -> None:
        """Write what a driver of these claims would note; this process stands for it.

        Args:
            claims: that run.
            slots: trials side by side.
            paused: all of them are.
            queued: ids of trials that wait in the queue of the place.
        """
        seen = [
            ClaimSeen(
                one.resolved.name, one.resolved.claim.rungs[-1].name, 3, len(all_trials(one.resolved)), 5,
                sum(own is one for own, _ in self.running), 60.0, (), one.resolved.hash, paused,
            )
            for one in claims
        ]  # fmt: skip
        trials = [
            TrialSeen(loaded.resolved.name, trial.label(), 75.0, 0.4, "", {"loss": 0.5},
                      str(self.book.ledger.workdir(trial.id).resolve()), trial.id in queued)
            for loaded, trial in self.running
        ]  # fmt: skip
        now = time.time()
        run = RunSeen(
            os.getpid(), socket.gethostname(), now - 600, now, slots, 30, tuple(seen), tuple(trials), bool(queued)
        )
        path = self.ledger / "running" / f"{os.getpid()}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(run)))


def busy(folder: Path) -> Stage:
    """Two decided claims, one that runs with failures, one that was stopped, one not begun."""
    stage = Stage(folder)
    one = stage.decided("gate_small", item_seed=1)
    stage.decided("gate_none", effect=0.001, item_seed=2)
    stage.claim("not_begun", item_seed=5)
    stopped = stage.claim("gate_stopped", item_seed=4)
    stage.book.run(stopped, 7)
    runs = stage.claim("gate_large", seeds=8, item_seed=3)
    stage.book.run(runs, 12)
    stage.fail(
        runs, 2, Failure("code", "ValueError: rotary-gate got effect=0.3", "train", "in rotary-gate\nValueError")
    )
    stage.fail(runs, 1, Failure("resource", "out of memory", "train", "killed"), "plain")
    stage.start(runs, 5)
    stage.note(runs)
    reports = stage.ledger / "reports"
    reports.mkdir()
    (reports / f"{one.resolved.name}.html").write_text("<!DOCTYPE html><title>r</title><p>the report of gate_small")
    (reports / "gate_large.html").write_text("<p>rotary-gate is better")
    stage.book.ledger.close()
    return stage
