"""Faults of the original project, planted here: each has to be refused, or to come out as what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen3ForSequenceClassification

from evenhand.claims.load import load_claim
from evenhand.decisions.decide import decide
from evenhand.errors import DataError
from evenhand.execution.worker import Job, run
from evenhand_systems.anchored_sft.data.chat import is_text_of_messages
from evenhand_systems.anchored_sft.evaluation.answers import greedy_answers
from evenhand_systems.anchored_sft.standin import skills

PROMPTS = ["copy:abc", "max:01,22,13", "sort:ab", "fact:abc"]


@pytest.fixture
def loud(tiny: Any) -> Any:
    """A tiny model whose greedy answers differ from prompt to prompt."""
    with torch.no_grad():
        for parameter in tiny.parameters():
            parameter.mul_(4.0)
    return tiny


@pytest.mark.parametrize(
    "planted",
    [{"do_sample": True, "temperature": 5.0, "top_k": 0}, {"repetition_penalty": 8.0}, {"no_repeat_ngram_size": 1},
     {"num_beams": 4}],
    ids=["sampling", "repetition penalty", "no repeated tokens", "beams"],
)  # fmt: skip
def test_what_a_checkpoint_says_of_its_own_decoding_changes_no_answer(
    planted: dict[str, Any], loud: Any, tokenizer: Any
) -> None:
    def as_the_checkpoint_says() -> list[Any]:
        torch.manual_seed(0)
        rows = [tokenizer(prompt, return_tensors="pt", add_special_tokens=False)["input_ids"] for prompt in PROMPTS]
        return [loud.generate(input_ids=row, max_new_tokens=12).tolist() for row in rows]

    plain, expected = as_the_checkpoint_says(), greedy_answers(loud, tokenizer, PROMPTS, cap=12)
    for name, value in planted.items():
        setattr(loud.generation_config, name, value)
    assert as_the_checkpoint_says() != plain
    for _ in range(3):
        assert greedy_answers(loud, tokenizer, PROMPTS, cap=12) == expected
    assert greedy_answers(loud, tokenizer, PROMPTS, cap=12, batch=1) == expected


@pytest.mark.parametrize(
    "write", [str, json.dumps, lambda messages: str(messages[0]), lambda m: f" {json.dumps(m[0])}"]
)
def test_a_prompt_that_is_the_text_of_its_messages_is_refused(write: Any, tiny: Any, tokenizer: Any) -> None:
    messages = [{"role": "user", "content": "copy:abc"}]
    assert greedy_answers(tiny, tokenizer, [messages], cap=2) == greedy_answers(tiny, tokenizer, ["copy:abc"], cap=2)
    for prompt in (write(messages), [{"role": "user", "content": write(messages)}]):
        with pytest.raises(DataError, match="is the text of messages"):
            greedy_answers(tiny, tokenizer, [prompt], cap=2)


@pytest.mark.parametrize(
    "text",
    ["copy:{abc}", "[1, 2]", '{"a": 1}', "What does {'role': 'user', 'content': 'x'} mean?", "{role content", ""],
)
def test_texts_that_only_speak_of_messages_are_asked(text: str) -> None:
    assert not is_text_of_messages(text)


@pytest.fixture
def folder(tiny: Any, tokenizer: Any, tmp_path: Path) -> Path:
    """A folder with a model, a judge, conversations and questions."""
    torch.manual_seed(2)
    tiny.save_pretrained(tmp_path / "model")
    tiny.config.num_labels = 1
    Qwen3ForSequenceClassification(tiny.config).save_pretrained(tmp_path / "judge")
    for name in ("model", "judge"):
        tokenizer.save_pretrained(tmp_path / name)
    rng, facts = np.random.default_rng(0), skills.the_world()
    rows = []
    for i in range(40):
        prompt, answer = skills.ask("sort", rng, facts)
        messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        rows.append({"id": f"row {i}", "subset": "general", "messages": messages})
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))
    questions = [{"question_id": i, "category": "c", "turns": [f"copy:{'abc'[i % 3]}", "sort:cb"]} for i in range(10)]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)))
    return tmp_path


CLAIM = """
recipe = "anchored_sft.checkpoint"
[settings]
model = "model"
dataset = "data.jsonl"
questions = "questions.jsonl"
reward_model = "judge"
batch = 4
eval_steps = 2
max_seq_length = 64
val_split = 0.2
max_new_tokens = 4
schedule = "constant"
learning_rate = 0.05
[metric]
name = "final_reward"
margin = 0.1
[[arm]]
name = "two-on-the-way"
role = "baseline"
settings.mtbench_questions_limit = 2
[[arm]]
name = "four-on-the-way"
role = "variant"
settings.mtbench_questions_limit = 4
[[arm]]
name = "another-rate"
role = "variant"
settings.mtbench_questions_limit = 2
settings.learning_rate = 0.5
[[rung]]
name = "confirm"
budget = 4
seeds = [0]
items = 5
"""


def test_arms_that_are_only_watched_by_more_questions_are_one_and_the_same(folder: Path, assets: Path) -> None:
    (folder / "c.toml").write_text(CLAIM)
    claim = load_claim(folder / "c.toml").resolved
    outcomes = {}
    for trial in claim.trials(claim.claim.rungs[0]):
        workdir = folder / trial.id
        workdir.mkdir()
        outcomes[trial.id] = run(Job(trial, str(folder), str(workdir), str(assets)))
        assert outcomes[trial.id].failure is None, outcomes[trial.id].failure
    two, four, other = (outcome.metrics["final_target_loss"] for outcome in outcomes.values())
    assert two == four != other
    kinds = {verdict.arm: verdict.kind for verdict in decide(claim, outcomes).verdicts}
    assert kinds["four-on-the-way"] == "no-op"
    assert kinds["another-rate"] != "no-op"


def test_a_judge_with_a_hard_coded_score_gives_no_outcome(folder: Path, run_trial: Any) -> None:
    judge = Qwen3ForSequenceClassification.from_pretrained(folder / "judge")
    with torch.no_grad():
        judge.score.weight.zero_()
    judge.save_pretrained(folder / "judge")
    settings = {"model": "model", "dataset": "data.jsonl", "questions": "questions.jsonl", "reward_model": "judge",
                "eval_steps": 2, "val_split": 0.2, "max_seq_length": 64, "max_new_tokens": 4}  # fmt: skip
    outcome = run_trial("checkpoint", settings)
    assert outcome.failure is not None
    assert outcome.failure.kind == "data"
    assert "it measures nothing" in outcome.failure.message
    assert not outcome.spent.get("steps")
