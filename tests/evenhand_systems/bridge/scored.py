"""Scored trials made by hand, and ways to find a figure among exhibits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evenhand.recipes.exhibit import Bars, Exhibit, Grid, ScoredTrial
from evenhand.recipes.outcome import Curve, ItemScores, Outcome
from evenhand_systems.bridge.settings import Settings

GEOMETRY = {"nll_gap": 0.5, "cosine": 0.4, "effective_rank": 12.0, "retrieval": 0.75, "rms_ratio": 1.25}
HEALTHY = {**GEOMETRY, "most_frequent_share": 0.05}


def scored(
    arm: str, answers: Sequence[str], *, seed: int | None = 0, role: str = "variant", rung: str = "confirm",
    condition: str = "default", golds: Sequence[str] | None = None, clusters: Sequence[str] | None = None,
    metrics: Mapping[str, float] | None = None, undefined: Mapping[str, str] | None = None,
    looks: Sequence[tuple[float, float]] = (), notes: Mapping[str, str] | None = None, **settings: Any,
) -> ScoredTrial:  # fmt: skip
    """A trial whose arm gave the answers; item i is right where the answer is its gold number, i by default."""
    golds = golds or [str(i) for i in range(len(answers))]
    items = ItemScores(
        tuple(f"item-{i}" for i in range(len(answers))),
        np.array([float(answer == gold) for answer, gold in zip(answers, golds, strict=True)]),
        tuple(f"so #### {answer}" if answer else "well" for answer in answers),
        None if clusters is None else tuple(clusters),
    )
    curves = {"dev_exact_match": Curve(*np.array(looks).T)} if looks else {}
    outcome = Outcome(
        metrics=dict(metrics or {}), undefined=dict(undefined or {}), items={"exact_match": items}, curves=curves,
        notes=dict(notes or {}),
    )  # fmt: skip
    return ScoredTrial(
        f"{arm}-{seed}-{rung}-{condition}", arm, role, condition, rung, seed,
        Settings.model_validate(settings).model_dump(mode="json"), outcome,
    )  # fmt: skip


def one(kind: type, found: Sequence[Exhibit], title: str = "") -> Any:
    chosen = [exhibit for exhibit in found if isinstance(exhibit, kind) and exhibit.title.startswith(title)]
    assert len(chosen) == 1, [exhibit.title for exhibit in found]
    return chosen[0]


def not_shown(found: Sequence[Exhibit]) -> dict[str, str]:
    return dict(one(Grid, found, "Not shown").rows)


def bars_of(found: Sequence[Exhibit]) -> dict[str, Any]:
    return {bar.arm: bar for _, bars in one(Bars, found).groups for bar in bars}


def right_in(share: int, count: int = 20) -> list[str]:
    """Answers of which ``share`` are right."""
    return [str(i) if i < share else "999" for i in range(count)]
