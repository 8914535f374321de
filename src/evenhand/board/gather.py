"""From the ledger and what drivers note to what the board shows: nothing is computed that the lab does not know.

The ledger is only read, and a writer's lock is never taken. Records that were read before are not read again.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from evenhand.board import blind
from evenhand.board.contrasts import Contrasts
from evenhand.board.facts import Facts, Records
from evenhand.board.families import Families
from evenhand.board.known import KnownClaim, KnownClaims
from evenhand.board.rungs import Place, rungs_of
from evenhand.board.seen import (
    Board,
    ClaimShown,
    DeviceShown,
    DriverShown,
    FailureShown,
    State,
    TrialShown,
)
from evenhand.board.trails import Trails, drawn
from evenhand.board.verdicts import Verdicts, shown
from evenhand.errors import EvenhandError
from evenhand.ledger import Ledger
from evenhand.ledger.segments import Entry
from evenhand.recipes.error_classes import ADVICE
from evenhand.recipes.outcome import FailureClass
from evenhand.running import control
from evenhand.running.watching import ClaimSeen, RunSeen, TrialSeen, device_memory, resident_memory, runs_of

DEVICE_SECONDS = 10.0
"""How often the memory of devices is asked for: each time is a process."""

_ORDER: tuple[State, ...] = ("running", "paused", "queued", "waiting", "stopped", "not begun", "finished")


class Gatherer:
    """Looks at one ledger again and again; for one thread at a time.

    Args:
        folder: of the ledger.
        unblind: show arms by name before their claims are decided, and enter that in the ledger.
    """

    def __init__(self, folder: Path, unblind: bool = False) -> None:
        self.folder = folder.absolute()
        self._unblind = unblind
        self._ledger = Ledger(self.folder, create=False)
        self._claims = KnownClaims()
        self._trails = Trails()
        self._families, self._contrasts = Families(self.folder), Contrasts(self.folder)
        self._verdicts = Verdicts(self.folder)
        self._records = Records(self._ledger)
        self._curves: dict[tuple[str, str], tuple[str, ...]] = {}
        self._entered: set[str] = set()  # claims whose unblinding is in the ledger
        self._devices: tuple[float, tuple[DeviceShown, ...]] = (-DEVICE_SECONDS, ())
        self._last = Board(str(self.folder))

    def look(self) -> Board:
        """How things are now; where the ledger cannot be read, how they were, and why."""
        try:
            if not self.folder.is_dir():
                then = " now." if self._last.records else " yet. It appears with the first `evenhand run`."
                told = f"There is no ledger at {self.folder}{then}"
                self._last = replace(self._last, problem=told, trials=(), drivers=())
            else:
                self._last = self._look()
        except (EvenhandError, OSError) as error:
            self._last = replace(self._last, problem=str(error) or type(error).__name__)
        except Exception as error:  # a fault of the lab, which must not stop the only thread that looks
            traceback.print_exc()
            told = (
                f"The board met a fault of evenhand itself ({type(error).__name__}: {error}). Its terminal says where."
            )
            self._last = replace(self._last, problem=told)
        return self._last

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()
        self._families.close()
        self._contrasts.close()
        self._verdicts.close()

    def _look(self) -> Board:
        facts = self._records.read()
        known = self._claims.newest(facts.entries, facts.grown, self._ledger)
        undecided = [one for one in known if one.record.hash not in facts.decided]
        problem = self._enter_unblinding(undecided, facts)
        runs = runs_of(self.folder)
        running, left, untaken = self._running(runs)
        self._trails.keep({one.workdir for one in running.values()})
        families = self._families.look(facts.entries)
        named = [one for one in undecided if self._unblind and one.record.hash in self._entered]
        contrasts = self._contrasts.look(named, len(facts.counts))
        verdicts = self._verdicts.look([one for one in known if one not in undecided], len(facts.entries))
        claims, trials = list[ClaimShown](), list[TrialShown]()
        for one in reversed(known):
            hidden = one in undecided and one not in named
            own = {key: seen for key, seen in running.items() if key in one.trials}
            told = _told(one, runs)
            claim = self._claim(one, facts, hidden, told, own)
            hash_ = one.record.hash
            claim = replace(claim, family=families.sentences.get(hash_, ()), contrasts=contrasts.get(hash_, ()))
            now = verdicts.get(hash_)
            claims.append(claim if now is None else replace(claim, verdicts=shown(now)))
            mine = {key: seen for key, seen in own.items() if seen.claim in (one.record.name, "")}
            trials += self._trials(one, mine, hidden)
        claims.sort(key=lambda claim: _ORDER.index(claim.state))
        trials.sort(key=lambda trial: trial.queued)
        return Board(
            str(self.folder), problem, self._ledger.notes, len(facts.entries), tuple(claims), tuple(trials),
            tuple(_driver(run) for run in runs), self._memory(runs), families.families, left, untaken, self._unblind,
        )  # fmt: skip

    def _enter_unblinding(self, undecided: Sequence[KnownClaim], facts: Facts) -> str:
        """Enter each claim whose arms are shown by name from now on; returns why one of them stays blind."""
        new = [one for one in undecided if self._unblind and one.record.hash not in self._entered]
        try:
            for one in new:
                results = sum(key in facts.counts and facts.counts[key].about.is_result for key in one.trials)
                with Ledger(self.folder, create=False) as writer:
                    writer.record_intervention("unblinded", one.record.name, one.record.hash, results, len(one.trials))
                self._entered.add(one.record.hash)
        except EvenhandError as error:
            return f"{error} Arms stay hidden: that they are shown could not be entered in the ledger."
        return ""

    def _running(self, runs: Sequence[RunSeen]) -> tuple[dict[str, TrialSeen], int, int]:
        """Trials that run, by id; how many of them a scheduler has without anybody watching, and how many ended so."""
        found = {Path(trial.workdir).name: trial for run in runs for trial in run.trials}
        left = untaken = 0
        for path in (self.folder / "work").glob("*/submission.json"):
            if path.parent.name in found:
                continue
            if (path.parent / "ending.json").exists():
                untaken += 1
            else:
                left += 1
                begun = (path.parent / "progress.jsonl").exists()  # since when, nobody has seen
                found[path.parent.name] = TrialSeen("", "", -1.0, 0.0, workdir=str(path.parent), queued=not begun)
        return found, left, untaken

    def _claim(
        self, one: KnownClaim, facts: Facts, hidden: bool, told: ClaimSeen | None, own: Mapping[str, TrialSeen]
    ) -> ClaimShown:
        record = one.record
        at_work = {key for key, seen in own.items() if not seen.queued}
        places = {key: self._place(facts.counts.get(key), key in at_work) for key in one.trials}
        results = sum(place in ("done", "diverged") for place in places.values())
        wish = control.wish_of(self.folder, record.hash)
        decision = facts.decided.get(record.hash)
        state = "finished" if decision is not None else _state(told, own, results)
        claim, arms = one.claim, [one.arm(arm, hidden) for arm in one.in_order(hidden)]
        work = None if told is None or told.work is None else told.work / max(1, told.running)
        return ClaimShown(
            record.name, record.hash, one.question, record.entered[:16].replace("T", " "), state, hidden, results,
            len(one.trials), len(at_work), 0 if told is None else told.waiting, "" if told is None else told.rung, work,
            () if told is None else told.after,
            () if claim is None else tuple(condition.name for condition in claim.claim.conditions), tuple(arms),
            rungs_of(one, places, hidden), self._failures(one, facts, hidden),
            () if decision is None else shown(self._records.body(decision)["verdicts"]), one.standing,
            tuple(facts.interventions.get(record.hash, ())), (),
            not hidden and (self.folder / "reports" / f"{record.name}.html").is_file(),
            wish if told is not None and (wish != "pause" or not told.paused) else "", (), len(own) - len(at_work),
        )  # fmt: skip

    def _failures(self, one: KnownClaim, facts: Facts, hidden: bool) -> tuple[FailureShown, ...]:
        groups: dict[tuple[str, str, bool], list[tuple[str, Mapping[str, Any]]]] = {}
        for key, trial in one.trials.items():
            entry = facts.counts.get(key)
            if entry is None or not entry.about.failure:
                continue
            failure = self._records.body(entry)["outcome"]["failure"]
            message = one.screen.text(failure["message"]) if hidden else failure["message"]
            tried = self._tried(entry)
            groups.setdefault((failure["kind"], message, tried), []).append((one.arm(trial.arm, hidden), failure))
        found = [
            FailureShown(
                kind, members[0][1]["phase"], message,
                ADVICE.get(cast(FailureClass, kind), "") if tried else "", len(members),
                tuple(sorted({arm for arm, _ in members})),
                "" if hidden or not tried else "\n".join(members[0][1]["detail"].strip().splitlines()[-8:]), tried,
            )
            for (kind, message, tried), members in groups.items()
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda one: (not one.tried, -one.count)))

    def _tried(self, entry: Entry) -> bool:
        """Whether a trial that failed ran; one that was left out has no attempt."""
        return bool(self._records.body(entry)["execution"]["attempt"])

    def _place(self, entry: Entry | None, running: bool) -> Place:
        if running:
            return "running"
        if entry is None:
            return "left"
        if entry.about.is_result:
            return "diverged" if entry.about.failure else "done"
        return "failed" if self._tried(entry) else "left out"

    def _trials(self, one: KnownClaim, own: Mapping[str, TrialSeen], hidden: bool) -> Iterable[TrialShown]:
        trails = {key: self._trails.look(seen.workdir) for key, seen in own.items()}
        names = self._shared(one, {key: trail.points for key, trail in trails.items()}) if hidden else None
        for key in sorted(own, key=lambda key: one.place(one.trials[key], hidden)):
            seen, trail, trial = own[key], trails[key], one.trials[key]
            curves = [
                drawn(name, list(points)) for name, points in trail.points.items() if names is None or name in names
            ]
            left_out = len(trail.points) - len(curves)
            why = "Curves are shown that all arms have, once two arms have been seen." if left_out else ""
            share = seen.share if seen.seconds >= 0 else _share(trail.spent, trial.amount, trail.share)
            doing = trail.doing or seen.doing
            yield TrialShown(
                key, one.record.name, one.label(trial, hidden), one.slot(trial.arm, hidden),
                seen.seconds if seen.seconds >= 0 and not seen.queued else None, share,
                one.screen.text(doing) if hidden else doing, tuple(curves[:4]), why, seen.queued,
            )  # fmt: skip

    def _shared(self, one: KnownClaim, running: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Names of the curves that may be shown of a blind claim."""
        by_arm: dict[str, set[str]] = {}
        for key, points in running.items():
            if points:
                by_arm.setdefault(one.trials[key].arm, set()).update(points)
        for key, trial in one.trials.items():
            entry = self._records.facts.counts.get(key)
            if entry is not None and entry.about.failure == "" and trial.arm not in by_arm:
                by_arm[trial.arm] = set(self._reported(one, trial.arm, entry))
        return {name for name in blind.shared_curves(by_arm, list(one.letters)) if not one.screen.tells(name)}

    def _reported(self, one: KnownClaim, arm: str, entry: Entry) -> tuple[str, ...]:
        key = (one.record.hash, arm)
        if key not in self._curves:
            files = entry.body.get("files", {}).get("curves", {})
            self._curves[key] = tuple(files.get("names", ()))
        return self._curves[key]

    def _memory(self, runs: Sequence[RunSeen]) -> tuple[DeviceShown, ...]:
        now = time.monotonic()
        if runs and now - self._devices[0] >= DEVICE_SECONDS:
            trials = resident_memory([trial for run in runs for trial in run.trials])
            found = [*device_memory(), *([trials] if trials is not None and trials.used else [])]
            names = {"trials": "processes of trials"}
            self._devices = (
                now,
                tuple(DeviceShown(names.get(one.name, one.name), one.used, one.total) for one in found),
            )
        return self._devices[1] if runs else ()


def _told(one: KnownClaim, runs: Sequence[RunSeen]) -> ClaimSeen | None:
    """What a driver tells of a claim."""
    return next(
        (
            c
            for run in runs
            for c in run.claims
            if c.hash == one.record.hash or (not c.hash and c.name == one.record.name)
        ),
        None,
    )


def _state(told: ClaimSeen | None, own: Mapping[str, TrialSeen], results: int) -> State:
    if told is not None:
        if told.paused:
            return "paused"
        return "running" if told.running or not told.waiting else "waiting"
    if own:
        return "queued"
    return "stopped" if results else "not begun"


def _share(spent: float, amount: float, share: float | None) -> float:
    own = min(1.0, spent / amount) if amount else 1.0
    return own if share is None else share


def _driver(run: RunSeen) -> DriverShown:
    waiting = sum(claim.waiting for claim in run.claims)
    return DriverShown(
        run.process, run.host, None if run.queues else run.slots, run.busy, run.queued, waiting, run.ended,
        run.per_hour, run.seconds_left,
    )  # fmt: skip
