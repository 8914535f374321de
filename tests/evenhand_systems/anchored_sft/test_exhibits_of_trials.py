"""Exhibits of real trials, small: what the arms record is what the exhibits need."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen3ForSequenceClassification

from evenhand.recipes.exhibit import Exhibit, Grid, Lines, Scatter, ScoredTrial
from evenhand.recipes.outcome import Outcome
from evenhand_systems.anchored_sft.exhibits.page import exhibits
from evenhand_systems.anchored_sft.standin import skills

SMALL = {
    "teaching_steps": 1, "teaching_enough": 0.0, "pool": 8, "dev_questions": 7, "eval_steps": 2,
    "training_questions": 40, "batch": 4,
}  # fmt: skip


def the(kind: type, found: Sequence[Exhibit], title: str = "") -> Any:
    chosen = [exhibit for exhibit in found if isinstance(exhibit, kind) and exhibit.title.startswith(title)]
    assert len(chosen) == 1, [exhibit.title for exhibit in found]
    return chosen[0]


def scored(arm: str, role: str, settings: Mapping[str, Any], outcome: Outcome) -> ScoredTrial:
    assert outcome.failure is None, outcome.failure
    return ScoredTrial(arm, arm, role, "default", "main", 0, settings, outcome)


def test_real_trials_on_the_stand_in_give_every_kind_of_exhibit(run_trial: Any) -> None:
    anchored = SMALL | {"anchor_type": "kl", "kl_coef": 0.1}
    trials = [
        scored("plain", "baseline", SMALL, run_trial("standin", SMALL, workdir="plain")),
        scored("anchored", "variant", anchored, run_trial("standin", anchored, workdir="anchored")),
    ]
    found = exhibits(trials)
    assert {type(exhibit) for exhibit in found} == {Scatter, Grid, Lines}
    point = next(p for p in the(Scatter, found).points if p.arm == "plain")
    assert (point.x, point.y) == (trials[0].outcome.metric("final_target"), trials[0].outcome.metric("final_retention"))
    table = trials[0].outcome.items["final_retention"]
    for skill in set(table.groups):
        mean = np.mean([x for x, of in zip(table.scores, table.groups, strict=True) if of == skill])
        assert trials[0].outcome.metrics[f"final_kept_{skill}"] == pytest.approx(mean)
    distance = the(Lines, found, "Distance")
    assert [t.arm for t in distance.traces] == ["plain", "anchored"]
    assert distance.traces[0].y == tuple(trials[0].outcome.curves["dev_distance"].values)
    for item, asked, expected, output, score in zip(
        table.ids, table.inputs, table.expected, table.outputs, table.scores, strict=True
    ):
        assert asked.startswith(f"{item.split('/')[0]}:")
        assert score == float(output == expected)


def test_real_trials_on_text_keep_a_few_answers_and_what_they_were_to(run_trial: Any, tmp_path: Path) -> None:
    articles = [{"title": f"t{i}", "paragraphs": [{"context": f"статья {i} " + "абвгд " * 40}]} for i in range(6)]
    (tmp_path / "text.json").write_text(json.dumps({"data": articles}))
    tasks = [{"id": f"task {i}", "instruction": f"скажи {i}", "instances": [{"output": "абв"}]} for i in range(24)]
    (tmp_path / "tasks.jsonl").write_text("\n".join(json.dumps(task) for task in tasks))
    settings = {"text": "text.json", "data": "tasks.jsonl", "teaching_steps": 2, "hidden": 16, "eval_steps": 2,
                "batch": 2, "target_loss": 50.0}  # fmt: skip
    trials = [scored("plain", "baseline", settings, run_trial("text", settings, count=1))]
    found = exhibits(trials)
    assert the(Scatter, found).points[0].x == trials[0].outcome.metrics["final_target_loss"]
    table = trials[0].outcome.items["final_answer_loss"]
    assert 1 <= len(table.ids) <= 4
    assert table.inputs == tuple(f"скажи {item.split()[1]}" for item in table.ids)
    assert set(table.expected) == {"абв"}
    assert all(len(text) <= 96 for text in table.outputs)
    text = trials[0].outcome.items["final_text_loss"]
    assert text.groups == text.clusters


def test_a_judged_checkpoint_records_its_categories_and_its_distance_on_the_way(
    tiny: Any, tokenizer: Any, run_trial: Any, tmp_path: Path
) -> None:
    torch.manual_seed(2)
    tiny.save_pretrained(tmp_path / "model")
    tiny.config.num_labels = 1
    Qwen3ForSequenceClassification(tiny.config).save_pretrained(tmp_path / "judge")
    for folder in ("model", "judge"):
        tokenizer.save_pretrained(tmp_path / folder)
    rng, facts = np.random.default_rng(0), skills.the_world()
    asked = [skills.ask("sort", rng, facts) for _ in range(40)]
    rows = [
        {"id": f"row {i}", "subset": "general",
         "messages": [{"role": "user", "content": p}, {"role": "assistant", "content": a}]}
        for i, (p, a) in enumerate(asked)
    ]  # fmt: skip
    questions = [
        {"question_id": i, "category": ("math", "writing")[i % 2], "turns": [f"copy:{'abc'[i % 3]}", "sort:cb"]}
        for i in range(8)
    ]
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    (tmp_path / "text.txt").write_text("abcabc\nbcabca\n")
    settings = {
        "model": "model", "dataset": "data.jsonl", "batch": 4, "eval_steps": 2, "max_seq_length": 64,
        "val_split": 0.2, "max_new_tokens": 4, "questions": "questions.jsonl", "reward_model": "judge",
        "general_text": "text.txt",
    }  # fmt: skip
    trials = [scored("plain", "baseline", settings, run_trial("checkpoint", settings, count=None))]
    found = exhibits(trials)
    outcome = trials[0].outcome
    table = outcome.items["final_reward"]
    for name in ("math", "writing"):
        mean = np.mean([x for x, of in zip(table.scores, table.groups, strict=True) if of == name])
        assert outcome.metrics[f"final_reward_{name}"] == pytest.approx(mean)
    assert the(Scatter, found).points[0].y == outcome.metric("final_reward")
    distance = the(Lines, found, "Distance").traces[0]
    assert distance.x == (0.0, 2.0, 4.0)
    assert distance.y[0] == pytest.approx(0.0, abs=1e-6)
    assert distance.y[-1] > 0
    assert table.inputs == tuple("\n\n".join(questions[int(item)]["turns"]) for item in table.ids)
