"""Every claim of a ledger in a row: its verdicts, family, what was run, what failed, what it cost.

Verdicts are those that ``evenhand verdict`` gives now: what a run wrote down of them may be an earlier version's, or of
a time when less was known of how the claim stands. None is computed of a claim that still has trials to run, which
would be a look at one that is not decided; trials that failed are none of these, though a new run tries them again.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.standing import Fixed, LedgerFamily
from evenhand.decisions.verdict import VerdictKind, rival_of
from evenhand.ledger import Ledger, aside
from evenhand.ledger.counting import counting
from evenhand.ledger.records import ClaimRecord
from evenhand.ledger.segments import Entry
from evenhand.recipes.working import told
from evenhand.running import families, searching, standing
from evenhand.running.enter import outcomes_so_far, titles_of

State = Literal["decided", "ended", "begun", "not begun"]


@dataclass(frozen=True)
class TitledVerdict:
    """One verdict, by its title."""

    arm: str
    role: str
    condition: str
    metric: str
    title: str

    @property
    def kind(self) -> VerdictKind:
        """What it amounts to."""
        return VerdictKind.of_title(self.title)

    @property
    def rival(self) -> str:
        """The rival against which it stands, as its title names it; empty where the baseline decides, or all alike."""
        return rival_of(self.title)


@dataclass(frozen=True)
class Place:
    """Where a claim stands in a family: which of how many, and whether its gain holds there (None without one)."""

    family: str
    place: int
    claims: int
    holds: bool | None


@dataclass(frozen=True)
class Trials:
    """What became of the trials of a claim.

    Attributes:
        planned: all of them; None where a later version cannot tell.
        results: with scores, or a divergence.
        failures: class to number, of those whose last attempt failed.
        left_out: never tried, as their arm failed alike each time.
        pending: still to run.
        unneeded: of a claim with verdicts, never run: pruned, or after the look at which it ended.
        given_up: arm to the number of its trials that failed or were left out.
    """

    planned: int | None = None
    results: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0
    pending: int = 0
    unneeded: int = 0
    given_up: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What the attempts made for a claim took: their number, seconds of wall time summed, and budget by unit."""

    attempts: int = 0
    seconds: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ClaimRow:
    """One claim of a ledger: the newest of its name.

    Attributes:
        ledger: its folder, as it was named.
        claim, hash, question, recipe: which.
        state: decided; ended, where nothing but trials that failed is left; begun or not begun.
        fixed: when it was fixed.
        versions: claims of this name, this one included.
        verdicts: as they are now, or as recorded where this version cannot read the claim; empty before it has ended.
        families: where it stands.
        trials, cost: what was run, and what it took.
        unit: in which all arms get the same.
        report: path of its report where it stands in the ledger's folder, else None.
    """

    ledger: str
    claim: str
    hash: str
    question: str
    recipe: str
    state: State
    fixed: Fixed
    versions: int = 1
    verdicts: tuple[TitledVerdict, ...] = ()
    families: tuple[Place, ...] = ()
    trials: Trials = Trials()
    cost: Cost = Cost()
    unit: str = ""
    report: str | None = None


def overview(ledgers: Iterable[Path]) -> list[ClaimRow]:
    """The claims of ledgers, each ledger's in the order of entry.

    Raises:
        DataError: one of them is no ledger.
        LedgerError: one is damaged; names the place.
    """
    rows: list[ClaimRow] = []
    for folder in ledgers:
        with Ledger.existing(folder) as store:
            rows += rows_of(store, str(folder))
    return rows


def rows_of(ledger: Ledger, name: str) -> list[ClaimRow]:
    """The claims of one ledger, the newest of each name, in the order in which the names were entered."""
    newest = {record.name: record for record in ledger.claims()}
    versions = Counter(record.name for record in ledger.claims())
    outcomes = [entry for entry in ledger.entries() if entry.kind == "outcome" and not entry.about.exploratory]
    known, costs = counting(aside.standing(outcomes, aside.marks(_marked(ledger)))), _costs(outcomes)
    places = _places(families.families(ledger)) if newest else {}
    return [
        _row(ledger, name, record, versions[record.name], places, known, costs.get(record.hash, Cost()))
        for record in told("deciding claims", list(newest.values()))
    ]


def _marked(ledger: Ledger) -> list[Entry]:
    return [entry for entry in ledger.entries() if entry.kind == aside.KIND]


def _row(
    ledger: Ledger,
    name: str,
    record: ClaimRecord,
    versions: int,
    places: Mapping[str, tuple[Place, ...]],
    known: Mapping[str, Entry],
    cost: Cost,
) -> ClaimRow:
    titles = titles_now(record, ledger)
    trials = _trials(record, known, ledger, has_verdicts=titles is not None)
    begun: State = "begun" if trials.results or trials.given_up else "not begun"
    page = ledger.folder / "reports" / f"{record.name}.html"
    return ClaimRow(
        ledger=name,
        claim=record.name,
        hash=record.hash,
        question=_question(record),
        recipe=str(record.identity.get("recipe", "")),
        state=begun if titles is None else "decided" if ledger.decisions(record.name, record.hash) else "ended",
        fixed=standing.standing_of(record, ledger).fixed,
        versions=versions,
        verdicts=_verdicts(record, titles or {}),
        families=places.get(record.hash, ()),
        trials=trials,
        cost=cost,
        unit=str(record.identity.get("budget", {}).get("unit", "")),
        report=str(page) if page.is_file() else None,
    )


def _question(record: ClaimRecord) -> str:
    """The question of a claim: it is no part of its identity, so that it stands in its text alone."""
    try:
        return " ".join(str(tomllib.loads(record.text).get("question", "")).split())
    except (ValueError, RecursionError):
        return ""


def titles_now(record: ClaimRecord, ledger: Ledger) -> Mapping[str, str] | None:
    """The verdicts of a claim that has nothing left to run but what failed: ``arm/condition/metric`` to title.

    None while other trials are to run. What was recorded stands where this version cannot tell the claim's trials.
    """
    decisions = ledger.decisions(record.name, record.hash)
    claim = _readable(record, ledger)
    if claim is None:
        return decisions[-1].verdicts if decisions else None
    outcomes = outcomes_so_far(claim, ledger)
    if not decisions and all(outcome.is_result for outcome in outcomes.values()):
        return None  # what is left to run was never tried
    from evenhand.decisions.progress import progress  # here: an overview of claims that run does without statistics

    finished = progress(families.at_level(claim, ledger), outcomes).finished
    return titles_of(claim, ledger, outcomes) if finished else None


def _readable(record: ClaimRecord, ledger: Ledger) -> ResolvedClaim | None:
    """A claim with its search and added seeds; None of a version whose trials had other ids."""
    claim = standing.of_identity(record.identity)
    return searching.unfolded_claim(claim, ledger) if claim is not None and claim.hash == record.hash else None


def _verdicts(record: ClaimRecord, titles: Mapping[str, str]) -> tuple[TitledVerdict, ...]:
    arms = record.identity.get("arms", {})
    found = []
    for key, title in titles.items():
        arm, condition, metric = key.split("/", 2)
        found.append(TitledVerdict(arm, str(arms.get(arm, {}).get("role", "variant")), condition, metric, title))
    return tuple(found)


def _places(listed: Sequence[LedgerFamily]) -> dict[str, tuple[Place, ...]]:
    """Claim hash to where it stands in each of its families."""
    found: dict[str, tuple[Place, ...]] = {}
    for family in listed:
        for row in family.rows:
            place = Place(family.family, row.place, len(family.rows), row.holds)
            found[row.hash] = (*found.get(row.hash, ()), place)
    return found


def _trials(record: ClaimRecord, known: Mapping[str, Entry], ledger: Ledger, *, has_verdicts: bool) -> Trials:
    claim = _readable(record, ledger)
    if claim is None:
        mine = [entry for entry in known.values() if entry.about.claim == record.hash]
        planned = None
    else:
        ids = claim.trial_ids
        mine, planned = [known[key] for key in ids if key in known], len(ids)
        if claim.search_rungs:  # of which some may not be proposed yet
            planned = sum(claim.planned(rung) for rung in claim.claim.rungs)
    failed = [entry for entry in mine if not entry.about.is_result]
    left_out = [entry for entry in failed if not entry.body["execution"]["attempt"]]
    failures = Counter(entry.about.failure for entry in mine if entry.about.failure and entry not in left_out)
    missing = 0 if planned is None else planned - len(mine)
    results = len(mine) - len(failed)
    open_, done = (0, missing) if has_verdicts else (missing, 0)
    given_up = Counter(str(entry.body["trial"]["arm"]) for entry in failed)
    return Trials(planned, results, dict(sorted(failures.items())), len(left_out), open_, done, dict(given_up))


def _costs(outcomes: Sequence[Entry]) -> dict[str, Cost]:
    """Claim hash to what its attempts took; trials that two claims share cost the one that ran them."""
    attempts, seconds = Counter[str](), Counter[str]()
    spent: dict[str, Counter[str]] = {}
    for entry in outcomes:
        body, claim = entry.body, entry.about.claim
        attempts[claim] += bool(body["execution"]["attempt"])
        seconds[claim] += body["execution"]["seconds"]
        spent.setdefault(claim, Counter()).update(body["outcome"].get("spent") or {})
    return {claim: Cost(attempts[claim], float(seconds[claim]), dict(spent[claim])) for claim in spent}


def summed(rows: Sequence[ClaimRow]) -> dict[str, float]:
    """What is said of all rows together: claims, those decided and ended, trials with results and without, seconds."""
    return {
        "claims": len(rows),
        "decided": sum(row.state == "decided" for row in rows),
        "ended": sum(row.state == "ended" for row in rows),
        "results": sum(row.trials.results for row in rows),
        "failed": sum(sum(row.trials.failures.values()) for row in rows),
        "pending": sum(row.trials.pending for row in rows),
        "seconds": sum(row.cost.seconds for row in rows),
    }
