"""The claims of this system can be planned as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.claims.resolve import resolve
from evenhand.claims.schema import parse_claim
from evenhand.recipes import catalogue

FOLDER = Path(__file__).resolve().parents[3] / "claims" / "anchored_sft"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_arm_of_a_claim_has_settings_that_its_recipe_accepts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#")
    assert all(word in text for word in ("# Run:", "# Time:", "# Expected:"))
    file = parse_claim(text, path.name, path.stem)
    reference = f"evenhand_systems.anchored_sft.recipes:{file.claim.recipe.removeprefix('anchored_sft.')}"
    recipe = catalogue.find(reference)
    claim = resolve(file, recipe).claim  # a ClaimError names every setting that the recipe refuses
    assert len(claim.arms) >= len(file.claim.arms)
    for metric in claim.metrics:
        assert metric.name in recipe.info.metrics


@pytest.mark.parametrize("path", sorted(FOLDER.glob("experiment_?.toml")), ids=lambda path: path.stem)
def test_a_claim_that_nobody_should_run_says_that_it_is_a_record(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "# A record of the log" in text
    assert parse_claim(text, path.name, path.stem).claim.question.startswith("A record of the log: ")


def test_the_quick_run_of_experiment_four_could_never_have_anchored_anything() -> None:
    from evenhand.errors import SettingsError
    from evenhand_systems.anchored_sft.anchors import AnchorSchedule

    claim = parse_claim((FOLDER / "experiment_4.toml").read_text(encoding="utf-8"), "x", "x").claim
    settings = next(arm.settings for arm in claim.arms if "kl_coef" in arm.settings)
    schedule = AnchorSchedule(settings["kl_coef"], settings["kl_start_step"], settings["kl_warmup_steps"])
    schedule.check(int(claim.rungs[-1].budget))
    with pytest.raises(SettingsError):
        schedule.check(39)
