"""The outcome file carries an outcome whole, and says which key is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand.errors import RecipeError
from evenhand.execution import outcome_file
from evenhand.outcome import Curve, Failure, ItemScores, Outcome


def test_an_outcome_survives_the_file(tmp_path: Path) -> None:
    outcome = Outcome(
        metrics={"a": 0.1},
        undefined={"b": "never reached"},
        items={"a": ItemScores(("x", "y"), np.array([0.0, 1.0]), ("4", "7"), ("g", "g"))},
        curves={"loss": Curve(np.array([1.0, 2.0]), np.array([0.5, np.nan]))},
        spent={"steps": 3.0},
        grain={"steps": 1.0},
        data={"f": "0" * 64},
        notes={"device": "cpu"},
    )
    path = tmp_path / "outcome.json"
    outcome_file.write_atomically(path, outcome_file.to_json(outcome))
    back = outcome_file.read(path)
    assert back.items["a"].ids == ("x", "y")
    assert back.items["a"].scores.tolist() == [0.0, 1.0]
    assert np.isnan(back.curves["loss"].values[1])
    for key in ("metrics", "undefined", "spent", "grain", "data", "notes", "failure"):
        assert getattr(back, key) == getattr(outcome, key)


def test_a_failure_survives_the_file() -> None:
    failure = Failure("diverged", "loss is nan", "run", "trace")
    assert outcome_file.from_json(json.loads(outcome_file.to_json(Outcome(failure=failure)))).failure == failure


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "the document must be a table"),
        ({"metric": {}}, "unknown keys ['metric']"),
        ({"metrics": {"a": "high"}}, "'metrics.a' must be a number"),
        ({"items": {"a": {"ids": ["x"]}}}, "'items.a' needs ids and scores"),
        ({"items": {"a": {"ids": ["x"], "scores": [1, 2]}}}, "1 ids but 2 scores"),
        ({"items": {"a": {"ids": ["x", "x"], "scores": [1, 2]}}}, "name 'x' twice"),
        ({"items": {"a": {"ids": [], "scores": []}}}, "are empty"),
        ({"items": {"a": {"ids": ["x"], "scores": [None]}}}, "must be a number"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "outputs": []}}}, "0 outputs"),
        ({"curves": {"c": {"steps": [1], "values": []}}}, "steps and values of equal length"),
        ({"failure": {"kind": "bad luck"}}, "failure kind must be one of"),
    ],
)
def test_faults_are_named_by_their_key(document: Any, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        outcome_file.from_json(document)
    assert words in str(caught.value)


def test_a_metric_without_value_is_undefined_not_zero() -> None:
    outcome = outcome_file.from_json({"metrics": {"a": None}})
    assert outcome.metrics == {}
    assert "a" in outcome.undefined
    assert outcome.metric("a") is None
