"""The outcome file carries an outcome whole, and says which key is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evenhand import files
from evenhand.errors import RecipeError
from evenhand.execution import outcome_file
from evenhand.execution.item_columns import item_scores
from evenhand.ledger.codec import outcome_to_plain
from evenhand.ledger.tables import curves_table, items_table
from evenhand.recipes.outcome import ITEM_COLUMNS, Curve, Failure, ItemScores, Outcome
from tests.mutations import assert_only_data_errors, json_mutations, mutations


def test_an_outcome_survives_the_file(tmp_path: Path) -> None:
    outcome = Outcome(
        metrics={"a": 0.1},
        undefined={"b": "never reached"},
        items={
            "a": ItemScores(
                ("x", "y"), np.array([0.0, 1.0]), ("4", "7"), ("g", "g"), ("2+2", "3+5"), ("even", "odd"), ("4", "8")
            )
        },
        curves={"loss": Curve(np.array([1.0, 2.0]), np.array([0.5, np.nan]))},
        spent={"steps": 3.0},
        grain={"steps": 1.0},
        data={"f": "0" * 64},
        notes={"device": "cpu"},
        draws=("init", "order"),
        pool=500,
    )
    path = tmp_path / "outcome.json"
    files.write_text(path, outcome_file.to_json(outcome))
    back = outcome_file.read(path)
    assert back.items["a"].ids == ("x", "y")
    assert back.items["a"].scores.tolist() == [0.0, 1.0]
    for column in ITEM_COLUMNS:
        assert back.items["a"].column(column) == outcome.items["a"].column(column) is not None
    assert np.isnan(back.curves["loss"].values[1])
    for key in ("metrics", "undefined", "spent", "grain", "data", "notes", "failure", "draws", "pool"):
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
        ({"items": {"a": {"ids": ["x"], "scores": [1], "input": ["q"]}}}, "may have outputs, clusters, inputs, groups"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "inputs": ["q", "r"]}}}, "1 id but 2 inputs"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "groups": []}}}, "1 id but 0 groups"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "expected": [["q"]]}}}, "'items.a.expected' must be text"),
        ({"items": {"a": {"ids": ["x"], "scores": [1, 2]}}}, "1 id but 2 scores"),
        ({"items": {"a": {"ids": ["x", "x"], "scores": [1, 2]}}}, "name 'x' twice"),
        ({"items": {"a": {"ids": [], "scores": []}}}, "are empty"),
        ({"items": {"a": {"ids": ["x"], "scores": [None]}}}, "must be a number"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "outputs": []}}}, "0 outputs"),
        ({"curves": {"c": {"steps": [1], "values": []}}}, "steps and values of equal length"),
        ({"failure": {"kind": "bad luck"}}, "failure kind must be one of"),
        ({"items": 0}, "'items' must be a table; found int"),
        ({"items": ""}, "'items' must be a table"),
        ({"metrics": []}, "'metrics' must be a table"),
        (
            {"items": {"a": {"ids": ["x", "y"], "scores": [1, 2], "clusters": "ab"}}},
            "'items.a.clusters' must be a list",
        ),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "clusters": 5}}}, "'items.a.clusters' must be a list; found 5"),
        ({"items": {"a": {"ids": ["x"], "scores": [1], "clusters": [None]}}}, "entry of 'items.a.clusters' must be te"),
        ({"items": {"a": {"ids": [None], "scores": [1]}}}, "an entry of 'items.a.ids' must be text; found None"),
        ({"items": {"a": {"ids": ["x"], "scores": [10**400]}}}, "a score of 'items.a' is a number too large to hold"),
        ({"curves": {"c": {"steps": ["a"], "values": [1]}}}, "a step of 'curves.c' must be a number; found 'a'"),
        ({"curves": {"c": {"steps": [True], "values": [1]}}}, "a step of 'curves.c' must be a number; found True"),
        ({"curves": {"c": {"steps": [float("nan")], "values": [1]}}}, "a step of 'curves.c' must be a finite number"),
        ({"curves": {"c": {"steps": [{}], "values": [1]}}}, "a step of 'curves.c' must be a number"),
        ({"spent": {"steps": 10**400}}, "'spent.steps' is a number too large to hold"),
        ({"notes": {"a": []}}, "'notes.a' must be text"),
        ({"draws": "ab"}, "'draws' must be a list"),
        ({"failure": {"kind": "data", "phase": "lunch"}}, "failure phase must be one of"),
        ({"failure": {"kind": "data", "text": "x"}}, "unknown keys ['text']"),
        ({"failure": "oom"}, "'failure' must be a table"),
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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"metrics": {"a": 1}, "metrics": {"a": 2}}', "the key 'metrics' stands twice"),
        (b'{"metrics": {"a": 1,\n "b": }}', "line 2 is no valid JSON"),
        (b'{"metrics": {"a": "\xff"}}', "outcome.json:1: the byte 0xff is no UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"metrics": {"a": ' + b"9" * 5000 + b"}}", "too many digits"),
        (b"", "no valid JSON"),
    ],
)
def test_a_file_that_is_no_outcome_is_one_sentence_with_its_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "outcome.json"
    path.write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        outcome_file.read(path)
    assert str(caught.value).startswith("The outcome file outcome.json ")
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_byte_order_mark_and_halves_of_surrogate_pairs_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "outcome.json"
    path.write_bytes(b'\xef\xbb\xbf{"metrics": {"a\\ud800": 1}, "notes": {"b": "\\udc00"}}')
    outcome = outcome_file.read(path)
    assert outcome.metrics == {"a?": 1.0}
    assert outcome.notes == {"b": "?"}


SOUND = {
    "metrics": {"loss": 0.5},
    "undefined": {"steps": "never reached"},
    "items": {
        "a": {
            "ids": ["x", "y"],
            "scores": [1, 0.5],
            "outputs": ["4", "7"],
            "clusters": ["g", "h"],
            "inputs": ["2+2", "3+4"],
            "groups": ["even", "odd"],
            "expected": ["4", "7"],
        }
    },
    "curves": {"loss": {"steps": [1, 2], "values": [2.5, None]}},
    "spent": {"steps": 3},
    "grain": {"steps": 1},
    "notes": {"device": "cpu"},
}


def whole_way(path: Path) -> None:
    """As a trial's outcome goes: read, checked, written for the lab, read again, made plain for the ledger."""
    outcome = outcome_file.read(path)
    try:
        outcome_file.check(outcome)
    except RecipeError as error:
        raise RecipeError(f"{path.name}: {error}") from error
    again = outcome_file.from_json(json.loads(outcome_file.to_json(replace(outcome, metrics={}))))
    outcome_to_plain(again)
    items_table(again.items)
    curves_table(again.curves)


@pytest.mark.slow
def test_500_damaged_files_of_each_kind_are_read_or_told_in_a_sentence(tmp_path: Path) -> None:
    sound = json.dumps(SOUND, indent=1).encode()
    path = tmp_path / "outcome.json"
    refused, accepted = assert_only_data_errors(whole_way, mutations(sound), path, RecipeError)
    assert refused + accepted == 500
    assert refused > 250
    refused, accepted = assert_only_data_errors(whole_way, json_mutations(SOUND), path, RecipeError)
    assert refused + accepted == 500
    assert refused > 150


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(spent={"steps": float("nan")}), "spent.steps = NaN"),
        (Outcome(spent={"steps": -1.0}), "spent.steps = -1"),
        (Outcome(grain={"tokens": float("inf")}), "grain.tokens = inf"),
        (Outcome(curves={"loss": Curve(np.array([1, np.inf]), np.array([1.0, 2.0]))}), "curves.loss.steps[1] = inf"),
        (Outcome(curves={"loss": Curve(np.array([1.0]), np.array([1.0, 2.0]))}), "1 step but 2 values"),
        (
            Outcome({"a": 0.99}, items={"a": ItemScores(("x", "y"), np.array([0.0, 1.0]))}),
            "metrics.a = 0.99, but the mean of the 2 scores in items.a is 0.5",
        ),
    ],
)
def test_what_no_ledger_could_hold_is_named_by_its_key(outcome: Outcome, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        outcome_file.check(outcome)
    assert words in str(caught.value)


def test_a_rounded_metric_beside_its_items_is_no_contradiction() -> None:
    outcome_file.check(Outcome({"a": 0.33}, items={"a": ItemScores(("x", "y", "z"), np.array([0.0, 1.0, 0.0]))}))


@pytest.mark.parametrize(
    ("ids", "scores", "more", "words"),
    [
        ("ab", [0, 1], {}, "ids of the items 'a' must be a list"),
        (["x"], [1], {"clusters": [None]}, "clusters of the items 'a' hold a missing value"),
        (["x"], [1], {"expected": [None]}, "expected of the items 'a' hold a missing value"),
        (["x"], [1], {"inputs": "q"}, "inputs of the items 'a' must be a list"),
        (["x", "y"], [1, 2], {"groups": ["g"]}, "items 'a' have 2 ids but 1 groups"),
        (["x"], [[1]], {}, "one score each"),
        (["x", "y"], [1, [2]], {}, "no list of numbers"),
        (["x"], ["high"], {}, "no list of numbers"),
    ],
)
def test_items_that_a_recipe_gives_are_checked_alike(ids: Any, scores: Any, more: Any, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        item_scores("a", ids, scores, **more)
    assert words in str(caught.value)
