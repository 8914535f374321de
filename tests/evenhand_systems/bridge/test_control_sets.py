"""The standard controls of a bridge: all of them, and none with a setting that it does not look at."""

from __future__ import annotations

from typing import Any

import pytest

from evenhand.recipes.control_sets import Control
from evenhand_systems.bridge.control_sets import standard

TRAINED = ["constant_prompt", "untrained_source", "source_embeddings", "linear"]
EVALUATED = ["zeros", "shuffled", "noise", "mean"]
REFERENCES = ["target_text", "source_text", "relay", "source_probe"]


def controls(**settings: Any) -> dict[str, Control]:
    return {c.name: c for c in standard({key.replace("__", "."): value for key, value in settings.items()})}


def test_there_are_eight_rivals_and_four_references_that_train_nothing() -> None:
    found = controls()
    assert list(found) == TRAINED + EVALUATED + REFERENCES
    assert [c.name for c in found.values() if c.role == "rival"] == TRAINED + EVALUATED
    assert all((c.deterministic, c.untrained) == (c.role == "reference",) * 2 for c in found.values())


def test_beside_the_text_the_baseline_is_the_target_with_the_text_already() -> None:
    assert "target_text" not in controls(training__prompt_mode="soft_plus_text")


@pytest.mark.parametrize(
    ("settings", "constant_prompt", "linear"),
    [
        ({}, {}, {}),
        ({"layer": 1}, {"layer": -1}, {}),
        ({"bottleneck": 1024, "depth": 4, "heads": 16}, *({"bottleneck": 96, "depth": 2, "heads": 4},) * 2),
        ({"training__losses__flow": 0.1}, *({"training.losses.flow": 0.0},) * 2),
        (  # the flow was all that looked at the teacher's text
            {"training__losses__flow": 0.1, "training__teacher": "answer"},
            *({"training.losses.flow": 0.0, "training.teacher": "prompt"},) * 2,
        ),
        (  # something else looks at it still
            {"training__losses__flow": 1, "training__teacher": "answer", "training__losses__positional": 0.01},
            *({"training.losses.flow": 0.0},) * 2,
        ),
        ({"training__teacher": "answer", "training__losses__decode": 1.0}, {}, {}),
    ],
)
def test_a_control_without_a_translator_takes_back_what_it_does_not_look_at(settings, constant_prompt, linear) -> None:
    found = controls(**settings)
    assert found["constant_prompt"].settings == {"bridge": "constant_prompt"} | constant_prompt
    assert found["linear"].settings == {"bridge": "linear"} | linear


def test_embeddings_are_read_from_no_layer() -> None:
    assert controls(layer=3)["source_embeddings"].settings == {"source_reading": "embeddings", "layer": -1}
    assert controls(layer=3)["untrained_source"].settings == {"source_reading": "untrained"}


def test_only_a_bridge_that_names_words_keeps_the_loss_that_does() -> None:
    found = controls(training__losses__naming=1.0, training__teacher="answer")
    taken_back = {"training.losses.naming": 0.0, "training.teacher": "prompt"}
    assert all(found[name].settings.items() >= taken_back.items() for name in ("constant_prompt", "linear"))
    assert not found["untrained_source"].settings.keys() & taken_back.keys()
