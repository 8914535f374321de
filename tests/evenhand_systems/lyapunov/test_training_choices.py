"""One list of what a training chooses: claims, trainer and command line read the same fields."""

from __future__ import annotations

import re

import pytest

from evenhand.errors import DataError
from evenhand_systems.lyapunov.networks.options import TrainingChoices, TrainingOptions, as_logged
from evenhand_systems.lyapunov.recipes import NetworkSettings, _options
from tests.evenhand_systems.lyapunov.commands.shown import run

OTHER = {
    "layers": "8", "groups": ("log",), "batch": 7, "learning_rate": 0.5, "target": "split", "four_steps": True,
    "eight_steps": True, "schedule": "plateau", "growth_weight": 3.0, "curriculum": False, "start_seeds": 4,
    "mining": False, "mine_interval": 9, "mine_count": 2, "mined_share": 0.4, "passes": "all", "precision": "float32",
}  # fmt: skip


def test_every_choice_of_a_claim_reaches_the_training() -> None:
    assert set(OTHER) == set(TrainingChoices.model_fields)
    options = _options(NetworkSettings(**OTHER, lookahead=6, anchor_share=0.1, ramp_share=0.2), 200)
    assert {name: getattr(options, name) for name in OTHER} == OTHER
    assert (options.lookahead, options.steps, options.anchor_steps, options.ramp_length) == (6, 200, 20, 40)
    assert _options(NetworkSettings(count_mined_as_seeds=True), 200).mined_share is None


def test_the_logs_ways_can_be_changed_one_by_one() -> None:
    assert as_logged(passes="needed").model_dump() == as_logged().model_dump() | {"passes": "needed"}
    assert (as_logged().schedule, as_logged().growth_weight, as_logged().mined_share) == ("plateau", 10.0, None)


def test_the_command_offers_every_choice_but_those_that_logged_makes() -> None:
    names = {"groups": "features", "four_steps": "t4", "eight_steps": "t8"}
    offered = set(re.findall(r"--([a-z0-9-]+)", run("train", "--help").output))
    logged = {"schedule", "growth_weight", "mined_share", "passes"}
    for name in set(OTHER) - logged:
        assert names.get(name, name).replace("_", "-") in offered
    assert not offered & {name.replace("_", "-") for name in logged}


def test_all_options_that_cannot_be_trained_with_are_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        TrainingOptions(steps=0, target="moving", layers="1;2")
    message = str(caught.value)
    assert "steps: expected greater than or equal to 1; found 0." in message
    assert "target is fixed, adaptive or split; found 'moving'." in message
    assert "Layers are whole numbers" in message
