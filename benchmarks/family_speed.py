"""How long a family of many claims takes: read from its ledger, levels of all, and where the last one stands.

Run: ``python -m benchmarks.family_speed --claims 1000`` from the checkout's root. The claims have two arms, three seeds
and no items; outcomes are recorded and not run, in one process.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np

from evenhand.ledger import Ledger
from evenhand.recipes.outcome import Execution, Outcome
from evenhand.running import families
from evenhand.testing.worlds import claim_of, two_arms

TEXT = two_arms(
    head='name = "c{i}"', metric="loss", variant="settings.effect = {effect}", seeds="[{a}, {b}, {c}]", items=None
)


def fill(ledger: Ledger, count: int) -> None:
    """Record so many claims with their outcomes and decisions; every tenth is a gain."""
    generator = np.random.default_rng(0)
    for i in range(count):
        claim = claim_of(TEXT.format(i=i, effect=0.1 + i / count, a=3 * i, b=3 * i + 1, c=3 * i + 2))
        known = {"results": 0, "trials": 6, "claims": []}
        ledger.record_claim(claim.name, claim.hash, claim.identity(), "", known=known)
        for trial in claim.trials(claim.claim.rungs[0]):
            outcome = Outcome({"loss": float(generator.normal())}, spent={"steps": 10.0})
            ledger.record_outcome(trial, outcome, Execution(), claim.hash, {})
        gain = i % 10 == 0
        place = {"p": 1e-4 if gain else None, "level": 0.01, "holds": True if gain else None}
        titles = {"on/default/loss": "gain" if gain else "inconclusive"}
        ledger.record_decision(claim.name, claim.hash, titles, families={"world / loss": place})


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how long a family of many claims takes.")
    parser.add_argument("--claims", type=int, default=1000)
    options = parser.parse_args()
    importlib.import_module("evenhand.decisions.ledger_families")  # with scipy, which every command imports once
    with tempfile.TemporaryDirectory() as folder:
        with mock.patch("os.fsync"), mock.patch.object(Ledger, "head_hash", return_value=""):  # not what is measured
            fill(Ledger(Path(folder)), options.claims)
        for what in ("first time", "again"):
            ledger = Ledger(Path(folder), create=False)
            wall, processor = time.perf_counter(), time.process_time()
            ledger.entries()
            read = time.process_time() - processor
            (found,) = families.families(ledger)
            took = time.process_time() - processor
            print(
                f"{what}: {len(found.rows)} claims, {took:.2f} s of processor time ({read:.2f} s of it to read the "
                f"chain), {time.perf_counter() - wall:.2f} s by the clock"
            )


if __name__ == "__main__":
    main()
