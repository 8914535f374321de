"""Every claim file of the system parses, and every arm in every condition has settings that its recipe accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evenhand.claims.schema import parse_claim
from evenhand.recipes.contract import RecipeSettings
from evenhand_systems.lyapunov.recipes import METRICS, GradualSettings, NetworkSettings, PotentialSettings

KINDS: dict[str, type[RecipeSettings]] = {
    "lyapunov.network": NetworkSettings,
    "lyapunov.potential": PotentialSettings,
    "lyapunov.gradual_potential": GradualSettings,
}
CLAIMS = sorted((Path(__file__).parents[3] / "claims" / "lyapunov").glob("*.toml"))


def test_there_is_a_claim_for_each_run_of_the_log() -> None:
    assert {f"run_{i}" for i in range(1, 8)} <= {path.stem for path in CLAIMS}


@pytest.mark.parametrize("path", CLAIMS, ids=lambda path: path.stem)
def test_a_claim_says_what_its_recipe_understands(path: Path) -> None:
    claim = parse_claim(path.read_text(), str(path), path.stem).claim
    kind = KINDS[claim.recipe]
    for arm in claim.arms:
        for condition in claim.conditions:
            kind(**{**claim.settings, **condition.settings, **arm.settings})
    assert {metric.name for metric in claim.metrics} <= set(METRICS)
    assert path.read_text().startswith("# ")
    assert "Expected:" in path.read_text()


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (NetworkSettings, {"lookahead": 0}),
        (NetworkSettings, {"layers": "a,b"}),
        (NetworkSettings, {"layers": "64,0"}),
        (NetworkSettings, {"groups": ("x",)}),
        (NetworkSettings, {"groups": ()}),
        (NetworkSettings, {"batch": 0}),
        (NetworkSettings, {"learning_rate": 0.0}),
        (NetworkSettings, {"growth_weight": 0.0}),
        (NetworkSettings, {"mine_interval": 0}),
        (NetworkSettings, {"mine_count": 0}),
        (NetworkSettings, {"mined_share": 1.0}),
        (NetworkSettings, {"start_seeds": -1}),
        (NetworkSettings, {"ramp_share": -0.5}),
        (PotentialSettings, {"lookahead": 0}),
        (PotentialSettings, {"window": 0}),
        (PotentialSettings, {"residue_power": 9}),
        (PotentialSettings, {"climb": -1.0}),
        (PotentialSettings, {"trajectory": -1.0}),
        (GradualSettings, {"starts": -1}),
    ],
    ids=str,
)
def test_settings_that_cannot_be_trained_are_refused_before_anything_runs(
    kind: type[RecipeSettings], wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(**wrong)
    assert [fault["loc"] for fault in caught.value.errors()] == [tuple(wrong)]


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        NetworkSettings(lookahead=0, layers="a,b", groups=("x",), mine_interval=0)
    assert {fault["loc"][0] for fault in caught.value.errors()} == {"lookahead", "layers", "groups", "mine_interval"}
