"""A narrow task on a real model: its data, its instructions, its settings, and the recipe end to end on a tiny one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evenhand.errors import DataError
from evenhand_systems.anchored_sft.data.instructions import instructions
from evenhand_systems.anchored_sft.data.tasks import (
    answered,
    compact_steps,
    in_the_order_of_hashes,
    read_choices,
    read_supported,
    read_task,
)
from evenhand_systems.anchored_sft.narrow_settings import NarrowSettings

GSM8K = "Natalia sold 48/2 = <<48/2=24>>24 clips.\nShe sold 48+24 = <<48+24=72>>72 altogether.\n#### 1,072"


def test_a_gsm8k_answer_becomes_its_computations_and_its_result() -> None:
    assert compact_steps(GSM8K) == "[48/2=24][48+24=72] #1072"
    assert compact_steps("No computation.\n#### 7") is None
    assert compact_steps("<<1+1=2>>2") is None


ROWS = {
    "gsm8k": {"question": "How many?", "answer": GSM8K},
    "mbpp": {"text": "Write a function.", "code": "def f():\r\n    return 1"},
    "russian": {"instruction": "Назови цвет.", "instances": [{"input": "", "output": "Синий"}]},
}


@pytest.mark.parametrize(
    ("task", "answer"),
    [("gsm8k", "[48/2=24][48+24=72] #1072"), ("mbpp", "def f():\n    return 1"), ("russian", "Синий")],
)
def test_each_task_is_read_as_it_is_published(task: Any, answer: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROWS[task]) + "\n", encoding="utf-8")
    (found,) = read_task(path, task)
    assert found.messages[-1] == {"role": "assistant", "content": answer}
    path.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl:1"):
        read_task(path, task)
    path.write_text(json.dumps({}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"rows\.jsonl:1"):
        read_task(path, task)


def test_questions_are_read_with_their_right_answers(tmp_path: Path) -> None:
    arc, hotpot = tmp_path / "arc.jsonl", tmp_path / "hotpot.json"
    arc.write_text(json.dumps({"id": "a", "question": "Which?", "choices": ["x", "y"], "answer_index": 1}) + "\n")
    assert [talk.messages[-1]["content"] for talk in answered(read_choices(arc))] == ["y"]
    record = {"_id": "h", "question": "Who?", "answer": "Ann", "supporting_facts": [["T", 1]],
              "context": [["T", ["Not this.", " Ann did."]]]}  # fmt: skip
    hotpot.write_text(json.dumps([record]))
    (found,) = read_supported(hotpot)
    assert (found.question, found.answers) == ("Ann did. Who?", ("Ann",))
    arc.write_text(json.dumps({"id": "a", "question": "Which?", "choices": ["x"], "answer_index": 1}) + "\n")
    with pytest.raises(DataError, match="answer_index"):
        read_choices(arc)
    hotpot.write_text(json.dumps([record | {"supporting_facts": [["U", 0]]}]))
    with pytest.raises(DataError, match="supporting_facts"):
        read_supported(hotpot)


def test_instructions_are_many_different_and_the_same_each_time() -> None:
    found = instructions(40)
    assert found == instructions(40)
    assert len(found) > 300
    assert len({one.id for one in found}) == len(found) == len({one.prompt for one in found})
    kinds = Counter(one.kind.split(":")[0] for one in found)
    assert set(kinds) == {"format", "length", "language", "copying", "arithmetic", "a fact"}
    assert all(bool(one.want) != bool(one.options) for one in found)
    for one in found:
        if one.kind == "arithmetic: a sum":
            left, right = one.prompt.removeprefix("What is ").rstrip("?").split(" + ")
            assert int(one.want) == int(left) + int(right)


def test_the_order_of_hashes_does_not_depend_on_the_order_given() -> None:
    names = [f"name {i}" for i in range(20)]
    assert in_the_order_of_hashes(names) == in_the_order_of_hashes(reversed(names)) != names


NAMED = {"model": "m", "data": "d", "prompts": "p", "target_loss": 1.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mix": 0.2}, "mix: has no effect without mix_data"),
        ({"mix_data": "x"}, "mix_data: has no effect without mix"),
        ({"mix": 0.2, "mix_data": "x", "replay": 0.2}, "set one of them"),
        ({"mix": 0.2, "mix_data": "x", "train": False}, "no effect with train = false"),
        ({"early_stop_patience": 2}, "early_stop_patience"),
        ({"adapted_layers": 2, "lora_targets": ["q_proj"]}, "lora_targets: has no effect"),
    ],
)
def test_settings_without_effect_are_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NarrowSettings.model_validate(NAMED | changes)


@pytest.fixture
def world(tiny: Any, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A folder with a tiny model, a task, prompts and questions in characters that it knows."""
    torch.manual_seed(2)
    tiny.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    rng = np.random.default_rng(0)

    def word() -> str:
        return "".join(rng.choice(list("abcdefgh"), size=5))

    def lines(name: str, rows: list[Any]) -> str:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return name

    arc = [{"id": f"a{i}", "question": word(), "choices": [word(), word()], "answer_index": i % 2} for i in range(12)]
    hotpot = [{"_id": f"h{i}", "question": word(), "answer": word(), "supporting_facts": [["T", 0]],
               "context": [["T", [word()]]]} for i in range(5)]  # fmt: skip
    (tmp_path / "hotpot.json").write_text(json.dumps(hotpot), encoding="utf-8")
    monkeypatch.setattr("evenhand_systems.anchored_sft.arms.narrow_data.follows", lambda *_: True)
    return {
        "model": "model",
        "task": "mbpp",
        "data": lines("task.jsonl", [{"text": word(), "code": word()} for _ in range(60)]),
        "prompts": lines("prompts.jsonl", [{"question_id": i, "turns": [word()]} for i in range(20)]),
        "arc": lines("arc.jsonl", arc),
        "hotpot": "hotpot.json",
        "target_loss": 100.0,
        "adapted_layers": 1,
        "training_rows": 10,
        "val_split": 0.3,
        "dev_rows": 4,
        "target_rows": 4,
        "per_kind": 2,
        "chats": 3,
        "arc_questions": 3,
        "hotpot_questions": 2,
        "own_tokens": 4,
        "shown": 2,
        "shown_tokens": 3,
        "eval_steps": 2,
        "batch": 2,
    }


def test_an_arm_is_measured_where_it_reaches_the_level_and_at_the_end(run_trial: Any, world: dict[str, Any]) -> None:
    outcome = run_trial("narrow", world, steps=4, count=6)
    assert outcome.failure is None, outcome.failure
    assert outcome.metrics["steps_to_target"] == 2
    for name in ("retention", "text_loss", "arc", "arc_loss", "hotpot_loss"):
        assert outcome.items[name].ids == outcome.items[f"final_{name}"].ids
    assert len(outcome.items["final_retention"].ids) == 6
    assert len(outcome.items["final_shown_loss"].outputs) == 2
    assert 0.0 <= outcome.metrics["final_capped"] <= 1.0
    assert outcome.metrics["base_tokens"] == 0 < outcome.metrics["student_tokens"]
    assert outcome.metrics["final_text_loss_by_token"] != outcome.metrics["text_loss_by_token"]


def test_instructions_made_from_one_template_are_one_cluster_and_whatever_else_is_asked_stands_alone(
    run_trial: Any, world: dict[str, Any]
) -> None:
    outcome = run_trial("narrow", world | {"at_the_end": 0.5}, steps=4, count=6)
    for name in ("retention", "final_retention"):
        table = outcome.items[name]
        assert table.clusters == table.groups == tuple(item.rsplit("/", 1)[0] for item in table.ids)
        assert len(set(table.clusters)) > 1
    for name in ("text_loss", "arc", "arc_loss", "hotpot_loss"):
        assert outcome.items[name].clusters is None


@pytest.mark.parametrize(
    "changes",
    [
        {"anchor_type": "kl", "kl_coef": 0.5},
        {"anchor_type": "kl", "kl_coef": 0.5, "anchor_prompts": 2},
        {"replay": 0.5},
        {"mix": 0.5, "mix_data": "arc.jsonl"},
        {"rescale": [0.5, 1.0]},
        {"adapted_layers": None},
        {"at_the_end": 0.5, "arc_choices": "right"},
    ],
    ids=lambda changes: next(iter(reversed(changes))),
)
def test_every_kind_of_arm_runs_and_tells_what_its_anchor_cost(
    changes: dict[str, Any], run_trial: Any, world: dict[str, Any]
) -> None:
    outcome = run_trial("narrow", world | changes, steps=3, count=6)
    assert outcome.failure is None, outcome.failure
    if "arc_choices" in changes:
        assert len(outcome.items["final_retention"].ids) == 3 < len(outcome.items["retention"].ids)
        assert "arc" not in outcome.items
        assert not outcome.undefined
    assert (outcome.metrics["base_tokens"] > 0) == ("anchor_type" in changes)
    assert outcome.metrics["training_seconds"] > 0
    if "rescale" in changes:
        assert outcome.metrics["steps_to_target"] == 3


def test_the_untrained_model_draws_nothing_and_a_level_out_of_reach_leaves_the_end_alone(
    run_trial: Any, world: dict[str, Any]
) -> None:
    untrained = run_trial("narrow", world | {"train": False}, count=6)
    assert untrained.failure is None, untrained.failure
    assert not untrained.draws
    assert set(untrained.items["final_retention"].scores) == {1.0}
    never = run_trial("narrow", world | {"target_loss": 0.001}, steps=3, count=6, workdir="never")
    assert "never reached" in never.undefined["retention"]
    assert "retention" not in never.items


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"training_rows": 200}, "training conversations"), ({"chats": 30}, "prompts of at most")],
)
def test_too_little_data_is_said(changes: dict[str, Any], message: str, run_trial: Any, world: dict[str, Any]) -> None:
    failure = run_trial("narrow", world | changes, count=6).failure
    assert failure.kind == "data"
    assert message in failure.message
