"""When a claim was fixed, where it stands in its ledger, what its search came to, what a seal proves: facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from evenhand.decisions.likeness import Alike

Fixed = Literal["before", "post-hoc", "rerun", "amended", "not entered", "sealed", "retrospective"]
"""When a claim was fixed: before its outcomes, after some were known, changed after results, or not yet. A rerun is the
same question on the same seeds by other code or from other data, after results on them had been seen. A claim over runs
is sealed where it was entered before the first of their result files was there, and retrospective otherwise."""

LEDGER_RATE = 0.05
"""Share of false ones among the gains of a family that hold in its ledger, at most, on average."""


@dataclass(frozen=True)
class FamilyPlace:
    """Where a claim stands in one of its families: the claims of a ledger on one recipe and metric, in order.

    Attributes:
        family: the key: ``recipe / metric``, or the name that the claim gives.
        named: the claim gives the name.
        metrics: primary metrics of the claim that belong to it.
        place, claims: which of how many claims it is; those on the same trials are one.
        gains: claims with a gain, of which no outcome was known when they were entered; amended ones too.
        left: other claims that have results and were never decided, and that no process runs.
        running: other claims that have results, are not decided and run at this moment.
        post_hoc: claims that were entered when outcomes were known; they spend nothing.
        copy_of: name of an earlier claim on the same trials, with which it is one; or empty.
        tries: role to the exploratory trials that were made of it.
        level: two-sided level that the ledger has for it; None where it takes no part.
        p: of its gain, allowing for its looks and for all its verdicts; None where it has none.
        holds: whether its gain holds in the ledger; None where there is no gain.
        strict: the level of the ledger is the verdict's.
        beside: place and number among all claims on the same recipe and metric, where the claim names a family.
        refused: the other family of the claim, at whose level its gain does not hold though it would at this one.
        seen: trials that came out as results did that were known when it was entered; it is post-hoc for them.
        rerun: the claim was run again by other code after results had been seen; it holds only where it held before.
        existed: the claim was put to runs that existed; it spends nothing, and its gain does not hold.
        set_aside: results of the claim were set aside once they were known; its gain does not hold.
        remaining: of the false discovery rate, what may still be spent if no gain comes any more.
    """

    family: str
    named: bool = False
    metrics: tuple[str, ...] = ()
    place: int = 1
    claims: int = 1
    gains: int = 0
    left: int = 0
    running: int = 0
    post_hoc: int = 0
    copy_of: str = ""
    tries: Mapping[str, int] = field(default_factory=dict)
    level: float | None = None
    p: float | None = None
    holds: bool | None = None
    strict: bool = False
    beside: tuple[int, int] | None = None
    refused: str = ""
    seen: int = 0
    rerun: bool = False
    existed: bool = False
    set_aside: bool = False
    remaining: float | None = None


@dataclass(frozen=True)
class Seal:
    """What shows that a claim existed before its first trial.

    Attributes:
        receipt: sha256 of the receipt.
        time: of the receipt, as its writer's clock had it.
        head: of the ledger's chain then.
        precedes: it stands in the chain before every outcome of the claim's trials.
        witnesses: what keeps it outside the ledger: ``git tag ...``, ``time stamp of ...``, ``file ...``.
        seeds, items: whether seeds and items are drawn from the claim's hash.
    """

    receipt: str
    time: str
    head: str
    precedes: bool
    witnesses: tuple[str, ...] = ()
    seeds: bool = False
    items: bool = False


@dataclass(frozen=True)
class TriedArm:
    """What the search of a claim came to for one arm.

    Attributes:
        arm: its name.
        tries: configurations that were tried of it.
        chosen: which of them goes on, counted from 1; None where the search is not over.
        settings: of the chosen one, as far as they were searched: dotted setting to value.
        score: its mean on the first primary metric at the last search rung; None where it has none.
        failures: class to the number of configurations that gave no score for it; they count as the worst there is.
    """

    arm: str
    tries: int
    chosen: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class UnequalTuning:
    """A variant was tried more often than an arm that it is held against, or less, by more than the claim allows.

    Attributes:
        tries: of the variant: those that the ledger holds, and the claim's own.
        against, against_tries: the arm that differs most from it, and its number.
        ratio: that the claim allows.
        strict: the verdict is invalid for it.
    """

    tries: int
    against: str
    against_tries: int
    ratio: float
    strict: bool = False


@dataclass(frozen=True)
class SetAsideTrial:
    """A trial whose results were set aside on purpose once they were known: how often, why, and when last (UTC)."""

    label: str
    times: int
    reasons: tuple[str, ...]
    time: str = ""


State = Literal["decided", "running", "left", "not run"]


@dataclass(frozen=True)
class FamilyRow:
    """One claim of a family, as a list shows it; ``test`` is its place among those that spend of the rate.

    ``level``, ``p`` and ``holds`` are as in :class:`FamilyPlace`.
    """

    claim: str
    hash: str
    place: int
    state: State
    fixed: str
    copy_of: str = ""
    test: int | None = None
    gains: int = 0
    p: float | None = None
    level: float | None = None
    holds: bool | None = None


@dataclass(frozen=True)
class LedgerFamily:
    """A family as it stands: its claims in order, what is left to spend, and the level of a claim that begins now."""

    family: str
    method: str
    rate: float
    rows: tuple[FamilyRow, ...]
    wealth: float
    next_level: float
    tries: int = 0


@dataclass(frozen=True)
class Standing:
    """When a claim was fixed, and what was known of its outcomes then. Only "before" gives a known error rate.

    Attributes:
        fixed: before, post-hoc, rerun, amended or not entered; over runs sealed or retrospective.
        known: k, results of its trials that were in the ledger when it was entered.
        trials: n, all its trials.
        claims: those under which the known results were made, each as ``name (hash)``.
        changes: what the amendments changed, each field with all its values: ``metrics.0.margin: 0.02 -> 0.3 -> 0.2``.
        seal: what shows that it existed before its first trial; None where nobody sealed it.
        alike: what was known by trials that are alike, and not its own.
        set_aside: trials whose results were set aside once they were known, the most often so first.
        existed: it was put to runs that existed, also where it was amended since.
    """

    fixed: Fixed = "before"
    known: int = 0
    trials: int = 0
    claims: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    seal: Seal | None = None
    alike: Alike = field(default_factory=Alike)
    set_aside: tuple[SetAsideTrial, ...] = ()
    existed: bool = False

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Standing:
        """Read back from plain data, without its seal."""
        aside = tuple(SetAsideTrial(**one) for one in plain.get("set_aside", ()))
        return cls(**{**plain, "alike": Alike(**plain.get("alike", {})), "set_aside": aside, "seal": None})

    @property
    def sealed(self) -> bool:
        """Whether its receipt precedes its first trial, and nothing was known then."""
        return self.fixed == "before" and self.seal is not None and self.seal.precedes

    @property
    def doubtful(self) -> bool:
        """Whether something was known of its outcomes when it was fixed, so that its error rate is not known."""
        return self.fixed in ("post-hoc", "rerun", "amended", "retrospective")

    @property
    def mark(self) -> str:
        """The word in brackets after whatever it states; empty where it was fixed before its trials, unsealed."""
        return self.fixed if self.doubtful or self.fixed == "sealed" else "sealed" if self.sealed else ""


@dataclass(frozen=True)
class Replaced:
    """So many results replace earlier ones, which had been seen and were made by other code or from other data."""

    results: int


@dataclass(frozen=True)
class Unblinded:
    """The board showed the arms by name before the claim was decided: when (UTC), with so many of its results in."""

    time: str
    results: int
    trials: int


@dataclass(frozen=True)
class OtherRecipeCode:
    """Results of the same question had been seen that other code of its recipe had made: both fingerprints."""

    theirs: str
    own: str


@dataclass(frozen=True)
class BudgetNotShown:
    """Arms of which no file shows what training cost, in the unit of the budget."""

    arms: tuple[str, ...]
    unit: str


@dataclass(frozen=True)
class LeftOutSeeds:
    """Seeds that are missing from a range, so that runs may have been made and left out."""

    missing: tuple[int, ...]
    first: int
    last: int
