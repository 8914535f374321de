"""What a trial works with: no evaluated item is given away, and every row that the models will meet fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenhand_systems.bridge.models import standins
from tests.evenhand_systems.bridge.test_recipe import attempted

FILES = {"task": "gsm8k", "train_data": "train.jsonl", "test_data": "test.jsonl", "dev_pool": 2, "shots": 3}


@pytest.fixture(autouse=True)
def _quick_models(monkeypatch) -> None:
    monkeypatch.setattr(standins, "STEPS", {"digits": 3, "words": 3, "records": 3})
    monkeypatch.setattr(standins, "POOL", 80)


@pytest.fixture(scope="module")
def assets(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("assets")


def question(number: int, extra: str = "", chain: str = "") -> dict[str, str]:
    return {
        "question": f"Ada has {number} coins.{extra} How many coins are left?",
        "answer": f"{number} + 0 = {number}.{chain}\n#### {number}",
    }


def written(folder: Path, train: list[dict[str, str]], test: list[dict[str, str]]) -> None:
    for name, rows in (("train", train), ("test", test)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("settings", [{"control": "no_soft_tokens"}, {"reference": "target_text"}])
def test_references_too_are_refused_a_question_that_holds_its_solution(settings, assets, tmp_path) -> None:
    """The planted fault stands in an arm that never meets a bridge."""
    told = question(7)
    told["question"] += " " + told["answer"]
    written(tmp_path, [question(n) for n in range(10, 22)], [told, question(8)])
    outcome = attempted(assets, tmp_path, items=2, **FILES, **settings)
    assert outcome.failure.kind == "data"
    assert "holds its gold solution" in outcome.failure.message


def shots_of(assets: Path, folder: Path, **settings: Any) -> int:
    outcome = attempted(assets, folder, items=2, reference="target_text", **{**FILES, **settings})
    assert outcome.failure is None, outcome.failure
    return int(outcome.notes["worked examples"].split()[0])


def test_worked_examples_leave_room_for_the_longest_row_that_is_trained_on(assets, tmp_path) -> None:
    """The longest question and solution stand in the training file; what is evaluated is short."""
    short = [question(n) for n in range(10, 22)]
    written(tmp_path, short, [question(7), question(8)])
    assert shots_of(assets, tmp_path) == 3
    long = question(9, " Ben finds 2 more." * 16, " 9 + 2 = 11." * 16)
    written(tmp_path, [*short[:5], long, *short[5:]], [question(7), question(8)])
    assert shots_of(assets, tmp_path) < 3
    trained = attempted(
        assets, tmp_path, items=2, steps=2, training={"batch": 6, "prompt_mode": "soft_plus_text"}, name="b", **FILES
    )
    assert trained.failure is None, trained.failure


def test_worked_examples_fit_the_source_as_well_for_all_arms_answer_in_one_format(
    assets, tmp_path, monkeypatch
) -> None:
    written(tmp_path, [question(n) for n in range(10, 22)], [question(7), question(8)])
    assert shots_of(assets, tmp_path) == 3
    monkeypatch.setattr(standins, "VERSION", 1002)
    fresh = standins.untrained

    def narrow(kind: standins.StandIn, seed: int) -> Any:
        model = fresh(kind, seed)
        if kind == "digits":
            model.config.max_position_embeddings = 100
        return model

    monkeypatch.setattr(standins, "untrained", narrow)
    assert shots_of(assets, tmp_path) < 3
    asked = attempted(assets, tmp_path, items=2, reference="source_text", name="s", **FILES)
    assert asked.failure is None, asked.failure
