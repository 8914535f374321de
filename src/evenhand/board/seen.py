"""What the board shows, as plain fields: made from the ledger and from what drivers note, rendered by the templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evenhand.decisions.verdict import VerdictKind

State = Literal["running", "paused", "waiting", "queued", "stopped", "not begun", "finished"]


@dataclass(frozen=True)
class CurveSeen:
    """One learning curve of a running trial.

    Attributes:
        name: as the trial reports it.
        path: of the line, in a box 240 wide and 48 high.
        last, step: its newest value, and at which step.
        low, high: least and largest value shown.
    """

    name: str
    path: str
    last: float
    step: float
    low: float
    high: float


@dataclass(frozen=True)
class TrialShown:
    """A trial that runs, or waits in the queue of a scheduler.

    Attributes:
        id, label: of the trial; arm (a letter while its claim is blind), condition, rung and seed.
        slot: colour of the arm, 0 to 4.
        seconds: since its start; None where nobody watches it, and while it is queued.
        share: of its budget, or of what it prepares.
        doing: what it prepares for all trials; empty while it trains.
        curves: as far as they may be shown.
        hidden: why curves are not shown; empty where they are.
        queued: it waits in a scheduler's queue.
    """

    id: str
    claim: str
    label: str
    slot: int
    seconds: float | None
    share: float
    doing: str = ""
    curves: tuple[CurveSeen, ...] = ()
    hidden: str = ""
    queued: bool = False


@dataclass(frozen=True)
class Count:
    """Trials of a part of a claim."""

    total: int
    done: int = 0
    failed: int = 0
    running: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class ArmRow:
    """The trials of one arm at a rung, condition by condition."""

    label: str
    slot: int
    role: str
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class RungShown:
    """A rung: when it is looked at, all its trials, and those of each arm where that does not tell which arm it is."""

    name: str
    purpose: str
    looks: str
    seeds: int
    count: Count
    rows: tuple[ArmRow, ...]
    anytime: bool = False


@dataclass(frozen=True)
class FailureShown:
    """Failures of one class and message.

    Attributes:
        kind, phase, message: of the first; the message without names of arms while the claim is blind.
        advice, count: what to do; trials.
        arms: that they belong to, letters while the claim is blind.
        detail: the last lines of the first; empty while the claim is blind.
        tried: they ran; else they were left out.
    """

    kind: str
    phase: str
    message: str
    advice: str
    count: int
    arms: tuple[str, ...]
    detail: str
    tried: bool = True


@dataclass(frozen=True)
class VerdictShown:
    """One verdict of a decided claim."""

    arm: str
    condition: str
    metric: str
    title: str
    kind: VerdictKind


@dataclass(frozen=True)
class ContrastShown:
    """A difference so far, of a claim that is not decided; shown where arms are shown by name."""

    arm: str
    against: str
    condition: str
    metric: str
    estimate: float
    interval: tuple[float, float] | None
    seeds: int


@dataclass(frozen=True)
class ClaimShown:
    """A claim: how far it is, what failed, what it came to.

    Attributes:
        blind: its arms are letters, and what would tell them apart is left out.
        results, trials: with a result, and all that it may need.
        rung: which it is at, where a driver tells; else empty.
        seconds_left: estimate for that rung.
        standing: when it was fixed, where a reader must know.
        interventions: what people did to it, as sentences.
        family: where it stands among the claims of the ledger, as sentences.
        report: whether there is a page to read.
        wish: what was asked of it and its driver has not done yet.
        contrasts: so far; none while it is blind.
    """

    name: str
    hash: str
    question: str
    entered: str
    state: State
    blind: bool
    results: int
    trials: int
    running: int
    waiting: int
    rung: str
    seconds_left: float | None
    after: tuple[str, ...]
    conditions: tuple[str, ...]
    arms: tuple[str, ...]
    rungs: tuple[RungShown, ...]
    failures: tuple[FailureShown, ...]
    verdicts: tuple[VerdictShown, ...]
    standing: str
    interventions: tuple[str, ...]
    family: tuple[str, ...]
    report: bool
    wish: str = ""
    contrasts: tuple[ContrastShown, ...] = ()
    queued: int = 0

    @property
    def open(self) -> bool:
        """It is not decided."""
        return self.state != "finished"

    @property
    def grows(self) -> bool:
        """Seeds may be added to it: it is decided, may be looked at at any time, and is not settled."""
        anytime = bool(self.rungs) and self.rungs[-1].anytime
        return not self.open and anytime and any(one.kind is VerdictKind.INCONCLUSIVE for one in self.verdicts)

    @property
    def failed(self) -> int:
        """Trials that ran and failed."""
        return sum(one.count for one in self.failures if one.tried)

    @property
    def left_out(self) -> int:
        """Trials that never ran, as their arm failed alike."""
        return sum(one.count for one in self.failures if not one.tried)

    @property
    def share(self) -> float:
        """Of its trials that have a result, 0 to 1."""
        return self.results / self.trials if self.trials else 0.0


@dataclass(frozen=True)
class DriverShown:
    """A run as its driver noted it last; where the place has a queue of its own, ``slots`` is None."""

    process: int
    host: str
    slots: int | None
    busy: int
    queued: int
    waiting: int
    ended: int
    per_hour: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class DeviceShown:
    """Memory of a device: in use and all there is, bytes."""

    name: str
    used: int
    total: int | None

    @property
    def share(self) -> float | None:
        """Of its memory that is in use."""
        return self.used / self.total if self.total else None


@dataclass(frozen=True)
class FamilyRowShown:
    """A claim in its family."""

    place: int
    claim: str
    state: str
    gains: int
    p: float | None
    level: float | None
    holds: bool | None


@dataclass(frozen=True)
class FamilyShown:
    """A family of the ledger, as ``evenhand family`` lists it."""

    name: str
    sentence: str
    rows: tuple[FamilyRowShown, ...]


@dataclass(frozen=True)
class Board:
    """All that is shown at one time.

    Attributes:
        ledger: path of its folder.
        problem: why the ledger cannot be read as it stands, and what to do; empty where it can.
        remarks, records: harmless remarks on the ledger; how many records it has.
        claims: those that run first, then those not decided, then the finished ones, newest first.
        trials: that run, then those in a scheduler's queue, of all claims.
        left, untaken: trials that no driver watches: those that a scheduler has, and those that ended there.
        unblinded: arms are shown by name.
    """

    ledger: str
    problem: str = ""
    remarks: tuple[str, ...] = ()
    records: int = 0
    claims: tuple[ClaimShown, ...] = ()
    trials: tuple[TrialShown, ...] = ()
    drivers: tuple[DriverShown, ...] = ()
    devices: tuple[DeviceShown, ...] = ()
    families: tuple[FamilyShown, ...] = ()
    left: int = 0
    untaken: int = 0
    unblinded: bool = False

    @property
    def queued(self) -> int:
        """Trials in a scheduler's queue."""
        return sum(one.queued for one in self.trials)

    @property
    def name(self) -> str:
        """What people call the ledger: its folder, with the one around it where that alone says little."""
        parts = [part for part in self.ledger.split("/") if part]
        return "/".join(parts[-1:] if parts and parts[-1].strip(".") not in ("evenhand", "ledger") else parts[-2:])

    def claim(self, name: str) -> ClaimShown | None:
        """The newest claim of a name."""
        return next((one for one in self.claims if one.name == name), None)
