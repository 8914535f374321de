"""A small world made by hand: claims, records, contrasts and decisions, as the rest of the lab would hand them over."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from evenhand.claims.resolve import ResolvedClaim
from evenhand.claims.schema import Claim
from evenhand.decisions.verdict import Contrast, Decision, Interaction, Judgement, Verdict, VerdictKind
from evenhand.ledger.records import OutcomeRecord, Place
from evenhand.recipes.outcome import Curve, Execution, Failure, ItemScores, Outcome
from evenhand.recipes.trial import ItemSet, Trial, canonical_hash

_T95 = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}


class World:
    """Builds a claim and everything that hangs on it; each method returns plain frozen words of the lab."""

    def __init__(
        self,
        arms: Mapping[str, str],
        conditions: Sequence[str] = ("default",),
        seeds: Sequence[int] = (10, 11, 12, 13, 14),
        items: int = 40,
        question: str = "Does seeding a layer with the terminal state of the layer below help?",
    ) -> None:
        self.document: dict[str, Any] = {
            "name": "rightcopy",
            "question": question,
            "recipe": "future_seed",
            "metric": [{"name": "accuracy", "margin": 0.02, "direction": "maximise", "floor": 0.0, "ceiling": 1.0}],
            "arm": [{"name": name, "role": role} for name, role in arms.items()],
            "condition": [{"name": name} for name in conditions],
            "rung": [
                {"name": "screen", "budget": 200, "seeds": [0, 1, 2], "items": items},
                {"name": "confirm", "budget": 500, "seeds": list(seeds), "items": items, "looks": [len(seeds)]},
            ],
        }
        self.notes: dict[str, str] = {"gates": "layer 1: 0.119"}

    def claim(self) -> ResolvedClaim:
        claim = Claim.model_validate(self.document)
        settings = {
            (arm.name, c.name): {"model": {"layers": 2, "width": 64}, "seeding": arm.name, "task": c.name}
            for arm in claim.arms
            for c in claim.conditions
        }
        items, start = {}, 0
        for rung in claim.rungs:
            items[rung.name] = ItemSet(rung.name, start, rung.items.count, claim.item_seed)
            start += rung.items.count or 0
        return ResolvedClaim(claim, "future_seed", "v3", settings, items)

    def outcome(self, trial: Trial, level: float, outputs: bool = True) -> Outcome:
        """A plausible outcome: items right with probability ``level``, a rising curve, tokens beside steps."""
        rng = trial.rng("sample")
        count = trial.items.count or 40
        scores = (rng.random(count) < level).astype(np.float64)
        ids = tuple(f"item-{trial.items.start + i:04d}" for i in range(count))
        said = tuple("R=4071" if s else "R=4???" for s in scores) if outputs else None
        steps = np.arange(0, trial.amount + 1, 10)
        values = level * (1 - np.exp(-steps / 150)) + 0.01 * rng.standard_normal(steps.size)
        loss = 2.3 * np.exp(-steps / 300 * (1 + level)) + 0.02 * rng.standard_normal(steps.size)
        return Outcome(
            metrics={},
            items={"accuracy": ItemScores(ids, scores, said)},
            curves={"accuracy": Curve(steps, values), "loss": Curve(steps, loss)},
            spent={"steps": trial.amount, "tokens": trial.amount * (8192 if "twice" in trial.arm else 4096)},
            notes={**self.notes, "device": "cpu: no CUDA device"},
            data={"digits.csv": "ab" * 32},
        )

    def record(self, trial: Trial, outcome: Outcome, sequence: int, attempt: int = 1) -> OutcomeRecord:
        execution = Execution(
            attempt=attempt,
            started=f"2025-03-01T10:{sequence // 60:02d}:{sequence % 60:02d}+00:00",
            seconds=8.0 + (8.1 if "twice" in trial.arm else 0.01 * sequence),
            cpu_seconds=7.5,
            peak_memory_bytes=412 * 2**20,
            exit_code=0 if outcome.failure is None else 1,
            device="cpu: no CUDA device",
        )
        provenance = {
            "packages": {"evenhand": "0.1.0", "numpy": "2.1.0"},
            "machine": {"host": "bench", "cores": 2, "processor": "a processor"},
            "git": {"evenhand": {"commit": "c0ffee" * 6, "dirty": False}, "claim": None},
        }
        place = Place("segment-a.jsonl", sequence, canonical_hash([trial.id, sequence]))
        return OutcomeRecord(trial, outcome, execution, self.claim().hash, False, provenance, place)

    def records(self, level: Callable[[Trial], float] | None = None) -> list[OutcomeRecord]:
        """Every planned trial with an outcome."""
        found: list[OutcomeRecord] = []
        claim = self.claim()
        for rung in claim.claim.rungs:
            for trial in claim.trials(rung):
                outcome = self.outcome(trial, (level or (lambda _: 0.5))(trial))
                found.append(self.record(trial, outcome, len(found)))
        return found

    def failed(self, trial: Trial, kind: Any, message: str, sequence: int, detail: str = "") -> OutcomeRecord:
        return self.record(trial, Outcome(failure=Failure(kind, message, "run", detail)), sequence)

    def contrast(
        self,
        arm: str,
        against: str,
        differences: Sequence[float],
        condition: str = "default",
        against_role: str = "baseline",
        **fields: Any,
    ) -> Contrast:
        """A contrast whose figures follow from the differences by a paired t."""
        values = np.array(differences)
        error = float(values.std(ddof=1) / math.sqrt(values.size)) if values.std() > 0 else None
        mean = float(values.mean())
        half = None if error is None else _T95[values.size] * error
        narrow = None if half is None else half * 0.77
        figures: dict[str, Any] = {
            "seeds": tuple(self.document["rung"][-1]["seeds"][: values.size]),
            "items": self.document["rung"][-1]["items"],
            "differences": tuple(float(v) for v in values),
            "estimate": mean,
            "standard_error": error,
            "degrees_of_freedom": None if error is None else float(values.size - 1),
            "p_value": None if error is None else 0.0123,
            "interval": None if half is None else (mean - half, mean + half),
            "equivalence_interval": None if narrow is None else (mean - narrow, mean + narrow),
            "sign_flip_p": 0.0625,
            "sign_flip_minimum": 0.0625,
            "correlation": 0.41,
            "gained": 31,
            "lost": 7,
            "scores": (0.1 + mean, 0.1),
            "method": "two-way random effects t",
            "figures": {"method": "two-way random effects t", "variance_seeds": 0.00031},
        }
        kind = fields.pop("kind", None)
        if kind is not None:
            figures["judgement"] = Judgement(VerdictKind(kind), case=kind)
        figures.update(fields)
        return Contrast(arm, against, against_role, condition, "confirm", "accuracy", **figures)

    def verdict(self, kind: Any, *contrasts: Contrast, arm: str = "", **fields: Any) -> Verdict:
        first = contrasts[0] if contrasts else None
        values: dict[str, Any] = {
            "arm": arm or (first.arm if first else "future_seed"),
            "role": "variant",
            "condition": first.condition if first else "default",
            "metric": "accuracy",
            "rung": "confirm",
            "kind": VerdictKind(kind),
            "reasons": (f"The reason of {kind}.",),
            "contrasts": contrasts,
            "standing": first.against if first else "",
        }
        values.update(fields)
        return Verdict(**values)

    def decision(self, *verdicts: Verdict, **fields: Any) -> Decision:
        claim = self.claim()
        return Decision(claim.name, claim.hash, verdicts, **{"finished": True, **fields})


def full_world() -> tuple[ResolvedClaim, Decision, list[OutcomeRecord]]:
    """Two conditions, two variants, a rival and a null arm: what a finished demonstration looks like."""
    arms = {
        "off": "baseline",
        "future_seed": "variant",
        "per_step": "variant",
        "read_twice": "rival",
        "off_again": "null",
    }
    world = World(arms, ("rightcopy", "leftcopy"), items=200)
    world.document["condition"][1]["expect"] = "no-effect"
    levels = {"off": 0.1, "off_again": 0.1, "future_seed": 0.72, "per_step": 0.4, "read_twice": 0.66}
    records = world.records(lambda t: levels[t.arm] if t.condition == "rightcopy" else 0.75)
    first = records[0].trial
    records[0] = world.failed(first, "resource", "MemoryError: out of memory", 0, "Traceback\n  MemoryError")
    records.append(world.record(first, world.outcome(first, 0.1), len(records), attempt=2))
    lost = next(i for i, r in enumerate(records) if r.trial.arm == "per_step" and r.trial.seed == 12)
    records[lost] = world.failed(records[lost].trial, "diverged", "loss is nan at step 212", lost)

    gain, near, small = (0.62, 0.58, 0.66, 0.61, 0.63), (0.05, 0.09, 0.02, 0.07, 0.04), (0.004, -0.006, 0.002, 0, 0.003)
    mixed, rival = (0.31, 0.25, 0.36, 0.29), "rival"
    right, left = "rightcopy", "leftcopy"

    def verdict(kind: str, arm: str, where: str, one: Sequence[float], two: Sequence[float], **fields: Any) -> Verdict:
        pair = (
            world.contrast(arm, "off", one, where),
            world.contrast(arm, "read_twice", two, where, rival, figures={}),
        )
        return world.verdict(kind, *pair, **{"standing": "read_twice", **fields})

    verdicts = (
        verdict(
            "gain",
            "future_seed",
            right,
            gain,
            near,
            qualifier=">= margin",
            reasons=("+0.054 [+0.021, +0.087] against read_twice, which stood longest; the margin is 0.02.",),
        ),
        verdict(
            "no-effect",
            "future_seed",
            left,
            small,
            small,
            reasons=("+0.001 [-0.004, +0.005] lies inside ±0.02.",),
        ),
        verdict("inconclusive", "per_step", right, mixed, (-0.26, 0.21, -0.3, 0.22)),
        verdict("no-op", "per_step", left, (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
        world.verdict("no-effect", world.contrast("off_again", "off", small, right), role="null"),
        world.verdict("no-effect", world.contrast("off_again", "off", small, left), role="null"),
    )
    effect = Interaction("future_seed", "off", "accuracy", right, left, 0.619, (0.58, 0.658), 0.0001, gain)
    warnings = (
        "The intervals rest on 5 seeds: nobody can check at that number that the differences are normal.",
        "The pair of seed 12 is missing for per_step.",
    )
    return world.claim(), world.decision(*verdicts, interactions=(effect,), warnings=warnings), records


@pytest.fixture(scope="session")
def demonstration() -> tuple[ResolvedClaim, Decision, list[OutcomeRecord]]:
    return full_world()


@pytest.fixture
def world() -> type[World]:
    return World
