"""Every claim file of the system parses, and every arm in every condition has settings that its recipe accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claim import parse_claim
from evenhand.systems.lyapunov.recipes import METRICS, NetworkSettings, PotentialSettings

CLAIMS = sorted((Path(__file__).parents[3] / "claims" / "lyapunov").glob("*.toml"))


def test_there_is_a_claim_for_each_run_of_the_log() -> None:
    assert {f"run_{i}" for i in range(1, 8)} <= {path.stem for path in CLAIMS}


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: path.stem)
def test_a_claim_says_what_its_recipe_understands(path: Path) -> None:
    claim = parse_claim(path.read_text(), str(path), path.stem).claim
    kind = {"lyapunov.network": NetworkSettings, "lyapunov.potential": PotentialSettings}[claim.recipe]
    for arm in claim.arms:
        for condition in claim.conditions:
            kind(**{**claim.settings, **condition.settings, **arm.settings})
    assert {metric.name for metric in claim.metrics} <= set(METRICS)
    assert path.read_text().startswith("# ")
    assert "Expected:" in path.read_text()
