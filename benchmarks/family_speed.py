"""How long deciding a family of many claims takes: at which level each is held, and which gains hold.

Run: ``python -m benchmarks.family_speed --claims 1000`` from the checkout's root. The claims have two arms, three seeds
and no items. Three figures: the pure rule from p-values (levels, discoveries, every claim's place in the list); the
same from outcomes, every claim decided by ``verdicts_alone`` first; and the whole command ``evenhand family``, from the
files of the ledger, where decisions wrote down what they said of families and where they did not. Outcomes are recorded
and not run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from evenhand.claims.resolve import ResolvedClaim
from evenhand.decisions.decide import verdicts_alone
from evenhand.decisions.family_members import Member
from evenhand.decisions.ledger_families import gain_p, listing
from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.running import families
from evenhand.testing.worlds import claim_of, two_arms

FAMILY = "world / loss"
TEXT = two_arms(
    head='name = "c{i}"', metric="loss", variant="settings.effect = {effect}", seeds="[{a}, {b}, {c}]", items=None
)


def fill(ledger: Ledger, count: int, *, written: bool) -> tuple[list[ResolvedClaim], dict[str, Outcome]]:
    """Record so many claims with their outcomes and decisions; every tenth has an effect.

    Args:
        ledger, count: where, and how many.
        written: decisions say at which level they were held.
    """
    generator = np.random.default_rng(0)
    claims, outcomes = [], dict[str, Outcome]()
    for i in range(count):
        claim = claim_of(TEXT.format(i=i, effect=0.1 + i / count, a=3 * i, b=3 * i + 1, c=3 * i + 2))
        known = {"results": 0, "trials": 6, "claims": [], "alike": {"trials": 0, "claims": [], "chosen": []}}
        ledger.record_claim(claim.name, claim.hash, claim.identity(), "", known=known)
        for trial in claim.trials(claim.claim.rungs[0]):
            lift = 30.0 if i % 10 == 0 and trial.arm == "on" else 0.0
            outcomes[trial.id] = Outcome({"loss": float(generator.normal()) - lift}, spent={"steps": 10.0})
            ledger.record_outcome(trial, outcomes[trial.id], Execution(), claim.hash, {})
        decision = verdicts_alone(claim, outcomes)
        p = gain_p(decision, ("loss",))
        said = {FAMILY: {"p": p, "level": 0.001, "holds": None if p is None else p <= 0.001}}
        titles = {"on/default/loss": decision.verdicts[0].title}
        ledger.record_decision(claim.name, claim.hash, titles, families=said if written else None)
        claims.append(claim)
    return claims, outcomes


def taken(what: str, work: Callable[[], int]) -> None:
    """Do it, and say how long it took."""
    wall, processor = time.perf_counter(), time.process_time() + children()
    held = work()
    spent = time.process_time() + children() - processor
    print(
        f"{what}: {held} gains hold; {spent:.2f} s of processor time, {time.perf_counter() - wall:.2f} s by the clock"
    )


def children() -> float:
    """Processor time of the programs that were started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(folder: Path) -> int:
    """``evenhand family``, in a process of its own."""
    argv = [sys.executable, "-m", "evenhand", "family", "--ledger", str(folder), "--json"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=dict(os.environ))
    return sum(bool(row["holds"]) for one in json.loads(done.stdout) for row in one["rows"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long deciding a family of many claims takes.")
    parser.add_argument("--claims", type=int, default=1000)
    options = parser.parse_args()
    print(f"{options.claims:,} claims in one family")
    for written in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with (
                mock.patch("os.fsync"),
                mock.patch.object(Ledger, "head_hash", return_value=""),
            ):  # not what is measured
                claims, outcomes = fill(Ledger(folder), options.claims, written=written)
            if not written:
                pure(families.members(Ledger(folder, create=False)), claims, outcomes)
            what = "the command, levels written down" if written else "the command, all derived anew"
            for _ in range(2):
                taken(what, lambda: command(folder))  # noqa: B023


def pure(members: Sequence[Member], claims: Sequence[ResolvedClaim], outcomes: Mapping[str, Outcome]) -> None:
    """The pure rules alone, from outcomes and from p-values."""
    p_values: dict[str, float | None] = {}

    def from_outcomes() -> int:
        p_values.update({claim.hash: gain_p(verdicts_alone(claim, outcomes), ("loss",)) for claim in claims})
        return from_p_values()

    def from_p_values() -> int:
        return sum(bool(row.holds) for row in listing(members, FAMILY, p_values).rows)

    taken("from outcomes", from_outcomes)
    taken("from p-values", from_p_values)


if __name__ == "__main__":
    main()
